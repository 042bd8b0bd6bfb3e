"""Every view compiles to one query, which finds what a plain reading of the spec finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sphinx_policyspec import load
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.model import Spec, Topic, Verdict, overriders
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import entries_of
from sphinx_policyspec.sphinx_ext.asks.queries import PROPERTIES, View, ViewKind, compile_view, unknown_names
from sphinx_policyspec.sphinx_ext.asks.views import tree_of
from tests.conftest import at, example, principle, response, spec

LIST, EXAMPLES = ViewKind.PRINCIPLE_LIST, ViewKind.EXAMPLE_TABLE


def view(kind: ViewKind = LIST, **fields: Any) -> View:
    return View(kind=kind, span=at(), **{"columns": ("title", "level"), **fields})


def found(base: KnowledgeBase, asked: View) -> list[str]:
    return [entry.id for entry in entries_of(base.select(compile_view(asked)))]


def small() -> Spec:
    return spec(
        principle("b_rule", authority="root", topics=("white_lies",), blocks=(example("e1"),)),
        principle("a_default", topics=("honesty",), text="Kindness in passing."),
        principle(
            "habit", authority="guideline", blocks=(example("e2", response(), response(Verdict.OK, "Well")),)
        ),
        topics=(
            Topic(id="honesty", label="Honesty", alt_labels=("Plain speaking",), span=at()),
            Topic(id="white_lies", label="White lies", broader=("honesty",), span=at()),
            Topic(id="kind", label="Kindness", span=at()),
        ),
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["b_rule", "a_default", "habit"]),
        ({"authority": ("ROOT", "guideline")}, ["b_rule", "habit"]),
        ({"overridable_by": ("user",)}, ["a_default", "habit"]),
        ({"overridable_by": ("root",)}, ["a_default", "habit"]),
        ({"topics": ("plain SPEAKING",)}, ["b_rule", "a_default"]),
        ({"topics": ("kind",)}, []),
        ({"topics": ("kind",), "mentions": True}, ["a_default"]),
        ({"has": ("example",)}, ["b_rule", "habit"]),
        ({"has": ("good", "bad")}, ["b_rule"]),
        ({"lacks": ("bad",)}, ["a_default", "habit"]),
        ({"lacks": ("example", "prompt", "reference")}, ["a_default"]),
        ({"has": ("bad",), "lacks": ("bad",)}, []),
        ({"sort": ("id",)}, ["a_default", "b_rule", "habit"]),
        ({"sort": ("-level",)}, ["habit", "a_default", "b_rule"]),
        ({"sort": ("-bad", "-id")}, ["b_rule", "habit", "a_default"]),
        ({"sort": ("-topics",)}, ["b_rule", "a_default", "habit"]),
    ],
)
def test_filters_pick_and_sort_principles(fields: dict[str, Any], expected: list[str]) -> None:
    assert found(KnowledgeBase.from_spec(small()), view(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["e1", "e2"]),
        ({"overridable_by": ("user",)}, ["e2"]),
        ({"topics": ("honesty",)}, ["e1"]),
        ({"lacks": ("bad",)}, ["e2"]),
        ({"sort": ("-id",)}, ["e2", "e1"]),
        ({"sort": ("-level", "ok")}, ["e2", "e1"]),
    ],
)
def test_filters_pick_and_sort_examples(fields: dict[str, Any], expected: list[str]) -> None:
    columns = ("title", "principle", "good", "bad", "ok")
    assert found(KnowledgeBase.from_spec(small()), view(EXAMPLES, columns=columns, **fields)) == expected


@pytest.mark.parametrize(
    "text",
    ['") } #', '\\" } UNION { ?s ?p ?o', "\\u0022) . ?x ?y ?z", "a\nb", "'''", "\ud800", "?id }", "\\"],
)
def test_hostile_values_stay_values(text: str) -> None:
    base = KnowledgeBase.from_spec(small())
    for kind in ViewKind:
        for option in ("authority", "overridable_by", "topics"):
            assert found(base, view(kind, columns=(), **{option: (text,)})) == []


def test_equal_options_give_equal_text_wherever_they_stand() -> None:
    assert compile_view(view(topics=("a",))) == compile_view(
        View(kind=LIST, span=at(9, "other.rst"), columns=("title", "level"), topics=("a",), expected="3")
    )


def test_unknown_names_are_found_with_the_nearest_one() -> None:
    asked = view(authority=("rot", "User"), overridable_by=("developr",), topics=("honest", "Plain Speaking"))
    lines = [f"{f.code}: {f.message}; {f.hint}" for f in unknown_names(asked, small())]
    assert lines == [
        "unknown-level: unknown level `rot`; did you mean `root`?",
        "unknown-level: unknown role or level `developr`; did you mean `developer`?",
        "unknown-topic: unknown topic `honest`; did you mean `Honesty`?",
    ]


def test_every_combination_of_options_is_a_query_that_runs() -> None:
    base = KnowledgeBase.from_spec(small())
    for kind in ViewKind:
        for name in PROPERTIES[kind]:
            asked = view(
                kind,
                authority=("root",),
                overridable_by=("user",),
                topics=("honesty",),
                mentions=True,
                has=(name,),
                lacks=(name,),
                sort=("-title", "id", "level"),
            )
            assert found(base, asked) == []


def test_a_release_is_filtered_as_a_plain_reading_would(release_dir: Path) -> None:
    loaded = load(release_dir)
    base = KnowledgeBase.from_spec(loaded)
    mine = {level.id for level in loaded.levels if "user" in roles_over(loaded, level.id)}
    assert found(base, view(overridable_by=("user",))) == [
        p.id for p in loaded.principles if p.authority in mine
    ]
    answer = base.select(compile_view(view(EXAMPLES, columns=("title", "good", "bad", "ok"))))
    counted = {
        entry.id: tuple(entry.first(name) for name in ("good", "bad", "ok")) for entry in entries_of(answer)
    }
    assert counted == {
        block.id: tuple(
            str(sum(answer.verdict is verdict for answer in block.responses))
            for verdict in (Verdict.GOOD, Verdict.BAD, Verdict.OK)
        )
        for block in loaded.examples
    }


def roles_over(loaded: Spec, level: str) -> set[str]:
    """Return the roles whose messages can override principles of a level."""
    return {role for other in overriders(loaded.levels, loaded.level_by_id[level]) for role in other.roles}


@pytest.mark.parametrize(
    ("topics", "broader", "tree"),
    [
        ("abc", [], "a0 b0 c0"),
        ("abc", ["ca"], "a0 c1 b0"),
        ("abcd", ["ba", "cb", "dc"], "a0 b1 c2 d3"),
        ("abcdef", ["ba", "cb", "dc", "ed", "fe"], "a0 b1 c2 d3 e3 f3"),
        # Below the first of several that is there; nothing is below what is not.
        ("abc", ["cb", "ca"], "a0 c1 b0"),
        ("abc", ["bx"], "a0 b0 c0"),
        # A circle is below nothing.
        ("abc", ["ab", "ba", "cb"], "a0 b1 c2"),
        ("ab", ["aa"], "a0 b0"),
    ],
)
def test_topics_of_the_map_stand_below_broader_ones(topics: str, broader: list[str], tree: str) -> None:
    found = tree_of(list(topics), [(pair[0], pair[1]) for pair in broader])
    assert " ".join(f"{name}{depth}" for name, depth in found.items()) == tree
