"""Comments that silence a finding in place: ``policyspec-ignore: CODE reason``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sphinx_policyspec.model import Finding, Severity, Span

__all__ = ["Ignore", "ignores_in", "silenced", "without_ignores"]

_WORD = "policyspec-ignore:"
_COMMENT = re.compile(
    rf"\s*(?:\.\.\s+|%\s*|<!--\s*){_WORD}\s*(?P<code>[a-z0-9-]*)(?P<reason>.*?)(?:-->)?\s*", re.DOTALL
)
_FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,}|:{3,})")
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
    for number, line in enumerate(lines):
        match = _COMMENT.fullmatch(line) if _WORD in line else None
        if match is None:
            continue
        start = number + 1
        while start < len(lines) and (not lines[start].strip() or _WORD in lines[start]):
            start += 1
        at = line.index(_WORD) + 1
        yield Ignore(
            code=match["code"],
            reason=match["reason"].strip(),
            span=Span(file, number + 1, at, number + 1, at + len(_WORD)),
            start=start + 1,
            end=_block_end(lines, start) + 1,
        )


def without_ignores(text: str) -> str:
    """Return Model Spec Markdown with blank lines in place of such comments, which are not to be shown."""
    if _WORD not in text:
        return text
    lines = text.split("\n")
    return "\n".join("" if _WORD in line and _COMMENT.fullmatch(line) else line for line in lines)


def _block_end(lines: Sequence[str], start: int) -> int:
    """Return the line after a block, lines counted from 0: a directive, a fence, a heading, or a paragraph."""
    if start >= len(lines):
        return start
    first = lines[start]
    if fence := _FENCE.match(first):
        return _fence_end(lines, start, fence["fence"])
    if directive := _DIRECTIVE.match(first):
        return _indented_end(lines, start, len(directive["indent"]))
    if _HEADING.match(first):
        return start + 1
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    if _EXAMPLE.match(first):
        below = next((n for n in range(end, len(lines)) if lines[n].strip()), len(lines))
        if below < len(lines) and (fence := _FENCE.match(lines[below])):
            return _fence_end(lines, below, fence["fence"])
    return end


def _fence_end(lines: Sequence[str], start: int, fence: str) -> int:
    for number in range(start + 1, len(lines)):
        text = lines[number].strip()
        if len(text) >= len(fence) and set(text) == {fence[0]}:
            return number + 1
    return len(lines)


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
                severity=Severity.HINT,
                message=f"nothing here is `{ignore.code}`",
                span=ignore.span,
                hint="delete the comment, or correct its code",
            )
