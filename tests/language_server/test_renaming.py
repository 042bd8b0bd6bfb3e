"""The law of renaming: no finding changes, and renaming back gives the same bytes, for each id of a spec."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.identifiers.index import Index, things_of
from sphinx_policyspec.identifiers.renaming import RENAMED, name_problem
from sphinx_policyspec.identifiers.sites import TAG, Form, IdSite
from sphinx_policyspec.language_server import renaming
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.language_server.places import Text
from sphinx_policyspec.language_server.reading import RootSource
from sphinx_policyspec.language_server.roots import Root
from tests.conftest import REPOSITORY
from tests.language_server.conftest import write_release
from tests.language_server.editor import edited

NEW = "renamed-to_x"


def root_of(folder: Path) -> Root:
    root = Root(RootSource(path=folder))
    root.index.know(things_of(ps.load(folder)))
    return root


def text_of(path: Path) -> Text:
    return Text(path.name, path.read_bytes().decode())


def given_ids(root: Root) -> Iterator[IdSite]:
    """Yield where each id is given that can be renamed."""
    seen: set[tuple[str, str]] = set()
    for file in root.index.files:
        for site in root.index.sites(file):
            is_given = site.defines and site.form not in {Form.ARGUMENT, Form.ALIAS} and site.kind in RENAMED
            if is_given and (site.kind, site.name) not in seen:
                seen.add((site.kind, site.name))
                yield site


def rename(root: Root, site: IdSite, name: str, *, keeps: bool = False) -> None:
    path = root.path_of(site.span.file)
    here = Here(root=root, path=path, text=text_of(path), text_of=text_of)
    place = here.text.exact_range(site.span).start
    assert renaming.problem(here, place, name) == ""
    for changed, edits in renaming.rename_edits(here, place, name, keeps_alias=keeps).items():
        text = edited(text_of(changed).text, edits)
        changed.write_bytes(text.encode())
        root.take(changed, text)


def said(folder: Path, root: Root) -> list[str]:
    """Return what is said of a spec, and let the root know the spec."""
    loaded = ps.load_checked(folder)
    root.index.know(things_of(loaded.spec))
    found = (one.finding for one in ps.check(loaded).entries)
    return [f"{one.code} {one.span.file} {one.span.line}" for one in found]


def obeys(folder: Path, root: Root, site: IdSite, told: list[str]) -> None:
    """Rename an id, and back.

    :param told: what is said of the spec
    """
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    rename(root, site, NEW)
    assert {path for path, data in before.items() if path.read_bytes() != data}
    assert said(folder, root) == told, site
    back = next(one for one in root.index.of(site.kind, NEW) if one.defines and one.form is not Form.ARGUMENT)
    rename(root, back, site.name)
    assert {path: path.read_bytes() for path in before} == before, site
    # Whatever it was called since, it has no former id once it has its own one back.
    now = site.name
    for name in (NEW, f"{NEW}.2", NEW, f"{NEW}.3", f"{NEW}.4", site.name):
        at = (one for one in root.index.of(site.kind, now) if one.form not in {Form.ARGUMENT, Form.ALIAS})
        rename(root, next(one for one in at if one.defines), name, keeps=True)
        now = name
    assert {path: path.read_bytes() for path in before} == before, site
    root.index.know(things_of(ps.load(folder)))


def test_every_id_of_a_small_release_can_be_renamed_and_back(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "desk")
    root = root_of(folder)
    found = list(given_ids(root))
    assert [site.name for site in found] == ["desk", "be_kind", "be_fair"]
    told = said(folder, root)
    for site in found:
        obeys(folder, root, site, told)


@pytest.mark.parametrize("name", ["test-twin-myst", "test-twin-rst"])
def test_ids_of_every_kind_of_a_project_can_be_renamed_and_back(
    rootdir: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "docs"
    shutil.copytree(rootdir / name, folder)
    root = root_of(folder)
    of_kind = {site.kind: site for site in given_ids(root)}
    assert len(of_kind) >= 4
    told = said(folder, root)
    for site in of_kind.values():
        obeys(folder, root, site, told)


@pytest.mark.slow
def test_ids_of_a_release_can_be_renamed_and_back(release_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / release_dir.name
    shutil.copytree(release_dir, folder)
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755)
    root = root_of(folder)
    found = list(given_ids(root))
    assert len(found) > 50
    found = random.Random(1).sample(found, 12)
    told = said(folder, root)
    for site in found:
        obeys(folder, root, site, told)


@pytest.mark.slow
def test_ids_of_the_example_spec_can_be_renamed_and_back(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    shutil.copytree(REPOSITORY / "example_docs", folder, ignore=shutil.ignore_patterns("_build"))
    root = root_of(folder)
    found = list(given_ids(root))
    assert len(found) > 100
    found = random.Random(1).sample(found, 6)
    told = said(folder, root)
    for site in found:
        obeys(folder, root, site, told)


def test_a_tag_that_has_a_file_of_prompts_is_taken_whatever_the_file_holds() -> None:
    index = Index()
    index.update("model_spec.md", "## Be kind {#be_kind authority=user}\n\nBe kind[^ab12].\n")
    index.update("examples/ab12.md", "Examples for [^ab12] in Be kind:\n")
    index.update("examples/cd34.md", "Nothing that a file of prompts begins with.\n")
    assert name_problem(index, TAG, "ab12", "ef56") == ""
    assert "taken" in name_problem(index, TAG, "ab12", "cd34")
    index.forget("examples/cd34.md")
    assert name_problem(index, TAG, "ab12", "cd34") == ""
