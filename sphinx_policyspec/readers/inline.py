"""What stands inside a line of prose: cross-references, links and eval tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from sphinx_policyspec.model import ReferenceForm
from sphinx_policyspec.readers.fences import Fences

__all__ = ["InlineLink", "InlineTag", "resolve_title", "scan", "slug", "without_tags"]

# Code and escapes come first, so that nothing inside them is taken for a link. Every repetition is
# bounded or cannot overlap its neighbours: a hostile line costs linear time.
_INLINE = re.compile(
    r"\\."
    r"|(?<!`)(?P<ticks>`{1,3})(?!`)[^\n]{0,500}?(?<!`)(?P=ticks)(?!`)"
    r"|\[\^(?P<tag>[^\]\s\[]{1,40})\](?!\()"
    r"|\[(?P<text>(?:[^\[\]\\\n]|\n(?![ \t\r]*\n)|\\.|\[[^\[\]\n]{0,200}\]){0,2000})\]"
    r"\((?P<url>[^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?)(?:\s+\"[^\"\n]{0,500}\")?\)",
    re.DOTALL,
)
_TAG_FORM = re.compile(r"[a-z0-9]{4}")
_FENCE_INDENT = 12
"""Spaces that may stand before a fence: three levels of list."""
_LONGEST_TITLE = 500
"""A longer title is cut where another shows it, so that many references to it cannot fill the memory."""
_TITLE_REFERENCE = re.compile(r"\[\?\]\(#([^()\s]+)\)")
_TEXT_REFERENCE = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_NOT_WORD = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, slots=True)
class InlineLink:
    """A link or cross-reference at character offsets ``start`` to ``end``.

    :param target: the id for a cross-reference, empty for a link to somewhere else
    :param form: how the cross-reference is written; means nothing for other links
    """

    start: int
    end: int
    text: str
    url: str
    target: str
    form: ReferenceForm


@dataclass(frozen=True, slots=True)
class InlineTag:
    """An eval tag at character offsets ``start`` to ``end``."""

    start: int
    end: int
    tag: str

    @property
    def is_well_formed(self) -> bool:
        """Whether it is four letters or digits; other words in its place are text."""
        return _TAG_FORM.fullmatch(self.tag) is not None


def scan(text: str) -> Iterator[InlineLink | InlineTag]:
    """Yield the links and eval tags of a text in order, those inside code left out."""
    if "[" not in text:
        return
    for start, end in _outside_fences(text):
        yield from _scan(text, start, end)


def _outside_fences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text that no code fence holds."""
    if "```" not in text and "~~~" not in text:
        yield 0, len(text)
        return
    lines = [f"{part}\n" for part in text.split("\n")]
    offsets = [0, *accumulate(len(line) for line in lines)]
    start = 0
    for opening, closing in Fences(lines, _FENCE_INDENT).regions():
        yield start, offsets[opening]
        start = offsets[closing + 1]
    yield start, len(text)


def _scan(text: str, start: int, end: int) -> Iterator[InlineLink | InlineTag]:
    for match in _INLINE.finditer(text, start, end):
        if match["tag"] is not None:
            yield InlineTag(match.start(), match.end(), match["tag"])
        elif match["url"] is not None:
            url = match["url"]
            target = url[1:] if url.startswith("#") else ""
            bare = match["text"] == "?" and bool(target)
            form = ReferenceForm.TITLE if bare else ReferenceForm.TEXT
            words = "" if bare else match["text"]
            yield InlineLink(match.start(), match.end(), words, url, target, form)


def without_tags(text: str) -> str:
    """Remove eval tags, and the blanks before them, from a text."""
    parts: list[str] = []
    after = 0
    for item in scan(text):
        if isinstance(item, InlineTag) and item.is_well_formed:
            parts.append(text[after : item.start].rstrip(" \t"))
            after = item.end
    return "".join((*parts, text[after:]))


def resolve_title(title: str, titles: Mapping[str, str]) -> str:
    """Replace each ``[?](#id)`` by the title of its target, or by the id where there is none."""
    return _TITLE_REFERENCE.sub(lambda match: titles.get(match[1], match[1])[:_LONGEST_TITLE], title)


def slug(title: str) -> str:
    """Return the words of a title joined by hyphens, letters of any script kept."""
    words = _TEXT_REFERENCE.sub(r"\1", title).replace("'", "").replace("\u2019", "")
    return _NOT_WORD.sub("-", words.casefold()).strip("-")
