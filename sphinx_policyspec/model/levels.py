"""Levels of authority as data of a release: their order, who speaks at them, what overrides them; those that were published."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_policyspec.model.finding import Span

__all__ = [
    "DEFAULT_LEVELS",
    "PUBLISHED_LEVELS",
    "AuthorityLevel",
    "OverrideMode",
    "levels_for",
    "overriders",
]


class OverrideMode(enum.StrEnum):
    """How a norm of a level may be set aside (Model Spec, "Instructions and levels of authority")."""

    NEVER = "never"
    """By no message at all."""
    EXPLICIT = "explicit"
    """By an instruction that says so."""
    IMPLICIT = "implicit"
    """Also by context, such as the style that a message asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityLevel:
    """One level of authority. Its rank is its place in :attr:`Spec.levels`, highest first.

    :param id: the name that principles use, such as ``user``
    :param title: the name for readers; empty means the id, capitalised
    :param override: how a norm of this level may be set aside
    :param span: where it is declared; ``None`` for levels that nobody had to declare
    :param roles: roles whose messages carry this level, such as ``("user",)``; none where no
        message can (the Model Spec's root and guideline)
    """

    id: str
    override: OverrideMode = OverrideMode.EXPLICIT
    roles: tuple[str, ...] = ()
    title: str = ""
    span: Span | None = None


def overriders(levels: tuple[AuthorityLevel, ...], level: AuthorityLevel) -> tuple[AuthorityLevel, ...]:
    """Return the levels whose messages can override a norm of ``level``, highest first.

    These are the levels at or above it that a message can have; none where its mode is *never*.
    """
    if level.override is OverrideMode.NEVER:
        return ()
    at_or_above = levels[: levels.index(level) + 1]
    return tuple(other for other in at_or_above if other.roles)


_DEFAULTS = (
    AuthorityLevel(id="developer", title="Developer", roles=("developer",)),
    AuthorityLevel(id="user", title="User", roles=("user",)),
    AuthorityLevel(id="guideline", title="Guideline", override=OverrideMode.IMPLICIT),
)

DEFAULT_LEVELS = (
    AuthorityLevel(id="root", title="Root", override=OverrideMode.NEVER),
    AuthorityLevel(id="system", title="System", roles=("system",)),
    *_DEFAULTS,
)
"""The five levels of the Model Spec since 2025-09-12, highest first."""

_PLATFORM_LEVELS = (
    AuthorityLevel(id="platform", title="Platform", override=OverrideMode.NEVER, roles=("system",)),
    *_DEFAULTS,
)
"""The two releases of spring 2025: platform is what cannot be overridden, and system messages have it."""


PUBLISHED_LEVELS = tuple(dict.fromkeys(level.id for level in (*_PLATFORM_LEVELS[:1], *DEFAULT_LEVELS)))
"""The names of all levels that were published."""


def levels_for(names: Iterable[str]) -> tuple[AuthorityLevel, ...]:
    """Return the published vocabulary that knows most of the level names a document uses."""
    used = set(names)

    def known(levels: tuple[AuthorityLevel, ...]) -> int:
        return len(used & {level.id for level in levels})

    return max((DEFAULT_LEVELS, _PLATFORM_LEVELS), key=known)
