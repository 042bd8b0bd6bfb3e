"""Wrong readings of the semantics: each is told from the right one by a worked case or a law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sphinx_policyspec.decision import decision, framework, precedence
from sphinx_policyspec.decision.framework import Framework
from sphinx_policyspec.decision.precedence import Candidate, Grant, Norms
from sphinx_policyspec.model import Item, Label, OverrideMode
from tests.decision.laws import LAWS
from tests.decision.universes import random_universe
from tests.decision.worked import WORKED, decisions

Patch = pytest.MonkeyPatch


def _rule(patch: Patch, name: str, decide_instead: Callable[..., int | None]) -> None:
    rules = tuple(
        replace(rule, decide=decide_instead) if rule.id == name else rule
        for rule in precedence.STRENGTH_RULES
    )
    patch.setattr(precedence, "STRENGTH_RULES", rules)


def _reversed(patch: Patch, name: str) -> None:
    right = next(rule.decide for rule in precedence.STRENGTH_RULES if rule.id == name)
    _rule(patch, name, lambda one, other, context: right(other, one, context))


def guard_off(patch: Patch) -> None:
    _rule(patch, "R0", lambda *_: None)


def recency_reversed(patch: Patch) -> None:
    def earlier(one: Candidate, other: Candidate, _context: object) -> int:
        return (one.turn < other.turn) - (one.turn > other.turn)

    rules = precedence.STRENGTH_RULES
    patch.setattr(
        precedence, "STRENGTH_RULES", (*rules[:-1], replace(rules[-1], decide=earlier, by_time=False))
    )
    patch.setattr(Candidate, "kind", property(lambda self: (id(self),)))


def lower_wins(patch: Patch) -> None:
    _reversed(patch, "R1")


def scope_ignored(patch: Patch) -> None:
    def grants(item: Item) -> tuple[Grant, ...]:
        return ((item.delegates.source, ""),) if item.delegates else ()

    right = precedence.grant_needed

    def needed(item: Item, norms: Norms) -> Grant | None:
        return (item.source, "") if right(item, norms) else None

    patch.setattr(precedence, "grants_of", grants)
    patch.setattr(precedence, "grant_needed", needed)


def no_reinstatement(patch: Patch) -> None:
    def first_round(frame: Framework) -> tuple[Label, ...]:
        return tuple(Label.OUT if attackers else Label.IN for attackers in frame.attackers)

    patch.setattr(decision, "grounded", first_round)


def root_decided_by_order(patch: Patch) -> None:
    def by_order(one: Candidate, other: Candidate, _context: object) -> int | None:
        return 1 if one.item.id < other.item.id and one.override is OverrideMode.NEVER else None

    _rule(patch, "R2", by_order)


def exception_too_wide(patch: Patch) -> None:
    right = framework.exemptions

    def every_category(exception: Candidate, norms: Norms) -> set[tuple[str, str]]:
        found = right(exception, norms)
        return found | {("category", name) for name in norms.categories} if found else found

    patch.setattr(framework, "exemptions", every_category)


def exception_too_narrow(patch: Patch) -> None:
    patch.setattr(
        framework, "exemptions", lambda exception, _norms: {("item", n) for n in exception.item.exempts}
    )


def exception_without_limits(patch: Patch) -> None:
    patch.setattr(Norms, "spares", lambda *_: False)


def system_is_root(patch: Patch) -> None:
    right = Norms.mode
    patch.setattr(Norms, "mode", lambda self, rank: OverrideMode.NEVER if rank < 2 else right(self, rank))


def delegated_is_direct(patch: Patch) -> None:
    _rule(patch, "R3", lambda *_: None)


MUTANTS = (
    guard_off,
    recency_reversed,
    lower_wins,
    scope_ignored,
    no_reinstatement,
    root_decided_by_order,
    exception_too_wide,
    exception_too_narrow,
    exception_without_limits,
    system_is_root,
    delegated_is_direct,
)


def broken() -> Iterator[str]:
    """Yield what worked cases and laws say against the present reading, until it is enough."""
    for worked in decisions(WORKED):
        yield from (f"{worked.case.title}: {difference.name}" for difference in worked.differences)
    for seed in range(40):
        universe = random_universe(seed)
        yield from (f"{law.__name__}: {found}" for law in LAWS for found in law(universe))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_reading_is_found_out(mutant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mutant(monkeypatch)
    assert next(broken(), None) is not None


def test_the_right_reading_is_not() -> None:
    assert next(broken(), None) is None
