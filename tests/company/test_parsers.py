"""Pages keep the parser that the project gives them; those of the Model Spec are read as such, whoever owns the suffix."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.sphinx_ext.build import project
from tests.company.projects import OURS, Built, build, write
from tests.conftest import require_package

RELEASE = "# M {#m}\n\n## K {#k authority=user}\n\nSee [?](#m).\n"
START = {"md": "# I\n\nWords.\n", "rst": "I\n=\n\n.. toctree::\n\n   up/model_spec\n"}
PLAIN_PARSER = '''
from docutils import nodes
from docutils.parsers import Parser


class CommonMarkParser(Parser):
    """As other parsers of Markdown are that know nothing of Sphinx."""

    supported = ("md", "markdown")

    def parse(self, inputstring, document):
        self.setup_parse(inputstring, document)
        section = nodes.section(ids=["start"])
        section += [nodes.title("", "Start"), nodes.paragraph("", inputstring)]
        document += section
        self.finish_parse()


def setup(app):
    app.add_source_suffix(".md", "markdown")
    app.add_source_parser(CommonMarkParser)
'''
PARSERS = ["", "conf", "myst_parser", "myst_nb", "sphinx_mdinclude"]


def orders(*others: str) -> list[tuple[str, ...]]:
    return list(itertools.permutations((*others, OURS)))


def principles(built: Built) -> list[str]:
    return re.findall(r"^provision:(\S+) a ps:Principle", built.text("spec.ttl"), re.MULTILINE)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("suffix", START)
def test_pages_of_the_model_spec_are_read_whoever_owns_the_suffix(
    tmp_path: Path, parser: str, suffix: str
) -> None:
    conf = f"{PLAIN_PARSER if parser == 'conf' else ''}\npolicyspec_model_spec = ['up/*.md']\n"
    files = {f"index.{suffix}": START[suffix], "up/model_spec.md": RELEASE, "conf.py": conf}
    source = write(tmp_path / "source", files)
    others = [parser] if parser not in {"", "conf"} else []
    for name in others:
        require_package(name)
    for number, extensions in enumerate(orders(*others)):
        built = build(source, tmp_path / str(number), extensions)
        assert principles(built) == ["k"]
        assert not re.search("policyspec|rror", "".join(built.warnings))


def test_a_translation_of_such_a_page_is_read_beside_another_parser(tmp_path: Path) -> None:
    require_package("myst_nb")
    catalogue = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Be brief."\nmsgstr "Sei kurz."\n'
    files = {
        "index.rst": START["rst"],
        "up/model_spec.md": "# M {#m}\n\n## K {#k authority=user}\n\nBe brief.\n",
        "locale/de/LC_MESSAGES/up/model_spec.po": catalogue,
    }
    source = write(tmp_path / "source", files)
    conf = {"language": "de", "locale_dirs": [str(source / "locale")], "gettext_compact": False}
    conf |= {"policyspec_model_spec": ["up/model_spec.md"]}
    for number, extensions in enumerate(orders("myst_nb")):
        built = build(source, tmp_path / str(number), extensions, conf=conf)
        assert "Sei kurz." in built.text("up/model_spec.html")


@pytest.mark.parametrize("conf", [{}, {"source_suffix": ".rst"}, {"source_suffix": [".rst", ".txt"]}])
def test_a_project_in_restructuredtext_stays_one(tmp_path: Path, conf: dict[str, object]) -> None:
    files = {"index.rst": "T\n=\n\nText.\n", "README.md": "# How to edit these docs\n\nSee [x](#nope).\n"}
    source = write(tmp_path / "source", files)
    built = build(source, tmp_path / "out", [OURS], conf=conf)
    assert built.warnings == ()
    assert "README.html" not in built.files


def test_a_conversation_in_such_a_project_is_markdown_still(tmp_path: Path) -> None:
    page = """T
=

.. policy:principle:: Be kind
   :id: be_kind
   :authority: user

   .. policy:example:: rude

      .. policy:conversation::

         user:
            Why *so* slow, `now`?
         good:
            Sorry.
"""
    source = write(tmp_path / "source", {"index.rst": page, "README.md": "# No page\n"})
    built = build(source, tmp_path / "out", [OURS])
    assert "Why <em>so</em> slow" in built.text("index.html")
    assert "README.html" not in built.files


PRINCIPLE = "# Page\n\n```{policy:principle} Be kind\n:id: be_kind\n:authority: user\nWords.\n```\n"


def test_a_page_that_no_extension_reads_is_a_finding(tmp_path: Path) -> None:
    conf = "project = 'P'\nextensions = ['sphinx_policyspec']\nexclude_patterns = ['old']\n"
    files = {"conf.py": conf, "index.rst": "T\n=\n", "README.md": "# Read\n", "old/page.md": PRINCIPLE}
    source = write(tmp_path / "source", files)
    assert build(source, tmp_path / "one", [OURS], conf={"exclude_patterns": ["old"]}).warnings == ()
    assert [finding.code for finding in project.read_project(source).findings] == ["no-principle"]
    write(source, {"part/page.md": PRINCIPLE})
    told, hint = (
        "no extension reads `part/page.md`, a page of the spec in Markdown",
        "add `myst_parser` to `extensions`",
    )
    built = build(source, tmp_path / "two", [OURS], conf={"exclude_patterns": ["old"]})
    assert built.warnings == (f"conf.py:2: WARNING: {told}; {hint} [policyspec.config]",)
    (finding,) = project.read_project(source).findings
    assert (finding.message, finding.hint, finding.span.line) == (told, hint, 2)


def test_a_first_page_that_no_extension_reads_is_named(tmp_path: Path) -> None:
    conf = "project = 'P'\nextensions = ['sphinx_policyspec']\n"
    source = write(tmp_path / "source", {"conf.py": conf, "index.md": PRINCIPLE})
    with pytest.raises(
        SourceError, match=r"no extension reads `index\.md`, .* add `myst_parser` to `extensions`"
    ):
        project.read_project(source)


NOTEBOOK = [
    "# Notebook\n\nIntro words.\n",
    "## Be kind\n\n```{policy:principle}\n:id: be_kind\n:authority: user\n:topics: nope\n```\n\nGreet people, see [](#gone).\n",
    (
        "````{policy:example} rude\n:id: rude\n:illustrates: be_kind\n\n```{policy:message} user\nWhy so slow?\n```\n\n"
        "```{policy:response} good\nSorry.\n```\n````\n"
    ),
    "## Be brief\n\n```{policy:principle} Be brief\n:id: be_brief\n:authority: user\n\nAnswer in few words.\n```\n",
    "## All\n\n```{policy:principle-list}\n```\n",
]


def notebook(cells: list[str]) -> str:
    made = [
        {"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": text}
        for n, text in enumerate(cells)
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def test_directives_in_cells_of_notebooks_work(tmp_path: Path) -> None:
    require_package("myst_nb")
    source = write(tmp_path / "source", {"index.ipynb": notebook(NOTEBOOK)})
    built = [
        build(source, tmp_path / str(number), extensions, conf={"nb_execution_mode": "off"})
        for number, extensions in enumerate(orders("myst_nb"))
    ]
    assert built[0].files["spec.ttl"] == built[1].files["spec.ttl"]
    graph = built[0].text("spec.ttl")
    assert principles(built[0]) == ["be_brief", "be_kind"]
    said = ["Why so slow?", "Sorry.", "Answer in few words.", "Intro words.", "Greet people, see [](#gone)."]
    assert set(re.findall(r'ps:text "(.*?)"', graph)) == set(said)
    assert "ps:markup ps:MystMarkdown" in graph
    assert 'href="#be_kind"' in built[0].text("index.html")
    codes = re.findall(r"\[policyspec\.(.*?)\]", "\n".join(built[0].warnings))
    assert sorted(codes) == ["dangling-reference", "unknown-topic"]
    # The lines are those of the file, where the words stand as text of JSON.
    lines = (source / "index.ipynb").read_text("utf-8").splitlines()
    for place in re.findall(r"index\.ipynb:(\d+): .*(?:dangling-reference)", "\n".join(built[0].warnings)):
        assert "#gone" in lines[int(place) - 1]


def test_a_notebook_in_markdown_is_myst(tmp_path: Path) -> None:
    require_package("myst_nb")
    head = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\nkernelspec:\n  name: python3\n---\n"
    body = "# Text\n\n## Be brief\n\n```{policy:principle}\n:id: be_brief\n:authority: user\n```\n\nAnswer briefly.\n\n+++\n\nMore.\n"
    source = write(tmp_path / "source", {"index.md": head + body})
    conf = {"nb_execution_mode": "off"}
    for number, extensions in enumerate(orders("myst_nb")):
        graph = build(source, tmp_path / str(number), extensions, conf=conf).text("spec.ttl")
        texts = re.findall(r'ps:text "(.*?)" \.', graph)
        assert not [text for text in texts if re.search(r"#|\+\+\+|jupytext|policy:", text)]
        assert any(text.startswith("Answer briefly.") for text in texts)


@pytest.mark.parametrize("blank", [0, 1, 2, 5])
def test_findings_in_a_notebook_in_markdown_stand_at_its_lines(tmp_path: Path, blank: int) -> None:
    require_package("myst_nb")
    cells = (
        "# Text\n\n## Be one\n\n{}Words.\n\n```{{code-cell}}\n1\n```{}\n\n## Be two\n\n{}Words [](#gone).\n"
    )
    slips = [f"```{{policy:principle}}\n:id: be_{n}\n:authority: user\n:topics: nope\n```\n\n" for n in "ab"]
    page = "---\nfile_format: mystnb\n---\n" + "\n" * blank + cells.format(slips[0], "\n" * blank, slips[1])
    source = write(tmp_path / "source", {"index.md": page})
    lines = page.splitlines()
    expected = [f"index.md:{n}" for n, line in enumerate(lines, 1) if "nope" in line or "#gone" in line]
    for number, extensions in enumerate(orders("myst_nb")):
        built = build(source, tmp_path / str(number), extensions, conf={"nb_execution_mode": "off"})
        told = [line.partition(": ")[0] for line in built.warnings if "[policyspec." in line]
        assert sorted(told) == sorted(expected)
        headings = [n for n, line in enumerate(lines, 1) if line.startswith("## ")]
        graph = built.text("spec.ttl")
        assert all(f"ps:line {line} ;" in graph for line in headings)


def test_text_of_another_language_is_what_its_parser_made_of_it(tmp_path: Path) -> None:
    require_package("sphinx_mdinclude")
    page = """# Page

Words *here*.

## Be kind

.. policy:principle::
   :id: be_kind
   :authority: user

Greet **people**.

.. policy:example:: rude

   .. policy:message:: user

      Why so slow?

   .. policy:response:: good

      Sorry.

After.
"""
    source = write(tmp_path / "source", {"index.md": page})
    for number, extensions in enumerate(orders("sphinx_mdinclude")):
        built = build(source, tmp_path / str(number), extensions)
        assert principles(built) == ["be_kind"]
        said = ["Why so slow?", "Sorry.", "Greet **people**.", "After.", "Words *here*."]
        assert set(re.findall(r'ps:text "([^\\]*?)"', built.text("spec.ttl"))) == set(said)


def test_the_command_reads_such_projects(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    require_package("myst_nb")
    conf = "policyspec_model_spec = ['up/model_spec.md']\nextensions = ['sphinx_policyspec', 'myst_nb']\n"
    files = {"conf.py": conf, "index.md": START["md"], "up/model_spec.md": RELEASE}
    status, out, _ = run("stats", write(tmp_path / "source", files), "-q")
    assert (status, json.loads(out)["principles"]) == (0, 1)


def test_one_project_leaves_its_suffixes_to_no_other(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    page = "{underlined}\n\n{directive}\n   :id: be_kind\n   :authority: user\n\n   Greet people.\n"
    myst = "# T t\n\n```{policy:principle} Be kind\n:id: be_kind\n:authority: user\n\nGreet people.\n```\n"
    before = write(
        tmp_path / "before",
        {"conf.py": "extensions = ['myst_parser', 'sphinx_policyspec']\n", "index.md": myst},
    )
    page = page.format(underlined="T t\n===", directive=".. policy:principle:: Be kind")
    files = {
        "conf.py": "extensions = ['sphinx_policyspec']\n",
        "index.rst": page,
        "README.md": "# No page {#x}\n",
    }
    status, out, err = run("diff", before, write(tmp_path / "after", files))
    assert (status, err) == (0, "")
    assert "no changes" in out
