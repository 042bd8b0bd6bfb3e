"""Findings about references that lead nowhere, with the nearest name that would lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx_policyspec.model import Finding, Reference, Severity, TargetKind
from sphinx_policyspec.nearest import Hints
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Dangling"]


class Dangling:
    """Makes the findings of one build, whose hints together cost no more than they are worth."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._domain = domain_of(env)
        self._hints = Hints()
        self._known: dict[TargetKind, set[str]] = {}

    def finding(self, reference: Reference, message: str) -> Finding:
        """Return the finding about a reference."""
        return Finding(
            code="dangling-reference",
            severity=Severity.ERROR,
            message=message,
            span=reference.span,
            hint=self._hints.nearest(reference.target, self._names(reference.target_kind)),
        )

    def _names(self, kind: TargetKind) -> set[str]:
        if kind not in self._known:
            names = {item.id for item in self._domain.objects() if item.kind is kind}
            # Levels need not be declared.
            self._known[kind] = names | (
                set(self._domain.level_names()) if kind is TargetKind.LEVEL else set()
            )
        return self._known[kind]
