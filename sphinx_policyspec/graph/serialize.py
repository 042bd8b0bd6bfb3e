"""Graph → bytes in six formats, the same bytes for the same graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import FORMATS, check_texts, checked_size
from sphinx_policyspec.graph.json_ld import json_ld
from sphinx_policyspec.graph.terms import PREFIXES, PS, Blank, Iri, Triple
from sphinx_policyspec.graph.writing import (
    NOT_XML,
    SURROGATES,
    InferenceDigest,
    Statements,
    blocks,
    rdf_xml,
    turtle,
)
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.finding import nearest

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["FORMATS", "graph_lines", "pieces", "serialize", "unholdable"]

_NAMED_GRAPH = frozenset({"nq", "trig"})
_KINDS = (
    "provision",
    "change",
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


def serialize(
    graph: Graph | Sequence[Triple] | Iterator[Triple],
    format: str,  # noqa: A002 - its name to users
) -> tuple[bytes, tuple[Finding, ...]]:
    """Return what :func:`pieces` yields as one."""
    found, findings = pieces(graph, format)
    return b"".join(found), findings


def pieces(
    graph: Graph | Sequence[Triple] | Iterator[Triple],
    format: str,  # noqa: A002 - its name to users
    *,
    inferred: bool = False,
) -> tuple[Iterator[bytes], tuple[Finding, ...]]:
    """Return the pieces of a file in one of the six formats, and what it cannot hold: characters that are replaced.

    Triples are sorted, so that equal graphs give equal bytes. In N-Quads and TriG they stand in the
    graph named as the release; the other formats hold one graph. What could not be read again raises
    :class:`SourceError` from the pieces.

    :param graph: an rdflib graph, or triples alone, which need no rdflib
    :param inferred: it holds what follows by the rules, too, and is to say so
    """
    if format not in FORMATS:
        raise SourceError(f"unknown format `{format}`; {nearest(format, FORMATS)}")
    statements, findings = _stated(graph, format)
    if inferred and (release := _graph_name(statements)):
        digest = InferenceDigest()
        for line in statements.lines():
            digest.add(line)
        statements.say(f"<{release}>", PS.inferredWith, str(digest))
    return checked_size(blocks(_texts(statements, format)), format), findings


def _texts(statements: Statements, form: str) -> Iterator[str]:
    release = _graph_name(statements)
    lines = check_texts(statements.lines())
    if form == "jsonld":
        return json_ld(lines, statements.names(), release)
    if form == "rdf":
        return rdf_xml(lines)
    if form == "nt":
        return lines
    return graph_lines(lines, form, release if form in _NAMED_GRAPH else "", release)


def unholdable(
    triples: Iterator[Triple],
    format: str,  # noqa: A002 - its name to users
) -> tuple[Finding, ...]:
    """Return the characters that a format cannot hold, as :func:`serialize` does."""
    return _stated(triples, format)[1]


def _stated(
    graph: Graph | Sequence[Triple] | Iterator[Triple], form: str
) -> tuple[Statements, tuple[Finding, ...]]:
    """Return triples without what a format cannot hold, and findings about that."""
    characters: dict[tuple[Iri | Blank, str], str] = {}

    def replaced(subject: Iri | Blank, predicate: str, character: str) -> None:
        characters[subject, predicate] = character

    statements = Statements(_triples_in(graph), NOT_XML if form == "rdf" else SURROGATES, replaced)
    return statements, tuple(_findings(statements, form, characters))


def graph_lines(lines: Iterable[str], form: str, name: str, release: str) -> Iterator[str]:
    """Yield one graph, perhaps of several, as N-Quads, TriG or Turtle.

    :param lines: canonical N-Triples lines, sorted and each there once
    :param name: of the graph, if it has one
    :param release: the IRI of the spec that the graph holds, if it holds one
    """
    return _in_graph(lines, name) if form == "nq" else turtle(lines, _prefixes(release), name)


def _triples_in(graph: Graph | Sequence[Triple] | Iterator[Triple]) -> Iterable[Triple]:
    if isinstance(graph, Sequence | Iterator):
        return graph
    from sphinx_policyspec.graph.rdflib_terms import triples_in  # noqa: PLC0415  most come without rdflib

    return triples_in(graph)


def _graph_name(statements: Statements) -> str:
    """Return the IRI of the spec that the graph holds, if it is one; else the empty string."""
    found = [name[1:-1] for name in statements.with_type(PS.Spec) if name[0] == "<"]
    return found[0] if len(found) == 1 else ""


def _in_graph(lines: Iterable[str], name: str) -> Iterator[str]:
    """Yield the lines with the name of their graph."""
    return (f"{line[:-2]}<{name}> .\n" for line in lines) if name else iter(lines)


def _prefixes(release: str) -> dict[str, str]:
    """Return the prefixes for Turtle: ours, and one for each kind of thing the spec names."""
    base = release.rpartition("release/")[0] if release else ""
    return PREFIXES | ({kind: f"{base}{kind}/" for kind in _KINDS} if base else {})


def _findings(
    statements: Statements, form: str, characters: dict[tuple[Iri | Blank, str], str]
) -> list[Finding]:
    """Report the characters that were replaced, where the things that hold them stand."""
    findings = []
    for (subject, predicate), character in characters.items():
        line = statements.text(subject, PS.line)
        finding = Finding(
            code="unrepresentable-character",
            message=f"`{predicate}` of `{subject}` holds U+{ord(character):04X}, which `{form}` cannot hold",
            span=Span(statements.text(subject, PS.file), int(line) if line.isdecimal() else 1),
            hint="it was replaced",
        )
        findings.append(finding)
    return sorted(findings, key=lambda finding: (finding.span, finding.message))
