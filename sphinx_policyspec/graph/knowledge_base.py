"""A spec as a loaded knowledge base: named questions in process, foreign queries through the guard."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pyoxigraph
from pyoxigraph import RdfFormat, Store

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.graph.answer import Answer
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS, Guard, Limits
from sphinx_policyspec.graph.ntriples import ntriples_lines
from sphinx_policyspec.graph.questions import Parameter, find_question
from sphinx_policyspec.graph.results import run
from sphinx_policyspec.graph.rules import infer
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Spec
from sphinx_policyspec.nearest import nearest

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
}
"""Where the names stand that a parameter of a type may have."""


class KnowledgeBase:
    """An in-memory store of one graph, and of named graphs beside it. Close it, or use it in a ``with``, to end its query process.

    :param ntriples: the graph
    :param limits: what a query that is not ours may use
    :param unsafe: run such queries also where the system cannot confine them
    """

    def __init__(self, ntriples: bytes, *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False) -> None:
        self.store = Store()
        self.store.bulk_load(ntriples, format=RdfFormat.N_TRIPLES)
        self._limits = limits
        self._unsafe = unsafe
        self._guard: Guard | None = None

    @classmethod
    def from_spec(
        cls, spec: Spec, base_iri: str = "", *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False
    ) -> Self:
        """Load a spec, without the detour through rdflib."""
        lines = ntriples_lines(triples_of(spec, base_iri))
        return cls("".join(lines).encode(), limits=limits, unsafe=unsafe)

    @classmethod
    def from_graph(cls, graph: Graph, *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False) -> Self:
        """Load a graph."""
        from sphinx_policyspec.graph.rdflib_terms import triples_in  # noqa: PLC0415

        return cls("".join(ntriples_lines(triples_in(graph))).encode(), limits=limits, unsafe=unsafe)

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
        if self._guard is None:
            self.infer()
            self._guard = Guard(self._nquads(), limits=self._limits, unsafe=self._unsafe)
        return self._guard.query(sparql, origin)

    def infer(self) -> int:
        """Add what the rules derive, and return how many statements that were."""
        added = len(infer(self.store))
        if added:
            self.close()
        return added

    def ntriples(self) -> bytes:
        """Return all statements, in no order."""
        data = self.store.dump(format=RdfFormat.N_TRIPLES, from_graph=pyoxigraph.DefaultGraph())
        return data or b""

    def add_graphs(self, nquads: bytes) -> None:
        """Add named graphs; rules are not run over them."""
        self.store.bulk_load(nquads, format=RdfFormat.N_QUADS)
        self.close()

    def _nquads(self) -> bytes:
        """Return all statements of all graphs, in no order."""
        return self.store.dump(format=RdfFormat.N_QUADS) or b""

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
        """Refuse a topic or level that the spec does not have."""
        if parameter.type not in _NAMES:
            return
        answer = run(self.store, _NAMES[parameter.type])
        names = {row[0] for row in answer.texts} if answer else set()
        if value.lower() not in {name.lower() for name in names}:
            hint = nearest(value, names) if names else "the spec has none"
            raise QueryError("; ".join(filter(None, (f"unknown {parameter.type} `{value}`", hint))))
