"""Findings as SARIF 2.1.0, for code hosts and editors."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from sphinx_policyspec.exports.report import Report, Reported
from sphinx_policyspec.model import Rule, Severity, Span

__all__ = ["HELP", "sarif_report"]

HELP = "https://w3id.org/policyspec/findings#"
"""What the address of a rule's explanation begins with; its code follows."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_FINGERPRINT = "policyspec/v1"
_BASE = "SRCROOT"
_LINK = re.compile(r"\[([^\[\]]*)\](?=\()")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_Object = dict[str, Any]


def sarif_report(report: Report) -> str:
    """Return a report as a SARIF log of one run; equal reports give equal bytes."""
    indices = {rule.code: index for index, rule in enumerate(report.rules)}
    run: _Object = {
        "tool": {"driver": _driver(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _BASE: {"description": {"text": "The folder in which the check was started."}}
        },
        "invocations": [_invocation(report)],
        "results": [_result(report, item, indices) for item in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _driver(report: Report) -> _Object:
    from importlib.metadata import version  # noqa: PLC0415  it reads mail headers, for which no other format has a use

    return {
        "name": "policyspec",
        "version": version("sphinx-policyspec"),
        "informationUri": HELP.partition("/findings")[0],
        "rules": [_rule(rule) for rule in report.rules],
    }


def _rule(rule: Rule) -> _Object:
    return {
        "id": rule.code,
        "shortDescription": {"text": _sentence(rule.found)},
        "fullDescription": {"text": f"{_sentence(rule.found)} {_sentence(rule.rationale)}"},
        "help": {"text": f"To mend it: {_message(rule.mend)}. Source: {_message(rule.source)}."},
        "helpUri": HELP + rule.code,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.category.value]},
    }


def _invocation(report: Report) -> _Object:
    """Return how the run went: what could not be read is told beside the results, too."""
    unread = [item.finding for item in report.findings if item.finding.code == "unreadable-file"]
    told: list[_Object] = (
        [{"level": "error", "message": {"text": _message(report.problem)}}] if report.problem else []
    )
    told += [
        {"level": "error", "message": {"text": _message(f.message)}, "locations": [_location(report, f.span)]}
        for f in unread
    ]
    return {"executionSuccessful": not report.problem, "toolExecutionNotifications": told}


def _result(report: Report, item: Reported, indices: dict[str, int]) -> _Object:
    finding = item.finding
    words = f"{_sentence(finding.message)} {_sentence(finding.hint)}".rstrip()
    result: _Object = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": words},
        "locations": [_location(report, finding.span)],
        "partialFingerprints": {_FINGERPRINT: item.fingerprint},
    }
    if finding.code in indices:
        result["ruleIndex"] = indices[finding.code]
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(report, span), "message": {"text": "Belongs to it."}}
            for number, span in enumerate(finding.related, 1)
        ]
    return result


def _location(report: Report, span: Span) -> _Object:
    physical: _Object = {"artifactLocation": _artifact(report.path(span.file))}
    # What cannot be read has no lines to point at.
    if report.lines.root is None or report.lines.of(span.file):
        physical["region"] = _region(span)
    return {"physicalLocation": physical}


def _artifact(path: str) -> _Object:
    address = quote(path, errors="replace")
    if PurePosixPath(path).is_absolute():
        return {"uri": f"file://{address}"}
    return {"uri": address or ".", "uriBaseId": _BASE}


def _region(span: Span) -> _Object:
    region = {"startLine": max(span.line, 1), "startColumn": max(span.column, 1)}
    if (span.end_line, span.end_column) <= (span.line, span.column):
        return region
    if span.end_column == 1:
        # Up to the end of the line before, which may be the last of the file.
        return region if span.end_line - 1 <= span.line else {**region, "endLine": span.end_line - 1}
    return {**region, "endLine": span.end_line, "endColumn": span.end_column}


def _sentence(text: str) -> str:
    text = _message(text)
    return (
        f"{text[0].upper()}{text[1:].rstrip('.')}{'' if text.endswith(('?', '!')) else '.'}" if text else ""
    )


def _message(text: str) -> str:
    """Return text as SARIF wants it: no link and no placeholder where none is meant."""
    text = _LONE_SURROGATE.sub("\ufffd", text)
    text = _LINK.sub(lambda match: f"\\[{match[1]}\\]", text)
    return text.replace("{", "{{").replace("}", "}}")
