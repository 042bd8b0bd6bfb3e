"""The laws hold: in random universes, and in every small one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.decision.laws import LAWS, Law
from tests.decision.universes import Universe, random_universe, small_universes, universes


def broken(universe: Universe) -> list[tuple[str, str]]:
    return [(law.__name__, found) for law in LAWS for found in law(universe)]


# All laws in one: to make a universe up costs more than to look at it.
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(universe=universes())
def test_every_law_holds_in_generated_universes(universe: Universe) -> None:
    assert broken(universe) == []


@pytest.mark.parametrize("size", [1, 2])
def test_every_law_holds_in_every_small_universe(size: int) -> None:
    for universe in small_universes(size):
        assert broken(universe) == [], universe.case


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_holds_in_every_universe_of_three(law: Law) -> None:
    for universe in small_universes(3):
        assert list(law(universe)) == [], universe.case


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_holds_in_many_universes(law: Law) -> None:
    for seed in range(3_000):
        universe = random_universe(seed, most=8)
        assert list(law(universe)) == [], universe.case
