"""Findings as JUnit XML, which build servers show as tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.report import Report, Reported

__all__ = ["junit_report"]

_FORBIDDEN = re.compile("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, once it is printable."""


def junit_report(report: Report) -> str:
    """Return a report as XML: a suite for each file, a case for each finding.

    A finding that makes the check fail is a failure, any other one the output of a case that passes;
    a SOURCE that cannot be used is an error.
    """
    suites = ET.Element("testsuites", name="policyspec")
    for file, items in report.by_file:
        _suite(suites, report, report.path(file), items)
    if not report.findings:
        _suite(suites, report, report.source, [])
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=False) + "\n"


def _suite(suites: ET.Element, report: Report, name: str, items: list[Reported]) -> None:
    failures = sum(report.fails(item.finding) for item in items)
    counts = {
        "tests": str(len(items) or 1),
        "failures": str(failures),
        "errors": str(int(bool(report.problem))),
    }
    suite = ET.SubElement(suites, "testsuite", {"name": _clean(name), **counts, "skipped": "0", "time": "0"})
    for item in items:
        finding = item.finding
        label = f"{finding.code} at line {finding.span.line}"
        case = ET.SubElement(suite, "testcase", classname=_clean(name), name=label, time="0")
        words = f"{finding.message}; {finding.hint}" if finding.hint else finding.message
        whole = _clean(f"{report.path(finding.span.file)}:{finding.span.line}:{finding.span.column}: {words}")
        if report.fails(finding):
            failure = ET.SubElement(case, "failure", message=_clean(words), type=finding.code)
            failure.text = whole
        else:
            ET.SubElement(case, "system-out").text = f"{finding.severity.value}: {whole}"
    if not items:
        case = ET.SubElement(suite, "testcase", classname=_clean(name), name="policyspec check", time="0")
        if report.problem:
            ET.SubElement(case, "error", message=_clean(report.problem), type="unusable-source")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", printable(text))
