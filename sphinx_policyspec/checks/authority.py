"""Checks of levels of authority."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.model import Category, Finding, Principle, Rule, Severity, Spec

__all__ = ["AUTHORITY_RULES", "clause_not_lower"]


def clause_not_lower(spec: Spec) -> Iterator[Finding]:
    """Find clauses whose level is not below that of their principle: a clause can only lower it."""
    ranks = {level.id: rank for rank, level in enumerate(spec.levels)}
    for clause in spec.clauses:
        owner = spec.provision_by_id.get(clause.principle)
        if not isinstance(owner, Principle) or not {owner.authority, clause.authority} <= ranks.keys():
            continue
        if ranks[clause.authority] <= ranks[owner.authority]:
            below = spec.levels[ranks[owner.authority] + 1 :]
            yield Finding(
                code="clause-not-lower",
                severity=Severity.WARNING,
                message=f"a clause of level `{clause.authority}` does not lower its principle's `{owner.authority}`",
                span=clause.span,
                hint=f"levels below it are {', '.join(f'`{level.id}`' for level in below)}" if below else "",
            )


AUTHORITY_RULES = (
    Rule(
        code="clause-not-lower",
        category=Category.REFERENCES,
        variant="error in cases",
        found="a clause whose level is not below its principle's",
        mend="give it one of the levels that the hint names",
        rationale="a clause can only say that some words bind less than the rest",
        source="OpenAI Model Spec, levels of authority (a default inside a rule of a higher level)",
        check=clause_not_lower,
    ),
)
