"""The level vocabularies of the published releases, as data."""

from __future__ import annotations

from collections.abc import Iterable

from sphinx_policyspec.model import AuthorityLevel, OverrideMode

__all__ = ["DEFAULT_LEVELS", "levels_for"]

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


def levels_for(names: Iterable[str]) -> tuple[AuthorityLevel, ...]:
    """Return the published vocabulary that knows most of the level names a document uses."""
    used = set(names)

    def known(levels: tuple[AuthorityLevel, ...]) -> int:
        return len(used & {level.id for level in levels})

    return max((DEFAULT_LEVELS, _PLATFORM_LEVELS), key=known)
