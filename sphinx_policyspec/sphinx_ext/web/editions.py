"""A handbook of several releases: from each page to the same in the others, and a word on pages of old ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

    from sphinx_policyspec.compare.history import Moment, Timeline

__all__ = ["Edition", "Editions", "show_releases"]

_ = get_translation("sphinx_policyspec")

_START = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One of the releases: a site in a folder beside those of the others.

    :param name: of the release, as readers see it
    :param pages: names of its pages, without suffix
    :param page_of: the page that each provision stands on, by id
    """

    name: str
    folder: str
    pages: frozenset[str]
    page_of: Mapping[str, str]

    def address(self, page: str, anchor: str = "") -> str:
        """Return the address of a page, or of an anchor on it, as seen from a page of another release."""
        return f"../{self.folder}/{page}.html" + (f"#{anchor}" if anchor else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editions:
    """The releases of a handbook, seen from one of them.

    :param every: from the first to the last
    :param timeline: the same, with what changed between them
    :param place: of the one that is built
    """

    every: tuple[Edition, ...]
    timeline: Timeline
    place: int

    @property
    def past(self) -> Timeline:
        """The releases up to the one that is built."""
        return replace(
            self.timeline,
            specs=self.timeline.specs[: self.place + 1],
            diffs=self.timeline.diffs[: self.place],
        )

    def others(self, id_: str) -> Iterator[tuple[Moment, str]]:
        """Yield a provision of this release in each other one that has it, the last first, with its address."""
        for moment in reversed(self.timeline.moments(id_, self.place)):
            edition = self.every[moment.place]
            if moment.place != self.place and moment.id in edition.page_of:
                anchor = anchor_of(TargetKind.PROVISION, moment.id)
                yield moment, edition.address(edition.page_of[moment.id], anchor)

    def same_page(self, name: str, ids: Iterable[str]) -> dict[int, str]:
        """Return the names of the pages of the other releases that come nearest to a page of this one.

        Those without one are left out.

        :param ids: of the provisions on the page, in order; what has none is found by its own name
        """
        found: dict[int, str] = {}
        shown = False
        for id_ in ids:
            shown = True
            for place, other in self.timeline.ids(id_, self.place).items():
                if page := self.every[place].page_of.get(other):
                    found.setdefault(place, page)
        if not shown:
            found = {place: name for place, edition in enumerate(self.every) if name in edition.pages}
        return found


def show_releases(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    """Put the way to the other releases before the text of a page, and on an old one what is the newest."""
    domain = domain_of(app.env)
    if domain.editions is None or "body" not in context:
        return
    page = domain.site.pages.get(pagename) if domain.site else None
    # The first page leads to first pages, whatever else stands on it.
    ids = [provision.id for provision in page.provisions] if page and pagename != _START else ()
    context["body"] = _releases_html(domain.editions, pagename, ids) + context["body"]


def _releases_html(editions: Editions, pagename: str, ids: Sequence[str]) -> str:
    pages = editions.same_page(pagename, ids)
    current, newest = editions.every[editions.place], editions.every[-1]
    items = "".join(
        f"<li>{_item_html(edition, pages.get(place, ''), is_current=edition is current)}</li>"
        for place, edition in reversed(list(enumerate(editions.every)))
    )
    shown = _("Release %s") if current is newest else _("Release %s (old)")
    summary = escape(shown % current.name)
    label = escape(_("Releases"), quote=True)
    switch = (
        f'<nav class="ps-releases no-search" aria-label="{label}">'
        f"<details><summary>{summary}</summary><ul>{items}</ul></details></nav>\n"
    )
    if current is newest:
        return switch
    page = pages.get(len(editions.every) - 1, "")
    say = _("see the same place there") if page else _("see its first page")
    old = escape(_("This is an old release."))
    new = escape(_("The newest is %s:") % newest.name)
    link = _link_html(newest, page, say)
    return (
        f'{switch}<p class="ps-old-release no-search" role="note"><strong>{old}</strong> {new} {link}.</p>\n'
    )


def _item_html(edition: Edition, page: str, *, is_current: bool) -> str:
    if is_current:
        return f'<span aria-current="true">{escape(edition.name)}</span>'
    note = "" if page else " ({})".format(_("first page"))
    return _link_html(edition, page, edition.name) + escape(note)


def _link_html(edition: Edition, page: str, text: str) -> str:
    address = escape(edition.address(page or _START), quote=True)
    return f'<a href="{address}" data-ps-release="{escape(edition.name, quote=True)}">{escape(text)}</a>'
