"""Who wins when instructions conflict: a case, decided by the levels and exceptions of a spec, with reasons."""

# fmt: off
from sphinx_policyspec.decision.decision import (
    EXCEPTION as EXCEPTION, SUPPORT as SUPPORT, Decision as Decision, Difference as Difference,
    DifferenceKind as DifferenceKind, Reason as Reason, decide as decide, same_outcome as same_outcome,
)
from sphinx_policyspec.decision.framework import problems as problems
from sphinx_policyspec.decision.precedence import (
    STRENGTH_RULES as STRENGTH_RULES, Norms as Norms, StrengthRule as StrengthRule,
)
