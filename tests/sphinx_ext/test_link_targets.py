"""Every link inside a build leads to something, whatever the builder, and no page has an id twice."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from sphinx.testing.util import SphinxTestApp

from tests.conftest import REPOSITORY

Build = Callable[..., SphinxTestApp]
SOURCES = ["builders", "views", "twin-myst", "example_docs"]
DETOKENIZED = r"\\detokenize\{([^}]*)\}"


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, rootdir: Path, tmp_path: Path) -> Path:
    """Each of some projects in a folder of its own."""
    name = request.param
    folder = REPOSITORY / name if name == "example_docs" else rootdir / f"test-{name}"
    return Path(shutil.copytree(folder, tmp_path / name))


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


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml", "epub"])
def test_links_in_pages_lead_to_elements_and_ids_are_unique(source: Path, build: Build, builder: str) -> None:
    out = build(source, builder).outdir
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


def test_links_in_latex_have_one_label_each(source: Path, build: Build) -> None:
    out = build(source, "latex").outdir
    text = "".join(file.read_text("utf-8") for file in out.glob("*.tex"))
    labels = Counter(re.findall(rf"\\label\{{{DETOKENIZED}\}}", text))
    links = set(re.findall(rf"\\hyperref\[{DETOKENIZED}\]", text))
    assert links - set(labels) == set()
    assert [label for label in labels if labels[label] > 1] == []


def test_a_label_of_a_box_in_latex_is_a_place_of_its_own(
    project: Callable[[str], Path], build: Build
) -> None:
    out = build(project("builders"), "latex").outdir
    text = "".join(file.read_text("utf-8") for file in out.glob("*.tex"))
    for label in ("principles:example-greeting", "principles:definition-truth", "index:level-root"):
        assert rf"\phantomsection\label{{\detokenize{{{label}}}}}" in text


def test_links_in_texinfo_lead_to_anchors_or_nodes(source: Path, build: Build) -> None:
    out = build(source, "texinfo").outdir
    text = "".join(file.read_text("utf-8") for file in out.glob("*.texi"))
    anchors = Counter(re.findall(r"@anchor\{([^}]*)\}", text))
    places = set(anchors) | set(re.findall(r"^@node ([^,\n]*)", text, re.MULTILINE))
    assert set(re.findall(r"@ref\{([^,}]*)", text)) - places == set()
    assert [anchor for anchor in anchors if anchors[anchor] > 1] == []
