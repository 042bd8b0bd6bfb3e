"""Overlays that pages write: equal to those of files, statement by statement, and told of at their lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

import sphinx_policyspec as ps
from sphinx_policyspec.model import Span
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.readers.overlays import Overlay, overlay_of
from sphinx_policyspec.sphinx_ext.asks.overlays import WrittenKey, overlay_of_keys
from tests.conftest import Run
from tests.overlays.test_statements import release, rows

__all__ = ["release"]
NOWHERE = Span("x", 1)


def keys_of(said: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of a statement, each with its value as it is written."""
    text = f"{{{said}}}"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root
    for key, value in root.value:
        raw = text[value.start_mark.index : value.end_mark.index]
        yield key.value, raw


def without_places(overlay: Overlay) -> Overlay:
    statements = tuple(
        replace(one, span=NOWHERE, targets=tuple(replace(target, span=NOWHERE) for target in one.targets))
        for one in overlay.statements
    )
    return replace(overlay, span=NOWHERE, statements=statements)


def by_holder() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for number, (who, said, *_) in enumerate(rows()):
        found.setdefault(who, []).append((f"s{number}", said))
    return found


def as_file(who: str, source: str) -> str:
    holder, surface = who.split()
    lines = "".join(f"  - {{id: {name}, {said}}}\n" for name, said in by_holder()[who])
    return f"overlay: o\nupstream: {{source: {source}}}\nholder: {holder}\nsurface: {surface}\nstatements:\n{lines}"


@pytest.mark.parametrize("who", sorted(by_holder()))
def test_directives_and_files_say_the_same(who: str, release: ps.Spec) -> None:
    """Law: keys of pages give the overlay of the file with the same keys, and so the same findings."""

    def key(name: str, text: str) -> WrittenKey:
        return WrittenKey(name=name, text=text, span=NOWHERE)

    holder, surface = who.split()
    head = [
        key("overlay", "o"),
        key("upstream", "{source: u}"),
        key("holder", holder),
        key("surface", surface),
    ]
    statements = [
        [key("id", name), *(key(*pair) for pair in keys_of(said))] for name, said in by_holder()[who]
    ]
    of_pages, wrong = overlay_of_keys(head, statements, NOWHERE)
    of_file, wrong_there = overlay_of(as_file(who, "u"), "o.yaml")
    assert of_pages
    assert of_file
    assert without_places(of_pages) == without_places(of_file)
    assert wrong == wrong_there == ()
    told = [
        sorted((one.code, one.message, one.hint) for one in check_overlays([overlay], release).findings)
        for overlay in (of_pages, of_file)
    ]
    assert told[0] == told[1] != []


def written(folder: Path, who: str, source: str) -> Path:
    """Write a project whose pages, in both markups, say what one holder says."""
    holder, surface = who.split()
    folder.mkdir()
    (folder / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    rst = f".. policy:overlay:: o\n   :upstream: {{source: {source}}}\n   :holder: {holder}\n   :surface: {surface}\n\n"
    myst = "# More\n\n"
    for number, (name, said) in enumerate(by_holder()[who]):
        given = dict(keys_of(said))
        says = given.pop("says")
        if number % 2:
            options = "".join(f":{option}: {value}\n" for option, value in given.items())
            myst += f"```{{policy:statement}} {name}\n{options}\n{says}\n```\n\n"
        else:
            options = "".join(f"   :{option}: {value}\n" for option, value in given.items())
            rst += f".. policy:statement:: {name}\n{options}\n   {says}\n\n"
    (folder / "index.rst").write_text(f"Ours\n====\n\n{rst}\n.. toctree::\n\n   more\n", "utf-8")
    (folder / "more.md").write_text(myst, "utf-8")
    return folder


def test_a_project_is_judged_as_the_file_that_says_the_same(
    model_spec_data: Path, tmp_path: Path, run: Run
) -> None:
    source = str(model_spec_data / "2025-09-12")
    project = written(tmp_path / "docs", "developer api", source)
    (tmp_path / "o.yaml").write_text(as_file("developer api", source), "utf-8")
    pages, file = ps.check_overlay(project), ps.check_overlay(tmp_path / "o.yaml")
    codes = {one.id: one.code for one in file.verdicts}
    assert {one.id: one.code for one in pages.verdicts} == codes
    assert len(codes) > 40
    told = [sorted((one.code, one.message, one.hint) for one in report.findings) for report in (pages, file)]
    assert told[0] == told[1]
    assert {one.span.file for one in pages.findings} == {"index.rst", "more.md"}
    exports = [run("overlay", "export", one, "--to", "message")[1] for one in (project, tmp_path / "o.yaml")]
    assert sorted(exports[0].split("\n\n")) == sorted(exports[1].split("\n\n"))


UP = """# Keep people safe {#keep_safe authority=root}

The assistant must never sell a weapon.

# Be kind {#be_kind authority=user}

By default the assistant greets people.
"""
PAGE = """Ours
====

.. policy:overlay:: shop
   :upstream: {source: up.md}
   :holder: developer

.. policy:statement:: gruff
   :overrides: be_kind
   :because: We don't: greet.

   Greet *nobody*.

.. policy:statement:: sell
   :overrides: [keep_safe]

   Sell it.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "up.md").write_text(UP, "utf-8")
    (tmp_path / "conf.py").write_text(
        'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["up.md"]\n', "utf-8"
    )
    (tmp_path / "index.rst").write_text(PAGE, "utf-8")
    return tmp_path


def told(project: Path, page: str) -> set[tuple[str, int, int]]:
    (project / "index.rst").write_text(page, "utf-8")
    found = ps.check(project).findings
    return {(one.code, one.span.line, one.span.column) for one in found if one.severity is ps.Severity.ERROR}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("", ""), {("root-is-fixed", 15, 16)}),
        (("[keep_safe]", "be_kind, keep_safe"), {("must-be-split", 15, 16)}),
        (("overrides: be_kind", "overrides: be_knd"), {("root-is-fixed", 15, 16), ("unknown-provision", 9, 16)}),
        (("because: We don't: greet.", "mode: loud"), {("root-is-fixed", 15, 16), ("invalid-value", 10, 11)}),
        (("[keep_safe]", "[keep_safe"), {("invalid-option", 15, 16)}),
        (("be_kind\n   :because", "be_kind\n   :forbids: [a\n   :because"), {("invalid-option", 10, 14), ("root-is-fixed", 16, 16)}),
        (("   Sell it.\n", ""), {("missing-key", 14, 1)}),
        (("up.md}", "nothing.md}"), {("config", 5, 24)}),
        (("overlay:: shop", "statement:: first"), {("misplaced-directive", n, 1) for n in (4, 8, 14)} | {("unknown-option", n, 1) for n in (5, 6)}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place_on_the_page(
    project: Path, change: tuple[str, str], found: set[tuple[str, int, int]]
) -> None:
    assert found == told(project, PAGE.replace(*change))


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("statement:: sell", "statement::"), "write it after the name of the directive"),
        (("   Sell it.\n", ""), "write the statement below the options"),
        (("overlay:: shop", "overlay::"), "write the name of the overlay after that of the directive"),
    ],
)
def test_what_a_directive_lacks_is_told_once(project: Path, change: tuple[str, str], hint: str) -> None:
    page = PAGE.replace(*change)
    assert page != PAGE
    (project / "index.rst").write_text(page, "utf-8")
    assert [
        one.hint
        for one in ps.check(project).findings
        if one.code != "root-is-fixed" and one.severity is ps.Severity.ERROR
    ] == [hint]


def test_a_page_shows_what_is_said_and_whether_it_may_be(project: Path, run: Run) -> None:
    assert run("handbook", project, "-o", project / "site", "-q")[0] == 0
    page = BeautifulSoup((project / "site" / "index.html").read_text("utf-8"), "html.parser")
    first, second = page.select(".ps-statement")
    assert "gruff: overrides be_kind · ✓ may be said" in first.text
    assert "Greet *nobody*." in first.text
    assert "We don't: greet." in first.text
    assert "is refused (root-is-fixed)" in second.text
    assert "“The assistant must never sell a weapon.” (keep_safe ¶1 s1)" in second.text
    assert [row.text.split()[0] for row in page.select(".ps-overlay tbody tr")] == ["gruff", "sell"]


def test_a_build_after_upstream_changed_judges_again(project: Path) -> None:
    words = ("-m", "sphinx", "-q", "-b", "html", str(project), str(project / "_build"))
    seen = []
    for level in ("root", "user"):
        (project / "up.md").write_text(UP.replace("authority=root", f"authority={level}"), "utf-8")
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
        seen.append(
            (
                "root-is-fixed" in done.stderr,
                "is refused" in (project / "_build" / "index.html").read_text("utf-8"),
            )
        )
    assert seen == [(True, True), (False, False)]


def test_a_next_release_is_told_of_at_the_pages_and_they_are_left_alone(project: Path, run: Run) -> None:
    (project / "next.md").write_text(UP.replace("#be_kind", "#be_nice"), "utf-8")
    status, out, _ = run("overlay", "rebase", project, "--next", project / "next.md")
    assert (status, "shop/gruff: renamed (index.rst:8)" in out) == (1, True)
    assert "`be_kind` is called `be_nice` now" in out
    status, _, err = run("overlay", "rebase", project, "--next", project / "next.md", "--write")
    assert (status, "change by hand" in err) == (2, True)


def test_a_project_without_an_overlay_is_none(project: Path, run: Run) -> None:
    (project / "index.rst").write_text("Ours\n====\n", "utf-8")
    status, _, err = run("overlay", "check", project)
    assert (status, "has no `policy:overlay` on any page" in err) == (2, True)
