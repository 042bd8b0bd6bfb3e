"""What a graph says as statements that its author can find, and which sets of them contradict each other, with the reason."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from urllib.parse import unquote

from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.terms import DCTERMS, PREFIXES, PS, RDF, SKOS, Iri, Term, Triple, iri_of
from sphinx_policyspec.model import Span
from sphinx_policyspec.model.attributes import ATTRIBUTES
from sphinx_policyspec.reasoning.schema import (
    Expression,
    Thinner,
    fits,
    is_name,
    relevant,
    schema,
    whole_number,
)

Stated = tuple[Triple, str]
"""A triple, and the name of the graph that it is in: the release that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Brief):
    """One thing that a spec says, as a person would say it.

    :param text: a sentence, ids in backticks
    :param span: where its subject is; ``None`` where the graph gives no single place
    """

    text: str
    span: Span | None
    triples: tuple[Triple, ...]


_TYPE, _ID, _FILE, _LINE, _COLUMN = RDF.type, DCTERMS.identifier, PS.file, PS.line, PS.column
_AUTHORITY, _RESPONSE = PS.authority, PS.Response
_NAMING = frozenset((_ID, PS.repeats))
_FURTHER = re.compile(r"~\d+$")
"""The end of the names of things whose id another thing has, too."""

_KINDS: Mapping[Term, str] = {
    PS.AuthorityLevel: "level ",
    PS.Example: "example ",
    PS.Goal: "goal ",
    SKOS.Concept: "topic ",
}
_SENTENCES: Mapping[Term, str] = {
    **{iri_of(row.predicate): f"{{}} {row.says} {{}}" for row in ATTRIBUTES if row.says},
    PS.directlyOutranks: "{} directly outranks {}",
    PS.overridableBy: "{} can be overridden by {}",
    PS.overrideMode: "the override mode of {} is {}",
    PS.partOf: "{} is part of {}",
    PS.rank: "{} has the rank {}",
    PS.subsectionOf: "{} is part of {}",
    PS.verdict: "{} is marked {}",
}
_PART = re.compile(r"(?:^|[/:#])(?P<kind>\w++)/(?P<owner>example|prompt)/(?P<rest>.++)")
_THING_ID = re.compile(
    r"(?:^|[/:#])(?:provision|level|topic|goal|example|prompt|definition|document)/(?P<id>.+)$"
)


def statements_of(stated: Iterable[Stated], again: Callable[[], Iterable[Stated]]) -> tuple[Statement, ...]:
    """Return the statements that consistency depends on, in the order in which they are stated.

    Things with one id are one thing in them, each statement with its own place.

    :param again: yields the same once more, since names and places are looked up only for what is reported
    """
    own, graphs = _thinned(stated)
    triples = _rejoined(own)
    needed = set(relevant(triples))
    selected = [
        (new, triple, graph) for new, triple, graph in zip(triples, own, graphs, strict=True) if new in needed
    ]
    # Most things of a spec are in no statement that is reported.
    reported = {term for new, triple, _ in selected for term in (triple[0], new[0], new[2])}
    words = _Words((triple, graph) for triple, graph in again() if triple[0] in reported)
    grouped: dict[tuple[str, Span | None], dict[Triple, None]] = {}
    for new, triple, graph in selected:
        key = words.sentence(triple, new), words.place(triple[0], graph)
        grouped.setdefault(key, {})[new] = None
    return tuple(
        Statement(text=text, span=span, triples=tuple(triples)) for (text, span), triples in grouped.items()
    )


def _thinned(stated: Iterable[Stated]) -> tuple[list[Triple], list[str]]:
    """Return the triples that may matter, and the graph of each."""
    thinner = Thinner()
    triples: list[Triple] = []
    graphs: list[str] = []
    for triple, graph in stated:
        if triple[1] in _NAMING or thinner.keeps(*triple):
            triples.append(triple)
            graphs.append(graph)
    return triples, graphs


def _rejoined(triples: list[Triple]) -> list[Triple]:
    """Return triples in which things with one id have one name."""
    names = _one_id(triples)
    if not names:
        return triples
    return [
        (names.get(subject, subject), predicate, names.get(node, node) if isinstance(node, Iri) else node)
        for subject, predicate, node in triples
    ]


def _one_id(triples: Iterable[Triple]) -> dict[str, Iri]:
    """Return the name of the original by the name of a thing with its id: ``…~2``, or one that repeats it."""
    identifiers: list[tuple[Term, Term]] = []
    originals: dict[str, Iri] = {}
    for subject, predicate, node in triples:
        if predicate == _ID:
            identifiers.append((subject, node))
        elif predicate == PS.repeats and isinstance(node, Iri):
            originals[str(subject)] = node
    firsts = {
        str(name): Iri(_FURTHER.sub("", str(name))) for name, _ in identifiers if _FURTHER.search(str(name))
    }
    ids: dict[Term, set[str]] = defaultdict(set)
    wanted = {*firsts, *firsts.values()}
    for name, node in identifiers:
        if name in wanted:
            ids[name].add(str(node))
    originals.update((name, first) for name, first in firsts.items() if ids.get(first, set()) & ids[name])
    return originals


class _Words:
    """The names, kinds and places of the things in a graph."""

    def __init__(self, stated: Iterable[Stated]) -> None:
        self._ids: dict[Term, str] = {}
        self._types: dict[Term, set[Term]] = defaultdict(set)
        self._places: dict[tuple[Term, str], dict[Term, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._labels = schema().labels
        for (subject, predicate, node), graph in stated:
            if predicate == _ID:
                self._ids.setdefault(subject, str(node))
            elif predicate == _TYPE:
                self._types[subject].add(node)
            elif predicate in (_FILE, _LINE, _COLUMN):
                self._places[subject, graph][predicate].add(str(node))

    def place(self, subject: Term, graph: str) -> Span | None:
        """Return where something is, if its graph gives one place."""
        values = self._places.get((subject, graph))
        if values is None or len(values[_FILE]) != 1 or len(values[_LINE]) != 1:
            return None
        (file,), (line,) = values[_FILE], values[_LINE]
        column = min(values[_COLUMN], default="1") if len(values[_COLUMN]) <= 1 else "1"
        if not (line.isdecimal() and column.isdecimal()):
            return None
        return Span(file, int(line), int(column))

    def sentence(self, triple: Triple, renamed: Triple) -> str:
        """Return a statement as a sentence, with the ids that its author wrote."""
        subject, predicate, node = renamed
        if predicate == _TYPE:
            return f"{self._name(subject)} is {self._classes(triple[0], node)}"
        pattern = _SENTENCES.get(predicate) or f"{{}}: {self._labels.get(predicate, predicate)} {{}}"
        name = self._name(node)
        if predicate == _AUTHORITY:
            name = self._ids.get(node) or name
        return pattern.format(self._name(subject), name)

    def _classes(self, subject: Term, node: Term) -> str:
        """Return the words for a class; if it follows from another type of the thing, those for that type."""
        above = schema().superclasses
        specific = next(
            (
                other
                for other in sorted(self._types[subject], key=str)
                if other != node and node in above.get(other, ())
            ),
            node,
        )
        label = self._labels.get(specific, str(specific))
        label = label if label.isupper() else label[0].lower() + label[1:]
        return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"

    def _name(self, node: Term) -> str:
        if not is_name(node):
            return f"`{node}`"
        types = self._types.get(node, set())
        part = _PART.search(str(node))
        identifier, _, place = part["rest"].rpartition("/") if part else ("", "", "")
        if part and identifier and place.isdecimal():
            kind = "answer" if part["kind"] == "message" and _RESPONSE in types else part["kind"]
            return f"{kind} {place} of {part['owner']} `{unquote(identifier)}`"
        if node in self._labels:
            return self._labels[node]
        kind = next((text for cls, text in _KINDS.items() if cls in types), "")
        if not kind and (found := re.search(r"(?:^|[/:#])(level|topic|goal|example)/", str(node))):
            kind = f"{found[1]} "
        match = _THING_ID.search(str(node))
        identifier = self._ids.get(node) or (unquote(match["id"]) if match else str(node))
        return f"{kind}`{identifier}`"


_Support = frozenset[int]
_MOST = 4
"""Most ways to derive one fact that are kept, the shortest first; more would say the same again."""
_MOST_VALUES = 50
"""Values of one property that are compared with each other; more are compared with the first alone."""
_THING = PREFIXES["owl"] + "Thing"


@dataclass(frozen=True, slots=True)
class Clash:
    """Statements that cannot hold together.

    :param members: their places in the sequence of all, each of them needed
    :param reason: why, in words
    """

    members: tuple[int, ...]
    reason: str


def clashes(statements: Sequence[Statement]) -> tuple[Clash, ...]:
    """Return the minimal contradictions that forward reasoning sees, in the order of their statements.

    It follows subclasses, subproperties, inverses, domains, ranges and defined classes; what takes
    more (equality, negation, reasoning by cases) is left to a reasoner. What it returns is always a contradiction.
    """
    reasons: dict[_Support, str] = {}
    for support, reason in _Closure(statements).clashes():
        reasons.setdefault(support, reason)
    minimal = [support for support in reasons if not any(part in reasons for part in _parts(support))]
    return tuple(Clash(tuple(sorted(support)), reasons[support]) for support in sorted(minimal, key=sorted))


def _parts(support: _Support) -> Iterator[_Support]:
    """Yield the proper subsets of the statements of a contradiction; no contradiction has many."""
    return (frozenset(part) for size in range(1, len(support)) for part in combinations(support, size))


class _Facts(dict[tuple[Term, ...], list[_Support]]):
    """Facts with the sets of statements that each follows from."""

    def note(self, fact: tuple[Term, ...], support: _Support) -> bool:
        """Keep a way to derive a fact; return whether it is new."""
        supports = self.setdefault(fact, [])
        if any(other <= support for other in supports) or len(supports) >= _MOST:
            return False
        supports[:] = [other for other in supports if not support < other]
        supports.append(support)
        return True


class _Closure:
    """Derives relations, then types, then members of defined classes."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._schema = schema()
        self._excluding = frozenset[Term]().union(*self._schema.disjoint_classes)
        self._relations = _Facts()
        self._types = _Facts()
        self._from: dict[tuple[Term, Term], dict[Term, None]] = defaultdict(dict)
        self._derive_relations(statements)
        self._derive_types(statements)
        self._derive_members()

    def _derive_relations(self, statements: Sequence[Statement]) -> None:
        axioms = self._schema
        for place, statement in enumerate(statements):
            for subject, predicate, node in statement.triples:
                for above in axioms.superproperties.get(predicate, (predicate,)):
                    self._relate(subject, above, node, frozenset((place,)))
                    inverse = axioms.inverses.get(above)
                    for back in axioms.superproperties.get(inverse, ()) if inverse else ():
                        self._relate(node, back, subject, frozenset((place,)))

    def _relate(self, subject: Term, predicate: Term, node: Term, support: _Support) -> None:
        self._relations.note((subject, predicate, node), support)
        self._from[subject, predicate][node] = None

    def _derive_types(self, statements: Sequence[Statement]) -> None:
        axioms = self._schema
        for place, statement in enumerate(statements):
            for subject, predicate, node in statement.triples:
                if predicate == _TYPE:
                    self._classify(subject, node, frozenset((place,)))
        # Stated types of a thing say more than those that follow from its relations, and come first.
        for (source, relation, target), supports in list(self._relations.items()):
            for support in supports:
                for name in axioms.domains.get(relation, ()):
                    self._classify(source, name, support)
                for name in axioms.ranges.get(relation, ()):
                    if is_name(target) and name in axioms.superclasses:
                        self._classify(target, name, support)

    def _classify(self, node: Term, name: Term, support: _Support) -> bool:
        above = self._schema.superclasses.get(name, (name,))
        new = [self._types.note((node, cls), support) for cls in above]
        return True in new

    def _derive_members(self) -> None:
        """Find the members of defined classes, until there is nothing new."""
        new = True
        while new:
            new = False
            subjects = {fact[0] for fact in self._types if fact[1] == PS.Principle}
            for name, expression in self._schema.defined:
                for node in subjects:
                    for support in self._fits(node, expression):
                        new |= self._classify(node, name, support)

    def _fits(self, node: Term, expression: Expression) -> list[_Support]:
        """Return why a thing fits a description; empty where nothing shows that it does."""
        kind, along = expression.kind, expression.property
        if kind == "class":
            if expression.value == _THING:
                return [frozenset()]
            return self._types.get((node, expression.value or node), [])
        if kind == "all":
            return _joined([self._fits(node, part) for part in expression.parts])
        if kind == "any":
            return [support for part in expression.parts for support in self._fits(node, part)]
        assert along is not None  # noqa: S101 - the other two kinds have a property
        if kind == "has":
            return self._relations.get((node, along, expression.value or node), [])
        return [
            support
            for other in self._from.get((node, along), ())
            for support in _joined(
                [self._relations.get((node, along, other), []), self._fits(other, expression.parts[0])]
            )
        ]

    # -- contradictions ---------------------------------------------------------------------

    def clashes(self) -> Iterator[tuple[_Support, str]]:
        """Yield contradictions with their reasons; some may contain others."""
        yield from self._of_classes()
        for (subject, predicate, node), supports in self._relations.items():
            yield from (
                (support, reason) for support in supports for reason in self._alone(subject, predicate, node)
            )
            yield from self._with_others(subject, predicate, node, supports)
        yield from self._of_functions()
        yield from self._of_descriptions()

    def _of_classes(self) -> Iterator[tuple[_Support, str]]:
        classes: dict[Term, list[Term]] = defaultdict(list)
        for node, cls in self._types:
            classes[node].append(cls)
        for node, names in classes.items():
            exclusive = sorted(self._excluding.intersection(names), key=str)
            for one, other in combinations(exclusive, 2):
                if frozenset((one, other)) in self._schema.disjoint_classes:
                    reason = f"nothing is both a {self._label(one)} and a {self._label(other)}"
                    for support in _joined([self._types[node, one], self._types[node, other]]):
                        yield support, reason

    def _alone(self, subject: Term, predicate: Term, node: Term) -> Iterator[str]:
        """Yield why a relation cannot hold whatever else does."""
        axioms = self._schema
        if subject == node and predicate in axioms.irreflexive | axioms.asymmetric:
            yield f"nothing can be related to itself by `{self._label(predicate)}`"
        for name in axioms.ranges.get(predicate, ()):
            if name not in axioms.superclasses and not fits(node, name):
                yield f"the value of `{self._label(predicate)}` is of the wrong kind"

    def _with_others(
        self, subject: Term, predicate: Term, node: Term, supports: list[_Support]
    ) -> Iterator[tuple[_Support, str]]:
        """Yield why a relation cannot hold beside another between the same two things."""
        axioms = self._schema
        if predicate in axioms.asymmetric and subject != node:
            reason = f"`{self._label(predicate)}` cannot hold in both directions"
            for support in _joined([supports, self._relations.get((node, predicate, subject), [])]):
                yield support, reason
        for pair in axioms.disjoint_properties:
            for other in pair - {predicate} if predicate in pair else ():
                reason = f"`{self._label(predicate)}` and `{self._label(other)}` exclude each other"
                for support in _joined([supports, self._relations.get((subject, other, node), [])]):
                    yield support, reason

    def _of_functions(self) -> Iterator[tuple[_Support, str]]:
        for (subject, predicate), nodes in self._from.items():
            if predicate not in self._schema.functional:
                continue
            first, *_others = values = list(nodes)
            more = ((first, other) for other in values[_MOST_VALUES:])
            for one, other in chain(combinations(values[:_MOST_VALUES], 2), more):
                if not self._differ(one, other):
                    continue
                facts = [self._relations[subject, predicate, one], self._relations[subject, predicate, other]]
                for support in _joined(facts):
                    yield support, f"nothing has two values of `{self._label(predicate)}`"

    def _differ(self, one: Term, other: Term) -> bool:
        """Return whether two values are known to differ: two literals, two levels, or two of a closed list."""
        if not is_name(one) and not is_name(other):
            return _value(one) != _value(other)
        closed = self._schema.labels
        if one in closed and other in closed:
            return True
        return all((node, PS.AuthorityLevel) in self._types for node in (one, other))

    def _of_descriptions(self) -> Iterator[tuple[_Support, str]]:
        for one, other in self._schema.exclusive:
            names = " and ".join(
                f"`{self._label(name)}`" for side in (one, other) for name in side.properties()
            )
            for node in {fact[0] for fact in self._relations}:
                for support in _joined([self._fits(node, one), self._fits(node, other)]):
                    yield support, f"the values of {names} exclude each other"

    def _label(self, term: Term) -> str:
        label = self._schema.labels.get(term, str(term))
        return label[0].lower() + label[1:]


def _value(term: Term) -> object:
    """Return the value of a literal, since whole numbers have several forms."""
    number = whole_number(term)
    return term if number is None else number


def _joined(parts: Iterable[list[_Support]]) -> list[_Support]:
    """Return the sets that show several things at once, the shortest first."""
    joined = {frozenset().union(*choice) for choice in product(*parts)}
    return sorted(joined, key=lambda support: (len(support), sorted(support)))[:_MOST]
