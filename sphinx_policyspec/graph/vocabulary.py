"""The terms of ``policyspec.ttl`` as a closed namespace, and the other namespaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sphinx_policyspec.graph.ontology import ontology_terms
from sphinx_policyspec.graph.terms import Iri

__all__ = [
    "DCTERMS",
    "ONTOLOGY",
    "OWL",
    "PREFIXES",
    "PROV",
    "PS",
    "RDF",
    "RDFS",
    "SKOS",
    "XSD",
    "iri_of",
]

PREFIXES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "ps": "https://w3id.org/policyspec#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes that our outputs and questions use."""

ONTOLOGY = PREFIXES["ps"].removesuffix("#")
"""The name of the ontology itself."""


def iri_of(name: str) -> Iri:
    """Return the IRI that a name with one of the prefixes stands for."""
    prefix, _, local = name.partition(":")
    return Iri(PREFIXES[prefix] + local)


class _Namespace:
    """Terms as attributes: those that are named, and no other."""

    def __init__(self, prefix: str, names: Iterable[str]) -> None:
        self.__dict__ = {name: iri_of(f"{prefix}:{name}") for name in names}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Iri: ...


DCTERMS = _Namespace("dcterms", ("identifier", "issued", "license", "publisher", "title"))
OWL = _Namespace(
    "owl",
    (
        *("AnnotationProperty", "AsymmetricProperty", "Class", "DatatypeProperty", "FunctionalProperty"),
        *("IrreflexiveProperty", "ObjectProperty", "disjointWith", "equivalentClass", "hasValue"),
        *("intersectionOf", "inverseOf", "members", "oneOf", "onProperty", "propertyDisjointWith"),
        *("someValuesFrom", "unionOf", "versionIRI", "versionInfo"),
    ),
)
PROV = _Namespace("prov", ("Entity", "wasRevisionOf"))
RDF = _Namespace("rdf", ("first", "nil", "rest", "type"))
RDFS = _Namespace(
    "rdfs", ("comment", "domain", "isDefinedBy", "label", "range", "subClassOf", "subPropertyOf")
)
SKOS = _Namespace("skos", ("Concept", "altLabel", "broader", "prefLabel", "related"))
XSD = _Namespace("xsd", ("boolean", "date", "integer", "string"))
PS = _Namespace("ps", ontology_terms())
"""Terms of the policyspec ontology; a term that it does not define fails at once."""
