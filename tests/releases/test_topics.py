"""What is about a topic, counted at every door of a built handbook: the numbers are one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.model import Span, Spec
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import entries_of
from sphinx_policyspec.sphinx_ext.asks.queries import View, ViewKind, compile_view
from tests.conftest import RELEASES, REPOSITORY, Handbook
from tests.pdf import text_of
from tests.releases.topics import by_column, by_filter, by_index, by_map, by_paper, data_of

SOURCES = (
    *(pytest.param(release, marks=pytest.mark.slow) for release in RELEASES[:-1]),
    RELEASES[-1],
    "example_docs",
)


class Built:
    """A handbook, and a PDF with the headings of its spec alone, since what is about a topic stands in no text."""

    def __init__(self, source: Path, site: Path, paper: Path) -> None:
        loaded = ps.load_checked(source)
        self.spec, self.site = loaded.spec, site
        ps.build_handbook(replace(loaded, spec=headings(loaded.spec)), paper, pdf=True)
        self.paper = text_of(paper / "handbook.pdf")
        self.base = KnowledgeBase.from_spec(self.spec)
        self.labels = {topic.id: topic.label for topic in self.spec.topics}
        self.about = {self.labels[topic]: list(found) for topic, found in ps.by_topic(self.spec).items()}

    def principles(self, label: str) -> list[str]:
        return [name for name in self.about[label] if name in self.spec.principle_by_id]

    def sections(self, label: str) -> list[str]:
        return [name for name in self.about[label] if name not in self.spec.principle_by_id]

    def view(self, kind: ViewKind, topic: str) -> list[str]:
        view = View(kind=kind, topics=(topic,), columns=("title",), span=Span("", 1))
        return [entry.id for entry in entries_of(self.base.select(compile_view(view)))]


def headings(spec: Spec) -> Spec:
    provisions = tuple(replace(provision, blocks=()) for provision in spec.provisions)
    return replace(spec, provisions=provisions, preamble=(), references=(), links=())


@pytest.fixture(scope="module", params=SOURCES)
def built(
    request: pytest.FixtureRequest,
    handbook: Callable[[Path], Handbook],
    tmp_path_factory: pytest.TempPathFactory,
) -> Built:
    name = str(request.param)
    example = REPOSITORY / "example_docs"
    source = example if name == example.name else request.getfixturevalue("model_spec_data") / name
    return Built(source, handbook(source).folder, tmp_path_factory.mktemp("paper"))


def test_every_door_of_the_site_names_the_same_principles(built: Built) -> None:
    doors = {
        "filter": by_filter(built.site, "all-principles.html"),
        "column": by_column(built.site, 2),
        "index": by_index(built.site)[0],
        "view": {label: built.view(ViewKind.PRINCIPLE_LIST, topic) for topic, label in built.labels.items()},
    }
    for door, found in doors.items():
        for label in built.about:
            assert found.get(label, []) == built.principles(label), (door, label)
    assert len(built.about) > 5


def test_every_count_is_the_same(built: Built) -> None:
    asked: Counter[str] = Counter()
    for topic, _level, count in built.base.ask("levels-by-topic").texts:
        asked[built.labels[topic]] += int(count)
    rows = by_map(built.site)
    for label in built.about:
        assert (rows[label], asked[label]) == (len(built.principles(label)),) * 2, label


def test_what_a_user_can_override_is_what_the_filters_leave(built: Built) -> None:
    for topic in built.labels:
        rows = built.base.ask("user-overridable-defaults-touching", {"topic": topic}).texts
        view = View(
            kind=ViewKind.PRINCIPLE_LIST,
            topics=(topic,),
            overridable_by=("user",),
            columns=("title",),
            span=Span("", 1),
        )
        shown = [entry.id for entry in entries_of(built.base.select(compile_view(view)))]
        assert list(dict.fromkeys(row[0] for row in rows if row[3] != "mention")) == shown


def test_indices_name_sections_as_such_on_the_web_and_on_paper(built: Built) -> None:
    principles, sections = by_index(built.site)
    titles = {
        name: " ".join(p.title.replace("’", "'").split()) for name, p in built.spec.provision_by_id.items()
    }
    on_paper = by_paper(built.paper, list(built.about), list(titles.values()))
    for label in built.about:
        assert sections.get(label, []) == built.sections(label)
        assert on_paper[0].get(label, []) == [titles[name] for name in principles.get(label, [])], label
        assert on_paper[1].get(label, []) == [titles[name] for name in sections.get(label, [])], label


def test_examples_are_filtered_as_a_view_finds_them(built: Built) -> None:
    found = by_filter(built.site, "all-examples.html")
    for topic, label in built.labels.items():
        shown = [f"example-{name}" for name in built.view(ViewKind.EXAMPLE_TABLE, topic)]
        assert found[label] == shown, label


def test_each_topic_that_something_is_about_can_be_chosen(built: Built) -> None:
    data = data_of(built.site)
    chosen = {data["topics"][n][1] for item in data["items"].values() for n in item[5]}
    assert chosen == {label for label, found in built.about.items() if found}
