"""A heading line of the dialect: title, id, level of authority and other attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sphinx_policyspec.readers.inline import without_tags

__all__ = ["Heading", "parse_heading"]

_ATTRIBUTES = re.compile(r"\{([^{}\n]*)\}$")
_ITEM = re.compile(r"#(?P<id>[^\s\"']+)|(?P<name>[\w-]+)=(?P<value>\"[^\"]*\"|'[^']*'|\S+)|(?P<other>\S+)")


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading line says; ``id`` and ``authority`` are empty where it does not."""

    depth: int
    title: str
    id: str
    authority: str
    attributes: tuple[tuple[str, str], ...]


def parse_heading(marks: str, rest: str) -> Heading:
    """Read a heading from its ``#`` marks and what follows them.

    An attribute without a value, such as ``.class``, is kept with an empty one. Of several ids or
    levels the first counts and the others are kept as attributes.
    """
    rest = rest.rstrip()
    match = _ATTRIBUTES.search(rest)
    title = without_tags(rest[: match.start()] if match else rest)
    identifier = authority = ""
    attributes: list[tuple[str, str]] = []
    for item in _ITEM.finditer(match[1] if match else ""):
        value = (item["value"] or "").strip("\"'")
        if item["id"] and not identifier:
            identifier = item["id"]
        elif item["name"] == "authority" and not authority:
            authority = value
        elif item["name"]:
            attributes.append((item["name"], value))
        else:
            attributes.append((item[0], ""))
    return Heading(len(marks), title.strip(), identifier, authority, tuple(sorted(attributes)))
