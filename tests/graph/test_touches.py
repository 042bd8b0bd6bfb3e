from __future__ import annotations

import time

import pytest

from sphinx_policyspec.graph.touches import TouchKind, about, listed_topics, touches
from sphinx_policyspec.model import (
    Commentary,
    Definition,
    Document,
    Markup,
    Prose,
    Section,
    Span,
    Spec,
    Topic,
)
from tests.conftest import at, example, message, principle, spec


def topic(id: str, *alt_labels: str, broader: tuple[str, ...] = ()) -> Topic:  # noqa: A002
    return Topic(id=id, label=id.capitalize(), alt_labels=alt_labels, broader=broader, span=at())


def found(some_spec: Spec, identifier: str = "be_kind") -> list[tuple[str, str, str, str]]:
    return [
        (touch.topic, touch.kind.value, touch.via, f"{touch.span.line}:{touch.span.column}")
        for index, touch in touches(some_spec)
        if some_spec.provisions[index].id == identifier
    ]


def test_a_topic_is_touched_by_assertion_narrower_and_inheritance() -> None:
    section = Section(id="tone", title="Style", depth=1, span=at(3), topics=("warmth",))
    kind = principle(parent="tone", depth=2, span=at(5), topics=("candour",))
    topics = (
        topic("honesty"),
        topic("candour", broader=("honesty",)),
        topic("warmth", broader=("manners",)),
        topic("manners"),
    )
    assert found(spec(section, kind, topics=topics)) == [
        ("candour", "asserted", "candour", "5:1"),
        ("honesty", "narrower", "candour", "5:1"),
        ("warmth", "inherited", "tone", "3:1"),
        ("manners", "inherited", "tone", "3:1"),
    ]


def test_a_topic_that_is_asserted_and_implied_is_told_both_ways() -> None:
    topics = (topic("honesty"), topic("candour", broader=("honesty",)))
    assert found(spec(principle(topics=("candour", "honesty")), topics=topics)) == [
        ("candour", "asserted", "candour", "1:1"),
        ("honesty", "narrower", "candour", "1:1"),
        ("honesty", "asserted", "honesty", "1:1"),
    ]


def test_topics_that_somebody_lists_are_those_that_something_is_about() -> None:
    topics = (
        topic("honesty", broader=("manners",)),
        topic("candour", broader=("honesty",)),
        topic("manners", broader=("honesty",)),
        topic("warmth"),
    )
    for listed in ((), ("candour",), ("undeclared",), ("warmth", "honesty")):
        section = Section(id="tone", title="Style", depth=1, span=at(3), topics=listed[:1])
        kind = principle(parent="tone", depth=2, span=at(5), topics=listed[1:])
        world = spec(section, kind, topics=topics)
        assert listed_topics(world) == {name for name, provisions in about(world).items() if provisions}


def test_a_circle_of_broader_topics_ends() -> None:
    topics = (topic("a", broader=("b",)), topic("b", broader=("a",)))
    assert [row[0] for row in found(spec(principle(topics=("a",)), topics=topics))] == ["a", "b"]


def test_undeclared_topics_are_asserted_all_the_same() -> None:
    assert found(spec(principle(topics=("x",)))) == [("x", "asserted", "x", "1:1")]


def test_mentions_have_the_line_and_column_of_the_words() -> None:
    source = "First line,\nthen tell the truth; a truth-\nful line, Truth and truth.\n"
    prose = Prose(source=source, text="", span=Span("a.md", 10, 5, 13, 1))
    topics = (topic("truth", "first"),)
    assert found(spec(principle(blocks=(prose,)), topics=topics)) == [
        ("truth", "mention", "Truth", "11:15"),
        ("truth", "mention", "Truth", "12:11"),
        ("truth", "mention", "first", "10:5"),
    ]


@pytest.mark.parametrize(
    ("label", "text", "hit"),
    [
        ("lie", "A LIE.", True),
        ("lie", "a client lied, lies, belie", False),
        ("lie", "white_lie lie2", False),
        ("false hope", "a false\n    hope", True),
        ("user's intent", "the user\u2019s intent", True),
        ("C++", "use C++, please", True),
        ("C++", "use C+", False),
        ("lie", "see[^lie] it", False),
        ("lie", "see [this](#lie) and [?](#lie)", False),
        ("lie", "see [lie](#x)", True),
        ("lie", "<!-- lie -->", False),
        ("Ünder", "so ünder", True),
        (" ", " ", False),
    ],
)
def test_labels_match_whole_words_that_readers_see(label: str, text: str, hit: bool) -> None:
    topics = (Topic(id="t", label="no such words", alt_labels=(label,), span=at()),)
    assert bool(found(spec(principle(title="x", text=text), topics=topics))) is hit


def test_the_title_is_searched_and_examples_and_commentary_are_not() -> None:
    blocks = (
        Commentary(label="Commentary", source="truth", text="truth", span=at(4)),
        example(title="truth", turns=(message(text="truth"),)),
        Definition(id="d", term="x", source="is true\nto truth", text="", span=at(7)),
    )
    rows = found(spec(principle(title="The truth", blocks=blocks), topics=(topic("truth"),)))
    assert rows == [("truth", "mention", "Truth", "1:5"), ("truth", "mention", "Truth", "8:4")]


def test_a_mention_in_a_title_has_its_column_in_the_heading() -> None:
    titled = principle(title="The truth", source="## The truth {#be_kind}\n")
    assert found(spec(titled, topics=(topic("truth"),))) == [("truth", "mention", "Truth", "1:8")]


def test_a_mention_does_not_reach_broader_topics() -> None:
    topics = (topic("honesty"), topic("candour", broader=("honesty",)))
    assert [row[0] for row in found(spec(principle(text="candour"), topics=topics))] == ["candour"]


def test_plain_subsections_belong_to_their_principle() -> None:
    parts = (
        principle(depth=1),
        Section(id="why", title="Why truth", depth=2, parent="be_kind", span=at(3), topics=("warmth",)),
        Section(id="deep", title="truth", depth=3, parent="why", span=at(4)),
        principle("inner", title="truth", parent="be_kind", depth=2, span=at(5)),
        principle("after", title="truth", span=at(6)),
    )
    topics = (topic("truth"), topic("warmth"))
    assert found(spec(*parts, topics=topics)) == [
        ("warmth", "asserted", "warmth", "3:1"),
        ("truth", "mention", "Truth", "3:5"),
        ("truth", "mention", "Truth", "4:1"),
    ]
    assert ("warmth", "inherited", "why", "3:1") in found(spec(*parts, topics=topics), "deep")


def test_a_plain_subsection_belongs_to_the_nearest_principle() -> None:
    parts = (
        principle("outer", depth=1),
        principle("inner", parent="outer", depth=2, span=at(2)),
        Section(id="part", title="Part", depth=3, parent="inner", span=at(3), topics=("warmth",)),
    )
    nested = spec(*parts, topics=(topic("warmth"),))
    assert (found(nested, "outer"), len(found(nested, "inner"))) == ([], 1)


def test_a_circle_of_parents_ends() -> None:
    circle = (
        principle("a", parent="b"),
        Section(id="b", title="b", depth=1, parent="a", span=at(), topics=("x",)),
    )
    assert {row[1] for row in found(spec(*circle), "a")} == {
        TouchKind.INHERITED.value,
        TouchKind.ASSERTED.value,
    }


def test_without_topics_nothing_is_touched() -> None:
    assert list(touches(spec(principle(text="truth")))) == []


@pytest.mark.parametrize("line", ["truth <!-- ", "truth\n"], ids=["unclosed comments", "mentions"])
def test_a_long_text_costs_no_more_than_its_length(line: str) -> None:
    start = time.process_time()
    last = found(spec(principle(text=line * 40_000), topics=(topic("truth"),)))[-1]
    assert last[:3] == ("truth", "mention", "Truth")
    assert time.process_time() - start < 5


def test_comments_are_silent_and_what_follows_them_is_not() -> None:
    text = "<!-- truth\ntruth --> truth\n<!-- truth"
    rows = found(spec(principle(text=text), topics=(topic("truth"),)))
    assert [row[3] for row in rows] == ["3:11", "4:6"]


RST = """\
Be :policy:principle:`truth-first` and see `this <https://truth.example/>`_ or :ref:`words <truth>`.

.. image:: truth.png
   :alt: truth

.. code-block:: truth

   plain

.. _truth: https://example.org

See :policy:principle:`the truth`.
"""
MYST = """\
Be {policy:principle}`truth-first`, see [this](#truth) or {ref}`words <truth>`.

```{image} truth.png
:alt: truth
```

```truth
plain
```

(truth)=

[x]: https://truth.example
"""


@pytest.mark.parametrize(("markup", "text"), [(Markup.RST, RST), (Markup.MYST, MYST)])
def test_targets_files_and_languages_of_code_are_no_mentions(markup: Markup, text: str) -> None:
    documents = (Document(file=at().file, markup=markup),)
    silent = spec(principle(text=text), topics=(topic("truth"),), documents=documents)
    assert found(silent) == []


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (Markup.RST, "Tell `the truth <https://example.org>`_, and\n\n.. note:: the truth\n\n   the truth\n"),
        (Markup.MYST, "Tell [the truth](#x), and\n\n```{note} the truth\nthe truth\n```\n"),
    ],
)
def test_words_of_links_and_directives_are_mentions(markup: Markup, text: str) -> None:
    documents = (Document(file=at().file, markup=markup),)
    said = spec(principle(text=text), topics=(topic("truth"),), documents=documents)
    lines = [int(place.partition(":")[0]) for *_, place in found(said)]
    assert lines == ([2, 4, 6] if markup is Markup.RST else [2, 4, 5])
