"""Who wins when instructions conflict: a case, decided by the levels and exceptions of a spec, with reasons."""

from sphinx_policyspec.decision.decision import (
    EXCEPTION,
    SUPPORT,
    Decision,
    Difference,
    DifferenceKind,
    Reason,
    decide,
    same_outcome,
)
from sphinx_policyspec.decision.framework import problems
from sphinx_policyspec.decision.precedence import STRENGTH_RULES, Norms, StrengthRule

__all__ = [
    "EXCEPTION",
    "STRENGTH_RULES",
    "SUPPORT",
    "Decision",
    "Difference",
    "DifferenceKind",
    "Norms",
    "Reason",
    "StrengthRule",
    "decide",
    "problems",
    "same_outcome",
]
