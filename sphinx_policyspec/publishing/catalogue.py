"""The catalogue of a spec on a server: a graph of its own beside the others, with an entry for each of them."""

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
    Iris,
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
    """The entry of a catalogue for a graph.

    :param version: of the release; empty for the graph of changes between releases
    :param digest: of its sorted lines of N-Triples; empty if the catalogue has several
    :param count: number of its statements
    :param about: further statements about it, for publishing
    """

    graph: str
    version: str
    digest: str
    count: int
    about: tuple[Triple, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue(Brief):
    """The graphs of a spec on a server.

    :param entries: by the names of the graphs
    :param staged: names of graphs that were uploaded to replace others: a push is under way, or was interrupted
    """

    entries: Mapping[str, CatalogueEntry]
    staged: tuple[str, ...] = ()


def catalogue_iri(base: str) -> str:
    """Return the name of the catalogue of a spec."""
    return f"{base}catalogue"


def digest_of(lines: Iterable[str]) -> str:
    """Return the digest of lines of N-Triples, independent of their order."""
    state = hashlib.sha256()
    for line in sorted(lines):
        state.update(line.encode())
    return state.hexdigest()


def read_catalogue(server: Server, base: str, further: Collection[str] = ()) -> Catalogue:
    """Return the catalogue of a spec on a server, without entries that are not its own.

    :param further: names of further graphs of this spec that do not begin with its base, such as those of alignments
    """
    entries: dict[str, CatalogueEntry] = {}
    staged: list[str] = []
    for row in server.select(_QUERY.format(catalogue=catalogue_iri(base)))["results"]["bindings"]:
        if "staging" in row:
            staged.append(str(row["staging"].get("value", "")))
            continue
        entry = _entry(row)
        if _is_own(entry.graph, base, further):
            # An interrupted push may have left two digests: then neither counts.
            stored = entries.get(entry.graph, entry)
            entries[entry.graph] = replace(entry, digest=entry.digest if stored == entry else "")
    return Catalogue(
        entries=entries,
        staged=tuple(name for name in staged if _is_staged(name, base, further)),
    )


def is_name(graph: str) -> bool:
    """Return whether a graph's name is safe in a query; a catalogue may contain anything."""
    return not _NO_NAME.search(graph)


def _is_own(graph: str, base: str, further: Collection[str]) -> bool:
    """Return whether a graph belongs to a spec, by its name."""
    return graph in further or (is_below(graph, base) and is_name(graph))


def is_below(graph: str, base: str) -> bool:
    """Return whether a name has the form of a spec's own graphs."""
    is_release = graph.startswith(f"{base}release/")
    return is_release or Iris(base).is_proposal(graph) or graph in {f"{base}{one}" for one in OwnGraph}


def _is_staged(name: str, base: str, further: Collection[str]) -> bool:
    graph = staged_for(name)
    return bool(graph) and _is_own(graph, base, further)


def staged_for(name: str) -> str:
    """Return the graph that a staged one is to replace, from its name; empty if it is not staged."""
    match = _STAGED.fullmatch(name)
    return match[1] if match else ""


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
    """Operations of one SPARQL Update, each of which only runs while a pattern holds in the catalogue.

    A request is one transaction on most servers; on others a push may be interrupted, or meet another one, between two
    operations. None deletes what another inserts: Virtuoso, killed soon after, has lost such a statement at its restart.

    :param condition: the pattern that must hold in the catalogue
    """

    base: str
    entry: CatalogueEntry
    condition: str

    def deletion(self, graph: str, what: str, beside: str = "") -> str:
        """Return an operation that deletes what matches a pattern from a graph."""
        return (
            f"DELETE {{ GRAPH <{graph}> {{ {what} }} }} "
            f"WHERE {{ {self.condition} GRAPH <{graph}> {{ {what} }} {beside}}}"
        )

    def change(self, graph: str, removed: str = "", added: str = "") -> str:
        """Return an operation that deletes lines from a graph and inserts others."""
        what = [
            f"{operation} {{ GRAPH <{graph}> {{\n{lines}}} }}"
            for operation, lines in (("DELETE", removed), ("INSERT", added))
            if lines
        ]
        return f"{' '.join(what)} WHERE {{ {self.condition} }}"

    def entry_operations(self) -> Iterator[str]:
        """Yield operations that describe the new state of the graph in the catalogue, without changing its digests."""
        catalogue, graph = catalogue_iri(self.base), self.entry.graph
        triples = (*_triples(self.entry), *self.entry.about, *in_catalogue(Iri(catalogue), Iri(graph)))
        current_values = ", ".join(dict.fromkeys(string_literal(f"{p} {o}") for _, p, o in triples))
        other = f'CONCAT(STR(?p), " ", STR(?o)) NOT IN ({current_values})'
        yield self.deletion(catalogue, f"<{graph}> ?p ?o", f"FILTER (?p != <{PS.graphDigest}> && {other}) ")
        yield self.deletion(catalogue, f"<{_activity(graph)}> ?p ?o", f"FILTER ({other}) ")
        yield self.change(catalogue, added="".join(dict.fromkeys(ntriples_lines(triples))))


def change_update(
    entry: CatalogueEntry, known: CatalogueEntry | None, base: str, parts: Iterable[tuple[str, str]]
) -> str:
    """Return one SPARQL Update that changes a graph if its entry in the catalogue is as known, and otherwise does nothing.

    Meanwhile the catalogue has two digests, so the next push trusts neither if this one is interrupted.

    :param known: the entry in the catalogue; ``None`` if there must be none
    :param parts: pairs of lines to delete and lines to insert
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
            begin.change(catalogue, added=new),
            *(go_on.change(entry.graph, removed, added) for removed, added in parts),
            *go_on.entry_operations(),
            *(go_on.change(catalogue, removed=one) for one in old),
        )
    )


def staging_name(graph: str) -> str:
    """Return a unique name for a graph that is to replace another."""
    return _with_part(graph, f"staging-{secrets.token_hex(8)}")


def staging_update(staging: str, graph: str, base: str) -> str:
    """Return an update that announces a staged graph before it exists, so that the next push finds leftovers."""
    return f"INSERT DATA {{ {_claim(staging, graph, base)} }}"


def _claim(staging: str, graph: str, base: str) -> str:
    return f"GRAPH <{catalogue_iri(base)}> {{ <{staging}> <{DCTERMS.replaces}> <{graph}> }}"


def swap_update(entry: CatalogueEntry, staging: str, base: str) -> str:
    """Return one SPARQL Update that replaces a graph by its staged one and updates its entry in the catalogue.

    The staged graph stays: engines that search what a transaction has written are twice as slow if it is deleted in the
    same one. Nothing happens if the catalogue does not mention the staged graph: another push has removed it as left over.
    """
    graph, catalogue, every = entry.graph, catalogue_iri(base), "?s ?p ?o"
    steps = _Steps(base, entry, _claim(staging, graph, base))
    whole = f"{steps.condition} GRAPH <{staging}> {{ {every} }}"
    return " ;\n".join(
        (
            # An interruption from here on leaves a catalogue without an entry for the graph.
            steps.deletion(catalogue, f"<{graph}> <{PS.graphDigest}> ?digest"),
            steps.deletion(graph, every, _lacks(staging, every)),
            f"INSERT {{ GRAPH <{graph}> {{ {every} }} }} WHERE {{ {whole} {_lacks(graph, every)} }}",
            *steps.entry_operations(),
        )
    )


def _lacks(graph: str, what: str) -> str:
    return f"FILTER NOT EXISTS {{ GRAPH <{graph}> {{ {what} }} }} "


def unstage_update(names: Iterable[str], base: str) -> str:
    """Return operations that remove staged graphs; first from the catalogue, so that none replaces another meanwhile."""
    return " ;\n".join(f"{forget_operation(name, base)} ;\nDROP SILENT GRAPH <{name}>" for name in names)


def removal_update(graph: str, base: str) -> str:
    """Return operations that remove a graph, first from the catalogue."""
    entries = (forget_operation(subject, base) for subject in (graph, _activity(graph)))
    listed = "".join(ntriples_lines(in_catalogue(Iri(catalogue_iri(base)), Iri(graph)))).splitlines()[-1]
    unlisted = f"DELETE DATA {{ GRAPH <{catalogue_iri(base)}> {{ {listed} }} }}"
    return " ;\n".join((*entries, unlisted, f"DROP SILENT GRAPH <{graph}>"))


def forget_operation(subject: str, base: str) -> str:
    """Return an operation that removes all statements about a graph from the catalogue."""
    return f"DELETE WHERE {{ GRAPH <{catalogue_iri(base)}> {{ <{subject}> ?p ?o }} }}"


def _activity(graph: str) -> str:
    return _with_part(graph, "publication")


def _with_part(graph: str, name: str) -> str:
    """Return the name of something that belongs to a graph; an IRI has only one fragment."""
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
