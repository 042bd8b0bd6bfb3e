"""The pages around the chapters of a handbook: what readers get from the first page with a click or two, with and without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_accessibility import assert_no_fault_in_any_mode

SHIFT = """
() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(shift => { if (!shift.hadRecentInput) sum += shift.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 700);
})
"""
PHONE = {"width": 390, "height": 844}


def follow(page: Page, *names: str) -> None:
    """Click links of the text by their names, from the first page on."""
    for name in names:
        page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()


def test_a_card_of_a_level_opens_its_principles(release_site: Path, open_page: Open, scheme: str) -> None:
    page = open_page(release_site, "index.html", scheme)
    follow(page, "15 principles")
    expect(page.locator(".ps-count-shown")).to_have_text("15 of 57")
    expect(page.get_by_label("User", exact=True)).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_first_page_leads_to_each_answer(release_site: Path, open_page: Open, scripts: bool) -> None:
    page = open_page(release_site, "index.html", java_script_enabled=scripts)
    expect(page.get_by_role("main")).to_contain_text("Root level: no message may override it.")
    follow(page, "What a user may override (33)", "Do not lie")
    expect(page.locator("#do_not_lie")).to_be_in_viewport()
    page.goto(f"{release_site.as_uri()}/index.html")
    follow(page, "Do not lie User")
    expect(page.locator("#do_not_lie")).to_be_in_viewport()
    page.goto(f"{release_site.as_uri()}/index.html")
    follow(page, "15 principles")
    expect(page.get_by_role("heading", level=1)).to_contain_text("All principles")
    page.goto(f"{release_site.as_uri()}/index.html")
    page.get_by_role("main").get_by_role("searchbox").fill("jirga")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{release_site.as_uri()}/search.html?q=jirga")


def test_the_sidebar_has_every_principle_and_is_open_at_the_chapter(
    release_site: Path, open_page: Open
) -> None:
    page = open_page(release_site, "style.html", java_script_enabled=False)
    sidebar = page.locator(".sidebar-tree")
    expect(sidebar.locator(".ps-level-word")).to_have_count(57)
    expect(sidebar.get_by_role("heading")).to_have_text(["The spec", "Find", "For maintainers"])
    expect(sidebar.get_by_role("link", name="Love humanity User")).to_be_visible()
    expect(sidebar.get_by_role("link", name="No other objectives Root")).to_be_hidden()
    sidebar.get_by_role("link", name="Love humanity User").click()
    expect(page.locator("#love_humanity")).to_be_in_viewport()


@pytest.mark.parametrize("name", ["index", "may-override-user"])
def test_axe_finds_no_fault_around_the_chapters(release_site: Path, open_page: Open, name: str) -> None:
    page = open_page(release_site, f"{name}.html")
    scope = ".ps-lead, .ps-find, .ps-actions, .ps-cards, .ps-roles" if name == "index" else ".ps-query"
    assert_no_fault_in_any_mode(page, scope)


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desktop"])
def test_no_page_moves_while_it_loads(release_site: Path, open_page: Open, size: dict[str, int]) -> None:
    page = open_page(release_site, "index.html", viewport=size)
    moved = {}
    for name in ("index", "all-principles", "all-examples", "map", "policy-ask", "stay_in_bounds"):
        page.goto(f"{release_site.as_uri()}/{name}.html")
        moved[name] = page.evaluate(SHIFT)
    assert {name: shift for name, shift in moved.items() if shift > 0.1} == {}
