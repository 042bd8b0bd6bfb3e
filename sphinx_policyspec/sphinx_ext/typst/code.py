"""Typst code: the one place that writes texts, calls and formulas, so that nothing in a text is ever code."""

from __future__ import annotations

import html
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence

from docutils.utils.math import MathError

from sphinx_policyspec.sphinx_ext.markdown.maths import mathml

__all__ = ["array", "block", "call", "content", "equation", "is_right_to_left", "label", "string", "words"]


_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def string(text: str) -> str:
    """Return a string literal, in which nothing is markup; control characters and surrogates are replaced."""
    return '"' + "".join(_ESCAPED.get(char) or _shown(char) for char in text) + '"'


def _shown(char: str) -> str:
    return _REPLACEMENT if unicodedata.category(char) in {"Cc", "Cs"} else char


def words(text: str) -> str:
    """Return running text as content, with each run of white space as one space."""
    return f"#{string(_SPACES.sub(' ', text))};" if text else ""


def content(inner: str) -> str:
    """Return a content block, as an argument."""
    return f"[{inner}]"


def call(name: str, *arguments: str, **named: str) -> str:
    """Return a call inside content; arguments are code already."""
    given = [*arguments, *(f"{key.replace('_', '-')}: {value}" for key, value in named.items())]
    return f"#{name}({', '.join(given)});"


def block(name: str, *arguments: str, **named: str) -> str:
    """Return a call that makes a block, which stands between paragraphs on a line of its own."""
    return f"\n\n{call(name, *arguments, **named)}\n\n"


def array(values: Iterable[str]) -> str:
    """Return an array; one value makes one too."""
    return f"({''.join(f'{value}, ' for value in values)})"


def label(name: str) -> str:
    """Return a label for what stands before it."""
    return f"#label({string(name)});"


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction is written from right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)\w+;")
_FENCES = frozenset("([{|\N{LEFT ANGLE BRACKET}\N{LEFT CEILING}\N{LEFT FLOOR}\N{DOUBLE VERTICAL LINE}")
_LINES = {
    "\N{MODIFIER LETTER MACRON}": "math.overline",
    "_": "math.overline",
    "\N{OVERLINE}": "math.overline",
}
_BRACES = {"\N{TOP CURLY BRACKET}": "math.overbrace", "\N{BOTTOM CURLY BRACKET}": "math.underbrace"}
_ACCENTS = {
    "\N{MODIFIER LETTER CIRCUMFLEX ACCENT}": "\N{CIRCUMFLEX ACCENT}",
    "\N{SMALL TILDE}": "~",
    "\N{DOT ABOVE}": "\N{DOT ABOVE}",
    "\N{DIAERESIS}": "\N{DIAERESIS}",
    "\N{RIGHTWARDS ARROW}": "\N{RIGHTWARDS ARROW}",
    "\N{CARON}": "\N{CARON}",
    "\N{BREVE}": "\N{BREVE}",
}
"""What docutils puts over a letter, and the accent that Typst draws for it."""


def equation(tex: str, *, as_block: bool) -> str:
    """Return an equation, read aloud as its TeX; the TeX itself where it holds a command that is not known."""
    if not tex.strip():
        return ""
    try:
        body = _row(_parsed(mathml(tex, as_block=as_block)))
    # What the converter makes of odd input need not be well-formed.
    except (MathError, ET.ParseError, IndexError, ValueError, AttributeError, TypeError, RecursionError):
        return call("raw", string(tex), block="true" if as_block else "false")
    return call("math.equation", body, block="true" if as_block else "false", alt=string(tex))


def _parsed(xml: str) -> ET.Element:
    known = _ENTITY.sub(lambda match: html.unescape(match[0]), xml)
    return ET.fromstring(known.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))  # noqa: S314 - docutils wrote it


def _row(element: ET.Element) -> str:
    """Return what stands side by side in an element; brackets around it grow with it."""
    children = [*element]
    # Side by side in content, as Typst's own syntax has them: joined by code they would be words.
    code = content("".join(f"#{code};" for child in children if (code := _code(child))))
    if element.get("class") == "binom" and len(children) > 1:
        return f"math.binom({', '.join(_code(part) or '[]' for part in children[1])})"
    if element.tag == "mrow" and children and children[0].tag == "mo":
        first = children[0]
        if (first.text or "").strip() in _FENCES and first.get("stretchy") != "false":
            return f"math.lr({code})"
    return code if children else "[]"


def _code(element: ET.Element) -> str:
    """Return the code of one element; of one that is not known, what it holds."""
    children = [*element]
    if maker := _MAKERS.get(element.tag):
        return maker(element)
    if (places := _PLACES.get(element.tag)) and len(children) == len(places) + 1:
        return _attached(element, places)
    if children:
        return _row(element)
    return string(element.text or "") if (element.text or "").strip() else ""


def _attached(element: ET.Element, places: Sequence[str]) -> str:
    """Return a base with what stands above, below or beside it."""
    first, *others = element
    base = _code(first) or "[]"
    if element.tag in {"mover", "munder"}:
        mark = (others[0].text or "").strip()
        if maker := (_LINES | _BRACES).get(mark):
            return f"{maker}({base})"
        if accent := _ACCENTS.get(mark):
            return f"math.accent({base}, {string(accent)})"
    if element.tag.startswith(("mover", "munder")):
        has_name = len((first.text or "").strip()) > 1
        if has_name:
            base = f"math.op({string((first.text or '').strip())}, limits: true)"
        elif first.get("movablelimits") != "true":
            base = f"math.limits({base})"
    named = (f"{place}: {_code(part) or '[]'}" for place, part in zip(places, others, strict=True))
    return f"math.attach({base}, {', '.join(named)})"


def _identifier(element: ET.Element) -> str:
    text = (element.text or "").strip()
    if element.get("mathvariant") == "normal":
        return f"math.upright({string(text)})"
    return _named(text)


def _operator(element: ET.Element) -> str:
    return _named((element.text or "").strip())


def _named(text: str) -> str:
    """Return a letter or sign, or a name such as that of a function; what cannot be seen is left out."""
    if not text or text == "\N{FUNCTION APPLICATION}":
        return ""
    return f"symbol({string(text)})" if len(text) == 1 else f"math.op({string(text)})"


def _words(element: ET.Element) -> str:
    return string(element.text) if element.text else ""


def _fraction(element: ET.Element) -> str:
    above, below = (_code(child) or "[]" for child in element)
    if element.get("linethickness", "").startswith("0"):
        return f"math.mat(delim: none, ({above},), ({below},))"
    return f"math.frac({above}, {below})"


def _root(element: ET.Element) -> str:
    radicand, *index = (_code(child) or "[]" for child in element)
    return f"math.root({index[0]}, {radicand})" if index else f"math.sqrt({radicand})"


def _square_root(element: ET.Element) -> str:
    return f"math.sqrt({_row(element)})"


def _table(element: ET.Element) -> str:
    rows = (array(_row(cell) for cell in row if cell.tag == "mtd") for row in element if row.tag == "mtr")
    return f"math.mat(delim: none, {', '.join(rows)})"


def _space(element: ET.Element) -> str:
    width = element.get("width", "")
    return f"h({width})" if width.removesuffix("em").lstrip("-").replace(".", "", 1).isdigit() else "h(0.3em)"


_PLACES = {
    "msub": ("b",),
    "msup": ("t",),
    "msubsup": ("b", "t"),
    "munder": ("b",),
    "mover": ("t",),
    "munderover": ("b", "t"),
}
"""What stands where, after the base."""

_MAKERS: dict[str, Callable[[ET.Element], str]] = {
    "mi": _identifier,
    "mo": _operator,
    "mn": _words,
    "mtext": _words,
    "mfrac": _fraction,
    "mroot": _root,
    "msqrt": _square_root,
    "mtable": _table,
    "mspace": _space,
}
