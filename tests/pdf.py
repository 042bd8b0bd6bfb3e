"""A PDF as a reader meets it: words, links, bookmarks, and what a screen reader asks of it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pikepdf

from tests.conftest import require_tool

__all__ = ["bookmarks", "dead_links", "fonts_outside", "links", "recall", "text_of", "words"]

_SPLIT = re.compile(r"[^\W_]+")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff]+")


def text_of(pdf: Path) -> str:
    """Return what poppler finds in a PDF."""
    command = [require_tool("pdftotext"), str(pdf), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def words(text: str) -> list[str]:
    """Return the words of a text, those that run leftwards apart: tools disagree on their order."""
    return _SPLIT.findall(_RIGHT_TO_LEFT.sub(" ", text.casefold()))


def recall(wanted: Iterable[str], found: Iterable[str]) -> tuple[float, Counter[str]]:
    """Return which share of some words is found, each as often as it is wanted, and those that are not."""
    asked = Counter(wanted)
    lost = asked - Counter(found)
    return 1 - lost.total() / asked.total(), lost


def bookmarks(pdf: pikepdf.Pdf) -> list[tuple[int, str]]:
    """Return depth and title of each bookmark."""

    def below(items: Iterable[pikepdf.OutlineItem], depth: int) -> Iterator[tuple[int, str]]:
        for item in items:
            yield depth, str(item.title)
            yield from below(item.children, depth + 1)

    with pdf.open_outline() as outline:
        return list(below(outline.root, 1))


def links(pdf: pikepdf.Pdf) -> list[Any]:
    """Return every link of every page."""
    return [note for page in pdf.pages for note in page.get("/Annots", []) if note.get("/Subtype") == "/Link"]


def dead_links(pdf: pikepdf.Pdf) -> list[str]:
    """Return the links inside a document that lead to no page of it."""
    pages = {page.objgen for page in pdf.pages}
    names = _names(pdf)
    dead = []
    for link in links(pdf):
        action = link.get("/A", {})
        if "/URI" in action:
            continue
        target = link.get("/Dest", action.get("/D"))
        if isinstance(target, pikepdf.String | pikepdf.Name):
            target = names.get(str(target))
            target = target.get("/D") if isinstance(target, pikepdf.Dictionary) else target
        if target is None or target[0].objgen not in pages:
            dead.append(repr(link))
    return dead


def _names(pdf: pikepdf.Pdf) -> dict[str, Any]:
    names = pdf.Root.get("/Names", pikepdf.Dictionary())
    return dict(pikepdf.NameTree(names.Dests).items()) if "/Dests" in names else {}


def fonts_outside(pdf: pikepdf.Pdf) -> list[str]:
    """Return the fonts that the file does not hold, and so may look different elsewhere."""
    files = {"/FontFile", "/FontFile2", "/FontFile3"}
    return [
        str(item.get("/BaseFont"))
        for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary)
        and item.get("/Type") == "/Font"
        # The first holds its glyphs itself, the second a font that does.
        and item.get("/Subtype") not in {"/Type3", "/Type0"}
        and not files & {*item.get("/FontDescriptor", pikepdf.Dictionary()).keys()}
    ]
