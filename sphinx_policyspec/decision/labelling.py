"""The grounded labelling of a framework: nothing is in or out without a reason that ends.

Dung's grounded semantics (Artificial Intelligence 77, 1995) as a labelling (Caminada, JELIA 2006), with a necessary
support: what speaks by delegation is in only if somebody who delegates is.
"""

from __future__ import annotations

from sphinx_policyspec.decision.framework import Framework
from sphinx_policyspec.model import Label

__all__ = ["grounded"]


def grounded(framework: Framework) -> tuple[Label, ...]:
    """Return the label of each candidate: in, out or undecided.

    In is whoever all attackers are out of, and whom somebody in supports where it needs support; out is whom somebody
    in attacks, or all supporters are out of. The labels are the least that fit, so what only hangs on itself stays
    undecided. Takes time linear in attacks and supports.
    """
    return _Labelling(framework).run()


class _Labelling:
    """Settles one candidate after another; what nothing settles is undecided."""

    def __init__(self, framework: Framework) -> None:
        self.framework = framework
        self.labels = [Label.UNDECIDED] * len(framework.candidates)
        self.threats = [len(attackers) for attackers in framework.attackers]
        """By place, how many attackers are not out."""
        self.hopes = [len(supporters) for supporters in framework.supporters]
        """By place, how many supporters are not out."""
        self.is_supported = [not supporters for supporters in framework.supporters]
        self.dependants: list[list[int]] = [[] for _ in framework.candidates]
        for place, supporters in enumerate(framework.supporters):
            for supporter in supporters:
                self.dependants[supporter].append(place)
        self.pending: list[int] = []

    def run(self) -> tuple[Label, ...]:
        for place in range(len(self.labels)):
            self._admit(place)
        while self.pending:
            place = self.pending.pop()
            if self.labels[place] is Label.IN:
                self._spread_in(place)
            else:
                self._spread_out(place)
        return tuple(self.labels)

    def _settle(self, place: int, label: Label) -> None:
        if self.labels[place] is Label.UNDECIDED:
            self.labels[place] = label
            self.pending.append(place)

    def _admit(self, place: int) -> None:
        if self.threats[place] == 0 and self.is_supported[place]:
            self._settle(place, Label.IN)

    def _spread_in(self, place: int) -> None:
        for target in self.framework.targets[place]:
            self._settle(target, Label.OUT)
        for dependant in self.dependants[place]:
            self.is_supported[dependant] = True
            self._admit(dependant)

    def _spread_out(self, place: int) -> None:
        for target in self.framework.targets[place]:
            self.threats[target] -= 1
            self._admit(target)
        for dependant in self.dependants[place]:
            self.hopes[dependant] -= 1
            if self.hopes[dependant] == 0:
                self._settle(dependant, Label.OUT)
