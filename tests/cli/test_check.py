"""The command that checks, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sphinx_policyspec as ps
from sphinx_policyspec.cli import check, commands
from tests.conftest import Run

SPEC = "# Manners {#manners}\n\n## Be kind {#be_kind authority=user}\n\nSee [?](#be_knd).\n\n### Jump {#jump}\n\n##### Deep {#deep}\n"


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "model_spec.md").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "spec"


def run(*arguments: str, **options: str) -> Result:
    return CliRunner().invoke(commands, ["check", "spec", "--no-annotations", *arguments], **options)  # type: ignore[arg-type]


def codes(result: Result) -> list[str]:
    return [item["code"] for item in json.loads(result.stdout)["findings"]]


INTEGRITY = ["--select", "references,dialect"]


@pytest.mark.usefixtures("release")
def test_findings_come_in_source_order_and_fail_on_errors() -> None:
    result = run(*INTEGRITY, "--format", "json")
    assert codes(result) == ["dangling-reference", "depth-jump"]
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--ignore", "dangling-reference"], 0),
        (["--ignore", "dangling-reference", "--fail-on", "warning"], 1),
        (["--severity", "dangling-reference=hint"], 0),
        (["--severity", "dangling-reference=hint", "--fail-on", "hint"], 1),
        (["--severity", "references=off"], 0),
        (["--severity", "depth-jump=error", "--ignore", "dangling-reference"], 1),
    ],
)
@pytest.mark.usefixtures("release")
def test_the_exit_status_follows_what_is_told(arguments: list[str], status: int) -> None:
    assert run(*INTEGRITY, *arguments).exit_code == status


def test_a_baseline_holds_back_what_was_known(release: Path) -> None:
    written = run("--format", "baseline", "-o", "known.json")
    assert (written.exit_code, written.stdout) == (0, "")
    file = release / "model_spec.md"
    file.write_text("\n\n" + SPEC + "\n## Be brief {#be_kind}\n", encoding="utf-8")
    result = run(*INTEGRITY, "--baseline", "known.json", "--format", "json")
    assert codes(result) == ["duplicate-id"]
    assert json.loads(result.stdout)["known"] == 2


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "github"])
@pytest.mark.parametrize(
    ("words", "told"),
    [("nowhere", "`nowhere` does not exist"), ("nowhere --fail-on", "--fail-on"), ("", "SOURCE")],
)
def test_what_cannot_be_done_is_told_in_the_format_that_was_asked_for(
    run: Run, form: str, words: str, told: str
) -> None:
    status, out, _ = run("check", "--format", form, *words.split())
    assert told in out
    assert status == 2


def test_fix_shows_a_diff_and_writes_only_with_yes(release: Path) -> None:
    file = release / "model_spec.md"
    shown = run(*INTEGRITY, "--fix")
    assert "-See [?](#be_knd).\n+See [?](#be_kind).\n" in shown.stdout
    assert file.read_text("utf-8") == SPEC
    assert shown.exit_code == 1
    written = run(*INTEGRITY, "--fix", "--yes", "--format", "json")
    assert codes(written) == ["depth-jump"]
    assert "+See [?](#be_kind)." in written.stderr
    assert file.read_text("utf-8") == SPEC.replace("be_knd", "be_kind")


@pytest.mark.parametrize(("answer", "fixed"), [("y\n", True), ("n\n", False)])
def test_fix_asks_where_somebody_can_answer(
    release: Path, monkeypatch: pytest.MonkeyPatch, answer: str, fixed: bool
) -> None:
    monkeypatch.setattr(check, "_can_ask", lambda: True)
    run(*INTEGRITY, "--fix", input=answer)
    assert ("be_knd" not in (release / "model_spec.md").read_text("utf-8")) is fixed


@pytest.mark.usefixtures("release")
def test_no_color_holds_and_color_always_wins() -> None:
    assert "\x1b" not in run(*INTEGRITY).stdout
    assert "\x1b[" in run(*INTEGRITY, "--color", "always").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--select", "depth-jmp"], "did you mean `depth-jump`?"),
        (["--severity", "depth-jump=loud"], "is not of the form CODE=error|warning|hint|off"),
        (["--severity", "depth-jmp=error"], "did you mean `depth-jump`?"),
        (["--yes"], "--yes belongs to --fix"),
        (["--baseline", "nowhere.json"], "nowhere.json"),
    ],
)
@pytest.mark.usefixtures("release")
def test_a_slip_in_an_option_is_explained(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


CONF = """extensions = ["sphinx_policyspec"]
policyspec_model_spec = ["model_spec.md"]
root_doc = "model_spec"
policyspec_severity = {"dangling-reference": "hint", "coverage": "off"}
policyspec_baseline = "known.json"
"""


def test_a_project_brings_its_severities_and_its_baseline(release: Path) -> None:
    (release / "conf.py").write_text(CONF.replace("policyspec_baseline", "# "), encoding="utf-8")
    result = run(*INTEGRITY, "--format", "json")
    told = {item["code"]: item["severity"] for item in json.loads(result.stdout)["findings"]}
    assert told == {"dangling-reference": "hint", "depth-jump": "warning"}
    (release / "conf.py").write_text(CONF, encoding="utf-8")
    assert run("--format", "baseline", "-o", "spec/known.json").exit_code == 0
    assert run("--format", "json").exit_code == 0
    assert codes(run("--format", "json")) == []
    assert ps.check(release).findings == ()


def test_python_checks_a_spec_and_a_source_alike(release: Path) -> None:
    spec = ps.load(release, annotate=False)
    assert [finding.code for finding in ps.check(spec, select=["references"])] == ["dangling-reference"]
    assert [f.code for f in ps.check(release, ignore=["coverage"], severity={"references": "off"})] == [
        "depth-jump"
    ]
