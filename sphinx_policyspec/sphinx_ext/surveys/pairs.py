"""Who goes first of the principles of a topic: as a table where it has few, else as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.surveys.answering import LARGEST_MATRIX, SurveyRow
from sphinx_policyspec.sphinx_ext.views.nodes import Page, chip, items
from sphinx_policyspec.sphinx_ext.views.tables import Cell, table
from sphinx_policyspec.survey import Decider

__all__ = ["PairShower", "decider_words"]

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
        small: list[Cell] = []
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
        head: list[Cell] = [[nodes.Text(_("Principle"))]]
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

    def _cell(self, pair: SurveyRow | None, row: str) -> Cell:
        if pair is None:
            return []
        if pair.decider == Decider.NOTHING:
            return [self._invitation(pair)]
        arrow = f"{_ROW_FIRST if pair.first == row else _COLUMN_FIRST} " if pair.first else ""
        return [nodes.Text(arrow), self._decider(pair)]

    def _line(self, pair: SurveyRow) -> Cell:
        line: Cell = [
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
