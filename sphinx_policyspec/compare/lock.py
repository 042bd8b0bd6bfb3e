"""A lock: the ids of a spec with checksums of what they say, to tell a new number from a new norm."""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.errors import LockError
from sphinx_policyspec.model import Principle, Provision, Spec
from sphinx_policyspec.model.json_text import load_json

__all__ = [
    "Lock",
    "LockChange",
    "LockEntry",
    "LockState",
    "format_lock",
    "lock_of",
    "parse_lock",
    "since_lock",
]

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEntry:
    """What a lock holds of a provision.

    :param level: the level of a principle, empty for a section
    :param text: SHA-256 of its normative text in plain typography, without eval tags; hexadecimal
    """

    id: str
    title: str
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The provisions of a spec as they were, in reading order.

    :param version: the release that was locked, if it had a version
    """

    version: str
    entries: tuple[LockEntry, ...]


class LockState(enum.StrEnum):
    """What became of a provision since the lock was written."""

    RENUMBERED = "renumbered"
    """Its id is another, and all else is the same."""
    CONTENT = "content changed"
    """Its normative text says something else."""
    LEVEL = "level changed"
    RETITLED = "retitled"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockChange:
    """One difference from a lock.

    :param id: its id now, or the one that it had where it is gone
    :param old: what it was: an id, a level or a title; empty where there is nothing to say
    :param new: what it is
    """

    state: LockState
    id: str
    old: str = ""
    new: str = ""


def lock_of(spec: Spec) -> Lock:
    """Return the lock of a spec."""
    return Lock(version=spec.version, entries=tuple(map(_entry, spec.provisions)))


def _entry(provision: Provision) -> LockEntry:
    return LockEntry(
        id=provision.id,
        title=normal(provision.title),
        level=provision.authority if isinstance(provision, Principle) else "",
        text=sha256(normal(provision.text).encode()).hexdigest(),
    )


def format_lock(lock: Lock) -> str:
    """Return a lock as JSON with a line for each provision, so that version control shows what changed."""
    head = json.dumps({"format": _FORMAT, "version": lock.version}, ensure_ascii=False).rstrip("}")
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in lock.entries]
    body = ",\n".join(f"  {line}" for line in lines)
    return f'{head}, "provisions": [\n{body}\n]}}\n'


def parse_lock(text: str, file: str) -> Lock:
    """Return the lock that a text holds.

    :param file: named in the message of the :class:`~sphinx_policyspec.errors.LockError` if it holds none
    """
    try:
        given = load_json(text)
    except ValueError as error:
        raise LockError(f"{file}: not a lock: {error}") from None
    if not isinstance(given, dict) or given.get("format") != _FORMAT:
        raise LockError(f"{file}: not a lock of format {_FORMAT}; `policyspec lock` writes one")
    provisions = given.get("provisions")
    if not isinstance(provisions, list) or not all(map(_is_entry, provisions)):
        raise LockError(f"{file}: `provisions` is not a list of objects with id, title, level and text")
    return Lock(
        version=str(given.get("version", "")), entries=tuple(LockEntry(**entry) for entry in provisions)
    )


def _is_entry(given: Any) -> bool:  # noqa: ANN401  whatever JSON holds
    names = {"id", "title", "level", "text"}
    return (
        isinstance(given, dict) and given.keys() == names and all(isinstance(v, str) for v in given.values())
    )


def since_lock(lock: Lock, spec: Spec) -> tuple[LockChange, ...]:
    """Return what is not as it was when a lock was written, in reading order, what was removed first."""
    before = {entry.id: entry for entry in lock.entries}
    after = {entry.id: entry for entry in lock_of(spec).entries}
    gone = [entry for entry in before.values() if entry.id not in after]
    came = [entry for entry in after.values() if entry.id not in before]
    renumbered = _renumbered(spec, gone, came)
    origin = {new: old for old, new in renumbered.items()}
    changes = [
        LockChange(state=LockState.REMOVED, id=entry.id) for entry in gone if entry.id not in renumbered
    ]
    for id_, entry in after.items():
        was = before.get(origin.get(id_, id_))
        if was is None:
            changes.append(LockChange(state=LockState.ADDED, id=id_))
        else:
            changes += _differences(was, entry)
    return tuple(changes)


def _differences(was: LockEntry, now: LockEntry) -> Iterator[LockChange]:
    if was.id != now.id:
        yield LockChange(state=LockState.RENUMBERED, id=now.id, old=was.id, new=now.id)
    if was.text != now.text:
        yield LockChange(state=LockState.CONTENT, id=now.id)
    if was.level != now.level:
        yield LockChange(state=LockState.LEVEL, id=now.id, old=was.level, new=now.level)
    if was.title != now.title:
        yield LockChange(state=LockState.RETITLED, id=now.id, old=was.title, new=now.title)


def _renumbered(spec: Spec, gone: list[LockEntry], came: list[LockEntry]) -> dict[str, str]:
    """Return old id → new id: by alias, then where text and title, or the text alone, are alone on both sides."""
    aliases = {alias: p.id for p in spec.provisions for alias in p.aliases}
    new_ids = {entry.id for entry in came}
    found = {entry.id: aliases[entry.id] for entry in gone if aliases.get(entry.id) in new_ids}
    empty = sha256(b"").hexdigest()
    for parts in (lambda e: (e.text, e.title), lambda e: e.text if e.text != empty else None):
        old = Counter(parts(entry) for entry in gone if entry.id not in found)
        taken = set(found.values())
        left = [entry for entry in came if entry.id not in taken]
        new = Counter(map(parts, left))
        places = {parts(entry): entry.id for entry in left}
        for entry in gone:
            key = parts(entry)
            if entry.id not in found and key is not None and old[key] == new[key] == 1:
                found[entry.id] = places[key]
    return found
