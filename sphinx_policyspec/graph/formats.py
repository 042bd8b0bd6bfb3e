"""The RDF syntaxes by name, without what reads or writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def check_texts(lines: Iterable[str]) -> None:
    """Raise :class:`SourceError` where a line of N-Triples holds a text that no graph file can be read with."""
    for line in lines:
        if len(line) > LONGEST_TEXT // 4 and len(line.encode(errors="replace")) > LONGEST_TEXT:
            subject = line.partition(" ")[0][:100]
            raise SourceError(
                f"a text of {subject} is longer than {LONGEST_TEXT // _MIB} MiB, "
                "the most that can be read from a graph file: split it"
            )


def checked_size(data: bytes) -> bytes:
    """Return the contents of a graph file; raise :class:`SourceError` where it would be too large to be read again."""
    if len(data) > MAX_BYTES:
        raise SourceError(
            f"the graph would be {len(data) // _MIB:,} MiB, and {MAX_BYTES // _MIB} MiB is the most that is read: "
            "write it in parts"
        )
    return data
