"""Results of evaluations as a graph of their own, without answers and prompts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from sphinx_policyspec.evals.records import Evidence
from sphinx_policyspec.evals.results import Results
from sphinx_policyspec.evals.rows import ComparedRow, ResultRow
from sphinx_policyspec.evals.store import POLICIES
from sphinx_policyspec.graph.serialize import NamedGraph, own_graph
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    EARL,
    PROV,
    PS,
    RDF,
    XSD,
    Foreign,
    Iri,
    Iris,
    OwnGraph,
    Term,
    Triple,
)

_STATED = frozenset({"provision", "chapter", "level", "joined"})
"""The facets in the graph; prompts that test no provision say nothing about a spec."""


def result_graph(results: Results) -> NamedGraph:
    """Return results as the graph ``<base>results``; equal results give equal graphs."""
    return own_graph(OwnGraph.RESULTS, _triples, results)


def _triples(iris: Iris, results: Results) -> Iterator[Triple]:
    for run in results.runs:
        iri = iris.iri("eval-run", run.id)
        yield iri, RDF.type, PS.EvalRun
        yield iri, DCTERMS.identifier, run.id
        yield iri, PS.model, run.model
        yield iri, PS.harness, run.tool
        if _is_time(run.created):
            yield iri, PROV.startedAtTime, Foreign(run.created.replace("+00:00", "Z"), XSD.dateTime, "")
    stated = {
        _place(row): row for row in results.rows if row.group.facet in _STATED and row.rate.mean is not None
    }
    for row in stated.values():
        yield from _result(iris, results, row)
    for difference in results.differences:
        yield from _difference(iris, results, difference)
    for kind, role, names in (
        ("eval-model", EARL.TestSubject, (row.run.model for row in stated.values())),
        ("eval-grader", EARL.Assertor, (row.grader for row in stated.values())),
    ):
        for name in dict.fromkeys(filter(None, names)):
            iri = iris.iri(kind, name)
            yield iri, RDF.type, role
            yield iri, RDF.type, PROV.SoftwareAgent
            yield iri, DCTERMS.identifier, name


def _is_time(text: str) -> bool:
    """Return whether a text is a time in the form of XML Schema."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _result(iris: Iris, results: Results, row: ResultRow) -> Iterator[Triple]:
    run, iri = iris.iri("eval-run", row.run.id), _iri(iris, results, *_place(row))
    yield iri, RDF.type, PS.EvalResult
    yield iri, PROV.wasGeneratedBy, run
    yield iri, PS.resultFor, (subject := _subject(iris, results.version, row))
    # EARL has no property for a mean: there it is an assertion without an outcome.
    yield iri, RDF.type, EARL.Assertion
    yield iri, EARL.test, subject
    yield iri, EARL.subject, iris.iri("eval-model", row.run.model)
    yield iri, EARL.mode, EARL.automatic
    if row.grader:
        yield iri, EARL.assertedBy, iris.iri("eval-grader", row.grader)
    yield iri, PS.policy, results.policy
    yield iri, PS.evidenceKind, _EVIDENCE[Evidence(row.evidence)]
    yield from ((iri, relation, term) for relation, term in _figures(row))


def _place(row: ResultRow) -> tuple[str, ...]:
    return row.run.id, row.group.facet, row.group.id, row.scorer, row.evidence, row.grader, row.release


def _iri(iris: Iris, results: Results, run: str, *place: str) -> Iri:
    """Return the IRI of a result, which includes the policy for counting answers unless it is the default."""
    steps = [step or "-" for step in place] + [results.policy] * (results.policy != POLICIES[0])
    return iris.part("eval-result", iris.iri("eval-run", run), *steps)


def _difference(iris: Iris, results: Results, row: ComparedRow) -> Iterator[Triple]:
    place = row.group.facet, row.group.id, row.scorer, row.evidence, row.grader
    one = _iri(iris, results, row.a.id, *place, row.release_a)
    other = _iri(iris, results, row.b.id, *place, row.release_b)
    iri = iris.part("eval-difference", one, row.b.id)
    yield iri, RDF.type, PS.EvalDifference
    yield iri, PS.minuend, one
    yield iri, PS.subtrahend, other
    yield iri, PS.promptCount, row.rate.prompts
    numbers = (
        (PS.difference, row.rate.mean),
        (PS.clusteredError, row.rate.clustered_se),
        (PS.intervalLow, row.rate.low),
        (PS.intervalHigh, row.rate.high),
        (PS.adjustedP, row.rate.p_holm),
    )
    yield from ((iri, relation, number) for relation, number in _doubles(numbers))


def _doubles(numbers: Iterable[tuple[Iri, float | None]]) -> Iterator[tuple[Iri, Term]]:
    for relation, number in numbers:
        if number is not None:
            # Sums of floating numbers depend on the order of threads in their last digits.
            yield relation, Foreign(f"{number:.12g}", XSD.double, "")


_EVIDENCE = {Evidence.OUTPUT: PS.OutputEvidence, Evidence.REASONING: PS.ReasoningEvidence}


def _subject(iris: Iris, version: str, row: ResultRow) -> Iri:
    if row.group.facet == "joined":
        return iris.release(version)
    return iris.iri("level" if row.group.facet == "level" else "provision", row.group.id)


def _figures(row: ResultRow) -> Iterator[tuple[Iri, Term]]:
    rate = row.rate
    yield PS.facet, row.group.facet
    yield PS.scorer, row.scorer
    if row.grader:
        yield PS.grader, row.grader
    if row.release:
        yield PS.gradedRelease, row.release
    yield PS.promptCount, rate.prompts
    yield PS.answerCount, rate.answers or 0
    yield PS.excludedCount, rate.excluded or 0
    yield PS.clusterCount, rate.clusters
    if rate.method:
        yield PS.intervalMethod, rate.method
    numbers = (
        (PS.mean, rate.mean),
        (PS.standardError, rate.se),
        (PS.clusteredError, rate.clustered_se),
        (PS.intervalLow, rate.low),
        (PS.intervalHigh, rate.high),
    )
    yield from _doubles(numbers)
