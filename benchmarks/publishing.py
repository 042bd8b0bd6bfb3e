"""``python -m benchmarks.publishing``: what the portable profile costs, and on Oxigraph: publishing, asking, a hundred releases."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import requests

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.agents import cpu_of
from benchmarks.measure import beside, table
from benchmarks.synthetic import write_release
from sphinx_policyspec.graph.releases import Revision, releases_base
from sphinx_policyspec.graph.terms import ASKED_PREFIXES

ROUNDS = 5
MOST_TRIPLES, MOST_BYTES, MOST_PUSH, MOST_QUESTIONS = 1.1, 1.15, 2.5, 0.22
"""The last: all questions beside the loading of the graph that they are asked of, as it was with paths and regular expressions."""
MOST_HISTORY = 30.0
"""The history of a provision over thirty releases beside that over three; in memory an engine looks at all that is said of a thing to find one release."""
MOST_REMOTE = 1.5
"""All questions of a release on a server beside the bare requests."""
FEW, MANY, MOST_OF_ONE = 3, 100, 2.0
"""Releases on a server, and what a question of one may cost among many beside the same among few."""
PORT = 17879
URL = f"http://127.0.0.1:{PORT}"
BASE = "https://example.org/spec/"
VALUES = {"topic": "honesty", "words": "honesty", "level": "user", "speaker": "user"}


def timed(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return the seconds that something takes."""
    before = clock()
    run()
    return clock() - before


def asked_questions() -> Iterator[tuple[ps.Question, dict[str, str]]]:
    """Yield the questions of one release, each with values for what it wants."""
    for one in ps.list_questions():
        if not one.over:
            yield (
                one,
                {p.name: VALUES[p.type] for p in one.parameters if p.default is None or p.type == "topic"},
            )


def questions(spec: ps.Spec) -> tuple[float, float]:
    """Return the CPU seconds of loading a graph, and of asking it everything."""
    with ps.knowledge_base(spec) as base:
        load = timed(lambda: base.store, time.process_time)
        asked = [partial(base.ask, one.name, values) for one, values in asked_questions()]
        # The first time states what they need.
        for ask in asked:
            ask()
        total = sum(timed(ask, time.process_time) for ask in asked)
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
        with _oxigraph(Path(scratch)) as server:
            kept.append(_pushed(server, spec, whole))
            bare, ours = _bare(server, spec), _asked(server, spec)
            kept.append(ours <= MOST_REMOTE * bare)
            rows = beside(
                ("bare requests", bare), ("as asked", ours), bound=f"≤ {MOST_REMOTE}", kept=kept[-1]
            )
            print(table("all questions of one release on a server", rows), flush=True)
        small = ps.load(
            write_release(Path(scratch) / "2026-01-01", chapters=2, principles=30), annotate=False
        )
        with _oxigraph(Path(scratch) / "many") as server:
            kept += _many(server, replace(small, base_iri=BASE))
    if not all(kept):
        raise SystemExit(1)


@contextmanager
def _oxigraph(scratch: Path) -> Iterator[int]:
    """Start a server; yield its process."""
    program = Path(sys.executable).parent / "oxigraph"
    scratch.mkdir(exist_ok=True)
    command = [str(program), "serve", "--location", str(scratch / "data"), "--bind", f"127.0.0.1:{PORT}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            time.sleep(1)
            yield server.pid
        finally:
            server.terminate()


def _both(server: int) -> float:
    """Return the CPU seconds of a server and of this process."""
    return cpu_of(server) + time.process_time()


def _pushed(server: int, spec: ps.Spec, data: bytes) -> bool:
    """Measure a release that is published from nothing, beside a bare PUT of it."""
    specs = ps.load_specs((spec,))
    headers = {"Content-Type": "application/n-triples"}
    bare, pushed = [], []
    for turn in range(ROUNDS):
        put = partial(requests.put, f"{URL}/store?graph=urn:g{turn}", data, headers=headers, timeout=600)
        bare.append(timed(put, partial(_both, server)))
        drop = f"DROP SILENT GRAPH <{BASE}release/{spec.version}> ; DROP SILENT GRAPH <{BASE}catalogue>"
        requests.post(f"{URL}/update", {"update": drop}, timeout=600)
        # What is made here of the spec is no work of publishing.
        made = timed(lambda: ps.to_rdf(spec, "nt", portable=True), time.process_time)
        pushed.append(timed(partial(_published, specs), partial(_both, server)) - made)
    floor, ours = median(bare), median(pushed)
    kept = ours <= MOST_PUSH * floor
    rows = beside(("bare PUT", floor), ("publish", ours), bound=f"≤ {MOST_PUSH}", kept=kept)
    print(table("a release on a server, from nothing", rows))
    return kept


def _published(specs: tuple[ps.SpecReleases, ...]) -> None:
    if error := ps.publish(specs, f"{URL}/query").error:
        raise SystemExit(error)


def _bare(server: int, spec: ps.Spec) -> float:
    """Return the CPU seconds of all questions of a release as bare requests."""
    graph = {"default-graph-uri": f"{BASE}release/{spec.version}"}
    prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in ASKED_PREFIXES.items())
    forms = [
        {"query": prefixes + question.bound(question.values(params)), **graph}
        for question, params in asked_questions()
    ]

    def ask() -> None:
        for form in forms:
            requests.post(f"{URL}/query", form, timeout=60).raise_for_status()

    return median(timed(ask, partial(_both, server)) for _ in range(ROUNDS))


def _asked(server: int, spec: ps.Spec) -> float:
    """Return the CPU seconds of the same as they are asked, with the catalogue and names of parameters."""

    def ask() -> None:
        for question, params in asked_questions():
            ps.ask_servers(f"{URL}/query", question.name, params, release=spec.version)

    return median(timed(ask, partial(_both, server)) for _ in range(ROUNDS))


def _many(server: int, spec: ps.Spec) -> tuple[bool, ...]:
    """Measure a hundred releases beside three: what it takes to put them there, and to ask one of them, and all."""
    releases = [replace(spec, version=f"1.{number}") for number in range(MANY)]
    put, one, every = [], [], []
    asked = {"provision": spec.principles[0].id}
    for count in (FEW, MANY):
        specs = ps.load_specs(tuple(releases[:count]))
        put.append(timed(partial(_published, specs), partial(_both, server)))
        one.append(_bare(server, releases[0]))
        history = partial(ps.ask_servers, f"{URL}/query", "level-history", asked)
        every.append(min(timed(history, partial(_both, server)) for _ in range(ROUNDS)))
    put[1] /= (MANY - FEW) / FEW
    kept = []
    for name, (few, many), most in (
        (f"{FEW} releases put there, of {MANY} and of {FEW}", put, 2.0),
        ("questions of one release", one, MOST_OF_ONE),
        ("the history of a provision", every, MANY / FEW),
    ):
        kept.append(many <= most * few)
        ours = (f"among {MANY} releases", many)
        rows = beside((f"among {FEW} releases", few), ours, bound=f"≤ {most:.3g}", kept=kept[-1])
        print(table(name, rows), flush=True)
    return tuple(kept)


if __name__ == "__main__":
    main()
