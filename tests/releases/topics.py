"""What the pages of a built handbook say is about each topic, door by door."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["by_column", "by_filter", "by_index", "by_map", "by_paper", "data_of"]

Found = dict[str, list[str]]
"""Anchors, or ids, by the label of a topic, in the order of the page."""


def data_of(folder: Path) -> Any:
    """Return what the script of the pages knows."""
    text = (folder / "policyspec-data.js").read_text("utf-8")
    return json.loads(text[text.index("{") : text.rindex(";")])


def by_filter(folder: Path, page: str) -> Found:
    """Return the rows that stay when each topic is chosen, as the script decides that."""
    data = data_of(folder)
    found: Found = {label: [] for _topic, label, *_more in data["topics"]}
    for row in _rows(folder / page):
        anchor = _anchor(row[0])
        for number in data["items"][anchor][5]:
            found[data["topics"][number][1]].append(anchor)
    return found


def by_column(folder: Path, column: int) -> Found:
    """Return the rows whose cell of topics names each."""
    found: Found = defaultdict(list)
    for row in _rows(folder / "all-principles.html"):
        for label in filter(None, _text(row[column]).split(", ")):
            found[label].append(_anchor(row[0]))
    return found


def by_map(folder: Path) -> dict[str, int]:
    """Return the sum of each row."""
    return {_text(row[0]): sum(int(_text(cell)) for cell in row[1:]) for row in _rows(folder / "map.html")}


def by_index(folder: Path) -> tuple[Found, Found]:
    """Return the principles, and the sections that are named as such."""
    principles: Found = defaultdict(list)
    sections: Found = defaultdict(list)
    text = (folder / "policy-topics.html").read_text("utf-8")
    for heading, part in re.findall(r'<h2 id="[^"]*">(.*?)</h2><ul>(.*?)</ul>', text, re.DOTALL):
        for link, extra in re.findall(r'href="([^"]*#[^"]*)">.*?</a>\s*(<em>\(.*?\)</em>)?', part):
            found = sections if "section" in extra else principles
            found[unescape(heading)].append(unquote(unescape(link).partition("#")[2]))
    return principles, sections


def by_paper(text: str, labels: list[str], titles: list[str]) -> tuple[Found, Found]:
    """Return the titles of principles and of sections below each label in the index of a PDF."""
    lines = [" ".join(line.split()) for line in text.replace("’", "'").splitlines()]
    start = lines.index("Principles by topic")
    principles: Found = defaultdict(list)
    sections: Found = defaultdict(list)
    label = ""
    for line in lines[start + 1 :]:
        if line in {"Principles by goal", "Evaluation prompts", "Examples"}:
            break
        name = re.sub(r"[\s.]*\d*$", "", line)
        if line in labels:
            label = line
        elif name.removesuffix(" (section)") in titles:
            (sections if name.endswith(" (section)") else principles)[label].append(
                name.removesuffix(" (section)")
            )
    return principles, sections


def _rows(page: Path) -> Iterator[list[str]]:
    """Yield the cells of each row of the first table."""
    body = page.read_text("utf-8").partition("<tbody")[2].partition("</tbody>")[0]
    for row in body.split("<tr")[1:]:
        yield re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)


def _text(cell: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", cell)).strip()


def _anchor(cell: str) -> str:
    return unquote(unescape(re.findall(r'href="[^"]*#([^"]+)"', cell)[0]))
