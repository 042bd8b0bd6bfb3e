"""Beside the extensions and themes that people use most: nothing changes that is not ours, whatever the order."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.company.neighbours import (
    FOREIGN,
    LIGHT,
    NEIGHBOURS,
    OPTIONS,
    STANDARD,
    THEMES,
    Neighbour,
    inside,
    principle,
)
from tests.company.projects import OURS, Built, build, differing, write
from tests.conftest import require_package

INDEX = "Start\n=====\n\n.. toctree::\n   :maxdepth: 1\n\n   foreign\n   other\n   uses\n   spec\n"
PART = "# Part\n\nIncluded **words**.\n"
BIB = "@book{knuth, author={Knuth}, title={Books}, year={1984}, publisher={P}}\n"
CONTAINERS = [".. admonition:: A box\n\n   @\n", ".. list-table::\n\n   * - @\n"]
OUR_LINES = re.compile(
    r'\n *<link rel="alternate"[^>]*href="(?:\.\./)*spec[.-][^>]*>'  # the graph and the ids, which programs look for
    r'|\s*<li class="right" >\s*<a href="policy-\w+.html"[^<]*</a> \|</li>'  # indices, in bars that list all of them
)
"""What a page that uses nothing of ours has of us in a project with a spec; nothing in one without."""


def files(neighbours: Iterable[Neighbour], *, spec: bool, wanted: bool = True) -> dict[str, str]:
    """Return a project that uses the neighbours; a plain page may stand in the place of its spec, or none."""
    known = [*neighbours]
    arounds = [*CONTAINERS, *(n.around for n in known if n.around)]
    held = [principle(f"kind{number}") if spec else "Words.\n" for number in range(len(arounds))]
    page = "\n".join(["Spec\n====\n", *map(inside, arounds, held)])
    uses = "\n".join(neighbour.uses for neighbour in known)
    pages = {**FOREIGN, "index.rst": INDEX, "uses.rst": f"Uses\n====\n\n{uses}\n", "spec.rst": page}
    if not wanted:
        pages["index.rst"] = INDEX.replace("   spec\n", "")
        del pages["spec.rst"]
    return {**pages, "part.txt": PART, "refs.bib": BIB}


def ours_in(built: Built) -> dict[str, bytes]:
    """Return the pages that use nothing of ours, without what is ours."""
    pages = {name: built.files[f"{name}.html"].decode() for name in ("index", "foreign", "other", "uses")}
    return {name: OUR_LINES.sub("", page).encode() for name, page in pages.items()}


def settled(built: Built, chance: str) -> Built:
    """Return a build without what is another in each, and without what a node that a builder does not know holds."""
    warnings = tuple(re.sub(r"(unknown node type: <\w+).*", r"\1", line) for line in built.warnings)
    pattern = re.compile(chance.encode())
    texts = {name: pattern.sub(b"", data) if chance else data for name, data in built.files.items()}
    return Built(files=texts, warnings=warnings)


def words_of(built: Built, names: Iterable[str]) -> bool:
    graph = built.text("spec.ttl")
    return all(f'"Words about {name}."' in graph for name in names)


def conf_of(neighbours: Iterable[Neighbour], **more: Any) -> dict[str, Any]:
    return OPTIONS | {key: value for neighbour in neighbours for key, value in neighbour.conf.items()} | more


def check(
    tmp_path: Path,
    neighbours: list[Neighbour],
    others: list[str],
    conf: dict[str, Any],
    builder: str = "html",
) -> None:
    """Hold the laws for some neighbours."""
    for neighbour in neighbours:
        require_package(neighbour.module)
    modules = [neighbour.module for neighbour in neighbours]
    chance = "|".join(neighbour.chance for neighbour in neighbours if neighbour.chance)

    def made(name: str, extensions: list[str]) -> Built:
        return settled(build(source, tmp_path / name, extensions, builder, conf), chance)

    orders = ([*others, *modules, OURS], [OURS, *others, *modules])
    source = tmp_path / "source"
    write(source, files(neighbours, spec=False, wanted=False))
    alone = made("bare-alone", [*others, *modules])
    for number, extensions in enumerate(orders):
        beside = made(f"bare-{number}", extensions)
        assert differing(alone, beside) <= {"objects.inv"}
        assert beside.warnings == alone.warnings
    write(source, files(neighbours, spec=False))
    alone = made("plain-alone", [*others, *modules])
    write(source, files(neighbours, spec=True))
    count = len(CONTAINERS) + sum(bool(n.around) for n in neighbours)
    for number, extensions in enumerate(orders):
        beside = made(f"spec-{number}", extensions)
        assert beside.warnings == alone.warnings
        if builder == "html":
            assert ours_in(beside) == ours_in(alone)
            assert words_of(beside, [f"kind{number}" for number in range(count)])


def test_the_standard_extensions_and_light_ones(tmp_path: Path) -> None:
    check(tmp_path, LIGHT, STANDARD, conf_of(LIGHT))


def test_the_inventory_of_a_project_without_a_spec_has_our_indices_and_no_more(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"index.rst": "Start\n=====\n\nWords.\n"})

    def labels(name: str, extensions: list[str]) -> set[str]:
        data = build(source, tmp_path / name, extensions).files["objects.inv"]
        return set(zlib.decompress(data.split(b"\n", 4)[4]).decode().splitlines())

    added = labels("beside", [OURS]) - labels("alone", [])
    names = ["policy-examples", "policy-levels", "policy-prompts", "policy-topics"]
    assert sorted(line.split()[0] for line in added) == names


@pytest.mark.slow
@pytest.mark.parametrize("neighbour", NEIGHBOURS, ids=lambda neighbour: neighbour.module)
def test_each_neighbour(tmp_path: Path, neighbour: Neighbour) -> None:
    reads_markdown = neighbour.module in {"myst_nb", "sphinx_mdinclude"}
    # With two renderers of maths besides MathJax a project has to choose.
    left = {"sphinx.ext.imgmath", *(["myst_parser"] if reads_markdown else [])}
    others = [name for name in STANDARD if name not in left]
    check(tmp_path, [neighbour], others, conf_of([neighbour]), neighbour.builder)


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
def test_each_theme(tmp_path: Path, theme: str) -> None:
    require_package(theme)
    check(tmp_path, [], ["myst_parser"], conf_of([], html_theme=theme))
