"""A rebuild equals a fresh build also after a change outside the pages: tags, options, builders, inventories."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
Written = Callable[[Path], dict[str, bytes]]
Same = Callable[..., None]


@pytest.fixture
def same(build: Build, written: Written, warnings_in: Warnings) -> Same:
    """Build again what was built into ``kept``, and compare it with a fresh build."""

    def compare(source: Path, **options: object) -> None:
        again = build(source, out="kept", **options)
        fresh = build(source, out="fresh", **options)
        ours, theirs = written(again.outdir), written(fresh.outdir)
        differing = {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}
        assert differing - {".buildinfo.bak"} == set()
        assert sorted(warnings_in(again)) == sorted(warnings_in(fresh))

    return compare


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(("first", "then"), [([], ["internal"]), (["internal"], [])])
def test_a_tag_that_shows_or_hides_a_principle(
    project: Project, build: Build, same: Same, first: list[str], then: list[str]
) -> None:
    source = project("rebuild")
    hidden = ".. policy:principle:: Be secret\n      :authority: user\n\n      Tell nobody."
    add(source / "beta.rst", f"\n.. only:: internal\n\n   {hidden}\n")
    build(source, out="kept", tags=first)
    same(source, tags=then)


@pytest.mark.parametrize("name", ["CHANGELOG.md", "README.md", "examples/zz99.md"])
def test_a_new_file_beside_a_model_spec_page(project: Project, build: Build, same: Same, name: str) -> None:
    source = project("model-spec")
    file = source / "upstream" / name
    text = file.read_text("utf-8") if file.is_file() else "Examples for [^zz99] in Manners:\n"
    file.unlink(missing_ok=True)
    build(source, out="kept")
    file.write_text(text, "utf-8")
    same(source)


def test_another_builder_in_between(project: Project, build: Build, same: Same) -> None:
    source = project("rebuild")
    build(source, out="kept")
    replace(source / "alpha.rst", "Be kind\n=======", "Be very kind\n============")
    build(source, "text", out="kept")
    same(source)


@pytest.mark.parametrize(
    "options",
    ['policyspec_outputs = ["nt"]', "policyspec_outputs = []", "policyspec_query_limits = {'rows': 1}"],
)
def test_another_option(project: Project, build: Build, same: Same, options: str) -> None:
    source = project("rebuild")
    add(source / "beta.rst", "\n.. policy:query::\n\n   SELECT ?p { ?p a ps:Principle }\n")
    build(source, out="kept")
    add(source / "conf.py", f"\n{options}\n")
    same(source)


def inventory(*names: str) -> bytes:
    head = "# Sphinx inventory version 2\n# Project: up\n# Version: 1\n"
    note = "# The remainder of this file is compressed using zlib.\n"
    lines = "".join(f"{name} policy:principle 1 page.html#{name} -\n" for name in names)
    return f"{head}{note}".encode() + zlib.compress(lines.encode())


def test_an_inventory_that_loses_a_target(project: Project, build: Build, same: Same) -> None:
    source = project("rebuild")
    add(source / "plain.rst", "\nSee :policy:principle:`upstream_rule`.\n")
    add(source / "beta.rst", "\nSee :policy:principle:`upstream_rule`.\n")
    mapping = (
        "intersphinx_mapping = {'up': ('https://example.org/', 'up.inv')}\nintersphinx_cache_limit = 0\n"
    )
    add(source / "conf.py", f"\nextensions.append('sphinx.ext.intersphinx')\n{mapping}")
    (source / "up.inv").write_bytes(inventory("upstream_rule"))
    build(source, out="kept")
    (source / "up.inv").write_bytes(inventory("another_rule"))
    same(source)


def test_a_removed_page_takes_no_source_of_another_with_it(
    project: Project, build: Build, same: Same
) -> None:
    source = project("rebuild")
    for name in ("old", "old.notes"):
        text = f":orphan:\n\n{name}\n{'=' * len(name)}\n\n:policy:principle:`be_kind`\n"
        (source / f"{name}.rst").write_text(text, "utf-8")
    build(source, out="kept")
    (source / "old.rst").unlink()
    same(source)
