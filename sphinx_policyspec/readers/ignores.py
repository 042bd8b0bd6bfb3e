"""Comments that silence a finding in place: ``policyspec-ignore: CODE reason``."""

from __future__ import annotations

import bisect
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.readers.fences import Fences

__all__ = ["Ignore", "ignores_in", "silenced"]

_WORD = "policyspec-ignore:"
_COMMENT = re.compile(
    rf"\s*+(?:\.\.\s++|%\s*+|<!--\s*+){_WORD}\s*+(?P<code>[a-z0-9-]*+)(?P<reason>.*+)", re.DOTALL
)
_DIRECTIVE = re.compile(r"(?P<indent>\s*)(?:\.\.\s+[\w:.+-]+::|!!!\s)")
_EXAMPLE = re.compile(r"\*\*Example\b")
_HEADING = re.compile(r"#{1,6}\s")
_LATER = frozenset({"unrepresentable-character"})
"""Codes that are found only when something is written: whether they occur is not known before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A comment that silences one code in the block below it.

    :param span: the comment
    :param start: first line of the block; ``end`` is the line after its last one
    """

    code: str
    reason: str
    span: Span
    start: int
    end: int


def ignores_in(file: str, lines: Sequence[str]) -> tuple[Ignore, ...]:
    """Return the comments of a file, each with the lines of the block below it."""
    return tuple(_ignores(file, lines)) if any(_WORD in line for line in lines) else ()


def _ignores(file: str, lines: Sequence[str]) -> Iterator[Ignore]:
    blocks = _Blocks(lines)
    start = end = 0
    for number, line in enumerate(lines):
        match = _COMMENT.fullmatch(line) if _WORD in line else None
        if match is None:
            continue
        # Comments that stand on one another share the block below them.
        if start <= number:
            start = number + 1
            while start < len(lines) and (not lines[start].strip() or _WORD in lines[start]):
                start += 1
            end = blocks.end(start)
        at = line.index(_WORD) + 1
        yield Ignore(
            code=match["code"],
            reason=match["reason"].rstrip().removesuffix("-->").strip(),
            span=Span(file, number + 1, at, number + 1, at + len(_WORD)),
            start=start + 1,
            end=end + 1,
        )


class _Blocks:
    """Where the blocks among some lines end, however many are asked for; lines count from 0."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._fences = Fences(lines, sys.maxsize, marks="`~:")
        self._blank = [number for number, line in enumerate(lines) if not line.strip()]

    def end(self, start: int) -> int:
        """Return the line after a block: a directive, a fence, a heading, or a paragraph."""
        if start >= len(self._lines):
            return start
        first = self._lines[start]
        if self._fences.opening(start):
            return self._fence_end(start)
        if directive := _DIRECTIVE.match(first):
            return _indented_end(self._lines, start, len(directive["indent"]))
        if _HEADING.match(first):
            return start + 1
        end = self._paragraph_end(start)
        if _EXAMPLE.match(first):
            below = next(
                (n for n in range(end, len(self._lines)) if self._lines[n].strip()), len(self._lines)
            )
            if self._fences.opening(below):
                return self._fence_end(below)
        return end

    def _fence_end(self, start: int) -> int:
        closing = self._fences.closing(start)
        return len(self._lines) if closing is None else closing + 1

    def _paragraph_end(self, start: int) -> int:
        index = bisect.bisect_left(self._blank, start)
        return self._blank[index] if index < len(self._blank) else len(self._lines)


def _indented_end(lines: Sequence[str], start: int, indent: int) -> int:
    end = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number]
        if text.strip():
            if len(text) - len(text.lstrip()) <= indent:
                break
            end = number + 1
    return end


def silenced(
    findings: Iterable[Finding], ignores: Iterable[Ignore], skipped: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield the findings that no comment silences, then a hint for each comment that silences none.

    :param skipped: codes that were not looked for, so that nobody knows whether their comments are of use
    """
    by_place: dict[tuple[str, str], list[Ignore]] = {}
    # An included file is read with each page that includes it.
    for ignore in dict.fromkeys(ignores):
        by_place.setdefault((ignore.span.file, ignore.code), []).append(ignore)
    used: set[Ignore] = set()
    for finding in findings:
        hit = [
            ignore
            for ignore in by_place.get((finding.span.file, finding.code), ())
            if ignore.start <= finding.span.line < ignore.end
        ]
        used.update(hit)
        if not hit:
            yield finding
    for ignore in (ignore for group in by_place.values() for ignore in group):
        if ignore not in used and ignore.code not in _LATER and ignore.code not in skipped:
            yield Finding(
                code="unused-ignore",
                message=f"nothing here is `{ignore.code}`",
                span=ignore.span,
                hint="delete the comment, or correct its code",
            )
