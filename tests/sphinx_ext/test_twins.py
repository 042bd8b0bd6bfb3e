"""The same spec in reStructuredText and in MyST gives the same pages and the same model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.model import (
    Block,
    Commentary,
    Definition,
    EvalPrompt,
    Example,
    Markup,
    Prose,
    Provision,
    Span,
    Spec,
    Turn,
)
from sphinx_policyspec.model.example import Comparison, Message, Response
from sphinx_policyspec.sphinx_ext.spec import Knowledge

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
_Item = TypeVar("_Item")
NOWHERE = Span("", 1)


@pytest.fixture
def twins(project: Project, build: Build) -> tuple[SphinxTestApp, SphinxTestApp]:
    return build(project("twin-rst"), out="rst"), build(project("twin-myst"), out="myst")


def shape(app: SphinxTestApp, docname: str) -> str:
    """Return a page's nodes without what tells the markup alone."""
    text = app.env.get_doctree(docname).pformat()
    text = re.sub(r"<document [^>]*>", "<document>", text)
    text = re.sub(r'(?m)^\s*<comment xml:space="preserve">\n.*\n', "", text)
    text = re.sub(r"(?m)^\s*<target [^>]*>\n", "", text)
    return re.sub(r' (slug|refdoc|name)="[^"]*"', "", text)


@pytest.mark.parametrize("docname", ["index", "principles"])
def test_both_twins_give_the_same_nodes(twins: tuple[SphinxTestApp, SphinxTestApp], docname: str) -> None:
    rst, myst = (shape(app, docname) for app in twins)
    assert rst == myst


def test_neither_twin_warns(
    twins: tuple[SphinxTestApp, SphinxTestApp], warnings_in: Callable[..., list[str]]
) -> None:
    assert [warnings_in(app) for app in twins] == [[], []]


def _spec(app: SphinxTestApp) -> Spec:
    return Knowledge().spec(app.env)


def _bare(text: str) -> str:
    """Return prose with the few constructs that the twins write differently made equal."""
    text = re.sub(r"\{(policy:\w+)\}`", r":\1:`", text)
    text = re.sub(r"```\{include\} (\S+)\n```", r".. include:: \1", text)
    return re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"`\1 <\2>`_", text)


def without_spans(spec: Spec) -> Spec:
    return replace(
        spec,
        documents=(),
        levels=tuple(replace(level, span=level.span and NOWHERE) for level in spec.levels),
        topics=tuple(replace(topic, span=NOWHERE) for topic in spec.topics),
        goals=tuple(replace(goal, span=NOWHERE) for goal in spec.goals),
        clauses=tuple(replace(clause, span=NOWHERE) for clause in spec.clauses),
        provisions=tuple(_provision(provision) for provision in spec.provisions),
        preamble=tuple(_block(block) for block in spec.preamble),
        references=tuple(replace(reference, span=NOWHERE) for reference in spec.references),
        links=tuple(replace(link, span=NOWHERE) for link in spec.links),
    )


def _provision(provision: Provision) -> Provision:
    blocks = tuple(_block(block) for block in provision.blocks)
    return replace(provision, span=NOWHERE, source="", blocks=blocks)


def _block(block: Block) -> Block:
    if isinstance(block, Example | EvalPrompt):
        return replace(block, span=NOWHERE, source="", turns=tuple(_turn(turn) for turn in block.turns))
    if isinstance(block, Prose):
        return replace(block, span=NOWHERE, source="", text=_bare(block.text))
    assert isinstance(block, Commentary | Definition)
    return replace(block, span=NOWHERE, source="", text=_bare(block.text))


def _turn(turn: Turn) -> Turn:
    if isinstance(turn, Comparison):
        return replace(turn, span=NOWHERE, responses=tuple(_message(answer) for answer in turn.responses))
    return _message(turn) if isinstance(turn, Message) else replace(turn, span=NOWHERE)


def _message(message: _Item) -> _Item:
    assert isinstance(message, Message)
    fragments = tuple(replace(fragment, span=NOWHERE) for fragment in message.fragments)
    text = _bare(message.text)
    changed = replace(message, span=NOWHERE, source="", fragments=fragments, text=text)
    return replace(changed, note=_bare(changed.note)) if isinstance(changed, Response) else changed


def test_both_twins_give_the_same_model(twins: tuple[SphinxTestApp, SphinxTestApp]) -> None:
    rst, myst = (_spec(app) for app in twins)
    assert without_spans(rst) == without_spans(myst)
    assert {document.markup for document in rst.documents} == {Markup.RST}
    assert {document.markup for document in myst.documents} == {Markup.MYST}


def test_the_model_says_what_the_pages_say(twins: tuple[SphinxTestApp, SphinxTestApp]) -> None:
    spec = _spec(twins[0])
    assert (spec.title, spec.version, spec.issued, spec.license) == (
        "Twin spec",
        "2.1",
        "2026-03-04",
        "CC0-1.0",
    )
    assert spec.base_iri == "https://example.org/twin/"
    assert [(level.id, level.title, level.override.value, level.roles) for level in spec.levels] == [
        ("root", "", "never", ()),
        ("operator", "", "explicit", ("system", "developer")),
        ("user", "Reader", "implicit", ("user",)),
    ]
    assert [(topic.id, topic.alt_labels, topic.broader) for topic in spec.topics] == [
        ("honesty", ("plain speaking", "truth"), ()),
        ("white_lies", (), ("honesty",)),
    ]
    assert [(p.id, p.depth, p.parent) for p in spec.provisions] == [
        ("twin-spec", 1, None),
        ("principles", 1, None),
        ("be_honest", 2, "principles"),
        ("small-print", 3, "be_honest"),
        ("be_kind", 2, "principles"),
        ("voice", 2, "principles"),
        ("never-shout", 3, "voice"),
    ]
    assert [p.authority for p in spec.principles] == ["root", "user", "operator"]
    honest = spec.principles[0]
    assert (honest.topics, honest.tags, honest.status, honest.since) == (
        ("honesty", "white_lies"),
        ("core",),
        "stable",
        "2.0",
    )
    assert (honest.aliases, honest.preferred_over) == (("no_lies",), ("be_kind",))
    assert [type(block).__name__ for block in honest.blocks] == [
        "Prose",
        "Prose",
        "Definition",
        "Commentary",
        "Prose",
    ]
    assert honest.text.startswith("Tell the truth.\n\n- first\n- second")


@pytest.mark.parametrize("which", [0, 1])
def test_spans_are_the_true_lines_of_the_page(twins: tuple[SphinxTestApp, SphinxTestApp], which: int) -> None:
    app = twins[which]
    spec = _spec(app)
    for provision in spec.provisions:
        lines = (app.srcdir / provision.span.file).read_text("utf-8").splitlines()
        assert provision.title in lines[provision.span.line - 1]
        for item in (provision, *provision.blocks):
            for row, line in zip(item.source.split("\n"), lines[item.span.line - 1 :], strict=False):
                # Where words stand in their file, what stands around them is blank.
                assert row.strip() in line
                assert all(char in {" ", line[column]} for column, char in enumerate(row))
    for reference in spec.references:
        line = (app.srcdir / reference.span.file).read_text("utf-8").splitlines()[reference.span.line - 1]
        assert reference.target in line[reference.span.column - 1 :]


def test_references_know_provision_example_message_and_carrier(
    twins: tuple[SphinxTestApp, SphinxTestApp],
) -> None:
    spec = _spec(twins[1])
    found = [
        (r.source, r.target, r.carrier.value, r.form.value, r.example, r.message)
        for r in spec.references
        if r.example
    ]
    assert found == [
        ("be_kind", "no_lies", "text", "text", "greeting", 2),
        ("be_kind", "be_honest", "verdict", "title", "greeting", 3),
        ("be_kind", "be_honest", "verdict", "id", "greeting", 4),
        ("be_kind", "be_kind", "verdict", "id", "greeting", 4),
        ("be_kind", "be_honest", "verdict", "title", "be_kind-in-short", 2),
        ("be_kind", "be_honest", "verdict", "id", "be_kind-in-short", 3),
    ]
    assert [(link.source, link.url, link.text) for link in spec.links] == [
        ("be_honest", "https://example.org/x", "the site")
    ]
