"""Findings as workflow commands, which GitHub shows beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.report import Report
from sphinx_policyspec.model import Finding, Severity

__all__ = ["github_report"]

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def github_report(report: Report) -> str:
    """Return a report as one workflow command a line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    if report.problem:
        yield f"::error title=policyspec::{_data(report.problem)}"
    for item in report.findings:
        finding = item.finding
        told = f"{finding.message}; {finding.hint}" if finding.hint else finding.message
        places = ",".join(
            f"{name}={_property(value)}" for name, value in _places(report, finding).items() if value
        )
        yield f"::{_COMMANDS[finding.severity]} {places}::{_data(told)}"


def _places(report: Report, finding: Finding) -> dict[str, str]:
    span = finding.span
    places = {"file": report.path(span.file), "line": str(span.line)}
    if span.end_line == span.line and span.end_column > span.column:
        # Columns are shown only where the marked part stays in one line.
        places |= {"endLine": str(span.line), "col": str(span.column), "endColumn": str(span.end_column)}
    return {**places, "title": finding.code}


def _data(text: str) -> str:
    """Escape a message as GitHub's own toolkit does; it steers no log."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    """Escape the value of a property as GitHub's own toolkit does."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
