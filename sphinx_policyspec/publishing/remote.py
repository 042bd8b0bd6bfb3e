"""Named questions to a server on which specs were published: the same queries, checks and rows as in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from sphinx_policyspec.errors import QueryError, ServerError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS, Dataset, Guard
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase, checked_query, values_of
from sphinx_policyspec.graph.parse import streamed_triples
from sphinx_policyspec.graph.query_text import NameLookup, calls, excerpt, has_dataset, unknown_in
from sphinx_policyspec.graph.questions import (
    Answer,
    Cell,
    CellKind,
    QueryForm,
    Question,
    find_question,
    string_literal,
)
from sphinx_policyspec.graph.releases import version_order
from sphinx_policyspec.graph.serialize import NamedGraph
from sphinx_policyspec.graph.terms import ASKED_PREFIXES, XSD, Iri, Iris, OwnGraph, Triple
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.publishing.catalogue import is_name
from sphinx_policyspec.publishing.endpoints import Server

_PREFIXES = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in ASKED_PREFIXES.items())
_CATALOGUES = """SELECT ?catalogue ?graph ?version ?count
WHERE {
  GRAPH ?catalogue {
    ?graph ps:graphDigest ?digest ;
      ps:statementCount ?count .
    OPTIONAL { ?graph owl:versionInfo ?version }
  }
}"""
_BESIDE = {
    "results": (OwnGraph.RESULTS, "results of evaluations", "--results STORE"),
    "feedback": (OwnGraph.FEEDBACK, "what people say of a spec", "--feedback FILE"),
    "decisions": (OwnGraph.DECISIONS, "records of decisions", "--decisions FILE"),
}
"""For questions about a graph beside a release: the graph, its content, and the option that publishes it."""
_OF_SEVERAL = {"alignments", "cases"}
_KINDS = {
    "uri": CellKind.IRI,
    "bnode": CellKind.BLANK,
    "literal": CellKind.LITERAL,
    "typed-literal": CellKind.LITERAL,
}
"""Kinds of cells by the types of terms in SPARQL results; the last is Virtuoso's."""
_STRING = "http://www.w3.org/2001/XMLSchema#string"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSpec(Brief):
    """A spec on a server.

    :param releases: names of its graphs by version, oldest first
    :param counts: number of statements of each of its graphs, from the catalogue
    """

    base: str
    releases: Mapping[str, str]
    counts: Mapping[str, int]

    @property
    def graphs(self) -> tuple[str, ...]:
        """The names of all its graphs, including that of changes."""
        return tuple(self.counts)


class RemoteBase:
    """A published spec on a server, which answers questions.

    :param base_iri: prefix of the spec's names, if the server has several specs
    """

    def __init__(self, server: Server, base_iri: str = "") -> None:
        self._server = server
        self._base_iri = base_iri

    @cached_property
    def specs(self) -> tuple[RemoteSpec, ...]:
        """The specs that are published there."""
        by_base: dict[str, dict[str, str]] = {}
        counts: dict[str, int] = {}
        with self._checked_answer():
            rows = answer_of(self._server.select(_PREFIXES + _CATALOGUES)).texts
            # Sorted here: a server takes several times as long if it sorts a hundred names.
            for catalogue, graph, version, count in sorted(rows):
                if is_name(graph):
                    by_base.setdefault(catalogue.removesuffix("catalogue"), {})[graph] = version
                    counts[graph] = int(count)
        return tuple(
            RemoteSpec(
                base=base,
                releases={
                    version: graph
                    for graph, version in sorted(graphs.items(), key=lambda item: version_order(item[1]))
                    if graph.startswith(f"{base}release/")
                },
                counts={graph: counts[graph] for graph in graphs},
            )
            for base, graphs in by_base.items()
        )

    @property
    def spec(self) -> RemoteSpec:
        """The spec that answers."""
        bases = [one.base for one in self.specs]
        if not bases:
            raise QueryError(f"{self._server.query_url} has no spec; `policyspec publish` puts one there")
        if self._base_iri:
            if self._base_iri not in bases:
                hint = nearest(self._base_iri, bases) or f"there are {', '.join(bases)}"
                raise QueryError(f"no spec there begins its names with `{self._base_iri}`; {hint}")
        elif len(bases) > 1:
            raise QueryError(
                f"{self._server.query_url} has several specs: name one with `--base-iri`, {', '.join(bases)}"
            )
        return next(one for one in self.specs if one.base == (self._base_iri or bases[0]))

    def ask(self, name: str, params: Mapping[str, str] | None = None, *, release: str = "") -> Answer:
        """Return the answer to a named question, as a :class:`KnowledgeBase` gives it for the published spec.

        :param release: version of the release to ask; by default the last
        """
        question = find_question(name)
        values = values_of(question, params or {})
        graphs = self._dataset(question, release)
        with self._checked_answer():
            text = checked_query(
                question,
                values,
                lambda sparql: answer_of(self._server.select(_PREFIXES + sparql, graphs)),
            )
            return question.present(answer_of(self._server.select(text, graphs)))

    @contextmanager
    def _checked_answer(self) -> Iterator[None]:
        """Refuse an answer with other columns than those of the query, or with words in place of numbers."""
        try:
            yield
        except (LookupError, ValueError, TypeError):
            raise ServerError(f"{self._server.query_url} does not answer what was asked for") from None

    def query(self, sparql: str, origin: str, *, release: str = "", allow_service: bool = False) -> Answer:
        """Return the answer to any query, which is checked here first: a query that a SOURCE would refuse is not sent.

        Unless the query names its graphs by ``FROM``, it looks at the last release, and at all graphs of the spec as named graphs.

        :param origin: where the query comes from, for messages
        :param release: version of the release to ask instead of the last
        :param allow_service: whether the server may call others by ``SERVICE``
        """
        if not allow_service and calls(sparql):
            raise QueryError(
                f"{origin}: {excerpt(sparql)} has {self._server.query_url} call another server",
                command="`--allow-service` lets it",
            )
        with Guard(lambda: ()) as guard:
            form = guard.query(sparql, origin, may_call=allow_service).form
        graphs = None
        if not has_dataset(sparql):
            graphs = replace(self._graphs(release, over_releases=False), named=self.spec.graphs)
        elif release:
            raise QueryError(
                f"{origin}: {excerpt(sparql)} says by `FROM` what it looks at: leave --release out"
            )
        answer = self._answer(_PREFIXES + sparql, form, graphs)
        # Names in graphs that the query itself names, or of other servers, are not checked.
        lookup = self._name_lookup(graphs) if graphs and not calls(sparql) else None
        return replace(answer, findings=unknown_in(sparql, origin, lookup))

    def _answer(self, text: str, form: QueryForm, graphs: Dataset | None) -> Answer:
        if form is QueryForm.GRAPH:
            with self._server.construct(text, graphs) as file:
                triples = [*streamed_triples(file)]
            with KnowledgeBase(lambda: triples) as base:
                return base.select("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
        answer = answer_of(self._server.select(text, graphs))
        if form is not QueryForm.ASK or answer.form is form:
            return answer
        # Virtuoso answers with a row that holds 1 or 0, or with no row.
        return _yes_or_no(any(cell.value in {"1", "true"} for row in answer.rows for cell in row))

    def _name_lookup(self, graphs: Dataset) -> NameLookup:
        """Return look-ups of names in the graphs, which ask the server on demand."""

        def texts(name: str) -> _RemoteNames:
            pattern = f"?thing <{name}> ?value FILTER (ISLITERAL(?value))"
            return _RemoteNames(
                self._server,
                graphs,
                pattern,
                lambda text: f"{pattern} FILTER (STR(?value) = {string_literal(text)})",
            )

        things = _RemoteNames(
            self._server,
            graphs,
            "?value dcterms:identifier ?id",
            lambda iri: (
                f"{{ <{iri}> ?name ?value }} UNION {{ ?value ?name <{iri}> }}" if is_name(iri) else ""
            ),
        )
        return NameLookup(
            values=lambda names: {name: texts(name) for name in names},
            things=lambda: things,
            graphs=lambda: self.spec.graphs,
        )

    def download(self, release: str = "") -> tuple[Spec, ...]:
        """Return the releases of the spec from the server, or one of them by its version."""
        names = self.spec.releases if not release else {release: self._of(release)}
        return tuple(from_triples(self._triples_of(name)) for name in names.values())

    def beside(self) -> tuple[NamedGraph, ...]:
        """Return the graphs beside the releases from the server: of results, feedback, decisions and proposals."""
        iris = Iris(self.spec.base)
        own = {f"{iris.base}{graph}" for graph, _what, _option in _BESIDE.values()}
        return tuple(
            NamedGraph(name=Iri(name), triples=partial(iter, self._triples_of(name)))
            for name in self.spec.graphs
            if name in own or iris.is_proposal(name)
        )

    def _triples_of(self, name: str) -> list[Triple]:
        """Return the triples of a graph, as many as the catalogue says.

        The digest is not checked: some servers, such as Virtuoso, return numbers in another notation.
        """
        with self._server.graph(name) as file:
            triples = [*streamed_triples(file)] if file else []
        if len(triples) != self.spec.counts[name]:
            raise ServerError(
                f"{self._server.store_url} has {len(triples):,} statements of <{name}>, and the catalogue says "
                f"{self.spec.counts[name]:,}: it is being changed, or the server lost some; publish it again"
            )
        return triples

    def _dataset(self, question: Question, release: str) -> Dataset:
        """Return the graphs that a named question looks at."""
        if question.over in _OF_SEVERAL:
            raise QueryError(
                f"`{question.name}` looks at several specs: ask it of their SOURCEs, with `--alignment`"
            )
        graphs = self._graphs(release, over_releases=question.over == "releases")
        if question.over in _BESIDE:
            graph, what, option = _BESIDE[question.over]
            name = f"{self.spec.base}{graph}"
            if name not in self.spec.graphs:
                raise QueryError(
                    f"`{question.name}` looks at {what}, which {self._server.query_url} does not have; "
                    f"`policyspec publish {option}` puts that there"
                )
            graphs = replace(graphs, named=(name,))
        return graphs

    def _of(self, release: str) -> str:
        """Return the graph of a release."""
        releases = self.spec.releases
        if release not in releases:
            hint = nearest(release, releases) or f"there are {', '.join(releases)}"
            raise QueryError(f"no release `{release}` was published; {hint}")
        return releases[release]

    def _graphs(self, release: str, *, over_releases: bool) -> Dataset:
        """Return the graphs that a question looks at: those of this spec only."""
        spec = self.spec
        if over_releases:
            if release:
                raise QueryError("a question about releases asks all of them: leave --release out")
            return Dataset(named=spec.graphs)
        return Dataset(default=(self._of(release) if release else [*spec.releases.values()][-1],))


class _RemoteNames(Collection[str]):
    """Names in the graphs of a server: looked up one by one, and listed only to find the one nearest to an unknown name.

    If the server does not answer, a name counts as known: the query itself was answered.

    :param every: a pattern that binds ``?value`` to each name
    :param holding: returns a pattern that binds it if one name exists; empty for names that are not safe in a query
    """

    def __init__(self, server: Server, graphs: Dataset, every: str, holding: Callable[[str], str]) -> None:
        self._server, self._graphs, self._every, self._holding = server, graphs, every, holding

    def _select(self, pattern: str, most: int) -> tuple[str, ...] | None:
        where = f"{{ {pattern} }} UNION {{ GRAPH ?graph {{ {pattern} }} }}"
        sparql = f"{_PREFIXES}SELECT DISTINCT (STR(?value) AS ?text) WHERE {{ {where} }} LIMIT {most}"
        try:
            return tuple(row[0] for row in answer_of(self._server.select(sparql, self._graphs)).texts)
        except ServerError:
            return None

    def __contains__(self, name: object) -> bool:
        """Return whether something has the name."""
        pattern = self._holding(str(name))
        return not pattern or self._select(pattern, 1) != ()

    def __bool__(self) -> bool:
        """Return whether there are any names."""
        return self._select(self._every, 1) != ()

    @cached_property
    def _all(self) -> tuple[str, ...]:
        return self._select(self._every, DEFAULT_LIMITS.rows) or ()

    def __iter__(self) -> Iterator[str]:
        """Yield the names, as many as are read of an answer."""
        return iter(self._all)

    def __len__(self) -> int:
        """Return the number of these names."""
        return len(self._all)


def answer_of(results: Mapping[str, Any]) -> Answer:
    """Return SPARQL results in JSON as an answer."""
    if isinstance(boolean := results.get("boolean"), bool):
        return _yes_or_no(boolean)
    try:
        columns = tuple(map(str, results["head"]["vars"]))
        rows = tuple(tuple(_cells(columns, row)) for row in results["results"]["bindings"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ServerError("the server does not answer with SPARQL results") from None
    return Answer(columns=columns, rows=rows)


def _yes_or_no(is_true: bool) -> Answer:
    cell = Cell(CellKind.LITERAL, str(is_true).lower(), XSD.boolean)
    return Answer(columns=("answer",), rows=((cell,),), form=QueryForm.ASK)


def _cells(columns: Iterable[str], row: Mapping[str, Mapping[str, Any]]) -> Iterable[Cell]:
    for name in columns:
        if (term := row.get(name)) is None:
            yield Cell(CellKind.UNBOUND)
            continue
        kind, value, datatype = _KINDS[term["type"]], term["value"], term.get("datatype", "")
        iri = value if kind is CellKind.IRI else datatype
        if not isinstance(value, str) or not is_name(iri):
            raise ValueError(value)
        yield Cell(
            kind,
            value,
            "" if datatype == _STRING else datatype,
            str(term.get("xml:lang", "")),
        )
