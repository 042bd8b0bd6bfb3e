"""Pages without ids in a project: read by their headings, with the levels that a sidecar gives them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.sphinx_ext.build import project
from tests.sphinx_ext.conftest import Build

CONF = """\
project = "Harbour"
extensions = ["sphinx_policyspec"]
root_doc = "charter"
policyspec_markdown = ["charter.md"]
policyspec_name = "harbour"
policyspec_annotations = ["charter.yaml"]
"""
SIDECAR = """\
reader: {skip: [Notes]}
levels:
  - {id: fixed, override: never}
  - {id: open, override: implicit, roles: [user]}
provisions:
  be_kind: {level: LEVEL}
"""


def test_a_page_is_read_by_its_headings_and_shows_the_levels_of_its_sidecar(
    tmp_path: Path, build: Build, warnings_in: Callable[[SphinxTestApp], list[str]]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF, "utf-8")
    text = "# Charter\n\nOurs. See [the rule](#be-kind).\n\n## Be kind\n\nBe kind.\n\n## Notes\n\n### Of ours\n\nNone.\n"
    (source / "charter.md").write_text(text, "utf-8")
    (source / "charter.yaml").write_text(SIDECAR.replace("LEVEL", "fixed"), "utf-8")
    app = build(source)
    assert warnings_in(app) == []
    page = (Path(app.outdir) / "charter.html").read_text("utf-8")
    assert 'id="be_kind"' in page
    assert 'id="of_ours"' not in page
    assert "ps-level-fixed" in page
    spec = project.read_project(source).spec
    assert (spec.name, {one.id: one.authority for one in spec.principles}) == (
        "harbour",
        {"be_kind": "fixed"},
    )
    assert "urn:policyspec:harbour:provision/" in (Path(app.outdir) / "spec.ttl").read_text("utf-8")

    (source / "charter.yaml").write_text(SIDECAR.replace("LEVEL", "open"), "utf-8")
    app = build(source)
    assert "ps-level-open" in (Path(app.outdir) / "charter.html").read_text("utf-8")
