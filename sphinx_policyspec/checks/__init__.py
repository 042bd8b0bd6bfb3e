"""What can be wrong with a spec: the one list of rules, and what runs those that are checks."""

from __future__ import annotations

from collections.abc import Collection

from sphinx_policyspec.checks.authoring_rules import AUTHORING_RULES
from sphinx_policyspec.checks.conflicts import CONFLICT_RULES
from sphinx_policyspec.checks.examples import COVERAGE_RULES, EXAMPLE_RULES
from sphinx_policyspec.checks.names import (
    AUTHORITY_RULES,
    NAME_RULES,
    PROMPT_RULES,
    REFERENCE_RULES,
    check_names,
)
from sphinx_policyspec.checks.prose import ACTION_RULES, TRUTH_RULES
from sphinx_policyspec.checks.reading_rules import CASE_RULES, READING_RULES
from sphinx_policyspec.model import Finding, Rule, Spec
from sphinx_policyspec.model.finding import Places

__all__ = ["RULES", "in_source_order", "rule_of", "run_checks"]

RULES: tuple[Rule, ...] = (
    *REFERENCE_RULES,
    *NAME_RULES,
    *AUTHORITY_RULES,
    *PROMPT_RULES,
    *EXAMPLE_RULES,
    *READING_RULES,
    *CONFLICT_RULES,
    *COVERAGE_RULES,
    *TRUTH_RULES,
    *ACTION_RULES,
    *AUTHORING_RULES,
    *CASE_RULES,
)
"""Every code that any part of the package reports, once. A rule with a function is a check of the
whole spec; those of names are found together, the others where a text is read. The reference page is written from this list."""

_BY_CODE = {rule.code: rule for rule in RULES}


def rule_of(code: str) -> Rule | None:
    """Return the rule of a code, if it has one."""
    return _BY_CODE.get(code)


def run_checks(spec: Spec, skip: Collection[str] = (), places: Places | None = None) -> tuple[Finding, ...]:
    """Return what every check finds, in source order.

    :param skip: codes of checks that are not to be run
    :param places: where names stand, as far as whoever read the spec knows
    """
    checks = [rule.check for rule in RULES if rule.check and rule.code not in skip]
    names = (found for found in check_names(spec, places) if found.code not in skip)
    return in_source_order([*names, *(found for check in checks for found in check(spec))])


def in_source_order(findings: tuple[Finding, ...] | list[Finding]) -> tuple[Finding, ...]:
    """Return findings by file, line and column; what stands at one place keeps a fixed order too."""
    return tuple(sorted(findings, key=lambda found: (found.span, found.code, found.message)))
