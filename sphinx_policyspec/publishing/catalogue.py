"""What a server has of a spec: a graph of its own beside the others, with a line for each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sphinx_policyspec.errors import ServerError
from sphinx_policyspec.files import Brief
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
    Triple,
    ontology_version,
)
from sphinx_policyspec.publishing.endpoints import Server

_QUERY = """PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX ps: <https://w3id.org/policyspec#>
SELECT ?graph ?version ?digest ?count
WHERE {{
  GRAPH <{catalogue}> {{
    ?graph ps:graphDigest ?digest ;
      ps:statementCount ?count .
    OPTIONAL {{ ?graph owl:versionInfo ?version }}
  }}
}}
ORDER BY ?graph ?digest"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry(Brief):
    """What a catalogue says of a graph.

    :param version: of the release; empty for what changed between releases
    :param digest: of its sorted lines of N-Triples; empty where the catalogue gives several
    :param count: of its statements
    """

    graph: str
    version: str
    digest: str
    count: int


def catalogue_iri(base: str) -> str:
    """Return the name of the catalogue of a spec."""
    return f"{base}catalogue"


def digest_of(lines: Iterable[str]) -> str:
    """Return the digest of lines of N-Triples, in whatever order they come."""
    state = hashlib.sha256()
    for line in sorted(lines):
        state.update(line.encode())
    return state.hexdigest()


def read_catalogue(server: Server, base: str) -> dict[str, CatalogueEntry]:
    """Return what a server has of a spec, by the names of the graphs; of no other spec's."""
    found: dict[str, CatalogueEntry] = {}
    for row in server.select(_QUERY.format(catalogue=catalogue_iri(base)))["results"]["bindings"]:
        entry = _entry(row)
        if entry.graph.startswith(f"{base}release/") or entry.graph == f"{base}changes":
            # Two publishers at once may have left two digests: then neither counts.
            known = entry.graph in found
            found[entry.graph] = CatalogueEntry(
                graph=entry.graph,
                version=entry.version,
                digest="" if known else entry.digest,
                count=entry.count,
            )
    return found


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


def entry_update(entry: CatalogueEntry, base: str) -> str:
    """Return operations of SPARQL Update that put one line of a catalogue in place of what it says of the graph."""
    lines = "".join(ntriples_lines(_triples(entry)))
    return f"{removal(entry.graph, base)} ;\nINSERT DATA {{ GRAPH <{catalogue_iri(base)}> {{\n{lines}}} }}"


def removal(graph: str, base: str) -> str:
    """Return operations that take a graph out of a catalogue."""
    name = catalogue_iri(base)
    return " ;\n".join(
        f"DELETE WHERE {{ GRAPH <{name}> {{ <{subject}> ?p ?o }} }}" for subject in (graph, _activity(graph))
    )


def _activity(graph: str) -> str:
    return f"{graph}#publication"


def _triples(entry: CatalogueEntry) -> Iterable[Triple]:
    graph, activity = Iri(entry.graph), Iri(_activity(entry.graph))
    yield graph, RDF.type, PROV.Entity
    yield graph, PS.graphDigest, entry.digest
    yield graph, PS.statementCount, entry.count
    if entry.version:
        yield graph, OWL.versionInfo, entry.version
    yield graph, PROV.wasGeneratedBy, activity
    yield activity, RDF.type, PROV.Activity
    yield activity, DCTERMS.conformsTo, ontology_version()
    yield activity, PS.toolVersion, version("sphinx-policyspec")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    yield activity, PROV.startedAtTime, Foreign(now, XSD.dateTime, "")
