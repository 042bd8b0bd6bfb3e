"""Findings for people: the place, the sentence, and the line of the source with a caret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click
from rich.cells import cell_len

from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.report import Report, Reported
from sphinx_policyspec.model import Finding, Severity

__all__ = ["text_report"]

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.HINT: "cyan"}
_BEFORE = 30
"""Characters shown before the marked part where the line is too long."""


@dataclass(frozen=True, slots=True)
class _Ink:
    """How to make words stand out, if at all."""

    color: bool

    def __call__(self, text: str, fg: str = "", *, bold: bool = False) -> str:
        return click.style(text, fg=fg or None, bold=bold) if self.color else text


def text_report(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Return the findings of a report as text, a summary last.

    :param width: columns of the terminal; longer lines of the source are cut around what is marked
    """
    ink = _Ink(color)
    parts = ["".join(f"{line}\n" for line in _finding(report, item, width, ink)) for item in report.findings]
    return "\n".join((*parts, f"{_summary(report)}\n"))


def _finding(report: Report, item: Reported, width: int, ink: _Ink) -> Iterator[str]:
    finding = item.finding
    span = finding.span
    place = printable(f"{report.path(span.file)}:{span.line}:{span.column}")
    severity = ink(finding.severity.value, _COLORS[finding.severity], bold=True)
    yield f"{ink(place, bold=True)}: {severity}: {printable(finding.message)} [{finding.code}]"
    gutter = " " * len(str(span.line))
    excerpt = _excerpt(report, finding, width - len(gutter) - 3)
    if excerpt:
        line, caret = excerpt
        yield f"{ink(f'{span.line} |', 'blue')} {line}"
        yield f"{ink(f'{gutter} |', 'blue')} {ink(caret, _COLORS[finding.severity], bold=True)}"
    if finding.hint:
        yield f"{gutter} {ink('=', 'blue')} {printable(finding.hint)}"
    for other in finding.related:
        yield f"{gutter} {ink('=', 'blue')} see {printable(f'{report.path(other.file)}:{other.line}')}"


def _excerpt(report: Report, finding: Finding, width: int) -> tuple[str, str] | None:
    """Return the line of a finding and a line that marks its part, both cut to a width."""
    span = finding.span
    line = report.lines.line(span)
    if line is None or not line.strip():
        return None
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    start = min(span.column - 1, len(line))
    end = max(min(end, len(line)), start + 1)
    if span.end_line == span.line and span.end_column == span.column:
        start, end = len(line) - len(line.lstrip()) if span.column == 1 else start, len(line.rstrip())
    first = 0 if len(line) <= width else max(0, start - _BEFORE)
    shown = printable(line[first : first + width]).rstrip()
    if first:
        shown = f"…{shown[1:]}"
    if first + width < len(line.rstrip()):
        shown = f"{shown[:-1]}…"
    before = cell_len(shown[: start - first])
    marked = cell_len(shown[start - first : end - first])
    return shown, " " * before + "^" * max(marked, 1)


def _summary(report: Report) -> str:
    counts = [
        f"{number} {severity.value}{'s' * (number != 1)}"
        for severity in Severity
        if (number := report.count(severity))
    ]
    text = ", ".join(counts) or "no findings"
    if fixable := sum(1 for item in report.findings if item.fixable):
        text += f"; {fixable} can be mended with --fix"
    if report.known:
        text += f"; {report.known} held back by the baseline"
    return text
