"""Conflicts between principles: what the fixtures of their codes leave open."""

from __future__ import annotations

from typing import Any

import pytest

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.model import Category, Section, Spec, Verdict, rules
from tests.conftest import at, example, principle, response, spec

CODES = {code for code, rule in rules().items() if rule.category is Category.CONFLICTS}


def found(read: Spec) -> list[tuple[str, str]]:
    return [(f.code, f.message) for f in run_checks(read) if f.code in CODES]


def pair(first: dict[str, Any], second: dict[str, Any], *others: Any, **fields: Any) -> Spec:
    return spec(principle("a", span=at(1), **first), principle("b", span=at(5), **second), *others, **fields)


def test_a_category_exempts_from_all_that_have_it() -> None:
    low = {"exempts": ("law",), "authority": "system"}
    assert found(pair(low, {"category": "law", "authority": "root"})) == [
        (
            "exception-to-higher-level",
            "`a` of level `system` exempts from `b` of the higher level `root`",
        )
    ]
    assert found(pair({**low, "authority": "root"}, {"category": "law", "authority": "root"})) == []
    assert found(pair(low, {"category": "privacy", "authority": "root"})) == []


def test_one_target_is_told_once_by_id_and_category() -> None:
    first = {"exempts": ("law",), "exception_to": ("b",)}
    assert len(found(pair(first, {"category": "law", "authority": "root"}))) == 1


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_circle_of_exceptions_is_told_once_by_its_members(size: int) -> None:
    names = [f"p{number}" for number in range(size)]
    circle = [
        principle(name, exception_to=(names[(place + 1) % size],), span=at(place + 1))
        for place, name in enumerate(names)
    ]
    way = " → ".join(f"`{name}`" for name in (*names, names[0]))
    outside = principle("outside", exception_to=("p0",), span=at(9))
    assert found(spec(*circle, outside)) == [("exception-cycle", f"exceptions lead in a circle: {way}")]


def test_two_circles_are_two_findings() -> None:
    circles = [principle(a, exception_to=(b,)) for a, b in ("ab", "ba", "cd", "dc")]
    assert [code for code, _ in found(spec(*circles))] == ["exception-cycle"] * 2


def test_what_an_exception_never_exempts_it_is_no_exception_to() -> None:
    below = principle("a", authority="system", exempts=("law",), exception_to=("b",), never_exempts=("law",))
    assert not found(spec(below, principle("b", authority="root", category="law")))


def test_an_exception_that_exempts_its_own_category_is_a_circle() -> None:
    assert [code for code, _ in found(spec(principle(category="law", exempts=("law",))))] == [
        "exception-cycle"
    ]


def test_a_former_id_leads_to_what_bears_it_now() -> None:
    renamed = pair({"exception_to": ("old",)}, {"aliases": ("old",), "authority": "root"})
    assert [code for code, _ in found(renamed)] == ["exception-to-higher-level"]


@pytest.mark.parametrize("option", ["exception_to", "preferred_over", "refines", "conflicts_with"])
def test_what_is_unknown_is_left_to_other_checks(option: str) -> None:
    assert found(pair({option: ("gone",)}, {})) == []


@pytest.mark.parametrize("option", ["exception_to", "refines", "conflicts_with"])
def test_sections_can_be_named_by_relations_that_need_no_level(option: str) -> None:
    section = Section(id="s", title="S", depth=1, span=at(9))
    assert found(pair({option: ("s",)}, {}, section)) == []


@pytest.mark.parametrize("option", ["exception_to", "preferred_over", "refines"])
def test_an_undeclared_level_is_above_and_below_nothing(option: str) -> None:
    assert found(pair({option: ("b",), "authority": "chief"}, {"authority": "root"})) == []
    assert found(pair({option: ("b",)}, {"authority": "chief"})) == []


def test_a_preference_over_a_section_is_told() -> None:
    manners = Section(id="manners", title="Manners", depth=1, span=at(9))
    read = spec(principle(preferred_over=("manners",)), manners)
    ((code, message),) = found(read)
    assert code == "preference-across-levels"
    assert "`manners`, a section, which has no level" in message


def test_a_preference_is_for_one_level_whichever_way() -> None:
    up = pair({"preferred_over": ("b",), "authority": "user"}, {"authority": "root"})
    assert [code for code, _ in found(up)] == ["preference-across-levels"]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("This guideline overrides the house style.", 1),
        ("These rules take precedence over all others.", 1),
        ("The above supersedes older advice.", 1),
        ("Users can override this.", 0),
        ("A user's wish overrides this.", 0),
        ("It takes precedence.", 0),
    ],
)
def test_a_claim_to_override_is_one_of_the_text_itself(text: str, claims: int) -> None:
    assert len(found(spec(principle(authority="guideline", text=text)))) == claims
    assert found(spec(principle(authority="user", text=text))) == []


def test_root_principles_in_conflict_need_an_example_of_both() -> None:
    root = {"authority": "root"}
    both = {"conflicts_with": ("b",), **root}
    back = {"conflicts_with": ("a",), **root}
    assert [code for code, _ in found(pair(both, back))] == ["conflict-without-example"]
    weighing = {**back, "blocks": (example("e", weighs=("a", "b")),)}
    assert found(pair(both, weighing)) == []
    illustrating = {**back, "blocks": (example("e", illustrates=("a",)),)}
    assert found(pair(both, illustrating)) == []
    assert found(pair({**both, "authority": "user"}, {})) == []


def test_a_good_answer_may_name_what_its_example_does_not_illustrate() -> None:
    good = response(Verdict.GOOD, violates=("b",))
    assert found(pair({"blocks": (example("e", good),)}, {})) == []
    assert [c for c, _ in found(pair({"blocks": (example("e", good, illustrates=("b",)),)}, {}))] == [
        "good-answer-violates"
    ]
