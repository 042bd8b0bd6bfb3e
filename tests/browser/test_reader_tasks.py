"""What readers come for: from the first page, by keyboard alone, in two steps at most; without scripts where nothing is computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open

PHONE = {"width": 390, "height": 844}
STOPS = 300
"""Times that a reader presses the key before giving up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What somebody wants to know.

    :param steps: selectors of what takes the focus and then Enter, from the first page on; behind a sign ``=`` what is typed,
        alone into the filter of a table, and behind ``/`` into the box that this key opens
    :param right: says that the answer is there, and the right one
    :param start: the page that it begins on
    """

    steps: tuple[str, ...]
    right: Callable[[Page], None]
    scripts: bool = False
    start: str = "index.html"
    phone: bool = False


SEARCH = "[role=main] input[type=search]"
"""The box of the first page."""


def link(name: str) -> str:
    """Return the selector of the first link in the text of a page that has a name."""
    return f'[role=main] a:has(:text-is("{name}")), [role=main] a:text-is("{name}")'


def principle(name: str) -> str:
    """Return the selector of a principle in the list of chapters."""
    return f'[role=main] .ps-chapters a:has-text("{name}")'


def shows(selector: str, words: str = "", count: int = 0) -> Callable[[Page], None]:
    """Return what says that a part of a page is in sight and has some words, and how many such parts there are."""

    def look(page: Page) -> None:
        found = page.locator(selector)
        expect(found.first).to_be_in_viewport()
        expect(found.first).to_contain_text(words)
        assert not count or found.count() == count

    return look


def _only_of_root(page: Page) -> None:
    expect(page.get_by_label("Root", exact=True)).to_be_checked()
    expect(page.locator(".ps-count-shown")).to_have_text("20 of 57")


def _only_about_honesty(page: Page) -> None:
    expect(page.get_by_label("Topic", exact=True)).to_have_value("honesty")
    expect(page.locator(".ps-count-shown")).to_have_text("7 of 57")


def _only_of_do_not_lie(page: Page) -> None:
    rows = page.locator(".ps-view tbody tr:visible")
    expect(page.locator(".ps-count-shown")).not_to_have_text(re.compile("^(0|17.) "))
    assert {*rows.locator("td:nth-child(2)").all_inner_texts()} == {"Do not lie"}
    assert all(int(text.split()[-1]) for text in rows.locator("td:nth-child(5)").all_inner_texts())


def _graph_is_there(page: Page) -> None:
    address = page.locator(link("Graph (ttl)")).evaluate("node => node.href")
    assert Path(address.removeprefix("file://")).read_text("utf-8").startswith("@prefix")


def _headings_lead_through(page: Page) -> None:
    """A screen reader lists the headings: of the page, of each principle, and of each of its examples."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    own = page.locator("#do_not_lie").get_by_role("heading")
    expect(own.first).to_contain_text("Do not lie")
    examples = page.locator("#do_not_lie .ps-example")
    assert own.count() == 1 + examples.count()


def _nothing_is_cut_off(page: Page) -> None:
    expect(page.locator("#be_warm > h2")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


TASKS = {
    "policy: which defaults may a user override": Task(
        steps=(link("Ask the spec"),), right=shows(".ps-ask-results", "Do not lie"), scripts=True
    ),
    "policy: what is about honesty": Task(
        steps=(link("By topic"), '[role=main] a[href="#cap-Honesty"]'),
        right=shows("[id=cap-Honesty] ~ ul a", "Be honest"),
    ),
    "policy: may a user have it lie": Task(
        steps=(link("What a user may override (33)"), link("Do not lie")), right=shows("#do_not_lie")
    ),
    "policy: what may nobody override": Task(
        steps=(link("20 principles"),), right=_only_of_root, scripts=True
    ),
    "policy: which release is it, under which licence": Task(
        steps=(), right=lambda page: expect(page.locator(".ps-imprint")).to_contain_text("CC0 1.0")
    ),
    "developer: what may a developer override": Task(
        steps=(link("What a developer may override (34)"),),
        right=shows("h1", "What a developer may override"),
    ),
    "developer: what does conversation mean": Task(
        steps=(link("Definitions"),), right=shows("dt", "Assistant")
    ),
    "developer: where is the graph": Task(steps=(), right=_graph_is_there),
    "developer: which principle has an id": Task(
        steps=(f"{SEARCH}=ignore_untrusted_data", ".ps-hits li:first-child a"),
        right=shows("#ignore_untrusted_data"),
        scripts=True,
    ),
    "journalist: bad answers about lying": Task(
        steps=(principle("Do not lie"),),
        right=lambda page: expect(
            page.locator("#do_not_lie .ps-verdict-bad > .ps-verdict").first
        ).to_have_text(re.compile("Violation")),
    ),
    "journalist: who decides whether it may lie": Task(
        steps=(principle("Do not lie"), "#do_not_lie .ps-badge button"),
        right=shows(".ps-says:popover-open", "developers and users may override it"),
    ),
    "journalist: where does a word of an example stand": Task(
        steps=(f"{SEARCH}=jirga", ".ps-hits a"), right=shows(".ps-example:target", "jirga"), scripts=True
    ),
    "journalist: all bad answers to one principle": Task(
        steps=("=do_not_lie",),
        right=_only_of_do_not_lie,
        scripts=True,
        start="all-examples.html#ps:1.has=bad",
    ),
    "public: which principles are about honesty": Task(
        steps=("/honesty",), right=_only_about_honesty, scripts=True
    ),
    "public: where does it say something on copyright": Task(
        steps=(f"{SEARCH}=copyright", '.ps-hits a:has-text("Respect creators")'),
        right=shows("#respect_creators"),
        scripts=True,
    ),
    "public: what is there where no script runs": Task(
        steps=(f"{SEARCH}=lie", ".ps-search a:text-is('All principles')"), right=shows("h1", "All principles")
    ),
    "screen reader: what does the page consist of": Task(
        steps=(principle("Do not lie"),), right=_headings_lead_through
    ),
    "screen reader: past the sidebar": Task(
        steps=(".skip-to-content", link("All principles")), right=shows("h1", "All principles")
    ),
    "phone: a guideline on style": Task(steps=(principle("Be warm"),), right=_nothing_is_cut_off, phone=True),
    "phone: every principle": Task(
        steps=(link("All principles"),), right=shows("h1", "All principles"), phone=True
    ),
}


def tab_to(page: Page, target: Locator) -> None:
    """Press the key that goes from one link or button to the next until something has the focus."""
    wanted = target.first.element_handle()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("node => node === document.activeElement", wanted):
            return
    raise AssertionError(f"no key leads to {target}")


def focus(_page: Page, target: Locator) -> None:
    """Give something the focus, as the key would."""
    target.first.focus()
    assert target.first.evaluate("node => node === document.activeElement && node.tabIndex >= 0")


Reach = Callable[[Page, Locator], None]
by_keyboard = pytest.mark.parametrize("reach", [focus, pytest.param(tab_to, marks=pytest.mark.slow)])


def take(page: Page, step: str, reach: Reach) -> None:
    """Take a step by keyboard."""
    if step.startswith("/"):
        page.keyboard.press("/")
        expect(page.get_by_role("combobox")).to_be_focused()
        page.keyboard.type(step[1:])
        expect(page.get_by_role("option", selected=True)).to_be_visible()
    elif step.startswith("="):
        reach(page, page.get_by_label("Text", exact=True))
        page.keyboard.type(step[1:])
    else:
        selector, _, typed = step.partition("]=")
        reach(page, page.locator(f"{selector}]" if typed else step))
        page.keyboard.type(typed)
    page.keyboard.press("Enter")


@by_keyboard
@pytest.mark.parametrize("name", TASKS)
def test_a_reader_finds_it_in_two_steps(release_site: Path, open_page: Open, name: str, reach: Reach) -> None:
    task = TASKS[name]
    assert len(task.steps) <= 2
    size = {"viewport": PHONE} if task.phone else {}
    page = open_page(release_site, task.start, java_script_enabled=task.scripts, **size)
    for step in task.steps:
        take(page, step, reach)
    task.right(page)


@by_keyboard
@pytest.mark.parametrize(
    ("steps", "right"),
    [
        ((principle("Do not lie"), "#do_not_lie > .ps-since a"), shows("#changes-do_not_lie", "Do not lie")),
        (
            (principle("Be clear"), "#be_clear > .ps-panel > summary"),
            shows("#be_clear > .ps-panel[open] .ps-history", "Unchanged"),
        ),
        (
            (".ps-releases summary", '.ps-in-sidebar a:text-is("2025-04-11")'),
            shows(".ps-old-release", "2025-09-12"),
        ),
    ],
    ids=["what changed in a principle", "that a principle did not change", "how it was in April"],
)
def test_a_reader_finds_what_changed_in_two_steps(
    two_releases: Path, open_page: Open, steps: tuple[str, ...], right: Callable[[Page], None], reach: Reach
) -> None:
    page = open_page(two_releases, "2025-09-12/index.html", java_script_enabled=False)
    for step in steps:
        take(page, step, reach)
    right(page)


def test_a_link_to_an_example_is_copied_in_two_steps(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "index.html", "http")
    take(page, principle("Do not lie"), focus)
    take(page, "#do_not_lie .ps-example .ps-copy", focus)
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_attached()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{page.url.split('#')[0]}#do_not_lie-e1"
    page.goto(copied)
    example = page.locator("#do_not_lie .ps-example").first
    expect(example).to_be_in_viewport()
    assert example.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
