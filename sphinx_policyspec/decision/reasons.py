"""A labelling → why each item has its label: the rule that decides, and the items that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sphinx_policyspec.decision.framework import Framework
from sphinx_policyspec.model import Label

__all__ = ["EXCEPTION", "SUPPORT", "Reason", "reasons_of"]

EXCEPTION = "exception"
"""In place of a rule of strength: an exception takes something out of force."""
SUPPORT = "support"
"""In place of a rule of strength: what speaks by delegation shares the fate of who delegates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
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
    # What is in rests on why its attackers are out, and many can share those.
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
    """Return the attackers by an exception, else those that are stronger, else those that are as strong; one rule's."""
    by_rule: dict[tuple[int, str], list[int]] = {}
    for other in attackers:
        if other in framework.exempted_by[place]:
            by_rule.setdefault((0, EXCEPTION), []).append(other)
        else:
            found = framework.compare(other, place)
            by_rule.setdefault((1 if found.winner == 1 else 2, found.rule.id), []).append(other)
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
