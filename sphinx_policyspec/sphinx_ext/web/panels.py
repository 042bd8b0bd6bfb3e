"""What bears on a provision, and the panel of a page that shows it.

It is plain HTML that opens without a script. Its words are no part of the document, so that the search finds a
principle by its own words alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.files import html_safe
from sphinx_policyspec.model import Principle, Spec, TargetKind
from sphinx_policyspec.model.attributes import OUTSIDE, RELATIONS
from sphinx_policyspec.packs.bearing import Occurrence, Relations, outside_of
from sphinx_policyspec.sphinx_ext.domain.domain import anchor_of_heading
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of
from sphinx_policyspec.sphinx_ext.web.places import AddressOf, Place, SitePlaces, level_html

_ = get_translation("sphinx_policyspec")
_DATE = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])", re.ASCII)


@dataclass(frozen=True, slots=True)
class PanelLink:
    """One link of a panel: where it leads, and its text; without a place it is text alone.

    :param is_further: a number after the link before it
    :param note: words behind it
    :param beside: its address, as seen from the folder of the site, where it leads out of that
    :param release: name of the release that it leads to, for scripts
    :param is_outside: it leads out of the spec, and its text is the address
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
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One release in the history of a principle: what changed about it there, in short and line by line.

    :param place: of the release among all, where scripts have something to show about it; else less than 0
    :param has_text: whether they have its text, since it differs now
    """

    release: PanelLink
    change: PanelLink
    lines: tuple[str, ...]
    place: int = -1
    has_text: bool = False


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One line of a panel.

    :param name: what it is, such as *Exceptions*
    :param count: how many things it lists; 0 for a line that says more about what another counts
    :param groups: links, by the page that they lead to where it matters
    :param steps: of a history, the last release first
    :param is_beside: its groups are side by side where there is room
    :param html: all that it shows, in place of those
    """

    name: str
    count: int
    groups: tuple[tuple[str, tuple[PanelLink, ...]], ...] = ()
    steps: tuple[Step, ...] = ()
    is_beside: bool = False
    html: str = ""


JudgeOf = Callable[[Principle, Principle], tuple[str, str]]
"""Returns in a word what decides which of two principles goes first, and the id of that; empty where nothing does."""


def rows_of(
    relations: Relations, places: SitePlaces, spec: Spec, judge: JudgeOf, topic_index: str = ""
) -> tuple[PanelRow, ...]:
    """Return what a panel shows, lines without entries left out.

    :param judge: returns which of two principles goes first
    :param topic_index: name of the page that lists the principles of each topic, if there is one
    """
    known = [topic for topic in relations.topics if topic in spec.topic_by_id]
    labels = [
        place.title if (place := places.find(TargetKind.TOPIC, topic)) else spec.topic_by_id[topic].label
        for topic in known
    ]
    # What is written as HTML is escaped later.
    topics = (
        PanelLink(label, topic_index, unescape(anchor_of_heading(label)) if topic_index else "")
        for label in labels
    )
    rows = [_row(_("Topics"), topics)]
    rows.append(_conflicts(relations, places, spec, judge))
    for row in RELATIONS:
        for label, key in ((row.label, row.field), (row.inverse_label, row.inverse)):
            if label and key not in CONFLICTING and (found := relations.of(key)):
                rows.append(_row(_(label), [_to(places.provision(i), i) for i in found]))
    titles = {goal.id: goal.title for goal in spec.goals}
    goals = (
        _to(places.find(TargetKind.GOAL, goal), titles.get(goal, goal)) for goal in relations.of("serves")
    )
    rows.append(_row(_("Serves"), goals))
    rows.append(_outside(spec, relations.id))
    rows.append(_referenced(relations.occurrences, places))
    examples = (_to(places.find(TargetKind.EXAMPLE, e.id), e.title) for e in relations.examples)
    rows.append(_row(_("Examples"), examples))
    # What a prompt says may be offensive, so that its author may show none of it but the title, as on paper.
    prompts = (_to(places.prompt(prompt.id), prompt.title or prompt.id) for prompt in relations.prompts)
    rows.append(_row(_("Prompts"), prompts))
    return tuple(row for row in rows if row.count)


CONFLICTING = frozenset(
    name
    for row in RELATIONS
    for name in (row.field, row.inverse)
    if row.lifts or row.orders or row.field == row.inverse
)
"""The relations of principles that can meet, each way round."""


def _conflicts(relations: Relations, places: SitePlaces, spec: Spec, judge: JudgeOf) -> PanelRow:
    """Return what a provision can conflict with: what goes before it, what it goes before, and what nothing decides."""
    before: list[PanelLink] = []
    behind: list[PanelLink] = []
    open_ones: list[PanelLink] = []
    # What can be no party to a case, a section say, is as the relation has it.
    firm = [row for row in RELATIONS if row.lifts or row.orders]
    above = {name for row in firm for name in relations.of(row.inverse)}
    below = {name for row in firm for name in relations.of(row.field)}
    here = spec.provision_by_id.get(relations.id)
    for name in dict.fromkeys(name for key in sorted(CONFLICTING) for name in relations.of(key)):
        other, link = spec.provision_by_id.get(name), _to(places.provision(name), name)
        if isinstance(here, Principle) and isinstance(other, Principle):
            why, first = judge(here, other)
        else:
            why, first = "", name if name in above else relations.id if name in below else ""
        group = before if first == name else behind if first else open_ones
        group.append(replace(link, note=_("(by {reason})").format(reason=why) if why and first else ""))
    titles = (_("Goes before this"), _("This goes before"), _("Depends on the case"))
    groups = tuple(
        (title, tuple(links))
        for title, links in zip(titles, (before, behind, open_ones), strict=True)
        if links
    )
    count = sum(len(links) for _title, links in groups)
    return PanelRow(_("In a conflict"), count, groups, is_beside=True)


def _outside(spec: Spec, id_: str) -> PanelRow:
    """Return what lies outside the spec, by its relation to a provision, and who decides in place of the spec."""
    titles = {"out-of-scope": _("Decided by"), **{row.key: _(row.label) for row in OUTSIDE}}
    groups = tuple(
        (titles[key], tuple(map(_address_link, addresses)))
        for key, addresses in outside_of(spec, id_).items()
    )
    count = sum(len(links) for _title, links in groups)
    return PanelRow(_("Outside the spec"), count, groups, is_beside=len(groups) > 1)


def _address_link(address: str) -> PanelLink:
    """Return a link that shows where it leads; what browsers should not open is text."""
    is_web = address.startswith(("https://", "http://"))
    plain = address.partition("://")[2].rstrip("/") if is_web else address
    return PanelLink(plain, beside=address if is_web else "", is_outside=True)


def _row(name: str, links: Iterable[PanelLink]) -> PanelRow:
    found = tuple(links)
    return PanelRow(name, len(found), (("", found),))


def _to(place: Place | None, default: str) -> PanelLink:
    if place is None:
        return PanelLink(default)
    return PanelLink(place.title, place.docname, place.anchor, place.level, place.level_title)


def anchor_of_occurrence(found: Occurrence) -> str:
    """Return the anchor of a link in a text to a provision, once a page gives it one."""
    number = f"-{found.number}" if found.number > 1 else ""
    to, origin = (anchor_of(TargetKind.PROVISION, name) for name in (found.target, found.source))
    return f"{to}-from-{origin}{number}" if origin else ""


def _referenced(occurrences: Sequence[Occurrence], places: SitePlaces) -> PanelRow:
    """Return the references by page; those of one text after the first are numbers after its title."""
    pages: dict[str, list[PanelLink]] = {}
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
            link = PanelLink(f"({number})", place.docname, anchor_of_occurrence(found), is_further=True)
        elif example:
            link = PanelLink(_("Example: %s") % example.title, place.docname, anchor_of_occurrence(found))
        else:
            link = PanelLink(
                place.title, place.docname, anchor_of_occurrence(found), place.level, place.level_title
            )
        pages.setdefault(place.docname, []).append(link)
    groups = ((places.page_title(docname), tuple(links)) for docname, links in pages.items())
    return PanelRow(_("Referenced in"), count, tuple(groups))


def panel_html(rows: Sequence[PanelRow], address: AddressOf, extra: str = "", title: str = "") -> str:
    """Return a panel as HTML.

    :param address: of an anchor on a page, from the page that the panel is on
    :param extra: HTML for its foot
    :param title: of its provision, where the panel is not right below that title
    """
    name = _("Connections of “{title}”").format(title=title) if title else _("Connections")
    summary = f'<span class="ps-panel-name">{escape(name)}</span>'
    if not rows:
        none = _("none yet")
        summary += f' <span class="ps-panel-counts">{escape(none)}</span>'
    body = "".join(_row_html(row, address) for row in rows)
    body = f"<dl>{body}</dl>" if body else ""
    return f'<details class="ps-panel no-search"><summary>{summary}</summary>{body}{extra}</details>\n'


def levels_html(badges: Iterable[nodes.Element], index: str, listed: Collection[str]) -> str:
    """Return the boxes that badges open, one for each level: who may override it, and where its principles are listed.

    :param index: address of the index by level, empty where there is none
    :param listed: the levels that it has
    """
    every = escape(_("All principles of this level"))
    boxes: dict[str, str] = {}
    for badge in badges:
        box, title = badge["box"], badge.get("title") or badge.children[-1].astext()
        if box in boxes:
            continue
        group = f"{index}#{anchor_of_heading(title)}"
        link = f'<p><a class="reference internal" href="{group}">{every}</a></p>'
        boxes[box] = (
            f'<div class="ps-says {badge["classes"][-1]} no-search" id="{box}" popover>'
            f'<p id="{box}-words">{escape(badge["says"])}</p>{link if index and badge["level"] in listed else ""}</div>\n'
        )
    return "".join(boxes.values())


def tools_html(ask: str = "", feedback: str = "") -> str:
    """Return the foot of a panel: buttons that a script shows, since they do nothing without one, and links.

    :param ask: the address of the page that answers questions; a script adds one about the principle
    :param feedback: an address where readers can say what they think of it
    """
    tools = (("link", _("Copy link")), ("markdown", _("Copy as Markdown")), ("cite", _("Copy citation")))
    found = [
        f'<button type="button" data-ps="{name}" hidden>{escape(label)}</button>' for name, label in tools
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


def _row_html(row: PanelRow, address: AddressOf) -> str:
    groups = [_group_html(title, links, address) for title, links in row.groups]
    content = row.html or "".join(groups)
    if row.is_beside:
        content = f'<div class="ps-near">{"".join(f"<div>{group}</div>" for group in groups)}</div>'
    if row.steps:
        steps = "".join(_step_html(step, address) for step in row.steps)
        content = f'<table class="ps-history"><tbody>{steps}</tbody></table>'
    count = f' <span class="ps-panel-counts">{row.count}</span>' if row.count else ""
    return f"<dt>{escape(row.name)}{count}</dt><dd>{content}</dd>"


def _step_html(step: Step, address: AddressOf) -> str:
    lines = "".join(f"<li>{html_safe(line)}</li>" for line in step.lines)
    change = _link_html(step.change, address) if step.change.text else ""
    place = f' data-ps-step="{step.place}"{" data-ps-then" * step.has_text}' if step.place >= 0 else ""
    return (
        f'<tr{place}><th scope="row">{_link_html(step.release, address)}</th>'
        f"<td>{change}{lines and f'<ul>{lines}</ul>'}</td></tr>"
    )


_MOST_LINKS = 5
"""How many links a line shows before it folds the others."""


def _group_html(title: str, links: Sequence[PanelLink], address: AddressOf) -> str:
    head = f'<p class="ps-panel-page">{escape(title)}</p>' if title else ""
    items = [*_items_html(links, address)]
    visible = f"{head}<ul>{''.join(items[:_MOST_LINKS])}</ul>"
    if len(items) <= _MOST_LINKS + 1:
        return f"{head}<ul>{''.join(items)}</ul>"
    more = escape(_("{count} more").format(count=len(items) - _MOST_LINKS))
    return f"{visible}<details><summary>{more}</summary><ul>{''.join(items[_MOST_LINKS:])}</ul></details>"


def _items_html(links: Sequence[PanelLink], address: AddressOf) -> Iterator[str]:
    """Yield one item for each text, the numbers of further references in it."""
    item = ""
    for link in links:
        if item and not link.is_further:
            yield f"<li>{item}</li>"
            item = ""
        item += (" " if item else "") + _link_html(link, address)
    if item:
        yield f"<li>{item}</li>"


def dated(html: str) -> str:
    """Return HTML without tags in which no date is broken at its hyphens."""
    return _DATE.sub(r'<span class="ps-date">\g<0></span>', html)


def _link_html(link: PanelLink, address: AddressOf) -> str:
    level = level_html(link.level, link.level_title) if link.level else ""
    text = f"<bdi>{dated(escape(link.text))}</bdi>{level}"
    note = f" {dated(escape(link.note))}" if link.note else ""
    if link.beside:
        release = f' data-ps-release="{escape(link.release, quote=True)}"' if link.release else ""
        kind = "reference external" if link.is_outside else "reference"
        return f'<a class="{kind}" href="{escape(link.beside, quote=True)}"{release}>{text}</a>{note}'
    if not link.anchor:
        return text + note
    target = escape(address(link.docname, link.anchor), quote=True)
    return f'<a class="reference internal" href="{target}">{text}</a>{note}'
