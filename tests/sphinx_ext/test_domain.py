"""The domain: links of every kind, the inventory, the index, and what is left to others."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp
from sphinx.util.inventory import InventoryFile

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.spec import Knowledge


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_every_kind_of_link_leads_to_its_target(app: SphinxTestApp) -> None:
    app.build()
    assert app.warning.getvalue() == ""
    page = re.sub(r"</?(span|code)[^>]*>", "", (app.outdir / "index.html").read_text("utf-8"))
    links = re.findall(r'<a class="reference internal" href="kind\.html#([^"]+)"[^>]*>([^<]+)</a>', page)
    assert links[:8] == [
        ("be_kind", "Be “kind” User"),
        ("be_kind", "Be “kind” User"),
        ("be_kind", "kindly"),
        ("be_kind", "Be “kind” User"),
        ("part", "A part"),
        ("definition-kindness", "Kindness"),
        ("topic-manners", "Manners"),
        ("example-be_kind-hello", "Hello"),
    ]


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_plain_links_of_myst_find_our_objects(app: SphinxTestApp) -> None:
    app.build()
    page = re.sub(r"</?span[^>]*>", "", (app.outdir / "kind.html").read_text("utf-8"))
    links = re.findall(r'<a class="reference internal" href="#([^"]+)"[^>]*>([^<]+)</a>', page)
    wanted = {
        ("be_kind", "Be “kind” User"),
        ("be_kind", "word"),
        ("definition-kindness", "Kindness"),
        ("example-be_kind-hello", "Hello"),
        ("part", "A part"),
    }
    assert wanted <= set(links)
    assert 'id="gentle"' in (app.outdir / "kind.html").read_text("utf-8")


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_plain_links_to_our_objects_are_references_of_the_spec(app: SphinxTestApp) -> None:
    app.build()
    found = [(r.source, r.target, r.target_kind) for r in Knowledge().spec(app.env).references]
    assert found == [
        ("be_kind", "be_kind", TargetKind.PROVISION),
        ("be_kind", "gentle", TargetKind.PROVISION),
        ("be_kind", "kindness", TargetKind.DEFINITION),
        ("be_kind", "part", TargetKind.PROVISION),
        ("be_kind", "be_kind-hello", TargetKind.EXAMPLE),
    ]


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_the_inventory_lists_every_object(app: SphinxTestApp) -> None:
    app.build()
    data = BytesIO((app.outdir / "objects.inv").read_bytes())
    inventory = InventoryFile.load(data, "", lambda _base, location: location)
    ours = {name: set(entries) for name, entries in inventory.items() if name.startswith("policy:")}
    assert ours == {
        "policy:principle": {"be_kind", "gentle"},
        "policy:section": {"part"},
        "policy:term": {"kindness"},
        "policy:topic": {"manners"},
        "policy:example": {"be_kind-hello"},
    }
    assert inventory["policy:principle"]["be_kind"].uri == "kind.html#be_kind"


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_principles_are_indexed_by_level_and_found_by_search(app: SphinxTestApp) -> None:
    app.build()
    index = (app.outdir / "policy-levels.html").read_text("utf-8")
    assert "User" in index
    assert 'href="kind.html#be_kind"' in index
    assert "kind" in (app.outdir / "searchindex.js").read_text("utf-8")


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_the_badge_stays_out_of_titles(app: SphinxTestApp) -> None:
    app.build()
    assert app.env.titles["kind"].astext() == "Be “kind”"
    assert "User" not in app.env.tocs["kind"].astext()


@pytest.mark.sphinx("html", testroot="links", freshenv=True)
def test_no_doctree_keeps_model_objects(app: SphinxTestApp) -> None:
    app.build()
    for docname in app.env.all_docs:
        data = (app.doctreedir / f"{docname}.doctree").read_bytes()
        assert b"sphinx_policyspec.model" not in data


@pytest.mark.sphinx("html", testroot="outside", freshenv=True)
def test_a_page_without_directives_is_no_part_of_the_spec(app: SphinxTestApp) -> None:
    app.build()
    spec = Knowledge().spec(app.env)
    assert [provision.id for provision in spec.provisions] == ["be_kind"]
    assert spec.references == ()
    text = app.warning.getvalue()
    assert "index.rst:4: WARNING: unknown provision `lost`" in text
    assert text.count("dangling-reference") == 1


def test_references_into_another_project_are_found_and_reported_only_if_lost(
    project: Callable[[str], Path], build: Callable[..., SphinxTestApp], warnings_in: Callable[..., list[str]]
) -> None:
    upstream = build(project("links"), out="upstream")
    source = project("outside")
    inventory = (upstream.outdir / "objects.inv").as_posix()
    with (source / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("extensions.append('sphinx.ext.intersphinx')\n")
        conf.write(f"intersphinx_mapping = {{'up': ('https://example.org/', {inventory!r})}}\n")
    page = source / "index.rst"
    text = page.read_text("utf-8").replace(
        "`lost`", "`gentle` :policy:topic:`up:manners` :policy:topic:`maners`"
    )
    page.write_text(text, "utf-8")
    app = build(source, out="downstream")
    shown = (app.outdir / "index.html").read_text("utf-8")
    assert 'href="https://example.org/kind.html#be_kind"' in shown
    assert 'href="https://example.org/kind.html#topic-manners"' in shown
    assert [line for line in warnings_in(app) if "dangling" in line] == [
        "index.rst:4: unknown topic `maners`; the spec has no topic; declare it [policyspec.dangling-reference]"
    ]
