"""What the ontology's axioms say of classes and properties, in a form that code can follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pyoxigraph

from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.terms import OWL, RDF, RDFS, Iri, Term, Triple, ontology_dir

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


class _Ontology:
    """The triples of ``policyspec.ttl``, looked up both ways."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.triples = tuple(triples)
        self._objects: dict[tuple[Term, Iri], list[Term]] = defaultdict(list)
        self._pairs: dict[Iri, list[tuple[Term, Term]]] = defaultdict(list)
        for subject, predicate, node in self.triples:
            self._objects[subject, predicate].append(node)
            self._pairs[predicate].append((subject, node))

    def pairs(self, relation: Iri) -> list[tuple[Term, Term]]:
        """Return what a relation holds between."""
        return self._pairs.get(relation, [])

    def objects(self, subject: Term, relation: Iri) -> list[Term]:
        """Return what a relation leads to."""
        return self._objects.get((subject, relation), [])

    def members(self, kind: Iri) -> frozenset[Iri]:
        """Return the named things of a class."""
        named = (subject for subject, node in self.pairs(RDF.type) if node == kind)
        return frozenset(subject for subject in named if isinstance(subject, Iri))

    def items(self, rest: Term) -> Iterator[Term]:
        """Yield what a list holds."""
        while rest != RDF.nil:
            yield from self.objects(rest, RDF.first)
            (rest,) = self.objects(rest, RDF.rest)


@cache
def _ontology() -> _Ontology:
    file = ontology_dir() / "policyspec.ttl"
    return _Ontology(plain_triples(pyoxigraph.parse(path=file, format=pyoxigraph.RdfFormat.TURTLE)))


def ontology_triples() -> tuple[Triple, ...]:
    """Return all of the ontology."""
    return _ontology().triples


@cache
def axioms() -> tuple[Triple, ...]:
    """Return the ontology without labels, definitions and other annotations."""
    found = _ontology()
    silent = {*found.members(OWL.AnnotationProperty), RDFS.label, RDFS.comment, RDFS.isDefinedBy}
    silent |= {OWL.versionIRI, OWL.versionInfo}
    return tuple(triple for triple in found.triples if triple[1] not in silent)


@cache
def schema() -> Schema:
    """Read the axioms of ``policyspec.ttl`` once."""
    found = _ontology()
    relations = found.members(OWL.ObjectProperty)
    superproperties = _closure(found.pairs(RDFS.subPropertyOf), relations)
    properties = {*superproperties, *found.members(OWL.DatatypeProperty)}
    exclusive = tuple(
        (_expression(found, one), _expression(found, other))
        for one, other in found.pairs(OWL.disjointWith)
        if not isinstance(one, Iri)
    )
    defined = tuple(
        (_name(name), _expression(found, node))
        for name, node in sorted(found.pairs(OWL.equivalentClass), key=str)
        if not found.objects(node, OWL.oneOf)
    )
    described = {
        *(name for pair in exclusive for side in pair for name in side.properties()),
        *(name for _, expression in defined for name in expression.properties()),
    }
    inverses = [(_name(one), _name(other)) for one, other in found.pairs(OWL.inverseOf)]
    return Schema(
        labels={node: str(text) for node, text in found.pairs(RDFS.label)},
        superclasses=_superclasses(found, defined),
        superproperties=superproperties,
        domains={name: _inherited(found, RDFS.domain, name, superproperties) for name in properties},
        ranges={name: _inherited(found, RDFS.range, name, superproperties) for name in properties},
        inverses={**dict(inverses), **{other: one for one, other in inverses}},
        object_properties=relations,
        data_properties=found.members(OWL.DatatypeProperty),
        functional=found.members(OWL.FunctionalProperty),
        asymmetric=found.members(OWL.AsymmetricProperty),
        irreflexive=found.members(OWL.IrreflexiveProperty),
        disjoint_classes=frozenset(_disjoint_classes(found)),
        disjoint_properties=frozenset(
            frozenset(map(_name, pair)) for pair in found.pairs(OWL.propertyDisjointWith)
        ),
        defined=defined,
        exclusive=exclusive,
        described=frozenset(described),
    )


def _name(node: Term) -> Iri:
    return Iri(str(node))


def _closure(pairs: Iterable[tuple[Term, Term]], terms: frozenset[Iri]) -> dict[Term, frozenset[Iri]]:
    """Return each term with all that is above it by a relation, and itself."""
    above: dict[Term, list[Iri]] = defaultdict(list)
    for lower, higher in pairs:
        if isinstance(higher, Iri):
            above[lower].append(higher)
    closed: dict[Term, frozenset[Iri]] = {}
    for term in terms:
        found = {term: None}
        waiting = [term]
        for name in waiting:
            new = [higher for higher in above.get(name, ()) if higher not in found]
            found.update(dict.fromkeys(new))
            waiting += new
        closed[term] = frozenset(found)
    return closed


def _superclasses(
    ontology: _Ontology, defined: Iterable[tuple[Iri, Expression]]
) -> dict[Term, frozenset[Iri]]:
    """Return the classes above each, those that follow from definitions included."""
    stated = list(ontology.pairs(RDFS.subClassOf))
    for name, expression in defined:
        named = [part.value for part in expression.parts if part.kind == "class" and part.value is not None]
        stated += [(name, part) if expression.kind == "all" else (part, name) for part in named]
    return _closure(stated, ontology.members(OWL.Class))


def _inherited(
    ontology: _Ontology, relation: Iri, name: Term, superproperties: Mapping[Term, frozenset[Iri]]
) -> frozenset[Iri]:
    """Return what a relation says of a property or of one above it."""
    above = superproperties.get(name, (name,))
    return frozenset(_name(node) for other in above for node in ontology.objects(other, relation))


def _disjoint_classes(ontology: _Ontology) -> Iterator[frozenset[Iri]]:
    for one, other in ontology.pairs(OWL.disjointWith):
        if isinstance(one, Iri):
            yield frozenset((one, _name(other)))
    for _, members in ontology.pairs(OWL.members):
        names = [_name(node) for node in ontology.items(members)]
        yield from (frozenset((a, b)) for place, a in enumerate(names) for b in names[place + 1 :])


def _expression(ontology: _Ontology, node: Term) -> Expression:
    """Read a description of a class, as far as the ontology uses the language."""
    for relation, kind in ((OWL.intersectionOf, "all"), (OWL.unionOf, "any")):
        for members in ontology.objects(node, relation):
            return Expression(kind, tuple(_expression(ontology, part) for part in ontology.items(members)))
    along = ontology.objects(node, OWL.onProperty)
    if not along:
        return Expression("class", value=node)
    if value := ontology.objects(node, OWL.hasValue):
        return Expression("has", property=_name(along[0]), value=value[0])
    (filler,) = ontology.objects(node, OWL.someValuesFrom)  # the ontology restricts in no other way
    return Expression("some", (_expression(ontology, filler),), property=_name(along[0]))
