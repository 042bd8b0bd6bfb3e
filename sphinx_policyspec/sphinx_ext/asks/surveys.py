"""What a spec leaves open, as nodes: who goes first of two principles, and what nothing decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.asks.cases import party_words, rule_name
from sphinx_policyspec.sphinx_ext.asks.directives import Part, SurveyView
from sphinx_policyspec.sphinx_ext.asks.page import CellNodes, Page, PolicyFold, chip, items, table
from sphinx_policyspec.sphinx_ext.asks.survey_rows import LARGEST_MATRIX, SurveyRow
from sphinx_policyspec.sphinx_ext.config import feedback_address
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.survey import Decider

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer

__all__ = ["PairShower", "decider_words", "survey_nodes"]


_ = get_translation("sphinx_policyspec")

_SMALLEST_MATRIX = 3
"""Principles of a topic for which a table says more than a line."""
_ROW_FIRST, _COLUMN_FIRST = "\N{LEFTWARDS ARROW}", "\N{UPWARDS ARROW}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShower:
    """Shows pairs, topic by topic.

    :param gaps: the anchors of those that nothing decides and that the page lists
    :param head: makes a heading
    :param feedback: returns where to write about two principles, or nothing
    """

    page: Page
    gaps: Mapping[tuple[str, str], str]
    head: Callable[[str, int], nodes.Node]
    feedback: Callable[[str, str], str]

    def shown(self, rows: Sequence[SurveyRow]) -> Iterator[nodes.Node]:
        """Yield each topic with its pairs, which follow its row."""
        starts = [place for place, row in enumerate(rows) if row.part == "topic"]
        if self._has_tables and any(_is_table(rows[start]) for start in starts):
            yield word(
                _(
                    "In a table, {row} puts the principle of the row first, and {column} that of the column."
                ).format(row=_ROW_FIRST, column=_COLUMN_FIRST)
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
            yield self.head(_("Subjects of two principles"), 1)
            yield items(small, "ps-links")

    @property
    def _has_tables(self) -> bool:
        return self.page.is_web and not self.page.in_table

    def _topic(self, topic: SurveyRow, pairs: Sequence[SurveyRow]) -> Iterator[nodes.Node]:
        yield self.head(self._name(topic), 1)
        if topic.one and int(topic.first) > LARGEST_MATRIX:
            yield word(
                _("{principles} principles, {gaps} pairs of which nothing decides.").format(
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
        """Return a table of which the half below the diagonal is filled."""
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
        made = table(head, rows, (), row_heads=True)
        made["classes"].append("ps-pairs")
        return made

    def _level(self, name: str) -> str:
        found = self.page.domain.find(TargetKind.PROVISION, name)
        return found.level if found else ""

    def _cell(self, pair: SurveyRow | None, row: str) -> CellNodes:
        if pair is None:
            return []
        if pair.decider == Decider.NOTHING:
            return [self._invitation(pair)]
        arrow = f"{_ROW_FIRST if pair.first == row else _COLUMN_FIRST} " if pair.first else ""
        return [nodes.Text(arrow), self._decider(pair)]

    def _line(self, pair: SurveyRow) -> CellNodes:
        line: CellNodes = [
            self.page.provision(pair.one),
            nodes.Text(" \N{EN DASH} "),
            self.page.provision(pair.other),
            nodes.Text(": "),
        ]
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
        shown = decider_words()[decider]
        if decider is Decider.EXAMPLE:
            return self.page.link(TargetKind.EXAMPLE, pair.by, shown)
        if decider is Decider.CASE:
            return self.page.place(pair.by, shown)
        return self.page.link(TargetKind.PROVISION, pair.first, shown)

    def _invitation(self, pair: SurveyRow) -> nodes.Node:
        """Return the link that asks for an example, to a place for it, or else to a case to begin with."""
        if address := self.feedback(pair.one, pair.other):
            return nodes.reference("", _("Write an example"), refuri=address)
        if anchor := self.gaps.get((pair.one, pair.other)):
            text = nodes.inline("", _("Write an example"))
            return nodes.reference("", "", text, refid=anchor, internal=True)
        return nodes.Text(decider_words()[Decider.NOTHING])


def _is_table(topic: SurveyRow) -> bool:
    return bool(topic.one) and int(topic.first) in range(_SMALLEST_MATRIX, LARGEST_MATRIX + 1)


Feedback = Callable[[str, str], str]
"""Returns where to write about two principles, or nothing where the project says no such place."""


def survey_nodes(
    view: SurveyView, answer: Answer, page: Page, *, depth: int, feedback_url: str, spec: Spec
) -> list[nodes.Node]:
    """Return a survey.

    :param depth: of the headings of its parts
    :param feedback_url: what the project gives for feedback; empty for none
    """

    def feedback(one: str, other: str) -> str:
        first = page.domain.find(TargetKind.PROVISION, one)
        titles = (page.title(TargetKind.PROVISION, name) for name in (one, other))
        values = {
            "id": f"{one} + {other}",
            "title": " + ".join(titles),
            "level": first.level if first else "",
            "release": spec.version,
            "page": first.docname if first else page.docname,
        }
        return feedback_address(feedback_url, values)

    shown = _Shown(rows=[SurveyRow(*row) for row in answer.texts], page=page, depth=depth, feedback=feedback)
    parts = {
        Part.PAIRS: shown.pairs,
        Part.CONFLICTS: shown.conflicts,
        Part.RULES: shown.rules,
        Part.IDLE: shown.idle,
    }
    found = [node for part, show in parts.items() if part in view.parts for node in show()]
    missing = shown.missing() if {Part.CONFLICTS, Part.RULES} & {*view.parts} else []
    return [*found, *missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The rows of one survey, and the page on which they are shown."""

    rows: Sequence[SurveyRow]
    page: Page
    depth: int
    feedback: Feedback

    def _of(self, *parts: str) -> list[SurveyRow]:
        return [row for row in self.rows if row.part in parts]

    def _head(self, text: str, deeper: int = 0) -> nodes.rubric:
        return nodes.rubric("", text, translatable=False, **{"heading-level": min(self.depth + deeper, 6)})

    def pairs(self) -> Iterator[nodes.Node]:
        """Yield who goes first of the principles that share an issue."""
        counts = {Decider(row.decider): int(row.text) for row in self._of("count")}
        yield self._head(_("Principles that are weighed together"))
        told = ", ".join(f"{decider_words()[decider]} {count}" for decider, count in counts.items())
        yield word(
            _("{count} pairs of principles share an issue. What decides who goes first: {told}.").format(
                count=sum(counts.values()), told=told
            )
        )
        gaps = {(row.one, row.other): f"{self.page.key}-gap-{n}" for n, row in enumerate(self._of("gap"), 1)}
        yield from PairShower(page=self.page, gaps=gaps, head=self._head, feedback=self.feedback).shown(
            self._of("topic", "pair")
        )
        yield self._head(_("Pairs that nothing decides"))
        yield from self._gaps(gaps, counts.get(Decider.NOTHING, 0))

    def _gaps(self, anchors: dict[tuple[str, str], str], count: int) -> Iterator[nodes.Node]:
        if not count:
            yield word(
                _("None: each has a level, an exception, a preference, an example or a case."), "ps-nothing"
            )
            return
        yield word(
            _(
                "Both are of one level, and no exception, preference, example or case says which goes first. An example "
                "that weighs them would, or a case: this is the smallest, which expects what is decided now."
            )
        )
        lines = [self._gap(row, anchors[row.one, row.other]) for row in self._of("gap")]
        yield items(lines, "ps-witnesses")
        if more := count - len(lines):
            yield word(_("{count} more; `policyspec survey` tells all of them.").format(count=more))

    def _gap(self, row: SurveyRow, anchor: str) -> CellNodes:
        line: CellNodes = [
            nodes.target("", "", ids=[anchor]),
            self.page.provision(row.one),
            nodes.Text(" \N{EN DASH} "),
            self.page.provision(row.other),
        ]
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
                    "implied, in every order, these kinds end undecided; those that hold a smaller one are left out."
                )
            )
            yield items((self._conflict(row) for row in found), "ps-witnesses")

    def _conflict(self, row: SurveyRow) -> CellNodes:
        parties = [line.split("\t") for line in row.one.split("\n")]
        told = " + ".join(
            party_words(kind, self.page.level(level) if level else "") for kind, level, _together in parties
        )
        if any(together for _kind, _level, together in parties):
            told = _("{parties}, in one message").format(parties=told)
        return [nodes.Text(told), *self._witness(row.text)]

    def rules(self) -> Iterator[nodes.Node]:
        """Yield the rules that never decide."""
        if found := self._of("rule"):
            idle = [row for row in found if row.decider]
            yield self._head(_("Rules that never decide"))
            if idle:
                yield items([[nodes.Text(rule_name(row.one))] for row in idle])
            else:
                yield word(_("None: each decides some conflict."), "ps-nothing")

    def idle(self) -> Iterator[nodes.Node]:
        """Yield the principles on which no case depends."""
        if found := self._of("idle"):
            yield self._head(_("Principles on which no case depends"))
            yield word(_("Without them, every case in these pages would be decided the same."))
            yield items(
                [self.page.provision(row.one), nodes.Text(" \N{EN DASH} "), self.page.place(row.by, row.text)]
                for row in found
            )

    def missing(self) -> Iterable[nodes.Node]:
        """Return why a part is not there."""
        for row in self._of("missing"):
            told = _(
                "Conflicts that end undecided and rules that never decide are found by clingo, which this site was built "
                "without: {how}"
            )
            yield word(told.format(how=row.text.rpartition(": ")[2]), "ps-note")

    def _witness(self, text: str) -> list[nodes.Node]:
        """Return a case to copy, on web pages; on paper it would take more room than all else."""
        if not self.page.is_web:
            return []
        code = nodes.literal_block(text, text, language="yaml", translatable=False)
        return [PolicyFold("", code, summary=_("Smallest case"), classes=["ps-fold"])]
