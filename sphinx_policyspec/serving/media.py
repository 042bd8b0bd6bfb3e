"""The formats that a client accepts → the format of the answer, by the names that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sphinx_policyspec.graph.terms import MEDIA_TYPES, NAMED_GRAPHS

GRAPH_TYPES: Mapping[str, str] = MappingProxyType(
    {form: kind for form, kind in MEDIA_TYPES.items() if form not in NAMED_GRAPHS}
)
"""Formats that hold one graph."""
_OTHER_NAMES = {
    "application/json": ("json", "jsonld"),
    "application/xml": ("xml", "rdf"),
    "text/plain": ("nt",),
    "text/xml": ("xml", "rdf"),
}
"""Further media types that clients use for formats."""


def accepted(header: str, types: Mapping[str, str]) -> str | None:
    """Return the format that a client prefers, the first if it accepts any; ``None`` if it accepts none of them.

    :param header: its ``Accept`` header
    :param types: formats by name, each with its media type
    """
    from werkzeug.datastructures import MIMEAccept  # noqa: PLC0415  of the extra
    from werkzeug.http import parse_accept_header  # noqa: PLC0415  likewise

    if not header.strip():
        return next(iter(types))
    formats = {kind: form for form, kind in types.items()}
    others = {name: form for name, forms in _OTHER_NAMES.items() for form in forms if form in types}
    best = parse_accept_header(header, MIMEAccept).best_match([*formats, *others])
    return (formats | others)[best] if best else None


def content_type(kind: str) -> str:
    """Return a media type for a header, with a charset for texts."""
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
