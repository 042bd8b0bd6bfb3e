"""A spec as a loaded knowledge base: with inferences by the rules of ``ontology/rules``, and answers.

Named questions are answered in this process, foreign queries through the guard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pyoxigraph import DefaultGraph, NamedNode, Quad, QueryTriples, RdfFormat, Store
from pyoxigraph import Triple as EngineTriple

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.graph import parse, portable
from sphinx_policyspec.graph.child import run
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS, Guard, Limits
from sphinx_policyspec.graph.query_text import NameLookup, named_terms, text_of, unknown_in
from sphinx_policyspec.graph.questions import Answer, Parameter, Question, find_question, string_literal
from sphinx_policyspec.graph.syntaxes import blocks, ntriples_lines, written_name
from sphinx_policyspec.graph.terms import RDF, Blank, Iri, Triple, ontology_dir, triples_in
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.outlines import split_locator

if TYPE_CHECKING:
    from rdflib import Graph

_BLOCK = 10_000
"""Triples that are passed to the engine at once."""
NAMES = {
    "topic": "SELECT ?name { ?topic a skos:Concept ; dcterms:identifier|skos:prefLabel|skos:altLabel ?name }",
    "level": "SELECT ?name { ?level a ps:AuthorityLevel ; dcterms:identifier ?name }",
    "speaker": "SELECT ?name { ?level a ps:AuthorityLevel ; dcterms:identifier|ps:role ?name }",
    "release": "SELECT DISTINCT ?name { { ?spec a ps:Spec } UNION { GRAPH ?graph { ?spec a ps:Spec } } "
    "UNION { GRAPH ?graph { ?record ps:answeredIn ?spec } } "
    "{ ?spec owl:versionInfo ?name } UNION { GRAPH ?where { ?spec owl:versionInfo ?name } } }",
    "model": "SELECT DISTINCT ?name { GRAPH ?graph { ?run a ps:EvalRun ; dcterms:identifier|ps:model ?name } }",
    "provision": "SELECT DISTINCT ?name { GRAPH ?graph { ?provision a ps:Provision ; dcterms:identifier ?name } }",
    "example": "SELECT DISTINCT ?name "
    "{ GRAPH ?graph { ?example a ps:Example ; dcterms:identifier|dcterms:title ?name } }",
}
"""Queries for the names that a parameter may have, by type; those of releases are in the graph of each, or of feedback."""
_LEADING = {
    "provision": ("GRAPH ?there { ?named dcterms:identifier ?name }", "ps:Provision"),
    "example": (
        "GRAPH ?there { ?named dcterms:identifier|dcterms:title ?own } FILTER (LCASE(?own) = LCASE(?name))",
        "ps:Example",
    ),
}
"""Patterns from a name to its bearer in some release, and the bearer's class, by the type of the parameter."""
_BESIDE = {
    "results": (
        "results of evaluations, and none are given",
        "name a store that `policyspec results` wrote (`--results STORE`)",
        "SELECT ?run { GRAPH ?graph { ?run a ps:EvalRun } } LIMIT 1",
    ),
    "feedback": (
        "what people say of a spec, and none of that is given",
        "name a register of it (`--feedback FILE`)",
        "SELECT ?record { GRAPH ?graph { ?record a ps:Feedback } } LIMIT 1",
    ),
    "decisions": (
        "records of decisions, and none are given",
        "name some (`--decisions FILE`)",
        "SELECT ?record { GRAPH ?graph { ?record a ps:DecisionRecord } } LIMIT 1",
    ),
    "alignments": (
        "alignments of several specs, and none are given",
        "name both specs, and a file that says what corresponds to what (`--alignment FILE`)",
        "SELECT ?set { GRAPH ?set { ?set a <https://w3id.org/sssom/MappingSet> } } LIMIT 1",
    ),
}
"""Inputs beside a spec that questions may need: a description, how to provide it, and a query that has rows if it is there."""
_SEVERAL = "ask a folder with several"
_NAME, _LITERAL = re.compile(r"<([^<>]*)>"), re.compile(r'"(?:[^"\\]|\\[\s\S]?)*+"?')
_RELEASES = "SELECT ?graph { GRAPH ?graph { ?graph a ps:Spec } }"


def _located(question: Question) -> frozenset[str]:
    """Return the parameters of a question that take a provision, for which a locator of a place in its text is accepted, too."""
    return frozenset(one.name for one in question.parameters if one.type == "provision")


def _about(triples: Callable[[], Iterable[Triple]], question: str) -> Callable[[], Iterable[Triple]]:
    """Return a function that yields only the triples a question looks at; all triples without a question."""
    if not question:
        return triples
    terms = _terms_of(find_question(question))
    return lambda: (triple for triple in triples() if triple[1] in terms)


def _terms_of(question: Question) -> frozenset[str]:
    """Return the properties that a question and the check of its parameters look at, and their premises."""
    terms = named_terms("\n".join((question.sparql, *NAMES.values())))
    return terms.union(name for name, _kind in portable.read_for(portable.stated_for(terms)))


class KnowledgeBase:
    """A graph, with named graphs beside it. Close it, or use it in a ``with``, to end its query process.

    Our own questions are answered in a store of this process, foreign queries in the query process; each is filled on
    first use, since it takes many times the memory of the triples.

    :param triples: yields the graph whenever it is called
    :param limits: limits of foreign queries
    :param unsafe: whether to run such queries even if the system cannot confine them
    """

    def __init__(
        self,
        triples: Callable[[], Iterable[Triple]],
        *,
        limits: Limits = DEFAULT_LIMITS,
        unsafe: bool = False,
    ) -> None:
        self._triples = triples
        self._lines: Callable[[], Iterable[str]] = lambda: ntriples_lines(published(triples()))
        self._named: list[Callable[[], Iterable[bytes]]] = []
        self._whole: list[Callable[[], Iterable[bytes]]] = []
        self._stated: dict[str, frozenset[str]] = {}
        self._limits = limits
        self._unsafe = unsafe
        self._guard: Guard | None = None
        self.decides: Callable[[str], Iterable[Sequence[str]]] | None = None
        """Returns rows for the cases in a file or folder, as each of several specs decides them."""
        self.has_past = True
        """Whether a release is known before the one that records of decisions are about, which they are compared with."""

    @classmethod
    def from_spec(
        cls,
        spec: Spec,
        *,
        question: str = "",
        limits: Limits = DEFAULT_LIMITS,
        unsafe: bool = False,
    ) -> Self:
        """Return the knowledge base of a spec, without a detour through rdflib.

        :param question: the only named question that will be asked; triples that it does not need are left out
        """
        return cls(_about(lambda: triples_of(spec), question), limits=limits, unsafe=unsafe)

    @classmethod
    def of_inferred(cls, path: Path, *, question: str = "", queried: bool = False) -> Self | None:
        """Return a knowledge base of a graph file as it is, if the file has all its inferences; otherwise ``None``.

        :param question: as for :meth:`from_spec`
        :param queried: whether foreign queries will be asked: their process is loaded while the file is checked
        """
        terms = _terms_of(find_question(question)) if question else frozenset()
        statements: list[Triple] = []
        base = cls(lambda: statements if question else parse.streamed_triples(path))
        base._lines = lambda: _portable_lines(parse.inferred_statements(path))
        try:
            if queried:
                base._guarded().start(f"`{path}`")
            else:
                statements += (triple for triple, _ in parse.inferred_statements(path) if triple[1] in terms)
        except parse.NotInferredError:
            return None
        return base

    @classmethod
    def from_graph(cls, graph: Graph, *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False) -> Self:
        """Return the knowledge base of an rdflib graph."""
        return cls(lambda: triples_in(graph), limits=limits, unsafe=unsafe)

    @cached_property
    def store(self) -> Store:
        """All statements, filled when first used."""
        store = Store()
        fill(store, self._triples())
        for pieces in self._named:
            for piece in pieces():
                store.load(piece, format=RdfFormat.N_QUADS)
        return store

    def ask(self, name: str, params: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a named question.

        Raises :class:`QueryError` for an unknown question, parameter or name, and for a question about releases if there
        are none.
        """
        question = find_question(name)
        values = values_of(question, params or {})
        count = self._count_releases(question) if question.over == "releases" else 0
        subject, command, probe = _BESIDE.get(question.over, ("", "", ""))
        if probe and not self._has_rows(probe):
            raise QueryError(f"`{question.name}` looks at {subject}", command=command)
        if question.over == "cases" and self.decides is None:
            raise QueryError(
                f"`{question.name}` looks at several specs, and at what corresponds between them",
                command=_BESIDE["alignments"][1],
            )
        rows = self.decides(values["case"]) if self.decides and question.over == "cases" else ()
        text = checked_query(question, values, self.select, rows)
        self._complete(question)
        answer = question.present(self.select(text))
        is_alone = count == 1 or (question.over == "decisions" and not self.has_past)
        if not is_alone or answer.rows:
            return answer
        message = f"`{name}` looks at several releases, and here is one"
        hint = _SEVERAL if count else f"{_SEVERAL}, or name older ones in `policyspec_since` of a project"
        finding = Finding(code="unknown-term", message=message, span=Span(name, 1), hint=hint)
        return replace(answer, findings=(finding,))

    def _complete(self, question: Question) -> None:
        """State the facts that a question needs in the graphs that it queries: the default graph, or those of releases."""
        needed = portable.stated_for(named_terms(question.sparql))
        names = (*self.store.named_graphs(),) if question.over == "releases" else (DefaultGraph(),)
        for name in names:
            if needed <= self._stated.get(str(name), frozenset()):
                continue
            self._stated[str(name)] = needed | self._stated.get(str(name), frozenset())
            profile = portable.PortableProfile(needed)
            for predicate, kind in portable.read_for(needed):
                quads = self.store.quads_for_pattern(
                    None, NamedNode(predicate), NamedNode(kind) if kind else None, name
                )
                for triple in parse.plain_triples(quads):
                    profile.add(triple)
            for block in blocks(ntriples_lines(profile.stated())):
                self.store.load(block, format=RdfFormat.N_TRIPLES, to_graph=name)

    def _has_rows(self, sparql: str) -> bool:
        answer = run(self.store, sparql)
        return bool(answer and answer.rows)

    def _count_releases(self, question: Question) -> int:
        """Return the number of releases that a question can look at; without any it raises :class:`QueryError`."""
        releases = run(self.store, _RELEASES)
        if not (releases and releases.rows):
            raise QueryError(f"`{question.name}` looks at several releases, and here is one spec; {_SEVERAL}")
        return len(releases.rows)

    def select(self, sparql: str) -> Answer:
        """Return the answer to a query of our own: in this process and without limits."""
        answer = run(self.store, sparql)
        assert answer is not None  # noqa: S101 - without a limit no answer is too long
        return answer

    def query(self, sparql: str, origin: str = "--sparql") -> Answer:
        """Return the answer to any query, under guard, over asserted and derived statements.

        :param origin: where the query comes from, for messages: a file and line, or an option
        """
        answer = self._guarded().query(sparql, origin)
        lookup = NameLookup(values=self._values, things=self._things, graphs=self._graphs)
        return replace(answer, findings=unknown_in(sparql, origin, lookup))

    def _values(self, properties: Collection[str]) -> dict[str, set[str]]:
        """Return the texts that are values of some properties, by property."""
        texts: dict[str, set[str]] = {}
        for _subject, predicate, item in self._triples():
            if predicate in properties and not isinstance(item, Iri | Blank):
                texts.setdefault(predicate, set()).add(str(item))
        for name, text, _graph in self._statements():
            if name in properties and text is not None:
                texts.setdefault(name, set()).add(text_of(f'"{text}"'))
        return texts

    def _things(self) -> set[str]:
        """Return the IRIs of all things that occur in statements."""
        names = {str(part) for triple in self._triples() for part in triple if isinstance(part, Iri)}
        lines = (line for pieces in self._named for piece in pieces() for line in piece.decode().split("\n"))
        return names.union(name for line in lines for name in _NAME.findall(_LITERAL.sub("", line)))

    def _graphs(self) -> set[str]:
        """Return the IRIs of the named graphs."""
        return {graph for _predicate, _text, graph in self._statements()}

    def _statements(self) -> Iterator[tuple[str, str | None, str]]:
        """Yield property, text and graph of each statement of the named graphs."""
        for pieces in self._named:
            for piece in pieces():
                for line in piece.decode().split("\n")[:-1]:
                    _subject, predicate, rest = line.split(" ", 2)
                    item, _, graph = rest.removesuffix(" .").rpartition(" ")
                    text = item[1:-1] if item[0] == item[-1] == '"' else None
                    yield predicate[1:-1], text, graph[1:-1]

    def _guarded(self) -> Guard:
        if self._guard is None:
            self._guard = Guard(self._pieces, limits=self._limits, unsafe=self._unsafe)
        return self._guard

    def add_graphs(
        self,
        nquads: Callable[[], Iterable[bytes]],
        whole: Callable[[], Iterable[bytes]] | None = None,
    ) -> None:
        """Add named graphs before the first question; rules are not applied to them.

        :param nquads: yields N-Quads in pieces of whole lines, whenever it is called
        :param whole: yields the same with the facts that our questions need, for the query process
        """
        self._named.append(nquads)
        self._whole.append(whole or nquads)

    def _pieces(self) -> Iterator[bytes]:
        """Yield all statements of all graphs, derived ones included, as N-Quads."""
        yield from blocks(self._lines())
        for pieces in self._whole:
            yield from pieces()

    def close(self) -> None:
        """End the query process; the next query starts a new one."""
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def __enter__(self) -> Self:
        """Return the knowledge base itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def checked_query(
    question: Question,
    values: Mapping[str, str],
    select: Callable[[str], Answer],
    rows: Iterable[Sequence[str]] = (),
) -> str:
    """Return the query for a question; an unknown name raises :class:`QueryError` with the nearest known one.

    :param select: answers a query without declared prefixes, over the graphs that the question looks at
    :param rows: as for :meth:`Question.bound`
    """
    things: tuple[str, ...] = ()
    for parameter in question.parameters:
        value = values[parameter.name]
        if question.needs_things and parameter.type in _LEADING:
            things = _things(parameter.type, (value,), select) or _things(
                parameter.type, _checked_name(parameter, value, select), select
            )
        else:
            _checked_name(parameter, value, select)
    return question.bound(values, rows, things)


def _things(kind: str, names: Iterable[str], select: Callable[[str], Answer]) -> tuple[str, ...]:
    """Return the things with a name in some release, under each IRI that they have in any release, as SPARQL terms.

    Within the whole question, an engine would search all candidates in each of many releases, or all statements
    about a thing in all of them. So this query is run first, by itself.
    """
    pattern, cls = _LEADING[kind]
    answer = select(
        f"""SELECT DISTINCT ?thing {{
          {{ SELECT DISTINCT ?named {{
            {{ SELECT DISTINCT ?named {{ VALUES ?name {{ {" ".join(map(string_literal, names))} }} {pattern} }} }}
            GRAPH ?here {{ ?named a {cls} }}
          }} }}
          OPTIONAL {{ GRAPH ?changes {{ ?named ps:lineage ?line . ?other ps:lineage ?line }} }}
          BIND (COALESCE(?other, ?named) AS ?thing)
        }} ORDER BY ?thing"""
    )
    return tuple(written_name(Iri(name)) for (name,) in answer.texts)


def _checked_name(parameter: Parameter, value: str, select: Callable[[str], Answer]) -> tuple[str, ...]:
    """Return the names that a value stands for, ignoring case; an unknown one raises an error with the nearest name."""
    if parameter.type not in NAMES or value == parameter.default == "":
        return (value,)
    listing = NAMES[parameter.type]
    if listing.startswith("SELECT DISTINCT ?name { GRAPH ?graph"):
        # In all releases at once: looking for one name takes a moment, listing those of a hundred releases takes minutes.
        only = f"VALUES ?name {{ {string_literal(value)} }} GRAPH ?graph"
        if select(f"{listing.replace('GRAPH ?graph', only)} LIMIT 1").rows:
            return (value,)
    names = {row[0] for row in select(listing).texts}
    if matches := tuple(sorted(name for name in names if name.lower() == value.lower())):
        return matches
    hint = nearest(value, names) if names else "the spec has none"
    if parameter.type == "release" and len(names) == 1:
        hint = f"here is one, `{next(iter(names))}`; {_SEVERAL}"
    kind = "role or level" if parameter.type == "speaker" else parameter.type
    raise QueryError("; ".join(filter(None, (f"unknown {kind} `{value}`", hint))))


def values_of(question: Question, params: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each parameter of a question; a locator of a place in a text becomes the provision's id."""
    located = _located(question)
    return question.values(
        {name: split_locator(text)[0] if name in located else text for name, text in params.items()}
    )


def infer(store: Store) -> tuple[EngineTriple, ...]:
    """Add to a store all inferences by the rules, and return the added triples.

    Nothing is derived for a property that ``from_graph`` reads, so a spec read back from an inferred graph is still the
    asserted spec.
    """
    added: dict[EngineTriple, None] = {}
    before = -1
    while len(added) != before:
        before = len(added)
        for rule in _rules():
            derived = store.query(rule)
            assert isinstance(derived, QueryTriples)  # noqa: S101 - a rule is a CONSTRUCT
            new = [triple for triple in set(derived) if Quad(*triple) not in store]
            store.extend(Quad(*triple) for triple in new)
            added.update(dict.fromkeys(new))
    return tuple(added)


def with_derived(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield triples, followed by the inferences from them."""
    consequences = Consequences()
    for triple in triples:
        yield triple
        consequences.add(triple)
    yield from consequences.derived()


def published(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield triples with all that any engine needs to answer our questions: inferences, and the facts that they need stated."""
    return portable.with_portable(with_derived(triples))


def _portable_lines(statements: Iterable[tuple[Triple, str]]) -> Iterator[str]:
    """Yield lines of N-Triples, followed by lines of the facts that our questions need and that are missing."""
    profile = portable.PortableProfile()
    for triple, line in statements:
        yield line
        profile.add(triple)
    yield from ntriples_lines(profile.stated())


class Consequences:
    """Collects triples as they pass, and yields inferences; the engine gets only what the rules read."""

    def __init__(self) -> None:
        self._store = Store()
        self._waiting: list[Triple] = []

    def add(self, triple: Triple) -> None:
        """Collect a triple."""
        terms = _terms()
        # Rules only use classes that they name.
        if triple[1] in terms and (triple[1] != RDF.type or triple[2] in terms):
            self._waiting.append(triple)
            if len(self._waiting) == _BLOCK:
                self._load()

    def derived(self) -> Iterator[Triple]:
        """Yield the inferences that were not among the triples."""
        self._load()
        yield from parse.plain_triples(infer(self._store))

    def _load(self) -> None:
        fill(self._store, self._waiting)
        self._waiting.clear()


def fill(store: Store, triples: Iterable[Triple]) -> None:
    """Load triples in blocks."""
    for block in blocks(ntriples_lines(triples)):
        store.load(block, format=RdfFormat.N_TRIPLES)


@cache
def _terms() -> frozenset[str]:
    """Return the terms that the rules name."""
    return named_terms("\n".join(_rules()))


@cache
def _rules() -> tuple[str, ...]:
    """Return the rules in file order, read once."""
    files = sorted((ontology_dir() / "rules").glob("*.rq"))
    return tuple(file.read_text(encoding="utf-8") for file in files)
