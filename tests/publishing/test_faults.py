"""What can go wrong between us and a server, and who else may be there: the catalogue never lies, nobody reads a half, again converges."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import ServerError
from sphinx_policyspec.publishing import push
from sphinx_policyspec.publishing.catalogue import read_catalogue
from sphinx_policyspec.publishing.difference import lines_in
from sphinx_policyspec.publishing.endpoints import Server
from sphinx_policyspec.publishing.push import publish_specs
from sphinx_policyspec.publishing.remote import RemoteBase
from tests.conftest import principle
from tests.publishing.graphs import (
    BASE,
    THREE,
    held,
    is_true,
    limit_updates,
    names,
    release,
    specs,
    told,
    wanted,
)
from tests.publishing.proxies import Later, Proxy, proxy_to
from tests.publishing.servers import Running, running

GRAPH = f"{BASE}release/1"
OLD, ONE, TWO = (release("1", title=title) for title in ("Old", "One", "Two"))


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read graphs in this process, which is quicker than one of its own for each."""
    monkeypatch.setattr(push, "_graph_lines", held)


def is_clean(asked: Server) -> bool:
    """Return whether nothing is left of pushes but what they are for."""
    return not read_catalogue(asked, BASE).staged and not any("staging" in name for name in names(asked))


def published(asked: Server, one: ps.Spec) -> bool:
    """Publish a release, and return whether all is there, and is told."""
    report = publish_specs(specs(one), asked)
    return report.error == "" and held(asked, GRAPH) == wanted(one) and is_true(asked) and is_clean(asked)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ((401, {}), "answers 401"),
        ((403, {}), "answers 403"),
        ((413, {}), "answers 413"),
        ((429, {"Retry-After": "86400"}), "answers 429"),
        ((429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}), "answers 429"),
        ((503, {"Retry-After": "0"}), "answers 503"),
        ((307, {"Location": "https://elsewhere.example/x"}), "leads writing to https://elsewhere.example/x"),
        ("drop", "cannot be asked"),
    ],
)
@pytest.mark.parametrize("step", range(3))
@pytest.mark.usefixtures("swapping")
def test_a_write_that_fails_is_told_and_a_rerun_converges(
    proxy: Proxy, oxigraph: Running, spoilt: object, said: str, step: int
) -> None:
    asked = oxigraph.server(proxy.url)
    passed = iter(range(99))

    def spoil(method: str, path: str) -> object:
        return spoilt if (method == "PUT" or path == "/update") and next(passed) >= step else None

    proxy.spoil = spoil
    report = publish_specs(specs(THREE[0]), asked)
    assert said in report.error
    assert is_true(oxigraph.server())
    proxy.spoil = lambda _method, _path: None
    assert publish_specs(specs(THREE[0]), asked).error == ""
    assert held(asked, f"{BASE}release/1") == wanted(THREE[0])
    assert is_clean(asked)
    assert is_true(asked)
    asked.close()


@pytest.mark.usefixtures("swapping")
def test_a_swap_is_not_sent_twice(proxy: Proxy, oxigraph: Running) -> None:
    asked = oxigraph.server(proxy.url)
    left = iter([None, "drop", "drop"])
    proxy.spoil = lambda _method, path: next(left) if path == "/update" else None
    assert "cannot be asked" in publish_specs(specs(THREE[0]), asked).error
    assert proxy.writes().count("POST /update") == 2
    assert held(oxigraph.server(), GRAPH) == wanted(THREE[0])
    asked.close()


@pytest.mark.usefixtures("swapping")
def test_a_graph_of_which_the_server_loses_some_takes_no_place(
    oxigraph: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = oxigraph.server()
    assert published(asked, OLD)
    put = Server.put_graph

    def losing(self: Server, name: str, lines: bytes, *, adding: bool = False) -> None:
        put(self, name, lines[: lines.index(b"\n") + 1], adding=adding)

    monkeypatch.setattr(Server, "put_graph", losing)
    report = publish_specs(specs(ONE), asked)
    assert "has 1 statements where" in report.error
    assert held(asked, GRAPH) == wanted(OLD)
    monkeypatch.setattr(Server, "put_graph", put)
    assert published(asked, ONE)
    asked.close()


@pytest.mark.parametrize("most", [0, 2_000])
def test_whoever_comes_in_between_ends_whole_and_so_do_we(
    proxy: Proxy, oxigraph: Running, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Another publisher does all of its work before the first of our requests, before the second, and so on to the last."""
    limit_updates(monkeypatch, most)
    direct = oxigraph.server()
    old, one, two = (specs(each) for each in (OLD, ONE, TWO))
    whole = {wanted(each) for each in (OLD, ONE, TWO)}
    wrong: list[str] = []
    ended: list[tuple[bool, bool]] = []
    requests = step = 0
    while step <= requests:
        assert publish_specs(old, direct).error == ""
        proxy.seen.clear()

        def spoil(method: str, path: str, at: int = step) -> None:
            if len(proxy.seen) == at + 1 and publish_specs(two, direct).error:
                wrong.append("the other fails")
            if held(direct, GRAPH) not in whole or not is_true(direct):
                wrong.append(f"{at}: before {method} {path}")

        proxy.spoil = spoil
        ours = oxigraph.server(proxy.url)
        report = publish_specs(one, ours)
        ours.close()
        requests = max(requests, len(proxy.seen))
        assert not wrong
        assert is_true(direct)
        assert report.error == "" or "somebody else published at the same time" in report.error
        ended.append((held(direct, GRAPH) == wanted(ONE), report.error == ""))
        assert publish_specs(one, direct).error == ""
        assert held(direct, GRAPH) == wanted(ONE)
        assert is_true(direct)
        assert is_clean(direct)
        step += 1
    assert len(ended) > 4
    assert all(won for won, is_done in ended if is_done)
    direct.close()


SEEDS = (0, 9)
"""Orders of requests; in the second one publisher stages between the count and the swap of the other."""


class Turns:
    """Lets the requests of two publishers pass one at a time, in an order that is drawn."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._going = {0, 1}
        self._turn = -1

    def wait(self, who: int) -> None:
        """Wait until the other waits, too, or is done, and it is our turn."""
        with self._changed:
            self._waiting.add(who)
            self._drawn()
            assert self._changed.wait_for(lambda: self._turn == who, timeout=60)
            self._waiting.discard(who)
            self._turn = -1

    def leave(self, who: int) -> None:
        with self._changed:
            self._going.discard(who)
            self._drawn()

    def _drawn(self) -> None:
        if self._turn < 0 and self._waiting and self._waiting == self._going:
            self._turn = self._draw.choice(sorted(self._waiting))
            self._changed.notify_all()


@pytest.mark.parametrize("most", [0, 2_000])
def test_two_that_take_turns_leave_a_catalogue_that_tells_the_truth(
    oxigraph: Running, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    limit_updates(monkeypatch, most)
    direct = oxigraph.server()
    old, *both = (specs(each) for each in (OLD, ONE, TWO))
    whole = {wanted(each) for each in (OLD, ONE, TWO)}
    done = 0
    for seed in SEEDS:
        assert publish_specs(old, direct).error == ""
        turns, reports = Turns(seed), ["", ""]

        def work(who: int, turns: Turns = turns, reports: list[str] = reports) -> None:
            with proxy_to(oxigraph.url) as proxy:
                proxy.spoil = lambda _method, _path: turns.wait(who)
                asked = oxigraph.server(proxy.url)
                reports[who] = publish_specs(both[who], asked).error
                asked.close()
            turns.leave(who)

        threads = [threading.Thread(target=work, args=(who,)) for who in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert held(direct, GRAPH) in whole, seed
        assert is_true(direct), seed
        assert all("somebody else published at the same time" in error for error in reports if error)
        done += reports.count("")
        assert publish_specs(both[seed % 2], direct).error == ""
        assert held(direct, GRAPH) == wanted((ONE, TWO)[seed % 2])
        assert is_true(direct)
        assert is_clean(direct)
    assert done >= len(SEEDS)
    direct.close()


def test_two_at_once_end_whole_or_say_so(server: Running) -> None:
    found: list[ps.PublishReport] = []

    def work(one: ps.Spec) -> None:
        asked = server.server()
        found.append(publish_specs(specs(one), asked))
        asked.close()

    threads = [threading.Thread(target=work, args=(one,)) for one in (ONE, TWO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = server.server()
    assert held(asked, GRAPH) in (wanted(ONE), wanted(TWO)) or any(report.error for report in found)
    assert is_true(asked)
    assert published(asked, TWO)
    asked.close()


def test_what_others_have_staged_is_removed_at_the_end_and_other_graphs_are_not(server: Running) -> None:
    asked = server.server()
    other = f"{BASE}other#staging-1"
    claims = [(f"{GRAPH}#staging-00ff", GRAPH), (other, f"{BASE}other"), (f"{GRAPH}#staging-", GRAPH)]
    told_of = "".join(
        f"GRAPH <{BASE}catalogue> {{ <{name}> <http://purl.org/dc/terms/replaces> <{of}> }} GRAPH <{name}> {{ <urn:a> <urn:b> 1 }} "
        for name, of in claims
    )
    asked.update(f"INSERT DATA {{ {told_of} }}", may_repeat=True)
    publish_specs(specs(OLD), asked, dry_run=True)
    assert f"{GRAPH}#staging-00ff" in names(asked)
    publish_specs(specs(OLD), asked)
    publish_specs(specs(OLD), asked)
    assert {name for name in names(asked) if "staging" in name} == {other, f"{GRAPH}#staging-"}
    asked.close()


def test_two_digests_are_none(oxigraph: Running) -> None:
    """Whoever is stopped on a server that does not take a request as one leaves two: nobody knows what the graph holds."""
    asked = oxigraph.server()
    assert published(asked, OLD)
    digest = told(asked, GRAPH)
    line = f"GRAPH <{BASE}catalogue> {{ <{GRAPH}> <https://w3id.org/policyspec#graphDigest> '00' }}"
    asked.update(
        f"INSERT DATA {{ {line} }} ; DELETE WHERE {{ GRAPH <{GRAPH}> {{ ?s a ?o }} }}", may_repeat=True
    )
    assert told(asked, GRAPH) == ""
    assert published(asked, OLD)
    assert told(asked, GRAPH) == digest
    asked.close()


FIFTY = [
    pytest.param("oxigraph"),
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("virtuoso", "jena")),
]


@pytest.mark.parametrize("name", FIFTY)
def test_a_reader_sees_the_old_graph_or_the_new_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it is changed: every second time by an update, else by a graph that takes the place."""
    ones = [release("1"), release("1", text="Be kind. " * 3, title="Kinder")]
    counts, sides = {len(wanted(one)) for one in ones}, [specs(one) for one in ones]
    text = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}"
    seen: list[int] = []
    with running(name, tmp_path) as found:
        asked, reader = found.server(), found.server()
        publish_specs(sides[0], asked)
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.append(int(reader.select(text)["results"]["bindings"][0]["n"]["value"]))

        thread = threading.Thread(target=read)
        thread.start()
        try:
            for turn in range(1, 51):
                limit_updates(monkeypatch, 2_000 * (turn % 4 < 2))
                assert publish_specs(sides[turn % 2], asked).error == ""
        finally:
            done.set()
            thread.join()
    assert set(seen) == counts
    assert len(seen) > 50


@pytest.mark.parametrize("name", ["oxigraph", pytest.param("virtuoso", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("swapping")
def test_a_server_that_is_killed_in_the_middle_has_the_old_graph_or_the_new_one(
    name: str, tmp_path: Path
) -> None:
    """It is ended when a half of each write has come, and started again on its files."""
    step = 0
    while True:
        with running(name, tmp_path) as found, proxy_to(found.url) as proxy:
            direct = found.server()
            assert published(direct, OLD)
            direct.close()
            left = iter(range(step + 1))
            proxy.spoil = _killing(found, left)
            asked = found.server(proxy.url)
            report = publish_specs(specs(ONE), asked)
            asked.close()
        if not report.error:
            assert step == 5
            return
        assert "cannot be asked" in report.error
        step += 1
        with running(name, tmp_path) as found:
            asked = found.server()
            assert held(asked, GRAPH) in (wanted(OLD), wanted(ONE))
            assert is_true(asked)
            assert published(asked, ONE)
            asked.close()


def _killing(found: Running, left: Iterator[int]) -> Callable[[str, str], object]:
    """Return what ends a server in the middle of the last of so many writes."""
    count = [*left]

    def spoil(method: str, path: str) -> object:
        if (method == "PUT" or "update" in path or "sparql-auth" in path) and count:
            count.pop()
            return None if count else found.kill
        return None

    return spoil


@pytest.mark.slow
@pytest.mark.parametrize(("name", "delays"), [("oxigraph", (0.05, 0.3)), ("virtuoso", (0.05, 0.6, 1.2))])
@pytest.mark.usefixtures("swapping")
def test_a_server_that_is_killed_while_it_swaps_or_after_it_is_whole_again_after_a_rerun(
    name: str, delays: tuple[float, ...], tmp_path: Path
) -> None:
    """The whole swap has come. Virtuoso would lose what one request takes out and puts in again."""
    more = tuple(principle(f"p{number}", text=f"{number}.") for number in range(400))
    old, new = (replace(each, provisions=(*each.provisions, *more)) for each in (OLD, ONE))
    for seconds in delays:
        with running(name, tmp_path) as found, proxy_to(found.url) as proxy:
            direct = found.server()
            assert published(direct, old)
            direct.close()
            # What is put beside is told first, and the swap is the second update.
            proxy.spoil = _at_update(1, Later(seconds, found.kill))
            asked = found.server(proxy.url)
            assert "cannot be asked" in publish_specs(specs(new), asked).error
            asked.close()
        with running(name, tmp_path) as found:
            asked = found.server()
            assert is_true(asked)
            assert held(asked, GRAPH) in (wanted(old), wanted(new))
            kinds = held(asked, f"{BASE}catalogue")
            assert any(GRAPH in line and "prov#Entity" in line for line in kinds)
            assert published(asked, new)
            asked.close()


def _at_update(step: int, spoilt: object) -> Callable[[str, str], object]:
    """Return what spoils one of the updates."""
    count = iter(range(99))

    def spoil(_method: str, path: str) -> object:
        return spoilt if ("/update" in path or "sparql-auth" in path) and next(count) == step else None

    return spoil


@pytest.mark.parametrize(("spoilt", "said"), [("hang", "does not answer in time"), ("drip", "too slowly")])
@pytest.mark.usefixtures("swapping")
def test_a_server_that_hangs_is_told_in_time(proxy: Proxy, oxigraph: Running, spoilt: str, said: str) -> None:
    for step in range(2 if spoilt == "drip" else 6):
        asked = Server(proxy.url, profile="oxigraph", seconds=0.1 if spoilt == "drip" else 0.5)
        count = iter(range(1_000))
        proxy.spoil = _at(step, count, spoilt)
        report = publish_specs(specs(ONE), asked)
        assert said in report.error, step
        # Nothing is asked again of one that said nothing.
        assert asked.requests == step + 1
        asked.close()
        assert is_true(oxigraph.server())


def _at(step: int, count: Iterator[int], spoilt: str) -> Callable[[str, str], object]:
    return lambda _method, _path: spoilt if next(count) == step else None


def test_a_page_in_place_of_a_graph_is_said_of_the_server(proxy: Proxy, oxigraph: Running) -> None:
    assert published(oxigraph.server(), ONE)
    proxy.spoil = lambda _method, _path: (200, {"Content-Type": "text/html"})
    asked = Server(proxy.url, profile="oxigraph")
    for given in (asked.graph(GRAPH), asked.construct("CONSTRUCT WHERE { ?s ?p ?o }")):
        with pytest.raises(ServerError) as told_, given as file:
            lines_in(file)
        assert str(told_.value).startswith(proxy.url.removesuffix("/query"))
        assert "does not answer with a graph of policyspec: line 1:" in str(told_.value)
        assert tempfile.gettempdir() not in str(told_.value)
    asked.close()


ID = {"type": "literal", "value": "be_kind"}
ROW = {"id": ID, "title": ID, "level": ID}


@pytest.mark.parametrize(
    "hostile",
    [
        {"head": {}, "boolean": True},
        {"head": {"vars": []}, "results": {"bindings": [{}]}},
        {"head": {"vars": ["zz"]}, "results": {"bindings": [{"zz": ID}]}},
        {"head": {"vars": ["id"]}, "results": {"bindings": [{"id": ID}]}},
        *(
            {"head": {"vars": [*ROW]}, "results": {"bindings": [ROW | {"id": cell}]}}
            for cell in (
                {"type": "zap", "value": "x"},
                {"type": "literal", "value": 5},
                {"type": "literal"},
                {"type": "uri", "value": "not iri <>"},
                {"type": "literal", "value": "x", "datatype": "a b"},
                {"type": "literal", "value": "x", "datatype": 5},
                "x",
            )
        ),
    ],
)
@pytest.mark.parametrize("at", [0, 1])
def test_an_answer_to_something_else_is_refused(
    monkeypatch: pytest.MonkeyPatch, hostile: dict[str, Any], at: int
) -> None:
    """As the catalogue, or as the rows of a question."""
    graph = {name: {"type": "uri", "value": f"{BASE}{name}"} for name in ("catalogue", "release/1")}
    row = {
        "catalogue": graph["catalogue"],
        "graph": graph["release/1"],
        "version": {"type": "literal", "value": "1"},
    }
    catalogue = {"head": {"vars": [*row]}, "results": {"bindings": [row]}}
    answers = iter([catalogue] * at + [hostile] * 9)
    monkeypatch.setattr(Server, "select", lambda *_: next(answers))
    with pytest.raises(ServerError, match="does not answer"):
        RemoteBase(Server("http://127.0.0.1:1/")).ask("hard-rules")


def test_a_slow_server_is_waited_for(proxy: Proxy, oxigraph: Running) -> None:
    late = threading.Event()
    proxy.spoil = lambda _method, _path: late.wait(0.1) or None
    asked = Server(proxy.url, profile="oxigraph", seconds=5)
    assert published(asked, ONE)
    with pytest.raises(ServerError, match="does not answer in time"):
        Server(proxy.url, seconds=0.05).select("ASK {}")
    assert told(oxigraph.server(), GRAPH)
    asked.close()
