"""The survey: what it finds, that the labelling agrees, and what it says without clingo."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.exports.answers import case_yaml, survey_files
from sphinx_policyspec.model import AuthorityLevel, Case, Item, Label, Semantics
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.surveys import Decider, Survey, in_english, pairs_of, survey
from sphinx_policyspec.surveys.engine import cases_where, fact, spec_facts
from sphinx_policyspec.surveys.survey import parties_of
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
    kinds = [in_english(conflict.parties, " + ") for conflict in FOUND.conflicts]
    assert "norm of root + norm of root" in kinds
    assert "implied message of user + implied message of user, in one message" in kinds
    assert not any("message of user" in kind and "norm of root" in kind for kind in kinds)
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
    manners = pairs["manner", "manner_too"]
    assert (manners.decided_by, manners.first, manners.witness) == (Decider.PREFERENCE, "manner", None)
    by_level = pairs["default", "manner"]
    assert (by_level.decided_by, by_level.first, by_level.witness) == (Decider.LEVEL, "default", None)
    assert pairs["default", "default_too"].decided_by is Decider.EXAMPLE
    assert not any("alone" in pair for pair in pairs)


def test_a_case_fills_a_gap_and_tells_who_matters() -> None:
    found = survey(NORMS, cases())
    assert found.gaps == ()
    assert [name for name, _ in found.idle] == ["manner_too"]


def kinds_of(found: Survey) -> set[tuple[str, ...]]:
    return {tuple(map(str, conflict.parties)) for conflict in found.conflicts}


def test_what_decides_a_pair_is_what_the_labelling_says() -> None:
    odd = Norms(
        spec(
            principle("section_rule", authority="root", topics=("t",), category="sensitive"),
            principle("lifts", authority="root", topics=("t",), exempts=("sensitive",)),
            principle("lifts_less", authority="user", topics=("t",), exception_to=("section_rule",)),
            principle("one", topics=("t",), preferred_over=("two",)),
            principle("two", topics=("t",), preferred_over=("one", "lifts_less")),
            principle("nowhere", authority="none", topics=("t",)),
        )
    )
    found = {(p.one.id, p.other.id): p for p in pairs_of(odd, cases=())}
    assert len(found) == 10
    assert (found["section_rule", "lifts"].decided_by, found["section_rule", "lifts"].first) == (
        Decider.EXCEPTION,
        "lifts",
    )
    assert found["section_rule", "lifts_less"].first == "section_rule"
    assert found["lifts_less", "two"].first == "two"
    assert found["one", "two"].is_gap
    for pair in found.values():
        items = (item(pair.one.id, "a"), item(pair.other.id, "b"))
        labels = decide(replace(cases()[0], items=items, expect=None), odd).labels
        winners = [name for name, label in labels.items() if label is Label.IN]
        assert winners == ([pair.first] if pair.first else [])
        assert (pair.witness is None) == bool(pair.first)


def item(name: str, value: str) -> Item:
    return Item(id=name, issue="x", value=value, principle=name, span=at())


def test_fewer_cases_are_looked_at_and_nothing_is_lost() -> None:
    """Each kind of conflict of the whole space, which nothing leaves out, is told, or holds a smaller one that is."""
    few = Norms(replace(SPEC, provisions=SPEC.principles[:3]))
    told = {frozenset(Counter(map(str, c.parties)).items()) for c in survey(few).conflicts}
    play = [*spec_facts(few.spec), *(fact("play", p.id) for p in few.spec.principles)]
    for size in (2, 3):
        for case in cases_where("goal :- undecided(_).", play, size, semantics=Semantics()):
            parts = [
                replace(case, items=part)
                for count in range(1, size + 1)
                for part in combinations(case.items, count)
            ]
            undecided = [p for p in parts if Label.UNDECIDED in decide(p, few).labels.values()]
            smallest = min(undecided, key=lambda part: len(part.items))
            assert frozenset(Counter(map(str, parties_of(smallest, few))).items()) in told


def test_a_stand_in_is_one_that_the_spec_does_not_tell_apart() -> None:
    told_apart = Norms(
        spec(principle("a", preferred_over=("b",)), principle("b"), principle("c"), levels=SPEC.levels)
    )
    (pair,) = [
        c
        for c in survey(told_apart).conflicts
        if tuple(map(str, c.parties)) == ("norm of user", "norm of user")
    ]
    assert [item.principle for item in pair.witness.items] == ["a", "c"]
    assert decide(pair.witness, told_apart).as_expected


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
    strict = kinds_of(survey(norms))
    loose = kinds_of(survey(norms, semantics=Semantics(strict=False)))
    assert strict >= set(circles)
    assert loose.isdisjoint(circles)


def test_witnesses_are_case_files_that_are_decided_as_they_say() -> None:
    files = survey_files(survey(NORMS, cases()))
    assert len(files) == len(set(files)) > 8
    for name, text in files.items():
        (read,), findings = read_cases(text, name)
        assert (findings, read.findings, problems(read.case, NORMS)) == ((), (), ())
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
    source.write_bytes(ps.to_rdf(SPEC, "nt"))
    (tmp_path / "case.yaml").write_text("items: [{id: a, principle: absent, issue: x, value: 1}]\n", "utf-8")
    status, out, _ = run("survey", source, "-q")
    assert run("survey", source, "-q", "--format", "cases", "-o", tmp_path / "found") == (0, "", "")
    assert status == 0
    assert out.startswith(
        "7 pairs of principles share an issue; what says who goes first:\n"
        "  level 4, preference 1, example 1, nothing 1\n\n1 pair of one level, "
    )
    assert "  norm of root + norm of root\n" in out
    assert out.endswith("\n1 of 9 rules never decides:\n  exception\n")
    assert "  spec.md:1 rule + spec.md:1 rule_too (root; safety)\n" in out
    assert run("resolve", source, tmp_path / "found", "-q")[0] == 0
    status, out, _ = run("survey", source, tmp_path / "case.yaml", "-q", "--format", "json")
    assert status == 2
    assert json.loads(out)["pairs"][0]["gap"] is True


def test_what_is_saved_of_a_release_is_decided_as_it_says(
    model_spec_data: Path, run: Run, tmp_path: Path
) -> None:
    release, found = model_spec_data / "2025-09-12", tmp_path / "what was found"
    status, out, err = run("survey", release, "--format", "cases", "-o", found)
    assert (status, out) == (0, "")
    assert run("survey", release)[1].splitlines()[1] == "  level 20, nothing 26"
    assert err.endswith(f"wrote 57 cases to {found}; `policyspec resolve {release} '{found}'` decides them\n")
    status, out, _ = run("resolve", release, found, "-q")
    assert (status, out.count("  as expected\n")) == (0, 57)


@pytest.mark.slow
def test_a_release_is_surveyed(release_dir: Path) -> None:
    found = ps.survey(
        release_dir, [Path(__file__).parents[1] / "decision" / "cases" / "letter_and_spirit.yaml"]
    )
    assert [rule.id for rule in found.idle_rules] == ["R4"]
    assert found.gaps
    assert json.loads(ps.render(found, "json"))["undecided"]
