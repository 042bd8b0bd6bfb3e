"""What the IRIs of a graph can begin with, without what reads or writes one."""

from __future__ import annotations

import re

__all__ = ["is_absolute_iri"]

_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def is_absolute_iri(text: str) -> bool:
    """Tell whether a text is an IRI of its own, such as ``https://example.org/spec/``."""
    return _ABSOLUTE_IRI.fullmatch(text) is not None
