"""Cases, decided by two specs: which of them come out differently, and which one spec cannot decide."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sphinx_policyspec.compare import Change, ChangeKind, Naming, Sides, SpecDiff, Subject
from sphinx_policyspec.decision import Decision, Norms, decide, problems, same_outcome
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import Case, Duty, Finding, Item, Label, Outcome, Severity, Span


class CaseState(enum.StrEnum):
    """How a case changes from the old spec to the new one."""

    CHANGED = "changed"
    """A label, an outcome or a duty differs."""
    ONLY_OLD = "only-old"
    """The new spec cannot decide it: it names something that is gone."""
    ONLY_NEW = "only-new"
    """The old spec cannot decide it: it names something that is new."""
    NEITHER = "neither"
    """No spec can decide it."""
    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class CaseReading(Brief):
    """A case as one of the two specs reads it.

    :param case: with the names that this spec has
    :param renamed: each name in the case with that in this spec, where they differ
    :param decision: ``None`` where the spec cannot decide it
    :param findings: why it cannot, or what else there is to know
    """

    case: Case
    renamed: tuple[tuple[str, str], ...] = ()
    decision: Decision | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ComparedCase(Brief):
    """A case as it was written, and what both specs say about it."""

    case: Case
    old: CaseReading
    new: CaseReading

    @property
    def place(self) -> str:
        """Where it is, as :class:`~sphinx_policyspec.compare.change.Reach` names it."""
        return self.case.span.place

    @cached_property
    def state(self) -> CaseState:
        """How it changes."""
        states = {
            (False, False): CaseState.NEITHER,
            (True, False): CaseState.ONLY_OLD,
            (False, True): CaseState.ONLY_NEW,
            (True, True): CaseState.CHANGED
            if self.labels or self.outcomes or self.duties
            else CaseState.SAME,
        }
        return states[self.old.decision is not None, self.new.decision is not None]

    @cached_property
    def labels(self) -> dict[str, tuple[Label, Label]]:
        """The old and the new label of each item whose label differs; empty unless both specs decide."""
        return {
            item: (label, new.labels[item])
            for old, new in self._both()
            for item, label in old.labels.items()
            if label is not new.labels[item]
        }

    @cached_property
    def outcomes(self) -> dict[str, tuple[Outcome, Outcome]]:
        """The old and the new outcome of each issue whose outcome differs, likewise."""
        return {
            issue: (outcome, new.outcomes[issue])
            for old, new in self._both()
            for issue, outcome in old.outcomes.items()
            if not same_outcome(outcome, new.outcomes[issue])
        }

    @cached_property
    def duties(self) -> dict[Duty, tuple[tuple[str, ...], tuple[str, ...]]]:
        """The items that each duty is about in the old and in the new spec, where these differ, likewise."""
        return {
            duty: (before, after)
            for old, new in self._both()
            for duty in Duty
            if (before := old.duties.get(duty, ())) != (after := new.duties.get(duty, ()))
        }

    def _both(self) -> Iterator[tuple[Decision, Decision]]:
        if self.old.decision and self.new.decision:
            yield self.old.decision, self.new.decision


@dataclass(frozen=True, kw_only=True)
class BehaviourDiff(Brief):
    """What changed between two specs, and what that does to cases.

    :param spec: what changed; the reach of each change names the cases that rest on it
    :param old: the norms of the old spec that decisions rest on
    :param new: likewise
    :param cases: every case that could be read, in order
    :param findings: what is wrong with cases that cannot be read, or that neither spec can decide
    """

    spec: SpecDiff
    old: Norms = field(repr=False)
    new: Norms = field(repr=False)
    cases: tuple[ComparedCase, ...] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def of(self, *states: CaseState) -> tuple[ComparedCase, ...]:
        """Return the cases in any of these states."""
        return tuple(compared for compared in self.cases if compared.state in states)

    @cached_property
    def telling(self) -> tuple[ComparedCase, ...]:
        """The cases to report: those that changed, then those that one spec cannot decide."""
        order = list(CaseState)
        differing = (compared for compared in self.cases if compared.state is not CaseState.SAME)
        return tuple(sorted(differing, key=lambda compared: order.index(compared.state)))

    @cached_property
    def changes_to(self) -> dict[str, list[Change]]:
        """The changes to what a case rests on, by the place of the case."""
        return grouped((place, change) for change in self.spec.changes for place in change.reach.cases)


def compare_cases(diff: SpecDiff, old: Norms, new: Norms, cases: Iterable[Case]) -> tuple[ComparedCase, ...]:
    """Return cases as two specs decide them, given what changed between these.

    A case is read as one about the new spec; in the old one its principles have their former ids, and its levels
    their former names. Names that only the old spec knows are read the other way round.
    """
    naming = Naming(old.spec, new.spec, diff.matches)
    levels = {change.old: change.new for change in diff.of(Subject.LEVEL, ChangeKind.RENAMED)}
    former = {after: before for before, after in levels.items()}
    before = _Reader(old, naming, lambda sides: sides.old, former, diff.old or "the old spec")
    after = _Reader(new, naming, lambda sides: sides.new, levels, diff.new or "the new spec")
    return tuple(ComparedCase(case=case, old=before.read(case), new=after.read(case)) for case in cases)


@dataclass(frozen=True)
class _Reader:
    """Reads cases in the words of one of the specs.

    :param pick: the id of a provision in this spec
    :param levels: names of levels here, by their names in the other spec
    :param name: what messages call the spec
    """

    norms: Norms
    naming: Naming
    pick: Callable[[Sides], str | None]
    levels: Mapping[str, str]
    name: str

    def read(self, case: Case) -> CaseReading:
        missing: list[Finding] = []
        renamed: dict[str, str] = {}

        def here(name: str, span: Span) -> str:
            own = self._here(name)
            if own is None:
                message = f"`{name}` is not a provision of {self.name}"
                missing.append(Finding(code="unknown-provision", message=message, span=span))
            elif own != name:
                renamed[name] = own
            return name if own is None else own

        local = {*(item.id for item in case.items), *(item.category for item in case.items)}
        items = tuple(self._item(item, here, local | self.norms.categories) for item in case.items)
        renamed |= {
            item.level: new.level
            for item, new in zip(case.items, items, strict=True)
            if item.level != new.level
        }
        # What a case is about decides nothing: where that is new, the spec can still decide it.
        example = case.example if self.norms.examples(case.example) else ""
        own_case = replace(case, items=items, about=self._here(case.about) or "", example=example)
        findings = tuple(missing) or problems(own_case, self.norms)
        is_decided = all(finding.severity is not Severity.ERROR for finding in findings)
        return CaseReading(
            case=own_case,
            renamed=tuple(renamed.items()),
            decision=decide(own_case, self.norms) if is_decided else None,
            findings=findings,
        )

    def _item(self, item: Item, here: Callable[[str, Span], str], local: set[str]) -> Item:
        return replace(
            item,
            principle=here(item.principle, item.place("principle")) if item.principle else "",
            exempts=tuple(
                name if name in local else here(name, item.place("exempts")) for name in item.exempts
            ),
            level=item.level if item.level in self.norms.rank else self.levels.get(item.level, item.level),
        )

    def _here(self, name: str) -> str | None:
        """Return the name here; the name itself where neither spec knows it, ``None`` where this one does not."""
        sides = self.naming.of(name)
        if sides is None:
            return name
        own = self.pick(sides)
        provision = self.norms.provisions.get(name)
        return name if provision and provision.id == own else own
