"""A spec, and the cases of its pages → what is left open, row by row, as much of it as a page can show."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes

from sphinx_policyspec.decision import Norms
from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.exports.surveys import case_yaml
from sphinx_policyspec.graph.answer import Answer, Cell, CellKind
from sphinx_policyspec.model import Case, Semantics
from sphinx_policyspec.sphinx_ext.asks.cases import decidable
from sphinx_policyspec.sphinx_ext.asks.directives import CaseText, Part, SurveyView
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.survey import (
    Decider,
    Pair,
    fingerprint,
    idle_of,
    open_conflicts,
    pairs_of,
    rules_in_use,
)

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["LARGEST_MATRIX", "MOST_PAIRS", "SurveyRow", "case_anchor", "count_of_gaps", "surveyed"]

LARGEST_MATRIX = 12
"""Principles of a topic whose pairs a table can show; of more, only those that nothing decides are listed."""
MOST_PAIRS = 66
"""Pairs that a page lists of one topic, and of all that nothing decides: as many as a table can hold."""


class SurveyRow(NamedTuple):
    """One thing that a page tells.

    :param part: ``count`` (``decider``, ``text``: how many pairs it decides), ``topic`` (``one``, ``first``: how many
        principles, ``text``: how many pairs that nothing decides; its pairs follow), ``pair`` (``by``: the id of an
        example, or the page and anchor of a case), ``gap`` (``text``: a case), ``conflict`` (``one``: who meets, each
        as kind, level and whether in one message), ``rule``, ``idle`` (``by``: as above), ``level``, ``missing``
    :param text: a title, or a case as YAML
    """

    part: str
    one: str = ""
    other: str = ""
    decider: str = ""
    first: str = ""
    by: str = ""
    text: str = ""


def case_anchor(docname: str, question: int, number: int) -> str:
    """Return the anchor of a case in a page.

    :param question: place of the directive among those of the page that ask
    """
    return f"ps-{nodes.make_id(docname)}-{question + 1}-{number}"


@dataclass(frozen=True, slots=True)
class _PageCases:
    """The cases of all pages, and by title where the first of that name stands: page and anchor."""

    cases: tuple[Case, ...]
    places: dict[str, str]

    @classmethod
    def of(cls, env: BuildEnvironment, norms: Norms) -> _PageCases:
        cases: list[Case] = []
        places: dict[str, str] = {}
        for docname, page in sorted(domain_of(env).pages.items()):
            for place, question in enumerate(page.questions):
                if isinstance(question, CaseText):
                    for number, case in decidable(question, norms):
                        cases.append(case)
                        places.setdefault(case.title, f"{docname}#{case_anchor(docname, place, number)}")
        return cls(tuple(cases), places)


def surveyed(env: BuildEnvironment, norms: Norms, view: SurveyView) -> Answer:
    """Return what a page shows of what a spec leaves open."""
    found = _PageCases.of(env, norms)
    # Levels are told by name, so that the page is written again when one gets another.
    rows = [SurveyRow("level", level.id) for level in norms.spec.levels]
    if Part.PAIRS in view.parts or view.expected:
        rows += _pairs(norms, found)
    if Part.CONFLICTS in view.parts or Part.RULES in view.parts:
        rows += (
            row for row in _of_space(env, norms) if row.part == "missing" or f"{row.part}s" in view.parts
        )
    if Part.IDLE in view.parts:
        idle = idle_of(norms, found.cases)
        rows += (SurveyRow("idle", name, by=found.places[case.title], text=case.title) for name, case in idle)
    cells = tuple(tuple(Cell(CellKind.LITERAL, text) for text in row) for row in rows)
    return Answer(columns=SurveyRow._fields, rows=cells)


def count_of_gaps(answer: Answer) -> int:
    """Return how many pairs nothing decides."""
    rows = (SurveyRow(*row) for row in answer.texts)
    return sum(int(row.text) for row in rows if row.part == "count" and row.decider == Decider.NOTHING)


def _pairs(norms: Norms, found: _PageCases) -> Iterator[SurveyRow]:
    pairs = tuple(pairs_of(norms, found.cases))
    counts = Counter(pair.decided_by for pair in pairs)
    yield from (
        SurveyRow("count", decider=decider.value, text=str(counts[decider]))
        for decider in Decider
        if counts[decider] or decider is Decider.NOTHING
    )
    titles = {example.id: example.title for example in norms.spec.examples}
    groups: dict[str, list[Pair]] = {topic.id: [] for topic in norms.spec.topics}
    for pair in pairs:
        for topic in pair.topics or ("",):
            groups.setdefault(topic, []).append(pair)
    for topic, group in groups.items():
        members = {principle.id for pair in group for principle in (pair.one, pair.other)}
        gaps = [pair for pair in group if pair.is_gap]
        # Pairs without a topic are few and far between: a table of them would be empty.
        shown = group if not topic or len(members) <= LARGEST_MATRIX else gaps
        shown = shown[:MOST_PAIRS]
        if group:
            yield SurveyRow("topic", topic, first=str(len(members)), text=str(len(gaps)))
        yield from (_pair(pair, found, titles) for pair in shown)
    yield from _gaps(pairs)


def _pair(pair: Pair, found: _PageCases, titles: dict[str, str]) -> SurveyRow:
    by = text = ""
    if pair.decided_by is Decider.EXAMPLE:
        by, text = pair.examples[0], titles.get(pair.examples[0], "")
    elif pair.decided_by is Decider.CASE:
        by, text = found.places[pair.cases[0]], pair.cases[0]
    return SurveyRow("pair", pair.one.id, pair.other.id, pair.decided_by.value, pair.first, by, text)


def _gaps(pairs: Sequence[Pair]) -> Iterator[SurveyRow]:
    gaps = [pair for pair in pairs if pair.is_gap]
    for pair in gaps[:MOST_PAIRS]:
        if witness := pair.witness:
            yield SurveyRow("gap", pair.one.id, pair.other.id, text=case_yaml(witness, is_file=False))


def _of_space(env: BuildEnvironment, norms: Norms) -> Iterable[SurveyRow]:
    """Return what every case of the space tells; from the environment where that cannot have changed."""
    key = hashlib.sha256(fingerprint(norms, Semantics()).encode(errors="replace")).hexdigest()
    known, rows = domain_of(env).data["survey"]
    if known == key:
        return tuple(SurveyRow(*row) for row in rows)
    try:
        found = tuple(_looked_at(norms))
    except MissingToolError as error:
        return (SurveyRow("missing", text=str(error)),)
    domain_of(env).data["survey"] = (key, tuple(tuple(row) for row in found))
    return found


def _looked_at(norms: Norms) -> Iterator[SurveyRow]:
    for conflict in open_conflicts(norms, Semantics()):
        parties = "\n".join(
            f"{party.kind.value}\t{party.level}\t{'together' if party.in_one_message else ''}"
            for party in conflict.parties
        )
        yield SurveyRow("conflict", parties, text=case_yaml(conflict.witness, is_file=False))
    for rule in rules_in_use(norms, Semantics()):
        yield SurveyRow("rule", rule.id, decider="" if rule.witness else Decider.NOTHING.value)
