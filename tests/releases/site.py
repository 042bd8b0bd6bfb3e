"""A built site as a reader meets it: its links, ids, words, and the examples on its pages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


@dataclass
class ShownMessage:
    """A message on a page."""

    role: str = ""
    verdict: str = ""
    body: str = ""


@dataclass
class Page:
    """One page."""

    ids: Counter[str] = field(default_factory=Counter)
    links: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    examples: dict[str, list[ShownMessage]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Fills a page from its HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.stack: list[tuple[str, frozenset[str]]] = []
        self.example: list[ShownMessage] | None = None
        self.link: str | None = None
        self.link_text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = frozenset(values.get("class", "").split())
        if "id" in values:
            self.page.ids[values["id"]] += 1
        if "ps-example" in classes:
            self.example = self.page.examples.setdefault(values["id"], [])
        if "ps-message" in classes and self.example is not None:
            self.example.append(ShownMessage())
        if tag == "a" and "href" in values:
            self.link, self.link_text = values["href"], ""
        if tag not in _VOID:
            self.stack.append((tag, classes))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass
        if tag == "a" and self.link is not None:
            self.page.links.append((self.link, self.link_text))
            self.link = None

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.stack}
        if tags & {"script", "style"}:
            return
        self.page.text += data
        self.link_text += data
        classes = frozenset().union(*(found for _, found in self.stack))
        if self.example and "ps-message" in classes:
            message = self.example[-1]
            message.role += data if "ps-role-name" in classes else ""
            message.verdict += data if "ps-verdict" in classes and "ps-icon" not in classes else ""
            message.body += data if "ps-body" in classes or "ps-settings" in classes else ""


def read_site(folder: Path) -> dict[str, Page]:
    """Return the pages of a site by their path."""
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        pages[path.relative_to(folder).as_posix()] = reader.page
    return pages


def dead_links(folder: Path, pages: dict[str, Page]) -> list[str]:
    """Return the links inside a site that lead nowhere."""
    dead = []
    for name, page in pages.items():
        for href, _ in page.links:
            if re.match(r"[a-z][a-z0-9+.-]*:", href):
                continue
            path, _, fragment = href.partition("#")
            # What a table is filtered by is no place in its page.
            fragment = "" if fragment.startswith("ps:") else fragment
            target = (
                (folder / name).parent.joinpath(unquote(path)).resolve() if path else folder.resolve() / name
            )
            shown = target.relative_to(folder.resolve()).as_posix()
            if not target.is_file() or (
                fragment and shown in pages and not pages[shown].ids[unquote(fragment)]
            ):
                dead.append(f"{name}: {href}")
    return dead
