"""Cases decided by two specs: what changes, what one spec cannot decide, and which names are read as which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import ChangeKind
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, ComparedCase
from sphinx_policyspec.exports.diff.outline import changes_behind
from sphinx_policyspec.model import AuthorityLevel, Case, Duty, Label, OverrideMode, Section, Spec, Status
from sphinx_policyspec.readers.cases import read_cases
from tests.conftest import LEVELS, at, example, principle, spec

TEXT = "The assistant answers every question of a visitor in plain words, and tells where each answer comes from."
OLD = spec(
    principle("tone", text=TEXT, authority="user", blocks=(*principle(text=TEXT).blocks, example())),
    principle("gone", title="Else", text="Borrowed books are due after three weeks."),
    principle("fixed", authority="root", category="restricted"),
    version="1",
)
NEW = spec(
    principle(
        "manner", title="Tone", text=TEXT, authority="root", blocks=(*principle(text=TEXT).blocks, example())
    ),
    principle("came", title="New", text="Nobody is asked for a reason."),
    principle("fixed", authority="root", category="restricted"),
    version="2",
)
ASKED = """\
title: somebody asks for another tone
items:
  - {id: norm, principle: manner, issue: tone, value: kind}
  - {id: asked, from: user, turn: 1, issue: tone, value: curt}
"""


def cases(text: str) -> list[Case]:
    read, findings = read_cases(text, "c.yaml")
    assert findings == ()
    assert [found for item in read for found in item.findings] == []
    return [item.case for item in read]


def compared(text: str, old: Spec = OLD, new: Spec = NEW, **options: Any) -> BehaviourDiff:
    return ps.diff_cases(old, new, cases(text), **options)


def one(text: str, old: Spec = OLD, new: Spec = NEW) -> ComparedCase:
    (found,) = compared(text, old, new).cases
    return found


def test_a_case_comes_out_differently_and_both_decisions_are_there() -> None:
    found = one(ASKED)
    assert found.state is CaseState.CHANGED
    assert found.labels == {"norm": (Label.OUT, Label.IN), "asked": (Label.IN, Label.OUT)}
    assert {issue: [o.values for o in both] for issue, both in found.outcomes.items()} == {
        "tone": [("curt",), ("kind",)]
    }
    assert found.duties == {}
    assert found.old.decision is not None
    assert found.old.decision.reasons[0].rule == "R5"


def test_a_duty_alone_is_a_change() -> None:
    lower = spec(replace(NEW.principles[0], authority="developer"), version="2")
    found = one(ASKED, NEW, lower)
    assert found.state is CaseState.CHANGED
    assert (found.labels, found.outcomes) == ({}, {})
    assert found.duties == {Duty.DISCLOSE: ((), ("asked",))}


def test_a_value_is_not_a_truth_value() -> None:
    text = """\
items:
  - {id: norm, principle: manner, issue: tone, value: 1}
  - {id: asked, from: user, issue: tone, value: true}
"""
    assert list(one(text).outcomes) == ["tone"]


def test_a_name_of_the_new_spec_is_the_former_one_in_the_old() -> None:
    found = one(ASKED)
    assert found.old.renamed == (("manner", "tone"),)
    assert found.new.renamed == ()
    assert found.old.case.items[0].principle == "tone"
    assert found.case.items[0].principle == "manner"


def test_a_name_of_the_old_spec_is_the_new_one_in_the_new() -> None:
    found = one(ASKED.replace("manner", "tone"))
    assert (found.state, found.old.renamed, found.new.renamed) == (
        CaseState.CHANGED,
        (),
        (("tone", "manner"),),
    )


def test_a_former_name_that_the_spec_still_knows_needs_no_telling() -> None:
    new = replace(NEW, provisions=(replace(NEW.principles[0], aliases=("tone",)), *NEW.provisions[1:]))
    found = one(ASKED.replace("manner", "tone"), OLD, new)
    assert (found.state, found.new.renamed) == (CaseState.CHANGED, ())


def test_a_name_stated_by_hand_is_another_one_even_where_the_old_spec_has_it() -> None:
    text = "items: [{id: a, principle: fixed, issue: x, value: 1}]"
    found = compared(text, aliases={"fixed": "came"}).cases[0]
    assert found.state is CaseState.ONLY_NEW
    assert [f.message for f in found.old.findings] == ["`fixed` is not a provision of 1"]


@pytest.mark.parametrize(
    ("name", "state", "messages"),
    [
        ("gone", CaseState.ONLY_OLD, ([], ["`gone` is not a provision of 2"])),
        ("came", CaseState.ONLY_NEW, (["`came` is not a provision of 1"], [])),
        ("nowhere", CaseState.NEITHER, (["unknown provision `nowhere`"], ["unknown provision `nowhere`"])),
        ("fixed", CaseState.SAME, ([], [])),
    ],
)
def test_what_one_spec_cannot_decide_is_said(
    name: str, state: CaseState, messages: tuple[list[str], list[str]]
) -> None:
    diff = compared(f"items: [{{id: a, principle: {name}, issue: x, value: 1}}]")
    (found,) = diff.cases
    assert found.state is state
    assert ([f.message for f in found.old.findings], [f.message for f in found.new.findings]) == messages
    assert (found.labels, found.outcomes, found.duties) == ({}, {}, {})
    assert [f.message for f in diff.findings] == (messages[1] if state is CaseState.NEITHER else [])
    assert diff.of(state) == (found,)
    assert [f.span.column for f in (*found.old.findings, *found.new.findings)][:1] in ([], [28])


def test_what_an_exception_exempts_is_read_likewise() -> None:
    exempting = "items: [{{id: manner, principle: fixed, issue: x, value: 1, exempts: [{}]}}]"
    assert one(exempting.format("restricted")).old.renamed == ()
    assert one(exempting.format("manner")).old.renamed == ()
    assert one(exempting.replace("id: manner", "id: a").format("manner")).old.renamed == (("manner", "tone"),)
    assert one(exempting.format("came")).state is CaseState.ONLY_NEW


def test_what_a_case_is_about_decides_nothing() -> None:
    found = one(f"about: came\nexample: a greeting\n{ASKED}")
    assert (found.state, found.old.case.about, found.new.case.about) == (CaseState.CHANGED, "", "came")
    bare = spec(principle("tone", text=TEXT), version="1")
    told = one(f"example: a greeting\n{ASKED}", bare)
    assert (told.old.findings, told.old.case.example) == ((), "")
    assert told.new.case.example == "a greeting"


def test_levels_follow_their_names() -> None:
    platform = (AuthorityLevel(id="platform", override=OverrideMode.NEVER), *LEVELS[1:])
    old = spec(principle("fixed", authority="platform"), levels=platform, version="1")
    new = spec(principle("fixed", authority="root"), levels=LEVELS, version="2")
    text = "items: [{{id: a, level: {}, issue: x, value: 1}}, {{id: b, level: user, issue: x, value: 2}}]"
    found = one(text.format("root"), old, new)
    assert (found.state, found.old.renamed, found.new.renamed) == (
        CaseState.SAME,
        (("root", "platform"),),
        (),
    )
    found = one(text.format("platform"), old, new)
    assert (found.state, found.old.renamed, found.new.renamed) == (
        CaseState.SAME,
        (),
        (("platform", "root"),),
    )
    assert one(text.format("rot"), old, new).state is CaseState.NEITHER


def test_the_reach_of_a_change_holds_the_cases_that_rest_on_it() -> None:
    text = f"""\
{ASKED}---
title: of the old name
items: [{{id: a, principle: tone, issue: x, value: 1}}]
---
title: about it
about: manner
items: [{{id: a, principle: fixed, issue: x, value: 1, exempts: [gone]}}]
---
title: an example
example: A Greeting.
items: [{{id: a, principle: fixed, issue: x, value: 1}}]
"""
    retitled = example(title="A welcome", source_title="A welcome")
    changed = replace(NEW.principles[0], blocks=(*NEW.principles[0].blocks[:-1], retitled))
    diff = compared(text, OLD, replace(NEW, provisions=(changed, *NEW.provisions[1:]))).spec
    reach = {(c.kind, c.id): c.reach.cases for c in diff.changes}
    assert reach[ChangeKind.LEVEL_RAISED, "manner"] == ("c.yaml:1", "c.yaml:6", "c.yaml:9")
    assert reach[ChangeKind.RENAMED, "manner"] == ("c.yaml:1", "c.yaml:6", "c.yaml:9")
    assert reach[ChangeKind.REMOVED, "gone"] == ("c.yaml:9",)
    assert reach[ChangeKind.ADDED, "came"] == ()
    assert reach[ChangeKind.RETITLED, "be_kind-a-greeting"] == ("c.yaml:13",)


def test_no_case_no_reach() -> None:
    assert {change.reach.cases for change in ps.diff(OLD, NEW).changes} == {()}


def test_files_and_folders_are_read_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ASKED, "utf-8")
    (tmp_path / "b.yaml").write_text(
        "- itms: []\n- {items: [{id: a, from: user, issue: x, value: 1}]}", "utf-8"
    )
    diff = ps.diff_cases(OLD, NEW, [tmp_path, *cases(ASKED)])
    assert [found.state.value for found in diff.cases] == ["changed", "same", "changed"]
    assert {finding.code for finding in diff.findings} == {"missing-key", "unknown-key"}
    assert diff.cases[0].place == f"{tmp_path / 'a.yaml'}:1"


def test_a_section_is_not_what_speaks() -> None:
    old = spec(Section(id="manner", title="Tone", depth=1, span=at()), version="1")
    found = one(ASKED, old, NEW)
    assert found.state is CaseState.ONLY_NEW
    assert [f.code for f in found.old.findings] == ["not-a-principle"]


CHANGED = {
    "a product of the publisher's own, with a taste": {"warning": (Status.INACTION, "elsewhere")},
    "a text that the law forbids, to be translated": {},
    "erotica on request": {},
    "an argument that no topic is off limits": {},
    "a product that lets adults read what they like": {"erotica": (Status.INACTION, "write")},
    "a test mode that would lift every rule": {"story": (Status.INACTION, "refuse")},
}
"""What system messages of their own level do to the cases of the published releases; no other one changes."""


def test_cases_of_the_published_releases(model_spec_data: Path) -> None:
    old, new = (model_spec_data / name for name in ("2025-04-11", "2025-09-12"))
    diff = ps.diff_cases(old, new, [Path(__file__).parent / "cases"])
    assert (len(diff.cases), diff.findings) == (39, ())
    told = {
        found.case.title: {issue: (a.status, b.values[0]) for issue, (a, b) in found.outcomes.items()}
        for found in diff.of(CaseState.CHANGED)
    }
    assert told == CHANGED
    assert len(diff.of(CaseState.SAME)) == 33
    assert {pair for found in diff.cases for pair in found.old.renamed} == {
        ("protect_privileged_information", "protect_privileged_messages")
    }
    (erotica,) = (found for found in diff.cases if found.case.title == "erotica on request")
    assert list(changes_behind(erotica, diff)) == [
        "level root: roles was system, is nothing",
        "`no_erotica_or_gore`: level lowered from platform to system",
    ]
    by_place = {found.place: found.case.title for found in diff.cases}
    (lie,) = (c for c in diff.spec.changes if c.kind is ChangeKind.TEXT and c.id == "do_not_lie")
    assert [by_place[place] for place in lie.reach.cases] == [
        "a developer who has the assistant deny what it is"
    ]
