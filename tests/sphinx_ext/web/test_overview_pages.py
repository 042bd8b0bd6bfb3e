"""Pages that show a whole spec at once: coverage, and what a handbook adds by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.model import AuthorityLevel, OverrideMode, Section, Topic
from sphinx_policyspec.readers.outlines import read_markdown
from sphinx_policyspec.sphinx_ext.handbook import build_site
from sphinx_policyspec.sphinx_ext.handbook.pages import lay_out, overridable
from tests.conftest import at, example, principle, spec

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
    assert any("the answer has 1 row, not 2" in line for line in warnings_in(app))


def test_a_handbook_has_pages_that_show_the_whole(tmp_path: Path) -> None:
    whole = spec(principle("be_kind", blocks=(example(),)), principle("be_brief", authority="root"))
    assert build_site(whole, tmp_path, tmp_path / "site") == ()
    for name, words in (
        ("all-principles", "Be kind User 1"),
        ("all-examples", "a greeting Be kind User"),
        ("coverage", "Without an example : 1 of 2 Be brief Root"),
        ("survey", "0 pairs of principles may ask for different things."),
    ):
        assert words in text_of((tmp_path / "site" / f"{name}.html").read_text("utf-8"))


def test_the_first_page_of_a_handbook_says_what_it_is_and_leads_on(tmp_path: Path) -> None:
    whole = spec(
        Section(id="manners", title="Manners", depth=1, span=at()),
        replace(principle("be_kind", blocks=(example(),)), parent="manners", depth=2),
        replace(principle("be_brief", authority="root"), parent="manners", depth=2),
        license="https://creativecommons.org/licenses/by-sa/4.0/",
        publisher="We & they",
    )
    assert build_site(whole, tmp_path, tmp_path / "site") == ()
    for file in (tmp_path / "site").glob("*.html"):
        # The box that goes to any principle opens everywhere.
        assert "policyspec.js" in file.read_text("utf-8"), file
    first = (tmp_path / "site" / "index.html").read_text("utf-8")
    text = text_of(first)
    for words in (
        "in 2 principles. Each has a level, which says who may override it. 1 example shows where a limit lies.",
        "Root 1 principle Root level: no message may override it.",
        "User 1 principle User level: system messages, developers and users may override it if they say so explicitly.",
        "What a user may override (1)",
        "Manners Be kind User Be brief Root",
        "Licence : CC BY-SA 4.0",
        "Publisher : We &amp; they",
    ):
        assert words in text
    for address in ("all-principles.html#ps:1.level=user", "may-override-user.html", "manners.html#be_kind"):
        assert f'href="{address}"' in first
    assert "Copyright" not in text
    assert not (tmp_path / "site" / "genindex.html").exists()
    listed = text_of((tmp_path / "site" / "may-override-user.html").read_text("utf-8"))
    assert (
        "User 1 principle User level: system messages, developers and users may override it if they say so explicitly. Be kind"
        in listed
    )


@pytest.mark.parametrize("theme", ["furo", "alabaster", "sphinx_rtd_theme"])
def test_the_first_page_leads_to_every_page_in_any_theme(tmp_path: Path, theme: str) -> None:
    whole = spec(
        Section(id="manners", title="Manners", depth=1, span=at()),
        replace(principle("be_kind", blocks=(example(),)), parent="manners", depth=2),
        principle("be_brief", authority="root"),
        topics=(Topic(id="tone", label="Tone", span=at()),),
    )
    assert build_site(whole, tmp_path, tmp_path / "site", theme=theme, ask=True) == ()
    first = (tmp_path / "site" / "index.html").read_text("utf-8")
    linked = {address.partition("#")[0] for address in re.findall(r'href="([^"]+)"', first)}
    pages = {file.name for file in (tmp_path / "site").glob("*.html")} - {"index.html", "search.html"}
    assert pages - linked == set()
    chapter = (tmp_path / "site" / "manners.html").read_text("utf-8")
    assert re.search(
        r'<a class="[^"]*reference internal[^"]*" href="(#|manners.html#)be_kind">Be kind', chapter
    )


def test_each_role_that_can_override_something_has_a_page_of_its_own(tmp_path: Path) -> None:
    levels = (
        AuthorityLevel(id="law", override=OverrideMode.NEVER, roles=("clerk",)),
        AuthorityLevel(id="house", roles=("our desk",)),
        AuthorityLevel(id="habit", roles=("our-desk", "user"), override=OverrideMode.IMPLICIT),
    )
    whole = replace(spec(principle("a", authority="house"), principle("b", authority="habit")), levels=levels)
    pages = {page.role: page.name for page in lay_out(whole, "chapter") if page.role}
    assert list(pages) == ["our-desk", "user", "our desk", "clerk"]
    assert len({*pages.values()}) == len(pages)
    assert build_site(whole, tmp_path, tmp_path / "site") == ()
    for role, name in pages.items():
        page = (tmp_path / "site" / f"{name}.html").read_text("utf-8").partition("<h1>")[2]
        told = [
            id_ for id_ in ("a", "b") if f'href="{id_}.html"' in page or f'href="{id_}.html#{id_}"' in page
        ]
        assert told == [principle.id for principle in overridable(whole, role)]


def test_a_handbook_of_a_spec_without_principles_has_no_empty_tables(tmp_path: Path) -> None:
    assert build_site(spec(), tmp_path, tmp_path / "site") == ()
    assert not (tmp_path / "site" / "all-principles.html").exists()


def test_the_title_of_a_text_of_another_maker_is_no_chapter() -> None:
    text = "# Charter\n\nFor all.\n\n## Being kind\n\nBe kind.\n\n### At work\n\nBe kind there.\n\n## Being fair\n\nBe fair.\n"
    for more, pages in (
        ("", ["index", "charter", "being_kind", "being_fair"]),
        ("\n# Annex\n", ["index", "charter", "annex"]),
    ):
        whole = read_markdown(text + more, "charter.md").spec
        assert [page.name for page in lay_out(whole, "chapter")] == pages
    assert [
        page.name for page in lay_out(read_markdown("# Charter\n\nFor all.\n", "charter.md").spec, "chapter")
    ] == ["index", "charter"]
