"""A handbook of several releases: from each page to the same in the others, and a word on pages of old ones."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from sphinx.locale import get_translation

from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.given import Edition, Editions

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx


__all__ = ["show_releases"]

_ = get_translation("sphinx_policyspec")

_START = "index"


def show_releases(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    """Put the way to the other releases before the text of a page, and on an old one what is the newest."""
    given = domain_of(app.env).given
    if given.editions is None or "body" not in context:
        return
    page = given.site.pages.get(pagename) if given.site else None
    # The first page leads to first pages, whatever else stands on it.
    ids = [provision.id for provision in page.provisions] if page and pagename != _START else ()
    context["body"] = _releases_html(given.editions, pagename, ids) + context["body"]


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
