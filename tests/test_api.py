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
    assert sphinx_policyspec.ask(spec, "principles-by-authority").texts == (("be_kind", "Be kind", "user"),)
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


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "docs/manner.md",
            "`docs/manner.md` is a page of a Sphinx project; `conf.py` lies in `docs`: name that folder",
        ),
        ("docs/part/more.md", "is a page of a Sphinx project; `conf.py` lies in `docs`: name that folder"),
        ("docs/part", "`docs/part` cannot be read: `conf.py` lies in `docs`: name that folder"),
        (".", "`.` cannot be read: `conf.py` lies in `docs`: name `docs`"),
        ("alone.rst", "`alone.rst` is a page of a Sphinx project; name the folder of its `conf.py`"),
    ],
)
def test_what_a_project_reads_is_not_read_alone(
    source: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "# Manners\n\n```{policy:principle}\n:id: be_kind\n:authority: user\n```\n\nBe kind.\n"
    (tmp_path / "docs" / "part").mkdir(parents=True)
    for name, text in {
        "docs/conf.py": "",
        "docs/manner.md": page,
        "docs/part/more.md": page,
        "alone.rst": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as raised:
        sphinx_policyspec.load(source)
    assert said in str(raised.value)


def test_model_spec_markdown_that_shows_a_directive_is_read(tmp_path: Path) -> None:
    text = "# Manners {#manners authority=user}\n\nWrite:\n\n```{policy:principle}\n```\n"
    (tmp_path / "spec.md").write_text(text, encoding="utf-8")
    assert [provision.id for provision in sphinx_policyspec.load(tmp_path / "spec.md").provisions] == [
        "manners"
    ]
