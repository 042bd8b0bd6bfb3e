"""A graph file → triples: the engine parses it in a process with limits; nothing is fetched, no entity expanded."""

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
"""Memory of the parsing process."""
_GROWN_BYTES = 64 * _MIB
_GROWTH = 16
"""Limits of a file's size as N-Quads, where every name is written out: so many bytes, or so many times its size."""
_MOST_GROWN_BYTES = 1024 * _MIB
_STATEMENTS = 10_000_000
"""Most statements: this process needs 100 to 300 bytes of memory for each."""
_BLOCK_BYTES = _MIB
_BLOCK_QUADS = 10_000
_SECONDS = 8.0
_SECONDS_PER_BYTE = 1 / _MIB
"""Processor time; time that this process takes, or that the machine is busy with other work, does not count."""
_WAITING = 60
"""Multiple of that time after which the process counts as hanging."""

_REASONS = {
    "seconds": "reading it takes too long; give it as N-Triples (.nt), without contexts and prefixes",
    "grown": "its prefixes, bases or contexts grow it beyond what is read; give it as N-Triples (.nt) in parts",
    "statements": f"it has more than {_STATEMENTS:,} statements, the most that is read; "
    "split the spec, or write each release by itself",
    "memory": f"reading it needs more than {_MEMORY_BYTES // _MIB} MiB of memory; "
    "give it as N-Triples (.nt), without contexts and prefixes",
    "text": f"it has a text or name of more than {terms.LONGEST_TEXT // _MIB} MiB, the most that is read; split or shorten it",
    "died": f"it nests too deep, or needs more than {_MEMORY_BYTES // _MIB} MiB of memory; "
    "give it as N-Triples (.nt), without contexts and nesting",
}
_SIGNALS = {6: "memory", 24: "seconds"}
"""Reasons why the system ends a process, by signal: SIGABRT if it gets no memory, SIGXCPU."""


def streamed_statements(path: Path, max_bytes: int = terms.MAX_BYTES) -> Iterator[tuple[terms.Triple, str]]:
    """Yield the statements of a graph file as it is read, each with the name of its graph; repeated ones come again.

    Raises :class:`SourceError`, with file and line if possible, for a file that cannot be read. No remote JSON-LD context
    is fetched and no XML entity is declared.
    """
    quads = _quads(path, max_bytes)
    while block := list(islice(quads, _BLOCK_QUADS)):
        names = (str(quad.graph_name) for quad in block)
        yield from zip(plain_triples(block), names, strict=True)


def streamed_triples(path: Path, max_bytes: int = terms.MAX_BYTES) -> Iterator[terms.Triple]:
    """Yield the triples of a graph file, as :func:`streamed_statements` does, ignoring the names of graphs."""
    return (triple for triple, _ in streamed_statements(path, max_bytes))


class NotInferredError(SourceError):
    """A graph file does not hold all inferences by the current rules."""


def inferred_statements(path: Path) -> Iterator[tuple[terms.Triple, str]]:
    """Yield the statements of a graph file with all its inferences by the current rules, each with its line of N-Triples.

    The file has a digest that says so; if there is none, or a statement was changed, added or removed since,
    :class:`NotInferredError` is raised, possibly only at the end.
    """
    error = NotInferredError(
        f"`{path}` does not contain what follows from it, or was changed after it was written"
    )
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(b"inferredWith") < 0:
                raise error
    except (OSError, ValueError):  # no such file, or an empty one
        raise error from None
    digests: list[terms.Term] = []
    digest = InferenceDigest()
    triples, same = tee(streamed_triples(path))
    for triple, line in zip(triples, ntriples_lines(same), strict=True):
        if triple[1] == terms.PS.inferredWith:
            digests.append(triple[2])
        else:
            digest.add(line)
        yield triple, line
    if digests != [str(digest)]:
        raise error


def plain_triples(quads: Iterable[pyoxigraph.Quad | pyoxigraph.Triple]) -> Iterator[terms.Triple]:
    """Yield the engine's statements as our triples; terms recur, so each is converted once."""
    converted: dict[object, terms.Term] = {}
    for quad in quads:
        parts = quad.subject, quad.predicate, quad.object
        for part in parts:
            if part not in converted:
                converted[part] = _term(part)
        yield cast("terms.Triple", tuple(converted[part] for part in parts))


def _quads(path: Path, max_bytes: int) -> Iterator[pyoxigraph.Quad]:
    """Yield the statements of a graph file; syntax errors are raised while it is read."""
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
    """Yield the output of the process that parses a file; errors are raised at the end."""
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
            # Block by block: a parser that reads from a pipe scans a long text again from its start with each read.
            while lines := output.readlines(_BLOCK_BYTES):
                # The last line is incomplete if the process ended in the middle of it.
                whole = lines if lines[-1].endswith(b"\n") else lines[:-1]
                yield from pyoxigraph.parse(b"".join(whole), format=RdfFormat.N_QUADS)
            messages = errors.read()
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
        raise SourceError(_refusal(path, "seconds" if late.is_set() else "", status, messages))


def _refusal(path: Path, reason: str, status: int, messages: bytes) -> str:
    """Return the reason why a file was not read, from how the process ended and its last output."""
    last = messages.decode(errors="replace").rstrip().rpartition("\n")[2]
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
