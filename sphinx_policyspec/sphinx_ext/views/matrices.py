"""Topics against levels: how many principles are of both, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.views.nodes import Page, chip, items
from sphinx_policyspec.sphinx_ext.views.tables import Cell, table

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer

__all__ = ["matrix"]

_ = get_translation("sphinx_policyspec")


def matrix(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return the table of counts, and below it a list of principles for each count to lead to.

    Levels are the columns: a spec has few of them, but may have any number of topics.
    """
    levels, topics, found = _read(answer)
    head: list[Cell] = [[nodes.Text(_("Topic"))]]
    head += [[chip(level, page)] for level in levels]
    rows: list[list[Cell]] = []
    lists: list[Cell] = []
    for number, topic in enumerate(topics, 1):
        name = page.title(TargetKind.TOPIC, topic) if topic else _("No topic")
        row: list[Cell] = [[page.link(TargetKind.TOPIC, topic, name)]]
        for place, level in enumerate(levels, 1):
            ids = found.get((topic, level), [])
            # By place: a topic may be called anything, and two ids could make one anchor.
            anchor = f"{page.key}-{number}-{place}"
            row.append([_count(len(ids), anchor)])
            if ids:
                lists.append(_cell_list(anchor, [nodes.Text(f"{name} · "), chip(level, page)], ids, page))
        rows.append(row)
    below = items(lists, "ps-cells")
    if page.in_table:
        return [below]
    return [table(head, rows, range(1, len(head)), row_heads=True), below]


def _read(answer: Answer) -> tuple[list[str], list[str], dict[tuple[str, str], list[str]]]:
    """Return levels, topics, and the principles of both; the topic of principles without one is empty.

    A row of the answer without an id stands for a level or a topic that may have no principle.
    """
    place = {name: answer.columns.index(name) for name in ("level", "topic", "id")}
    rows = [(row[place["level"]], row[place["topic"]], row[place["id"]]) for row in answer.texts]
    levels = list(dict.fromkeys(level for level, _topic, own in rows if level and not own))
    topics = list(dict.fromkeys(topic for _level, topic, own in rows if topic and not own))
    found: dict[tuple[str, str], dict[str, None]] = {}
    for level, topic, own in rows:
        if own and (not topic or topic in topics):
            found.setdefault((topic, level), {})[own] = None
    if any(not topic for topic, _level in found):
        topics.append("")
    return levels, topics, {cell: list(ids) for cell, ids in found.items()}


def _count(number: int, anchor: str) -> nodes.Node:
    if not number:
        return nodes.inline("", "0", classes=["ps-none"])
    return nodes.reference("", "", nodes.inline("", str(number)), refid=anchor, internal=True)


def _cell_list(anchor: str, name: Cell, ids: list[str], page: Page) -> Cell:
    links = items(([page.provision(identifier)] for identifier in ids), "ps-links")
    return [nodes.target("", "", ids=[anchor]), nodes.inline("", "", *name, classes=["ps-cell"]), links]
