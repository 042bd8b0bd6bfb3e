"""The server's description of itself and of its data: SPARQL Service Description, VoID and DCAT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from sphinx_policyspec.graph.releases import SpecReleases, others_of
from sphinx_policyspec.graph.terms import DCTERMS, RDF, Iri, Iris, Triple
from sphinx_policyspec.graph.to_graph import release_iri
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.publishing.description import DCAT, VOID, dataset_triples
from sphinx_policyspec.serving.media import GRAPH_TYPES

if TYPE_CHECKING:
    from sphinx_policyspec.serving.app import Served

_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_WRITES = (
    *("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV"),
    *("Turtle", "N-Triples", "JSON-LD", "RDF_XML"),
)


def service_description(served: Served) -> Iterator[Triple]:
    """Yield the description of the endpoint: https://www.w3.org/TR/sparql11-service-description/."""
    endpoint = Iri(f"{served.public_url}sparql")
    dataset, default = Iri(f"{endpoint}#dataset"), Iri(f"{endpoint}#default-graph")
    yield endpoint, RDF.type, _sd("Service")
    yield endpoint, _sd("endpoint"), endpoint
    yield endpoint, _sd("supportedLanguage"), _sd("SPARQL11Query")
    for form in _WRITES:
        yield endpoint, _sd("resultFormat"), Iri(_FORMATS + form)
    yield endpoint, _sd("defaultDataset"), dataset
    yield dataset, RDF.type, _sd("Dataset")
    yield dataset, _sd("defaultGraph"), default
    yield default, RDF.type, _sd("Graph")
    for name in _graphs(served):
        graph = Iri(f"{endpoint}#{name}")
        yield dataset, _sd("namedGraph"), graph
        yield graph, RDF.type, _sd("NamedGraph")
        yield graph, _sd("name"), name


def data_description(served: Served) -> Iterator[Triple]:
    """Yield the description of the data: https://www.w3.org/TR/void/ and https://www.w3.org/TR/vocab-dcat-3/."""
    for one in served.collection.specs:
        yield from _of_spec(served, one)


def _of_spec(served: Served, one: SpecReleases) -> Iterator[Triple]:
    iris = Iris(base_of(one.last))
    dataset = Iri(f"{served.public_url}.well-known/void#{one.name}")
    yield dataset, RDF.type, Iri(f"{VOID}Dataset")
    yield dataset, RDF.type, Iri(f"{DCAT}Dataset")
    yield dataset, DCTERMS.title, one.last.title
    yield dataset, DCTERMS.identifier, one.name
    if one.last.license:
        yield dataset, DCTERMS.license, one.last.license
    if one.last.publisher:
        yield dataset, DCTERMS.publisher, one.last.publisher
    yield dataset, Iri(f"{VOID}sparqlEndpoint"), Iri(f"{served.public_url}sparql")
    yield dataset, Iri(f"{VOID}uriSpace"), iris.base
    yield dataset, Iri(f"{DCAT}landingPage"), Iri(served.public_url)
    for spec in one.releases:
        yield dataset, Iri(f"{DCAT}hasVersion"), release_iri(spec)
        yield from _of_graph(served, one, dataset, release_iri(spec), spec.version)
    for label, graph in served.collection.others(one).items():
        yield dataset, Iri(f"{VOID}subset"), graph.name
        yield from _of_graph(served, one, dataset, graph.name, label)


def _of_graph(served: Served, one: SpecReleases, dataset: Iri, graph: Iri, label: str) -> Iterator[Triple]:
    """Yield the description of a graph and of the files with it."""
    yield from dataset_triples(one, graph)
    address = f"{served.public_url}graph/{quote(served.collection.path_of(one, label))}"
    for form, kind in GRAPH_TYPES.items():
        file = Iri(f"{address}.{form}")
        yield graph, Iri(f"{DCAT}distribution"), file
        yield dataset, Iri(f"{VOID}dataDump"), file
        yield file, RDF.type, Iri(f"{DCAT}Distribution")
        yield file, Iri(f"{DCAT}downloadURL"), file
        yield file, Iri(f"{DCAT}mediaType"), Iri(f"https://www.iana.org/assignments/media-types/{kind}")


def _graphs(served: Served) -> Iterator[Iri]:
    """Yield the names of the graphs."""
    for one in served.collection.specs:
        yield from map(release_iri, one.releases)
        yield from (graph.name for graph in others_of(one))


def _sd(name: str) -> Iri:
    return Iri(_SD + name)
