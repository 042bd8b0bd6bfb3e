"""The command `policyspec feedback`, and `policyspec check --feedback`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.conftest import Run

SPEC = """# Be kind {#be_kind authority=user}

Be kind to those who ask.
"""


@pytest.fixture
def issues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Return two issues, which a file in the folder of the test holds."""
    monkeypatch.chdir(tmp_path)
    Path("spec.md").write_text(SPEC, "utf-8")
    found: list[dict[str, object]] = [
        {"title": "Odd", "body": "`be_kind`", "url": "https://example.org/a/issues/1"},
        {"title": "Kind of odd", "body": "", "url": "https://example.org/a/issues/2"},
    ]
    Path("issues.json").write_text(json.dumps(found), "utf-8")
    return found


@pytest.mark.usefixtures("issues")
def test_issues_become_a_register_that_is_checked(run: Run) -> None:
    status, out, err = run("feedback", "spec.md", "--import", "issues.json", "-o", "feedback.yaml")
    assert (status, out) == (0, "")
    assert "2 records, 2 of them new, 0 updated: 1 name provisions, 1 need assigning" in err
    register = yaml.safe_load(Path("feedback.yaml").read_text("utf-8"))
    assert [one["provisions"] for one in register["feedback"]] == [["be_kind"]]
    assert [one["id"] for one in register["unassigned"]] == ["a-2"]
    status, out, err = run(
        "check", "spec.md", "--feedback", "feedback.yaml", "--select", "feedback,references"
    )
    assert status == 0, out + err
    text = Path("feedback.yaml").read_text("utf-8").replace("[be_kind]", "[be_knd]")
    Path("feedback.yaml").write_text(text, "utf-8")
    status, out, _ = run("check", "spec.md", "--feedback", "feedback.yaml", "--select", "references")
    assert status == 1
    assert "feedback.yaml:" in out
    assert "did you mean `be_kind`" in out


@pytest.mark.usefixtures("issues")
def test_what_was_read_is_never_written_over(run: Run) -> None:
    before = Path("issues.json").read_text("utf-8")
    assert run("feedback", "spec.md", "--import", "issues.json", "-o", "issues.json")[0] == 2
    assert Path("issues.json").read_text("utf-8") == before
    assert run("feedback", "spec.md")[0] == 2
