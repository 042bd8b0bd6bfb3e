"""A decision as SVG: items in a row for each level, the highest first, and an arrow for each attack."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from sphinx_policyspec.sphinx_ext.nodes.boxes import style_name

__all__ = ["Attack", "Box", "drawn"]

_WIDE, _HIGH = 170, 44
_GAP, _BETWEEN = 28, 48
_LEFT, _TOP = 110, 32
_LETTERS = 22
"""Letters of a name that fit into a box; all of it is in the tooltip."""


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


def drawn(boxes: Sequence[Box], attacks: Sequence[Attack], key: str, name: str) -> str:
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
    told = "; ".join(f"{attack.attacker} \N{RIGHTWARDS ARROW} {attack.target}" for attack in attacks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ps-attacks" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-labelledby="{key}-name {key}-told">'
        f'<title id="{key}-name">{escape(name)}</title><desc id="{key}-told">{escape(told)}</desc>'
        f'<defs><marker id="{key}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        f'orient="auto-start-reverse"><path class="ps-tip" d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{labels}{''.join(_box(box, places[box.id]) for box in boxes)}"
        f'<g role="img" aria-labelledby="{key}-told">'
        f"{''.join(_arrow(attack, places, key) for attack in attacks)}</g></svg>\n"
    )


def _box(box: Box, place: tuple[int, int]) -> str:
    x, y = place
    middle = x + _WIDE / 2
    return (
        f'<a class="ps-node ps-{box.label} ps-level-{style_name(box.level)}" href="{escape(box.uri)}">'
        f"<title>{escape(f'{box.id}: {box.wish} ({box.level_word}, {box.word})')}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6"/>'
        f'<text x="{middle:g}" y="{y + 18}" text-anchor="middle">{escape(_cut(box.id))}</text>'
        f'<text class="ps-aside" x="{middle:g}" y="{y + 35}" text-anchor="middle">{escape(box.word)}</text></a>'
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1].rstrip() + "…"


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
