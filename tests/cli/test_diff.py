"""The commands that compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sphinx_policyspec

if TYPE_CHECKING:
    from tests.conftest import Run

OLD = "# Rules {#rules}\n\n## Be kind {#be_kind authority=user}\n\nThe assistant is kind to everybody it meets there.\n"
NEW = OLD.replace("is kind", "must be kind")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text(OLD, "utf-8")
    new.write_text(NEW, "utf-8")
    return old, new


def test_changes_are_told_and_status_stays_zero(run: Run, files: tuple[Path, Path]) -> None:
    status, out, _ = run("diff", "-q", *files)
    assert status == 0
    assert "needs a reader text rewritten: 1 word removed, 2 added [norm-changed]" in out
    assert "reworded; nothing → “must”; subject nothing → “The assistant”; main clause" in out
    assert "The assistant [-is-] {+must be+} kind to everybody it meets there." in out


def test_where_topics_come_from_is_said_once(run: Run, files: tuple[Path, Path]) -> None:
    assert run("diff", *files)[2].count("shipped with the package") == 1


@pytest.mark.parametrize(("which", "expected"), [((0, 1), 1), ((0, 0), 0)])
def test_exit_code_tells_of_changes(
    run: Run, files: tuple[Path, Path], which: tuple[int, int], expected: int
) -> None:
    status, _, _ = run("diff", "-q", "--exit-code", *(files[place] for place in which))
    assert status == expected


@pytest.mark.parametrize(("form", "start"), [("json", "{"), ("markdown", "## "), ("html", "<!DOCTYPE html>")])
def test_every_format_is_written(run: Run, files: tuple[Path, Path], form: str, start: str) -> None:
    status, out, _ = run("diff", "-q", *files, "--format", form)
    assert status == 0
    assert out.startswith(start)


def test_an_alias_is_taken_from_the_command_line(run: Run, files: tuple[Path, Path]) -> None:
    old, new = files
    new.write_text(
        "# Rules {#rules}\n\n## Else {#other authority=user}\n\nNothing that was said before.\n", "utf-8"
    )
    _, out, _ = run("diff", "-q", old, new, "--format", "json", "--alias", "be_kind=other")
    assert [(pair["old"], pair["new"]) for pair in json.loads(out)["id_renamed"]] == [("be_kind", "other")]


@pytest.mark.parametrize("command", ["diff", "judge", "changelog"])
@pytest.mark.parametrize(
    ("alias", "told"),
    [
        ("be_knd=be_kind", "unknown provision `be_knd` in the old spec; did you mean `be_kind`?"),
        ("be_kind=be_knd", "unknown provision `be_knd` in the new spec; did you mean `be_kind`?"),
    ],
)
def test_an_alias_of_what_a_spec_lacks_is_refused(
    run: Run, files: tuple[Path, Path], command: str, alias: str, told: str
) -> None:
    status, out, err = run(command, "-q", *files, "--alias", alias, "--format", "json")
    assert (status, err) == (2, f"policyspec: error: alias `{alias}`: {told}\n")
    assert json.loads(out)["errors"][0]["message"].endswith(told)


def test_what_changes_touch_in_an_overlay_is_told(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    overlay = tmp_path / "shop.md"
    overlay.write_text(f"{OLD}\n## Be loud {{#be_loud authority=user}}\n\nSee [?](#be_kind).\n", "utf-8")
    _, out, _ = run("diff", "-q", *files, "--overlay", overlay, "--format", "json")
    (change,) = json.loads(out)["changes"]
    assert change["reach"] == {"overlays": [f"{overlay}:be_loud"]}
    for form in ("text", "markdown", "html"):
        _, out, _ = run("diff", "-q", *files, "--overlay", overlay, "--format", form)
        assert "touches overlay" in out
        assert "loud" in out


def test_an_alias_without_a_form_is_a_mistake(run: Run, files: tuple[Path, Path]) -> None:
    status, _, err = run("diff", *files, "--alias", "be_kind")
    assert status == 2
    assert "`be_kind` is not of the form OLD=NEW" in err


def test_a_source_that_does_not_exist_is_a_message(run: Run, files: tuple[Path, Path]) -> None:
    status, _, err = run("diff", files[0], "nowhere")
    assert status == 2
    assert "`nowhere` does not exist" in err


def test_the_package_compares_sources_and_specs(files: tuple[Path, Path]) -> None:
    diff = sphinx_policyspec.diff(files[0], sphinx_policyspec.load(files[1], annotate=False))
    assert [change.rule for change in diff.changes if change.text] == ["norm-changed"]


def test_a_lock_tells_a_new_number_from_a_new_norm(
    run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    old, new = files
    lock = tmp_path / "policyspec.lock"
    assert run("lock", "-q", old, "-o", lock)[0] == 0
    assert run("lock", "-q", "--check", lock, old) == (0, "as locked\n", "")
    assert run("lock", "-q", "--check", lock, new)[:2] == (
        1,
        "content changed be_kind\n1 content changed\n",
    )
    new.write_text(OLD.replace("#be_kind", "#be_good"), "utf-8")
    assert run("lock", "-q", "--check", lock, new)[1] == (
        "renumbered      be_good: was be_kind, is be_good\nrenumbered only: 1\n"
    )
    told = json.loads(run("lock", "-q", "--check", lock, new, "--format", "json")[1])
    assert told["changes"] == [{"state": "renumbered", "id": "be_good", "old": "be_kind", "new": "be_good"}]


def test_a_lock_is_printed(run: Run, files: tuple[Path, Path]) -> None:
    assert json.loads(run("lock", "-q", files[0])[1])["provisions"][1]["id"] == "be_kind"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("lock --check {new} {old}", "not a lock"),
        ("lock {old} --format text", "a lock is JSON"),
        ("history {old} be_knd", "no release has the provision `be_knd`; did you mean `be_kind`?"),
        ("diff {old} {new} --cases {old} --format changelog", "leave out --cases"),
        ("diff {old} {new} --cases nowhere", "`nowhere` does not exist"),
        ("diff {old} {new} --cases /dev/null", "`/dev/null` is neither a file nor a folder"),
        ("diff {old}", "Missing argument 'NEW'"),
    ],
)
def test_what_cannot_be_compared_is_a_message(
    run: Run, files: tuple[Path, Path], command: str, message: str
) -> None:
    old, new = map(str, files)
    status, _, err = run(*command.format(old=old, new=new).split())
    assert status == 2
    assert message in err


def test_a_changelog_is_reviewed_and_drafted(run: Run, files: tuple[Path, Path]) -> None:
    old, new = files
    assert "structural changes that no claim names: 0" in run("changelog", "-q", old, new)[1]
    assert json.loads(run("changelog", "-q", old, new, "--format", "json")[1])["untold"] == []
    assert run("changelog", "-q", old, new, "--format", "html")[0] == 2
    assert run("diff", "-q", old, new, "--format", "changelog")[1].startswith(
        "## Unreleased\n\n### Changed\n"
    )


CASE = "items: [{id: a, principle: be_kind, issue: x, value: 1}, {id: b, from: user, issue: x, value: 2}]\n"


CASES = [("user", CASE), ("root", CASE), ("root", CASE.replace("be_kind", "be_knd"))]


@pytest.mark.parametrize("status", [0, 1, 2])
def test_cases_are_decided_by_both(run: Run, files: tuple[Path, Path], tmp_path: Path, status: int) -> None:
    old, new = files
    level, case = CASES[status]
    new.write_text(OLD.replace("=user", f"={level}"), "utf-8")
    (tmp_path / "c.yaml").write_text(case, "utf-8")
    done, out, err = run("diff", old, new, "--cases", tmp_path / "c.yaml", "--exit-code")
    assert done == status
    told = ("1 comes out the same", "1 comes out differently", "1 cannot be decided by either")
    assert f"1 case: {told[status]}" in out
    assert ("c.yaml:1:28: error: unknown provision `be_knd`; did you mean `be_kind`?" in err) == (status == 2)
    assert json.loads(run("diff", old, new, "-q", "--cases", tmp_path, "--format", "json")[1])["cases"]
