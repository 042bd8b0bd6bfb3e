"""Graph → bytes in six formats, the same bytes for the same graph."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import FORMATS
from sphinx_policyspec.graph.ntriples import SURROGATES, ntriples_lines
from sphinx_policyspec.graph.rdf_xml import NOT_XML, rdf_xml
from sphinx_policyspec.graph.vocabulary import PREFIXES, PS, RDF
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.nearest import nearest

__all__ = ["FORMATS", "serialize"]

_ENGINE_FORMATS = {"ttl": RdfFormat.TURTLE, "trig": RdfFormat.TRIG, "jsonld": RdfFormat.JSON_LD}
_NAMED_GRAPH = frozenset({"nq", "trig"})
_KINDS = (
    "provision",
    "example",
    "topic",
    "level",
    "goal",
    "definition",
    "eval-tag",
    "prompt-file",
    "release",
)
"""Kinds of things whose IRIs get a prefix in Turtle and TriG."""
_TYPE_LINE = re.compile(rf"^\S+ <{RDF.type}> ")


def serialize(graph: Graph, format: str) -> tuple[bytes, tuple[Finding, ...]]:  # noqa: A002 - its name to users
    """Write a graph in one of the six formats, and report characters that the format cannot hold.

    Triples are sorted, so that equal graphs give equal bytes. In N-Quads and TriG they stand in the
    graph named as the release; the other formats hold one graph.
    """
    if format not in FORMATS:
        raise SourceError(f"unknown format `{format}`; {nearest(format, FORMATS)}")
    findings: dict[tuple[Node, Node], Finding] = {}

    def replaced(subject: Node, predicate: Node, character: str) -> None:
        findings[subject, predicate] = _finding(graph, format, (subject, predicate), character)

    unholdable = NOT_XML if format == "rdf" else SURROGATES
    lines = sorted(set(ntriples_lines(graph, unholdable, replaced)))
    name = _graph_name(graph) if format in _NAMED_GRAPH else None
    if format == "nt":
        data = "".join(lines).encode()
    elif format == "nq":
        data = "".join(_in_graph(lines, name)).encode()
    elif format == "rdf":
        data = "".join(rdf_xml("".join(lines))).encode()
    else:
        data = _by_engine(graph, format, lines, name)
    return data, tuple(sorted(findings.values(), key=lambda finding: (finding.span, finding.message)))


def _by_engine(graph: Graph, format: str, lines: list[str], name: URIRef | None) -> bytes:  # noqa: A002
    """Write Turtle, TriG or JSON-LD; types come first, so that one sees at once what a thing is."""
    ordered = sorted(lines, key=lambda line: (line.partition(" ")[0], not _TYPE_LINE.match(line)))
    quads = pyoxigraph.parse("".join(_in_graph(ordered, name)).encode(), format=RdfFormat.N_QUADS)
    data = pyoxigraph.serialize(quads, format=_ENGINE_FORMATS[format], prefixes=_prefixes(graph))
    # The engine writes the prefixes in an order of their own in each run.
    head, body = [], (data or b"").rstrip(b"\n") + b"\n"
    while body.startswith(b"@prefix "):
        line, _, body = body.partition(b"\n")
        head.append(line + b"\n")
    return b"".join(sorted(head)) + body


def _graph_name(graph: Graph) -> URIRef | None:
    """Return the IRI of the spec that the graph holds, if it is one."""
    found = [subject for subject in graph.subjects(RDF.type, PS.Spec) if isinstance(subject, URIRef)]
    return found[0] if len(found) == 1 else None


def _in_graph(lines: list[str], name: URIRef | None) -> Iterator[str]:
    """Yield the lines with the name of their graph."""
    return (f"{line[:-2]}<{name}> .\n" for line in lines) if name else iter(lines)


def _prefixes(graph: Graph) -> dict[str, str]:
    """Return the prefixes for Turtle: ours, and one for each kind of thing the spec names."""
    release = _graph_name(graph)
    base = release.rpartition("release/")[0] if release else ""
    return PREFIXES | ({kind: f"{base}{kind}/" for kind in _KINDS} if base else {})


def _finding(graph: Graph, format: str, place: tuple[Node, Node], character: str) -> Finding:  # noqa: A002
    """Report a character that was replaced, where the thing that holds it stands."""
    subject, predicate = place
    line = graph.value(subject, PS.line)
    number = int(line) if isinstance(line, Literal) and str(line).isdecimal() else 1
    return Finding(
        code="unrepresentable-character",
        severity=Severity.WARNING,
        message=f"`{predicate}` of `{subject}` holds U+{ord(character):04X}, which `{format}` cannot hold",
        span=Span(str(graph.value(subject, PS.file) or ""), number),
        hint="it was replaced",
    )
