"""The panel below the title of a principle: what refers to it, bears on it, shows and tests it.

It is plain HTML that opens without a script. Its words are no part of the document, so that the search finds a
principle by its own words alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from sphinx.locale import get_translation

from sphinx_policyspec.exports.plain import html_safe
from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.sphinx_ext.web.places import AddressOf, Place, Places, level_html
from sphinx_policyspec.sphinx_ext.web.relations import Occurrence, Relations

__all__ = ["Link", "Row", "Step", "panel_html", "rows_of", "tools_html"]

_ = get_translation("sphinx_policyspec")


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a panel: where it leads, and its text; without a place it is text alone.

    :param is_further: a number behind the link before it
    :param note: what is said behind it
    :param beside: its address, as seen from the folder of the site, where it leads out of that
    :param release: name of the release that it leads to, for scripts
    """

    text: str
    docname: str = ""
    anchor: str = ""
    level: str = ""
    level_title: str = ""
    is_further: bool = False
    note: str = ""
    beside: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One release in the history of a principle, and what changed about it there, line by line."""

    release: Link
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a panel.

    :param name: what it is, such as *Exceptions*
    :param count: how many it tells of; 0 for a line that tells more of what another counts
    :param groups: links, by the page that they lead to where it matters
    :param steps: of a history, the last release first
    """

    name: str
    count: int
    groups: tuple[tuple[str, tuple[Link, ...]], ...] = ()
    steps: tuple[Step, ...] = ()


def rows_of(relations: Relations, places: Places) -> tuple[Row, ...]:
    """Return what a panel shows, lines without entries left out."""
    rows = [_referenced(relations.occurrences, places)]
    for row in RELATIONS:
        both = (row.label, row.field), (row.inverse_label, row.inverse)
        # What lifts a principle matters more than what it lifts.
        for label, key in reversed(both) if row.lifts else both:
            rows += (
                [_row(_(label), [_to(places.provision(i), i) for i in relations.of(key)])] if label else []
            )
    goals = (_to(places.find(TargetKind.GOAL, goal), goal) for goal in relations.of("serves"))
    rows.append(_row(_("Serves"), goals))
    shown = (_to(places.find(TargetKind.EXAMPLE, e.id), e.title) for e in relations.examples)
    rows.append(_row(_("Examples"), shown))
    # What a prompt says may be offensive: one that its author does not show is an id.
    rows.append(_row(_("Prompts"), (_to(places.prompt(p.id), p.id) for p in relations.prompts)))
    return tuple(row for row in rows if row.count)


def _row(name: str, links: Iterable[Link]) -> Row:
    found = tuple(links)
    return Row(name, len(found), (("", found),))


def _to(place: Place | None, default: str) -> Link:
    if place is None:
        return Link(default)
    return Link(place.title, place.docname, place.anchor, place.level, place.level_title)


def _referenced(occurrences: Sequence[Occurrence], places: Places) -> Row:
    """Return the references by page; those of one text after the first are numbers behind its title."""
    pages: dict[str, list[Link]] = {}
    before: tuple[str, str] | None = None
    number = 1
    count = 0
    for found in occurrences:
        place = places.provision(found.source)
        if place is None:
            continue
        count += 1
        number = number + 1 if before == (found.source, found.example) else 1
        before = (found.source, found.example)
        example = places.find(TargetKind.EXAMPLE, found.example) if found.example else None
        if number > 1:
            link = Link(f"({number})", place.docname, found.anchor, is_further=True)
        elif example:
            link = Link(_("Example: %s") % example.title, place.docname, found.anchor)
        else:
            link = Link(place.title, place.docname, found.anchor, place.level, place.level_title)
        pages.setdefault(place.docname, []).append(link)
    groups = ((places.page_title(docname), tuple(links)) for docname, links in pages.items())
    return Row(_("Referenced in"), count, tuple(groups))


def panel_html(rows: Sequence[Row], address: AddressOf, extra: str = "") -> str:
    """Return a panel as HTML.

    :param address: of an anchor on a page, from the page that the panel stands on
    :param extra: HTML for its foot
    """
    name, counts = (
        _("Connections"),
        " · ".join(f"{row.name} {row.count}" for row in rows if row.count) or _("none yet"),
    )
    summary = f'<span class="ps-panel-name">{escape(name)}</span> <span class="ps-panel-counts">{escape(counts)}</span>'
    body = "".join(_row_html(row, address) for row in rows)
    body = f"<dl>{body}</dl>" if body else ""
    return f'<details class="ps-panel no-search"><summary>{summary}</summary>{body}{extra}</details>\n'


def tools_html(ask: str = "", feedback: str = "") -> str:
    """Return the foot of a panel: buttons that a script shows, since they do nothing without one, and links.

    :param ask: the address of the page that answers questions; a script adds one about the principle
    :param feedback: an address where readers can say what they think of it
    """
    tools = (("link", _("Copy link")), ("markdown", _("Copy as Markdown")), ("cite", _("Copy citation")))
    found = [
        f'<button type="button" data-ps="{name}" hidden>{escape(shown)}</button>' for name, shown in tools
    ]
    if ask:
        say = escape(_("Ask about it"))
        found.append(
            f'<a class="reference internal" data-ps="ask" href="{escape(ask, quote=True)}">{say}</a>'
        )
    if feedback:
        say = escape(_("Feedback"))
        found.append(f'<a class="reference external" href="{escape(feedback, quote=True)}">{say}</a>')
    return f'<p class="ps-tools">{" ".join(found)}</p>'


def _row_html(row: Row, address: AddressOf) -> str:
    shown = "".join(_group_html(title, links, address) for title, links in row.groups)
    if row.steps:
        shown = f'<ol class="ps-history">{"".join(_step_html(step, address) for step in row.steps)}</ol>'
    return f"<dt>{escape(row.name)}</dt><dd>{shown}</dd>"


def _step_html(step: Step, address: AddressOf) -> str:
    said = "".join(f"<li>{html_safe(line)}</li>" for line in step.said)
    return f"<li>{_link_html(step.release, address)}{said and f'<ul>{said}</ul>'}</li>"


def _group_html(title: str, links: Sequence[Link], address: AddressOf) -> str:
    head = f'<p class="ps-panel-page">{escape(title)}</p>' if title else ""
    return f"{head}<ul>{''.join(_items_html(links, address))}</ul>"


def _items_html(links: Sequence[Link], address: AddressOf) -> Iterator[str]:
    """Yield one item for each text, the numbers of further references in it."""
    item = ""
    for link in links:
        if item and not link.is_further:
            yield f"<li>{item}</li>"
            item = ""
        item += (" " if item else "") + _link_html(link, address)
    if item:
        yield f"<li>{item}</li>"


def _link_html(link: Link, address: AddressOf) -> str:
    level = level_html(link.level, link.level_title) if link.level else ""
    shown = f"<bdi>{escape(link.text)}</bdi>{level}"
    note = f" {escape(link.note)}" if link.note else ""
    if link.beside:
        release = f' data-ps-release="{escape(link.release, quote=True)}"' if link.release else ""
        return f'<a class="reference" href="{escape(link.beside, quote=True)}"{release}>{shown}</a>{note}'
    if not link.anchor:
        return shown + note
    target = escape(address(link.docname, link.anchor), quote=True)
    return f'<a class="reference internal" href="{target}">{shown}</a>{note}'
