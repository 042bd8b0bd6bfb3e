"""What Sphinx leaves behind after an edit of a project that has no spec is not ours to change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.company.projects import OURS, Built, build, differing, write

FILES = {
    "index.rst": "Start\n=====\n\n.. toctree::\n\n   one\n   two\n",
    "one.rst": "One\n===\n\nZebras live here.\n",
    "two.rst": "Two\n===\n\nGiraffes live here.\n\nPart\n----\n\nWords.\n",
}
SPEC = (
    "Spec\n====\n\n.. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n\n   Greet okapis.\n"
)


def rewrite(source: Path) -> None:
    (source / "one.rst").write_text("First\n=====\n\nOnly lions.\n", "utf-8")


def remove(source: Path) -> None:
    (source / "two.rst").unlink()
    (source / "index.rst").write_text(FILES["index.rst"].replace("   two\n", ""), "utf-8")


@pytest.mark.parametrize("edit", [rewrite, remove])
@pytest.mark.parametrize("theme", ["basic", "alabaster", "furo"])
def test_a_rebuild_without_a_spec_writes_what_sphinx_writes(
    tmp_path: Path, edit: Callable[[Path], None], theme: str
) -> None:
    source = write(tmp_path / "source", FILES)
    conf = {"html_theme": theme}
    choices = {"alone": [], "beside": [OURS]}
    for name, extensions in choices.items():
        build(source, tmp_path / name, extensions, conf=conf)
    edit(source)
    built = {
        name: build(source, tmp_path / name, extensions, conf=conf, again=True)
        for name, extensions in choices.items()
    }
    assert differing(built["alone"], built["beside"]) == {"objects.inv"}


def removed(source: Path, out: Path, name: str) -> Built:
    build(source, out, [OURS])
    (source / f"{name}.rst").unlink()
    return build(source, out, [OURS], again=True)


def test_only_pages_of_the_spec_are_taken_away(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source", {**FILES, "spec.rst": SPEC, "about.rst": "A\n=\n\n:policy:level:`user`\n"}
    )
    assert "two.html" in removed(source, tmp_path / "two", "two").files
    assert "about.html" not in removed(source, tmp_path / "about", "about").files
    assert "spec.html" not in removed(source, tmp_path / "spec", "spec").files


def test_our_files_come_and_go_with_the_spec(tmp_path: Path) -> None:
    source = write(tmp_path / "source", FILES)
    out = tmp_path / "out"

    def ours(built: Built) -> set[str]:
        return {name for name in built.files if "policy" in name or name.startswith("spec")}

    assert ours(build(source, out, [OURS])) == set()
    (source / "spec.rst").write_text(SPEC, "utf-8")
    there = ours(build(source, out, [OURS], again=True))
    assert {"_static/policyspec.css", "_static/policyspec.js", "spec.html", "spec.ttl"} <= there
    (source / "spec.rst").unlink()
    assert ours(build(source, out, [OURS], again=True)) == set()
