"""A rebuild after an edit gives what a fresh build gives: pages, graph, indices, search and warnings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
Restored = Callable[[str, int], Path]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces a text on a page; the page's name is without suffix, ``/`` before a file with its own."""

    page: str
    old: str
    new: str


def insert(page: str, after: str, new: str) -> Edit:
    """Return the edit that puts a text after another."""
    return Edit(page, after, after + new)


RST = {
    "title": Edit("alpha", "Be kind\n=======", "Be very kind\n============"),
    "level": Edit("alpha", ":authority: user", ":authority: guideline"),
    "unknown level": Edit("alpha", ":authority: user", ":authority: usr"),
    "topic": Edit("beta", ":authority: root", ":authority: root\n   :topics: kindness"),
    "unknown topic": Edit("beta", ":authority: root", ":authority: root\n   :topics: kindnes"),
    "text": Edit("beta", "of no consequence", "that mentions zebras"),
    "new reference": insert("beta", "no consequence.", " See :policy:principle:`be_brief`."),
    "new dangling reference": insert("beta", "no consequence.", " See :policy:principle:`be_brif`."),
    "removed reference": Edit("beta", "As :policy:principle:`be_kind` says; see", "See"),
    "renamed id": Edit("alpha", ":id: be_kind", ":id: be_gentle"),
    "example title": Edit("alpha", "a greeting", "a farewell"),
    "verdict": Edit("alpha", "response:: good", "response:: bad"),
    "name of a level": Edit("index", "level:: user", "level:: Reader\n   :id: user"),
    "who may override a level": insert("index", "level:: user", "\n   :roles: user"),
    "name of a topic": Edit("index", "topic:: Kindness", "topic:: Goodness"),
    "one principle fewer": Edit("beta", ".. policy:principle::\n   :id: be_fair\n   :authority: root\n", ""),
    "one question fewer": Edit(
        "index", ".. policy:query:: principles-by-level\n   :columns: id, title\n", ""
    ),
    "title of a page outside the spec": Edit("plain", "Plain\n=====", "Plainer\n======="),
}
MYST = {
    "title": Edit("alpha", "# Be kind", "# Be very kind"),
    "level": RST["level"],
    "unknown level": RST["unknown level"],
    "topic": Edit("beta", ":authority: root", ":authority: root\n:topics: kindness"),
    "unknown topic": Edit("beta", ":authority: root", ":authority: root\n:topics: kindnes"),
    "text": RST["text"],
    "new reference": insert("beta", "no consequence.", " See {policy:principle}`be_brief`."),
    "new dangling reference": insert("beta", "no consequence.", " See {policy:principle}`be_brif`."),
    "removed reference": Edit("beta", "As {policy:principle}`be_kind` says; see", "See"),
    "renamed id": RST["renamed id"],
    "example title": RST["example title"],
    "verdict": Edit("alpha", "{policy:response} good", "{policy:response} bad"),
    "name of a level": Edit("index", "level} user", "level} Reader\n:id: user"),
    "who may override a level": insert("index", "level} user", "\n:roles: user"),
    "name of a topic": Edit("index", "topic} Kindness", "topic} Goodness"),
    "one principle fewer": Edit("beta", "```{policy:principle}\n:id: be_fair\n:authority: root\n```\n", ""),
    "one question fewer": Edit(
        "index", "```{policy:query} principles-by-level\n:columns: id, title\n```\n", ""
    ),
    "title of a page outside the spec": Edit("plain", "# Plain", "# Plainer"),
}
BOTH = {
    "nothing": Edit("alpha", "Be kind", "Be kind"),
    "sidecar, topic": Edit("/notes.yaml", "[fairness]", "[]"),
    "sidecar, label": Edit("/notes.yaml", "alt-labels: [fair]", "alt-labels: [kind]"),
    "sidecar, stale entry": Edit("/notes.yaml", "be_fair:", "be_far:"),
    "sidecar, former id": Edit(
        "/notes.yaml", "{topics: [fairness]}", "{topics: [fairness], aliases: [be_just]}"
    ),
    "config, base": insert("/conf.py", '"Rebuild"\n', 'policyspec_base_iri = "https://example.org/spec/"\n'),
    "config, severity": insert("/conf.py", '"Rebuild"\n', 'policyspec_severity = {"unknown-level": "off"}\n'),
    "config, sidecar": Edit("/conf.py", '["notes.yaml"]', "[]"),
    "removed page": Edit("index", "delta\n", ""),
    "removed page that others refer to": Edit("index", "alpha\n", ""),
    "added page": insert("index", "plain\n", ""),
}
BY_PROCESSES = {
    "nothing": "the processes have no page to read or write",
    "text": "panels on other pages show it, computed before the writers fork",
    "topic": "answers on other pages change, computed before the writers fork",
    "unknown level": "a finding is told once, however many processes there are",
    "renamed id": "the process that reads the new id writes none of the pages whose links end",
    "config, base": "all pages are read again, and the processes' environments merged",
    "added page": "the page comes from the environment of one process",
    "removed page that others refer to": "no process's environment brings the page back",
}
"""Edits that several processes may answer otherwise than one, and why; of the others that is a long suite."""


@dataclass(frozen=True, slots=True)
class Case:
    """An edit of a test root."""

    root: str
    suffix: str
    name: str
    edit: Edit

    def __str__(self) -> str:
        return f"{self.root}: {self.name}"


CASES = [
    *(Case("rebuild", ".rst", name, edit) for name, edit in (RST | BOTH).items()),
    *(Case("rebuild-myst", ".md", name, edit) for name, edit in (MYST | BOTH).items()),
]


Check = Callable[[Case, Iterable[int]], None]


def apply(source: Path, suffix: str, name: str, edit: Edit) -> None:
    """Change a project as an author would."""
    file = source / edit.page[1:] if edit.page.startswith("/") else source / f"{edit.page}{suffix}"
    text = file.read_text("utf-8")
    assert edit.old in text
    if name.startswith("removed page"):
        (source / f"{edit.old.strip()}{suffix}").unlink()
    if name == "added page":
        indent = "   " if suffix == ".rst" else ""
        (source / "omega.md").write_text("# Omega\n\nLast, see [](#be_kind).\n", "utf-8")
        file.write_text(text.replace(edit.old, f"{edit.old}{indent}omega\n", 1), "utf-8")
    elif edit.old != edit.new:
        file.write_text(text.replace(edit.old, edit.new, 1), "utf-8")


def search_index(file: Path) -> dict[str, Any]:
    """Return what the search of a site knows."""
    text = file.read_text("utf-8")
    found: dict[str, Any] = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    return found


def differences(kept: Path, fresh: Path) -> list[str]:
    """Return the files that two builds have not alike, caches left out."""

    def files(folder: Path) -> set[str]:
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return {
            path.as_posix()
            for path in found
            if ".doctrees" not in path.parts and not path.name.startswith(".buildinfo")
        }

    def same(name: str) -> bool:
        if name == "searchindex.js":
            return search_index(kept / name) == search_index(fresh / name)
        return (kept / name).read_bytes() == (fresh / name).read_bytes()

    both = files(kept) & files(fresh)
    return sorted((files(kept) ^ files(fresh)) | {name for name in both if not same(name)})


@pytest.fixture
def check(restored: Restored, build: Build, warnings_in: Warnings) -> Check:
    """Edit what some numbers of processes have built, build it twice, and compare each with one fresh build."""

    def said(app: SphinxTestApp) -> list[str]:
        return sorted(line for line in warnings_in(app) if "[policyspec." in line)

    def run(case: Case, numbers: Iterable[int]) -> None:
        fresh = None
        for parallel in numbers:
            folder = restored(case.root, parallel)
            apply(folder / "source", case.suffix, case.name, case.edit)
            again = build(folder / "source", out=folder / "kept", parallel=parallel)
            fresh = fresh or build(folder / "source", out=folder / "fresh")
            assert (parallel, differences(again.outdir, fresh.outdir)) == (parallel, [])
            assert (parallel, said(again)) == (parallel, said(fresh))
            if parallel and case.name != "nothing":
                # What several processes do with nothing is a case of its own.
                continue
            no_change = build(folder / "source", out=folder / "kept", parallel=parallel)
            assert (parallel, differences(no_change.outdir, fresh.outdir)) == (parallel, [])
            assert (parallel, said(no_change)) == (parallel, said(fresh))

    return run


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rebuild_equals_a_fresh_build(check: Check, case: Case) -> None:
    check(case, (0, 4) if case.name in BY_PROCESSES else (0,))


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.name not in BY_PROCESSES], ids=str)
def test_a_rebuild_by_several_processes_equals_a_fresh_build(check: Check, case: Case) -> None:
    check(case, (4,))


def test_edits_for_several_processes_are_edits() -> None:
    assert set(BY_PROCESSES) <= {case.name for case in CASES}


def test_a_build_without_changes_reads_and_writes_no_page(restored: Restored, make_app: Build) -> None:
    folder = restored("rebuild", 0)
    again = make_app("html", srcdir=folder / "source", builddir=folder / "kept")
    read: list[str] = []
    written: list[str] = []
    again.connect("source-read", lambda _app, name, _text: read.append(name))
    again.connect("html-page-context", lambda _app, name, *_rest: written.append(name))
    again.build()
    assert read == []
    assert [name for name in written if name in again.env.all_docs] == []
