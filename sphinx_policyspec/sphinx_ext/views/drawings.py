"""Which principles refer to which: an arc diagram as SVG, and the same as a nested list."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.nodes.boxes import style_name
from sphinx_policyspec.sphinx_ext.views.nodes import Page, chip, entries_of, items
from sphinx_policyspec.sphinx_ext.views.tables import PolicyScroll

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer

__all__ = ["drawing", "outline"]

_ = get_translation("sphinx_policyspec")

_ROW = 26
"""Height of a line, which has the name of one principle."""
_REACH = 240
"""Greatest width of an arc."""
_LETTER = 8.6
"""Width to allow for a letter: that of a wide font at the size of the style sheet."""
_SHOWN = 60
"""Letters of a title that are drawn; all of it is in the tooltip."""


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
    told = _(
        "%(principles)d principles, %(references)d references; each arc leads to what is referred to."
    ) % {
        "principles": len(dots),
        "references": count,
    }
    spans = [abs(there - here) for here, dot in enumerate(dots) for there in dot.refers_to]
    longest = max(spans, default=0)
    reach = _width(longest, longest) + 16
    # Titles are given room for their letters; a font that is wider still scrolls with its box.
    widest = max(len(_short(dot.title)) + len(dot.level) + 3 for dot in dots)
    width, height = round(reach + 24 + widest * _LETTER), len(dots) * _ROW + 8
    arcs = "".join(
        _arc(dots, here, there, reach, longest) for here, dot in enumerate(dots) for there in dot.refers_to
    )
    labels = "".join(_label(dots, here, reach) for here in range(len(dots)))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ps-arcs" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-labelledby="{page.key}-name {page.key}-told">'
        f'<title id="{page.key}-name">{escape(name)}</title><desc id="{page.key}-told">{escape(told)}</desc>'
        f'<g role="img" aria-labelledby="{page.key}-told">{arcs}</g>{labels}</svg>\n'
    )
    return [PolicyScroll("", nodes.raw("", svg, format="html"), classes=["ps-scroll"], label=name)]


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
        f'<text x="{reach + 12:g}" y="{y:g}" dy="0.35em">{escape(_short(dot.title))}'
        f'<tspan class="ps-aside"> · {escape(dot.level)}</tspan></text>'
    )
    title = f"<title>{escape(_told(dots, here))}</title>"
    linked = f'<a href="{escape(dot.uri)}">{title}{text}</a>' if dot.uri else f"<g>{title}{text}</g>"
    return f'<circle class="ps-dot ps-level-{dot.style}" cx="{reach + 1:g}" cy="{y:g}" r="4"/>{linked}'


def _told(dots: list[_Dot], here: int) -> str:
    """Say in words what the arcs of a principle show."""
    parts = [f"{dots[here].title} ({dots[here].level})"]
    if to := ", ".join(dots[place].title for place in dots[here].refers_to):
        parts.append(_("refers to: %s") % to)
    if by := ", ".join(dots[place].title for place in dots[here].referred_by):
        parts.append(_("referred to by: %s") % by)
    return "; ".join(parts)


def _short(title: str) -> str:
    return title if len(title) <= _SHOWN else title[: _SHOWN - 1].rstrip() + "…"
