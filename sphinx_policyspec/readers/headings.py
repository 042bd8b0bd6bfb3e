"""Headings and their attributes, lines meant as headings, and definitions: addresses of links, notes, tests of eval tags.

Also the metadata in the front matter of a text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.levels import DEFAULT_LEVELS
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.model.spec import is_date
from sphinx_policyspec.readers.blocks import ATX, cut
from sphinx_policyspec.readers.comments import ITEM, ODD, SETEXT, TOML_MARK, PlainLines, front_matter
from sphinx_policyspec.readers.inline import label_of, outside_fences, plain_words, slug, without_tags
from sphinx_policyspec.readers.text import BlockKind, Lines
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_CLOSERS = re.compile(r"(?:^|(?<=[ \t]))#++$")
_IN_QUOTES = re.compile(r"\"[^\"]*\"|'[^']*'")
_ITEM = re.compile(
    r"#(?P<id>[^\s\"',;]+)|(?P<dot>\.)?(?P<name>[\w-]++(?=\s*=)|(?i:authority)(?=\s*:))\s*[=:]\s*"
    r"(?P<value>\"[^\"]*\"|'[^']*'|\S+?(?=[,;]?(?:\s|$))|$)|(?P<other>[^\s,;]\S*)"
)
_SAYS = re.compile(r"(?:^|\s)(?:#\S|(?i:authority)\s*[=:])")
"""What only the braces of a heading hold."""
_LISTS = re.compile(r"(?:^|[\s:])(?:[#.]\S|[\w-]++\s*=|(?i:authority)\s*:)|^$")
_ESCAPED = re.compile(r"\\\{(?=\s*+(?::\s*+)?#|[^{}\\]*authority)([^{}\\]*)\\?\}\s*$")
"""Escaped braces, as MDX requires."""
_LEVELS = frozenset({"platform", *(level.id for level in DEFAULT_LEVELS)})
BARE_LEVEL = rf"(?<![\w-])(?i:authority\s{{0,9}}[=:]\s{{0,9}}[\"']?(?:{'|'.join(sorted(_LEVELS))}))\b"
"""A level of authority, with or without braces."""
_ODD = re.compile(r"[^\w.:-]")
"""A character that no id has, such as a zero-width space."""
_UNFINISHED = re.compile(r"\s\{#?\s*$")
_GLUED_LEVEL = re.compile(r"(?i:authority)[-_.]?(?P<level>\w+)")
_BARE_ID = re.compile(r"[.:]?[A-Za-z][\w-]*")
"""An attribute that is no more than a name."""
_NO_SIGN = re.compile(rf"\b(?i:authority)\s{{1,9}}(?=(?P<level>{'|'.join(sorted(_LEVELS))})\b)")
_MEANS_LEVEL = re.compile(r"(?:.*[-_])?(?:auth\w*|level|precedence|priority)", re.IGNORECASE)
"""Other people's names for what is ``authority`` here."""
_ID_WITH = "have an id with"
_LONGEST = 2000
"""Characters that attributes can have."""
_BRACES = 3
"""How many opening braces, counted from the last, may begin them."""
_IN_BRACKETS = re.compile(
    r"(?:[(\[<\uff5b]\s?|(?<=\s)(?=#[\w-]{1,200}\s{1,9}authority))(#[\w-]{1,200}\s{1,9}[^()\[\]<>{}\uff5d\n]{1,300})[)\]>\uff5d]?$"
)
"""Attributes at the end of a heading in other brackets than braces, or in none."""
_ID_IN_BRACKETS = re.compile(r"[(\[<][ ]?(#[\w-]{1,200})[ ]?[)\]>]$")
_IN_BRACES = re.compile(r"\{[ ]?([\w-]{1,200})[ ]?\}$")
"""What may be an id without its sign, if it is the one that the title makes."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``id`` and ``authority`` are empty where it gives none.

    :param problem: what is wrong with how its attributes are written
    """

    depth: int
    title: str
    id: str
    authority: str
    attributes: tuple[tuple[str, str], ...]
    problem: str = ""

    @property
    def is_id_odd(self) -> bool:
        """Whether the id itself is wrong, so that others may use another one."""
        return self.problem.startswith(_ID_WITH)


def heading_of(
    visible: PlainLines, start: int, end: int, words: Callable[[str], str] = str, *, strict: bool = False
) -> Heading:
    """Return the heading on some lines: one line that begins with marks, or several that are underlined.

    :param words: returns a text with the addresses of its links
    :param strict: whether malformed attributes are part of the title
    """
    match = ATX.fullmatch(visible.plain[start])
    if match and end == start + 1:
        depth, text = len(match[1]), words(match["text"] or "")
    else:
        below = SETEXT.fullmatch(visible.plain[end - 1])
        depth = 1 if below and below[1].startswith("=") else 2
        text = words(" ".join(visible.text(start, end - 1).split()))
    if strict and "{" not in text:
        # Attributes without braces are words here, and reported elsewhere.
        return Heading(depth, _bare(_CLOSERS.sub("", text.rstrip())), "", "", ())
    heading = parse_heading(depth, text)
    if strict and heading.problem:
        return Heading(depth, _bare(text), "", "", ())
    return heading


def _bare(title: str) -> str:
    """Return a title as readers see it."""
    return plain_words(without_tags(_CLOSERS.sub("", title.rstrip())).strip()).strip()


def title_of(text: str) -> str:
    """Return the first heading of the first level of a Markdown file, empty where it has none."""
    lines = Lines.of("", text)
    raw_blocks, visible, _ = cut(lines)
    headings = (heading_of(visible, *raw.body) for raw in raw_blocks if raw.kind is BlockKind.HEADING)
    return next((heading.title for heading in headings if heading.depth == 1 and heading.title), "")


def parse_heading(depth: int, text: str) -> Heading:
    """Read a heading from its depth and its text, marks at the end included.

    An attribute without a value, such as ``.class``, is kept with an empty one. Of several ids or
    levels the first counts and the others are kept as attributes.
    """
    title, inside, problem = _split(_ESCAPED.sub(r"{\1}", _CLOSERS.sub("", text.rstrip()).rstrip()))
    while title.rstrip().endswith("}") and inside:
        title, before, slip = _split(_CLOSERS.sub("", title.rstrip()).rstrip())
        if not before:
            break
        inside, problem = f"{before} {inside}", problem or slip
    if unfinished := _UNFINISHED.search(title):
        title, problem = title[: unfinished.start()], problem or "are begun, and no more"
    title = _bare(title)
    if (split := _NO_SIGN.search(inside)) and "=" not in inside:
        inside, problem = (
            _NO_SIGN.sub("authority=", inside),
            problem or f"lack the `=` in `{split[0]}{split['level']}`",
        )
    identifier = authority = ""
    attributes: list[tuple[str, str]] = []
    for item in _ITEM.finditer(inside):
        value = (item["value"] or "").strip("\"'\u201c\u201d\u2018\u2019)]>")
        name = (item["name"] or "").casefold()
        problem = problem or (f"have `{item[0]}` in place of `{item[0][1:]}`" if item["dot"] else "")
        if (item["id"] or (name == "id" and value)) and not identifier:
            identifier = item["id"] or value
        elif name == "authority" and value and not authority:
            authority = value
        elif value and not authority and "authority" not in inside.casefold() and _gives_level(name, value):
            authority, problem = value, problem or "give no level by `authority=`"
        else:
            problem = problem or ("name two ids" if item["id"] else "")
            if name == "authority":
                conflict = f"give the levels `{authority}` and `{value}`"
                problem = problem or (conflict if value else "give no level by `authority=`")
            attributes.append((item["name"], value) if item["name"] else (item[0], ""))
    identifier, authority, slip = _by_bare_words(inside, identifier, authority, attributes, title)
    problem = problem or slip
    problem = problem or ("" if authority else _lost_level(text, attributes))
    problem = problem or ("come after no title" if inside and not title else "")
    return Heading(depth, title, identifier, authority, tuple(sorted(attributes)), problem)


def _by_bare_words(
    inside: str, identifier: str, authority: str, attributes: list[tuple[str, str]], title: str
) -> tuple[str, str, str]:
    """Return id and level, either of which may be a word without marks, and what is wrong with words and quotes."""
    bare = [name for name, value in attributes if not value and _BARE_ID.fullmatch(name)]
    if bare and not identifier:
        return bare[0].lstrip(".:"), authority, f"name no id, since `{bare[0]}` has no `#`"
    glued = _GLUED_LEVEL.fullmatch(bare[0]) if bare else None
    level = glued["level"] if glued else bare[0] if bare else ""
    if not authority and level.casefold() in _LEVELS:
        return identifier, level, f"have `{bare[0]}` in place of `authority={level}`"
    problem = "have a quote that is never closed" if _is_quote_open(inside) else ""
    if odd := _ODD.search(identifier):
        problem = f"{_ID_WITH} the character U+{ord(odd[0]):04X} in it"
        identifier = ODD.sub("", identifier).lstrip("#")
    elif bare and not bare[0].startswith("."):
        words = re.match(rf"[:\s]*#{re.escape(identifier)}((?:\s+[\w-]+(?![\w-]*\s*[=:]))+)", inside)
        if words:
            parts = identifier, *words[1].split()
            # The title shows whether the blank is too much.
            identifier = "".join(parts) if "".join(parts) == slug(title) else "_".join(parts)
            problem = f"{_ID_WITH} a blank in it"
        else:
            problem = f"have `{bare[0]}`, which means nothing"
    return identifier, authority, problem


def _gives_level(name: str, value: str) -> bool:
    """Return whether an attribute is ``authority`` by another name, or misspelt."""
    if near_name(name, ("authority",)):
        return True
    return value.casefold() in _LEVELS and bool(_MEANS_LEVEL.fullmatch(name))


def _is_quote_open(inside: str) -> bool:
    values = (item["value"] or " " for item in _ITEM.finditer(inside))
    return any(value[0] in "\"'" and value[0] not in value[1:] for value in values)


def _lost_level(text: str, attributes: list[tuple[str, str]]) -> str:
    """Return what is wrong with a heading that has no level of authority but seems meant to have one."""
    for name, _ in attributes:
        if name.lstrip(".").casefold() in _LEVELS or _MEANS_LEVEL.fullmatch(name):
            return "give no level by `authority=`"
    return "are not in braces" if re.search(BARE_LEVEL, text) else ""


def _split(text: str) -> tuple[str, str, str]:
    """Return the title, the text in the braces, and what is wrong with them."""
    blank = _IN_QUOTES.sub(lambda quoted: "_" * len(quoted[0]), text)
    for quoted in (blank, text):
        start = len(text)
        for _ in range(_BRACES):
            start = quoted.rfind("{", 0, start)
            if start < 0:
                break
            end = quoted.find("}", start)
            inside = text[start + 1 : end if end >= 0 else len(text)].strip()
            is_last = end == len(text) - 1
            if len(inside) <= _LONGEST and (_LISTS if is_last else _SAYS).search(inside):
                inside = inside.removeprefix(":")
                if is_last:
                    return text[:start], inside, ""
                title = f"{text[:start].rstrip(' {')} {text[end + 1 :].strip(' }') if end >= 0 else ''}"
                return title.rstrip(" \\"), inside, "are inside it" if end >= 0 else "are never closed"
    braced = _IN_BRACES.search(text)
    if braced and braced[1] == id_from_title(text[: braced.start()]):
        return text[: braced.start()], braced[1], ""
    if bracketed := _ID_IN_BRACKETS.search(text) or _IN_BRACKETS.search(text):
        return text[: bracketed.start()], bracketed[1], "are not in braces"
    return text, "", ""


def id_from_title(title: str) -> str:
    """Return the id made from a title."""
    return slug(title).replace("-", "_")


class Names:
    """Names in use; a name that is taken gets the next free number from 2."""

    def __init__(self, joint: str) -> None:
        self._joint = joint
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether a name is taken."""
        return name in self._taken

    def take(self, stem: str) -> str:
        """Return a name, numbered if it is taken, and reserve it."""
        name, number = stem, self._last.get(stem, 1)
        while name in self._taken:
            number += 1
            name = f"{stem}{self._joint}{number}"
        self._last[stem] = number
        self._taken.add(name)
        return name


LOST_HINT = "begin the line at the margin with `#` and a space, outside lists and quotations"
_LABEL = re.compile(
    r"[ ]{0,3}\[(?!\^)(?P<label>(?:[^\[\]\\\n]|\\.){1,200})\]:[ \t]*+(?P<url><[^<>\n]{0,2000}>|[^\s<>]{1,2000})"
    r"(?:[ \t]++(?:\"[^\"\n]*+\"|'[^'\n]*+'|\([^()\n]*+\)))?\s*+"
)
_CONTAINER = re.compile(r"(?:[ ]{0,3}>[ ]?|[ ]*(?:[-*+]|\d{1,9}[.)])[ ]+)+")
"""The marks of quotations and list items that a line begins with."""
_NOTE = re.compile(r"[ ]{0,3}\[\^(?P<tag>[^\]\s\[]{1,40})\]:[ \t]*+(?P<text>[^\n]*)\n?")
_NOTE_MARK = re.compile(r"(?P<joined>(?<=\S)\n)?^[ ]{0,3}\[\^(?P<tag>[^\]\s\[]{1,40})\]:[ \t]*", re.MULTILINE)
_TEST = re.compile(r"(?:\[[^\[\]\n]{0,200}\]\()?[`<]?(?P<path>(?!\w+://)[^\s`<>()#]+?(?:#\S+?)?)[`>]?\)?")
_NOWHERE = frozenset({"", "#"})
"""Addresses of definitions that are comments, such as ``[//]: # (words)``."""
_PATH = re.compile(r"/|::|\\|\.\w{1,8}$")
_EXAMPLE = re.compile(
    r"^(?:[ \t]*(?:>|[-+*](?=[ ])|\d{1,9}[.)](?=[ ])))*[ \t]*(?P<title>[*_]{1,3}(?i:example)\b[^\n]*)"
    r"(?:\n[ \t>]*){1,3}(?:~{3,}|`{3,})[ \t]*(?i:xml)[ \t]*$",
    re.MULTILINE,
)
"""The title of an example above its conversation, where neither is at the margin."""
_COMMENT = re.compile(
    r"^[ ]{0,3}(?!<!--[^\n]*-->)(?:<[ ]?!?[ ]?[-\u2013\u2014]{1,3}|&lt;!--|<!(?=[ ]))[ \t]++(?P<words>[^\n<>]{1,500}?)[ \t]*(?:[-\u2013\u2014]{1,3}[ ]?!?>|--&gt;|(?<=[ ])>)[ \t]*$",
    re.MULTILINE,
)
"""A line that was meant to be a comment."""
_LONGEST_LINE = 60
"""Characters of such a line that a message shows."""
_CODE = re.compile(r"(`{1,3})(?!`)[^\n]{0,500}?(?<!`)\1(?!`)")
_LEVEL = re.compile(
    r"(?<![\]`\w])\{:?[ ]?#[A-Za-z][\w-]{0,100}(?:\s[^{}\n]{0,500})?\}(?=\s*$)|\{[^{}\n]{0,500}\b(?i:authority)[ ]?[=:][^{}\n]{0,500}\}?"
)
_MARKED = re.compile(rf"[\s>*+\-\d.)]*+#{{1,7}}[^\n]*?(?P<id>\{{:?[ ]?#[^{{}}\n]{{1,500}}\}}?|{BARE_LEVEL})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The definitions in a file.

    :param labels: the addresses of links, by label
    :param tests: the path of the test that a note names, by tag
    :param readers: the tags of other notes, which are for readers
    :param lines: the lines that define a link or a test, and are not visible
    :param places: the line of each definition, by what is in its brackets
    :param repeated: later definitions of the same, which do not count
    """

    lines_of_file: Lines
    labels: Mapping[str, str]
    tests: Mapping[str, str]
    readers: frozenset[str]
    lines: frozenset[int]
    places: Mapping[str, int]
    repeated: tuple[tuple[str, int], ...]

    def words(self, text: str) -> str:
        """Return a text as readers see it: without tags, links with their addresses, notes with their marks."""
        if self.readers:
            text = _NOTE_MARK.sub(self._note, text)
        return without_tags(text, self.labels, self.readers, self.tests)

    def _note(self, match: re.Match[str]) -> str:
        if match["tag"] not in self.readers:
            return match[0]
        return f"{'' if match['joined'] is None else chr(10) * 2}[{match['tag']}] "

    def unused(self, used: set[str]) -> Iterator[Finding]:
        """Find definitions that nothing on the page refers to and no reader sees, and repeated ones.

        :param used: tags and labels
        """
        for name, line in self.places.items():
            bare = name.removeprefix("^")
            if bare not in used and bare not in self.readers and self.labels.get(name) not in _NOWHERE:
                yield self._finding(line, f"nothing refers to `[{name}]`", "refer to it, or delete it")
        for name, line in self.repeated:
            yield self._finding(line, f"`[{name}]` is defined above, and the first counts", "delete one")

    def _finding(self, line: int, message: str, hint: str) -> Finding:
        text = self.lines_of_file.lines[line].rstrip("\r\n")
        span = self.lines_of_file.within(line, 0, len(text))
        return Finding(code="unused-definition", message=message, span=span, hint=hint)


def read_notes(lines: Lines, visible: PlainLines) -> Notes:
    """Find the definitions of a file; the first of a label or tag counts."""
    labels: dict[str, str] = {}
    tests: dict[str, str] = {}
    readers: set[str] = set()
    silent: set[int] = set()
    places: dict[str, int] = {}
    repeated: list[tuple[str, int]] = []

    def begins(above: str, number: int) -> bool:
        """Return whether a definition may be below a line: it cannot interrupt a paragraph."""
        inside = _inside(above, visible, number)
        return not inside.strip() or bool(ATX.fullmatch(inside) or SETEXT.fullmatch(inside))

    before = ("", -1)
    for number, whole in _outside(visible):
        if "]:" not in whole:
            before = whole, number
            continue
        line = _inside(whole, visible, number)
        if "]:" in line and (note := _NOTE.fullmatch(line)):
            tag = note["tag"]
            if tag in tests:
                repeated.append((f"^{tag}", number))
            test = _TEST.fullmatch(note["text"].strip())
            if test and _PATH.search(test["path"]) and not _goes_on(visible, number):
                tests.setdefault(tag, test["path"])
                silent.add(number)
            else:
                readers.add(tag)
            places.setdefault(f"^{tag}", number)
        elif "]:" in line and (found := _LABEL.fullmatch(line)) and (ITEM.match(whole) or begins(*before)):
            label, url = label_of(found["label"]), found["url"].strip("<>")
            if label in labels and url not in _NOWHERE:
                repeated.append((label, number))
            labels.setdefault(label, url)
            silent.add(number)
            places.setdefault(label, number)
        else:
            before = whole, number
    return Notes(
        lines_of_file=lines,
        labels=labels,
        tests=tests,
        readers=frozenset(readers - tests.keys()),
        lines=frozenset(silent),
        places=places,
        repeated=tuple(repeated),
    )


def _inside(line: str, visible: PlainLines, number: int) -> str:
    """Return a line without the marks and blanks of the quotations and list items that hold it."""
    marks = _CONTAINER.match(line)
    bare = line[marks.end() :] if marks else line
    return bare.lstrip(" ") if number in visible.nested else bare


def _outside(visible: PlainLines) -> Iterator[tuple[int, str]]:
    """Yield the lines that no code fence holds, with their numbers; a closed fence counts as a blank line."""
    after = 0
    for number, line in enumerate(visible.plain):
        if number >= after:
            after = visible.fences.get(number, number - 1) + 1
            yield number, line if after <= number else ""


def _goes_on(visible: PlainLines, number: int) -> bool:
    below = visible.plain[number + 1] if number + 1 < len(visible.plain) else ""
    return bool(below.strip()) and below.startswith(("  ", "\t"))


def lost_headings(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text, which holds no heading, has attributes that only a heading can have, as (start, end)."""
    if "#" not in text and "{" not in text:
        return
    for begin, end in outside_fences(text):
        offset = begin
        for line in text[begin:end].splitlines(keepends=True):
            if "{" in line or "#" in line:
                bare = _CODE.sub(lambda code: "_" * len(code[0]), line)
                match = _LEVEL.search(bare)
                marked = None if match else _MARKED.match(bare)
                span = match.span() if match else marked.span("id") if marked else None
                if span:
                    yield offset + span[0], offset + span[1]
            offset += len(line)


def lost_marks(text: str) -> Iterator[tuple[tuple[int, int], str, str, str]]:
    """Yield where a text has a failed example or comment, with code, message and hint."""
    if "xml" in text.lower():
        message, hint = "an example in a list or a quotation is text", "begin its lines at the margin"
        for match in _EXAMPLE.finditer(text):
            yield match.span("title"), "example-without-conversation", message, hint
    comments = (match for span in outside_fences(text) for match in _COMMENT.finditer(text, *span))
    for match in comments:
        message = f"`{match[0].strip()[:_LONGEST_LINE]}` is no comment, but is text"
        yield match.span(), "unclosed-comment", message, f"write `<!-- {match['words'][:_LONGEST_LINE]} -->`"


# -- front matter --------------------------------------------------------------------------------

_FIELDS = {
    "title": "title",
    "version": "version",
    "date": "issued",
    "issued": "issued",
    "license": "license",
    "licence": "license",
    "publisher": "publisher",
}
"""Fields of the spec by the keys of front matter."""


def front_matter_of(lines: Lines) -> dict[str, Any]:
    """Return the metadata in the YAML or TOML at the beginning of a file; nothing if it is neither."""
    end = front_matter(lines.lines)
    reader = YamlReader(lines.file, first=2)
    inside = lines.text(1, end - 1) if end else ""
    try:
        if end and lines.lines[0].removeprefix("\ufeff").startswith(TOML_MARK):
            values = {key: str(value) for key, value in tomllib.loads(inside).items()}
        else:
            root = reader.mapping(reader.compose(inside) if end else None)
            values = {key: reader.text(node) for key, node in root.items() if key.lower() in _FIELDS}
    except (AnnotationError, ValueError, RecursionError):
        return {}
    metadata = {
        field_: text
        for key, value in values.items()
        if (field_ := _FIELDS.get(key.lower())) and (text := " ".join(value.split()))
    }
    if not is_date(issued := metadata.get("issued", "")):
        metadata.pop("issued", None)
    elif "version" not in metadata:
        metadata["version"] = issued
    return metadata
