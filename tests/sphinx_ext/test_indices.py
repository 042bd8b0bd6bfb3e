"""Indices, tables of contents, search, and links to plain sections in answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

Build = Callable[..., SphinxTestApp]
INDEX = """Spec
====

.. toctree::

   page

.. policy:topic:: Honesty

.. policy:topic:: Unused

.. policy:query::
   :columns: id

   PREFIX ps: <https://w3id.org/policyspec#>
   PREFIX dcterms: <http://purl.org/dc/terms/>
   SELECT ?id { ?x a ps:Section ; dcterms:identifier ?id ; ps:order ?order } ORDER BY ?id
"""
PAGE = """# Page

## Plain part

```{policy:principle} Be honest
:topics: honesty
:authority: user

:::{policy:example} A *plain* answer
:::{policy:message} user
Hello.
:::
```
"""
PAGE = PAGE.replace(":::{policy:example}", "::::{policy:example}").replace(":::\n```", ":::\n::::\n```")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    source = tmp_path / "small"
    source.mkdir()
    conf = "extensions = ['myst_parser', 'sphinx_policyspec']\nmyst_enable_extensions = ['colon_fence']\n"
    (source / "conf.py").write_text(conf, "utf-8")
    (source / "index.rst").write_text(INDEX, "utf-8")
    (source / "page.md").write_text(PAGE, "utf-8")
    return source


def test_principles_are_indexed_by_topic_and_examples_by_title(small: Path, build: Build) -> None:
    app = build(small)
    topics = (app.outdir / "policy-topics.html").read_text("utf-8")
    assert "Honesty" in topics
    assert "Unused" not in topics
    assert 'href="page.html#be-honest"' in topics
    examples = (app.outdir / "policy-examples.html").read_text("utf-8")
    assert 'href="page.html#example-be-honest-a-plain-answer"' in examples


def test_prompts_that_are_shown_are_indexed_with_their_text(small: Path, build: Build) -> None:
    prompt = "\n.. policy:prompt:: {0} <i>one</i>\n   :tests: be-honest{1}\n\n   .. policy:message:: user\n\n      Say *{0}*.\n"
    index = small / "index.rst"
    index.write_text(INDEX + prompt.format("Hidden", "") + prompt.format("Shown", "\n   :show:"), "utf-8")
    app = build(small)
    page = (app.outdir / "policy-prompts.html").read_text("utf-8")
    assert re.search(r'href="index.html#prompt-[\w-]+">Shown &lt;i&gt;one&lt;/i&gt;</a>', page)
    turn = page.partition("Shown &lt;i&gt;")[2]
    assert re.sub(r"<[^>]+>", " ", turn).split()[1:4] == ["User", "Say", "Shown."]
    assert turn.index("ps-message") < turn.index("User")
    assert "Hidden" not in page
    index.write_text(INDEX + prompt.format("Hidden", ""), "utf-8")
    assert "policy-prompts" not in (build(small, out="none").outdir / "index.html").read_text("utf-8")


def test_labels_of_topics_are_text_in_their_index(small: Path, build: Build) -> None:
    index = (small / "index.rst").read_text("utf-8")
    (small / "index.rst").write_text(
        index.replace("topic:: Honesty", "topic:: <script>alert(1)</script> & co\n   :id: honesty"), "utf-8"
    )
    page = (build(small).outdir / "policy-topics.html").read_text("utf-8")
    heading = "&lt;script&gt;alert(1)&lt;/script&gt;\N{NO-BREAK SPACE}&amp;\N{NO-BREAK SPACE}co"
    assert f'id="cap-{heading}"' in page
    assert "<script>alert" not in page


def test_topics_of_a_sidecar_are_indexed_and_follow_its_edits(small: Path, build: Build) -> None:
    sidecar = small / "notes.yaml"
    line = "{topics: [{id: care, label: Care}], provisions: {be-honest: {topics: [care]}}}\n"
    sidecar.write_text(line, "utf-8")
    with (small / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("policyspec_annotations = ['notes.yaml']\n")
    app = build(small)
    assert "Care" in (app.outdir / "policy-topics.html").read_text("utf-8")
    sidecar.write_text(line.replace("label: Care", "label: Concern"), "utf-8")
    again = build(small)
    assert "Concern" in (again.outdir / "policy-topics.html").read_text("utf-8")


def test_examples_stand_in_the_contents_of_their_page_unless_the_project_says_no(
    small: Path, build: Build
) -> None:
    with (small / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("html_theme = 'basic'\n")
    app = build(small)
    entry = '<a class="reference internal" href="#example-be-honest-a-plain-answer">A plain answer</a>'
    page = (app.outdir / "page.html").read_text("utf-8")
    contents = page[page.index("Table of Contents") :]
    assert contents.index('href="#be-honest"') < contents.index(entry) < contents.index("</ul>")
    # Not in those of other pages, which would grow with every example of the project.
    assert "A plain answer" not in app.env.tocs["page"].astext()
    with (small / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("toc_object_entries = False\n")
    fresh = build(small, out="without")
    assert entry not in (fresh.outdir / "page.html").read_text("utf-8")


def test_our_own_search_finds_what_that_of_sphinx_would_lead_nowhere(small: Path, build: Build) -> None:
    """Where an object has a title, Sphinx makes its anchor of that."""
    app = build(small)
    text = (app.outdir / "searchindex.js").read_text("utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    assert "policy" not in {names[0] for names in index["objnames"].values()}
    data = (app.outdir / "policyspec-data.js").read_text("utf-8")
    items = json.loads(data.removeprefix("window.policyspecData=").rstrip(";\n"))["items"]
    assert {"Be honest", "A plain answer"} <= {title for _kind, title, *_rest in items.values()}


def test_answers_link_plain_sections_too(small: Path, build: Build) -> None:
    app = build(small)
    page = re.sub(r"</?(span|p)[^>]*>", "", (app.outdir / "index.html").read_text("utf-8"))
    assert re.search(r'href="page\.html#plain-part"[^>]*>plain-part</a>', page)
    assert re.search(r'href="page\.html#page"[^>]*>page</a>', page)


def test_topics_are_inherited_in_their_index_and_sections_are_named(small: Path, build: Build) -> None:
    text = (small / "index.rst").read_text("utf-8").replace(":: Unused", ":: Unused\n   :broader: honesty")
    text = text.replace(":: Honesty", ":: Honesty\n   :broader: character\n\n.. policy:topic:: Character")
    (small / "index.rst").write_text(text, "utf-8")
    page = "# Page\n\n## Be plain\n\n```{policy:principle}\n:topics: honesty\n:authority: user\n```\n\n### Why & how\n\nSo.\n"
    (small / "page.md").write_text(page, "utf-8")
    app = build(small)
    shown = (app.outdir / "policy-topics.html").read_text("utf-8")
    for label in ("Character", "Honesty"):
        part = shown.partition(f'id="cap-{label}"')[2].partition("</section>")[0]
        found = re.findall(r'href="([^"]*)">(.*?)</a>( <em>.*?</em>)?', part)
        assert found == [
            ("page.html#be-plain", "Be plain", ""),
            ("page.html#why-how", "Why &amp; how", " <em>(section)</em>"),
        ]


def test_a_title_in_an_answer_leads_to_its_principle_where_no_column_has_the_id(
    small: Path, build: Build
) -> None:
    asked = "\n.. policy:query:: principles-by-level\n   :columns: title level\n"
    (small / "index.rst").write_text(INDEX + asked, "utf-8")
    table = (build(small).outdir / "index.html").read_text("utf-8").rpartition("<table")[2]
    assert re.search(r'<a class="reference internal" href="page.html#be-honest">[^/]*Be honest<', table), (
        table
    )


def test_each_index_leads_to_the_others_and_the_search_to_all_of_them(small: Path, build: Build) -> None:
    out = build(small).outdir
    names = {file.name for file in out.glob("policy-*.html")}
    assert len(names) > 2
    for name in names:
        nav = re.search(r'<nav class="ps-indices".*?</nav>', (out / name).read_text("utf-8"))
        assert nav
        assert {*re.findall(r'href="(policy-.*?)"', nav[0])} == names - {name}
    search = (out / "search.html").read_text("utf-8")
    place = search[search.index('<div class="ps-search">') : search.index('id="search-results"')]
    assert names <= {*re.findall(r'<a href="(.*?)">', place.partition("<noscript>")[2])}
    # A second build inserts nothing twice.
    (small / "index.rst").touch()
    build(small)
    assert (out / "search.html").read_text("utf-8").count("ps-search") == search.count("ps-search")


def test_a_site_of_one_page_has_no_links_to_pages_that_it_does_not_write(small: Path, build: Build) -> None:
    out = build(small, "singlehtml").outdir
    page = (out / "index.html").read_text("utf-8")
    led = {address.partition("#")[0] for address in re.findall(r' (?:href|action)="([^":]*)"', page)}
    assert {address for address in led if address and not (out / address.partition("?")[0]).exists()} == set()
