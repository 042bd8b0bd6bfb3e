"""Release folders and lone files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.readers import text as text_reader
from sphinx_policyspec.readers.release import companions, is_release, read_release, spec_file
from tests.conftest import Run, source_texts

DOCUMENT = "# Lending {#lending}\n\nLend[^ab12].\n"
PROMPTS = "Examples for [^ab12] in Lending:\n\n**Example**: one\n\n~~~xml\n<user>\nHi\n</user>\n~~~\n"
LOG = "# Changes\n\n## v2026.02.01\n\nMore.\n\n## v2026.01.01\n\nFirst.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    release = tmp_path / "2026-02-01"
    (release / "examples").mkdir(parents=True)
    (release / "model_spec.md").write_text(DOCUMENT, encoding="utf-8")
    (release / "examples" / "ab12.md").write_text(PROMPTS, encoding="utf-8")
    (release / "CHANGELOG.md").write_text(LOG, encoding="utf-8")
    (release / "README.md").write_text(
        "Hi\n\n# House rules  \n\nhttps://creativecommons.org/publicdomain/zero/1.0/ applies\n",
        encoding="utf-8",
    )
    return release


def test_a_release_is_read_whole(folder: Path) -> None:
    reading = read_release(folder)
    spec = reading.spec
    assert reading.findings == ()
    assert (spec.title, spec.version, spec.issued) == ("House rules", "2026-02-01", "2026-02-01")
    assert spec.license == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert spec.revision_of == "2026-01-01"
    assert [prompt.id for prompt in spec.prompts] == ["ab12/1"]
    assert source_texts(spec) == {
        "model_spec.md": DOCUMENT,
        "examples/ab12.md": PROMPTS,
        "CHANGELOG.md": LOG,
    }


def test_a_lone_file_needs_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "rules.md"
    path.write_text(DOCUMENT, encoding="utf-8")
    spec = read_release(path).spec
    assert (spec.title, spec.version, spec.license) == ("Behaviour spec", "", "")
    assert (spec.prompt_files, spec.changelog) == ((), None)
    assert companions(path) == ()


def test_a_changelog_speaks_for_a_lone_file_only_if_something_names_it(folder: Path) -> None:
    lone = folder / "rules.md"
    lone.write_text(DOCUMENT, encoding="utf-8")
    assert read_release(lone).spec.changelog is None
    (folder / "CHANGELOG.md").write_text(f"{LOG}\nIn rules.md too.\n", encoding="utf-8")
    assert read_release(lone).spec.changelog is not None
    (folder / "CHANGELOG.md").write_text(LOG, encoding="utf-8")
    (folder / "README.md").write_text("About rules.md.\n", encoding="utf-8")
    assert read_release(lone).spec.changelog is not None
    (folder / "CHANGELOG.md").write_bytes(b"\xff")
    (folder / "README.md").unlink()
    assert read_release(lone).findings == ()


def test_a_readme_speaks_for_a_lone_file_only_if_it_names_it(folder: Path) -> None:
    lone = folder / "rules.md"
    lone.write_text(DOCUMENT, encoding="utf-8")
    assert (read_release(lone).spec.title, read_release(lone).spec.license) == ("Behaviour spec", "")
    assert read_release(folder / "model_spec.md").spec.title == "House rules"
    (folder / "README.md").write_text("# The rules\n\nThey are in rules.md.\n", encoding="utf-8")
    assert read_release(lone).spec.title == "The rules"


def test_prompts_that_cannot_be_read_are_missed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    reading = read_release(folder)
    assert [str(finding) for finding in reading.findings][-1] == (
        "examples:1:1: error: cannot read `examples/`: permission denied; "
        "its content is missing from the spec [unreadable-file]"
    )
    assert companions(folder / "model_spec.md")[0].name == "CHANGELOG.md"


def test_a_file_in_place_of_the_prompts_is_found(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(DOCUMENT, encoding="utf-8")
    (tmp_path / "examples").write_text("", encoding="utf-8")
    assert "unreadable-file" in [finding.code for finding in read_release(tmp_path).findings]


def test_a_prefix_stands_before_every_file_name(folder: Path) -> None:
    spec = read_release(folder, prefix="upstream/").spec
    assert set(source_texts(spec)) == {
        "upstream/model_spec.md",
        "upstream/examples/ab12.md",
        "upstream/CHANGELOG.md",
    }


def test_a_text_that_is_given_is_not_read_again(folder: Path) -> None:
    assert read_release(folder, text="# Other {#other}\n").spec.provisions[0].id == "other"


def test_the_files_beside_a_document_are_named(folder: Path) -> None:
    names = [path.relative_to(folder).as_posix() for path in companions(folder / "model_spec.md")]
    assert names == ["examples/ab12.md", "CHANGELOG.md", "README.md"]


def test_a_folder_that_looks_like_a_prompt_file_is_passed_over(folder: Path) -> None:
    (folder / "examples" / "zz99.md").mkdir()
    (folder / "examples" / "yy88.md").symlink_to(folder / "nowhere")
    assert [file.tag for file in read_release(folder).spec.prompt_files] == ["ab12"]


def test_findings_name_the_file_they_are_about(folder: Path) -> None:
    (folder / "examples" / "cd34.md").write_bytes(b"\xff")
    (folder / "CHANGELOG.md").write_bytes(b"\xff")
    assert {finding.span.file for finding in read_release(folder).findings} == {
        "examples/cd34.md",
        "CHANGELOG.md",
    }


def test_a_version_that_the_changelog_lacks_revises_nothing(folder: Path) -> None:
    (folder / "CHANGELOG.md").write_text("## v2030.01.01\n", encoding="utf-8")
    assert read_release(folder).spec.revision_of == ""


def test_the_oldest_entry_revises_nothing(folder: Path) -> None:
    (folder / "CHANGELOG.md").write_text("## v2026.02.01\n", encoding="utf-8")
    assert read_release(folder).spec.revision_of == ""


def test_a_folder_without_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no `model_spec\.md`"):
        read_release(tmp_path)


def test_a_file_that_is_too_large_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_reader, "MAX_BYTES", 5)
    with pytest.raises(SourceError, match="is larger than"):
        read_release(folder)


def test_what_is_a_release_is_told_from_the_rest(folder: Path, tmp_path: Path) -> None:
    assert is_release(folder)
    assert is_release(folder / "model_spec.md")
    assert not is_release(tmp_path)
    assert not is_release(tmp_path / "none.md")
    assert spec_file(folder) == spec_file(folder / "model_spec.md")


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "examples/a.md"])
@pytest.mark.parametrize(
    ("content", "code"),
    [(b"# Large\n" + b"x" * 200, "unreadable-file"), (b"# Bytes \xff\xfe\n", "invalid-encoding")],
)
def test_a_file_beside_the_document_that_cannot_be_read_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, code: str
) -> None:
    monkeypatch.setattr("sphinx_policyspec.readers.text.MAX_BYTES", 100)
    (tmp_path / "examples").mkdir()
    (tmp_path / "model_spec.md").write_text("# One {#one authority=user}\n\nWords.\n", "utf-8")
    (tmp_path / name).write_bytes(content)
    reading = read_release(tmp_path)
    told = [finding for finding in reading.findings if finding.span.file == name]
    assert [finding.code for finding in told].count(code) == 1
    assert [provision.id for provision in reading.spec.provisions] == ["one"]


SECRET = "A secret of the machine.\n"
RULE = "# T {#t}\n\n## Be kind {#be_kind authority=user}\n\nWords.\n"


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "examples/ab12.md", "examples"])
@pytest.mark.parametrize("repository", [False, True], ids=["folder", "repository"])
def test_a_link_out_of_a_release_is_told_and_not_followed(
    tmp_path: Path, run: Run, name: str, *, repository: bool
) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "all" / "release"
    (outside / "examples").mkdir(parents=True)
    for file in (outside / "secret.md", outside / "examples" / "ab12.md"):
        file.write_text(SECRET, "utf-8")
    (folder / name).parent.mkdir(parents=True)
    (folder / "model_spec.md").write_text(RULE, "utf-8")
    (folder / name).symlink_to(outside / ("examples" if name == "examples" else "secret.md"))
    if repository:
        (folder.parent / ".git").mkdir()
    status, out, err = run("check", folder, "--no-annotations", "--ignore", "coverage,actionable")
    assert (status, out.count("[unreadable-file]")) == (1, 1)
    assert "secret" not in out + err
    assert SECRET.strip() not in run("graph", folder, "--no-annotations")[1]


def test_a_document_that_is_a_link_out_of_its_folder_is_no_release(tmp_path: Path, run: Run) -> None:
    (tmp_path / "secret.md").write_text(SECRET, "utf-8")
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "model_spec.md").symlink_to(tmp_path / "secret.md")
    status, out, err = run("check", tmp_path / "release")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "leads out of" in err
    # Who names the link itself wants what it leads to.
    assert run("stats", tmp_path / "release" / "model_spec.md", "--no-annotations")[0] == 0


def test_a_link_inside_the_repository_of_a_release_is_followed(tmp_path: Path, run: Run) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "release").mkdir()
    (tmp_path / "shared.md").write_text(RULE, "utf-8")
    (tmp_path / "release" / "model_spec.md").symlink_to("../shared.md")
    assert "be_kind" in run("graph", tmp_path / "release", "--no-annotations")[1]
