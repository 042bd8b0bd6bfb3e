"""A project that stays open: a page that is read again gives what a fresh read of the same text gives."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import with_unsaved
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.finding import moved_lines
from sphinx_policyspec.sources import Loaded, ProjectOptions
from sphinx_policyspec.sphinx_ext.build.project import OpenProject, open_project, read_project

EDITS = 5


def damaged(text: str, draw: random.Random) -> str:
    """Delete, double, cut or shuffle a few lines, as people do while they type."""
    lines = text.split("\n")
    start = draw.randrange(len(lines))
    part = lines[start : start + draw.randint(1, 4)]
    changed = draw.choice(
        (
            list,
            lambda: part * 2,
            lambda: [part[0][: len(part[0]) // 2]],
            lambda: draw.sample(part, len(part)),
        )
    )()
    return "\n".join([*lines[:start], *changed, *lines[start + len(part) :]])


def same(one: Loaded, other: Loaded) -> bool:
    return one.spec == other.spec and said(one) == said(other)


def said(loaded: Loaded) -> list[str]:
    return [str(finding) for finding in loaded.findings]


@contextmanager
def opened(folder: Path) -> Iterator[OpenProject]:
    with open_project(folder) as project:
        yield project


def read_again(project: OpenProject, file: Path, text: str) -> Loaded:
    with with_unsaved({file.resolve(): text}):
        project.reread(project.pages_of(file))
        project.answer()
        return project.loaded()


@pytest.mark.parametrize(
    ("root", "page"),
    [
        ("test-twin-myst", "index.md"),
        ("test-twin-rst", "index.rst"),
        ("test-views", "index.rst"),
        ("test-model-spec", "upstream/model_spec.md"),
    ],
)
def test_a_page_read_again_gives_what_a_fresh_read_gives(
    rootdir: Path, tmp_path: Path, root: str, page: str
) -> None:
    shutil.copytree(rootdir / root, tmp_path / root)
    file, draw = tmp_path / root / page, random.Random(root)
    text, states = file.read_text("utf-8"), list[tuple[str, Loaded]]()
    with opened(tmp_path / root) as project:
        whole = project.loaded()
        for _ in range(EDITS):
            broken = damaged(text, draw)
            states.append((broken, read_again(project, file, broken)))
        assert same(read_again(project, file, text), whole)
    assert any(not same(found, whole) for _, found in states)
    for broken, found in states:
        with with_unsaved({file.resolve(): broken}):
            assert same(read_project(tmp_path / root), found)
        assert file.read_text("utf-8") == text
    file.write_text(broken, "utf-8")
    assert same(read_project(tmp_path / root), found)


def test_what_was_found_about_an_answer_stays_on_its_line_until_it_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    page = tmp_path / "index.md"
    text = (
        "# Kind\n\n```{policy:principle}\n:id: kind\n:authority: user\n```\n\nBe kind.\n\n"
        "```{policy:principle-list}\n:expect-rows: 7\n```\n"
    )
    page.write_text(text, "utf-8")

    def of_answers(loaded: Loaded) -> list[Finding]:
        return [finding for finding in loaded.findings if finding.code == "unexpected-rows"]

    with opened(tmp_path) as project:
        (before,) = of_answers(project.loaded())
        longer = text.replace("Be kind.\n", "Be kind.\n\nAlways.\n\nAnd again.\n")
        with with_unsaved({page.resolve(): longer}):
            project.reread(project.pages_of(page))
            (after,) = of_answers(project.loaded())
            assert after.span.line == before.span.line + 4
            assert after.message == before.message
        with with_unsaved({page.resolve(): longer.replace("7", "1")}):
            project.reread(project.pages_of(page))
            assert len(of_answers(project.loaded())) == 1
            project.answer()
            assert of_answers(project.loaded()) == []


def test_lines_move_with_an_edit_and_a_line_that_is_gone_is_its_neighbour() -> None:
    before = ["a", "b", "c", "d", "e"]
    for after in (["a", "b", "x", "y", "c", "d", "e"], ["a", "e"], ["a", "X", "c", "d", "e"], [], before):
        line = moved_lines(before, after)
        places = [line(number) for number in range(1, 6)]
        assert places == sorted(places)
        assert all(1 <= place <= max(len(after), 1) for place in places)
        for number, place in enumerate(places, 1):
            if before[number - 1] in after and len(after) != 5:
                assert after[place - 1] == before[number - 1]


def test_a_conf_py_that_is_not_to_be_run_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\nraise ValueError\n", "utf-8"
    )
    (tmp_path / "index.rst").write_text(
        "Kind\n====\n\n.. policy:principle::\n   :id: kind\n   :authority: usr\n\nBe kind.\n", "utf-8"
    )
    options = ProjectOptions(overrides={"extensions": ["sphinx_policyspec"]})
    with open_project(tmp_path, options, runs_conf=False) as project:
        assert [finding.code for finding in project.loaded().findings if finding.code == "unknown-level"]
    assert not (tmp_path / "ran").exists()
    with pytest.raises(SourceError), open_project(tmp_path, options):
        pass
    assert (tmp_path / "ran").exists()


def test_a_page_is_found_by_a_file_that_it_includes(rootdir: Path) -> None:
    with opened(rootdir / "test-include") as project:
        parts = {
            file: project.pages_of(rootdir / "test-include" / file)
            for files in project.app.env.dependencies.values()
            for file in map(str, files)
        }
    assert parts
    assert all(parts.values())
