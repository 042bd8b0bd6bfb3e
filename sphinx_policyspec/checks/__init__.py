"""What can be wrong with a spec as a whole: the one list of checks, and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sphinx_policyspec.checks.authority import clause_not_lower, unknown_level
from sphinx_policyspec.checks.prompts import file_without_tag, stale_prompt_title, tag_without_file
from sphinx_policyspec.checks.references import dangling_reference
from sphinx_policyspec.model import Finding, Spec

__all__ = ["ALL_CHECKS", "run_checks"]

ALL_CHECKS: tuple[Callable[[Spec], Iterator[Finding]], ...] = (
    dangling_reference,
    unknown_level,
    clause_not_lower,
    tag_without_file,
    file_without_tag,
    stale_prompt_title,
)
"""Every check, in the order of the reference page. A check is a function; its name is its code."""


def run_checks(spec: Spec) -> tuple[Finding, ...]:
    """Return what every check finds, in source order."""
    return tuple(sorted((found for check in ALL_CHECKS for found in check(spec)), key=lambda f: f.span))
