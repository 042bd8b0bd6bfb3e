"""A spec, and cases of it → what it leaves open, each with a smallest witness."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sphinx_policyspec.decision import EXCEPTION, STRENGTH_RULES, Norms, StrengthRule, decide
from sphinx_policyspec.files import Brief, grouped, number_of
from sphinx_policyspec.model import Case, Expectation, Finding, Item, Label, Principle, Semantics
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.surveys.engine import cases_where, fact, spec_facts
from sphinx_policyspec.surveys.pairs import Pair, pairs_of


class PartyKind(enum.StrEnum):
    """What an item is."""

    NORM = "norm"
    MESSAGE = "message"
    IMPLIED = "implied message"
    TEXT = "text with a say"


class Party(NamedTuple):
    """One of those who meet in a conflict.

    :param level: empty for a text, which has the level of whoever gives it a say
    :param in_one_message: whether what it conflicts with is said in the same message
    """

    kind: PartyKind
    level: str = ""
    in_one_message: bool = False

    def __str__(self) -> str:
        """Return it in English."""
        return f"{self.kind} of {self.level}" if self.level else str(self.kind)


def in_english(parties: Sequence[Party], joint: str) -> str:
    """Return in English who meets."""
    together = any(party.in_one_message for party in parties)
    return f"{joint.join(map(str, parties))}{', in one message' if together else ''}"


def parties_of(case: Case, norms: Norms) -> tuple[Party, ...]:
    """Return who meets in a case, the highest level first."""
    parties = (_party(item, case, norms) for item in case.items)
    return tuple(sorted(parties, key=lambda party: (norms.rank.get(party.level, len(norms.rank)), party)))


def _party(item: Item, case: Case, norms: Norms) -> Party:
    if item.source:
        return Party(PartyKind.TEXT)
    if principle := norms.principle(item.principle):
        return Party(PartyKind.NORM, principle.authority)
    kind = PartyKind.MESSAGE if item.explicit else PartyKind.IMPLIED
    return Party(kind, item.level, any(_in_one_message(item, other) for other in case.items))


def _in_one_message(item: Item, other: Item) -> bool:
    """Return whether the same message says both, and neither is a norm or a text, which have no level of their own."""
    same = (item.level, item.issue, item.turn) == (other.level, other.issue, other.turn)
    return same and item.value != other.value


_MEETING = 2
"""Norms of one level at most, in a case of the space."""
LARGEST = 4
"""Items of the largest cases of the space: two norms and two messages, or fewer and a text with its delegator."""

_UNDECIDED = """
goal :- undecided(_).
% Two that attack each other are undecided without the others, a text together with who gives it a say.
:- size > 2, attacks(A,B), attacks(B,A), not needs(A), not needs(B).
:- size > 3, attacks(A,B), attacks(B,A).
"""
"""Leaves out most cases that contain a smaller one."""
_DECIDES = {
    rule.id: f"goal :- {'equal' if rule.id == 'R2' else 'decides'}({number},A,B), not earlier({number},A,B)."
    for number, rule in enumerate(STRENGTH_RULES)
}
"""When a rule is the first that says who is stronger; the one about collisions says that neither is."""
_EXCEPTION = "goal :- excepts_item(_,_)."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConflict(Brief):
    """A kind of conflict that ends undecided, and no smaller one within it does.

    :param parties: who meets, the highest level first
    """

    parties: tuple[Party, ...]
    witness: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse(Brief):
    """Whether a rule ever decides.

    :param id: of a rule of strength, or ``exception``
    :param witness: a smallest case in which it does; ``None`` where there is none in the whole space
    """

    id: str
    name: str
    witness: Case | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a spec leaves open.

    :param conflicts: kinds of conflict that end undecided, the smallest first
    :param rules: in the order in which they are asked
    :param pairs: principles that share an issue
    :param idle: principles whose removal changes the outcome of no case, each with a case in which it speaks
    :param findings: what is wrong with the cases that were given
    """

    conflicts: tuple[OpenConflict, ...] = ()
    rules: tuple[RuleUse, ...] = ()
    pairs: tuple[Pair, ...] = ()
    idle: tuple[tuple[str, Case], ...] = ()
    semantics: Semantics = field(default_factory=Semantics)
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        """Return a summary."""
        counts = f"{number_of(len(self.conflicts), 'kind')} of conflict, {number_of(len(self.gaps), 'gap')}, {number_of(len(self.idle_rules), 'idle rule')}"
        return f"<Survey: {counts}>"

    @property
    def gaps(self) -> tuple[Pair, ...]:
        """Pairs for which nothing says who goes first."""
        return tuple(pair for pair in self.pairs if pair.is_gap)

    @property
    def idle_rules(self) -> tuple[RuleUse, ...]:
        """Rules that never decide."""
        return tuple(rule for rule in self.rules if rule.witness is None)

    def witnesses(self) -> Iterator[Case]:
        """Yield a case for each conflict, gap and rule, which expects what is decided now."""
        yield from (conflict.witness for conflict in self.conflicts)
        yield from (pair.witness for pair in self.gaps if pair.witness)
        yield from (rule.witness for rule in self.rules if rule.witness)


def survey(norms: Norms, cases: Sequence[Case] = (), semantics: Semantics | None = None) -> Survey:
    """Look at every case of up to :data:`LARGEST` items, and at the pairs of principles that share an issue.

    Raises :class:`~sphinx_policyspec.errors.MissingToolError` where clingo is not installed.

    :param cases: cases without :func:`~sphinx_policyspec.decision.framework`
    """
    switches = semantics or Semantics()
    return Survey(
        conflicts=open_conflicts(norms, switches),
        rules=rules_in_use(norms, switches),
        pairs=tuple(pairs_of(norms, cases)),
        idle=tuple(idle_of(norms, cases)),
        semantics=switches,
    )


def _facts(norms: Norms, names: Iterable[str]) -> list[str]:
    """Return the facts about a spec in which only some principles are at play."""
    principles = {name: norms.principle(name) for name in names}
    keep = tuple(principle for principle in principles.values() if principle)
    # Exceptions may name sections.
    sections = tuple(p for p in norms.spec.provisions if not isinstance(p, Principle))
    facts = spec_facts(replace(norms.spec, provisions=(*sections, *keep)))
    return [*facts, *(fact("play", principle.id) for principle in keep)]


def fingerprint(norms: Norms, semantics: Semantics) -> str:
    """Return all that open conflicts and rules depend on: it stays the same when a spec changes in other ways."""
    return "\n".join((repr(semantics), *_facts(norms, _representatives(norms))))


def _by_level(norms: Norms) -> dict[str, list[Principle]]:
    """Return two principles of each level that can meet, if possible two that the spec treats alike."""
    of = grouped((p.authority, p) for p in norms.norms if p.authority in norms.rank)

    def unlike(one: Principle, other: Principle) -> bool:
        return bool(_ways(one, other, norms) or _ways(other, one, norms))

    return {
        level: [first, *sorted(rest, key=lambda other: unlike(first, other))[:1]]
        for level, (first, *rest) in of.items()
    }


def _ways(one: Principle, other: Principle, norms: Norms) -> tuple[str, ...]:
    """Return how the spec puts one principle before another."""
    ids, categories = norms.exempted_by(one) if one.is_exception else ((), ())
    ways = {
        "prefers": one.goes_first and norms.prefers(one.id, other.id),
        "exempts": other.id in ids or other.category in categories,
        "spares": norms.spares(one.id, other.category),
    }
    return tuple(way for way, holds in ways.items() if holds)


def open_conflicts(norms: Norms, semantics: Semantics) -> tuple[OpenConflict, ...]:
    """Return each kind of conflict that ends undecided, the smallest first; none holds a smaller one.

    Norms of one level differ by exceptions and preferences alone, so two of each stand for all of them here; pairs
    that the spec distinguishes are examined one by one.
    """
    related: dict[str, Any] = dict.fromkeys((row.field for row in RELATIONS), ())
    plain = {
        level: [replace(p, **related, exempts=(), never_exempts=(), category="", blocks=()) for p in group]
        for level, group in _by_level(norms).items()
    }
    standing_in = Norms(replace(norms.spec, provisions=tuple(p for group in plain.values() for p in group)))
    facts = _facts(standing_in, (p.id for p in standing_in.spec.principles))
    facts += [fact("like", group[1].id, group[0].id) for group in plain.values() if len(group) == _MEETING]
    seen: dict[tuple[Party, ...], Case] = {}
    undecided = _Undecided(standing_in)
    for size in range(1, LARGEST + 1):
        for case in cases_where(_UNDECIDED, facts, size, semantics=semantics):
            parties = parties_of(case, standing_in)
            if parties not in seen and undecided.only_as_a_whole(case):
                title = in_english(parties, " against ")
                seen[parties] = _expecting(replace(case, title=title), norms)
    conflicts = (OpenConflict(parties=parties, witness=witness) for parties, witness in seen.items())
    return tuple(sorted(conflicts, key=lambda one: (len(one.parties), one.parties)))


class _Undecided:
    """Decides by the labelling whether cases end undecided; parts that many cases share are decided once."""

    def __init__(self, norms: Norms) -> None:
        self._norms = norms
        self._known: dict[tuple[Item, ...], bool] = {}

    def _is_undecided(self, case: Case) -> bool:
        if case.items not in self._known:
            labels = decide(case, self._norms).labels.values()
            self._known[case.items] = Label.UNDECIDED in labels
        return self._known[case.items]

    def only_as_a_whole(self, case: Case) -> bool:
        """Return whether a case ends undecided and everything in it is needed for that."""
        if not self._is_undecided(case):
            message = "the program and the labelling differ"
            raise AssertionError(message, case)
        rest = (tuple(other for other in case.items if other is not item) for item in case.items)
        return not any(self._is_undecided(replace(case, items=items)) for items in rest)


def rules_in_use(norms: Norms, semantics: Semantics) -> tuple[RuleUse, ...]:
    """Return the rules in the order in which they are asked, and the exceptions, each with a case if it ever decides."""
    facts = _facts(norms, _representatives(norms))
    uses = [
        RuleUse(id=rule.id, name=rule.name, witness=_first(_DECIDES[rule.id], facts, norms, semantics, rule))
        for rule in STRENGTH_RULES
    ]
    witness = _first(_EXCEPTION, facts, norms, semantics, None)
    return (*uses, RuleUse(id=EXCEPTION, name=EXCEPTION, witness=witness))


def _representatives(norms: Norms) -> tuple[str, ...]:
    """Return principles that stand for all others: two of each level, and two for each way to put one before another."""
    ids = [p.id for principles in _by_level(norms).values() for p in principles]
    ways: dict[tuple[str, str, str], tuple[str, str]] = {}
    ranked = [p for p in norms.norms if p.authority in norms.rank]
    for one in ranked:
        if one.goes_first:
            for other in ranked:
                for way in _ways(one, other, norms) if other is not one else ():
                    ways.setdefault((way, one.authority, other.authority), (one.id, other.id))
    return tuple(dict.fromkeys([*ids, *(name for pair in ways.values() for name in pair)]))


def _first(
    goal: str, facts: list[str], norms: Norms, semantics: Semantics, rule: StrengthRule | None
) -> Case | None:
    """Return a smallest case in which a rule decides."""
    name = f"{rule.id}, {rule.name}" if rule else "an exception"
    for size in range(1, LARGEST + 1):
        for case in cases_where(goal, facts, size, semantics=semantics, most=1):
            return _expecting(replace(case, title=f"decided by {name}"), norms)
    return None


def _expecting(case: Case, norms: Norms) -> Case:
    """Return a case that expects what is decided now, so that a later change is reported."""
    return replace(case, expect=Expectation(labels=tuple(decide(case, norms).labels.items())))


def idle_of(norms: Norms, cases: Sequence[Case]) -> Iterator[tuple[str, Case]]:
    """Yield the principles of the cases that could be removed without a change of any outcome."""
    speaking: dict[str, list[Case]] = {}
    for case in cases:
        for name in dict.fromkeys(item.principle for item in case.items if item.principle):
            if principle := norms.principle(name):
                speaking.setdefault(principle.id, []).append(case)
    for name, where in speaking.items():
        if not any(_matters(name, case, norms) for case in where):
            yield name, where[0]


def _matters(name: str, case: Case, norms: Norms) -> bool:
    def remains(item: Item) -> bool:
        principle = norms.principle(item.principle)
        return principle is None or principle.id != name

    rest = replace(case, items=tuple(item for item in case.items if remains(item)), expect=None)
    before, after = decide(case, norms), decide(rest, norms)
    ids = {item.id for item in rest.items}
    same_labels = all(before.labels[name] is after.labels[name] for name in ids)
    return not same_labels or dict(before.outcomes) != dict(after.outcomes)
