"""Named questions to a server that specs were published on: the same text, checks and rows as in memory."""

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
from sphinx_policyspec.graph.terms import ASKED_PREFIXES, XSD, Iri, OwnGraph, Triple
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
"""Questions that look at a graph beside a release, what it holds, and how it is published."""
_OF_SEVERAL = {"alignments", "cases"}
_KINDS = {
    "uri": CellKind.IRI,
    "bnode": CellKind.BLANK,
    "literal": CellKind.LITERAL,
    "typed-literal": CellKind.LITERAL,
}
"""By the types of terms in SPARQL results; the last is Virtuoso's."""
_STRING = "http://www.w3.org/2001/XMLSchema#string"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSpec(Brief):
    """A spec on a server.

    :param releases: names of its graphs by version, from the first to the last
    :param counts: how many statements each of its graphs holds, as the catalogue says
    """

    base: str
    releases: Mapping[str, str]
    counts: Mapping[str, int]

    @property
    def graphs(self) -> tuple[str, ...]:
        """The names of all its graphs, that of what changed included."""
        return tuple(self.counts)


class RemoteBase:
    """A spec that was published on a server, to be asked there.

    :param base_iri: what the names of the spec begin with, where the server has several
    """

    def __init__(self, server: Server, base_iri: str = "") -> None:
        self._server = server
        self._base_iri = base_iri

    @cached_property
    def specs(self) -> tuple[RemoteSpec, ...]:
        """The specs that were published there."""
        found: dict[str, dict[str, str]] = {}
        counts: dict[str, int] = {}
        with self._as_asked():
            rows = answer_of(self._server.select(_PREFIXES + _CATALOGUES)).texts
            # A server takes several times as long where it puts a hundred names in order.
            for catalogue, graph, version, count in sorted(rows):
                if is_name(graph):
                    found.setdefault(catalogue.removesuffix("catalogue"), {})[graph] = version
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
            for base, graphs in found.items()
        )

    @property
    def spec(self) -> RemoteSpec:
        """The one that is asked."""
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
        """Answer a named question, as a :class:`KnowledgeBase` does of what was published.

        :param release: the version of the release that is asked; by default the last
        """
        question = find_question(name)
        values = values_of(question, params or {})
        graphs = self._asked(question, release)
        with self._as_asked():
            text = checked_query(
                question,
                values,
                lambda sparql: answer_of(self._server.select(_PREFIXES + sparql, graphs)),
            )
            return question.present(answer_of(self._server.select(text, graphs)))

    @contextmanager
    def _as_asked(self) -> Iterator[None]:
        """Take answers for what was asked; one with other columns, or with words in place of numbers, is refused."""
        try:
            yield
        except (LookupError, ValueError, TypeError):
            raise ServerError(
                f"{self._server.query_url} answers with something else than what was asked for"
            ) from None

    def query(self, sparql: str, origin: str, *, release: str = "", allow_service: bool = False) -> Answer:
        """Answer a query of one's own, which is looked at here first: one that a SOURCE would refuse is not sent.

        Unless it says itself by ``FROM`` what it looks at, that is the last release, and as named graphs all of the spec.

        :param origin: where the query comes from, for messages
        :param release: the version of the release that is asked in place of the last
        :param allow_service: the server may call others, as the query says by ``SERVICE``
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
        answer = self._told(_PREFIXES + sparql, form, graphs)
        # What others have, of whom the query speaks itself, is not looked at.
        known = self._known(graphs) if graphs and not calls(sparql) else None
        return replace(answer, findings=unknown_in(sparql, origin, known))

    def _told(self, text: str, form: QueryForm, graphs: Dataset | None) -> Answer:
        if form is QueryForm.GRAPH:
            with self._server.construct(text, graphs) as file:
                triples = [*streamed_triples(file)]
            with KnowledgeBase(lambda: triples) as base:
                return base.select("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
        answer = answer_of(self._server.select(text, graphs))
        if form is not QueryForm.ASK or answer.form is form:
            return answer
        # Virtuoso answers with a row that holds 1 or 0, or with none.
        return _yes_or_no(any(cell.value in {"1", "true"} for row in answer.rows for cell in row))

    def _known(self, graphs: Dataset) -> NameLookup:
        """Return what the graphs have that a query can name, which is asked for where the query does."""

        def texts(name: str) -> _Known:
            pattern = f"?thing <{name}> ?value FILTER (ISLITERAL(?value))"
            return _Known(
                self._server,
                graphs,
                pattern,
                lambda text: f"{pattern} FILTER (STR(?value) = {string_literal(text)})",
            )

        things = _Known(
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

    def copied(self, release: str = "") -> tuple[Spec, ...]:
        """Return the releases of the spec as they stand there, or the one that is named."""
        names = self.spec.releases if not release else {release: self._of(release)}
        return tuple(from_triples(self._fetched(name)) for name in names.values())

    def beside(self) -> tuple[NamedGraph, ...]:
        """Return the graphs beside the releases as they stand there: of results, and of what people say."""
        names = (Iri(f"{self.spec.base}{graph}") for graph, _what, _option in _BESIDE.values())
        return tuple(
            NamedGraph(name=name, triples=partial(iter, self._fetched(name)))
            for name in names
            if name in self.spec.graphs
        )

    def _fetched(self, name: str) -> list[Triple]:
        """Return what a graph holds there, as many statements as the catalogue says.

        Its digest is not looked at: some servers, such as Virtuoso, give back other texts of the same numbers.
        """
        with self._server.graph(name) as file:
            triples = [*streamed_triples(file)] if file else []
        if len(triples) != self.spec.counts[name]:
            raise ServerError(
                f"{self._server.store_url} has {len(triples):,} statements of <{name}>, and the catalogue tells of "
                f"{self.spec.counts[name]:,}: somebody changes it now, or the server lost some; publish it again"
            )
        return triples

    def _asked(self, question: Question, release: str) -> Dataset:
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
        known = self.spec.releases
        if release not in known:
            hint = nearest(release, known) or f"there are {', '.join(known)}"
            raise QueryError(f"no release `{release}` was published; {hint}")
        return known[release]

    def _graphs(self, release: str, *, over_releases: bool) -> Dataset:
        """Return the graphs that a question looks at: those of this spec, and of no other on the server."""
        spec = self.spec
        if over_releases:
            if release:
                raise QueryError("a question about releases asks all of them: leave --release out")
            return Dataset(named=spec.graphs)
        return Dataset(default=(self._of(release) if release else [*spec.releases.values()][-1],))


class _Known(Collection[str]):
    """Names that graphs on a server have: looked up one by one, and listed only for the nearest of one that is not there.

    Where the server does not answer, what is looked up counts as there: the query itself was answered.

    :param every: a pattern that binds ``?value`` to each name
    :param holding: returns a pattern that binds it where one name is there; empty for what cannot be asked
    """

    def __init__(self, server: Server, graphs: Dataset, every: str, holding: Callable[[str], str]) -> None:
        self._server, self._graphs, self._every, self._holding = server, graphs, every, holding

    def _found(self, pattern: str, most: int) -> tuple[str, ...] | None:
        where = f"{{ {pattern} }} UNION {{ GRAPH ?graph {{ {pattern} }} }}"
        sparql = f"{_PREFIXES}SELECT DISTINCT (STR(?value) AS ?text) WHERE {{ {where} }} LIMIT {most}"
        try:
            return tuple(row[0] for row in answer_of(self._server.select(sparql, self._graphs)).texts)
        except ServerError:
            return None

    def __contains__(self, name: object) -> bool:
        """Return whether something has the name."""
        pattern = self._holding(str(name))
        return not pattern or self._found(pattern, 1) != ()

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return self._found(self._every, 1) != ()

    @cached_property
    def _all(self) -> tuple[str, ...]:
        return self._found(self._every, DEFAULT_LIMITS.rows) or ()

    def __iter__(self) -> Iterator[str]:
        """Yield as many as are read of an answer."""
        return iter(self._all)

    def __len__(self) -> int:
        """Return how many are read."""
        return len(self._all)


def answer_of(found: Mapping[str, Any]) -> Answer:
    """Return SPARQL results in JSON as an answer."""
    if isinstance(said := found.get("boolean"), bool):
        return _yes_or_no(said)
    try:
        columns = tuple(map(str, found["head"]["vars"]))
        rows = tuple(tuple(_cells(columns, row)) for row in found["results"]["bindings"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ServerError("the server answers with something else than SPARQL results") from None
    return Answer(columns=columns, rows=rows)


def _yes_or_no(said: bool) -> Answer:
    cell = Cell(CellKind.LITERAL, str(said).lower(), XSD.boolean)
    return Answer(columns=("answer",), rows=((cell,),), form=QueryForm.ASK)


def _cells(columns: Iterable[str], row: Mapping[str, Mapping[str, Any]]) -> Iterable[Cell]:
    for name in columns:
        if (said := row.get(name)) is None:
            yield Cell(CellKind.UNBOUND)
            continue
        kind, value, datatype = _KINDS[said["type"]], said["value"], said.get("datatype", "")
        iri = value if kind is CellKind.IRI else datatype
        if not isinstance(value, str) or not is_name(iri):
            raise ValueError(value)
        yield Cell(
            kind,
            value,
            "" if datatype == _STRING else datatype,
            str(said.get("xml:lang", "")),
        )
