"""The report of a push to a server, for people and programs."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from sphinx_policyspec.exports import json_object
from sphinx_policyspec.files import Brief, number_of


class Way(enum.StrEnum):
    """The way in which a graph was brought up to date."""

    NONE = "none"
    UPDATE = "update"
    SWAP = "swap"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphReport(Brief):
    """The report about one graph.

    :param version: of the release; empty for the graph of changes between releases
    :param digest: of its sorted lines of N-Triples; empty if it was removed
    :param before: number of its statements before; ``after`` the number now
    :param writes: number of requests that changed the server
    :param first_added: the first inserted lines; ``first_removed`` the first deleted ones
    """

    graph: str
    version: str
    digest: str
    before: int
    after: int
    added: int = 0
    removed: int = 0
    writes: int = 0
    way: Way = Way.NONE
    first_added: tuple[str, ...] = ()
    first_removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport(Brief):
    """The report of a push to a server.

    :param requests: number of requests, reading and writing
    :param error: why it ended early; empty if it did not
    """

    url: str
    graphs: tuple[GraphReport, ...]
    requests: int
    is_dry_run: bool = False
    error: str = ""


def _text(report: PublishReport) -> str:
    lines = [line for graph in report.graphs for line in _lines(graph, is_dry_run=report.is_dry_run)]
    changed = sum(graph.way is not Way.NONE for graph in report.graphs)
    verb = "would change" if report.is_dry_run else "changed"
    lines.append(
        f"{number_of(len(report.graphs), 'graph')}, {changed} {verb}; {number_of(report.requests, 'request')} to {report.url}"
    )
    return "".join(f"{line}\n" for line in lines)


def _lines(graph: GraphReport, *, is_dry_run: bool) -> list[str]:
    statements = f"{graph.after:,} statement{'' if graph.after == 1 else 's'}"
    if graph.way is Way.NONE:
        return [f"<{graph.graph}>: unchanged, {statements}"]
    words = {Way.UPDATE: "updated", Way.SWAP: "replaced", Way.DROP: "removed"}
    done = f"would be {words[graph.way]}" if is_dry_run else words[graph.way]
    lines = [f"<{graph.graph}>: {done}, +{graph.added:,} -{graph.removed:,}, {statements}"]
    if is_dry_run:
        lines += [f"  - {line.rstrip()}" for line in graph.first_removed]
        lines += [f"  + {line.rstrip()}" for line in graph.first_added]
    return lines


def _json(report: PublishReport) -> str:
    graphs = [
        {
            "graph": graph.graph,
            "version": graph.version,
            "digest": graph.digest,
            "before": graph.before,
            "after": graph.after,
            "added": graph.added,
            "removed": graph.removed,
            "writes": graph.writes,
            "way": graph.way.value,
        }
        for graph in report.graphs
    ]
    errors = [report.error] if report.error else []
    return json_object({"graphs": graphs, "requests": report.requests}, errors=errors)


PUBLISH_FORMATS: dict[str, Callable[[PublishReport], str]] = {"text": _text, "json": _json}
"""The formats of a report, by the names that ``--format`` takes."""
