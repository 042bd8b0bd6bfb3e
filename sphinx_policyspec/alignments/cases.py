"""One case decided by each of several specs: its norms are those that correspond exactly or closely; `decision` decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from sphinx_policyspec.alignments import MatchPredicate
from sphinx_policyspec.alignments.sides import AlignedSides, AlignedSpecs, AlignedThing
from sphinx_policyspec.decision import Decision, Norms, decide, problems, same_outcome
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Case, Expectation, Finding, Item, Severity

NO_COUNTERPART = "no-counterpart"
"""In place of a rule: a spec has nothing that corresponds to an item, which takes no part there."""
NO_SPEAKER = "no-speaker"
"""Likewise: a spec gives nobody of the role or level that says an item a say."""
LACKING: Mapping[str, str] = MappingProxyType(
    {NO_COUNTERPART: "no counterpart", NO_SPEAKER: "no level of this spec is that of who says it"}
)
"""Why an item takes no part, in words."""
_NEAR = frozenset({MatchPredicate.EXACT, MatchPredicate.CLOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart(Brief):
    """What of a spec corresponds to an item of a case that another spec says.

    :param spec: its name
    :param id: of the provision
    :param predicate: how it reads from the item's spec
    :param level: of the clause of it that corresponds, if it is one
    """

    spec: str
    id: str
    predicate: MatchPredicate
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EachDecision(Brief):
    """A case as each spec decides it.

    :param decisions: by the names of the specs, in their order; a spec by which it cannot be decided has none
    :param mapped: by item, what of the other specs corresponds to it; messages are the same everywhere, and are left out
    """

    case: Case
    decisions: Mapping[str, Decision]
    mapped: Mapping[str, tuple[Counterpart, ...]]

    @property
    def agree(self) -> dict[str, bool | None]:
        """By issue, whether all specs come to the same; ``None`` where one of them lacks something that the case rests on."""
        return {issue: self._agree(issue) for issue in dict.fromkeys(item.issue for item in self.case.items)}

    def _agree(self, issue: str) -> bool | None:
        is_lacking = any(
            reason.rule in LACKING and items[reason.item].issue == issue
            for decision in self.decisions.values()
            for items in [{item.id: item for item in decision.case.items}]
            for reason in decision.reasons
        )
        outcomes = [decision.outcomes.get(issue) for decision in self.decisions.values()]
        first, *others = outcomes or [None]
        if first is None or is_lacking or not others:
            return None
        return all(other is not None and same_outcome(first, other) for other in others)


@dataclass(frozen=True, slots=True, kw_only=True)
class EachDecisions(Brief):
    """Cases as each of several specs decides them.

    :param norms: of each spec, by its name
    """

    norms: Mapping[str, Norms]
    cases: tuple[EachDecision, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Why some cases could not be decided by each."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


class EachJudge:
    """Decides cases by each of several specs.

    :param aligned: alignments beside the specs
    """

    def __init__(self, specs: AlignedSpecs, aligned: Sequence[AlignedSides]) -> None:
        self._names = specs.names
        self.norms = {name: Norms(spec) for name, spec in zip(specs.names, specs.specs, strict=True)}
        self._aligned = aligned

    @cached_property
    def _near(self) -> dict[tuple[int, str, str], list[Counterpart]]:
        """What corresponds exactly or closely to each provision, and to each level of a clause of it."""
        found: dict[tuple[int, str, str], list[Counterpart]] = {}
        for sides in self._aligned:
            for _row, predicate, subject, other in sides.pairs():
                if predicate in _NEAR:
                    self._take(found, subject, other, predicate)
                    self._take(found, other, subject, predicate.inverse)
        return found

    def _take(
        self,
        found: dict[tuple[int, str, str], list[Counterpart]],
        one: AlignedThing,
        other: AlignedThing,
        predicate: MatchPredicate,
    ) -> None:
        level = other.clause.authority if other.clause else ""
        counterpart = Counterpart(
            spec=self._names[other.place], id=other.provision.id, predicate=predicate, level=level
        )
        key = (one.place, one.provision.id, one.clause.authority if one.clause else "")
        if other.level and counterpart not in found.setdefault(key, []):
            found[key].append(counterpart)

    def decide(self, case: Case) -> tuple[EachDecision, tuple[Finding, ...]]:
        """Return a case as each spec decides it, and what is wrong with it there."""
        homes = {item.id: self._home(item) for item in case.items if item.principle}
        mapped = {
            item.id: tuple(self._counterparts(item, *homes[item.id])) for item in case.items if item.principle
        }
        decisions: dict[str, Decision] = {}
        findings: dict[Finding, None] = {}
        for place, name in enumerate(self._names):
            asked, lacking = self._translated(case, place, homes, mapped)
            found = problems(asked, self.norms[name])
            findings |= dict.fromkeys(found)
            if all(finding.severity is not Severity.ERROR for finding in found):
                decisions[name] = _marked(decide(asked, self.norms[name]), lacking)
        return EachDecision(case=case, decisions=decisions, mapped=mapped), tuple(findings)

    def _home(self, item: Item) -> tuple[int, str]:
        """Return which spec says an item, and its id there; ``spec:id`` names both, an id alone is of the first that has it."""
        prefix, colon, local = item.principle.partition(":")
        if colon and prefix in self.norms:
            return self._names.index(prefix), local
        places = (
            place for place, name in enumerate(self._names) if item.principle in self.norms[name].provisions
        )
        return next(places, 0), item.principle

    def _counterparts(self, item: Item, place: int, name: str) -> Iterator[Counterpart]:
        provision = self.norms[self._names[place]].provisions.get(name)
        if provision is not None:
            yield from self._near.get((place, provision.id, item.level), ())

    def _translated(
        self,
        case: Case,
        place: int,
        homes: Mapping[str, tuple[int, str]],
        mapped: Mapping[str, tuple[Counterpart, ...]],
    ) -> tuple[Case, dict[str, str]]:
        """Return a case in the words of a spec, and the items of it that take no part there, each with why."""
        items: list[Item] = []
        lacking: dict[str, str] = {}
        copies: dict[str, tuple[str, ...]] = {}
        for item in case.items:
            made = self._items(item, place, homes, mapped)
            if not made:
                why = lacking[item.id] = NO_COUNTERPART if item.principle else NO_SPEAKER
                made = (replace(item, principle="", role="", level="", exempts=(), source=why, active=False),)
            copies[item.id] = tuple(one.id for one in made)
            items += made
        first = next(iter(homes.values()), (0, ""))[0]
        renamed = {homes[name][1]: mapped[name] for name in homes if homes[name][0] != place}
        norms = self.norms[self._names[place]]
        asked = replace(
            case,
            items=tuple(
                replace(one, exempts=tuple(self._exempted(one, copies, renamed, norms))) for one in items
            ),
            about="" if self._is_of_another(norms, case.about) else case.about,
            example=case.example if norms.examples(case.example) or place == first else "",
            expect=_without_copies(case.expect, copies) if place == first else None,
        )
        return asked, lacking

    def _items(
        self,
        item: Item,
        place: int,
        homes: Mapping[str, tuple[int, str]],
        mapped: Mapping[str, tuple[Counterpart, ...]],
    ) -> tuple[Item, ...]:
        """Return what an item is in a spec: itself where it is a message, or the spec's own; else each of its counterparts."""
        if not item.principle:
            return tuple(self._messages(item, place))
        home, name = homes[item.id]
        if home == place:
            return (replace(item, principle=name),)
        found = [one for one in mapped[item.id] if one.spec == self._names[place]]
        return tuple(
            replace(
                item,
                id=item.id if len(found) == 1 else f"{item.id} ({one.id})",
                principle=one.id,
                level=one.level,
            )
            for one in found
        )

    def _messages(self, item: Item, place: int) -> Iterator[Item]:
        """Yield a message as it is in a spec, at the level of the same role; nothing where that gives nobody of the kind a say."""
        spec = self.norms[self._names[place]].spec
        roles = {role for level in spec.levels for role in level.roles}
        elsewhere = [level for norms in self.norms.values() for level in norms.spec.levels]
        if item.level and item.level not in spec.level_by_id:
            same = {role for level in elsewhere if level.id == item.level for role in level.roles}
            near = [level.id for level in spec.levels if same & {*level.roles}]
            yield from (replace(item, level=name) for name in near[:1])
            # One that no spec has is told by what decides.
            yield from () if same else (item,)
        elif item.role in roles or all(item.role not in level.roles for level in elsewhere):
            yield item

    def _exempted(
        self,
        item: Item,
        copies: Mapping[str, tuple[str, ...]],
        renamed: Mapping[str, tuple[Counterpart, ...]],
        norms: Norms,
    ) -> Iterator[str]:
        """Yield what an exception takes out of force, as a spec calls it; what it lacks is left out."""
        for name in item.exempts:
            if name in copies:
                yield from copies[name]
            elif name in renamed:
                yield from (one.id for one in renamed[name] if one.id in norms.provisions)
            elif name in norms.provisions or name in norms.categories or not self._is_elsewhere(name):
                yield name

    def _is_of_another(self, norms: Norms, name: str) -> bool:
        return name not in norms.provisions and self._is_elsewhere(name)

    def _is_elsewhere(self, name: str) -> bool:
        return any(name in norms.provisions or name in norms.categories for norms in self.norms.values())


def decided_by_each(
    cases: Iterable[Case],
    specs: AlignedSpecs,
    aligned: Sequence[AlignedSides],
    findings: Iterable[Finding] = (),
) -> EachDecisions:
    """Return cases as each of several specs decides them.

    :param findings: what is wrong with their files
    """
    judge = EachJudge(specs, aligned)
    decided, told = [], [*findings]
    for case in cases:
        one, found = judge.decide(case)
        decided.append(one)
        told += found
    return EachDecisions(norms=judge.norms, cases=tuple(decided), findings=tuple(told))


def _without_copies(expect: Expectation | None, copies: Mapping[str, tuple[str, ...]]) -> Expectation | None:
    """Return what is expected of the items that are still one."""
    if expect is None:
        return None
    return replace(
        expect,
        labels=tuple((name, label) for name, label in expect.labels if copies.get(name, (name,)) == (name,)),
    )


def _marked(decision: Decision, lacking: Mapping[str, str]) -> Decision:
    """Return a decision that says of items that a spec has no part for why that is so."""
    return replace(
        decision,
        reasons=tuple(
            replace(reason, rule=lacking.get(reason.item, reason.rule)) for reason in decision.reasons
        ),
    )
