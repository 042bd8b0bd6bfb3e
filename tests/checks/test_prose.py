"""Prose lints: what they take for a norm, where they point, and what they leave in peace."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.model import Finding
from sphinx_policyspec.readers.model_spec import read_model_spec


def found(code: str, text: str) -> list[Finding]:
    return [finding for finding in run_checks(read_model_spec(text).spec) if finding.code == code]


def of_user(words: str) -> str:
    return f"# Be kind {{#be_kind authority=user}}\n\n{words}\n"


@pytest.mark.parametrize(
    "words",
    [
        "It is not always so, and not only here.",
        "It is almost never so.",
        "An always-on guest.",
        "So if and only if it rains.",
        'It says `must` and *not* "never" or \u201calways\u201d.',
        "See [here](#must).",
        "```\nyou must\n```",
        "<!-- must -->",
        'Kind words.\n\n!!! meta "Commentary"\n    It must.\n',
    ],
)
def test_what_is_no_absolute_is_left_in_peace(words: str) -> None:
    assert found("overridable-absolute", of_user(words)) == []


@pytest.mark.parametrize("words", ["It must go.", "Never go.", "It should\nonly go.", "Go only if it rains."])
def test_an_absolute_is_found(words: str) -> None:
    assert len(found("overridable-absolute", of_user(words))) == 1


def test_each_principle_is_told_once_with_every_place() -> None:
    text = of_user("A word. It must go,\nand it must\nnever stop.")
    finding = found("overridable-absolute", text)[0]
    assert finding.message == "`be_kind` says `must`, `never`, and can be overridden at level `user`"
    places = [
        (s.line, text.split("\n")[s.line - 1][s.column - 1 : s.end_column - 1])
        for s in (finding.span, *finding.related)
    ]
    assert places == [(3, "must"), (4, "must"), (5, "never")]


def test_words_of_a_plain_subsection_belong_to_the_principle() -> None:
    text = of_user("Kind.") + "\n## More {#more}\n\nIt must go.\n"
    assert "`be_kind`" in found("overridable-absolute", text)[0].message


@pytest.mark.parametrize(
    ("words", "loud"),
    [
        ("Guests should be greeted.", True),
        ("Guests should not always be kept waiting.", True),
        ("Guests should be greeted by the host.", False),
        ("It should be informed.", False),
        ("Guests may be greeted.", False),
    ],
)
def test_a_norm_without_an_actor_is_found(words: str, loud: Any) -> None:
    assert bool(found("passive-norm", of_user(words))) is loud


@pytest.mark.parametrize(
    ("words", "loud"),
    [
        ("There are no other exceptions.", False),
        ("The only exception is rain. An exception is snow.", True),
        ("No exceptions.", False),
        ("There is no exception for guests. Snow is an exception.", False),
    ],
)
def test_the_only_exception_beside_another_one_is_found(words: str, loud: Any) -> None:
    assert bool(found("other-exception", of_user(words))) is loud


@pytest.mark.parametrize(
    "words", ["a must " * 20000, "`" * 60000, "\n must" * 20000, '"must' * 20000, "[must](" * 20000]
)
def test_hostile_prose_costs_no_more_than_its_length(words: str) -> None:
    spec = read_model_spec(of_user(words)).spec
    begin = time.process_time()
    run_checks(spec)
    assert time.process_time() - begin < 5
