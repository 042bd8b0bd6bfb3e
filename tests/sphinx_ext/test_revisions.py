"""A project as of a revision: what lies above it, behind links and in submodules, and what cannot be had."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError
from tests.conftest import Run, require_tool

Build = Callable[..., SphinxTestApp]

CONF = 'project = "P"\nextensions = ["myst_parser", "sphinx_policyspec"]\nhtml_theme = "basic"\n'
RULE = "# T\n\n## Be kind\n\n```{policy:principle}\n:id: be_kind\n:authority: user\n```\n\nWords.\n"
OTHER = "## Ruled\n\n```{policy:principle}\n:id: ruled\n:authority: root\n```\n\nYou must.\n"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project in a folder of it."""
    require_tool("git")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-config"))
    folder = tmp_path / "repository"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "conf.py").write_text(CONF, "utf-8")
    (folder / "docs" / "index.md").write_text(RULE, "utf-8")
    git(folder, "init", "-q")
    monkeypatch.chdir(folder)
    return folder


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def folder_ignored(repository: Path) -> None:
    (repository / ".gitattributes").write_text("/docs export-ignore\n", "utf-8")


def page_ignored(repository: Path) -> None:
    (repository / "docs" / "r.md").write_text(f"# R\n\n{OTHER}", "utf-8")
    (repository / ".gitattributes").write_text("docs/r.md export-ignore\n", "utf-8")


def include_above(repository: Path) -> None:
    (repository / "RULES.md").write_text(OTHER, "utf-8")
    append(repository / "docs" / "index.md", "\n```{include} ../RULES.md\n```\n")


def include_of_an_include(repository: Path) -> None:
    (repository / "parts").mkdir()
    (repository / "parts" / "a.md").write_text("```{include} ../b.md\n```\n", "utf-8")
    (repository / "b.md").write_text(OTHER, "utf-8")
    append(repository / "docs" / "index.md", "\n```{include} ../parts/a.md\n```\n")


def conf_above(repository: Path) -> None:
    (repository / "VERSION").write_text("1.0\n", "utf-8")
    append(
        repository / "docs" / "conf.py", "import pathlib; release = pathlib.Path('../VERSION').read_text()\n"
    )


def module_above(repository: Path) -> None:
    (repository / "ours.py").write_text("def setup(app):\n    app.tags.add('ours')\n", "utf-8")
    append(
        repository / "docs" / "conf.py",
        "import sys, os; sys.path.insert(0, os.path.abspath('..')); extensions.append('ours')\n",
    )


def page_linked(repository: Path) -> None:
    (repository / "rules").mkdir()
    (repository / "rules" / "r.md").write_text(f"# R\n\n{OTHER}", "utf-8")
    (repository / "docs" / "r.md").symlink_to("../rules/r.md")


def folder_linked(repository: Path) -> None:
    (repository / "rules").mkdir()
    (repository / "rules" / "r.md").write_text(f"# R\n\n{OTHER}", "utf-8")
    (repository / "docs" / "rules").symlink_to("../rules")


def sidecar_linked(repository: Path) -> None:
    (repository / "notes.yaml").write_text(
        "topics: [{id: manners}]\nprovisions: {be_kind: {topics: [manners]}}\n", "utf-8"
    )
    (repository / "docs" / "notes.yaml").symlink_to("../notes.yaml")
    append(repository / "docs" / "conf.py", "policyspec_annotations = ['notes.yaml']\n")


def keywords(repository: Path) -> None:
    append(repository / "docs" / "index.md", "\n$Format:%H$\n")
    (repository / ".gitattributes").write_text("*.md export-subst\n", "utf-8")


def submodule(repository: Path) -> None:
    up = repository.parent / "up"
    up.mkdir()
    (up / "model_spec.md").write_text("# M {#m}\n\n## K {#k authority=root}\n\nYou must.\n", "utf-8")
    git(up, "init", "-q")
    commit(up)
    git(repository, "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(up), "docs/upstream")
    append(repository / "docs" / "conf.py", "policyspec_model_spec = ['upstream/model_spec.md']\n")


def large_file(repository: Path) -> None:
    """Put a page into Git LFS as its filters would: the page in the work tree, a pointer in the commit."""
    (repository / "docs" / "r.md").write_text(f"# R\n\n{OTHER}", "utf-8")
    data = (repository / "docs" / "r.md").read_bytes()
    name = hashlib.sha256(data).hexdigest()
    stored = repository / ".git" / "lfs" / "objects" / name[:2] / name[2:4] / name
    stored.parent.mkdir(parents=True)
    stored.write_bytes(data)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {len(data)}\n"
    (repository / ".git" / "pointer").write_text(pointer, "utf-8")
    git(repository, "config", "filter.lfs.clean", "cat .git/pointer")
    (repository / ".gitattributes").write_text("docs/r.md filter=lfs\n", "utf-8")


WAYS = (
    folder_ignored,
    page_ignored,
    include_above,
    include_of_an_include,
    conf_above,
    module_above,
    page_linked,
    folder_linked,
    sidecar_linked,
    keywords,
    submodule,
    large_file,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_committed_does_not_differ_from_what_lies_there(
    repository: Path, run: Run, way: Callable[[Path], None]
) -> None:
    way(repository)
    commit(repository)
    status, out, err = run("diff", "git:HEAD:docs", "docs", "-q", "--exit-code")
    assert (status, out.endswith(": no changes\n"), err) == (0, True, "")
    assert ps.load("git:HEAD:docs") == ps.load("docs")


@pytest.mark.parametrize("way", [include_above, page_linked, submodule], ids=lambda way: way.__name__)
def test_a_site_that_compares_itself_with_it_tells_no_change(
    repository: Path, build: Build, way: Callable[[Path], None]
) -> None:
    append(repository / "docs" / "conf.py", "policyspec_since = 'git:HEAD:.'\n")
    way(repository)
    commit(repository)
    app = build(repository / "docs")
    page = Path(app.outdir, "policy-changes.html").read_text("utf-8")
    assert "ps-diff" in page
    assert "ps-why" not in page


def clone(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(repository.parent, "clone", "-q", str(repository), "clone")
    monkeypatch.chdir(repository.parent / "clone")
    return repository.parent / "clone"


def test_an_include_out_of_an_empty_submodule_is_told(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = repository.parent / "up"
    up.mkdir()
    (up / "r.md").write_text(OTHER, "utf-8")
    git(up, "init", "-q")
    commit(up)
    for name in ("vendor/up", "other"):
        git(repository, "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(up), name)
    commit(repository)
    clone(repository, monkeypatch)
    # Nobody asks for them.
    assert run("stats", "git:HEAD:docs")[0] == 0
    for suffix, text in (
        ("md", "\n```{include} ../vendor/up/r.md\n```\n"),
        ("rst", "S\n=\n\n.. include:: ../vendor/up/r.md\n   :parser: myst_parser.sphinx_\n"),
    ):
        for page in ("index.md", "s.rst"):
            (repository / "docs" / page).write_text(RULE if page == "index.md" else "S\n=\n", "utf-8")
        append(repository / "docs" / ("index.md" if suffix == "md" else "s.rst"), text.removeprefix("S\n=\n"))
        commit(repository)
        git(Path.cwd(), "pull", "-q")
        status, _, err = run("stats", "git:HEAD:docs")
        assert status == 2
        assert "`vendor/up` is a submodule at " in err
        assert "`git submodule update --init vendor/up` brings it" in err
        assert "`other`" not in err


def test_a_conf_py_that_needs_an_empty_submodule_says_so(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    submodule(repository)
    git(repository, "mv", "docs/upstream", "upstream")
    (repository / "docs" / "conf.py").write_text(
        f"{CONF}import pathlib; release = pathlib.Path('../upstream/model_spec.md').read_text()\n", "utf-8"
    )
    commit(repository)
    clone(repository, monkeypatch)
    status, _, err = run("stats", "git:HEAD:docs")
    assert status == 2
    assert "cannot read the Sphinx project `git:HEAD:docs`" in err
    assert "`upstream` is a submodule at " in err
    assert "policyspec-" not in err


def test_a_page_that_is_a_pointer_of_git_lfs_is_told(repository: Path, run: Run) -> None:
    large_file(repository)
    commit(repository)
    for file in (repository / ".git" / "lfs").rglob("*"):
        if file.is_file():
            file.unlink()
    status, _, err = run("diff", "git:HEAD:docs", "docs")
    assert status == 2
    assert "`docs/r.md` is a pointer of Git LFS" in err


@pytest.mark.parametrize("target", ["/etc/hostname", "../../outside.md"])
def test_a_page_behind_a_link_out_of_the_repository_is_told(repository: Path, run: Run, target: str) -> None:
    (repository.parent / "outside.md").write_text(f"# R\n\n{OTHER}", "utf-8")
    (repository / "docs" / "r.md").symlink_to(target)
    commit(repository)
    status, out, err = run("diff", "git:HEAD:docs", "docs")
    assert (status, out) == (2, "")
    assert f"`docs/r.md` is a link out of the repository, to `{target}`" in err


def test_the_folder_of_conf_py_is_that_of_the_revision(repository: Path, run: Run) -> None:
    (repository / "conf").mkdir()
    (repository / "docs" / "conf.py").rename(repository / "conf" / "conf.py")
    append(repository / "conf" / "conf.py", "release = '1'\npolicyspec_since = 'git:HEAD:../docs'\n")
    commit(repository)
    append(repository / "conf" / "conf.py", "raise ValueError('as it is now')\n")
    for confdir in ("conf", repository / "conf", "docs/../conf"):
        assert run("stats", "git:HEAD:docs", "-c", confdir)[0] == 0
    assert "as it is now" in run("stats", "docs", "-c", "conf")[2]
    git(repository, "checkout", "conf/conf.py")
    append(repository / "docs" / "index.md", "More.\n")
    status, out, err = run("diff", "git:HEAD:docs", "docs", "-c", "conf", "-q")
    assert status == 0, err
    assert "{+More.+}" in out
    status, _, err = run("handbook", "docs", "-c", "conf", "-o", "site", "-q")
    assert status == 0, err
    assert "<ins>More.</ins>" in Path("site", "policy-changes.html").read_text("utf-8")


def test_an_error_names_the_revision_and_not_where_it_was_put(repository: Path, run: Run) -> None:
    append(repository / "docs" / "conf.py", "extensions = []\n")
    commit(repository)
    status, _, err = run("stats", "git:HEAD:docs")
    assert (status, err) == (
        2,
        "policyspec: error: `git:HEAD:docs/conf.py` does not load the extension `sphinx_policyspec`; add it to `extensions`\n",
    )
    with pytest.raises(SourceError, match="`git:HEAD:site`: there is no `site` in that revision"):
        ps.load("git:HEAD:site")
