"""What a ``conf.py`` says in plain values, and which lines say what only running it would tell; it is never run here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.readers.text import read_text

OURS = "sphinx_policyspec"
_SAFE = frozenset(
    {"myst_parser", OURS, "sphinx_copybutton", "sphinx_design", "sphinx_inline_tabs", "sphinx_togglebutton"}
)
_SAFE_PREFIXES = ("sphinx.ext.",)
_UNSAFE = frozenset(
    {"sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.doctest", "sphinx.ext.intersphinx"}
)
"""Of Sphinx's own: they import the project's code, run it, or ask the network."""
_HARMLESS = frozenset({"version", "release", "copyright", "today"})
"""Options that are often computed, and change nothing that is read."""
_PASSED = ("policyspec_", "myst_")
_PASSED_NAMES = frozenset(
    {
        "exclude_patterns",
        "extensions",
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

    :param values: by option
    :param left_out: lines, from 1, each with what is left out there
    """

    values: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[tuple[int, str], ...] = ()


def read_conf(folder: Path) -> StaticConf:
    """Return what the ``conf.py`` of a folder says in plain values; nothing of one that cannot be read."""
    try:
        text, _findings = read_text(folder / "conf.py", "conf.py")
        tree = ast.parse(text)
    except (SourceError, SyntaxError, ValueError, RecursionError, MemoryError):
        return StaticConf(left_out=((1, "`conf.py` cannot be read"),))
    values: dict[str, Any] = {}
    left: list[tuple[int, str]] = []
    for name, node, line in _assignments(tree):
        if not (name.startswith(_PASSED) or name in _PASSED_NAMES):
            continue
        try:
            values[name] = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            if name not in _HARMLESS:
                left.append(
                    (line, f"`{name}` is computed, so that its value is not known without running `conf.py`")
                )
            continue
        if name == "extensions":
            values[name], unsafe = _extensions(values[name])
            left += [
                (line, f"the extension `{one}` is not loaded without running `conf.py`") for one in unsafe
            ]
    return StaticConf(values=values, left_out=tuple(left))


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


def _extensions(value: object) -> tuple[list[str], list[str]]:
    """Return the extensions that are loaded without running anything of the project, and the others."""
    names = [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple) else []
    safe = [
        name for name in names if name in _SAFE or (name.startswith(_SAFE_PREFIXES) and name not in _UNSAFE)
    ]
    return safe, [name for name in names if name not in safe]
