"""A small spec project to begin with, written from the templates beside this module."""

from __future__ import annotations

import json
import unicodedata
from importlib.resources import files
from pathlib import Path
from string import Template

from sphinx_policyspec.errors import StarterError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model.nearest import nearest

__all__ = ["MARKUPS", "write_starter"]

MARKUPS = {"myst": "md", "rst": "rst"}
"""The languages that a starter can be written in, with the suffix of their pages."""

_PARSERS = {"myst": ("myst_parser",)}
_COMMON = {"conf.py": "conf.py.in", "README.md": "README.md.in", ".gitignore": "gitignore.in"}
_PAGES = ("index", "principles", "questions")
_MARKUP_CHARACTERS = "\\`*_|<>[]{}$#"


def write_starter(folder: Path, *, markup: str = "myst", title: str = "") -> tuple[Path, ...]:
    """Write a project of a few pages into a new or empty folder; return its files.

    :param title: the title of the spec; by default the name of the folder, in words
    """
    if markup not in MARKUPS:
        raise StarterError(f"unknown markup `{markup}`; {nearest(markup, MARKUPS)}")
    values = _values(title or _in_words(real_path(folder).name))
    values["extensions"] = json.dumps([*_PARSERS.get(markup, ()), "sphinx_policyspec"])
    _refuse_what_is_there(folder)
    folder.mkdir(parents=True, exist_ok=True)
    suffix = MARKUPS[markup]
    written = []
    for name, template in (
        *((name, f"both/{template}") for name, template in _COMMON.items()),
        *((f"{page}.{suffix}", f"{markup}/{page}.{suffix}.in") for page in _PAGES),
    ):
        text = files("sphinx_policyspec.starter").joinpath(template).read_text(encoding="utf-8")
        target = folder / name
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(Template(text).substitute(values))
        written.append(target)
    return tuple(written)


def _in_words(name: str) -> str:
    """Return the name of a folder as a title."""
    words = " ".join("".join(" " if c in f"{_MARKUP_CHARACTERS}-." else c for c in name).split())
    return f"{words[:1].upper()}{words[1:]}" or "A behaviour spec"


def _values(title: str) -> dict[str, str]:
    """Return what the templates ask for; the title is in code, in Markdown and in reStructuredText."""
    line = " ".join(title.split())
    foreign = [c for c in line if c in _MARKUP_CHARACTERS or not c.isprintable()]
    if foreign or line.startswith(":") or not any(c.isalnum() for c in line):
        what = (
            f"holds `{foreign[0]}`"
            if foreign
            else "begins with `:`"
            if line.startswith(":")
            else "has no letter"
        )
        raise StarterError(
            f"the title `{line}` {what}; choose a plain one, and mark it up in the pages later"
        )
    columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    return {"title": line, "rule": "=" * columns, "project": json.dumps(line, ensure_ascii=False)}


def _refuse_what_is_there(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise StarterError(f"`{folder}` is a file; name a new or empty folder")
    if names := sorted(entry.name for entry in folder.iterdir()):
        raise StarterError(f"`{folder}` is not empty: it contains `{names[0]}`; name a new or empty folder")
