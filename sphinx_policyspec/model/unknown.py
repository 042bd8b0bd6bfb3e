"""Findings of names that nothing has and of ids that two things have: one sentence each, whoever finds it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sphinx_policyspec.model.finding import Finding, Severity, Span
from sphinx_policyspec.nearest import Hints

__all__ = ["UnknownNames", "shown", "taken"]

_LONGEST = 60
"""Characters of a name that a message shows."""


class UnknownNames:
    """Makes findings of unknown names, with hints as long as those cost little."""

    def __init__(self) -> None:
        self._hints = Hints()

    def finding(
        self,
        kind: str,
        name: str,
        span: Span,
        known: Collection[str],
        *,
        word: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """Return what is to be said of a name.

        :param kind: of the thing that it should name
        :param word: what messages call the kind, where that is not its own name
        """
        return Finding(
            code=f"unknown-{kind}",
            severity=severity,
            message=f"unknown {word or kind} {shown(name)}",
            span=span,
            hint=self._hints.nearest(name, known),
        )


def shown(name: str) -> str:
    """Return a name as messages show it."""
    return f"`{name}`" if len(name) <= _LONGEST else f"`{name[:_LONGEST]}…`"


def taken(kind: str, name: str, span: Span, first: Span, pages: Sequence[str] = ()) -> Finding:
    """Return what is to be said of an id that another thing of its kind has.

    :param first: where the other one stands
    :param pages: those that the text is part of, where both stand in the same text
    """
    if span != first:
        where, hint = f" at {first.file}:{first.line}", "choose another id"
    else:
        named = " and ".join(f"`{page}`" for page in pages)
        twice = "" if len(pages) > 1 else " twice"
        where = f": its text is part of {named or 'the spec'}{twice}"
        hint = "include it once"
    return Finding(
        code="duplicate-id",
        severity=Severity.ERROR,
        message=f"{kind} id {shown(name)} is taken already{where}",
        span=span,
        hint=hint,
        related=(first,),
    )
