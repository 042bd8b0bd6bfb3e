"""Processes that can only read foreign input, for a limited time; foreign queries are checked, then run in one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Self

from sphinx_policyspec.errors import QueryError, QueryLimitError
from sphinx_policyspec.graph.query_text import check_text, excerpt, syntax_message, without_calls
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind, QueryForm

_START_SECONDS = 600.0
"""Limit for building and loading the graph of the largest spec."""
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a foreign query.

    :param bytes: length of the query
    :param depth: nesting of its brackets
    :param seconds: from question to answer, once the graph is loaded
    :param rows: of the answer
    :param characters: of the answer
    :param memory_bytes: of the process, the graph included
    """

    bytes: int = 64 * 1024
    depth: int = 64
    seconds: float = 10.0
    rows: int = 10_000
    characters: int = 32 * _MIB
    memory_bytes: int = 1024 * _MIB


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The graphs that a query looks at, as the SPARQL Protocol names them in a request.

    :param default: graphs whose union is the default graph
    :param named: graphs that `GRAPH` reaches
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


class Guard:
    """Runs queries on one graph, in a child process that is replaced when it dies.

    On Linux the child cannot open files or sockets. Elsewhere only the time limit applies, so nothing is run unless
    ``unsafe`` is set. After a fork, the new process starts a child of its own.

    :param nquads: yields the default graph and named graphs whenever a process starts: as N-Quads (N-Triples included),
        in pieces of whole lines
    """

    def __init__(
        self, nquads: Callable[[], Iterable[bytes]], *, limits: Limits = DEFAULT_LIMITS, unsafe: bool = False
    ) -> None:
        self._graph = nquads
        self._limits = limits
        self._unsafe = unsafe
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def query(
        self, sparql: str, origin: str, dataset: Dataset | None = None, *, may_call: bool = False
    ) -> Answer:
        """Return the answer to a query; :class:`QueryError` has the reason if there is none, and the limit that it exceeded.

        :param origin: where the query comes from, for messages
        :param dataset: used instead of all graphs and of those that the query names
        :param may_call: whether it may contain calls of other servers; here these are read as graphs, which do not exist
        """
        limits = self._limits
        check_text(sparql, origin, max_bytes=limits.bytes, max_depth=limits.depth, may_call=may_call)
        if not (_confinable() or self._unsafe):
            raise QueryError(
                f"{origin}: {excerpt(sparql)} was not run: this system cannot confine it; "
                "`policyspec_query_unsafe` runs it with a time limit alone"
            )
        with self._lock:
            child = self._start(origin)
            reply = child.ask(without_calls(sparql) if may_call else sparql, limits.seconds, dataset)
            if not child.alive:
                self.close()
        if "error" in reply:
            raise self._refusal(reply, sparql, origin)
        return Answer(
            columns=tuple(reply["columns"]),
            rows=tuple(
                tuple(
                    Cell(CellKind(kind), value, datatype, language) for kind, value, datatype, language in row
                )
                for row in reply["rows"]
            ),
            form=QueryForm(reply["form"]),
        )

    def start(self, origin: str) -> None:
        """Load the graph now, if queries can be run; errors of its pieces are passed on.

        :param origin: as for :meth:`query`
        """
        if _confinable() or self._unsafe:
            with self._lock:
                self._start(origin)

    def stop(self) -> None:
        """End the child during a query, from another thread, when nobody waits for the answer any more."""
        if (child := self._child) is not None:
            child.end()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> Self:
        """Return the guard itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _start(self, origin: str) -> _Child:
        """Return a child with the graph loaded."""
        if self._child is not None and self._child.owner == os.getpid() and self._child.alive:
            return self._child
        self.close()
        self._child = child = _Child(self._limits)
        try:
            ready = child.start(self._graph())
        except BaseException:
            self.close()  # it waits for the rest of a graph that does not come
            raise
        if not ready:
            self.close()
            raise QueryError(
                f"{origin}: the process that runs queries did not start; it may need "
                f"{self._limits.memory_bytes // _MIB} MiB of memory, more than `ulimit -v` leaves"
            )
        return child

    def _refusal(self, reply: dict[str, Any], sparql: str, origin: str) -> QueryError:
        limits = self._limits
        query = excerpt(sparql)
        if reply["error"] == "syntax":
            message = syntax_message(sparql, reply["message"])
            place = re.match(r"line (\d+)", message)
            return QueryError(f"{origin}: {query} is not SPARQL: {message}", int(place[1]) if place else 0)
        if reply["error"] == "engine":
            return QueryError(f"{origin}: {query} was not answered: {reply['message']}")
        reasons = {
            "seconds": f"was stopped after {limits.seconds:g} s; ask for less, with fewer patterns that share no variable",
            "rows": f"has more than {limits.rows:,} rows; ask for fewer, or add a LIMIT",
            "characters": f"has an answer of more than {limits.characters // _MIB} MiB; ask for fewer rows or columns, or add a LIMIT",
            "memory": f"needs more than {limits.memory_bytes // _MIB} MiB of memory, the graph included; ask for less, or a named question, which is loaded in part",
            "died": f"ended its process: it needs more than {limits.memory_bytes // _MIB} MiB, the graph included, or nests too deep; ask for less, or a named question",
        }
        of_process = reply["error"] in {"seconds", "memory", "died"}
        return QueryLimitError(f"{origin}: {query} {reasons[reply['error']]}", is_of_process=of_process)


class _Child:
    """One process that holds the graph and answers queries one by one."""

    def __init__(self, limits: Limits) -> None:
        self.owner = os.getpid()
        self._process = start_child(asdict(limits), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.end = weakref.finalize(self, _end, self._process, self.owner)

    @property
    def alive(self) -> bool:
        """Whether the process can answer."""
        return self.end.alive and self._process.poll() is None

    def start(self, graph: Iterable[bytes]) -> bool:
        """Send the graph, each piece after its length; return whether the process is ready."""
        # An empty piece marks the end of the graph.
        every = chain(filter(None, graph), (b"",))
        parts = chain.from_iterable((len(piece).to_bytes(8, "big"), piece) for piece in every)
        return self._exchange(parts, _START_SECONDS).get("ready") is True

    def ask(self, sparql: str, seconds: float, dataset: Dataset | None) -> dict[str, Any]:
        """Return the reply to one query, or the reason why there is none."""
        request = {"sparql": sparql, **({"dataset": asdict(dataset)} if dataset else {})}
        return self._exchange((json.dumps(request).encode() + b"\n",), seconds)

    def _exchange(self, message: Iterable[bytes], seconds: float) -> dict[str, Any]:
        """Send a message and return the reply; a process that takes too long is killed."""
        with killed_after(seconds, self._process) as late:
            line = self._send_and_read(message)
        if line.endswith(b"\n"):
            reply: dict[str, Any] = json.loads(line)
            return reply
        self.end()
        return {"error": "seconds" if late.is_set() else "died"}

    def _send_and_read(self, message: Iterable[bytes]) -> bytes:
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        try:
            self._process.stdin.writelines(message)
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except OSError:
            return b""


def start_child(
    settings: Mapping[str, Any], *, stdin: int | IO[bytes], stderr: int
) -> subprocess.Popen[bytes]:
    """Start a process of :mod:`sphinx_policyspec.graph.child`, confined if the system supports that.

    :param settings: its task and its limits
    """
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    arguments = json.dumps({**settings, "confine": _confinable()})
    return subprocess.Popen(  # noqa: S603 - our own program
        (sys.executable, "-P", "-m", "sphinx_policyspec.graph.child", arguments),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=os.environ | {"PYTHONPATH": path},
    )


@contextmanager
def killed_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """Kill a process if the body takes longer than so many seconds, and set the event."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a child and close our ends of its pipes; in a forked process only close the pipes."""
    if owner == os.getpid():
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # what was not sent is of no use to a dead process


def _confinable() -> bool:
    """Return whether the system can take away a process's right to open files and sockets."""
    return sys.platform == "linux"
