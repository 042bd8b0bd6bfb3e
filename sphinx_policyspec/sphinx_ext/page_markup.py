"""In which markup a page is written, and whether its lines are known: asked of its parser, not of its suffix."""

from __future__ import annotations

from importlib import import_module
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


def counts_lines(env: BuildEnvironment, text: str) -> bool:
    """Tell whether the parser of the page being read, which has this text, counts the lines of its file.

    Those of notebooks count lines within cells, and a parser that turns another language into reStructuredText
    counts the lines of what it made.
    """
    if isinstance(env.parser, MystParser):
        suffix = env.doc2path(env.docname).suffix
        formats = {_NOTEBOOK, *getattr(env.config, "nb_custom_formats", {})}
        return suffix not in formats and not _is_notebook(env, text)
    return _RST in env.parser.supported


def _is_notebook(env: BuildEnvironment, text: str) -> bool:
    """Tell whether MyST-NB takes a page of Markdown for a notebook."""
    if not hasattr(env, "mystnb_config"):
        return False
    return bool(import_module("myst_nb.core.read").is_myst_markdown_notebook(text))
