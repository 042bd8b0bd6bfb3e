"""What changed between releases, and the way from one to another, as a reader meets it: light, dark and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_accessibility import assert_no_fault_in_any_mode, faults

SCOPE = ".ps-diff, .ps-since, .ps-old-release, .ps-releases, .ps-panel"


@pytest.mark.parametrize(
    "name",
    [
        "2025-09-12/policy-changes.html",
        # The same parts on a page of their own.
        pytest.param("2025-09-12/diff.html", marks=pytest.mark.slow),
        "2025-04-11/style.html",
    ],
)
def test_axe_finds_no_fault_and_nothing_is_cut_off(two_releases: Path, open_page: Open, name: str) -> None:
    page = open_page(two_releases, name)
    for summary in page.locator(".ps-panel > summary, .ps-in-sidebar summary").all()[:3]:
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_no_fault_in_any_mode(page, SCOPE)


@pytest.mark.parametrize("scheme", ["file", "strict"])
def test_a_mark_leads_to_what_changed_and_back(two_releases: Path, open_page: Open, scheme: str) -> None:
    page = open_page(two_releases, "2025-09-12/style.html#love_humanity", scheme)
    page.locator("#love_humanity > .ps-since a").click()
    changes = page.locator("#changes-love_humanity")
    expect(changes).to_have_attribute("open", "")
    assert changes.evaluate("node => getComputedStyle(node).borderTopStyle") == "solid"
    changes.get_by_role("link", name="Read it").click()
    expect(page.locator("#love_humanity").first).to_be_in_viewport()


def test_weights_can_be_hidden(two_releases: Path, open_page: Open) -> None:
    page = open_page(two_releases, "2025-09-12/diff.html", java_script_enabled=False)
    # So many changed that a reader opens what he wants.
    group = page.locator("#changes-comply_with_laws")
    group.locator("> summary").click()
    expect(group.locator("li.ps-is-editorial").first).to_be_visible()
    page.locator("#ps-show-editorial").uncheck()
    expect(group.locator("li.ps-is-editorial").first).to_be_hidden()
    expect(group.locator("li.ps-is-loosening").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["file", "strict"])
def test_another_release_opens_at_the_same_principle(
    two_releases: Path, open_page: Open, scheme: str
) -> None:
    page = open_page(two_releases, "2025-04-11/approachable.html", scheme)
    page.locator("#be_kind").first.evaluate("node => node.scrollIntoView({behavior: 'instant'})")
    page.locator(".ps-in-sidebar summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/2025-09-12/style.html#love_humanity")
    expect(page.locator("#love_humanity").first).to_be_in_viewport()
    expect(page.locator(".ps-old-release")).to_have_count(0)
    page.locator(".ps-in-sidebar summary").click()
    page.locator(".ps-in-sidebar").get_by_role("link", name="2025-04-11").click()
    page.wait_for_url("**/2025-04-11/approachable.html#be_kind")
    page.locator(".ps-old-release a").click()
    page.wait_for_url("**/2025-09-12/style.html#love_humanity")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_deep_link_into_an_old_release_says_so_in_sight(
    two_releases: Path, open_page: Open, width: int
) -> None:
    page = open_page(
        two_releases, "2025-04-11/approachable.html#be_kind", viewport={"width": width, "height": 844}
    )
    line = page.locator(".ps-old-release")
    expect(line).to_be_in_viewport(ratio=1)
    expect(line).to_contain_text("Old release 2025-04-11 · newest: 2025-09-12")
    expect(line).to_contain_text("changed since")
    box, heading = line.bounding_box(), page.locator("#be_kind > h2").bounding_box()
    assert box
    assert heading
    assert 0 <= box["y"] < 100
    assert box["y"] + box["height"] <= heading["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    fold = page.locator(".ps-old-changes")
    fold.locator("summary").click()
    expect(fold.get_by_role("link", name="Be kind")).to_have_attribute("href", re.compile("love_humanity$"))
    assert faults(page, ".ps-old-release, .ps-old-changes") == []


@pytest.mark.parametrize("width", [1280, 1440, 1600])
def test_the_switch_of_releases_stands_in_the_sidebar_and_over_nothing(
    two_releases: Path, open_page: Open, width: int
) -> None:
    page = open_page(two_releases, "2025-09-12/style.html", viewport={"width": width, "height": 800})
    switch = page.locator(".ps-in-sidebar summary")
    switch.click()
    assert switch.evaluate(
        "node => node.closest('aside') !== null && getComputedStyle(node).position === 'static'"
    )
    expect(page.locator(".ps-in-sidebar a").first).to_be_in_viewport(ratio=1)
    expect(page.locator("nav.ps-releases")).to_be_hidden()


def test_other_releases_are_plain_links_without_scripts(two_releases: Path, open_page: Open) -> None:
    page = open_page(two_releases, "index.html", java_script_enabled=False)
    page.wait_for_url("**/2025-09-12/index.html")
    page.goto(page.url.replace("index.html", "style.html#love_humanity"))
    page.locator("#love_humanity > .ps-panel > summary").click()
    page.locator("#love_humanity > .ps-panel").get_by_role("link", name="2025-04-11").last.click()
    page.wait_for_url("**/2025-04-11/approachable.html#be_kind")
    page.locator(".ps-old-release a").click()
    page.wait_for_url("**/2025-09-12/style.html")


def test_both_explanations_of_a_case_stand_side_by_side(two_releases: Path, open_page: Open) -> None:
    page = open_page(two_releases, "2025-09-12/diff.html", java_script_enabled=False)
    cells = page.locator("#case-1 .ps-beside tr:last-child td")
    old, new = (cells.nth(number).bounding_box() for number in (0, 1))
    assert old
    assert new
    assert old["y"] == new["y"]
    assert old["x"] + old["width"] <= new["x"]
    page.set_viewport_size({"width": 390, "height": 800})
    below = cells.nth(1).bounding_box()
    assert below
    assert below["x"] == cells.nth(0).bounding_box()["x"]  # type: ignore[index]
    expect(cells.nth(1).locator(".ps-side")).to_be_visible()


@pytest.mark.parametrize("scheme", ["file", "strict"])
def test_a_panel_shows_what_changed_and_the_text_of_a_release_in_its_place(
    two_releases: Path, open_page: Open, scheme: str
) -> None:
    page = open_page(two_releases, "2025-09-12/stay_in_bounds.html", scheme)
    panel = page.locator("#avoid_targeted_political_manipulation > .ps-panel")
    panel.locator("> summary").click()
    shown = panel.locator(".ps-history .ps-filled")
    expect(shown).to_have_count(2)
    for number in (0, 1):
        words = ("Show the changed words", "Show the text of then")[number]
        shown.nth(number).get_by_text(words, exact=True).click()
    expect(shown.nth(0).locator("ins").first).to_be_visible()
    assert "is crafted for an unspecified" in shown.nth(0).inner_text()
    expect(shown.nth(1).locator(".ps-turn")).to_contain_text("general persuasive political content")
    assert_no_fault_in_any_mode(page, "#avoid_targeted_political_manipulation > .ps-panel")
