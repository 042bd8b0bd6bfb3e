"""SOURCE as of a revision: what is read, and what is refused."""

from __future__ import annotations

import gc
import hashlib
import subprocess
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.readers.git import check_out, parse_git
from tests.conftest import require_tool

SPEC = "# Rules {#rules}\n\n## Be kind {#be_kind authority=user}\n\nBe kind.\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first commit holds a release, and whose second one changes it."""
    require_tool("git")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-config"))
    folder = tmp_path / "repository"
    (folder / "specs" / "one" / "examples").mkdir(parents=True)
    (folder / "specs" / "one" / "model_spec.md").write_text(SPEC, "utf-8")
    (folder / "specs" / "one" / "CHANGELOG.md").write_text(
        "# Changelog\n\n## v2026.01.01\n\nFirst.\n", "utf-8"
    )
    (folder / "specs" / "link").symlink_to("/etc")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    (folder / "specs" / "one" / "model_spec.md").write_text(SPEC.replace("Be kind.", "Be fair."), "utf-8")
    git(folder, "commit", "-qam", "second")
    monkeypatch.chdir(folder)
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def output(folder: Path, *arguments: str, given: bytes = b"") -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, input=given)
    return done.stdout.decode().strip()


def stored(folder: Path, kind: str, data: bytes) -> str:
    """Store an object as it is, and return its name."""
    return output(folder, "hash-object", "-t", kind, "-w", "--stdin", "--literally", given=data)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("path", ["specs/one", "specs/one/", "specs/one/model_spec.md"])
def test_a_release_is_read_as_it_was(path: str) -> None:
    loaded = ps.load_checked(f"git:HEAD~1:{path}", annotate=False)
    assert loaded.spec.provision_by_id["be_kind"].text == "Be kind."
    assert loaded.spec.changelog is not None
    assert loaded.root.is_dir()
    assert ps.load("specs/one", annotate=False).provision_by_id["be_kind"].text == "Be fair."


def test_a_path_is_below_the_current_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "specs")
    assert ps.load("git:HEAD~1:one", annotate=False).provision_by_id["be_kind"].text == "Be kind."
    monkeypatch.chdir(repository / "specs" / "one")
    assert ps.load("git:HEAD~1:.", annotate=False).provision_by_id["be_kind"].text == "Be kind."


@pytest.mark.usefixtures("repository")
def test_the_files_go_when_nobody_holds_them() -> None:
    checkout = check_out("git:HEAD:specs")
    folder = checkout.path
    assert folder.is_dir()
    assert not (folder / "link").exists()
    del checkout
    gc.collect()
    assert not folder.exists()


@pytest.mark.usefixtures("repository")
def test_two_revisions_can_be_compared() -> None:
    diff = ps.diff("git:HEAD~1:specs/one", "git:HEAD:specs/one")
    assert [change.kind.value for change in diff.changes] == ["text"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("git:HEAD", "is not of the form git:REV:PATH"),
        ("git::docs", "is not of the form git:REV:PATH"),
        ("git:--output=/tmp/x:docs", "is no revision: it begins with `-`"),
        ("git:HEAD:/etc", "has to be relative to the current folder"),
    ],
)
def test_what_could_mean_something_else_is_refused(source: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_git(source)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "source",
    [
        "git:nope:specs",
        "git:HEAD:nowhere",
        "git:HEAD:$(touch x)",
        "git:HEAD;touch x:specs",
        "git:HEAD::(glob)*",
    ],
)
def test_what_does_not_exist_is_a_message_and_nothing_else(source: str, repository: Path) -> None:
    with pytest.raises(SourceError, match="git:"):
        check_out(source)
    assert not (repository / "x").exists()


def test_a_folder_without_a_repository_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SourceError, match=r"git:HEAD:\.|not a git repository"):
        check_out("git:HEAD:.")


@pytest.mark.usefixtures("repository")
def test_without_git_there_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match="needs git, which is not installed"):
        check_out("git:HEAD:specs")


def commit(folder: Path, message: str = "more") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


ATTRIBUTES = ["export-ignore", "export-subst", "-ident", "filter=nobodys", "filter=plain", "eol=crlf text"]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_file_is_as_it_is_stored_whatever_its_attributes(repository: Path, attribute: str) -> None:
    # A filter that leaves a trace would be one that has run.
    git(repository, "config", "filter.plain.clean", "touch ran; cat")
    git(repository, "config", "filter.plain.smudge", "cat")
    spec = repository / "specs" / "one" / "model_spec.md"
    text = spec.read_text("utf-8") + "\n$Id$ $Format:%H$\n"
    spec.write_text(text, "utf-8")
    commit(repository)
    (repository / ".gitattributes").write_text(f"*.md {attribute}\nspecs/one/examples {attribute}\n", "utf-8")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-qm", "attributes")
    (repository / "ran").unlink(missing_ok=True)
    checkout = check_out("git:HEAD:specs/one")
    assert (checkout.path / "model_spec.md").read_text("utf-8") == text
    assert (checkout.path / "CHANGELOG.md").is_file()
    assert not (repository / "ran").exists()


@pytest.mark.parametrize(
    "attribute", ["ident", *(f"working-tree-encoding=UTF-16{end}" for end in ("", "LE", "BE", "LE-BOM"))]
)
def test_a_file_has_the_words_that_git_writes_into_a_work_tree(repository: Path, attribute: str) -> None:
    spec = repository / "specs" / "one" / "model_spec.md"
    spec.write_text(spec.read_text("utf-8") + "\n$Id$ Grüße $Id: old $\n", "utf-8")
    commit(repository)
    (repository / ".gitattributes").write_text(f"*.md {attribute}\n", "utf-8")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-qm", "attributes")
    spec.unlink()
    git(repository, "checkout", "-q", "--", ".")
    (repository / ".gitattributes").write_text("*.md -ident -working-tree-encoding\n", "utf-8")
    checkout = check_out("git:HEAD:specs/one")
    taken = (checkout.path / "model_spec.md").read_bytes()
    encoding = "utf-16" if attribute.endswith(("16", "-BOM")) else attribute.partition("=")[2] or "utf-8"
    assert taken.decode(encoding) == spec.read_bytes().decode(encoding)
    assert taken[:4] == spec.read_bytes()[:4] or attribute.endswith("16")


@pytest.mark.parametrize("kind", ["smudge", "process"])
def test_a_file_behind_a_filter_is_told_and_no_filter_runs(repository: Path, kind: str) -> None:
    (repository / ".gitattributes").write_text(
        "specs/one/*.md filter=touch\nspecs/two/* filter=touch\n", "utf-8"
    )
    commit(repository)
    git(repository, "config", f"filter.touch.{kind}", "touch ran; cat")
    with pytest.raises(
        SourceError, match=r"`specs/one/model_spec\.md` goes through the filter `touch` of git"
    ):
        ps.load("git:HEAD:specs/one")
    assert not (repository / "ran").exists()


def test_no_hook_runs_and_the_repository_stays_as_it_is(repository: Path) -> None:
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch ran\n", "utf-8")
        hook.chmod(0o755)
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    check_out("git:HEAD:specs/one")
    assert not list(repository.rglob("ran"))
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


def test_the_whole_revision_is_there_with_the_links_within_it(repository: Path) -> None:
    (repository / "VERSION").write_text("1\n", "utf-8")
    (repository / "run.sh").write_text("#!/bin/sh\n", "utf-8")
    (repository / "run.sh").chmod(0o755)
    (repository / "specs" / "again").symlink_to("one")
    (repository / "specs" / "deep").symlink_to("again/model_spec.md")
    (repository / "specs" / "dangling").symlink_to("nothing")
    commit(repository)
    checkout = check_out("git:HEAD:specs/one")
    assert (checkout.path / ".." / ".." / "VERSION").read_text("utf-8") == "1\n"
    assert (checkout.root / "run.sh").stat().st_mode & 0o111
    assert (checkout.root / "specs" / "deep").read_text("utf-8") == (
        checkout.path / "model_spec.md"
    ).read_text("utf-8")
    assert (checkout.root / "specs" / "dangling").is_symlink()
    assert ps.load("git:HEAD:specs/again", annotate=False) == ps.load("git:HEAD:specs/one", annotate=False)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../outside", "../deep/up/../outside", "other"])
def test_a_link_out_of_the_repository_is_not_followed_and_told(repository: Path, target: str) -> None:
    secret = repository.parent / "outside"
    secret.write_text("# Secret {#secret}\n", "utf-8")
    (repository / "specs" / "deep").mkdir()
    (repository / "specs" / "deep" / "up").symlink_to("../..")
    (repository / "specs" / "one" / "other").symlink_to(secret)
    (repository / "specs" / "one" / "page.md").symlink_to(target)
    commit(repository)
    checkout = check_out("git:HEAD:specs/one")
    assert not (checkout.path / "page.md").is_symlink()
    assert not (checkout.path / "other").is_symlink()
    with pytest.raises(
        SourceError, match=r"`specs/one/(other|page\.md)` is a link out of the repository, to "
    ):
        ps.load_checked("git:HEAD:specs/one")
    # What is not asked for does no harm.
    git(repository, "mv", "specs/one/other", "specs/one/page.md", "specs/")
    commit(repository)
    assert ps.load_checked("git:HEAD:specs/one").spec.provisions


def test_a_revision_that_a_shallow_clone_lacks_is_told_with_how_to_get_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    assert ps.load("git:HEAD:specs/one", annotate=False).provisions
    with pytest.raises(
        SourceError,
        match="`git:HEAD~1:specs/one`: no such revision in this shallow clone; `git fetch --unshallow`",
    ):
        ps.load("git:HEAD~1:specs/one")


@pytest.mark.parametrize("filtered", ["blob:none", "tree:0"])
def test_a_partial_clone_is_told_with_how_to_get_all_of_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: str
) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", f"--filter={filtered}", repository.as_uri(), "clone")
    clone = tmp_path / "clone"
    monkeypatch.chdir(clone)
    with pytest.raises(
        SourceError, match="this clone is partial, and `git fetch --refetch --no-filter` brings all of it"
    ):
        ps.load("git:HEAD:specs/one")
    git(clone, "fetch", "-q", "--refetch", "--no-filter")
    assert ps.load("git:HEAD:specs/one", annotate=False).provisions


def test_a_partial_clone_with_the_files_that_are_asked_for_will_do(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    (repository / "large.bin").write_bytes(bytes(100_000))
    commit(repository)
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:limit=10k", repository.as_uri(), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    checkout = check_out("git:HEAD:specs/one")
    assert not (checkout.root / "large.bin").exists()
    assert "large.bin" in checkout.lacks
    assert ps.load("git:HEAD:specs/one", annotate=False).provisions


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def test_a_file_of_git_lfs_is_the_file_where_it_is_here_and_told_where_it_is_read(repository: Path) -> None:
    text = SPEC.encode()
    name = hashlib.sha256(text).hexdigest()
    for file in ("model_spec.md", "picture.png"):
        (repository / "specs" / "one" / file).write_text(POINTER.format(name, len(text)), "utf-8")
    commit(repository)
    with pytest.raises(
        SourceError, match=r"`specs/one/model_spec\.md` is a pointer of Git LFS: `git lfs fetch --all`"
    ):
        ps.load("git:HEAD:specs/one")
    stored = repository / ".git" / "lfs" / "objects" / name[:2] / name[2:4] / name
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"something else")
    with pytest.raises(SourceError, match="is a pointer of Git LFS"):
        ps.load("git:HEAD:specs/one")
    stored.write_bytes(text)
    assert ps.load("git:HEAD:specs/one", annotate=False).provision_by_id["be_kind"].text == "Be kind."
    stored.unlink()
    (repository / "specs" / "one" / "model_spec.md").write_bytes(text)
    commit(repository)
    # A picture that is a pointer is none of our business.
    assert ps.load("git:HEAD:specs/one", annotate=False).provisions


@pytest.fixture
def with_submodule(repository: Path, tmp_path: Path) -> Path:
    """A repository with a release in a submodule, which has one of its own."""
    for name in ("inner", "outer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model_spec.md").write_text(SPEC, "utf-8")
        git(tmp_path / name, "init", "-q")
        commit(tmp_path / name)
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(tmp_path / "outer", *add, str(tmp_path / "inner"), "deeper")
    commit(tmp_path / "outer")
    git(repository, *add, str(tmp_path / "outer"), "specs/upstream")
    git(
        repository,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    )
    commit(repository)
    return repository


@pytest.mark.parametrize("path", ["specs/upstream", "specs/upstream/deeper", "specs/upstream/model_spec.md"])
def test_a_submodule_is_read_from_its_own_repository(with_submodule: Path, path: str) -> None:
    # What its folder holds now, and the commit that it is at, are another matter.
    for folder in (with_submodule / "specs" / "upstream", with_submodule / "specs" / "upstream" / "deeper"):
        (folder / "model_spec.md").write_text("", "utf-8")
    assert ps.load(f"git:HEAD:{path}", annotate=False).provision_by_id["be_kind"].text == "Be kind."


@pytest.mark.parametrize("path", ["specs", "specs/upstream", "specs/upstream/deeper"])
def test_an_empty_submodule_is_named_with_how_to_get_it(with_submodule: Path, path: str) -> None:
    git(with_submodule, "submodule", "--quiet", "deinit", "-f", "specs/upstream")
    with pytest.raises(
        SourceError,
        match=r"`specs/upstream` is a submodule at [0-9a-f]{12}, which is not here: "
        "`git submodule update --init specs/upstream` brings it",
    ):
        check_out(f"git:HEAD:{path}")
    assert ps.load("git:HEAD:specs/one", annotate=False).provisions


def test_a_submodule_whose_commit_is_not_here_is_named(with_submodule: Path) -> None:
    git(with_submodule, "update-index", "--cacheinfo", f"160000,{'1' * 40},specs/upstream")
    git(with_submodule, "commit", "-qm", "elsewhere")
    with pytest.raises(SourceError, match=f"`git -C specs/upstream fetch origin {'1' * 40}` brings it"):
        check_out("git:HEAD:specs")


def test_a_bare_repository_will_do(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
    monkeypatch.chdir(tmp_path / "bare")
    assert ps.load("git:HEAD~1:specs/one", annotate=False).provision_by_id["be_kind"].text == "Be kind."


@pytest.mark.parametrize("path", ["../one", "../../specs/one", "../../../repository/specs/one", "../../.."])
def test_a_path_may_lead_up_within_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(repository / "specs" / "one")
    if path.startswith("../../.."):
        with pytest.raises(SourceError, match="has to be in the repository of the current folder"):
            check_out(f"git:HEAD:{path}")
    else:
        assert ps.load(f"git:HEAD:{path}", annotate=False).provisions


def test_names_of_any_letters_are_kept(repository: Path) -> None:
    names = ["größe.md", "a\tb\nc.md", "\udce4.md", '"quoted".md', "-dash.md"]
    for name in names:
        (repository / "specs" / name).write_text(name.encode("utf-8", "surrogateescape").hex(), "utf-8")
    commit(repository)
    checkout = check_out("git:HEAD:specs")
    assert set(names) <= {path.name for path in checkout.path.iterdir()}


def test_a_tree_that_no_folder_can_hold_is_refused(repository: Path) -> None:
    blob = stored(repository, "blob", b"x")
    name = stored(repository, "tree", b"100644 ..\0" + bytes.fromhex(blob))
    done = output(repository, "commit-tree", "-m", "x", name)
    with pytest.raises(SourceError, match=r"has a path that no folder can have: `\.\.`"):
        check_out(f"git:{done}:.")


ODD = {
    "a link to a null character": (b"120000 link\0", b"a\0b"),
    "a link to a long path": (b"120000 link\0", b"a" * 5000),
    "a long name": (b"100644 " + b"a" * 300 + b"\0", b"x"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("beside", [True, False])
def test_what_no_folder_can_hold_is_told_where_it_is_asked_for(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    odd: tuple[bytes, bytes],
    *,
    beside: bool,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    (mode, data) = odd
    inner = stored(repository, "tree", mode + bytes.fromhex(stored(repository, "blob", data)))
    release = output(repository, "rev-parse", "HEAD:specs/one")
    tree = stored(
        repository,
        "tree",
        b"".join(
            b"40000 %s\0" % name + bytes.fromhex(of) for name, of in ((b"odd", inner), (b"one", release))
        ),
    )
    git(repository, "tag", "odd", output(repository, "commit-tree", tree, "-m", "odd"))
    if beside:
        assert ps.load("git:odd:one", annotate=False).provisions
    else:
        with pytest.raises(SourceError, match=r"^`git:odd:odd`: `odd/.* cannot be written here: .*"):
            ps.load("git:odd:odd")
    gc.collect()
    assert not list((tmp_path / "scratch").iterdir())


def test_what_is_beside_what_is_asked_for_is_left_out_where_there_is_no_room(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sphinx_policyspec.readers.git._LARGEST", 10_000)
    monkeypatch.setattr("sphinx_policyspec.readers.git._CHUNK", 20)
    (repository / "large.bin").write_bytes(bytes(10_000))
    (repository / "small.txt").write_text("small", "utf-8")
    commit(repository)
    checkout = check_out("git:HEAD:specs/one")
    assert (checkout.root / "small.txt").read_text("utf-8") == "small"
    assert "`large.bin` is left out: the revision has more than 0 MiB" in checkout.lacking()


@pytest.mark.usefixtures("repository")
def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sphinx_policyspec.readers.git._LARGEST", 10)
    with pytest.raises(SourceError, match="has more than"):
        check_out("git:HEAD:specs")
