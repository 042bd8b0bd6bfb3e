"""A changelog → its entries by release."""

from __future__ import annotations

import re
from itertools import pairwise

from sphinx_policyspec.model import Changelog, ChangelogEntry, Span
from sphinx_policyspec.readers.comments import Shown, without_comments
from sphinx_policyspec.readers.text import Lines

__all__ = ["read_changelog"]

_HEAD = re.compile(r"##[ \t]++(\S++(?:\s++\S++)*+)\s*")
_DATED = re.compile(r"v?(\d{4})[.-](\d{2})[.-](\d{2})")


def read_changelog(text: str, file: str) -> Changelog:
    """Read the entries under ``## vYYYY.MM.DD`` heads; joined, the sources are the file."""
    lines = Lines.of(file, text)
    shown = without_comments(lines.lines)
    heads = [n for n, line in enumerate(shown.plain) if line.startswith("## ") and _HEAD.fullmatch(line)]
    entries = tuple(_entry(lines, shown, start, end) for start, end in pairwise((*heads, len(lines))))
    preface_end = heads[0] if heads else len(lines)
    span = lines.span(0, preface_end) if preface_end else Span(file, 1)
    return Changelog(span=span, source=lines.text(0, preface_end), entries=entries)


def _entry(lines: Lines, shown: Shown, start: int, end: int) -> ChangelogEntry:
    match = _HEAD.fullmatch(shown.plain[start])
    head = match[1] if match else ""
    dated = _DATED.fullmatch(head)
    return ChangelogEntry(
        version="-".join(dated.groups()) if dated else head,
        source=lines.text(start, end),
        text=shown.text(start + 1, end).replace("\r\n", "\n").strip("\n"),
        span=lines.span(start, end),
    )
