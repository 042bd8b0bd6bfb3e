"""The sidecar for the Model Spec inside a project that shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]

UPSTREAM = (
    "# Principles {#general_principles}\n\nGeneral things.\n\n## Rule {#be_kind authority=user}\n\nBe kind.\n"
)


@pytest.fixture
def source(project: Project) -> Path:
    folder = project("model-spec")
    (folder / "upstream" / "model_spec.md").write_text(UPSTREAM, "utf-8")
    (folder / "ours.md").write_text("# Ours\n\n```{policy:query}\n:question: levels-by-topic\n```\n", "utf-8")
    (folder / "index.rst").write_text(
        "Home\n====\n\n.. toctree::\n\n   ours\n   upstream/model_spec\n", "utf-8"
    )
    return folder


def with_sidecar(folder: Path, *names: str) -> None:
    conf = folder / "conf.py"
    conf.write_text(f"{conf.read_text('utf-8')}\npolicyspec_annotations = {list(names)!r}\n", "utf-8")


def test_a_project_has_topics_of_its_own_alone_unless_it_asks(source: Path) -> None:
    assert ps.load(source).topics == ()
    with_sidecar(source, "model-spec")
    loaded = ps.load_checked(source)
    assert {"honesty", "safety"} <= set(loaded.spec.topic_by_id)
    assert "safety" in loaded.spec.provision_by_id["general_principles"].topics
    # Most of its ids are those of other releases, and no findings.
    assert not [finding for finding in loaded.findings if finding.code == "stale-annotation"]


def test_a_sidecar_of_ones_own_adds_to_it(source: Path) -> None:
    (source / "own.yaml").write_text(
        "topics: [{id: manners, broader: helpfulness}]\nprovisions: {be_kind: {topics: manners}, be_knd: {}}\n",
        "utf-8",
    )
    with_sidecar(source, "model-spec", "own.yaml")
    loaded = ps.load_checked(source)
    assert {"manners", "emotional-tone"} <= set(loaded.spec.provision_by_id["be_kind"].topics)
    assert "no provision `be_knd`" in [finding.message for finding in loaded.findings]


def test_asking_for_it_is_an_edit_that_a_rebuild_sees(
    source: Path, build: Build, written: Callable[[Path], dict[str, bytes]]
) -> None:
    before = (build(source, out="kept").outdir / "ours.html").read_text("utf-8")
    with_sidecar(source, "model-spec")
    again = build(source, out="kept")
    fresh = build(source, out="fresh")
    assert (again.outdir / "ours.html").read_text("utf-8") != before
    ours, theirs = written(again.outdir), written(fresh.outdir)
    assert {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)} <= {".buildinfo.bak"}
