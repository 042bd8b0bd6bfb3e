"""Which statements of a spec the reasoner needs: those that consistency and classes depend on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from rdflib import Literal
from rdflib.term import Node

from sphinx_policyspec.graph.schema import Schema, axioms, schema
from sphinx_policyspec.graph.vocabulary import PS, RDF

__all__ = ["Triple", "fits", "names_of_levels", "relevant"]

Triple = tuple[Node, Node, Node]

# A closed namespace looks each term up; these are used for every statement.
_TYPE, _VERDICT, _VIOLATES, _ROLE, _MESSAGE = RDF.type, PS.verdict, PS.violates, PS.role, PS.Message
_LEVEL, _AUTHORITY = PS.AuthorityLevel, PS.authority
_XSD = "http://www.w3.org/2001/XMLSchema#"


def relevant(triples: Iterable[Triple]) -> list[Triple]:
    """Return what a reasoner cannot do without, in the order given.

    A statement is left out if it can neither contradict another nor make anything a member of a defined
    class: what follows from it by its domain and range is stated of its ends anyway, and no other axiom
    on its property can meet it. Inverses, chains and transitivity conclude relations between the same
    things only. Texts, places, touches, prompts, topics and most messages go that way.
    """
    stated = list(triples)
    sieve = _Sieve(stated)
    kept = {place for place, triple in enumerate(stated) if sieve.matters(*triple)}
    named = {node for place in kept for node in (stated[place][0], stated[place][2])}
    named |= sieve.torn
    for place, (subject, predicate, node) in enumerate(stated):
        if predicate == _TYPE and subject in named and sieve.is_class(node):
            kept.add(place)
    return [stated[place] for place in sorted(kept)]


class _Sieve:
    """Looks at one statement beside the types and relations that are stated of its ends."""

    def __init__(self, triples: list[Triple]) -> None:
        self._schema = schema()
        self._types: dict[Node, set[Node]] = defaultdict(set)
        self._pairs: set[Triple] = set()
        self._values: Counter[tuple[Node, Node]] = Counter()
        known = self._schema
        self._bound = known.asymmetric | known.irreflexive
        self._paired: dict[Node, set[Node]] = defaultdict(set)
        for pair in known.disjoint_properties:
            for name in pair:
                self._paired[name] |= pair - {name}
        watched = self._bound | self._paired.keys()
        seen = {name for name, above in known.superproperties.items() if above & watched}
        for subject, predicate, node in (*axioms(), *triples):
            if predicate == _TYPE:
                self._types[subject].add(node)
            elif predicate in seen:
                self._pairs.update(
                    (subject, above, node) for above in known.superproperties[predicate] & watched
                )
            elif predicate in (_VERDICT, _VIOLATES):
                self._values[subject, predicate] += 1
        self.torn = {node for node, types in self._types.items() if len(types) > 1 and _torn(types, known)}

    def is_class(self, node: Node) -> bool:
        """Tell whether the ontology has a class."""
        return node in self._schema.superclasses

    def matters(self, subject: Node, predicate: Node, node: Node) -> bool:
        """Tell whether a statement, other than of a class, can have consequences."""
        known = self._schema
        is_relation = predicate in known.object_properties
        if not is_relation and predicate not in known.data_properties:
            return False
        types = self._types
        if not known.domains[predicate] <= types.get(subject, _NONE):
            return True
        if not is_relation:
            return self._value_matters(subject, predicate, node)
        if not known.ranges[predicate] <= types.get(node, _NONE):
            return True
        return self._relation_matters(subject, predicate, node)

    def _relation_matters(self, subject: Node, predicate: Node, node: Node) -> bool:
        known = self._schema
        if predicate in (_VERDICT, _VIOLATES):
            # A verdict speaks of violations alone, and they of it.
            verdicts, broken = self._values[subject, _VERDICT], self._values[subject, _VIOLATES]
            return bool(verdicts and broken) or (predicate == _VERDICT and verdicts > 1)
        above = known.superproperties[predicate]
        if above & (known.functional | known.described):
            return True
        if any(
            (subject, other, node) in self._pairs for name in above for other in self._paired.get(name, ())
        ):
            return True
        bound = above & self._bound
        return bool(bound) and (
            subject == node or any((node, name, subject) in self._pairs for name in bound)
        )

    def _value_matters(self, subject: Node, predicate: Node, node: Node) -> bool:
        known = self._schema
        if not all(fits(node, datatype) for datatype in known.ranges[predicate]):
            return True
        if predicate == _ROLE:
            return _MESSAGE not in self._types.get(subject, _NONE)
        return predicate in known.functional


_NONE: frozenset[Node] = frozenset()


def _torn(types: set[Node], known: Schema) -> bool:
    """Tell whether types exclude each other."""
    listed = list(types)
    return any(known.are_disjoint(a, b) for place, a in enumerate(listed) for b in listed[place + 1 :])


def fits(node: Node, datatype: Node) -> bool:
    """Tell whether a node is a literal of a datatype that the ontology uses."""
    if not isinstance(node, Literal) or node.language:
        return False
    own = node.datatype
    if own is None:
        return str(datatype) == f"{_XSD}string"
    return str(own) == str(datatype) and not node.ill_typed


def names_of_levels(triples: Iterable[Triple]) -> Iterator[Node]:
    """Yield the levels, which are all different from each other."""
    found: dict[Node, None] = {}
    for subject, predicate, node in triples:
        if predicate == _TYPE and node == _LEVEL:
            found[subject] = None
        elif predicate == _AUTHORITY:
            found[node] = None
    yield from found
