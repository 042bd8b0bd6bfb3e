"""Pages that show a whole spec at once: coverage, and what a handbook adds by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.sphinx_ext.handbook import build_site
from tests.conftest import example, principle, spec

Build = Callable[..., SphinxTestApp]


def text_of(html: str) -> str:
    """Return HTML as one line of text."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_coverage_lists_the_gaps_and_counts_them(spec_source: Path, build: Build) -> None:
    with (spec_source / "index.rst").open("a", encoding="utf-8") as file:
        file.write("\n.. policy:coverage::\n")
    page = (build(spec_source).outdir / "index.html").read_text("utf-8")
    view = page.partition("ps-coverage")[2]
    gaps, _, table = view.partition("<table")
    assert text_of(f"<{gaps}").endswith(
        "Without an example : 0 of 2 Without a compliant answer : 1 of 2 Be brief Root "
        "Without a violation : 0 of 2 Without a prompt : 1 of 2 Be brief Root Never referred to : 0 of 2"
    )
    assert text_of(f"<table{table}").startswith(
        "Title Level Examples Compliant Violation Prompts Referred to"
    )


def test_coverage_takes_filters(
    spec_source: Path, build: Build, warnings_in: Callable[..., list[str]]
) -> None:
    with (spec_source / "index.rst").open("a", encoding="utf-8") as file:
        file.write("\n.. policy:coverage::\n   :authority: user\n   :expect-rows: 2\n")
    app = build(spec_source)
    assert any("the answer has 1 rows, not 2" in line for line in warnings_in(app))


def test_a_handbook_has_pages_that_show_the_whole(tmp_path: Path) -> None:
    whole = spec(principle("be_kind", blocks=(example(),)), principle("be_brief", authority="root"))
    assert build_site(whole, tmp_path, tmp_path / "site") == ()
    for name, words in (
        ("all-principles", "Be kind User 1"),
        ("all-examples", "a greeting Be kind User"),
        ("map", "principles, 0 references"),
        ("coverage", "Without an example : 1 of 2 Be brief Root"),
        ("survey", "0 pairs of principles share an issue."),
    ):
        assert words in text_of((tmp_path / "site" / f"{name}.html").read_text("utf-8"))


def test_a_handbook_of_a_spec_without_principles_has_no_empty_tables(tmp_path: Path) -> None:
    assert build_site(spec(), tmp_path, tmp_path / "site") == ()
    assert not (tmp_path / "site" / "all-principles.html").exists()
