"""Who meets in a conflict: the kinds of the items of a case, without their names."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from sphinx_policyspec.decision import Norms
from sphinx_policyspec.model import Case, Item

__all__ = ["Party", "PartyKind", "in_english", "parties_of"]


class PartyKind(enum.StrEnum):
    """What an item is."""

    NORM = "norm"
    MESSAGE = "message"
    IMPLIED = "implied message"
    TEXT = "text with a say"


class Party(NamedTuple):
    """One of those who meet in a conflict.

    :param level: empty for a text, which has the level of whoever gives it a say
    :param in_one_message: what it is at odds with is said in the same message
    """

    kind: PartyKind
    level: str = ""
    in_one_message: bool = False

    def __str__(self) -> str:
        """Say in English what it is."""
        return f"{self.kind} of {self.level}" if self.level else str(self.kind)


def in_english(parties: Sequence[Party], joint: str) -> str:
    """Say in English who meets."""
    together = any(party.in_one_message for party in parties)
    return f"{joint.join(map(str, parties))}{', in one message' if together else ''}"


def parties_of(case: Case, norms: Norms) -> tuple[Party, ...]:
    """Return who meets in a case, the highest level first."""
    found = (_party(item, case, norms) for item in case.items)
    return tuple(sorted(found, key=lambda party: (norms.rank.get(party.level, len(norms.rank)), party)))


def _party(item: Item, case: Case, norms: Norms) -> Party:
    if item.source:
        return Party(PartyKind.TEXT)
    if principle := norms.principle(item.principle):
        return Party(PartyKind.NORM, principle.authority)
    kind = PartyKind.MESSAGE if item.explicit else PartyKind.IMPLIED
    return Party(kind, item.level, any(_in_one_message(item, other) for other in case.items))


def _in_one_message(item: Item, other: Item) -> bool:
    """Tell whether the same message says both, and neither is a norm or a text, which have no level of their own."""
    same = (item.level, item.issue, item.turn) == (other.level, other.issue, other.turn)
    return same and item.value != other.value
