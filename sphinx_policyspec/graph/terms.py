"""RDF terms as plain values, the terms of ``policyspec.ttl`` and of other vocabularies, and where the ontology lies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

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
    "Blank",
    "Foreign",
    "Iri",
    "Term",
    "Triple",
    "iri_of",
    "literal_term",
    "ontology_digest",
    "ontology_dir",
    "ontology_terms",
]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
"""Integers as we write them; what is longer counts nothing of ours."""


class Iri(str):
    """The name of a thing."""

    __slots__ = ()


class Blank(str):
    """The label of a thing without a name; only graphs of others hold some."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A literal that is neither a plain string nor an integer: a date, or what graphs of others hold."""

    text: str
    datatype: str
    language: str

    def __str__(self) -> str:
        """Return its text, as with any other literal."""
        return self.text


Term = Iri | Blank | str | int | Foreign
"""A ``str`` that is no name is a plain literal, an ``int`` one of type ``xsd:integer``."""

Triple = tuple[Iri | Blank, Iri, Term]


def literal_term(text: str, datatype: str, language: str = "") -> str | int | Foreign:
    """Return a literal as a term.

    :param datatype: an IRI, or the empty text for a plain string
    """
    if language or datatype not in {"", f"{_XSD}string", f"{_XSD}integer"}:
        return Foreign(text, datatype, language)
    if not datatype.endswith("integer"):
        return text
    return int(text) if _INTEGER.fullmatch(text) else Foreign(text, datatype, "")


def ontology_dir() -> Path:
    """Return the folder of the ontology: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "ontology"
    return installed if installed.is_dir() else package.parent / "ontology"


@cache
def ontology_terms() -> frozenset[str]:
    """Return the names of all terms that the ontology defines."""
    text = (ontology_dir() / "policyspec.ttl").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^ps:(\w+) a ", text, re.MULTILINE))


@cache
def ontology_digest() -> str:
    """Return what changes whenever a term, key, question or rule does; read once, as the questions are."""
    state = hashlib.sha256()
    for file in sorted(ontology_dir().rglob("*")):
        if file.suffix in {".jsonld", ".rq", ".ttl"}:
            state.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()


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
