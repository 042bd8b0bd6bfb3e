"""A diff in a few numbers: how many changes of each weight, and which version number they ask for."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass

from sphinx_policyspec.compare.change import Change, ChangeKind, SpecDiff, Subject, Weight

__all__ = ["Bump", "Summary", "summary_of"]


class Bump(enum.StrEnum):
    """The part of a version number that goes up, after Semantic Versioning."""

    MAJOR = "major"
    """What was relied on may not hold: an id that is gone, a hard rule, the levels themselves."""
    MINOR = "minor"
    """Something is allowed or forbidden that was not, or there is something new to know."""
    PATCH = "patch"
    """The norms are the same, or the same said more clearly."""
    NONE = "none"
    """Nothing changed."""


_HARD = frozenset({"hard-rule-added", "hard-rule-removed"})
_LEVELS = frozenset({"override-stricter", "override-looser"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A diff in numbers.

    :param weights: how many changes have each weight, in the order of :class:`Weight`
    :param reasons: the changes that ask for the bump, in order
    """

    bump: Bump
    weights: dict[Weight, int]
    reasons: tuple[Change, ...] = ()


def summary_of(diff: SpecDiff) -> Summary:
    """Return a diff in numbers."""
    counted = Counter(change.weight for change in diff.changes)
    bump, reasons = Bump.NONE, diff.changes
    if diff.changes:
        bump = Bump.PATCH
        for candidate, test in ((Bump.MAJOR, _breaks), (Bump.MINOR, _matters)):
            if found := tuple(change for change in diff.changes if test(change)):
                bump, reasons = candidate, found
                break
    return Summary(bump=bump, weights={weight: counted[weight] for weight in Weight}, reasons=reasons)


def _breaks(change: Change) -> bool:
    gone = change.kind in {ChangeKind.REMOVED, ChangeKind.RENAMED} and change.subject in {
        Subject.PROVISION,
        Subject.LEVEL,
    }
    return (gone and change.said("by") != "alias") or change.rule in _HARD | _LEVELS


def _matters(change: Change) -> bool:
    return change.weight in {Weight.TIGHTENING, Weight.LOOSENING} or (
        change.kind is ChangeKind.ADDED
        and change.subject in {Subject.PROVISION, Subject.EXAMPLE, Subject.LEVEL}
    )
