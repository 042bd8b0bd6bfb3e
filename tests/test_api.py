"""The calls that people script with."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph

SPEC = "# Be kind {#be_kind authority=user}\n\nBe kind.\n"


def test_load_and_ask(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(SPEC, encoding="utf-8")
    spec = sphinx_policyspec.load(tmp_path)
    assert [p.id for p in spec.principles] == ["be_kind"]
    assert sphinx_policyspec.ask(spec, "principles-by-level").texts == (("be_kind", "Be kind", "user"),)
    assert sphinx_policyspec.select(spec, "ASK { ?p a ps:Principle }").texts == (("true",),)


def test_a_release_survives_the_graph(release_dir: Path) -> None:
    spec = sphinx_policyspec.load(release_dir)
    assert from_graph(to_graph(spec)) == spec


def test_the_root_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        sphinx_policyspec.lod  # noqa: B018


def test_a_folder_without_a_spec_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read: expected a folder with model_spec\.md"):
        sphinx_policyspec.load(tmp_path)
