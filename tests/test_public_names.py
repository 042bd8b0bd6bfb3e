"""The public names: everything that a public function takes or returns is one of them, typed, and in the reference."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sphinx_policyspec as ps
from sphinx_policyspec.api import names_by_home
from tests.conftest import REPOSITORY

PACKAGE = "sphinx_policyspec"
LISTED = {name: f"{PACKAGE}.{home}" for home, names in names_by_home().items() for name in names}


@cache
def statements(module: str) -> list[ast.stmt]:
    """Return the statements of a module, those for type checkers alone included."""
    tree = ast.parse(Path(importlib.import_module(module).__file__ or "").read_text("utf-8"))
    guarded = [part for node in tree.body if isinstance(node, ast.If) for part in node.body]
    return [*tree.body, *guarded]


@cache
def home(module: str, name: str) -> tuple[str, str] | None:
    """Return the module of ours that a name of a module comes from, and its name there; other people's have none."""
    for node in statements(module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    source = node.module or ""
                    return home(source, alias.name) if source.startswith(PACKAGE) else None
        elif made_by(node, name) is not None:
            return module, name
    return None


def made_by(node: ast.stmt, name: str) -> ast.AST | None:
    """Return what a statement makes a name of."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return node if node.name == name else None
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    is_made = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return node.value if is_made and isinstance(node, ast.Assign | ast.AnnAssign) else None


def types_in(node: ast.AST | None) -> Iterator[str]:
    """Yield the names in the signature of a function, in public signatures, fields and bases of a class, in an alias."""
    if isinstance(node, ast.FunctionDef):
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        parts = [argument.annotation for argument in every if argument] + [node.returns]
        yield from (name for part in parts if part for name in names_in(part))
    elif isinstance(node, ast.ClassDef):
        yield from (name for base in node.bases for name in names_in(base))
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and is_public(part.name):
                yield from types_in(part)
            elif (
                isinstance(part, ast.AnnAssign)
                and isinstance(part.target, ast.Name)
                and is_public(part.target.id)
            ):
                yield from names_in(part.annotation)
    elif node is not None:
        yield from names_in(node)


def names_in(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from names_in(ast.parse(part.value, mode="eval"))


def is_public(name: str) -> bool:
    return not name.startswith("_") or name.startswith("__")


def reached() -> dict[tuple[str, str], str]:
    """Return every type of ours that one meets from a public name on, each with where; private aliases are looked into."""
    found: dict[tuple[str, str], str] = {}
    todo = [(place, "the list") for name, module in LISTED.items() if (place := home(module, name))]
    while todo:
        place, where = todo.pop()
        if place in found:
            continue
        found[place] = where
        module, name = place
        (made,) = {made for node in statements(module) if (made := made_by(node, name)) is not None}
        todo += [(next_, f"{module}.{name}") for used in types_in(made) if (next_ := home(module, used))]
    return found


def test_what_public_names_take_and_return_is_public() -> None:
    public = {home(module, name) for name, module in LISTED.items()}
    found = reached()
    assert len(found) > 150
    assert {
        place: where for place, where in found.items() if place not in public and is_public(place[1])
    } == {}


def test_each_name_is_listed_once_and_leads_somewhere() -> None:
    every = [name for names in names_by_home().values() for name in names]
    assert sorted(every) == sorted(set(every))
    assert dir(ps) == sorted([*every, "setup"])
    assert [name for name in every if not is_public(name) or getattr(ps, name, None) is None] == []


def test_a_name_is_the_same_whatever_was_imported_before() -> None:
    files = {path.stem for path in Path(ps.__file__).parent.iterdir()}
    assert files & set(dir(ps)) == set()


def test_the_reference_has_every_name() -> None:
    text = (REPOSITORY / "docs" / "reference" / "api.rst").read_text("utf-8")
    assert [name for name in LISTED if text.count(f":: {PACKAGE}.{name}\n") != 1] == []


def test_every_function_is_documented_and_typed() -> None:
    for name, module in LISTED.items():
        place = home(module, name)
        assert place is not None
        (made,) = {made for node in statements(place[0]) if (made := made_by(node, place[1])) is not None}
        if isinstance(made, ast.FunctionDef):
            assert ast.get_docstring(made), name
            assert made.returns is not None, name
            assert all(argument.annotation for argument in (*made.args.args, *made.args.kwonlyargs)), name


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys, sphinx_policyspec as ps; dir(ps); print(*(n for n in sys.modules if n.startswith('sphinx_policyspec.')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.split() == ["sphinx_policyspec.api"]
