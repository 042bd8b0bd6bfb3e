"""The named questions: one ``.rq`` file each, with its English text, parameters and columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.graph.terms import ontology_dir
from sphinx_policyspec.model.finding import nearest

__all__ = ["Parameter", "Question", "find_question", "list_questions"]

_PARAMETER = re.compile(
    r"# param (?P<name>\w+): (?P<type>\w+)(?: = (?P<default>.+)|(?P<optional>, optional))?"
)

_ESCAPES = {
    "\\": "\\\\",
    "\\u": "\\\\\\U00000075",
    "\\U": "\\\\\\U00000055",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a question takes.

    :param type: ``topic`` and ``level`` name one of the spec, ``speaker`` a role or a level; ``text`` is anything
    :param default: ``None`` where a value must be given; empty where none need be, and the question asks about all
    """

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A named question.

    :param text: the question in English
    :param formerly: names that it had, which lead to it
    :param sparql: runs as it stands, with the parameters' defaults
    :param over_releases: it asks named graphs, one for each release, and the graph of changes between them
    """

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    sparql: str
    over_releases: bool = False
    formerly: tuple[str, ...] = ()

    def values(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the value of every parameter; unknown and missing ones raise :class:`QueryError`."""
        names = [parameter.name for parameter in self.parameters]
        for name in params:
            if name not in names:
                known = f"; {nearest(name, names)}" if names else ", it takes none"
                raise QueryError(f"`{self.name}` takes no parameter `{name}`{known}")
        values = {p.name: params.get(p.name, p.default) for p in self.parameters}
        for name, value in values.items():
            if value is None:
                raise QueryError(f"`{self.name}` needs a value for its parameter `{name}`")
        return {name: value for name, value in values.items() if value is not None}

    def bound(self, values: Mapping[str, str]) -> str:
        """Return the query with the parameters' values in place of the defaults."""
        query = self.sparql
        for name, value in values.items():
            marker = _marker(name)
            bound = f"VALUES ?{name} {{ {string_literal(value)} }}"
            query = marker.sub(lambda _, text=bound: text, query)  # type: ignore[misc]  # the default binds it
        return query


def list_questions() -> tuple[Question, ...]:
    """Return all questions, by name."""
    return tuple(_questions().values())


def find_question(name: str) -> Question:
    """Return the question of that name, or that had it; an unknown one raises :class:`QueryError`."""
    renamed = {former: question for question in list_questions() for former in question.formerly}
    found = _questions().get(name) or renamed.get(name)
    if found is None:
        hint = nearest(name, _questions()) or "`query --list` names them"
        raise QueryError(f"unknown question `{name}`; {hint}")
    return found


def string_literal(value: str) -> str:
    r"""Return a value as a SPARQL string that no reader can take for anything else.

    Some engines replace ``\uXXXX`` before they look for strings, so a backslash never stands
    before a plain ``u``.
    """
    text = value.encode(errors="replace").decode()
    return '"' + re.sub(r'\\[uU]?|["\n\r\t]', lambda match: _ESCAPES[match[0]], text) + '"'


@cache
def _questions() -> dict[str, Question]:
    """Read the folder once, when the first question is asked."""
    files = sorted((ontology_dir() / "questions").glob("*.rq"))
    return {file.stem: _question(file.stem, file.read_text(encoding="utf-8")) for file in files}


def _question(name: str, sparql: str) -> Question:
    """Read the comment lines at the head of a question's file."""
    head = [line for line in sparql.splitlines() if line.startswith("# ")]
    columns = next(line for line in head if line.startswith("# columns: "))
    return Question(
        name=name,
        text=head[0].removeprefix("# "),
        parameters=tuple(
            Parameter(
                name=match["name"], type=match["type"], default="" if match["optional"] else match["default"]
            )
            for line in head
            if (match := _PARAMETER.fullmatch(line))
        ),
        columns=tuple(columns.removeprefix("# columns: ").split()),
        sparql=sparql,
        over_releases="# over: releases" in head,
        formerly=tuple(
            name
            for line in head
            if line.startswith("# formerly: ")
            for name in line.removeprefix("# formerly: ").split()
        ),
    )


def _marker(name: str) -> re.Pattern[str]:
    """Match the place in a query that holds a parameter's value."""
    return re.compile(rf'VALUES \?{re.escape(name)} \{{ "[^"]*" \}}')
