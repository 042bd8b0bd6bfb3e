"""Which provision is which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sphinx_policyspec.compare import matching
from sphinx_policyspec.compare.matching import Identity, identify
from sphinx_policyspec.compare.words import shingles
from sphinx_policyspec.model import EvalTag, Principle, Section
from tests.conftest import at, example, message, principle, spec

LONG = (
    "The assistant answers every question of a visitor in plain words, tells where each answer comes from, "
    "and says so when it does not know enough to help."
)
OTHER = (
    "Borrowed books are due after three weeks, unless nobody else waits for them and the reader asks "
    "the desk for more time before that day."
)


def section(id: str, title: str, **fields: Any) -> Section:  # noqa: A002
    return Section(id=id, title=title, depth=1, span=at(), **fields)


def how(found: Identity) -> dict[tuple[str, str], str]:
    return {(match.old, match.new): match.by for match in found.matches}


def test_an_equal_id_decides_whatever_else_differs() -> None:
    found = identify(spec(principle("a", text=LONG)), spec(principle("a", title="Else", text=OTHER)))
    assert how(found) == {("a", "a"): "id"}


@pytest.mark.parametrize(
    "text",
    [LONG, "案内係は来た人の問いに平易な言葉で答え、答えの出所を伝え、知らないことは知らないと言います。"],
)
def test_an_equal_text_decides_in_scripts_with_and_without_blanks(text: str) -> None:
    found = identify(spec(principle("a", text=text)), spec(principle("b", title="Else", text=text)))
    assert how(found) == {("a", "b"): "text"}


def test_an_alias_of_the_new_one_decides() -> None:
    found = identify(
        spec(principle("a", text=LONG)), spec(principle("b", title="Else", text=OTHER, aliases=("a",)))
    )
    assert how(found) == {("a", "b"): "alias"}


def test_an_alias_of_the_old_one_decides_on_the_way_back() -> None:
    found = identify(
        spec(principle("b", text=OTHER, aliases=("a",))), spec(principle("a", title="Else", text=LONG))
    )
    assert how(found) == {("b", "a"): "alias"}


def test_what_is_stated_by_hand_wins_over_equal_ids() -> None:
    old = spec(principle("a", text=LONG), principle("b", text=OTHER))
    found = identify(old, old, {"a": "b"})
    assert how(found)["a", "b"] == "alias"
    assert ("a", "a") not in how(found)


def test_a_statement_about_what_does_not_exist_is_ignored() -> None:
    one = spec(principle("a", text=LONG))
    assert how(identify(one, one, {"x": "a", "a": "y"})) == {("a", "a"): "id"}


def test_a_title_that_is_alone_on_both_sides_decides() -> None:
    found = identify(spec(section("a", "Scope")), spec(section("b", "Scope")))
    assert how(found) == {("a", "b"): "title"}


def test_a_title_that_two_have_does_not_decide() -> None:
    old = spec(section("a", "Scope"), section("b", "Scope"))
    assert how(identify(old, spec(section("c", "Scope")))) == {}


def test_alike_texts_decide() -> None:
    found = identify(
        spec(principle("a", text=LONG)),
        spec(principle("b", title="Quite another title", text=f"{LONG} Always.")),
    )
    assert how(found) == {("a", "b"): "text"}
    assert found.matches[0].evidence[1][0] == "text_sim"


def test_short_texts_do_not_decide() -> None:
    found = identify(
        spec(principle("a", text="Be kind.")), spec(principle("b", title="Two", text="Be kind."))
    )
    assert how(found) == {}


def test_a_near_title_decides_with_a_tag_in_common() -> None:
    old = spec(
        principle("a", title="Do not reveal secret instructions", text=OTHER),
        eval_tags=(EvalTag(tag="ab12", provision="a", clause="", span=at()),),
    )
    new = spec(
        principle("b", title="Do not reveal secret information", text=LONG),
        eval_tags=(EvalTag(tag="ab12", provision="b", clause="", span=at()),),
    )
    assert how(identify(old, new)) == {("a", "b"): "title"}
    assert how(identify(replace(old, eval_tags=()), new)) == {}


def test_examples_decide_where_half_of_the_text_went_along() -> None:
    shown = example("a-x", turns=(message(text="Where is the desk, please?"),))
    found = identify(
        spec(principle("a", text=LONG, blocks=(*principle("a", text=LONG).blocks, shown))),
        spec(
            principle(
                "b",
                title="Else",
                blocks=(*principle("b", text=f"{LONG} {OTHER} {OTHER} {OTHER}").blocks, shown),
            )
        ),
    )
    assert how(found) == {("a", "b"): "examples"}


def test_children_decide_where_there_is_no_text() -> None:
    children = [principle(f"p{number}", text=LONG, parent="a") for number in range(3)]
    moved = [replace(child, parent="b") for child in children]
    found = identify(spec(section("a", "Rules"), *children), spec(section("b", "Bounds"), *moved))
    assert how(found)["a", "b"] == "children"


def test_the_most_alike_are_taken_first() -> None:
    old = spec(principle("a", title="One", text=LONG), principle("b", title="Two", text=f"{LONG} Or not."))
    new = spec(principle("c", title="Three", text=f"{LONG} Or not."), principle("d", title="Four", text=LONG))
    assert how(identify(old, new)) == {("a", "d"): "text", ("b", "c"): "text"}


def test_what_took_over_a_text_is_a_relative() -> None:
    old = spec(principle("a", title="One", text=LONG), principle("b", title="Two", text=OTHER))
    new = spec(principle("b", title="Two", text=f"{OTHER}\n\n{LONG}"))
    (relative,) = identify(old, new).relatives
    assert (relative.old, relative.new) == ("a", "b")
    assert relative.likeness.containment > 0.9


def test_nothing_in_common_is_no_relation() -> None:
    found = identify(
        spec(principle("a", title="One", text=LONG)), spec(principle("b", title="Two", text=OTHER))
    )
    assert (found.matches, found.relatives) == ((), ())
    assert isinstance(spec(principle("a")).provisions[0], Principle)


class Runs(frozenset[tuple[str, ...]]):
    """Runs of words that count how many sets of them are held at one time."""

    held = most = 0

    def __init__(self, _runs: object) -> None:
        Runs.held += 1
        Runs.most = max(Runs.most, Runs.held)

    def __del__(self) -> None:
        Runs.held -= 1


@pytest.mark.parametrize("gone", [0, 1, 3])
@pytest.mark.parametrize("size", [10, 40])
def test_the_runs_of_words_of_what_stayed_are_held_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, size: int, gone: int
) -> None:
    monkeypatch.setattr(matching, "shingles", lambda text: Runs(shingles(text)))
    Runs.most = Runs.held
    stayed = [principle(f"p{i}", title=f"Name {i}", text=f"{LONG} {i} {OTHER} {i}") for i in range(size)]
    left = [principle(f"old{i}", title=f"Left {i}", text=f"{OTHER} {i}") for i in range(gone)]
    before = Runs.held
    found = identify(spec(*stayed, *left), spec(*stayed))
    assert len(found.matches) == size
    assert Runs.most - before <= (gone + 2 if gone else 0)
