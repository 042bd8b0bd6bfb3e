"""``python -m benchmarks.serving [REQUESTS]``: what an answer by HTTP costs, beside the same answer of a guarded process without it."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import sphinx_policyspec as ps
from benchmarks.__main__ import POLICYSPEC, release
from benchmarks.agents import cpu_of
from benchmarks.measure import beside, table

REQUESTS, ROUNDS, MOST = 300, 5, 1 / 150
"""Requests of a round, and the seconds of CPU that one may take: 150 a second by one client."""
QUERIES = {
    "yes or no": "ASK { ?s a ps:Principle }",
    "a row for each principle": "SELECT ?id ?t { ?p a ps:Principle ; dcterms:identifier ?id ; dcterms:title ?t }",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def served(source: Path) -> Iterator[tuple[int, int]]:
    """Start a server; yield its process and port."""
    command = [str(POLICYSPEC), "serve", str(source), "--bind", "127.0.0.1:0", "--no-handbook"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None  # noqa: S101  it is a pipe
        line = ""
        while not (found := re.search(r"serving http://[^:]+:(\d+)/", line)):
            line = process.stderr.readline()
        try:
            yield process.pid, int(found[1])
        finally:
            process.terminate()


def by_http(process: int, port: int, query: str, requests: int) -> float:
    """Return the CPU seconds of the server, its processes included, for one of so many requests over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body, before = urlencode({"query": query}), cpu_of(process)
    for _ in range(requests):
        connection.request("POST", "/sparql", body, FORM)
        response = connection.getresponse()
        if response.status != http.client.OK or not response.read():
            raise SystemExit(f"it answers {response.status}")
    connection.close()
    return (cpu_of(process) - before) / requests


def bare(base: ps.KnowledgeBase, query: str, requests: int) -> float:
    """Return the CPU seconds of the same in this process and the one that it asks."""
    guard = base._guarded()  # noqa: SLF001  what the server asks, too
    own, before = time.process_time(), _of_children()
    for _ in range(requests):
        guard.query(query, "benchmark")
    return (time.process_time() - own + _of_children() - before) / requests


def _of_children() -> float:
    children = Path("/proc/self/task").joinpath(str(_own()), "children").read_text("utf-8").split()
    return sum(cpu_of(int(child)) for child in children)


def _own() -> int:
    return int(Path("/proc/self").resolve().name)


def main() -> None:
    """Print a table for each query; exit with 1 where a bound is missed."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    kept = True
    with tempfile.TemporaryDirectory() as scratch:
        source = release(Path(scratch))
        with served(source) as (process, port), ps.knowledge_base(source) as base:
            for name, query in QUERIES.items():
                by_http(process, port, query, 20), bare(base, query, 20)
                rounds = [
                    (bare(base, query, requests), by_http(process, port, query, requests))
                    for _ in range(ROUNDS)
                ]
                floor, ours = (median(one) for one in zip(*rounds, strict=True))
                rows = beside(
                    ("guarded process", floor), ("by HTTP", ours), bound=f"≤ {MOST:.4f} s", kept=ours <= MOST
                )
                kept = kept and ours <= MOST
                print(table(name, rows))
    if not kept:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
