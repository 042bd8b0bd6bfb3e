"""Labels → what is to be done on each issue, and what is owed beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sphinx_policyspec.decision.candidates import Candidate
from sphinx_policyspec.decision.framework import Framework
from sphinx_policyspec.decision.norms import Norms
from sphinx_policyspec.model import Case, Duty, Label, Outcome, OverrideMode, Status, Value

__all__ = ["DISCLOSE_ISSUE", "duties_of", "outcomes_of"]

DISCLOSE_ISSUE = "disclose"
"""An item on this issue that is in, and whose value is ``false``, forbids to say what is not followed."""


def outcomes_of(case: Case, framework: Framework, labels: Sequence[Label]) -> dict[str, Outcome]:
    """Return the outcome of each issue, in the order in which the case names them."""
    held: dict[str, list[Value]] = {item.issue: [] for item in case.items}
    undecided: dict[str, list[Candidate]] = {issue: [] for issue in held}
    for candidate, label in _labelled(framework, labels):
        if label is Label.IN:
            held[candidate.item.issue].append(candidate.item.value)
        elif label is Label.UNDECIDED:
            undecided[candidate.item.issue].append(candidate)
    return {
        issue: Outcome(values=_distinct(values))
        if values
        else Outcome(status=_status(case, undecided[issue]))
        for issue, values in held.items()
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


def duties_of(
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
    """Yield messages of those whom the assistant serves that are out because of somebody who could have let them.

    That is a higher level's message, or its norm unless nothing overrides it: a rule that nobody can set aside is
    public, and refusing by it says enough.
    """
    for place, candidate in enumerate(framework.candidates):
        if candidate.is_norm or candidate.rank != norms.ask_rank or labels[place] is not Label.OUT:
            continue
        winners = (framework.candidates[o] for o in framework.attackers[place] if labels[o] is Label.IN)
        if any(_could_have_let(winner) and winner.rank < candidate.rank for winner in winners):
            yield candidate.item.id


def _could_have_let(winner: Candidate) -> bool:
    return not (winner.is_norm and winner.override is OverrideMode.NEVER)


def _doubtful(case: Case, framework: Framework, labels: Sequence[Label]) -> Iterator[str]:
    """Yield what cannot be undone, and either speaks by delegation or looks mistaken."""
    delegated = {
        candidate.item.id
        for candidate, label in _labelled(framework, labels)
        if candidate.depth and label is Label.IN
    }
    for item in case.items:
        is_delegated = item.id in delegated
        if item.irreversible and (is_delegated or (item.mistaken and item.active)):
            yield item.id
