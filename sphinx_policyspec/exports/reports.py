"""The formats of a report, by the names that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sphinx_policyspec.exports.report import Report
from sphinx_policyspec.exports.report_github import github_report
from sphinx_policyspec.exports.report_json import json_report
from sphinx_policyspec.exports.report_junit import junit_report
from sphinx_policyspec.exports.report_text import text_report
from sphinx_policyspec.exports.sarif import sarif_report

__all__ = ["REPORT_FORMATS", "text_report"]

REPORT_FORMATS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {
        "text": text_report,
        "json": json_report,
        "sarif": sarif_report,
        "junit": junit_report,
        "github": github_report,
    }
)
"""Each format with what writes it; ``text`` can also be told the width and to use color."""
