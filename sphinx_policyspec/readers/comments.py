"""HTML comments of Markdown: where they are, and a file without them, line by line; and the tags of conversations."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from sphinx_policyspec.readers.text import Fences

ITEM = re.compile(r"[ ]*+(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
"""The mark of a list item, with the blanks behind it."""
RULE = re.compile(r"[ ]{0,3}(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)\s*")
"""A line across the page."""
SETEXT = re.compile(r"[ ]{0,3}(=++|-++)[ \t\r]*+\n?")
"""The line below a heading of lines of text."""
_LATER = re.compile(r"[ ]*+(?!1[.)])\d")
_BEGINS_BLOCK = re.compile(r"[ ]{0,3}(?:#{1,6}(?:[ \t]|$)|!!!|<!--)|\*\*Example\b")
_HOLDS = re.compile(r"(?:!!!|\?\?\?|\[\^[^\]\s\[]{1,40}\]:)")
"""What holds the indented lines below it, but is no list item: an admonition, a note."""
_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_ENDS_LIST = re.compile(r"[ ]{0,3}(?:>|```|~~~)")
_TOKEN = re.compile(r"\\.|`++|<!--(?:-?>)?", re.DOTALL)
_MARGIN = 3
"""Spaces that may be before what begins at the margin; with more, it is code."""
_FENCE_INDENT = 12
"""Spaces that may be before a fence: three levels of list."""


_KEY = re.compile(r"[\w.-]{1,100}[ ]?:(?:\s|$)")
_MATTER = re.compile(r"[ ]*-[ ]|[ ]+\S|#(?!.*\{)|\s*$")
"""A line of YAML besides those with a key, and no heading with attributes."""
_LONGEST_MATTER = 200
TOML_MARK = "+++"
"""The line around front matter in TOML, as Hugo and Zola have it."""


@dataclass(frozen=True, slots=True)
class PlainLines:
    """Some lines without their HTML comments.

    :param plain: each line without its comments, empty where they take all of it, its end included
    :param masked: each line with blanks in place of comments, so that every character keeps its place
    :param starts: the lines at the margin on which a comment begins that takes whole lines
    :param nested: the lines that a list item holds
    :param fences: the line that closes each code fence, by the line that opens it
    :param unclosed: the lines with a ``<!--`` that nothing closes
    """

    plain: tuple[str, ...]
    masked: tuple[str, ...]
    starts: frozenset[int] = frozenset()
    nested: frozenset[int] = frozenset()
    fences: Mapping[int, int] = field(default_factory=dict)
    unclosed: tuple[int, ...] = ()

    def text(self, start: int, end: int) -> str:
        """Return the visible text of the lines from ``start`` up to ``end``."""
        return "".join(self.plain[start:end])


def without_comments(
    lines: Sequence[str], literal: Collection[int] = (), stops: Sequence[int] = (), begin: int = 0
) -> PlainLines:
    """Find the comments of some lines as CommonMark does: none in code; in a paragraph, none that goes beyond it.

    A comment that begins a line may hold anything; one that is never closed hides all that follows.

    :param literal: lines that are data, in which nothing is a comment
    :param stops: lines, in order, that no code fence may contain
    :param begin: where the text begins; what is above is hidden like a comment
    """
    return _Pass(lines, literal, stops).run(begin)


def front_matter(lines: Sequence[str]) -> int:
    """Return the line after the YAML or TOML at the beginning of a file, 0 if there is none.

    A byte order mark may be before it. Lines between two rules that hold no key are Markdown: there, ``# Be kind`` is a heading and no comment.
    """
    opening = lines[0].removeprefix("\ufeff").rstrip() if lines else ""
    if opening == TOML_MARK:
        ends = (n for n, line in enumerate(lines[1:_LONGEST_MATTER], 1) if line.rstrip() == TOML_MARK)
        return next(ends, -1) + 1
    if opening != "---":
        return 0
    has_key = False
    for number, line in enumerate(lines[1:_LONGEST_MATTER], 1):
        if line.rstrip() in {"---", "..."}:
            return number + 1 if has_key else 0
        if _KEY.match(line):
            has_key = True
        elif not _MATTER.match(line):
            return 0
    return 0


class _Pass:
    """One pass over the lines."""

    def __init__(self, lines: Sequence[str], literal: Collection[int], stops: Sequence[int]) -> None:
        self.lines = lines
        self.literal = literal
        self.stops = stops
        self.text = "".join(lines)
        self.offsets = [0, *accumulate(map(len, lines))]
        self.margins = _margins(lines)
        self.found: list[tuple[int, int]] = []
        self.nested: set[int] = set()
        self.unclosed: list[int] = []
        # Column at which the text of the outermost open list item begins; 0 outside lists.
        self.content = 0
        self.is_list = True
        self.not_closed_before = -1
        self.fences: dict[int, int] = {}

    def run(self, begin: int) -> PlainLines:
        fences = Fences(self.lines, _FENCE_INDENT, self.stops)
        position = first = begin
        if begin:
            self.found.append((0, self.offsets[begin]))
        while position < len(self.lines):
            line = self.lines[position]
            if not line.strip():
                self._paragraph(first, position)
                first = position = position + 1
                continue
            indent = len(line) - len(line.lstrip(" "))
            self._follow_lists(position, line, indent, begins=position == first)
            if (end := self._fence_end(fences.closing(position), position, indent)) is not None:
                self._paragraph(first, position)
                self.fences[position] = end
                self.nested.update(range(position, end + 1) if self.content else ())
                first = position = end + 1
            elif self._is_comment(position, line, indent, begins=position == first):
                self._paragraph(first, position)
                first, position = self._block(position, indent)
            else:
                if _BEGINS_BLOCK.match(line) or ITEM.match(line):
                    self._paragraph(first, position)
                    first = position
                position += 1
                underlines = first < position - 1 and indent >= self.content and SETEXT.fullmatch(line)
                if underlines or not _is_paragraph(line):
                    self._paragraph(first, position)
                    first = position
        self._paragraph(first, position)
        return self._visible()

    def _follow_lists(self, position: int, line: str, indent: int, *, begins: bool) -> None:
        if _HOLDS.match(line):
            self.content, self.is_list = _MARGIN + 1, False
            return
        if indent < self.content and not self.is_list:
            self.content, self.is_list = 0, True
        if indent < self.content or not self.content:
            item = ITEM.match(line) if indent <= _MARGIN and not RULE.fullmatch(line) else None
            # A number other than 1, or a mark without text, does not end a paragraph.
            if item and (begins or self.content or (line[item.end() :].strip() and not _LATER.match(line))):
                self.content = len(item[0]) if line[item.end() :].strip() else indent + 2
            elif begins or _BEGINS_BLOCK.match(line) or RULE.fullmatch(line) or _ENDS_LIST.match(line):
                self.content = 0
        if self.content:
            self.nested.add(position)

    def _fence_end(self, end: int | None, position: int, indent: int) -> int | None:
        """Return the line that closes a code fence; ``None`` if it would end outside its list item."""
        if end is None or (indent > _MARGIN and not self.content):
            return None
        return None if self.content and self.margins[position] <= end else end

    def _is_comment(self, position: int, line: str, indent: int, *, begins: bool) -> bool:
        is_code = begins and indent > _MARGIN and not self.content
        return line.startswith("<!--", indent) and not is_code and position not in self.literal

    def _block(self, position: int, indent: int) -> tuple[int, int]:
        """Add a comment that begins a line; return where the next paragraph begins, and the line to continue with."""
        start = self.offsets[position] + indent
        limit = self.margins[position] if self.content else len(self.lines)
        if limit != self.not_closed_before:
            close = self.text.find("-->", start + 2, self.offsets[limit])
            if close >= 0 and self.text.find("<!--", start + 4, close) >= 0:
                # Another comment begins before its end: this one was never closed, and takes no more than its line.
                self.unclosed.append(position)
                self.found.append((start, self.offsets[position + 1] - 1))
                return position + 1, position + 1
            if close >= 0:
                self.found.append((start, close + 3))
                last = bisect.bisect(self.offsets, close) - 1
                # Words after a comment of several lines may begin something else.
                has_words = self.text[close + 3 : self.offsets[last + 1]].strip()
                after = last if has_words and last > position else last + 1
                return after, after
            self.not_closed_before = limit
        if self.content:
            # It must end within its list item; it may still be a comment inside a paragraph.
            return position, position + 1
        self.unclosed.append(position)
        self.found.append((start, len(self.text)))
        return limit, limit

    def _paragraph(self, first: int, end: int) -> None:
        """Add the comments inside the lines of a paragraph."""
        begin, stop = self.offsets[first], self.offsets[end]
        if first in self.literal or self.text.find("<!--", begin, stop) < 0:
            return
        if self.lines[first].startswith(" " * (_MARGIN + 1)) and first not in self.nested:
            return
        ticks: dict[int, list[int]] = defaultdict(list)
        for run in re.finditer("`++", self.text[begin:stop]):
            ticks[len(run[0])].append(begin + run.start())
        at = max(begin, self.found[-1][1] if self.found else 0)
        while match := _TOKEN.search(self.text, at, stop):
            at = match.end()
            if match[0].startswith("`"):
                same = ticks[len(match[0])]
                later = bisect.bisect_left(same, at)
                at = same[later] + len(match[0]) if later < len(same) else at
            elif match[0].startswith("<"):
                at = at if match[0].endswith(">") else self.text.find("-->", at, stop) + 3
                if at < match.end():
                    self.unclosed.append(bisect.bisect(self.offsets, match.start()) - 1)
                    return
                self.found.append((match.start(), at))

    def _visible(self) -> PlainLines:
        offsets = self.offsets
        plain, masked = list(self.lines), list(self.lines)
        starts: set[int] = set()
        cuts: dict[int, list[tuple[int, int]]] = defaultdict(list)
        # What follows a comment of several lines is indented as the comment is.
        margins: dict[int, str] = {}
        for start, end in self.found:
            first, last = bisect.bisect(offsets, start) - 1, bisect.bisect(offsets, end - 1) - 1
            for number in range(first, last + 1):
                zero = offsets[number]
                cuts[number].append((max(start - zero, 0), min(end - zero, len(self.lines[number]))))
            if start == offsets[first]:
                starts.add(first)
            if first < last:
                line = self.lines[first]
                margins[last] = line[: len(line) - len(line.lstrip(" \t"))]
        for number, places in cuts.items():
            plain[number], masked[number] = _cut(self.lines[number], places, margins.get(number, ""))
        starts = {number for number in starts if not plain[number]}
        return PlainLines(
            plain=tuple(plain),
            masked=tuple(masked),
            starts=frozenset(starts),
            nested=frozenset(self.nested),
            fences=self.fences,
            unclosed=tuple(self.unclosed),
        )


def _is_paragraph(line: str) -> bool:
    """Return whether a line, or the list item on it, holds words that may go on below it."""
    item = None if RULE.fullmatch(line) else ITEM.match(line)
    words = line[item.end() :] if item else line
    return bool(words.strip()) and not (_HEADING.match(words) or RULE.fullmatch(words))


def _margins(lines: Sequence[str]) -> list[int]:
    """Return for each line the next one that is at the margin, where every list ends."""
    after = len(lines)
    margins = []
    for number in range(len(lines) - 1, -1, -1):
        margins.append(after)
        if lines[number][:1].strip():
            after = number
    return margins[::-1]


def _cut(line: str, places: list[tuple[int, int]], margin: str) -> tuple[str, str]:
    """Return a line without some stretches, and with blanks in place of them.

    :param margin: beginning of the first result
    """
    plain, masked, after = margin, "", 0
    for start, end in places:
        before = line[after:start]
        # Of the blanks on both sides of a comment, keep one side.
        plain += before.lstrip(" \t") if plain.endswith((" ", "\t")) else before
        masked += before + "".join("\n" if char == "\n" else " " for char in line[start:end])
        after = end
    rest = line[after:]
    masked += rest
    if not (plain + rest).strip():
        return "", masked
    if plain.endswith((" ", "\t")) or not plain:
        rest = rest.lstrip(" \t")
    return (plain + rest if rest.strip() else plain.rstrip(" \t") + (rest or "\n")), masked


ROLES = ("system", "developer", "user", "assistant", "tool")
STRUCTURE = frozenset((*ROLES, "comparison"))
"""Names of the tags that structure a conversation; any other inside a message is text."""

# Possessive, so that a hostile run of spaces costs linear time.
_OPEN = re.compile(
    r"(?P<mark>[ ]?\*?[ ]?)<(?P<name>[A-Za-z][\w-]{0,40})(?P<attrs>(?:\s++[\w-]{1,40}+=(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'<>/=]++))*+)\s*+(?P<empty>/?)>"
    r"(?P<rest>[ \t]*+(?:<!--.*-->)?)\s*+"
)
_LOOSE_VERDICT = re.compile(
    r"(?P<mark>[ ]?)<(?P<name>(?i:assistant))(?:>[ \t]*+|[ \t]++(?:\w{1,20}+=)?[\"']?)"
    r"(?P<rest>(?:<?(?:[^\w\s<>]{1,4}[ \t]*){1,2})?(?i:good|bad|ok)\b(?:[:,][^\n<>]*|[ ]\[#[^\n<>]*)?(?:[ \t]*[\u2013\u2014-]{0,2}>)?)[\"']?>?\s*"
)
"""The tag of an answer whose verdict is in no comment, or in a malformed one."""
_ALMOST = re.compile(
    r"(?P<mark>[ \t>*+`-]{0,12})(?:<|&lt;|[\u2039\uff1c\u27e8\[{\\])(?:\\?<)?[ \t\xa0]{0,4}(?P<slash>[/\\]?)[ \t\xa0]{0,4}"
    r"(?P<name>[A-Za-z]{2,20})\b(?P<rest>[^\n]*)\n?"
)
"""A line that begins like a tag, but with other marks, blanks inside, or something behind it."""
ODD = re.compile("[\u00a0\u00ad\u200b-\u200d\u2060\ufeff]")
"""Characters that look like a blank or like nothing."""
_ENDS_TAG = re.compile(
    r"[ \t\xa0]*(?P<slash>[/\\]?)[ \t\xa0]*[\\:;,.]?(?:>|&gt;|[\u203a\uff1e\u27e9\]}])?[`* \t\r]*(?P<comment><!--.*-->)?(?P<after>[^\n]*)\n?"
)
_ENDS_TEXT = re.compile(rf"[^\n<]+</(?P<name>{'|'.join(sorted(STRUCTURE))})>\s*")
"""A line of words that ends with a closing tag."""
_CLOSE = re.compile(r"(?P<mark>[ ]?\*?[ ]?)</(?P<name>[A-Za-z][\w-]{0,40})>\s*+(?:~{3,}+|`{3,}+)?\s*+")
"""A closing tag; the end of its conversation may be behind it, and is reported by the cutter of blocks."""
_ATTRIBUTE = re.compile(r"([\w-]{1,40}+)=(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/=]+))")


@dataclass(frozen=True, slots=True)
class Tag:
    """A line that holds nothing but a tag.

    :param comment: the ``<!-- … -->`` after it
    :param column: characters before it on the line
    :param empty: it closes itself, as ``<user/>`` does
    :param cure: how to correct a line that was meant to be a tag
    :param has_text: text of the message is on the line of its tag
    :param written: the name in the text, where it is not ``name``
    :param comment_line: where the comment is, if not on the line of the tag
    """

    line: int
    name: str
    closing: bool
    attributes: tuple[tuple[str, str], ...]
    comment: str
    column: int
    empty: bool = False
    cure: str = ""
    written: str = ""
    comment_line: int | None = None
    has_text: bool = False


def almost_tags(lines: Sequence[str], tags: Collection[int]) -> dict[int, Tag]:
    """Return by line the structural tags that lines were meant to be, but are not.

    :param tags: the lines that are tags
    """
    almost = {}
    for number, line in enumerate(lines):
        if number in tags:
            continue
        if (odd := ODD.search(line)) and (tag := _tag_on(ODD.sub(_plain, line), number)):
            almost[number] = replace(
                tag, comment="", cure=f"it has U+{ord(odd[0]):04X}: delete that, or write a space"
            )
            continue
        match = _ALMOST.fullmatch(line)
        if match and match["name"].lower() in STRUCTURE:
            almost[number] = _intended_tag(match, number)
        elif "</" in line and (ends := _ENDS_TEXT.fullmatch(line)):
            name = ends["name"]
            cure = f"write `</{name}>` alone on a line below it"
            almost[number] = Tag(number, name, True, (), "", 0, cure=cure, has_text=True)
    return almost


def _plain(odd: re.Match[str]) -> str:
    return " " if odd[0] == "\u00a0" else ""


def _intended_tag(match: re.Match[str], number: int) -> Tag:
    name, rest = match["name"].lower(), match["rest"]
    bare = _ENDS_TAG.fullmatch(rest)
    closing = bool(match["slash"] or (bare and bare["slash"]))
    markup = f"<{'/' * closing}{name}>"
    if bare and bare["after"] and not bare["comment"]:
        bare = None
    if bare and bare["after"] and bare["after"].lstrip().startswith(("[#", ":")):
        cure = "write all of the verdict into the comment"
    elif bare and bare["after"]:
        cure = f"write the text after `{bare['comment']}` on the line below it"
    elif bare:
        cure = f"write `{markup}`" if match[0].strip() != markup else "begin the line at the margin"
    elif not closing and _OPEN.fullmatch(f"<{name}{rest.rstrip()}>"):
        cure = f"write `<{name}{rest.rstrip()}>`"
    elif "=" in rest.partition(">")[0]:
        cure = f'write each attribute as `name="value"`: `<{name} name="value">`'
    else:
        cure = f"write `{markup}` alone on its line, and the text below it"
    comment = bare["comment"] or "" if bare else ""
    has_text = not bare and bool(rest.partition(">")[2].strip())
    ends = has_text and rest.rstrip().lower().endswith(f"</{name}>")
    return Tag(number, name, closing, (), comment, match.end("mark"), ends, cure, has_text=has_text)


def tags_by_line(lines: Sequence[str]) -> dict[int, Tag]:
    """Return the tags of a conversation by line; those in a code fence are text."""
    tags = {number: tag for number, line in enumerate(lines) if (tag := _tag_on(line, number))}
    for number in _quoted(lines, tags):
        del tags[number]
    return tags


def _tag_on(line: str, number: int) -> Tag | None:
    if "<" not in line[:4]:
        return None
    if match := _LOOSE_VERDICT.fullmatch(line):
        return Tag(number, "assistant", False, (), match["rest"].strip(), match.end("mark"))
    if match := _OPEN.fullmatch(line):
        attributes = tuple((name, "".join(values)) for name, *values in _ATTRIBUTE.findall(match["attrs"]))
        name = _name(match["name"])
        if match["empty"] and name not in STRUCTURE:
            return None
        return Tag(
            number, name, False, attributes, match["rest"].strip(), match.end("mark"), bool(match["empty"])
        )
    if match := _CLOSE.fullmatch(line):
        return Tag(number, _name(match["name"]), True, (), "", match.end("mark"))
    return None


def _name(name: str) -> str:
    """Return the name of a tag: those that structure a conversation have no letter case."""
    return name.lower() if name.lower() in STRUCTURE else name


def _quoted(lines: Sequence[str], tags: dict[int, Tag]) -> list[int]:
    """Return the lines of the tags inside closed code fences.

    A fence around a tag without its counterpart is one that its message never closes: it
    hides nothing, or it would swallow the messages up to the next fence.
    """
    numbers = [number for number, tag in tags.items() if tag.name in STRUCTURE]
    fences = Fences(lines, _FENCE_INDENT)
    if not fences or not numbers:
        return []
    depths = [0, *accumulate(_step(tags[number]) for number in numbers)]
    falls = _falls(depths)
    quoted: list[int] = []
    after = 0
    for opening in fences.openings:
        closing = fences.closing(opening) if opening >= after else None
        if closing is None:
            continue
        first, last = bisect.bisect(numbers, opening), bisect.bisect(numbers, closing)
        if depths[first] == depths[last] and falls[first] > last:
            quoted += numbers[first:last]
            after = closing + 1
    return quoted


def _step(tag: Tag) -> int:
    return 0 if tag.empty else -1 if tag.closing else 1


def _falls(depths: list[int]) -> list[int]:
    """Return for each place the next one where the depth is lower, or one past the end."""
    falls = [len(depths)] * len(depths)
    open_places: list[int] = []
    for place, depth in enumerate(depths):
        while open_places and depths[open_places[-1]] > depth:
            falls[open_places.pop()] = place
        open_places.append(place)
    return falls
