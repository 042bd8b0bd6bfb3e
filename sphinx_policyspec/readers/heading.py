"""A heading of the dialect: title, id, level of authority and other attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sphinx_policyspec.readers.comments import SETEXT, Shown
from sphinx_policyspec.readers.inline import plain_words, without_tags
from sphinx_policyspec.readers.levels import DEFAULT_LEVELS

__all__ = ["ATX", "BARE_LEVEL", "Heading", "heading_of", "parse_heading"]

# Possessive, so that a hostile run of spaces costs linear time.
ATX = re.compile(r"\ufeff?[ ]{0,3}(#{1,6})(?:[ \t]++(\S++(?:\s++\S++)*+))?\s*+")
"""A heading line; its title, id and attributes are group 2."""
_CLOSERS = re.compile(r"(?:^|(?<=[ \t]))#++$")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_ITEM = re.compile(
    r"#(?P<id>[^\s\"',;]+)|(?P<name>[\w-]++(?=\s*=)|(?i:authority)(?=\s*:))\s*[=:]\s*"
    r"(?P<value>\"[^\"]*\"|'[^']*'|\S+?(?=[,;]?(?:\s|$))|$)|(?P<other>[^\s,;]\S*)"
)
_SAYS = re.compile(r"(?:^|\s)(?:#\S|(?i:authority)\s*[=:])")
"""What is said in braces of a heading and nowhere else."""
_LISTS = re.compile(r"(?:^|[\s:])(?:[#.]\S|[\w-]++\s*=|(?i:authority)\s*:)|^$")
_ESCAPED = re.compile(r"\\\{(?=\s*+(?::\s*+)?#|[^{}\\]*authority)([^{}\\]*)\\?\}\s*$")
"""Braces as MDX wants them."""
_LEVELS = frozenset({"platform", *(level.id for level in DEFAULT_LEVELS)})
BARE_LEVEL = rf"(?<![\w-])(?i:authority\s{{0,9}}[=:]\s{{0,9}}[\"']?(?:{'|'.join(sorted(_LEVELS))}))\b"
"""A level of authority, be it where no braces are."""
_MEANS_LEVEL = re.compile(r"(?:.*[-_])?(?:auth\w*|level|precedence|priority)", re.IGNORECASE)
"""Names that other people give to what is ``authority`` here."""
_LONGEST = 2000
"""Characters that attributes can have."""
_BRACES = 3
"""Opening braces, from the last one on, that may begin them."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading says; ``id`` and ``authority`` are empty where it does not.

    :param problem: what is wrong with how its attributes are written
    """

    depth: int
    title: str
    id: str
    authority: str
    attributes: tuple[tuple[str, str], ...]
    problem: str = ""


def heading_of(shown: Shown, start: int, end: int, words: Callable[[str], str] = str) -> Heading:
    """Return the heading of some lines: one that begins with marks, or several above a line of them.

    :param words: returns a text with the addresses of its links
    """
    match = ATX.fullmatch(shown.plain[start])
    if match and end == start + 1:
        return parse_heading(len(match[1]), words(match[2] or ""))
    below = SETEXT.fullmatch(shown.plain[end - 1])
    text = " ".join(shown.text(start, end - 1).split())
    return parse_heading(1 if below and below[1].startswith("=") else 2, words(text))


def parse_heading(depth: int, text: str) -> Heading:
    """Read a heading from its depth and its text, marks at the end included.

    An attribute without a value, such as ``.class``, is kept with an empty one. Of several ids or
    levels the first counts and the others are kept as attributes.
    """
    title, inside, problem = _split(_ESCAPED.sub(r"{\1}", _CLOSERS.sub("", text.rstrip()).rstrip()))
    while title.rstrip().endswith("}") and inside:
        title, before, found = _split(_CLOSERS.sub("", title.rstrip()).rstrip())
        if not before:
            break
        inside, problem = f"{before} {inside}", problem or found
    identifier = authority = ""
    attributes: list[tuple[str, str]] = []
    for item in _ITEM.finditer(inside):
        value = (item["value"] or "").strip("\"'")
        name = (item["name"] or "").casefold()
        if (item["id"] or (name == "id" and value)) and not identifier:
            identifier = item["id"] or value
        elif name == "authority" and value and not authority:
            authority = value
        elif item["name"]:
            attributes.append((item["name"], value))
        else:
            attributes.append((item[0], ""))
    title = plain_words(without_tags(_CLOSERS.sub("", title.rstrip())).strip()).strip()
    problem = problem or ("" if authority else _lost_level(text, attributes))
    return Heading(depth, title, identifier, authority, tuple(sorted(attributes)), problem)


def _lost_level(text: str, attributes: list[tuple[str, str]]) -> str:
    """Return what is wrong with a heading that has no level of authority and may be meant to have one."""
    if any(name.lstrip(".").casefold() in _LEVELS or _MEANS_LEVEL.fullmatch(name) for name, _ in attributes):
        return "give no level by `authority=`"
    return "are not in braces" if re.search(BARE_LEVEL, text) else ""


def _split(text: str) -> tuple[str, str, str]:
    """Return the title, what stands in the braces, and what is wrong with these."""
    blank = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text)
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
                return title.rstrip(" \\"), inside, "stand inside it" if end >= 0 else "are never closed"
    return text, "", ""
