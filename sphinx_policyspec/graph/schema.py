"""What the ontology's axioms say of classes and properties, in a form that code can follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from rdflib import RDFS, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from sphinx_policyspec.graph.ontology import ontology_dir
from sphinx_policyspec.graph.vocabulary import OWL, RDF

__all__ = ["Expression", "Schema", "axioms", "ontology_triples", "schema"]

Triple = tuple[Node, Node, Node]


@dataclass(frozen=True, slots=True)
class Expression:
    """A class, or what describes one.

    :param kind: ``class``, ``all`` or ``any`` (of ``parts``), ``some`` or ``has`` (along ``property``)
    :param value: the class itself, or the value that ``has`` asks for
    """

    kind: str
    parts: tuple[Expression, ...] = ()
    property: Node | None = None
    value: Node | None = None

    def properties(self) -> Iterator[Node]:
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

    labels: Mapping[Node, str]
    superclasses: Mapping[Node, frozenset[Node]]
    superproperties: Mapping[Node, frozenset[Node]]
    domains: Mapping[Node, frozenset[Node]]
    ranges: Mapping[Node, frozenset[Node]]
    inverses: Mapping[Node, Node]
    object_properties: frozenset[Node]
    data_properties: frozenset[Node]
    functional: frozenset[Node]
    asymmetric: frozenset[Node]
    irreflexive: frozenset[Node]
    disjoint_classes: frozenset[frozenset[Node]]
    disjoint_properties: frozenset[frozenset[Node]]
    defined: tuple[tuple[Node, Expression], ...]
    exclusive: tuple[tuple[Expression, Expression], ...]
    described: frozenset[Node]

    def are_disjoint(self, one: Node, other: Node) -> bool:
        """Tell whether nothing can be a member of both classes."""
        ones = self.superclasses.get(one, frozenset((one,)))
        others = self.superclasses.get(other, frozenset((other,)))
        return any(frozenset((a, b)) in self.disjoint_classes for a in ones for b in others)


@cache
def _ontology() -> Graph:
    return Graph().parse(ontology_dir() / "policyspec.ttl")


def ontology_triples() -> tuple[Triple, ...]:
    """Return all of the ontology."""
    return tuple(sorted(_ontology()))


@cache
def axioms() -> tuple[Triple, ...]:
    """Return the ontology without labels, definitions and other annotations."""
    graph = _ontology()
    silent = {*graph.subjects(RDF.type, OWL.AnnotationProperty), RDFS.label, RDFS.comment, RDFS.isDefinedBy}
    return tuple(
        sorted(triple for triple in graph if triple[1] not in silent and triple[1] != OWL.versionIRI)
    )


@cache
def schema() -> Schema:
    """Read the axioms of ``policyspec.ttl`` once."""
    graph = _ontology()
    kinds = {kind: frozenset(graph.subjects(RDF.type, kind)) for kind in _KINDS}
    superproperties = _closure(graph, RDFS.subPropertyOf, kinds[OWL.ObjectProperty])
    exclusive = tuple(
        (_expression(graph, one), _expression(graph, other))
        for one, other in graph.subject_objects(OWL.disjointWith)
        if not isinstance(one, URIRef)
    )
    defined = tuple(
        (name, _expression(graph, node))
        for name, node in sorted(graph.subject_objects(OWL.equivalentClass))
        if (node, OWL.oneOf, None) not in graph
    )
    described = {
        *(name for pair in exclusive for side in pair for name in side.properties()),
        *(name for _, expression in defined for name in expression.properties()),
    }
    return Schema(
        labels={node: str(text) for node, text in graph.subject_objects(RDFS.label)},
        superclasses=_superclasses(graph, kinds[OWL.Class], defined),
        superproperties=superproperties,
        domains=_inherited(graph, RDFS.domain, superproperties, kinds[OWL.DatatypeProperty]),
        ranges=_inherited(graph, RDFS.range, superproperties, kinds[OWL.DatatypeProperty]),
        inverses=dict(_both_ways(graph.subject_objects(OWL.inverseOf))),
        object_properties=kinds[OWL.ObjectProperty],
        data_properties=kinds[OWL.DatatypeProperty],
        functional=kinds[OWL.FunctionalProperty],
        asymmetric=kinds[OWL.AsymmetricProperty],
        irreflexive=kinds[OWL.IrreflexiveProperty],
        disjoint_classes=frozenset(_disjoint_classes(graph)),
        disjoint_properties=frozenset(map(frozenset, graph.subject_objects(OWL.propertyDisjointWith))),
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


def _both_ways(pairs: Iterable[tuple[Node, Node]]) -> Iterator[tuple[Node, Node]]:
    for one, other in pairs:
        yield one, other
        yield other, one


def _closure(graph: Graph, relation: URIRef, terms: frozenset[Node]) -> dict[Node, frozenset[Node]]:
    """Return each term with all that is above it by a relation, and itself."""
    return {
        term: frozenset(n for n in graph.transitive_objects(term, relation) if isinstance(n, URIRef))
        for term in terms
    }


def _superclasses(
    graph: Graph, classes: frozenset[Node], defined: Iterable[tuple[Node, Expression]]
) -> dict[Node, frozenset[Node]]:
    """Return the classes above each, those that follow from definitions included."""
    stated = Graph()
    stated += graph.triples((None, RDFS.subClassOf, None))
    for name, expression in defined:
        for part in expression.parts:
            if part.kind == "class" and part.value is not None:
                pair = (name, part.value) if expression.kind == "all" else (part.value, name)
                stated.add((pair[0], RDFS.subClassOf, pair[1]))
    return _closure(stated, RDFS.subClassOf, classes)


def _inherited(
    graph: Graph, relation: URIRef, superproperties: Mapping[Node, frozenset[Node]], others: frozenset[Node]
) -> dict[Node, frozenset[Node]]:
    """Return what a relation says of each property or of one above it."""
    return {
        name: frozenset(
            node for other in superproperties.get(name, (name,)) for node in graph.objects(other, relation)
        )
        for name in {*superproperties, *others}
    }


def _disjoint_classes(graph: Graph) -> Iterator[frozenset[Node]]:
    for one, other in graph.subject_objects(OWL.disjointWith):
        if isinstance(one, URIRef):
            yield frozenset((one, other))
    for members in graph.objects(None, OWL.members):
        names = list(Collection(graph, members))
        yield from (frozenset((a, b)) for place, a in enumerate(names) for b in names[place + 1 :])


def _expression(graph: Graph, node: Node) -> Expression:
    """Read a description of a class, as far as the ontology uses the language."""
    for relation, kind in ((OWL.intersectionOf, "all"), (OWL.unionOf, "any")):
        members: Any = graph.value(node, relation)
        if members is not None:
            return Expression(kind, tuple(_expression(graph, part) for part in Collection(graph, members)))
    along = graph.value(node, OWL.onProperty)
    if along is None:
        return Expression("class", value=node)
    value = graph.value(node, OWL.hasValue)
    if value is not None:
        return Expression("has", property=along, value=value)
    filler = graph.value(node, OWL.someValuesFrom)
    assert filler is not None  # noqa: S101 - the ontology restricts in no other way
    return Expression("some", (_expression(graph, filler),), property=along)
