"""``python -m benchmarks.web``: what web pages cost beyond their text: in time to build and to show, and in bytes."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Contender, command, compare, table

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "sphinx_policyspec" / "sphinx_ext" / "static"
MOST = 1.3
"""How much longer a build may take for what web pages have: panels, words for levels, metadata and data."""
LATER = 1.3
"""How much later a phone may show the largest part of a page."""
MORE_BYTES = 3_000_000
SCRIPT = 15_000
PAGE = 45_000
"""Bytes of any page, gzipped."""

PLAIN = """
import sys
from sphinx_policyspec.sphinx_ext.build import build, outputs
from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages
build.write_data = lambda *_: None
build.write_graph = lambda *_: ()
outputs.WEB_BUILDERS = ()
HandbookPages.update = lambda *_: set()
for name in ("prepare", "decorate", "show_levels", "tell_machines"):
    setattr(HandbookPages, name, lambda *_: None)
"""
"""A build without any of it."""
BUILD = "from sphinx.cmd.build import main\nsys.exit(main(sys.argv[1:]))"


def main() -> None:
    """Measure and print; the exit status is 1 where a bound is missed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = compare(
            [
                Contender(name="without", run=partial(_build, place / "plain", PLAIN)),
                Contender(name="with", run=partial(_build, place / "whole", "import sys\n")),
            ],
            runs=5,
            times_floor={"with": MOST},
        )
        print(table("example spec, full build", rows))
        sites = {"example spec": (place / "plain", place / "whole")}
        release = ROOT.parent / "shared" / "data" / "model_spec" / "2025-09-12"
        if release.is_dir():
            for name, preparation in (("plain release", PLAIN), ("release", "import sys\n")):
                _handbook(release, place / name, preparation)
            sites["release"] = (place / "plain release", place / "release")
        plain, whole = sites.get("release", sites["example spec"])
        with _phone() as page:
            for name in ("index", "stay_in_bounds") if "release" in sites else ():
                if page is None:
                    break
                contenders = [
                    Contender(name="without", run=partial(_shown_after, page, plain / f"{name}.html")),
                    Contender(name="with", run=partial(_shown_after, page, whole / f"{name}.html")),
                ]
                shown = compare(contenders, runs=9, times_floor={"with": LATER})
                print(table(f"{name}.html, on a phone with a quarter of the speed", shown, "shown after"))
                rows += shown
        kept = all(row.kept for row in rows)
        for name, (plain, whole) in sites.items():
            extra = _size(whole) - _size(plain)
            kept &= extra <= MORE_BYTES
            print(f"\n{name}: {extra / 1e6:.2f} MB above its plain site ({_size(plain) / 1e6:.2f} MB)")
            heaviest, file = max(
                (len(gzip.compress(one.read_bytes())), one.name) for one in whole.glob("*.html")
            )
            kept &= heaviest <= PAGE
            print(f"{file}: {heaviest} bytes, gzipped")
    for suffix in ("js", "css"):
        size = len(gzip.compress((STATIC / f"policyspec.{suffix}").read_bytes()))
        kept &= size <= SCRIPT
        print(f"policyspec.{suffix}: {size} bytes, gzipped")
    sys.exit(not kept)


def _build(folder: Path, preparation: str) -> float:
    """Build the example spec anew; return the CPU seconds."""
    source, out = ROOT / "example_docs", folder
    program = preparation + BUILD
    return command(
        "", sys.executable, "-c", program, "-q", "-E", "-a", source, out, "-d", f"{out}-trees"
    ).run()


def _handbook(source: Path, out: Path, preparation: str) -> None:
    """Make the handbook of a release."""
    program = f"{preparation}from sphinx_policyspec.cli import main; main()"
    command("", sys.executable, "-c", program, "handbook", source, "-o", out).run()


@contextmanager
def _phone() -> Iterator[Page | None]:
    """Give a page in a browser that is as slow as a phone, or nothing where there is no browser."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  of the group `dev`
    except ImportError:
        program = None
    if program is None:
        print("\nno browser: pip install --group dev, and chromium")
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        yield page
        browser.close()


_LARGEST = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime / 1000))
  .observe({ type: "largest-contentful-paint", buffered: true }))"""


def _shown_after(page: Page, file: Path) -> float:
    """Return the seconds until the largest part of a page is shown."""
    page.goto("about:blank")
    page.goto(file.as_uri())
    return float(page.evaluate(_LARGEST))


def _size(folder: Path) -> int:
    """Return the bytes of a site, the page "Ask the spec" left out: who wants it accepts its weight."""
    files = (file for file in folder.rglob("*") if file.is_file() and "policyspec-ask" not in str(file))
    return sum(file.stat().st_size for file in files)


if __name__ == "__main__":
    main()
