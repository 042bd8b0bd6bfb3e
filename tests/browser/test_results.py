"""Results of evaluations on pages: three models over two releases, in each mode, filtered by level and sorted by model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

import sphinx_policyspec as ps
from tests.browser.conftest import Open
from tests.browser.test_accessibility import SCOPE, assert_no_fault_in_any_mode, open_panel

LEVELS = ("root", "system", "developer", "user", "guideline", "user", "root")
RELEASES = ("2025-01-01", "2026-01-01")
MODELS = ("north-1", "north-2", "south-large")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handbook of a spec with results."""
    folder = tmp_path_factory.mktemp("measured")
    source = folder / RELEASES[-1]
    source.mkdir()
    text = "".join(
        f"## Rule {n} {{#rule_{n} authority={level}}}\n\nDo what rule {n} says[^aa{n:02}].\n\n"
        for n, level in enumerate(LEVELS)
    )
    (source / "model_spec.md").write_text(f"# Rules {{#rules}}\n\n{text}", "utf-8")
    rows = [
        {
            "prompt": f"p{rule}-{n}",
            "model": model,
            "value": int((rule + n + place + epoch) % 3 > 0),
            "epoch": epoch,
            "section_id": f"rule_{rule}",
            "release": release,
            "grader": "judge",
            "created": f"{release}T10:00:00",
        }
        for release in RELEASES
        for place, model in enumerate(MODELS)
        for rule in range(len(LEVELS) - 1)
        for n in range(rule + 2)
        for epoch in (1, 2)
    ]
    (folder / "answers.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    ps.build_handbook(source, folder / "site", results=[folder / "answers.jsonl"], baseline="north-1")
    return folder / "site"


@pytest.mark.parametrize("name", ["policy-results.html", "rules.html"])
def test_axe_finds_no_fault_and_nothing_is_cut_off(measured: Path, open_page: Open, name: str) -> None:
    page = open_page(measured, name)
    open_panel(page)
    expect(page.locator(".ps-figures").first).to_be_visible()
    assert_no_fault_in_any_mode(page, f"{SCOPE}, #by-release, .ps-hole")


def test_principles_are_filtered_by_level_and_sorted_by_a_model(measured: Path, open_page: Open) -> None:
    page = open_page(measured, "policy-results.html")
    rows = page.locator("#by-principle tbody tr:not([hidden])")
    expect(rows).to_have_count(len(LEVELS))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    column = 2 + 2 * len(MODELS) - 1
    page.locator("#by-principle thead th").nth(column).get_by_role("button").click()
    told = [row.split("%")[0] for row in rows.locator(f"td:nth-child({column + 1})").all_inner_texts()]
    assert [float(one or -1) for one in told] == sorted(float(one or -1) for one in told)
    assert told[0] == ""
    page.get_by_label("User", exact=True).check()
    expect(rows).to_have_count(LEVELS.count("user"))
    steps = page.locator("#by-release tbody tr td:last-child").all_inner_texts()
    assert [one != "" for one in steps] == [False, True] * len(MODELS)
