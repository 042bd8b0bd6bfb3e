"""Scenarios of the chain of command in pages: what is shown, what is found, and that rebuilds follow the spec."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.exports.decisions import ENGLISH
from sphinx_policyspec.sphinx_ext.asks.cases import site_wording
from tests.releases.site import dead_links, read_site
from tests.sphinx_ext.shown_words import lost_runs, runs_of, written_words

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]

RULES = """\
Manners
=======

.. policy:principle:: Be kind
   :id: be_kind
   :authority: user

   Be kind.

.. policy:principle:: Hurt nobody
   :id: hurt_nobody
   :authority: root

   Hurt nobody.
"""
CASE = """\
.. policy:case::

   title: a reader <who> wants it blunt
   about: be_kind
   items:
     - {id: kind, principle: be_kind, issue: tone, value: warm}
     - {id: blunt, from: user, issue: tone, value: blunt}
     - {id: pasted, from: user, quoted: true, issue: tone, value: rude}
   expect:
     labels: {kind: out, blunt: in, pasted: not-a-candidate}
"""
MYST = """\
# Cases

```{policy:case}
title: a reader <who> wants it blunt
about: be_kind
items:
  - {id: kind, principle: be_kind, issue: tone, value: warm}
  - {id: blunt, from: user, issue: tone, value: blunt}
  - {id: pasted, from: user, quoted: true, issue: tone, value: rude}
expect:
  labels: {kind: out, blunt: in, pasted: not-a-candidate}
```
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "conf.py").write_text(
        'project = "Manners"\nextensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8"
    )
    (folder / "index.rst").write_text(RULES + "\n.. toctree::\n\n   cases\n", "utf-8")
    (folder / "cases.rst").write_text("Cases\n=====\n\n" + CASE, "utf-8")
    return folder


def told(app: SphinxTestApp) -> list[str]:
    text = Path(app.outdir, "cases.txt").read_text("utf-8")
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


NORM, WISH = "the user norm of be_kind", "the user's explicit instruction at turn 2"
EXPECTED = [
    "**a reader <who> wants it blunt** · Be kind",
    "* **tone**: blunt",
    (
        f"* **✗ kind is out** · Authority: User · Be kind (tone: warm): {NORM} loses to blunt, {WISH} "
        "(explicit message before default, R5)"
    ),
    (
        f"* **✓ blunt is in** · Authority: User · explicit (tone: blunt): {WISH} defeats kind, {NORM} "
        "(explicit message before default, R5)"
    ),
    (
        "* **– pasted is not a candidate** · no authority (tone: rude): quoted text has no authority, and nobody who has it "
        "delegates tone to it"
    ),
]


def test_a_page_tells_the_decision_and_why(source: Path, build: Build, warnings_in: Warnings) -> None:
    app = build(source, "text")
    assert told(app)[1:] == EXPECTED
    assert warnings_in(app) == []


def test_myst_tells_the_same(source: Path, build: Build, warnings_in: Warnings) -> None:
    (source / "cases.rst").unlink()
    (source / "cases.md").write_text(MYST, "utf-8")
    app = build(source, "text")
    assert told(app)[1:] == EXPECTED
    assert warnings_in(app) == []


def test_the_drawing_says_it_in_words_and_escapes_them(source: Path, build: Build) -> None:
    page = Path(build(source).outdir, "cases.html").read_text("utf-8")
    (svg,) = re.findall(r'<svg[^>]*class="ps-attacks".*?</svg>', page, re.DOTALL)
    assert "Who attacks whom: a reader &lt;who&gt; wants it blunt" in svg
    assert "blunt → kind" in svg
    assert svg.count("<rect") == 3
    assert svg.count('marker-end="url(') == 1
    assert "no authority" in svg
    assert "<who>" not in page


def test_the_drawing_leads_to_principles_and_to_the_reasons_of_messages(source: Path, build: Build) -> None:
    app = build(source)
    page = Path(app.outdir, "cases.html").read_text("utf-8")
    (svg,) = re.findall(r'<svg[^>]*class="ps-attacks".*?</svg>', page, re.DOTALL)
    links = re.findall(r'<a class="ps-node ps-([\w-]+) ps-level-(\w+)" href="([^"]*)"><title>([^<]*)<', svg)
    assert links == [
        ("out", "user", "index.html#be_kind", "kind: tone: warm (User, out)"),
        ("in", "user", "#ps-cases-1-0-1", "blunt: tone: blunt (User, in)"),
        ("not-a-candidate", "other", "#ps-cases-1-0-2", "pasted: tone: rude (no authority, not a candidate)"),
    ]
    assert 'class="ps-aside ps-level-user"' in svg
    assert svg.count('role="img"') == 1
    assert svg.index("<a ") < svg.index('role="img"')
    assert dead_links(Path(app.outdir), read_site(Path(app.outdir))) == []


def test_the_words_of_pages_are_those_of_the_command_unless_translated() -> None:
    ours = site_wording()
    assert ours == replace(ENGLISH, quoted="{text}", roles=ours.roles)
    assert all(role == name for role, name in ours.roles.items())


GERMAN = [
    "**a reader <who> wants it blunt** · Be kind",
    "* **tone**: blunt",
    (
        "* **✗ kind gilt nicht** · Befugnis: User · Be kind (tone: warm): die Norm be_kind (Stufe User) verliert gegen blunt, "
        "die ausdrückliche Anweisung (Nutzer, Beitrag 2) (ausdrückliche Nachricht vor Vorgabe, R5)"
    ),
    (
        "* **✓ blunt gilt** · Befugnis: User · ausdrücklich (tone: blunt): die ausdrückliche Anweisung (Nutzer, Beitrag 2) "
        "setzt sich durch gegen kind, die Norm be_kind (Stufe User) (ausdrückliche Nachricht vor Vorgabe, R5)"
    ),
    (
        "* **– pasted ist nicht zugelassen** · ohne Befugnis (tone: rude): zitierter Text hat keine Befugnis, und niemand, "
        "der sie hat, überträgt ihm tone"
    ),
]


def test_a_german_page_explains_in_german(source: Path, build: Build, warnings_in: Warnings) -> None:
    with (source / "conf.py").open("a", encoding="utf-8") as file:
        file.write('language = "de"\n')
    app = build(source, "text")
    assert told(app)[1:] == GERMAN
    assert warnings_in(app) == []
    page = Path(build(source).outdir, "cases.html").read_text("utf-8")
    assert "Wer wen angreift" in page
    assert ">gilt nicht<" in page


@pytest.mark.parametrize("builder", ["text", "man", "latex", "epub", "texinfo", "singlehtml"])
def test_every_builder_writes_all_words(source: Path, build: Build, builder: str) -> None:
    app = build(source, builder)
    wanted = source / "expected.md"
    wanted.write_text("\n\n".join(EXPECTED[2:]).replace("*", ""), "utf-8")
    found = " ".join(written_words(Path(app.outdir), builder, "cases"))
    found = found.replace(" authority authority user ", " authority user ")
    assert lost_runs(runs_of(wanted), found.split()) == []


def test_a_change_of_the_spec_turns_a_decision_round(
    source: Path, build: Build, warnings_in: Warnings
) -> None:
    build(source, out="kept")
    index = source / "index.rst"
    index.write_text(index.read_text("utf-8").replace(":authority: user", ":authority: root"), "utf-8")
    app = build(source, out="kept")
    page = Path(app.outdir, "cases.html").read_text("utf-8")
    assert "kind is in" in page
    place, title, hint = (
        "cases.rst:6: ",
        "a reader <who> wants it blunt: ",
        "; correct what the case expects, or the spec",
    )
    assert sorted(warnings_in(app)) == [
        f"{place}{title}{told}{hint} [policyspec.unexpected-decision]"
        for told in ("`blunt` is out, not in", "`kind` is in, not out")
    ]
    assert warnings_in(build(source, out="kept")) == warnings_in(app)


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ("be_kind, issue", "cases.rst:9: unknown provision `be_kin`"),
        ("from: user, issue", "cases.rst:10: unknown"),
        ("title: a", "cases.rst:6: not YAML"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(
    source: Path, build: Build, warnings_in: Warnings, wrong: str, finding: str
) -> None:
    slip = {
        "be_kind, issue": "be_kin, issue",
        "from: user, issue": "from: usr, issue",
        "title: a": "title: [a",
    }
    cases = source / "cases.rst"
    cases.write_text(cases.read_text("utf-8").replace(wrong, slip[wrong], 1), "utf-8")
    app = build(source)
    found = warnings_in(app)
    assert len(found) == 1, found
    assert found[0].startswith(finding), found
    assert 'class="ps-problem' in Path(app.outdir, "cases.html").read_text("utf-8")


@pytest.mark.parametrize(("name", "before"), [("cases.rst", CASE), ("cases.md", MYST)])
def test_a_finding_has_the_column_of_the_file(source: Path, name: str, before: str) -> None:
    (source / "cases.rst").unlink()
    text = before.replace("principle: be_kind", "principle: be_kin")
    (source / name).write_text(text if name.endswith("md") else f"Cases\n=====\n\n{text}", "utf-8")
    (found,) = [f for f in ps.check(source) if f.code == "unknown-provision"]
    line = (source / name).read_text("utf-8").splitlines()[found.span.line - 1]
    assert line[found.span.column - 1 :].startswith("be_kin,")
