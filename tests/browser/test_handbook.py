"""The pages around the chapters of a handbook: what readers get from the first page with a click or two, with and without scripts."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

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
        ("jirga", "User asks about a cultural institution", "seek_truth.html?find=jirga#example-"),
        ("honesty", "Honesty", "all-principles.html#ps:1.topic=honesty"),
        ("override", "What a user may override", "may-override-user.html"),
        ("copyright", "Intellectual property", "all-principles.html#ps:1.topic="),
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


def test_the_first_page_suggests_and_searches_and_an_arrow_chooses(
    release_site: Path, open_page: Open
) -> None:
    page = open_page(release_site, "index.html")
    # Past the sidebar, the search is the next stop.
    for key in ("Tab", "Enter", "Tab"):
        page.keyboard.press(key)
    field = page.get_by_role("main").locator("input[type=search]")
    expect(field).to_be_focused()
    page.keyboard.type("be warm")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Be warm")
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert faults(page, ".ps-find") == []
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=be+warm")
    page.go_back()
    field.press_sequentially("be warm")
    # An arrow chooses of what fits the letters so far; what the texts say of them comes later, and changes no choice.
    expect(page.locator("#ps-find-hits")).to_have_attribute("data-for", "be warm")
    expect(options.first).to_contain_text("Be warm")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/style.html#be_warm")


def test_the_box_says_what_it_finds_and_closes(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "map.html")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("Finds principles, sections, examples")
    page.keyboard.type("lie")
    expect(dialog.get_by_role("option").last).to_have_text("Search the full text for “lie”")
    assert faults(page, "dialog") == []
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize(
    "row",
    [
        ("lie", "Do not lie", "Principle in Be honest and transparent", "seek_truth.html#do_not_lie"),
        ("do_not_lie", "Do not lie", "Principle in Be honest and transparent", "seek_truth.html#do_not_lie"),
        (
            "jirga",
            "User asks about a cultural institution",
            "Example in Assume an objective point of view",
            "seek_truth.html?find=jirga#example-",
        ),
        ("swearing", "Professionalism", "Topic", "all-principles.html#ps:1.topic="),
    ],
)
def test_the_search_leads_to_places_from_a_disk(
    release_site: Path, open_page: Open, row: tuple[str, str, str, str]
) -> None:
    sought, first, kind, place = row
    page = open_page(release_site, f"search.html?q={sought}")
    hit = page.locator(".ps-hits li").first
    expect(hit).to_contain_text(first)
    expect(hit).to_contain_text(kind)
    expect(page.locator("#search-results")).to_be_hidden()
    found = page.locator(".ps-hits .ps-jump-kind").all_inner_texts()
    assert all(
        text.split(" ")[0] in {"Principle", "Section", "Example", "Topic", "Definition"} for text in found
    )
    assert {mark.lower()[:3] for mark in page.locator(".ps-hits mark").all_inner_texts()} <= {sought[:3]}
    assert faults(page, ".ps-search") == []
    hit.get_by_role("link").click()
    page.wait_for_url(f"**/{place}*")


def test_the_search_of_a_project_has_its_other_pages_below_what_is_ours(
    example_site: Path, open_page: Open
) -> None:
    page = open_page(example_site, "search.html?q=book", "http")
    expect(page.locator(".ps-hits li").nth(1)).to_contain_text("Any book on our shelves may be asked for")
    page.locator("#search-results li a").first.wait_for()
    assert "Behaviour spec" not in page.locator("#search-results").inner_text()
    page.get_by_role("button", name=re.compile("^Show all")).click()
    assert page.locator(".ps-hits li").count() > 30


def test_the_search_of_a_theme_opens_the_box_on_a_site_of_one_page(tmp_path: Path, open_page: Open) -> None:
    page_of_one = tmp_path / "index.rst"
    (tmp_path / "conf.py").write_text('extensions = ["sphinx_policyspec"]\nhtml_theme = "furo"\n', "utf-8")
    page_of_one.write_text(
        "Rules\n=====\n\n.. policy:principle:: Be kind\n   :authority: user\n\n   Smile.\n", "utf-8"
    )
    with patch_docutils(tmp_path), docutils_namespace():
        Sphinx(tmp_path, tmp_path, tmp_path / "out", tmp_path / "trees", "singlehtml", status=None).build()
    page = open_page(tmp_path / "out", "index.html")
    page.locator(".sidebar-search").fill("smile")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option")).to_contain_text(["Be kind"])
    page.keyboard.press("Enter")
    expect(page.locator("#be-kind")).to_be_in_viewport()


def test_a_former_id_leads_to_its_principle(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "index.html")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("frank-reading-advice")
    page.get_by_role("option", selected=True).click()
    expect(page.locator(":target")).to_be_in_viewport()


def test_a_hit_in_the_full_text_is_shown_where_it_stands(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "search.html?q=afghanistan", "http")
    page.locator(".ps-hits a").first.click()
    expect(page.get_by_text("do people still use them in Afghanistan").first).to_be_in_viewport()
    assert page.evaluate("[...CSS.highlights.get('ps-found')].map(String)") == ["Afghanistan"]
    # Sphinx marks letters wherever they stand: of its marks those stay that begin a word.
    page.evaluate("localStorage.setItem('sphinx_highlight_terms', 'lie')")
    page.goto(page.url.partition("?")[0])
    page.locator("span.highlighted").first.wait_for()
    expect(page.get_by_role("main").locator("p", has_text="belie").locator("span.highlighted")).to_have_count(
        0
    )


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
    moved: dict[str, float] = {}
    for name in ("index", "all-principles", "all-examples", "map", "policy-ask", "stay_in_bounds", "search"):
        # A busy machine shows parts of a page later than others, and so can only add to what moves.
        for _ in range(3):
            page.goto(f"{release_site.as_uri()}/{name}.html?q=lie")
            moved[name] = min(moved.get(name, math.inf), page.evaluate(SHIFT))
            if moved[name] <= 0.1:
                break
    assert {name: shift for name, shift in moved.items() if shift > 0.1} == {}
