"""Whoever looks at a file finds what was there before, or all that is there now."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError, WriteError
from sphinx_policyspec.files import bytes_of, number_of, pickled, staged_folder, with_unsaved, write_file
from sphinx_policyspec.model import Comparison, Example, Message, Response, Span, Verdict
from sphinx_policyspec.readers.text import SourceLines, read_text
from tests.conftest import principle, spec


def names(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "spec.ttl"
    write_file(file, b"old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WriteError, match=r"^cannot write `.*spec.ttl`: No space left on device$"):
        write_file(file, b"new")
    assert (file.read_bytes(), names(tmp_path)) == (b"old", ["spec.ttl"])


def test_pieces_come_into_a_file_together_or_not_at_all(tmp_path: Path) -> None:
    def failing() -> Iterator[bytes]:
        yield b"new"
        raise SourceError("too large")

    file = tmp_path / "spec.ttl"
    write_file(file, iter((b"one ", b"two")))
    with pytest.raises(SourceError, match="too large"):
        write_file(file, failing())
    assert (file.read_bytes(), names(tmp_path)) == (b"one two", ["spec.ttl"])


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(link, b"new")
    assert link.is_symlink()
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o640)


def test_a_device_is_written_as_it_is() -> None:
    write_file(Path(os.devnull), b"words")
    assert Path(os.devnull).is_char_device()


def test_a_folder_holds_what_the_last_run_made_and_what_others_put_there(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    for run in ({"a.html": "1", "sub/b.html": "1"}, {"a.html": "2"}):
        with staged_folder(folder) as scratch:
            for name, text in run.items():
                (scratch / name).parent.mkdir(exist_ok=True)
                (scratch / name).write_text(text, "utf-8")
        (folder / "CNAME").touch()
    assert names(folder) == [".policyspec-files", "CNAME", "a.html"]
    assert (folder / "a.html").read_text("utf-8") == "2"


@pytest.mark.parametrize("place", ["a.html/inside", "_static"])
def test_what_cannot_come_into_its_place_is_told_before_anything_has(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "site"
    (folder / place).parent.mkdir(parents=True)
    (folder / place).touch()

    def build() -> None:
        with staged_folder(folder) as scratch:
            (scratch / "_static").mkdir()
            for name in ("0.html", "a.html", "_static/b.css"):
                (scratch / name).touch()

    with pytest.raises(
        WriteError, match=re.escape(f"cannot write `{folder / place.split('/', maxsplit=1)[0]}`")
    ):
        build()
    assert not (folder / "0.html").exists()
    assert not (folder / ".policyspec-files").exists()


def test_a_run_that_fails_changes_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    with staged_folder(folder) as scratch:
        (scratch / "a.html").touch()
    before = names(folder)

    def fail() -> None:
        with staged_folder(folder) as scratch:
            (scratch / "b.html").touch()
            (scratch / "c.html").touch(exist_ok=False)
            (scratch / "c.html").touch(exist_ok=False)

    with pytest.raises(WriteError, match=r"c\.html"):
        fail()
    assert names(folder) == before


def test_a_file_elsewhere_that_cannot_be_read_is_no_write_that_failed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), staged_folder(tmp_path / "site"):
        (tmp_path / "font.ttf").read_bytes()


@pytest.mark.parametrize("name", ["../kept", "/etc/hostname", "out/kept", "", "\0", "a" * 5000])
def test_a_list_that_names_other_places_removes_nothing(tmp_path: Path, name: str) -> None:
    folder, kept = tmp_path / "site", tmp_path / "kept"
    folder.mkdir()
    kept.touch()
    (folder / "out").symlink_to(tmp_path)
    (folder / ".policyspec-files").write_text(f"{name}\n{kept}\n", "utf-8")
    with staged_folder(folder) as scratch:
        (scratch / "a.html").touch()
    assert kept.exists()


@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        (">/dev/full", 2, "policyspec: error: No space left on device\n"),
        (">&-", 2, "policyspec: error: standard output is closed\n"),
        ("2>/dev/full", 0, ""),
        ("2>&-", 0, ""),
    ],
)
def test_a_standard_stream_that_takes_nothing_is_one_line_or_costs_no_answer(
    tmp_path: Path, redirected: str, status: int, said: str
) -> None:
    (tmp_path / "model_spec.md").write_text("# T {#t\n\n## A {#a authority=user}\n\nWords.\n", "utf-8")
    main = "from sphinx_policyspec.cli import main; main()"
    command = f'"$0" -c "{main}" stats "$1" --no-annotations {redirected}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    if status:
        assert done.stderr.endswith(said)
        assert done.stderr.count("policyspec: error:") == 1
    else:
        assert '"principles": 1' in done.stdout


def test_what_is_pickled_by_slots_is_the_same_again() -> None:
    span = Span("a.md", 1)
    answer = Response(role="assistant", text="Yes.", span=span, verdict=Verdict.GOOD)
    turns = (Message(role="user", text="Well?", span=span), Comparison(responses=(answer,), span=span))
    example = Example(id="e", title="E", source_title="E", turns=turns, span=span, source="")
    whole = spec(principle("kind", blocks=(example,)))
    again = pickle.loads(pickled(whole))
    assert (again, repr(again)) == (whole, repr(whole))
    assert pickled(again) == pickled(pickle.loads(pickled(again)))
    assert b"_dataclass" not in pickled(whole)
    assert b"_made" in pickled(example)


def test_a_text_that_is_not_saved_is_read_in_the_place_of_its_file(tmp_path: Path) -> None:
    folder, link = tmp_path / "spec", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    file = folder / "model_spec.md"
    text = "# A spec {#spec}\n\n## Be kind {#be_kind authority=user}\n\nBe kind.\n"
    file.write_text(text.replace("be_kind", "be_fair"), "utf-8")
    with with_unsaved({file: text}):
        for path in (file, link / "model_spec.md"):
            assert read_text(path, "a.md") == (text, ())
            assert bytes_of(path) == text.encode()
        unsaved = ps.load_checked(link)
    assert [one.id for one in unsaved.spec.provisions] == ["spec", "be_kind"]
    assert [one.id for one in ps.load(folder).provisions] == ["spec", "be_fair"]
    file.write_text(text, "utf-8")
    saved = ps.load_checked(link)
    assert (saved.spec, saved.findings) == (unsaved.spec, unsaved.findings)


def test_lines_of_a_file_are_remembered_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    aged = 1_000_000_000

    def lines() -> tuple[str, ...]:
        return SourceLines(tmp_path).of("page.md")

    file.write_text("one", "utf-8")
    os.utime(file, (aged, aged))
    assert lines() is lines()
    # Just written, of the same size; then with a time of its own, and as another file with that time.
    file.write_text("two", "utf-8")
    assert lines() == ("two",)
    file.write_text("six", "utf-8")
    assert lines() == ("six",)
    os.utime(file, (aged + 1, aged + 1))
    assert lines() == ("six",)
    write_file(file, b"ten")
    os.utime(file, (aged + 1, aged + 1))
    assert lines() == ("ten",)
    with with_unsaved({file.resolve(): "more"}):
        assert lines() == ("more",)
    file.unlink()
    assert lines() == ()


def test_a_number_has_the_noun_that_fits_it() -> None:
    found = [number_of(count, "row") for count in (0, 1, 2)]
    assert found == ["0 rows", "1 row", "2 rows"]
    assert [number_of(count, "entry is", "entries are") for count in (1, 2)] == [
        "1 entry is",
        "2 entries are",
    ]
