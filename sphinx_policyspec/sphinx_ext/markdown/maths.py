"""LaTeX maths: what of it is a formula, and formulas as MathML, which browsers show without script and network."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.locale import get_translation
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

__all__ = ["RENDERER", "is_plain_math", "mathml", "register_maths", "shown_math"]

_word_of_sphinx = get_translation("sphinx")

RENDERER = "policyspec"
"""Name of the renderer, for ``html_math_renderer``."""

_LINES = re.compile(r"(\\(?:begin|end)\{)(?:align|eqnarray|flalign|gather|multline|split)\*?\}")
_LINE = re.compile(r"\\(?:begin|end)\{(?:displaymath|equation)\*?\}")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMAND = re.compile(r"\\(?:(?P<begin>begin|end)\{(?P<name>[a-z]+)\*?\}|(?P<word>[a-zA-Z@]+)|.)", re.DOTALL)
_ENVIRONMENTS = _names(
    "align aligned alignat array bmatrix Bmatrix cases displaymath eqnarray equation flalign gather "
    "gathered matrix multline pmatrix smallmatrix split vmatrix Vmatrix"
)
_WORDS_OF_MATH = _names(
    "left right middle over frac dfrac tfrac cfrac binom dbinom tbinom sqrt text textrm textbf textit "
    "mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak boldsymbol mbox operatorname overset "
    "underset stackrel substack limits nolimits not displaystyle textstyle scriptstyle scriptscriptstyle "
    "big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr boxed phantom hphantom vphantom "
    "overline underline quad qquad pmod bmod mod pod hspace hline dots ldots cdots vdots ddots prime "
    "lbrace rbrace lbrack rbrack langle rangle lvert rvert lVert rVert vert Vert mid nmid to gets ne neq "
    "le ge leq geq land lor lnot iff implies impliedby colon nonumber notag lceil rceil lfloor rfloor hat "
    "bar vec dot ddot tilde widehat widetilde check breve acute grave mathring"
)
_TABLES_OF_MATH = (
    "letters ordinary greek_capitals functions modulo_functions math_alphabets stretchables operators thick_operators "
    "small_operators spaces accents over under matrices layout_styles fractions bigdelimiters"
)


def is_plain_math(tex: str) -> bool:
    r"""Tell whether TeX holds nothing but formulas: no command that reads, writes, defines or runs.

    TeX may write a command with ``^^``, too, and names one with ``\begin``.
    """
    if "^^" in tex or "%" in _COMMAND.sub("", tex):
        return False
    return all(map(_is_plain_command, _COMMAND.finditer(tex)))


def _is_plain_command(found: re.Match[str]) -> bool:
    if found["begin"]:
        return found["name"] in _ENVIRONMENTS
    return found["word"] is None or found["word"] in _words_of_math()


@cache
def _words_of_math() -> frozenset[str]:
    known = (getattr(latex2mathml, name, ()) for name in _TABLES_OF_MATH.split())
    return _WORDS_OF_MATH.union(*known)


def shown_math(tex: str, *, as_block: bool) -> nodes.Element:
    """Return a formula, or code where it would do more than be one."""
    if not is_plain_math(tex):
        return nodes.literal_block(tex, tex) if as_block else nodes.literal(tex, tex)
    if not as_block:
        return nodes.math(tex, tex)
    return nodes.math_block(tex, tex, **{"nowrap": False, "no-wrap": False, "number": None, "label": None})


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
