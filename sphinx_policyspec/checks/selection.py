"""Which findings to tell: those that do not follow from another; how severe they are, what tells one from another, and a baseline."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sphinx_policyspec.errors import BaselineError
from sphinx_policyspec.files import load_json
from sphinx_policyspec.model import Category, Finding, Severity, rules
from sphinx_policyspec.model.finding import OFF, codes_of, near_name
from sphinx_policyspec.readers.text import Ignore, SourceLines, read_text, silenced


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked of findings.

    :param select: codes or categories to tell alone; empty means all
    :param ignore: codes or categories to leave out
    :param severity: by code or category: a severity, or ``off``
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)

    def of(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that are to be told, as severe as they are to be."""
        wanted, unwanted = codes_of(self.select), codes_of(self.ignore)
        severities = {
            code: severity
            for name, severity in sorted(self.severity.items(), key=lambda item: item[0] not in set(Category))
            for code in codes_of([name])
        }
        for finding in findings:
            severity = severities.get(finding.code, finding.severity.value)
            chosen = not wanted or finding.code in wanted
            if chosen and finding.code not in unwanted and severity != OFF:
                same = severity == finding.severity.value
                yield finding if same else replace(finding, severity=Severity(severity))


# -- what only follows from a slip ----------------------------------------------------------------

_ABSENT = frozenset({Category.COVERAGE, Category.TRUE, Category.ACTIONABLE, Category.CONFLICTS})
"""What is found in these says what one thing lacks, or is, if the text around it could be read."""
_OF_ONE = frozenset(
    {"misplaced-example", "example-without-comparison", "outdated-reference", "clause-not-lower"}
)
_OF_ALL = frozenset(
    {
        "no-principle",
        "no-user-level",
        "unexpected-rows",
        "unexpected-decision",
        "empty-view",
        "principle-without-prompt",
    }
)
"""Codes of what is said of the spec as a whole: of one that was read in full."""
_NAMING = frozenset(
    {"dangling-reference", *(f"unknown-{kind}" for kind in ("provision", "topic", "goal", "category"))}
)
"""Codes of names that nothing has; they lose nothing but what they name."""
_OF_LOST = frozenset(
    {"empty-block", "text-outside-message", "misplaced-directive", "missing-argument", "missing-authority"}
    | {"parser-warning", "verdict-in-prompt", "misplaced-clause"}
)
"""Codes of what a block lacks, or holds: it may have been lost by a slip in its marks."""
_TEARS = frozenset(
    {
        "unclosed-fence",
        "short-fence",
        "wrong-indentation",
        "missing-blank-line",
        "lost-option",
        "unknown-directive",
    }
)
"""Codes of wrong marks of blocks."""
_LOSES = frozenset({"parser-warning", "empty-block"})
"""Codes of no error, of which something was lost all the same."""
_LOSES_ID = frozenset({"duplicate-id", "invalid-id", "lost-heading"})
_NAME = re.compile(r"`#*([^`]+)`")
_WORD = re.compile(r"[^\W_](?:[\w-]*\w)?")
_DECLARES = re.compile(r"\bid\b\W*[:=]|policy:[\w-]+(?:\}|::)(?!`)|\{:? ?#|\bauthority=")
"""What a line holds that may give something its name."""
_OPTION = re.compile(r"\s*(?:[-*+:>|\uff1a]|[\w-]+ ?[:=])")
_DIRECTIVE = re.compile(r"policy:(?P<name>[\w-]+)(?:\}|::)(?!`)")
_DECLARING = frozenset(
    {
        "principle",
        "example",
        "message",
        "response",
        "conversation",
        "level",
        "topic",
        "goal",
        "spec",
        "prompt",
        "definition",
    }
)
_REFERS = re.compile(r"(?:\]\(|[#`])[\w#-]*$")
_TITLED = r"\s*(?:\.\. |[`~:]{3,}\{)policy:principle(?:\}|::)\s+\S"
_BY_SIGN = re.compile(rf"#{{1,6}}\s+\S|{_TITLED}")
_BY_LINE = re.compile(rf"([^\w\s])\1{{2,}}\s*$|{_TITLED}", re.ASCII)
"""What begins a section: in reStructuredText the line below its title."""
_EXAMPLE = re.compile(r"\s*(?:\.\. |[`~:]{3,}\{)policy:(?:example|prompt)\b")
_OTHER = re.compile(r"\s*(?:\.\. |[`~:]{3,}\{)policy:(?!example|prompt|message|response|conversation)")


class _Sections:
    """Where the sections and examples of one file stand, by its lines alone: a slip may hide them from a parser."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.lines = lines
        begins = _BY_LINE if file.endswith(".rst") else _BY_SIGN
        found = ((n, match) for n, line in enumerate(lines, 1) if (match := begins.match(line)))
        self.starts = [n - bool(begins is _BY_LINE and match[1]) for n, match in found]

    def around(self, line: int) -> range:
        """Return the lines of the section that holds one."""
        at = bisect_right(self.starts, line)
        last = self.starts[at] if at < len(self.starts) else len(self.lines) + 2
        return range(self.starts[at - 1] if at else 1, last)

    def block(self, line: int) -> range:
        """Return the lines around one that marks of a block may have torn apart: from its example on, or up to blank ones."""
        section = self.around(line)
        above = range(line, section.start - 1, -1)
        if first := next((number for number in above if _EXAMPLE.match(self.line(number))), 0):
            return self._until(first, section, lambda text: bool(_OTHER.match(text)))
        start = next((n + 1 for n in above if not self.line(n).strip()), section.start)
        return self._until(start, section, lambda text: not text.strip())

    def _until(self, start: int, section: range, ends: Callable[[str], bool]) -> range:
        within = range(start + 1, section.stop)
        return range(start, next((n for n in within if ends(self.line(n))), section.stop))

    def line(self, number: int) -> str:
        """Return a line, empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(eq=False)
class _Doubt:
    """What slips make unreliable: sections of files, and the names that stand in them.

    :param sections: by file the lines of the sections in which something was lost
    :param words: what stands in such a section, where it is no reference
    :param ids: by name the places where such a section may have declared it
    :param near: names on the lines of slips and in their messages, of which others may be misspellings
    """

    lines: SourceLines
    files: dict[str, _Sections] = field(default_factory=dict)
    sections: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    words: set[str] = field(default_factory=set)
    ids: dict[str, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    near: dict[str, None] = field(default_factory=dict)
    looks: int = 0

    def of(self, file: str) -> _Sections:
        """Return the sections of a file."""
        if file not in self.files:
            self.files[file] = _Sections(file, self.lines.of(file))
        return self.files[file]

    def add(self, slip: Finding) -> None:
        """Take up a slip by which something was lost."""
        file, seen = slip.span.file, self.sections[slip.span.file]
        # A block without text has its name all the same.
        loses_names = slip.code not in _LOSES
        for number in self.of(file).around(slip.span.line):
            if number not in seen:
                seen.add(number)
                line = self.of(file).line(number)
                said = [w for w in _WORD.finditer(line) if not _REFERS.search(line, 0, w.start())]
                self.words.update(_bare(word[0]) for word in said)
                if loses_names and (
                    _DECLARES.search(line) or (number == slip.span.line and _OPTION.match(line))
                ):
                    for word in said:
                        self.ids[_bare(word[0])].add((file, number))
        self.name(slip)

    def declares(self, slip: Finding) -> bool:
        """Return whether a slip belongs to what declares something, or to a configuration."""
        if slip.span.file.endswith(".py"):
            return True
        sections = self.of(slip.span.file)
        start = sections.around(slip.span.line).start
        above = map(sections.line, range(slip.span.line, start - 1, -1))
        nearest = next(filter(None, map(_DIRECTIVE.search, above)), None)
        return nearest is None or nearest["name"] in _DECLARING

    def around(self, slip: Finding, but: Collection[tuple[str, int]]) -> set[str]:
        """Return the words of the section that a slip stands in, but for some lines."""
        sections = self.of(slip.span.file)
        numbers = (n for n in sections.around(slip.span.line) if (slip.span.file, n) not in but)
        return {_bare(word) for number in numbers for word in _WORD.findall(sections.line(number))}

    def name(self, slip: Finding) -> None:
        """Take up the names that a slip may be about."""
        line = self.of(slip.span.file).line(slip.span.line)
        hint = slip.hint if slip.hint.startswith("did you mean") else ""
        said = [*_WORD.findall(line), *_NAME.findall(f"{slip.message} {hint}")]
        self.near |= dict.fromkeys(map(_bare, said))

    def names(self, name: str) -> bool:
        """Return whether a slip may be about a name."""
        if name in self.near:
            return True
        self.looks += len(self.near)
        return self.looks < _LOOKS and bool(near_name(name, self.near))


_LOOKS = 1_000_000
"""Names that are compared in all: of more, only the same ones are looked for."""


def _bare(name: str) -> str:
    return re.sub(r"[\s-]", "_", name.casefold())


def _subject(finding: Finding) -> str:
    found = _NAME.search(finding.message)
    return _bare(found[1]) if found else ""


def to_tell(
    findings: Iterable[Finding],
    lines: SourceLines,
    ignores: Iterable[Ignore] = (),
    skipped: Collection[str] = (),
) -> list[Finding]:
    """Return the findings that no comment silences and that stand on their own.

    :param skipped: codes that were not looked for
    """
    found = list(findings)
    follows = _following(found, lines)
    return [one for one in silenced(found, ignores, skipped) if id(one) not in follows]


def _following(found: Collection[Finding], lines: SourceLines) -> set[int]:
    """Return the identities of what only follows from a slip, which is told once that is mended.

    A slip makes unreliable what is said of its section and of the names in it: what a block lacks, where the marks of that
    block are wrong; what a thing lacks, where the text that may give it was lost; that nothing has a name, where the
    slip may have lost it; and what is said of the spec as a whole.
    """
    doubt = _Doubt(lines)
    losses = [one for one in found if _loses(one)]
    blocks: dict[str, set[int]] = defaultdict(set)
    for slip in losses:
        if slip.code in _TEARS:
            blocks[slip.span.file].update(doubt.of(slip.span.file).block(slip.span.line))
    follows = {id(one) for one in found if one.code in _OF_LOST and one.span.line in blocks[one.span.file]}
    losses = [slip for slip in losses if id(slip) not in follows]
    for slip in losses:
        doubt.add(slip)
    follows.update(
        id(one) for one in found if one.code in _NAMING and _may_be_lost(one, found, losses, doubt)
    )
    unknown = [one for one in found if one.code in _NAMING and id(one) not in follows]
    for slip in unknown:
        doubt.name(slip)
    is_partial = any(doubt.declares(slip) for slip in (*losses, *unknown))
    for one in found if losses or unknown else ():
        if (one.code in _OF_ALL and is_partial) or (_is_of_one(one) and _is_doubtful(one, doubt)):
            follows.add(id(one))
    return follows


def _loses(finding: Finding) -> bool:
    is_error = rules()[finding.code].severity is Severity.ERROR
    return (is_error and finding.code not in _NAMING | _OF_ALL) or finding.code in _LOSES


def _is_of_one(finding: Finding) -> bool:
    return finding.code in _OF_ONE or rules()[finding.code].category in _ABSENT


def _is_doubtful(finding: Finding, doubt: _Doubt) -> bool:
    """Return whether something was lost where a thing stands, or where others may name it."""
    name = _subject(finding)
    return finding.span.line in doubt.sections[finding.span.file] or name in doubt.words or doubt.names(name)


def _may_be_lost(
    finding: Finding, found: Collection[Finding], losses: Collection[Finding], doubt: _Doubt
) -> bool:
    """Return whether a slip may be why nothing has a name: where it stands in the section, or in place of another id."""
    name = _subject(finding)
    own = {(one.span.file, one.span.line) for one in found if _subject(one) == name}
    if doubt.ids.get(name, own) - own:
        return True
    is_provision = "provision" in finding.message or "leads nowhere" in finding.message
    ids = [slip for slip in losses if slip.code in _LOSES_ID] if is_provision else ()
    if any(name == _subject(slip) for slip in ids):
        return True
    # A copied principle may have lost the id that goes with its words.
    parts = {part for part in name.split("_") if len(part) > 2}  # noqa: PLR2004  articles and the like say nothing
    sections = (doubt.around(slip, own) for slip in ids if not finding.hint.startswith("did you mean"))
    return any(2 * len(parts.intersection(section)) >= len(parts) > 0 for section in sections)


# -- what tells findings apart ---------------------------------------------------------------------

_PLACE = re.compile(r":\d+(?::\d+)?\b")
_LONGEST = 10_000
"""Characters beyond which the checksum of words stands for them: a long line may have many findings."""


def fingerprints(findings: Iterable[Finding], lines: SourceLines) -> tuple[str, ...]:
    """Return a fingerprint for each finding, in their order.

    It is made of the code, the file, the words of the line and the marked part of it, and a count where
    all of these are equal. Lines that move keep it, and so do other words for the same message.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    known: dict[tuple[str, int, int, int], str] = {}
    for finding in findings:
        parts = (finding.code, finding.span.file, *_words(finding, lines, known))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        made.append(hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32])
    return tuple(made)


def _words(
    finding: Finding, lines: SourceLines, known: dict[tuple[str, int, int, int], str]
) -> tuple[str, str]:
    """Return what the finding stands at, or says where its file cannot be read.

    :param known: the words of places that were asked for, by file, line, begin and end
    """
    span = finding.span
    line = lines.line(span)
    if line is None:
        return "", _PLACE.sub("", finding.message)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    places = [(span.file, span.line, start, stop) for start, stop in ((0, len(line)), (span.column - 1, end))]
    for place in places:
        if place not in known:
            known[place] = _brief(" ".join(line[place[2] : place[3]].split()))
    return known[places[0]], known[places[1]]


def _brief(words: str) -> str:
    return words if len(words) <= _LONGEST else hashlib.sha256(words.encode(errors="replace")).hexdigest()


_VERSION = 1


def format_baseline(findings: Iterable[tuple[Finding, str]]) -> str:
    """Return a baseline of findings with their fingerprints: the same text for the same findings.

    Lines are left out, so that a file whose lines have moved has the same baseline.
    """
    entries = sorted(
        (finding.span.file, finding.code, fingerprint, finding.message) for finding, fingerprint in findings
    )
    content = {
        "version": _VERSION,
        "findings": [
            {"file": file, "code": code, "fingerprint": fingerprint, "message": message}
            for file, code, fingerprint, message in entries
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints in a baseline file."""
    text, problems = read_text(path, path.name)
    try:
        content = load_json(text)
        version = content["version"]
        known = frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (ValueError, KeyError, TypeError) as error:
        why = f" ({error})" if isinstance(error, ValueError) else ""
        raise BaselineError(
            f"`{path}` is not a baseline{why}; `check --format baseline` writes one"
        ) from None
    if problems or version != _VERSION:
        raise BaselineError(
            f"`{path}` is not a baseline of version {_VERSION}; `check --format baseline` writes one"
        )
    return known
