"""Proposals as graphs, one for each: what it would change, what it answers, and which record decides about it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sphinx_policyspec.exports.diff.json import revision_of
from sphinx_policyspec.graph.releases import change_triples
from sphinx_policyspec.graph.serialize import NamedGraph
from sphinx_policyspec.graph.terms import DCTERMS, OWL, PS, RDF, Iri, Iris, Triple
from sphinx_policyspec.proposals.check import CheckedProposal, ProposalReport


def proposal_graphs(report: ProposalReport) -> Iterator[NamedGraph]:
    """Yield a graph for each proposal, ``<base>proposal/<id>``: the same for the same proposals, and read back by nothing."""
    iris = Iris(report.base_iri)
    for one in report.checks:
        name = iris.iri("proposal", one.proposal.id)
        yield NamedGraph(name=name, triples=partial(_triples, iris, name, report.release, one))


def _triples(iris: Iris, name: Iri, release: str, checked: CheckedProposal) -> Iterator[Triple]:
    proposal, diff = checked.proposal, checked.effects.diff
    yield name, RDF.type, PS.Proposal
    yield name, DCTERMS.identifier, proposal.id
    yield name, DCTERMS.title, proposal.title
    yield name, PS.status, proposal.status.value
    if proposal.author:
        yield name, DCTERMS.creator, proposal.author
    yield from ((name, PS.answers, iris.iri("feedback", one)) for one in dict.fromkeys(proposal.answers))
    if checked.decision:
        yield name, PS.decidedBy, iris.iri("decision-record", checked.decision)
    yield iris.release(release), OWL.versionInfo, release
    for order, fact in enumerate(revision_of(diff).facts if diff else (), 1):
        change = iris.part("change", name, order)
        yield name, PS.proposes, change
        yield from change_triples(iris, change, fact, order)
        yield change, PS.sinceRelease, iris.release(release)
