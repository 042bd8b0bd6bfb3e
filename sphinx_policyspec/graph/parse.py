"""A graph file → Graph, with nothing fetched and nothing expanded."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import FORMATS, format_of_suffix
from sphinx_policyspec.graph.rdflib_terms import term_of
from sphinx_policyspec.graph.terms import Term, Triple
from sphinx_policyspec.graph.vocabulary import PREFIXES, XSD

__all__ = ["MAX_BYTES", "add_quads", "plain_triples", "read_graph", "read_statements"]

MAX_BYTES = 256 * 2**20
"""Larger files are refused: reading one takes about ten times its size in memory."""

_ENGINE_FORMATS = {
    "nt": RdfFormat.N_TRIPLES,
    "nq": RdfFormat.N_QUADS,
    "ttl": RdfFormat.TURTLE,
    "trig": RdfFormat.TRIG,
    "jsonld": RdfFormat.JSON_LD,
    "rdf": RdfFormat.RDF_XML,
}

_PLACE = re.compile(r"^Parser error [^:]*: ")


def read_graph(path: Path, max_bytes: int = MAX_BYTES) -> Graph:
    """Read a graph file of any of the six formats; named graphs are read as one.

    Raises :class:`SourceError`, with file and line, for what cannot be read. No remote JSON-LD
    context is fetched and no XML entity is declared.
    """
    graph = Graph("SimpleMemory", bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    add_quads(graph, _quads(path, max_bytes))
    return graph


def read_statements(path: Path, max_bytes: int = MAX_BYTES) -> list[tuple[Triple, str]]:
    """Read a graph file as triples, each once with the name of its graph; they need not make a spec."""
    quads = list(dict.fromkeys(_quads(path, max_bytes)))
    names = (str(quad.graph_name) for quad in quads)
    return list(zip(plain_triples(quads), names, strict=True))


def plain_triples(quads: Iterable[pyoxigraph.Quad | pyoxigraph.Triple]) -> Iterator[Triple]:
    """Yield what the engine yields in terms of ours; they recur, so each is converted once."""
    terms: dict[object, Term] = {}
    for quad in quads:
        parts = quad.subject, quad.predicate, quad.object
        for part in parts:
            if part not in terms:
                terms[part] = term_of(_term(part))
        yield cast("Triple", tuple(terms[part] for part in parts))


def _quads(path: Path, max_bytes: int) -> Iterator[pyoxigraph.Quad]:
    """Yield what a graph file holds, once; trouble with its syntax comes while it is read."""
    name = format_of_suffix(path.suffix)
    if name is None:
        suffixes = ", ".join(f".{known}" for known in FORMATS)
        raise SourceError(f"`{path}` is no graph file; known suffixes are {suffixes}")
    format_ = _ENGINE_FORMATS[name]
    data = _bytes_of(path, max_bytes)
    if format_ is RdfFormat.RDF_XML and b"<!DOCTYPE" in data.upper():
        line = data[: data.upper().index(b"<!DOCTYPE")].count(b"\n") + 1
        raise SourceError(f"{path}:{line}: a document type declaration is not read: its entities could grow")
    try:
        yield from pyoxigraph.parse(data, format=format_)
    except SyntaxError as error:
        line = error.lineno or _line_of_error(data, format_)
        raise SourceError(f"{path}:{line}: {_reason(error)}") from error


def _bytes_of(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise SourceError(f"`{path}` cannot be read: {error.strerror or error}") from error
    if len(data) > max_bytes:
        raise SourceError(f"`{path}` is larger than the {max_bytes // 2**20} MiB that are read")
    return data


def _reason(error: SyntaxError) -> str:
    """Return what the parser says, in our form."""
    if "LoadDocumentCallback" in str(error.msg):
        return "a remote JSON-LD context is not fetched"
    return _PLACE.sub("", str(error.msg)).rstrip(".")


class _Lines(io.BytesIO):
    """Hands out one line at a time and counts them."""

    ended = 0
    line = 1

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the rest of a line, or as much of it as is wanted."""
        self.line = self.ended + 1
        chunk = self.readline(-1 if size is None else size)
        self.ended += chunk.endswith(b"\n")
        return chunk


def _line_of_error(data: bytes, format_: RdfFormat) -> int:
    """Return how far a parser that tells no line gets: it is fed line by line until it fails again."""
    lines = _Lines(data)
    try:
        for _ in pyoxigraph.parse(lines, format=format_):
            continue
    except SyntaxError:
        return lines.line
    return 1


def add_quads(graph: Graph, quads: Iterable[pyoxigraph.Quad | pyoxigraph.Triple]) -> None:
    """Add what the engine yields; its terms recur, so each is converted once."""
    memo: dict[object, Node] = {}

    def converted(term: object) -> Node:
        if (known := memo.get(term)) is None:
            known = memo[term] = _term(term)
        return known

    add = graph.store.add
    for quad in quads:
        add((converted(quad.subject), converted(quad.predicate), converted(quad.object)), graph)


def _term(term: object) -> Node:
    """Return a term of the engine as one of rdflib."""
    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if not isinstance(term, pyoxigraph.Literal):
        raise SourceError(f"`{term}` is a triple inside a triple, which is not read")
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == XSD.string:
        return Literal(term.value)
    return Literal(term.value, datatype=URIRef(term.datatype.value))
