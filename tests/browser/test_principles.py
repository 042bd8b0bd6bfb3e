"""What a reader can do with a principle: open its panel, copy, preview links to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

PANEL = "#keep-reading-private > details.ps-panel"


def test_a_panel_opens_by_keyboard(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "charter.html")
    page.locator(f"{PANEL} > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copy link", exact=True).first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(f"{PANEL} dd a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/policy-topics\.html#cap-"))
    page.go_back()
    page.locator(f"{PANEL} > summary").click()
    page.locator(PANEL).get_by_role("link", name="Marginalia").first.click()
    expect(page).to_have_url(re.compile(r"/index\.html#keep-reading-private-from-marginalia$"))
    expect(page.locator("a:target")).to_have_text("Keep what people read to themselves Root")


SAID = "User level: system messages, developers and users may override it if they say so explicitly."


def test_a_badge_says_who_may_override_its_principle(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "desk.html")
    badge = page.locator(".ps-badge.ps-level-user button").first
    box = page.locator(".ps-says.ps-level-user")
    expect(badge).to_have_accessible_description(SAID)
    expect(box).to_be_hidden()
    badge.hover()
    expect(box).to_contain_text(SAID)
    page.mouse.move(2, 2)
    expect(box).to_be_hidden()
    page.keyboard.press("Tab")
    badge.focus()
    expect(box).to_be_visible()
    page.keyboard.press("Tab")
    expect(box.get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h2:target")).to_contain_text("User")
    page.go_back()
    badge.click()
    expect(box).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


def test_without_scripts_a_badge_says_it_where_it_is_touched(example_site: Path, open_page: Open) -> None:
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "java_script_enabled": False}
    page = open_page(example_site, "desk.html", **options)
    page.locator(".ps-badge.ps-level-user button").first.tap()
    expect(page.locator(".ps-says.ps-level-user")).to_be_in_viewport()


def test_without_scripts_a_panel_opens_and_shows_no_button(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "charter.html", java_script_enabled=False)
    page.locator(f"{PANEL} > summary").click()
    expect(page.locator(f"{PANEL} dt").first).to_be_visible()
    expect(page.locator(f"{PANEL} .ps-tools button").first).to_be_hidden()
    page.locator(f"{PANEL} dd a").nth(1).click()
    expect(page.locator(":target")).to_be_visible()


def clipboard(page: Page) -> str:
    """Return what was copied last."""
    expect(page.get_by_role("status")).to_have_text("Copied.")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_address_citation_and_markdown_of_a_principle_can_be_copied(
    example_site: Path, open_page: Open
) -> None:
    page = open_page(example_site, "charter.html", "http")
    page.locator(f"{PANEL} > summary").click()
    tools = page.locator(f"{PANEL} .ps-tools")
    tools.get_by_role("button", name="Copy link").click()
    address = page.url.partition("#")[0] + "#keep-reading-private"
    assert clipboard(page) == address
    tools.get_by_role("button", name="Copy citation").click()
    expect(tools.get_by_role("button", name="Copy citation")).to_have_attribute("data-copied", "true")
    assert clipboard(page) == (
        "“Keep what people read to themselves” (Root), Marginalia: how the assistant of Alder Valley Libraries "
        f"behaves, version 2.1, 2026-03-02. Alder Valley Libraries. {address}"
    )
    tools.get_by_role("button", name="Copy as Markdown").click()
    expect(tools.get_by_role("button", name="Copy as Markdown")).to_have_attribute("data-copied", "true")
    text = clipboard(page)
    assert text.startswith("## Keep what people read to themselves (Root)\n\nMarginalia tells nobody")
    assert "**A birthday present for somebody at home**" in text
    assert "> **User**" in text
    assert f"[borrowing record]({address.rpartition('/')[0]}/words.html#definition-borrowing-record)" in text
    assert "Connections" not in text
    assert text.endswith(f"\n\n{address}\n")


def test_boxes_have_buttons_that_copy_their_address(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "charter.html", "http")
    box = page.locator("#example-birthday-present")
    box.locator(".ps-example-title").hover()
    box.get_by_role("button", name="Copy link").click()
    assert clipboard(page).endswith("charter.html#example-birthday-present")
    box.get_by_role("button", name="Copy citation").click()
    assert clipboard(page).startswith("Example 1, “Keep what people read to themselves” (Root), Marginalia")
    for box_id in ("commentary-guardian-sees-what-is-due",):
        expect(page.locator(f"#{box_id} .ps-copy")).to_have_count(1)
    expect(box.locator(".headerlink")).to_be_hidden()


def test_a_page_from_a_disk_can_copy_too(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "charter.html")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    button = page.locator("#example-birthday-present .ps-copy").first
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("data-copied", "true")
    expect(button).to_be_focused()


def test_a_link_shows_what_it_leads_to(example_site: Path, open_page: Open, scheme: str) -> None:
    page = open_page(example_site, "charter.html", scheme)
    link = page.locator("p > a[href='staff.html#what-the-task-needs']").first
    link.hover()
    preview = page.locator("#ps-preview")
    expect(preview).to_be_visible()
    expect(preview.locator(".ps-preview-title")).to_have_text("Show what the task needs Developer")
    expect(preview).to_contain_text("In staff mode Marginalia hands over")
    expect(link).to_have_attribute("aria-describedby", "ps-preview")
    # The pointer may move onto it.
    preview.hover()
    page.wait_for_timeout(400)
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    page.mouse.move(5, 5)
    link.focus()
    expect(preview).to_be_visible()
    page.keyboard.press("Tab")
    expect(link).not_to_have_attribute("aria-describedby", "ps-preview")


def test_links_are_plain_without_scripts(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "charter.html", java_script_enabled=False)
    page.locator("p > a[href='staff.html#what-the-task-needs']").first.click()
    expect(page.locator(":target h2")).to_contain_text("Show what the task needs")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_preview_stays_inside_the_window(example_site: Path, open_page: Open, width: int) -> None:
    page = open_page(example_site, "charter.html", viewport={"width": width, "height": 700})
    for link in page.locator("section > p > a.reference.internal[href*='#']").all()[:6]:
        link.scroll_into_view_if_needed()
        page.wait_for_timeout(50)
        link.focus()
        expect(page.locator("#ps-preview")).to_be_visible()
        box = page.locator("#ps-preview").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 700
        page.keyboard.press("Escape")
