"""What a spec leaves open, as a page shows it: its rows, as many as a page can show, and their nodes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.locale import get_translation

from sphinx_policyspec.decision import Norms
from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.exports.answers import case_yaml
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind
from sphinx_policyspec.model import Case, Semantics, TargetKind
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import CellNodes, Page, PolicyFold, chip, items, table
from sphinx_policyspec.sphinx_ext.asks.cases import party_words, rule_name
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.nodes.nodes import feedback_address
from sphinx_policyspec.sphinx_ext.store import cached
from sphinx_policyspec.surveys import (
    Decider,
    Pair,
    fingerprint,
    idle_of,
    open_conflicts,
    pairs_of,
    rules_in_use,
)

LARGEST_MATRIX = 12
"""How many principles of a topic a table of pairs can show; of more, only the pairs that nothing decides are listed."""
MOST_PAIRS = 66
"""How many pairs a page lists of one topic, and of all that nothing decides: as many as a table can hold."""


class SurveyRow(NamedTuple):
    """One row of a survey on a page.

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


@dataclass(frozen=True, slots=True)
class _PageCases:
    """The cases of all pages, and by title where the first of that name is: page and anchor."""

    cases: tuple[Case, ...]
    places: dict[str, str]

    @classmethod
    def of(cls, env: BuildEnvironment, norms: Norms) -> _PageCases:
        cases: list[Case] = []
        places: dict[str, str] = {}
        for docname, page in sorted(domain_of(env).pages.items()):
            for place, question in enumerate(page.questions, 1):
                for number, case in question.cases(norms):
                    cases.append(case)
                    places.setdefault(case.title, f"{docname}#ps-{nodes.make_id(docname)}-{place}-{number}")
        return cls(tuple(cases), places)


def surveyed(env: BuildEnvironment, norms: Norms, parts: Collection[str]) -> Answer:
    """Return what a page shows of what a spec leaves open.

    :param parts: ``pairs``, ``conflicts``, ``rules`` and ``idle``, or some of them
    """
    found = _PageCases.of(env, norms)
    # Levels are listed by name, so that the page is written again when one gets another name.
    rows = [SurveyRow("level", level.id) for level in norms.spec.levels]
    if "pairs" in parts:
        rows += _pairs(norms, found)
    if "conflicts" in parts or "rules" in parts:
        rows += (row for row in _of_space(env, norms) if row.part == "missing" or f"{row.part}s" in parts)
    if "idle" in parts:
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
        listed = group if not topic or len(members) <= LARGEST_MATRIX else gaps
        listed = listed[:MOST_PAIRS]
        if group:
            yield SurveyRow("topic", topic, first=str(len(members)), text=str(len(gaps)))
        yield from (_pair(pair, found, titles) for pair in listed)
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
    """Return what all cases of the space show; from a file where that cannot have changed."""
    key = hashlib.sha256(fingerprint(norms, Semantics()).encode(errors="replace")).hexdigest()
    try:
        return cached(env, "survey", key, lambda: tuple(_explore(norms)))
    except MissingToolError as error:
        return (SurveyRow("missing", text=str(error)),)


def _explore(norms: Norms) -> Iterator[SurveyRow]:
    for conflict in open_conflicts(norms, Semantics()):
        parties = "\n".join(
            f"{party.kind.value}\t{party.level}\t{'together' if party.in_one_message else ''}"
            for party in conflict.parties
        )
        yield SurveyRow("conflict", parties, text=case_yaml(conflict.witness, is_file=False))
    for rule in rules_in_use(norms, Semantics()):
        yield SurveyRow("rule", rule.id, decider="" if rule.witness else Decider.NOTHING.value)


_ = get_translation("sphinx_policyspec")

_SMALLEST_MATRIX = 3
"""How many principles a topic has at least for a table to say more than a line."""


def decider_words() -> dict[Decider, str]:
    """Return the word for each that can decide."""
    return {
        Decider.LEVEL: _("level"),
        Decider.EXCEPTION: _("exception"),
        Decider.PREFERENCE: _("preference"),
        Decider.EXAMPLE: _("example"),
        Decider.CASE: _("case"),
        Decider.NOTHING: _("nothing"),
    }


def survey_nodes(answer: Answer, parts: Collection[str], page: Page) -> list[nodes.Node]:
    """Return a survey; parameters are those of :func:`surveyed`."""
    template = PolicySpecConfig.of(page.builder.config).feedback_url

    def feedback(one: str, other: str) -> str:
        first = page.domain.find(TargetKind.PROVISION, one)
        titles = (page.title(TargetKind.PROVISION, name) for name in (one, other))
        values = {
            "id": f"{one} + {other}",
            "title": " + ".join(titles),
            "level": first.level if first else "",
            "release": page.spec.version,
            "page": first.docname if first else page.docname,
        }
        return feedback_address(template, values)

    survey = _SurveyNodes(rows=[SurveyRow(*row) for row in answer.texts], page=page, feedback=feedback)
    shows = {"pairs": survey.pairs, "conflicts": survey.conflicts, "rules": survey.rules, "idle": survey.idle}
    found = [node for part, show in shows.items() if part in parts for node in show()]
    missing = survey.missing() if {"conflicts", "rules"} & {*parts} else []
    return [*found, *missing]


def _is_table(topic: SurveyRow) -> bool:
    return bool(topic.one) and int(topic.first) in range(_SMALLEST_MATRIX, LARGEST_MATRIX + 1)


@dataclass(frozen=True, kw_only=True)
class _SurveyNodes:
    """The rows of one survey, and the page on which they are shown.

    :param feedback: returns where to write about two principles, empty where the project has no such address
    """

    rows: Sequence[SurveyRow]
    page: Page
    feedback: Callable[[str, str], str]

    def _of(self, *parts: str) -> list[SurveyRow]:
        return [row for row in self.rows if row.part in parts]

    def _head(self, text: str, deeper: int = 0) -> nodes.rubric:
        return nodes.rubric(
            "", text, translatable=False, **{"heading-level": min(self.page.depth + deeper, 6)}
        )

    def pairs(self) -> Iterator[nodes.Node]:
        """Yield who goes first of the principles that share an issue."""
        counts = {Decider(row.decider): int(row.text) for row in self._of("count")}
        gaps = counts.pop(Decider.NOTHING, 0)
        yield self._head(_("Principles that are weighed together"))
        deciders = ", ".join(f"{decider_words()[decider]}: {count}" for decider, count in counts.items())
        sentences = [
            (
                _("1 pair of principles may ask for different things.")
                if sum(counts.values()) + gaps == 1
                else _("{count} pairs of principles may ask for different things.")
            ).format(count=sum(counts.values()) + gaps),
            _("In {count}, it is stated which goes first ({told}).").format(
                count=sum(counts.values()), told=deciders
            )
            if counts
            else "",
            _(
                "In {count}, nothing does: for each, write an example that weighs both, say in one that it is preferred "
                "over the other, or leave it to the judgement of the assistant."
            ).format(count=gaps)
            if gaps
            else "",
        ]
        yield word(" ".join(filter(None, sentences)))
        yield self._head(_("Pairs that nothing decides"))
        yield from self._gaps(gaps)
        yield from self._topics()

    @cached_property
    def _anchors(self) -> dict[tuple[str, str], str]:
        """The anchors of the pairs that nothing decides and that the page lists."""
        return {(row.one, row.other): f"{self.page.key}-gap-{n}" for n, row in enumerate(self._of("gap"), 1)}

    def _both(self, row: SurveyRow) -> CellNodes:
        return [self.page.provision(row.one), nodes.Text(" \N{EN DASH} "), self.page.provision(row.other)]

    def _topics(self) -> Iterator[nodes.Node]:
        """Yield each topic with its pairs, which follow its row."""
        rows = self._of("topic", "pair")
        starts = [place for place, row in enumerate(rows) if row.part == "topic"]
        if self._has_tables and any(_is_table(rows[start]) for start in starts):
            yield word(
                _(
                    "In a table, a cell says whether the principle of its row or that of its column goes first, and what "
                    "decides that."
                )
            )
        small: list[CellNodes] = []
        for start, end in pairwise([*starts, len(rows)]):
            topic, pairs = rows[start], rows[start + 1 : end]
            if topic.one and int(topic.first) < _SMALLEST_MATRIX:
                name = nodes.strong("", self._name(topic))
                small += ([name, nodes.Text(": "), *self._line(pair)] for pair in pairs)
            else:
                yield from self._topic(topic, pairs)
        if small:
            yield self._head(_("Subjects of two principles"), 1)
            yield items(small, "ps-links")

    @property
    def _has_tables(self) -> bool:
        return self.page.is_web and not self.page.in_table

    def _topic(self, topic: SurveyRow, pairs: Sequence[SurveyRow]) -> Iterator[nodes.Node]:
        yield self._head(self._name(topic), 1)
        if topic.one and int(topic.first) > LARGEST_MATRIX:
            yield word(
                _("{principles} principles, {gaps} pairs that nothing decides.").format(
                    principles=topic.first, gaps=topic.text
                )
            )
        if self._has_tables and _is_table(topic):
            yield self._matrix(pairs)
        elif pairs:
            yield items((self._line(pair) for pair in pairs), "ps-links")

    def _name(self, topic: SurveyRow) -> str:
        return self.page.title(TargetKind.TOPIC, topic.one) if topic.one else _("No topic in common")

    def _matrix(self, pairs: Sequence[SurveyRow]) -> nodes.Element:
        """Return a table whose half below the diagonal is filled."""
        levels = self.page.domain.level_names()
        found = dict.fromkeys(name for pair in pairs for name in (pair.one, pair.other))
        ids = sorted(
            found, key=lambda name: levels.index(level) if (level := self._level(name)) in levels else 0
        )
        order = {name: place for place, name in enumerate(ids)}
        known = {frozenset((pair.one, pair.other)): pair for pair in pairs}
        head: list[CellNodes] = [[nodes.Text(_("Principle"))]]
        head += [[self.page.provision(name)] for name in ids[:-1]]
        rows = [
            [
                [self.page.provision(name), nodes.Text(" "), chip(self._level(name), self.page)],
                *(self._cell(known.get(frozenset((name, other))), name) for other in ids[: order[name]]),
                *([] for _other in ids[order[name] : -1]),
            ]
            for name in ids[1:]
        ]
        box = table(head, rows, (), row_heads=True)
        box["classes"].append("ps-pairs")
        return box

    def _level(self, name: str) -> str:
        found = self.page.domain.find(TargetKind.PROVISION, name)
        return found.level if found else ""

    def _cell(self, pair: SurveyRow | None, row: str) -> CellNodes:
        if pair is None:
            return []
        if pair.decider == Decider.NOTHING:
            return [self._invitation(pair)]
        which = _("row, by") if pair.first == row else _("column, by")
        return [nodes.Text(f"{which} " if pair.first else ""), self._decider(pair)]

    def _line(self, pair: SurveyRow) -> CellNodes:
        line = [*self._both(pair), nodes.Text(": ")]
        if pair.decider == Decider.NOTHING:
            return [*line, self._invitation(pair)]
        line.append(self._decider(pair))
        if pair.text:
            line.append(nodes.Text(f" ({pair.text})"))
        if pair.first:
            first = self.page.title(TargetKind.PROVISION, pair.first)
            line.append(nodes.Text(_("; {first} goes first").format(first=first)))
        return line

    def _decider(self, pair: SurveyRow) -> nodes.Node:
        """Return what decides, as a link to where it is said."""
        decider = Decider(pair.decider)
        name = decider_words()[decider]
        if decider is Decider.EXAMPLE:
            return self.page.link(TargetKind.EXAMPLE, pair.by, name)
        if decider is Decider.CASE:
            return self.page.place(pair.by, name)
        return self.page.link(TargetKind.PROVISION, pair.first, name)

    def _invitation(self, pair: SurveyRow) -> nodes.Node:
        """Return the link to what to do about a pair that nothing decides, where the page lists it."""
        if anchor := self._anchors.get((pair.one, pair.other)):
            return nodes.reference("", "", nodes.inline("", _("open")), refid=anchor, internal=True)
        return nodes.Text(_("open"))

    def _gaps(self, count: int) -> Iterator[nodes.Node]:
        if not count:
            yield word(
                _("None: each has a level, an exception, a preference, an example or a case."), "ps-nothing"
            )
            return
        yield word(
            _(
                "Which of the two goes first? Both are of one level, and no exception, preference, example or case says so. "
                "An example that weighs them would, or a case: below each is one to begin with, which expects what is "
                "decided now."
            )
        )
        lines = [self._gap(row) for row in self._of("gap")]
        yield items(lines, "ps-witnesses")
        if more := count - len(lines):
            yield word(_("{count} more; `policyspec survey` lists all of them.").format(count=more))

    def _gap(self, row: SurveyRow) -> CellNodes:
        question = [
            self.page.provision(row.one),
            nodes.Text(_(" or ")),
            self.page.provision(row.other),
            nodes.Text("?"),
        ]
        line = [nodes.target("", "", ids=[self._anchors[row.one, row.other]]), *question]
        if address := self.feedback(row.one, row.other):
            line += [nodes.Text(" · "), nodes.reference("", _("Write an example"), refuri=address)]
        return [*line, *self._witness(row.text)]

    def conflicts(self) -> Iterator[nodes.Node]:
        """Yield the kinds of conflict that end undecided."""
        if found := self._of("conflict"):
            yield self._head(_("Conflicts that end undecided"))
            yield word(
                _(
                    "Of all conflicts of up to two norms, two messages and a text with a say, of every level, explicit and "
                    "implied, in every order, these kinds end undecided; those that contain a smaller one are left out. To settle "
                    "one, give a side a higher level, a preference or an exception; nothing has to be done where the assistant should judge."
                )
            )
            yield items((self._conflict(row) for row in found), "ps-witnesses")

    def _conflict(self, row: SurveyRow) -> CellNodes:
        parties = [line.split("\t") for line in row.one.split("\n")]
        text = " + ".join(
            party_words(kind, self.page.level(level) if level else "") for kind, level, _together in parties
        )
        if any(together for _kind, _level, together in parties):
            text = _("{parties}, in one message").format(parties=text)
        return [nodes.Text(text), *self._witness(row.text)]

    def rules(self) -> Iterator[nodes.Node]:
        """Yield the rules that never decide."""
        if found := self._of("rule"):
            idle = [row for row in found if row.decider]
            yield self._head(_("Rules that never decide"))
            if idle:
                yield word(
                    _(
                        "No conflict of this spec turns on them. Where one was meant to, what it decides by is not declared yet."
                    )
                )
                yield items([[nodes.Text(rule_name(row.one))] for row in idle])
            else:
                yield word(_("None: each decides some conflict."), "ps-nothing")

    def idle(self) -> Iterator[nodes.Node]:
        """Yield the principles on which no case depends."""
        if found := self._of("idle"):
            yield self._head(_("Principles on which no case depends"))
            yield word(
                _(
                    "Without them, every case in these pages would be decided the same. Write a case that turns on each, or ask "
                    "whether it is needed."
                )
            )
            yield items(
                [self.page.provision(row.one), nodes.Text(" \N{EN DASH} "), self.page.place(row.by, row.text)]
                for row in found
            )

    def missing(self) -> Iterable[nodes.Node]:
        """Return why a part is missing."""
        for row in self._of("missing"):
            text = _(
                "Conflicts that end undecided and rules that never decide are found by clingo, which this site was built "
                "without: {how}"
            )
            yield word(text.format(how=row.text.rpartition(": ")[2]), "ps-note")

    def _witness(self, text: str) -> list[nodes.Node]:
        """Return a case to copy, on web pages; on paper it would take more room than all else."""
        if not self.page.is_web:
            return []
        code = nodes.literal_block(text, text, language="yaml", translatable=False)
        return [PolicyFold("", code, summary=_("A case to begin with"), classes=["ps-fold"])]
