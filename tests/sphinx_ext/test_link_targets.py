"""Every link inside a build leads to something, whatever the builder, and no page has an id twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from tests.sphinx_ext.conftest import Built

Builds = Callable[[str, str], Built]
every_root = pytest.mark.parametrize("root", ["builders", "views", "twin-myst", "example_docs"])
DETOKENIZED = r"\\detokenize\{([^}]*)\}"


class _Page(HTMLParser):
    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids[value] += 1
            if name == "href" and value and tag == "a":
                self.links.add(value)


def _dead(pages: dict[Path, _Page]) -> list[str]:
    """Return the links that lead to no file, or to no element of a page."""
    dead = []
    for file, page in pages.items():
        for link in sorted(page.links):
            path, _, anchor = unquote(link).partition("#")
            target = (file.parent / path).resolve() if path else file
            target = target / "index.html" if target.is_dir() else target
            if re.match(r"[a-z]+:", link):
                continue
            if not target.is_file() or (anchor and anchor not in pages[target].ids):
                dead.append(f"{file.name}: {link}")
    return dead


@every_root
@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml", "epub"])
def test_links_in_pages_lead_to_elements_and_ids_are_unique(root: str, built: Builds, builder: str) -> None:
    out = built(root, builder).outdir
    files = [Path(file).resolve() for file in out.rglob("*") if file.suffix in {".html", ".xhtml"}]
    pages = {file: _Page(file) for file in files if "_static" not in file.parts}
    assert sum(len(page.links) for page in pages.values()) > 10
    assert _dead(pages) == []
    doubled = {
        file.name: [name for name, times in page.ids.items() if times > 1] for file, page in pages.items()
    }
    assert {name: ids for name, ids in doubled.items() if ids} == {}
    if builder == "epub":
        for file in files:
            assert ET.parse(file).getroot().tag == "{http://www.w3.org/1999/xhtml}html"


@every_root
def test_links_in_latex_have_one_label_each(root: str, built: Builds) -> None:
    out = built(root, "latex").outdir
    text = "".join(file.read_text("utf-8") for file in out.glob("*.tex"))
    labels = Counter(re.findall(rf"\\label\{{{DETOKENIZED}\}}", text))
    links = set(re.findall(rf"\\hyperref\[{DETOKENIZED}\]", text))
    assert links - set(labels) == set()
    assert [label for label in labels if labels[label] > 1] == []


def test_a_label_of_a_box_in_latex_is_a_place_of_its_own(built: Builds) -> None:
    out = built("builders", "latex").outdir
    text = "".join(file.read_text("utf-8") for file in out.glob("*.tex"))
    for label in ("principles:example-greeting", "principles:definition-truth", "index:level-root"):
        assert rf"\phantomsection\label{{\detokenize{{{label}}}}}" in text


@every_root
def test_links_in_texinfo_lead_to_anchors_or_nodes(root: str, built: Builds) -> None:
    out = built(root, "texinfo").outdir
    text = "".join(file.read_text("utf-8") for file in out.glob("*.texi"))
    anchors = Counter(re.findall(r"@anchor\{([^}]*)\}", text))
    places = set(anchors) | set(re.findall(r"^@node ([^,\n]*)", text, re.MULTILINE))
    assert set(re.findall(r"@ref\{([^,}]*)", text)) - places == set()
    assert [anchor for anchor in anchors if anchors[anchor] > 1] == []
