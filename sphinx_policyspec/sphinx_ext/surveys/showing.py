"""What is left open as nodes: counts, pairs by topic, and lists of what nothing decides, with cases to copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.cases.wording import party_words, rule_name
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.surveys.answering import SurveyRow
from sphinx_policyspec.sphinx_ext.surveys.directive import Part, SurveyView
from sphinx_policyspec.sphinx_ext.surveys.pairs import PairShower, decider_words
from sphinx_policyspec.sphinx_ext.views.nodes import Page, items
from sphinx_policyspec.sphinx_ext.views.tables import Cell, PolicyFold
from sphinx_policyspec.sphinx_ext.web.panels import feedback_address
from sphinx_policyspec.survey import Decider

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer

__all__ = ["survey_nodes"]

_ = get_translation("sphinx_policyspec")

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

    def _gap(self, row: SurveyRow, anchor: str) -> Cell:
        line: Cell = [
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

    def _conflict(self, row: SurveyRow) -> Cell:
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
