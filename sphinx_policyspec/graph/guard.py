"""Processes that can do nothing but read what others wrote, for a while; foreign queries are checked, then run in one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sphinx_policyspec.errors import QueryError, QueryLimitError
from sphinx_policyspec.graph.answer import Answer, Cell, CellKind, QueryForm
from sphinx_policyspec.graph.terms import PREFIXES, RDF

__all__ = [
    "DEFAULT_LIMITS",
    "Guard",
    "Limits",
    "check_text",
    "excerpt",
    "named_terms",
    "start_child",
    "syntax_message",
    "unclosed_iri",
    "unpaired",
]

_POSITION = re.compile(
    r"\s*error at (?P<line>\d+):(?P<column>\d+): expected (?:one of )?(?P<expected>.*)", re.DOTALL
)
# Not a backslash, and no keyword that the guard refuses.
_EXPECTED = re.compile(
    r'"(?P<sign>[^"\\]+)"|(?<![\w\'\[{])(?P<word>(?!SERVICE|LATERAL)[A-Z]{2,})(?![\w\'\]])'
)
_PREFIX = re.compile(r"(?<![\w.:-])(?P<name>[\w.-]*):[\w.%-]*\s*$")
_BEFORE, _AFTER = 24, 16
"""Characters that are shown around the place."""
_MOST = 6
"""Expectations that are listed; where a grammar allows more, they say nothing."""
_ENGINE = 160
"""Characters of a message that has no known form."""


def syntax_message(sparql: str, message: str) -> str:
    """Return the parser's message with line, column, the text around them and at most a few expectations."""
    found = _POSITION.match(message)
    if found is None:
        line = " ".join(message.split())
        return line if len(line) <= _ENGINE else line[: _ENGINE - 1] + "…"
    lines = sparql.split("\n")
    stop = sum(len(line) + 1 for line in lines[: int(found["line"]) - 1]) + int(found["column"]) - 1
    place, before, after = _around(sparql, stop)
    if "Prefix not found" in found["expected"] and (prefix := _PREFIX.search(before)):
        return f"{place}: the prefix `{prefix['name']}:` is not declared"
    wanted = dict.fromkeys(token["sign"] or token["word"] for token in _EXPECTED.finditer(found["expected"]))
    in_iri = list(wanted) == [">"] or "IRI parsing failed" in found["expected"]
    half = (unclosed_iri(sparql) if in_iri else None) or unpaired(sparql)
    if half and half[0] <= stop:
        place, before, after = _around(sparql, half[0])
        return f"{place}: near {_near(before, after)}; {half[1]}"
    near = _near(before, after) or "its end"
    shown = [f"`{token}`" for token in wanted] if len(wanted) <= _MOST else []
    return f"{place}: near {near}" + (f"; expected {', '.join(shown)}" if shown else "")


def _around(sparql: str, offset: int) -> tuple[str, str, str]:
    """Return an offset as line and column, with what stands before and behind it on its line."""
    start = sparql.rfind("\n", 0, offset) + 1
    before, after = sparql[start:offset], sparql[offset:].partition("\n")[0]
    return f"line {sparql.count(chr(10), 0, offset) + 1}, column {offset - start + 1}", before, after


def _near(before: str, after: str) -> str:
    """Return the text around a place, in backticks."""
    left = before if len(before) <= _BEFORE else "…" + before[-_BEFORE:]
    right = after if len(after) <= _AFTER else after[:_AFTER] + "…"
    text = " ".join((left + right).split())
    end = ", at its end" if text and not after.strip() else ""
    return f"`{text}`{end}" if text else ""


_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_PROLOGUE = frozenset({"PREFIX", "BASE", "VERSION"})
_UPDATES = frozenset({"ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"})
_SHOWN = 60

_TOKEN = re.compile(
    r"""
      \#[^\n\r]*+                                                   # comment
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*+>)
    | \"{3}(?:\"{0,2}(?:[^\"\\]|\\.))*+(?:\"{3}|\Z)                  # strings, ended or not
    | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+(?:'{3}|\Z)
    | "(?:[^"\\\n\r]|\\.)*+"?
    | '(?:[^'\\\n\r]|\\.)*+'?
    | [?$@]\w++                                                     # variables, language tags
    | [\w.-]*+:(?:[\w.:%-]|\\.)*+                                   # prefixed names
    | (?P<words>[\w.-]++)                                           # no name: words, numbers, dots
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"\w+")
_PAIRS = {"(": ")", "{": "}", "[": "]"}
_IRI_START = re.compile(r"<[\w/.#][^\s<>]*")
"""What begins an IRI where no token does; a comparison has another thing, or a space, on its right."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def check_text(sparql: str, origin: str, *, max_bytes: int, max_depth: int) -> None:
    r"""Refuse a query that is too long or too deep, that is no query, or that calls out.

    Engines differ on whether ``\u0053ERVICE`` is a keyword, so the text is judged both as it stands
    and with its escapes replaced; no keyword hides from one reading in a string of the other.
    """
    size = len(sparql.encode(errors="replace"))
    if size > max_bytes:
        raise QueryLimitError(
            f"{origin}: {excerpt(sparql)} has {size:,} bytes; at most {max_bytes:,} are read: ask in parts"
        )
    for text in dict.fromkeys((sparql, _ESCAPE.sub(_character, sparql))):
        if (depth := _depth(text)) > max_depth:
            raise QueryLimitError(
                f"{origin}: {excerpt(sparql)} nests {depth:,} brackets deep; at most {max_depth} are read: write it flatter, or ask in parts"
            )
        _check_keywords(text, sparql, origin)


def named_terms(sparql: str) -> frozenset[str]:
    """Return the terms that a query of ours may name, by our prefixes or in full, and ``rdf:type``, which it writes ``a``."""
    short = re.findall(r"\b(\w+):(\w+)", sparql)
    names = {PREFIXES[prefix] + name for prefix, name in short if prefix in PREFIXES}
    return frozenset(names.union(re.findall(r"<([^<>\s]+)>", sparql), (RDF.type,)))


def excerpt(sparql: str) -> str:
    """Return the beginning of a query on one line, for messages."""
    line = " ".join(sparql.split())
    return f"the query `{line if len(line) <= _SHOWN else line[: _SHOWN - 1] + '…'}`"


def _check_keywords(text: str, sparql: str, origin: str) -> None:
    words = list(_words(text))
    if "SERVICE" in words:
        raise QueryError(f"{origin}: {excerpt(sparql)} calls another server; `SERVICE` is not run")
    first = next((word for word in words if word not in _PROLOGUE), "")
    if first in _UPDATES:
        raise QueryError(f"{origin}: {excerpt(sparql)} is an update; `{first}` is not run")
    if first not in _FORMS:
        raise QueryError(f"{origin}: {excerpt(sparql)} is no SELECT, ASK, CONSTRUCT or DESCRIBE")


def _words(text: str) -> Iterator[str]:
    """Yield the words outside strings, comments, IRIs, names and variables, in capitals."""
    for match in _TOKEN.finditer(text):
        if match["words"]:
            yield from (word.upper() for word in _WORD.findall(match["words"]))


def unpaired(text: str) -> tuple[int, str] | None:
    """Return the place of the first quote or bracket that lacks its other half, and what is wrong with it."""
    opened: list[re.Match[str]] = []
    awaited: Counter[str] = Counter()
    comments: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign[0] in "\"'" and (quote := _open_quote(sign)):
            return token.start(), f"the quote `{quote}` is never closed"
        if sign[0] == "#":
            comments.append(token)
        elif token["open"]:
            opened.append(token)
            awaited[_PAIRS[sign]] += 1
        elif token["close"] and not awaited[sign]:
            return token.start(), f"the bracket `{sign}` closes nothing"
        elif token["close"] and sign != _PAIRS[(last := opened.pop())[0]]:
            return _never_closed(last, comments)
        elif token["close"]:
            awaited[sign] -= 1
    return _never_closed(opened[-1], comments) if opened else None


def unclosed_iri(text: str) -> tuple[int, str] | None:
    """Return the place of the first IRI without an end, and what is wrong with it."""
    between = _TOKEN.sub(lambda token: " " * len(token[0]), text)
    found = next((match for match in _IRI_START.finditer(text) if between[match.start()] == "<"), None)
    return found and (found.start(), f"the IRI `{found[0]}` is never closed")


def _open_quote(text: str) -> str:
    """Return the quotation marks that begin a string and do not end it."""
    marks = text[:3] if text[:3] in {'"' * 3, "'" * 3} else text[0]
    is_closed = re.fullmatch(rf"{marks}(?:[^\\]|\\.)*?{marks}", text, re.DOTALL)
    return "" if is_closed else marks


def _never_closed(bracket: re.Match[str], comments: list[re.Match[str]]) -> tuple[int, str]:
    """Return the place of a bracket that stays open, and whether what would close it stands in a comment."""
    message = f"the bracket `{bracket[0]}` is never closed"
    closing = _PAIRS[bracket[0]]
    if any(comment.start() > bracket.start() and closing in comment[0] for comment in comments):
        message += f": a `{closing}` stands in a comment"
    return bracket.start(), message


def _depth(text: str) -> int:
    """Return how deep brackets nest."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth -= 1
        elif match["iri"]:
            # `1<((1))&&1>0` looks like an IRI and is none.
            deepest = max(deepest, depth + match["iri"].count("("))
        deepest = max(deepest, depth)
    return deepest


def _character(match: re.Match[str]) -> str:
    """Return the character that an escape stands for, or the escape where it stands for none."""
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]  # noqa: PLR2004 - the last code point


_START_SECONDS = 600.0
"""What the largest spec may take to become a graph and be loaded."""
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a foreign query may use.

    :param bytes: length of the query
    :param depth: nesting of its brackets
    :param seconds: from asking to answering, once the graph is loaded
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


class Guard:
    """Runs queries on one graph, in a child process that is replaced when it dies.

    On Linux the child can open no file and no socket. Elsewhere the time limit alone holds, so
    nothing is run unless ``unsafe`` is set. A process that was forked since starts a child of its own.

    :param nquads: yields the graph, and named ones with it, whenever a process starts: N-Quads, which N-Triples are,
        too, in pieces of whole lines
    """

    def __init__(
        self,
        nquads: Callable[[], Iterable[bytes]],
        *,
        limits: Limits = DEFAULT_LIMITS,
        unsafe: bool = False,
    ) -> None:
        self._graph = nquads
        self._limits = limits
        self._unsafe = unsafe
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def query(self, sparql: str, origin: str) -> Answer:
        """Answer a query; :class:`QueryError` says why one has no answer, and which limit it met.

        :param origin: where the query comes from, for messages
        """
        limits = self._limits
        check_text(sparql, origin, max_bytes=limits.bytes, max_depth=limits.depth)
        if not (_confinable() or self._unsafe):
            raise QueryError(
                f"{origin}: {excerpt(sparql)} was not run: this system cannot confine it; "
                "`policyspec_query_unsafe` runs it with a time limit alone"
            )
        with self._lock:
            self._start(origin)
            reply = self._reply(sparql)
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
        """Load the graph now, where queries can be run; what its pieces raise passes through.

        :param origin: as for :meth:`query`
        """
        if _confinable() or self._unsafe:
            with self._lock:
                self._start(origin)

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> Self:
        """Return the guard itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _start(self, origin: str) -> None:
        """See to it that there is a child that has the graph."""
        if self._child is not None and self._child.owner == os.getpid() and self._child.alive:
            return
        self.close()
        self._child = _Child(self._limits)
        try:
            ready = self._child.start(self._graph())
        except BaseException:
            self.close()  # it waits for the rest of a graph that does not come
            raise
        if not ready:
            self.close()
            raise QueryError(
                f"{origin}: the process that runs queries did not start; it may need "
                f"{self._limits.memory_bytes // _MIB} MiB of memory, more than `ulimit -v` leaves"
            )

    def _reply(self, sparql: str) -> dict[str, Any]:
        assert self._child is not None  # noqa: S101  it was started
        reply = self._child.ask(sparql, self._limits.seconds)
        if not self._child.alive:
            self.close()
        return reply

    def _refusal(self, reply: dict[str, Any], sparql: str, origin: str) -> QueryError:
        limits = self._limits
        query = excerpt(sparql)
        if reply["error"] == "syntax":
            return QueryError(f"{origin}: {query} is no SPARQL: {syntax_message(sparql, reply['message'])}")
        if reply["error"] == "engine":
            return QueryError(f"{origin}: {query} was not answered: {reply['message']}")
        reasons = {
            "seconds": f"was stopped after {limits.seconds:g} s; ask for less, with fewer patterns that share no variable",
            "rows": f"has more than {limits.rows:,} rows; ask for fewer, or add a LIMIT",
            "characters": f"has an answer of more than {limits.characters // _MIB} MiB; ask for fewer rows or columns, or add a LIMIT",
            "memory": f"needs more than {limits.memory_bytes // _MIB} MiB of memory, the graph included; ask for less, or a named question, which is loaded in part",
            "died": f"ended its process: it needs more than {limits.memory_bytes // _MIB} MiB, the graph included, or nests too deep; ask for less, or a named question",
        }
        return QueryLimitError(f"{origin}: {query} {reasons[reply['error']]}")


class _Child:
    """One process that holds the graph and answers queries one by one."""

    def __init__(self, limits: Limits) -> None:
        self.owner = os.getpid()
        settings = {
            "memory_bytes": limits.memory_bytes,
            "seconds": limits.seconds,
            "rows": limits.rows,
            "characters": limits.characters,
        }
        self._process = start_child(settings, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.end = weakref.finalize(self, _end, self._process, self.owner)

    @property
    def alive(self) -> bool:
        """Whether the process can be asked."""
        return self.end.alive and self._process.poll() is None

    def start(self, graph: Iterable[bytes]) -> bool:
        """Hand over the graph, each piece after its length; say whether the process is ready."""
        parts = chain.from_iterable((len(piece).to_bytes(8, "big"), piece) for piece in chain(graph, (b"",)))
        return self._exchange(parts, _START_SECONDS).get("ready") is True

    def ask(self, sparql: str, seconds: float) -> dict[str, Any]:
        """Return the reply to one query, or the reason why there is none."""
        return self._exchange((json.dumps(sparql).encode() + b"\n",), seconds)

    def _exchange(self, message: Iterable[bytes], seconds: float) -> dict[str, Any]:
        """Send a message and read a line; the process is killed where that takes too long."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            line = self._send_and_read(message)
        finally:
            timer.cancel()
            timer.join()
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
    """Start a process of :mod:`sphinx_policyspec.graph.child`, confined where the system can.

    :param settings: what it is to do, and its limits
    """
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    told = json.dumps({**settings, "confine": _confinable()})
    return subprocess.Popen(  # noqa: S603 - our own program
        (sys.executable, "-P", "-m", "sphinx_policyspec.graph.child", told),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=os.environ | {"PYTHONPATH": path},
    )


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a child and close our ends of its pipes; in a forked process only the latter."""
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
    """Say whether the system can take from a process the right to open files and sockets."""
    return sys.platform == "linux"
