"""Typst code → PDF: fonts, pictures beside the code, and what went wrong in words of the spec."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from sphinx_policyspec.errors import MissingToolError, PdfError
from sphinx_policyspec.sphinx_ext.typst.code import string

if TYPE_CHECKING:
    from sphinx.builders import Builder

__all__ = ["FILE", "TYPES", "Fonts", "compile_pdf", "copy_pictures", "length", "require_typst"]


_LOGGER = logging.getLogger(__name__)
_FONT_FILES = frozenset({".otc", ".otf", ".ttc", ".ttf"})
_NO_GLYPH = re.compile(r'the text `"(?P<text>(?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_SHOWN = 8
"""Letters without a font that an error names; one font often has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    """What letters are drawn with that the fonts inside Typst lack.

    :param families: names, in the order in which they are tried
    :param folder: where files of the project are, if it gives any
    :param uses_system: fonts of the machine are looked at
    """

    families: tuple[str, ...]
    folder: Path | None
    uses_system: bool

    @classmethod
    def of(cls, given: Iterable[str], source: Path, scratch: Path) -> Fonts:
        """Return the fonts that a project names, by family or as files below its folder.

        Where it names none, those of the machine are used; where it names some, no others are, so that
        two machines make the same PDF.
        """
        typst = require_typst()
        families: list[str] = []
        folder = scratch / "fonts"
        names = [*given]
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
                raise PdfError(f"`policyspec_pdf_fonts`: `{name}` holds no font")
            families += found.families()
        files = [name for name in names if Path(name).suffix.lower() in _FONT_FILES]
        return cls(
            families=tuple(dict.fromkeys(families)),
            folder=folder if files else None,
            uses_system=len(files) < len(names) or not names,
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


def compile_pdf(source: Path, fonts: Fonts, doctree: nodes.document, srcdir: Path) -> bytes:
    """Return the PDF of a Typst file; a letter that no font has is an error that names it and its place."""
    typst = require_typst()
    try:
        data, warnings = typst.compile_with_warnings(
            source,
            root=source.parent,
            font_paths=[fonts.folder] if fonts.folder else [],
            ignore_system_fonts=not fonts.uses_system,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=int(os.environ.get("SOURCE_DATE_EPOCH", "0")),
        )
    except typst.TypstError as error:
        absent = dict.fromkeys(_unescaped(match["text"]) for match in _NO_GLYPH.finditer(error.diagnostic))
        if not absent:
            raise PdfError(f"Typst stopped: {_first_of(error.diagnostic) or error.message}") from None
        raise PdfError(_about_letters([*absent], doctree, srcdir)) from None
    for warning in warnings:
        if "was ignored" in str(warning.message):
            raise PdfError(f"Typst would lose text: {warning.message}")
        if "unknown font family" in str(warning.message):
            _LOGGER.warning(
                "`policyspec_pdf_fonts`: %s", warning.message, type="policyspec", subtype="config"
            )
        else:
            _LOGGER.info("typst: %s", warning.message)
    return bytes(data)


def _first_of(diagnostic: str) -> str:
    """Return the first of several messages, in one line, with the place in the code."""
    first = diagnostic.strip().split("\n\n")[0].splitlines()
    return " ".join(line.strip(" \N{BOX DRAWINGS LIGHT VERTICAL}=") for line in first[:2])


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], text)


def _about_letters(absent: list[str], doctree: nodes.document, srcdir: Path) -> str:
    told = [f"{_named(text)}{_place(text, doctree, srcdir)}" for text in absent[:_SHOWN]]
    more = [f"{len(absent) - _SHOWN} others"] if len(absent) > _SHOWN else []
    return (
        f"no font has {', '.join([*told, *more])}; "
        "name one that does, or its file, in `policyspec_pdf_fonts` or with `--pdf-font`"
    )


def _named(text: str) -> str:
    points = (f"U+{ord(char):04X} {unicodedata.name(char, 'without a name')}" for char in text)
    shown = f"{text} " if text.isprintable() else ""
    return f"{shown}({', '.join(points)})"


def _place(text: str, doctree: nodes.document, srcdir: Path) -> str:
    """Return where a letter stands first."""
    for node in doctree.findall(nodes.Text):
        if text in node:
            source, line = _source_of(node)
            file = os.path.relpath(source, srcdir) if source else ""
            return f" in {file}:{line}" if file and line else f" in {file}" if file else ""
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


def length(given: str) -> str:
    """Return the width that docutils gives as code; pixels are 96 to an inch."""
    match = _LENGTH.fullmatch(given.strip())
    if match is None:
        return "auto"
    unit = match["unit"] or ""
    if unit in _POINTS:
        return f"{float(match['number']) * _POINTS[unit]:g}pt"
    return f"{match['number']}{unit}"


def copy_pictures(builder: Builder, doctree: nodes.document, folder: Path) -> None:
    """Copy the pictures of a document, and say of each that cannot be drawn why its words stand in its place."""
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
