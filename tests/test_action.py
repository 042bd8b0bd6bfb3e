"""The GitHub Action and the pre-commit hooks: their steps are run here as they are there."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, require_tool

SPEC = "# Rules {#rules}\n\n## Be kind {#be_kind authority=user}\n\nThe assistant is kind to everybody.\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a spec, changed since its one commit."""
    require_tool("git")
    require_tool("bash")
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "spec.md").write_text(SPEC, "utf-8")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, env=environment(folder))
    (folder / "spec.md").write_text(SPEC.replace("is kind", "must be kind"), "utf-8")
    return folder


def environment(folder: Path, **extra: str) -> dict[str, str]:
    names = {
        f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {
        "PATH": path,
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "RUNNER_TEMP": str(folder.parent),
    }
    files = {name: str(folder.parent / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    return {**names, **given, **files, **extra}


def steps() -> dict[str, dict[str, Any]]:
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text("utf-8"))
    return {step["name"]: step for step in action["runs"]["steps"]}


def run_step(name: str, folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    step = steps()[name]
    assert set(values) == set(step["env"])
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]], cwd=folder, env=environment(folder, **values),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_pull_request_is_told_what_it_changes(repository: Path) -> None:
    done = run_step("Diff", repository, SOURCE="spec.md", BASE="HEAD", CASES="", JUDGEMENTS="")
    assert done.returncode == 0, done.stderr
    summary = (repository.parent / "GITHUB_STEP_SUMMARY").read_text("utf-8")
    assert "needs a reader" in summary
    assert "<ins>must be</ins>" in summary
    assert "file=" in (repository.parent / "GITHUB_OUTPUT").read_text("utf-8")


def test_a_pull_request_is_told_what_somebody_says_of_it(repository: Path) -> None:
    (repository / "a file.yaml").write_text("- {id: be_kind}", "utf-8")
    done = run_step("Diff", repository, SOURCE="spec.md", BASE="HEAD", CASES="", JUDGEMENTS="a file.yaml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("find", "status"), [("to everybody", 0), ("to nobody", 1)])
def test_a_pull_request_is_told_what_proposals_would_do(repository: Path, find: str, status: int) -> None:
    digest = hashlib.sha256((repository / "spec.md").read_bytes()).hexdigest()
    edits = f"edits: [{{provision: be_kind, find: {find}, replace: to all}}]"
    for name in ("a proposal.md", "-b.md"):
        text = f"---\nid: p\ntitle: Be $(exit 3)\nagainst: {{sha256: {digest}}}\n{edits}\n---\n"
        (repository / name).write_text(text, "utf-8")
    (repository / "a record.md").write_text(
        "---\nstatus: accepted\nprovisions: [be_kind]\n---\n# Why\n", "utf-8"
    )
    (repository / "said.yaml").write_text("- {id: remark, title: Odd, provisions: [be_kind]}\n", "utf-8")
    alone = {"SOURCE": "spec.md", "CASES": "", "FEEDBACK": "", "DECISIONS": ""}
    given = {**alone, "FEEDBACK": "said.yaml", "DECISIONS": "a record.md"}
    done = run_step("Proposals", repository, **given, PROPOSALS="a proposal.md\n\n")
    assert done.returncode == status, done.stderr
    summary = (repository.parent / "GITHUB_STEP_SUMMARY").read_text("utf-8")
    assert ("- remark" in summary, "- a record" in summary) == (not status, not status)
    assert "# Be $(exit 3)" in (repository.parent / "GITHUB_STEP_SUMMARY").read_text("utf-8").replace(
        "\\", ""
    )
    assert run_step("Proposals", repository, **alone, PROPOSALS="-b.md").returncode == status
    assert run_step("Proposals", repository, **alone, PROPOSALS="").returncode == 0


@pytest.mark.parametrize(("name", "shown"), [("be_kind", "comes out the same"), ("be_knd", "by either")])
def test_a_pull_request_is_told_what_it_does_to_cases(repository: Path, name: str, shown: str) -> None:
    case = f"items: [{{id: a, principle: {name}, issue: x, value: 1}}]"
    (repository / "a case.yaml").write_text(case, "utf-8")
    done = run_step("Diff", repository, SOURCE="spec.md", BASE="HEAD", CASES="a case.yaml", JUDGEMENTS="")
    assert done.returncode == 0, done.stderr
    assert shown in (repository.parent / "GITHUB_STEP_SUMMARY").read_text("utf-8")


def test_a_spec_that_is_new_has_nothing_to_be_compared_with(repository: Path) -> None:
    done = run_step("Diff", repository, SOURCE="spec.md", BASE="0" * 40, CASES="", JUDGEMENTS="")
    assert done.returncode == 0
    assert "nothing to compare with" in done.stdout


def test_a_base_that_cannot_be_read_is_told_with_the_reason(repository: Path) -> None:
    docs = repository / "docs"
    docs.mkdir()
    (docs / "conf.py").write_text("extensions = ['sphinx_policyspec', 'nobody_has_this']\n", "utf-8")
    (docs / "index.rst").write_text("T\n=\n", "utf-8")
    for arguments in (["add", "."], ["commit", "-qm", "second"]):
        subprocess.run(["git", *arguments], cwd=repository, check=True, env=environment(repository))
    (docs / "conf.py").write_text("extensions = ['sphinx_policyspec']\n", "utf-8")
    done = run_step("Diff", repository, SOURCE="docs", BASE="HEAD", CASES="", JUDGEMENTS="")
    assert done.returncode == 0
    assert "nothing to compare with" not in done.stdout
    assert "::warning title=policyspec::cannot be compared with the base of this change" in done.stdout
    assert "Could not import extension nobody_has_this" in done.stdout
    assert "`requirements`" in done.stdout


def test_what_is_unchanged_since_the_base_is_no_change_whatever_its_attributes(repository: Path) -> None:
    (repository / "spec.md").write_text(SPEC, "utf-8")
    (repository / ".gitattributes").write_text("spec.md export-ignore\n", "utf-8")
    for arguments in (["add", "."], ["commit", "-qm", "second"]):
        subprocess.run(["git", *arguments], cwd=repository, check=True, env=environment(repository))
    done = run_step("Diff", repository, SOURCE="spec.md", BASE="HEAD", CASES="", JUDGEMENTS="")
    assert done.returncode == 0, done.stderr
    assert "no changes" in (repository.parent / "GITHUB_STEP_SUMMARY").read_text("utf-8").lower()


def test_findings_fail_the_job_from_a_severity_on(repository: Path) -> None:
    assert run_step("Check", repository, SOURCE="spec.md", FAIL_ON="error").returncode == 0
    done = run_step("Check", repository, SOURCE="spec.md", FAIL_ON="hint")
    assert done.returncode == 1
    assert "::notice file=" in done.stdout


@pytest.mark.parametrize("name", ["Diff", "Check", "Install"])
def test_no_input_is_text_of_a_script(name: str) -> None:
    assert "${{" not in steps()[name]["run"]


def test_hooks_run_the_commands(repository: Path) -> None:
    hooks = {
        hook["id"]: hook
        for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))
    }
    commands = {
        "policyspec-check": ["spec.md"],
        "policyspec-lock": ["--check", "policyspec.lock", "spec.md"],
    }
    assert hooks.keys() == commands.keys()
    lock = ["policyspec", "lock", "-q", "spec.md", "-o", "policyspec.lock"]
    subprocess.run(lock, cwd=repository, env=environment(repository), check=True)
    for name, arguments in commands.items():
        command = [*shlex.split(hooks[name]["entry"]), *arguments]
        done = subprocess.run(
            command, cwd=repository, env=environment(repository), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    (repository / "spec.md").write_text(SPEC, "utf-8")
    command = [*shlex.split(hooks["policyspec-lock"]["entry"]), *commands["policyspec-lock"]]
    done = subprocess.run(
        command, cwd=repository, env=environment(repository), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"content changed be_kind\n1 content changed\n")
