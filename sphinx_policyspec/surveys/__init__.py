"""What a spec leaves open: every case of a finite space, by an answer-set program, with the labelling as its check."""

from sphinx_policyspec.surveys.pairs import Decider, Pair, pairs_of
from sphinx_policyspec.surveys.survey import (
    OpenConflict,
    Party,
    PartyKind,
    RuleUse,
    Survey,
    fingerprint,
    idle_of,
    in_english,
    open_conflicts,
    rules_in_use,
    survey,
)

__all__ = [
    "Decider",
    "OpenConflict",
    "Pair",
    "Party",
    "PartyKind",
    "RuleUse",
    "Survey",
    "fingerprint",
    "idle_of",
    "in_english",
    "open_conflicts",
    "pairs_of",
    "rules_in_use",
    "survey",
]
