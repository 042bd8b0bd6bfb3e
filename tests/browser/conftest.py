"""Sites that are built once, and a browser that opens them from a disk and from a server."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

import sphinx_policyspec as ps
from sphinx_policyspec.exports.diff.html import html_diff
from tests.conftest import REPOSITORY, require_tool

_DOCUMENTED = (REPOSITORY / "docs" / "how-to" / "publish.md").read_text("utf-8")
POLICY = " ".join(_DOCUMENTED.partition("```text\ndefault-src")[2].partition("```")[0].split())
POLICY = f"default-src {POLICY}"
"""The policy that the documentation recommends."""

Open = Callable[..., Page]


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder; what lies below ``/strict/`` with a content security policy."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/strict"))

    def end_headers(self) -> None:
        if self.path.startswith("/strict/"):
            self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name of the base class
        """Say nothing."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system."""
    program = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
        # What was forked meanwhile, such as a manager of an extension, holds the pipe of the driver open, which then
        # never ends.
        for child in multiprocessing.active_children():
            child.terminate()
            child.join()


def _build(*command: object) -> None:
    subprocess.run([sys.executable, *map(str, command)], check=True, cwd=REPOSITORY)


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the example spec."""
    folder = tmp_path_factory.mktemp("example")
    _build("-m", "sphinx", "-q", "-b", "html", "-d", folder / "doctrees", "example_docs", folder / "site")
    return folder / "site"


@pytest.fixture(scope="session")
def release_site(tmp_path_factory: pytest.TempPathFactory, model_spec_data: Path) -> Path:
    """The handbook of a published release."""
    folder = tmp_path_factory.mktemp("release") / "site"
    source = model_spec_data / "2025-09-12"
    _build(
        "-c",
        "from sphinx_policyspec.cli import main; main()",
        "handbook",
        source,
        "-o",
        folder,
        "--ask",
        "--quiet",
    )
    return folder


@pytest.fixture(scope="session")
def two_releases(tmp_path_factory: pytest.TempPathFactory, model_spec_data: Path) -> Path:
    """The handbook of two releases, and beside the newer the page that ``policyspec diff`` writes."""
    folder, source = tmp_path_factory.mktemp("changes"), tmp_path_factory.mktemp("releases")
    old, new = (model_spec_data / name for name in ("2025-04-11", "2025-09-12"))
    for release in (old, new):
        shutil.copytree(release, source / release.name)
    ps.build_handbook(source, folder)
    behaviour = ps.diff_cases(old, new, [REPOSITORY / "tests" / "decision" / "cases"])
    (folder / new.name / "diff.html").write_text(html_diff(behaviour.spec, behaviour), "utf-8")
    return folder


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve folders on this machine; returns their addresses."""
    servers: dict[Path, ThreadingHTTPServer] = {}

    def start(folder: Path) -> str:
        if folder not in servers:
            server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers[folder] = server
        return f"http://127.0.0.1:{servers[folder].server_port}/"

    yield start
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(params=["file", "http"])
def scheme(request: pytest.FixtureRequest) -> str:
    """From a disk, and from a server."""
    return str(request.param)


@pytest.fixture(scope="session")
def tabs() -> dict[str, list[Page]]:
    """Tabs that show nothing, by their options: to open one takes longer than to open a page in it."""
    return {}


@pytest.fixture
def open_page(browser: Browser, serve: Callable[[Path], str], tabs: dict[str, list[Page]]) -> Iterator[Open]:
    """Open a page of a site; errors of scripts fail the test. What changes more than pages takes a tab ``alone``."""
    opened: list[tuple[Page, list[Page] | None]] = []
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    def start(site: Path, name: str, scheme: str = "file", *, alone: bool = False, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        if scheme != "file":
            options["permissions"] = ["clipboard-read", "clipboard-write"]
        empty = None if alone else tabs.setdefault(repr(sorted(options.items())), [])
        page = empty.pop() if empty else browser.new_context(**options).new_page()
        opened.append((page, empty))
        page.set_viewport_size(options["viewport"])
        page.set_default_timeout(60_000)
        page.on("pageerror", note)
        base = (
            f"{site.as_uri()}/"
            if scheme == "file"
            else serve(site) + ("strict/" if scheme == "strict" else "")
        )
        page.goto(base + name)
        return page

    yield start
    for page, empty in opened:
        page.remove_listener("pageerror", note)
        if empty is None:
            page.context.close()
        else:
            page.emulate_media(color_scheme="null", media="null", reduced_motion="null")
            page.goto("about:blank")
            empty.append(page)
    assert errors == []
