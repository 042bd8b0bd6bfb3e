"""A rebuild after an edit gives what a fresh build gives: pages, graph and warnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Written = Callable[[Path], dict[str, bytes]]
Warnings = Callable[[SphinxTestApp], list[str]]
EDITS = {
    "another title": ("alpha.rst", "Be kind\n=======", "Be very kind\n============"),
    "another level": ("alpha.rst", ":authority: user", ":authority: guideline"),
    "another id": ("alpha.rst", ":id: be_kind", ":id: be_gentle"),
    "another reference": (
        "beta.rst",
        "As :policy:principle:`be_kind` says",
        "As :policy:principle:`be_fair` says",
    ),
    "another name of a level": ("index.rst", "level:: user", "level:: Reader\n   :id: user"),
    "one principle fewer": ("beta.rst", ".. policy:principle::\n   :id: be_fair\n   :authority: root\n", ""),
    "one question fewer": (
        "index.rst",
        ".. policy:query:: principles-by-authority\n   :columns: id, title\n",
        "",
    ),
    "nothing": ("alpha.rst", "Be kind", "Be kind"),
}


@pytest.mark.parametrize("parallel", [0, 2])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_leaves_nothing_stale(  # noqa: PLR0917 - fixtures
    project: Project, build: Build, written: Written, warnings_in: Warnings, edit: str, parallel: int
) -> None:
    source = project("rebuild")
    build(source, out="kept", parallel=parallel)
    name, old, new = EDITS[edit]
    text = (source / name).read_text("utf-8")
    assert old in text
    if old != new:
        (source / name).write_text(text.replace(old, new), "utf-8")
    again = build(source, out="kept", parallel=parallel)
    fresh = build(source, out="fresh")
    kept_files, fresh_files = written(again.outdir), written(fresh.outdir)
    assert [name for name in fresh_files if kept_files.get(name) != fresh_files[name]] == []
    ours = [[line for line in warnings_in(app) if "[policyspec." in line] for app in (again, fresh)]
    assert sorted(ours[0]) == sorted(ours[1])


def test_a_build_without_changes_writes_no_page(
    project: Project, build: Build, make_app: Build, tmp_path: Path
) -> None:
    source = project("rebuild")
    build(source)
    again = make_app("html", srcdir=source, builddir=tmp_path / "out")
    pages: list[str] = []
    again.connect("html-page-context", lambda _app, name, *_rest: pages.append(name))
    again.build()
    assert [name for name in pages if name in again.env.all_docs] == []
