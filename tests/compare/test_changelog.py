"""What a changelog and a diff say of each other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.compare import SpecDiff, compare
from sphinx_policyspec.compare.history import ClaimState, entry_of, review, stands
from sphinx_policyspec.exports import markdown_safe
from sphinx_policyspec.exports.diff.text import changelog_entry
from sphinx_policyspec.exports.diff.wording import is_folded, sentence
from sphinx_policyspec.model import (
    AuthorityLevel,
    Carrier,
    Changelog,
    ChangelogEntry,
    Reference,
    ReferenceForm,
    Spec,
)
from tests.conftest import LEVELS, at, example, principle, spec

TEXT = (
    "The assistant answers every question of a visitor in plain words and tells where an answer comes from."
)
ONE, OTHER = (
    principle("answer_plainly", title="Answer plainly", text=TEXT),
    principle("be_fair", text=TEXT[::-1]),
)


def diff(*, reworded: bool = True) -> SpecDiff:
    new = principle(
        "answer_plainly", title="Answer plainly", text=f'{TEXT} Impertinence is "no excuse" for it.'
    )
    return compare(spec(ONE), spec(new if reworded else ONE, OTHER))


@pytest.mark.parametrize(
    ("claim", "state", "provisions"),
    [
        ("- Adds the principle Be fair", ClaimState.CHANGED, ("be_fair",)),
        ("- Adds `be_fair`.", ClaimState.CHANGED, ("be_fair",)),
        ("- Says that **Answer plainly** goes further.", ClaimState.CHANGED, ("answer_plainly",)),
        ("- There is “no excuse” any more", ClaimState.CHANGED, ("answer_plainly",)),
        ("- The plain answer to a be-fair world", ClaimState.UNDECIDED, ()),
        ("- Says “excuse”", ClaimState.UNDECIDED, ()),
        ("- Various copy edits", ClaimState.UNDECIDED, ()),
        ("Just a paragraph.", ClaimState.UNDECIDED, ()),
    ],
)
def test_a_claim_is_looked_up_among_the_changes(
    claim: str, state: ClaimState, provisions: tuple[str, ...]
) -> None:
    (found,) = review(diff(), claim).claims
    assert (found.state, tuple(found.evidence)) == (state, provisions)


def test_rare_words_in_common_show_where_to_look_and_nothing_else() -> None:
    (found,) = review(diff(), "- Deals with impertinence").claims
    assert (found.state, found.evidence, found.near) == (ClaimState.UNDECIDED, {}, ("answer_plainly",))


def test_what_a_text_refers_to_is_not_what_changed_in_it() -> None:
    pointing = Reference(
        source="answer_plainly", target="be_fair", carrier=Carrier.TEXT, form=ReferenceForm.TITLE, span=at()
    )
    both = spec(ONE, OTHER), spec(ONE, OTHER, references=(pointing,))
    (found,) = review(compare(*both), "Says more of Be fair.").claims
    assert found.state is ClaimState.UNDECIDED


def test_a_claim_about_an_example_is_looked_up() -> None:
    old = principle(
        "a", text=TEXT, blocks=(example("a-x", title="tell the way", source_title="tell the way"),)
    )
    new = principle("a", text=TEXT, blocks=())
    (found,) = review(compare(spec(old), spec(new)), "Fixes the example “Tell the way”").claims
    assert found.state is ClaimState.CHANGED


@pytest.mark.parametrize(
    ("entry", "untold"),
    [("Adds Be fair.", []), ("Adds be_fair", []), ("Copy edits.", ["be_fair"]), (None, ["be_fair"])],
)
def test_a_structural_change_is_told_or_not(entry: str | None, untold: list[str]) -> None:
    assert [change.id for change in review(diff(reworded=False), entry).untold] == untold


def test_levels_are_told_by_name() -> None:
    platform = (AuthorityLevel(id="platform"), *LEVELS[2:])
    old = spec(*(principle(f"p{n}", authority="platform") for n in range(3)), levels=platform)
    new = spec(*(principle(f"p{n}", authority="root" if n else "system") for n in range(3)))
    found = compare(old, new)
    told = review(
        found, "Renames the level platform to root, adds the level system, and moves a principle to system."
    )
    assert told.untold == ()
    untold = review(found, "Renames the level platform to root.").untold
    assert [(change.subject.value, change.id) for change in untold] == [
        ("level", "system"),
        ("provision", "p0"),
    ]


def test_the_entry_is_that_of_the_version() -> None:
    entries = (ChangelogEntry(version="2", source="", text="Two.", span=at()),)
    log = Changelog(span=at(), source="", entries=entries)
    assert entry_of(spec(version="2", changelog=log)) == "Two."
    assert entry_of(spec(version="3", changelog=log)) is None
    assert entry_of(spec()) is None


def test_a_review_is_written_as_text_and_json() -> None:
    found = review(diff(), "- Copy edits\n- Says **Answer plainly** again")
    text = ps.render(found)
    assert text.splitlines() == [
        "undecided  Copy edits",
        "changed    Says **Answer plainly** again",
        "           names: answer_plainly (title “Answer plainly”)",
        "not named  be_fair: new principle at level user",
        "claims: 1 changed, 1 undecided; structural changes that no claim names: 1",
    ]
    assert json.loads(ps.render(found, "json"))["untold"] == [
        {"id": "be_fair", "kind": "added", "text": "new principle at level user"}
    ]
    assert ps.render(review(diff(), None)).startswith("the changelog says nothing about this version")


def test_a_draft_tells_what_is_new_and_what_went() -> None:
    assert changelog_entry(diff(reworded=False)).splitlines()[2:5] == [
        "### Added",
        "",
        "- **Be fair** (be\\_fair): new principle at level user (needs a reader).",
    ]
    assert "No changes." in changelog_entry(compare(spec(ONE), spec(ONE)))


@pytest.mark.parametrize(("before", "after"), [("2025-02-12", "2025-04-11"), ("2025-04-11", "2025-09-12")])
def test_a_draft_tells_every_change(model_spec_data: Path, before: str, after: str) -> None:
    old, new = (ps.load(model_spec_data / name) for name in (before, after))
    found = ps.diff(old, new)
    draft = changelog_entry(found)
    assert review(found, draft).untold == ()
    lines = draft.splitlines()
    for change in found.changes:
        here = [
            line for line in lines if not change.provision or f"({markdown_safe(change.provision)})" in line
        ]
        told = change.id if is_folded(change) else sentence(change)
        assert any(markdown_safe(told) in line for line in here), change


def test_what_the_changelog_of_a_release_names_is_found(model_spec_data: Path) -> None:
    def states(old: str, new: str) -> list[ClaimState]:
        specs: list[Spec] = [ps.load(model_spec_data / name) for name in (old, new)]
        return [claim.state for claim in review(ps.diff(*specs), entry_of(specs[1])).claims]

    out, open_ = ClaimState.CHANGED, ClaimState.UNDECIDED
    assert states("2025-02-12", "2025-04-11") == [open_, out, out, open_]
    assert states("2025-04-11", "2025-09-12") == [out, out, out, open_, open_, out, out, out, open_, open_]


@given(st.text("ab_ -(", max_size=9), st.text("ab_ -(", min_size=1, max_size=4))
def test_a_name_stands_in_a_text_as_whole_words(text: str, name: str) -> None:
    assert stands(name, text) is bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))
