"""Which statements of a spec the reasoner needs: those that consistency and classes depend on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sphinx_policyspec.graph.schema import Schema, axioms, schema
from sphinx_policyspec.graph.terms import PREFIXES, PS, RDF, XSD, Blank, Foreign, Iri, Term, Triple

__all__ = ["Thinner", "fits", "is_name", "names_of_levels", "relevant", "whole_number"]

_TYPE, _VERDICT, _VIOLATES, _ROLE, _MESSAGE = RDF.type, PS.verdict, PS.violates, PS.role, PS.Message
_LEVEL, _AUTHORITY = PS.AuthorityLevel, PS.authority
_XSD = PREFIXES["xsd"]
_WHOLE = re.compile(r"(?P<digits>[+-]?[0-9]{1,300})(?P<point>\.0*)?")
_WITHIN_INTEGER = frozenset(
    [
        "integer",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "unsignedInt",
        "unsignedLong",
    ]
)


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


_NONE: frozenset[Term] = frozenset()


class _Types:
    """The classes of things, those that the ontology speaks of; things of the same classes share them.

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
    """Looks at one statement beside the classes that are stated of its ends."""

    def __init__(self) -> None:
        self._schema = known = schema()
        ends = (*known.domains.values(), *known.ranges.values())
        self._types = _Types(frozenset(known.superclasses).union(*ends))

    def _is_of_form(self, predicate: Iri, node: Term) -> bool:
        """Tell whether a property of ours has a thing or a text where it wants one; shapes check what has not."""
        known = self._schema
        is_relation = predicate in known.object_properties
        return is_relation is is_name(node) and (is_relation or predicate in known.data_properties)

    def _is_stated(self, subject: Term, predicate: Iri, node: Term) -> bool:
        """Tell whether what follows from a property's domain and range is stated of its ends; then it stays so."""
        known, types = self._schema, self._types.of(subject)
        if not known.domains[predicate] <= types:
            return False
        if predicate in known.object_properties:
            return known.ranges[predicate] <= self._types.of(node)
        if predicate == _ROLE and _MESSAGE not in types:
            return False
        return all(fits(node, datatype) for datatype in known.ranges[predicate])


class Thinner(_Looker):
    """Leaves out what is irrelevant whatever comes later; a large spec states little else."""

    def __init__(self) -> None:
        super().__init__()
        known = self._schema
        watched = known.functional | known.described | known.asymmetric | known.irreflexive
        watched |= {name for pair in known.disjoint_properties for name in pair}
        above = {name for name, names in known.superproperties.items() if names & watched}
        self._watched = watched | above | {_VERDICT, _VIOLATES}

    def keeps(self, subject: Term, predicate: Iri, node: Term) -> bool:
        """Tell whether a statement may matter, by those before it."""
        if predicate == _TYPE:
            self._types.add(subject, node)
            return True
        if predicate in self._watched:
            return True
        return self._is_of_form(predicate, node) and not self._is_stated(subject, predicate, node)


class _Sieve(_Looker):
    """Looks at one statement beside the types and relations that are stated of its ends."""

    def __init__(self, triples: list[Triple]) -> None:
        super().__init__()
        self._pairs: set[Triple] = set()
        self._values: dict[tuple[Term, Term], set[Term]] = defaultdict(set)
        known = self._schema
        self._bound = known.asymmetric | known.irreflexive
        self._paired: dict[Term, set[Term]] = defaultdict(set)
        for pair in known.disjoint_properties:
            for name in pair:
                self._paired[name] |= pair - {name}
        watched = self._bound | self._paired.keys()
        seen = {name for name, above in known.superproperties.items() if above & watched}
        for subject, predicate, node in (*axioms(), *triples):
            if predicate == _TYPE:
                self._types.add(subject, node)
            elif predicate in seen:
                self._pairs.update(
                    (subject, above, node) for above in known.superproperties[predicate] & watched
                )
            elif predicate in (_VERDICT, _VIOLATES):
                self._values[subject, predicate].add(node)
        self.torn = {node for node, types in self._types.items() if len(types) > 1 and _torn(types, known)}

    def is_class(self, node: Term) -> bool:
        """Tell whether the ontology has a class."""
        return node in self._schema.superclasses

    def matters(self, subject: Term, predicate: Iri, node: Term) -> bool:
        """Tell whether a statement, other than of a class, can have consequences."""
        if not self._is_of_form(predicate, node):
            return False
        if not self._is_stated(subject, predicate, node):
            return True
        if predicate not in self._schema.object_properties:
            return predicate in self._schema.functional
        return self._relation_matters(subject, predicate, node)

    def _relation_matters(self, subject: Term, predicate: Iri, node: Term) -> bool:
        known = self._schema
        if predicate in (_VERDICT, _VIOLATES):
            # A verdict speaks of violations alone, and they of it.
            verdicts, broken = (len(self._values.get((subject, name), ())) for name in (_VERDICT, _VIOLATES))
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


def _torn(types: frozenset[Term], known: Schema) -> bool:
    """Tell whether types exclude each other."""
    listed = [name for name in types if isinstance(name, Iri)]
    return any(known.are_disjoint(a, b) for place, a in enumerate(listed) for b in listed[place + 1 :])


def is_name(term: Term) -> bool:
    """Tell whether a term is a thing, and not a text or number."""
    return isinstance(term, Iri | Blank)


def fits(term: Term, datatype: str) -> bool:
    """Tell whether a term is a literal of a datatype that the ontology uses, or of one within it."""
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
    known = name == "decimal" or (name in _WITHIN_INTEGER and match is not None and not match["point"])
    return int(match["digits"]) if match and known else None


def names_of_levels(triples: Iterable[Triple]) -> Iterator[Iri | Blank]:
    """Yield the levels, which are all different from each other."""
    found: dict[Iri | Blank, None] = {}
    for subject, predicate, node in triples:
        if predicate == _TYPE and node == _LEVEL:
            found[subject] = None
        elif predicate == _AUTHORITY and isinstance(node, Iri | Blank):
            found[node] = None
    yield from found
