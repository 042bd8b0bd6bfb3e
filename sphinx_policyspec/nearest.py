"""The hint of a message about an unknown name: the nearest known one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

__all__ = ["Hints", "nearest"]

_CUTOFF = 60
"""Similarity in percent below which a guess would mislead."""
_FEW = 12
"""As many names are listed where none is near."""
_LOOKS = 500_000
"""Names looked at in all by :class:`Hints`."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?``, else the known names where they are few, else nothing."""
    from rapidfuzz import process, utils  # noqa: PLC0415  a text without mistakes pays nothing for hints

    names = sorted({str(name) for name in known})
    match = process.extractOne(word, names, processor=utils.default_process, score_cutoff=_CUTOFF)
    if match:
        return f"did you mean `{match[0]}`?"
    return f"known are {', '.join(f'`{name}`' for name in names)}" if 0 < len(names) <= _FEW else ""


class Hints:
    """Hints about many unknown names: none any more once they would cost too much."""

    def __init__(self) -> None:
        self._looks = 0

    def nearest(self, word: str, known: Collection[str]) -> str:
        """Return what :func:`nearest` does, or nothing where too many names were looked at already."""
        self._looks += len(known)
        return nearest(word, known) if self._looks <= _LOOKS else ""
