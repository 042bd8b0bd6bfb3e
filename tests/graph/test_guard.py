from __future__ import annotations

import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sphinx_policyspec.errors import QueryError, QueryLimitError, SourceError
from sphinx_policyspec.graph import guard as guard_module
from sphinx_policyspec.graph.guard import Dataset, Guard, Limits
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase, with_derived
from sphinx_policyspec.graph.portable import with_portable
from sphinx_policyspec.graph.questions import CellKind, QueryForm
from sphinx_policyspec.graph.syntaxes import blocks, ntriples_lines
from sphinx_policyspec.graph.to_graph import triples_of
from tests.graph.specs import LIBRARY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines a query")

QUICK = Limits(seconds=2.0)


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(lambda: blocks(ntriples_lines(triples_of(LIBRARY))), limits=QUICK) as running:
        yield running


def alive(guard: Guard) -> bool:
    return guard.query("ASK { ?s ?p ?o }", "after").texts == (("true",),)


def test_each_form_of_query_is_answered(guard: Guard) -> None:
    select = guard.query("SELECT ?s ?missing { ?s a <https://w3id.org/policyspec#Spec> }", "here")
    assert select.columns == ("s", "missing")
    assert select.rows[0][0].kind is CellKind.IRI
    assert select.rows[0][1].kind is CellKind.UNBOUND
    assert guard.query("ASK { ?s ?p 3000 }", "here").texts == (("false",),)
    constructed = guard.query(
        "CONSTRUCT { ?s <urn:p> 'x'@en } WHERE { ?s a <https://w3id.org/policyspec#Spec> }", "here"
    )
    assert constructed.form is QueryForm.GRAPH
    assert constructed.columns == ("subject", "predicate", "object")
    assert constructed.rows[0][2].language == "en"
    assert guard.query("SELECT (BNODE() AS ?b) { }", "here").rows[0][0].kind is CellKind.BLANK


def test_one_process_serves_many_queries(guard: Guard) -> None:
    assert alive(guard)
    first = guard._child
    assert alive(guard)
    assert guard._child is first


def test_a_syntax_error_names_the_place(guard: Guard) -> None:
    with pytest.raises(QueryError, match=r"^ask\.md:7: .* is not SPARQL: line 1, column 19: near `SELECT .*"):
        guard.query("SELECT * { ?s ?p }", "ask.md:7")
    assert alive(guard)


def test_a_cross_product_is_stopped_at_the_deadline(guard: Guard) -> None:
    start = time.monotonic()
    with pytest.raises(
        QueryLimitError,
        match=r"^x: the query `SELECT \(COUNT.*` was stopped after 2 s; ask for less, with fewer patterns",
    ):
        guard.query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "x")
    assert time.monotonic() - start < 4
    assert alive(guard)


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?f ?i",
        "SELECT (CONCAT({0},{0}) AS ?x) {{ {1} }}".format(
            "?x25", " ".join(f"BIND (CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(25))
        ).replace("{ BIND", '{ BIND ("' + "x" * 1000 + '" AS ?x0) BIND', 1),
    ],
    ids=["sorted cross product", "string doubling"],
)
def test_memory_is_limited(guard: Guard, sparql: str) -> None:
    with pytest.raises(QueryLimitError, match=r"1024 MiB|was stopped after 2 s"):
        guard.query(sparql, "x")
    assert alive(guard)


@pytest.mark.parametrize(
    "sparql",
    ["SELECT * { FILTER (" + "!" * 60_000 + "1) }", "ASK { FILTER (1" + "+1" * 30_000 + ") }"],
    ids=["negations", "sum"],
)
def test_long_chains_end_the_child_at_worst(guard: Guard, sparql: str) -> None:
    with contextlib.suppress(QueryError):
        guard.query(sparql, "x")
    assert alive(guard)


def test_too_many_rows_are_refused(guard: Guard) -> None:
    with pytest.raises(QueryLimitError, match="has more than 10,000 rows"):
        guard.query("SELECT * { ?a ?b ?c . ?d ?e ?f }", "x")
    with pytest.raises(QueryLimitError, match="has more than 10,000 rows"):
        guard.query("CONSTRUCT { ?a ?b ?f } WHERE { ?a ?b ?c . ?d ?e ?f }", "x")
    assert len(guard.query("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 10000", "x").rows) == 10_000


def test_too_long_an_answer_is_refused() -> None:
    doubled = " ".join(f"BIND (CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(19))
    with Guard(list) as patient:  # a busy machine takes its time to write so long an answer
        with pytest.raises(QueryLimitError, match="has an answer of more than 32 MiB"):
            patient.query(f'SELECT ?x19 {{ BIND ("{"x" * 100}" AS ?x0) {doubled} }}', "x")
        assert patient.query("ASK { }", "x").texts == (("true",),)


class Listener:
    """Counts connections to a port of this machine."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0.1)
        self.port = self.server.getsockname()[1]
        self.connections = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self.server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
        self.server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


def test_the_listener_would_notice(listener: Listener) -> None:
    socket.create_connection(("127.0.0.1", listener.port)).close()
    time.sleep(0.3)
    assert listener.connections == 1


def test_nothing_is_fetched(guard: Guard, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{listener.port}/"
    attacks = [
        f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ SERVICE SILENT <{address}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ \\u0053ERVICE <{address}> {{ ?s ?p ?o }} }}",
        f"SELECT * FROM <{address}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{address}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"LOAD <{address}>",
    ]
    for judged in (True, False):
        for sparql in attacks:
            with contextlib.suppress(QueryError):
                assert set(guard.query(sparql, "x").texts) <= {("", "", "")}
        if judged:  # once more as if the judgement of the text had let them through
            monkeypatch.setattr(guard_module, "check_text", lambda *_args, **_options: None)
    assert listener.connections == 0
    assert alive(guard)


def test_no_file_is_read(guard: Guard, tmp_path: Path) -> None:
    secret = tmp_path / "secret.nt"
    secret.write_text("<urn:a> <urn:b> <urn:secret> .")
    assert guard.query(f"SELECT * FROM <{secret.as_uri()}> {{ ?s ?p ?o }}", "x").rows == ()


def test_the_child_can_open_neither_file_nor_socket(guard: Guard) -> None:
    assert alive(guard)
    assert guard._child is not None
    limits = Path(f"/proc/{guard._child._process.pid}/limits").read_text(encoding="utf-8")
    line = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    assert line.split()[3:5] == ["0", "0"]


def test_a_dead_child_is_replaced(guard: Guard) -> None:
    assert alive(guard)
    assert guard._child is not None
    guard._child._process.kill()
    guard._child._process.wait()
    assert alive(guard)


def test_a_forked_process_does_not_use_the_child_of_its_parent(guard: Guard) -> None:
    assert alive(guard)
    mine = guard._child
    pid = os.fork()
    if pid == 0:
        os._exit(0 if alive(guard) and guard._child is not mine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert alive(guard)
    assert guard._child is mine


def test_where_nothing_confines_a_query_it_is_run_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "_confinable", lambda: False)
    with pytest.raises(QueryError, match="this system cannot confine it; `policyspec_query_unsafe` runs it"):
        Guard(list).query("ASK { }", "x")
    with Guard(list, unsafe=True) as unsafe:
        assert unsafe.query("ASK { }", "x").texts == (("true",),)


def test_a_child_that_does_not_start_is_reported() -> None:
    with Guard(lambda: [b"no triples"]) as broken, pytest.raises(QueryError, match="did not start"):
        broken.query("ASK { }", "x")


def test_a_forgotten_guard_ends_its_child() -> None:
    forgotten = Guard(list)
    assert forgotten.query("ASK { }", "x").texts == (("true",),)
    assert forgotten._child is not None
    process = forgotten._child._process
    del forgotten
    gc.collect()
    assert process.poll() is not None


def test_a_graph_that_fails_on_its_way_leaves_no_process() -> None:
    def failing() -> Iterator[bytes]:
        yield b"<urn:s> <urn:p> <urn:o> .\n"
        raise SourceError("too large")

    guard = Guard(failing)
    with pytest.raises(SourceError, match="too large"):
        guard.query("ASK { }", "x")
    assert guard._child is None


def test_a_query_sees_what_the_rules_derive() -> None:
    with KnowledgeBase.from_spec(LIBRARY) as knowledge:
        seen = int(knowledge.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").texts[0][0])
        assert knowledge.query("ASK { ?p a ps:HardRule }").texts == (("true",),)
    derived = list(with_portable(with_derived(triples_of(LIBRARY))))
    assert seen == len(set(derived)) > len(set(triples_of(LIBRARY)))
    assert set(with_derived(derived)) == set(derived)


@pytest.mark.parametrize("mebibytes", [900, 200])
def test_a_process_that_may_use_less_memory_than_the_limit_runs_queries(mebibytes: int) -> None:
    """Threads of the engine alone would take 200 MiB of addresses."""
    program = (
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({mebibytes} * 2**20,) * 2);"
        "from sphinx_policyspec.graph.guard import Guard;"
        "graph = [b'<urn:a> <urn:b> <urn:c> .\\n'];"
        "print(Guard(lambda: graph).query('ASK { ?s ?p ?o }', 'x').texts)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "(('true',),)\n"), done.stderr


def test_a_query_looks_at_the_graphs_that_are_named_beside_it() -> None:
    first = b'<urn:s> <urn:p> "d" .\n<urn:s> <urn:p> "1" <urn:one> .\n'
    second = b'<urn:s> <urn:p> "2" <urn:two> .\n'
    inside, outside = "SELECT ?o { GRAPH ?g { ?s ?p ?o } } ORDER BY ?o", "SELECT ?o { ?s ?p ?o } ORDER BY ?o"
    with Guard(lambda: (first, b"", second), limits=QUICK) as guard:

        def found(sparql: str, **graphs: tuple[str, ...]) -> str:
            dataset = Dataset(**graphs) if graphs else None
            return "".join(row[0] for row in guard.query(sparql, "here", dataset).texts)

        assert (found(outside), found(inside)) == ("d", "12")
        assert (found(outside, default=("urn:one",)), found(inside, default=("urn:one",))) == ("1", "")
        assert (found(outside, named=("urn:two",)), found(inside, named=("urn:two",))) == ("", "2")
        assert found(outside, default=("urn:one", "urn:two")) == "12"
        assert found(outside.replace("{", "FROM <urn:two> {", 1), default=("urn:one",)) == "1"
        with pytest.raises(QueryError, match="was not answered"):
            found(outside, default=("no name",))
        assert found(outside) == "d"
