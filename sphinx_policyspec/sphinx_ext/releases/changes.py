"""What changed since an older release, inside pages: the directive ``policy:changes`` and what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports.diff_words import groups, sentence
from sphinx_policyspec.graph.answer import Answer, Cell, CellKind
from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.authoring.base import options
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.records import Question
from sphinx_policyspec.sphinx_ext.rendering.boxes import word
from sphinx_policyspec.sphinx_ext.views.asking import AskingDirective
from sphinx_policyspec.sphinx_ext.views.tables import PolicyView

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.knowledge import Knowledge
    from sphinx_policyspec.sphinx_ext.releases.since import Since
    from sphinx_policyspec.sphinx_ext.views.nodes import Page

__all__ = [
    "PAGE",
    "SIGNS",
    "Changes",
    "ChangesDirective",
    "answer_of",
    "changes_nodes",
    "told",
    "weights_in_short",
]

_ = get_translation("sphinx_policyspec")

PAGE = "policy-changes"
"""Name of the page that tells all changes, without suffix."""

_COLUMNS = ("id", "title", "weight", "said")
_KINDS = tuple(
    dict.fromkeys([*(w.value for w in Weight), *(s.value for s in Subject), *(k.value for k in ChangeKind)])
)
SIGNS = {Weight.TIGHTENING: "▲", Weight.LOOSENING: "▼", Weight.CLARIFYING: "◆", Weight.EDITORIAL: "·"}
"""A sign for each weight, beside its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Question):
    """What a page asks of an older release.

    :param since: where it is; empty for what the project compares itself with
    :param kinds: weights, kinds of things or kinds of change to show, all of them where empty
    """

    since: str = ""
    kinds: tuple[str, ...] = ()


class ChangesDirective(AskingDirective):
    """What changed since an older release, principle by principle: ``policy:changes``."""

    has_content = False
    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("since", "kinds", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the changes."""
        since = self.option("since")
        if not since and not PolicySpecConfig.of(self.config).older:
            hint = "give `:since:`, or set `policyspec_since`"
            self.find("invalid-option", "there is no release to compare with", hint)
        kinds = tuple(dict.fromkeys(self.option("kinds").replace(",", " ").split()))
        for kind in kinds:
            if kind not in _KINDS:
                line = self.option_line("kinds")
                self.find(
                    "invalid-option", f"`kinds` does not take `{kind}`", nearest(kind, _KINDS), line=line
                )
        known = tuple(kind for kind in kinds if kind in _KINDS)
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-changes"])
        self.declare(box, Changes(since=since, kinds=known, expected=self.expected(), span=self.span))
        return [box]


def answer_of(env: BuildEnvironment, knowledge: Knowledge, since: Since, question: Changes) -> Answer:
    """Return the changes that a page asks for, a row each."""
    diff = since.diff(env, knowledge, question.since)
    if diff is None:
        raise SourceError("there is no release to compare with")
    return Answer(columns=_COLUMNS, rows=tuple(tuple(map(_cell, row)) for row in _rows(diff, question.kinds)))


def _rows(diff: SpecDiff, kinds: tuple[str, ...]) -> Iterator[tuple[str, str, str, str]]:
    for group in groups(diff):
        for change in group.changes:
            if not kinds or {change.weight.value, change.subject.value, change.kind.value} & set(kinds):
                yield group.id, group.title, change.weight.value, told(change)


def weights_in_short(changes: Iterable[Change]) -> str:
    """Return the weights of changes, the greatest first, each once, with how many have it."""
    counts = Counter(change.weight for change in changes)
    return " ".join(f"{SIGNS[weight]} {counts[weight]} {weight.value}" for weight in Weight if counts[weight])


def told(change: Change) -> str:
    """Return what happened, in plain words."""
    return sentence(change).replace("`", "")


def _cell(text: str) -> Cell:
    return Cell(CellKind.LITERAL, text)


def changes_nodes(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return changes as a list of principles, each with what happened to it."""
    if not answer.rows:
        return [word(_("Nothing changed."), "ps-nothing")]
    items = nodes.bullet_list(bullet="-", classes=["ps-changes-list"])
    for (id_, title), rows in groupby(answer.texts, key=lambda row: row[:2]):
        head = page.provision(id_, title) if id_ else nodes.Text(_("The spec as a whole"))
        inner = nodes.bullet_list(bullet="*")
        for _id, _title, weight, said in rows:
            mark = nodes.strong("", f"{SIGNS[Weight(weight)]} {weight}", classes=[f"ps-{weight}"])
            inner += nodes.list_item("", nodes.paragraph("", "", mark, nodes.Text(f": {said}")))
        items += nodes.list_item("", nodes.paragraph("", "", head), inner)
    return [items]
