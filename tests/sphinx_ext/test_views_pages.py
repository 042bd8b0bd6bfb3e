"""Views on pages: what they show, what is said of bad ones, and that none goes stale."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.questions import Answer
from tests.sphinx_ext.conftest import Built

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Restored = Callable[[str, int], Path]
Builds = Callable[[str, str], Built]
Written = Callable[[Path], dict[str, bytes]]
Warnings = Callable[[SphinxTestApp], list[str]]

BUILDERS = [
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
    "json",
    "linkcheck",
    "dummy",
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_writes_views_without_a_warning(built: Builds, builder: str) -> None:
    assert built("views", builder).warnings == []


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml"])
def test_every_link_of_a_view_leads_somewhere_and_no_anchor_is_there_twice(
    built: Builds, builder: str
) -> None:
    folder = built("views", builder).outdir
    pages = {file: file.read_text("utf-8") for file in folder.rglob("*.html") if "_static" not in file.parts}
    anchors = {file: re.findall(r'\bid="([^"]+)"', text) for file, text in pages.items()}
    seen = 0
    for file, text in pages.items():
        assert len(anchors[file]) == len(set(anchors[file]))
        for view in re.findall(
            r'<div class="ps-query ps-view.*?(?=<div class="ps-query|</section>)', text, re.DOTALL
        ):
            for target in re.findall(r'href="([^"]+)"', view):
                path, _, anchor = target.partition("#")
                page = (file.parent / path).resolve() if path else file
                page = page / "index.html" if page.is_dir() else page
                assert anchor in anchors[page], target
                seen += 1
    assert seen > 60


def test_tables_have_scopes_and_scroll_by_keyboard(built: Builds) -> None:
    page = (built("views", "html").outdir / "shown.html").read_text("utf-8")
    matrix = page[page.index("ps-matrix") :]
    assert matrix.index('role="region" tabindex="0"') < matrix.index("<table")
    assert 'aria-label="Table: Topic, Root, Operator, Reader"' in matrix
    assert matrix.count('<th scope="row"') == 4
    assert matrix.count('<th scope="col" class="head ps-number">') == 3
    assert re.search(
        r'<a class="reference internal" href="#(ps-shown-5-1-3)"><span class="ps-heat-4">1</span></a>', matrix
    )
    assert '<span class="target" id="ps-shown-5-1-3"></span>' in matrix


def test_the_drawing_is_well_formed_and_speaks(built: Builds) -> None:
    page = (built("views", "html").outdir / "shown.html").read_text("utf-8")
    svg = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    ids = {element.get("id") for element in svg.iter()}
    assert set((svg.get("aria-labelledby") or "").split()) <= ids
    picture = svg.find(f"{SVG}g[@role='img']")
    assert picture is not None
    assert len(picture.findall(f"{SVG}g")) == 4
    assert picture.findall(f".//{SVG}a") == []
    links = {link.get("href"): "".join(link.itertext()) for link in svg.findall(f"{SVG}a")}
    assert set(links) == {
        "rules.html#be_honest",
        "rules.html#no_white_lies",
        "rules.html#be_kind",
        "more.html#no_harm",
    }
    assert "Be <honest> & “true” · Operator" in links["rules.html#be_honest"]
    assert "referred to by: No white lies, Be kind" in links["rules.html#be_honest"]


@pytest.mark.parametrize("builder", ["text", "latex", "epub"])
def test_where_nothing_is_drawn_references_are_a_list(built: Builds, builder: str) -> None:
    folder = built("views", builder).outdir
    files = [file for file in folder.rglob("*") if file.suffix in {".txt", ".tex", ".xhtml"}]
    text = "".join(file.read_text("utf-8") for file in files)
    assert "<svg" not in text
    assert "→ " in text or "\\(\\rightarrow\\)" in text


def test_rst_and_myst_show_the_same(built: Builds) -> None:
    folder = built("views", "text").outdir
    lists = [(folder / f"{name}.txt").read_text("utf-8").split("\n\n")[1:3] for name in ("shown", "same")]
    assert lists[0] == lists[1] == ["* No white lies – Authority: Reader", "* Be kind – Authority: Reader"]


def test_bad_options_are_findings_with_lines_and_the_page_still_shows_the_rest(
    project: Project, build: Build, warnings_in: Warnings
) -> None:
    app = build(project("views-bad"))
    said = [line for line in warnings_in(app) if "[policyspec." in line]
    assert said == [
        "index.rst:12: unknown level `usr`; did you mean `user`? [policyspec.unknown-level]",
        "index.rst:15: unknown role or level `usre`; did you mean `user`? [policyspec.unknown-level]",
        (
            "index.rst:16: `policy:principle-table` has no column `exampels`; did you mean `examples`? "
            "[policyspec.unknown-column]"
        ),
        "index.rst:19: unknown topic `honestly`; did you mean `Honesty`? [policyspec.unknown-topic]",
        "index.rst:22: `has` does not take `exampel`; did you mean `example`? [policyspec.invalid-option]",
        (
            "index.rst:23: `policy:principle-list` has no column `titel`; did you mean `title`? "
            "[policyspec.unknown-column]"
        ),
        (
            "index.rst:26: `lacks` does not take `prompt`; known are `bad`, `good`, `reference` "
            "[policyspec.invalid-option]"
        ),
        (
            "index.rst:28: `policy:graph` shows nothing; correct its filters, or set `:expect-rows: 0` "
            "[policyspec.empty-view]"
        ),
        "index.rst:35: the answer has 1 row, not 2 [policyspec.unexpected-rows]",
        "index.rst:39: `topic` is empty; name something [policyspec.invalid-option]",
        "index.rst:40: `mentions` takes no value, so not `yes` [policyspec.invalid-option]",
        "index.rst:43: `policy:matrix` has no option `topik`; did you mean `topic`? [policyspec.unknown-option]",
        "twin.md:5: unknown topic `hnesty`; did you mean `Honesty`? [policyspec.unknown-topic]",
    ]
    again = build(project_of(app))
    assert [line for line in warnings_in(again) if "[policyspec." in line] == said
    page = (app.outdir / "index.html").read_text("utf-8")
    assert '<p class="ps-problem">unknown level `usr`</p>' in page
    assert "Still here." in (app.outdir / "twin.html").read_text("utf-8")


def project_of(app: SphinxTestApp) -> Path:
    return Path(app.srcdir)


def test_pages_that_ask_the_same_are_answered_once(
    project: Project, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    select = KnowledgeBase.select

    def counting(self: KnowledgeBase, sparql: str) -> Answer:
        asked.append(sparql)
        return select(self, sparql)

    monkeypatch.setattr(KnowledgeBase, "select", counting)
    source = project("views")
    build(source)
    assert len(asked) == len(set(asked)) == 12  # of the 14 views two ask what another asks
    asked.clear()
    build(source)
    assert asked == []


EDITS = {
    "level": ("rules.rst", ":id: be_kind\n   :authority: user", ":id: be_kind\n   :authority: root"),
    "title": ("rules.rst", "No white lies\n---", "No white lie ever\n---"),
    "topic": ("rules.rst", ":topics: style", ":topics: honesty"),
    "reference": ("more.md", "Nothing stands", "See [](#be_kind). Nothing stands"),
    "verdict": ("rules.rst", "response:: good", "response:: ok"),
    "name of a level": ("index.rst", "level:: Reader", "level:: Visitor"),
    "name of a topic": ("index.rst", "topic:: White lies", "topic:: Kind lies"),
    "renamed id": ("more.md", ":id: no_harm", ":id: harm_none"),
    "a filter": ("shown.rst", ":overridable-by: user", ":overridable-by: operator"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_on_one_page_updates_the_views_on_others(
    restored: Restored, build: Build, written: Written, warnings_in: Warnings, edit: str
) -> None:
    fresh = None
    for parallel in (0, 2):
        folder = restored("views", parallel)
        before = written(folder / "kept" / "html")
        name, old, new = EDITS[edit]
        file = folder / "source" / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")
        again = build(folder / "source", out=folder / "kept", parallel=parallel)
        fresh = fresh or build(folder / "source", out=folder / "fresh")
        kept, clean = written(Path(again.outdir)), written(Path(fresh.outdir))
        assert (parallel, [page for page in clean if kept.get(page) != clean[page]]) == (parallel, [])
        assert kept["shown.html"] != before["shown.html"]
        assert warnings_in(again) == warnings_in(fresh)


def test_a_principle_that_moves_to_another_page_takes_its_links_along(
    project: Project, build: Build, written: Written
) -> None:
    source = project("views")
    build(source, out="kept")
    (source / "more.md").rename(source / "most.md")
    index = source / "index.rst"
    index.write_text(index.read_text("utf-8").replace("   more\n", "   most\n"), "utf-8")
    again, fresh = build(source, out="kept"), build(source, out="fresh")
    pages = [written(Path(app.outdir)) for app in (again, fresh)]
    assert pages[0] == pages[1]
    assert b"most.html#no_harm" in pages[0]["shown.html"]
