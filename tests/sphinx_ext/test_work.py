"""How much a build does: counts of what is written, read and imported, since times differ with the machine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import assume, given
from hypothesis import strategies as st
from myst_parser.parsers.docutils_ import Parser
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph import serialize
from sphinx_policyspec.sphinx_ext import spec
from sphinx_policyspec.sphinx_ext.domain import domain
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBody, PolicyResponse, elements_of
from sphinx_policyspec.sphinx_ext.pages import capture, directive
from sphinx_policyspec.sphinx_ext.store import EXCERPTS

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]

MOST_WALKS = 9
"""Times that our code may walk over all of a page, from its parsing to its HTML and its Markdown."""


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
    counted(serialize, "pieces_by_part")
    return done


@pytest.mark.parametrize("root", ["rebuild", "rebuild-myst"])
def test_each_build_does_what_its_edits_ask_for(
    project: Project, build: Build, work: Counter[str], root: str
) -> None:
    source = project(root)
    index = build(source, out="kept").outdir / "policy-levels.html"
    written = index.stat().st_mtime_ns
    pages = work["write_part"]
    assert pages > 1
    assert work == {"write_part": pages, "read_fragment": pages, "pieces_by_part": 1}
    work.clear()
    build(source, out="kept")
    assert work == {}
    assert index.stat().st_mtime_ns == written
    index.unlink()
    build(source, out="kept")
    assert index.is_file()
    assert work == {}
    page = next(file for file in sorted(source.glob("alpha.*")))
    page.write_text(page.read_text("utf-8") + "\nOne more paragraph.\n", "utf-8")
    build(source, out="kept")
    assert work == {"write_part": 1, "read_fragment": pages, "pieces_by_part": 1}


def test_a_site_with_views_and_a_graph_is_built_without_rdflib(project: Project, tmp_path: Path) -> None:
    program = (
        "import sys; from sphinx.cmd.build import main\n"
        f"status = main(['-q', {str(project('views'))!r}, {str(tmp_path / 'out')!r}])\n"
        "sys.exit(status or 'rdflib' in sys.modules or 'pyoxigraph' not in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert (tmp_path / "out" / "spec.ttl").is_file()


_SHORT = {
    "index.md": (
        "# Rules {#rules}\n\n1. A list\n\n   ````{policy:example} In a list\n   ```{policy:message} user\n"
        "   Hello my friend, how are you? I do well.\n   ```\n   :::{policy:response} good\n   :note: brief\n\n"
        "   Well enough; thanks!\n   :::\n   ````\n\n> ```{policy:commentary}\n> ---\n> label: Aside\n> ---\n"
        "> In a quotation\n> ```\n\n```{include} part.txt\n```\n\n```{policy:commentary} One-line content\n```\n"
    ),
    "part.txt": "Included.\n\n```{policy:commentary}\nIt stands in another file.\n```\n",
    "page.rst": (
        "Page\n====\n\n.. policy:principle:: Be kind\n   :id: kind\n\n   Some text only\n\n   * In a list\n\n"
        "     .. policy:commentary::\n\n\n        Below two blank lines\n\n.. include:: part2.txt\n"
    ),
    "part2.txt": "Included.\n\n.. policy:commentary::\n\n   It stands in another file\n",
}


def test_a_plain_line_is_the_paragraph_that_the_parser_makes_of_it(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = 'extensions = ["myst_parser", "sphinx_policyspec"]\nmyst_enable_extensions = ["colon_fence"]\n'
    for name, text in {"conf.py": conf, **_SHORT}.items():
        (tmp_path / name).write_text(text, "utf-8")

    def paragraphs(out: str) -> list[tuple[str, str, str | None, int | None]]:
        app = build(tmp_path, "pseudoxml", out=out)
        pages = [app.env.get_doctree(name) for name in ("index", "page")]
        return [
            (node.astext(), node.rawsource, node.source, node.line)
            for page in pages
            for node in page.findall(nodes.paragraph)
        ]

    short = paragraphs("short")
    monkeypatch.setattr(directive, "_SENTENCES", re.compile(r"(?!)"))
    assert short == paragraphs("parsed")
    assert len(short) > 8


@given(
    st.from_regex(directive._SENTENCES, fullmatch=True) | st.sampled_from(["ii. mi", "A. b", "12 b", "A b."])
)
def test_what_is_taken_for_a_plain_line_is_one_in_both_markups(text: str) -> None:
    assume(directive._SENTENCES.fullmatch(text))
    in_rst = publish_doctree(text)
    in_markdown = publish_doctree(text, parser=Parser())
    for document in (in_rst, in_markdown):
        assert [type(node) for node in document.children] == [nodes.paragraph], text
        assert [type(node) for node in document[0].children] == [nodes.Text], text
        assert document.astext() == text


def test_an_answer_is_few_nodes(build: Build, project: Project) -> None:
    page = build(project("rebuild-myst"), "pseudoxml").env.get_doctree("alpha")
    bodies = [node[0] for node in page.findall(PolicyResponse)]
    assert bodies
    for body in bodies:
        # With the answer itself four: its body, the paragraph in it, and the text of that.
        assert [type(node) for node in body.findall()] == [PolicyBody, nodes.paragraph, nodes.Text]


def test_pages_are_walked_over_a_few_times(
    build: Build, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: Counter[str] = Counter()
    original = nodes.Node.findall

    def findall(node: nodes.Node, *args: Any, **options: Any) -> Any:
        caller = sys._getframe(1).f_globals["__name__"]
        if isinstance(node, nodes.document) and caller.startswith("sphinx_policyspec."):
            walks[caller] += 1
        return original(node, *args, **options)

    def counted(node: nodes.Element) -> list[nodes.Element]:
        walks[sys._getframe(1).f_globals["__name__"]] += isinstance(node, nodes.document)
        return elements_of(node)

    monkeypatch.setattr(nodes.Node, "findall", findall)
    walking = [name for name, module in sys.modules.items() if hasattr(module, "elements_of")]
    assert capture.__name__ in walking
    for name in walking:
        if name.startswith("sphinx_policyspec."):
            monkeypatch.setattr(f"{name}.elements_of", counted)
    app = build(project("rebuild-myst"))
    assert walks.total() / len(app.env.all_docs) <= MOST_WALKS, walks
