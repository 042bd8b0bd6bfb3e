"""What became of the levels of authority, and of the level of each principle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sphinx_policyspec.compare.change import Change, ChangeKind, Subject
from sphinx_policyspec.compare.pairs import Pair
from sphinx_policyspec.model import OverrideMode, Principle, Provision

__all__ = ["STRICTNESS", "level_changes", "renamed_levels"]

STRICTNESS: Mapping[OverrideMode, int] = MappingProxyType(
    {OverrideMode.NEVER: 0, OverrideMode.EXPLICIT: 1, OverrideMode.IMPLICIT: 2}
)
"""How hard a norm is to set aside: the lower, the harder."""


def level_of(provision: Provision) -> str:
    """Return the level of a principle, and nothing of a section."""
    return provision.authority if isinstance(provision, Principle) else ""


def renamed_levels(pair: Pair) -> dict[str, str]:
    """Return the levels that only changed their name, old name → new name.

    Neither spec has the other's name, and most of each one's principles are at the other. So a level that was
    merged into another, or split in two, has no more than one successor, and the mirror image is the same.
    """
    moved = Counter(
        (level_of(old), level_of(new)) for old, new in pair.kept if level_of(old) and level_of(new)
    )
    old_total, new_total = Counter[str](), Counter[str]()
    for (old, new), count in moved.items():
        old_total[old] += count
        new_total[new] += count
    old_names = {level.id for level in pair.old.levels} | set(old_total)
    new_names = {level.id for level in pair.new.levels} | set(new_total)
    return {
        old: new
        for (old, new), count in sorted(moved.items())
        if old not in new_names
        and new not in old_names
        and 2 * count > old_total[old]
        and 2 * count > new_total[new]
    }


def level_changes(pair: Pair) -> Iterator[Change]:
    """Yield what changed about levels as such, then about the level of each principle."""
    renamed = renamed_levels(pair)
    yield from _declarations(pair, renamed)
    for old, new in pair.kept:
        before, after = level_of(old), level_of(new)
        if before != after:
            yield Change(
                kind=_kind(pair, renamed, before, after),
                subject=Subject.PROVISION,
                id=new.id,
                provision=new.id,
                old=before,
                new=after,
                old_span=old.span,
                new_span=new.span,
            )


def _kind(pair: Pair, renamed: Mapping[str, str], old: str, new: str) -> ChangeKind:
    if not old:
        return ChangeKind.BECAME_PRINCIPLE
    if not new:
        return ChangeKind.BECAME_SECTION
    if renamed.get(old) == new:
        return ChangeKind.LEVEL_RENAMED
    original = {after: before for before, after in renamed.items()}
    new_ranks = {level.id: rank for rank, level in enumerate(pair.new.levels)}
    old_ranks = {level.id: rank for rank, level in enumerate(pair.old.levels)}
    # In the spec that has both, under whatever name; where each has both, the new one decides, and both agree
    # unless the order itself was turned round.
    for ranks, before, after in (
        (new_ranks, renamed.get(old, old), new),
        (old_ranks, old, original.get(new, new)),
    ):
        if before in ranks and after in ranks:
            return ChangeKind.LEVEL_LOWERED if ranks[after] > ranks[before] else ChangeKind.LEVEL_RAISED
    return ChangeKind.LEVEL_CHANGED


def _declarations(pair: Pair, renamed: Mapping[str, str]) -> Iterator[Change]:
    """Yield levels that came, went, have another name, or mean something else."""
    before, after = pair.old.level_by_id, pair.new.level_by_id
    kept = {old: renamed.get(old, old) for old in before if renamed.get(old, old) in after}
    for id_ in before:
        if id_ not in kept:
            yield Change(kind=ChangeKind.REMOVED, subject=Subject.LEVEL, id=id_)
    for id_, level in after.items():
        if id_ not in kept.values():
            yield Change(
                kind=ChangeKind.ADDED,
                subject=Subject.LEVEL,
                id=id_,
                evidence=(("rank", str(pair.new.levels.index(level))),),
            )
    for old_id, new_id in kept.items():
        old, new = before[old_id], after[new_id]
        if old_id != new_id:
            yield Change(kind=ChangeKind.RENAMED, subject=Subject.LEVEL, id=new_id, old=old_id, new=new_id)
        for aspect, was, now in (
            ("override", old.override.value, new.override.value),
            ("roles", " ".join(old.roles), " ".join(new.roles)),
        ):
            if was != now:
                yield Change(
                    kind=ChangeKind.CHANGED, subject=Subject.LEVEL, id=new_id, aspect=aspect, old=was, new=now
                )
    survivors = [kept[level.id] for level in pair.old.levels if level.id in kept]
    if survivors != [level.id for level in pair.new.levels if level.id in kept.values()]:
        yield Change(
            kind=ChangeKind.REORDERED,
            subject=Subject.SPEC,
            id="levels",
            old=" ".join(level.id for level in pair.old.levels),
            new=" ".join(level.id for level in pair.new.levels),
        )
