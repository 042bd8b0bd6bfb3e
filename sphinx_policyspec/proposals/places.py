"""The texts of a spec in memory, and which stretches of them belong to which provision, whatever is edited around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePath
from textwrap import indent

from rapidfuzz import fuzz
from rich.cells import cell_len

from sphinx_policyspec.identifiers.directives import Directive, directives_in
from sphinx_policyspec.identifiers.sites import RST
from sphinx_policyspec.model import Markup, Provision, Span, Spec

_LABEL = re.compile(r"^(?:\([^()\s]{1,200}\)=|\.\. _[^:]{1,200}:)[ \t]*$")
_FENCE = re.compile(r"^[ \t>]*(?P<marks>`{3,}|~{3,}|:{3,})[ \t]*$")
_OPENING = re.compile(r"^[ \t>]*(?P<marks>`{3,}|~{3,}|:{3,})")
_NEAR, _LONGEST = 90, 1000
"""How much words are like a passage that is meant, of 100; and letters up to which one is looked for."""
_RULE = re.compile(r"^(?P<sign>[!-/:-@\[-`{-~])(?P=sign){2,}[ \t]*$")


@dataclass(slots=True)
class Stretch:
    """Characters of a text from ``start`` up to ``end``; both move along when something before them is edited."""

    file: str
    start: int
    end: int

    def meets(self, other: Stretch) -> bool:
        """Return whether two have characters in common, or a mere place is within the other."""
        if self.file != other.file:
            return False
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end

    def covers(self, other: Stretch) -> bool:
        """Return whether all characters of another are among its own."""
        return self.file == other.file and self.start <= other.start and other.end <= self.end

    def follow(self, start: int, end: int, length: int) -> None:
        """Take along that the characters from ``start`` up to ``end`` become others, so many."""
        by = length - (end - start)
        if end <= self.start:
            self.start, self.end = self.start + by, self.end + by
        elif start < self.end:
            self.end = self.end + by if end <= self.end else start + length
            self.start = min(self.start, start)


class EditedTexts:
    """EditedTexts of files that are edited in memory.

    :param read: returns the text of a file as it is
    """

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self._texts: dict[str, str] = {}
        self._before: dict[str, str] = {}
        self.followed: list[Stretch] = []
        """Stretches that move along."""
        self.changes = 0
        """How many times words took the place of others."""

    def of(self, file: str) -> str:
        """Return the text of a file as it is now."""
        if file not in self._texts:
            self._texts[file] = self._before[file] = self._read(file)
        return self._texts[file]

    @property
    def changed(self) -> dict[str, str]:
        """The texts that are other ones than they were, by file."""
        return {file: text for file, text in self._texts.items() if text != self._before[file]}

    def before(self, file: str) -> str:
        """Return the text of a file as it was."""
        self.of(file)
        return self._before[file]

    def replace(self, file: str, start: int, end: int, words: str) -> Stretch:
        """Put words in the place of characters; return where they are, which moves along from then on."""
        text = self.of(file)
        self.changes += text[start:end] != words
        self._texts[file] = text[:start] + words + text[end:]
        for one in self.followed:
            if one.file == file:
                one.follow(start, end, len(words))
        made = Stretch(file, start, start + len(words))
        self.followed.append(made)
        return made

    def line_end(self, file: str) -> str:
        """Return what ends the lines of a file."""
        return "\r\n" if "\r\n" in self.of(file) else "\n"

    def offset(self, file: str, line: int, column: int = 1) -> int:
        """Return how many characters are before a place, both from 1."""
        at, text = 0, self.of(file)
        for _ in range(line - 1):
            at = text.find("\n", at) + 1
            if not at:
                return len(text)
        return min(at + column - 1, len(text))

    def stretch(self, span: Span) -> Stretch:
        """Return a span as a stretch."""
        start = self.offset(span.file, span.line, span.column)
        return Stretch(span.file, start, self.offset(span.file, span.end_line, span.end_column))


@dataclass(slots=True, kw_only=True)
class ProvisionPlace:
    """Where a provision is.

    :param head: its heading, or its directive with the options
    :param own: it without what is below it
    :param whole: it with what is below it
    :param directive: that which declares it, if one does
    :param inside: what is in the directive, if its text does, up to the end of the last line
    :param elsewhere: the files from which parts of it come
    """

    provision: Provision
    head: Stretch
    own: Stretch
    whole: Stretch
    directive: Directive | None = None
    inside: Stretch | None = None
    elsewhere: tuple[str, ...] = ()

    @property
    def is_rst(self) -> bool:
        """Whether it is reStructuredText."""
        return PurePath(self.head.file).suffix.lower() in RST


def places_in(spec: Spec, texts: EditedTexts) -> dict[str, ProvisionPlace]:
    """Return where the provisions of a spec are, by id."""
    by_file: dict[str, list[Provision]] = {}
    for one in spec.provisions:
        by_file.setdefault(one.span.file, []).append(one)
    # A page of directives is looked at line by line.
    of_pages = {one.file for one in spec.documents if one.markup in {Markup.RST, Markup.MYST}}
    found: dict[str, ProvisionPlace] = {}
    for file, provisions in by_file.items():
        if texts.of(file):
            found.update((place.provision.id, place) for place in _in_file(file, provisions, texts, of_pages))
    return found


def _in_file(
    file: str, provisions: list[Provision], texts: EditedTexts, of_pages: set[str]
) -> Iterator[ProvisionPlace]:
    lines = texts.of(file).split("\n")
    is_page = file in of_pages
    is_rst = PurePath(file).suffix.lower() in RST
    directives = [*directives_in(lines, is_rst=is_rst)] if is_page else []
    ordered = sorted(provisions, key=lambda one: (one.span.line, one.span.column))
    starts = [_start(lines, one.span.line) if is_page else one.span.line for one in ordered]
    ends = [*starts[1:], len(lines) + 1]
    # The last line has no line feed behind it.
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    offsets[-1] -= 1
    # The mark of a file is nobody's.
    offsets[0] = int(lines[0].startswith("\ufeff"))
    for number, one in enumerate(ordered):
        upto = next(
            (starts[n] for n in range(number + 1, len(ordered)) if ordered[n].depth <= one.depth),
            len(lines) + 1,
        )
        declares = next(
            (d for d in directives if one.span.line <= d.line < ends[number] and d.name == "principle"), None
        )
        is_body = declares is not None and declares.line == one.span.line
        below, first = ends[number], min((b.span.line for b in one.blocks if b.span.file == file), default=0)
        close = 0
        if declares is not None and is_body:
            close = _close(lines, declares, is_rst=is_rst)
            upto = _behind(lines, close, is_rst=is_rst)
            below = min(below, upto)
        head_end = max(first, declares.options_end if declares else 0) or min(one.span.line + 1, below)

        def stretch(line: int, end: int) -> Stretch:
            return Stretch(file, offsets[line - 1], offsets[end - 1])

        yield ProvisionPlace(
            provision=one,
            head=stretch(one.span.line, min(head_end, below)),
            own=stretch(starts[number], below),
            whole=stretch(starts[number], upto),
            directive=declares,
            inside=stretch(one.span.line + 1, max(close, one.span.line + 1)) if close else None,
            elsewhere=tuple(dict.fromkeys(b.span.file for b in one.blocks if b.span.file != file)),
        )


def _start(lines: list[str], line: int) -> int:
    """Return the line, from 1, at which a heading begins, with its labels and the rule above it."""
    if (style := title_style(lines, line)) and style.is_framed:
        line -= 1
    while True:
        above = line - 1
        while above and not lines[above - 1].strip():
            above -= 1
        if not above or not _LABEL.match(lines[above - 1].rstrip("\r")):
            return line
        line = above


@dataclass(frozen=True, slots=True)
class TitleStyle:
    """How a title of reStructuredText is marked.

    :param is_framed: whether there is a rule above it, too
    """

    sign: str
    is_framed: bool = False


def title_style(lines: list[str], line: int) -> TitleStyle | None:
    """Return how the title on a line, from 1, is marked; nothing where it is not."""
    rule = _RULE.match(lines[line].rstrip("\r")) if line < len(lines) else None
    if rule is None:
        return None
    return TitleStyle(rule["sign"], line > 1 and lines[line - 2] == lines[line])


def unused_style(lines: list[str]) -> TitleStyle | None:
    """Return how titles may be marked that are deeper than all."""
    used = {found["sign"] for line in lines if (found := _RULE.match(line.rstrip("\r")))}
    return next((TitleStyle(sign) for sign in "=-~^\"'+#*" if sign not in used), None)


def _close(lines: list[str], directive: Directive, *, is_rst: bool) -> int:
    """Return the line that ends what is in a directive: the fence, or the line after its last one that is not empty."""
    if is_rst:
        lead, last = len(directive.indent), directive.line
        for number, line in enumerate(lines[directive.line :], directive.line + 1):
            if line.strip() and len(line) - len(line.lstrip()) <= lead:
                break
            last = number if line.strip() else last
        return last + 1
    marks = fence_marks(lines[directive.line - 1]) or ":::"
    for number in range(directive.options_end - 1, len(lines)):
        found = _FENCE.match(lines[number].rstrip("\r"))
        # What is nested has fewer signs.
        if found and found["marks"].startswith(marks):
            return number + 1
    return len(lines) + 1


def _behind(lines: list[str], close: int, *, is_rst: bool) -> int:
    """Return the line after a directive and the empty lines below it."""
    line = close if is_rst else close + 1
    while line <= len(lines) and not lines[line - 1].strip():
        line += 1
    return min(line, len(lines) + 1)


def fence_marks(line: str) -> str:
    """Return the signs with which a line opens or ends a fence; none where it does not."""
    found = _OPENING.match(line)
    return found["marks"] if found else ""


def is_fenced(above: list[str], sign: str) -> bool:
    """Return whether lines leave a fence of a sign open."""
    is_open: list[str] = []
    for line in above:
        marks = fence_marks(line)
        if marks and _FENCE.match(line.rstrip("\r")) and is_open and marks.startswith(is_open[-1]):
            is_open.pop()
        elif marks:
            is_open.append(marks)
    return any(marks[0] == sign for marks in is_open)


def parted(text: str) -> tuple[str, str]:
    """Return a text, and the end of its last line with the empty lines behind it."""
    at = text.find("\n", len(text.rstrip()))
    at = len(text) if at < 0 else at - (text[at - 1 : at] == "\r")
    return text[:at], text[at:]


def behind(text: str, whole: Stretch, words: str, *, is_last: bool, least: int) -> tuple[int, str, str]:
    """Return where words are after a block of a text, what parts them from it, and the words with what parts them from the next.

    As many empty lines are around them as there were, so that nothing is left of them once they are taken out again.

    :param is_last: whether nothing comes behind them from which something would part them
    :param least: ends of lines that part two blocks at the least
    """
    gap = parted(text[whole.start : whole.end])[1]
    if whole.end == len(text):
        # A file ends as it did.
        return whole.end - len(gap), "\n\n", words
    more = "\n" * max(0, least - gap.count("\n"))
    return whole.end, more, words + ("\n" if is_last else gap + more)


def lacking(marks: str, words: str) -> int:
    """Return how many signs a fence lacks to hold a text."""
    held = (len(found) for line in words.split("\n") if (found := fence_marks(line))[:1] == marks[:1])
    return max(0, max(held, default=0) + 1 - len(marks))


def nearly(words: str, text: str) -> str:
    """Return the passage of a text that words differ from in few letters, such as quotes; empty where there is none."""
    if not 0 < len(words) <= min(_LONGEST, len(text)):
        return ""
    found = fuzz.partial_ratio_alignment(words, text, score_cutoff=_NEAR)
    return text[found.dest_start : found.dest_end] if found else ""


def rst_directive(title: str, options: list[str], text: str) -> str:
    """Return a directive that declares a principle, with a text that is indented already."""
    head = f".. policy:principle:: {title}".rstrip()
    told = indent("\n".join((head, *options)), "   ").removeprefix("   ")
    return f"{told}\n\n{text}" if text else told


def rst_title(
    texts: EditedTexts, places: Mapping[str, ProvisionPlace], place: ProvisionPlace, title: str, depth: int
) -> str | None:
    """Return a title with the signs that those of its depth have in its file; where there are none, with others than all.

    There is nothing where that is not for certain.

    :param places: of all provisions
    :param place: of that beside which it is
    """
    lines = texts.of(place.head.file).split("\n")
    styles: dict[int, TitleStyle] = {}
    for other in places.values():
        if other.head.file == place.head.file and not other.inside:
            line = texts.of(place.head.file).count("\n", 0, other.head.start) + 1
            if style := title_style(lines, line):
                styles.setdefault(other.provision.depth, style)
    found = styles.get(depth) or (unused_style(lines) if depth > max(styles, default=depth) else None)
    if found is None:
        return None
    rule = found.sign * max(3, cell_len(title))
    return f"{rule}\n{title}\n{rule}" if found.is_framed else f"{title}\n{rule}"


def margin(text: str) -> str:
    """Return the indentation that all lines of a text have which are not empty."""
    lines = [line for line in text.split("\n") if line.strip()]
    return min((line[: len(line) - len(line.lstrip())] for line in lines), key=len, default="")


def aligned(words: str, lead: str) -> str:
    """Return words whose lines stand as deep as those of the text into which they come, the first aside; as they are where they do already."""
    first, *rest = words.replace("\r\n", "\n").split("\n")
    if all(line.startswith(lead) for line in rest if line.strip()):
        return words
    return "\n".join([first, *(lead + line if line.strip() else line for line in rest)])


def is_home(place: ProvisionPlace, target: ProvisionPlace) -> bool:
    """Return whether a provision can be the first one in another, which is a heading one level above it."""
    return target.inside is None and target.provision.depth + 1 == place.provision.depth


def is_below(spec: Spec, name: str, above: str) -> bool:
    """Return whether a provision is another, or is somewhere in it."""
    while name:
        if name == above:
            return True
        held = spec.provision_by_id.get(name)
        name = (held.parent if held else "") or ""
    return False
