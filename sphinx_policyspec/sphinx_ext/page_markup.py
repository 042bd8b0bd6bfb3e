"""In which markup a page is written, and whether its lines are known: asked of its parser, not of its suffix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myst_parser.parsers.sphinx_ import MystParser

from sphinx_policyspec.model import Markup

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["counts_lines", "markup_of"]

_NOTEBOOK = ".ipynb"
_RST = "restructuredtext"


def markup_of(env: BuildEnvironment) -> Markup:
    """Return the markup of the page being read; parsers of other languages make reStructuredText of it at best."""
    return Markup.MYST if isinstance(env.parser, MystParser) else Markup.RST


def counts_lines(env: BuildEnvironment) -> bool:
    """Tell whether the parser of the page being read counts the lines of its file.

    Those of notebooks count lines within cells, and a parser that turns another language into reStructuredText
    counts the lines of what it made.
    """
    if isinstance(env.parser, MystParser):
        suffix = env.doc2path(env.docname).suffix
        return suffix != _NOTEBOOK and suffix not in getattr(env.config, "nb_custom_formats", {})
    return _RST in env.parser.supported
