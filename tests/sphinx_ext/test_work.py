"""How much a build does: counts of what is written, read and imported, since times differ with the machine."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph import serialize
from sphinx_policyspec.sphinx_ext import spec
from sphinx_policyspec.sphinx_ext.domain import domain
from sphinx_policyspec.sphinx_ext.store import EXCERPTS

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the parts of pages that are written and read, and the graphs that are written."""
    done: Counter[str] = Counter()

    def counted(module: object, name: str) -> None:
        original = getattr(module, name)

        def count(*args: Any, **options: Any) -> Any:
            # Beside its part of the spec, each page has the beginnings of its words.
            done[name] += EXCERPTS not in args
            return original(*args, **options)

        monkeypatch.setattr(module, name, count)

    counted(domain, "write_part")
    counted(spec, "read_fragment")
    counted(serialize, "pieces")
    return done


@pytest.mark.parametrize("root", ["rebuild", "rebuild-myst"])
def test_each_build_does_what_its_edits_ask_for(
    project: Project, build: Build, work: Counter[str], root: str
) -> None:
    source = project(root)
    build(source, out="kept")
    pages = work["write_part"]
    assert pages > 1
    assert work == {"write_part": pages, "read_fragment": pages, "pieces": 1}
    work.clear()
    build(source, out="kept")
    assert work == {}
    page = next(file for file in sorted(source.glob("alpha.*")))
    page.write_text(page.read_text("utf-8") + "\nOne more paragraph.\n", "utf-8")
    build(source, out="kept")
    assert work == {"write_part": 1, "read_fragment": pages, "pieces": 1}


def test_a_site_with_views_and_a_graph_is_built_without_rdflib(project: Project, tmp_path: Path) -> None:
    program = (
        "import sys; from sphinx.cmd.build import main\n"
        f"status = main(['-q', {str(project('views'))!r}, {str(tmp_path / 'out')!r}])\n"
        "sys.exit(status or 'rdflib' in sys.modules or 'pyoxigraph' not in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert (tmp_path / "out" / "spec.ttl").is_file()
