"""What a server has of a spec: a graph of its own beside the others, with a line for each of them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sphinx_policyspec.errors import ServerError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.questions import string_literal
from sphinx_policyspec.graph.syntaxes import ntriples_lines
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    OWL,
    PROV,
    PS,
    RDF,
    XSD,
    Foreign,
    Iri,
    OwnGraph,
    Triple,
    ontology_version,
)
from sphinx_policyspec.publishing.description import VOID, in_catalogue
from sphinx_policyspec.publishing.endpoints import Server

_QUERY = """PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX ps: <https://w3id.org/policyspec#>
SELECT ?graph ?version ?digest ?count ?staging
WHERE {{
  GRAPH <{catalogue}> {{
    {{
      ?graph ps:graphDigest ?digest ;
        ps:statementCount ?count .
      OPTIONAL {{ ?graph owl:versionInfo ?version }}
    }} UNION {{
      ?staging dcterms:replaces ?graph .
    }}
  }}
}}
ORDER BY ?graph ?digest ?staging"""
_STAGED = re.compile(r"(.+)[#/]staging-([0-9a-f]+)", re.DOTALL)
_NO_NAME = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
"""Characters that would end an IRI in an Update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry(Brief):
    """What a catalogue says of a graph.

    :param version: of the release; empty for what changed between releases
    :param digest: of its sorted lines of N-Triples; empty where the catalogue gives several
    :param count: of its statements
    :param about: what else is told of it, where it is published
    """

    graph: str
    version: str
    digest: str
    count: int
    about: tuple[Triple, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue(Brief):
    """What a server has of a spec.

    :param entries: by the names of the graphs
    :param staged: names of graphs that were put beside others to take their places: somebody does that now, or was stopped
    """

    entries: Mapping[str, CatalogueEntry]
    staged: tuple[str, ...] = ()


def catalogue_iri(base: str) -> str:
    """Return the name of the catalogue of a spec."""
    return f"{base}catalogue"


def digest_of(lines: Iterable[str]) -> str:
    """Return the digest of lines of N-Triples, in whatever order they come."""
    state = hashlib.sha256()
    for line in sorted(lines):
        state.update(line.encode())
    return state.hexdigest()


def read_catalogue(server: Server, base: str, given: Collection[str] = ()) -> Catalogue:
    """Return what a server has of a spec, and of no other spec's.

    :param given: names of graphs of this spec that do not begin as its own, such as those of alignments
    """
    entries: dict[str, CatalogueEntry] = {}
    staged: list[str] = []
    for row in server.select(_QUERY.format(catalogue=catalogue_iri(base)))["results"]["bindings"]:
        if "staging" in row:
            staged.append(str(row["staging"].get("value", "")))
            continue
        entry = _entry(row)
        if _is_own(entry.graph, base, given):
            # Somebody who was stopped may have left two digests: then neither counts.
            known = entries.get(entry.graph, entry)
            entries[entry.graph] = replace(entry, digest=entry.digest if known == entry else "")
    return Catalogue(
        entries=entries,
        staged=tuple(name for name in staged if _is_staged(name, base, given)),
    )


def is_name(graph: str) -> bool:
    """Return whether a graph can be called so in a query; a catalogue may say anything."""
    return not _NO_NAME.search(graph)


def _is_own(graph: str, base: str, given: Collection[str]) -> bool:
    """Return whether a graph is one of a spec by its name."""
    return graph in given or (is_below(graph, base) and is_name(graph))


def is_below(graph: str, base: str) -> bool:
    """Return whether a graph is called as those of a spec are."""
    return graph.startswith(f"{base}release/") or graph in {f"{base}{one}" for one in OwnGraph}


def _is_staged(name: str, base: str, given: Collection[str]) -> bool:
    graph = staged_for(name)
    return bool(graph) and _is_own(graph, base, given)


def staged_for(name: str) -> str:
    """Return the graph whose place a staged one is to take, by its name; empty where it is none."""
    found = _STAGED.fullmatch(name)
    return found[1] if found else ""


def _entry(row: Mapping[str, Any]) -> CatalogueEntry:
    try:
        return CatalogueEntry(
            graph=str(row["graph"]["value"]),
            version=str(row.get("version", {}).get("value", "")),
            digest=str(row["digest"]["value"]),
            count=int(row["count"]["value"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ServerError(
            "the catalogue of the server cannot be read: a row lacks graph, digest or count"
        ) from None


@dataclass(frozen=True, slots=True)
class _Steps:
    """Operations of one SPARQL Update, each of which is done only while the catalogue says something.

    A request is one transaction on most servers; on others somebody may be stopped, or meet somebody else, between two of them.
    None takes out what another puts in: Virtuoso, killed soon after, has such a statement no more when it is started again.

    :param while_said: what the catalogue must say, as a pattern
    """

    base: str
    entry: CatalogueEntry
    while_said: str

    def replaced(self, graph: str, what: str, beside: str = "") -> str:
        """Take out of a graph what fits a pattern."""
        return (
            f"DELETE {{ GRAPH <{graph}> {{ {what} }} }} "
            f"WHERE {{ {self.while_said} GRAPH <{graph}> {{ {what} }} {beside}}}"
        )

    def changed(self, graph: str, removed: str = "", added: str = "") -> str:
        """Take lines out of a graph, and put others in."""
        what = [
            f"{operation} {{ GRAPH <{graph}> {{\n{lines}}} }}"
            for operation, lines in (("DELETE", removed), ("INSERT", added))
            if lines
        ]
        return f"{' '.join(what)} WHERE {{ {self.while_said} }}"

    def told(self) -> Iterator[str]:
        """Have the catalogue tell what the graph holds then, beside digests that it tells."""
        catalogue, graph = catalogue_iri(self.base), self.entry.graph
        triples = (*_triples(self.entry), *self.entry.about, *in_catalogue(Iri(catalogue), Iri(graph)))
        kept = ", ".join(dict.fromkeys(string_literal(f"{p} {o}") for _, p, o in triples))
        other = f'CONCAT(STR(?p), " ", STR(?o)) NOT IN ({kept})'
        yield self.replaced(catalogue, f"<{graph}> ?p ?o", f"FILTER (?p != <{PS.graphDigest}> && {other}) ")
        yield self.replaced(catalogue, f"<{_activity(graph)}> ?p ?o", f"FILTER ({other}) ")
        yield self.changed(catalogue, added="".join(dict.fromkeys(ntriples_lines(triples))))


def changing(
    entry: CatalogueEntry, known: CatalogueEntry | None, base: str, parts: Iterable[tuple[str, str]]
) -> str:
    """Return one SPARQL Update that changes a graph which is as the catalogue says, and nothing where it says something else.

    While it goes on the catalogue tells two digests. So whoever is next trusts neither, if it is stopped.

    :param known: what the catalogue says of the graph; nothing where it must say nothing
    :param parts: lines that go, and lines that come
    """
    catalogue = catalogue_iri(base)
    new, *old = ntriples_lines(
        (Iri(entry.graph), PS.graphDigest, one.digest) for one in (entry, known) if one
    )
    before = (
        f"GRAPH <{catalogue}> {{ {old[0]}}}"
        if old
        else f"FILTER NOT EXISTS {{ GRAPH <{catalogue}> {{ <{entry.graph}> <{PS.graphDigest}> ?digest }} }}"
    )
    begin = _Steps(base, entry, before)
    go_on = _Steps(base, entry, f"GRAPH <{catalogue}> {{ {new}{''.join(old)}}}")
    return " ;\n".join(
        (
            begin.changed(catalogue, added=new),
            *(go_on.changed(entry.graph, removed, added) for removed, added in parts),
            *go_on.told(),
            *(go_on.changed(catalogue, removed=one) for one in old),
        )
    )


def staging_name(graph: str) -> str:
    """Return a name that nobody else has, for what is to take the place of a graph."""
    return _with_part(graph, f"staging-{secrets.token_hex(8)}")


def staging_update(staging: str, graph: str, base: str) -> str:
    """Return what tells of a staged graph, before there is any: so whoever is next finds what was left."""
    return f"INSERT DATA {{ {_claim(staging, graph, base)} }}"


def _claim(staging: str, graph: str, base: str) -> str:
    return f"GRAPH <{catalogue_iri(base)}> {{ <{staging}> <{DCTERMS.replaces}> <{graph}> }}"


def swapping(entry: CatalogueEntry, staging: str, base: str) -> str:
    """Return one SPARQL Update by which what a staged graph holds takes the place of another, and the catalogue tells it.

    The staged graph stays: engines that look through what a transaction has written are twice as slow where it goes in the same.
    Nothing happens where the catalogue does not tell of the staged graph: somebody else has taken it for left behind then, and removed it.
    """
    graph, catalogue, every = entry.graph, catalogue_iri(base), "?s ?p ?o"
    steps = _Steps(base, entry, _claim(staging, graph, base))
    whole = f"{steps.while_said} GRAPH <{staging}> {{ {every} }}"
    return " ;\n".join(
        (
            # What is stopped in between leaves a catalogue that says nothing of the graph.
            steps.replaced(catalogue, f"<{graph}> <{PS.graphDigest}> ?digest"),
            steps.replaced(graph, every, _lacks(staging, every)),
            f"INSERT {{ GRAPH <{graph}> {{ {every} }} }} WHERE {{ {whole} {_lacks(graph, every)} }}",
            *steps.told(),
        )
    )


def _lacks(graph: str, what: str) -> str:
    return f"FILTER NOT EXISTS {{ GRAPH <{graph}> {{ {what} }} }} "


def unstaging(names: Iterable[str], base: str) -> str:
    """Return operations that remove staged graphs; first what tells of them, so that none takes any place meanwhile."""
    return " ;\n".join(f"{forgotten(name, base)} ;\nDROP SILENT GRAPH <{name}>" for name in names)


def removal(graph: str, base: str) -> str:
    """Return operations that remove a graph, first from the catalogue."""
    said = (forgotten(subject, base) for subject in (graph, _activity(graph)))
    listed = "".join(ntriples_lines(in_catalogue(Iri(catalogue_iri(base)), Iri(graph)))).splitlines()[-1]
    unlisted = f"DELETE DATA {{ GRAPH <{catalogue_iri(base)}> {{ {listed} }} }}"
    return " ;\n".join((*said, unlisted, f"DROP SILENT GRAPH <{graph}>"))


def forgotten(subject: str, base: str) -> str:
    """Return an operation by which the catalogue tells nothing of a graph any more."""
    return f"DELETE WHERE {{ GRAPH <{catalogue_iri(base)}> {{ <{subject}> ?p ?o }} }}"


def _activity(graph: str) -> str:
    return _with_part(graph, "publication")


def _with_part(graph: str, name: str) -> str:
    """Return the name of what belongs to a graph; an IRI has one fragment."""
    return f"{graph}{'/' if '#' in graph else '#'}{name}"


def _triples(entry: CatalogueEntry) -> Iterable[Triple]:
    graph, activity = Iri(entry.graph), Iri(_activity(entry.graph))
    yield graph, RDF.type, PROV.Entity
    yield graph, PS.graphDigest, entry.digest
    yield graph, PS.statementCount, entry.count
    yield graph, Iri(f"{VOID}triples"), entry.count
    if entry.version:
        yield graph, OWL.versionInfo, entry.version
    yield graph, PROV.wasGeneratedBy, activity
    yield activity, RDF.type, PROV.Activity
    yield activity, DCTERMS.conformsTo, ontology_version()
    yield activity, PS.toolVersion, version("sphinx-policyspec")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    yield activity, PROV.startedAtTime, Foreign(now, XSD.dateTime, "")
