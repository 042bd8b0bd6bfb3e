"""Take the pictures of the example spec that README and documentation show.

    python tools/screenshots.py [FOLDER]      # docs/images by default
    python tools/screenshots.py --all FOLDER  # every kind of page of its handbook, wide, dark and on a phone, and sheets of its PDF

Needs playwright and a Chromium of the system, as the browser tests do; sheets need pdftoppm.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture.

    :param page: of the example spec, with its fragment; in ``handbook/`` lies the one that the command makes of its graph
    :param prepare: brings the page into the state to show
    """

    name: str
    page: str
    prepare: Callable[[Page], None]
    width: int = 1200
    height: int = 760
    dark: bool = False


def _principle(page: Page) -> None:
    _to(page, "#guardian-sees-what-is-due")


def _answers(page: Page) -> None:
    _to(page, "#example-renewing-for-a-neighbour")


def _preview(page: Page) -> None:
    link = page.locator("#keep-reading-private > p > a[href='staff.html#what-the-task-needs']")
    _to(page, "#keep-reading-private")
    link.hover()
    page.locator("#ps-preview").wait_for()


def _table(page: Page) -> None:
    page.get_by_label("Root", exact=True).check()
    page.get_by_role("button", name="Violation").click()
    _to(page, ".ps-filter")


def _ask(page: Page) -> None:
    page.locator(".ps-ask-results > *").first.wait_for()


def _override(page: Page) -> None:
    _to(page, "#frank-advice")
    page.locator("#frank-advice > :is(h1, h2, h3) .ps-badge-line").hover()
    page.locator(".ps-says:popover-open").wait_for()


def _nothing(_page: Page) -> None:
    """Show the page as it is."""


def _to(page: Page, place: str) -> None:
    page.locator(place).first.evaluate("node => scrollTo(0, node.getBoundingClientRect().top + scrollY - 70)")


PICTURES = (
    Picture(name="handbook", page="handbook/index.html", prepare=_nothing, height=900),
    Picture(name="override", page="reading.html", prepare=_override, height=420),
    Picture(name="principle", page="charter.html", prepare=_principle),
    Picture(name="answers", page="charter.html", prepare=_answers, dark=True),
    Picture(name="preview", page="charter.html", prepare=_preview, width=390, height=700),
    Picture(name="table", page="ask-the-spec.html", prepare=_table, height=560),
    Picture(name="map", page="handbook/map.html", prepare=_nothing, height=640),
    Picture(name="ask", page="policy-ask.html#ask:q=hard-rules", prepare=_ask),
)


KINDS = (
    *("index", "the-charter", "words", "what-it-is-for", "how-we-test-it", "subjects", "who-may-decide-what"),
    *("all-principles", "all-examples", "map", "coverage", "survey", "may-override-user"),
    *("policy-ask", "policy-changes", "policy-levels", "policy-topics", "search"),
)
"""Pages of the handbook, one of each kind."""
MODES = {
    "wide": {"viewport": {"width": 1440, "height": 1400}},
    "dark": {"viewport": {"width": 1440, "height": 1400}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 1600}, "has_touch": True, "is_mobile": True},
}
SHEETS = (1, 2, 4, 9, 10)
"""Of the PDF; the last ones too."""


def _take_all(browser: Browser, handbook: Path, target: Path) -> None:
    """Take a picture of each kind of page in each mode, and of some sheets of the PDF."""
    for mode, options in MODES.items():
        page = browser.new_context(**options).new_page()  # type: ignore[arg-type]  # a TypedDict
        for kind in KINDS:
            page.goto(f"{handbook.as_uri()}/{kind}.html")
            page.wait_for_timeout(1500 if kind == "policy-ask" else 300)
            page.screenshot(path=target / f"{kind}-{mode}.png")
    with pikepdf.open(handbook / "handbook.pdf") as pdf:
        last = len(pdf.pages)
    for sheet in (*SHEETS, *range(last - 6, last + 1)):
        command = [
            "pdftoppm",
            "-r",
            "60",
            "-png",
            "-singlefile",
            "-f",
            str(sheet),
            str(handbook / "handbook.pdf"),
        ]
        subprocess.run([*command, str(target / f"paper-{sheet:03}")], check=True)


def _build(folder: Path, *, everything: bool) -> Path:
    """Build the example spec as a site, and beside it the handbook that the command makes of its graph."""
    site = folder / "site"
    build = ["-m", "sphinx", "-q", "-b", "html", "-d", f"{folder}/doctrees", "example_docs", str(site)]
    subprocess.run([sys.executable, *build], check=True, cwd=ROOT)
    command = ["-c", "from sphinx_policyspec.cli import main; main()", "handbook", f"{site}/spec.ttl"]
    more = []
    if everything:
        older = (
            (site / "spec.ttl")
            .read_text("utf-8")
            .replace("Nobody buys a place in an answer", "No place is sold")
        )
        (folder / "older.ttl").write_text(older, "utf-8")
        more = ["--since", f"{folder}/older.ttl", "--pdf"]
    subprocess.run(
        [sys.executable, *command, "-o", f"{site}/handbook", "--ask", "--quiet", *more], check=True, cwd=ROOT
    )
    return site


def main() -> None:
    """Build the example spec and take every picture."""
    given = sys.argv[1:]
    everything = given[:1] == ["--all"]
    target = Path(given[-1] if given else ROOT / "docs" / "images")
    target.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        sys.exit(f"no browser is installed: {' or '.join(PROGRAMS)}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = _build(Path(folder), everything=everything)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        if everything:
            _take_all(browser, site / "handbook", target)
        for picture in () if everything else PICTURES:
            size = {"width": picture.width, "height": picture.height}
            page = browser.new_page(viewport=size, color_scheme="dark" if picture.dark else "light")  # type: ignore[arg-type]  # a TypedDict
            page.goto(f"{site.as_uri()}/{picture.page}")
            picture.prepare(page)
            page.wait_for_timeout(300)
            page.screenshot(path=target / f"{picture.name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
