"""The lines of an instruction file: candidates for statements, their context, and skipped lines."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import yaml

from sphinx_policyspec.compare.sentences import IMPERATIVES, TextSentence, visible_text
from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Span
from sphinx_policyspec.model.outlines import sentences
from sphinx_policyspec.overlays.export import fenced, find_blocks, head_record, item_record
from sphinx_policyspec.readers.yaml_nodes import YamlReader


class LineKind(StrEnum):
    """How a line of an instruction file is read."""

    CANDIDATE = "candidate"
    """Part of a possible statement."""
    CONTEXT = "context"
    """Context of candidates: a heading, the text that introduces a list, front matter."""
    SKIPPED = "skipped"
    """No possible statement: blank, code, a link."""


class Mark(StrEnum):
    """A surface feature of a candidate, for information only."""

    IMPERATIVE = "imperative"
    MODAL = "modal"
    NEGATED = "negated"
    CODE = "code"
    PATH = "path"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCandidate(Brief):
    """An item of a list, a row of a table or a sentence that may be a statement.

    :param under: the headings and items that it is under
    :param near: hints: provisions whose titles, or labels of whose topics, occur in it
    :param globs: files that it holds in, by its front matter
    :param keys: for a statement of ours, its keys in the block
    """

    text: str
    span: Span
    marks: tuple[Mark, ...]
    under: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)


CODE_SPAN = re.compile(r"`[^`\n]+`")
_HEADING = re.compile(r" {0,3}(#{1,6}+)(?:\s++(.*))?")
_CLOSING = re.compile(r"(?:(?<=\s)|\A)#++\s*+\Z|(?<!\s)\s++\Z")
"""Closing hash signs or trailing blanks of a heading."""
_RULE = re.compile(r"\s*(?:=+|-{2,}|([-*_])(?:\s*\1){2,})\s*")
_RULE_OF_TABLE = re.compile(r"\s*+\|?\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?\s*+")
_ITEM = re.compile(r"([ \t]*)([-*+\u2022]|\(?\d{1,9}[.)]|\(?[a-z]\))[ \t]+(?:\[[ xX]\][ \t]+)?(\S.*)")
_QUOTED = re.compile(r"\A[ \t]*+(?:>[ \t]?)++")
_TAG = re.compile(r"\A\s*+</?[A-Za-z][^<>]*+>\s*+")
_ADDRESS = re.compile(r"\A\s*+\[(?!\^)[^\]]++\]:\s*+\S.*")
_LINK = re.compile(r"!?\[[^\]]{0,500}\](?:\([^)\s]{0,500}\)|\[[^\]]{0,500}\])|<?https?://\S+>?")
_TITLE = re.compile(r"\s*(\*\*|__)(?!\s)[^*_]*[^*_.!?]\1:?\s*")
_BETWEEN = re.compile(r"(?:[^,{]++|\{[^{}]{0,500}+\}|\{)++")
"""The text between commas; commas in braces are part of it."""
_LETTER = re.compile(r"[^\W\d_]")


class InstructionPage:
    """The lines of one file, and the kind of each."""

    def __init__(self, lines: list[str], name: str) -> None:
        self.lines = lines
        self.name = name
        self.candidates: list[DraftCandidate] = []
        self.head: dict[str, Any] = {}
        self._kinds: dict[int, tuple[LineKind, str]] = {}
        self._headings: list[tuple[int, str]] = []
        self._items: list[tuple[int, str]] = []
        self._pending: list[tuple[int, str]] = []
        self._is_item = self._in_table = False
        self._globs: tuple[str, ...] = ()
        self.code = fenced(lines)

    @property
    def kinds(self) -> list[tuple[LineKind, str]]:
        """The kind of each line, and the reason."""
        return [self._kinds[number] for number in range(len(self.lines))]

    def _is(self, number: int, kind: LineKind, reason: str = "") -> None:
        """Set the kind of a line; a line that is partly a candidate counts as one."""
        order = [*LineKind]
        current = self._kinds.get(number)
        if current is None or order.index(kind) < order.index(current[0]):
            self._kinds[number] = (kind, reason)

    def lone_import(self, number: int, target: str) -> None:
        """Skip a line that contains only an import."""
        if self.lines[number].strip().removeprefix("@").rstrip(".") == target:
            self._is(number, LineKind.SKIPPED, "import")

    def _candidate(self, number: int, text: str, keys: Mapping[str, Any] | None = None) -> None:
        under = (*(title for _, title in self._headings), *(item for _, item in self._items))
        self.candidates.append(
            DraftCandidate(
                text=text,
                span=Span(self.name, number + 1),
                marks=tuple(_marks(text)),
                under=under,
                globs=self._globs,
                keys=keys or {},
            )
        )

    # -- YAML ------------------------------------------------------------------------------

    def read_yaml(self, text: str) -> bool:
        """Make candidates of values of more than a few words; return whether the text is YAML."""
        try:
            root = YamlReader(self.name).compose(text)
        except AnnotationError:
            return False
        if root is None:
            return False
        for node in _scalars(root):
            if len(node.value.split()) > _FEW and node.tag.endswith(":str"):
                start, end = node.start_mark, node.end_mark
                # A block of lines ends at the margin of the line after it.
                is_block = node.style in {"|", ">"} and end.index < len(text)
                self._candidate(start.line, " ".join(node.value.split()))
                for number in range(start.line, min(end.line + (not is_block), len(self.lines))):
                    if self.lines[number].strip():
                        self._is(number, LineKind.CANDIDATE)
        for number, line in enumerate(self.lines):
            is_key = bool(line.strip()) and not line.strip().startswith("#")
            self._is(number, *((LineKind.CONTEXT, "key") if is_key else (LineKind.SKIPPED, "blank")))
        return True

    # -- Markdown --------------------------------------------------------------------------

    def read_markdown(self) -> None:
        """Make candidates of items, rows and sentences."""
        self._read_blocks()
        self._read_front_matter()
        for number in self.code:
            self._is(number, LineKind.SKIPPED, "code")
        plain = self._without_comments()
        for number, line in enumerate(plain):
            if number in self._kinds:
                self._flush()
            else:
                self._line(number, line)
        self._flush()

    def _read_blocks(self) -> None:
        for block in find_blocks("\n".join(self.lines), self.name)[0]:
            self.head = {"overlay": block.name, **head_record(block.lines), **self.head}
            for number in range(block.start, block.end):
                record = item_record(self.lines[number])
                if record:
                    self._candidate(number, record["says"], record)
                    self._is(number, LineKind.CANDIDATE)
                elif number in {block.start, block.end - 1} or not self.lines[number].startswith("- "):
                    self._is(number, LineKind.SKIPPED, "mark of a block")

    def _read_front_matter(self) -> None:
        ends = [number for number, line in enumerate(self.lines) if line.rstrip() in {"---", "..."}]
        inner = self.lines[1 : ends[1]] if ends[1:] and ends[0] == 0 else []
        if not any(re.match(r"[\w-]+:", line) for line in inner):
            return
        for number in range(ends[1] + 1):
            is_mark = number in ends[:2]
            self._is(number, *((LineKind.SKIPPED, "mark") if is_mark else (LineKind.CONTEXT, "front matter")))
        if not any(re.fullmatch(r"alwaysApply:\s*true\s*", line) for line in inner):
            self._globs = tuple(_globs(inner))

    def _without_comments(self) -> list[str]:
        """Return the lines with comments blanked; an unclosed one is no comment."""
        lines = ["" if number in self._kinds else line for number, line in enumerate(self.lines)]
        text, parts, at = "\n".join(lines), [], 0
        while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
            parts += [text[at:start], "\n" * text.count("\n", start, end)]
            at = end + 3
        plain = "".join((*parts, text[at:])).split("\n")[: len(lines)]
        for number, (line, stripped) in enumerate(zip(lines, plain, strict=True)):
            if line.strip() and not stripped.strip():
                self._is(number, LineKind.SKIPPED, "comment")
        return plain

    def _line(self, number: int, line: str) -> None:
        text = _QUOTED.sub("", line, count=1) if _QUOTED.match(line) else line
        if not text.strip():
            self._flush()
            self._is(number, LineKind.SKIPPED, "blank")
        elif self._pending and not self._is_item and re.fullmatch(r"\s*(?:=+|-{2,})\s*", text):
            self._heading(1 if "=" in text else 2, " ".join(part for _, part in self._pending), number)
        elif heading := _HEADING.fullmatch(text):
            self._flush()
            self._heading(len(heading[1]), _CLOSING.sub("", heading[2] or ""), number)
        elif "|" in text and _RULE_OF_TABLE.fullmatch(text):
            heads = [self._pending.pop()] if self._pending else []
            self._flush()
            for head, _ in heads:
                self._is(head, LineKind.CONTEXT, "head of a table")
            self._is(number, LineKind.SKIPPED, "rule")
            self._in_table = True
        elif _RULE.fullmatch(text):
            self._flush()
            self._is(number, LineKind.SKIPPED, "rule")
        elif item := _ITEM.fullmatch(text):
            self._flush()
            indent = len(item[1].expandtabs(4))
            self._items = [one for one in self._items if one[0] < indent]
            self._items.append((indent, ""))
            self._pending, self._is_item = [(number, item[3])], True
        else:
            self._words(number, text)

    def _heading(self, depth: int, title: str, number: int) -> None:
        for line in (*(line for line, _ in self._pending), number):
            self._is(line, LineKind.CONTEXT, "heading")
        self._pending, self._items = [], []
        self._headings = [one for one in self._headings if one[0] < depth]
        self._headings.append((depth, " ".join(title.split())))

    def _words(self, number: int, text: str) -> None:
        indent = len(text) - len(text.lstrip())
        if not self._pending:
            self._items = [one for one in self._items if one[0] < indent]
            if indent > _INDENT and not self._items:
                self._is(number, LineKind.SKIPPED, "code")
                return
        for pattern, reason in ((_TAG, "tag"), (_ADDRESS, "address")):
            if pattern.fullmatch(text):
                self._flush()
                self._is(number, LineKind.SKIPPED, reason)
                return
        if text.lstrip().startswith("|") or (self._in_table and "|" in text):
            if not self._in_table:
                self._flush()
            self._in_table = True
            self._pending.append((number, text))
        elif _TITLE.fullmatch(text):
            self._flush()
            self._is(number, LineKind.CONTEXT, "title")
        else:
            self._pending.append((number, text))

    def _flush(self) -> None:
        """Make candidates of the pending lines, which belong together."""
        pending, self._pending = self._pending, []
        is_item, self._is_item = self._is_item, False
        is_table, self._in_table = self._in_table, False
        if is_item and pending:
            self._item(pending)
        elif is_table:
            for number, text in pending:
                cells = (" ".join(cell.split()) for cell in re.split(r"(?<!\\)\|", text))
                self._add_text(number, [number], " | ".join(filter(None, cells)))
        elif pending:
            self._sentences(pending)

    def _item(self, pending: list[tuple[int, str]]) -> None:
        text = " ".join(" ".join(part.split()) for _, part in pending)
        indent, _ = self._items.pop()
        self._add_text(pending[0][0], [number for number, _ in pending], text)
        self._items.append((indent, text))

    def _sentences(self, pending: list[tuple[int, str]]) -> None:
        text = " ".join(part for _, part in pending)
        starts, at = [], 0
        for _, part in pending:
            starts.append(at)
            at += len(part) + 1
        masked = CODE_SPAN.sub(lambda code: "`" * len(code[0]), text)
        at = 0
        for sentence in sentences(masked):
            start = masked.index(sentence, at)
            at = start + len(sentence)
            lines = [
                number
                for number, _ in pending[
                    bisect.bisect_right(starts, start) - 1 : bisect.bisect_left(starts, at)
                ]
            ]
            self._add_text(lines[0], lines, " ".join(text[start:at].split()))

    def _add_text(self, number: int, lines: Iterable[int], text: str) -> None:
        """Make a candidate of a text, unless it introduces a list or has no words."""
        kind, reason = LineKind.CANDIDATE, ""
        if not _LETTER.search(text):
            kind, reason = LineKind.SKIPPED, "no words"
        elif not _LETTER.search(_LINK.sub("", text)):
            kind, reason = LineKind.SKIPPED, "link"
        elif text.rstrip("*_ ").endswith(":"):
            kind, reason = LineKind.CONTEXT, "leads a list"
        else:
            self._candidate(number, text)
        for line in lines:
            self._is(line, kind, reason)


_INDENT = 3
"""The most blanks that a line may begin with without being code."""
_FEW = 3
"""The most words of a YAML value that counts as a name, not a sentence."""


def _scalars(root: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield the values below a node, each once, however often aliases repeat it."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.ScalarNode):
            yield node


def _globs(lines: Sequence[str]) -> Iterator[str]:
    """Yield the file patterns of front matter, which is often not YAML: `globs: **/*` has an alias with no name."""
    is_list = False
    for line in lines:
        key = re.fullmatch(r"(?:globs|applyTo):\s*(.*)", line)
        item = re.fullmatch(r"\s*-\s+(.*)", line) if is_list else None
        is_list = bool(item) or (key is not None and not key[1].strip())
        value = key[1] if key else item[1] if item else ""
        value = value.strip().removeprefix("[").removesuffix("]")
        parts = _BETWEEN.findall(value)
        yield from (part.strip().strip("\"'") for part in parts if part.strip().strip("\"'"))


# -- marks of a candidate ---------------------------------------------------------------

_FIRST = re.compile(
    r"(?:(?:please|then|also|first|finally|always|never|only|instead|and)[, ]+)*([a-z]+)(?![\w-])",
    re.IGNORECASE,
)
_IF = re.compile(r"\A(?:if|when|before|after|for)\b[^,]*, ", re.IGNORECASE)
_WORK = """add adhere aim allow avoid break build bump catch change cite clarify clean close collect combine commit
    configure consult convert copy create declare default define delete deny describe destroy discuss display
    document don draft edit emit enable encourage enforce ensure execute expect export expose extract favor
    fetch file fill find fix flag focus format generate get go group guard hold implement import initialize
    inspect install invoke launch limit link list load log look maintain mark match merge minimize mock move
    name navigate note obtain open optimize organize override parse pass perform pick place plan prioritize
    profile propose push put raise read rebuild recommend record reference refrain refuse release remain rename
    replace request require reserve resolve restart return reuse review rewrite run save see select separate set
    skip specify split stage start store suggest summarize support switch take test think throw transfer
    translate tune turn update validate verify watch work wrap"""
_VERBS = IMPERATIVES | frozenset(_WORK.split())
"""Verbs with which an instruction begins."""
_MODAL = re.compile(
    r"\b(?:must|shall|should|may|might|can|cannot|could|would|will|ought to|need(?:s)? to|ha(?:s|ve) to)\b",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?<![\w:/.*~-])(?:[\w.*~-]*+/)++[\w.*{},-]*\w|(?<![\w-])[\w-]++\.(?:[a-z]{1,4}|toml|json|yaml|ipynb)\b(?!\()"
)


LOOKED_AT = 2_000
"""Characters of a candidate that are searched for marks and hints."""


def _marks(words: str) -> Iterator[Mark]:
    text = words[:LOOKED_AT]
    plain = visible_text(text)
    labelled = (plain, plain.partition(": ")[2])
    begins = (_FIRST.match(_IF.sub("", part.lstrip("*_\"'([ "))) for part in labelled)
    norm = TextSentence(text=plain).norm
    present = {
        Mark.IMPERATIVE: any(first and first[1].lower() in _VERBS for first in begins),
        Mark.MODAL: _MODAL.search(plain) is not None,
        Mark.NEGATED: norm.is_negative or norm.denials > 0,
        Mark.CODE: CODE_SPAN.search(text) is not None,
        Mark.PATH: _PATH.search(_LINK.sub("", text)) is not None,
    }
    yield from (mark for mark, is_present in present.items() if is_present)
