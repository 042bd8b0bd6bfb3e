"""What is left open, in pages: who goes first, what nothing decides, and that rebuilds follow the spec."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.sphinx_ext.asks import surveys
from tests.releases.site import dead_links, read_site
from tests.sphinx_ext.shown_words import written_words

Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
Written = Callable[[Path], dict[str, bytes]]


def principle(name: str, level: str, *options: str) -> str:
    given = "".join(f"   :{option}\n" for option in ("topics: tone", *options))
    return f".. policy:principle:: {name.capitalize()}\n   :id: {name}\n   :authority: {level}\n{given}\n   Be {name}.\n\n"


SPEC = (
    "Manners\n=======\n\n.. policy:topic:: Tone <of voice>\n   :id: tone\n\n"
    + principle("fair", "root")
    + principle("warm", "user", "prefer-over: brisk")
    + principle("brisk", "user")
    + principle("short", "user")
    + principle("lifted", "user", "exception-to: short")
    + principle("exact", "user")
    + """\
.. policy:example:: Both at once
   :weighs: warm, short

   .. policy:message:: user

      Hello

   .. policy:response:: good

      Hello!

.. toctree::

   open
   cases
"""
)
CASES = """\
Cases
=====

.. policy:case::

   title: brisk or exact
   items:
     - {id: one, principle: brisk, issue: tone, value: brisk}
     - {id: two, principle: exact, issue: tone, value: exact}
     - {id: three, from: user, issue: tone, value: exact}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "manners"
    folder.mkdir()
    conf = 'project = "Manners"\nextensions = ["myst_parser", "sphinx_policyspec"]\n'
    (folder / "conf.py").write_text(conf, "utf-8")
    (folder / "index.rst").write_text(SPEC, "utf-8")
    (folder / "open.rst").write_text("Open\n====\n\n.. policy:survey::\n", "utf-8")
    (folder / "cases.rst").write_text(CASES, "utf-8")
    return folder


def page_of(app: SphinxTestApp) -> str:
    return Path(app.outdir, "open.html").read_text("utf-8")


def matrix_of(page: str) -> dict[tuple[str, str], str]:
    """Return the cells of the first table by the heads of their row and column, each with where it leads."""
    table = page.partition("<table")[2].partition("</table>")[0]
    rows = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in table.split("</tr>") if "<t" in row]
    assert all(' scope="col"' in cell for cell in rows[0])
    assert all(' scope="row"' in row[0] and "href=" in row[0] for row in rows[1:])
    names = [_words(cell) for cell in rows[0]]
    return {
        (_words(row[0]).split()[0], name): " ".join(
            [_words(cell), *re.findall(r'href="([^"]*)"', cell)]
        ).strip()
        for row in rows[1:]
        for name, cell in zip(names[1:], row[1:], strict=True)
    }


def _words(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", cell).split())


def test_each_pair_says_what_decides_with_a_link_to_it(
    source: Path, build: Build, warnings_in: Warnings
) -> None:
    app = build(source)
    assert warnings_in(app) == []
    cells = matrix_of(page_of(app))
    assert cells["Warm", "Fair"] == "column, by level index.html#fair"
    assert cells["Brisk", "Warm"] == "column, by preference index.html#warm"
    assert cells["Lifted", "Short"] == "row, by exception index.html#lifted"
    assert cells["Short", "Warm"] == "example index.html#example-manners-both-at-once"
    assert cells["Exact", "Brisk"] == "case cases.html#ps-cases-1-0"
    assert cells["Short", "Brisk"].startswith("open #ps-open-1-gap-")
    assert cells["Warm", "Short"] == ""
    assert dead_links(Path(app.outdir), read_site(Path(app.outdir))) == []
    text = _words(page_of(app))
    assert "15 pairs of principles may ask for different things." in text
    assert (
        "In 9, it is stated which goes first (level: 5, exception: 1, preference: 1, example: 1, case: 1)."
        in text
    )
    assert "In 6, nothing does: for each, write an example that weighs both" in text
    assert "Tone <of voice>" not in page_of(app)


def test_a_smallest_case_can_be_copied_and_is_decided_as_it_says(
    source: Path, build: Build, tmp_path: Path
) -> None:
    page = page_of(build(source))
    blocks = re.findall(r"<details.*?<pre>(.*?)</pre>", page, re.DOTALL)
    assert len(blocks) > 12
    spec = ps.load(source)
    for number, block in enumerate(blocks):
        text = html.unescape(re.sub(r"<[^>]*>", "", block))
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")
        (decision,) = ps.decide(spec, tmp_path / f"{number}.yaml")
        assert decision.as_expected, text


def test_a_place_for_feedback_is_where_examples_are_asked_for(source: Path, build: Build) -> None:
    with (source / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            'policyspec_feedback_url = "https://example.org/new?about={id}&title={title}&level={level}"\n'
        )
    page = page_of(build(source))
    address = "https://example.org/new?about=brisk%20%2B%20short&amp;title=Brisk%20%2B%20Short&amp;level=user"
    (line,) = [line for line in page.split("<li>") if f'href="{address}"' in line]
    assert _words(line).startswith("Brisk or Short ? · Write an example")


def test_what_needs_clingo_says_so_where_it_is_missing_and_comes_with_it(
    source: Path, build: Build, warnings_in: Warnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "clingo", None)
        without.setattr("sphinx_policyspec.sphinx_ext.asks.directives.find_spec", lambda _name: None)
        app = build(source)
        assert warnings_in(app) == []
        page = page_of(app)
    assert len(matrix_of(page)) == 25
    assert "pip install &#39;sphinx-policyspec[survey]&#39;" in page.replace("'", "&#39;")
    assert "Conflicts that end undecided</h" not in page
    page = page_of(build(source))
    assert "Conflicts that end undecided</h" in page
    assert "pip install" not in page


def test_an_edit_that_changes_no_level_asks_clingo_nothing(
    source: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(source)
    index = source / "index.rst"
    index.write_text(index.read_text("utf-8").replace("Be exact.", "Be exact, please."), "utf-8")

    def fail(_norms: object) -> None:
        raise AssertionError

    monkeypatch.setattr(surveys, "_explore", fail)
    assert "Conflicts that end undecided" in page_of(build(source))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (":id: exact\n   :authority: user", ":id: exact\n   :authority: root"),
        (
            "Manners\n=======\n",
            "Manners\n=======\n\n.. policy:level:: Users\n   :id: user\n   :roles: user\n\n",
        ),
    ],
)
def test_a_rebuild_is_a_fresh_build(
    source: Path, build: Build, written: Written, before: str, after: str
) -> None:
    build(source, out="kept")
    index = source / "index.rst"
    assert before in index.read_text("utf-8")
    index.write_text(index.read_text("utf-8").replace(before, after, 1), "utf-8")
    kept, fresh = build(source, out="kept"), build(source, out="fresh")
    assert written(Path(kept.outdir))["open.html"] == written(Path(fresh.outdir))["open.html"]


def test_the_number_of_open_pairs_can_be_held(source: Path, build: Build, warnings_in: Warnings) -> None:
    text = "Open\n====\n\n.. policy:survey::\n   :show: rules, {}\n   :expect-rows: {}\n"
    (source / "open.rst").write_text(text.format("pairs", 6), "utf-8")
    assert warnings_in(build(source)) == []
    (source / "open.rst").write_text(text.format("pairz", 0), "utf-8")
    app = build(source)
    assert sorted(warnings_in(app)) == [
        "open.rst:4: the answer has 6 rows, not 0 [policyspec.unexpected-rows]",
        "open.rst:5: `show` does not take `pairz`; did you mean `pairs`? [policyspec.invalid-option]",
    ]
    assert "Rules that never decide" in page_of(app)
    assert "<table" not in page_of(app)


def test_a_topic_of_many_is_a_list_of_what_nothing_decides(
    source: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "LARGEST_MATRIX", 5)
    monkeypatch.setattr("sphinx_policyspec.sphinx_ext.asks.surveys.LARGEST_MATRIX", 5)
    monkeypatch.setattr(surveys, "MOST_PAIRS", 4)
    page = page_of(build(source))
    text = _words(page)
    assert "<table" not in page
    assert "6 principles, 6 pairs that nothing decides." in text
    assert "2 more; `policyspec survey` lists all of them." in text
    assert page.count("<summary>A case to begin with</summary>") > 4


@pytest.mark.parametrize("builder", ["text", "latex", "epub", "singlehtml"])
def test_every_builder_says_who_goes_first(
    source: Path, build: Build, warnings_in: Warnings, builder: str
) -> None:
    app = build(source, builder)
    assert [line for line in warnings_in(app) if "policy" in line] == []
    text = f" {' '.join(written_words(Path(app.outdir), builder, 'open'))} "
    assert " in 6 nothing does " in text
    assert " norm of user norm of user " in text
    if builder != "singlehtml":
        assert " lifted exception lifted goes first " in text
        assert " example both at once " in text
        assert "items" not in text
