"""The pages around the chapters of a handbook: what readers get from the first page with a click or two, with and without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_accessibility import assert_no_fault_in_any_mode, faults

SHIFT = """
() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(shift => { if (!shift.hadRecentInput) sum += shift.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 250);
})
"""
PHONE = {"width": 390, "height": 844}


def test_cards_and_search_of_the_first_page_work_without_scripts(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "index.html", java_script_enabled=False)
    expect(page.get_by_role("main")).to_contain_text("Root level: no message may override it.")
    page.get_by_role("main").get_by_role("link", name="15 principles").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("All principles")
    page.go_back()
    page.get_by_role("main").get_by_role("searchbox").fill("jirga")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=jirga")


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


@pytest.mark.parametrize(
    "row",
    [
        ("lie", "Do not lie", "seek_truth.html#do_not_lie"),
        ("do_not_lie", "Do not lie", "seek_truth.html#do_not_lie"),
        ("love hum", "Love humanity", "style.html#love_humanity"),
        ("jirga", "User asks about a cultural institution", "seek_truth.html#example-"),
        ("xyzzy", "Search the full text for “xyzzy”", "search.html?q=xyzzy"),
    ],
)
def test_the_box_goes_to_titles_ids_and_first_words(
    release_site: Path, open_page: Open, scheme: str, row: tuple[str, str, str]
) -> None:
    sought, first, place = row
    page = open_page(release_site, "map.html", scheme)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(sought)
    expect(page.get_by_role("option", selected=True)).to_contain_text(first)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{place}*")


def test_the_box_opens_from_the_first_page_and_by_its_keys_and_closes(
    release_site: Path, open_page: Open
) -> None:
    page = open_page(release_site, "index.html")
    page.get_by_role("main").get_by_role("searchbox").press_sequentially("be warm")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Be warm")
    expect(page.get_by_role("combobox")).to_have_value("be warm")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    assert faults(page, "dialog") == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_a_former_id_leads_to_its_principle(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "index.html")
    page.keyboard.press("/")
    page.keyboard.type("frank-reading-advice")
    page.get_by_role("option", selected=True).click()
    expect(page.locator(":target")).to_be_in_viewport()


def test_a_hit_in_the_full_text_is_shown_where_it_stands(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "search.html?q=jirga", "http")
    page.get_by_role("link", name="Seek the truth together").last.click()
    expect(page.locator("span.highlighted").first).to_be_in_viewport()


def test_the_search_finds_chapters_and_not_tables(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "search.html?q=honest", "http")
    page.locator("#search-results li a").first.wait_for()
    found = page.locator("#search-results li a").all_inner_texts()
    assert not {"All principles", "All examples", "Map", "Coverage", "What is left open"} & {*found}


def test_a_phone_says_in_which_principle_one_is(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "style.html#be_warm", viewport=PHONE)
    crumb = page.locator(".ps-crumb")
    expect(page.locator("#be_warm > h2")).to_be_in_viewport()
    expect(crumb).to_be_hidden()
    page.locator("#be_warm .ps-example").last.evaluate("node => node.scrollIntoView({ block: 'end' })")
    expect(crumb).to_have_text(re.compile(r"^Use appropriate style › Be warm\s+Guideline$"))
    header = page.locator("header").bounding_box()
    box = crumb.bounding_box()
    assert header
    assert box
    assert abs(box["y"] - header["y"] - header["height"]) <= 1
    assert faults(page, ".ps-crumb") == []
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(crumb).to_be_hidden()


@pytest.mark.parametrize("name", ["index", "may-override-user"])
def test_axe_finds_no_fault_around_the_chapters(release_site: Path, open_page: Open, name: str) -> None:
    page = open_page(release_site, f"{name}.html")
    scope = ".ps-lead, .ps-find, .ps-actions, .ps-cards, .ps-roles" if name == "index" else ".ps-query"
    assert_no_fault_in_any_mode(page, scope)


def test_nothing_flies_and_paper_has_no_part_of_the_screen(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "style.html")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(media="print")
    for part in (".skip-to-content", ".ps-panel:not([open])", ".ps-copy"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".ps-example-title").first).to_be_visible()
    moving = """() => [...document.querySelectorAll(":is(main, [role=main]) *")].filter(node =>
      /ps-/.test(node.className) && parseFloat(getComputedStyle(node).transitionDuration)).map(node => node.className)"""
    page.emulate_media(media="screen", reduced_motion="reduce")
    assert page.evaluate(moving) == []


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desktop"])
def test_no_page_moves_while_it_loads(release_site: Path, open_page: Open, size: dict[str, int]) -> None:
    page = open_page(release_site, "index.html", viewport=size)
    moved = {}
    for name in ("index", "all-principles", "all-examples", "map", "policy-ask", "stay_in_bounds"):
        page.goto(f"{release_site.as_uri()}/{name}.html")
        moved[name] = page.evaluate(SHIFT)
    assert {name: shift for name, shift in moved.items() if shift > 0.1} == {}
