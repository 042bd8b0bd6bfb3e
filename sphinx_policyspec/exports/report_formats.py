"""The formats of a report: text for people, JSON for scripts, JUnit XML, GitHub annotations, and SARIF."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import click
from rich.cells import cell_len

from sphinx_policyspec.exports import Formats, finding_record, fingerprints, json_object
from sphinx_policyspec.files import Brief, grouped, in_a_line, number_of, printable
from sphinx_policyspec.model import Finding, Rule, Severity, Span, rules
from sphinx_policyspec.readers.text import SourceLines


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Brief):
    """One finding with its fingerprint.

    :param fixable: whether it can be fixed without asking anyone what was meant
    """

    finding: Finding
    fingerprint: str
    fixable: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings about one SOURCE, in source order; iterating yields them.

    :param entries: the findings, each with its fingerprint
    :param rules: every rule that was checked
    :param known: the number of findings that a baseline holds back
    :param error: why the SOURCE cannot be used at all, else empty; then there are no findings
    :param fail_on: the lowest severity that makes the check fail
    """

    source: str
    lines: SourceLines
    rules: tuple[Rule, ...] = ()
    entries: tuple[Reported, ...] = ()
    known: int = 0
    error: str = ""
    fail_on: Severity = Severity.ERROR

    @classmethod
    def unusable(cls, source: str, error: str) -> Report:
        """Return the report about a SOURCE that cannot be used."""
        return cls(source=source, lines=SourceLines(None), rules=tuple(rules().values()), error=error)

    @classmethod
    def of_several(cls, reports: Sequence[Report]) -> Report:
        """Return several reports as one, with paths relative to the working directory."""
        texts: dict[str, str] = {}
        entries: list[Reported] = []
        for report in reports:
            for entry in report.entries:
                finding = entry.finding
                spans = [
                    replace(span, file=report.path(span.file)) for span in (finding.span, *finding.related)
                ]
                for renamed, span in zip(spans, (finding.span, *finding.related), strict=True):
                    texts[renamed.file] = "\n".join(report.lines.of(span.file))
                moved = replace(finding, span=spans[0], related=tuple(spans[1:]))
                entries.append(replace(entry, finding=moved))
        return replace(
            reports[0],
            source=" ".join(report.source for report in reports),
            lines=SourceLines(None, texts=texts),
            entries=tuple(entries),
            known=sum(report.known for report in reports),
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings without their fingerprints."""
        return tuple(entry.finding for entry in self.entries)

    def __iter__(self) -> Iterator[Finding]:
        """Yield the findings."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.entries)

    def __repr__(self) -> str:
        """Return a short description."""
        return f"<Report {in_a_line(self.source)}: {_summary(self)}>"

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(1 for item in self.entries if item.finding.severity is severity)

    def fails(self, finding: Finding) -> bool:
        """Return whether a finding makes the check fail."""
        return finding.severity.reaches(self.fail_on)

    @property
    def failed(self) -> bool:
        """Whether any finding makes the check fail."""
        return any(self.fails(item.finding) for item in self.entries)

    @property
    def by_file(self) -> Iterator[tuple[str, list[Reported]]]:
        """The files with findings, in order, each with its findings."""
        yield from grouped((item.finding.span.file, item) for item in self.entries).items()

    def path(self, file: str) -> str:
        """Return a file's path relative to the working directory; absolute if it lies outside."""
        if (path := self.lines.path(file)) is None:
            return file
        whole = Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are written
        here = Path.cwd()
        return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else whole.as_posix()


def marked(
    findings: Sequence[Finding], lines: SourceLines, fixable: Collection[Finding] = ()
) -> Iterator[Reported]:
    """Yield each finding with its fingerprint.

    :param fixable: findings that can be fixed without asking anyone what was meant
    """
    for finding, mark in zip(findings, fingerprints(findings, lines), strict=True):
        yield Reported(finding=finding, fingerprint=mark, fixable=finding in fixable)


HELP = "https://w3id.org/policyspec/findings#"
"""Prefix of the address of a rule's explanation; the rule's code follows."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_FINGERPRINT = "policyspec/v1"
_BASE = "SRCROOT"
_LINK = re.compile(r"\[([^\[\]]*)\](?=\()")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_Object = dict[str, Any]


def _sarif_report(report: Report) -> str:
    """Return a report as a SARIF log of one run; equal reports give equal bytes."""
    indices = {rule.code: index for index, rule in enumerate(report.rules)}
    run: _Object = {
        "tool": {"driver": _driver(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _BASE: {"description": {"text": "The folder in which the check was started."}}
        },
        "invocations": [_invocation(report)],
        "results": [_result(report, item, indices) for item in report.entries],
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
        "shortDescription": {"text": _sentence(rule.pattern)},
        "fullDescription": {"text": f"{_sentence(rule.pattern)} {_sentence(rule.rationale)}"},
        "help": {"text": f"To fix it: {_message(rule.fix)}. Source: {_message(rule.source)}."},
        "helpUri": HELP + rule.code,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.category.value]},
    }


def _invocation(report: Report) -> _Object:
    """Return the outcome of the run; files that cannot be read are listed here, besides the results."""
    unread = [item.finding for item in report.entries if item.finding.code == "unreadable-file"]
    notifications: list[_Object] = (
        [{"level": "error", "message": {"text": _message(report.error)}}] if report.error else []
    )
    notifications += [
        {"level": "error", "message": {"text": _message(f.message)}, "locations": [_location(report, f.span)]}
        for f in unread
    ]
    return {"executionSuccessful": not report.error, "toolExecutionNotifications": notifications}


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
    # A file that cannot be read has no lines to point at.
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
        # The span ends with the line before, which may be the last of the file.
        return region if span.end_line - 1 <= span.line else {**region, "endLine": span.end_line - 1}
    return {**region, "endLine": span.end_line, "endColumn": span.end_column}


def _sentence(text: str) -> str:
    text = _message(text)
    return (
        f"{text[0].upper()}{text[1:].rstrip('.')}{'' if text.endswith(('?', '!')) else '.'}" if text else ""
    )


def _message(text: str) -> str:
    """Return a text as SARIF requires it: without accidental links and placeholders."""
    text = _LONE_SURROGATE.sub("\ufffd", text)
    text = _LINK.sub(lambda match: f"\\[{match[1]}\\]", text)
    return text.replace("{", "{{").replace("}", "}}")


_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.HINT: "cyan"}
_BEFORE = 30
"""Characters before the marked part of a line that is cut."""


@dataclass(frozen=True, slots=True)
class _Ink:
    """Styles words in a terminal, if color is wanted."""

    color: bool

    def __call__(self, text: str, fg: str = "", *, bold: bool = False) -> str:
        return click.style(text, fg=fg or None, bold=bold) if self.color else text


def text_report(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Return the findings of a report as text, followed by a summary.

    :param width: columns of the terminal; longer lines of the source are cut around the marked part
    """
    ink = _Ink(color)
    parts = ["".join(f"{line}\n" for line in _finding(report, item, width, ink)) for item in report.entries]
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
    """Return the line of a finding and a line of carets below its marked part, both cut to a width."""
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
    visible = printable(line[first : first + width]).rstrip()
    if first:
        visible = f"…{visible[1:]}"
    if first + width < len(line.rstrip()):
        visible = f"{visible[:-1]}…"
    before = cell_len(visible[: start - first])
    marked = cell_len(visible[start - first : end - first])
    return visible, " " * before + "^" * max(marked, 1)


def _summary(report: Report) -> str:
    counts = [
        number_of(number, severity.value) for severity in Severity if (number := report.count(severity))
    ]
    text = ", ".join(counts) or "no findings"
    if fixable := sum(1 for item in report.entries if item.fixable):
        text += f"; {fixable} can be fixed with --fix"
    if report.known:
        text += f"; {report.known} held back by the baseline"
    return text


_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def _github_report(report: Report) -> str:
    """Return a report as workflow commands, one per line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    if report.error:
        yield f"::error title=policyspec::{_data(report.error)}"
    for item in report.entries:
        finding = item.finding
        message = f"{finding.message}; {finding.hint}" if finding.hint else finding.message
        places = ",".join(
            f"{name}={_property(value)}" for name, value in _places(report, finding).items() if value
        )
        yield f"::{_COMMANDS[finding.severity]} {places}::{_data(message)}"


def _places(report: Report, finding: Finding) -> dict[str, str]:
    span = finding.span
    places = {"file": report.path(span.file), "line": str(span.line)}
    if span.end_line == span.line and span.end_column > span.column:
        # GitHub shows columns only if the marked part stays on one line.
        places |= {"endLine": str(span.line), "col": str(span.column), "endColumn": str(span.end_column)}
    return {**places, "title": finding.code}


def _data(text: str) -> str:
    """Escape a message as GitHub's own toolkit does, so that it cannot contain workflow commands."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    """Escape the value of a property as GitHub's own toolkit does."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _json_report(report: Report) -> str:
    """Return a report as one JSON object; files are relative to the SOURCE."""
    record = {
        "source": report.source,
        "summary": {severity.value: report.count(severity) for severity in Severity},
        "known": report.known,
        "findings": [
            {**finding_record(item.finding), "fingerprint": item.fingerprint, "fixable": item.fixable}
            for item in report.entries
        ],
    }
    return json_object(record, errors=filter(None, [report.error]))


_FORBIDDEN = re.compile("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters of a printable text that XML 1.0 does not allow."""


def _junit_report(report: Report) -> str:
    """Return a report as XML: a suite for each file, a case for each finding.

    A finding that makes the check fail is a failure, any other one is the output of a case that passes;
    a SOURCE that cannot be used is an error.
    """
    suites = ET.Element("testsuites", name="policyspec")
    for file, items in report.by_file:
        _suite(suites, report, report.path(file), items)
    if not report.entries:
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
        "errors": str(int(bool(report.error))),
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
        if report.error:
            ET.SubElement(case, "error", message=_clean(report.error), type="unusable-source")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", printable(text))


REPORT_FORMATS: Formats[Report] = {
    "text": text_report,
    "json": _json_report,
    "sarif": _sarif_report,
    "junit": _junit_report,
    "github": _github_report,
}
"""The function that writes each format; ``text`` also accepts a width and whether to use color."""


def findings_report(form: str, source: str, findings: Sequence[Finding]) -> str:
    """Return the findings about files that are not a SOURCE, in a format of reports.

    :param source: names of the files
    """
    lines = SourceLines(Path())
    return REPORT_FORMATS[form](
        Report(
            source=source,
            lines=lines,
            rules=tuple(rules().values()),
            entries=tuple(marked(findings, lines)),
        )
    )
