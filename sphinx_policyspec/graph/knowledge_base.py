"""A spec as a loaded knowledge base: named questions in process, foreign queries through the guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pyoxigraph import RdfFormat, Store

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.graph.answer import Answer
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS, Guard, Limits, named_terms
from sphinx_policyspec.graph.parse import NotInferredError, inferred_statements, streamed_triples
from sphinx_policyspec.graph.questions import Parameter, Question, find_question
from sphinx_policyspec.graph.results import run
from sphinx_policyspec.graph.rules import fill, with_derived
from sphinx_policyspec.graph.terms import Triple
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.graph.writing import blocks, ntriples_lines
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.finding import nearest
from sphinx_policyspec.model.spec import given_base

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["KnowledgeBase"]

_NAMES = {
    "topic": """
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?name { ?topic a skos:Concept ; dcterms:identifier|skos:prefLabel|skos:altLabel ?name }
    """,
    "level": """
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX ps: <https://w3id.org/policyspec#>
        SELECT ?name { ?level a ps:AuthorityLevel ; dcterms:identifier ?name }
    """,
    "speaker": """
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX ps: <https://w3id.org/policyspec#>
        SELECT ?name { ?level a ps:AuthorityLevel ; dcterms:identifier|ps:role ?name }
    """,
}
"""Where the names stand that a parameter of a type may have."""


def _about(triples: Callable[[], Iterable[Triple]], question: str) -> Callable[[], Iterable[Triple]]:
    """Return what yields only those triples that a question looks at, where one is named."""
    if not question:
        return triples
    terms = _terms_of(find_question(question))
    return lambda: (triple for triple in triples() if triple[1] in terms)


def _terms_of(question: Question) -> frozenset[str]:
    """Return the properties that a question, and the check of its parameters, look at."""
    return named_terms("\n".join((question.sparql, *_NAMES.values())))


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
        self._lines: Callable[[], Iterable[str]] = lambda: ntriples_lines(with_derived(triples()))
        self._named: list[Callable[[], Iterable[bytes]]] = []
        self._limits = limits
        self._unsafe = unsafe
        self._guard: Guard | None = None

    @classmethod
    def from_spec(
        cls,
        spec: Spec,
        base_iri: str = "",
        *,
        question: str = "",
        limits: Limits = DEFAULT_LIMITS,
        unsafe: bool = False,
    ) -> Self:
        """Take a spec, without the detour through rdflib.

        :param question: the name of the one question that will be asked; what it does not speak of is left out
        """
        # What is wrong with the base is told now, not when a question is asked.
        given_base(base_iri, spec.base_iri)
        return cls(_about(lambda: triples_of(spec, base_iri), question), limits=limits, unsafe=unsafe)

    @classmethod
    def of_inferred(cls, path: Path, *, question: str = "", queried: bool = False) -> Self | None:
        """Take a graph file as it is, where it holds all that follows from it.

        :param question: as for :meth:`from_spec`
        :param queried: whether queries of others will be asked: their process gets the file while it is looked at
        """
        terms = _terms_of(find_question(question)) if question else frozenset()
        kept: list[Triple] = []
        base = cls(lambda: kept if question else streamed_triples(path))
        base._lines = lambda: (line for _, line in inferred_statements(path))
        try:
            if queried:
                base._guarded().start(f"`{path}`")
            else:
                kept += (triple for triple, _ in inferred_statements(path) if triple[1] in terms)
        except NotInferredError:
            return None
        return base

    @classmethod
    def from_graph(cls, graph: Graph, *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False) -> Self:
        """Take a graph."""
        from sphinx_policyspec.graph.rdflib_terms import triples_in  # noqa: PLC0415

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

        Raises :class:`QueryError` for an unknown question or parameter, and for a topic or level that
        the spec does not have.
        """
        question = find_question(name)
        values = question.values(params or {})
        for parameter in question.parameters:
            self._check(parameter, values[parameter.name])
        return self.select(question.bound(values))

    def select(self, sparql: str) -> Answer:
        """Answer a query that this package itself has made: in process, and without limits."""
        answer = run(self.store, sparql)
        assert answer is not None  # noqa: S101 - without a limit no answer is too long
        return answer

    def query(self, sparql: str, origin: str = "--sparql") -> Answer:
        """Answer any query, under guard, over what is asserted and what the rules derive.

        :param origin: where the query comes from, for messages: a file and line, or an option
        """
        return self._guarded().query(sparql, origin)

    def _guarded(self) -> Guard:
        if self._guard is None:
            self._guard = Guard(self._pieces, limits=self._limits, unsafe=self._unsafe)
        return self._guard

    def add_graphs(self, nquads: Callable[[], Iterable[bytes]]) -> None:
        """Add named graphs before anything is asked; rules are not run over them.

        :param nquads: yields N-Quads in pieces of whole lines, whenever it is called
        """
        self._named.append(nquads)

    def _pieces(self) -> Iterator[bytes]:
        """Yield all statements of all graphs, with what the rules derive, as N-Quads."""
        yield from blocks(self._lines())
        for pieces in self._named:
            yield from pieces()

    def close(self) -> None:
        """End the process that ran foreign queries; the next one starts a new process."""
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def __enter__(self) -> Self:
        """Return the knowledge base itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _check(self, parameter: Parameter, value: str) -> None:
        """Refuse a topic, level or role that the spec does not have."""
        if parameter.type not in _NAMES or value == parameter.default == "":
            return
        answer = run(self.store, _NAMES[parameter.type])
        names = {row[0] for row in answer.texts} if answer else set()
        if value.lower() not in {name.lower() for name in names}:
            hint = nearest(value, names) if names else "the spec has none"
            kind = "role or level" if parameter.type == "speaker" else parameter.type
            raise QueryError("; ".join(filter(None, (f"unknown {kind} `{value}`", hint))))
