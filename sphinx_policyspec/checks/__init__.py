"""What can be wrong with a spec: the checks of it as a whole, and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from sphinx_policyspec.checks import conflicts, examples, names, prose
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.finding import Places

__all__ = ["CHECKS", "in_source_order", "run_checks"]

CHECKS: Mapping[str, Callable[[Spec], Iterator[Finding]]] = {
    check.__name__.replace("_", "-"): check
    for module in (names, examples, conflicts, prose)
    for check in module.CHECKS
}
"""The checks of a whole spec by their codes; those of names are found together, and the others where a text is read."""


def run_checks(spec: Spec, skip: Collection[str] = (), places: Places | None = None) -> tuple[Finding, ...]:
    """Return what every check finds, in source order.

    :param skip: codes of checks that are not to be run
    :param places: where names stand, as far as whoever read the spec knows
    """
    checks = [check for code, check in CHECKS.items() if code not in skip]
    found = (found for found in names.check_names(spec, places) if found.code not in skip)
    return in_source_order([*found, *(found for check in checks for found in check(spec))])


def in_source_order(findings: tuple[Finding, ...] | list[Finding]) -> tuple[Finding, ...]:
    """Return findings by file, line and column; what stands at one place keeps a fixed order too."""
    return tuple(sorted(findings, key=lambda found: (found.span, found.code, found.message)))
