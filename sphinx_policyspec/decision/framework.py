"""Candidates → a framework of attacks and support, its grounded labelling, and what is too large to decide.

In the labelling, nothing is in or out without a reason that ends: Dung's grounded semantics (Artificial Intelligence 77,
1995) as a labelling (Caminada, JELIA 2006), with a necessary support: what speaks by delegation is in only if somebody
who delegates is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from sphinx_policyspec.decision.precedence import (
    POWERLESS_ROLES,
    Candidate,
    Norms,
    RuleOutcome,
    Strength,
    candidates_of,
    grant_needed,
    grants_of,
    standing_of,
)
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import Case, Finding, Item, Label, Principle, Severity, Span, Value
from sphinx_policyspec.model.finding import UnknownNames, shown

_MAX_LINKS = 2_000_000
"""Conflicts, exemptions and delegations of one case; more would take minutes and gigabytes."""


def _same(value: Value) -> tuple[type, Value]:
    """Return a key that equal values share; Python takes ``True`` for 1, and YAML does not."""
    return (bool if isinstance(value, bool) else object, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework(Brief):
    """Candidates by place, and who attacks, exempts and supports whom.

    :param targets: by place, the places of those that it attacks
    :param attackers: the same from the other end
    :param exempted_by: by place, the exceptions that take it out of force
    :param supporters: by place, those that give it a say, any of which is enough; empty where it needs none
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
    exempted_by = _exempted_places(candidates, norms)
    exempts: list[list[int]] = [[] for _ in candidates]
    for place, exceptions in enumerate(exempted_by):
        for exception in sorted(exceptions):
            exempts[exception].append(place)
    for place, own_targets in enumerate(targets):
        # An exempted candidate does not attack back.
        remaining = [target for target in own_targets if target not in exempted_by[place]]
        targets[place] = remaining + _without(exempts[place], remaining)
    attackers: list[list[int]] = [[] for _ in candidates]
    for place, own_targets in enumerate(targets):
        for target in own_targets:
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
    excluded = set(others)
    return [place for place in places if place not in excluded]


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
            outcome = strength.compare(candidates[one[0]], candidates[other[0]])
            if outcome.winner >= 0 or outcome.rule.by_time:
                clash.add(targets, one, other, by_time=outcome.rule.by_time)
            if one is not other and (outcome.winner <= 0 or outcome.rule.by_time):
                clash.add(targets, other, one, by_time=outcome.rule.by_time)
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
        """Return whether there are two different values."""
        return len({self.codes[place] for places in kinds for place in places}) > 1

    def add(self, targets: list[list[int]], ones: list[int], others: list[int], *, by_time: bool) -> None:
        """Make each of some attack each of others in conflict; with ``by_time`` only those that are not later."""
        codes, turns, together = self.codes, self.turns, self.together
        for one in ones:
            code, turn = codes[one], turns[one]
            conflicting = [
                other for other in others if codes[other] != code and (not by_time or turns[other] <= turn)
            ]
            if together:
                conflicting = [other for other in conflicting if (code, codes[other]) not in together]
            targets[one] += conflicting


def _exempted_places(candidates: Sequence[Candidate], norms: Norms) -> list[set[int]]:
    """Return, for each candidate, the places of the exceptions that take it out of force."""
    by_name = grouped(
        (name, n) for n, candidate in enumerate(candidates) for name in _names(candidate, norms)
    )
    places: list[set[int]] = [set() for _ in candidates]
    for place, exception in enumerate(candidates):
        for name in exemptions(exception, norms):
            for target in by_name.get(name, ()):
                if target != place and _reaches(exception, candidates[target], norms):
                    places[target].add(place)
    return places


def _reaches(exception: Candidate, target: Candidate, norms: Norms) -> bool:
    """Return whether an exception can take out of force a candidate that it names by id or by category."""
    return exception.rank <= target.rank and not norms.spares(exception.item.principle, target.category)


def _names(candidate: Candidate, norms: Norms) -> set[tuple[str, str]]:
    """Return the names by which an exception can mean a candidate: its own id, its principle's, its category."""
    names = {("item", candidate.item.id)}
    # Exceptions of the spec are to norms, and a message is none, whatever principle it names.
    if candidate.is_norm and (principle := norms.principle(candidate.item.principle)):
        names.add(("principle", principle.id))
    if candidate.category:
        names.add(("category", candidate.category))
    return names


def exemptions(exception: Candidate, norms: Norms) -> set[tuple[str, str]]:
    """Return what a candidate takes out of force, as the spec declares and as the case adds."""
    principle = norms.principle(exception.item.principle)
    if principle is None:
        return set()
    ids, categories = norms.exempted_by(principle)
    names = {("principle", name) for name in ids} | {("category", name) for name in categories}
    for name in exception.item.exempts:
        exempted = norms.principle(name)
        names |= {("item", name), ("category", name)} | ({("principle", exempted.id)} if exempted else set())
    return names


def count_links(case: Case, norms: Norms) -> int:
    """Return about how many conflicts, exemptions and delegations a case has, without listing them."""
    candidates = candidates_of(case, norms, standing_of(case, norms))
    issues = Counter(candidate.item.issue for candidate in candidates)
    values = Counter((candidate.item.issue, _same(candidate.item.value)) for candidate in candidates)
    links = (sum(n * n for n in issues.values()) - sum(n * n for n in values.values())) // 2
    links += sum(len(candidate.delegators) for candidate in candidates)
    by_name = Counter(name for candidate in candidates for name in _names(candidate, norms))
    return links + sum(by_name[name] for c in candidates for name in exemptions(c, norms))


def grounded(framework: Framework) -> tuple[Label, ...]:
    """Return the label of each candidate: in, out or undecided.

    A candidate is in if all its attackers are out and, where it needs support, a supporter is in; it is out if an
    attacker is in, or all its supporters are out. The labels are the least that fit, so what depends only on itself stays
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


def problems(case: Case, norms: Norms) -> tuple[Finding, ...]:
    """Return what is wrong with a case, given a spec; empty if it can be decided."""
    findings = tuple(_Problems(case, norms).of_names())
    if findings:
        return findings
    if (links := count_links(case, norms)) > _MAX_LINKS:
        message = f"about {links:,} conflicts, exemptions and delegations are more than {_MAX_LINKS:,}"
        return (_error("case-too-large", message, case.span, "split the case"),)
    return (*_circles(case, norms), *_unknown_example(case, norms))


def _unknown_example(case: Case, norms: Norms) -> Iterator[Finding]:
    if case.example and not norms.examples(case.example):
        titles = [example.title for example in norms.spec.examples]
        yield UnknownNames().finding("example", case.example, case.place("example"), titles)


def _error(code: str, message: str, span: Span, hint: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, span=span, hint=hint)


class _Problems:
    """Checks the names of one case."""

    def __init__(self, case: Case, norms: Norms) -> None:
        self.case = case
        self.norms = norms
        self.unknown = UnknownNames()
        self.items = {item.id: item for item in case.items}
        self.issues = {item.issue for item in case.items}
        categories = {item.category for item in case.items if item.category}
        self.exemptible = {*self.items, *norms.provisions, *norms.categories, *categories}

    def of_names(self) -> Iterator[Finding]:
        if self.case.about:
            yield from self._known(
                "provision", self.case.about, self.norms.provisions, self.case.place("about")
            )
        for item in self.case.items:
            yield from self._speaker(item)
            if item.principle:
                yield from self._norm(item)
            if item.exempts and (not item.principle or self.norms.statement(item.principle)):
                yield self._invalid(item, "only the spec has exceptions: `exempts` needs `principle`")
            for name in item.exempts:
                yield from self._known("item", name, self.exemptible, item.place("exempts"))
        for issue, *_values in self.case.compatible:
            yield from self._known(
                "item", issue, self.issues, self.case.place(f"compatible.{issue}"), "issue"
            )
        yield from self._expected()

    def _speaker(self, item: Item) -> Iterator[Finding]:
        if item.role and (item.principle or item.level):
            other = "principle" if item.principle else "level"
            yield self._invalid(item, f"`from` and `{other}` exclude each other")
        elif not (item.role or item.principle or item.level or item.source or item.quoted):
            yield _error(
                "missing-key",
                f"nobody says {shown(item.id)}",
                item.span,
                "give `from`, `principle` or `level`",
            )
        if item.role:
            roles = {*self.norms.level_of_role, *POWERLESS_ROLES}
            if item.role in self.norms.rank and item.role not in roles:
                message = f"no message is from {shown(item.role)}, which is a level and no role"
                yield _error("unknown-role", message, item.place("from"), f"write `level: {item.role}`")
            else:
                yield from self._known("role", item.role, roles, item.place("from"))
        if item.level:
            yield from self._known("level", item.level, self.norms.rank, item.place("level"))

    def _norm(self, item: Item) -> Iterator[Finding]:
        name = item.principle
        unknown = list(self._known("provision", name, self.norms.provisions, item.place("principle")))
        yield from unknown
        principle = self.norms.principle(name)
        if unknown:
            return
        if not isinstance(principle, Principle):
            message = f"{shown(name)} is a section and asks for nothing"
            yield _error("not-a-principle", message, item.place("principle"), "name a principle below it")
            return
        yield from self._known("level", principle.authority, self.norms.rank, item.place("principle"))
        own, lowered = self.norms.rank.get(principle.authority), self.norms.rank.get(item.level)
        if own is not None and lowered is not None and lowered < own:
            message = f"a clause of {shown(name)} cannot raise its level from `{principle.authority}` to `{item.level}`"
            yield _error("clause-not-lower", message, item.place("level"), "leave `level` out")
        if item.quoted or item.source or not item.explicit:
            yield self._invalid(
                item,
                "the spec is explicit, and no quotation: leave `mode`, `quoted` and `source` out",
            )

    def _expected(self) -> Iterator[Finding]:
        expect = self.case.expect
        if expect is None:
            return
        for name, _label in expect.labels:
            yield from self._known("item", name, self.items, self.case.place(f"labels.{name}"))
        for issue, _outcome in expect.outcomes:
            yield from self._known("item", issue, self.issues, self.case.place(f"outcomes.{issue}"), "issue")
        for _duty, names in expect.duties:
            for name in names:
                yield from self._known("item", name, self.items, self.case.place(f"duties.{name}"))

    def _known(
        self, kind: str, name: str, known: Collection[str], span: Span, word: str = ""
    ) -> Iterator[Finding]:
        if name not in known:
            yield self.unknown.finding(kind, name, span, known, word=word)

    @staticmethod
    def _invalid(item: Item, message: str) -> Finding:
        return _error("invalid-value", f"{message} (item {shown(item.id)})", item.span)


def _circles(case: Case, norms: Norms) -> Iterator[Finding]:
    """Find delegations and exceptions that lead back to their beginning."""
    items = {item.id: item for item in case.items}
    by_grant = grouped((grant, item.id) for item in case.items if (grant := grant_needed(item, norms)))
    # A grant is a step of its own; otherwise each giver would repeat every receiver.
    edges: dict[object, list[object]] = {}
    for item in case.items:
        if item.delegates:
            edges[item.id] = list(grants_of(item))
    edges |= {grant: list(names) for grant, names in by_grant.items()}
    if way := _way_round(edges):
        yield _circle(
            "delegation-cycle", "delegations", [name for name in way if isinstance(name, str)], items
        )
    candidates = candidates_of(case, norms, standing_of(case, norms))
    exempts: dict[object, list[object]] = {}
    for place, exceptions in enumerate(_exempted_places(candidates, norms)):
        for exception in sorted(exceptions):
            exempts.setdefault(candidates[exception].item.id, []).append(candidates[place].item.id)
    if way := _way_round(exempts):
        yield _circle("exception-cycle", "exceptions", [str(name) for name in way], items)


def _circle(code: str, what: str, way: list[str], items: Mapping[str, Item]) -> Finding:
    first = way.index(min(way, key=lambda name: items[name].span))
    around = [*way[first:], *way[:first], way[first]]
    steps = " → ".join(map(shown, around[:12])) + (" → …" if len(around) > 12 else "")  # noqa: PLR2004
    return _error(
        code, f"{what} lead in a circle: {steps}", items[way[first]].span, "say which of them yields"
    )


def _way_round(edges: Mapping[object, list[object]]) -> list[object]:
    """Return the nodes of a circle, in order; empty where there is none."""
    done: set[object] = set()
    for start in edges:
        if start in done:
            continue
        way: dict[object, Iterator[object]] = {start: iter(edges[start])}
        while way:
            node = next(reversed(way))
            following = next(way[node], None)
            if following is None:
                done.add(node)
                del way[node]
            elif following in way:
                nodes = list(way)
                return nodes[nodes.index(following) :]
            elif following not in done:
                way[following] = iter(edges.get(following, ()))
    return []
