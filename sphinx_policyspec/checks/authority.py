"""Checks of levels of authority."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.model import Finding, Markup, Severity, Spec
from sphinx_policyspec.nearest import nearest

__all__ = ["unknown_level"]


def unknown_level(spec: Spec) -> Iterator[Finding]:
    """Find principles whose level of authority the spec does not declare.

    Those in Model Spec Markdown alone: directives tell it themselves, at their option.
    """
    files = {document.file for document in spec.documents if document.markup is Markup.MODEL_SPEC}
    for principle in spec.principles:
        if principle.authority not in spec.level_by_id and principle.span.file in files:
            yield Finding(
                code="unknown-level",
                severity=Severity.WARNING,
                message=f"`{principle.authority}` is no level of authority",
                span=principle.span,
                hint=nearest(principle.authority, spec.level_by_id),
            )
