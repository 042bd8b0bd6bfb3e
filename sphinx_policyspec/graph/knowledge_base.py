"""A spec as a loaded knowledge base: what follows by the rules of ``ontology/rules``, and answers.

Named questions are asked in process, foreign queries through the guard.
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
from sphinx_policyspec.graph.query_text import Named, named_terms, text_of, unknown_in
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
"""Triples that the engine gets at once."""
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
"""Where the names stand that a parameter of a type may have; those of releases in the graph of each, or in that of feedback."""
_LEADING = {
    "provision": ("GRAPH ?there { ?named dcterms:identifier ?name }", "ps:Provision"),
    "example": (
        "GRAPH ?there { ?named dcterms:identifier|dcterms:title ?own } FILTER (LCASE(?own) = LCASE(?name))",
        "ps:Example",
    ),
}
"""What leads from a name to what has it in some release, and the class of that, by the type of the parameter."""
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
"""What questions ask of that is given beside a spec: what it is, what gives it, and what has rows where it is there."""
_SEVERAL = "ask a folder that holds several"
_NAME, _WRITTEN = re.compile(r"<([^<>]*)>"), re.compile(r'"(?:[^"\\]|\\[\s\S]?)*+"?')
_RELEASES = "SELECT ?graph { GRAPH ?graph { ?graph a ps:Spec } }"


def _located(question: Question) -> frozenset[str]:
    """Return the parameters of a question that take a provision, which a locator of a place in its text names, too."""
    return frozenset(one.name for one in question.parameters if one.type == "provision")


def _about(triples: Callable[[], Iterable[Triple]], question: str) -> Callable[[], Iterable[Triple]]:
    """Return what yields only those triples that a question looks at, where one is named."""
    if not question:
        return triples
    terms = _terms_of(find_question(question))
    return lambda: (triple for triple in triples() if triple[1] in terms)


def _terms_of(question: Question) -> frozenset[str]:
    """Return the properties that a question, and the check of its parameters, look at; and what those follow from."""
    found = named_terms("\n".join((question.sparql, *NAMES.values())))
    return found.union(name for name, _kind in portable.read_for(portable.stated_for(found)))


class KnowledgeBase:
    """One graph, and named graphs beside it. Close it, or use it in a ``with``, to end its query process.

    Our own questions are answered in a store of this process, queries of others in one of the query process; either is
    filled when it is first asked, since each takes many times the memory of what the graph is made of.

    :param triples: yields the graph, whenever it is called
    :param limits: what a query that is not ours may use
    :param unsafe: run such queries also where the system cannot confine them
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
        """Returns the rows of the cases in a file or folder, as each of several specs decides them."""
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
        """Take a spec, without the detour through rdflib.

        :param question: the name of the one question that will be asked; what it does not speak of is left out
        """
        return cls(_about(lambda: triples_of(spec), question), limits=limits, unsafe=unsafe)

    @classmethod
    def of_inferred(cls, path: Path, *, question: str = "", queried: bool = False) -> Self | None:
        """Take a graph file as it is, where it holds all that follows from it.

        :param question: as for :meth:`from_spec`
        :param queried: whether queries of others will be asked: their process gets the file while it is looked at
        """
        terms = _terms_of(find_question(question)) if question else frozenset()
        kept: list[Triple] = []
        base = cls(lambda: kept if question else parse.streamed_triples(path))
        base._lines = lambda: _portable_lines(parse.inferred_statements(path))
        try:
            if queried:
                base._guarded().start(f"`{path}`")
            else:
                kept += (triple for triple, _ in parse.inferred_statements(path) if triple[1] in terms)
        except parse.NotInferredError:
            return None
        return base

    @classmethod
    def from_graph(cls, graph: Graph, *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False) -> Self:
        """Take a graph."""
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
        """Answer a named question.

        Raises :class:`QueryError` for an unknown question or parameter, for a name that nothing has, and for a
        question about releases where there is none.
        """
        question = find_question(name)
        values = values_of(question, params or {})
        count = self._count_releases(question) if question.over == "releases" else 0
        told, command, sought = _BESIDE.get(question.over, ("", "", ""))
        if sought and not self._has_rows(sought):
            raise QueryError(f"`{question.name}` looks at {told}", command=command)
        if question.over == "cases" and self.decides is None:
            raise QueryError(
                f"`{question.name}` looks at several specs, and at what corresponds between them",
                command=_BESIDE["alignments"][1],
            )
        rows = self.decides(values["case"]) if self.decides and question.over == "cases" else ()
        text = checked_query(question, values, self.select, rows)
        self._complete(question)
        answer = question.told(self.select(text))
        is_alone = count == 1 or (question.over == "decisions" and not self.has_past)
        if not is_alone or answer.rows:
            return answer
        message = f"`{name}` looks at several releases, and here is one"
        hint = _SEVERAL if count else f"{_SEVERAL}, or name older ones in `policyspec_since` of a project"
        finding = Finding(code="unknown-term", message=message, span=Span(name, 1), hint=hint)
        return replace(answer, findings=(finding,))

    def _complete(self, question: Question) -> None:
        """State what a question needs stated of the graphs that it asks: the default one, or those of releases."""
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
        """Return how many releases a question can look at; where there are none it cannot be asked."""
        releases = run(self.store, _RELEASES)
        if not (releases and releases.rows):
            raise QueryError(f"`{question.name}` looks at several releases, and here is one spec; {_SEVERAL}")
        return len(releases.rows)

    def select(self, sparql: str) -> Answer:
        """Answer a query that this package itself has made: in process, and without limits."""
        answer = run(self.store, sparql)
        assert answer is not None  # noqa: S101 - without a limit no answer is too long
        return answer

    def query(self, sparql: str, origin: str = "--sparql") -> Answer:
        """Answer any query, under guard, over what is asserted and what the rules derive.

        :param origin: where the query comes from, for messages: a file and line, or an option
        """
        answer = self._guarded().query(sparql, origin)
        named = Named(values=self._values, things=self._things, graphs=self._graphs)
        return replace(answer, findings=unknown_in(sparql, origin, named))

    def _values(self, properties: Collection[str]) -> dict[str, set[str]]:
        """Return the texts that some properties have."""
        found: dict[str, set[str]] = {}
        for _subject, predicate, item in self._triples():
            if predicate in properties and not isinstance(item, Iri | Blank):
                found.setdefault(predicate, set()).add(str(item))
        for name, text, _graph in self._statements():
            if name in properties and text is not None:
                found.setdefault(name, set()).add(text_of(f'"{text}"'))
        return found

    def _things(self) -> set[str]:
        """Return the IRIs of all that something is said of or with."""
        found = {str(part) for triple in self._triples() for part in triple if isinstance(part, Iri)}
        lines = (line for pieces in self._named for piece in pieces() for line in piece.decode().split("\n"))
        return found.union(name for line in lines for name in _NAME.findall(_WRITTEN.sub("", line)))

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
        """Add named graphs before anything is asked; rules are not run over them.

        :param nquads: yields N-Quads in pieces of whole lines, whenever it is called
        :param whole: yields the same with what our questions need stated, for the process that is asked anything
        """
        self._named.append(nquads)
        self._whole.append(whole or nquads)

    def _pieces(self) -> Iterator[bytes]:
        """Yield all statements of all graphs, with what the rules derive, as N-Quads."""
        yield from blocks(self._lines())
        for pieces in self._whole:
            yield from pieces()

    def close(self) -> None:
        """End the process that ran foreign queries; the next one starts a new process."""
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
    """Return the query that a question is asked by; a name that nothing has raises :class:`QueryError` with the nearest.

    :param select: answers a query, whose prefixes are not declared, over the graphs that the question asks
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
    """Return what has a name in some release, by each IRI that it has in any, as SPARQL writes it.

    An engine that meets the name among the rest of a question looks, in each of many releases, through all that might
    have it, or through what one release says of a thing among what all say. So this is asked alone, before.
    """
    pattern, cls = _LEADING[kind]
    found = select(
        f"""SELECT DISTINCT ?thing {{
          {{ SELECT DISTINCT ?named {{
            {{ SELECT DISTINCT ?named {{ VALUES ?name {{ {" ".join(map(string_literal, names))} }} {pattern} }} }}
            GRAPH ?here {{ ?named a {cls} }}
          }} }}
          OPTIONAL {{ GRAPH ?changes {{ ?named ps:lineage ?line . ?other ps:lineage ?line }} }}
          BIND (COALESCE(?other, ?named) AS ?thing)
        }} ORDER BY ?thing"""
    )
    return tuple(written_name(Iri(name)) for (name,) in found.texts)


def _checked_name(parameter: Parameter, value: str, select: Callable[[str], Answer]) -> tuple[str, ...]:
    """Return the names that a value stands for, whatever the case; refuse one that nothing in a graph has, with the nearest."""
    if parameter.type not in NAMES or value == parameter.default == "":
        return (value,)
    listing = NAMES[parameter.type]
    if listing.startswith("SELECT DISTINCT ?name { GRAPH ?graph"):
        # In all releases at once: to look for one name takes a moment, to list those of a hundred releases minutes.
        only = f"VALUES ?name {{ {string_literal(value)} }} GRAPH ?graph"
        if select(f"{listing.replace('GRAPH ?graph', only)} LIMIT 1").rows:
            return (value,)
    names = {row[0] for row in select(listing).texts}
    if meant := tuple(sorted(name for name in names if name.lower() == value.lower())):
        return meant
    hint = nearest(value, names) if names else "the spec has none"
    if parameter.type == "release" and len(names) == 1:
        hint = f"here is one, `{next(iter(names))}`; {_SEVERAL}"
    kind = "role or level" if parameter.type == "speaker" else parameter.type
    raise QueryError("; ".join(filter(None, (f"unknown {kind} `{value}`", hint))))


def values_of(question: Question, params: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each parameter of a question; a locator of a place in a text names the provision that holds it."""
    located = _located(question)
    return question.values(
        {name: split_locator(text)[0] if name in located else text for name, text in params.items()}
    )


def infer(store: Store) -> tuple[EngineTriple, ...]:
    """Add to a store all that follows from it by the rules, and return what was added.

    Nothing is derived for a property that ``from_graph`` reads, so that a spec read back from an
    inferred graph is still the spec that was asserted.
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
    """Yield triples, and after them what follows from them by the rules."""
    consequences = Consequences()
    for triple in triples:
        yield triple
        consequences.add(triple)
    yield from consequences.derived()


def published(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield triples with all that any engine needs to answer our questions: what follows by the rules, and what they need stated."""
    return portable.with_portable(with_derived(triples))


def _portable_lines(statements: Iterable[tuple[Triple, str]]) -> Iterator[str]:
    """Yield lines of N-Triples, and after them those of what our questions need stated and they do not say."""
    profile = portable.PortableProfile()
    for triple, line in statements:
        yield line
        profile.add(triple)
    yield from ntriples_lines(profile.stated())


class Consequences:
    """Takes triples as they pass, and tells what follows from them; the engine gets no more than the rules read."""

    def __init__(self) -> None:
        self._store = Store()
        self._waiting: list[Triple] = []

    def add(self, triple: Triple) -> None:
        """Take one."""
        terms = _terms()
        # No rule asks for a class that it does not name.
        if triple[1] in terms and (triple[1] != RDF.type or triple[2] in terms):
            self._waiting.append(triple)
            if len(self._waiting) == _BLOCK:
                self._load()

    def derived(self) -> Iterator[Triple]:
        """Yield what follows and was not among them."""
        self._load()
        yield from parse.plain_triples(infer(self._store))

    def _load(self) -> None:
        fill(self._store, self._waiting)
        self._waiting.clear()


def fill(store: Store, triples: Iterable[Triple]) -> None:
    """Load triples, block by block."""
    for block in blocks(ntriples_lines(triples)):
        store.load(block, format=RdfFormat.N_TRIPLES)


@cache
def _terms() -> frozenset[str]:
    """Return the terms that rules name."""
    return named_terms("\n".join(_rules()))


@cache
def _rules() -> tuple[str, ...]:
    """Read the rules once, in file order."""
    files = sorted((ontology_dir() / "rules").glob("*.rq"))
    return tuple(file.read_text(encoding="utf-8") for file in files)
