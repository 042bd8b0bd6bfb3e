"""Every word of ours that a page, a PDF or a script shows is translated.

The project is Greek and the catalogue turns what is ours into Cyrillic: whatever stands there in Latin letters, but names
of things and code, is a word of ours that no catalogue is asked for.
"""

from __future__ import annotations

import json
import re
import shutil
import string
from collections.abc import Callable, Iterable, Iterator
from gettext import NullTranslations
from pathlib import Path
from typing import NamedTuple

import pytest
import sphinx.locale
from bs4 import BeautifulSoup
from bs4.element import NavigableString
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from tests.conftest import REPOSITORY
from tests.pdf import text_of

Build = Callable[..., SphinxTestApp]

_CYRILLIC = str.maketrans(string.ascii_lowercase + string.ascii_uppercase, "абвгдежзийклмнопрстуфхцчшщ" * 2)
_HELD = re.compile(r"(\{[^{}|]*\|?|\}|%\(\w+\)[sd]|%[sd]|`[^`]*`)")
"""What a translation leaves as it is: places of values, but the word for none, and names."""


class Cyrillic(NullTranslations):
    """A catalogue of all that it is asked for."""

    def gettext(self, message: str) -> str:
        """Return the message in Cyrillic letters."""
        parts = enumerate(_HELD.split(message))
        return "".join(part if place % 2 else part.translate(_CYRILLIC) for place, part in parts)


class Catalogues(dict[tuple[str, str], NullTranslations]):
    """Those of a build, with another one in the place of ours."""

    def __getitem__(self, name: tuple[str, str]) -> NullTranslations:
        """Return what stands in for ours."""
        return Cyrillic() if name[1] == "sphinx_policyspec" else super().__getitem__(name)

    def get(self, name: tuple[str, str], default: NullTranslations | None = None) -> NullTranslations | None:  # type: ignore[override]
        """Return what stands in for ours."""
        return self[name] if name[1] == "sphinx_policyspec" else super().get(name, default)


@pytest.fixture(autouse=True)
def _cyrillic(monkeypatch: pytest.MonkeyPatch) -> None:
    # Named as a text, it is imported before there is another one for it to keep.
    monkeypatch.setattr("sphinx_policyspec.sphinx_ext.extension.translators", catalogues := Catalogues())
    monkeypatch.setattr(sphinx.locale, "translators", catalogues)


# -- what is shown ---------------------------------------------------------------------------

_SHOWN = (
    "title",
    "aria-label",
    "aria-description",
    "alt",
    "placeholder",
    "data-asks",
    "data-none",
    "data-row",
    "data-label",
    "value",
)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_UNTOLD = re.compile(
    r"https?://\S+|\b[ivx]+\b|\w+\.(?:html|ttl|json|jsonl|rst|yaml|py)\b|\b(?:SPARQL|CSV|ttl|PDF|YAML|AI|Sphinx|Alabaster)\b"
)
"""Addresses, files, numbers of pages, and names that are the same everywhere."""


class Shown(NamedTuple):
    """Words of a page, and where they stand."""

    where: str
    words: str


def shown(page: Path) -> Iterator[Shown]:
    """Yield what a page shows and what it tells those who hear it, but code, ids, and the words of its theme."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    for other in soup.select(
        "code, pre, .ps-id, .headerlink, link, div.related, div.sphinxsidebar > div > :not(nav), div.footer"
    ):
        other.decompose()
    for text in soup.find_all(string=True):
        if type(text) is NavigableString and text.parent:
            yield Shown(f"{page.name} <{text.parent.name}>", text)
    for tag in soup.find_all(True):
        # Sphinx names its sidebar so.
        told = {name: str(tag[name]) for name in _SHOWN if name in tag.attrs and tag[name] != "Main"}
        yield from (Shown(f"{page.name} {name}", words) for name, words in told.items())
        if tag.name == "meta" and str(tag.get("name") or tag.get("property")).endswith(
            ("description", "title")
        ):
            yield Shown(f"{page.name} meta", str(tag["content"]))
        words = json.loads(str(tag.attrs.get("data-words", "{}")))
        yield from (Shown(f"{page.name} script", word) for word in words.values())


def held(script: Path) -> Iterator[Shown]:
    """Yield the sentences that a script holds; a word alone is a name."""
    texts = re.findall(r'"(?:[^"\\]|\\.)*"', script.read_text("utf-8"))
    yield from (Shown(script.name, text) for text in map(json.loads, texts) if " " in text)


def latin(found: Iterable[Shown]) -> list[Shown]:
    """Return what is in Latin letters and neither a name nor in backticks."""
    return sorted(
        {
            Shown(where, " ".join(words.split()))
            for where, words in found
            if set(_LATIN.findall(_UNTOLD.sub("", _HELD.sub("", words)))) - NAMES
        }
    )


def pages_of(folder: Path) -> list[Path]:
    """Return the pages of a site that are not Sphinx's own."""
    return [page for page in sorted(folder.glob("*.html")) if page.stem not in {"genindex", "search"}]


@pytest.fixture
def greek(project: Callable[[str], Path]) -> Path:
    """The project, with an older release in which much is otherwise."""
    source = project("greek")
    older = source / "older"
    older.mkdir()
    for name in ("index.rst", "rules.rst", "conf.py"):
        shutil.copy(source / name, older / name)
    conf = (older / "conf.py").read_text("utf-8").replace('"2"', '"1"')
    (older / "conf.py").write_text(re.sub(r"(?m)^policyspec_.*\n", "", conf), "utf-8")
    index = (older / "index.rst").read_text("utf-8").replace("   views\n", "").replace("ανθρώπους", "πάντες")
    (older / "index.rst").write_text(index.replace(":version: 2", ":version: 1"), "utf-8")
    rules = (older / "rules.rst").read_text("utf-8")
    for now, then in OTHERWISE.items():
        assert now in rules
        rules = rules.replace(now, then, 1)
    (older / "rules.rst").write_text(rules, "utf-8")
    return source


OTHERWISE = {
    "Πες την αλήθεια\n": "Λέγε την αλήθεια\n",
    "   :authority: developer\n   :topics: t2": "   :authority: user\n   :topics: t3",
    "πρέπει να λέει την αλήθεια": "μπορεί να λέει όλη την αλήθεια σε 3 λέξεις",
    "Αυτό εξηγεί πολλά.": "Αυτό εξηγεί λίγα.",
    ".. policy:response:: bad\n      :violates: x1": ".. policy:response:: ok",
    "Γεια!": "Γεια, τι κάνεις;",
    "πρέπει να μιλά καθαρά": "πρέπει να μιλά  σιγά, δες :policy:principle:`x1`",
    "Σώσε ζωές\n---------\n\n.. policy:principle::\n   :id: x4": "Σώσε ζωές\n---------\n\n.. policy:principle::\n   :id: x7",
}
SCRIPTS = sorted((REPOSITORY / "sphinx_policyspec" / "sphinx_ext").glob("**/static/*.js"))
NAMES = {"root", "developer", "user", "guideline", "value", "id", "level", "title", "links"}
"""Ids of levels, the grader of the results, and columns of answers."""


OF_OURS = ("ask", "changes", "examples", "levels", "prompts", "results", "topics")


def test_every_word_of_a_project_is_translated(greek: Path, build: Build) -> None:
    app = build(greek)
    pages = pages_of(Path(app.outdir))
    assert {page.stem for page in pages} == {
        "index",
        "rules",
        "views",
        *(f"policy-{name}" for name in OF_OURS),
    }
    assert latin(said for page in pages for said in shown(page)) == []
    assert (
        latin(said for name in ("data", "texts") for said in held(app.outdir / f"policyspec-{name}.js")) == []
    )


def test_every_word_of_a_handbook_and_its_pdf_is_translated(greek: Path, tmp_path: Path) -> None:
    graph, out = tmp_path / "spec.ttl", tmp_path / "site"
    ps.write_rdf(ps.load(greek), graph)
    ps.build_handbook(
        graph,
        out,
        theme="basic",
        ask=True,
        pdf=True,
        since=[ps.load(greek / "older")],
        results=greek / "results.jsonl",
        baseline="x8",
        triage=greek / "triage.yaml",
    )
    pages = pages_of(out)
    assert {"index", "all-principles", "coverage", "map", "may-override-user", "survey", "policy-changes"} < {
        page.stem for page in pages
    }
    assert latin(said for page in pages for said in shown(page)) == []
    assert latin(Shown("PDF", line) for line in text_of(out / "handbook.pdf").splitlines()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_every_word_of_a_script_is_given_to_it(script: Path, greek: Path, build: Build) -> None:
    said = set(re.findall(r'\bsay\(\s*"([^"]+)"', script.read_text("utf-8")))
    assert len(said) > 10
    soup = BeautifulSoup((build(greek).outdir / "policy-ask.html").read_text("utf-8"), "html.parser")
    # The search is loaded by the other one, and has its words.
    giver = "policyspec.js" if script.name == "policyspec-find.js" else script.name
    (tag,) = (tag for tag in soup.find_all("script", src=True) if giver in str(tag["src"]))
    # Where a word is one of two, or comes behind a condition, it is not the first argument.
    assert said <= json.loads(str(tag["data-words"])).keys()
