"""What the panel of a principle tells of its past: the releases in which it changed, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sphinx.locale import get_translation

from sphinx_policyspec.compare import Weight
from sphinx_policyspec.compare.history import Moment, Timeline
from sphinx_policyspec.exports.diff.html import anchor_of_group
from sphinx_policyspec.sphinx_ext.releases.asking import PAGE
from sphinx_policyspec.sphinx_ext.releases.changes import SIGNS, name_of_old, told, weights_in_short
from sphinx_policyspec.sphinx_ext.releases.editions import Editions
from sphinx_policyspec.sphinx_ext.web.panels import Link, Row, Step

__all__ = ["other_releases", "past_rows"]

_ = get_translation("sphinx_policyspec")

_FEW = 3
"""Releases, the present one included, from which on there is more to tell than what changed last."""


def past_rows(
    timeline: Timeline,
    id_: str,
    level_title: Callable[[str], str],
    *,
    has_page: bool,
    editions: Editions | None = None,
) -> tuple[Row, ...]:
    """Return the lines that tell of a provision's past, the last release first; none where nothing changed.

    :param id_: its id in the last release
    :param level_title: gives the name of a level
    :param has_page: whether a page of the site tells what changed since the release before the last
    :param editions: the sites of the releases, which have such pages, too
    """
    moments = timeline.moments(id_)
    last = len(timeline.specs) - 1
    changed = [moment for moment in reversed(moments) if moment.changes]
    if not changed:
        return ()

    def named(moment: Moment) -> str:
        if not moment.version:
            return _("an older release")
        return name_of_old(moment.version, timeline.specs[last].version)

    def link(moment: Moment, note: str = "", level: str = "") -> Link:
        name = (moment.version or _("this release")) if moment.place == last else named(moment)
        anchor = anchor_of_group(moment.id)
        leads = has_page and moment.place == last and bool(moment.changes)
        beside = (
            editions.every[moment.place] if editions and moment.place != last and moment.changes else None
        )
        return Link(
            name,
            PAGE if leads else "",
            anchor if leads else "",
            level,
            level_title(level),
            note=note,
            beside=beside.address(PAGE, anchor) if beside else "",
        )

    links = tuple(link(moment, weights_in_short(moment.changes)) for moment in changed)
    rows = [Row(_("Changed in"), len(links), (("", links),))]
    if len(timeline.specs) >= _FEW:
        shown = [moment for moment in reversed(moments) if moment.changes or moment is moments[0]]
        steps = tuple(
            Step(
                link(moment, "" if moment.changes else _("already there"), moment.level),
                _said(moment),
            )
            for moment in shown
        )
        rows.append(Row(_("History"), 0, steps=steps))
    return tuple(rows)


def other_releases(editions: Editions, id_: str, level_title: Callable[[str], str]) -> Row:
    """Return the line that leads to a provision in the other releases of a handbook, the last first.

    :param id_: its id in the release that is built
    """
    title = editions.timeline.specs[editions.place].provision_by_id[id_].title
    links = tuple(
        Link(
            editions.every[moment.place].name,
            level=moment.level,
            level_title=level_title(moment.level),
            note="" if moment.title == title else f"“{moment.title}”",
            beside=address,
            release=editions.every[moment.place].name,
        )
        for moment, address in editions.others(id_)
    )
    return Row(_("In other releases"), len(links), (("", links),))


def _said(moment: Moment) -> tuple[str, ...]:
    """Return what changed in a release, the weightiest first; what leaves the norm alone only as a number."""
    return tuple(_lines(moment))


def _lines(moment: Moment) -> Iterator[str]:
    for weight in Weight:
        changes = [change for change in moment.changes if change.weight is weight]
        if weight is Weight.EDITORIAL and len(changes) > 1:
            yield weights_in_short(changes)
        else:
            yield from (f"{SIGNS[weight]} {weight.value}: {told(change)}" for change in changes)
