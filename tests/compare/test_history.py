"""One provision over many releases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sphinx_policyspec.compare.history import Timeline, before, history
from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.model import Spec
from tests.conftest import principle, spec

if TYPE_CHECKING:
    from tests.conftest import Run

TEXT = "The assistant greets every visitor by name, and asks what it can do for them before it does anything else."
GREET = principle("greet", text=TEXT)
WELCOME = replace(GREET, id="welcome", authority="root")
OTHER = principle("be_brief", text="Say no more than is needed.")


def releases(*held: Spec) -> tuple[Spec, ...]:
    return tuple(replace(one, version=str(number)) for number, one in enumerate(held, 1))


def told(specs: tuple[Spec, ...], id_: str) -> list[tuple[str, str, str, list[str]]]:
    return [(m.version, m.id, m.level, [c.kind.value for c in m.changes]) for m in history(specs, id_)]


@pytest.mark.parametrize("id_", ["greet", "welcome"])
def test_a_provision_is_followed_through_its_ids(id_: str) -> None:
    specs = releases(spec(OTHER), spec(OTHER, GREET), spec(OTHER, GREET), spec(OTHER, WELCOME), spec(OTHER))
    assert told(specs, id_) == [
        ("2", "greet", "user", ["added"]),
        ("3", "greet", "user", []),
        ("4", "welcome", "root", ["renamed", "level-raised"]),
        ("5", "welcome", "", ["removed"]),
    ]


def test_a_history_ends_with_what_became_of_it() -> None:
    tell = "The assistant tells where each of its answers comes from, and says so when it does not know enough to help."
    both = principle("manners", title="Greetings and sources", text=f"{TEXT}\n\n{tell}")
    parts = (
        principle("hail", title="Hail", text=f"{TEXT} {'It greets nobody twice on one day. ' * 6}"),
        principle("source", title="Sources", text=f"{tell} {'It names books by their shelf marks. ' * 6}"),
    )
    *_, last = history(releases(spec(both, OTHER), spec(*parts, OTHER)), "manners")
    assert (last.is_gone, last.title) == (True, "Greetings and sources")
    assert {(c.kind.value, c.new) for c in last.changes} == {
        ("removed", ""),
        ("split", "hail"),
        ("split", "source"),
    }


@pytest.mark.parametrize(("place", "id_"), [(1, "greet"), (2, "greet"), (3, "welcome")])
def test_the_ids_of_a_provision_are_known_from_each_release(place: int, id_: str) -> None:
    specs = releases(spec(OTHER), spec(OTHER, GREET), spec(OTHER, GREET), spec(OTHER, WELCOME), spec(OTHER))
    assert Timeline.of(specs).ids(id_, place) == {1: "greet", 2: "greet", 3: "welcome"}


def test_releases_come_before_one_that_is_among_them_or_not() -> None:
    specs = releases(spec(GREET), spec(GREET), spec(GREET))
    assert before(specs, specs[1]) == specs[:1]
    assert before(specs, replace(specs[1], version="9")) == specs
    undated = replace(specs[1], version="")
    assert before((undated, undated), undated) == (undated, undated)


def test_what_stands_there_is_counted() -> None:
    (moment,) = history(releases(spec(GREET)), "greet")
    assert (moment.title, moment.words, moment.examples, moment.changes) == ("Greet", 20, 0, ())


def test_an_id_that_no_release_has_is_a_message() -> None:
    with pytest.raises(UnknownIdError, match="no release has the provision `gret`; did you mean `greet`"):
        history(releases(spec(GREET)), "gret")


def test_the_history_of_a_principle_of_the_model_spec(run: Run, model_spec_data: Path) -> None:
    status, out, _ = run("history", "-q", model_spec_data, "love_humanity")
    assert status == 0
    assert [line for line in out.splitlines() if line[0] != " "] == [
        "2025-02-12  Be kind (be_kind): user, 128 words, 4 examples",
        "2025-04-11  Be kind (be_kind): user, 128 words, 4 examples",
        "2025-09-12  Love humanity (love_humanity): user, 149 words, 5 examples",
    ]
    assert "  editorial      id was “be_kind” (alias)" in out.splitlines()
    _, out, _ = run("history", "-q", model_spec_data, "be_kind", "--format", "json")
    assert [moment["id"] for moment in json.loads(out)["releases"]] == ["be_kind", "be_kind", "love_humanity"]
