"""A translated build shows translations of all that authors wrote; ids and the graph stay as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.compare.change import Bump
from sphinx_policyspec.exports.decisions import ENGLISH, translated
from sphinx_policyspec.exports.diff.wording import ASPECTS, WHY
from sphinx_policyspec.graph.questions import list_questions
from sphinx_policyspec.model.levels import LAST_OF_SEVERAL, OVERRIDING, SPEAKERS
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from tests.conftest import REPOSITORY
from tests.sphinx_ext.shown_words import lost_runs, runs_of

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]


@pytest.fixture
def german(project: Project) -> Path:
    """A spec with a German catalogue."""
    return project("translated")


def _words(file: Path) -> str:
    return " ".join(file.read_text("utf-8").split())


def test_a_catalogue_holds_every_text_of_a_page(german: Path, build: Build) -> None:
    out = build(german, "gettext").outdir
    for name in ("index", "more"):
        with (out / f"{name}.pot").open("rb") as file:
            asked = {message.id for message in read_po(file) if message.id}
        with (german / "locale" / "de" / "LC_MESSAGES" / f"{name}.po").open("rb") as file:
            answered = {message.id for message in read_po(file) if message.id}
        assert asked - answered == ({"Guideline"} if name == "more" else set())
        assert answered - asked == set()


def test_catalogues_hold_all_words_that_the_example_spec_shows_but_code(tmp_path: Path, build: Build) -> None:
    source = REPOSITORY / "example_docs"
    target = tmp_path / "example_docs"
    target.mkdir()
    for page in source.iterdir():
        if page.is_file():
            (target / page.name).write_bytes(page.read_bytes())
    out = build(target, "gettext").outdir
    missing = []
    for page in sorted(target.glob("*.*")):
        if page.suffix in {".rst", ".md"}:
            with (out / f"{page.stem}.pot").open("rb") as file:
                text = " ".join(str(message.id) for message in read_po(file))
            together = tmp_path / f"catalogue{page.suffix}"
            together.write_text(text, "utf-8")
            written = [word for run in runs_of(together) for word in run]
            missing += lost_runs(runs_of(page), written)
    # Sphinx leaves the five blocks of code out unless asked.
    assert {run[0] for run in missing} == {"count", "both", "wanted", "barcode"}


def test_a_translated_page_shows_translated_titles_prose_notes_clauses_and_counts(
    german: Path, build: Build, warnings_in: Warnings
) -> None:
    app = build(german, "text")
    assert warnings_in(app) == []
    page = _words(app.outdir / "more.txt")
    for text in (
        "Bedeutungen",
        "Hausordnung Version: 1",
        "Wurzel Niemand setzt sie außer Kraft.",
        "Ehrlichkeit",
        "Gutes tun Was gut ist.",
        "Klare Worte Worte, die jeder *kennt*.",
        "Sei wahrhaftig ============== Befugnis: Wurzel",
        "Antworte in einer Zeile (*Leserin*), siehe *Sei freundlich* und *Klare Worte*; es gibt 1 harte",
        "harte Regel über *Ehrlichkeit* für *Gutes tun*.",
        "Darum.",
        "Eine Tabelle",
        "Wann ist offen?",
        "| Montag | zehn |",
        "sie sagt, wann",
        "Sei wahrhaftig – Befugnis: Wurzel",
    ):
        assert text in page
    assert "Antworte kurz (*Guideline*); es gibt 1 harte Regel." in _words(app.outdir / "index.txt")


def test_translations_change_no_id_no_address_and_nothing_of_the_graph(german: Path, build: Build) -> None:
    translated = build(german, out="de")
    conf = german / "conf.py"
    conf.write_text(conf.read_text("utf-8").replace('language = "de"', 'language = "en"'), "utf-8")
    original = build(german, out="en")
    assert Knowledge().spec(translated.env) == Knowledge().spec(original.env)
    for name in ("index.html", "more.html"):
        pages = [(app.outdir / name).read_text("utf-8") for app in (translated, original)]
        ids, links = (
            [re.findall(pattern, page) for page in pages]
            for pattern in (r' id="([^"]+)"', r'href="(#[^"]*)"')
        )
        assert ids[0] == ids[1]
        assert links[0] == links[1]
    index = (translated.outdir / "policy-topics.html").read_text("utf-8")
    assert ">Ehrlichkeit</h2>" in index


OURS = REPOSITORY / "sphinx_policyspec" / "sphinx_ext"
CATALOGUES = sorted((OURS / "locale").glob("*/LC_MESSAGES/sphinx_policyspec.po"))


def _marked(source: Path) -> Iterator[str]:
    """Yield the texts that a module marks for translation, those inside of f-strings among them."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield from (str(text.value) for text in node.args if isinstance(text, ast.Constant))


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parent.parent.name)
def test_a_catalogue_of_our_own_words_has_all_of_them_compiled(file: Path) -> None:
    said = {text for source in OURS.parent.rglob("*.py") for text in _marked(source)}
    said |= {*OVERRIDING.values(), *SPEAKERS.values(), LAST_OF_SEVERAL, *ASPECTS, *WHY.values(), *Bump}
    questions = [question for question in list_questions() if not question.over]
    said |= {text for one in questions for text in (one.text, one.asks, one.none, one.row) if text}

    def said_too(text: str) -> str:
        said.add(text)
        return text

    english = {
        field.name: getattr(ENGLISH, field.name) for field in fields(ENGLISH) if field.name != "quoted"
    }
    translated(english, said_too)
    with file.open("rb") as source, file.with_suffix(".mo").open("rb") as binary:
        written = {message.id: message.string for message in read_po(source) if message.id}
        compiled = {message.id: message.string for message in read_mo(binary) if message.id}
    assert written.keys() == said
    assert [message for message, text in written.items() if not text] == []
    assert compiled == written
    places = re.compile(r"\{(\w*)[^{}]*\}|%(?:\(\w+\))?[sd]")
    # What says which level something has may say its title.
    odd = {
        message: text
        for message, text in written.items()
        if not {*places.findall(str(text))} <= {*places.findall(str(message)), "title"}
    }
    assert odd == {}


def test_our_own_words_are_in_the_language_of_the_project(german: Path, build: Build) -> None:
    words = _words(build(german, "text").outdir / "index.txt")
    for word in ("Befugnis:", "Beispiel", "Nutzer", "Regelgerecht"):
        assert word in words


def test_a_build_does_not_speak_the_language_of_the_one_before_in_its_process(
    build: Build, tmp_path: Path
) -> None:
    shown = []
    for language in ("de", "en"):
        source = tmp_path / language
        source.mkdir()
        (source / "conf.py").write_text(
            f"extensions = ['sphinx_policyspec']\nlanguage = '{language}'\n", "utf-8"
        )
        page = "Spec\n====\n\n.. policy:principle:: Be kind\n   :authority: user\n\n   Words.\n"
        (source / "index.rst").write_text(page, "utf-8")
        build(source, out=f"{language}-out")
        shown.append((tmp_path / f"{language}-out" / "html" / "index.html").read_text("utf-8"))
    assert ["Befugnis:" in page for page in shown] == [True, False]
