"""What each rule decides, in words and for programs."""

from __future__ import annotations

import itertools

import pytest

from sphinx_policyspec.decision import STRENGTH_RULES, Decision
from sphinx_policyspec.decision.framework import framework_of
from sphinx_policyspec.decision.labelling import grounded
from sphinx_policyspec.model import Label
from tests.decision.universes import Universe, random_universe, small_universes
from tests.decision.worked import NORMS, WORKED, decisions

ALL = decisions(WORKED)


@pytest.mark.parametrize("decision", ALL, ids=lambda decision: decision.case.title)
def test_a_worked_case_is_decided_as_it_says(decision: Decision) -> None:
    assert decision.differences == ()


def test_every_rule_decides_something() -> None:
    told = {reason.rule for decision in ALL for reason in decision.reasons}
    assert told == {"", "exception", "support", *(rule.id for rule in STRENGTH_RULES)}
    assert [rule.id for rule in STRENGTH_RULES] == [f"R{number}" for number in range(8)]


def test_the_labels_are_the_least_that_fit() -> None:
    for universe in (*small_universes(2), *(random_universe(seed, most=5) for seed in range(150))):
        framework = framework_of(universe.case, universe.norms)
        found = grounded(framework)
        fitting = list(fitting_labels(universe))
        assert found in fitting
        for labels in fitting:
            decided = [place for place, label in enumerate(found) if label is not Label.UNDECIDED]
            assert all(labels[place] is found[place] for place in decided)


def fitting_labels(universe: Universe) -> list[tuple[Label, ...]]:
    """Return every labelling in which each label is what those of attackers and delegators ask for."""
    framework = framework_of(universe.case, universe.norms)
    places = range(len(framework.candidates))

    def asked(labels: tuple[Label, ...], place: int) -> Label:
        attackers = {labels[other] for other in framework.attackers[place]}
        support = {labels[other] for other in framework.supporters[place]}
        if Label.IN in attackers or (support and support <= {Label.OUT}):
            return Label.OUT
        if attackers <= {Label.OUT} and (not support or Label.IN in support):
            return Label.IN
        return Label.UNDECIDED

    labels = (Label.IN, Label.OUT, Label.UNDECIDED)
    every = itertools.product(labels, repeat=len(framework.candidates))
    return [chosen for chosen in every if all(asked(chosen, place) is chosen[place] for place in places)]


def test_differences_are_told() -> None:
    (decision,) = decisions(
        """\
title: wrong in everything
items:
  - {id: high, from: developer, turn: 1, issue: x, value: 1}
  - {id: low, from: user, turn: 2, issue: x, value: true}
expect:
  labels: {high: out}
  outcomes: {x: true}
  duties: {disclose: [high, low], confirm: []}
"""
    )
    assert decision.as_expected is False
    assert decision.differences == (
        "`high` is in, not out",
        "`x` comes to `1`, not `True`",
        "the duty to disclose is about `low`, not `high` and `low`",
    )


def test_a_case_without_expectations_is_neither_right_nor_wrong() -> None:
    (decision,) = decisions("items: [{id: a, from: user, issue: x, value: 1}]")
    assert decision.as_expected is None
    assert decision.differences == ()


def test_true_is_not_one_and_one_is_one() -> None:
    (decision,) = decisions(
        "items: [{id: a, from: user, turn: 1, issue: x, value: true}, {id: b, from: user, turn: 1, issue: x, value: 1},"
        " {id: c, from: user, turn: 1, issue: y, value: 1}, {id: d, from: user, turn: 1, issue: y, value: 1.0}]"
    )
    assert [label.value for label in decision.labels.values()] == ["undecided", "undecided", "in", "in"]


def test_under_the_guard_who_sets_a_default_aside_frees_what_it_had_stopped() -> None:
    """T12 does not hold there; the documentation says so."""
    before, after = decisions(
        """\
- items: &items
  - {id: meant, from: developer, mode: implicit, turn: 1, issue: x, value: a}
  - {id: norm, principle: of_user, issue: x, value: b}
- items:
  - {id: meant, from: developer, mode: implicit, turn: 1, issue: x, value: a}
  - {id: norm, principle: of_user, issue: x, value: b}
  - {id: said, from: user, turn: 2, issue: x, value: a}
"""
    )
    assert (before.labels["meant"], after.labels["meant"]) == (Label.OUT, Label.IN)


def test_the_norms_of_a_spec_without_levels_decide_nothing() -> None:
    assert NORMS.ask_rank == 3
