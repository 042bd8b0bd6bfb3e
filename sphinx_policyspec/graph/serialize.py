"""Graph → bytes in six formats, the same bytes for the same graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import FORMATS, check_texts, checked_size
from sphinx_policyspec.graph.json_ld import json_ld
from sphinx_policyspec.graph.ntriples import SURROGATES, ntriples_lines
from sphinx_policyspec.graph.rdf_xml import NOT_XML, rdf_xml
from sphinx_policyspec.graph.terms import Triple
from sphinx_policyspec.graph.turtle import turtle
from sphinx_policyspec.graph.vocabulary import PREFIXES, PS, RDF
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.nearest import nearest

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["FORMATS", "graph_lines", "serialize", "unholdable"]

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
_TYPE = f" <{RDF.type}> "
_SPEC_END = f">{_TYPE}<{PS.Spec}> .\n"


def serialize(
    graph: Graph | Sequence[Triple],
    format: str,  # noqa: A002 - its name to users
) -> tuple[bytes, tuple[Finding, ...]]:
    """Write a graph in one of the six formats, and report characters that the format cannot hold.

    Triples are sorted, so that equal graphs give equal bytes. In N-Quads and TriG they stand in the
    graph named as the release; the other formats hold one graph.

    :param graph: an rdflib graph, or triples alone, which need no rdflib
    """
    if format not in FORMATS:
        raise SourceError(f"unknown format `{format}`; {nearest(format, FORMATS)}")
    triples = graph if isinstance(graph, Sequence) else _triples_in(graph)
    found, findings = _lines(triples, format)
    lines = sorted(found)
    check_texts(lines)
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
        data = "".join(turtle(lines, _prefixes(release), name)).encode()
    return checked_size(data), findings


def unholdable(
    triples: Sequence[Triple],
    format: str,  # noqa: A002 - its name to users
) -> tuple[Finding, ...]:
    """Return the characters that a format cannot hold, as :func:`serialize` does."""
    return _lines(triples, format)[1]


def _lines(
    triples: Sequence[Triple],
    format: str,  # noqa: A002
) -> tuple[dict[str, None], tuple[Finding, ...]]:
    """Return triples as lines without what a format cannot hold, and findings about that."""
    characters: dict[tuple[str, str], str] = {}

    def replaced(subject: str, predicate: str, character: str) -> None:
        characters[subject, predicate] = character

    bad = NOT_XML if format == "rdf" else SURROGATES
    # A dict keeps the order of reading, in which most lines stand beside their neighbours already.
    lines = dict.fromkeys(ntriples_lines(triples, bad, replaced))
    return lines, _findings(triples, format, characters)


def graph_lines(lines: list[str], form: str, name: str) -> str:
    """Return one named graph of several, as N-Quads or TriG.

    :param lines: canonical N-Triples lines, sorted and each there once
    """
    if form == "nq":
        return "".join(_in_graph(lines, name))
    return "".join(turtle(lines, _prefixes(_graph_name(lines)), name))


def _triples_in(graph: Graph) -> Sequence[Triple]:
    from sphinx_policyspec.graph.rdflib_terms import triples_in  # noqa: PLC0415  most come without rdflib

    return tuple(triples_in(graph))


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
    triples: Sequence[Triple],
    format: str,  # noqa: A002
    characters: dict[tuple[str, str], str],
) -> tuple[Finding, ...]:
    """Report the characters that were replaced, where the things that hold them stand."""
    if not characters:
        return ()
    subjects = {subject for subject, _ in characters}
    stated: dict[tuple[str, str], str] = {
        (s, p): str(node) for s, p, node in triples if s in subjects and p in {PS.file, PS.line}
    }
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
