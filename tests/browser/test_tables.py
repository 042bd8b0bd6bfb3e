"""Tables of principles and of examples: filters, order, and the address that holds them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

import sphinx_policyspec as ps
from tests.browser.conftest import Open
from tests.browser.test_accessibility import faults
from tests.releases.topics import by_map


def titles(page: Page) -> list[str]:
    """Return the titles that the first table shows."""
    cells = page.locator(".ps-view table tbody tr:visible td:first-child").all_inner_texts()
    return [cell.strip() for cell in cells]


def test_a_table_of_principles_is_filtered_and_sorted(
    release_site: Path, open_page: Open, scheme: str
) -> None:
    page = open_page(release_site, "all-principles.html", scheme)
    count = page.locator(".ps-count-shown")
    expect(count).to_have_text("57 of 57")
    page.get_by_label("Root").check()
    expect(count).to_have_text("20 of 57")
    assert len(titles(page)) == 20
    page.get_by_label("Lacks").select_option(label="prompt")
    expect(count).to_have_text("3 of 57")
    page.get_by_label("Root").uncheck()
    page.get_by_label("Lacks").select_option(label="any")
    page.get_by_label("Topic", exact=True).select_option("honesty")
    page.get_by_label("Text", exact=True).fill("lie")
    shown = titles(page)
    assert shown
    assert all("lie" in text.lower() for text in page.locator(".ps-view tbody tr:visible").all_inner_texts())
    page.get_by_role("button", name="Reset").click()
    expect(count).to_have_text("57 of 57")
    assert "#ps:" not in page.url


def test_each_topic_leaves_as_many_rows_as_the_map_counts(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "all-principles.html")
    choice = page.get_by_label("Topic", exact=True)
    labels = choice.locator("option").all_inner_texts()[1:]
    counted = by_map(release_site)
    assert {label for label, count in counted.items() if count} - {"No topic"} == set(labels)
    for label in labels:
        choice.select_option(label=label)
        expect(page.locator(".ps-count-shown")).to_have_text(f"{counted[label]} of 57")


def test_each_role_leaves_as_many_rows_as_its_page_lists_and_the_question_answers(
    release_site: Path, open_page: Open, model_spec_data: Path
) -> None:
    page = open_page(release_site, "all-principles.html")
    choice = page.get_by_label("Overridable by")
    assert choice.locator("option").all_inner_texts() == ["any", "system messages", "developers", "users"]
    read = ps.load(model_spec_data / "2025-09-12")
    for role in ("system", "developer", "user"):
        page.goto(f"{release_site.as_uri()}/all-principles.html")
        choice.select_option(role)
        answer = ps.ask(read, "overridable-by", level=role)
        expect(page.locator(".ps-count-shown")).to_have_text(f"{len(answer.rows)} of 57")
        shown = [title.split("\n")[0] for title in titles(page)]
        page.goto(f"{release_site.as_uri()}/may-override-{role}.html")
        assert sorted(page.locator(".ps-links a").all_inner_texts()) == sorted(shown)


def test_the_text_filter_reads_ids_messages_and_notes_and_says_what_to_loosen(
    release_site: Path, open_page: Open, scheme: str
) -> None:
    page = open_page(release_site, "all-examples.html", scheme)
    field, count = page.get_by_label("Text", exact=True), page.locator(".ps-count-shown")
    for words, rows in (("jirga", 1), ("Fred", 1), ("do_not_lie", 6), ("judgemental", 1)):
        field.fill(words)
        expect(count).to_have_text(f"{rows} of 173")
    width = page.locator(".ps-view table").bounding_box()
    nothing = page.locator(".ps-nothing")
    expect(nothing).to_be_hidden()
    field.fill("jirga")
    page.get_by_label("Root").check()
    expect(nothing).to_contain_text("No row matches all of this.")
    empty = page.locator(".ps-view table").bounding_box()
    assert width
    assert empty
    assert empty["width"] > 0.95 * width["width"]
    assert faults(page, ".ps-nothing") == []
    nothing.get_by_role("button", name="Without Root (1)").click()
    expect(count).to_have_text("1 of 173")
    expect(page.get_by_label("Root")).not_to_be_checked()


def test_columns_sort_by_words_numbers_and_rank(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "all-principles.html")
    before = titles(page)
    page.get_by_role("button", name="Title").click()
    head = page.get_by_role("columnheader", name="Title")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert titles(page) == sorted(before, key=str.casefold)
    page.get_by_role("button", name="Title").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert titles(page) == sorted(before, key=str.casefold, reverse=True)
    page.get_by_role("columnheader", name="Level").get_by_role("button").click()
    levels = page.locator(".ps-view tbody tr td:nth-child(2)").all_inner_texts()
    ranks = ["Root", "System", "Developer", "User", "Guideline"]
    assert [ranks.index(level.strip()) for level in levels] == sorted(
        ranks.index(level.strip()) for level in levels
    )
    page.get_by_role("button", name="Referred to").click()
    page.get_by_role("button", name="Referred to").click()
    numbers = [int(text) for text in page.locator(".ps-view tbody tr td:nth-child(6)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1]
    expect(head).not_to_have_attribute("aria-sort", "descending")


def test_the_address_holds_the_choice(release_site: Path, open_page: Open, scheme: str) -> None:
    page = open_page(release_site, "all-principles.html", scheme)
    page.get_by_label("User", exact=True).check()
    page.get_by_label("Guideline").check()
    page.get_by_role("button", name="Title").click()
    chosen = titles(page)
    address = page.url
    assert "#ps:" in address
    again = open_page(release_site, f"all-principles.html#{address.partition('#')[2]}", scheme)
    expect(again.get_by_label("Guideline")).to_be_checked()
    expect(again.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")
    assert titles(again) == chosen


def test_everything_is_done_by_keyboard(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "all-examples.html")
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.type("tool")
    expect(page.locator(".ps-count-shown")).not_to_have_text("173 of 173")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Root")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("Root")).to_be_checked()
    page.get_by_role("button", name="Title").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")


def test_two_tables_on_a_page_keep_their_own_choice(example_site: Path, open_page: Open) -> None:
    page = open_page(example_site, "ask-the-spec.html")
    # Three rows need no filter.
    expect(page.locator(".ps-filter")).to_have_count(1)
    page.get_by_label("Text", exact=True).fill("catalogue")
    expect(page.locator(".ps-count-shown")).to_have_text("1 of 9")
    page.get_by_role("button", name="Title").first.click()
    address = page.url
    again = open_page(example_site, f"ask-the-spec.html#{address.partition('#')[2]}")
    expect(again.locator(".ps-count-shown")).to_have_text("1 of 9")
    expect(again.get_by_role("columnheader", name="Title").first).to_have_attribute("aria-sort", "ascending")
    expect(again.get_by_role("columnheader", name="Title").nth(1)).not_to_have_attribute(
        "aria-sort", "ascending"
    )


def test_without_scripts_a_table_is_whole(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "all-principles.html", java_script_enabled=False)
    assert len(titles(page)) == 57
    expect(page.locator(".ps-filter")).to_have_count(0)


def test_a_strict_content_security_policy_stops_nothing_of_ours(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "all-principles.html", "strict")
    page.get_by_label("Root").check()
    expect(page.locator(".ps-count-shown")).to_have_text("20 of 57")
    page.locator(".ps-view tbody a").first.focus()
    expect(page.locator("#ps-preview")).to_be_visible()


def test_a_count_of_the_map_shows_its_principles_in_place_without_scripts(
    release_site: Path, open_page: Open
) -> None:
    page = open_page(release_site, "map.html", java_script_enabled=False)
    lists = page.locator(".ps-matrix .ps-cells > li")
    assert lists.count() > 60
    expect(lists.locator("visible=true")).to_have_count(0)
    row = page.get_by_role("row", name="Safety", exact=False).first
    count = row.get_by_role("link").first
    number = int(count.inner_text())
    count.click()
    expect(lists.locator("visible=true")).to_have_count(1)
    assert lists.locator("visible=true").locator("ul a").count() == number
    expect(row).to_be_in_viewport()


def test_a_phone_shows_a_card_for_each_row_and_no_table_is_wider(release_site: Path, open_page: Open) -> None:
    for name in ("all-principles.html", "all-examples.html", "map.html", "coverage.html"):
        page = open_page(release_site, name, viewport={"width": 390, "height": 844})
        assert page.evaluate(
            "[...document.querySelectorAll('.ps-scroll')].every((box) => box.scrollWidth <= box.clientWidth)"
        ), name
    page = open_page(release_site, "all-principles.html", viewport={"width": 390, "height": 844})
    card = page.locator(".ps-view tbody tr").nth(1)
    assert (
        card.locator("td")
        .nth(4)
        .evaluate("cell => getComputedStyle(cell, '::before').content")
        .startswith('"Prompts')
    )


def test_heads_stay_in_sight_over_long_tables(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "all-examples.html")
    page.locator(".ps-view tbody tr").nth(90).scroll_into_view_if_needed()
    expect(page.get_by_role("columnheader", name="Principle")).to_be_in_viewport()


def test_an_example_shows_its_answers_in_the_table(release_site: Path, open_page: Open, scheme: str) -> None:
    page = open_page(release_site, "all-examples.html", scheme)
    row = page.locator(".ps-view tbody tr").first
    row.get_by_text("Answers", exact=True).click()
    verdicts = row.locator(".ps-turn .ps-chip")
    expect(verdicts).to_have_text(["\u2713 Compliant", "\u2717 Violation"])
    assert "four bunnies" in row.inner_text()
