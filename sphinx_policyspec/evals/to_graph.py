"""Results as a graph of their own: what runs say of provisions, levels and the whole spec, without any answer or prompt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sphinx_policyspec.evals.records import Evidence
from sphinx_policyspec.evals.results import ResultRow, Results
from sphinx_policyspec.graph.serialize import graph_lines
from sphinx_policyspec.graph.syntaxes import Statements, blocks
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    PROV,
    PS,
    RDF,
    XSD,
    Foreign,
    Iri,
    Iris,
    Term,
    Triple,
    check_texts,
)
from sphinx_policyspec.model.spec import given_base

_STATED = frozenset({"provision", "chapter", "level", "joined"})
"""The facets that stand in a graph; prompts that test no provision say nothing of a spec."""


def result_pieces(results: Results, base_iri: str = "", *, form: str = "nq") -> Iterator[bytes]:
    """Return results as N-Quads or TriG, in pieces of whole lines: the same for the same results.

    They stand in the graph ``<base>results``, edit no norm, and are read back by nothing.
    """
    iris = Iris(given_base(base_iri, results.base_iri))
    statements = Statements(_triples(iris, results))
    return blocks(graph_lines(check_texts(statements.lines()), form, f"{iris.base}results", ""))


def _triples(iris: Iris, results: Results) -> Iterator[Triple]:
    for run in results.runs:
        iri = iris.iri("eval-run", run.id)
        yield iri, RDF.type, PS.EvalRun
        yield iri, DCTERMS.identifier, run.id
        yield iri, PS.model, run.model
        yield iri, PS.harness, run.tool
        if _is_time(run.created):
            yield iri, PROV.startedAtTime, Foreign(run.created, XSD.dateTime, "")
    for row in results.rows:
        if row.group.facet in _STATED and row.rate.mean is not None:
            yield from _result(iris, results.version, row)


def _is_time(text: str) -> bool:
    """Return whether a text is a time as XML Schema has it."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _result(iris: Iris, version: str, row: ResultRow) -> Iterator[Triple]:
    run = iris.iri("eval-run", row.run.id)
    place = row.group.facet, row.group.id, row.scorer, row.evidence, row.grader, row.release
    iri = iris.part("eval-result", run, *(step or "-" for step in place))
    yield iri, RDF.type, PS.EvalResult
    yield iri, PROV.wasGeneratedBy, run
    yield iri, PS.resultFor, _subject(iris, version, row)
    yield iri, PS.evidenceKind, _EVIDENCE[Evidence(row.evidence)]
    yield from ((iri, relation, term) for relation, term in _figures(row))


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
        (PS.standardError, rate.clustered_se),
        (PS.intervalLow, rate.low),
        (PS.intervalHigh, rate.high),
    )
    for relation, number in numbers:
        if number is not None:
            # Sums of floating numbers depend on the order of threads in their last digits.
            yield relation, Foreign(f"{number:.12g}", XSD.double, "")
