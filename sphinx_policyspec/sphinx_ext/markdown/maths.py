"""LaTeX maths as MathML, which browsers show without a script and without the network."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

__all__ = ["RENDERER", "register_maths"]

RENDERER = "policyspec"
"""Name of the renderer, for ``html_math_renderer``."""


def register_maths(app: Sphinx) -> None:
    """Offer the renderer; a project that sets ``html_math_renderer`` to its name uses it."""
    app.add_html_math_renderer(RENDERER, inline_renderers=(_inline, None), block_renderers=(_block, None))


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math") + _mathml(node.astext()) + "</span>")
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    body = _mathml(node.astext(), as_block=True)
    self.body.append(self.starttag(node, "div", "", CLASS="math") + body + "</div>\n")
    raise nodes.SkipNode


def _mathml(tex: str, *, as_block: bool = False) -> str:
    """Return MathML, or the TeX itself where it holds a command that is not known."""
    try:
        return str(tex2mathml(tex, as_block=as_block))
    except (MathError, IndexError, ValueError, AttributeError, TypeError, RecursionError):
        # The converter is lenient with what it knows and raises what it likes for the rest.
        return f"<code>{escape(tex)}</code>"
