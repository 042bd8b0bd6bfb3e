"""Wrong readings of what is said of a spec, proposed to it and taught by it: each is told from the right one by a test."""

from __future__ import annotations

import pytest

from sphinx_policyspec.api import training
from sphinx_policyspec.feedback import anchors
from sphinx_policyspec.feedback.check import FeedbackCheck
from sphinx_policyspec.feedback.imports import Importer
from sphinx_policyspec.proposals import check
from sphinx_policyspec.training import rows
from sphinx_policyspec.training.scenarios import Published
from tests.feedback import test_anchors, test_register
from tests.mutants import Mutant, is_found_out
from tests.proposals import test_proposals
from tests.training import test_rows

MEANT = "(anchor.start,) if anchor.start in best else best"
FLIPS = (test_proposals.test_cases_that_come_out_otherwise_are_listed_and_no_others,)
PROMPTS = (test_rows.test_prompts_stay_out_unless_they_are_asked_for_and_are_marked_then,)

MUTANTS = {
    "the first of two occurrences is taken": Mutant(anchors, "_meant", MEANT, "places[:1]", (test_anchors.test_words_that_occur_twice_are_found_by_what_stands_around_them,)),
    "an answer is believed without looking": Mutant(FeedbackCheck, "_answered", "place is None", "True", (test_register.test_a_register_is_checked_beside_its_releases,)),
    "a label is taken for a provision": Mutant(Importer, "record", "label) or ()", "label) or (label,)", (test_register.test_labels_mean_kinds_and_provisions_by_the_map_alone,)),
    "cases may come out otherwise": Mutant(check, "flip_findings", "if name not in proposal.flips", "if False", FLIPS),
    "cases that are listed need not": Mutant(check, "flip_findings", "for name in proposal.flips", "for name in ()", FLIPS),
    "the base is not looked at": Mutant(check, "base_findings", "proposal.sha256 not in {'', digest}".replace("'", '"'), "False", (test_proposals.test_a_base_that_moved_on_is_told_with_what_fits_all_the_same,)),
    "a prompt in an example is not marked": Mutant(Published, "holds", "return any(", "return False and any(", (test_rows.test_a_scenario_that_holds_a_prompt_is_marked_however_it_came_in,)),
    "a prompt is not marked": Mutant(Published, "holds", "return True", "return False", PROMPTS),
    "a prompt comes in unasked": Mutant(training, "_scenarios", "if prompts", "if True", PROMPTS),
    "what is left out is not marked": Mutant(rows, "excerpt", "parts.append(OMITTED)", "pass", (test_rows.test_what_a_text_leaves_out_is_marked_and_listed,)),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_reading_is_found_out(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_found_out(MUTANTS[name], request, monkeypatch)
