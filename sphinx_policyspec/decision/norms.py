"""What of a spec the chain of command rests on: its levels, principles, exceptions and preferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sphinx_policyspec.model import (
    AuthorityLevel,
    Example,
    OverrideMode,
    Principle,
    Provision,
    Spec,
    plain_name,
)

__all__ = ["POWERLESS_ROLES", "Norms"]

POWERLESS_ROLES = ("assistant", "tool")
"""Roles whose messages have no authority in any vocabulary of levels that gives them none."""


@dataclass(frozen=True)
class Norms:
    """Lookups in one spec, made once for any number of cases."""

    spec: Spec

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each level, 0 for the highest."""
        return {level.id: rank for rank, level in enumerate(self.spec.levels)}

    @cached_property
    def level_of_role(self) -> dict[str, AuthorityLevel]:
        """The level that the messages of a role have; the highest where several claim it."""
        return {role: level for level in reversed(self.spec.levels) for role in level.roles}

    @cached_property
    def provisions(self) -> dict[str, Provision]:
        """Provisions by id; former ids lead to what bears them now."""
        known = {alias: provision for provision in self.spec.provisions for alias in provision.aliases}
        return known | self.spec.provision_by_id

    @cached_property
    def categories(self) -> frozenset[str]:
        """The categories that principles have."""
        return frozenset(principle.category for principle in self.spec.principles if principle.category)

    @cached_property
    def ask_rank(self) -> int:
        """The rank of the lowest level that messages can have: of those whom the assistant serves."""
        return max((self.rank[level.id] for level in self.spec.levels if level.roles), default=-1)

    def principle(self, name: str) -> Principle | None:
        """Return a principle by its id, or by one that it had."""
        found = self.provisions.get(name)
        return found if isinstance(found, Principle) else None

    def examples(self, name: str) -> tuple[Example, ...]:
        """Return the examples of an id, or of a title in whatever typography."""
        return self._examples.get(plain_name(name), ()) if name else ()

    @cached_property
    def _examples(self) -> dict[str, tuple[Example, ...]]:
        found: dict[str, tuple[Example, ...]] = {}
        for example in self.spec.examples:
            for name in example.names:
                found[name] = (*found.get(name, ()), example)
        return found

    def mode(self, rank: int) -> OverrideMode:
        """Return how the norms of a level may be set aside."""
        return self.spec.levels[rank].override

    def prefers(self, one: str, other: str) -> bool:
        """Tell whether a principle is declared to go before another, and not also the other way round."""
        return self._is_preferred(one, other) and not self._is_preferred(other, one)

    def _is_preferred(self, one: str, other: str) -> bool:
        principle, yielding = self.principle(one), self.principle(other)
        if principle is None or yielding is None:
            return False
        return any(self.principle(name) == yielding for name in principle.preferred_over)

    def exempted_by(self, exception: Principle) -> tuple[frozenset[str], frozenset[str]]:
        """Return what an exception takes out of force: ids of principles, and categories.

        An exception to a section is one to the principles below it.
        """
        named = (self.provisions.get(name) for name in exception.exception_to)
        ids = {below for provision in named if provision for below in self._at_or_below(provision)}
        return frozenset(ids - {exception.id}), frozenset(exception.exempts)

    def _at_or_below(self, provision: Provision) -> Iterator[str]:
        pending = [provision.id]
        seen: set[str] = set()
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                yield current
                pending += self._children.get(current, ())

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for provision in self.spec.provisions:
            if provision.parent is not None:
                children.setdefault(provision.parent, []).append(provision.id)
        return children
