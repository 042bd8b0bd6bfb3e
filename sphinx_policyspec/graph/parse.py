"""A graph file → triples: the engine parses it in a process with limits, with nothing fetched and nothing expanded."""

from __future__ import annotations

import json
import mmap
import subprocess
from collections.abc import Iterable, Iterator
from itertools import islice, tee
from pathlib import Path
from typing import IO, cast

import pyoxigraph
from pyoxigraph import RdfFormat

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph import terms
from sphinx_policyspec.graph.child import REFUSED
from sphinx_policyspec.graph.guard import killed_after, start_child
from sphinx_policyspec.graph.syntaxes import InferenceDigest, ntriples_lines

_MIB = 2**20
_MEMORY_BYTES = 1024 * _MIB
"""What the process that parses may use."""
_GROWN_BYTES = 64 * _MIB
_GROWTH = 16
"""What a file may become as N-Quads, where every name is written out: so many bytes, or so many times its size."""
_MOST_GROWN_BYTES = 1024 * _MIB
_STATEMENTS = 10_000_000
"""What it may become at most: this process holds 100 to 300 bytes of memory for each statement."""
_BLOCK_BYTES = _MIB
_BLOCK_QUADS = 10_000
_SECONDS = 8.0
_SECONDS_PER_BYTE = 1 / _MIB
"""Of the processor; how long this process takes for what it is handed, and how busy the machine is, does not count."""
_WAITING = 60
"""How many times as long may pass until the process is held to hang."""

_REASONS = {
    "seconds": "reading it takes too long; give it as N-Triples (.nt), without contexts and prefixes",
    "grown": "its prefixes, bases or contexts grow it beyond what is read; give it as N-Triples (.nt) in parts",
    "statements": f"it holds more than {_STATEMENTS:,} statements, the most that is read; "
    "split the spec, or write each release by itself",
    "memory": f"reading it needs more than {_MEMORY_BYTES // _MIB} MiB of memory; "
    "give it as N-Triples (.nt), without contexts and prefixes",
    "text": f"it holds a text or name of more than {terms.LONGEST_TEXT // _MIB} MiB, the most that is read; split or shorten it",
    "died": f"it nests too deep, or needs more than {_MEMORY_BYTES // _MIB} MiB of memory; "
    "give it as N-Triples (.nt), without contexts and nesting",
}
_SIGNALS = {6: "memory", 24: "seconds"}
"""Why the system ended a process: SIGABRT where it was given no memory, SIGXCPU."""


def streamed_statements(path: Path, max_bytes: int = terms.MAX_BYTES) -> Iterator[tuple[terms.Triple, str]]:
    """Yield what a graph file says as it is read, each triple with the name of its graph; what it repeats comes again.

    Raises :class:`SourceError`, with file and line where there is one, for what cannot be read. No remote JSON-LD
    context is fetched and no XML entity is declared.
    """
    quads = _quads(path, max_bytes)
    while block := list(islice(quads, _BLOCK_QUADS)):
        names = (str(quad.graph_name) for quad in block)
        yield from zip(plain_triples(block), names, strict=True)


def streamed_triples(path: Path, max_bytes: int = terms.MAX_BYTES) -> Iterator[terms.Triple]:
    """Yield the triples of a graph file, as :func:`streamed_statements` does; named graphs are read as one."""
    return (triple for triple, _ in streamed_statements(path, max_bytes))


class NotInferredError(SourceError):
    """A graph file does not hold all that follows from it by the rules of today."""


def inferred_statements(path: Path) -> Iterator[tuple[terms.Triple, str]]:
    """Yield what a graph file says, each with its line of N-Triples; at the end it holds all that follows from it by the rules of today.

    A file says of itself that it does; where it says nothing, or a statement was changed, added or taken out since,
    :class:`NotInferredError` is raised, which may be at the end.
    """
    told = NotInferredError(
        f"`{path}` does not hold what follows from it, or was changed since it was written"
    )
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(b"inferredWith") < 0:
                raise told
    except (OSError, ValueError):  # no such file, or an empty one
        raise told from None
    said: list[terms.Term] = []
    digest = InferenceDigest()
    triples, same = tee(streamed_triples(path))
    for triple, line in zip(triples, ntriples_lines(same), strict=True):
        if triple[1] == terms.PS.inferredWith:
            said.append(triple[2])
        else:
            digest.add(line)
        yield triple, line
    if said != [str(digest)]:
        raise told


def plain_triples(quads: Iterable[pyoxigraph.Quad | pyoxigraph.Triple]) -> Iterator[terms.Triple]:
    """Yield what the engine yields in terms of ours; they recur, so each is converted once."""
    known: dict[object, terms.Term] = {}
    for quad in quads:
        parts = quad.subject, quad.predicate, quad.object
        for part in parts:
            if part not in known:
                known[part] = _term(part)
        yield cast("terms.Triple", tuple(known[part] for part in parts))


def _quads(path: Path, max_bytes: int) -> Iterator[pyoxigraph.Quad]:
    """Yield what a graph file holds, once; trouble with its syntax comes while it is read."""
    form = terms.format_of_suffix(path.suffix)
    if form is None:
        suffixes = ", ".join(f".{known}" for known in terms.FORMATS)
        raise SourceError(f"`{path}` is not a graph file; known suffixes are {suffixes}")
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size > max_bytes:
                raise SourceError(
                    f"`{path}` is larger than {max_bytes // _MIB} MiB, the most that is read of a graph file: "
                    f"{terms.smaller(form)}"
                )
            yield from _parsed(path, form, size, file)
    except OSError as error:
        raise SourceError(f"`{path}` cannot be read: {error.strerror or error}") from error


def _parsed(path: Path, form: str, size: int, file: IO[bytes]) -> Iterator[pyoxigraph.Quad]:
    """Yield what the process that parses a file writes; what it could not read comes at the end."""
    seconds = _SECONDS + size * _SECONDS_PER_BYTE
    settings = {
        "format": form,
        "grown_bytes": min(max(_GROWN_BYTES, _GROWTH * size), _MOST_GROWN_BYTES),
        "statements": _STATEMENTS,
        "memory_bytes": _MEMORY_BYTES,
        "seconds": seconds,
    }
    with (
        start_child(settings, stdin=file, stderr=subprocess.PIPE) as process,
        killed_after(_WAITING * seconds, process) as late,
    ):
        output, errors = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stderr)
        grown = False
        try:
            # Block by block: a parser that is fed from a pipe looks again at all of a long text whenever it gets more of it.
            while lines := output.readlines(_BLOCK_BYTES):
                # Half a line stands at the end where the process has ended in the middle of it.
                whole = lines if lines[-1].endswith(b"\n") else lines[:-1]
                yield from pyoxigraph.parse(b"".join(whole), format=RdfFormat.N_QUADS)
            told = errors.read()
            status = process.wait()
        except MemoryError as error:
            if "buffer" not in str(error):
                raise
            grown = True  # a text that is longer as N-Quads writes it
        finally:
            process.kill()
    if grown:
        raise SourceError(f"`{path}` cannot be read: {_REASONS['text']}")
    if status:
        raise SourceError(_refusal(path, "seconds" if late.is_set() else "", status, told))


def _refusal(path: Path, reason: str, status: int, told: bytes) -> str:
    """Return why a file was not read, by how the process ended and what it told last."""
    last = told.decode(errors="replace").rstrip().rpartition("\n")[2]
    if status == REFUSED:
        refusal = json.loads(last)
        if (reason := refusal["reason"]) not in _REASONS:
            return f"{path}:{refusal['line']}: {reason}" if refusal["line"] else f"`{path}`: {reason}"
    elif status > 0:
        return f"`{path}` cannot be read: the process that reads graph files has failed: {last}"
    return f"`{path}` cannot be read: {_REASONS[reason or _SIGNALS.get(-status, 'died')]}"


def _term(term: object) -> terms.Term:
    """Return a term of the engine as one of ours."""
    if isinstance(term, pyoxigraph.NamedNode):
        return terms.Iri(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return terms.Blank(term.value)
    assert isinstance(term, pyoxigraph.Literal)  # noqa: S101 - the process that parses lets no other through
    return terms.literal_term(term.value, term.datatype.value, term.language or "")
