"""The command ``diff`` and the pages of a project that compares itself with a release tell the same changes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from tests.conftest import Run, require_tool

Build = Callable[..., SphinxTestApp]

RELEASE = "# A spec {#spec}\n\n## Be kind {#be_kind authority=user}\n\nThe assistant is kind.\n"
PAGE = (
    "# A spec\n\n## Be kind\n\n```{policy:principle}\n:id: be_kind\n:authority: user\n```\n\n"
    "The assistant is very kind.\n\n```{policy:changes}\n```\n"
)
SIDECAR = "topics: [{id: manners, label: Manners}]\nprovisions: {be_kind: {topics: [manners]}}\n"
CONF = 'project = "P"\nextensions = ["myst_parser", "sphinx_policyspec"]\nhtml_theme = "basic"\n'

Told = list[tuple[str, str, str]]
"""Of each change, the provision, the weight and the rule."""


def told_by_page(page: str) -> Told:
    found: Told = []
    provision = ""
    told = r'<details(?: id="changes-([^"]*)")?(?: open)?><summary><strong|<li class="ps-is-([\w-]+)">.*?ps-rule-name">([\w-]+)<'
    for match in re.finditer(told, page.partition("ps-diff")[2], re.DOTALL):
        if match[2]:
            found.append((provision, match[2], match[3]))
        else:
            provision = match[1] or ""
    return sorted(found)


def told_by_diff(run: Run, *arguments: object) -> Told:
    status, out, err = run("diff", *arguments, "--format", "json", "-q")
    assert status == 0, err
    return sorted((c["provision"], c["weight"], c["rule"]) for c in json.loads(out)["changes"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release, and a project that says nearly the same, in one repository."""
    require_tool("git")
    (tmp_path / "rel").mkdir()
    (tmp_path / "rel" / "model_spec.md").write_text(RELEASE, "utf-8")
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "index.md").write_text(PAGE, "utf-8")
    (tmp_path / "proj" / "notes.yaml").write_text(SIDECAR, "utf-8")
    (tmp_path / "proj" / "conf.py").write_text(CONF, "utf-8")
    (tmp_path / "was").mkdir()
    (tmp_path / "was" / "conf.py").write_text(CONF, "utf-8")
    (tmp_path / "was" / "index.md").write_text(
        PAGE.replace("very kind", "kind").replace("authority: user", "authority: root")
        + "\n```{only} html\n~~~{policy:principle} On the site\n:id: on_site\n:authority: user\nWords.\n~~~\n```\n",
        "utf-8",
    )
    for form in ("nt", "trig"):
        data = ps.to_rdf(ps.load(tmp_path / "rel", annotate=False), form)
        (tmp_path / f"rel.{form}").write_bytes(data)
    (tmp_path / "shipped.ttl").write_bytes(ps.to_rdf(ps.load(tmp_path / "rel"), "ttl"))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


OLD = ["rel", "rel/model_spec.md", "rel.nt", "rel.trig", "shipped.ttl", "was", "git:HEAD:rel", "git:HEAD:was"]
SIDECARS: dict[str, Sequence[str]] = {
    "none": (),
    "own": ("notes.yaml",),
    "shipped": ("model-spec",),
    "both": ("model-spec", "notes.yaml"),
    "missing": ("nowhere.yaml", "notes.yaml"),
}


def pairs() -> Iterator[ParameterSet]:
    """Yield each kind of older SOURCE with each choice of annotation files; of one kind, `make test-all` takes all."""
    kinds = {"rel", "rel.nt"}
    for old in OLD:
        for name, sidecars in SIDECARS.items():
            marks = [] if old in kinds or name == "both" else [pytest.mark.slow]
            yield pytest.param(old, sidecars, id=f"{old}-{name}", marks=marks)


@pytest.mark.parametrize(("old", "sidecars"), list(pairs()))
def test_the_page_and_the_command_tell_the_same_changes(
    folder: Path, build: Build, run: Run, *, old: str, sidecars: Sequence[str]
) -> None:
    place = old.replace("HEAD:", "HEAD:../") if old.startswith("git:") else f"../{old}"
    (folder / "proj" / "conf.py").write_text(
        f"{CONF}policyspec_since = {place!r}\npolicyspec_annotations = {list(sidecars)!r}\n", "utf-8"
    )
    app = build(folder / "proj")
    told = told_by_page(Path(app.outdir, "policy-changes.html").read_text("utf-8"))
    assert told_by_diff(run, old, "proj") == told
    if old in {"rel", "rel/model_spec.md", "git:HEAD:rel"}:
        # Topics that both have are no difference.
        assert len(told) == 3
    assert any(id_ == "on_site" for id_, *_ in told) == old.endswith("was")


@pytest.mark.parametrize("old", ["rel", "was", "git:HEAD:rel"])
def test_a_handbook_and_the_command_tell_the_same_changes(folder: Path, run: Run, old: str) -> None:
    new = folder / "new"
    new.mkdir()
    (new / "model_spec.md").write_text(RELEASE.replace("is kind", "must be kind"), "utf-8")
    for source, more in (("proj", ()), ("new", ()), ("new", ("--no-annotations",))):
        assert run("handbook", source, "-o", "site", "-q", "--since", old, *more)[0] == 0
        told = told_by_page((folder / "site" / "policy-changes.html").read_text("utf-8"))
        assert told_by_diff(run, old, source, *more) == told
        assert told


@pytest.mark.usefixtures("folder")
def test_an_annotation_file_that_is_given_is_for_both(run: Run) -> None:
    given = ("--annotations", "proj/notes.yaml")
    assert len(told_by_diff(run, "rel", "proj", *given)) == 3
    assert (
        told_by_diff(run, "rel", "rel", *given) == told_by_diff(run, "rel", "rel", "--no-annotations") == []
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("source", ["proj", "rel"])
def test_an_older_release_that_cannot_be_read_ends_a_handbook(run: Run, source: str) -> None:
    status, _, err = run("handbook", source, "-o", "site", "-q", "--since", "nowhere")
    assert (status, err) == (2, "policyspec: error: `nowhere` does not exist\n")


@pytest.mark.usefixtures("folder")
def test_a_lock_of_a_project_holds_what_its_page_says(run: Run) -> None:
    assert run("lock", "was", "-o", "policyspec.lock")[0] == 0
    assert "on_site" in Path("policyspec.lock").read_text("utf-8")
    assert run("lock", "--check", "policyspec.lock", "git:HEAD:was")[0] == 0
