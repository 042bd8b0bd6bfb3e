"""What pages may do besides declaring: include files, hide parts, be translated, be annotated, ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.model import Commentary, Prose
from sphinx_policyspec.sphinx_ext.build.project import read_project
from sphinx_policyspec.sphinx_ext.spec import Knowledge

Warnings = Callable[[SphinxTestApp], list[str]]


@pytest.mark.parametrize("cwd", [".", "..", "/"])
@pytest.mark.sphinx("html", testroot="include", freshenv=True)
def test_what_is_included_keeps_the_lines_of_its_own_file(
    app: SphinxTestApp, warnings_in: Warnings, monkeypatch: pytest.MonkeyPatch, cwd: str
) -> None:
    monkeypatch.chdir(Path(app.srcdir, cwd))  # docutils names files as seen from there
    app.build()
    assert sorted(warnings_in(app)) == [
        "index.rst:12: unknown provision `nobody`; known are `be_fair`, `be_kind`, `include` [policyspec.dangling-reference]",
        "parts/kind.txt:3: unknown level `usr`; did you mean `user`? [policyspec.unknown-level]",
        "parts/kind.txt:5: unknown provision `be_far`; did you mean `be_fair`? [policyspec.dangling-reference]",
    ]
    spec = Knowledge().spec(app.env)
    assert [(p.id, p.span.file, p.span.line, p.text) for p in spec.principles] == [
        ("be_kind", "parts/kind.txt", 1, "Kind, see :policy:principle:`be_far`."),
        ("be_fair", "index.rst", 8, "Fair, see :policy:principle:`nobody`."),
    ]


INCLUDING = {
    "rst": (
        "Top\n===\n\nBefore.\n\n.. include:: /parts/part.txt\n   :start-after: begin\n\nAfter.\n",
        (
            ".. begin\n\nShared words.\n\n.. policy:commentary::\n\n   Aside.\n\nMore, see below.\n\n"
            ".. include:: /parts/deep.txt\n\nLast shared.\n"
        ),
    ),
    "md": (
        "# Top\n\nBefore.\n\n```{include} parts/part.txt\n```\n\nAfter.\n",
        (
            "% begin\n\nShared words.\n\n```{policy:commentary}\nAside.\n```\n\nMore, see below.\n\n"
            "```{include} parts/deep.txt\n```\n\nLast shared.\n"
        ),
    ),
}


@pytest.mark.parametrize("suffix", INCLUDING)
def test_words_of_included_files_are_text_in_their_place(
    tmp_path: Path, build: Callable[..., SphinxTestApp], warnings_in: Warnings, suffix: str
) -> None:
    page, part = INCLUDING[suffix]
    source = tmp_path / "source"
    (source / "parts").mkdir(parents=True)
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'sphinx_policyspec']\nexclude_patterns = ['parts']", "utf-8"
    )
    (source / f"index.{suffix}").write_text(page, "utf-8")
    (source / "parts" / "part.txt").write_text(part, "utf-8")
    (source / "parts" / "deep.txt").write_text("Deep words.\n", "utf-8")
    app = build(source, "dummy")
    assert [line for line in warnings_in(app) if "no-principle" not in line] == []
    (section,) = Knowledge().spec(app.env).provisions
    assert [block.text for block in section.blocks if isinstance(block, Prose | Commentary)] == [
        "Before.",
        "Shared words.",
        "Aside.",
        "More, see below.",
        "Deep words.",
        "Last shared.",
        "After.",
    ]
    assert section.blocks[1].span.file == "parts/part.txt"


@pytest.mark.parametrize(("tags", "ids"), [([], ["seen"]), (["draft"], ["hidden", "seen"])])
def test_what_a_build_hides_is_not_in_its_graph(
    make_app: Callable[..., SphinxTestApp], rootdir: Path, tmp_path: Path, tags: list[str], ids: list[str]
) -> None:
    app = make_app("html", srcdir=rootdir / "test-only", builddir=tmp_path, tags=tags)
    app.build()
    spec = Knowledge().spec(app.env)
    assert [principle.id for principle in spec.principles] == ids
    assert [type(block).__name__ for block in spec.provisions[0].blocks][-1] == "Commentary"
    assert ("A draft." in spec.provisions[0].text) is bool(tags)


@pytest.mark.parametrize("rest", ["", "\n.. policy:principle:: Seen\n   :authority: user\n\n   Text.\n"])
def test_a_question_that_a_build_hides_is_not_asked(
    tmp_path: Path, build: Callable[..., SphinxTestApp], warnings_in: Warnings, rest: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']", "utf-8")
    (source / "index.rst").write_text(
        f"Top\n===\n{rest}\n.. only:: draft\n\n   .. policy:query:: no-such-question\n\n"
        ".. policy:query:: principles-by-level\n   :columns: id, nothing\n",
        "utf-8",
    )
    (only,) = warnings_in(build(source, out="kept"))
    assert only.endswith(
        "the answer has no column `nothing`; known are `id`, `level`, `title` [policyspec.unknown-column]"
    )
    again, fresh = build(source, out="kept", tags=["draft"]), build(source, out="fresh", tags=["draft"])
    assert warnings_in(again) == warnings_in(fresh)
    assert any("`no-such-question`" in line for line in warnings_in(fresh))


@pytest.mark.sphinx("html", testroot="translated", freshenv=True)
def test_titles_and_notes_are_translated_and_the_model_is_not(app: SphinxTestApp) -> None:
    app.build()
    page = (app.outdir / "index.html").read_text("utf-8")
    for text in ("Sei freundlich", "Ein Gruß", "Sie grüßt.", "Freundliche Worte, siehe"):
        assert text in page
    assert page.count('href="#be_kind"') > 1
    assert '<span class="xref policy policy-principle">Sei freundlich</span>' in page
    spec = Knowledge().spec(app.env)
    assert [principle.title for principle in spec.principles] == ["Be kind", "Be true"]
    assert spec.examples[0].title == "A greeting"
    assert spec.examples[0].responses[0].note == "It greets."


@pytest.mark.sphinx("html", testroot="sidecar", freshenv=True)
def test_a_sidecar_adds_topics_and_its_own_mistakes_are_named(
    app: SphinxTestApp, warnings_in: Warnings
) -> None:
    app.build()
    assert warnings_in(app) == [
        "notes.yaml:7: no provision `be_knd`; did you mean `be_kind`? [policyspec.stale-annotation]"
    ]
    page = (app.outdir / "index.html").read_text("utf-8")
    assert "<p>asserted</p>" in page


def test_former_ids_of_a_sidecar_are_anchors_and_can_be_referred_to(
    project: Callable[[str], Path], build: Callable[..., SphinxTestApp], warnings_in: Warnings
) -> None:
    source = project("sidecar")
    (source / "notes.yaml").write_text("provisions: {be_kind: {aliases: [be_gentle]}}\n", "utf-8")
    with (source / "index.rst").open("a", encoding="utf-8") as file:
        file.write("\nSee :policy:principle:`be_gentle`.\n")
    app = build(source)
    page = (app.outdir / "index.html").read_text("utf-8")
    assert [line for line in warnings_in(app) if "be_gentle" in line and "outdated" not in line] == []
    assert 'id="be_gentle"' in page
    assert 'href="#be_kind"' in page
    assert "be_gentle" in {row[0] for row in app.env.get_domain("policy").get_objects()}


def test_an_edited_sidecar_changes_the_answers_on_pages(
    project: Callable[[str], Path], build: Callable[..., SphinxTestApp]
) -> None:
    source = project("sidecar")
    build(source)
    notes = source / "notes.yaml"
    notes.write_text(notes.read_text("utf-8").replace("  be_kind:\n    topics: [manners]\n", ""), "utf-8")
    page = (build(source).outdir / "index.html").read_text("utf-8")
    # What the misspelt id says is read as it was meant.
    assert page.count("asserted") == 1
    notes.write_text(notes.read_text("utf-8").partition("provisions:")[0], "utf-8")
    assert "asserted" not in (build(source).outdir / "index.html").read_text("utf-8")


def test_answers_stand_on_the_page_with_links(
    rootdir: Path, make_app: Callable[..., SphinxTestApp], tmp_path: Path
) -> None:
    app = make_app("html", srcdir=rootdir / "test-builders", builddir=tmp_path)
    app.build()
    page = (app.outdir / "answers.html").read_text("utf-8")
    assert (
        '<a class="reference internal" href="principles.html#be_kind"><span class="ps-id">be_kind</span></a>'
        in page
    )
    assert (
        '<a class="reference internal" href="index.html#level-root"><span class="ps-id">root</span></a>'
        in page
    )
    assert '<p class="ps-count">4</p>' in page
    assert page.count('class="ps-answer') == 3
    unknown_columns = page.rpartition("<table")[2]
    assert 'href="principles.html#be_honest"' in unknown_columns


def test_a_label_makes_a_section_a_provision_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']", "utf-8")
    (tmp_path / "index.rst").write_text(
        "Top\n===\n\n.. _the_part:\n\nPart\n----\n\nText, see :ref:`the_part`.\n\n.. policy:commentary::\n\n   Aside.\n",
        "utf-8",
    )
    read = read_project(tmp_path)
    spec, findings = read.spec, read.findings
    assert [finding.code for finding in findings] == ["no-principle"]
    assert [(p.id, p.parent) for p in spec.provisions] == [("top", None), ("the_part", "top")]
    assert [(r.source, r.target) for r in spec.references] == [("the_part", "the_part")]


def test_ids_that_no_author_chose_stay_apart(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']", "utf-8")
    (tmp_path / "index.rst").write_text("Top\n===\n\n.. toctree::\n\n   a\n   b\n", "utf-8")
    page = "Page\n====\n\nOverview\n--------\n\n.. policy:commentary::\n\n   Aside.\n"
    for name in ("a", "b"):
        (tmp_path / f"{name}.rst").write_text(page, "utf-8")
    read = read_project(tmp_path)
    spec, findings = read.spec, read.findings
    assert [finding.code for finding in findings] == ["no-principle"]
    assert [(p.id, p.parent) for p in spec.provisions] == [
        ("page", None),
        ("overview", "page"),
        ("b-page", None),
        ("b-overview", "b-page"),
    ]


def test_a_badge_ends_the_heading_before_its_permalink(
    rootdir: Path, make_app: Callable[..., SphinxTestApp], tmp_path: Path
) -> None:
    app = make_app("html", srcdir=rootdir / "test-builders", builddir=tmp_path)
    app.build()
    page = (app.outdir / "principles.html").read_text("utf-8")
    heading = page.partition("<h2>Be honest")[2].partition("</h2>")[0]
    badge, _, permalink = heading.partition('<a class="headerlink"')
    assert badge == (
        ' <span class="ps-badge ps-level-root"><button type="button" popovertarget="ps-says-0" '
        'popovertargetaction="show" aria-describedby="ps-says-0-words" '
        'title="Root level: no message may override it." class="ps-badge-line">'
        '<span class="ps-badge-label">Authority: </span><span class="ps-badge-level">Root</span></button></span>'
    )
    assert 'href="#be_honest"' in permalink
    assert "Authority" not in (app.outdir / "searchindex.js").read_text("utf-8")


def test_a_table_that_may_be_too_wide_scrolls_by_keyboard(
    build: Callable[..., SphinxTestApp], tmp_path: Path
) -> None:
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']", "utf-8")
    table = "   .. policy:message:: user\n\n      === ===\n      a   b<\n      === ===\n      1   2\n      === ===\n"
    example = f".. policy:example:: A table\n\n{table}\n"
    query = ".. policy:query:: principles-by-level\n"
    (tmp_path / "index.rst").write_text(
        f"Top\n===\n\n.. policy:principle::\n   :authority: user\n\n{example}{query}", "utf-8"
    )
    page = (build(tmp_path).outdir / "index.html").read_text("utf-8")
    regions = [part.partition(">")[0] for part in page.split("<div ") if 'role="region"' in part]
    assert [region.partition('aria-label="')[2].partition('"')[0] for region in regions] == [
        "Table: a, b&lt;",
        "Table: id, title, level",
    ]
    assert all('tabindex="0"' in region for region in regions)


RST_TITLES = """\
On :policy:topic:`tact`
=======================

.. policy:principle:: Be kind
   :id: be_kind
   :authority: user

.. policy:topic:: Tact
   :id: tact

.. policy:example:: Where :policy:principle:`be_kind` meets :policy:principle:`the rest <be_kind>`

   .. policy:message:: user

      Hello.
"""
MYST_TITLES = """\
# On {policy:topic}`tact`

```{policy:principle} Be kind
:id: be_kind
:authority: user
```

```{policy:topic} Tact
:id: tact
```

~~~{policy:example} Where [](#be_kind) meets {policy:principle}`the rest <be_kind>`
```{policy:message} user
Hello.
```
~~~
"""


@pytest.mark.parametrize(("suffix", "page"), [("rst", RST_TITLES), ("md", MYST_TITLES)])
def test_titles_in_the_graph_show_the_titles_that_they_refer_to(
    tmp_path: Path, build: Callable[..., SphinxTestApp], suffix: str, page: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']", "utf-8")
    (source / f"index.{suffix}").write_text(page, "utf-8")
    spec = Knowledge().spec(build(source, "dummy").env)
    assert [provision.title for provision in spec.provisions] == ["On Tact", "Be kind"]
    assert [(example.title, example.id) for example in spec.examples] == [
        ("Where Be kind meets the rest", "on-tact-where-be-kind-meets-the-rest")
    ]
