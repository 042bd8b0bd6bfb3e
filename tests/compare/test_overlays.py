"""What changes of a spec reach in specs that are built on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sphinx_policyspec.compare import Change, ChangeKind, Subject, compare, with_overlays
from sphinx_policyspec.exports.diff.outline import reach_of
from sphinx_policyspec.model import (
    AuthorityLevel,
    OverrideMode,
    Provision,
    Reference,
    Spec,
    TargetKind,
    Topic,
)
from tests.compare.test_changes import LONG, SECOND, reference, section
from tests.conftest import LEVELS, at, example, principle, spec

A = principle("a", title="Answers", text=LONG)
B = principle("b", title="Books", text=SECOND)
P, K = Subject.PROVISION, ChangeKind


def reached(
    old: Spec, new: Spec, *own: Provision, references: tuple[Reference, ...] = ()
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what an overlay has that rests on each change: own principles behind a copy of the old spec."""
    overlay = replace(old, provisions=(*old.provisions, *own), references=references)
    diff = with_overlays(compare(old, new), old, new, {"shop": overlay})
    return {(c.kind.value, c.id): c.reach.overlays for c in diff.changes if c.reach.overlays}


@pytest.mark.parametrize("option", ["refines", "exception_to", "conflicts_with", "preferred_over"])
def test_a_change_reaches_what_names_it_in_an_option(option: str) -> None:
    named: dict[str, Any] = {option: ("a",)}
    own = principle("own", **named)
    new = spec(replace(A, id="z"), B)
    assert reached(spec(A, B), new, own) == {("renamed", "z"): ("shop:own",)}
    assert reached(spec(A, B), spec(A, replace(B, title="Loans")), own) == {}


def test_a_change_reaches_what_refers_to_it_and_what_shows_it() -> None:
    own = replace(principle("own"), blocks=(example("own-x", illustrates=("b",)),))
    refers = replace(reference("a"), source="own")
    new = spec(replace(A, title="Replies"), replace(B, authority="root"))
    assert reached(spec(A, B), new, own, references=(refers,)) == {
        ("retitled", "a"): ("shop:own",),
        ("level-raised", "b"): ("shop:own",),
    }


def test_a_principle_that_is_gone_reaches_what_builds_on_it_by_a_former_id_too() -> None:
    own = replace(principle("own"), refines=("former",))
    old = spec(replace(A, aliases=("former",)), B)
    assert reached(old, spec(B), own) == {("removed", "a"): ("shop:own",)}


def test_a_new_principle_reaches_one_that_has_its_id() -> None:
    taken = principle("c", title="Calm", text="Speak low.")
    other = replace(taken, title="Cash", blocks=principle("c", text="Give change.").blocks)
    new = spec(A, B, taken)
    assert reached(spec(A, B), new, other) == {("added", "c"): ("shop:c",)}
    # An overlay that holds the new spec already has no principle of its own there.
    assert reached(spec(A, B), new, taken) == {}


def test_a_level_that_is_renamed_reaches_what_is_at_it() -> None:
    levels = (AuthorityLevel(id="platform", override=OverrideMode.NEVER), *LEVELS[2:])
    old = spec(*(principle(f"p{n}", authority="platform") for n in range(4)), levels=levels)
    new = spec(*(principle(f"p{n}", authority="root") for n in range(4)))
    found = reached(old, new, principle("own", authority="platform"))
    assert set(found.values()) == {("shop:own",)}


def test_a_topic_that_is_gone_reaches_sections_and_principles_that_have_it() -> None:
    topics = (Topic(id="calm", label="Calm", span=at()),)
    own = (section("chapter", topics=("calm",)), principle("own", topics=("calm",)))
    found = reached(spec(A, B, topics=topics), spec(A, B), *own)
    assert found == {("removed", "calm"): ("shop:chapter", "shop:own")}


def test_what_changes_no_meaning_or_nothing_of_theirs_reaches_no_overlay() -> None:
    own = replace(principle("own"), refines=("a",))
    dashed = principle("a", title="Answers", text=LONG.replace(" ", "  "))
    assert reached(spec(A, B), spec(dashed, B), own) == {}
    assert reached(spec(A, B), spec(A, replace(B, authority="root")), own) == {}
    inner = replace(reference("own"), source="other")
    both = (principle("own"), principle("other"))
    assert reached(spec(A, B), spec(A), *both, references=(inner,)) == {}


def test_a_reference_to_an_example_is_followed_through_its_new_id() -> None:
    old = spec(replace(A, blocks=(*A.blocks, example("a-x"))))
    new = spec(replace(A, id="z", blocks=(*A.blocks, example("z-x", title="Other", source_title="Other"))))
    refers = replace(reference("a-x"), target_kind=TargetKind.EXAMPLE, source="own")
    diff = compare(old, new)
    assert diff.renamed_examples == {"a-x": "z-x"}
    found = reached(old, new, principle("own"), references=(refers,))
    assert found == {("retitled", "z-x"): ("shop:own",)}


def test_many_are_named_in_part() -> None:
    change = Change(kind=K.TEXT, subject=P, id="a")
    reach = replace(change.reach, references=("b",), overlays=tuple(f"shop:{n}" for n in range(12)))
    told = reach_of(replace(change, reach=reach))
    assert told == f"1 reference; overlay {', '.join(f'shop:{n}' for n in range(10))}, …"
