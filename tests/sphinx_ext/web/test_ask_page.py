"""What the page "Ask the spec" brings into a site, and that nothing of it is there without the option."""

from __future__ import annotations

import base64
import gzip
import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path

from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph.questions import list_questions
from tests.conftest import REPOSITORY

Build = Callable[..., SphinxTestApp]
Written = Callable[[Path], dict[str, bytes]]


def switch(source: Path, *, on: bool) -> None:
    """Set the option of a project."""
    conf = source / "conf.py"
    text = re.sub(r"policyspec_ask_page.*\n", "", conf.read_text("utf-8"))
    conf.write_text(f"{text}policyspec_ask_page = {on}\n", "utf-8")


def test_the_engine_is_that_of_the_package_byte_for_byte() -> None:
    runpy.run_path(str(REPOSITORY / "tools" / "vendor_oxigraph.py"))["check"]()


def test_the_page_holds_every_question_to_one_spec_and_its_files_engine_and_graph(
    spec_source: Path, build: Build
) -> None:
    switch(spec_source, on=True)
    out = Path(build(spec_source).outdir)
    page = (out / "policy-ask.html").read_text("utf-8")
    of_one = [question.name for question in list_questions() if not question.over]
    listed = re.findall(r'data-question="([^"]*)"', page)
    assert listed[0] == "overridable-by"
    assert sorted(listed) == of_one
    engine = (out / "policyspec-ask" / "engine.js").read_text("utf-8")
    code, wasm = json.loads(engine.removeprefix("self.policyspecEngine=").rstrip().removesuffix(";"))
    assert not re.search(r"^(export|import)\b|import\.meta", code, re.MULTILINE)
    assert gzip.decompress(base64.b64decode(wasm))[:4] == b"\0asm"
    graph = (out / "policyspec-ask" / "graph.js").read_text("utf-8").partition('"')[2].rpartition('"')[0]
    lines = gzip.decompress(base64.b64decode(graph)).decode().splitlines()
    assert lines == sorted(set(lines))
    assert any("ontology" not in line and "HardRule" in line for line in lines)


def test_a_reference_leads_to_the_page(
    spec_source: Path, build: Build, warnings_in: Callable[..., list[str]]
) -> None:
    switch(spec_source, on=True)
    with (spec_source / "first.rst").open("a", encoding="utf-8") as file:
        file.write("\nSee :ref:`policy-ask`.\n")
    app = build(spec_source)
    assert 'href="policy-ask.html"><span class="std std-ref">Ask the spec</span>' in (
        app.outdir / "first.html"
    ).read_text("utf-8")
    assert [line for line in warnings_in(app) if "undefined label" in line] == []


def test_rebuilds_equal_fresh_builds_with_and_without_the_page(
    spec_source: Path, build: Build, written: Written
) -> None:
    def files(out: str) -> dict[str, bytes]:
        found = written(Path(build(spec_source, out=out).outdir))
        return {name: data for name, data in found.items() if not name.endswith(".bak")}

    plain = files("plain")
    assert not any("ask" in name for name in plain)
    switch(spec_source, on=True)
    second = spec_source / "second.rst"
    second.write_text(second.read_text("utf-8").replace("Be brief\n", "Be terse\n"), "utf-8")
    assert files("plain") == files("fresh")
    switch(spec_source, on=False)
    second.write_text(second.read_text("utf-8").replace("Be terse\n", "Be brief\n"), "utf-8")
    assert files("plain") == plain


def test_other_builders_have_no_such_page(spec_source: Path, build: Build) -> None:
    switch(spec_source, on=True)
    for builder in ("text", "epub", "latex"):
        assert not list(Path(build(spec_source, builder).outdir).rglob("*ask*"))
