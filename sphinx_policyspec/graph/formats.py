"""The RDF syntaxes by name, without what reads or writes them."""

from __future__ import annotations

__all__ = ["FORMATS", "format_of_suffix"]

FORMATS = ("ttl", "nt", "nq", "trig", "jsonld", "rdf")
"""Names of the formats, which are the suffixes of their files."""


def format_of_suffix(suffix: str) -> str | None:
    """Return the format of files with a suffix such as ``.ttl``, if it is one of ours."""
    name = suffix.lower().removeprefix(".")
    return name if name in FORMATS else None
