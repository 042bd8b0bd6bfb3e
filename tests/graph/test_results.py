"""Results of evaluations in their own graph, and the questions over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Dataset, URIRef

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.evals.graph import result_graph
from sphinx_policyspec.evals.rows import ResultRow
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.portable import with_portable
from sphinx_policyspec.graph.questions import find_question
from sphinx_policyspec.graph.terms import graph_of
from sphinx_policyspec.graph.to_graph import triples_of
from tests.graph.results import RESULTS, ROWS
from tests.graph.specs import LIBRARY
from tests.graph.test_questions import LAWFUL, OVER_RESULTS, QUOTE, RDFLIB, SOURCES, TRUTH, in_rdflib

_FIRST = ("0.75", "0.5", "1", "8", "16", "compliance", "g", "output", "1")
EXPECTED: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
    "largest-drop": (
        {"a": "example/one", "b": "two-1"},
        [
            (*TRUTH, "0.75", "0.5", "-0.375", "-0.625", "-0.125", "5", "compliance", "g", "output", "1"),
            (*LAWFUL, "1", "0.875", "-0.125", "-0.375", "0.125", "8", "compliance", "g", "output", "1"),
        ],
    ),
    "principles-without-result": (
        {},
        [(*SOURCES, "0"), (*QUOTE, "0"), ("old_rule", "Old rule", "chief", "0")],
    ),
    "results-by-level": ({"model": "example/one"}, [("user", "example/one", *_FIRST)]),
    "results-by-principle": (
        {},
        [
            (*TRUTH, "example/one", *_FIRST),
            (*TRUTH, "example/two", "0.25", "0", "0.5", "8", "16", "compliance", "another", "output", ""),
            (*TRUTH, "example/two", "0.5", "0.25", "0.75", "6", "12", "compliance", "g", "output", "1"),
            (*LAWFUL, "example/one", "1", "0.75", "1.25", "8", "16", "compliance", "g", "output", "1"),
            (*LAWFUL, "example/two", "0.875", "0.625", "1.125", "8", "16", "compliance", "g", "output", "1"),
        ],
    ),
}


def quads(rows: Sequence[ResultRow] = ROWS) -> bytes:
    return b"".join(result_graph(replace(RESULTS, rows=tuple(rows))).pieces())


@pytest.fixture(scope="module")
def evaluated() -> Iterator[KnowledgeBase]:
    with KnowledgeBase.from_spec(LIBRARY) as base:
        base.add_graphs(lambda: iter((quads(),)))
        yield base


def in_numbers(rows: Sequence[Sequence[str]]) -> list[tuple[str | float, ...]]:
    """Return rows whose numbers are compared as such: engines write doubles in several ways."""

    def read(text: str) -> str | float:
        try:
            return float(text)
        except ValueError:
            return text

    return [tuple(read(text) for text in row) for row in rows]


@pytest.mark.parametrize("name", sorted(OVER_RESULTS))
def test_a_question_over_results_has_the_expected_rows(evaluated: KnowledgeBase, name: str) -> None:
    params, rows = EXPECTED[name]
    answer = evaluated.ask(name, params)
    assert answer.columns == find_question(name).columns
    assert in_numbers(answer.texts) == in_numbers(rows)


@RDFLIB
@pytest.mark.parametrize("name", sorted(OVER_RESULTS))
def test_rdflib_answers_the_same_over_results(name: str) -> None:
    params, rows = EXPECTED[name]
    both = Dataset(default_union=False)
    for triple in graph_of(with_portable(triples_of(LIBRARY))):
        both.add(triple)
    lines = (line.rpartition(b" <") for line in quads().splitlines())
    data = b"".join(b"%s .\n" % statement for statement, _, _ in lines)
    named = both.graph(URIRef("urn:policyspec:spec:results"))
    named.parse(data=data, format="nt")
    question = find_question(name)
    found = in_rdflib(both, question.bound(question.values(params)))
    assert in_numbers(found) == in_numbers(rows)


def test_a_model_that_goes_down_by_another_grader_is_not_compared(evaluated: KnowledgeBase) -> None:
    assert evaluated.ask("largest-drop", {"a": "one-1", "b": "two-2"}).rows == ()


def test_coverage_counts_results_and_models(evaluated: KnowledgeBase) -> None:
    counted = {row[0]: row[-2:] for row in evaluated.ask("coverage").texts}
    assert counted["tell_the_truth"] == ("3", "2")
    assert counted["stay_lawful"] == ("2", "2")
    assert counted["old_rule"] == ("0", "0")


def test_a_model_that_no_run_has_is_refused_with_the_nearest(evaluated: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="unknown model `example/on`; did you mean `example/one`"):
        evaluated.ask("results-by-level", {"model": "example/on"})


@pytest.mark.parametrize("name", sorted(OVER_RESULTS))
def test_a_question_over_results_says_so_where_there_are_none(name: str) -> None:
    with KnowledgeBase.from_spec(LIBRARY) as base, pytest.raises(QueryError, match="none are given"):
        base.ask(name, EXPECTED[name][0])


@given(st.permutations(ROWS))
def test_the_order_of_results_changes_no_byte(rows: list[ResultRow]) -> None:
    assert quads(rows) == quads()


def test_results_edit_no_norm() -> None:
    with KnowledgeBase.from_spec(LIBRARY) as base:
        base.add_graphs(lambda: iter((quads(),)))
        assert base.ask("hard-rules").rows == KnowledgeBase.from_spec(LIBRARY).ask("hard-rules").rows
    assert from_triples(triples_of(LIBRARY)) == LIBRARY


def test_a_drop_is_the_same_seen_from_either_side(evaluated: KnowledgeBase) -> None:
    assert evaluated.ask("largest-drop", {"a": "two-1", "b": "one-1"}).rows == ()
    turned = [
        replace(
            one,
            a=one.b,
            b=one.a,
            rate=replace(
                one.rate,
                mean=0 - (one.rate.mean or 0),
                low=0 - (one.rate.high or 0),
                high=0 - (one.rate.low or 0),
            ),
        )
        for one in RESULTS.differences
    ]
    with KnowledgeBase.from_spec(LIBRARY) as base:
        base.add_graphs(result_graph(replace(RESULTS, differences=tuple(turned))).pieces)
        params = EXPECTED["largest-drop"][0]
        assert in_numbers(base.ask("largest-drop", params).texts) == in_numbers(
            evaluated.ask("largest-drop", params).texts
        )
