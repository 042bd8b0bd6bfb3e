"""A case and a spec → the decision, with everything that it rests on."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sphinx_policyspec.decision.candidates import Standing, standing_of
from sphinx_policyspec.decision.framework import Framework, framework_of
from sphinx_policyspec.decision.labelling import grounded
from sphinx_policyspec.decision.norms import Norms
from sphinx_policyspec.decision.outcomes import duties_of, outcomes_of
from sphinx_policyspec.decision.reasons import Reason, reasons_of
from sphinx_policyspec.model import Case, Duty, Label, Outcome, Value

__all__ = ["Decision", "Difference", "DifferenceKind", "decide", "same_outcome"]


class DifferenceKind(enum.StrEnum):
    """What a decision and its case differ about; the duties have their own names."""

    LABEL = "label"
    OUTCOME = "outcome"
    DISCLOSE = "disclose"
    CONFIRM = "confirm"


class Difference(NamedTuple):
    """In what a decision differs from what its case expects.

    :param name: of the item or issue
    :param found: a label, an outcome, or the ids of items
    """

    kind: DifferenceKind
    name: str
    found: str | Outcome | tuple[str, ...]
    expected: str | Outcome | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a case comes to.

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
        """In what it differs from what the case expects; empty as well where it expects nothing."""
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
    found = grounded(framework)
    names = [candidate.item.id for candidate in framework.candidates]
    known = dict(zip(names, found, strict=True))
    labels = {item.id: known.get(item.id, Label.NOT_A_CANDIDATE) for item in case.items}
    given = {reason.item: reason for reason in reasons_of(framework, found)}
    return Decision(
        case=case,
        labels=labels,
        outcomes=outcomes_of(case, framework, found),
        duties=duties_of(case, framework, found, norms),
        reasons=tuple(given.get(name) or Reason(item=name, label=label) for name, label in labels.items()),
        standing=standing_of(case, norms),
        framework=framework,
    )


def same_outcome(one: Outcome, other: Outcome) -> bool:
    """Tell whether two outcomes are the same, whatever the order of values that stand together."""
    return one.status is other.status and _keys(one.values) == _keys(other.values)


def _keys(values: tuple[Value, ...]) -> set[tuple[bool, Value]]:
    return {(isinstance(value, bool), value) for value in values}
