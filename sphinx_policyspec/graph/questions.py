"""The named questions, one ``.rq`` file each, with English text, parameters and columns; and rows of answers, independent of RDF libraries, so that views, exports and pipes can carry them."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.files import Brief, html_table, in_a_line, number_of
from sphinx_policyspec.graph.portable import words_of
from sphinx_policyspec.graph.terms import ontology_dir

if TYPE_CHECKING:
    from sphinx_policyspec.model import Finding


class CellKind(enum.StrEnum):
    """The kinds of cell; values are the words of SPARQL results in JSON."""

    IRI = "uri"
    LITERAL = "literal"
    BLANK = "bnode"
    UNBOUND = "unbound"


class QueryForm(enum.StrEnum):
    """The kind of query that an answer belongs to."""

    SELECT = "select"
    ASK = "ask"
    """One row with one column, ``answer``, that holds ``true`` or ``false``."""
    GRAPH = "graph"
    """CONSTRUCT or DESCRIBE: one row for each triple, as ``subject``, ``predicate``, ``object``."""


@dataclass(frozen=True, slots=True)
class Cell(Brief):
    """One value of an answer.

    :param value: an IRI, the text of a literal or the name of a blank node; empty if unbound
    :param datatype: IRI of a literal's datatype; empty for plain strings
    """

    kind: CellKind
    value: str = ""
    datatype: str = ""
    language: str = ""

    def __str__(self) -> str:
        """Return the plain text."""
        return self.value

    @property
    def native(self) -> str | int | float | bool | None:
        """The value in Python: a number, a truth value, ``None`` if unbound, otherwise the text."""
        if self.kind is CellKind.UNBOUND:
            return None
        try:
            return _NATIVE.get(self.datatype.removeprefix(_XSD), str)(self.value)
        except (ValueError, KeyError):
            return self.value


_XSD = "http://www.w3.org/2001/XMLSchema#"
_WHOLE = (
    "integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
    "unsignedLong unsignedInt unsignedShort unsignedByte"
)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_NATIVE: dict[str, Callable[[str], str | int | float | bool]] = {
    **dict.fromkeys(_WHOLE.split(), int),
    **dict.fromkeys(("decimal", "double", "float"), float),
    "boolean": _TRUTHS.__getitem__,
}
"""Conversions of literals by datatype; an invalid lexical form stays text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A table in which each row has as many cells as there are columns. Iterating yields rows, with numbers as numbers.

    :param findings: names in the question that nothing has; each at its line of the query
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    form: QueryForm = QueryForm.SELECT
    findings: tuple[Finding, ...] = ()

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The plain text of every cell."""
        return tuple(tuple(cell.value for cell in row) for row in self.rows)

    def __iter__(self) -> Iterator[tuple[str | int | float | bool | None, ...]]:
        """Yield the rows as Python values."""
        return (tuple(cell.native for cell in row) for row in self.rows)

    def to_dicts(self) -> list[dict[str, str | int | float | bool | None]]:
        """Return the rows as Python values by column, as data frames accept them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self]

    def __repr__(self) -> str:
        """Return a short description."""
        return f"<Answer: {self._summary}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        return html_table(self._summary, self.columns, self.rows)

    @property
    def _summary(self) -> str:
        return in_a_line(f"{number_of(len(self.rows), 'row')} of {', '.join(self.columns)}")


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
class Parameter(Brief):
    """A value that a question takes.

    :param type: ``topic`` and ``level`` name one of the spec, ``speaker`` a role or a level, ``model`` a model or a run
        of the results, ``case`` a file of cases or a folder of them; ``words`` are searched for in texts, ignoring case;
        ``text`` is anything
    :param default: ``None`` if a value is required; empty if it is optional, and the question then asks about everything
    """

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Brief):
    """A named question.

    :param text: the question in English
    :param asks: the same with a placeholder for each parameter, ``{topic}``, or ``{topic|anything}`` with the word for no
        value; empty without parameters
    :param none: the meaning of an answer without rows, with placeholders, too; empty if there is no such text
    :param row: a sentence about the thing in a row, with a placeholder for each column, ``{kind} {via}``; empty if the
        columns are enough
    :param formerly: former names, which still work
    :param sparql: the query, which runs as it is, with the parameters' defaults
    :param over: the graphs it queries: ``releases`` one for each release, and that of changes between them; ``results``,
        ``feedback``, ``decisions`` and ``alignments`` the graphs of evaluations, feedback, decision records and alignments;
        ``cases`` no graph, but cases as each of several specs decides them; empty for the default graph
    """

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    sparql: str
    asks: str = ""
    none: str = ""
    row: str = ""
    over: str = ""
    formerly: tuple[str, ...] = ()

    def values(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the value of every parameter; unknown and missing ones raise :class:`QueryError`."""
        names = [parameter.name for parameter in self.parameters]
        for name in params:
            if name not in names:
                known = f"; {_nearest(name, names)}" if names else ", it takes none"
                raise QueryError(f"`{self.name}` takes no parameter `{name}`{known}")
        values = {p.name: params.get(p.name, p.default) for p in self.parameters}
        for name, value in values.items():
            if value is None:
                raise QueryError(f"`{self.name}` needs a value for its parameter `{name}`")
        return {name: value for name, value in values.items() if value is not None}

    @property
    def needs_things(self) -> bool:
        """Whether its query needs the things with a name, which are looked up first, in place of the name."""
        return bool(_THINGS.search(self.sparql))

    def bound(
        self, values: Mapping[str, str], rows: Iterable[Sequence[str]] = (), things: Iterable[str] = ()
    ) -> str:
        """Return the query with the parameters' values in place of the defaults.

        :param rows: rows for its empty table, if it has one
        :param things: IRIs of the things with the name, as SPARQL terms, if it :attr:`needs_things`
        """
        query = self.sparql
        searched = {parameter.name for parameter in self.parameters if parameter.type == "words"}
        for name, param_text in values.items():
            marker, value = _marker(name), words_of(param_text) if name in searched else param_text
            clause = f"VALUES ?{name} {{ {string_literal(value)} }}"
            query = marker.sub(lambda _, text=clause: text, query)  # type: ignore[misc]  # the default binds it
        names = "".join(f"{thing} " for thing in things)
        query = _THINGS.sub(lambda _: f"VALUES ?thing {{ {names}}}", query)
        table = "".join(f"\n    ({' '.join(map(string_literal, row))})" for row in rows)
        return _TABLE.sub(lambda found: f"{found[1]} {{{table} }}", query) if table else query

    def present(self, answer: Answer) -> Answer:
        """Return an answer in its final form: only the question's columns, with each line moved to where the words are."""
        places = {name: place for place, name in enumerate(answer.columns)}
        indices = [places[name] for name in self.columns]
        rows = answer.rows
        if "starts" in places:
            rows = tuple(_with_line(row, places) for row in rows)
        return replace(
            answer, columns=self.columns, rows=tuple(tuple(row[n] for n in indices) for row in rows)
        )


def _with_line(row: tuple[Cell, ...], places: Mapping[str, int]) -> tuple[Cell, ...]:
    """Return a row whose line is that of its words, in place of the first line of their text."""
    line, at, starts = (row[places[name]] for name in ("line", "at", "starts"))
    below = sum(int(start) <= int(at.value) for start in starts.value.split())
    counted = replace(line, value=str(int(line.value) + below))
    return tuple(counted if cell is line else cell for cell in row)


def list_questions() -> tuple[Question, ...]:
    """Return all questions, by name."""
    return tuple(_questions().values())


def find_question(name: str) -> Question:
    """Return the question with a name, or a former name; an unknown one raises :class:`QueryError`."""
    renamed = {former: question for question in list_questions() for former in question.formerly}
    result = _questions().get(name) or renamed.get(name)
    if result is None:
        unknown = f"unknown question `{name}`"
        if near := _nearest(name, _questions()):
            raise QueryError(f"{unknown}; {near}")
        command = (
            "give a query of your own with `--sparql`" if " " in name.strip() else "`query --list` names them"
        )
        if name.endswith((".rq", ".sparql")):
            command = f"give a query in a file with `--file {name}`"
        raise QueryError(unknown, command=command)
    return result


def _nearest(name: str, known: Iterable[str]) -> str:
    from sphinx_policyspec.model.nearest import nearest  # noqa: PLC0415  half of the time of a child's start

    return nearest(name, known)


def string_literal(value: str) -> str:
    r"""Return a value as a SPARQL string that cannot be read as anything else.

    Some engines replace ``\uXXXX`` before they look for strings, so a backslash is never directly before a plain ``u``.
    """
    text = value.encode(errors="replace").decode()
    return '"' + re.sub(r'\\[uU]?|["\n\r\t]', lambda match: _ESCAPES[match[0]], text) + '"'


@cache
def _questions() -> dict[str, Question]:
    """Return the questions by name, read from their folder once."""
    files = sorted((ontology_dir() / "questions").glob("*.rq"))
    return {file.stem: _question(file.stem, file.read_text(encoding="utf-8")) for file in files}


def _question(name: str, sparql: str) -> Question:
    """Return a question from its file, with the comment lines at its head."""
    head = [line for line in sparql.splitlines() if line.startswith("# ")]

    def head_value(key: str) -> str:
        """Return the value of a key in the head."""
        start = f"# {key}: "
        return next((line.removeprefix(start) for line in head if line.startswith(start)), "")

    return Question(
        name=name,
        text=head[0].removeprefix("# "),
        asks=head_value("asks"),
        none=head_value("none"),
        row=head_value("row"),
        parameters=tuple(
            Parameter(
                name=match["name"], type=match["type"], default="" if match["optional"] else match["default"]
            )
            for line in head
            if (match := _PARAMETER.fullmatch(line))
        ),
        columns=tuple(head_value("columns").split()),
        sparql=sparql,
        over=head_value("over"),
        formerly=tuple(head_value("formerly").split()),
    )


_TABLE = re.compile(r"(VALUES \((?:\?\w+ ?)+\)) \{ \}")
"""An empty table of a query, to be filled when the question is asked."""
_THINGS = re.compile(r"VALUES \?thing \{ \}")
"""The same for the things with a name."""


def _marker(name: str) -> re.Pattern[str]:
    """Return a pattern for the place of a parameter's value in a query."""
    return re.compile(rf'VALUES \?{re.escape(name)} \{{ "[^"]*" \}}')
