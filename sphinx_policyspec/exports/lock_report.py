"""What changed since a lock was written, as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType

from sphinx_policyspec.compare.history import LockChange, LockState
from sphinx_policyspec.exports.plain import printable

__all__ = ["LOCK_FORMATS"]


def _text(changes: tuple[LockChange, ...]) -> str:
    lines = []
    for change in changes:
        words = f": was {change.old or 'nothing'}" if change.old or change.new else ""
        lines.append(printable(f"{change.state.value:15} {change.id}{words}"))
    return "".join(f"{line}\n" for line in (*lines, _verdict(changes)))


def _verdict(changes: tuple[LockChange, ...]) -> str:
    """Return what it comes to, in one line."""
    if not changes:
        return "as locked"
    counts = Counter(change.state for change in changes)
    if set(counts) == {LockState.RENUMBERED}:
        return f"renumbered only: {counts[LockState.RENUMBERED]}"
    return ", ".join(f"{counts[state]} {state.value}" for state in LockState if counts[state])


def _json(changes: tuple[LockChange, ...]) -> str:
    told = {"verdict": _verdict(changes), "changes": [asdict(change) for change in changes]}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


LOCK_FORMATS: Mapping[str, Callable[[tuple[LockChange, ...]], str]] = MappingProxyType(
    {"text": _text, "json": _json}
)
"""Each format with what writes it."""
