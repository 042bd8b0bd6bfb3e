"""``python -m benchmarks.rules [K …]``: what the rules cost on a release, and on K times as much in one graph."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
from pyoxigraph import RdfFormat

from benchmarks.__main__ import release
from benchmarks.measure import Contender, compare, table
from sphinx_policyspec import api
from sphinx_policyspec.graph.rules import infer

SHARED = ("level/", "topic/", "goal/", "release/")
"""Kinds of things of which the larger spec has no more than the release."""
BOUNDS = {1: 0.5, 10: 5.0, 100: 30.0}
"""Seconds of CPU, by size."""


def copies(ntriples: bytes, count: int) -> Iterator[bytes]:
    """Yield a graph and further ones in which everything but levels, topics and goals has another name."""
    yield ntriples
    base = b"<urn:policyspec:spec:"
    first, *parts = ntriples.split(base)
    shared = tuple(kind.encode() for kind in SHARED)
    for number in range(2, count + 1):
        names = b"%scopy%d/" % (base, number)
        yield first + b"".join((base if part.startswith(shared) else names) + part for part in parts)


def loaded(ntriples: bytes, count: int) -> pyoxigraph.Store:
    """Return a store with that many copies of a graph."""
    store = pyoxigraph.Store()
    for copy in copies(ntriples, count):
        store.bulk_load(copy, format=RdfFormat.N_TRIPLES)
    return store


def rules(ntriples: bytes, count: int) -> Contender:
    """Return a contender that derives what follows from a fresh store; filling that is not counted."""

    def run() -> float:
        store = loaded(ntriples, count)
        before, start = len(store), time.process_time()
        added = len(infer(store))
        taken = time.process_time() - start
        print(f"  {count} x: {before:,} statements, {added:,} derived, {taken:.2f} s", flush=True)
        return taken

    return Contender(name=f"rules, {count} x", run=run)


def filling(ntriples: bytes, count: int) -> Contender:
    """Return the peer: a contender that fills a store."""

    def run() -> float:
        start = time.process_time()
        loaded(ntriples, count)
        return time.process_time() - start

    return Contender(name=f"loading, {count} x", run=run)


def main() -> None:
    """Measure each size against loading the same graph; exit 1 if one misses its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", metavar="K", nargs="*", type=int, default=[1, 10, 100])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ntriples, _ = api.graph_bytes(api.load(release(Path(name))), "nt", base_iri="urn:policyspec:spec:")
    contenders = [make(ntriples, size) for make in (rules, filling) for size in options.sizes]
    bounds = {f"rules, {size} x": BOUNDS[size] for size in options.sizes if size in BOUNDS}
    text = table("rules on K releases in one graph", compare(contenders, runs=options.runs, at_most=bounds))
    print(text)
    sys.exit("MISSED" in text)


if __name__ == "__main__":
    main()
