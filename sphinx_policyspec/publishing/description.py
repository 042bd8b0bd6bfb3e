"""The description of a spec's graphs for data set searches: VoID and DCAT, the same on foreign servers as on ours."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.graph.releases import SpecReleases
from sphinx_policyspec.graph.terms import DCTERMS, OWL, RDF, Iri, Iris, OwnGraph, Triple
from sphinx_policyspec.graph.to_graph import release_iri
from sphinx_policyspec.model.spec import base_of

VOID = "http://rdfs.org/ns/void#"
"""https://www.w3.org/TR/void/"""
DCAT = "http://www.w3.org/ns/dcat#"
"""https://www.w3.org/TR/vocab-dcat-3/"""
_TITLES = {
    OwnGraph.CHANGES: "What changed between releases",
    OwnGraph.RESULTS: "Results of evaluations",
    OwnGraph.FEEDBACK: "What people say",
    OwnGraph.DECISIONS: "What was decided",
}


def dataset_triples(one: SpecReleases, graph: Iri) -> Iterator[Triple]:
    """Yield the description of a graph: a data set with a title, and of a release with its own metadata."""
    iris = Iris(base_of(one.last))
    yield graph, RDF.type, Iri(f"{DCAT}Dataset")
    yield graph, RDF.type, Iri(f"{VOID}Dataset")
    yield graph, Iri(f"{VOID}uriSpace"), iris.base
    release = next((spec for spec in one.releases if release_iri(spec) == graph), None)
    if release is None:
        titles = (title for name, title in _TITLES.items() if iris.beside(name) == graph)
        other = "What a proposal would change" if iris.is_proposal(graph) else "What corresponds to what"
        yield graph, DCTERMS.title, next(titles, other)
        return
    yield graph, DCTERMS.title, release.title
    metadata = (
        (OWL.versionInfo, release.version),
        (DCTERMS.license, release.license),
        (DCTERMS.publisher, release.publisher),
    )
    yield from ((graph, name, text) for name, text in metadata if text)


def in_catalogue(catalogue: Iri, graph: Iri) -> Iterator[Triple]:
    """Yield the statements that a graph is in a catalogue."""
    yield catalogue, RDF.type, Iri(f"{DCAT}Catalog")
    yield catalogue, Iri(f"{DCAT}dataset"), graph
