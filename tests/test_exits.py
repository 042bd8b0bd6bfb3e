"""Every text of a spec is data wherever it leaves: no page, document or terminal takes it for markup."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from sphinx.cmd.build import build_main

import sphinx_policyspec as ps
from sphinx_policyspec.compare import compare
from sphinx_policyspec.compare.history import format_lock, history, lock_of, parse_lock, review, since_lock
from sphinx_policyspec.exports.answers import ANSWER_FORMATS, survey_files
from sphinx_policyspec.exports.diff import DIFF_FORMATS
from sphinx_policyspec.exports.report_formats import REPORT_FORMATS
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.model import Finding, Markup, Principle, Severity, Span, Spec
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.sources import Loaded
from sphinx_policyspec.sphinx_ext.handbook import build_releases, build_site
from tests.conftest import LEVELS
from tests.pdf import text_of
from tests.poison import CONTROL, MARKUP, acts_in, classes_in, classes_of, pages_of, poisoned, texts_in, whole
from tests.sphinx_ext.test_latex import compiled

QUOTES = str.maketrans({"”": '"', "’": "'", "–": "-"})
FOUND = (
    Finding(
        code="x",
        severity=Severity.ERROR,
        message=f"`{MARKUP}{CONTROL}`",
        span=Span(f"a{MARKUP}{CONTROL}", 1),
        hint=MARKUP + CONTROL,
    ),
)
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_the_poisoned_spec_has_something_of_every_class() -> None:
    assert classes_in(whole()) >= classes_of(Spec)
    assert all(MARKUP in text for text in texts_in(poisoned(whole(), MARKUP)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handbook of a spec that is poisoned all over."""
    folder = tmp_path_factory.mktemp("poisoned")
    build_site(poisoned(whole(), MARKUP), folder, folder / "site", pages="one", theme="basic", ask=True)
    return folder / "site"


def test_no_page_takes_a_text_for_markup(site: Path) -> None:
    assert {name: acts for name, page in pages_of(site) if (acts := acts_in(page))} == {}


def plain(text: str) -> str:
    """Return a text without what typography makes of quotes and dashes."""
    return text.translate(QUOTES).replace("--", "-")


def test_a_page_shows_what_the_texts_say(site: Path) -> None:
    page = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    told = plain(" ".join(page.get_text().split()))
    for word in ("Chapter", "One", "Two", "Term", "Publisher", "search", "tool", "final", "A spec", "why"):
        assert plain(f"{word}{MARKUP.split('$')[0]}") in told, word


def test_every_anchor_on_a_page_is_one_and_every_link_finds_it(site: Path) -> None:
    page = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    ids = {str(tag["id"]) for tag in page.find_all(id=True)}
    assert not [name for name in ids if re.search(r"[\s<>\"'&#%]", name)]
    links = {str(tag["href"]) for tag in page.find_all("a", href=True)}
    assert {link[1:] for link in links if link.startswith("#") and len(link) > 1} <= ids


def inline_in(page: str) -> set[str]:
    """Return what of a page a Content-Security-Policy without ``unsafe-inline`` blocks."""
    tags = BeautifulSoup(page, "html.parser").find_all(True)
    found = {str(tag) for tag in tags if tag.name in {"script", "style"} and not tag.get("src")}
    found |= {
        f"{tag.name} {value}"
        for tag in tags
        for name, value in tag.attrs.items()
        if re.match("on|style$", name)
    }
    return {text for text in found if "application/ld+json" not in text}


def test_nothing_of_ours_stands_inline(site: Path) -> None:
    pages = dict(pages_of(site))
    # Pages that Sphinx writes have what Sphinx and the theme set inline.
    of_sphinx = {
        text for page in pages.values() for text in inline_in(page) if "search" in text and "ps-" not in text
    }
    of_sphinx |= inline_in(pages["search.html"])
    assert {name: inline for name, page in pages.items() if (inline := inline_in(page) - of_sphinx)} == {}


def test_data_beside_the_pages_is_data(site: Path) -> None:
    for name, page in pages_of(site):
        for script in BeautifulSoup(page, "html.parser").find_all("script", type="application/ld+json"):
            assert f"A spec{MARKUP}" in set(texts_in(json.loads(script.get_text()))), name
    known = set(map(plain, texts_in(json.loads((site / "spec-ids.json").read_text("utf-8")))))
    assert {plain(f"one{MARKUP}"), plain(f"One{MARKUP}")} <= known
    data = (site / "policyspec-data.js").read_text("utf-8")
    assert f"A spec{MARKUP}" in set(
        texts_in(json.loads(data.removeprefix("window.policyspecData=").rstrip(";\n")))
    )


@pytest.mark.parametrize("form", FORMATS)
def test_a_graph_gives_back_every_text(form: str, tmp_path: Path) -> None:
    given = poisoned(whole(), MARKUP)
    file = tmp_path / f"spec.{form}"
    file.write_bytes(ps.to_rdf(given, form))
    assert set(texts_in(ps.load(file))) >= {
        f"{text}{MARKUP}" for text in ("One", "one", "former", "Publisher", "why")
    }


@pytest.mark.parametrize("form", ANSWER_FORMATS)
def test_an_answer_is_data(form: str) -> None:
    answer = ps.query(poisoned(whole(), MARKUP + CONTROL), "SELECT ?o { ?s dcterms:title|rdfs:label ?o }")
    told = ANSWER_FORMATS[form](answer)
    assert form == "csv" or not STEERS.search(told.replace("\t", " "))
    if form == "csv":
        assert f"One{MARKUP}{CONTROL}" in {row[0] for row in csv.reader(io.StringIO(told, newline=""))}
    elif form == "json":
        assert f"One{MARKUP}{CONTROL}" in set(texts_in(json.loads(told)))


@pytest.mark.parametrize("form", DIFF_FORMATS)
def test_a_diff_is_data(form: str) -> None:
    old = poisoned(whole(), MARKUP + CONTROL)
    told = DIFF_FORMATS[form](compare(old, poisoned(old, " changed")), None)
    assert not STEERS.search(told)
    if form == "json":
        assert any(MARKUP in text for text in texts_in(json.loads(told)))
        return
    page = told if form == "html" else MarkdownIt("commonmark", {"html": True}).enable("table").render(told)
    if form != "text":
        assert acts_in(page) == []
        assert "onevil=1" in BeautifulSoup(page, "html.parser").get_text()


def hostile_cases(spec: Spec, folder: Path) -> Path:
    """Write cases of a spec's principles whose every text is poison."""
    one, two, *_statements = (principle.id for principle in spec.principles)
    line = f"x{MARKUP}{CONTROL}"
    items = [
        {"id": f"rule{line}", "principle": one, "issue": line, "value": line},
        {"id": "wish", "from": "user", "turn": 1, "issue": line, "value": "y"},
        {"id": "other", "principle": two, "issue": line, "value": "z"},
    ]
    case = {"title": line, "items": items, "expect": {"outcomes": {line: line}}}
    file = folder / "cases.yaml"
    file.write_text(json.dumps([case]), "utf-8")
    return file


def told_of_cases(folder: Path) -> dict[str, str]:
    """Return what commands write of decisions, surveys, locks and histories, by name."""
    old = replace(poisoned(whole(), MARKUP + CONTROL), levels=LEVELS)
    provisions = tuple(
        replace(p, authority="user") if isinstance(p, Principle) else p for p in old.provisions
    )
    old = replace(old, provisions=provisions)
    new = replace(poisoned(old, " changed"), levels=LEVELS, provisions=poisoned(provisions[:-1], " changed"))
    new = replace(new, provisions=tuple(replace(p, id=f"{p.id}x") for p in new.provisions))
    file = hostile_cases(old, folder)
    resolved = ps.decide(old, file)
    assert resolved.decisions, resolved.findings
    found = ps.survey(old, [decision.case for decision in resolved])
    moments = history([old, old], old.principles[0].id)
    changes = since_lock(parse_lock(format_lock(lock_of(old)), "lock"), new)
    diff = compare(old, new)
    behaviour = ps.diff_cases(old, new, [file])
    reviewed = review(diff, f"- {MARKUP}{CONTROL}\n")
    return {
        **{f"decisions {form}": ps.render(resolved, form) for form in ("text", "json")},
        **{f"survey {form}": ps.render(found, form) for form in ("text", "json")},
        **{f"survey yaml {name}": text for name, text in survey_files(found).items()},
        "lock json": ps.render(lock_of(old), "json"),
        **{f"lock-check {form}": ps.render(changes, form) for form in ("text", "json")},
        **{f"history {form}": ps.render(moments, form) for form in ("text", "json")},
        **{f"diff {form}": write(diff, behaviour) for form, write in DIFF_FORMATS.items()},
        **{f"review {form}": ps.render(reviewed, form) for form in ("text", "json")},
    }


def test_what_is_told_of_cases_locks_and_histories_is_data(tmp_path: Path) -> None:
    told = told_of_cases(tmp_path)
    # What is saved as a file is not printed.
    assert {name for name, text in told.items() if STEERS.search(text) and "yaml" not in name} == set()
    assert {name for name, text in told.items() if "onevil" not in text and "yaml" not in name} == set()
    for name, text in told.items():
        if name.endswith("json"):
            assert any("<ps-evil" in part for part in texts_in(json.loads(text))), name
        elif "yaml" in name:
            cases, findings = read_cases(text, name)
            assert cases
            assert not findings
        elif name in {"diff html", "diff markdown", "diff changelog"}:
            page = text if name == "diff html" else MarkdownIt("commonmark", {"html": True}).render(text)
            assert acts_in(page) == [], name


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_a_report_is_data(form: str) -> None:
    told = REPORT_FORMATS[form](
        ps.check(Loaded(spec=poisoned(whole(), MARKUP + CONTROL), root=Path(), findings=FOUND))
    )
    assert not STEERS.search(told)
    assert len(told.splitlines()) == 1 or form != "github"
    if form in {"json", "sarif"}:
        assert any(MARKUP.split("{")[0] in text for text in texts_in(json.loads(told)))
    elif form == "junit":
        assert any("ps-evil onevil" in str(part.get("message")) for part in ET.fromstring(told).iter())


def hostile_release(folder: Path) -> Path:
    """Write a release whose title, version, texts, files and sidecar are poison."""
    release = folder / "2025-01-01"
    (release / "examples").mkdir(parents=True)
    line = MARKUP.replace("\n", " ")
    (release / "README.md").write_text(
        f"# Spec {line}\n\nhttps://creativecommons.org/publicdomain/zero/1.0/\n", "utf-8"
    )
    (release / "CHANGELOG.md").write_text(f"# Changelog\n\n## 2025-01-01 {line}\n\n{line}\n", "utf-8")
    (release / "examples" / 'a"><ps-evil onevil=1>.md').write_text(
        f"# Prompts {line}\n\n## {line}\n\n{line}\n", "utf-8"
    )
    (release / "model_spec.md").write_text(
        f"# One {line} {{#one authority=user}}\n\nWords {line}\n\n{line}\n\n<meta http-equiv=refresh content=evil>\n\n"
        f"**Example**: {line}\n\n~~~xml\n<user>\n{line}\n</user>\n<assistant> <!-- GOOD: {line} -->\n{line}\n</assistant>\n~~~\n",
        "utf-8",
    )
    sidecar = {
        "spec": {"title": line, "version": line, "publisher": line, "issued": line, "license": line},
        "levels": {"user": {"title": line}},
        "topics": [{"id": "t", "label": line}],
        "provisions": {
            "one": {"aliases": [f"a{line}"], "topics": ["t"], "status": line, "since": line},
            line: {"topics": ["t"]},
        },
    }
    (release / "model_spec_annotations.yaml").write_text(json.dumps(sidecar), "utf-8")
    return release


def test_a_release_with_its_sidecar_is_data(tmp_path: Path) -> None:
    release = hostile_release(tmp_path)
    sidecar = release / "model_spec_annotations.yaml"
    ps.build_handbook(release, tmp_path / "site", theme="basic", annotations=sidecar)
    assert {name: acts for name, page in pages_of(tmp_path / "site") if (acts := acts_in(page))} == {}
    assert f"Spec {MARKUP.split('*')[0]}" in ps.load(release).title


@pytest.mark.slow
@pytest.mark.parametrize(
    "theme", ["furo", "alabaster", "classic", "pydata_sphinx_theme", "sphinx_rtd_theme", "sphinx_book_theme"]
)
@pytest.mark.filterwarnings("ignore::sphinx.deprecation.RemovedInSphinx11Warning")
@pytest.mark.parametrize("pages", ["one", "chapter", "section"])
def test_no_theme_and_layout_takes_a_text_for_markup(theme: str, pages: str, tmp_path: Path) -> None:
    spec = poisoned(whole(), MARKUP)
    build_site(spec, tmp_path, tmp_path / "site", pages=pages, theme=theme, ask=True)
    assert {name: acts for name, page in pages_of(tmp_path / "site") if (acts := acts_in(page))} == {}


@pytest.mark.slow
@pytest.mark.parametrize("markup", [Markup.RST, Markup.MYST])
def test_no_markup_makes_a_text_act(markup: Markup, tmp_path: Path) -> None:
    build_site(poisoned(whole(markup), MARKUP), tmp_path, tmp_path / "site", theme="basic")
    assert {name: acts for name, page in pages_of(tmp_path / "site") if (acts := acts_in(page))} == {}


@pytest.mark.slow
def test_releases_beside_each_other_are_data(tmp_path: Path) -> None:
    both = [(poisoned(whole(), MARKUP + end), tmp_path) for end in (" old", " new")]
    build_releases(both, tmp_path / "site", pages="chapter", ask=True, theme="basic")
    # The first page leads to the newest release.
    pages = ((name, page.replace('http-equiv="refresh"', "")) for name, page in pages_of(tmp_path / "site"))
    assert {name: acts for name, page in pages if (acts := acts_in(page))} == {}


@pytest.mark.slow
def test_a_pdf_is_data(tmp_path: Path) -> None:
    build_site(poisoned(whole(), MARKUP), tmp_path, tmp_path / "site", theme="basic", pdf=True)
    assert "onevil=1" in text_of(tmp_path / "site" / "handbook.pdf")


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.slow
@pytest.mark.parametrize(
    "builder", ["latex", "epub", "text", "singlehtml", "dirhtml", "json", "xml", "man", "gettext"]
)
def test_no_builder_takes_a_text_for_markup(builder: str, tmp_path: Path) -> None:
    release = hostile_release(tmp_path)
    conf = 'extensions = ["sphinx_policyspec"]\npolicyspec_model_spec = ["2025-01-01/model_spec.md"]\n'
    (tmp_path / "conf.py").write_text(
        f'{conf}policyspec_annotations = "2025-01-01/{release.name and "model_spec_annotations.yaml"}"\n',
        "utf-8",
    )
    (tmp_path / "index.rst").write_text("Title\n=====\n\n.. toctree::\n\n   2025-01-01/model_spec\n", "utf-8")
    out = tmp_path / "out"
    assert build_main(["-q", "-b", builder, str(tmp_path), str(out)]) == 0
    written = [
        (file, file.read_text("utf-8"))
        for file in out.rglob("*")
        if file.suffix in {".html", ".xhtml", ".fjson", ".xml", ".tex"}
    ]
    for file, text in written:
        if file.suffix in {".xml", ".xhtml"}:
            assert not list(ET.fromstring(text).iter("ps-evil"))
        elif file.suffix == ".tex":
            assert not re.search(r"(?<!\\textbackslash)\\evil", text)
            # TeX ends where a text that acts is no command of it, and says whatever a text says.
            assert "onevil=1" in text_of(compiled(file))
        else:
            page = json.loads(text).get("body", "") if file.suffix == ".fjson" else text
            assert acts_in(page) == [], file
