"""A case and a spec → the decision: labels, the reason of each, what is to be done on each issue, and what is owed."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sphinx_policyspec.decision.framework import Framework, framework_of, grounded
from sphinx_policyspec.decision.precedence import Candidate, Norms, Standing, standing_of
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Case, Duty, Label, Outcome, OverrideMode, Status, Value

DISCLOSE_ISSUE = "disclose"
"""An item on this issue that is in, and whose value is ``false``, forbids saying what is not followed."""


def _outcomes_of(case: Case, framework: Framework, labels: Sequence[Label]) -> dict[str, Outcome]:
    """Return the outcome of each issue, in the order in which the case names them."""
    in_force: dict[str, list[Value]] = {item.issue: [] for item in case.items}
    undecided: dict[str, list[Candidate]] = {issue: [] for issue in in_force}
    for candidate, label in _labelled(framework, labels):
        if label is Label.IN:
            in_force[candidate.item.issue].append(candidate.item.value)
        elif label is Label.UNDECIDED:
            undecided[candidate.item.issue].append(candidate)
    return {
        issue: Outcome(values=_distinct(values))
        if values
        else Outcome(status=_status(case, undecided[issue]))
        for issue, values in in_force.items()
    }


def _labelled(framework: Framework, labels: Sequence[Label]) -> Iterator[tuple[Candidate, Label]]:
    return zip(framework.candidates, labels, strict=True)


def _distinct(values: list[Value]) -> tuple[Value, ...]:
    """Return values once each, in an order that is not that of the items."""
    by_text = {(str(value), type(value).__name__): value for value in values}
    return tuple(by_text[key] for key in sorted(by_text))


def _status(case: Case, undecided: list[Candidate]) -> Status:
    if not undecided:
        return Status.PERMIT
    if any(candidate.override is OverrideMode.NEVER for candidate in undecided):
        return Status.INACTION
    return Status.CLARIFY if case.semantics.interactive else Status.BEST_GUESS


def _duties_of(
    case: Case, framework: Framework, labels: Sequence[Label], norms: Norms
) -> dict[Duty, tuple[str, ...]]:
    """Return the items that each duty is about, in the order of the case; duties about none are left out."""
    silenced = any(
        candidate.item.issue == DISCLOSE_ISSUE and candidate.item.value is False
        for candidate, label in _labelled(framework, labels)
        if label is Label.IN
    )
    owed = {
        Duty.DISCLOSE: () if silenced else tuple(_overruled(framework, labels, norms)),
        Duty.CONFIRM: tuple(_doubtful(case, framework, labels)),
    }
    return {duty: items for duty, items in owed.items() if items}


def _overruled(framework: Framework, labels: Sequence[Label], norms: Norms) -> Iterator[str]:
    """Yield messages of those whom the assistant serves that are out because of somebody who could have allowed them.

    That is a message or norm of a higher level, except a norm that nothing overrides: a rule that nobody can set aside is
    public, and a refusal by it says enough.
    """
    for place, candidate in enumerate(framework.candidates):
        if candidate.is_norm or candidate.rank != norms.ask_rank or labels[place] is not Label.OUT:
            continue
        winners = (framework.candidates[o] for o in framework.attackers[place] if labels[o] is Label.IN)
        if any(_could_have_allowed(winner) and winner.rank < candidate.rank for winner in winners):
            yield candidate.item.id


def _could_have_allowed(winner: Candidate) -> bool:
    return not (winner.is_norm and winner.override is OverrideMode.NEVER)


def _doubtful(case: Case, framework: Framework, labels: Sequence[Label]) -> Iterator[str]:
    """Yield items that cannot be undone, and either speak by delegation or look mistaken."""
    delegated = {
        candidate.item.id
        for candidate, label in _labelled(framework, labels)
        if candidate.depth and label is Label.IN
    }
    for item in case.items:
        is_delegated = item.id in delegated
        if item.irreversible and (is_delegated or (item.mistaken and item.active)):
            yield item.id


EXCEPTION = "exception"
"""In place of a rule of strength: an exception takes something out of force."""
SUPPORT = "support"
"""In place of a rule of strength: an item that speaks by delegation shares the fate of whoever delegates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason(Brief):
    """Why an item has its label.

    :param rule: id of a rule of strength, ``exception`` or ``support``; empty where nothing opposes the item, or it
        takes no part
    :param because: ids of the items that it rests on. Of one that is out: those in that defeat it, or those out that
        gave it a say. Of one that is undecided: the undecided ones that it hangs on. Of one that is in: those that
        defeat its attackers, else those that it defeats itself, else those that give it a say
    """

    item: str
    label: Label
    rule: str = ""
    because: tuple[str, ...] = ()


_Why = tuple[str, tuple[int, ...]]
"""A rule and the places that it rests on."""


def reasons_of(framework: Framework, labels: Sequence[Label]) -> tuple[Reason, ...]:
    """Return the reason of each candidate, in the order of the case."""
    # An item is in because of why its attackers are out, and many items can share those.
    why = {
        place: _why_attacked(framework, labels, place)
        for place, label in enumerate(labels)
        if label is not Label.IN
    }
    why |= {
        place: _why_in(framework, labels, place, why)
        for place, label in enumerate(labels)
        if label is Label.IN
    }
    names = [candidate.item.id for candidate in framework.candidates]
    return tuple(
        Reason(item=names[place], label=label, rule=rule, because=tuple(names[other] for other in because))
        for place, label in enumerate(labels)
        for rule, because in [why[place]]
    )


def _why_attacked(framework: Framework, labels: Sequence[Label], place: int) -> _Why:
    """Return what keeps an item from being in: attackers that are in, or undecided like itself, or its support."""
    decisive = Label.IN if labels[place] is Label.OUT else Label.UNDECIDED
    attackers = [other for other in framework.attackers[place] if labels[other] is decisive]
    if attackers:
        return _sharpest(framework, place, attackers)
    return SUPPORT, framework.supporters[place]


def _sharpest(framework: Framework, place: int, attackers: Iterable[int]) -> _Why:
    """Return the attackers by an exception, else those that are stronger, else those that are as strong; all by one rule."""
    by_rule: dict[tuple[int, str], list[int]] = {}
    for other in attackers:
        if other in framework.exempted_by[place]:
            by_rule.setdefault((0, EXCEPTION), []).append(other)
        else:
            outcome = framework.compare(other, place)
            by_rule.setdefault((1 if outcome.winner == 1 else 2, outcome.rule.id), []).append(other)
    best = min(by_rule)
    return best[1], tuple(sorted(by_rule[best]))


def _why_in(framework: Framework, labels: Sequence[Label], place: int, why: Mapping[int, _Why]) -> _Why:
    """Return what defeats its attackers; where it has none, what it defeats; else what gives it a say."""
    threats = framework.attackers[place]
    if threats:
        defeats = [why[threat] for threat in sorted(threats)]
        return defeats[0][0], tuple(sorted({place for _rule, defeaters in defeats for place in defeaters}))
    beaten = sorted(framework.targets[place])
    if beaten:
        exempted = [other for other in beaten if place in framework.exempted_by[other]]
        rule = EXCEPTION if exempted else framework.compare(place, beaten[0]).rule.id
        return rule, tuple(exempted or beaten)
    supporters = tuple(other for other in framework.supporters[place] if labels[other] is Label.IN)
    return (SUPPORT, supporters) if supporters else ("", ())


class DifferenceKind(enum.StrEnum):
    """What a decision and its case differ about; the duties have their own names."""

    LABEL = "label"
    OUTCOME = "outcome"
    DISCLOSE = "disclose"
    CONFIRM = "confirm"


class Difference(NamedTuple):
    """A difference between a decision and what its case expects.

    :param name: of the item or issue
    :param found: a label, an outcome, or the ids of items
    """

    kind: DifferenceKind
    name: str
    found: str | Outcome | tuple[str, ...]
    expected: str | Outcome | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Decision(Brief):
    """The result of a case.

    :param labels: by item, in the order of the case
    :param outcomes: by issue, in the order in which the case names them
    :param duties: by duty, the items that it is about
    :param reasons: one for each item, in the order of the case
    :param standing: the authority of each item
    :param framework: who attacks, exempts and supports whom
    """

    case: Case
    labels: Mapping[str, Label]
    outcomes: Mapping[str, Outcome]
    duties: Mapping[Duty, tuple[str, ...]]
    reasons: tuple[Reason, ...]
    standing: Mapping[str, Standing]
    framework: Framework

    @cached_property
    def attacks(self) -> tuple[tuple[str, str], ...]:
        """Who attacks whom, by id, in the order of the case."""
        names = [candidate.item.id for candidate in self.framework.candidates]
        return tuple(
            (names[place], names[target])
            for place, targets in enumerate(self.framework.targets)
            for target in targets
        )

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The differences from what the case expects; empty also where it expects nothing."""
        expected = self.case.expect
        if expected is None:
            return ()
        return (
            *(
                Difference(DifferenceKind.LABEL, item, self.labels[item].value, label.value)
                for item, label in expected.labels
                if self.labels[item] is not label
            ),
            *(
                Difference(DifferenceKind.OUTCOME, issue, self.outcomes[issue], outcome)
                for issue, outcome in expected.outcomes
                if not same_outcome(self.outcomes[issue], outcome)
            ),
            *(
                Difference(DifferenceKind(duty.value), "", self.duties.get(duty, ()), items)
                for duty, items in expected.duties
                if set(self.duties.get(duty, ())) != set(items)
            ),
        )

    @property
    def as_expected(self) -> bool | None:
        """Whether it is what the case expects; ``None`` where it expects nothing."""
        return None if self.case.expect is None else not self.differences


def decide(case: Case, norms: Norms) -> Decision:
    """Decide a case that has no :func:`problems`."""
    framework = framework_of(case, norms)
    candidate_labels = grounded(framework)
    names = [candidate.item.id for candidate in framework.candidates]
    by_id = dict(zip(names, candidate_labels, strict=True))
    labels = {item.id: by_id.get(item.id, Label.NOT_A_CANDIDATE) for item in case.items}
    reasons = {reason.item: reason for reason in reasons_of(framework, candidate_labels)}
    return Decision(
        case=case,
        labels=labels,
        outcomes=_outcomes_of(case, framework, candidate_labels),
        duties=_duties_of(case, framework, candidate_labels, norms),
        reasons=tuple(reasons.get(name) or Reason(item=name, label=label) for name, label in labels.items()),
        standing=standing_of(case, norms),
        framework=framework,
    )


def same_outcome(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes are the same, whatever the order of values that are together."""
    return one.status is other.status and _keys(one.values) == _keys(other.values)


def _keys(values: tuple[Value, ...]) -> set[tuple[bool, Value]]:
    return {(isinstance(value, bool), value) for value in values}
