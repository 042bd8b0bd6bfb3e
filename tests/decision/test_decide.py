"""What each rule decides, in words and for programs."""

from __future__ import annotations

import itertools

import pytest

from sphinx_policyspec.decision import STRENGTH_RULES
from sphinx_policyspec.decision.framework import framework_of, grounded
from sphinx_policyspec.exports.decisions import difference_sentences
from sphinx_policyspec.model import Label
from tests.decision.universes import Universe, random_universe, small_universes
from tests.decision.worked import BY_TITLE, NORMS, WORKED, decisions


@pytest.mark.parametrize("title", BY_TITLE)
def test_a_worked_case_is_decided_as_it_says(title: str) -> None:
    (decision,) = decisions(BY_TITLE[title])
    assert decision.case.title == title
    assert decision.differences == ()
    assert decision.as_expected


def test_every_rule_decides_something() -> None:
    told = {reason.rule for decision in decisions(WORKED) for reason in decision.reasons}
    assert told == {"", "exception", "support", *(rule.id for rule in STRENGTH_RULES)}
    assert [rule.id for rule in STRENGTH_RULES] == [f"R{number}" for number in range(8)]


REASONS = """\
title: reasons
items:
  - {id: rule, principle: fixed, issue: x, value: a}
  - {id: forbids, from: developer, turn: 1, issue: x, value: b}
  - {id: asked, from: user, turn: 2, issue: x, value: a}
  - {id: transform, principle: transform, issue: e, value: a}
  - {id: content, principle: fixed_too, issue: e, value: b}
  - {id: please, from: user, turn: 2, issue: e, value: a}
  - {id: one, principle: of_user_too, issue: u, value: a}
  - {id: two, principle: of_user_third, issue: u, value: b}
  - {id: three, from: user, mode: implicit, issue: u, value: c}
  - {id: gives, from: user, turn: 1, issue: g, value: a, delegates: {source: s, scope: [t]}}
  - {id: text, from: tool, source: s, issue: t, value: a}
  - {id: either, from: user, turn: 3, issue: h, value: a, delegates: {source: v, scope: [w]}}
  - {id: or, from: user, turn: 3, issue: h, value: b}
  - {id: hangs, from: tool, source: v, issue: w, value: a}
  - {id: idle, from: user, issue: z, value: a, active: false}
  - {id: quiet, from: user, issue: q, value: a}
  - {id: high, from: system, turn: 1, issue: m, value: a}
  - {id: middle, from: developer, turn: 1, issue: m, value: b}
  - {id: low, from: user, turn: 1, issue: m, value: c}
"""


def test_each_label_rests_on_a_rule_and_on_items() -> None:
    (decision,) = decisions(REASONS)
    told = {r.item: (r.label.value, r.rule, r.because) for r in decision.reasons}
    assert told == {
        "rule": ("in", "R1", ("forbids",)),
        "forbids": ("out", "R1", ("rule",)),
        "asked": ("in", "R1", ("rule",)),
        "transform": ("in", "exception", ("content",)),
        "content": ("out", "exception", ("transform",)),
        "please": ("in", "exception", ("transform",)),
        "one": ("undecided", "R4", ("two",)),
        "two": ("undecided", "R4", ("one",)),
        "three": ("undecided", "R0", ("one", "two")),
        "gives": ("in", "", ()),
        "text": ("in", "support", ("gives",)),
        "either": ("undecided", "R7", ("or",)),
        "or": ("undecided", "R7", ("either",)),
        "hangs": ("undecided", "support", ("either",)),
        "idle": ("not-a-candidate", "", ()),
        "quiet": ("in", "", ()),
        "high": ("in", "R1", ("middle", "low")),
        "middle": ("out", "R1", ("high",)),
        "low": ("out", "R1", ("high",)),
    }


@pytest.mark.parametrize("turns", [(1, 2), (2, 1)])
def test_the_later_message_wins_whatever_sets_the_two_apart(turns: tuple[int, int]) -> None:
    (decision,) = decisions(
        f"""\
items:
  - {{id: one, from: user, turn: {turns[0]}, category: sensitive, issue: x, value: a}}
  - {{id: other, from: user, turn: {turns[1]}, issue: x, value: b}}
"""
    )
    assert [label.value for label in decision.labels.values()] == (
        ["out", "in"] if turns == (1, 2) else ["in", "out"]
    )


def test_a_say_has_the_rank_of_who_gives_it_and_counts_the_steps() -> None:
    (decision,) = decisions(
        """\
items:
  - {id: gives, from: developer, turn: 1, issue: y, value: a, delegates: {source: wiki, scope: [x, z]}}
  - {id: near, from: tool, source: wiki, issue: x, value: a}
  - {id: passes, from: tool, source: wiki, issue: z, value: a, delegates: {source: mail, scope: [x]}}
  - {id: far, from: tool, source: mail, issue: x, value: a}
  - {id: own, from: user, source: wiki, issue: x, value: a}
  - {id: unnamed, from: tool, issue: x, value: a}
"""
    )
    told = {name: (found.rank, found.depth, found.delegators) for name, found in decision.standing.items()}
    assert told == {
        "gives": (2, 0, ()),
        "near": (2, 1, ("gives",)),
        "passes": (2, 1, ("gives",)),
        "far": (2, 2, ("passes",)),
        "own": (3, 0, ()),
        "unnamed": (None, 0, ()),
    }


COMPARED = """\
title: each rule, between two
semantics: {strict: true}
items:
  - {id: guarded, principle: of_user, issue: r0, value: a}
  - {id: wished, from: system, mode: implicit, issue: r0, value: b}
  - {id: higher, from: developer, turn: 1, issue: r1, value: a}
  - {id: lower, from: user, turn: 2, issue: r1, value: b}
  - {id: fixed, principle: fixed, issue: r2, value: a}
  - {id: fixed-too, principle: fixed_too, issue: r2, value: b}
  - {id: direct, from: user, turn: 1, issue: r3, value: a, delegates: {source: s, scope: [r3]}}
  - {id: delegated, from: tool, source: s, turn: 2, issue: r3, value: b}
  - {id: preferred, principle: of_user, issue: r4, value: a}
  - {id: yielding, principle: of_user_too, issue: r4, value: b}
  - {id: unordered, principle: of_user_third, issue: r4-tie, value: a}
  - {id: unordered-too, principle: of_user_too, issue: r4-tie, value: b}
  - {id: said, from: user, turn: 1, issue: r5, value: a}
  - {id: default, principle: of_user, issue: r5, value: b}
  - {id: default-too, principle: soft, issue: r5-implied, value: a}
  - {id: hinted, level: guideline, mode: implicit, turn: 1, issue: r5-implied, value: b}
  - {id: explicit, from: user, turn: 1, issue: r6, value: a}
  - {id: implicit, from: user, turn: 2, mode: implicit, issue: r6, value: b}
  - {id: later, from: user, turn: 2, issue: r7, value: a}
  - {id: earlier, from: user, turn: 1, issue: r7, value: b}
  - {id: at-once, from: user, turn: 1, issue: r7-tie, value: a}
  - {id: at-once-too, from: user, turn: 1, issue: r7-tie, value: b}
"""


def test_each_rule_says_the_same_both_ways_round() -> None:
    (decision,) = decisions(COMPARED)
    told = {}
    for one, other in itertools.pairwise(range(len(decision.case.items))):
        issue = decision.case.items[one].issue
        if decision.case.items[other].issue == issue:
            there, back = decision.framework.compare(one, other), decision.framework.compare(other, one)
            assert there.rule is back.rule
            assert there.winner == -back.winner
            told[issue] = (there.rule.id, there.winner)
    assert told == {
        "r0": ("R0", 1),
        "r1": ("R1", 1),
        "r2": ("R2", 0),
        "r3": ("R3", 1),
        "r4": ("R4", 1),
        "r4-tie": ("R4", 0),
        "r5": ("R5", 1),
        "r5-implied": ("R5", 1),
        "r6": ("R6", 1),
        "r7": ("R7", 1),
        "r7-tie": ("R7", 0),
    }


SHARPEST = """\
title: of several causes the sharpest is told
items:
  - {id: transform, principle: transform, issue: e, value: a}
  - {id: fixed, principle: fixed, issue: x, value: a}
  - {id: content, principle: of_system, issue: x, value: b}
  - {id: said, from: user, turn: 1, issue: y, value: a}
  - {id: equal, principle: of_user_too, issue: y, value: a}
  - {id: norm, principle: of_user_third, issue: y, value: b}
"""


def test_an_exception_is_told_before_a_stronger_one_and_that_before_an_equal_one() -> None:
    (decision,) = decisions(SHARPEST)
    told = {reason.item: (reason.label.value, reason.rule, reason.because) for reason in decision.reasons}
    assert told["content"] == ("out", "exception", ("transform",))
    assert told["norm"] == ("out", "R5", ("said",))
    assert decision.attacks == (
        ("transform", "content"),
        ("fixed", "content"),
        ("said", "norm"),
        ("equal", "norm"),
        ("norm", "equal"),
    )
    assert {name: standing.rank for name, standing in decision.standing.items()} == {
        "transform": 0,
        "fixed": 0,
        "content": 1,
        "said": 3,
        "equal": 3,
        "norm": 3,
    }


def test_outcomes_are_told_by_issue() -> None:
    (decision,) = decisions(REASONS)
    told = {issue: o.status.value if o.status else o.values for issue, o in decision.outcomes.items()}
    assert told == {
        "x": ("a",),
        "e": ("a",),
        "u": "clarify",
        "g": ("a",),
        "t": ("a",),
        "h": "clarify",
        "w": "clarify",
        "z": "permit",
        "q": ("a",),
        "m": ("a",),
    }
    assert {duty.value: items for duty, items in decision.duties.items()} == {"disclose": ("low",)}


def test_values_that_stand_together_have_an_order_of_their_own() -> None:
    values = ("b", "true", "a", "1", "a", "'1'")
    pairs = ", ".join(f"[{one}, {other}]" for one, other in itertools.combinations(values, 2))
    text = f"compatible: {{x: [{pairs}]}}\nitems:\n" + "".join(
        f"- {{id: i{n}, from: user, turn: 1, issue: x, value: {value}}}\n" for n, value in enumerate(values)
    )
    (decision,) = decisions(text)
    assert decision.outcomes["x"].values == (1, "1", True, "a", "b")


DUTIES = """\
title: duties
items:
  - {id: default, principle: of_developer, issue: a, value: 1}
  - {id: asked-a, from: user, issue: a, value: 2}
  - {id: rule, principle: fixed, issue: b, value: 1}
  - {id: asked-b, from: user, issue: b, value: 2}
  - {id: office, from: system, issue: c, value: 1}
  - {id: branch, from: developer, issue: c, value: 2}
  - {id: early, from: user, turn: 1, issue: d, value: 1}
  - {id: late, from: user, turn: 2, issue: d, value: 2}
  - {id: norm, principle: of_user, issue: e, value: 1}
  - {id: meant, from: user, mode: implicit, issue: e, value: 2}
  - {id: gives, from: developer, turn: 1, issue: f, value: 1, delegates: {source: s, scope: [g, h]}}
  - {id: wipe, from: tool, source: s, issue: g, value: 1, irreversible: true}
  - {id: read, from: tool, source: s, issue: h, value: 1}
  - {id: direct, from: user, issue: i, value: 1, irreversible: true}
  - {id: slip, from: user, issue: j, value: 1, irreversible: true, mistaken: true}
  - {id: small-slip, from: user, issue: k, value: 1, mistaken: true}
  - {id: no-slip, from: user, issue: l, value: 1, irreversible: true, mistaken: true, active: false}
  - {id: wipe-too, from: tool, source: s, issue: g, value: 2, turn: 1, irreversible: true}
"""


def test_duties_are_about_those_who_are_served_and_what_cannot_be_undone() -> None:
    (decision,) = decisions(DUTIES)
    assert {duty.value: items for duty, items in decision.duties.items()} == {
        "disclose": ("asked-a",),
        "confirm": ("wipe", "slip"),
    }


@pytest.mark.parametrize(
    ("interactive", "status"), [("true", "clarify"), ("false", "best-guess")], ids=["asked", "alone"]
)
def test_who_cannot_ask_guesses_unless_nothing_overrides_what_collides(interactive: str, status: str) -> None:
    (decision,) = decisions(
        f"semantics: {{interactive: {interactive}}}\n"
        "items:\n- {id: a, from: user, turn: 1, issue: x, value: 1}\n- {id: b, from: user, turn: 1, issue: x, value: 2}\n"
        "- {id: c, principle: fixed, issue: y, value: 1}\n- {id: d, principle: fixed_too, issue: y, value: 2}\n"
    )
    found = [outcome.status.value if outcome.status else "" for outcome in decision.outcomes.values()]
    assert found == [status, "inaction"]


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
    assert difference_sentences(decision) == (
        "`high` is in, not out",
        "`x` comes to `1`, not `True`",
        "the duty to disclose is about `low`, not `high` and `low`",
    )


def test_a_status_and_nothing_are_words_of_a_difference() -> None:
    (decision,) = decisions(
        """\
items:
  - {id: one, from: user, turn: 1, issue: x, value: 1}
  - {id: two, from: user, turn: 1, issue: x, value: 2}
expect: {outcomes: {x: [1, 2]}, duties: {confirm: [one]}}
"""
    )
    assert difference_sentences(decision) == (
        "`x` comes to clarify, not `1` and `2`",
        "the duty to confirm is about nothing, not `one`",
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
