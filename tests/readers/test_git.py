"""SOURCE as of a revision: what is read, and what is refused."""

from __future__ import annotations

import gc
import subprocess
from pathlib import Path

import pytest

from sphinx_policyspec import api
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.readers.git import check_out, parse_git
from tests.conftest import require_tool

SPEC = "# Rules {#rules}\n\n## Be kind {#be_kind authority=user}\n\nBe kind.\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first commit holds a release, and whose second one changes it."""
    require_tool("git")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-config"))
    folder = tmp_path / "repository"
    (folder / "specs" / "one" / "examples").mkdir(parents=True)
    (folder / "specs" / "one" / "model_spec.md").write_text(SPEC, "utf-8")
    (folder / "specs" / "one" / "CHANGELOG.md").write_text(
        "# Changelog\n\n## v2026.01.01\n\nFirst.\n", "utf-8"
    )
    (folder / "specs" / "link").symlink_to("/etc")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    (folder / "specs" / "one" / "model_spec.md").write_text(SPEC.replace("Be kind.", "Be fair."), "utf-8")
    git(folder, "commit", "-qam", "second")
    monkeypatch.chdir(folder)
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("path", ["specs/one", "specs/one/", "specs/one/model_spec.md"])
def test_a_release_is_read_as_it_was(path: str) -> None:
    loaded = api.read(f"git:HEAD~1:{path}", annotate=False)
    assert loaded.spec.provision_by_id["be_kind"].text == "Be kind."
    assert loaded.spec.changelog is not None
    assert loaded.root.is_dir()
    assert api.load("specs/one", annotate=False).provision_by_id["be_kind"].text == "Be fair."


def test_a_path_is_below_the_current_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "specs")
    assert api.load("git:HEAD~1:one", annotate=False).provision_by_id["be_kind"].text == "Be kind."
    monkeypatch.chdir(repository / "specs" / "one")
    assert api.load("git:HEAD~1:.", annotate=False).provision_by_id["be_kind"].text == "Be kind."


@pytest.mark.usefixtures("repository")
def test_the_files_go_when_nobody_holds_them() -> None:
    checkout = check_out("git:HEAD:specs")
    folder = checkout.path
    assert folder.is_dir()
    assert not (folder / "link").exists()
    del checkout
    gc.collect()
    assert not folder.exists()


@pytest.mark.usefixtures("repository")
def test_two_revisions_can_be_compared() -> None:
    diff = api.diff("git:HEAD~1:specs/one", "git:HEAD:specs/one")
    assert [change.kind.value for change in diff.changes] == ["text"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("git:HEAD", "is not of the form git:REV:PATH"),
        ("git::docs", "is not of the form git:REV:PATH"),
        ("git:--output=/tmp/x:docs", "is no revision: it begins with `-`"),
        ("git:HEAD:/etc", "has to be below the current folder"),
        ("git:HEAD:a/../../b", "has to be below the current folder"),
        ("git:HEAD:a\0b", "null character"),
    ],
)
def test_what_could_mean_something_else_is_refused(source: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_git(source)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "source",
    [
        "git:nope:specs",
        "git:HEAD:nowhere",
        "git:HEAD:$(touch x)",
        "git:HEAD;touch x:specs",
        "git:HEAD::(glob)*",
    ],
)
def test_what_does_not_exist_is_a_message_and_nothing_else(source: str, repository: Path) -> None:
    with pytest.raises(SourceError, match="git:"):
        check_out(source)
    assert not (repository / "x").exists()


def test_a_folder_without_a_repository_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SourceError, match=r"git:HEAD:\.|not a git repository"):
        check_out("git:HEAD:.")


@pytest.mark.usefixtures("repository")
def test_without_git_there_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match="needs git, which is not installed"):
        check_out("git:HEAD:specs")


@pytest.mark.usefixtures("repository")
def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sphinx_policyspec.readers.git._LARGEST", 10)
    with pytest.raises(SourceError, match="holds more than"):
        check_out("git:HEAD:specs")
