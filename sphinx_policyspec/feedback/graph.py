"""Feedback as a graph of its own: records about provisions, and the words that they quote as W3C Web Annotations."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.feedback.check import FeedbackReport
from sphinx_policyspec.feedback.web_annotations import anchor_iri, anchor_triples
from sphinx_policyspec.graph.serialize import NamedGraph, own_graph
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    OWL,
    PROV,
    PS,
    RDF,
    SCHEMA,
    XSD,
    Foreign,
    Iri,
    Iris,
    OwnGraph,
    Term,
    Triple,
)
from sphinx_policyspec.model.feedback import Feedback


def feedback_graph(report: FeedbackReport) -> NamedGraph:
    """Return the records of a register as the graph ``<base>feedback``: the same for the same."""
    return own_graph(OwnGraph.FEEDBACK, _triples, report)


def _triples(iris: Iris, report: FeedbackReport) -> Iterator[Triple]:
    known = {one.id for one in report.records}
    answers = dict.fromkeys(one.answered_in for one in report.records if one.answered_in)
    yield from ((iris.release(version), OWL.versionInfo, version) for version in answers)
    for record in report.records:
        iri = iris.iri("feedback", record.id)
        yield iri, RDF.type, PS.Feedback
        yield iri, RDF.type, SCHEMA.Comment
        yield from ((iri, relation, term) for relation, term in _said(iris, record))
        for name in dict.fromkeys(report.today(name) for name in record.provisions):
            yield iri, PS.concerns, iris.iri("provision", name)
        for relation, names in ((PS.duplicates, record.duplicates), (PS.contradicts, record.contradicts)):
            yield from ((iri, relation, iris.iri("feedback", name)) for name in names if name in known)
        if quote := report.quotes.get(record.id):
            yield iri, PS.quoteState, quote.state.value
        before = ""
        for anchor in report.anchors_of(record.id):
            # The second refers to the first, whose IRI depends on the base.
            yield from anchor_triples(anchor, iris.base, before)
            before = anchor_iri(anchor, iris.base)
            yield iri, PROV.wasDerivedFrom, Iri(before)


def _said(iris: Iris, record: Feedback) -> Iterator[tuple[Iri, Term]]:
    """Yield what a record says of itself; names of people and texts only as far as the register publishes them."""
    yield DCTERMS.identifier, record.id
    yield DCTERMS.title, record.title
    yield PS.status, record.status.value
    if record.kind:
        yield PS.feedbackKind, record.kind.value
    if record.date:
        yield DCTERMS.created, Foreign(record.date, XSD.date, "")
    if record.release:
        yield PS.saidOf, iris.release(record.release)
    if record.answered_in:
        yield PS.answeredIn, iris.release(record.answered_in)
    texts = ((SCHEMA.url, record.url), (DCTERMS.creator, record.author), (SCHEMA.text, record.text))
    yield from ((relation, text) for relation, text in texts if text)
