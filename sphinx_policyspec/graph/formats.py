"""The RDF syntaxes by name, without what reads or writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from sphinx_policyspec.errors import SourceError

__all__ = [
    "FORMATS",
    "LONGEST_TEXT",
    "MAX_BYTES",
    "MEDIA_TYPES",
    "check_texts",
    "checked_size",
    "format_of_suffix",
    "smaller",
]

_MIB = 2**20
MAX_BYTES = 256 * _MIB
"""Larger graph files are not read: reading one takes about ten times its size in memory."""
LONGEST_TEXT = 16 * _MIB
"""Bytes of the longest text or name that the engine reads."""

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "ttl": "text/turtle",
        "nt": "application/n-triples",
        "nq": "application/n-quads",
        "trig": "application/trig",
        "jsonld": "application/ld+json",
        "rdf": "application/rdf+xml",
    }
)
"""What a server should call files of each format."""

FORMATS = tuple(MEDIA_TYPES)
"""Names of the formats, which are the suffixes of their files."""


def format_of_suffix(suffix: str) -> str | None:
    """Return the format of files with a suffix such as ``.ttl``, if it is one of ours."""
    name = suffix.lower().removeprefix(".")
    return name if name in FORMATS else None


def check_texts(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines of N-Triples; raise :class:`SourceError` at one with a text that no graph file can be read with."""
    for line in lines:
        if len(line) > LONGEST_TEXT // 4 and len(line.encode(errors="replace")) > LONGEST_TEXT:
            subject = line.partition(" ")[0][:100]
            raise SourceError(
                f"a text of {subject} is longer than {LONGEST_TEXT // _MIB} MiB, "
                "the most that can be read from a graph file: split it"
            )
        yield line


def checked_size(pieces: Iterable[bytes], form: str) -> Iterator[bytes]:
    """Yield the pieces of a graph file; raise :class:`SourceError` at the end if it would be too large to be read again."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size <= MAX_BYTES:
            yield piece
    if size > MAX_BYTES:
        raise SourceError(
            f"the graph would be {size // _MIB:,} MiB as {form}, and {MAX_BYTES // _MIB} MiB is the most that is read: "
            f"{smaller(form)}"
        )


def smaller(form: str) -> str:
    """Return what to do with a graph that is too large in a format."""
    shorter = {"nt": "ttl", "rdf": "ttl", "nq": "trig"}.get(form)
    split = "split the spec, or write each release by itself"
    return f"write it as {shorter}, which is shorter, or {split}" if shorter else split
