"""Feedback in its own graph, and the questions over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from rdflib import RDF, Dataset, Graph, Literal, URIRef

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.feedback.check import FeedbackCheck, FeedbackReport
from sphinx_policyspec.feedback.graph import feedback_graph
from sphinx_policyspec.feedback.web_annotations import annotation_of
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.portable import with_portable
from sphinx_policyspec.graph.questions import find_question
from sphinx_policyspec.graph.terms import ASKED_PREFIXES, graph_of
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Prose
from sphinx_policyspec.readers.feedback import read_feedback
from tests.conftest import at
from tests.graph.specs import LIBRARY
from tests.graph.test_questions import LAWFUL, OVER_FEEDBACK, RDFLIB, TRUTH, in_rdflib

_FIRST = Prose(source="First of all:\n\n", text="First of all:", span=at(6))
OLD = replace(
    LIBRARY,
    version="0.9",
    provisions=tuple(
        replace(one, id="be_true") if one.id == "tell_the_truth" else one for one in LIBRARY.provisions
    ),
)
NEW = replace(
    LIBRARY,
    version="1.0",
    provisions=tuple(
        replace(one, aliases=("be_true",), blocks=(_FIRST, *one.blocks))
        if one.id == "tell_the_truth"
        else one
        for one in LIBRARY.provisions
    ),
)
_WORDS = next(one.text for one in OLD.provisions if one.id == "be_true").split(".")[0]
REGISTER = f"""
- {{id: a, title: Too true, provisions: [be_true, stay_lawful], release: "0.9", quote: "{_WORDS}", date: 2026-01-05}}
- {{id: b, title: Odd, provisions: [tell_the_truth], status: answered, answered-in: "1.0", kind: spec-defect, contradicts: [a, x]}}
- {{id: c, title: Nowhere, status: accepted, author: Ann, text: "</script> \\"", url: "https://example.org/1"}}
- {{id: d, title: Old hat, provisions: [never_was], status: answered, answered-in: "0.9", duplicates: [b]}}
"""


def said(register: str = REGISTER) -> FeedbackReport:
    return FeedbackCheck(read_feedback(register, "f.yaml")[0], (OLD, NEW)).report()


def as_graph(report: FeedbackReport) -> Graph:
    lines = (line.rpartition(b" <")[0] for line in b"".join(feedback_graph(report).pieces()).splitlines())
    return Graph().parse(data=b"".join(b"%s .\n" % line for line in lines), format="nt")


EXPECTED: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
    "open-feedback": (
        {},
        [
            (*TRUTH, "a", "Too true", "open", "", "2026-01-05"),
            (*LAWFUL, "a", "Too true", "open", "", "2026-01-05"),
            ("", "", "", "c", "Nowhere", "accepted", "", ""),
        ],
    ),
    "answered-by": ({"release": "1.0"}, [("b", "Odd", *TRUTH, "spec-defect", "")]),
    "most-reported": ({}, [(*TRUTH, "2", "1"), (*LAWFUL, "1", "1")]),
}


@pytest.fixture(scope="module")
def asked() -> Iterator[KnowledgeBase]:
    with KnowledgeBase.from_spec(NEW) as base:
        base.add_graphs(feedback_graph(said()).pieces)
        yield base


@RDFLIB
@pytest.mark.parametrize("name", sorted(OVER_FEEDBACK))
def test_both_engines_give_the_expected_rows_over_feedback(asked: KnowledgeBase, name: str) -> None:
    params, rows = EXPECTED[name]
    question = find_question(name)
    answer = asked.ask(name, params)
    assert (answer.columns, [*answer.texts]) == (question.columns, rows)
    both = Dataset(default_union=False)
    for triple in graph_of(with_portable(triples_of(NEW))):
        both.add(triple)
    named = both.graph(URIRef("urn:policyspec:spec:feedback"))
    for triple in as_graph(said()):
        named.add(triple)
    assert in_rdflib(both, question.bound(question.values(params))) == rows


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"level": "Root"}, ["stay_lawful"]),
        ({"topic": "honesty"}, ["tell_the_truth"]),
        ({"topic": "Honesty", "level": "root"}, []),
    ],
)
def test_open_feedback_is_of_a_level_and_a_topic(
    asked: KnowledgeBase, params: dict[str, str], ids: list[str]
) -> None:
    assert [row[0] for row in asked.ask("open-feedback", params).texts] == ids


def test_a_release_that_nothing_names_is_refused_and_one_of_the_past_is_not(asked: KnowledgeBase) -> None:
    assert asked.ask("answered-by", {"release": "0.9"}).texts == (("d", "Old hat", "never_was", *[""] * 4),)
    with pytest.raises(QueryError, match=r"unknown release `1\.1`; did you mean `1\.0`"):
        asked.ask("answered-by", {"release": "1.1"})
    with KnowledgeBase.from_spec(NEW) as base, pytest.raises(QueryError, match="none of that is given"):
        base.ask("most-reported")


def test_quoted_words_are_web_annotations_of_both_releases_and_the_later_refers_to_the_earlier() -> None:
    report = said()
    first, second = report.anchors_of("a")
    assert (first.release, second.release) == ("0.9", "1.0")
    assert (first.provision, second.provision) == ("be_true", "tell_the_truth")
    assert second.start == first.start + len("First of all: ")
    graph = as_graph(report)
    oa, prov = ASKED_PREFIXES["oa"], ASKED_PREFIXES["prov"]
    told = [annotation_of(one) for one in (first, second)]
    names = [URIRef(one["id"]) for one in told]
    found = {*graph.subject_objects(URIRef(f"{prov}wasDerivedFrom"))}
    assert found == {(names[1], names[0])} | {(URIRef("urn:policyspec:spec:feedback/a"), n) for n in names}
    for one in told:
        target = one["target"]
        assert (URIRef(one["id"]), URIRef(f"{oa}hasTarget"), URIRef(target["id"])) in graph
        for selector in target["selector"]:
            values = {
                str(p).removeprefix(oa): str(o)
                for p, o in graph.predicate_objects(URIRef(selector["id"]))
                if p != RDF.type
            }
            assert values == {key: str(value) for key, value in selector.items() if key not in {"id", "type"}}


def test_names_and_texts_enter_the_graph_only_as_published_and_records_edit_no_norm() -> None:
    texts = {str(node) for node in as_graph(said()).objects() if isinstance(node, Literal)}
    assert {"Ann", '</script> "', "Nowhere"} <= texts
    bare = REGISTER.replace("author: Ann, ", "").replace('text: "</script> \\"", ', "")
    without = b"".join(feedback_graph(said(bare)).pieces())
    assert b'"Ann"' not in without
    assert b"script" not in without
    turned = "\n".join(reversed(REGISTER.strip().splitlines()))
    assert b"".join(feedback_graph(said(turned)).pieces()) == b"".join(feedback_graph(said()).pieces())
    with KnowledgeBase.from_spec(NEW) as base, KnowledgeBase.from_spec(NEW) as plain:
        base.add_graphs(feedback_graph(said()).pieces)
        assert base.ask("hard-rules").rows == plain.ask("hard-rules").rows
