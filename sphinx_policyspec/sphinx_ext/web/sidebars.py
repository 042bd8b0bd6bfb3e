"""The words for levels in navigation that themes make of all pages: sidebars and lists of pages below."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.web.places import Place, level_html

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder

__all__ = ["LevelsByAddress"]

_ENTRY = re.compile(
    r'(<a class="(?=[^"]*\breference internal\b)[^"]*+" href="([^"]*)">)((?:(?!<a\b).)*?)(</a>)', re.DOTALL
)

_LIST = re.compile(r'<div class="toctree-wrapper\b.*?(?:</div>|\Z)', re.DOTALL)


class LevelsByAddress:
    """Finds the principle that an address inside a site leads to.

    :param levels: principles by anchor
    :param pages: principles that are a page of their own, by page
    """

    def __init__(self, builder: Builder, levels: Mapping[str, Place], pages: Mapping[str, Place]) -> None:
        self._builder = builder
        self._levels = levels
        self._pages = {_plain(builder.get_target_uri(name)): place for name, place in pages.items()}

    @classmethod
    def of(cls, app: Sphinx) -> LevelsByAddress:
        """Return what the pages of a project declare."""
        domain, titles = domain_of(app.env), app.env.titles
        levels: dict[str, Place] = {}
        pages: dict[str, Place] = {}
        for docname, page in domain.pages.items():
            of_page = [
                item for item in page.objects if item.kind is TargetKind.PROVISION and not item.is_alias
            ]
            for item in of_page:
                if item.level:
                    level = domain.title_of_level(item.level)
                    levels[item.anchor] = Place(docname, item.anchor, item.title, item.level, level)
            first = levels.get(of_page[0].anchor) if of_page else None
            if first and docname in titles and titles[docname].astext() == first.title:
                pages[docname] = first
        return cls(app.builder, levels, pages)

    def of_anchor(self, anchor: str) -> Place | None:
        """Return the principle that has an anchor."""
        return self._levels.get(anchor)

    def find(self, address: str, docname: str) -> Place | None:
        """Return the principle that an address on a page leads to."""
        path, _, anchor = address.partition("#")
        if anchor:
            return self._levels.get(anchor)
        if not self._pages or "://" in path:
            return None
        here = self._builder.get_target_uri(docname)
        return self._pages.get(_plain(posixpath.join(posixpath.dirname(here), path) if path else here))

    def marked(self, html: str, docname: str) -> str:
        """Return navigation with the word for its level behind each principle."""

        def with_level(match: re.Match[str]) -> str:
            place = self.find(match[2], docname)
            if place is None or "ps-level-word" in match[3]:
                return match[0]
            return f"{match[1]}{match[3]}{level_html(place.level, place.level_title)}{match[4]}"

        return _ENTRY.sub(with_level, html)

    def show(self, context: dict[str, Any], docname: str) -> None:
        """Put the words into lists of pages, and let templates and themes that ask for navigation get them, too."""
        if body := context.get("body"):
            # Sphinx resolves these lists when the document is out of our hands.
            context["body"] = _LIST.sub(lambda found: self.marked(found[0], docname), body)
        render = context.get("toctree")
        if render is not None:
            context["toctree"] = lambda **options: self.marked(render(**options), docname)


def _plain(path: str) -> str:
    return posixpath.normpath(path)
