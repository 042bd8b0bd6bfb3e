"""A heading of the dialect: title, id, level of authority and other attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sphinx_policyspec.readers.comments import SETEXT, Shown
from sphinx_policyspec.readers.inline import plain_words, without_tags

__all__ = ["ATX", "Heading", "heading_of", "parse_heading"]

# Possessive, so that a hostile run of spaces costs linear time.
ATX = re.compile(r"\ufeff?[ ]{0,3}(#{1,6})(?:[ \t]++(\S++(?:\s++\S++)*+))?\s*+")
"""A heading line; its title, id and attributes are group 2."""
_CLOSERS = re.compile(r"(?:^|(?<=[ \t]))#++$")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_ITEM = re.compile(
    r"#(?P<id>[^\s\"',]+)|(?P<name>[\w-]+)=(?P<value>\"[^\"]*\"|'[^']*'|\S+?(?=,?(?:\s|$)))|(?P<other>[^\s,]\S*)"
)
_SAYS = re.compile(r"(?:^|\s)(?:#\S|authority\s*=)")
"""What is said in braces of a heading and nowhere else."""
_LISTS = re.compile(r"(?:^|[\s:])(?:[#.]\S|[\w-]++\s*=)|^$")
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
    title, inside, problem = _split(_CLOSERS.sub("", text.rstrip()).rstrip())
    identifier = authority = ""
    attributes: list[tuple[str, str]] = []
    for item in _ITEM.finditer(inside):
        value = (item["value"] or "").strip("\"'")
        if item["id"] and not identifier:
            identifier = item["id"]
        elif item["name"] == "authority" and not authority:
            authority = value
        elif item["name"]:
            attributes.append((item["name"], value))
        else:
            attributes.append((item[0], ""))
    title = plain_words(without_tags(_CLOSERS.sub("", title.rstrip())).strip())
    return Heading(depth, title, identifier, authority, tuple(sorted(attributes)), problem)


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
    bare = _SAYS.search(text) and "authority" in text
    return text, "", "are not in braces" if bare else ""
