"""Graph → bytes in six formats, the same bytes for the same graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import Graph
from rdflib.term import Node

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import FORMATS
from sphinx_policyspec.graph.json_ld import json_ld
from sphinx_policyspec.graph.ntriples import SURROGATES, ntriples_lines
from sphinx_policyspec.graph.rdf_xml import NOT_XML, rdf_xml
from sphinx_policyspec.graph.vocabulary import PREFIXES, PS, RDF
from sphinx_policyspec.graph.writer import Triple
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.nearest import nearest

__all__ = ["FORMATS", "serialize"]

_ENGINE_FORMATS = {"ttl": RdfFormat.TURTLE, "trig": RdfFormat.TRIG}
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
_TYPE = f" <{RDF.type}> "
_TYPE_FIRST = " \0"
"""Sorts before every predicate; no line holds it, since literals have it escaped."""
_SPEC_END = f">{_TYPE}<{PS.Spec}> .\n"


def serialize(
    graph: Graph | Sequence[Triple],
    format: str,  # noqa: A002 - its name to users
) -> tuple[bytes, tuple[Finding, ...]]:
    """Write a graph in one of the six formats, and report characters that the format cannot hold.

    Triples are sorted, so that equal graphs give equal bytes. In N-Quads and TriG they stand in the
    graph named as the release; the other formats hold one graph.

    :param graph: an rdflib graph, or its triples alone, which spares the cost of its indices
    """
    if format not in FORMATS:
        raise SourceError(f"unknown format `{format}`; {nearest(format, FORMATS)}")
    characters: dict[tuple[Node, Node], str] = {}

    def replaced(subject: Node, predicate: Node, character: str) -> None:
        characters[subject, predicate] = character

    unholdable = NOT_XML if format == "rdf" else SURROGATES
    lines = sorted(set(ntriples_lines(graph, unholdable, replaced)))
    release = _graph_name(lines)
    name = release if format in _NAMED_GRAPH else ""
    if format == "nt":
        data = "".join(lines).encode()
    elif format == "nq":
        data = "".join(_in_graph(lines, name)).encode()
    elif format == "rdf":
        data = "".join(rdf_xml("".join(lines))).encode()
    elif format == "jsonld":
        data = "".join(json_ld("".join(lines), release)).encode()
    else:
        data = _by_engine(lines, format, name, _prefixes(release))
    return data, _findings(graph, format, characters)


def _by_engine(lines: list[str], format: str, name: str, prefixes: dict[str, str]) -> bytes:  # noqa: A002
    """Write Turtle or TriG; types come first, so that one sees at once what a thing is."""
    ordered = "".join(sorted(line.replace(_TYPE, _TYPE_FIRST, 1) for line in _in_graph(lines, name)))
    quads = pyoxigraph.parse(ordered.replace(_TYPE_FIRST, _TYPE).encode(), format=RdfFormat.N_QUADS)
    data = pyoxigraph.serialize(quads, format=_ENGINE_FORMATS[format], prefixes=prefixes)
    # The engine writes the prefixes in an order of their own in each run.
    head, body = [], (data or b"").rstrip(b"\n") + b"\n"
    while body.startswith(b"@prefix "):
        line, _, body = body.partition(b"\n")
        head.append(line + b"\n")
    return b"".join(sorted(head)) + body


def _graph_name(lines: list[str]) -> str:
    """Return the IRI of the spec that the graph holds, if it is one; else the empty string."""
    found = [line[1 : -len(_SPEC_END)] for line in lines if line.endswith(_SPEC_END) and line[0] == "<"]
    return found[0] if len(found) == 1 else ""


def _in_graph(lines: list[str], name: str) -> Iterator[str]:
    """Yield the lines with the name of their graph."""
    return (f"{line[:-2]}<{name}> .\n" for line in lines) if name else iter(lines)


def _prefixes(release: str) -> dict[str, str]:
    """Return the prefixes for Turtle: ours, and one for each kind of thing the spec names."""
    base = release.rpartition("release/")[0] if release else ""
    return PREFIXES | ({kind: f"{base}{kind}/" for kind in _KINDS} if base else {})


def _findings(
    graph: Graph | Sequence[Triple],
    format: str,  # noqa: A002
    characters: dict[tuple[Node, Node], str],
) -> tuple[Finding, ...]:
    """Report the characters that were replaced, where the things that hold them stand."""
    if not characters:
        return ()
    subjects = {subject for subject, _ in characters}
    stated = {(s, p): str(node) for s, p, node in graph if s in subjects and p in {PS.file, PS.line}}
    findings = []
    for (subject, predicate), character in characters.items():
        line = stated.get((subject, PS.line), "")
        finding = Finding(
            code="unrepresentable-character",
            severity=Severity.WARNING,
            message=f"`{predicate}` of `{subject}` holds U+{ord(character):04X}, which `{format}` cannot hold",
            span=Span(stated.get((subject, PS.file), ""), int(line) if line.isdecimal() else 1),
            hint="it was replaced",
        )
        findings.append(finding)
    return tuple(sorted(findings, key=lambda finding: (finding.span, finding.message)))
