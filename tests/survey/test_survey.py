"""The survey: what it finds, that the labelling agrees, and what it says without clingo."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from sphinx_policyspec import api
from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.exports.case_yaml import case_yaml
from sphinx_policyspec.exports.surveys import survey_files, survey_json
from sphinx_policyspec.model import AuthorityLevel, Case, Label, Semantics
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.survey import survey
from sphinx_policyspec.survey.engine import cases_where
from sphinx_policyspec.survey.facts import spec_facts
from tests.conftest import LEVELS, Run, at, example, principle, spec
from tests.decision.universes import random_universe

SPEC = spec(
    principle("rule", authority="root", topics=("safety",)),
    principle("rule_too", authority="root", topics=("safety",)),
    principle("default", topics=("style",), blocks=(example("weighed", weighs=("default", "default_too")),)),
    principle("default_too", topics=("style",)),
    principle("manner", authority="guideline", topics=("style",), preferred_over=("manner_too",)),
    principle("manner_too", authority="guideline", topics=("style",)),
    principle("alone", authority="guideline"),
    levels=tuple(level for level in LEVELS if level.id in {"root", "user", "guideline"}),
)
NORMS = Norms(SPEC)
FOUND = survey(NORMS)

CASES = """\
- title: a rule that matters
  items:
    - {id: rule, principle: rule, issue: x, value: a}
    - {id: asked, from: user, issue: x, value: b}
- title: a manner that does not
  items:
    - {id: manner, principle: manner_too, issue: x, value: a}
    - {id: asked, from: user, issue: x, value: b}
- title: two rules
  items:
    - {id: one, principle: rule, issue: x, value: a}
    - {id: two, principle: rule_too, issue: x, value: b}
"""


def cases() -> list[Case]:
    return [item.case for item in read_cases(CASES, "c.yaml")[0]]


def test_kinds_of_conflict_that_end_undecided() -> None:
    kinds = [conflict.kinds for conflict in FOUND.conflicts]
    assert ("norm of root", "norm of root") in kinds
    assert ("implied message of user, in one message", "implied message of user, in one message") in kinds
    assert ("message of user", "norm of root") not in kinds
    assert len(kinds) == len(set(kinds))


def test_each_conflict_is_undecided_and_no_part_of_it_is() -> None:
    plain = Norms(replace(SPEC, provisions=tuple(replace(p, preferred_over=()) for p in SPEC.principles)))
    for conflict in FOUND.conflicts:
        items = conflict.witness.items
        assert Label.UNDECIDED in decide(conflict.witness, plain).labels.values()
        for size in range(len(items)):
            for part in combinations(items, size):
                smaller = replace(conflict.witness, items=part)
                assert Label.UNDECIDED not in decide(smaller, plain).labels.values()


def test_rules_that_decide_have_a_case_and_others_have_none() -> None:
    assert [rule.id for rule in FOUND.idle_rules] == ["exception"]
    for rule in FOUND.rules:
        if rule.witness and rule.id != "R2":
            assert rule.id in {reason.rule for reason in decide(rule.witness, NORMS).reasons}
    without = replace(SPEC, provisions=tuple(replace(p, preferred_over=()) for p in SPEC.principles))
    assert [rule.id for rule in survey(Norms(without)).idle_rules] == ["R4", "exception"]


def test_pairs_that_nothing_orders() -> None:
    assert [(pair.one.id, pair.other.id) for pair in FOUND.gaps] == [("rule", "rule_too")]
    pairs = {(pair.one.id, pair.other.id): pair for pair in FOUND.pairs}
    assert pairs["default", "default_too"].examples == ("weighed",)
    assert pairs["manner", "manner_too"].is_preferred
    assert pairs["default", "manner"].witness is None
    assert not any("alone" in pair for pair in pairs)


def test_a_case_fills_a_gap_and_tells_who_matters() -> None:
    found = survey(NORMS, cases())
    assert found.gaps == ()
    assert [name for name, _ in found.idle] == ["manner_too"]


CIRCLES = [
    ("implied message of developer", "message of user", "norm of user"),
    ("implied message of system", "message of developer", "norm of developer"),
]


@pytest.mark.parametrize(
    ("levels", "circles"),
    [(LEVELS[2:4], CIRCLES[:1]), pytest.param(LEVELS, CIRCLES, marks=pytest.mark.slow)],
    ids=["two levels", "all levels"],
)
def test_without_the_guard_there_is_no_circle(
    levels: tuple[AuthorityLevel, ...], circles: list[tuple[str, ...]]
) -> None:
    norms = Norms(spec(*(principle(f"of_{level.id}", authority=level.id) for level in levels), levels=levels))
    strict = {conflict.kinds for conflict in survey(norms).conflicts}
    loose = {conflict.kinds for conflict in survey(norms, semantics=Semantics(strict=False)).conflicts}
    assert strict >= set(circles)
    assert loose.isdisjoint(circles)


def test_witnesses_are_case_files_that_are_decided_as_they_say() -> None:
    files = survey_files(survey(NORMS, cases()))
    assert len(files) == len(set(files)) > 8
    for name, text in files.items():
        (read,), findings = read_cases(text, name)
        assert (findings, read.findings, problems(read.case, NORMS)) == ((), (), ())
        if "norm-of" not in name:
            assert decide(read.case, NORMS).as_expected, name


def test_a_case_that_is_written_is_read_back() -> None:
    for seed in range(60):
        case = replace(random_universe(seed).case, expect=None)
        (read,), _ = read_cases(case_yaml(case), "c.yaml")
        assert read.findings == ()
        assert plainly(read.case) == plainly(case)


def plainly(case: Case) -> Case:
    """Return a case without places, and without what says nothing: when a norm speaks."""
    items = tuple(
        replace(item, span=at(), places=(), turn=0 if item.principle else item.turn) for item in case.items
    )
    return replace(case, items=items, span=at(), places=())


def test_hostile_names_are_names() -> None:
    odd = spec(
        principle('a"). play("b'), principle("back\\slash\n", topics=("t",)), principle("%c", topics=("t",))
    )
    assert len(survey(Norms(odd)).gaps) == 1


def test_a_spec_without_levels_or_principles_leaves_nothing_open() -> None:
    assert survey(Norms(spec())).pairs == ()
    assert survey(Norms(spec(levels=()))).conflicts == ()
    assert survey(Norms(spec(principle(authority="none")))).pairs == ()


def test_without_clingo_a_message_names_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "clingo", None)
    with pytest.raises(MissingToolError, match=r"pip install 'sphinx-policyspec\[survey\]'"):
        next(cases_where("goal.", spec_facts(SPEC), 1, semantics=Semantics()))
    (tmp_path / "spec.md").write_text("# A {#a authority=user}\n\nBe kind.\n", encoding="utf-8")
    status, out, err = run("survey", tmp_path / "spec.md", "-q")
    assert (status, out) == (2, "")
    assert err == "policyspec: error: the survey needs clingo: pip install 'sphinx-policyspec[survey]'\n"


def test_the_command_tells_and_saves(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "spec.nt"
    source.write_bytes(api.graph_bytes(SPEC, "nt")[0])
    (tmp_path / "case.yaml").write_text("items: [{id: a, principle: absent, issue: x, value: 1}]\n", "utf-8")
    status, out, _ = run("survey", source, "-q", "--save", tmp_path / "found")
    assert status == 0
    assert "  norm of root + norm of root\n" in out
    assert "  exception" in out
    assert "  spec.md:1: rule + rule_too (root; safety)\n" in out
    assert run("resolve", source, tmp_path / "found", "-q")[0] == 0
    status, out, _ = run("survey", source, tmp_path / "case.yaml", "-q", "--format", "json")
    assert status == 2
    assert json.loads(out)["pairs"][0]["gap"] is True


@pytest.mark.slow
def test_a_release_is_surveyed(release_dir: Path) -> None:
    found, findings = api.survey(
        release_dir, [Path(__file__).parents[1] / "decision" / "cases" / "letter_and_spirit.yaml"]
    )
    assert {finding.severity for finding in findings} <= {"warning"}
    assert [rule.id for rule in found.idle_rules] == ["R4"]
    assert found.gaps
    assert json.loads(survey_json(found))["undecided"]
