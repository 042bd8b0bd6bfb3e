"""Typst code → PDF: fonts, and what went wrong in words of the spec."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging

from sphinx_policyspec.errors import MissingToolError, PdfError

__all__ = ["Fonts", "compile_pdf", "require_typst"]

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
