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


def fingerprints(findings: Iterable[Finding], lines: SourceLines) -> tuple[str, ...]:
    """Return a fingerprint for each finding, in their order.

    It is made of the code, the file, the words of the line and the marked part of it, and a count where
    all of these are equal. Lines that move keep it, and so do other words for the same message.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for finding in findings:
        parts = (finding.code, finding.span.file, *_words(finding, lines))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        made.append(hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32])
    return tuple(made)


def _words(finding: Finding, lines: SourceLines) -> tuple[str, str]:
    """Return what the finding stands at, or says where its file cannot be read."""
    span = finding.span
    line = lines.line(span)
    if line is None:
        return "", _PLACE.sub("", finding.message)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    return " ".join(line.split()), " ".join(line[span.column - 1 : end].split())
