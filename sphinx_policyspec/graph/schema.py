"""What the ontology's axioms say of classes and properties, in a form that code can follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from rdflib import OWL, RDF, RDFS, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from sphinx_policyspec.graph.ontology import ontology_dir
from sphinx_policyspec.graph.rdflib_terms import term_of, triples_in
from sphinx_policyspec.graph.terms import Iri, Term, Triple

__all__ = ["Expression", "Schema", "axioms", "ontology_triples", "schema"]


@dataclass(frozen=True, slots=True)
class Expression:
    """A class, or what describes one.

    :param kind: ``class``, ``all`` or ``any`` (of ``parts``), ``some`` or ``has`` (along ``property``)
    :param value: the class itself, or the value that ``has`` asks for
    """

    kind: str
    parts: tuple[Expression, ...] = ()
    property: Iri | None = None
    value: Term | None = None

    def properties(self) -> Iterator[Iri]:
        """Yield every property that it speaks of."""
        if self.property is not None:
            yield self.property
        for part in self.parts:
            yield from part.properties()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The axioms by what they are about; superclasses and superproperties include the term itself.

    :param domains: of a property and its superproperties; ranges likewise
    :param defined: classes with what makes something a member
    :param exclusive: pairs of descriptions that nothing fits both of
    :param described: the properties that these two speak of
    """

    labels: Mapping[Term, str]
    superclasses: Mapping[Term, frozenset[Iri]]
    superproperties: Mapping[Term, frozenset[Iri]]
    domains: Mapping[Term, frozenset[Iri]]
    ranges: Mapping[Term, frozenset[Iri]]
    inverses: Mapping[Term, Iri]
    object_properties: frozenset[Iri]
    data_properties: frozenset[Iri]
    functional: frozenset[Iri]
    asymmetric: frozenset[Iri]
    irreflexive: frozenset[Iri]
    disjoint_classes: frozenset[frozenset[Iri]]
    disjoint_properties: frozenset[frozenset[Iri]]
    defined: tuple[tuple[Iri, Expression], ...]
    exclusive: tuple[tuple[Expression, Expression], ...]
    described: frozenset[Iri]

    def are_disjoint(self, one: Iri, other: Iri) -> bool:
        """Tell whether nothing can be a member of both classes."""
        ones = self.superclasses.get(one, frozenset((one,)))
        others = self.superclasses.get(other, frozenset((other,)))
        return any(frozenset((a, b)) in self.disjoint_classes for a in ones for b in others)


@cache
def _ontology() -> Graph:
    return Graph().parse(ontology_dir() / "policyspec.ttl")


def ontology_triples() -> tuple[Triple, ...]:
    """Return all of the ontology."""
    return tuple(triples_in(_ontology()))


@cache
def axioms() -> tuple[Triple, ...]:
    """Return the ontology without labels, definitions and other annotations."""
    graph = _ontology()
    silent = {*graph.subjects(RDF.type, OWL.AnnotationProperty), RDFS.label, RDFS.comment, RDFS.isDefinedBy}
    silent |= {OWL.versionIRI, OWL.versionInfo}
    names = {term_of(node) for node in silent}
    return tuple(triple for triple in triples_in(graph) if triple[1] not in names)


@cache
def schema() -> Schema:
    """Read the axioms of ``policyspec.ttl`` once."""
    graph = _ontology()
    kinds = {kind: frozenset(map(_name, graph.subjects(RDF.type, kind))) for kind in _KINDS}
    superproperties = _closure(graph, RDFS.subPropertyOf, kinds[OWL.ObjectProperty])
    properties = {*superproperties, *kinds[OWL.DatatypeProperty]}
    exclusive = tuple(
        (_expression(graph, one), _expression(graph, other))
        for one, other in graph.subject_objects(OWL.disjointWith)
        if not isinstance(one, URIRef)
    )
    defined = tuple(
        (_name(name), _expression(graph, node))
        for name, node in sorted(graph.subject_objects(OWL.equivalentClass))
        if (node, OWL.oneOf, None) not in graph
    )
    described = {
        *(name for pair in exclusive for side in pair for name in side.properties()),
        *(name for _, expression in defined for name in expression.properties()),
    }
    inverses = [(_name(one), _name(other)) for one, other in graph.subject_objects(OWL.inverseOf)]
    return Schema(
        labels={term_of(node): str(text) for node, text in graph.subject_objects(RDFS.label)},
        superclasses=_superclasses(graph, kinds[OWL.Class], defined),
        superproperties=superproperties,
        domains={name: _inherited(graph, RDFS.domain, name, superproperties) for name in properties},
        ranges={name: _inherited(graph, RDFS.range, name, superproperties) for name in properties},
        inverses={**dict(inverses), **{other: one for one, other in inverses}},
        object_properties=kinds[OWL.ObjectProperty],
        data_properties=kinds[OWL.DatatypeProperty],
        functional=kinds[OWL.FunctionalProperty],
        asymmetric=kinds[OWL.AsymmetricProperty],
        irreflexive=kinds[OWL.IrreflexiveProperty],
        disjoint_classes=frozenset(_disjoint_classes(graph)),
        disjoint_properties=frozenset(
            frozenset(map(_name, pair)) for pair in graph.subject_objects(OWL.propertyDisjointWith)
        ),
        defined=defined,
        exclusive=exclusive,
        described=frozenset(described),
    )


_KINDS = (
    OWL.Class,
    OWL.ObjectProperty,
    OWL.DatatypeProperty,
    OWL.FunctionalProperty,
    OWL.AsymmetricProperty,
    OWL.IrreflexiveProperty,
)


def _name(node: Node) -> Iri:
    return Iri(str(node))


def _closure(graph: Graph, relation: URIRef, terms: frozenset[Iri]) -> dict[Term, frozenset[Iri]]:
    """Return each term with all that is above it by a relation, and itself."""
    return {
        term: frozenset(
            _name(node)
            for node in graph.transitive_objects(URIRef(term), relation)
            if isinstance(node, URIRef)
        )
        for term in terms
    }


def _superclasses(
    graph: Graph, classes: frozenset[Iri], defined: Iterable[tuple[Iri, Expression]]
) -> dict[Term, frozenset[Iri]]:
    """Return the classes above each, those that follow from definitions included."""
    stated = Graph()
    stated += graph.triples((None, RDFS.subClassOf, None))
    for name, expression in defined:
        for part in expression.parts:
            if part.kind == "class":
                pair = (name, str(part.value)) if expression.kind == "all" else (str(part.value), name)
                stated.add((URIRef(pair[0]), RDFS.subClassOf, URIRef(pair[1])))
    return _closure(stated, RDFS.subClassOf, classes)


def _inherited(
    graph: Graph, relation: URIRef, name: Term, superproperties: Mapping[Term, frozenset[Iri]]
) -> frozenset[Iri]:
    """Return what a relation says of a property or of one above it."""
    above = superproperties.get(name, (name,))
    return frozenset(_name(node) for other in above for node in graph.objects(URIRef(str(other)), relation))


def _disjoint_classes(graph: Graph) -> Iterator[frozenset[Iri]]:
    for one, other in graph.subject_objects(OWL.disjointWith):
        if isinstance(one, URIRef):
            yield frozenset((_name(one), _name(other)))
    for members in graph.objects(None, OWL.members):
        names = [_name(node) for node in Collection(graph, members)]
        yield from (frozenset((a, b)) for place, a in enumerate(names) for b in names[place + 1 :])


def _expression(graph: Graph, node: Node) -> Expression:
    """Read a description of a class, as far as the ontology uses the language."""
    for relation, kind in ((OWL.intersectionOf, "all"), (OWL.unionOf, "any")):
        members: Any = graph.value(node, relation)
        if members is not None:
            return Expression(kind, tuple(_expression(graph, part) for part in Collection(graph, members)))
    along = graph.value(node, OWL.onProperty)
    if along is None:
        return Expression("class", value=term_of(node))
    value = graph.value(node, OWL.hasValue)
    if value is not None:
        return Expression("has", property=_name(along), value=term_of(value))
    filler = graph.value(node, OWL.someValuesFrom)
    assert filler is not None  # noqa: S101 - the ontology restricts in no other way
    return Expression("some", (_expression(graph, filler),), property=_name(along))
