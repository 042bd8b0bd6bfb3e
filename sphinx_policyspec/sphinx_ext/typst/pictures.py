"""Pictures: their files beside the code, and how wide they are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

from sphinx_policyspec.sphinx_ext.typst.code import string
from sphinx_policyspec.sphinx_ext.typst.compiling import require_typst

if TYPE_CHECKING:
    from sphinx.builders import Builder

__all__ = ["FILE", "TYPES", "copy_pictures", "length"]

FILE = "policyspec_file"
"""Attribute of a picture: its file beside the code, if it can be shown."""
TYPES = ["image/svg+xml", "application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"]

_LOGGER = logging.getLogger(__name__)
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
