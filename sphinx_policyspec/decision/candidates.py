"""Items → candidates: what takes part in a conflict, with the authority that the spec or a delegation gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sphinx_policyspec.decision.norms import Norms
from sphinx_policyspec.model import Case, Item, OverrideMode

__all__ = [
    "Candidate",
    "Grant",
    "Standing",
    "candidates_of",
    "grant_needed",
    "grants_of",
    "standing_of",
]

SPEC_TURN = -1
"""The spec speaks before every message; no rule compares its time with that of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The authority of an item.

    :param rank: the place of its level, 0 for the highest; ``None`` for text without authority
    :param depth: by how many delegations it comes down from an item that has a level of its own
    :param delegators: ids of the items that give it a say; more than one where several give it the same
    """

    rank: int | None
    depth: int = 0
    delegators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An item that takes part, with what the rules of strength look at.

    :param rank: the place of its level, 0 for the highest
    :param override: how the norms of that level may be set aside
    :param category: its own, else its principle's
    """

    item: Item
    rank: int
    override: OverrideMode
    depth: int = 0
    delegators: tuple[str, ...] = ()
    category: str = ""

    @property
    def is_norm(self) -> bool:
        """Whether the spec says it, rather than a message."""
        return bool(self.item.principle)

    @property
    def is_explicit(self) -> bool:
        """Whether it is said; the spec always says what it asks for."""
        return self.is_norm or self.item.explicit

    @property
    def turn(self) -> int:
        """When it was said."""
        return SPEC_TURN if self.is_norm else self.item.turn

    @cached_property
    def kind(self) -> tuple[object, ...]:
        """Everything that the rules look at but the time: equal kinds compare alike."""
        return (self.rank, self.depth, self.is_norm, self.is_explicit, self.category, self.item.principle)


Grant = tuple[str, str]
"""A source and an issue: what one delegation gives, and what one text needs."""


def grants_of(item: Item) -> tuple[Grant, ...]:
    """Return what an item gives."""
    return tuple((item.delegates.source, issue) for issue in item.delegates.scope) if item.delegates else ()


def grant_needed(item: Item, norms: Norms) -> Grant | None:
    """Return what would give an item a say; nothing where it has a level of its own, or names no source."""
    return (item.source, item.issue) if item.source and _own_rank(item, norms) is None else None


def _own_rank(item: Item, norms: Norms) -> int | None:
    """Return the rank that an item has of itself."""
    if item.quoted:
        return None
    if item.level:
        return norms.rank.get(item.level)
    if item.principle:
        principle = norms.principle(item.principle)
        return norms.rank.get(principle.authority) if principle else None
    level = norms.level_of_role.get(item.role)
    return norms.rank[level.id] if level else None


def standing_of(case: Case, norms: Norms) -> dict[str, Standing]:
    """Return the authority of every item.

    Text with a say has the strongest one that anybody gives it: of the highest level, then of the fewest
    delegations. Who takes no part gives nobody a say.
    """
    standing = {item.id: Standing(rank=_own_rank(item, norms)) for item in case.items}
    items = {item.id: item for item in case.items}
    receivers: dict[Grant, list[str]] = {}
    for item in case.items:
        if grant := grant_needed(item, norms):
            receivers.setdefault(grant, []).append(item.id)
    # Strongest first, so that what is settled once is settled for good.
    frontier: dict[tuple[int, int], list[Item]] = {}
    for name, found in standing.items():
        if found.rank is not None and items[name].delegates:
            frontier.setdefault((found.rank, 0), []).append(items[name])
    while frontier:
        rank, depth = min(frontier)
        for grant, delegators in _given(frontier.pop((rank, depth))).items():
            received = Standing(rank=rank, depth=depth + 1, delegators=delegators)
            settled = receivers.pop(grant, [])
            standing.update(dict.fromkeys(settled, received))
            if further := [items[name] for name in settled if items[name].delegates]:
                frontier.setdefault((rank, depth + 1), []).extend(further)
    return standing


def _given(items: Iterable[Item]) -> dict[Grant, tuple[str, ...]]:
    """Return what items that take part give, each with the ids of its givers."""
    givers: dict[Grant, list[str]] = {}
    for item in items:
        if _takes_part(item):
            for grant in grants_of(item):
                givers.setdefault(grant, []).append(item.id)
    return {grant: tuple(dict.fromkeys(names)) for grant, names in givers.items()}


def _takes_part(item: Item) -> bool:
    return item.active and not item.mistaken


def candidates_of(case: Case, norms: Norms, standing: Mapping[str, Standing]) -> tuple[Candidate, ...]:
    """Return the items that take part, in the order of the case."""
    return tuple(
        Candidate(
            item=item,
            rank=found.rank,
            override=norms.mode(found.rank),
            depth=found.depth,
            delegators=found.delegators,
            category=item.category or _category(item, norms),
        )
        for item in case.items
        if _takes_part(item) and (found := standing[item.id]).rank is not None
    )


def _category(item: Item, norms: Norms) -> str:
    principle = norms.principle(item.principle)
    return principle.category if principle else ""
