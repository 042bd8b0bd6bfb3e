"""Candidates → a framework of attacks and support, and what of it is too large to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sphinx_policyspec.decision.candidates import Candidate, candidates_of, standing_of
from sphinx_policyspec.decision.norms import Norms
from sphinx_policyspec.decision.strength import Comparison, Strength
from sphinx_policyspec.model import Case, Value

__all__ = ["MAX_LINKS", "Framework", "count_links", "exempted_places", "framework_of"]

MAX_LINKS = 4_000_000
"""Conflicts, exemptions and delegations of one case; more would take minutes and gigabytes."""


def _same(value: Value) -> tuple[type, Value]:
    """Return what equal values share; Python takes ``True`` for 1, and YAML does not."""
    return (bool if isinstance(value, bool) else object, value)


class _Compatible:
    """Which values of an issue may stand together."""

    def __init__(self, case: Case) -> None:
        pairs = ((issue, _same(one), _same(other)) for issue, one, other in case.compatible)
        self._pairs = {(issue, *pair) for issue, one, other in pairs for pair in ((one, other), (other, one))}

    def __call__(self, issue: str, one: Value, other: Value) -> bool:
        first, second = _same(one), _same(other)
        return first == second or (issue, first, second) in self._pairs


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

    def compare(self, one: int, other: int) -> Comparison:
        """Return which of two candidates in conflict is the stronger, and by which rule."""
        return self.strength.compare(self.candidates[one], self.candidates[other])


def framework_of(case: Case, norms: Norms) -> Framework:
    """Return the framework of a case that is not too large and has no problems."""
    candidates = candidates_of(case, norms, standing_of(case, norms))
    strength = Strength(case.semantics, norms)
    targets: list[list[int]] = [[] for _ in candidates]
    for one, other in _conflicting(case, candidates):
        _attack(one, other, candidates, strength, targets)
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


def _blocks(candidates: Iterable[Candidate]) -> dict[str, list[tuple[Value, list[int]]]]:
    """Return by issue the places of what is alike, with the value that it asks for."""
    found: dict[str, dict[object, tuple[Value, list[int]]]] = {}
    for place, candidate in enumerate(candidates):
        value = candidate.item.value
        alike = (_same(value), candidate.kind)
        found.setdefault(candidate.item.issue, {}).setdefault(alike, (value, []))[1].append(place)
    return {issue: list(blocks.values()) for issue, blocks in found.items()}


def _conflicting(case: Case, candidates: Sequence[Candidate]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield each two blocks whose values exclude each other."""
    compatible = _Compatible(case)
    for issue, blocks in _blocks(candidates).items():
        for number, (value, one) in enumerate(blocks):
            for other_value, other in blocks[number + 1 :]:
                if not compatible(issue, value, other_value):
                    yield one, other


def _attack(
    one: list[int],
    other: list[int],
    candidates: Sequence[Candidate],
    strength: Strength,
    targets: list[list[int]],
) -> None:
    """Note the attacks between two blocks: whoever is not weaker attacks."""
    comparison = strength.compare(candidates[one[0]], candidates[other[0]])
    if not comparison.rule.by_time:
        for stronger, weaker, winner in ((one, other, 1), (other, one, -1)):
            if comparison.winner != -winner:
                for place in stronger:
                    targets[place] += weaker
        return
    for place in one:
        turn = candidates[place].turn
        for target in other:
            if turn >= candidates[target].turn:
                targets[place].append(target)
            if turn <= candidates[target].turn:
                targets[target].append(place)


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
                if target != place and exception.rank <= candidates[target].rank:
                    found[target].add(place)
    return found


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
