"""Findings as JSON, for scripts."""

from __future__ import annotations

import json
from typing import Any

from sphinx_policyspec.exports.report import Report, Reported
from sphinx_policyspec.model import Severity, Span

__all__ = ["json_report"]


def json_report(report: Report) -> str:
    """Return a report as one JSON object; files are relative to the SOURCE."""
    categories = {rule.code: rule.category.value for rule in report.rules}
    content: dict[str, Any] = {
        "source": report.source,
        "summary": {severity.value: report.count(severity) for severity in Severity},
        "known": report.known,
        "findings": [_finding(item, categories.get(item.finding.code, "")) for item in report.findings],
    }
    if report.problem:
        content["problem"] = report.problem
    return json.dumps(content, indent=1) + "\n"


def _finding(item: Reported, category: str) -> dict[str, Any]:
    finding = item.finding
    return {
        "code": finding.code,
        "category": category,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        **_place(finding.span),
        "end_line": finding.span.end_line,
        "end_column": finding.span.end_column,
        "related": [_place(span) for span in finding.related],
        "fingerprint": item.fingerprint,
        "fixable": item.fixable,
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}
