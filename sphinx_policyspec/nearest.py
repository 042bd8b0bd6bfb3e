"""The hint of a message about an unknown name: the nearest known one."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process, utils

__all__ = ["nearest"]

_CUTOFF = 60
"""Similarity in percent below which a guess would mislead."""
_FEW = 12
"""As many names are listed where none is near."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?``, else the known names where they are few, else nothing."""
    names = sorted({str(name) for name in known})
    match = process.extractOne(word, names, processor=utils.default_process, score_cutoff=_CUTOFF)
    if match:
        return f"did you mean `{match[0]}`?"
    return f"known are {', '.join(f'`{name}`' for name in names)}" if 0 < len(names) <= _FEW else ""
