"""After a build that was killed, or whose disk was full, and with damaged files, the next build equals a fresh one."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp

from tests.sphinx_ext.test_rebuild import RST, apply, differences

Restored = Callable[[str, int], Path]
Build = Callable[..., SphinxTestApp]
EDITS = (RST["name of a level"], RST["title"], RST["one principle fewer"])
"""Edits of three pages, two of which change others."""
_KILLED = 9


def edit_all(source: Path) -> None:
    for edit in EDITS:
        apply(source, ".rst", "", edit)


class Moments:
    """Counts each time that a process is about to write, rename or remove a file below a folder, and acts at one of them."""

    def __init__(self) -> None:
        self.folder = ""
        self.number = self.wanted = 0
        self.act: Callable[[], Any] = int
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.folder or event not in {"open", "os.rename", "os.remove"}:
            return
        if event == "open" and not (
            isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        ):
            return
        if str(arguments[0]).startswith(self.folder):
            self.number += 1
            if self.number == self.wanted:
                self.act()

    @contextmanager
    def at(self, folder: Path, wanted: int, act: Callable[[], Any]) -> Iterator[None]:
        self.folder, self.number, self.wanted, self.act = str(folder), 0, wanted, act
        try:
            yield
        finally:
            self.folder = ""


MOMENTS = Moments()
"""A hook that listens cannot be taken away again, so that there is one."""


def killed(build: Callable[[], object], folder: Path, moment: int) -> bool:
    """Build in a process that ends without a word at a moment; return whether it came so far."""
    child = os.fork()
    if child == 0:
        with MOMENTS.at(folder, moment, lambda: os._exit(_KILLED)):
            try:
                build()
            finally:
                os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _KILLED


def moments_of(build: Callable[[], object], folder: Path) -> int:
    """Return how many moments a build has."""
    with MOMENTS.at(folder, 0, int):
        build()
        return MOMENTS.number


def check_kills(restored: Restored, build: Build, parallel: int, share: int, *, rebuild: bool) -> None:
    """Kill a build at one moment of so many, build again, and compare with a fresh build."""

    def prepared() -> Path:
        folder = restored("rebuild", parallel)
        edit_all(folder / "source")
        if not rebuild:
            shutil.rmtree(folder / "kept")
        return folder

    folder = prepared()
    fresh = build(folder / "source", out=folder.with_name("fresh-of-all")).outdir
    count = moments_of(
        lambda: build(folder / "source", out=folder / "kept", parallel=parallel), folder / "kept"
    )
    assert count >= share
    reached = 0
    for moment in range(1, count + 1, count // share):
        folder = prepared()
        reached += killed(
            lambda: build(folder / "source", out=folder / "kept", parallel=parallel),  # noqa: B023  called at once
            folder / "kept",
            moment,
        )
        again = build(folder / "source", out=folder / "kept", parallel=parallel)
        assert (moment, differences(again.outdir, fresh)) == (moment, [])
        assert "rror" not in again.warning.getvalue()
    assert reached


@pytest.mark.parametrize("rebuild", [False, True], ids=["first", "rebuild"])
def test_a_build_after_a_kill_equals_a_fresh_one(restored: Restored, build: Build, *, rebuild: bool) -> None:
    check_kills(restored, build, 0, 5, rebuild=rebuild)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [0, 2])
@pytest.mark.parametrize("rebuild", [False, True], ids=["first", "rebuild"])
def test_a_build_after_a_kill_at_forty_moments_equals_a_fresh_one(
    restored: Restored, build: Build, parallel: int, *, rebuild: bool
) -> None:
    check_kills(restored, build, parallel, 40, rebuild=rebuild)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "garbage": lambda data: bytes(byte ^ 0x55 for byte in data),
    "other": lambda _data: b"\x80\x05N.",
    "middle": lambda data: data[: len(data) // 2] + b"\x00\xff" * 4 + data[len(data) // 2 + 8 :],
    "letters": lambda data: data.replace(b"e", b"E"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_build_with_damaged_files_of_ours_equals_a_fresh_one(
    restored: Restored, build: Build, damage: str
) -> None:
    folder = restored("rebuild", 0)
    edit_all(folder / "source")
    fresh = build(folder / "source", out=folder / "fresh")
    files = [file for file in (folder / "kept" / "doctrees").rglob("*") if "policyspec" in file.name]
    assert {file.suffix for file in files} >= {".policyspec", ".policyspec-excerpts", ".txt"}
    if damage != "other":
        files += (folder / "kept" / "doctrees").rglob("*.doctree")
    for file in files:
        stat = file.stat()
        file.write_bytes(DAMAGES[damage](file.read_bytes()))
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    again = build(folder / "source", out=folder / "kept")
    assert differences(again.outdir, fresh.outdir) == []


def test_a_page_for_which_the_disk_had_no_room_is_written_by_the_next_build(
    restored: Restored, build: Build
) -> None:
    folder = restored("rebuild", 0)
    edit_all(folder / "source")
    fresh = build(folder / "source", out=folder / "fresh")
    opened = Path.write_text

    def full(file: Path, *arguments: Any, **options: Any) -> int:
        if file.name == "beta.html":
            file.write_bytes(b"<html>")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        return opened(file, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        first = build(folder / "source", out=folder / "kept")
    assert differences(first.outdir, fresh.outdir) == ["beta.html"]
    again = build(folder / "source", out=folder / "kept")
    assert differences(again.outdir, fresh.outdir) == []
