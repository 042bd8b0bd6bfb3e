"""One case decided by each of several specs, with the norms that correspond exactly or closely; `decision` decides."""

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
from sphinx_policyspec.model.finding import UnknownNames, shown

NO_COUNTERPART = "no-counterpart"
"""In place of a rule: a spec has no counterpart of an item, which is left out there."""
NO_SPEAKER = "no-speaker"
"""In place of a rule: a spec has no level for the role or level that an item comes from."""
LACKING: Mapping[str, str] = MappingProxyType(
    {NO_COUNTERPART: "no counterpart", NO_SPEAKER: "no level of this spec is that of who says it"}
)
"""Why an item is left out, in words."""
_NEAR = frozenset({MatchPredicate.EXACT, MatchPredicate.CLOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart(Brief):
    """A provision that corresponds to an item of a case from another spec.

    :param spec: name of its spec
    :param id: id of the provision
    :param predicate: predicate from the item's spec to this one
    :param level: level of the clause that corresponds, if it is a clause
    """

    spec: str
    id: str
    predicate: MatchPredicate
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EachDecision(Brief):
    """A case as each spec decides it.

    :param decisions: decisions by spec name, in the order of the specs; a spec that cannot decide it has none
    :param mapped: counterparts in the other specs, by item; messages are the same everywhere, and are left out
    """

    case: Case
    decisions: Mapping[str, Decision]
    mapped: Mapping[str, tuple[Counterpart, ...]]

    @property
    def agree(self) -> dict[str, bool | None]:
        """Whether all specs agree, by issue; ``None`` if one of them lacks something that the case depends on."""
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

    :param norms: norms of each spec, by its name
    """

    norms: Mapping[str, Norms]
    cases: tuple[EachDecision, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The errors because of which some cases could not be decided."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


class EachJudge:
    """Decides cases by each of several specs.

    :param aligned: alignments with their specs
    """

    def __init__(self, specs: AlignedSpecs, aligned: Sequence[AlignedSides]) -> None:
        self._names = specs.names
        self.norms = {name: Norms(spec) for name, spec in zip(specs.names, specs.specs, strict=True)}
        self._aligned = aligned

    @cached_property
    def _near(self) -> dict[tuple[int, str, str], list[Counterpart]]:
        """The exact and close counterparts of each provision, and of each level of its clauses."""
        near: dict[tuple[int, str, str], list[Counterpart]] = {}
        for sides in self._aligned:
            for _row, predicate, subject, other in sides.pairs():
                if predicate in _NEAR:
                    self._take(near, subject, other, predicate)
                    self._take(near, other, subject, predicate.inverse)
        return near

    def _take(
        self,
        near: dict[tuple[int, str, str], list[Counterpart]],
        one: AlignedThing,
        other: AlignedThing,
        predicate: MatchPredicate,
    ) -> None:
        level = other.clause.authority if other.clause else ""
        counterpart = Counterpart(
            spec=self._names[other.place], id=other.provision.id, predicate=predicate, level=level
        )
        key = (one.place, one.provision.id, one.clause.authority if one.clause else "")
        if other.level and counterpart not in near.setdefault(key, []):
            near[key].append(counterpart)

    def decide(self, case: Case) -> tuple[EachDecision, tuple[Finding, ...]]:
        """Return a case as each spec decides it, and its problems there."""
        names = _CaseNames(case, self.norms)
        mapped = {
            item.id: tuple(self._counterparts(names.of(item.principle), item.level))
            for item in case.items
            if item.principle
        }
        decisions: dict[str, Decision] = {}
        findings = dict.fromkeys(names.findings())
        for place, name in enumerate(self._names):
            translated, lacking = self._translated(case, place, names, mapped)
            case_findings = problems(translated, self.norms[name])
            findings |= dict.fromkeys(case_findings)
            if all(finding.severity is not Severity.ERROR for finding in (*names.findings(), *case_findings)):
                decisions[name] = _marked(decide(translated, self.norms[name]), lacking)
        return EachDecision(case=case, decisions=decisions, mapped=mapped), tuple(findings)

    def _counterparts(self, target: _ProvisionName, level: str = "") -> Iterator[Counterpart]:
        if target.place is not None:
            provision = self.norms[self._names[target.place]].provisions.get(target.id)
            yield from self._near.get((target.place, provision.id, level), ()) if provision else ()

    def _translated(
        self, case: Case, place: int, names: _CaseNames, mapped: Mapping[str, tuple[Counterpart, ...]]
    ) -> tuple[Case, dict[str, str]]:
        """Return a case with the names of a spec, and the items that are left out there, each with the reason."""
        items: list[tuple[Item, int | None]] = []
        lacking: dict[str, str] = {}
        copies: dict[str, tuple[str, ...]] = {}
        for item in case.items:
            parts = self._items(item, place, names, mapped)
            if not parts:
                why = lacking[item.id] = NO_COUNTERPART if item.principle else NO_SPEAKER
                parts = (
                    replace(item, principle="", role="", level="", exempts=(), source=why, active=False),
                )
            copies[item.id] = tuple(one.id for one in parts)
            home = names.of(item.principle).place if item.principle else None
            items += ((one, home) for one in parts)
        norms = self.norms[self._names[place]]
        about = names.of(case.about)
        is_about = about.place == place or (about.place is None and about.id in norms.provisions)
        is_own = names.home in {place, None}
        translated = replace(
            case,
            items=tuple(
                replace(one, exempts=tuple(self._exempted(one.exempts, place, names, copies, home)))
                for one, home in items
            ),
            about=about.id if is_about else "",
            example=case.example if is_own or norms.examples(case.example) else "",
            expect=_without_copies(case.expect, copies) if is_own else None,
        )
        return translated, lacking

    def _items(
        self, item: Item, place: int, names: _CaseNames, mapped: Mapping[str, tuple[Counterpart, ...]]
    ) -> tuple[Item, ...]:
        """Return the items for one item in a spec: itself if a message or the spec's own; else its counterparts."""
        if not item.principle:
            return tuple(self._messages(item, place))
        target = names.of(item.principle)
        if target.place == place:
            return (replace(item, principle=target.id),)
        counterparts = [one for one in mapped[item.id] if one.spec == self._names[place]]
        return tuple(
            replace(
                item,
                id=item.id if len(counterparts) == 1 else f"{item.id} ({one.id})",
                principle=one.id,
                level=one.level,
            )
            for one in counterparts
        )

    def _messages(self, item: Item, place: int) -> Iterator[Item]:
        """Yield a message for a spec, at the level of the same role; nothing if the spec has no such level."""
        spec = self.norms[self._names[place]].spec
        roles = {role for level in spec.levels for role in level.roles}
        elsewhere = [level for norms in self.norms.values() for level in norms.spec.levels]
        if item.level and item.level not in spec.level_by_id:
            same = {role for level in elsewhere if level.id == item.level for role in level.roles}
            near = [level.id for level in spec.levels if same & {*level.roles}]
            yield from (replace(item, level=name) for name in near[:1])
            # A level that no spec has is reported by the decision.
            yield from () if same else (item,)
        elif item.role in roles or all(item.role not in level.roles for level in elsewhere):
            yield item

    def _exempted(
        self,
        exempts: Sequence[str],
        place: int,
        names: _CaseNames,
        copies: Mapping[str, tuple[str, ...]],
        home: int | None,
    ) -> Iterator[str]:
        """Yield what an exception exempts, by its names in a spec; what the spec lacks is left out.

        :param home: the spec that the exception comes from
        """
        norms = self.norms[self._names[place]]
        for name in exempts:
            target = names.of(name, home)
            if name in copies:
                yield from copies[name]
            elif target.place == place:
                yield target.id
            elif target.place is not None:
                yield from (one.id for one in self._counterparts(target) if one.spec == self._names[place])
            elif name in norms.categories or not any(name in one.categories for one in self.norms.values()):
                yield name


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProvisionName:
    """The name of a provision in a case.

    :param place: number of its spec; none if it belongs to no spec, or to several
    :param id: id in that spec
    """

    place: int | None
    id: str


class _CaseNames:
    """The spec of each name in a case: ``spec:id`` names it, an id alone belongs to the one spec that has it.

    A spec that has it today comes before one that had it once. If several have it, it belongs to the one that other
    names of the case belong to. None of this depends on the order of the specs.

    :param norms: norms of each spec, by its name
    """

    def __init__(self, case: Case, norms: Mapping[str, Norms]) -> None:
        self._case = case
        self._norms = norms
        self._names = [*norms]
        names = [*(item.principle for item in case.items), case.about]
        owners = [self._owners(name) for name in names if name]
        examples = [place for place, name in enumerate(self._names) if norms[name].examples(case.example)]
        self._alone = {place for places in (*owners, examples) if len(places) == 1 for place in places}

    def _owners(self, name: str) -> list[int]:
        """Return the specs that a name can belong to."""
        prefix, colon, _ = name.partition(":")
        if colon and prefix in self._norms:
            return [self._names.index(prefix)]
        had = [place for place, spec in enumerate(self._names) if name in self._norms[spec].provisions]
        has = [place for place in had if name in self._norms[self._names[place]].spec.provision_by_id]
        return has or had

    def of(self, name: str, near: int | None = None) -> _ProvisionName:
        """Return the spec and id of a name.

        :param near: the spec that is preferred if it has the name
        """
        prefix, colon, local = name.partition(":")
        owners = self._owners(name)
        if colon and prefix in self._norms:
            return _ProvisionName(place=owners[0], id=local)
        if near is not None and name in self._norms[self._names[near]].provisions:
            return _ProvisionName(place=near, id=name)
        fitting = (
            owners if len(owners) == 1 else [place for place in owners if {place} == {*owners} & self._alone]
        )
        return _ProvisionName(place=fitting[0] if fitting else None, id=name)

    @cached_property
    def home(self) -> int | None:
        """The spec whose names a case uses, and whose decision it expects; none if its names fit all specs."""
        names = (*(item.principle for item in self._case.items), self._case.about)
        places = (self.of(name).place for name in names if name)
        first = next((place for place in places if place is not None), None)
        return first if first is not None or len(self._alone) != 1 else min(self._alone)

    def findings(self) -> Iterator[Finding]:
        """Yield findings for names of nothing, or of several things."""
        unknown = UnknownNames()
        case = self._case
        references = [(item.principle, item.place("principle"), True) for item in case.items]
        for name, span, decides in (*references, (case.about, case.place("about"), False)):
            if not name or self.of(name).place is not None:
                continue
            specs = sorted(self._names[place] for place in self._owners(name))
            # The subject of a case may belong to several specs.
            if specs and decides:
                yield Finding(
                    code="ambiguous-provision",
                    message=f"{shown(name)} is a provision of {' and of '.join(map(shown, specs))}",
                    span=span,
                    hint=f"write {' or '.join(shown(f'{spec}:{name}') for spec in specs)}",
                )
            elif not specs:
                ids = dict.fromkeys(one for norms in self._norms.values() for one in norms.provisions)
                yield unknown.finding("provision", name, span, ids)


def decided_by_each(
    cases: Iterable[Case],
    specs: AlignedSpecs,
    aligned: Sequence[AlignedSides],
    findings: Iterable[Finding] = (),
) -> EachDecisions:
    """Return cases as each of several specs decides them.

    :param findings: problems in their files
    """
    judge = EachJudge(specs, aligned)
    decisions, all_findings = [], [*findings]
    for case in cases:
        one, case_findings = judge.decide(case)
        decisions.append(one)
        all_findings += case_findings
    return EachDecisions(norms=judge.norms, cases=tuple(decisions), findings=tuple(all_findings))


def _without_copies(expect: Expectation | None, copies: Mapping[str, tuple[str, ...]]) -> Expectation | None:
    """Return the expectation without labels of items that became several."""
    if expect is None:
        return None
    return replace(
        expect,
        labels=tuple((name, label) for name, label in expect.labels if copies.get(name, (name,)) == (name,)),
    )


def _marked(decision: Decision, lacking: Mapping[str, str]) -> Decision:
    """Return a decision whose reasons say why items are left out in a spec."""
    return replace(
        decision,
        reasons=tuple(
            replace(reason, rule=lacking.get(reason.item, reason.rule)) for reason in decision.reasons
        ),
    )
