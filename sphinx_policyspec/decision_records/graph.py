"""Records of decisions as a graph of its own: what they decide about, and what took their place."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.decision_records.check import DecisionRecordReport
from sphinx_policyspec.graph.releases import change_iri, change_triples
from sphinx_policyspec.graph.serialize import NamedGraph, own_graph
from sphinx_policyspec.graph.terms import (
    ADMS,
    ADMS_STATUS,
    DCTERMS,
    OWL,
    PROV,
    PS,
    RDF,
    XSD,
    Foreign,
    Iri,
    Iris,
    OwnGraph,
    Triple,
)
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordStatus

_ADMS = {
    RecordStatus.PROPOSED: "UnderDevelopment",
    RecordStatus.ACCEPTED: "Completed",
    RecordStatus.REJECTED: "Withdrawn",
    RecordStatus.DEPRECATED: "Deprecated",
    RecordStatus.SUPERSEDED: "Deprecated",
}
"""What the vocabulary of statuses of ADMS calls each; our own words are beside them."""


def decision_record_graph(report: DecisionRecordReport) -> NamedGraph:
    """Return records of decisions as the graph ``<base>decisions``: the same for the same."""
    return own_graph(OwnGraph.DECISIONS, _triples, report)


def _triples(iris: Iris, report: DecisionRecordReport) -> Iterator[Triple]:
    yield from (triple for record in report.records for triple in _said(iris, report, record))
    for one in report.undocumented:
        iri = change_iri(iris, one.revision, one.order)
        yield from change_triples(iris, iri, one.fact, one.order)
        yield iri, PS.lacksRecord, iris.iri("provision", one.provision)
        for relation, version in ((PS.sinceRelease, one.revision.old), (PS.inRelease, one.revision.new)):
            yield iri, relation, iris.release(version)
            yield iris.release(version), OWL.versionInfo, version


def _said(iris: Iris, report: DecisionRecordReport, record: DecisionRecord) -> Iterator[Triple]:
    iri = iris.iri("decision-record", record.id)
    yield iri, RDF.type, PS.DecisionRecord
    yield iri, DCTERMS.identifier, record.id
    yield iri, DCTERMS.title, record.title
    yield iri, PS.status, record.status.value
    yield iri, ADMS.status, Iri(f"{ADMS_STATUS}{_ADMS[record.status]}")
    if record.date:
        yield iri, DCTERMS.modified, Foreign(record.date, XSD.date, "")
    yield from ((iri, DCTERMS.creator, name) for name in record.decision_makers)
    for name in dict.fromkeys(report.today(name) for name in record.provisions):
        yield iri, PS.decides, iris.iri("provision", name)
    if record.is_rationale_extra:
        yield iri, PS.rationaleNotDerivable, Foreign("true", XSD.boolean, "")
    if successor := report.successors.get(record.id):
        yield iri, DCTERMS.isReplacedBy, iris.iri("decision-record", successor)
    for name in report.answers.get(record.id, ()):
        yield iri, PROV.wasDerivedFrom, iris.iri("feedback", name)
