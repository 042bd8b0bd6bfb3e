"""Candidates → a framework of attacks and support, its grounded labelling, and what of it is too large to decide.

In the labelling, nothing is in or out without a reason that ends: Dung's grounded semantics (Artificial Intelligence 77,
1995) as a labelling (Caminada, JELIA 2006), with a necessary support: what speaks by delegation is in only if somebody
who delegates is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from sphinx_policyspec.decision.candidates import (
    Candidate,
    Norms,
    RuleOutcome,
    Strength,
    candidates_of,
    standing_of,
)
from sphinx_policyspec.model import Case, Label, Value

__all__ = ["MAX_LINKS", "Framework", "count_links", "exempted_places", "framework_of", "grounded"]

MAX_LINKS = 2_000_000
"""Conflicts, exemptions and delegations of one case; more would take minutes and gigabytes."""


def _same(value: Value) -> tuple[type, Value]:
    """Return what equal values share; Python takes ``True`` for 1, and YAML does not."""
    return (bool if isinstance(value, bool) else object, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """Candidates by place, and who attacks, exempts and supports whom.

    :param targets: by place, the places of those that it attacks
    :param attackers: the same from the other end
    :param exempted_by: by place, the exceptions that take it out of force
    :param supporters: by place, those that give it a say, any of which will do; empty where it needs none
    """

    candidates: tuple[Candidate, ...]
    strength: Strength
    targets: tuple[Sequence[int], ...]
    attackers: tuple[Sequence[int], ...]
    exempted_by: tuple[frozenset[int], ...]
    supporters: tuple[tuple[int, ...], ...]

    def compare(self, one: int, other: int) -> RuleOutcome:
        """Return which of two candidates in conflict is the stronger, and by which rule."""
        return self.strength.compare(self.candidates[one], self.candidates[other])


def framework_of(case: Case, norms: Norms) -> Framework:
    """Return the framework of a case that is not too large and has no problems."""
    candidates = candidates_of(case, norms, standing_of(case, norms))
    strength = Strength(case.semantics, norms)
    targets = _targets(case, candidates, strength)
    exempted_by = exempted_places(candidates, norms)
    exempts: list[list[int]] = [[] for _ in candidates]
    for place, exceptions in enumerate(exempted_by):
        for exception in sorted(exceptions):
            exempts[exception].append(place)
    for place, aimed in enumerate(targets):
        # Who is exempted does not attack back.
        kept = [target for target in aimed if target not in exempted_by[place]]
        targets[place] = kept + _without(exempts[place], kept)
    attackers: list[list[int]] = [[] for _ in candidates]
    for place, aimed in enumerate(targets):
        for target in aimed:
            attackers[target].append(place)
    places = {candidate.item.id: place for place, candidate in enumerate(candidates)}
    return Framework(
        candidates=candidates,
        strength=strength,
        targets=tuple(targets),
        attackers=tuple(attackers),
        exempted_by=tuple(frozenset(exceptions) for exceptions in exempted_by),
        supporters=tuple(tuple(places[name] for name in c.delegators) for c in candidates),
    )


def _without(places: list[int], others: Sequence[int]) -> list[int]:
    if not places:
        return places
    left_out = set(others)
    return [place for place in places if place not in left_out]


def _targets(case: Case, candidates: Sequence[Candidate], strength: Strength) -> list[list[int]]:
    """Return whom each candidate attacks in a conflict: those that are not stronger.

    Candidates of one kind are compared once, by their first ones; only their times differ.
    """
    issues: dict[str, dict[object, list[int]]] = {}
    for place, candidate in enumerate(candidates):
        issues.setdefault(candidate.item.issue, {}).setdefault(candidate.kind, []).append(place)
    targets: list[list[int]] = [[] for _ in candidates]
    clash = _Clash(case, candidates)
    for kinds in issues.values():
        if not clash.is_possible(kinds.values()):
            continue
        for one, other in combinations_with_replacement(kinds.values(), 2):
            found = strength.compare(candidates[one[0]], candidates[other[0]])
            if found.winner >= 0 or found.rule.by_time:
                clash.add(targets, one, other, by_time=found.rule.by_time)
            if one is not other and (found.winner <= 0 or found.rule.by_time):
                clash.add(targets, other, one, by_time=found.rule.by_time)
    return targets


class _Clash:
    """Adds the attacks of one kind on another, where their values exclude each other."""

    def __init__(self, case: Case, candidates: Sequence[Candidate]) -> None:
        values = [(c.item.issue, _same(c.item.value)) for c in candidates]
        codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
        self.codes = [codes[value] for value in values]
        self.turns = [candidate.turn for candidate in candidates]
        self.together = {
            (codes.get((issue, _same(first))), codes.get((issue, _same(second))))
            for issue, *pair in case.compatible
            for first, second in (pair, pair[::-1])
        }

    def is_possible(self, kinds: Iterable[Sequence[int]]) -> bool:
        """Tell whether there are two different values."""
        return len({self.codes[place] for places in kinds for place in places}) > 1

    def add(self, targets: list[list[int]], ones: list[int], others: list[int], *, by_time: bool) -> None:
        """Let each of some attack each of others in conflict; with ``by_time`` only those that are not later."""
        codes, turns, together = self.codes, self.turns, self.together
        for one in ones:
            code, turn = codes[one], turns[one]
            found = [
                other for other in others if codes[other] != code and (not by_time or turns[other] <= turn)
            ]
            if together:
                found = [other for other in found if (code, codes[other]) not in together]
            targets[one] += found


def exempted_places(candidates: Sequence[Candidate], norms: Norms) -> list[set[int]]:
    """Return, for each candidate, the places of the exceptions that take it out of force."""
    by_name: dict[tuple[str, str], list[int]] = {}
    for place, candidate in enumerate(candidates):
        for name in _names(candidate, norms):
            by_name.setdefault(name, []).append(place)
    found: list[set[int]] = [set() for _ in candidates]
    for place, exception in enumerate(candidates):
        for name in exemptions(exception, norms):
            for target in by_name.get(name, ()):
                if target != place and _reaches(exception, candidates[target], norms):
                    found[target].add(place)
    return found


def _reaches(exception: Candidate, target: Candidate, norms: Norms) -> bool:
    """Tell whether an exception can take a candidate out of force that it names, or whose category it does."""
    return exception.rank <= target.rank and not norms.spares(exception.item.principle, target.category)


def _names(candidate: Candidate, norms: Norms) -> set[tuple[str, str]]:
    """Return what an exception can name a candidate by: its own id, its principle's, its category."""
    names = {("item", candidate.item.id)}
    if principle := norms.principle(candidate.item.principle):
        names.add(("principle", principle.id))
    if candidate.category:
        names.add(("category", candidate.category))
    return names


def exemptions(exception: Candidate, norms: Norms) -> set[tuple[str, str]]:
    """Return what a candidate takes out of force, by what the spec declares and by what the case adds."""
    principle = norms.principle(exception.item.principle)
    if principle is None:
        return set()
    ids, categories = norms.exempted_by(principle)
    names = {("principle", name) for name in ids} | {("category", name) for name in categories}
    for name in exception.item.exempts:
        named = norms.principle(name)
        names |= {("item", name), ("category", name)} | ({("principle", named.id)} if named else set())
    return names


def count_links(case: Case, norms: Norms) -> int:
    """Return about how many conflicts, exemptions and delegations a case has, without listing them."""
    candidates = candidates_of(case, norms, standing_of(case, norms))
    issues = Counter(candidate.item.issue for candidate in candidates)
    values = Counter((candidate.item.issue, _same(candidate.item.value)) for candidate in candidates)
    links = (sum(n * n for n in issues.values()) - sum(n * n for n in values.values())) // 2
    links += sum(len(candidate.delegators) for candidate in candidates)
    named = Counter(name for candidate in candidates for name in _names(candidate, norms))
    return links + sum(named[name] for c in candidates for name in exemptions(c, norms))


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
