"""A labelling → why each item has its label: the rule that decides, and the items that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def reasons_of(framework: Framework, labels: Sequence[Label]) -> tuple[Reason, ...]:
    """Return the reason of each candidate, in the order of the case."""
    return tuple(_reason(framework, labels, place) for place in range(len(labels)))


def _reason(framework: Framework, labels: Sequence[Label], place: int) -> Reason:
    label = labels[place]
    if label is Label.IN:
        rule, because = _why_in(framework, labels, place)
    else:
        rule, because = _why_attacked(framework, labels, place)
    return Reason(
        item=framework.candidates[place].item.id,
        label=label,
        rule=rule,
        because=tuple(framework.candidates[other].item.id for other in because),
    )


def _why_attacked(framework: Framework, labels: Sequence[Label], place: int) -> tuple[str, tuple[int, ...]]:
    """Return what keeps an item from being in: attackers that are in, or undecided like itself, or its support."""
    decisive = Label.IN if labels[place] is Label.OUT else Label.UNDECIDED
    attackers = [other for other in framework.attackers[place] if labels[other] is decisive]
    if attackers:
        return _sharpest(framework, place, attackers)
    return SUPPORT, framework.supporters[place]


def _sharpest(framework: Framework, place: int, attackers: Iterable[int]) -> tuple[str, tuple[int, ...]]:
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


def _why_in(framework: Framework, labels: Sequence[Label], place: int) -> tuple[str, tuple[int, ...]]:
    """Return what defeats its attackers; where it has none, what it defeats; else what gives it a say."""
    threats = framework.attackers[place]
    if threats:
        rescuers: dict[int, str] = {}
        rules: list[str] = []
        for threat in sorted(threats):
            rule, defeaters = _why_attacked(framework, labels, threat)
            rules.append(rule)
            rescuers.update(dict.fromkeys(defeaters, rule))
        return rules[0], tuple(sorted(rescuers))
    beaten = sorted(framework.targets[place])
    if beaten:
        exempted = [other for other in beaten if place in framework.exempted_by[other]]
        rule = EXCEPTION if exempted else framework.compare(place, beaten[0]).rule.id
        return rule, tuple(exempted or beaten)
    supporters = tuple(other for other in framework.supporters[place] if labels[other] is Label.IN)
    return (SUPPORT, supporters) if supporters else ("", ())
