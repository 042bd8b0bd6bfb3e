"""``python -m benchmarks.publishing``: what the portable profile costs, and publishing a release beside a bare PUT of it, on Oxigraph."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import requests

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.measure import beside, table
from sphinx_policyspec.graph.releases import Revision, releases_base

ROUNDS = 5
MOST_TRIPLES, MOST_BYTES, MOST_PUSH, MOST_QUESTIONS = 1.1, 1.15, 2.5, 0.22
"""The last: all questions beside the loading of the graph that they are asked of, as it was with paths and regular expressions."""
MOST_HISTORY = 30.0
"""The history of a provision over thirty releases beside that over three; in memory an engine looks at all that is said of a thing to find one release."""
PORT = 17879
BASE = "https://example.org/spec/"
VALUES = {"topic": "honesty", "words": "honesty", "level": "user", "speaker": "user"}


def timed(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return the seconds that something takes."""
    before = clock()
    run()
    return clock() - before


def questions(spec: ps.Spec) -> tuple[float, float]:
    """Return the CPU seconds of loading a graph, and of asking it everything."""
    with ps.knowledge_base(spec) as base:
        load = timed(lambda: base.store, time.process_time)
        asked = [question for question in ps.list_questions() if not question.over]
        params = [
            {p.name: VALUES[p.type] for p in one.parameters if p.default is None or p.type == "topic"}
            for one in asked
        ]
        # The first time states what they need.
        for one, values in zip(asked, params, strict=True):
            base.ask(one.name, values)
        total = sum(
            timed(lambda one=one, values=values: base.ask(one.name, values), time.process_time)  # type: ignore[misc]  # the defaults bind them
            for one, values in zip(asked, params, strict=True)
        )
    return load, total


def history(spec: ps.Spec, count: int) -> float:
    """Return the CPU seconds of a question over so many releases that are alike."""
    releases = [replace(spec, version=f"1.{number}") for number in range(count)]
    revisions = [
        Revision(old=old.version, new=new.version, facts=(), same=()) for old, new in pairwise(releases)
    ]
    with releases_base(releases, revisions) as base:
        asked = {"provision": spec.principles[0].id}
        base.ask("level-history", asked)
        return min(timed(lambda: base.ask("level-history", asked), time.process_time) for _ in range(ROUNDS))


def main() -> None:
    """Print tables; exit with 1 where a bound is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = replace(ps.load(release(Path(scratch))), base_iri=BASE)
        plain, whole = (ps.to_rdf(spec, "nt", inferred=True), ps.to_rdf(spec, "nt", portable=True))
        kept = []
        for name, most, sizes in (
            (
                "statements of the portable profile",
                MOST_TRIPLES,
                [data.count(b"\n") for data in (plain, whole)],
            ),
            ("bytes of the portable profile", MOST_BYTES, [len(data) for data in (plain, whole)]),
        ):
            ratio = sizes[1] / sizes[0]
            kept.append(ratio <= most)
            print(f"{name}: {sizes[0]:,} to {sizes[1]:,}, ratio {ratio:.3f}, at most {most}")
        load, asked = (median(one) for one in zip(*(questions(spec) for _ in range(ROUNDS)), strict=True))
        kept.append(asked / load <= MOST_QUESTIONS)
        rows = beside(
            ("load the graph", load), ("ask all questions", asked), bound=f"≤ {MOST_QUESTIONS}", kept=kept[-1]
        )
        print(table("questions of one release", rows))
        few, many = history(spec, 3), history(spec, 30)
        kept.append(many / few <= MOST_HISTORY)
        rows = beside(
            ("three releases", few), ("thirty releases", many), bound=f"≤ {MOST_HISTORY:g}", kept=kept[-1]
        )
        print(table("the history of a provision", rows))
        kept.append(_pushed(spec, whole, Path(scratch)))
    if not all(kept):
        raise SystemExit(1)


def _pushed(spec: ps.Spec, data: bytes, scratch: Path) -> bool:
    program = Path(sys.executable).parent / "oxigraph"
    url = f"http://127.0.0.1:{PORT}"
    command = [str(program), "serve", "--location", str(scratch / "data"), "--bind", f"127.0.0.1:{PORT}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            time.sleep(1)
            specs = ps.load_specs((spec,))
            headers = {"Content-Type": "application/n-triples"}
            bare, pushed = [], []
            for turn in range(ROUNDS):
                put = partial(
                    requests.put, f"{url}/store?graph=urn:g{turn}", data, headers=headers, timeout=60
                )
                bare.append(timed(put, time.perf_counter))
                drop = (
                    f"DROP SILENT GRAPH <{BASE}release/{spec.version}> ; DROP SILENT GRAPH <{BASE}catalogue>"
                )
                requests.post(f"{url}/update", {"update": drop}, timeout=60)
                # What is made here of the spec is no work of publishing.
                made = timed(lambda: ps.to_rdf(spec, "nt", portable=True), time.perf_counter)
                pushed.append(timed(lambda: ps.publish(specs, f"{url}/query"), time.perf_counter) - made)
        finally:
            server.terminate()
    floor, ours = median(bare), median(pushed)
    kept = ours <= MOST_PUSH * floor
    rows = beside(("bare PUT", floor), ("publish", ours), bound=f"≤ {MOST_PUSH}", kept=kept)
    print(table("a release on a server, from nothing", rows, "wall"))
    return kept


if __name__ == "__main__":
    main()
