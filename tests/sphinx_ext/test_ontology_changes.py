"""A rebuild after an edit of the ontology, as its authors make it in a live preview."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph import questions, terms

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]


def forget() -> None:
    """Read the ontology anew, as the next process does."""
    terms.ontology_digest.cache_clear()
    questions._questions.cache_clear()


@pytest.fixture
def own_ontology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let everything read a copy of the ontology."""
    folder = Path(shutil.copytree(terms.ontology_dir(), tmp_path / "ontology"))
    for module in (terms, questions):
        monkeypatch.setattr(module, "ontology_dir", lambda: folder)
    forget()
    yield folder
    forget()


def test_an_edited_question_is_answered_anew_on_pages_that_did_not_change(
    project: Project, build: Build, own_ontology: Path
) -> None:
    source = project("rebuild")
    page = build(source).outdir / "index.html"
    first = page.read_bytes()
    question = own_ontology / "questions" / "principles-by-level.rq"
    text = question.read_text("utf-8")
    assert "ORDER BY" in text
    question.write_text(text.replace("ORDER BY", "ORDER BY DESC(?id)"), "utf-8")
    forget()
    build(source)
    kept = page.read_bytes()
    build(source, out="fresh")
    assert kept != first
    assert kept == (page.parents[2] / "fresh" / "html" / "index.html").read_bytes()
