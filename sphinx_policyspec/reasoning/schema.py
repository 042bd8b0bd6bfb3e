"""What the ontology's axioms say, in a form that code can follow, and which statements of a spec they concern."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pyoxigraph

from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.terms import (
    OWL,
    PREFIXES,
    PS,
    RDF,
    RDFS,
    XSD,
    Blank,
    Foreign,
    Iri,
    Term,
    Triple,
    ontology_dir,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A class, or a description of one.

    :param kind: ``class``, ``all`` or ``any`` (of ``parts``), ``some`` or ``has`` (along ``property``)
    :param value: the class itself, or the value that ``has`` asks for
    """

    kind: str
    parts: tuple[Expression, ...] = ()
    property: Iri | None = None
    value: Term | None = None

    def properties(self) -> Iterator[Iri]:
        """Yield every property that it mentions."""
        if self.property is not None:
            yield self.property
        for part in self.parts:
            yield from part.properties()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    """The axioms by what they are about; superclasses and superproperties include the term itself.

    :param domains: of a property and its superproperties; ranges likewise
    :param defined: classes with the descriptions of their members
    :param exclusive: pairs of descriptions that exclude each other
    :param described: the properties that these two mention
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
        """Return whether nothing can be a member of both classes."""
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
        """Return the pairs that a relation holds between."""
        return self._pairs.get(relation, [])

    def objects(self, subject: Term, relation: Iri) -> list[Term]:
        """Return the things to which a relation leads."""
        return self._objects.get((subject, relation), [])

    def members(self, kind: Iri) -> frozenset[Iri]:
        """Return the named things of a class."""
        instances = (subject for subject, node in self.pairs(RDF.type) if node == kind)
        return frozenset(subject for subject in instances if isinstance(subject, Iri))

    def items(self, rest: Term) -> Iterator[Term]:
        """Yield what a list holds."""
        while rest != RDF.nil:
            yield from self.objects(rest, RDF.first)
            (rest,) = self.objects(rest, RDF.rest)


@cache
def ontology() -> _Ontology:
    """Read the ontology once."""
    file = ontology_dir() / "policyspec.ttl"
    return _Ontology(plain_triples(pyoxigraph.parse(path=file, format=pyoxigraph.RdfFormat.TURTLE)))


@cache
def axioms() -> tuple[Triple, ...]:
    """Return the ontology without labels, definitions and other annotations."""
    graph = ontology()
    silent = {*graph.members(OWL.AnnotationProperty), RDFS.label, RDFS.comment, RDFS.isDefinedBy}
    silent |= {OWL.versionIRI, OWL.versionInfo}
    return tuple(triple for triple in graph.triples if triple[1] not in silent)


@cache
def schema() -> _Schema:
    """Read the axioms of ``policyspec.ttl`` once."""
    graph = ontology()
    relations = graph.members(OWL.ObjectProperty)
    superproperties = _closure(graph.pairs(RDFS.subPropertyOf), relations)
    properties = {*superproperties, *graph.members(OWL.DatatypeProperty)}
    exclusive = tuple(
        (_expression(graph, one), _expression(graph, other))
        for one, other in graph.pairs(OWL.disjointWith)
        if not isinstance(one, Iri)
    )
    defined = tuple(
        (_name(name), _expression(graph, node))
        for name, node in sorted(graph.pairs(OWL.equivalentClass), key=str)
        if not graph.objects(node, OWL.oneOf)
    )
    described = {
        *(name for pair in exclusive for side in pair for name in side.properties()),
        *(name for _, expression in defined for name in expression.properties()),
    }
    inverses = [(_name(one), _name(other)) for one, other in graph.pairs(OWL.inverseOf)]
    return _Schema(
        labels={node: str(text) for node, text in graph.pairs(RDFS.label)},
        superclasses=_superclasses(graph, defined),
        superproperties=superproperties,
        domains={name: _inherited(graph, RDFS.domain, name, superproperties) for name in properties},
        ranges={name: _inherited(graph, RDFS.range, name, superproperties) for name in properties},
        inverses={**dict(inverses), **{other: one for one, other in inverses}},
        object_properties=relations,
        data_properties=graph.members(OWL.DatatypeProperty),
        functional=graph.members(OWL.FunctionalProperty),
        asymmetric=graph.members(OWL.AsymmetricProperty),
        irreflexive=graph.members(OWL.IrreflexiveProperty),
        disjoint_classes=frozenset(_disjoint_classes(graph)),
        disjoint_properties=frozenset(
            frozenset(map(_name, pair)) for pair in graph.pairs(OWL.propertyDisjointWith)
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
        reached = {term: None}
        waiting = [term]
        for name in waiting:
            new = [higher for higher in above.get(name, ()) if higher not in reached]
            reached.update(dict.fromkeys(new))
            waiting += new
        closed[term] = frozenset(reached)
    return closed


def _superclasses(graph: _Ontology, defined: Iterable[tuple[Iri, Expression]]) -> dict[Term, frozenset[Iri]]:
    """Return the classes above each, those that follow from definitions included."""
    stated = list(graph.pairs(RDFS.subClassOf))
    for name, expression in defined:
        classes = [part.value for part in expression.parts if part.kind == "class" and part.value is not None]
        stated += [(name, part) if expression.kind == "all" else (part, name) for part in classes]
    return _closure(stated, graph.members(OWL.Class))


def _inherited(
    graph: _Ontology, relation: Iri, name: Term, superproperties: Mapping[Term, frozenset[Iri]]
) -> frozenset[Iri]:
    """Return what a relation says about a property or one above it."""
    above = superproperties.get(name, (name,))
    return frozenset(_name(node) for other in above for node in graph.objects(other, relation))


def _disjoint_classes(graph: _Ontology) -> Iterator[frozenset[Iri]]:
    for one, other in graph.pairs(OWL.disjointWith):
        if isinstance(one, Iri):
            yield frozenset((one, _name(other)))
    for _, members in graph.pairs(OWL.members):
        names = [_name(node) for node in graph.items(members)]
        yield from (frozenset((a, b)) for place, a in enumerate(names) for b in names[place + 1 :])


def _expression(graph: _Ontology, node: Term) -> Expression:
    """Read a description of a class, as far as the ontology uses the language."""
    for relation, kind in ((OWL.intersectionOf, "all"), (OWL.unionOf, "any")):
        for members in graph.objects(node, relation):
            return Expression(kind, tuple(_expression(graph, part) for part in graph.items(members)))
    along = graph.objects(node, OWL.onProperty)
    if not along:
        return Expression("class", value=node)
    if value := graph.objects(node, OWL.hasValue):
        return Expression("has", property=_name(along[0]), value=value[0])
    (filler,) = graph.objects(node, OWL.someValuesFrom)  # the ontology restricts in no other way
    return Expression("some", (_expression(graph, filler),), property=_name(along[0]))


_TYPE, _VERDICT, _VIOLATES, _ROLE, _MESSAGE = RDF.type, PS.verdict, PS.violates, PS.role, PS.Message
_LEVEL, _AUTHORITY = PS.AuthorityLevel, PS.authority
_XSD = PREFIXES["xsd"]
_WHOLE = re.compile(r"(?P<digits>[+-]?[0-9]{1,300})(?P<point>\.0*)?")
_WITHIN_INTEGER = frozenset(
    "integer int long short byte nonNegativeInteger positiveInteger unsignedInt unsignedLong".split()  # noqa: SIM905 - as KINDS
)


def relevant(triples: Iterable[Triple]) -> list[Triple]:
    """Return the statements that a reasoner needs, in the order given.

    A statement is left out if it can neither contradict another nor make anything a member of a defined
    class: what follows from it by its domain and range is stated of its ends anyway, and no other axiom
    on its property applies to it. Inverses, chains and transitivity conclude relations between the same
    things only. So texts, places, touches, prompts, topics and most messages are left out.
    """
    stated = list(triples)
    sieve = _Sieve(stated)
    places = {place for place, triple in enumerate(stated) if sieve.matters(*triple)}
    nodes = {node for place in places for node in (stated[place][0], stated[place][2])}
    nodes |= sieve.contradictory
    for place, (subject, predicate, node) in enumerate(stated):
        if predicate == _TYPE and subject in nodes and node in schema().superclasses:
            places.add(place)
    return [stated[place] for place in sorted(places)]


_NONE: frozenset[Term] = frozenset()


class _Types:
    """The classes of things, as far as the ontology mentions them; things of the same classes share one set.

    :param known: these classes; others have no consequences, and a thing may have any number of them
    """

    def __init__(self, known: frozenset[Term]) -> None:
        self._known = known
        self._of: dict[Term, frozenset[Term]] = {}
        self._with: dict[tuple[frozenset[Term], Term], frozenset[Term]] = {}

    def add(self, thing: Term, kind: Term) -> None:
        """State one class of a thing."""
        if kind not in self._known:
            return
        key = self.of(thing), kind
        if (types := self._with.get(key)) is None:
            types = self._with[key] = key[0] | {kind}
        self._of[thing] = types

    def of(self, thing: Term) -> frozenset[Term]:
        """Return the classes that were stated of a thing."""
        return self._of.get(thing, _NONE)

    def items(self) -> Iterable[tuple[Term, frozenset[Term]]]:
        """Return each thing with its classes."""
        return self._of.items()


class _Looker:
    """Judges one statement by the classes that are stated of its ends."""

    def __init__(self) -> None:
        self._schema = terms = schema()
        ends = (*terms.domains.values(), *terms.ranges.values())
        self._types = _Types(frozenset(terms.superclasses).union(*ends))

    def _is_of_form(self, predicate: Iri, node: Term) -> bool:
        """Return whether a property of the ontology has a thing or a text where it needs one; shapes check all others."""
        terms = self._schema
        is_relation = predicate in terms.object_properties
        return is_relation is is_name(node) and (is_relation or predicate in terms.data_properties)

    def _is_stated(self, subject: Term, predicate: Iri, node: Term) -> bool:
        """Return whether what follows from a property's domain and range is stated of its ends; then it stays so."""
        terms, types = self._schema, self._types.of(subject)
        if not terms.domains[predicate] <= types:
            return False
        if predicate in terms.object_properties:
            return terms.ranges[predicate] <= self._types.of(node)
        if predicate == _ROLE and _MESSAGE not in types:
            return False
        return all(fits(node, datatype) for datatype in terms.ranges[predicate])


class Thinner(_Looker):
    """Leaves out what is irrelevant whatever comes later; a large spec states little else."""

    def __init__(self) -> None:
        super().__init__()
        terms = self._schema
        watched = terms.functional | terms.described | terms.asymmetric | terms.irreflexive
        watched |= {name for pair in terms.disjoint_properties for name in pair}
        above = {name for name, names in terms.superproperties.items() if names & watched}
        self._watched = watched | above | {_VERDICT, _VIOLATES}

    def keeps(self, subject: Term, predicate: Iri, node: Term) -> bool:
        """Return whether a statement may matter, judged by those before it."""
        if predicate == _TYPE:
            self._types.add(subject, node)
            return True
        if predicate in self._watched:
            return True
        return self._is_of_form(predicate, node) and not self._is_stated(subject, predicate, node)


class _Sieve(_Looker):
    """Judges one statement by the types and relations that are stated of its ends."""

    def __init__(self, triples: list[Triple]) -> None:
        super().__init__()
        self._pairs: set[Triple] = set()
        self._values: dict[tuple[Term, Term], set[Term]] = defaultdict(set)
        terms = self._schema
        self._bound = terms.asymmetric | terms.irreflexive
        self._paired: dict[Term, set[Term]] = defaultdict(set)
        for pair in terms.disjoint_properties:
            for name in pair:
                self._paired[name] |= pair - {name}
        watched = self._bound | self._paired.keys()
        tracked = {name for name, above in terms.superproperties.items() if above & watched}
        for subject, predicate, node in (*axioms(), *triples):
            if predicate == _TYPE:
                self._types.add(subject, node)
            elif predicate in tracked:
                self._pairs.update(
                    (subject, above, node) for above in terms.superproperties[predicate] & watched
                )
            elif predicate in (_VERDICT, _VIOLATES):
                self._values[subject, predicate].add(node)
        self.contradictory = {
            node for node, types in self._types.items() if len(types) > 1 and _are_exclusive(types, terms)
        }

    def matters(self, subject: Term, predicate: Iri, node: Term) -> bool:
        """Return whether a statement, other than of a class, can have consequences."""
        if not self._is_of_form(predicate, node):
            return False
        if not self._is_stated(subject, predicate, node):
            return True
        if predicate not in self._schema.object_properties:
            return predicate in self._schema.functional
        return self._relation_matters(subject, predicate, node)

    def _relation_matters(self, subject: Term, predicate: Iri, node: Term) -> bool:
        terms = self._schema
        if predicate in (_VERDICT, _VIOLATES):
            # A verdict matters only with violations, and they only with it.
            verdicts, violations = (
                len(self._values.get((subject, name), ())) for name in (_VERDICT, _VIOLATES)
            )
            return bool(verdicts and violations) or (predicate == _VERDICT and verdicts > 1)
        above = terms.superproperties[predicate]
        if above & (terms.functional | terms.described):
            return True
        if any(
            (subject, other, node) in self._pairs for name in above for other in self._paired.get(name, ())
        ):
            return True
        restricted = above & self._bound
        return bool(restricted) and (
            subject == node or any((node, name, subject) in self._pairs for name in restricted)
        )


def _are_exclusive(types: frozenset[Term], terms: _Schema) -> bool:
    """Return whether types exclude each other."""
    listed = [name for name in types if isinstance(name, Iri)]
    return any(terms.are_disjoint(a, b) for place, a in enumerate(listed) for b in listed[place + 1 :])


def is_name(term: Term) -> bool:
    """Return whether a term is a thing, and not a text or number."""
    return isinstance(term, Iri | Blank)


def fits(term: Term, datatype: str) -> bool:
    """Return whether a term is a literal of a datatype that the ontology uses, or of one within it."""
    if is_name(term):
        return False
    if datatype == XSD.string:
        return not isinstance(term, int) and (not isinstance(term, Foreign) or _is_text(term))
    return datatype == XSD.integer and whole_number(term) is not None


def _is_text(term: Foreign) -> bool:
    return not term.language and term.datatype.removeprefix(_XSD) in {"normalizedString", "token"}


def whole_number(term: Term) -> int | None:
    """Return the number that a literal stands for, in whatever form, if it is a whole one."""
    if isinstance(term, int):
        return term
    if not isinstance(term, Foreign) or not term.datatype.startswith(_XSD):
        return None
    name = term.datatype.removeprefix(_XSD)
    match = _WHOLE.fullmatch(term.text.strip())
    is_whole = name == "decimal" or (name in _WITHIN_INTEGER and match is not None and not match["point"])
    return int(match["digits"]) if match and is_whole else None


def names_of_levels(triples: Iterable[Triple]) -> Iterator[Iri | Blank]:
    """Yield the levels, which are all different from each other."""
    levels: dict[Iri | Blank, None] = {}
    for subject, predicate, node in triples:
        if predicate == _TYPE and node == _LEVEL:
            levels[subject] = None
        elif predicate == _AUTHORITY and isinstance(node, Iri | Blank):
            levels[node] = None
    yield from levels
