"""LaTeX maths as MathML, which browsers show without a script and without the network."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.locale import get_translation
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

__all__ = ["RENDERER", "mathml", "register_maths"]

_word_of_sphinx = get_translation("sphinx")

RENDERER = "policyspec"
"""Name of the renderer, for ``html_math_renderer``."""

_LINES = re.compile(r"(\\(?:begin|end)\{)(?:align|eqnarray|flalign|gather|multline|split)\*?\}")
_LINE = re.compile(r"\\(?:begin|end)\{(?:displaymath|equation)\*?\}")


def register_maths(app: Sphinx, config: Config) -> None:
    """Register the renderer where it is asked for: Sphinx takes a renderer that is there for a choice."""
    if config.html_math_renderer == RENDERER:
        app.add_html_math_renderer(RENDERER, inline_renderers=(_inline, None), block_renderers=(_block, None))


def mathml(tex: str, *, as_block: bool) -> str:
    r"""Return LaTeX maths as MathML; equations that an empty line or ``\\`` divides stand below each other.

    Raises :class:`MathError` where it holds a command that is not known.
    """
    known = _LINES.sub(r"\1aligned}", _LINE.sub("", tex))
    equations = [part for part in known.split("\n\n") if part.strip()]
    try:
        return str(tex2mathml("\\\\\n".join(equations), as_block=as_block))
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError) as error:
        # The converter is lenient with what it knows and raises what it likes for the rest.
        raise MathError(str(error)) from error


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math") + _shown(node, as_block=False) + "</span>")
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _word_of_sphinx("Link to this equation"))
        self.body.append("</span>")
    self.body.append(f"{_shown(node, as_block=True)}</div>\n")
    raise nodes.SkipNode


def _shown(node: nodes.Element, *, as_block: bool) -> str:
    """Return MathML, or the TeX itself where it cannot be converted."""
    try:
        return mathml(node.astext(), as_block=as_block)
    except MathError:
        return f"<code>{escape(node.astext())}</code>"
