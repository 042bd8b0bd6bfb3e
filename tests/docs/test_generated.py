"""The parts of the documentation that are read off the code."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

from tests.conftest import REPOSITORY

Reference = dict[str, Any]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return runpy.run_path(str(REPOSITORY / "tools" / "reference.py"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("``a`` and ``b | c``", r"`a` and `b \| c`"),
        ("``:policy:clause:`a <level=b>```.", "`` :policy:clause:`a <level=b>` ``."),
        ("as ``:x:`a```, ``:y:`b``` or :func:`~c.d`", "as `` :x:`a` ``, `` :y:`b` `` or `c.d`"),
    ],
)
def test_literals_and_roles_become_those_of_markdown(reference: Reference, text: str, shown: str) -> None:
    assert reference["cell"](text) == shown


def test_each_role_is_told_with_its_name(reference: Reference) -> None:
    rows = reference["roles"]().splitlines()
    for name in ("clause", "count"):
        (row,) = (row for row in rows if row.startswith(f"| `policy:{name}` |"))
        assert f"`` :policy:{name}:`" in row


def test_what_is_committed_is_current(reference: Reference) -> None:
    """It is written by ``make reference``; help texts look as this version of click lays them out."""
    marked: re.Pattern[str] = reference["MARKED"]
    pinned = f"click=={version('click')}" in (REPOSITORY / "constraints.txt").read_text("utf-8").split()

    def parts(text: str) -> dict[str, str]:
        found = {match["part"]: match[0] for match in marked.finditer(text)}
        return {part: shown for part, shown in found.items() if pinned or part != "command_line"}

    pages = reference["written"]()
    assert {part for text in pages.values() for part in parts(text)} | {"command_line"} == set(
        reference["PARTS"]
    )
    stale = [
        f"{page.name}: {part}"
        for page, text in pages.items()
        for part, shown in parts(page.read_text("utf-8")).items()
        if parts(text)[part] != shown
    ]
    assert not stale, "run `make reference`"


@pytest.mark.parametrize(("before", "after"), [("<!-- ", " -->"), (".. ", "")])
def test_filling_a_page_again_changes_nothing(reference: Reference, before: str, after: str) -> None:
    filled: Callable[[str], str] = reference["filled"]
    head, end = (
        f"{before}{said}{after}\n" for said in ("cases, written by `make reference`", "end of cases")
    )
    once = filled(f"Above\n\n{head}stale words\n{end}\nBelow\n")
    assert once == f"Above\n\n{head}\n{reference['cases']()}\n\n{end}\nBelow\n"
    assert filled(once) == once


def test_pages_that_lead_on_can_be_read_where_nothing_is_built() -> None:
    """A link without words shows nothing there, and neither does a table of contents."""
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("index.md")]
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r"\[\]\([^#)]", text), page
        for toctree in re.findall(r"```\{toctree\}\n:hidden:\n(.*?)```", text, re.DOTALL):
            for name in toctree.split():
                assert re.search(rf"\]\({re.escape(name)}\.(?:md|rst)\)", text), (page, name)
