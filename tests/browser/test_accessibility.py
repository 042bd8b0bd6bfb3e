"""axe finds nothing in what we show: each type of page, light, dark and on a phone; and nothing is cut off there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

import sphinx_policyspec as ps
from tests.browser.conftest import Open
from tests.conftest import require_package

SCOPE = ".ps-principle, .ps-view, .ps-query, .ps-ask, .ps-question, .ps-declaration, .ps-definition, .ps-preview, .ps-says"
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
}

ALONE = ("color-contrast", "link-in-text-block")
COLOURS = {**RULES, "runOnly": {"type": "rule", "values": [*ALONE]}}
"""What other colours alone can change; it takes longer than all the rest."""
OTHERS = {**RULES, "rules": {rule: {"enabled": False} for rule in ALONE}}

CUT_OFF = """
scope => {
  const found = [];
  for (const node of document.querySelectorAll(`:is(${scope}) *`)) {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height || style.visibility === "hidden") continue;
    let region = node.parentElement;
    while (region && !/auto|scroll|hidden|clip/.test(getComputedStyle(region).overflowX)) region = region.parentElement;
    // A theme may let all of its text scroll: what of ours only then comes into view is too wide all the same.
    if (!region?.closest(`:is(${scope})`) && box.right > innerWidth + 1) {
      found.push(`${node.localName}.${node.className} reaches ${Math.round(box.right)}`);
    }
    const scrolls = /auto|scroll/.test(style.overflowX) && node.scrollWidth > node.clientWidth + 1;
    if (scrolls && node.tabIndex < 0) found.push(`${node.localName}.${node.className} scrolls by pointer alone`);
  }
  return found;
}
"""


THIN = """
scope => {
  const seen = new Map();
  for (const node of document.querySelectorAll(`:is(${scope}) :is(tbody > tr, li)`)) {
    const parent = seen.get(node.parentElement) ?? seen.set(node.parentElement, new Map()).get(node.parentElement);
    const shape = node.outerHTML.replace(/>[^<]+</g, "><").replace(/ (id|href|for|title|data-[\\w-]+)="[^"]*"/g, "");
    parent.set(shape, (parent.get(shape) ?? 0) + 1);
    if (parent.get(shape) > 2) node.remove();
  }
}
"""
"""Leaves two of the rows and items that differ in words alone: other colours and widths do the same to all of them."""


def open_panel(page: Page) -> None:
    """Open the first panels of a page."""
    for summary in page.locator(".ps-panel > summary").all()[:2]:
        summary.click()


def open_all(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate(
        "document.querySelectorAll('.ps-panel, .ps-panel details, .ps-fold, .ps-diff details').forEach(node => { node.open = true; })"
    )


def answered(page: Page) -> None:
    """Wait for the answer that the page begins with."""
    page.locator(".ps-ask-card").first.wait_for()


def ask(page: Page) -> None:
    """Wait for the answer that the address asks for."""
    page.locator(".ps-ask-card").first.wait_for()
    page.locator(".ps-ask summary").first.click()
    page.locator(".ps-questions > summary").click()
    page.locator(".ps-question > summary").first.click()


def explain(page: Page) -> None:
    """Open what a badge says."""
    page.locator(".ps-badge button").first.click()
    page.locator(".ps-says:popover-open").wait_for()


def unfold(page: Page) -> None:
    """Open the first smallest case."""
    page.locator(".ps-fold > summary").first.click()


def preview(page: Page) -> None:
    """Open a preview."""
    page.locator("section > p > a.reference.internal[href*='#']").first.focus()
    page.locator("#ps-preview").wait_for()


def nothing(_page: Page) -> None:
    """Leave a page as it is."""


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "principles": ("manner.html", open_panel),
    "preview": ("staff.html", preview),
    "badge": ("manner.html", explain),
    "definitions": ("words.html", nothing),
    "topics": ("subjects.html", nothing),
    "levels and goals": ("purposes.html", nothing),
    "views": ("ask-the-spec.html", nothing),
    "survey": ("left-open.html", unfold),
    "cases": ("who-goes-first.html", nothing),
    "questions": ("what-you-can-change.html", nothing),
    "ask the spec": ("policy-ask.html#ask:q=hard-rules", ask),
}


def faults(page: Page, scope: str = SCOPE, rules: dict[str, Any] = RULES) -> list[str]:
    """Return what axe finds within a scope."""
    present = [part for part in scope.split(", ") if page.locator(part).count()]
    assert present
    results = Axe().run(page, context={"include": [[part] for part in present]}, options=rules)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def faults_of_all(page: Page, scope: str = SCOPE) -> list[str]:
    """Return what axe finds in a page as it is, and in the colours of the rows and items that are left of it then."""
    found = faults(page, scope, OTHERS)
    page.evaluate(THIN, scope)
    return [*found, *faults(page, scope, COLOURS)]


def faults_in_each_mode(page: Page, scope: str) -> dict[str, list[str]]:
    """Return what axe finds in an open page, and what is cut off: wide and light, then dark on a phone.

    Widths change no colour and colours no width, so two of the four pairs have both of each.
    """
    wide = page.viewport_size
    assert wide
    narrow = ViewportSize(width=390, height=844)
    found = {"light": page.evaluate(CUT_OFF, scope)}
    page.set_viewport_size(narrow)
    found["phone, dark"] = page.evaluate(CUT_OFF, scope)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found["phone, dark"].append("the page is wider than its window")
    page.set_viewport_size(wide)
    found["light"] += faults_of_all(page, scope)
    page.set_viewport_size(narrow)
    page.emulate_media(color_scheme="dark")
    found["phone, dark"] += faults(page, scope)
    return found


def assert_no_fault_in_any_mode(page: Page, scope: str) -> None:
    """Say that axe finds nothing in an open page, and nothing is cut off."""
    assert faults_in_each_mode(page, scope) == {"light": [], "phone, dark": []}


@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_no_fault_and_nothing_is_cut_off(example_site: Path, open_page: Open, kind: str) -> None:
    name, prepare = PAGES[kind]
    page = open_page(example_site, name)
    prepare(page)
    assert_no_fault_in_any_mode(page, SCOPE)


@pytest.mark.parametrize(
    "name",
    [
        "style.html",
        "all-principles.html",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("coverage.html", "map.html", "survey.html")
        ),
    ],
)
def test_axe_finds_no_fault_in_a_release(release_site: Path, open_page: Open, name: str) -> None:
    page = open_page(release_site, name)
    open_panel(page)
    assert faults_of_all(page) == []


def test_practices_beyond_wcag_are_kept_but_by_furo(release_site: Path, open_page: Open) -> None:
    # furo names neither of its two sidebars, of which a page with contents of its own has both.
    own = {
        "index.html": [],
        "policy-levels.html": [],
        "style.html": [("landmark-unique", [".sidebar-drawer"])],
    }
    found = {}
    for name in own:
        results = Axe().run(open_page(release_site, name), options={"runOnly": ["best-practice"]})
        found[name] = [
            (violation["id"], node["target"])
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
    assert found == own


THEMES = {
    "furo": ("body", ()),
    "pydata_sphinx_theme": ("body", ()),
    # Its own sidebar greys the page that one is on.
    "shibuya": ("body", ('a[href="#"]',)),
    "sphinx_book_theme": ("body", ()),
    # Sidebars of these have many faults; the blue is that of links.
    "sphinx_rtd_theme": (f"{SCOPE}, .ps-diff", ("#2980b9",)),
    "alabaster": (f"{SCOPE}, .ps-diff", ()),
}
"""Themes, with what is looked at, and what in it is the theme's own."""
KINDS = (
    ("index", nothing),
    ("the-charter", open_all),
    ("how-we-test-it", open_all),
    ("all-principles", nothing),
    ("all-examples", nothing),
    ("map", nothing),
    ("coverage", nothing),
    ("survey", open_all),
    ("may-override-user", nothing),
    ("policy-ask", answered),
    ("policy-levels", nothing),
    ("policy-topics", nothing),
    ("policy-changes", open_all),
    ("search", nothing),
)


@pytest.fixture(scope="module")
def themed(example_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the handbook of the example spec, with what changed since an older release, in a theme."""
    folder = tmp_path_factory.mktemp("themes")
    graph = example_site / "spec.ttl"
    (folder / "older.ttl").write_text(
        graph.read_text("utf-8").replace("Nobody buys a place in an answer", "Nobody buys a place"), "utf-8"
    )

    def find(theme: str) -> Path:
        site = folder / theme
        if not site.exists():
            ps.build_handbook(graph, site, theme=theme, ask=True, since=[folder / "older.ttl"])
        return site

    return find


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:'sphinx_book_theme")
@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_fault_in_any_theme(
    themed: Callable[[str], Path], open_page: Open, theme: str, mode: str
) -> None:
    require_package(theme)
    scope, others = THEMES[theme]
    site = themed(theme)
    page = open_page(
        site,
        "index.html",
        alone=True,
        color_scheme="dark" if mode == "dark" else "light",
        viewport={"width": 390, "height": 844} if mode == "phone" else {"width": 1280, "height": 900},
    )
    found = {}
    for name, prepare in KINDS:
        page.goto(f"{site.as_uri()}/{name}.html")
        prepare(page)
        told = faults(page, scope) if page.locator(scope).count() else []
        if left := [line for line in told if not any(other in line for other in others)]:
            found[name] = left
    assert found == {}
