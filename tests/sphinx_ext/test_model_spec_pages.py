"""Untouched Model Spec Markdown as a page of a project."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.model import Severity
from sphinx_policyspec.sphinx_ext.build.project import read_project

Build = Callable[..., SphinxTestApp]
Project = Callable[[str], Path]
Warnings = Callable[[SphinxTestApp], list[str]]


@pytest.fixture
def source(project: Project) -> Path:
    return project("model-spec")


@pytest.fixture
def app(source: Path, build: Build) -> SphinxTestApp:
    return build(source)


def page_of(app: SphinxTestApp, name: str = "upstream/model_spec") -> str:
    return (app.outdir / f"{name}.html").read_text(encoding="utf-8")


def test_the_page_builds_without_a_warning(app: SphinxTestApp, warnings_in: Warnings) -> None:
    assert warnings_in(app) == []


def test_headings_keep_their_ids_and_wear_their_levels(app: SphinxTestApp) -> None:
    page = page_of(app)
    assert 'id="be_kind"' in page
    assert re.search(r'id="keep_counsel".*?ps-level-root', page, re.DOTALL)
    assert "authority=" not in page


def test_titles_are_resolved_everywhere(app: SphinxTestApp) -> None:
    page = page_of(app)
    links = re.findall(r'<a class="reference internal" href="#keep_counsel"[^>]*>(.*?)</a>', page)
    shown = [re.sub("<.*?>", "", link) for link in links]
    assert (
        shown.count("Keep counsel Root") >= 4
    )  # prose, commentary, title of the example, violated principle
    assert "[?]" not in page


def test_nothing_in_the_text_is_live_myst(app: SphinxTestApp) -> None:
    page = page_of(app)
    assert "{role}" in page
    assert "% no comment" in page
    assert "(label)=" in page


def test_a_conversation_shows_its_parts_as_what_they_are(app: SphinxTestApp) -> None:
    page = page_of(app)
    assert "1 &lt; 2 &amp;&amp; 2 &gt; 1" in page
    assert "ps-untrusted" in page
    assert "ps-gap" in page
    assert "ps-attachment" in page
    assert 'class="math' in page
    assert "&lt;b&gt;No.&lt;/b&gt;" in page
    assert "[^ab12]" not in page


def test_prompts_and_companions_are_read_but_never_pages(app: SphinxTestApp) -> None:
    files = {path.relative_to(app.outdir).as_posix() for path in app.outdir.rglob("*.html")}
    assert not [name for name in files if "ab12" in name or "README" in name or "CHANGELOG" in name]
    assert not [name for name in files if "nobody may see" in (app.outdir / name).read_text(encoding="utf-8")]


def test_directives_and_the_page_land_in_one_graph(app: SphinxTestApp) -> None:
    read = read_project(Path(app.srcdir))
    spec, findings = read.spec, read.findings
    assert {finding.severity for finding in findings} == {Severity.HINT}
    assert [p.id for p in spec.principles] == ["be_kind", "keep_counsel", "be_brief"]
    assert [prompt.id for prompt in spec.prompts] == ["ab12/1"]
    assert spec.provision_by_id["be_kind"].span.file == "upstream/model_spec.md"
    assert spec.provision_by_id["be_kind"].span.line == 9
    turtle = (app.outdir / "spec.ttl").read_text(encoding="utf-8")
    assert "provision:be_brief" in turtle
    assert "provision:keep_counsel" in turtle


def test_myst_links_of_other_pages_lead_to_it(app: SphinxTestApp) -> None:
    page = page_of(app, "ours")
    assert re.search(r'href="upstream/model_spec.html#be_kind"[^>]*>(<.*?>)*Be kind', page)
    assert re.search(r'href="upstream/model_spec.html#be_kind"[^>]*>(<.*?>)*the kind one', page)


def test_a_finding_names_the_line_of_the_file(source: Path, build: Build, warnings_in: Warnings) -> None:
    page = source / "upstream" / "model_spec.md"
    text = page.read_text(encoding="utf-8").replace("[?](#keep_counsel) and", "[?](#keep_consel) and")
    page.write_text(text, encoding="utf-8")
    (warning,) = warnings_in(build(source))
    assert warning.startswith("upstream/model_spec.md:11: ")
    assert "did you mean `keep_counsel`?" in warning
    assert "[policyspec.dangling-reference]" in warning


def test_a_new_prompt_file_is_noticed(source: Path, build: Build, warnings_in: Warnings) -> None:
    build(source)
    added = source / "upstream" / "examples" / "zz99.md"
    added.write_text("Examples for [^zz99] in Manners:\n", encoding="utf-8")
    assert "no provision has the eval tag `zz99`" in " ".join(warnings_in(build(source)))


@pytest.mark.parametrize("builder", ["latex", "text", "man", "epub", "texinfo", "xml", "gettext"])
def test_every_builder_builds_it(source: Path, build: Build, warnings_in: Warnings, builder: str) -> None:
    assert warnings_in(build(source, builder)) == []
