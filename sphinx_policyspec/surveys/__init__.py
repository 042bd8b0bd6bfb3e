"""What a spec leaves open: every case of a finite space, by an answer-set program, with the labelling as its check."""

# fmt: off
from sphinx_policyspec.surveys.pairs import (
    Decider as Decider, Judge as Judge, Pair as Pair, SpecPairs as SpecPairs, meeting as meeting, pairs_of as pairs_of,
)
from sphinx_policyspec.surveys.survey import (
    OpenConflict as OpenConflict, Party as Party, PartyKind as PartyKind, RuleUse as RuleUse,
    Survey as Survey, fingerprint as fingerprint, idle_of as idle_of, in_english as in_english,
    open_conflicts as open_conflicts, rules_in_use as rules_in_use, survey as survey,
)
