"""``python -m benchmarks.publishing``: what the portable profile costs, and on Oxigraph: publishing, asking, a hundred releases."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import requests

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.agents import cpu_of
from benchmarks.measure import Row, beside, table
from benchmarks.synthetic import write_release
from sphinx_policyspec.graph.terms import ASKED_PREFIXES

ROUNDS = 5
MOST_TRIPLES, MOST_BYTES, MOST_PUSH, MOST_QUESTIONS = 1.1, 1.15, 2.5, 0.22
"""The last: all questions beside the loading of the graph that they are asked of, as it was with paths and regular expressions."""
MOST_REMOTE = 1.5
"""All questions of a release on a server beside the bare requests."""
FEW, MANY, MANY_IN_MEMORY = 3, 100, 30
"""Releases on a server and in memory."""
MOST_OF_ONE, MOST_OF_ALL = 2.0, 1.5
"""What a question of one release may cost among many beside the same among few; and of one over all, for each release."""
ALL_OF_ONE = "all of one release, bare"
TIMES = 10
"""So often a question is asked that is measured by the ticks of a server's clock."""
PORT = 17879
URL = f"http://127.0.0.1:{PORT}"
BASE = "https://example.org/spec/"
VALUES = {"topic": "honesty", "words": "honesty", "level": "user", "speaker": "user", "release": "1.0"}


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


def questions_over_releases(spec: ps.Spec) -> dict[str, dict[str, str]]:
    """Return the questions over releases with values, by name; each finds something."""
    provision, example = spec.principles[0], next(iter(spec.examples))
    values = VALUES | {"provision": provision.id, "example": example.title, "words": example.title}
    return {
        one.name: {p.name: values[p.type] for p in one.parameters}
        for one in ps.list_questions()
        if one.over == "releases"
    }


def releases_of(spec: ps.Spec, count: int) -> tuple[ps.Spec, ...]:
    """Return so many releases, of which every tenth has another title somewhere."""
    first, *others = spec.provisions
    return tuple(
        replace(
            spec,
            version=f"1.{number}",
            provisions=(replace(first, title=f"{first.title} {number // 10}"), *others),
        )
        for number in range(count)
    )


def in_memory(spec: ps.Spec, count: int) -> dict[str, float]:
    """Return the CPU seconds of loading so many releases, and of each question over them."""
    with ps.knowledge_base(releases_of(spec, count)) as base:
        found = {"load": timed(lambda: base.store, time.process_time)}
        for name, values in questions_over_releases(spec).items():
            ask = partial(base.ask, name, values)
            # The first time states what it needs.
            ask()
            found[name] = min(timed(ask, time.process_time) for _ in range(ROUNDS))
    return found


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
        with _oxigraph(Path(scratch)) as server:
            kept.append(_pushed(server, spec, whole))
            bare, ours = _bare(server, spec), _asked(server, spec)
            kept.append(ours <= MOST_REMOTE * bare)
            rows = beside(
                ("bare requests", bare), ("as asked", ours), bound=f"≤ {MOST_REMOTE}", kept=kept[-1]
            )
            print(table("all questions of one release on a server", rows), flush=True)
        folder = write_release(
            Path(scratch) / "2026-01-01", chapters=1, principles=5, examples=1, paragraphs=1
        )
        small = ps.load(folder, annotate=False)
        topic = ps.Topic(id="honesty", label="honesty", span=small.provisions[0].span)
        small = replace(small, base_iri=BASE, topics=(topic,))
        few, many = (in_memory(small, count) for count in (FEW, MANY_IN_MEMORY))
        kept += _beside_few("in memory", few, many, MANY_IN_MEMORY)
        with _oxigraph(Path(scratch) / "many") as server:
            few, many = (_served(server, small, count) for count in (FEW, MANY))
        kept += _beside_few("on a server", few, many, MANY)
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

    return timed(partial(_often, ask), partial(_both, server)) / TIMES


def _asked(server: int, spec: ps.Spec) -> float:
    """Return the CPU seconds of the same as they are asked, with the catalogue and names of parameters."""

    def ask() -> None:
        for question, params in asked_questions():
            ps.ask_servers(f"{URL}/query", question.name, params, release=spec.version)

    return timed(partial(_often, ask), partial(_both, server)) / TIMES


def _served(server: int, spec: ps.Spec, count: int) -> dict[str, float]:
    """Return the CPU seconds of putting so many releases on a server, of each question of one, and of each over all."""
    releases = releases_of(spec, count)
    clock = partial(_both, server)
    datas = [ps.to_rdf(one, "nt", portable=True) for one in releases]
    found = {"bare PUTs": timed(partial(_put, datas), clock)}
    found["publish"] = timed(partial(_published, ps.load_specs(releases)), clock)
    asked = {question.name: values for question, values in asked_questions()}
    for name, values in (asked | questions_over_releases(spec)).items():
        release = releases[0].version if name in asked else ""
        ask = partial(ps.ask_servers, f"{URL}/query", name, values, release=release)
        ask()
        found[name] = timed(partial(_often, ask), clock) / TIMES
    return found | {ALL_OF_ONE: _bare(server, releases[0])}


def _put(datas: Iterable[bytes]) -> None:
    """Put graphs on a server."""
    headers = {"Content-Type": "application/n-triples"}
    for number, data in enumerate(datas):
        requests.put(
            f"{URL}/store?graph=urn:g{number}", data, headers=headers, timeout=600
        ).raise_for_status()


def _often(ask: Callable[[], object]) -> None:
    for _ in range(TIMES):
        ask()


def _beside_few(where: str, few: dict[str, float], many: dict[str, float], count: int) -> list[bool]:
    """Print what so many releases take, and how many times what few take; return whether that is in bounds.

    What is asked of one release has a bound as a whole: the ticks of a clock are too long for each. A server takes longer for
    each graph that is put there the more it holds, so what is published is held to grow as that does.
    """
    most = {one.name: MOST_OF_ALL * count / FEW for one in ps.list_questions() if one.over}
    most |= {ALL_OF_ONE: MOST_OF_ONE, "load": MOST_OF_ALL * count / FEW}
    if bare := few.get("bare PUTs"):
        most["publish"] = max(MOST_OF_ALL * many["bare PUTs"] / bare, most["load"])
    rows = []
    for name, seconds in many.items():
        ratio = seconds / few[name] if few[name] else 1.0
        bound = f"≤ {most[name]:.3g}" if name in most else ""
        kept = name not in most or ratio <= most[name]
        rows.append(Row(name=name, seconds=seconds, ratio=ratio, bound=bound, kept=kept))
    print(table(f"{count} releases {where}, beside {FEW}", rows), flush=True)
    return [row.kept for row in rows]


if __name__ == "__main__":
    main()
