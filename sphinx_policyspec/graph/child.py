"""The process in which the engine reads foreign graph files and queries. It gives up its rights first.

It is started as ``python -m sphinx_policyspec.graph.child SETTINGS``, with its settings as JSON. With a ``format`` it
parses the graph file on its standard input and writes it as N-Quads; otherwise it loads N-Quads from there, in pieces
preceded by their lengths, and then answers one query per line, each with the graphs to look at unless that is all of
them, by a line of JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO, cast

import pyoxigraph
from pyoxigraph import NamedNode, Quad, QueryBoolean, QuerySolutions, RdfFormat, Store

from sphinx_policyspec.graph.questions import Answer, Cell, CellKind, QueryForm
from sphinx_policyspec.graph.terms import ASKED_PREFIXES, XSD

REFUSED = 3
"""Exit status if a graph file has no N-Quads: a line of JSON on the standard error has the place and the reason."""

_LINES = frozenset((RdfFormat.N_TRIPLES, RdfFormat.N_QUADS))
_BLOCK_BYTES = 2**20
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_PLACE = re.compile(r"^Parser error [^:]*: ")


def main() -> int:
    """Do the work that the settings describe, and return the exit status."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    settings = json.loads(sys.argv[1])
    if "format" in settings:
        _confine(settings)
        _limit_cpu(settings["seconds"])
        return _parse(requests, replies, settings)
    _serve(requests, replies, settings)
    return 0


class _Refusal(Exception):  # noqa: N818  a refusal is not an error of this program
    """The reason why a graph file is not read.

    :param line: the line that cannot be read, 0 if it is unknown
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


def _parse(file: BinaryIO, output: BinaryIO, settings: dict[str, Any]) -> int:
    """Write a graph file as N-Quads, or report the reason why not; return the exit status."""
    form = RdfFormat.from_extension(settings["format"])
    assert form is not None  # noqa: S101 - our names of formats are the extensions of their files
    parse = _line_by_line if form in _LINES else _whole
    bounded = _Bounded(output, settings["grown_bytes"])
    try:
        quads = _counted(parse(file, form), settings["statements"])
        pyoxigraph.serialize(quads, cast("BinaryIO", bounded), format=RdfFormat.N_QUADS)
        bounded.flush()
    except MemoryError as error:
        return _report(_Refusal("text" if "buffer" in str(error) else "memory"))
    except _Refusal as refusal:
        return _report(refusal)
    return 0


def _report(refusal: _Refusal) -> int:
    """Report why a graph file is not read, and return the exit status."""
    sys.stderr.write("\n" + json.dumps({"line": refusal.line, "reason": refusal.reason}) + "\n")
    return REFUSED


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Turn an error of the system, such as that the file is a folder, into a refusal."""
    try:
        yield
    except OSError as error:
        raise _Refusal(f"it cannot be read: {error.strerror or error}") from error


def _whole(file: BinaryIO, form: RdfFormat) -> Iterator[Quad]:
    """Yield the statements of a file read as a whole, since each part of it depends on what comes before."""
    with _reading():
        data = file.read()
    if form == RdfFormat.RDF_XML and (doctype := _DOCTYPE.search(data)):
        line = data.count(b"\n", 0, doctype.start()) + 1
        raise _Refusal("a document type declaration is not read: its entities could grow", line)
    try:
        yield from pyoxigraph.parse(data, format=form)
    except SyntaxError as error:
        raise _Refusal(_reason(error), error.lineno or _line_of_error(data, form)) from error


def _line_by_line(file: BinaryIO, form: RdfFormat) -> Iterator[Quad]:
    """Yield the statements of a file with one per line, holding only a part of it in memory."""
    before = 0
    while True:
        with _reading():
            lines = file.readlines(_BLOCK_BYTES)
        if not lines:
            return
        data = b"".join(lines)
        try:
            yield from pyoxigraph.parse(data, format=form)
        except SyntaxError as error:
            raise _Refusal(_reason(error), before + (error.lineno or _line_of_error(data, form))) from error
        before += len(lines)


def _counted(quads: Iterable[Quad], most: int) -> Iterator[Quad]:
    """Yield statements up to a limit; refuse nested triples, which could only be written recursively."""
    for count, quad in enumerate(quads, 1):
        if isinstance(quad.object, pyoxigraph.Triple):
            raise _Refusal("a triple inside a triple is not read")
        if count > most:
            raise _Refusal("statements")
        yield quad


class _Bounded(io.RawIOBase):
    """Writes up to a number of bytes."""

    def __init__(self, output: BinaryIO, most: int) -> None:
        super().__init__()
        self._output, self._left = output, most

    def writable(self) -> bool:
        """Return that it accepts bytes."""
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401  whatever has bytes
        """Write all bytes."""
        self._left -= len(data)
        if self._left < 0:
            raise _Refusal("grown")
        return self._output.write(data)

    def flush(self) -> None:
        """Write buffered bytes."""
        self._output.flush()


def _reason(error: SyntaxError) -> str:
    """Return the parser's message in our form."""
    if "LoadDocumentCallback" in str(error.msg):
        return "a remote JSON-LD context is not fetched"
    return _PLACE.sub("", str(error.msg)).rstrip(".")


class _Lines(io.BytesIO):
    """Returns one line per read and counts the lines."""

    ended = 0
    line = 1

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the rest of a line, or at most ``size`` bytes of it."""
        self.line = self.ended + 1
        chunk = self.readline(-1 if size is None else size)
        self.ended += chunk.endswith(b"\n")
        return chunk


def _line_of_error(data: bytes, form: RdfFormat) -> int:
    """Return the line of an error that the parser does not locate: it is fed line by line until it fails again."""
    lines = _Lines(data)
    try:
        for _ in pyoxigraph.parse(lines, format=form):
            continue
    except SyntaxError:
        return lines.line
    return 1


def _serve(requests: BinaryIO, replies: BinaryIO, settings: dict[str, Any]) -> None:
    """Load the graph, then answer queries until the input ends."""
    store = Store()
    while size := int.from_bytes(requests.read(8), "big"):
        store.load(requests.read(size), format=RdfFormat.N_QUADS)
    _confine(settings)
    _send(replies, {"ready": True})
    for request in requests:
        # The parent's deadline comes first, unless the parent is gone.
        _limit_cpu(2 * settings["seconds"] + 1)
        _send(replies, _reply(store, settings, **json.loads(request)))


def _confine(settings: dict[str, Any]) -> None:
    """Give up, for good, opening files and sockets, dumping core and using more memory, if the system supports it."""
    if settings["confine"]:
        import resource  # noqa: PLC0415 - only where the system has it

        for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            resource.setrlimit(kind, (0, 0))
        # The parent process may have a lower limit already.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = settings["memory_bytes"]
        memory = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _limit_cpu(seconds: float) -> None:
    """Limit the processor time from now on."""
    try:
        import resource  # noqa: PLC0415 - only where the system has it
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _reply(
    store: Store, settings: dict[str, Any], sparql: str, dataset: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """Return the answer to a query, or the error."""
    try:
        answer = run(store, sparql, settings["rows"], dataset)
    except SyntaxError as error:
        return {"error": "syntax", "message": str(error.msg or error)}
    except MemoryError:
        return {"error": "memory"}
    except Exception as error:  # noqa: BLE001 - whatever the engine raises is reported, and the next query served
        return {"error": "engine", "message": str(error)}
    if answer is None:
        return {"error": "rows"}
    if sum(len(cell.value) for row in answer.rows for cell in row) > settings["characters"]:
        return {"error": "characters"}
    return {
        "columns": answer.columns,
        "form": answer.form.value,
        "rows": [
            [(cell.kind.value, cell.value, cell.datatype, cell.language) for cell in row]
            for row in answer.rows
        ],
    }


def _send(replies: BinaryIO, reply: dict[str, Any]) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")
    replies.flush()


_UNBOUND = Cell(CellKind.UNBOUND)


def run(
    store: Store,
    sparql: str,
    max_rows: int | None = None,
    dataset: Mapping[str, Sequence[str]] | None = None,
) -> Answer | None:
    """Return the answer to a query; ``None`` if it has more rows than ``max_rows``.

    :param dataset: names of the graphs to query, ``default`` and ``named``; by default all, and those in the query
    """
    graphs: dict[str, Any] = {}
    if dataset is not None:
        graphs["default_graph"] = [*map(NamedNode, dataset["default"])]
        graphs["named_graphs"] = [*map(NamedNode, dataset["named"])]
    result = store.query(sparql, prefixes=ASKED_PREFIXES, **graphs)
    if isinstance(result, QueryBoolean):
        cell = Cell(CellKind.LITERAL, "true" if result else "false", str(XSD.boolean))
        return Answer(columns=("answer",), rows=((cell,),), form=QueryForm.ASK)
    rows: Iterable[Iterable[object]]
    if isinstance(result, QuerySolutions):
        columns = tuple(variable.value for variable in result.variables)
        form, rows = QueryForm.SELECT, result
    else:
        columns, form = ("subject", "predicate", "object"), QueryForm.GRAPH
        rows = sorted(_distinct(result, max_rows), key=str)
    cells = tuple(
        tuple(_cell(term) for term in row) for row in islice(rows, None if max_rows is None else max_rows + 1)
    )
    if max_rows is not None and len(cells) > max_rows:
        return None
    return Answer(columns=columns, rows=cells, form=form)


def _distinct(triples: pyoxigraph.QueryTriples, max_rows: int | None) -> list[pyoxigraph.Triple]:
    """Return distinct triples, at most one more than allowed."""
    distinct: dict[pyoxigraph.Triple, None] = {}
    for triple in triples:
        distinct[triple] = None
        if max_rows is not None and len(distinct) > max_rows:
            break
    return list(distinct)


def _cell(term: object) -> Cell:
    """Return a term of the engine as a cell."""
    if term is None:
        return _UNBOUND
    if isinstance(term, NamedNode):
        return Cell(CellKind.IRI, term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return Cell(CellKind.BLANK, term.value)
    if isinstance(term, pyoxigraph.Literal):
        datatype = "" if term.language or term.datatype.value == XSD.string else term.datatype.value
        return Cell(CellKind.LITERAL, term.value, datatype, term.language or "")
    return Cell(CellKind.LITERAL, str(term))


if __name__ == "__main__":
    sys.exit(main())
