"""Universes for laws: specs with levels, exceptions and preferences, and cases in which their items are at odds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from sphinx_policyspec.decision import Decision, Norms, decide, problems
from sphinx_policyspec.model import (
    AuthorityLevel,
    Case,
    Delegation,
    Item,
    Label,
    OverrideMode,
    Principle,
    Semantics,
    Spec,
)
from tests.conftest import LEVELS, at, principle, spec

_T = TypeVar("_T")

PLATFORM = (
    AuthorityLevel(id="platform", override=OverrideMode.NEVER, roles=("system",)),
    AuthorityLevel(id="developer", roles=("developer",)),
    AuthorityLevel(id="user", roles=("user",)),
    AuthorityLevel(id="guideline", override=OverrideMode.IMPLICIT),
)
COMPANY = (
    AuthorityLevel(id="law", override=OverrideMode.NEVER),
    AuthorityLevel(id="company", roles=("board", "manual")),
    AuthorityLevel(id="team", roles=("team",)),
    AuthorityLevel(id="habit", override=OverrideMode.IMPLICIT, roles=("guest",)),
)
OWN = (
    AuthorityLevel(id="law", override=OverrideMode.NEVER),
    AuthorityLevel(id="system", roles=("system",)),
    AuthorityLevel(id="company", override=OverrideMode.NEVER),
    AuthorityLevel(id="team"),
    AuthorityLevel(id="user", override=OverrideMode.IMPLICIT, roles=("user",)),
)
VOCABULARIES = (LEVELS, PLATFORM, COMPANY, OWN)
VALUES = ("a", "b", "c")
CATEGORIES = ("restricted", "law")


@dataclass(frozen=True)
class Universe:
    """A case with the norms that decide it."""

    norms: Norms
    case: Case

    @cached_property
    def decision(self) -> Decision:
        return decide(self.case, self.norms)

    @property
    def issues(self) -> tuple[str, ...]:
        """What its items are about; what is about anything else is T11's concern."""
        return tuple(dict.fromkeys(item.issue for item in self.case.items))

    def labels(self) -> dict[str, Label]:
        return dict(self.decision.labels)

    def having(self, *items: Item) -> Universe:
        """Return the same with other items."""
        return replace(self, case=replace(self.case, items=items))

    def with_item(self, item: Item) -> Universe:
        """Return the same with an item in place of the one of its id, or beside the others."""
        known = {old.id: old for old in self.case.items}
        return self.having(*(known | {item.id: item}).values())

    def without(self, name: str) -> Universe:
        return self.having(*(item for item in self.case.items if item.id != name))


class Choose(Protocol):
    """Chooses one of several: a random generator, or a strategy."""

    def __call__(self, among: Sequence[_T], /) -> _T: ...


def build(choose: Choose, *, most: int = 6) -> Universe:
    """Return a universe without problems."""
    norms = _norms(choose)
    count = choose(range(1, most + 1))
    items = tuple(_item(choose, norms, number) for number in range(count))
    case = Case(
        title="a universe",
        span=at(),
        semantics=Semantics(
            strict=choose((True, False)),
            interactive=choose((True, False)),
            first_party=choose((False, False, False, True)),
        ),
        items=items,
        compatible=choose(((), (), (("x", "a", "b"),), (("x", "b", "a"), ("y", "b", "c")))),
    )
    universe = Universe(norms, case)
    if problems(case, norms):
        # What a circle needs is left out rather than drawn again, so that shrinking stays simple.
        plain = tuple(replace(item, delegates=None, exempts=()) for item in items)
        universe = universe.having(*plain)
    return universe if not problems(universe.case, norms) else universe.having(*items[:1])


def _norms(choose: Choose) -> Norms:
    levels = choose(VOCABULARIES)
    ids = [f"p{number}" for number in range(5)]
    principles = tuple(_principle(choose, ids, number, levels) for number in range(5))
    return Norms(spec(*principles, levels=levels))


def _principle(choose: Choose, ids: list[str], number: int, levels: tuple[AuthorityLevel, ...]) -> Principle:
    # Exceptions and preferences look to later principles only, so that they lead in no circle.
    later = ids[number + 1 :] or ids[:1]
    is_exception = number < 2 and choose((True, False))
    return principle(
        ids[number],
        authority=choose(levels).id,
        category=choose(("", *CATEGORIES)) if number > 1 else "",
        exception_to=(choose(later),) if is_exception and choose((True, False)) else (),
        exempts=(choose(CATEGORIES),) if is_exception and choose((True, False)) else (),
        never_exempts=(choose(CATEGORIES),) if is_exception and choose((True, False, False)) else (),
        preferred_over=(choose([name for name in ids if name != ids[number]]),)
        if choose((True, False))
        else (),
    )


def _item(choose: Choose, norms: Norms, number: int) -> Item:
    item = Item(
        id=f"i{number}",
        issue=choose(("x", "x", "y")),
        value=choose(VALUES),
        span=at(number + 1),
        turn=choose((1, 2, 3)),
        active=choose((True,) * 9 + (False,)),
        mistaken=choose((False,) * 9 + (True,)),
        irreversible=choose((False, True)),
    )
    kind = choose(("norm", "norm", "message", "message", "message", "text"))
    if kind == "norm":
        return _norm(choose, norms, item)
    delegates = Delegation(source=choose(("wiki", "mail")), scope=choose((("x",), ("y",), ("x", "y"))))
    speaking = replace(
        item,
        explicit=choose((True, True, False)),
        delegates=choose((None, None, delegates)),
    )
    if kind == "text":
        return replace(speaking, role="tool", source=choose(("", "wiki", "mail")))
    roles = tuple(role for level in norms.spec.levels for role in level.roles)
    if choose((True, True, True, False)):
        return replace(speaking, role=choose(roles))
    return replace(speaking, level=choose(norms.spec.levels).id)


def _norm(choose: Choose, norms: Norms, item: Item) -> Item:
    named = choose(norms.spec.principles)
    lower = [level.id for level in norms.spec.levels[norms.rank[named.authority] :]]
    return replace(
        item,
        principle=named.id,
        level=choose(lower) if choose((False, False, True)) else "",
        category=choose(("", "", *CATEGORIES)),
        exempts=(choose(("i0", "i1", "p3", "restricted")),)
        if choose((False, False, False, True)) and item.id not in {"i0", "i1"}
        else (),
    )


@st.composite
def universes(draw: st.DrawFn, *, most: int = 6) -> Universe:
    """Return a strategy for universes that shrinks to few plain items."""
    return build(lambda among: draw(st.sampled_from(among)), most=most)


def random_universe(seed: int, *, most: int = 6) -> Universe:
    """Return the universe of a number."""
    return build(random.Random(seed).choice, most=most)


@cache
def _small_norms() -> Norms:
    """Return norms with a level of each mode, and two principles at each."""
    levels = (
        AuthorityLevel(id="fixed", override=OverrideMode.NEVER),
        AuthorityLevel(id="high", roles=("high",)),
        AuthorityLevel(id="low", roles=("low",)),
        AuthorityLevel(id="soft", override=OverrideMode.IMPLICIT, roles=("soft",)),
    )
    return Norms(spec(*(principle(f"of_{level.id}", authority=level.id) for level in levels), levels=levels))


def small_universes(size: int) -> Iterator[Universe]:
    """Yield every case of so many items about one issue: of each level, said by the spec or by a message, explicit or
    implied, early or late; with equal or different values; in both readings of the guard.
    """
    norms = _small_norms()
    kinds: list[Item] = []
    for level in norms.spec.levels:
        blank = Item(id="", issue="x", value="", span=at())
        kinds.append(replace(blank, principle=f"of_{level.id}"))
        kinds += [
            replace(blank, level=level.id, explicit=explicit, turn=turn)
            for explicit in (True, False)
            for turn in (1, 2)
        ]
    for chosen in itertools.combinations_with_replacement(kinds, size):
        for values in _partitions(size):
            items = tuple(
                replace(kind, id=f"i{number}", value=value)
                for number, (kind, value) in enumerate(zip(chosen, values, strict=True))
            )
            for strict in (True, False):
                case = Case(title="small", span=at(), items=items, semantics=Semantics(strict=strict))
                yield Universe(norms, case)


def _partitions(size: int) -> Iterator[str]:
    """Yield the ways to give items values, up to the names of the values."""
    for values in itertools.product(VALUES, repeat=size):
        seen = list(dict.fromkeys(values))
        if seen == list(VALUES[: len(seen)]):
            yield "".join(values)


def spec_of(universe: Universe) -> Spec:
    return universe.norms.spec
