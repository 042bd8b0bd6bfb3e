"""Which findings stand on their own: what only follows from a slip is reported once the slip is fixed.

What each code loses, and what it follows from, is in ``rules.toml``.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Category, Finding
from sphinx_policyspec.model.finding import Follows, Loses, rules
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.readers.text import Ignore, SourceLines, silenced

_NAME = re.compile(r"`#*+([^`]{1,1000}+)`")
_ID = re.compile(r"#([\w-]+)")
_WORD = re.compile(r"[^\W_](?:[\w-]*\w)?")
_DECLARES = re.compile(r"\bid\b\W*[:=]|policy:[\w-]+(?:\}|::)(?!`)|[{(\[]:? ?#|\bauthority=")
"""Parts of a line that may give something its name."""
_OPTION = re.compile(r"\s*(?:[-*+:>|\uff1a]|[\w-]+ ?[:=])")
_DIRECTIVE = re.compile(r"policy:(?P<name>[\w-]+)(?:\}|::)(?!`)")
_SILENT = frozenset(
    "case changes commentary coverage example-table graph matrix principle-list principle-table query survey".split()  # noqa: SIM905
)
"""Directives that declare nothing in a spec; a misspelt one may be another."""
_REFERS = re.compile(r"(?:\]\(|[#`])[\w#-]{0,100}$")
_LONGEST = 100
"""Characters before a word that are searched to see whether it is a reference."""
_TITLED = r"\s{0,100}(?:\.\. |[`~:]{3,100}\{)policy:principle(?:\}|::)\s{1,100}\S"
_BY_SIGN = re.compile(rf"#{{1,6}}\s{{1,100}}\S|{_TITLED}")
_BY_LINE = re.compile(rf"([^\w\s])\1{{2,500}}\s{{0,100}}$|{_TITLED}", re.ASCII)
"""The beginning of a section: in reStructuredText the line below its title."""
_EXAMPLE = re.compile(r"\s{0,100}(?:\.\. |[`~:]{3,100}\{)policy:(?:example|prompt)\b|\*\*[^*]{1,500}+\*\*:")
"""The beginning of an example: a directive, or its title in Model Spec Markdown."""
_OTHER = re.compile(
    r"\s{0,100}(?:\.\. |[`~:]{3,100}\{)policy:(?!example|prompt|message|response|conversation)|\*\*[^*]{1,500}+\*\*:|!!!"
)
_MERGE = "merge-conflict"
_DID_YOU_MEAN = "did you mean"
_LOOKS = 100_000
"""Names that are compared in all; after that, only equal names are found."""


Causes = Callable[[Collection[str]], list[Finding]]
"""Returns the findings about one spec that stand on their own, given the codes that are not reported."""


def causes(
    findings: Iterable[Finding],
    lines: SourceLines,
    ignores: Iterable[Ignore] = (),
    skipped: Collection[str] = (),
    off: Collection[str] = (),
) -> list[Finding]:
    """Return the findings that no comment silences and that stand on their own.

    :param skipped: codes that were not checked
    :param off: codes that are not reported
    """
    ordered = sorted(findings, key=lambda one: (one.span, one.code, one.message))
    # A slip that somebody silences is not going to be fixed: what follows from it elsewhere is reported. Where its marks break a
    # block, the comment is about that block, and covers what follows there, too.
    loud = list(silenced(ordered, ignores, skipped))
    open_, loud_ids = [one for one in loud if one.code not in off], {*map(id, loud)}
    silent = [one for one in ordered if id(one) not in loud_ids and rules()[one.code].loses is Loses.MARKS]
    follows = _following(open_, lines)
    if silent:
        follows.update(_in_broken_blocks([*open_, *silent], _Doubt(lines)))
    return list(_once([one for one in loud if id(one) not in follows]))


def _following(findings: Collection[Finding], lines: SourceLines) -> set[int]:
    """Return the identities of the findings that only follow from a slip.

    A slip makes findings about its block, its section and the names in it unreliable: what a block lacks, where
    the marks of that block are wrong; what a thing lacks, where the text that may give it was lost; that nothing has a
    name, where the slip may have lost it; and what is said about the spec as a whole.
    """
    doubt = _Doubt(lines)
    follows = {*_in_broken_blocks(findings, doubt), *_about_lost_files(findings)}
    # Words of sections are searched only if something is inferred from them.
    if all(rules()[one.code].follows in {None, Follows.BLOCK} for one in findings):
        return follows
    slips = [one for one in findings if id(one) not in follows and rules()[one.code].loses]
    losses = [slip for slip in slips if rules()[slip.code].loses is not Loses.LEVELS]
    for slip in losses:
        doubt.add(slip)
    naming = [one for one in findings if rules()[one.code].follows is Follows.NAME]
    if naming:
        lost = _LostIds(findings, losses, doubt)
        follows.update(id(one) for one in naming if lost.may_be(one))
    unknown = [one for one in naming if id(one) not in follows]
    for slip in unknown:
        doubt.name(slip)
        doubt.wanted.append(_parts(_subject(slip)))
    at = grouped((_place(slip), slip) for slip in losses)
    owners = {doubt.owner(slip) for slip in (*losses, *unknown)}
    is_of_levels = "level" in owners or len(losses) < len(slips)
    is_doubtful: dict[Follows | None, Callable[[Finding], bool]] = {
        Follows.SPEC: lambda _: not owners <= _SILENT,
        Follows.LEVELS: lambda one: is_of_levels or doubt.holds(one),
        Follows.HEADINGS: doubt.holds_above,
        Follows.LINE: lambda one: any(slip is not one for slip in at.get(_place(one), ())),
        Follows.SECTION: doubt.holds,
    }
    for one in findings if slips or unknown else ():
        if (test := is_doubtful.get(rules()[one.code].follows)) and test(one):
            follows.add(id(one))
    return follows


def _about_lost_files(findings: Collection[Finding]) -> Iterator[int]:
    """Yield the identities of the findings about files that were not read."""
    lost: set[str] = set()
    for slip in findings:
        if rules()[slip.code].loses is Loses.FILES:
            lost.update(place.file for place in slip.related)
    for one in findings if lost else ():
        if rules()[one.code].loses is not Loses.FILES and any(place.file in lost for place in one.related):
            yield id(one)


def _in_broken_blocks(findings: Collection[Finding], doubt: _Doubt) -> Iterator[int]:
    """Yield the identities of the findings that follow from wrong marks of their block: all but the marks, or the first."""
    slips = [one for one in findings if rules()[one.code].loses is Loses.MARKS]
    slips.sort(key=lambda one: (rules()[one.code].follows is Follows.BLOCK, one.span))
    # Wrong marks of directives break no conversation above them, and those of a conversation no directive.
    blocks: dict[tuple[str, bool], set[int]] = defaultdict(set)
    merged: dict[str, set[int]] = defaultdict(set)
    first: set[int] = set()
    for slip in slips:
        file, line, rule = slip.span.file, slip.span.line, rules()[slip.code]
        follows, is_directive = rule.follows is Follows.BLOCK, rule.category is Category.DIRECTIVES
        is_known = line in blocks[file, is_directive]
        if not is_known or not follows:
            first.add(id(slip))
        if not is_known:
            block = doubt.of(file).block(line)
            behind = range(line, block.stop)
            blocks[file, is_directive].update(behind if follows else block)
            if not follows:
                blocks[file, not is_directive].update(behind if is_directive else block)
        if slip.code == _MERGE:
            merged[file].update(range(line, slip.span.end_line))
    for one in findings:
        file, line, rule = one.span.file, one.span.line, rules()[one.code]
        is_broken = line in blocks[file, rule.category is Category.DIRECTIVES]
        # Between the marks of a merge everything may be twice.
        is_merged = one.code != _MERGE and line in merged[file]
        if is_merged or (is_broken and rule.follows is Follows.BLOCK and id(one) not in first):
            yield id(one)


def _between(places: Sequence[int], line: int) -> tuple[int, int]:
    """Return the last of these places up to a line, 0 if there is none, and the first behind it."""
    at = bisect_right(places, line)
    return places[at - 1] if at else 0, places[at] if at < len(places) else sys.maxsize


class _Sections:
    """The places of the sections and examples of one file, by its lines alone: a slip may hide them from a parser."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.lines = lines
        begins = _BY_LINE if file.endswith(".rst") else _BY_SIGN
        matches = ((n, match) for n, line in enumerate(lines, 1) if (match := begins.match(line)))
        self.starts = [n - bool(begins is _BY_LINE and match[1]) for n, match in matches]
        hits = ((n, _DIRECTIVE.search(line)) for n, line in enumerate(lines, 1))
        self._directives = {n: match["name"] for n, match in hits if match}
        self._noted = list(self._directives)
        self._examples, self._others = (
            [n for n, line in enumerate(lines, 1) if pattern.match(line)] for pattern in (_EXAMPLE, _OTHER)
        )
        self._blanks = [n for n, line in enumerate(lines, 1) if not line.strip()]

    def around(self, line: int) -> range:
        """Return the lines of the section that holds one."""
        start, stop = _between(self.starts, line)
        return range(max(start, 1), min(stop, len(self.lines) + 2))

    def block(self, line: int) -> range:
        """Return the lines around one that wrong marks of a block may break: from its example on, or up to blank ones."""
        section = self.around(line)
        example, _ = _between(self._examples, line)
        if example >= section.start:
            stop, indent = min(_between(self._others, example)[1], section.stop), self._indent(example)
            # An example that is indented further may be meant as a part of this one.
            at = range(bisect_right(self._examples, example), len(self._examples))
            following = map(self._examples.__getitem__, at)
            beside = (n for n in takewhile(stop.__gt__, following) if self._indent(n) <= indent)
            return range(example, next(beside, stop))
        start, stop = _between(self._blanks, line)
        return range(max(start + 1, section.start), min(stop, section.stop))

    def _indent(self, number: int) -> int:
        line = self.line(number)
        return len(line) - len(line.lstrip())

    def directive(self, line: int) -> str:
        """Return the last directive of ours up to a line in its section, nothing where there is none."""
        at, _ = _between(self._noted, line)
        return self._directives[at] if at >= self.around(line).start else ""

    def line(self, number: int) -> str:
        """Return a line, empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(eq=False)
class _Doubt:
    """What slips make unreliable: sections of files, and the names in them.

    :param sections: by file the lines of the sections in which something was lost
    :param words: the words in such a section that are no references
    :param ids: by name the places where such a section may have declared it
    :param headings: by file the first line of a heading that was lost
    :param wanted: the words of names that nothing has
    :param near: names on the lines of slips and in their messages, of which others may be misspellings
    """

    lines: SourceLines
    files: dict[str, _Sections] = field(default_factory=dict)
    sections: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    words: set[str] = field(default_factory=set)
    ids: dict[str, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    near: dict[str, None] = field(default_factory=dict)
    headings: dict[str, int] = field(default_factory=dict)
    wanted: list[set[str]] = field(default_factory=list)
    looks: int = 0
    _words: dict[_Place, dict[str, list[_Place]]] = field(default_factory=dict)
    _seen: set[_Place] = field(default_factory=set)
    _declaring: set[_Place] = field(default_factory=set)
    _noted: set[_Place] = field(default_factory=set)

    def of(self, file: str) -> _Sections:
        """Return the sections of a file."""
        if file not in self.files:
            self.files[file] = _Sections(file, self.lines.of(file))
        return self.files[file]

    def add(self, slip: Finding) -> None:
        """Add a slip by which something was lost."""
        file, section = slip.span.file, self.of(slip.span.file).around(slip.span.line)
        if (file, section.start) not in self._seen:
            self._seen.add((file, section.start))
            self.sections[file].update(section)
            self.words.update(_bare(word) for number in section for word in self._plain_words(file, number))
        loses = rules()[slip.code].loses
        for lost in {place.file for place in slip.related} if loses is Loses.FILES else ():
            lines = self.of(lost).lines
            self.sections[lost].update(range(1, len(lines) + 1))
            # Its references are lost, too.
            self.words.update(_bare(word) for line in lines for word in _WORD.findall(line))
            self._declare(lost, (n for n, line in enumerate(lines, 1) if _DECLARES.search(line)))
        if loses not in {Loses.WORDS, Loses.FILES}:
            if (file, section.start) not in self._declaring:
                self._declaring.add((file, section.start))
                declaring = (n for n in section if _DECLARES.search(self.of(file).line(n)))
                self._declare(file, declaring)
            if _OPTION.match(self.of(file).line(slip.span.line)):
                self._declare(file, (slip.span.line,))
        if rules()[slip.code].loses is Loses.ID:
            self.headings.setdefault(file, slip.span.line)
        self.name(slip)

    def _plain_words(self, file: str, number: int) -> Iterator[str]:
        """Yield the words of a line that are no references."""
        line = self.of(file).line(number)
        return (
            w[0]
            for w in _WORD.finditer(line)
            if not _REFERS.search(line, max(w.start() - _LONGEST, 0), w.start())
        )

    def _declare(self, file: str, numbers: Iterable[int]) -> None:
        """Add what lines may declare."""
        for number in numbers:
            for word in self._plain_words(file, number):
                self.ids[_bare(word)].add((file, number))

    def owner(self, slip: Finding) -> str:
        """Return the directive above a slip, without the domain; nothing where there is none."""
        return self.of(slip.span.file).directive(slip.span.line)

    def words_around(self, slip: Finding) -> dict[str, list[_Place]]:
        """Return the words of the section of a slip, each with its lines."""
        sections, file = self.of(slip.span.file), slip.span.file
        start = sections.around(slip.span.line).start
        if (file, start) not in self._words:
            numbers = sections.around(slip.span.line)
            words = ((_bare(word), (file, n)) for n in numbers for word in _WORD.findall(sections.line(n)))
            self._words[file, start] = grouped(words)
        return self._words[file, start]

    def name(self, slip: Finding) -> None:
        """Add the names that a slip may be about."""
        place = slip.span.file, slip.span.line
        hint = slip.hint if slip.hint.startswith(_DID_YOU_MEAN) else ""
        names = _NAME.findall(f"{slip.message} {hint}")
        if place not in self._noted:
            # A line may hold many slips.
            self._noted.add(place)
            names += _WORD.findall(self.of(slip.span.file).line(slip.span.line))
        self.near |= dict.fromkeys(map(_bare, names))

    def names(self, name: str) -> bool:
        """Return whether a slip may be about a name."""
        if name in self.near:
            return True
        self.looks += len(self.near) + len(self.wanted)
        if self.looks >= _LOOKS:
            return False
        # A link may look for something that has no id of its own.
        parts = _parts(name)
        is_wanted = any(2 * _shared(parts, names) > len(names) for names in self.wanted)
        return is_wanted or bool(near_name(name, self.near))

    def holds(self, finding: Finding) -> bool:
        """Return whether something was lost at the place of a thing, or where others may name it."""
        name = _subject(finding)
        is_there = any(place.line in self.sections[place.file] for place in (finding.span, *finding.related))
        return is_there or name in self.words or self.names(name)

    def holds_above(self, finding: Finding) -> bool:
        """Return whether a heading was lost above a finding."""
        return self.headings.get(finding.span.file, sys.maxsize) < finding.span.line


def _bare(name: str) -> str:
    return re.sub(r"[\s-]", "_", name.casefold())


def _parts(name: str) -> set[str]:
    """Return the words of a name, except articles and the like, which say nothing."""
    return {part for part in name.split("_") if len(part) > 2}  # noqa: PLR2004


def _shared(parts: set[str], names: set[str]) -> int:
    """Return how many words of a name are among others, apart from their ends."""
    return sum(any(name.startswith(part) or part.startswith(name) for part in parts) for name in names)


def _subject(finding: Finding) -> str:
    found = _NAME.search(finding.message)
    return _bare(found[1]) if found else ""


_Place = tuple[str, int]
"""A file and a line of it."""


class _LostIds:
    """The ids that slips may have lost."""

    def __init__(self, findings: Iterable[Finding], losses: Iterable[Finding], doubt: _Doubt) -> None:
        slips = [slip for slip in losses if rules()[slip.code].loses is Loses.ID]
        self._doubt = doubt
        self._places = grouped((_subject(one), _place(one)) for one in findings)
        self._slips = {_place(slip) for slip in slips}
        self._names = {_subject(slip) for slip in slips}
        # The first of two things with one id keeps it.
        lost = [slip for slip in slips if slip.code != "duplicate-id"]
        self._lost_names = {_subject(slip) for slip in lost}
        texts = (f"{slip.message} {slip.hint}" for slip in lost)
        self._hinted = {_bare(name) for text in texts for name in _ID.findall(text)}
        self._sections = [doubt.words_around(slip) for slip in slips]

    def may_be(self, finding: Finding) -> bool:
        """Return whether a slip may be why nothing has a name: it is in the section of a slip, or in place of another id."""
        name = _subject(finding)
        own = set(self._places[name])
        is_near = finding.hint.startswith(_DID_YOU_MEAN)
        is_joined = is_near and _has_same_words(finding)
        if (
            name in self._hinted
            or (self._slips and is_joined)
            or (is_near and _suggested(finding) in self._lost_names)
        ):
            return True
        if (is_joined or not is_near) and any(place not in own for place in self._doubt.ids.get(name, ())):
            return True
        if _place(finding) in self._slips:
            return True
        is_provision = "provision" in finding.message or "leads nowhere" in finding.message
        return is_provision and (name in self._names or (not is_near and self._stands_there(name, own)))

    def _stands_there(self, name: str, own: set[_Place]) -> bool:
        """Return whether most words of a name are around a slip: a copied principle may have lost the id that goes with them."""
        parts = _parts(name)
        self._doubt.looks += len(parts) * len(self._sections)
        if not parts or self._doubt.looks > _LOOKS:
            return False
        return any(
            2 * sum(any(place not in own for place in section.get(part, ())) for part in parts) >= len(parts)
            for section in self._sections
        )


def _suggested(finding: Finding) -> str:
    """Return the name that a hint suggests."""
    found = _NAME.search(finding.hint)
    return _bare(found[1]) if found else ""


def _has_same_words(finding: Finding) -> bool:
    """Return whether the nearest id has the same words joined in another way, as an id made from a title has."""
    name, near = (_NAME.search(text) for text in (finding.message, finding.hint))
    if not (name and near) or name[1].casefold() == near[1].casefold():
        return False
    return _bare(name[1]) == _bare(near[1])


def _place(finding: Finding) -> _Place:
    return finding.span.file, finding.span.line


_OFTEN = 3
"""Places with one unknown name that show that an id was changed."""
_LISTED = 3
"""Most other places of one name that are listed."""


def _once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings; if several name one thing that an id resembles, only the first, with the places of all: that id was changed."""
    again = grouped(((one.code, one.message), one.span) for one in findings if _may_be_renamed(one))
    for finding in findings:
        places = again[finding.code, finding.message] if _may_be_renamed(finding) else [finding.span]
        if len(places) < _OFTEN:
            yield finding
            continue
        if finding.span != places[0]:
            continue
        others = ", ".join(place.place for place in places[1 : _LISTED + 1])
        more = " and more" * (len(places) > _LISTED + 1)
        message = f"{finding.message}, as at {others}{more}"
        yield replace(finding, message=message, related=tuple(places[1:]))


def _may_be_renamed(finding: Finding) -> bool:
    return rules()[finding.code].follows is Follows.NAME and finding.hint.startswith(_DID_YOU_MEAN)
