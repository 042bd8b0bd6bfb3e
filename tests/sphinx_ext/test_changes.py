"""What changed since an older release, inside a project: the directive, the page, the marks, and rebuilds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from tests.conftest import require_tool
from tests.sphinx_ext.test_rebuild import differences
from tests.sphinx_ext.web.test_panels import panel_of

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
Restored = Callable[[str, int], Path]


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page(app: SphinxTestApp, name: str) -> str:
    return Path(app.outdir, f"{name}.html").read_text("utf-8")


def test_a_page_lists_what_changed(project: Project, build: Build, warnings_in: Warnings) -> None:
    app = build(project("changes"), "text")
    lines = [
        line.strip() for line in Path(app.outdir, "index.txt").read_text("utf-8").splitlines() if line.strip()
    ]
    assert warnings_in(app) == []
    told = lines[lines.index("In short") + 2 :]
    assert told == [
        "* Be kind",
        "* **Meaning may have changed**: new example “A greeting”",
        "* **▲ Stricter**: level raised from user to root",
    ]


def test_links_lead_to_principles(project: Project, build: Build) -> None:
    assert '<a class="reference internal" href="alpha.html#be_kind">' in page(
        build(project("changes")), "index"
    )


def test_a_principle_tells_what_changed_about_it(project: Project, build: Build) -> None:
    app = build(project("changes"))
    alpha = page(app, "alpha")
    (mark,) = re.findall(r'<p class="ps-since[^>]*>.*?</p>', alpha)
    assert (
        text_of(mark)
        == "Changed since the release before : 1 change may change the meaning, 1 makes it stricter"
    )
    assert 'href="policy-changes.html#changes-be_kind"' in mark
    assert alpha.index("ps-badge") < alpha.index(mark)
    assert "ps-since" not in page(app, "beta")


def test_a_panel_tells_the_history_of_a_principle(project: Project, build: Build) -> None:
    app = build(project("changes"))
    rows = panel_of(page(app, "alpha"), "be_kind")
    assert '<a class="reference internal" href="policy-changes.html#changes-be_kind">' in rows["Releases"]
    assert [
        line for line in map(text_of, re.split(r"<(?:li|ul|th|td)\b[^>]*>", rows["Releases"])) if line
    ] == [
        "2 Root",
        "1 change may change the meaning, 1 makes it stricter",
        "New example “A greeting”",
        "Level raised from user to root · Stricter",
        "an older release User",
        "1 change makes it stricter, 1 leaves the meaning as it was",
        "Level raised from guideline to user · Stricter",
        "Id was “be_gentle” (title)",
        "an older release Guideline",
        "Present",
    ]
    beta = panel_of(page(app, "beta"), "be_brief")["Releases"]
    assert [text_of(cell) for cell in re.findall(r"<td>(.*?)</td>", beta)] == [
        "Unchanged since an older release",
        "Unchanged since an older release",
        "Present",
    ]


def test_with_one_older_release_a_panel_tells_two_releases(project: Project, build: Build) -> None:
    source = project("changes")
    conf = source / "conf.py"
    conf.write_text(conf.read_text("utf-8").replace('"older/model_spec.md", ', ""), "utf-8")
    rows = panel_of(page(build(source), "alpha"), "be_kind")
    assert set(rows) == {"Examples", "Releases"}
    assert rows["Releases"].count("<tr>") == 2


def test_a_single_page_tells_what_changed_and_leads_nowhere(project: Project, build: Build) -> None:
    told = page(build(project("changes"), "singlehtml"), "index")
    assert "Changed since the release before: 1 change may change the meaning, 1 makes it stricter" in told
    row = panel_of(told, "be_kind")["Releases"].partition("<ul>")[0]
    assert text_of(row) == "2 Root 1 change may change the meaning, 1 makes it stricter"
    assert "policy-changes" not in told


def test_a_page_tells_all_that_changed(project: Project, build: Build) -> None:
    app = build(project("changes"))
    told = page(app, "policy-changes")
    assert "What changed since the release before" in text_of(told)
    assert '<details id="changes-be_kind" open>' in told
    assert 'href="alpha.html#be_kind"' in told
    assert 'href="policy-changes.html"' in page(app, "index")


@pytest.mark.parametrize("builder", ["singlehtml", "dirhtml", "latex", "epub", "man", "texinfo"])
def test_every_builder_writes_what_changed(
    project: Project, build: Build, builder: str, warnings_in: Warnings
) -> None:
    app = build(project("changes"), builder)
    assert [line for line in warnings_in(app) if "policy" in line] == []


EDITS: dict[str, tuple[str, str, str]] = {
    "text": ("alpha.rst", "every visitor", "each visitor"),
    "nothing changed any more": ("alpha.rst", ":authority: root", ":authority: user"),
    "title": ("beta.rst", "Be brief\n========", "Be short\n========"),
    "older release": ("old/model_spec.md", "no more of them", "no fewer"),
    "version of the older release": ("conf.py", "old/model_spec.md", "old"),
    "release before that": ("older/model_spec.md", "every visitor", "each visitor"),
    "release before that is left out": ("conf.py", '"older/model_spec.md", ', ""),
    "no older release": ("conf.py", "policyspec_since =", "unused ="),
    "missing older release": ("conf.py", "old/model_spec.md", "nowhere"),
}


BY_PROCESSES = {"text", "older release", "no older release"}
"""A page, an older release and the configuration: what else is edited, several processes meet alike, in `make test-all`."""


@pytest.mark.parametrize(
    ("edit", "parallel"),
    [
        pytest.param(edit, number, marks=[pytest.mark.slow] if number and edit not in BY_PROCESSES else [])
        for edit in EDITS
        for number in (0, 2)
    ],
)
def test_a_rebuild_equals_a_fresh_build(
    restored: Restored, build: Build, warnings_in: Warnings, edit: str, parallel: int
) -> None:
    folder = restored("changes", parallel)
    name, old, new = EDITS[edit]
    file = folder / "source" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    again = build(folder / "source", out=folder / "kept", parallel=parallel)
    fresh = build(folder / "source", out=folder / "fresh")
    assert differences(again.outdir, fresh.outdir) == []
    no_change = build(folder / "source", out=folder / "kept", parallel=parallel)
    assert differences(no_change.outdir, fresh.outdir) == []
    said = [
        sorted(line for line in warnings_in(app) if "policyspec" in line) for app in (again, fresh, no_change)
    ]
    assert said[0] == said[1] == said[2]


def test_a_release_that_cannot_be_read_is_told(project: Project, build: Build, warnings_in: Warnings) -> None:
    source = project("changes")
    conf = source / "conf.py"
    conf.write_text(conf.read_text("utf-8").replace("old/model_spec.md", "nowhere"), "utf-8")
    message = "`nowhere` does not exist"
    app = build(source)
    assert warnings_in(app) == [
        f"conf.py:3: `policyspec_since`: {message} [policyspec.config]",
        f"index.rst:15: {message} [policyspec.query-failed]",
    ]
    assert not Path(app.outdir, "policy-changes.html").exists()


def test_what_options_cannot_be_is_told(project: Project, build: Build, warnings_in: Warnings) -> None:
    source = project("changes")
    (source / "conf.py").write_text(
        'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["old", "older"]\n', "utf-8"
    )
    index = source / "index.rst"
    index.write_text(index.read_text("utf-8").replace("tightening, example", "tightning, example"), "utf-8")
    said = warnings_in(build(source))
    assert [line.partition(";")[0] for line in said] == [
        "index.rst:15: there is no release to compare with",
        "index.rst:15: there is no release to compare with [policyspec.query-failed]",
        "index.rst:20: the answer has 1 row, not 2 [policyspec.unexpected-rows]",
        "index.rst:22: `kinds` does not take `tightning`",
    ]


def test_a_graph_and_a_revision_are_older_releases_too(
    project: Project, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = project("changes")
    old = ps.load(source / "old", annotate=False)
    (source / "old.nt").write_bytes(ps.to_rdf(old, "nt"))
    commit_all(source, monkeypatch)
    told = []
    for number, older in enumerate(("old/model_spec.md", "old.nt", "git:HEAD:old/model_spec.md")):
        conf = f'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["old", "older"]\npolicyspec_since = "{older}"\n'
        (source / "conf.py").write_text(conf, "utf-8")
        told.append(page(build(source, out=f"out{number}"), "policy-changes"))
    assert told[0] == told[1] == told[2]


def commit_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a folder into a git repository of its own."""
    require_tool("git")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


@pytest.fixture
def with_project(project: Project) -> Path:
    """A project that compares itself with another one, which compares itself with the first and changes its process."""
    source = project("changes")
    before = source / "before"
    before.mkdir()
    for name in ("alpha.rst", "beta.rst", "index.rst"):
        (before / name).write_text((source / name).read_text("utf-8"), "utf-8")
    alpha = before / "alpha.rst"
    alpha.write_text(alpha.read_text("utf-8").replace(":authority: root", ":authority: user"), "utf-8")
    conf = 'import os\nos.environ["LEAKED"] = os.chdir(os.sep) or "1"\nextensions = ["sphinx_policyspec"]\n'
    (before / "conf.py").write_text(f'{conf}policyspec_since = ".."\n', "utf-8")
    conf = 'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["old", "older", "before"]\n'
    (source / "conf.py").write_text(f'{conf}policyspec_since = "before"\n', "utf-8")
    return source


def test_an_older_project_is_read_in_a_process_of_its_own(
    with_project: Path, build: Build, warnings_in: Warnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path.cwd()
    app = build(with_project, out="one")
    assert warnings_in(app) == []
    told = page(app, "policy-changes")
    assert re.findall(r"<strong>(.*?)</strong>", told) == ["Be kind"]
    assert "level raised from user to root" in text_of(told)
    # Nobody has counted the version up.
    assert "What changed since an earlier 2 " in f"{text_of(told)} "
    assert (Path.cwd(), os.environ.get("LEAKED")) == (here, None)
    commit_all(with_project, monkeypatch)
    # Itself as of a revision, which names an older release, too.
    for name, old, new in (("conf.py", '"before"\n', '"git:HEAD:."\n'), ("beta.rst", "no more", "no fewer")):
        file = with_project / name
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    told = page(build(with_project, out="two"), "policy-changes")
    assert re.findall(r"<strong>(.*?)</strong>", told) == ["Be brief"]


def test_a_rebuild_sees_an_edit_of_an_older_project_and_reads_it_once(
    with_project: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(with_project, out="kept", parallel=2)
    beta = with_project / "before" / "beta.rst"
    beta.write_text(beta.read_text("utf-8").replace("no more of them", "no fewer"), "utf-8")
    again = build(with_project, out="kept", parallel=2)
    fresh = build(with_project, out="fresh")
    assert "ps-since" in page(again, "beta")
    assert differences(Path(again.outdir), Path(fresh.outdir)) == []
    monkeypatch.setattr(sys, "executable", "/nowhere")
    monkeypatch.setattr("sphinx_policyspec.compare.compare", None)
    no_change = build(with_project, out="kept")
    assert differences(Path(no_change.outdir), Path(fresh.outdir)) == []


@pytest.mark.parametrize("conf", ["raise ValueError('out of order')", "import os; os._exit(3)"])
def test_an_older_project_that_cannot_be_read_is_told(
    with_project: Path, build: Build, warnings_in: Warnings, conf: str
) -> None:
    (with_project / "before" / "conf.py").write_text(conf, "utf-8")
    told = warnings_in(build(with_project))
    assert [line for line in told if "policyspec.config" in line] == told[:1]
    assert told[0].startswith("conf.py:3: `policyspec_since`: cannot read the Sphinx project `before`: ")
    assert ("out of order" in told[0]) == ("raise" in conf)
    assert warnings_in(build(with_project)) == told


def test_a_handbook_tells_what_changed_since(model_spec_data: Path, tmp_path: Path) -> None:
    # The folder holds the release itself, too.
    ps.build_handbook(model_spec_data / "2025-09-12", tmp_path, since=model_spec_data)
    told = (tmp_path / "policy-changes.html").read_text("utf-8")
    assert "What changed since 2025-04-11" in text_of(told)
    style = (tmp_path / "style.html").read_text("utf-8")
    assert len(re.findall(r'class="ps-since', style)) == 15
    rows = panel_of(style, "love_humanity")
    assert text_of(rows["Releases"]).startswith(
        "2025-09-12 User 2 changes may change the meaning, 1 explains it differently"
    )
    releases = re.sub(r'<span class="ps-date">([\d-]+)</span>', r"\1", rows["Releases"])
    assert re.findall(r"<bdi>([\d-]+|Unchanged[^<]*|Present)</bdi>", releases) == [
        "2025-09-12",
        *("2025-04-11", "Unchanged since 2025-02-12"),
        *("2025-02-12", "Present"),
    ]
    for link in set(re.findall(r'href="policy-changes.html#([^"]+)"', style)):
        assert f'id="{link}"' in told


JUDGED = "- {{new: '2', id: be_kind, direction: loosening, evidence: It is short., who: A. Reader, date: 2026-02-01, digest: {}}}\n"


def test_a_judgement_is_told_on_pages_until_a_text_changes(
    project: Project, build: Build, warnings_in: Warnings
) -> None:
    folder = project("changes")
    alpha, conf, file = folder / "alpha.rst", folder / "conf.py", folder / "judged.yaml"
    text = alpha.read_text("utf-8")
    alpha.write_text(
        text.replace("   :authority: root\n", "   :authority: root\n\nIt is short.\n", 1), "utf-8"
    )
    conf.write_text(conf.read_text("utf-8") + 'policyspec_judgements = "judged.yaml"\n', "utf-8")
    told = warnings_in(build(folder))
    assert ["policyspec_judgements" in line and "judged.yaml" in line for line in told] == [True]
    file.write_text(JUDGED.format("'0'"), "utf-8")
    app = build(folder)
    assert "Meaning may have changed" in page(app, "policy-changes")
    (line,) = warnings_in(app)
    assert "judged.yaml:1: the texts of `be_kind` are not those that A. Reader read" in line
    digest = ps.judge(folder / "old", folder).digests["be_kind"]
    file.write_text(JUDGED.format(f"'{digest}'"), "utf-8")
    app = build(folder)
    assert warnings_in(app) == []
    assert "read by A. Reader on 2026-02-01: “It is short.”" in page(app, "policy-changes")
    assert "Meaning may have changed" not in page(app, "policy-changes")
    assert "2 make it looser" in text_of(page(app, "alpha"))
