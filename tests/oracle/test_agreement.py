"""The implementation and the program that was written from the text of the rules decide the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.decision.universes import Universe, random_universe, small_universes
from tests.oracle.oracle import Answer, decide_by_program

QUICK = 250
SLOW = 20_000


def decided(universe: Universe) -> Answer:
    decision = universe.decision
    labels = {item: label.value for item, label in decision.labels.items()}
    outcomes: dict[str, object] = {
        issue: outcome.status.value if outcome.status else set(outcome.values)
        for issue, outcome in decision.outcomes.items()
    }
    return labels, outcomes


def in_mode(universe: Universe, *, strict: bool) -> Universe:
    semantics = replace(universe.case.semantics, strict=strict)
    return replace(universe, case=replace(universe.case, semantics=semantics))


def assert_agreement(universe: Universe) -> None:
    assert decided(universe) == decide_by_program(universe.norms.spec, universe.case), universe.case


@pytest.mark.parametrize("strict", [True, False])
def test_they_agree_on_random_frameworks(strict: bool) -> None:
    for seed in range(QUICK):
        assert_agreement(in_mode(random_universe(seed), strict=strict))


def test_they_agree_on_every_pair() -> None:
    for number, universe in enumerate(small_universes(2)):
        if number % 7 == 0:
            assert_agreement(universe)


@pytest.mark.slow
@pytest.mark.parametrize("strict", [True, False])
def test_they_agree_on_many_frameworks(strict: bool) -> None:
    for seed in range(QUICK, QUICK + SLOW):
        assert_agreement(in_mode(random_universe(seed, most=8), strict=strict))


@pytest.mark.slow
def test_they_agree_on_every_triple() -> None:
    for universe in small_universes(3):
        assert_agreement(universe)
