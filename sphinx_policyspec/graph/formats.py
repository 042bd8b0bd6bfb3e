"""The RDF syntaxes by name, without what reads or writes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FORMATS", "MEDIA_TYPES", "format_of_suffix"]

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
