"""The tags that structure a conversation: each alone on its line, outside code fences."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sphinx_policyspec.readers.fences import Fences

__all__ = ["ROLES", "STRUCTURE", "Tag", "tags_by_line"]

ROLES = ("system", "developer", "user", "assistant", "tool")
STRUCTURE = frozenset((*ROLES, "comparison"))
"""Names of the tags that structure a conversation; any other inside a message is text."""

# Possessive, so that a hostile run of spaces costs linear time.
_OPEN = re.compile(
    r"(?P<mark>[ ]?\*?[ ]?)<(?P<name>[A-Za-z][\w-]{0,40})(?P<attrs>(?:\s++[\w-]{1,40}+=(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'<>/=]++))*+)\s*+(?P<empty>/?)>"
    r"(?P<rest>[ \t]*+(?:<!--.*-->)?)\s*+"
)
_CLOSE = re.compile(r"(?P<mark>[ ]?\*?[ ]?)</(?P<name>[A-Za-z][\w-]{0,40})>\s*+")
_ATTRIBUTE = re.compile(r"([\w-]{1,40}+)=(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/=]+))")
_FENCE_INDENT = 12
"""Spaces that may stand before a fence: three levels of list."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A line that holds nothing but a tag.

    :param comment: the ``<!-- … -->`` after it
    :param column: characters before it on the line
    :param empty: it closes itself, as ``<user/>`` does
    """

    line: int
    name: str
    closing: bool
    attributes: tuple[tuple[str, str], ...]
    comment: str
    column: int
    empty: bool = False


def tags_by_line(lines: Sequence[str]) -> dict[int, Tag]:
    """Return the tags of a conversation by line; what a code fence shows is text."""
    tags = {number: tag for number, line in enumerate(lines) if (tag := _tag_on(line, number))}
    for number in _quoted(lines, tags):
        del tags[number]
    return tags


def _tag_on(line: str, number: int) -> Tag | None:
    if "<" not in line[:4]:
        return None
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


def _name(written: str) -> str:
    """Return the name of a tag: those that structure a conversation have no letter case."""
    return written.lower() if written.lower() in STRUCTURE else written


def _quoted(lines: Sequence[str], tags: dict[int, Tag]) -> list[int]:
    """Return the lines of the tags inside closed code fences.

    A fence that holds a tag without its counterpart is one that its message forgot to close: it
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
    """Return for each place the next one where the depth is lower, past the end where there is none."""
    falls = [len(depths)] * len(depths)
    open_places: list[int] = []
    for place, depth in enumerate(depths):
        while open_places and depths[open_places[-1]] > depth:
            falls[open_places.pop()] = place
        open_places.append(place)
    return falls
