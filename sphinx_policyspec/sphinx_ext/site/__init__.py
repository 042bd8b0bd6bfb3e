"""A web site of any spec, with no Sphinx project of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx_policyspec.sphinx_ext.site.parser import SitePageParser

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register what makes the pages, in addition to the extension."""
    app.setup_extension("sphinx_policyspec")
    # A graph holds words in whatever markup they were written.
    app.setup_extension("myst_parser")
    app.add_source_parser(SitePageParser)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
