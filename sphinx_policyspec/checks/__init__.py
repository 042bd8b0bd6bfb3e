"""What can be wrong with a spec: the checks of it as a whole, and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache

from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.finding import Places

__all__ = ["checks", "in_source_order", "run_checks"]


@cache
def checks() -> Mapping[str, Callable[[Spec], Iterator[Finding]]]:
    """Return the checks of a whole spec by their codes.

    Those of names are found together, as are those that need the places of names, and the others where a text is read.
    """
    # Their patterns take long to compile, and a build without an edit runs none.
    from sphinx_policyspec.checks import conflicts, examples, names, prose  # noqa: PLC0415

    return {
        check.__name__.replace("_", "-"): check
        for module in (names, examples, conflicts, prose)
        for check in module.CHECKS
    }


def run_checks(spec: Spec, skip: Collection[str] = (), places: Places | None = None) -> tuple[Finding, ...]:
    """Return what every check finds, in source order.

    :param skip: codes of checks that are not to be run
    :param places: where names stand, as far as whoever read the spec knows
    """
    from sphinx_policyspec.checks.conflicts import idle_permission  # noqa: PLC0415  as above
    from sphinx_policyspec.checks.names import check_names  # noqa: PLC0415

    wanted = [check for code, check in checks().items() if code not in skip]
    named = (*check_names(spec, places), *idle_permission(spec, places or Places()))
    found = (found for found in named if found.code not in skip)
    return in_source_order([*found, *(found for check in wanted for found in check(spec))])


def in_source_order(findings: tuple[Finding, ...] | list[Finding]) -> tuple[Finding, ...]:
    """Return findings by file, line and column; what stands at one place keeps a fixed order too."""
    return tuple(sorted(findings, key=lambda found: (found.span, found.code, found.message)))
