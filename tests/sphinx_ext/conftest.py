"""What the tests of the extension share."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

_BUILT = shutil.ignore_patterns("_build")
HERE = Path(__file__).parent
Build = Callable[..., SphinxTestApp]


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Let other packages use what Sphinx 9 has deprecated: only their next release can change that."""
    for item in items:
        if item.path.is_relative_to(HERE):
            for package in ("myst_parser", "sphinxcontrib"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore:'{package}:PendingDeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings(r"ignore:The iter\(\) interface for _InventoryItem"))
            item.add_marker(pytest.mark.filterwarnings("ignore:'sphinx.environment.BuildEnvironment.app'"))


@pytest.fixture
def project(rootdir: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copy a test root to a folder of its own, so that a test may edit it."""

    def copy(root: str) -> Path:
        return Path(shutil.copytree(rootdir / f"test-{root}", tmp_path / root, ignore=_BUILT))

    return copy


@pytest.fixture
def build(make_app: Build, tmp_path: Path) -> Build:
    """Build a folder with a builder, by default into one output folder for each builder and name."""

    def run(
        source: Path, builder: str = "html", *, out: str = "out", parallel: int = 0, tags: Iterable[str] = ()
    ) -> SphinxTestApp:
        app = make_app(builder, srcdir=source, builddir=tmp_path / out, parallel=parallel, tags=tags)
        app.build()
        return app

    return run


def lines_of(app: SphinxTestApp) -> list[str]:
    """Return the warnings of a build, files relative to the source folder.

    Sphinx's words about its own nodes, which several applications in one process bring, are left out.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", app.warning.getvalue())
    text = text.replace(f"{app.srcdir}/", "").replace(": WARNING: ", ": ")
    return [line for line in text.splitlines() if line.strip() and "already registered" not in line]


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what a build wrote, without what holds times or is compared elsewhere."""
    skipped = {".buildinfo", "searchindex.js", "environment.pickle"}
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in skipped and ".doctrees" not in file.parts
    }


@pytest.fixture
def warnings_in() -> Callable[[SphinxTestApp], list[str]]:
    """Return the warnings of a build, one a line."""
    return lines_of


@pytest.fixture
def written() -> Callable[[Path], dict[str, bytes]]:
    """Return what a build wrote, by file name."""
    return files_of
