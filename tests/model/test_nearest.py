"""Which name a message proposes for one that is unknown."""

from __future__ import annotations

import pytest

from sphinx_policyspec.model.nearest import Hints, nearest

MANY = [f"a_rule_that_is_not_meant_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("be_knd", "be_kind"),
        ("be-kind", "be_kind"),
        ("Be_Kind", "be_kind"),
        ("eb_kind", "be_kind"),
        ("be_kinds", "be_kind"),
        ("honestly", "honesty"),
        ("authorty", "authority"),
        ("on", "one"),
        ("sexual_content_involving_minor", "sexual_content_involving_minors"),
    ],
)
def test_a_slip_of_the_keys_is_recognised(word: str, name: str) -> None:
    assert nearest(word, [*MANY, name]) == f"did you mean `{name}`?"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("kind", "people_should_be_kind_to_each_other"),
        ("x", "y"),
        ("law", "privacy"),
        ("colour", "color-of-the-sky-at-noon"),
        ("", "a"),
        ("?", "a"),
        ("html", "jsonld"),
    ],
)
def test_a_name_that_is_merely_longer_or_other_is_not_proposed(word: str, name: str) -> None:
    assert nearest(word, [*MANY, name]) == ""


def test_the_nearest_of_several_is_proposed_and_ties_go_by_name() -> None:
    assert nearest("hard-rule", ["hard-rules", "hard-rolls", *MANY]) == "did you mean `hard-rules`?"
    assert nearest("rulez", ["rules", "ruler", *MANY]) == "did you mean `ruler`?"


def test_a_few_names_are_listed_where_none_is_near() -> None:
    assert nearest("purple", ["root", "user"]) == "known are `root`, `user`"
    assert nearest("purple", []) == ""


def test_hints_end_once_they_would_cost_too_much() -> None:
    hints = Hints()
    many = [f"name{number}" for number in range(300_000)]
    assert hints.nearest("name77x", many)
    assert hints.nearest("name77x", many) == ""
