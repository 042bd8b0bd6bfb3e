"""What the layers promise: a core without Sphinx, a light package root, a wheel that is complete."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "sphinx_policyspec"
CORE = (
    "errors",
    "model",
    "readers",
    "compare",
    "graph",
    "checks",
    "exports",
    "evals",
    "sources",
    "api",
    "cli",
)
TEXT_SUFFIXES = {".cfg", ".md", ".py", ".rq", ".rst", ".toml", ".ttl", ".txt", ".yaml", ".yml"}

BLOCK_SPHINX = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"sphinx", "docutils", "myst_parser"}:
            raise ModuleNotFoundError(f"blocked: {name}", name=name)

sys.meta_path.insert(0, Block())
"""


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)


def module_names(folder: Path) -> list[str]:
    """Return the dotted names of the modules below a folder of the package."""
    files = [folder.with_suffix(".py")] if folder.with_suffix(".py").is_file() else folder.rglob("*.py")
    parts = (file.relative_to(REPOSITORY).with_suffix("").parts for file in files)
    return sorted(".".join(names[:-1] if names[-1] == "__init__" else names) for names in parts)


@pytest.mark.parametrize("part", CORE)
def test_the_core_imports_with_sphinx_and_docutils_blocked(part: str) -> None:
    names = module_names(PACKAGE / part)
    result = run_python(
        BLOCK_SPHINX + "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)", *names
    )
    assert names
    assert result.returncode == 0, result.stderr


def test_the_command_line_helps_with_sphinx_and_docutils_blocked() -> None:
    result = run_python(
        BLOCK_SPHINX + "sys.argv[1:] = ['--help']\nfrom sphinx_policyspec.cli import main\nmain()"
    )
    assert result.returncode == 0, result.stderr
    assert "graph" in result.stdout


@pytest.mark.parametrize("module", ["sphinx_policyspec", "sphinx_policyspec.cli"])
def test_importing_what_starts_first_brings_in_no_heavy_library(module: str) -> None:
    heavy = (
        "{'rdflib', 'pyoxigraph', 'owlready2', 'sphinx', 'docutils', 'myst_parser', 'rapidfuzz', 'rich.console', "
        "'sphinx_policyspec.compare', 'sphinx_policyspec.surveys'}"
    )
    result = run_python(f"import sys, {module}\nprint(sorted({heavy} & sys.modules.keys()))")
    assert result.stdout == "[]\n", result.stderr


def test_reasoning_by_rules_imports_no_second_rdf_library() -> None:
    code = "import sys, sphinx_policyspec.reasoning.reasoner\nprint(sorted({'rdflib', 'owlready2'} & sys.modules.keys()))"
    result = run_python(code)
    assert result.stdout == "[]\n", result.stderr


def test_the_process_that_answers_queries_starts_without_the_model() -> None:
    loaded = run_python("import sys, sphinx_policyspec.graph.child\nprint(*sys.modules)").stdout.split()
    assert "sphinx_policyspec.graph.child" in loaded
    assert "sphinx_policyspec.model" not in loaded


def test_registering_the_extension_imports_no_rdf_library() -> None:
    heavy = "{'rdflib', 'pyoxigraph', 'owlready2'}"
    code = f"import sys, sphinx_policyspec.sphinx_ext.extension\nprint(sorted({heavy} & sys.modules.keys()))"
    result = run_python(code)
    assert result.stdout == "[]\n", result.stderr


def test_configuration_is_read_without_the_checks_and_their_patterns() -> None:
    result = run_python("import sys, sphinx_policyspec.sphinx_ext.config\nprint(*sys.modules)")
    assert "sphinx_policyspec.model.finding" in result.stdout
    assert "sphinx_policyspec.checks" not in result.stdout


LATER = (
    "sphinx_ext.markdown.render",
    "sphinx_ext.handbook.pages",
    "sphinx_ext.typst.builder",
    "surveys",
)
"""What few builds need; each import costs every build of every project."""


def test_registering_the_extension_imports_nothing_that_few_builds_need() -> None:
    code = "import sys, sphinx_policyspec.sphinx_ext.extension\nprint(*sys.modules)"
    loaded = set(run_python(code).stdout.split())
    assert "sphinx_policyspec.sphinx_ext.domain.domain" in loaded
    assert {name for name in LATER if f"sphinx_policyspec.{name}" in loaded} == set()


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_a_wheel_carries_the_whole_ontology(wheel_names: set[str]) -> None:
    ontology = REPOSITORY / "ontology"
    files = {file.relative_to(ontology).as_posix() for file in ontology.rglob("*") if file.is_file()}
    assert {"alignments.ttl", "context.jsonld", "policyspec.ttl", "shapes.ttl"} < files
    assert {f"sphinx_policyspec/ontology/{name}" for name in files} <= wheel_names


def test_a_wheel_carries_every_file_of_the_package(wheel_names: set[str]) -> None:
    files = {
        file.relative_to(REPOSITORY).as_posix()
        for file in PACKAGE.rglob("*")
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.parts)
    }
    assert files <= wheel_names
    assert "sphinx_policyspec/py.typed" in wheel_names


def test_a_wheel_carries_the_sidecar_for_the_model_spec(wheel_names: set[str]) -> None:
    assert [name for name in wheel_names if name.endswith((".yaml", ".yml"))]


def test_modules_are_short_and_open_with_what_lives_in_them() -> None:
    texts = {file.relative_to(PACKAGE).as_posix(): file.read_text("utf-8") for file in PACKAGE.rglob("*.py")}
    assert len(texts) > 100
    assert [name for name, text in texts.items() if len(text.splitlines()) > 500] == []
    assert [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []


def test_only_the_command_line_prints() -> None:
    printing = [
        file.name
        for file in PACKAGE.rglob("*.py")
        if file.parent.name != "cli"
        and any(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
        )
    ]
    assert printing == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    private = re.compile(r"(?<![\w.>)])/(?:home|root|Users|work)/\w")
    generated = {folder for folder in REPOSITORY.iterdir() if folder.name.startswith(".")} - {
        REPOSITORY / ".ci"
    }
    generated |= {REPOSITORY / "build", REPOSITORY / "dist", REPOSITORY / "editors/vscode/node_modules"}
    files = (
        file
        for file in REPOSITORY.rglob("*")
        if (file.suffix in TEXT_SUFFIXES or file.name in {"Makefile", "run"})
        and file.is_file()
        and not generated & {*file.parents}
        and file != Path(__file__)
    )
    assert [
        str(file.relative_to(REPOSITORY))
        for file in files
        if private.search(file.read_text("utf-8", "replace"))
    ] == []


def test_no_two_public_classes_have_one_name() -> None:
    found: dict[str, list[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(file.relative_to(PACKAGE).as_posix())
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


MOST_MODULES, MOST_IN_SPHINX_EXT = 160, 60
MOST_OF = {
    "agents": 9,
    "alignments": 10,
    "beside": 5,
    "decision_records": 8,
    "drafting": 7,
    "evals": 16,
    "feedback": 14,
    "identifiers": 7,
    "language_server": 15,
    "llms": 1,
    "outlines": 2,
    "overlays": 16,
    "packs": 7,
    "proposals": 12,
    "publishing": 12,
    "serving": 10,
    "training": 5,
    "trends": 3,
}
"""More come only where others go: a newcomer has to guess which one holds a thing.

Alignments, evaluations and overlays are storeys of their own: their folders, and a module of their name in ``api``, ``cli``, ``web``,
``model`` and ``readers``; of overlays, the model, the spec that results, what a next release does to them, which sentence a verdict quotes, where they hold and their directives
are six of these. So
are texts that are read by their headings: ``outlines`` in ``model`` and ``readers``; and packs for people and models who work on
one matter of a spec, with what bears on a provision: ``packs``. What
models read of a site is ``web.llms``, what answers them ``agents``, where a draft beside a spec is read in one place, and in ``sphinx_ext`` one that is a page, and what answers by HTTP ``serving``; what is published, on servers too, is ``publishing``; what models are taught by is ``training``,
and what people say of a spec ``feedback``, with the words that are found again, its graph and its page. What was decided about a spec is ``decision_records``, with what changed and lacks a record. What is to be written next is ``drafting``, and how
sections grow from release to release ``trends``. What people would like a spec to say is ``proposals``, with a graph for each, their page and what they do to rules that no message may override, and where ids
stand in texts, for editors and for these, ``identifiers``, with how a former one is put into a list of YAML and taken out of it. What stands beside a spec is one value, and read, shown, taken from options and from a project in one place each: ``beside``. The language server is a door of its own, with a module for each thing that an editor asks.
"""


def test_the_house_gets_no_more_modules() -> None:
    modules = [file.relative_to(PACKAGE).parts for file in PACKAGE.rglob("*.py")]
    storeys = {
        name: [parts for parts in modules if parts[0] == name or parts[-1] == f"{name}.py"]
        for name in MOST_OF
    }
    own = set(modules).difference(*storeys.values())
    assert len(own) <= MOST_MODULES
    assert all(len(storeys[name]) <= most for name, most in MOST_OF.items())
    assert sum(parts[0] == "sphinx_ext" for parts in own) <= MOST_IN_SPHINX_EXT
