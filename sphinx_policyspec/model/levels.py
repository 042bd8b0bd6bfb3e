"""Levels of authority: who may override what is at them, the words for it, and those of the Model Spec."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span


class OverrideMode(enum.StrEnum):
    """How a norm of a level may be set aside (Model Spec, "Instructions and levels of authority")."""

    NEVER = "never"
    """By no message at all."""
    EXPLICIT = "explicit"
    """By an instruction that says so."""
    IMPLICIT = "implicit"
    """Also by context, such as the style that a message asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityLevel(Brief):
    """One level of authority. Its rank is its place in :attr:`Spec.levels`, highest first.

    :param id: the name that principles use, such as ``user``
    :param title: the name for readers; empty means the id, capitalised
    :param text: what its author says about it
    :param override: how a norm of this level may be set aside
    :param span: where it is declared; ``None`` for levels that nobody had to declare
    :param roles: roles whose messages carry this level, such as ``("user",)``; none where no
        message can (the Model Spec's root and guideline)
    """

    id: str
    override: OverrideMode = OverrideMode.EXPLICIT
    roles: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    span: Span | None = None


def overriders(levels: tuple[AuthorityLevel, ...], level: AuthorityLevel) -> tuple[AuthorityLevel, ...]:
    """Return the levels whose messages can override a norm of ``level``, highest first.

    These are the levels at or above it that a message can have; none where its mode is *never*.
    """
    if level.override is OverrideMode.NEVER:
        return ()
    at_or_above = levels[: levels.index(level) + 1]
    return tuple(other for other in at_or_above if other.roles)


def roles_that_override(levels: tuple[AuthorityLevel, ...], level: AuthorityLevel) -> tuple[str, ...]:
    """Return the roles whose messages can override a norm of ``level``, highest first, each once."""
    return tuple(dict.fromkeys(role for other in overriders(levels, level) for role in other.roles))


NOBODY_OVERRIDES = "{level} level: no message may override it."
OVERRIDING: Mapping[OverrideMode, str] = MappingProxyType(
    {
        OverrideMode.NEVER: NOBODY_OVERRIDES,
        OverrideMode.EXPLICIT: "{level} level: {who} may override it if they say so explicitly.",
        OverrideMode.IMPLICIT: "{level} level: {who} may override it, even without saying so.",
    }
)
"""Who may override a principle of a level, by the mode of the level."""
SPEAKERS: Mapping[str, str] = MappingProxyType(
    {
        "system": "system messages",
        "developer": "developers",
        "user": "users",
        "assistant": "the assistant",
        "tool": "tools",
        "": "messages from {role}",
    }
)
"""Who speaks, by role; any other role has the last of these words."""
LAST_OF_SEVERAL = "{some} and {last}"


def speaker(role: str, say: Callable[[str], str] = str) -> str:
    """Return the words for those who speak in a role."""
    return say(SPEAKERS.get(role, SPEAKERS[""])).format(role=role)


def who_may_override(
    levels: tuple[AuthorityLevel, ...],
    level: AuthorityLevel,
    title: str = "",
    say: Callable[[str], str] = str,
) -> str:
    """Return a sentence that says who may override a principle of a level, and whether their messages must say so.

    :param title: the name of the level for readers, by default its own
    :param say: translates the words
    """
    who = [speaker(role, say) for role in roles_that_override(levels, level)]
    *some, last = who or [""]
    speakers = say(LAST_OF_SEVERAL).format(some=", ".join(some), last=last) if some else last
    form = OVERRIDING[level.override] if who else NOBODY_OVERRIDES
    return say(form).format(level=title or level.title or level.id.capitalize(), who=speakers)


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
    """Return the published levels that include most of the level names in a document."""
    present = set(names)

    def matches(levels: tuple[AuthorityLevel, ...]) -> int:
        return len(present & {level.id for level in levels})

    return max((DEFAULT_LEVELS, _PLATFORM_LEVELS), key=matches)
