"""What a spec leaves open: every case of a finite space, by an answer-set program, with the labelling as its check."""

from sphinx_policyspec.survey.pairs import Pair
from sphinx_policyspec.survey.survey import OpenConflict, RuleUse, Survey, survey

__all__ = ["OpenConflict", "Pair", "RuleUse", "Survey", "survey"]
