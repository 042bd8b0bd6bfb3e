"""Wrong readings of what overlays and alignments are: each is told from the right one by a test or a law that stands beside it.

A mutant is a function with other words in its source, in the place of the right one. Its killers are the tests that are named;
they pass without it.
"""

from __future__ import annotations

import pytest

from sphinx_policyspec import alignments
from sphinx_policyspec.alignments import cases as alignment_cases
from sphinx_policyspec.alignments import check as alignment_check
from sphinx_policyspec.alignments import formats as alignment_formats
from sphinx_policyspec.alignments import sides
from sphinx_policyspec.graph import releases
from sphinx_policyspec.model import outlines
from sphinx_policyspec.overlays import check, export, places, quotations, rebase, resolve, verdicts
from sphinx_policyspec.readers.overlays import OverlayStatement
from tests.alignments import test_answers, test_sssom
from tests.alignments import test_check as test_alignments
from tests.mutants import Mutant, fails, is_found_out, runs
from tests.overlays import test_check, test_export, test_places, test_rebase, test_resolve, test_verdicts
from tests.readers import test_outlines

JUDGE, STATEMENT, PART = verdicts.OverlayJudge, verdicts.StatementVerdict, verdicts.PartVerdict
OVERRIDES = (test_verdicts.test_overrides_and_forbids_agree_with_the_table_everywhere,)
PERMITS = (test_verdicts.test_a_permission_is_used_at_the_level_that_may_give_it,)
ADDS = (test_verdicts.test_additions_agree_with_the_table_everywhere,)
DELEGATES = (test_verdicts.test_delegations_give_no_more_than_the_holder_has,)
DEFINES = (test_verdicts.test_definitions_touch_no_norm_that_the_holder_cannot_override,)
RESTATES = (test_verdicts.test_to_say_it_again_is_never_refused,)
SWITCH = (test_verdicts.test_a_switch_is_taken_from_users_where_they_had_it,)
CLAUSES = (test_verdicts.test_the_level_of_a_clause_counts_in_place_of_that_of_its_principle,)
NEAREST = (
    test_check.test_the_nearest_file_wins_and_that_is_told,
    test_check.test_what_is_told_of_two_files_is_what_the_resolved_spec_decides,
)
OURS = (test_check.test_two_values_for_one_issue_in_a_file_are_told_and_neither_wins,)
QUOTED = (test_verdicts.test_the_sentence_that_shares_most_words_and_the_rarest_is_quoted,)
IMPLIED = (test_verdicts.test_what_implied_words_cannot_do_is_quoted_where_they_are_refused,)
PLACES = (test_places.test_audiences_are_compared_and_everybody_is_of_each,)
PATHS = (test_places.test_two_patterns_meet_where_a_small_path_matches_both_and_nowhere_else,)
FOLDERS = (test_export.test_a_nested_file_gets_what_can_hold_there,)

MUTANTS = {
    # -- each row of the table, dropped and turned round
    "overrides: allowed whatever the level": Mutant(PART, "is_allowed", "self.witness.label is Label.IN", "True", OVERRIDES),
    "overrides: what is fixed is called too high": Mutant(JUDGE, "_code", "level.override is OverrideMode.NEVER", "False", OVERRIDES),
    "overrides: what is too high is called implied": Mutant(JUDGE, "_code", "rank[self.holder.id] > rank[level.id]", "False", OVERRIDES),
    "overrides: the lower holder may": Mutant(JUDGE, "_code", "rank[self.holder.id] > rank[level.id]", "rank[self.holder.id] < rank[level.id]", OVERRIDES),
    "overrides: the publisher's surface has no code": Mutant(JUDGE, "_code", "self._is_first_party and", "False and", OVERRIDES),
    "overrides: the statement is upstream's": Mutant(JUDGE, "_overridden", "self._statement_item(statement, issue))\n", "replace(self._statement_item(statement, issue), value=AS_UPSTREAM))\n", OVERRIDES),
    "narrows: what it forbids is not looked at": Mutant(JUDGE, "_narrowed", "for name in statement.forbids", "for name in ()", OVERRIDES),
    "narrows: its target is what it forbids": Mutant(JUDGE, "_narrowed", "for name in statement.forbids", "for name in [one.provision for one in statement.targets]", (test_verdicts.test_a_narrowing_is_allowed_whatever_it_narrows,)),
    "adds: at any level": Mutant(JUDGE, "_added", "if level.id == self.holder.id", "if True", ADDS),
    "adds: above the holder alone": Mutant(JUDGE, "_added", "level.id == self.holder.id", "level.id != self.holder.id", ADDS),
    "permits: by who is below": Mutant(JUDGE, "_permitted", "rank[self.holder.id] <= rank[one.permits_by]", "True", PERMITS),
    "a clause binds more than its principle": Mutant(JUDGE, "_clauses", "replace(clause, authority=owner.authority)", "clause", CLAUSES),
    "permits: as an override": Mutant(JUDGE, "_permitted", "permission is None", "True", PERMITS),
    "permits: whoever asks": Mutant(JUDGE, "_permitted", "authority=permission.permits_by", "authority=self.norms.spec.levels[-1].id", PERMITS),
    "delegates: the word of the holder counts": Mutant(JUDGE, "_delegated", "(norm, item, text), text.id)", "(norm, item, text))", DELEGATES),
    "delegates: no text has a say": Mutant(JUDGE, "_delegated", "source=statement.name,\n", "source='another',\n", DELEGATES),
    "defines: any norm may be redefined": Mutant(JUDGE, "_defined", "witness.label is not Label.IN", "False", DEFINES),
    "defines: a part of a word is the term": Mutant(JUDGE, "_defined", r"(?<!\w){re.escape(statement.name)}(?!\w)", "{re.escape(statement.name)}", DEFINES),
    "restates: as an override": Mutant(OverlayStatement, "answer", "self.operation is Operation.RESTATES", "False", RESTATES),
    "restates: nothing is noted": Mutant(JUDGE, "_restated", "notes=(VerdictNote.RESTATES,)", "notes=()", RESTATES),
    "the switch is not taken": Mutant(JUDGE, "_with_user", "if witness.label is not", "if True or witness.label is not", SWITCH),
    "the switch is taken where there was none": Mutant(JUDGE, "_with_user", "user is None or user not in overriders(self.norms.spec.levels, level)", "user is None", SWITCH),
    "parts need not be split": Mutant(STATEMENT, "code", "if len(codes) == 1 else RefusalCode.SPLIT", "", (test_verdicts.test_targets_with_other_verdicts_have_to_be_split,)),
    # -- what is ignored
    "mode ignored": Mutant(JUDGE, "_statement_item", "statement.mode is StatementMode.EXPLICIT", "True", OVERRIDES),
    "mode turned round": Mutant(JUDGE, "_statement_item", "statement.mode is StatementMode.EXPLICIT", "statement.mode is StatementMode.IMPLICIT", OVERRIDES),
    "rank ignored": Mutant(JUDGE, "_statement_item", "self.holder.roles[0]", "self.norms.spec.levels[-1].roles[0] if self.norms.spec.levels[-1].roles else self.holder.roles[0]", OVERRIDES),
    "surface ignored": Mutant(JUDGE, "__init__", "overlay.surface is Surface.FIRST_PARTY", "False", OVERRIDES),
    "surface turned round": Mutant(JUDGE, "__init__", "overlay.surface is Surface.FIRST_PARTY", "overlay.surface is not Surface.FIRST_PARTY", OVERRIDES),
    "category ignored": Mutant(JUDGE, "_norm", "principle=principle.id, level=level", "level=level or principle.authority, role='', principle=''", OVERRIDES),
    "scope ignored": Mutant(JUDGE, "_delegated", "for scope in statement.scope:", "for scope in statement.scope[:1]:", (test_verdicts.test_each_issue_of_a_scope_is_judged,)),
    "a clause's level ignored": Mutant(JUDGE, "_norm", "clause.authority if clause and", "'' if clause and", CLAUSES),
    "a clause's level not told": Mutant(JUDGE, "_level", "clause.authority if clause else principle.authority", "principle.authority", CLAUSES),
    "levels known by name": Mutant(JUDGE, "_code", "level.override is OverrideMode.NEVER", "level.id == 'root'", (*OVERRIDES, test_verdicts.test_the_levels_are_known_by_rank_and_mode_and_never_by_name)),
    "what stands below is not looked at": Mutant(JUDGE, "_under", "if part.is_allowed else ()", "if False else ()", (test_resolve.test_a_team_on_a_company_is_the_later_message_and_no_higher_one,)),
    "what stands below elsewhere counts": Mutant(JUDGE, "_under", "not hold_together(here, other)", "False", (test_resolve.test_a_higher_word_stands_where_it_holds_alone,)),
    "short words are not looked at": Mutant(quotations, "_stems", "len(word) >= _SHORTEST", "len(word) > _SHORTEST", QUOTED),
    "rare words are as others": Mutant(quotations.Quotations, "nearest", "1 / shared_by[stem]", "1", QUOTED),
    "a permission is as a demand": Mutant(quotations.Quotations, "nearest", "1 + (len(shared) >= one.least and (one.asks or one.refrains))", "1", QUOTED),
    "a permission is against what it permits": Mutant(quotations.Quotations, "nearest", "denies and one.allows", "one.allows", QUOTED),
    "what leads to a list counts": Mutant(quotations.Quotations, "nearest", "if not pair[0].leads", "", QUOTED),
    "a condition need not be met": Mutant(quotations.Quotations, "nearest", ">= one.least", ">= 1", QUOTED),
    "what is said of implied words does not count": Mutant(quotations.Quotations, "of", "is_implied and not words", "False", IMPLIED),
    # -- files, and what leaves them
    "order decides inside a file": Mutant(check, "_contradictions", "places.first_before(number)", "None", OURS),
    "places do not part contradictions": Mutant(places.StatementPlaces, "_before", "return candidates & ", "return candidates or ", OURS),
    "the nearest file loses": Mutant(check, "_which_holds", "decision.labels['near'] is not Label.IN".replace("'", '"'), "decision.labels['near'] is Label.IN", NEAREST),
    "ranks of two files ignored": Mutant(check, "_which_holds", "norms.spec.level_by_id[one.overlay.holder].roles[0]", "norms.spec.level_by_id[near.overlay.holder].roles[0]", NEAREST),
    "every audience is another": Mutant(places, "_is_for", "one.audience and other.audience", "one.audience or other.audience", PLACES),
    "audiences do not part": Mutant(places, "_is_for", "plain(one.audience) == plain(other.audience)", "True", (*PLACES, *OURS)),
    "a value that is left out is no value": Mutant(OverlayStatement, "answer", "self.value or self.id", "self.value", OURS),
    "`*` leaves its folder": Mutant(places, "_name", "_Step(stays=_besides(_SLASH), skips=(1,))", "_Step(stays=_ANY, skips=(1,))", PATHS),
    "`**/` wants a folder": Mutant(places, "_steps", "_Step(skips=(1, 2))", "_Step(skips=(1,))", PATHS),
    "a folder is what begins so": Mutant(export, "below", "}/**", "}*/**", FOLDERS),
    "files meet nowhere": Mutant(places, "_patterns", "including or ['**']".replace("'", '"'), "including", NEAREST),
    "a refused statement is exported": Mutant(check.OverlayReport, "allowed_by_overlay", "self.allowed", "self.verdicts", (test_export.test_what_is_refused_never_leaves,)),
    "a refused statement is resolved": Mutant(resolve, "resolved", "map(_refusal, report.refused)", "()", (test_resolve.test_upstream_stands_verbatim_and_statements_behind_what_they_change,)),
    "a block of others is written over": Mutant(export.Block, "is_edited", "_digest(self.lines) != self.digest", "False", (test_export.test_a_block_that_somebody_changed_stays_unless_forced,)),
    "a rename is not taken over": Mutant(rebase._Renewed, "id", "self._diff.new_ids.get(provision.id, name)", "name", (test_rebase.test_the_command_shows_both_witnesses_and_writes_no_more_than_follows,)),
    "an untouched target is touched": Mutant(rebase._Rebaser, "_text", "if before or (after and not clause)", "if True", (test_rebase.test_each_effect_is_told_where_it_belongs_and_nowhere_else,)),
    # -- several specs
    "broad is not turned round": Mutant(alignments.MatchPredicate, "inverse", "inverses.get(self, self)", "self", (test_sssom.test_swapping_turns_sides_and_broad_and_narrow_and_nothing_else,)),
    "a digest is not looked at": Mutant(alignment_check._Check, "_text", "digest.lower() == thing.digest", "True", (test_alignments.test_a_changed_text_is_told_for_its_row_alone_with_what_changed,)),
    "every digest is another": Mutant(alignment_check._Check, "_text", "digest.lower() == thing.digest", "False", (test_alignments.test_untouched_texts_are_quiet,)),
    "a rename is an unknown id": Mutant(sides.AlignedSpecs, "renamed", "self._former.get(whole) or self._renamed_since.get(whole)", "None", (test_alignments.test_an_update_follows_names_and_versions_and_leaves_digests, test_alignments.test_a_changed_text_is_told_for_its_row_alone_with_what_changed)),
    "what is denied corresponds": Mutant(alignments.Alignment, "matches", "and not row.is_denied", "", (test_answers.test_what_nobody_looked_for_is_unmapped_and_what_is_denied_is_no_counterpart,)),
    "nothing found is an edge": Mutant(alignments.Alignment, "has_term", "bool(name) and", "True or", (test_answers.test_nothing_found_is_a_mapping_without_an_edge_and_no_match_is_chained,)),
    "exact matches across modes are fine": Mutant(alignment_check._Check, "_modes", "one.override is other.override", "True", (test_alignments.test_what_is_wrong_with_a_row_is_told_at_its_cell,)),
    "a broad match decides a case": Mutant(alignment_cases.EachJudge, "_near", "if predicate in _NEAR", "if True", (test_answers.test_broad_narrow_and_related_matches_are_no_counterparts,)),
    "a former id is as good as one of today": Mutant(alignment_cases._CaseNames, "_owners", "return has or had", "return had", (test_answers.test_a_spec_that_has_an_id_goes_before_one_that_had_it,)),
    "the first spec says what several can": Mutant(alignment_cases._CaseNames, "of", "if {place} == {*owners} & self._alone", "", (test_answers.test_an_id_of_several_specs_is_told_where_nothing_says_whose_it_is,)),
    "the first counterpart speaks alone": Mutant(alignment_cases.EachJudge, "_items", "for one in counterparts\n", "for one in counterparts[:1]\n", (test_answers.test_several_counterparts_all_speak,)),
    "what is lacking agrees": Mutant(alignment_cases.EachDecision, "_agree", "or is_lacking", "", (test_answers.test_a_case_is_decided_by_each_as_that_spec_alone_decides_it,)),
    "matches are read from one side": Mutant(alignment_formats, "_triples", "if inferred", "if False", (test_answers.test_what_is_inferred_is_each_match_from_its_other_side,)),
    "two specs share a base": Mutant(releases, "_check_base", "one[-1].title != other[-1].title", "False", (test_alignments.test_two_specs_of_one_base_are_refused,)),
    "a number counts as a sentence": Mutant(outlines, "sentence_spans", "number.end() if number else start", "start", (test_outlines.test_paragraphs_and_sentences_are_numbered_within_a_provision,)),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_reading_is_found_out(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_found_out(MUTANTS[name], request, monkeypatch)


KILLERS = {killer.__name__: killer for mutant in MUTANTS.values() for killer in mutant.killers}


@pytest.mark.parametrize("name", KILLERS)
def test_the_right_reading_is_not(name: str, request: pytest.FixtureRequest) -> None:
    assert not any(map(fails, runs(KILLERS[name], request)))
