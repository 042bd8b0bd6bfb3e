"""Typst code: the one place that writes texts, calls and formulas, so that nothing in a text is ever code; and code → PDF: fonts, pictures, and errors in words of the spec."""

from __future__ import annotations

import html
import os
import re
import shutil
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from sphinx.builders import Builder
from sphinx.util import logging

from sphinx_policyspec.errors import MissingToolError, PdfError
from sphinx_policyspec.sphinx_ext.nodes.writers import mathml

_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def string(text: str) -> str:
    """Return a string literal, in which nothing is markup; control characters and surrogates are replaced."""
    return '"' + "".join(_ESCAPED.get(char) or _printable(char) for char in text) + '"'


def _printable(char: str) -> str:
    return _REPLACEMENT if unicodedata.category(char) in {"Cc", "Cs"} else char


def words(text: str) -> str:
    """Return running text as content, with each run of white space as one space."""
    return f"#{string(_SPACES.sub(' ', text))};" if text else ""


def content(inner: str) -> str:
    """Return a content block, as an argument."""
    return f"[{inner}]"


def call(name: str, *arguments: str, **options: str) -> str:
    """Return a call inside content; arguments are code already."""
    parts = [*arguments, *(f"{key.replace('_', '-')}: {value}" for key, value in options.items())]
    return f"#{name}({', '.join(parts)});"


def block(name: str, *arguments: str, **options: str) -> str:
    """Return a call that makes a block, which is between paragraphs on a line of its own."""
    return f"\n\n{call(name, *arguments, **options)}\n\n"


def array(values: Iterable[str]) -> str:
    """Return an array; one value makes one too."""
    return f"({''.join(f'{value}, ' for value in values)})"


def label(name: str) -> str:
    """Return a label for what is before it."""
    return f"#label({string(name)});"


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is written from right to left."""
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
    """Return what is side by side in an element; brackets around it grow with it."""
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
    """Return the code of one element; for one that is not known, the code of its content."""
    children = [*element]
    if maker := _MAKERS.get(element.tag):
        return maker(element)
    if (places := _PLACES.get(element.tag)) and len(children) == len(places) + 1:
        return _attached(element, places)
    if children:
        return _row(element)
    return string(element.text or "") if (element.text or "").strip() else ""


def _attached(element: ET.Element, places: Sequence[str]) -> str:
    """Return a base with what is above, below or beside it."""
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
    attachments = (f"{place}: {_code(part) or '[]'}" for place, part in zip(places, others, strict=True))
    return f"math.attach({base}, {', '.join(attachments)})"


def _identifier(element: ET.Element) -> str:
    text = (element.text or "").strip()
    if element.get("mathvariant") == "normal":
        return f"math.upright({string(text)})"
    return _symbol(text)


def _symbol(text: str) -> str:
    """Return a letter or sign, or a name such as that of a function; what cannot be seen is left out."""
    if not text or text == "\N{FUNCTION APPLICATION}":
        return ""
    return f"symbol({string(text)})" if len(text) == 1 else f"math.op({string(text)})"


def _fraction(element: ET.Element) -> str:
    above, below = (_code(child) or "[]" for child in element)
    if element.get("linethickness", "").startswith("0"):
        return f"math.mat(delim: none, ({above},), ({below},))"
    return f"math.frac({above}, {below})"


def _root(element: ET.Element) -> str:
    radicand, *index = (_code(child) or "[]" for child in element)
    return f"math.root({index[0]}, {radicand})" if index else f"math.sqrt({radicand})"


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
"""What is where, after the base."""

_MAKERS: dict[str, Callable[[ET.Element], str]] = {
    "mi": _identifier,
    "mo": lambda element: _symbol((element.text or "").strip()),
    **dict.fromkeys(("mn", "mtext"), lambda element: string(element.text) if element.text else ""),
    "mfrac": _fraction,
    "mroot": _root,
    "msqrt": lambda element: f"math.sqrt({_row(element)})",
    "mtable": _table,
    "mspace": _space,
}


_LOGGER = logging.getLogger(__name__)
_FONT_FILES = frozenset({".otc", ".otf", ".ttc", ".ttf"})
_NO_GLYPH = re.compile(r'the text `"(?P<text>(?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_MOST_LETTERS = 8
"""How many letters without a font an error names; one font often has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    """Fonts for letters that the fonts inside Typst lack.

    :param families: names, in the order in which they are tried
    :param folder: where files of the project are, if it gives any
    :param uses_system: fonts of the machine are searched
    :param unknown: names that no font has
    """

    families: tuple[str, ...]
    folder: Path | None
    uses_system: bool
    unknown: tuple[str, ...] = ()

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of Typst for them."""
        paths = [self.folder] if self.folder else []
        return {"font_paths": paths, "ignore_system_fonts": not self.uses_system}

    @classmethod
    def of(cls, fonts: Iterable[str], source: Path, scratch: Path) -> Fonts:
        """Return the fonts that a project names, by family or as files below its folder.

        Where it names none, those of the machine are used; where it names some, no others are, so that
        two machines make the same PDF.
        """
        typst = require_typst()
        families: list[str] = []
        folder = scratch / "fonts"
        names = [*fonts]
        for number, name in enumerate(names):
            if Path(name).suffix.lower() not in _FONT_FILES:
                families.append(name)
                continue
            file = source / name
            if not file.is_file():
                raise PdfError(f"`policyspec_pdf_fonts`: there is no file `{name}`")
            own = folder / str(number)
            own.mkdir(parents=True)
            shutil.copyfile(file, own / file.name)
            found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[own])
            if not found.families():
                raise PdfError(f"`policyspec_pdf_fonts`: `{name}` has no font")
            families += found.families()
        files = [name for name in names if Path(name).suffix.lower() in _FONT_FILES]
        of_machine = [name for name in names if name not in files]
        there = {family.casefold() for family in (typst.Fonts().families() if of_machine else ())}
        return cls(
            families=tuple(dict.fromkeys(families)),
            folder=folder if files else None,
            uses_system=bool(of_machine) or not names,
            unknown=tuple(name for name in of_machine if name.casefold() not in there),
        )


def require_typst() -> Any:
    """Return the module ``typst``, or say what installs it."""
    try:
        import typst  # noqa: PLC0415  an optional package
    except ImportError:
        raise MissingToolError(
            "a PDF needs the package `typst`: pip install 'sphinx-policyspec[pdf]'"
        ) from None
    return typst


def compile_pdf(
    source: Path, fonts: Fonts, doctree: nodes.document, srcdir: Path, missing: str = ""
) -> bytes:
    """Return the PDF of a Typst file.

    A letter that no font has, or that the font that has it draws as nothing, is an error that names it and its place;
    with ``missing="box"`` it is a warning, and a box with the number of the letter stands for it.
    """
    code, boxed = source.read_text("utf-8"), dict.fromkeys(_blank_letters(source.parent, fonts, doctree))
    absent = [*boxed]
    not_there = [f"there is no font `{name}`" for name in fonts.unknown]
    for message in not_there:
        _LOGGER.warning("`policyspec_pdf_fonts`: %s", message, type="policyspec", subtype="config")
    while True:
        if absent:
            if missing != "box":
                problem = _about_letters({letter: _place(letter, doctree, srcdir) for letter in absent})
                raise PdfError(
                    "; ".join([problem, "or have it shown as a box: `--pdf-missing box`", *not_there])
                )
            message = f"{_about_letters(dict.fromkeys(absent, ''))}; it is shown as a box"
            place = _place(absent[0], doctree, srcdir)
            _LOGGER.warning(message, location=place or None, type="policyspec", subtype="pdf")
            source.write_text(_BOXED % string("|".join(map(re.escape, boxed))) + code, "utf-8")
        try:
            data, warnings = require_typst().compile_with_warnings(
                source,
                **fonts.arguments,
                root=source.parent,
                format="pdf",
                pdf_standards=["ua-1"],
                timestamp=int(os.environ.get("SOURCE_DATE_EPOCH", "0")),
            )
            break
        except require_typst().TypstError as error:
            found = dict.fromkeys(_unescaped(match["text"]) for match in _NO_GLYPH.finditer(error.diagnostic))
            absent = [letter for letter in found if letter not in boxed]
            if not absent:
                raise PdfError(f"Typst stopped: {_first_of(error.diagnostic) or error.message}") from None
            boxed |= found
    for warning in warnings:
        if "was ignored" in str(warning.message):
            raise PdfError(f"Typst would lose text: {warning.message}")
        _LOGGER.info("typst: %s", warning.message)
    return bytes(data)


_BOXED = """#show regex(%s): letter => box(
  stroke: 0.4pt, inset: (x: 1.5pt), outset: (y: 1.5pt), radius: 1pt,
  text(size: 0.65em, font: "DejaVu Sans Mono", letter.text.codepoints().map(one => upper(str(str.to-unicode(one), base: 16))).join(" ")),
)
"""
_PROBE = """#import "/settings.typ": *
#import "/policyspec.typ": serif
#set page(width: auto, height: auto)
#set text(font: serif, fallback: fallback)
"""
_FAMILIAR = 0x250
"""Letters below this number are in the fonts inside Typst."""
_EMPTY_BY_NATURE = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def _blank_letters(folder: Path, fonts: Fonts, doctree: nodes.document) -> list[str]:
    """Return the letters whose font has a sign for them that draws nothing, which Typst does not report."""
    letters = sorted(
        char
        for char in set(doctree.astext()) - _EMPTY_BY_NATURE
        if ord(char) >= _FAMILIAR and unicodedata.category(char)[0] not in "CMZ"
    )
    if not letters:
        return []
    probe = "#pagebreak()\n".join(f"#{string(char)}\n" for char in letters)
    svg = require_typst().compile((_PROBE + probe).encode(), **fonts.arguments, root=folder, format="svg")
    pages = svg if isinstance(svg, list) else [svg]
    return [char for char, page in zip(letters, pages, strict=True) if b"<use" not in bytes(page)]


def _first_of(diagnostic: str) -> str:
    """Return the first of several messages, in one line, with the place in the code."""
    first = diagnostic.strip().split("\n\n")[0].splitlines()
    return " ".join(line.strip(" \N{BOX DRAWINGS LIGHT VERTICAL}=") for line in first[:2])


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], text)


def _about_letters(absent: Mapping[str, str]) -> str:
    """Return what is wrong with letters, and what helps; each comes with its place, where it has one."""
    descriptions = [
        f"{_points_of(text)}{place and f' in {place}'}" for text, place in [*absent.items()][:_MOST_LETTERS]
    ]
    more = [f"{len(absent) - _MOST_LETTERS} others"] if len(absent) > _MOST_LETTERS else []
    fonts = " or ".join(dict.fromkeys(_font_of(letter) for letter in absent))
    return (
        f"no font draws {', '.join([*descriptions, *more])}; install {fonts}, "
        "or name another font, or its file, in `policyspec_pdf_fonts` or with `--pdf-font`"
    )


_EAST_ASIAN = re.compile(r"CJK|HANGUL|HIRAGANA|KATAKANA|BOPOMOFO")
_EMOJI = 0x1F000
"""Signs from this number on are pictures."""


def _font_of(letter: str) -> str:
    """Return a free font that has a letter, and the package that installs it."""
    if _EAST_ASIAN.match(unicodedata.name(letter[0], "")):
        return "Noto Sans CJK (Debian: fonts-noto-cjk)"
    if ord(letter[0]) >= _EMOJI and unicodedata.category(letter[0])[0] == "S":
        return "Noto Emoji (Debian: fonts-noto-color-emoji)"
    return "Noto Sans (Debian: fonts-noto-core)"


def _points_of(text: str) -> str:
    points = (f"U+{ord(char):04X} {unicodedata.name(char, 'without a name')}" for char in text)
    letters = f"{text} " if text.isprintable() else ""
    return f"{letters}({', '.join(points)})"


def _place(text: str, doctree: nodes.document, srcdir: Path) -> str:
    """Return the file and line where a letter is first, or nothing."""
    for node in doctree.findall(nodes.Text):
        if text in node:
            source, line = _source_of(node)
            if not source:
                return ""
            base = srcdir if Path(source).is_relative_to(srcdir) else Path.cwd()
            file = os.path.relpath(source, base)
            return f"{file}:{line}" if line else file
    return ""


def _source_of(node: nodes.Node) -> tuple[str, int]:
    line = 0
    while node.parent is not None:
        node = node.parent
        line = line or node.line or 0
        if node.source:
            return node.source, line
    return "", line


FILE = "policyspec_file"
"""Attribute of a picture: its file beside the code, if it can be shown."""
TYPES = ["image/svg+xml", "application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"]

_LENGTH = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>%|px|pt|cm|mm|in|em|pc)?")
_POINTS = {"px": 0.75, "": 0.75, "pc": 12}


def length(width: str) -> str:
    """Return the width that docutils gives as code; pixels are 96 to an inch."""
    match = _LENGTH.fullmatch(width.strip())
    if match is None:
        return "auto"
    unit = match["unit"] or ""
    if unit in _POINTS:
        return f"{float(match['number']) * _POINTS[unit]:g}pt"
    return f"{match['number']}{unit}"


def copy_pictures(builder: Builder, doctree: nodes.document, folder: Path) -> None:
    """Copy the pictures of a document; for each that cannot be drawn, warn why its words stand in its place."""
    builder.post_process_images(doctree)
    checked: dict[str, str] = {}
    for image in doctree.findall(nodes.image):
        uri = image["uri"]
        if uri not in builder.images:
            continue
        name = builder.images[uri]
        if uri not in checked:
            target = folder / "images" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(builder.srcdir, uri), target)
            checked[uri] = problem_of(f"images/{name}", folder)
            if checked[uri]:
                message = "`%s` cannot be drawn: %s"
                _LOGGER.warning(message, uri, checked[uri], location=image, type="policyspec", subtype="pdf")
        if not checked[uri]:
            image[FILE] = f"images/{name}"


def problem_of(path: str, folder: Path) -> str:
    """Return why Typst cannot draw a picture, or nothing."""
    typst = require_typst()
    try:
        typst.compile(f"#image({string(path)})".encode(), root=folder, format="pdf", ignore_system_fonts=True)
    except typst.TypstError as error:
        return str(error.message)
    return ""
