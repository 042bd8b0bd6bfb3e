"""The plain values in a ``conf.py``, and the lines whose values only running it would give; it is never run here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.readers.text import read_text

OURS = "sphinx_policyspec"
_SAFE = frozenset(
    {"myst_parser", OURS, "sphinx_copybutton", "sphinx_design", "sphinx_inline_tabs", "sphinx_togglebutton"}
)
_SAFE_OF_SPHINX = frozenset(
    f"sphinx.ext.{name}"
    for name in (
        "autosectionlabel", "coverage", "doctest", "duration", "extlinks", "githubpages", "graphviz", "imgconverter",
        "imgmath", "intersphinx", "mathjax", "todo",
    )
)  # fmt: skip
"""Safe extensions of Sphinx. The others import the project's code, load extensions that do, or run code on a page; one
that uses the network gets no address."""
_HARMLESS = frozenset({"version", "release", "copyright", "today"})
"""Options that are often computed, and do not affect reading."""
_UNRUN = "without running `conf.py`; trust the workspace and set `policyspec.runConf` to run it"
_PREFIXES = ("policyspec_", "myst_")
_NAMES = frozenset(
    {
        "autosectionlabel_maxdepth",
        "autosectionlabel_prefix_document",
        "exclude_patterns",
        "extensions",
        "extlinks",
        "html_baseurl",
        "include_patterns",
        "language",
        "master_doc",
        "nitpick_ignore",
        "nitpick_ignore_regex",
        "numfig",
        "project",
        "root_doc",
        "rst_epilog",
        "rst_prolog",
        "source_encoding",
        "source_suffix",
        "suppress_warnings",
        "default_role",
        "primary_domain",
        "smartquotes",
    }
)
"""Options that reading needs; those of themes and writers are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticConf:
    """The plain values of a ``conf.py``.

    :param values: values by option
    :param left_out: lines, from 1, each with what is left out there
    :param lacks_extensions: whether directives and roles of the project may be missing
    """

    values: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[tuple[int, str], ...] = ()
    lacks_extensions: bool = False


def read_conf(folder: Path) -> StaticConf:
    """Return the plain values in the ``conf.py`` of a folder; none if it cannot be read."""
    try:
        text, _findings = read_text(folder / "conf.py", "conf.py")
        tree = ast.parse(text)
    except (SourceError, SyntaxError, ValueError, RecursionError, MemoryError):
        return StaticConf(left_out=((1, "`conf.py` cannot be read"),))
    values: dict[str, Any] = {}
    left_out: list[tuple[int, str]] = []
    lacks = False
    for name, node, line in _assignments(tree):
        if not (name.startswith(_PREFIXES) or name in _NAMES):
            continue
        try:
            values[name] = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            lacks |= name == "extensions"
            if name not in _HARMLESS:
                left_out.append((line, f"`{name}` is computed, so that its value is not known {_UNRUN}"))
            continue
        if name == "extensions":
            values[name], unsafe, absent = _extensions(values[name])
            lacks |= bool(unsafe or absent)
            left_out += [(line, f"the extension `{one}` is not loaded {_UNRUN}") for one in unsafe]
            left_out += [
                (line, f"the extension `{one}` is not installed where the server runs") for one in absent
            ]
    return StaticConf(values=values, left_out=tuple(left_out), lacks_extensions=lacks)


def loads_us(folder: Path) -> bool:
    """Return whether a folder has a ``conf.py`` that names our extension."""
    conf = folder / "conf.py"
    try:
        return conf.is_file() and OURS in read_text(conf, "conf.py")[0]
    except SourceError:
        return False


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value, statement.lineno
        elif (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value
        ):
            yield statement.target.id, statement.value, statement.lineno


def _extensions(value: object) -> tuple[list[str], list[str], list[str]]:
    """Return the extensions that load without running project code, those that do not, and those not installed."""
    names = [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple) else []
    safe = [name for name in names if name in _SAFE | _SAFE_OF_SPHINX]
    there = [name for name in safe if _is_there(name)]
    return there, [name for name in names if name not in safe], [name for name in safe if name not in there]


def _is_there(name: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
