"""The PDF handbook: pages as Typst code, compiled by the ``typst`` package.

Sphinx loads this by the name of the builder, an entry point; other builders do without it.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from sphinx_policyspec.sphinx_ext.typst.builder import TypstBuilder, fail_without_pdf

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the builder."""
    app.setup_extension("sphinx_policyspec")
    app.add_builder(TypstBuilder)
    app.connect("build-finished", fail_without_pdf)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
