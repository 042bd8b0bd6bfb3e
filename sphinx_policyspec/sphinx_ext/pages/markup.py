"""Blocks of a page in its markup: every word that they show, once and in order; and lines without what is no markup."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.model import Markup
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBox, is_unseen
from sphinx_policyspec.sphinx_ext.pages.inline import raw_of, shown_text
from sphinx_policyspec.sphinx_ext.pages.option_slips import BEGINS_FENCE, NEAR, Slip

_SILENT = (
    nodes.docinfo,
    nodes.decoration,
    nodes.meta,
    nodes.transition,
    addnodes.toctree,
    nodes.section,
    PolicyBox,
)
"""What shows no text of the page itself, or is more than text."""

_ADMONITIONS = frozenset(
    ["attention", "caution", "danger", "error", "hint", "important", "note", "seealso", "tip", "warning"]
)
_PLAIN = frozenset(["default", "none", "text", ""])
"""Languages of code that are defaults."""

_TAG = re.compile(r"<[^<>]*>")
_UNSHOWN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)


class WrittenText(NamedTuple):
    """A text element that was written.

    :param raw: its text as the parser received it, by which its place is found
    :param lines: the same without what shows nothing; other words, where substitutions were made
    :param mark: what the first line has before it, such as the bullet of a list
    :param is_exact: ``lines`` are so in the source
    :param is_prose: it is text, and not code or a formula
    :param reach: by how many lines the line number of the parser may be too small
    """

    node: nodes.Element
    raw: tuple[str, ...]
    lines: tuple[str, ...]
    mark: str = ""
    is_exact: bool = True
    is_prose: bool = True
    reach: int = 0


class MarkupWriter(ABC):
    """Writes blocks; the markups differ in what they put around them.

    :ivar texts: the text elements that were written since it was emptied
    """

    markup: ClassVar[Markup]

    def __init__(self) -> None:
        self.texts: list[WrittenText] = []
        self._mark = ""
        self._reach = 0

    def blocks(self, children: Iterable[nodes.Node]) -> list[str]:
        """Return the lines of some blocks, a blank one between each two."""
        lines: list[str] = []
        for child in children:
            if block := self.block(child):
                lines += ["", *block] if lines else block
        return lines

    def block(self, node: nodes.Node) -> list[str]:
        """Return the lines of a block; for one of an unknown kind, the lines of its content."""
        if isinstance(node, nodes.Text):
            return node.astext().splitlines()
        if not isinstance(node, nodes.Element) or _is_silent(node):
            return []
        for kind, write in _KINDS:
            if isinstance(node, kind):
                return write(self, node)
        return self.text(node) if isinstance(node, nodes.TextElement) else self.blocks(node.children)

    # -- text -------------------------------------------------------------------------------

    def text(self, node: nodes.TextElement) -> list[str]:
        """Return the lines of a paragraph or the like."""
        words, stands = shown_text(node, self.markup)
        lines = words.strip("\n").split("\n")
        if words.strip():
            self._note(node, stands.split("\n") if stands else lines, is_exact=bool(stands))
        return lines if words.strip() else []

    def _note(
        self, node: nodes.Element, lines: list[str], *, is_exact: bool = True, is_prose: bool = True
    ) -> None:
        text = WrittenText(
            node=node,
            raw=tuple(raw_of(node).split("\n")) if raw_of(node) else tuple(lines),
            lines=tuple(lines),
            mark=self._mark,
            is_exact=is_exact,
            is_prose=is_prose,
            reach=self._reach,
        )
        self.texts.append(text)
        self._mark = ""

    def code(self, node: nodes.FixedTextElement) -> list[str]:
        """Return a block of code."""
        lines = (node.rawsource or node.astext()).strip("\n").split("\n")
        self._note(node, lines, is_prose=False)
        if not all(isinstance(child, nodes.Text | nodes.inline) for child in node.children):
            return self.directive("parsed-literal", "", [], lines)
        language = str(node.get("language", ""))
        return self.code_block("" if language in _PLAIN else language, lines)

    def formula(self, node: nodes.math_block) -> list[str]:
        """Return a formula."""
        lines = node.astext().strip("\n").split("\n")
        self._note(node, lines, is_prose=False)
        return self.directive("math", "", ["nowrap"] if node.get("nowrap") else [], lines)

    def raw(self, node: nodes.raw) -> list[str]:
        """Return what a block of HTML shows; other formats show nothing on a page."""
        if "html" not in node.get("format", "").split():
            return []
        text = self.html(node.astext()).strip()
        lines = text.split("\n")
        if text:
            self._note(node, lines, is_exact=False, is_prose=False)
        return lines if text else []

    def image(self, node: nodes.image) -> list[str]:
        """Return an image by its address, and the words for those who do not see it."""
        alt = str(node.get("alt", ""))
        return self.directive("image", str(node["uri"]), [f"alt: {alt}"] if alt else [], [])

    # -- containers -------------------------------------------------------------------------

    def items(self, node: nodes.Element) -> list[str]:
        """Return a list, each item after its mark."""
        elements = [
            item for item in node.children if isinstance(item, nodes.Element) and not _is_silent(item)
        ]
        parts = []
        for number, item in enumerate(elements, int(node.get("start", 1))):
            mark = _mark_of(node, number) + " "
            self._mark = mark
            parts.append(_hung(self.blocks(item.children), mark) or [mark.rstrip()])
            self._mark = ""
        is_loose = any(len(item.children) > 1 for item in elements)
        return _joined(parts, loose=is_loose)

    def definitions(self, node: nodes.Element) -> list[str]:
        """Return a list of terms, each with what it means."""
        parts = []
        for item in node.children:
            if isinstance(item, nodes.Element) and not _is_silent(item):
                lines: list[str] = []
                for child in item.children:
                    if isinstance(child, nodes.term):
                        lines += self.text(child)
                    elif isinstance(child, nodes.classifier) and lines and child.rawsource not in lines[-1]:
                        lines[-1] += f" : {child.rawsource}"
                rest = [child for child in item.children if isinstance(child, nodes.definition)]
                parts.append([*lines, *self.meaning(self.blocks(rest))])
        return _joined(parts, loose=True)

    def fields(self, node: nodes.Element) -> list[str]:
        """Return a list of fields."""
        parts = []
        for field in node.children:
            if isinstance(field, nodes.Element) and len(field.children) > 1:
                name = " ".join(self.block(field.children[0]))
                parts.append(_hung(self.blocks(field.children[1:]), f":{name}: ", 2) or [f":{name}:"])
        return _joined(parts, loose=False)

    def admonition(self, node: nodes.Element) -> list[str]:
        """Return a box with a title of its own, or one that its kind gives it."""
        kind = type(node).__name__
        title, rest = _split_title(node)
        if kind in _ADMONITIONS and title is None:
            return self.directive(kind, "", [], self.blocks(rest))
        if title is None:
            return self.blocks(rest)
        name = kind if isinstance(node, nodes.topic | nodes.sidebar) else "admonition"
        head = " ".join(self.text(title))
        return self.directive(name, head, [], self.blocks(rest))

    def note(self, node: nodes.Element) -> list[str]:
        """Return a footnote or a citation under its label."""
        labels = [child for child in node.children if isinstance(child, nodes.label)]
        rest = [child for child in node.children if not isinstance(child, nodes.label)]
        label = labels[0].astext() if labels else ""
        names = [name for name in node["names"] if not name.isdigit() and isinstance(node, nodes.footnote)]
        return self.labelled(names[0] if names else label, self.blocks(rest), auto=str(node.get("auto", "")))

    def table(self, node: nodes.table) -> list[str]:
        """Return a table; cells that hold more than a line make it a list of lists."""
        title, _ = _split_title(node)
        caption = " ".join(self.text(title)) if title is not None else ""
        groups = [
            part for group in node.children if isinstance(group, nodes.tgroup) for part in group.children
        ]
        heads = sum(len(part.children) for part in groups if isinstance(part, nodes.thead))
        found = [
            row for part in groups if isinstance(part, nodes.thead | nodes.tbody) for row in part.children
        ]
        before, self._reach = self._reach, self._reach + len(found) + 1
        rows = [[self.blocks(cell.children) for cell in row.children] for row in found]
        self._reach = before
        width = max(map(len, rows), default=0)
        rows = [[*row, *([[]] * (width - len(row)))] for row in rows]
        is_flat = heads == 1 and not caption and not any(cell[1:] for row in rows for cell in row)
        if self.markup is Markup.MYST and is_flat:
            return _pipe_table(rows)
        listed = [_hung(_joined([_hung(c, "- ") or ["-"] for c in row], loose=False), "* ") for row in rows]
        options = [f"header-rows: {heads}"] if heads else []
        return self.directive("list-table", caption, options, _joined(listed, loose=False))

    # -- what the markups differ in -----------------------------------------------------------

    @abstractmethod
    def directive(self, name: str, argument: str, options: Iterable[str], body: list[str]) -> list[str]:
        """Return a directive."""

    @abstractmethod
    def code_block(self, language: str, lines: list[str]) -> list[str]:
        """Return a block of code."""

    @abstractmethod
    def quote(self, node: nodes.Element) -> list[str]:
        """Return a quotation."""

    @abstractmethod
    def verse(self, node: nodes.Element) -> list[str]:
        """Return lines whose breaks are kept."""

    @abstractmethod
    def meaning(self, lines: list[str]) -> list[str]:
        """Return the meaning of a term."""

    @abstractmethod
    def labelled(self, label: str, body: list[str], *, auto: str) -> list[str]:
        """Return a note under its label."""

    @abstractmethod
    def html(self, text: str) -> str:
        """Return what HTML shows."""


class _Rst(MarkupWriter):
    markup = Markup.RST

    def directive(self, name: str, argument: str, options: Iterable[str], body: list[str]) -> list[str]:
        head = [
            f".. {name}:: {argument}".rstrip(),
            *(f"   :{option.partition(':')[0]}:{option.partition(':')[2]}" for option in options),
        ]
        return [*head, "", *_indented(body, "   ")] if body else head

    def code_block(self, language: str, lines: list[str]) -> list[str]:
        return (
            self.directive("code-block", language, [], lines)
            if language
            else ["::", "", *_indented(lines, "   ")]
        )

    def quote(self, node: nodes.Element) -> list[str]:
        quoted = [child for child in node.children if not isinstance(child, nodes.attribution)]
        whose = [child for child in node.children if isinstance(child, nodes.attribution)]
        lines = self.blocks(quoted)
        for child in whose:
            lines += ["", *_hung(self.text(child), "-- ")]
        return _indented(lines, "   ")

    def verse(self, node: nodes.Element) -> list[str]:
        lines: list[str] = []
        for child in node.children:
            if isinstance(child, nodes.line_block):
                lines += [line.replace("|", "|   ", 1) for line in self.verse(child)]
            elif isinstance(child, nodes.line):
                lines += _hung(self.text(child), "| ") or ["|"]
        return lines

    def meaning(self, lines: list[str]) -> list[str]:
        return _indented(lines, "   ")

    def labelled(self, label: str, body: list[str], *, auto: str) -> list[str]:
        mark = f"#{'' if label.isdigit() else label}" if auto == "1" else auto or label
        return _hung(body, f".. [{mark}] ", 3)

    def html(self, text: str) -> str:
        return " ".join(_TAG.sub(" ", _UNSHOWN.sub(" ", text)).split())


class _Myst(MarkupWriter):
    markup = Markup.MYST

    def directive(self, name: str, argument: str, options: Iterable[str], body: list[str]) -> list[str]:
        keys = [f":{option.partition(':')[0]}:{option.partition(':')[2]}" for option in options]
        return _fenced(f"{{{name}}} {argument}".rstrip(), [*keys, *([""] if keys and body else []), *body])

    def code_block(self, language: str, lines: list[str]) -> list[str]:
        return _fenced(language, lines)

    def quote(self, node: nodes.Element) -> list[str]:
        return [f"> {line}".rstrip() for line in self.blocks(node.children)]

    def verse(self, node: nodes.Element) -> list[str]:
        lines = [line for child in node.findall(nodes.line) for line in self.text(child)]
        return [*(f"{line}\\" for line in lines[:-1]), *lines[-1:]]

    def meaning(self, lines: list[str]) -> list[str]:
        return _hung(lines, ": ")

    def labelled(self, label: str, body: list[str], *, auto: str) -> list[str]:  # noqa: ARG002
        return _hung(body, f"[^{label}]: ", 4)

    def html(self, text: str) -> str:
        return _UNSHOWN.sub("", text)


_KINDS: tuple[tuple[type | tuple[type, ...], Callable[..., list[str]]], ...] = (
    (nodes.comment, lambda writer, node: writer.blocks(node.children)),
    ((nodes.literal_block, nodes.doctest_block), MarkupWriter.code),
    (nodes.math_block, MarkupWriter.formula),
    (nodes.raw, MarkupWriter.raw),
    (nodes.image, MarkupWriter.image),
    ((nodes.bullet_list, nodes.enumerated_list), MarkupWriter.items),
    (nodes.definition_list, MarkupWriter.definitions),
    (nodes.field_list, MarkupWriter.fields),
    (nodes.block_quote, lambda writer, node: writer.quote(node)),
    (nodes.line_block, lambda writer, node: writer.verse(node)),
    (nodes.table, MarkupWriter.table),
    ((nodes.footnote, nodes.citation), MarkupWriter.note),
    ((nodes.Admonition, nodes.topic, nodes.sidebar), MarkupWriter.admonition),
)


def writer_of(markup: Markup) -> MarkupWriter:
    """Return a writer of a markup."""
    return _Myst() if markup is Markup.MYST else _Rst()


def _is_silent(node: nodes.Element) -> bool:
    return is_unseen(node) or isinstance(node, _SILENT)


def _split_title(node: nodes.Element) -> tuple[nodes.title | None, list[nodes.Node]]:
    titles = [child for child in node.children if isinstance(child, nodes.title)]
    return (titles[0] if titles else None), [child for child in node.children if child not in titles]


def _mark_of(node: nodes.Element, number: int) -> str:
    """Return what an item of a list has before it."""
    if isinstance(node, nodes.bullet_list):
        return str(node.get("bullet", "-"))
    kind = node.get("enumtype", "arabic")
    if kind in {"loweralpha", "upperalpha"} and number <= 26:  # noqa: PLR2004  letters
        ordinal = chr(ord("a" if kind == "loweralpha" else "A") + number - 1)
    else:
        ordinal = str(number) if kind == "arabic" else "#"
    return f"{node.get('prefix', '')}{ordinal}{node.get('suffix') or '.'}"


def _indented(lines: Iterable[str], indent: str) -> list[str]:
    return [indent + line if line else "" for line in lines]


def _hung(lines: Sequence[str], mark: str, indent: int = 0) -> list[str]:
    """Return lines after a mark, those below the first indented as far."""
    return [mark + lines[0], *_indented(lines[1:], " " * (indent or len(mark)))] if lines else []


def _joined(parts: Iterable[Sequence[str]], *, loose: bool) -> list[str]:
    lines: list[str] = []
    for part in parts:
        lines += ["", *part] if loose and lines else part
    return lines


def _fenced(info: str, lines: Sequence[str]) -> list[str]:
    longest = max((len(found[0]) for line in lines for found in re.finditer("`{3,}", line)), default=2)
    fence = "`" * (longest + 1)
    return [fence + info, *lines, fence]


def _pipe_table(rows: list[list[list[str]]]) -> list[str]:
    cells = [[(cell[0] if cell else "").replace("|", r"\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], f"|{' --- |' * len(cells[0])}", *lines[1:]]


# -- what copying and merging leave after -----------------------------------------------------------

_SIGNS = {
    **dict.fromkeys("\u00a0\u2007\u202f\u3000", (" ", "a no-break space", "write a plain space")),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ("", "a sign without width", "delete it")),
}
"""By sign that looks like another one, or like none: what to read for it, what it is, and the cure."""
_ODD = re.compile(f"[{''.join(_SIGNS)}]")
_STARTS = re.compile(rf"\s*(?:\.\.|[`~:]{{3,}}) ?\{{?{DOMAIN}:")
_LOOKED_UP = re.compile(
    rf"{DOMAIN}:[^`]{{1,200}}+(?:`[^`]{{0,1000}}+`)?|\]\([^)]{{0,1000}}+\)|`[^`]{{0,1000}}+`"
)
"""What holds a name in a line of text."""


def visible(
    lines: Sequence[str], known: Mapping[str, Collection[str]], code: Collection[int] = ()
) -> tuple[list[str], list[Slip]]:
    """Return lines without invisible signs, where something of ours is written, and the slip, reported once.

    :param code: numbers of lines that are shown as code
    """
    texts = list(lines)
    changed: dict[int, str] = {}
    names = {name for options in known.values() for name in options}
    for number, line in enumerate(lines):
        if number not in code and _ODD.search(line):
            near = NEAR.fullmatch(_read(line).strip())
            is_whole = near is not None and bool(near["close"].strip()) and near["name"].lower() in names
            is_whole = is_whole or bool(_STARTS.match(_read(line)))
            texts[number] = _read(line) if is_whole else _LOOKED_UP.sub(lambda part: _read(part[0]), line)
            if texts[number] != line and (is_whole or f"{DOMAIN}:" in texts[number] or "](" in line):
                changed[number] = line
            else:
                texts[number] = line
    if not changed:
        return texts, []
    first, *others = changed
    sign = next(match[0] for match in _ODD.finditer(changed[first]) if match[0] not in texts[first])
    _, what, hint = _SIGNS[sign]
    hint += f"; the same on line {', '.join(str(n + 1) for n in others)}" if others else ""
    message = f"{what}, U+{ord(sign):04X}, is in this line, where no name or option has one"
    return texts, [Slip(first + 1, "invisible-character", message, hint)]


def _read(text: str) -> str:
    return _ODD.sub(lambda sign: _SIGNS[sign[0]][0], text)


_CONFLICT = ("<<<<<<< ", "||||||| ", "=======", ">>>>>>> ")
_CODE_BEGINS = re.compile(r"\s*(?:`{3,}|~{3,})\s*[^\s{`]")


def resolved(lines: Sequence[str]) -> tuple[list[int], list[Slip]]:
    """Return the numbers of the lines outside conflicts that git left, or on their first side, and the conflicts."""
    numbers: list[int] = []
    slips: list[Slip] = []
    side, fence = 0, ""
    sides, ends = ([n for n, line in enumerate(lines) if line.startswith(mark)] for mark in _CONFLICT[2:])
    for number, line in enumerate(lines):
        mark = next(
            (n for n, mark in enumerate(_CONFLICT) if line.rstrip() + " " == mark or line.startswith(mark)),
            -1,
        )
        fence = line if BEGINS_FENCE.match(line) else fence
        # What is shown as code is no conflict.
        if not side and mark == 0 and _is_conflict(number, sides, ends) and not _CODE_BEGINS.match(fence):
            message = "a merge conflict was left here"
            slips.append(Slip(number + 1, "merge-conflict", message, "keep one side, and delete the marks"))
            side = 1
        elif side and mark > 0:
            side = 0 if mark == len(_CONFLICT) - 1 else mark + 1
        elif side <= 1:
            numbers.append(number)
    return numbers, slips


def _is_conflict(start: int, sides: Sequence[int], ends: Sequence[int]) -> bool:
    """Return whether the other marks of a conflict follow."""
    at = bisect_right(sides, start)
    return at < len(sides) and bisect_right(ends, sides[at]) < len(ends)
