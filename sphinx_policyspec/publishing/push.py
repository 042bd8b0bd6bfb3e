"""Puts a spec on a server: nothing where it is there, one Update where little changed or the server does any as one, else a staged graph that takes the place of the old one.

Whatever fails in between, doing it again ends the same, and no reader sees a part of a release.
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
    changing,
    digest_of,
    forgotten,
    is_below,
    read_catalogue,
    removal,
    staged_for,
    staging_name,
    staging_update,
    swapping,
    unstaging,
)
from sphinx_policyspec.publishing.description import described
from sphinx_policyspec.publishing.difference import GraphDifference, data_of, difference, lines_in
from sphinx_policyspec.publishing.endpoints import Server
from sphinx_policyspec.publishing.report import GraphReport, PublishReport, Way

if TYPE_CHECKING:
    from sphinx_policyspec.graph.releases import SpecReleases

_MOST_CHANGED = 2_000
"""Statements that one Update takes out and puts in."""
_AT_ONCE = 500
"""Statements that one operation takes out and puts in: Virtuoso translates some 1,500, and no more."""
_PART_BYTES = 20 * 2**20
"""What a request may carry: one of 105 MB has stopped a server."""
_LOSING = frozenset(("virtuoso",))
"""Profiles of servers that may lose a part of a graph when they are killed."""
_WHOLE = frozenset(("oxigraph",))
"""Profiles of servers that do an Update as one, however long it is: no graph need be put beside another there, which costs three writes for one."""


def _entry(one: SpecReleases, graph: PublishedGraph) -> CatalogueEntry:
    """Return what the catalogue is to say of a graph."""
    return CatalogueEntry(
        graph=graph.name,
        version=graph.version,
        digest=digest_of(graph.lines),
        count=len(graph.lines),
        about=tuple(described(one, graph.name)),
    )


def publish_spec(
    one: SpecReleases, server: Server, *, prune: bool = False, dry_run: bool = False
) -> Iterator[GraphReport]:
    """Put the releases of a spec on a server, what changed between them, and what is beside it; yield what was done with each graph, as it is done.

    What a push that was stopped has left on the server is removed at the end.

    :param prune: take away graphs of this spec that it has no more
    :param dry_run: change nothing, and tell what would be
    """
    base = base_of(one.last)
    elsewhere = [graph.name for graph in one.beside if not is_below(graph.name, base)]
    catalogue = read_catalogue(server, base, elsewhere)
    known = _believed(server, catalogue.entries)
    kept = {*map(release_iri, one.releases), *(graph.name for graph in others_of(one))}
    others = [name for name in known if name not in kept]
    # One release of several that are there says nothing of what changed between them.
    is_part = any(name.startswith(f"{base}release/") for name in others)
    gone = others if prune else []
    staged = set(map(staged_for, catalogue.staged))
    for graph in published_graphs(one, with_changes=prune or len(one.releases) > 1 or not is_part):
        if not graph.lines:
            # Servers do not have a graph that says nothing.
            gone += [graph.name] * (graph.name in known)
            continue
        is_foreign = graph.name in elsewhere and graph.name not in staged
        wanted = _entry(one, graph)
        yield _push(
            server, base, graph, wanted, known.get(graph.name), dry_run=dry_run, is_foreign=is_foreign
        )
    for name in gone:
        if not dry_run:
            server.update(removal(name, base), may_repeat=True)
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
        server.update(unstaging(catalogue.staged, base), may_repeat=True)


def _push(
    server: Server,
    base: str,
    graph: PublishedGraph,
    wanted: CatalogueEntry,
    known: CatalogueEntry | None,
    *,
    dry_run: bool,
    is_foreign: bool,
) -> GraphReport:
    """Bring one graph to what it is to be.

    :param wanted: what the catalogue is to say of it then
    :param is_foreign: its name may be that of a graph of others, which is left alone unless the catalogue tells of it
    """
    report = GraphReport(
        graph=graph.name, version=graph.version, digest=wanted.digest, before=wanted.count, after=wanted.count
    )
    if known is not None and known.digest == wanted.digest:
        return report
    held = _held(server, graph.name)
    if is_foreign and known is None and held:
        raise ServerError(
            f"<{graph.name}> is there already, and the catalogue of this spec does not tell of it: it is left alone; "
            "give the alignment another `mapping_set_id`"
        )
    found = difference(held, graph.lines)
    # What differs is changed only where it is sure from what: else all of it is put there.
    # What is called as others' graphs may be is claimed first, so that whoever is stopped finds it again.
    is_sure = digest_of(held) == known.digest if known else not (held or is_foreign)
    way = Way.UPDATE if is_sure and _is_updated(server, found) else Way.SWAP
    report = replace(
        report,
        before=len(held),
        added=len(found.added),
        removed=len(found.removed),
        way=way,
        first_added=found.added[:3],
        first_removed=found.removed[:3],
    )
    if dry_run:
        return report
    writes = 0
    if way is Way.UPDATE:
        server.update(changing(wanted, known, base, _parts_of(found)), may_repeat=True)
        writes = 1
        if not _is_settled(server, base, wanted):
            # Somebody else has published meanwhile.
            way = Way.SWAP
    if way is Way.SWAP:
        writes += _swapped(server, base, graph, wanted)
        if not _is_settled(server, base, wanted):
            raise ServerError(
                f"<{graph.name}> is not what was sent: somebody else publishes at the same time, or the server lost "
                "some; publish again"
            )
    return replace(report, way=way, writes=writes)


def _believed(server: Server, told: Mapping[str, CatalogueEntry]) -> Mapping[str, CatalogueEntry]:
    """Return what a catalogue tells, without the digest where a graph holds more or less than is told.

    A server that is killed and started again may have lost what it had said was done, and kept what tells of it.
    """
    if server.profile not in _LOSING:
        return told
    held: dict[str, int] = {}
    for part in _batches(tuple(told)):
        counted = " UNION ".join(
            f"{{ SELECT (<{name}> AS ?digest) (COUNT(*) AS ?count) WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }} }}"
            for name in part
        )
        held |= _counts(server, f"SELECT ?digest ?count WHERE {{ {counted} }}")
    return {
        name: entry if held.get(name) == entry.count else replace(entry, digest="")
        for name, entry in told.items()
    }


def _batches(names: Sequence[str], most: int = 20) -> Iterator[Sequence[str]]:
    yield from (names[start : start + most] for start in range(0, len(names), most))


def _is_updated(server: Server, found: GraphDifference) -> bool:
    """Return whether what differs is changed in one Update."""
    if found.size <= _MOST_CHANGED:
        return True
    size = sum(map(len, found.removed)) + sum(map(len, found.added))
    return server.profile in _WHOLE and size <= _PART_BYTES


def _held(server: Server, name: str) -> frozenset[str]:
    with server.graph(name) as file:
        return lines_in(file)


def _parts_of(found: GraphDifference) -> Iterator[tuple[str, str]]:
    """Yield lines that go, and lines that come, so many at once as any server takes in one operation."""
    lines = [*((line, True) for line in found.removed), *((line, False) for line in found.added)]
    for start in range(0, len(lines), _AT_ONCE):
        part = lines[start : start + _AT_ONCE]
        gone, come = ([line for line, goes in part if goes is kind] for kind in (True, False))
        yield data_of(gone), data_of(come)


def _swapped(server: Server, base: str, graph: PublishedGraph, wanted: CatalogueEntry) -> int:
    """Put a graph beside the one that readers see, look whether it is whole, and let it take the place; return the writes."""
    staging = staging_name(graph.name)
    server.update(staging_update(staging, graph.name, base), may_repeat=True)
    writes = 1
    for part in _parts(graph.lines):
        server.put_graph(staging, part, adding=writes > 1)
        writes += 1
    _check_count(server, staging, len(graph.lines))
    # Where no answer comes it may go on there all the same: sent again, it would meet itself.
    server.update(swapping(wanted, staging, base), may_repeat=False)
    # It takes no other place now, so it goes first, and alone: beside another operation that takes Virtuoso four times as long.
    server.update(f"DROP SILENT GRAPH <{staging}>", may_repeat=True)
    server.update(forgotten(staging, base), may_repeat=True)
    return writes + 3


def _parts(lines: Sequence[str]) -> Iterator[bytes]:
    """Yield lines in parts that one request may carry; one part, at least."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line.encode())
        if size >= _PART_BYTES:
            yield "".join(held).encode()
            held, size = [], 0
    if held or not lines:
        yield "".join(held).encode()


def _check_count(server: Server, name: str, count: int) -> None:
    """Refuse to go on where a graph does not hold as many statements as it should."""
    found = _counts(server, f"SELECT (COUNT(*) AS ?count) WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")
    if found != {"": count}:
        raise ServerError(
            f"<{name}> holds {found.get('', 0):,} statements where {count:,} were sent: the server lost some, or somebody "
            "else publishes at the same time; publish again"
        )


def _is_settled(server: Server, base: str, wanted: CatalogueEntry) -> bool:
    """Return whether a graph holds as many statements as it should, and the catalogue says what it holds."""
    said = f"<{wanted.graph}> <{PS.graphDigest}> ?digest"
    sparql = (
        f"SELECT ?digest (COUNT(*) AS ?count) WHERE {{ GRAPH <{catalogue_iri(base)}> {{ {said} }} "
        f"GRAPH <{wanted.graph}> {{ ?s ?p ?o }} }} GROUP BY ?digest"
    )
    return _counts(server, sparql) == {wanted.digest: wanted.count}


def _counts(server: Server, sparql: str) -> dict[str, int]:
    """Return what is counted, by digest where the query asks for it."""
    rows = server.select(sparql)["results"]["bindings"]
    try:
        return {row.get("digest", {"value": ""})["value"]: int(row["count"]["value"]) for row in rows}
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ServerError(f"{server.query_url} does not tell how much a graph holds") from None


def _check(specs: Sequence[SpecReleases]) -> None:
    """Refuse names that those of any other spec may be, too, and a release without a principle, as of a file that could not be read."""
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
    """Put specs on a server, and return what was done, by the failure too where one ended it."""
    _check(specs)
    graphs: list[GraphReport] = []
    error = ""
    try:
        for one in specs:
            for done in publish_spec(one, server, prune=prune, dry_run=dry_run):
                graphs.append(done)  # noqa: PERF402  those before a failure count
    except ServerError as failed:
        error = str(failed)
    return PublishReport(
        url=server.query_url,
        graphs=tuple(graphs),
        requests=server.requests,
        is_dry_run=dry_run,
        error=error,
    )
