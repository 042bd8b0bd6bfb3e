"""Puts a spec on a server: nothing for unchanged graphs, one Update for small changes or on servers that apply it atomically, otherwise a staged graph that replaces the old one.

After any failure, another push leads to the same result, and readers never see a part of a release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import ServerError, SourceError
from sphinx_policyspec.graph.releases import PublishedGraph, others_of, published_graphs
from sphinx_policyspec.graph.terms import DEFAULT_BASE, PS
from sphinx_policyspec.graph.to_graph import release_iri
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.publishing.catalogue import (
    CatalogueEntry,
    catalogue_iri,
    change_update,
    digest_of,
    forget_operation,
    is_below,
    read_catalogue,
    removal_update,
    staged_for,
    staging_name,
    staging_update,
    swap_update,
    unstage_update,
)
from sphinx_policyspec.publishing.description import dataset_triples
from sphinx_policyspec.publishing.difference import GraphDifference, data_of, difference, lines_in
from sphinx_policyspec.publishing.endpoints import Server
from sphinx_policyspec.publishing.report import GraphReport, PublishReport, Way

if TYPE_CHECKING:
    from sphinx_policyspec.graph.releases import SpecReleases

_MOST_CHANGED = 2_000
"""Statements that one Update may delete and insert."""
_AT_ONCE = 500
"""Statements that one operation deletes and inserts: Virtuoso's limit is some 1,500."""
_PART_BYTES = 20 * 2**20
"""The size of a request: one of 105 MB has stopped a server."""
_LOSING = frozenset(("virtuoso",))
"""Profiles of servers that may lose a part of a graph when they are killed."""
_WHOLE = frozenset(("oxigraph",))
"""Profiles of servers that apply an Update of any length atomically: there a graph need not be staged, at the cost of three writes."""


def _entry(one: SpecReleases, graph: PublishedGraph) -> CatalogueEntry:
    """Return the catalogue's entry for a graph."""
    return CatalogueEntry(
        graph=graph.name,
        version=graph.version,
        digest=digest_of(graph.lines),
        count=len(graph.lines),
        about=tuple(dataset_triples(one, graph.name)),
    )


def publish_spec(
    one: SpecReleases, server: Server, *, prune: bool = False, dry_run: bool = False
) -> Iterator[GraphReport]:
    """Put the releases of a spec on a server, their changes, and the graphs beside them; yield a report for each graph when it is done.

    Leftovers of an interrupted push are removed at the end.

    :param prune: whether to remove graphs that the spec no longer has
    :param dry_run: whether to report only, without changing anything
    """
    base = base_of(one.last)
    elsewhere = [graph.name for graph in one.beside if not is_below(graph.name, base)]
    catalogue = read_catalogue(server, base, elsewhere)
    known = _trusted_entries(server, catalogue.entries)
    current = {*map(release_iri, one.releases), *(graph.name for graph in others_of(one))}
    others = [name for name in known if name not in current]
    # One of several releases says nothing about their changes.
    is_part = any(name.startswith(f"{base}release/") for name in others)
    obsolete = others if prune else []
    staged = set(map(staged_for, catalogue.staged))
    for graph in published_graphs(one, with_changes=prune or len(one.releases) > 1 or not is_part):
        if not graph.lines:
            # Servers do not keep empty graphs.
            obsolete += [graph.name] * (graph.name in known)
            continue
        is_foreign = graph.name in elsewhere and graph.name not in staged
        wanted = _entry(one, graph)
        yield _push(
            server, base, graph, wanted, known.get(graph.name), dry_run=dry_run, is_foreign=is_foreign
        )
    for name in obsolete:
        if not dry_run:
            server.update(removal_update(name, base), may_repeat=True)
        yield GraphReport(
            graph=name,
            version=known[name].version,
            digest="",
            before=known[name].count,
            after=0,
            added=0,
            removed=known[name].count,
            writes=0 if dry_run else 1,
            way=Way.DROP,
        )
    if catalogue.staged and not dry_run:
        server.update(unstage_update(catalogue.staged, base), may_repeat=True)


def _push(
    server: Server,
    base: str,
    graph: PublishedGraph,
    wanted: CatalogueEntry,
    stored: CatalogueEntry | None,
    *,
    dry_run: bool,
    is_foreign: bool,
) -> GraphReport:
    """Bring one graph up to date and return a report.

    :param wanted: its new entry in the catalogue
    :param is_foreign: whether its name may be that of a foreign graph, which is left alone unless it is in the catalogue
    """
    report = GraphReport(
        graph=graph.name, version=graph.version, digest=wanted.digest, before=wanted.count, after=wanted.count
    )
    if stored is not None and stored.digest == wanted.digest:
        return report
    lines = _graph_lines(server, graph.name)
    if is_foreign and stored is None and lines:
        raise ServerError(
            f"<{graph.name}> is there already, and it is not in the catalogue of this spec, so it is left alone; "
            "give the alignment another `mapping_set_id`"
        )
    changes = difference(lines, graph.lines)
    # Differences are applied only to a known state; otherwise the whole graph is replaced. A graph whose name could be
    # a foreign one is claimed first, so that it is found again after an interruption.
    is_sure = digest_of(lines) == stored.digest if stored else not (lines or is_foreign)
    way = Way.UPDATE if is_sure and _is_updated(server, changes) else Way.SWAP
    report = replace(
        report,
        before=len(lines),
        added=len(changes.added),
        removed=len(changes.removed),
        way=way,
        first_added=changes.added[:3],
        first_removed=changes.removed[:3],
    )
    if dry_run:
        return report
    writes = 0
    if way is Way.UPDATE:
        server.update(change_update(wanted, stored, base, _parts_of(changes)), may_repeat=True)
        writes = 1
        if not _is_settled(server, base, wanted):
            # Another push has changed it meanwhile.
            way = Way.SWAP
    if way is Way.SWAP:
        writes += _swap(server, base, graph, wanted)
        if not _is_settled(server, base, wanted):
            raise ServerError(
                f"<{graph.name}> is not what was sent: somebody else published at the same time, or the server lost "
                "some; publish again"
            )
    return replace(report, way=way, writes=writes)


def _trusted_entries(server: Server, entries: Mapping[str, CatalogueEntry]) -> Mapping[str, CatalogueEntry]:
    """Return the entries of a catalogue, without the digest of graphs whose number of statements differs.

    A server that is killed and restarted may have lost confirmed changes and kept the catalogue's entry.
    """
    if server.profile not in _LOSING:
        return entries
    sizes: dict[str, int] = {}
    for part in _batches(tuple(entries)):
        pattern = " UNION ".join(
            f"{{ SELECT (<{name}> AS ?digest) (COUNT(*) AS ?count) WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }} }}"
            for name in part
        )
        sizes |= _counts(server, f"SELECT ?digest ?count WHERE {{ {pattern} }}")
    return {
        name: entry if sizes.get(name) == entry.count else replace(entry, digest="")
        for name, entry in entries.items()
    }


def _batches(names: Sequence[str], most: int = 20) -> Iterator[Sequence[str]]:
    yield from (names[start : start + most] for start in range(0, len(names), most))


def _is_updated(server: Server, changes: GraphDifference) -> bool:
    """Return whether one Update is enough for a difference."""
    if changes.size <= _MOST_CHANGED:
        return True
    size = sum(map(len, changes.removed)) + sum(map(len, changes.added))
    return server.profile in _WHOLE and size <= _PART_BYTES


def _graph_lines(server: Server, name: str) -> frozenset[str]:
    with server.graph(name) as file:
        return lines_in(file)


def _parts_of(changes: GraphDifference) -> Iterator[tuple[str, str]]:
    """Yield lines to delete and lines to insert, in portions that any server accepts in one operation."""
    lines = [*((line, True) for line in changes.removed), *((line, False) for line in changes.added)]
    for start in range(0, len(lines), _AT_ONCE):
        part = lines[start : start + _AT_ONCE]
        deletions, insertions = ([line for line, goes in part if goes is kind] for kind in (True, False))
        yield data_of(deletions), data_of(insertions)


def _swap(server: Server, base: str, graph: PublishedGraph, wanted: CatalogueEntry) -> int:
    """Upload a graph beside the current one, check that it is complete, and replace the current one; return the number of writes."""
    staging = staging_name(graph.name)
    server.update(staging_update(staging, graph.name, base), may_repeat=True)
    writes = 1
    for part in _parts(graph.lines):
        server.put_graph(staging, part, adding=writes > 1)
        writes += 1
    _check_count(server, staging, len(graph.lines))
    # Without an answer it may still be running there: sent again, it would collide with itself.
    server.update(swap_update(wanted, staging, base), may_repeat=False)
    # It is no longer needed, so it is dropped first, in a request of its own: otherwise Virtuoso takes four times as long.
    server.update(f"DROP SILENT GRAPH <{staging}>", may_repeat=True)
    server.update(forget_operation(staging, base), may_repeat=True)
    return writes + 3


def _parts(lines: Sequence[str]) -> Iterator[bytes]:
    """Yield lines in portions that one request may carry; at least one."""
    portion: list[str] = []
    size = 0
    for line in lines:
        portion.append(line)
        size += len(line.encode())
        if size >= _PART_BYTES:
            yield "".join(portion).encode()
            portion, size = [], 0
    if portion or not lines:
        yield "".join(portion).encode()


def _check_count(server: Server, name: str, count: int) -> None:
    """Raise :class:`ServerError` unless a graph has as many statements as it should."""
    counts = _counts(server, f"SELECT (COUNT(*) AS ?count) WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")
    if counts != {"": count}:
        raise ServerError(
            f"<{name}> has {counts.get('', 0):,} statements where {count:,} were sent: the server lost some, or somebody "
            "else published at the same time; publish again"
        )


def _is_settled(server: Server, base: str, wanted: CatalogueEntry) -> bool:
    """Return whether a graph has as many statements as it should, and the catalogue has its digest."""
    pattern = f"<{wanted.graph}> <{PS.graphDigest}> ?digest"
    sparql = (
        f"SELECT ?digest (COUNT(*) AS ?count) WHERE {{ GRAPH <{catalogue_iri(base)}> {{ {pattern} }} "
        f"GRAPH <{wanted.graph}> {{ ?s ?p ?o }} }} GROUP BY ?digest"
    )
    return _counts(server, sparql) == {wanted.digest: wanted.count}


def _counts(server: Server, sparql: str) -> dict[str, int]:
    """Return numbers of statements, by digest if the query asks for it."""
    rows = server.select(sparql)["results"]["bindings"]
    try:
        return {row.get("digest", {"value": ""})["value"]: int(row["count"]["value"]) for row in rows}
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ServerError(f"{server.query_url} does not say how many statements a graph has") from None


def _check(specs: Sequence[SpecReleases]) -> None:
    """Refuse names that another spec may have, too, and a release without a principle, as from an unreadable file."""
    for one in specs:
        if base_of(one.last) in {"", DEFAULT_BASE}:
            raise SourceError(
                "on a server a spec needs a base IRI of its own: give `--base-iri`, `policyspec_base_iri`, "
                "`html_baseurl`, or a name"
            )
        for spec in one.releases:
            if not spec.principles:
                what = f"the release `{spec.version}`" if spec.version else f"`{spec.title}`"
                raise SourceError(f"{what} has no principle: nothing was published")
        for graph in one.beside:
            is_foreign = not is_below(graph.name, base_of(one.last))
            if graph.name.startswith("urn:policyspec:alignment:") or (is_foreign and "#" in graph.name):
                raise SourceError(
                    f"<{graph.name}> cannot be the name of a graph on a server: write an address without `#` as "
                    "`mapping_set_id` of the alignment"
                )


def publish_specs(
    specs: Sequence[SpecReleases], server: Server, *, prune: bool = False, dry_run: bool = False
) -> PublishReport:
    """Put specs on a server; return a report, with the error if a failure ended it early."""
    _check(specs)
    graphs: list[GraphReport] = []
    error = ""
    try:
        for one in specs:
            for report in publish_spec(one, server, prune=prune, dry_run=dry_run):
                graphs.append(report)  # noqa: PERF402  those before a failure count
    except ServerError as failed:
        error = str(failed)
    return PublishReport(
        url=server.query_url,
        graphs=tuple(graphs),
        requests=server.requests,
        is_dry_run=dry_run,
        error=error,
    )
