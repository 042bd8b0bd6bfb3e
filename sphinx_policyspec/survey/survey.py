"""A spec, and cases of it → what it leaves open, each with a smallest witness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sphinx_policyspec.decision import STRENGTH_RULES, Norms, StrengthRule, decide
from sphinx_policyspec.model import Case, Item, Label, Semantics
from sphinx_policyspec.survey.engine import cases_where
from sphinx_policyspec.survey.facts import fact, spec_facts
from sphinx_policyspec.survey.pairs import Pair, expecting, pairs_of

__all__ = ["LARGEST", "OpenConflict", "RuleUse", "Survey", "survey"]

LARGEST = 4
"""Items of the largest cases of the space: two norms and two messages, or fewer and a text with its delegator."""

_UNDECIDED = "goal :- undecided(_)."
_DECIDES = {
    rule.id: f"goal :- {'equal' if rule.id == 'R2' else 'decides'}({number},A,B), not earlier({number},A,B)."
    for number, rule in enumerate(STRENGTH_RULES)
}
"""When a rule is the first that says who is stronger; the one about collisions says that neither is."""
_EXCEPTION = "goal :- excepts_item(_,_)."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConflict:
    """A kind of conflict that ends undecided, and no smaller one within it does.

    :param kinds: what meets, in words: "norm of user", "implied message of developer"
    """

    kinds: tuple[str, ...]
    witness: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
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
    """

    conflicts: tuple[OpenConflict, ...] = ()
    rules: tuple[RuleUse, ...] = ()
    pairs: tuple[Pair, ...] = ()
    idle: tuple[tuple[str, Case], ...] = ()
    semantics: Semantics = field(default_factory=Semantics)

    @property
    def gaps(self) -> tuple[Pair, ...]:
        """Pairs of which nothing says who goes first."""
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

    :param cases: cases without :func:`~sphinx_policyspec.decision.problems`
    """
    read = semantics or Semantics()
    return Survey(
        conflicts=tuple(
            sorted(_open_conflicts(norms, read), key=lambda found: (len(found.kinds), found.kinds))
        ),
        rules=tuple(_rules(norms, read)),
        pairs=tuple(pairs_of(norms, cases)),
        idle=tuple(_idle(norms, cases)),
        semantics=read,
    )


def _facts(norms: Norms, names: Iterable[str]) -> list[str]:
    numbers = {principle.id: number for number, principle in enumerate(norms.spec.principles)}
    chosen = set(names)
    keep = [principle for principle in norms.spec.principles if principle.id in chosen]
    told = spec_facts(replace(norms.spec, provisions=tuple(keep)) if keep else norms.spec)
    return [*told, *(fact("play", name) for name in sorted(chosen, key=numbers.__getitem__))]


def _open_conflicts(norms: Norms, semantics: Semantics) -> Iterator[OpenConflict]:
    """Yield each kind of conflict that ends undecided, unless a smaller one within it does already.

    Norms of one level differ by exceptions and preferences alone, so two of each stand for all of them here; pairs
    that the spec tells apart are looked at one by one.
    """
    by_level: dict[str, list[str]] = {}
    for principle in norms.spec.principles:
        if principle.authority in norms.rank:
            by_level.setdefault(principle.authority, []).append(principle.id)
    plain = replace(
        norms.spec,
        provisions=tuple(
            replace(p, exception_to=(), exempts=(), preferred_over=(), category="")
            for p in norms.spec.principles
        ),
    )
    standing_in = Norms(plain)
    facts = _facts(standing_in, (name for names in by_level.values() for name in names[:2]))
    seen: set[tuple[str, ...]] = set()
    known = _Undecided(standing_in)
    for size in range(1, LARGEST + 1):
        for case in cases_where(_UNDECIDED, facts, size, semantics=semantics):
            kinds = tuple(_kinds(case, norms))
            if kinds not in seen and known.only_as_a_whole(case):
                seen.add(kinds)
                yield OpenConflict(kinds=kinds, witness=expecting(_titled(case, kinds), norms))


def _kinds(case: Case, norms: Norms) -> Iterator[str]:
    """Yield what meets in a case, in words, the highest level first."""
    ranked = []
    for item in case.items:
        principle = norms.principle(item.principle)
        level = principle.authority if principle else item.level
        rank = norms.rank.get(level, len(norms.rank))
        mode = "" if item.explicit else "implied "
        what = "norm" if item.principle else "text with a say" if item.source else f"{mode}message"
        together = any(
            other is not item
            and not other.principle
            and other.turn == item.turn
            and other.level == item.level
            for other in case.items
        )
        same = ", in one message" if together and not item.principle and item.level else ""
        ranked.append((rank, f"{what} of {level}{same}" if level else what))
    yield from (words for _rank, words in sorted(ranked))


class _Undecided:
    """Tells by the labelling whether cases end undecided; parts that many cases share are decided once."""

    def __init__(self, norms: Norms) -> None:
        self._norms = norms
        self._known: dict[tuple[Item, ...], bool] = {}

    def _is_undecided(self, case: Case) -> bool:
        if case.items not in self._known:
            labels = decide(case, self._norms).labels.values()
            self._known[case.items] = Label.UNDECIDED in labels
        return self._known[case.items]

    def only_as_a_whole(self, case: Case) -> bool:
        """Tell whether a case ends undecided and everything in it is needed for that."""
        if not self._is_undecided(case):
            message = "the program and the labelling differ"
            raise AssertionError(message, case)
        rest = (tuple(other for other in case.items if other is not item) for item in case.items)
        return not any(self._is_undecided(replace(case, items=items)) for items in rest)


def _rules(norms: Norms, semantics: Semantics) -> Iterator[RuleUse]:
    facts = _facts(norms, (p.id for p in norms.spec.principles if p.authority in norms.rank))
    for rule in STRENGTH_RULES:
        yield RuleUse(
            id=rule.id, name=rule.name, witness=_first(_DECIDES[rule.id], facts, norms, semantics, rule)
        )
    witness = _first(_EXCEPTION, facts, norms, semantics, None)
    yield RuleUse(id="exception", name="exception", witness=witness)


def _first(
    goal: str, facts: list[str], norms: Norms, semantics: Semantics, rule: StrengthRule | None
) -> Case | None:
    """Return a smallest case in which a rule decides."""
    name = f"{rule.id}, {rule.name}" if rule else "an exception"
    for size in range(1, LARGEST + 1):
        for case in cases_where(goal, facts, size, semantics=semantics, most=1):
            return expecting(_titled(case, (f"decided by {name}",)), norms)
    return None


def _titled(case: Case, words: tuple[str, ...]) -> Case:
    return replace(case, title=" against ".join(words))


def _idle(norms: Norms, cases: Sequence[Case]) -> Iterator[tuple[str, Case]]:
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
    def is_kept(item: Item) -> bool:
        principle = norms.principle(item.principle)
        return principle is None or principle.id != name

    rest = replace(case, items=tuple(item for item in case.items if is_kept(item)), expect=None)
    before, after = decide(case, norms), decide(rest, norms)
    kept = {item.id for item in rest.items}
    same_labels = all(before.labels[name] is after.labels[name] for name in kept)
    return not same_labels or dict(before.outcomes) != dict(after.outcomes)
