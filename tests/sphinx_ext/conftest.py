"""What the tests of the extension share."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from tests.conftest import REPOSITORY, alone

_BUILT = shutil.ignore_patterns("_build")
HERE = Path(__file__).parent
Build = Callable[..., SphinxTestApp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A build that many tests read, and none changes.

    :param pages: the source file of each page, by docname
    :param warnings: as ``warnings_in`` gives them
    """

    outdir: Path
    pages: dict[str, Path]
    warnings: list[str]


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
        source: Path,
        builder: str = "html",
        *,
        out: str | Path = "out",
        parallel: int = 0,
        tags: Iterable[str] = (),
    ) -> SphinxTestApp:
        app = make_app(builder, srcdir=source, builddir=tmp_path / out, parallel=parallel, tags=tags)
        app.build()
        return app

    return run


@pytest.fixture(scope="session")
def built(rootdir: Path, common_folder: Path) -> Callable[..., Built]:
    """Build a test root or ``example_docs`` with a builder once a run, whichever process asks first.

    All builders share what the first of them has read, as they do for people; but Sphinx keeps what `gettext` reads apart.
    """

    def find(root: str, builder: str = "html") -> Built:
        folder = common_folder / "built" / root
        folder.mkdir(parents=True, exist_ok=True)
        source, record = folder / "source", folder / f"{builder}.json"
        with alone(folder / "lock"):
            if not record.exists():
                if not source.exists():
                    shutil.copytree(_sources(rootdir, root), source, ignore=_BUILT)
                app = build_once(source, folder / ("gettext" if builder == "gettext" else "out"), builder)
                pages = {name: str(app.env.doc2path(name)) for name in sorted(app.env.all_docs)}
                record.write_text(json.dumps([str(app.outdir), pages, lines_of(app)]), "utf-8")
            outdir, pages, warnings = json.loads(record.read_text("utf-8"))
        files = {name: Path(file) for name, file in pages.items()}
        return Built(outdir=Path(outdir), pages=files, warnings=warnings)

    return find


@pytest.fixture(scope="session")
def restored(rootdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Give a test root in ``source`` and its first build in ``kept``, both as they were after that build.

    The build is done once in each process of a run. The folder is the same each time, since Sphinx reads all pages
    of a project that has moved again, and files keep their times, by which it knows those that have changed.
    """
    first: dict[tuple[str, int], Path] = {}

    def restore(root: str, parallel: int = 0) -> Path:
        folder = tmp_path_factory.getbasetemp() / "restored" / f"{root}-{parallel}"
        if (root, parallel) not in first:
            shutil.copytree(_sources(rootdir, root), folder / "source", ignore=_BUILT, dirs_exist_ok=True)
            build_once(folder / "source", folder / "kept", parallel=parallel)
            first[root, parallel] = folder.rename(folder.with_name(f"{folder.name}-first"))
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(first[root, parallel], folder))

    return restore


def _sources(rootdir: Path, root: str) -> Path:
    return REPOSITORY / root if root == "example_docs" else rootdir / f"test-{root}"


def build_once(source: Path, out: Path, builder: str = "html", *, parallel: int = 0) -> SphinxTestApp:
    """Build a project, and leave nothing of the build in this process."""
    app = SphinxTestApp(
        builder, srcdir=source, builddir=out, parallel=parallel, status=StringIO(), warning=StringIO()
    )
    try:
        app.build()
    finally:
        app.cleanup()
    return app


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
