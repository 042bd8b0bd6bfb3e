"""What tells a finding from another, though its line moves."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from sphinx_policyspec.model import Finding
from sphinx_policyspec.readers.source_lines import SourceLines

__all__ = ["fingerprints"]

_PLACE = re.compile(r":\d+(?::\d+)?\b")
_LONGEST = 10_000
"""Characters beyond which the checksum of words stands for them: a long line may have many findings."""


def fingerprints(findings: Iterable[Finding], lines: SourceLines) -> tuple[str, ...]:
    """Return a fingerprint for each finding, in their order.

    It is made of the code, the file, the words of the line and the marked part of it, and a count where
    all of these are equal. Lines that move keep it, and so do other words for the same message.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    known: dict[tuple[str, int, int, int], str] = {}
    for finding in findings:
        parts = (finding.code, finding.span.file, *_words(finding, lines, known))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        made.append(hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32])
    return tuple(made)


def _words(
    finding: Finding, lines: SourceLines, known: dict[tuple[str, int, int, int], str]
) -> tuple[str, str]:
    """Return what the finding stands at, or says where its file cannot be read.

    :param known: the words of places that were asked for, by file, line, begin and end
    """
    span = finding.span
    line = lines.line(span)
    if line is None:
        return "", _PLACE.sub("", finding.message)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    places = [(span.file, span.line, start, stop) for start, stop in ((0, len(line)), (span.column - 1, end))]
    for place in places:
        if place not in known:
            known[place] = _brief(" ".join(line[place[2] : place[3]].split()))
    return known[places[0]], known[places[1]]


def _brief(words: str) -> str:
    return words if len(words) <= _LONGEST else hashlib.sha256(words.encode(errors="replace")).hexdigest()
