"""Levels of authority as data of a release: their order, who speaks at them, what overrides them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sphinx_policyspec.model.finding import Span

__all__ = ["AuthorityLevel", "OverrideMode", "overriders"]


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
