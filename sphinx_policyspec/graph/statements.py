"""What a graph says as statements that its author can find: a sentence, a place, and the triples."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from sphinx_policyspec.graph.relevance import Thinner, is_name, relevant
from sphinx_policyspec.graph.schema import schema
from sphinx_policyspec.graph.terms import DCTERMS, PS, RDF, SKOS, Iri, Term, Triple, iri_of
from sphinx_policyspec.model import Span
from sphinx_policyspec.model.attributes import ATTRIBUTES

__all__ = ["Stated", "Statement", "statements_of"]

Stated = tuple[Triple, str]
"""A triple, and the name of the graph that it stands in: the release that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that a spec says, as a person would say it.

    :param text: a sentence, ids in backticks
    :param span: where its subject stands; ``None`` where the graph tells no single place
    """

    text: str
    span: Span | None
    triples: tuple[Triple, ...]


_TYPE, _ID, _FILE, _LINE, _COLUMN = RDF.type, DCTERMS.identifier, PS.file, PS.line, PS.column
_AUTHORITY, _RESPONSE = PS.authority, PS.Response
_NAMING = frozenset((_ID, PS.repeats))
_FURTHER = re.compile(r"~\d+$")
"""What the names of things end with whose id another has, too."""

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
_NAMED = re.compile(
    r"(?:^|[/:#])(?:provision|level|topic|goal|example|prompt|definition|document)/(?P<id>.+)$"
)


def statements_of(stated: Iterable[Stated], again: Callable[[], Iterable[Stated]]) -> tuple[Statement, ...]:
    """Return the statements that consistency depends on, in the order in which they are stated.

    Things that bear one id are one thing in them, each statement with its own place.

    :param again: yields the same once more, since names and places are looked up for what is told alone
    """
    own, graphs = _thinned(stated)
    triples = _rejoined(own)
    needed = set(relevant(triples))
    kept = [
        (new, triple, graph) for new, triple, graph in zip(triples, own, graphs, strict=True) if new in needed
    ]
    # Most things of a spec are in no statement that is told.
    told = {term for new, triple, _ in kept for term in (triple[0], new[0], new[2])}
    words = _Words((triple, graph) for triple, graph in again() if triple[0] in told)
    grouped: dict[tuple[str, Span | None], dict[Triple, None]] = {}
    for new, triple, graph in kept:
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
    """Return the names of things with the id of another, ``…~2`` or one that repeats it, with the name of that one."""
    named: list[tuple[Term, Term]] = []
    found: dict[str, Iri] = {}
    for subject, predicate, node in triples:
        if predicate == _ID:
            named.append((subject, node))
        elif predicate == PS.repeats and isinstance(node, Iri):
            found[str(subject)] = node
    firsts = {str(name): Iri(_FURTHER.sub("", str(name))) for name, _ in named if _FURTHER.search(str(name))}
    ids: dict[Term, set[str]] = defaultdict(set)
    wanted = {*firsts, *firsts.values()}
    for name, node in named:
        if name in wanted:
            ids[name].add(str(node))
    found.update((name, first) for name, first in firsts.items() if ids.get(first, set()) & ids[name])
    return found


class _Words:
    """Knows the names, kinds and places of what a graph speaks of."""

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
        """Return where something stands, if its graph tells one place."""
        told = self._places.get((subject, graph))
        if told is None or len(told[_FILE]) != 1 or len(told[_LINE]) != 1:
            return None
        (file,), (line,) = told[_FILE], told[_LINE]
        column = min(told[_COLUMN], default="1") if len(told[_COLUMN]) <= 1 else "1"
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
        """Name a class; one that follows from another of its types is told with that one."""
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
        named = _NAMED.search(str(node))
        identifier = self._ids.get(node) or (unquote(named["id"]) if named else str(node))
        return f"{kind}`{identifier}`"
