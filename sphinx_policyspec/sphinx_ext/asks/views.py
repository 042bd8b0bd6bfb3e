"""What views show as nodes: answers, a drawing, what lacks coverage, topics against levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.files import grouped
from sphinx_policyspec.graph.terms import Iris
from sphinx_policyspec.model import TargetKind, who_may_override
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import (
    CellNodes,
    Page,
    PolicyScroll,
    PolicyWideCell,
    chip,
    entries_of,
    grid,
    items,
    table,
    table_of,
)
from sphinx_policyspec.sphinx_ext.nodes.boxes import counted, style_name, word

if TYPE_CHECKING:
    from sphinx_policyspec.graph.questions import Answer, Cell
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
    from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject

_ = get_translation("sphinx_policyspec")

_ROW = 26
"""Height of a line, which has the name of one principle."""
_REACH = 240
"""Greatest width of an arc."""
_LETTER = 8.6
"""Width to allow for a letter: that of a wide font at the size of the style sheet."""
_MOST_LETTERS = 60
"""How many letters of a title are drawn; all of it is in the tooltip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dot:
    """A principle in the drawing."""

    id: str
    title: str
    level: str
    style: str
    uri: str
    refers_to: tuple[int, ...]
    referred_by: tuple[int, ...]


def outline(answer: Answer, page: Page) -> nodes.bullet_list:
    """Return each principle with those that it refers to below it."""
    entries = entries_of(answer)
    known = {entry.id for entry in entries}
    lines: list[list[nodes.Node]] = []
    for entry in entries:
        line = [
            page.provision(entry.id, entry.first("title")),
            nodes.inline("", " \N{EN DASH} ", classes=["ps-dash"]),
            chip(entry.first("level"), page, labelled=True),
        ]
        others = [other for other in entry.values["other"] if other in known]
        below = ([nodes.Text("\N{RIGHTWARDS ARROW} "), page.provision(other)] for other in others)
        lines.append([*line, items(below)] if others else line)
    return items(lines, "ps-links")


def drawing(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return the drawing as SVG in a box that scrolls, for builders that write HTML.

    The links are outside the part with the role of a picture, since nothing inside one can be reached.
    """
    dots = _dots(answer, page)
    count = sum(len(dot.refers_to) for dot in dots)
    name = _("References among principles")
    description = _(
        "%(principles)d principles, %(references)d references; each arc leads to what is referred to."
    ) % {"principles": len(dots), "references": count}
    spans = [abs(there - here) for here, dot in enumerate(dots) for there in dot.refers_to]
    longest = max(spans, default=0)
    reach = _width(longest, longest) + 16
    # Titles are given room for their letters; a font that is wider still scrolls with its box.
    widest = max(len(_cut(dot.title, _MOST_LETTERS)) + len(dot.level) + 3 for dot in dots)
    width, height = round(reach + 24 + widest * _LETTER), len(dots) * _ROW + 8
    arcs = "".join(
        _arc(dots, here, there, reach, longest) for here, dot in enumerate(dots) for there in dot.refers_to
    )
    labels = "".join(_label(dots, here, reach) for here in range(len(dots)))
    inner = f'<g role="img" aria-labelledby="{page.key}-told">{arcs}</g>{labels}'
    svg = _svg("ps-arcs", (width, height), page.key, (name, description), inner)
    return [PolicyScroll("", nodes.raw("", svg, format="html"), classes=["ps-scroll"], label=name)]


def _svg(style: str, size: tuple[int, int], key: str, words: tuple[str, str], inner: str) -> str:
    """Return a drawing with its name and its description in words."""
    (width, height), (name, description) = size, words
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{style}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-labelledby="{key}-name {key}-told">'
        f'<title id="{key}-name">{escape(name)}</title><desc id="{key}-told">{escape(description)}</desc>{inner}</svg>\n'
    )


def _dots(answer: Answer, page: Page) -> list[_Dot]:
    entries = entries_of(answer)
    place = {entry.id: number for number, entry in enumerate(entries)}
    to = [tuple(place[other] for other in entry.values["other"] if other in place) for entry in entries]
    by: list[list[int]] = [[] for _entry in entries]
    for here, others in enumerate(to):
        for there in others:
            by[there].append(here)
    return [
        _Dot(
            id=entry.id,
            title=page.title(TargetKind.PROVISION, entry.id, entry.first("title")),
            level=page.level(entry.first("level")),
            style=style_name(entry.first("level")),
            uri=page.address(TargetKind.PROVISION, entry.id),
            refers_to=to[here],
            referred_by=tuple(by[here]),
        )
        for here, entry in enumerate(entries)
    ]


def _middle(place: int) -> float:
    return 4 + _ROW * (place + 0.5)


def _width(span: int, longest: int) -> float:
    """Return the width of an arc: half a circle where there is room, flatter where the longest would not fit.

    Longer arcs are always wider, so that no two run along the same edge.
    """
    half = span * _ROW / 2
    return min(half, _REACH * (span / longest) ** 0.75) if longest else 0


def _arc(dots: list[_Dot], here: int, there: int, reach: float, longest: int) -> str:
    """Draw one reference, from its source to the point of an arrow at its target."""
    down = there > here
    start, end = (_middle(here) + 3, _middle(there) - 3) if down else (_middle(here) - 3, _middle(there) + 3)
    wide = _width(abs(here - there), longest)
    x = reach - 7
    path = f"M{x:g} {start:g}A{wide:g} {abs(end - start) / 2:g} 0 0 {0 if down else 1} {x:g} {end:g}"
    tip = f"M{x + 3:g} {end:g}l-6 -3v6z"
    words = f"{dots[here].title} \N{RIGHTWARDS ARROW} {dots[there].title}"
    return (
        f'<g class="ps-arc ps-level-{dots[here].style}"><title>{escape(words)}</title>'
        f'<path class="ps-line" d="{path}"/><path class="ps-tip" d="{tip}"/></g>'
    )


def _label(dots: list[_Dot], here: int, reach: float) -> str:
    """Draw one principle: its dot, its title as a link, and its level in words."""
    dot = dots[here]
    y = _middle(here)
    text = (
        f'<text x="{reach + 12:g}" y="{y:g}" dy="0.35em">{escape(_cut(dot.title, _MOST_LETTERS))}'
        f'<tspan class="ps-aside"> · {escape(dot.level)}</tspan></text>'
    )
    title = f"<title>{escape(_description(dots, here))}</title>"
    linked = f'<a href="{escape(dot.uri)}">{title}{text}</a>' if dot.uri else f"<g>{title}{text}</g>"
    return f'<circle class="ps-dot ps-level-{dot.style}" cx="{reach + 1:g}" cy="{y:g}" r="4"/>{linked}'


def _description(dots: list[_Dot], here: int) -> str:
    """Describe in words what the arcs of a principle show."""
    parts = [f"{dots[here].title} ({dots[here].level})"]
    if to := ", ".join(dots[place].title for place in dots[here].refers_to):
        parts.append(_("refers to: %s") % to)
    if by := ", ".join(dots[place].title for place in dots[here].referred_by):
        parts.append(_("referred to by: %s") % by)
    return "; ".join(parts)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


_WIDE, _HIGH = 170, 44
_GAP, _BETWEEN = 28, 48
_LEFT, _TOP = 110, 32
_LETTERS = 22
"""How many letters of a name fit into a box; all of it is in the tooltip."""


class Box(NamedTuple):
    """An item: what it asks for, its level and what becomes of it, each with its word for readers; where it leads."""

    id: str
    wish: str
    label: str
    word: str
    level: str
    level_word: str
    uri: str


class Attack(NamedTuple):
    """One item attacks another."""

    attacker: str
    target: str


def attack_drawing(boxes: Sequence[Box], attacks: Sequence[Attack], key: str, name: str) -> str:
    """Return the drawing. Its items are links, outside the part with the role of a picture: nothing in one can be reached.

    :param boxes: those of the highest level first
    :param key: begins the ids of the drawing
    """
    levels = list(dict.fromkeys((box.level, box.level_word) for box in boxes))
    rows = [[box for box in boxes if box.level == level] for level, _word in levels]
    places = {
        box.id: (_LEFT + column * (_WIDE + _GAP), _TOP + line * (_HIGH + _BETWEEN))
        for line, row in enumerate(rows)
        for column, box in enumerate(row)
    }
    width = _LEFT + max(map(len, rows), default=1) * (_WIDE + _GAP)
    height = 2 * _TOP + len(rows) * (_HIGH + _BETWEEN) - _BETWEEN
    labels = "".join(
        f'<text class="ps-aside ps-level-{style_name(level)}" x="0" y="{_TOP + line * (_HIGH + _BETWEEN) + _HIGH / 2:g}" dy="0.35em">{escape(word)}</text>'
        for line, (level, word) in enumerate(levels)
    )
    description = "; ".join(f"{attack.attacker} \N{RIGHTWARDS ARROW} {attack.target}" for attack in attacks)
    inner = (
        f'<defs><marker id="{key}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        f'orient="auto-start-reverse"><path class="ps-tip" d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{labels}{''.join(_box(box, places[box.id]) for box in boxes)}"
        f'<g role="img" aria-labelledby="{key}-told">'
        f"{''.join(_arrow(attack, places, key) for attack in attacks)}</g>"
    )
    return _svg("ps-attacks", (width, height), key, (name, description), inner)


def _box(box: Box, place: tuple[int, int]) -> str:
    x, y = place
    middle = x + _WIDE / 2
    return (
        f'<a class="ps-node ps-{box.label} ps-level-{style_name(box.level)}" href="{escape(box.uri)}">'
        f"<title>{escape(f'{box.id}: {box.wish} ({box.level_word}, {box.word})')}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6"/>'
        f'<text x="{middle:g}" y="{y + 18}" text-anchor="middle">{escape(_cut(box.id, _LETTERS))}</text>'
        f'<text class="ps-aside" x="{middle:g}" y="{y + 35}" text-anchor="middle">{escape(box.word)}</text></a>'
    )


def _arrow(attack: Attack, places: dict[str, tuple[int, int]], key: str) -> str:
    """Draw one attack; two that go both ways leave room for each other."""
    (x, y), (to_x, to_y) = places[attack.attacker], places[attack.target]
    aside = 12 if (y, x) < (to_y, to_x) else -12
    if y == to_y:
        # Along a row: an arc below the boxes, or above them on the way back.
        start, end = x + _WIDE / 2 + aside, to_x + _WIDE / 2 + aside
        edge = y + (_HIGH if aside > 0 else 0)
        bend = edge + 2.2 * aside
        path = f"M{start:g} {edge}Q{(start + end) / 2:g} {bend:g} {end:g} {edge}"
    else:
        down = to_y > y
        start_y, end_y = (y + _HIGH, to_y) if down else (y, to_y + _HIGH)
        path = f"M{x + _WIDE / 2 + aside:g} {start_y}L{to_x + _WIDE / 2 + aside:g} {end_y}"
    return f'<path class="ps-line" d="{path}" marker-end="url(#{key}-tip)"/>'


NO_ROWS = _("Nothing.")

_KIND_OF_COLUMN = {
    "id": TargetKind.PROVISION,
    "other": TargetKind.PROVISION,
    "example": TargetKind.EXAMPLE,
    "topic": TargetKind.TOPIC,
    "level": TargetKind.LEVEL,
}
"""Columns of named questions that hold ids."""


def answer_nodes(answer: Answer, columns: Sequence[str], form: str, page: Page) -> list[nodes.Node]:
    """Return an answer in the form that a question asks for.

    :param columns: those to show; all where none of these exist
    """
    if form == "count":
        return [nodes.paragraph("", str(len(answer.rows)), classes=["ps-count"])]
    if not answer.rows:
        return [word(NO_ROWS, "ps-nothing")]
    if form == "levels" and {"id", "level"} <= set(answer.columns):
        return list(_by_level(answer, page))
    indices = [answer.columns.index(name) for name in columns if name in answer.columns]
    indices = indices or list(range(len(answer.columns)))
    names = [answer.columns[index] for index in indices]
    kinds = [_kind_of(answer, index, page.domain) for index in indices]
    ids = answer.columns.index("id") if "id" in answer.columns and "id" not in names else None

    def cell(row: Sequence[Cell], index: int, kind: TargetKind | None) -> nodes.Node:
        if ids is not None and answer.columns[index] == "title":
            # Where no column has the id, the title is what leads to the principle.
            return page.provision(str(row[ids]), str(row[index]))
        return _cell(row[index], kind, page)

    rows = [[cell(row, *column) for column in zip(indices, kinds, strict=True)] for row in answer.rows]
    if form != "table":
        return [_list(rows)]
    heads = [nodes.entry("", nodes.paragraph("", name)) for name in names]
    return [grid(heads, [[nodes.entry("", nodes.paragraph("", "", cell)) for cell in row] for row in rows])]


def _by_level(answer: Answer, page: Page) -> Iterator[nodes.Node]:
    """Yield principles below their levels, highest first, with who may override each level."""
    of_level = grouped((entry.first("level"), entry) for entry in entries_of(answer))
    ranked = {level.id: level for level in page.spec.levels}
    for name in dict.fromkeys([*ranked, *of_level]):
        if entries := of_level.get(name):
            count = nodes.Text(f" {counted(len(entries))}")
            heading = {"heading-level": min(page.depth, 6)}
            yield nodes.rubric("", "", chip(name, page), count, translatable=False, **heading)
            if level := ranked.get(name):
                yield word(who_may_override(page.spec.levels, level, page.level(name), _), "ps-who")
            yield items(([page.provision(entry.id, entry.first("title"))] for entry in entries), "ps-links")


def _kind_of(answer: Answer, index: int, domain: PolicyDomain) -> TargetKind | None:
    """Return what the ids of a column name: known by its name, else by every cell being such an id."""
    if kind := _KIND_OF_COLUMN.get(answer.columns[index]):
        return kind
    texts = {text for row in answer.texts if (text := row[index])}
    for kind in (TargetKind.PROVISION, TargetKind.EXAMPLE):
        if texts and all(domain.find(kind, text) for text in texts):
            return kind
    return None


def _cell(cell: Cell, kind: TargetKind | None, page: Page) -> nodes.Node:
    domain = page.domain
    text = str(cell)
    target = None
    if cell.kind.value == "uri":
        target, text = _of_iri(text, domain, base_of(page.spec))
    elif kind is not None:
        target = domain.find(kind, text)
        if target is None and kind is TargetKind.PROVISION:
            target = domain.find_plain(text)
    if target is None or not target.anchor:
        return nodes.Text(text)
    return page.link_to(target, nodes.inline("", text, classes=["ps-id"]))


def _of_iri(iri: str, domain: PolicyDomain, base_iri: str) -> tuple[PolicyObject | None, str]:
    """Return what an IRI of ours names, and the text to show for it."""
    found = Iris(base_iri).kind_and_id(iri)
    if found is None:
        return None, iri
    kind, identifier = found
    known = domain.find(TargetKind(kind), identifier) if kind in set(TargetKind) else None
    return known, identifier if known else iri


def _list(rows: list[list[nodes.Node]]) -> nodes.bullet_list:
    items = nodes.bullet_list(bullet="-")
    for first, *rest in rows:
        line = nodes.paragraph("", "", first)
        for number, cell in enumerate(rest):
            line += [nodes.Text(", " if number else " \N{EN DASH} "), cell]
        items += nodes.list_item("", line)
    return items


def coverage(answer: Answer, columns: Sequence[str], page: Page) -> list[nodes.Node]:
    """Return a list of the gaps, each with its principles, and below it the table of all of them."""
    gaps = {
        "examples": _("Without an example"),
        "good": _("Without a compliant answer"),
        "bad": _("Without a violation"),
        "prompts": _("Without a prompt"),
        "references": _("Never referred to"),
    }
    entries = entries_of(answer)
    lines: list[CellNodes] = []
    for column, name in gaps.items():
        lacking = [entry for entry in entries if entry.first(column) == "0"]
        share = _("{count} of {all}").format(count=len(lacking), all=len(entries))
        line: CellNodes = [nodes.inline("", "", nodes.strong("", name), nodes.Text(f": {share}"))]
        if lacking:
            principles = (
                [page.provision(e.id), nodes.Text(" "), chip(e.first("level"), page)] for e in lacking
            )
            line.append(items(principles, "ps-links"))
        lines.append(line)
    return [items(lines, "ps-cells"), table_of(answer, columns, TargetKind.PROVISION, page)]


def matrix(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return the table of counts over the tree of topics, and a list of principles for each count to lead to.

    Levels are the columns: a spec has few of them, but may have any number of topics. On web pages a list is
    in a row below that of its count, and is shown where its count has been chosen; else all are below the table.
    """
    levels, topics, found = _read(answer)
    greatest = max(map(len, found.values()), default=1)
    head: list[CellNodes] = [[nodes.Text(_("Topic"))]]
    head += [[chip(level, page)] for level in levels]
    rows: list[list[CellNodes]] = []
    lists: list[list[CellNodes]] = []
    for number, (topic, depth) in enumerate(topics.items(), 1):
        name = page.title(TargetKind.TOPIC, topic) if topic else _("No topic")
        label = nodes.inline("", "", page.link(TargetKind.TOPIC, topic, name), classes=[f"ps-depth-{depth}"])
        row: list[CellNodes] = [[label]]
        below: list[CellNodes] = []
        for place, level in enumerate(levels, 1):
            ids = found.get((topic, level), [])
            # By place: a topic may be called anything, and two ids could make one anchor.
            anchor = f"{page.key}-{number}-{place}"
            row.append([_count(len(ids), anchor, greatest)])
            if ids:
                below.append(_cell_list(anchor, [nodes.Text(f"{name} · "), chip(level, page)], ids, page))
        rows.append(row)
        lists.append(below)
    if page.in_table or not page.is_web:
        every = items((line for below in lists for line in below), "ps-cells")
        return [every] if page.in_table else [table(head, rows, range(1, len(head)), row_heads=True), every]
    box = table(head, rows, range(1, len(head)), row_heads=True)
    for row_node, below in zip(list(box.findall(nodes.row))[1:], lists, strict=True):
        if below:
            cell = PolicyWideCell("", items(below, "ps-cells"), colspan=len(head))
            row_node.parent.insert(row_node.parent.index(row_node) + 1, nodes.row("", cell))
    return [box]


_DEEPEST = 3
"""How far topics are indented at most."""
_HEATS = 4
"""Steps from the smallest count to the greatest."""


def tree_of(topics: Sequence[str], broader: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return topics in the order of a tree, each with its depth, below the first of its broader topics that is there.

    The order is else that of the topics. What is broader than itself is below nothing.

    :param broader: topics, each with one that is broader
    """
    order = {name: place for place, name in enumerate(topics)}
    known = sorted(
        (pair for pair in broader if pair[1] in order and pair[0] != pair[1]), key=lambda pair: order[pair[1]]
    )
    above = dict(reversed(known))
    below = grouped((above.get(name, ""), name) for name in topics if name)
    found: dict[str, int] = {}
    waiting = [(name, 0) for name in reversed([*below.get("", ()), *topics])]
    while waiting:
        name, depth = waiting.pop()
        if name not in found:
            found[name] = min(depth, _DEEPEST)
            waiting += [(narrower, depth + 1) for narrower in reversed(below.get(name, ())) if name]
    return found


def _read(answer: Answer) -> tuple[list[str], dict[str, int], dict[tuple[str, str], list[str]]]:
    """Return levels, the tree of topics, and the principles of both; the topic of principles without one is empty.

    A row of the answer without an id stands for a level or a topic that may have no principle.
    """
    place = {name: answer.columns.index(name) for name in ("level", "topic", "id", "broader")}
    rows = [tuple(row[place[name]] for name in place) for row in answer.texts]
    levels = list(dict.fromkeys(level for level, _topic, own, _broader in rows if level and not own))
    topics = list(dict.fromkeys(topic for _level, topic, own, _broader in rows if topic and not own))
    known = set(topics)
    found: dict[tuple[str, str], dict[str, None]] = {}
    for level, topic, own, _broader in rows:
        if own and (not topic or topic in known):
            found.setdefault((topic, level), {})[own] = None
    if any(not topic for topic, _level in found):
        topics.append("")
    tree = tree_of(topics, [(topic, broader) for _level, topic, own, broader in rows if topic and broader])
    return levels, tree, {cell: list(ids) for cell, ids in found.items()}


def _count(number: int, anchor: str, greatest: int) -> nodes.Node:
    if not number:
        return nodes.inline("", "0", classes=["ps-none"])
    heat = -(-_HEATS * number // greatest)
    content = nodes.inline("", str(number), classes=[f"ps-heat-{heat}"])
    return nodes.reference("", "", content, refid=anchor, internal=True)


def _cell_list(anchor: str, name: CellNodes, ids: list[str], page: Page) -> CellNodes:
    links = items(([page.provision(identifier)] for identifier in ids), "ps-links")
    return [nodes.target("", "", ids=[anchor]), nodes.inline("", "", *name, classes=["ps-cell"]), links]
