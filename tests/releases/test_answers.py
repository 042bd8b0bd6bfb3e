"""Named questions on published releases, against a second reading that shares nothing with ours: lines and patterns."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from tests.conftest import REPOSITORY

HEADING = re.compile(r"#{1,6} .*\{#(?P<id>\w+)(?: authority=(?P<level>\w+))?\}\s*")
LEVELS = ("root", "system", "developer", "user", "guideline")
APPROVED = REPOSITORY / "tests" / "releases" / "answers"


@dataclass
class Passage:
    """What stands between one heading and the next, read line by line."""

    id: str
    level: str
    examples: int = 0
    bad: bool = False
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    """Ids that links name, and that labels of answers name, as often as they do."""


@dataclass(frozen=True)
class Scan:
    passages: list[Passage]
    prompts: Counter[str]
    """Prompts of each eval tag."""

    @property
    def principles(self) -> list[Passage]:
        return [passage for passage in self.passages if passage.level]

    def tested(self, passage: Passage) -> int:
        return sum(self.prompts[tag] for tag in passage.tags)

    def references(self, target: Passage) -> tuple[int, int]:
        """Return how many links and how many labels name a passage."""
        return (
            sum(passage.links.count(target.id) for passage in self.passages),
            sum(passage.verdicts.count(target.id) for passage in self.passages),
        )


def scan(folder: Path) -> Scan:
    passages: list[Passage] = []
    for line in (folder / "model_spec.md").read_text("utf-8").splitlines():
        if heading := HEADING.fullmatch(line):
            level = (heading["level"] or "").replace("platform", "root")
            passages.append(Passage(heading["id"], level))
        elif passages:
            here = passages[-1]
            here.examples += line.startswith("**Example**")
            here.bad |= "<!-- BAD" in line
            here.tags += re.findall(r"\[\^([a-z0-9]{4})\]", line)
            here.links += re.findall(r"\]\(#(\w+)\)", line)
            here.verdicts += re.findall(r"<!-- [A-Z]+\[#(\w+)\]", line)
    prompts: Counter[str] = Counter()
    for file in sorted((folder / "examples").glob("*.md")):
        prompts[file.stem] = len(re.findall(r"^~~~xml", file.read_text("utf-8"), re.MULTILINE))
    return Scan(passages, prompts)


def mutual(found: Scan) -> Iterator[tuple[str, str]]:
    for one, other in combinations(found.passages, 2):
        if other.id in one.links + one.verdicts and one.id in other.links + other.verdicts:
            yield tuple(sorted((one.id, other.id)))  # type: ignore[misc]  # two


@pytest.fixture(scope="module")
def found(release_dir: Path) -> Scan:
    return scan(release_dir)


@pytest.fixture(scope="module")
def knowledge(release_dir: Path) -> KnowledgeBase:
    return ps.knowledge_base(ps.load(release_dir))


@pytest.fixture(scope="module")
def history(release_dir: Path) -> KnowledgeBase:
    """Return a base for questions over releases."""
    return ps.knowledge_base((ps.load(release_dir),))


def ids(knowledge: KnowledgeBase, question: str) -> list[str]:
    return [row[0] for row in knowledge.ask(question).texts]


def test_the_hard_rules_are_those_at_root(found: Scan, knowledge: KnowledgeBase) -> None:
    assert ids(knowledge, "hard-rules") == [p.id for p in found.principles if p.level == "root"]


def test_principles_come_by_level_and_then_as_in_the_text(found: Scan, knowledge: KnowledgeBase) -> None:
    expected = sorted(found.principles, key=lambda p: LEVELS.index(p.level))
    assert ids(knowledge, "principles-by-level") == [p.id for p in expected]


def test_coverage_counts_what_stands_below_a_heading(found: Scan, knowledge: KnowledgeBase) -> None:
    rows = [(row[0], *row[3:]) for row in knowledge.ask("coverage").texts]
    assert rows == [
        (p.id, str(p.examples), str(found.tested(p)), str(sum(found.references(p))), "0", "0")
        for p in found.principles
    ]


def test_what_lacks_something_lacks_it_in_the_text(found: Scan, knowledge: KnowledgeBase) -> None:
    expected = {
        "principles-without-example": [p.id for p in found.principles if not p.examples],
        "principles-without-bad-example": [p.id for p in found.principles if not p.bad],
        "principles-without-prompt": [p.id for p in found.principles if not found.tested(p)],
        "never-referenced": [p.id for p in found.principles if found.references(p) == (0, 0)],
    }
    assert {question: ids(knowledge, question) for question in expected} == expected
    assert all(expected.values())


def test_every_occurrence_of_a_link_and_of_a_label_counts(found: Scan, knowledge: KnowledgeBase) -> None:
    expected = {p.id: found.references(p) for p in found.passages if found.references(p) != (0, 0)}
    rows = knowledge.ask("most-referenced").texts
    assert {row[0]: (int(row[-2]), int(row[-1])) for row in rows} == expected
    assert [(int(row[-2]), int(row[-1])) for row in rows] == sorted(expected.values(), reverse=True)


def test_mutual_references_are_pairs(found: Scan, knowledge: KnowledgeBase) -> None:
    rows = [(row[0], row[1]) for row in knowledge.ask("mutual-references").texts]
    assert sorted(tuple(sorted(row)) for row in rows) == sorted(mutual(found))


@pytest.mark.parametrize(
    "words", ["white lies", "chain of command", "user's intent", "Honest", "step-by-step"]
)
def test_lines_are_those_of_the_words(
    release_dir: Path, knowledge: KnowledgeBase, history: KnowledgeBase, words: str
) -> None:
    lines = (release_dir / "model_spec.md").read_text("utf-8").splitlines()
    found = history.ask("words-in-releases", {"phrase": words}).texts
    assert found
    assert {row[3] for row in found} <= {"title", "text", "commentary", "example", "message"}
    for row in found:
        place = int(row[5]) - 1
        first = re.sub(r"\W+", " ", lines[place].casefold())
        both = re.sub(r"\W+", " ", " ".join(lines[place : place + 3]).casefold())
        wanted = re.sub(r"\W+", " ", words.casefold())
        assert re.search(rf"\b{wanted}\b", both), row
        assert wanted.split()[0] in first, row
    own = [(row[1], row[5]) for row in found if row[3] in {"title", "text"}]
    mentioned = knowledge.ask("where-mentioned", {"text": words}).texts
    assert sorted(own) == sorted((row[0], row[4]) for row in mentioned)


@pytest.mark.parametrize(
    "question",
    [
        "levels-by-topic",
        "developer-and-user-examples",
        "exceptions",
        "overridable-by",
        "touches",
        "user-overridable-defaults-touching",
        "what-may-override",
        "where-mentioned",
    ],
)
def test_answers_that_topics_and_titles_give_are_the_approved_ones(
    release_dir: Path, knowledge: KnowledgeBase, question: str
) -> None:
    """Ids, levels and lines only, each looked up in the text: what a release says itself stays where it is."""
    params = {
        "overridable-by": {"level": "developer", "topic": "honesty"},
        "touches": {"overridable_by": "user"},
        "what-may-override": {"level": "guideline"},
        "where-mentioned": {"text": "honesty"},
    }
    answer = knowledge.ask(question, params.get(question, {}))
    shown = [n for n, column in enumerate(answer.columns) if column not in {"title", "example", "file"}]
    approved = json.loads((APPROVED / f"{release_dir.name}.json").read_text("utf-8"))
    assert [" ".join(row[n] for n in shown) for row in answer.texts] == approved[question]
