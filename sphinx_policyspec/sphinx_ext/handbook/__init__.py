"""A web site of any spec, with no Sphinx project of one's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup

from sphinx_policyspec.sphinx_ext.handbook.pages import SitePageParser

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["setup"]

_TEXTS = ("author", "copyright", "docstitle", "project", "release", "shorttitle", "version")
"""What templates get of the whole site."""
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register what makes the pages, in addition to the extension."""
    app.setup_extension("sphinx_policyspec")
    # A graph holds words in whatever markup they were written.
    app.setup_extension("myst_parser")
    app.add_source_parser(SitePageParser)
    # Before themes make something of them, and once more for those that themes take from the configuration.
    app.connect("html-page-context", _escape_texts, priority=1)
    app.connect("html-page-context", _escape_texts, priority=999)
    # When Sphinx has collected them.
    app.connect("doctree-read", _part_tags, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _escape_texts(
    _app: Sphinx, _pagename: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Let templates write texts of the spec as text: in a project of one's own they are HTML, which Sphinx does not escape."""
    for name in _TEXTS:
        if isinstance(text := context.get(name), str):
            context[name] = Markup.escape(text)


def _part_tags(app: Sphinx, _doctree: nodes.document) -> None:
    """Put a character without width into what would be a tag in the title of a page: some themes write those as HTML."""
    for titles in (app.env.titles, app.env.longtitles):
        title = titles.get(app.env.docname)
        for text in list(title.findall(nodes.Text)) if title else ():
            text.parent.replace(text, nodes.Text(_TAG.sub("<\N{WORD JOINER}", text.astext())))
