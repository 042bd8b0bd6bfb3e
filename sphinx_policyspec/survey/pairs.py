"""Pairs of principles that can meet, and what of the spec says who goes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.model import Case, Expectation, Item, Label, Principle
from sphinx_policyspec.survey.engine import HERE

__all__ = ["Pair", "expecting", "pairs_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two principles that share an issue.

    :param shares: why they do: ids of topics, ``conflicts-with``, ``example`` or ``case``
    :param examples: ids of the examples that weigh them, and titles of the cases in which they meet
    :param is_preferred: one of them is declared to go before the other, or is an exception to it
    :param witness: the smallest case of the two, where it ends undecided
    """

    one: Principle
    other: Principle
    shares: tuple[str, ...]
    examples: tuple[str, ...] = ()
    is_preferred: bool = False
    witness: Case | None = None

    @property
    def is_gap(self) -> bool:
        """Whether nothing says who goes first: no level, preference, exception, example or case."""
        return self.witness is not None and not self.examples


def pairs_of(norms: Norms, cases: Iterable[Case]) -> Iterator[Pair]:
    """Yield the pairs of principles that share an issue, in reading order."""
    met = _meetings(norms, cases)
    for one, other in combinations(norms.spec.principles, 2):
        examples = met.get(frozenset((one.id, other.id)), {})
        topics = sorted({*one.topics} & {*other.topics})
        is_declared = other.id in one.conflicts_with or one.id in other.conflicts_with
        kinds = sorted(set(examples.values()))
        shares = (*topics, *(("conflicts-with",) if is_declared else ()), *kinds)
        if shares:
            yield _judged(Pair(one=one, other=other, shares=shares, examples=tuple(examples)), norms)


def _judged(pair: Pair, norms: Norms) -> Pair:
    """Return a pair with what comes of the two alone."""
    items = tuple(
        Item(id=p.id, issue="what both are about", value=value, span=HERE, principle=p.id)
        for p, value in ((pair.one, "one way"), (pair.other, "the other way"))
    )
    case = Case(title=f"{pair.one.id} against {pair.other.id}", span=HERE, items=items)
    known = {pair.one.authority, pair.other.authority} <= norms.rank.keys()
    if not known or Label.UNDECIDED in (labels := decide(case, norms).labels).values():
        return replace(pair, witness=expecting(case, norms) if known else None)
    return replace(pair, is_preferred=pair.one.authority == pair.other.authority and len(labels) > 1)


def _meetings(norms: Norms, cases: Iterable[Case]) -> dict[frozenset[str], dict[str, str]]:
    """Return, by pairs of ids, where both are: examples by id, cases by title, each with what it is."""
    found: dict[frozenset[str], dict[str, str]] = {}
    for provision, block in norms.spec.walk():
        weighs = getattr(block, "weighs", ())
        illustrates = getattr(block, "illustrates", ())
        named = {*weighs, *illustrates, *({provision.id} if provision and (weighs or illustrates) else ())}
        _note(found, named, norms, getattr(block, "id", ""), "example")
    for case in cases:
        by_issue: dict[str, set[str]] = {}
        for item in case.items:
            by_issue.setdefault(item.issue, set()).add(item.principle)
        for names in by_issue.values():
            _note(found, names, norms, case.title, "case")
    return found


def _note(
    found: dict[frozenset[str], dict[str, str]], names: Iterable[str], norms: Norms, place: str, kind: str
) -> None:
    ids = sorted({principle.id for name in names if (principle := norms.principle(name))})
    for pair in combinations(ids, 2):
        found.setdefault(frozenset(pair), {})[place] = kind


def expecting(case: Case, norms: Norms) -> Case:
    """Return a case that expects what is decided now, so that a later change is told."""
    return replace(case, expect=Expectation(labels=tuple(decide(case, norms).labels.items())))
