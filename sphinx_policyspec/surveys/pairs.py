"""Pairs of principles that can meet, and what in the spec says which goes first."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

from sphinx_policyspec.decision import EXCEPTION, Norms, decide
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.touches import TouchKind, about
from sphinx_policyspec.model import Case, Expectation, Item, Label, Principle
from sphinx_policyspec.surveys.engine import HERE

_ISSUE = "what both are about"
_VALUES = ("one way", "the other way")


class Decider(enum.StrEnum):
    """What says which of two principles goes first."""

    LEVEL = "level"
    EXCEPTION = "exception"
    PREFERENCE = "preference"
    EXAMPLE = "example"
    CASE = "case"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Brief):
    """Two principles that share an issue.

    :param topics: ids of the topics that both list; broader ones are too wide for two principles to meet
    :param is_declared: one of them says that it conflicts with the other
    :param examples: ids of the examples that weigh both
    :param cases: titles of the cases in which both speak on one issue
    :param decided_by: the first of level, exception and preference that decides in the labelling, else what shows it
    :param first: id of the one that goes first; empty where only an example or a case shows it, or nothing does
    """

    one: Principle
    other: Principle
    topics: tuple[str, ...] = ()
    is_declared: bool = False
    examples: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    decided_by: Decider
    first: str = ""

    @property
    def shares(self) -> tuple[str, ...]:
        """Why they share an issue: ids of topics, ``conflicts-with``, ``example`` or ``case``."""
        reasons = {"conflicts-with": self.is_declared, "example": self.examples, "case": self.cases}
        return (*self.topics, *(name for name, holds in reasons.items() if holds))

    @property
    def is_gap(self) -> bool:
        """Whether nothing says who goes first."""
        return self.decided_by is Decider.NOTHING

    @property
    def witness(self) -> Case | None:
        """The smallest case of the two, where it ends undecided; it expects that, so that a later change is reported."""
        if self.first:
            return None
        case = meeting(self.one, self.other)
        undecided = tuple((item.id, Label.UNDECIDED) for item in case.items)
        return Case(title=case.title, span=HERE, items=case.items, expect=Expectation(labels=undecided))


def meeting(one: Principle, other: Principle) -> Case:
    """Return the smallest case of two principles: they ask for different things on one issue."""
    items = tuple(
        Item(id=principle.id, issue=_ISSUE, value=value, span=HERE, principle=principle.id)
        for principle, value in zip((one, other), _VALUES, strict=True)
    )
    return Case(title=f"{one.id} against {other.id}", span=HERE, items=items)


def pairs_of(norms: Norms, cases: Iterable[Case]) -> Iterator[Pair]:
    """Yield the pairs of principles that share an issue, in reading order; those of unknown levels are left out."""
    pairs = SpecPairs(norms, tuple(cases))
    order = {name: place for place, name in enumerate(pairs.by_id)}
    for key in sorted(pairs.known(), key=lambda pair: sorted(order[name] for name in pair)):
        one, other = (pairs.by_id[name] for name in sorted(key, key=order.__getitem__))
        if one.authority in norms.rank and other.authority in norms.rank:
            yield pairs.of(one, other)


class SpecPairs:
    """What two principles share, and what says which goes first; built once for any number of pairs of a spec."""

    def __init__(self, norms: Norms, cases: Iterable[Case] = ()) -> None:
        self._met = _Meetings(norms)
        for case in cases:
            self._met.note_case(case)
        self.by_id = {principle.id: principle for principle in norms.norms}
        self._by_topic = {
            topic: {
                name for name, kinds in touches.items() if TouchKind.ASSERTED in kinds and name in self.by_id
            }
            for topic, touches in about(norms.spec).items()
        }
        self._listed = {
            name: {topic for topic, ids in self._by_topic.items() if name in ids} for name in self.by_id
        }
        self._judge = Judge(norms)

    def known(self) -> set[frozenset[str]]:
        """Return the pairs of ids that share an issue."""
        shared = {frozenset(pair) for ids in self._by_topic.values() for pair in combinations(ids, 2)}
        return {*shared, *self._met.declared, *self._met.examples, *self._met.cases}

    def of(self, one: Principle, other: Principle) -> Pair:
        """Return two principles of known levels, whether or not they share an issue."""
        key = frozenset((one.id, other.id))
        examples, titles = tuple(self._met.examples.get(key, ())), tuple(self._met.cases.get(key, ()))
        decided_by, first = self._judge.decided(one, other)
        if not first:
            decided_by = Decider.EXAMPLE if examples else Decider.CASE if titles else Decider.NOTHING
        return Pair(
            one=one,
            other=other,
            topics=tuple(sorted(self._listed[one.id] & self._listed[other.id])),
            is_declared=key in self._met.declared,
            examples=examples,
            cases=titles,
            decided_by=decided_by,
            first=first,
        )


@dataclass(slots=True)
class Judge:
    """Decides two principles by the labelling; pairs that are alike to it are decided once."""

    norms: Norms
    _exempted: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    _decisions: dict[tuple[object, ...], tuple[Decider, int]] = field(default_factory=dict)

    def decided(self, one: Principle, other: Principle) -> tuple[Decider, str]:
        """Return what decides, and the id of the one that goes first, or nothing."""
        key = ((one.authority, *self._ways(one, other)), (other.authority, *self._ways(other, one)))
        if key not in self._decisions:
            self._decisions[key] = self._decide(one, other)
        decider, place = self._decisions[key]
        return decider, (one.id, other.id)[place] if place >= 0 else ""

    def _ways(self, one: Principle, other: Principle) -> tuple[bool, ...]:
        """Return whether one exempts from the other, never exempts from it, and goes before it."""
        norms = self.norms
        return (
            self._exempts(one, other),
            norms.spares(one.id, other.category),
            norms.prefers(one.id, other.id),
        )

    def _exempts(self, one: Principle, other: Principle) -> bool:
        if not one.is_exception:
            return False
        if one.id not in self._exempted:
            self._exempted[one.id] = self.norms.exempted_by(one)
        ids, categories = self._exempted[one.id]
        return other.id in ids or other.category in categories

    def _decide(self, one: Principle, other: Principle) -> tuple[Decider, int]:
        decision = decide(meeting(one, other), self.norms)
        labels = list(decision.labels.values())
        if Label.IN not in labels or Label.UNDECIDED in labels:
            return Decider.NOTHING, -1
        rules = {reason.rule for reason in decision.reasons}
        same = one.authority == other.authority
        # For two norms, R0 means that one is an exception that does not reach the other.
        by = Decider.EXCEPTION if rules & {EXCEPTION, "R0"} else Decider.PREFERENCE if same else Decider.LEVEL
        return by, labels.index(Label.IN)


class _Meetings:
    """Where two principles occur together: by pairs of ids, examples by id and cases by title."""

    def __init__(self, norms: Norms) -> None:
        self._norms = norms
        self.declared = {
            frozenset((principle.id, other.id))
            for principle in norms.norms
            for name in principle.conflicts_with
            if (other := norms.principle(name)) and other is not principle
        }
        self.cases: dict[frozenset[str], dict[str, None]] = {}

    @cached_property
    def examples(self) -> dict[frozenset[str], dict[str, None]]:
        by_pair: dict[frozenset[str], dict[str, None]] = {}
        for provision, block in self._norms.spec.walk():
            weighs = getattr(block, "weighs", ())
            illustrates = getattr(block, "illustrates", ())
            own = {provision.id} if provision and (weighs or illustrates) else set()
            self._note(by_pair, {*weighs, *illustrates, *own}, getattr(block, "id", ""))
        return by_pair

    def note_case(self, case: Case) -> None:
        by_issue: dict[str, set[str]] = {}
        for item in case.items:
            by_issue.setdefault(item.issue, set()).add(item.principle)
        for names in by_issue.values():
            self._note(self.cases, names, case.title)

    def _note(
        self, meetings: dict[frozenset[str], dict[str, None]], names: Iterable[str], place: str
    ) -> None:
        principles = (self._norms.principle(name) for name in names if not self._norms.statement(name))
        ids = sorted({principle.id for principle in principles if principle})
        for pair in combinations(ids, 2):
            meetings.setdefault(frozenset(pair), {})[place] = None
