"""What a changelog and a diff say of each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import SpecDiff, compare
from sphinx_policyspec.compare.history import ClaimState, entry_of, review
from sphinx_policyspec.exports.diff.history import changelog_entry
from sphinx_policyspec.model import AuthorityLevel, Changelog, ChangelogEntry, Spec
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
        ("- Adds the principle Be fair", ClaimState.BORNE_OUT, ("be_fair",)),
        ("- Adds `be_fair`.", ClaimState.BORNE_OUT, ("be_fair",)),
        ("- Says that **Answer plainly** goes further.", ClaimState.BORNE_OUT, ("answer_plainly",)),
        ("- There is “no excuse” any more", ClaimState.BORNE_OUT, ("answer_plainly",)),
        ("- Deals with impertinence", ClaimState.LIKELY, ("answer_plainly",)),
        ("- Various copy edits", ClaimState.UNDECIDED, ()),
        ("Just a paragraph.", ClaimState.UNDECIDED, ()),
    ],
)
def test_a_claim_is_looked_up_among_the_changes(
    claim: str, state: ClaimState, provisions: tuple[str, ...]
) -> None:
    (found,) = review(diff(), claim).claims
    assert (found.state, found.provisions) == (state, provisions)


def test_a_claim_about_an_example_is_looked_up() -> None:
    old = principle(
        "a", text=TEXT, blocks=(example("a-x", title="tell the way", source_title="tell the way"),)
    )
    new = principle("a", text=TEXT, blocks=())
    (found,) = review(compare(spec(old), spec(new)), "Fixes the example “Tell the way”").claims
    assert found.state is ClaimState.BORNE_OUT


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
        "borne out  Says **Answer plainly** again: answer_plainly",
        "not told   be_fair: new principle at level user",
        "claims: 1 borne out, 1 undecided; structural changes that are not told: 1",
    ]
    assert json.loads(ps.render(found, "json"))["untold"] == [
        {"id": "be_fair", "kind": "added", "text": "new principle at level user"}
    ]
    assert ps.render(review(diff(), None)).startswith("the changelog says nothing about this version")


def test_a_draft_tells_what_is_new_and_what_went() -> None:
    assert changelog_entry(diff(reworded=False)).splitlines()[2:5] == [
        "### Added",
        "",
        "- **Be fair** (be\\_fair): new principle at level user (tightening).",
    ]
    assert "Small changes" in changelog_entry(compare(spec(ONE), spec(ONE)))


def test_a_draft_tells_everything_that_the_review_asks_for(model_spec_data: Path) -> None:
    old, new = (ps.load(model_spec_data / name) for name in ("2025-04-11", "2025-09-12"))
    found = ps.diff(old, new)
    assert review(found, changelog_entry(found)).untold == ()


def test_the_changelog_of_a_release_is_borne_out(model_spec_data: Path) -> None:
    def states(old: str, new: str) -> list[ClaimState]:
        specs: list[Spec] = [ps.load(model_spec_data / name) for name in (old, new)]
        return [claim.state for claim in review(ps.diff(*specs), entry_of(specs[1])).claims]

    out, likely, open_ = ClaimState.BORNE_OUT, ClaimState.LIKELY, ClaimState.UNDECIDED
    assert states("2025-02-12", "2025-04-11") == [likely, out, out, open_]
    assert states("2025-04-11", "2025-09-12") == [out, out, out, likely, likely, out, out, out, open_, open_]
