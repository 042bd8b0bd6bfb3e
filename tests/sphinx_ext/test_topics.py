"""Every door gives one answer to "what is about a topic": the one of a plain reading of the spec."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings

import sphinx_policyspec as ps
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.touches import TouchKind
from sphinx_policyspec.model import Principle, Provision, Section, Spec, Topic
from sphinx_policyspec.packs.bearing import relations_of
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import entries_of
from sphinx_policyspec.sphinx_ext.asks.queries import View, ViewKind, compile_view
from sphinx_policyspec.sphinx_ext.build.outputs import topics_by_provision
from sphinx_policyspec.sphinx_ext.domain.domain import topics_of
from tests.conftest import at, principle, spec
from tests.graph.specs import TOPIC_NAMES as NAMES
from tests.graph.specs import trees


def above(names: set[str], tree: Spec) -> set[str]:
    """Return topics with all that are broader."""
    while True:
        wider = names | {b for topic in tree.topics if topic.id in names for b in topic.broader}
        if wider == names:
            return names
        names = wider


def around(provision: Provision, tree: Spec) -> list[Provision]:
    found = []
    while provision.parent is not None:
        provision = tree.provision_by_id[provision.parent]
        found.append(provision)
    return found


def nearest(section: Section, tree: Spec) -> Principle | None:
    return next((holder for holder in around(section, tree) if isinstance(holder, Principle)), None)


def read(tree: Spec) -> dict[str, list[str]]:
    """Return what is about each declared topic, by the words of the documentation."""

    def listed(provision: Provision) -> set[str]:
        own = {*provision.topics}.union(*(holder.topics for holder in around(provision, tree)))
        if isinstance(provision, Principle):
            parts = [p for p in tree.provisions if isinstance(p, Section) and nearest(p, tree) is provision]
            own = own.union(*(part.topics for part in parts))
        return own

    return {name: [p.id for p in tree.provisions if name in above(listed(p), tree)] for name in NAMES}


def view(kind: ViewKind, **fields: Any) -> View:
    return View(kind=kind, span=at(), **fields)


@given(trees())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_door_names_the_same_provisions(tree: Spec) -> None:
    expected = read(tree)
    principles = {p.id for p in tree.principles}
    of_principles = {name: [i for i in ids if i in principles] for name, ids in expected.items()}

    found = ps.by_topic(tree)
    assert {name: list(found[name]) for name in NAMES} == expected
    listed = {topic: [name for name, _title in ids] for _label, topic, ids in topics_of(tree)}
    assert listed == {name: ids for name, ids in expected.items() if ids}
    numbers = topics_by_provision(tree)
    filtered = {name: [p.id for p in tree.provisions if n in numbers[p.id]] for n, name in enumerate(NAMES)}
    assert filtered == expected

    base = KnowledgeBase.from_spec(tree)
    table = entries_of(base.select(compile_view(view(ViewKind.PRINCIPLE_TABLE, columns=("title", "topics")))))
    cells = {name: [row.id for row in table if name in row.values["topic"]] for name in NAMES}
    assert cells == of_principles
    counts: Counter[str] = Counter()
    for topic, _level, count in base.ask("levels-by-topic").texts:
        counts[topic] += int(count)
    assert counts == Counter({name: len(ids) for name, ids in of_principles.items()})
    for name in NAMES:
        chosen = view(ViewKind.PRINCIPLE_LIST, topics=(name.upper(),), columns=("title",))
        assert [row.id for row in entries_of(base.select(compile_view(chosen)))] == of_principles[name]
        examples = view(ViewKind.EXAMPLE_TABLE, topics=(name,), columns=("title",))
        homes = {
            x.id for p, bears in relations_of(tree).items() if p in expected[name] for x in bears.examples
        }
        assert {row.id for row in entries_of(base.select(compile_view(examples)))} == homes


@given(trees())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_mentions_are_apart_and_named(tree: Spec) -> None:
    plain, wide = ps.by_topic(tree), ps.by_topic(tree, mentions=True)
    for topic, provisions in wide.items():
        kinds = {name: set(told) for name, told in provisions.items()}
        assert {name for name, told in kinds.items() if told != {TouchKind.MENTION}} == {
            *plain.get(topic, ())
        }
        titled = {p.id for p in tree.provisions if topic in p.title.lower().split()}
        assert titled <= {name for name, told in kinds.items() if TouchKind.MENTION in told}
    base = KnowledgeBase.from_spec(tree)
    for name in NAMES:
        asked = view(ViewKind.PRINCIPLE_LIST, topics=(name,), mentions=True, columns=("title",))
        shown = [row.id for row in entries_of(base.select(compile_view(asked)))]
        assert shown == [p.id for p in tree.principles if p.id in wide[name]]


def test_a_topic_that_is_only_ever_broader_has_what_is_about_the_narrower_ones() -> None:
    topics = (
        Topic(id="all", label="All", span=at()),
        Topic(id="some", label="Some", broader=("all",), span=at()),
    )
    section = Section(id="part", title="Part", depth=1, span=at(), topics=("some",))
    tree = spec(section, principle("rule", parent="part", depth=2), topics=topics)
    assert ps.by_topic(tree)["all"] == {"part": (TouchKind.NARROWER,), "rule": (TouchKind.INHERITED,)}
    assert topics_by_provision(tree) == {"part": [0, 1], "rule": [0, 1]}
