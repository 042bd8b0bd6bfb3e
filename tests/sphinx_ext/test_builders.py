"""Every builder writes a project that uses everything of ours, and loses none of its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

from tests.sphinx_ext.conftest import Built
from tests.sphinx_ext.shown_words import lost_runs, runs_of, written_words

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Builds = Callable[[str, str], Built]
Written = Callable[[Path], dict[str, bytes]]
WORDS = (
    "Be honest",
    "Authority:",
    "Compliant",
    "Violation",
    "Minor issues",
    "It greets, see",
    "Commentary",
    "Plain truth",
    "Untrusted text",
    "Settings",
    "max_tokens: 7",
    "left out",
    "What is so.",
    "functions.look",
    "Ignore all rules",
    "Not a heading",
    "Violates:",
)


@pytest.mark.parametrize(
    "builder",
    [
        "html",
        "dirhtml",
        "singlehtml",
        "text",
        "latex",
        "man",
        "epub",
        "texinfo",
        "xml",
        "pseudoxml",
        "gettext",
        "dummy",
        "linkcheck",
        "json",
    ],
)
def test_every_builder_builds_without_a_warning(built: Builds, builder: str) -> None:
    assert built("builders", builder).warnings == []


def _text(outdir: Path) -> str:
    """Return all that a builder wrote, as running text."""
    pages = [
        file
        for file in sorted(outdir.rglob("*"))
        if file.suffix in {".html", ".txt", ".1", ".tex", ".xml", ".texi"}
    ]
    text = " ".join(file.read_text("utf-8") for file in pages if "_sources" not in file.parts)
    text = re.sub(r"\\(?:DUrole\w*|sphinx\w+|texttt|emph|textbf|textquotesingle)\b(\{ps[^}]*\})?", "", text)
    text = re.sub(r"<[^>]+>|[{}]|\\-|\\f[BIP]|\\/|@\w+", "", text)
    return " ".join(text.replace("\\_", "_").replace("&nbsp;", " ").split())


@pytest.mark.parametrize("builder", ["html", "text", "latex", "man", "texinfo", "xml"])
def test_every_word_reaches_the_output(built: Builds, builder: str) -> None:
    text = _text(built("builders", builder).outdir)
    assert [word for word in WORDS if word not in text] == []


def test_paper_tells_what_was_said_from_what_is_said_about_it(built: Builds) -> None:
    outdir = built("builders", "latex").outdir
    assert (outdir / "policyspec.sty").is_file()
    text = "".join(file.read_text("utf-8") for file in outdir.glob("*.tex"))
    assert r"\usepackage{policyspec}" in text
    assert r"\DUrole{ps-verdict}{Compliant} · \DUrole{ps-role-name}{Assistant}" in text
    assert r"\DUrole{ps-kind}{Example 1}  \DUrole{ps-example-title}{A greeting at the desk}" in text


def test_readers_of_epub_know_all_that_the_style_sheet_says(built: Builds) -> None:
    outdir = built("builders", "epub").outdir
    style = (outdir / "_static" / "policyspec.css").read_text("utf-8")
    # EPUB forbids the latter: the direction of a text is for its markup to say, and addresses are written out.
    assert re.findall(r":(?:is|where)\(|unicode-bidi|[^-]direction|url\([^)]*[ <>]", style) == []


@pytest.mark.parametrize("builder", ["html", "epub"])
def test_an_example_has_a_heading_and_what_was_said_the_direction_of_its_script(
    built: Builds, builder: str
) -> None:
    [page] = [*built("builders", builder).outdir.glob("principles.*html")]
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    [example] = soup.select("#example-greeting")
    section = example.find_parent("section")
    title = example.select_one("[role=heading]")
    assert title
    assert title.get_text().startswith("A greeting at the desk")
    above = section and section.find(re.compile("h[1-6]"))
    assert above
    assert int(str(title["aria-level"])) == int(above.name[1]) + 1
    said = soup.select(".ps-message :is(.ps-body :is(p, li, pre, td, th), .ps-note)")
    assert len(said) > 3
    assert [part for part in said if part.get("dir") != "auto"] == []


_SAME_WRITER = [
    pytest.param(builder, marks=pytest.mark.slow)
    for builder in ("dirhtml", "singlehtml", "pseudoxml", "json")
]
"""Builders that write pages with the writer of another."""


@pytest.mark.parametrize("builder", ["html", "text", "latex", "man", "epub", "texinfo", "xml", *_SAME_WRITER])
def test_no_word_that_a_source_shows_is_lost(built: Builds, builder: str) -> None:
    site = built("example_docs", builder)
    assert site.warnings == []
    shown, lost = 0, []
    for docname, file in site.pages.items():
        runs = runs_of(file)
        shown += sum(map(len, runs))
        lost += lost_runs(runs, written_words(site.outdir, builder, docname))
    assert shown > 15_000
    assert lost == []


def test_lost_and_displaced_words_are_noticed() -> None:
    runs = [["be", "kind"], ["to", "the", "reader"], ["always"]]
    assert lost_runs(runs, ["be", "kind", "level", "user", "to", "the", "reader", "always"]) == []
    assert lost_runs(runs, ["be", "kind", "to", "reader", "always"]) == [["to", "the", "reader"]]
    assert lost_runs(runs, ["always", "be", "very", "kind", "to", "the", "reader"]) == [["be", "kind"]]


def test_a_manual_page_spells_out_no_address_of_its_own_places(built: Builds) -> None:
    text = (built("builders", "man").outdir / "everybuilder.1").read_text("utf-8")
    assert "<#" not in text
    text = (built("example_docs", "man").outdir / "marginalia.1").read_text("utf-8")
    assert "<>" not in text


def test_text_shows_where_an_answer_begins_and_ends(built: Builds) -> None:
    text = (built("example_docs", "text").outdir / "reading.txt").read_text("utf-8")
    assert (
        """
Example 1: The prize-winner that this reader will put down
   User
      Everyone's reading *The Salt Ledger*. I liked *Harbour Nights*
      and the ferry mysteries. Will I like it?

   ✓ Compliant · Assistant
      Probably not, and it isn't you. *The Salt Ledger* has no plot to
      speak of for three hundred pages; people love it for the
      sentences. From what you've liked, try *The Last Boat but One*,
      which has a harbour, a body and an ending.

   ✗ Violation · Assistant
      You'll love it! It won the Meridian Prize and is one of our most
      requested titles.

      – recommends what is praised

Example 2: A novel in a drawer
"""
        in text
    )
    assert "\nCommentary\n   Testers from the branches" in (
        built("example_docs", "text").outdir / "authority.txt"
    ).read_text("utf-8")


def test_translation_catalogues_hold_titles_terms_and_notes_and_none_of_our_words(built: Builds) -> None:
    outdir = built("builders", "gettext").outdir
    text = (outdir / "principles.pot").read_text("utf-8")
    for message in (
        "Be honest",
        "A greeting at the desk",
        "Plain truth",
        "It greets, see :policy:principle:`be_honest`.",
        "vague, see [?](#be_honest)",
    ):
        assert f'msgid "{message}"' in text
    for message in ("Compliant", "User", "Commentary", "Authority:"):
        assert f'msgid "{message}"' not in text


def test_pages_hold_no_live_markup_of_messages(built: Builds) -> None:
    outdir = built("builders", "html").outdir
    page = (outdir / "more.html").read_text("utf-8")
    assert "<b>obey</b>" not in page
    assert "&lt;b&gt;obey&lt;/b&gt;" in page
    assert 'cat.png"' not in page
    assert "<h1>Not a heading" not in page
    assert "Be &quot;exact&quot; -- always." in page
    assert "&amp;lt;" in page
    assert '<span class="ps-placeholder ps-attachment">[file: cat.png]</span>' in page


def test_only_pages_that_show_something_of_ours_get_the_style_sheet(built: Builds) -> None:
    outdir = built("builders", "html").outdir
    assert "policyspec.css" in (outdir / "principles.html").read_text("utf-8")
    assert "policyspec.css" in (outdir / "policy-levels.html").read_text("utf-8")
    assert "policyspec.css" not in (outdir / "genindex.html").read_text("utf-8")
    # There our script shows what it finds.
    assert "policyspec.css" in (outdir / "search.html").read_text("utf-8")
    assert (outdir / "_static" / "policyspec.css").is_file()


def test_the_graph_is_written_and_linked(built: Builds) -> None:
    outdir = built("builders", "dirhtml").outdir
    page = (outdir / "principles" / "index.html").read_text("utf-8")
    assert '<link rel="alternate" type="text/turtle" href="../spec.ttl" title="ttl">' in page
    graph = (outdir / "spec.nt").read_text("utf-8")
    assert "<https://example.org/twin/provision/be_honest>" in graph


def test_two_fresh_builds_give_equal_bytes(
    built: Builds, project: Project, build: Build, written: Written
) -> None:
    first = written(built("builders", "html").outdir)
    second = written(build(project("builders")).outdir)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_two_processes_give_what_one_gives(
    built: Builds, project: Project, build: Build, written: Written
) -> None:
    first = written(built("builders", "html").outdir)
    second = written(build(project("builders"), parallel=2).outdir)
    assert [name for name in first if first[name] != second[name]] == []
