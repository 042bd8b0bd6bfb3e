"""What the directive ``policy:changes`` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.compare import Change, SpecDiff, Weight
from sphinx_policyspec.exports.diff.outline import Outline
from sphinx_policyspec.exports.diff.wording import SIGNS, counted, with_evidence
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind
from sphinx_policyspec.sphinx_ext.nodes.boxes import word

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.asks.page import Page

_ = get_translation("sphinx_policyspec")

_COLUMNS = ("id", "title", "weight", "said")


def changes(diff: SpecDiff, kinds: tuple[str, ...]) -> Answer:
    """Return the changes that a page asks for, a row each.

    :param kinds: weights, kinds of things or kinds of change to show, all of them where empty
    """
    return Answer(columns=_COLUMNS, rows=tuple(_rows(diff, kinds)))


def _rows(diff: SpecDiff, kinds: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
    for group in Outline(diff).groups():
        for change in group.changes:
            if not kinds or {change.weight.value, change.subject.value, change.kind.value} & set(kinds):
                texts = group.id, group.title, change.weight.value, told(change)
                yield tuple(Cell(CellKind.LITERAL, text) for text in texts)


def name_of_old(version: str, new: str) -> str:
    """Return what readers call an older release; versions tell nothing where authors left them alone.

    :param new: the version of the release that is built
    """
    if not version:
        return _("the release before")
    return _("an earlier %s") % version if version == new else version


def weights_in_short(changes: Iterable[Change]) -> str:
    """Return the weights of changes, the greatest first, each once, with how many have it."""
    counts = Counter(change.weight for change in changes)
    return " ".join(
        f"{SIGNS[weight]} {counted(weight, counts[weight])}" for weight in Weight if counts[weight]
    )


def told(change: Change) -> str:
    """Return what happened, in plain words."""
    return with_evidence(change).replace("`", "")


def changes_nodes(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return changes as a list of principles, each with what happened to it."""
    if not answer.rows:
        return [word(_("Nothing changed."), "ps-nothing")]
    items = nodes.bullet_list(bullet="-", classes=["ps-changes-list"])
    for (id_, title), rows in groupby(answer.texts, key=lambda row: row[:2]):
        head = page.provision(id_, title) if id_ else nodes.Text(_("The spec as a whole"))
        inner = nodes.bullet_list(bullet="*")
        for _id, _title, weight, said in rows:
            mark = nodes.strong(
                "", f"{SIGNS[Weight(weight)]} {Weight(weight).words}", classes=[f"ps-{weight}"]
            )
            inner += nodes.list_item("", nodes.paragraph("", "", mark, nodes.Text(f": {said}")))
        items += nodes.list_item("", nodes.paragraph("", "", head), inner)
    return [items]
