"""Which findings to tell, and how severe they are; what tells one from another, and a baseline of those known already."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sphinx_policyspec.errors import BaselineError
from sphinx_policyspec.files import load_json
from sphinx_policyspec.model import Category, Finding, Severity
from sphinx_policyspec.model.finding import OFF, codes_of, rules
from sphinx_policyspec.readers.text import SourceLines, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked of findings.

    :param select: codes or categories to tell alone; empty means all
    :param ignore: codes or categories to leave out
    :param severity: by code or category: a severity, or ``off``
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)

    @property
    def off(self) -> frozenset[str]:
        """The codes that are not told."""
        others = rules().keys() - codes_of(self.select) if self.select else frozenset()
        off = {code for code, given in self._severities().items() if given == OFF}
        return codes_of(self.ignore) | off | others

    def _severities(self) -> dict[str, str]:
        """Return what each code is taken as: what is said of it goes before what is said of its category."""
        given = sorted(self.severity.items(), key=lambda item: item[0] not in set(Category))
        return {code: severity for name, severity in given for code in codes_of([name])}

    def of(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that are to be told, as severe as they are to be."""
        off, severities = self.off, self._severities()
        for finding in findings:
            severity = severities.get(finding.code, finding.severity.value)
            if finding.code not in off:
                same = severity == finding.severity.value
                yield finding if same else replace(finding, severity=Severity(severity))


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


_VERSION = 1
_WRITES = "`check --format baseline` writes one"


def format_baseline(findings: Iterable[tuple[Finding, str]]) -> str:
    """Return a baseline of findings with their fingerprints: the same text for the same findings.

    Lines are left out, so that a file whose lines have moved has the same baseline.
    """
    entries = sorted(
        (finding.span.file, finding.code, fingerprint, finding.message) for finding, fingerprint in findings
    )
    content = {
        "version": _VERSION,
        "findings": [
            {"file": file, "code": code, "fingerprint": fingerprint, "message": message}
            for file, code, fingerprint, message in entries
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints in a baseline file."""
    text, problems = read_text(path, path.name)
    try:
        content = load_json(text)
        version = content["version"]
        known = frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(f"`{path}` is not a baseline; {_WRITES}") from error
    if problems or version != _VERSION:
        raise BaselineError(f"`{path}` is not a baseline of version {_VERSION}; {_WRITES}")
    return known
