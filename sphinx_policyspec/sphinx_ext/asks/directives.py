"""Directives that ask: questions, lists and tables, a matrix, a drawing, cases, a survey, changes."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

from docutils import nodes

from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.finding import nearest
from sphinx_policyspec.sphinx_ext.asks.page import PolicyView
from sphinx_policyspec.sphinx_ext.asks.queries import COLUMNS, PROPERTIES, View, ViewKind
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.records import Changes, Question
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyQuery
from sphinx_policyspec.sphinx_ext.pages.directive import PolicyDirective, options

__all__ = [
    "PAGE",
    "AskingDirective",
    "CaseDirective",
    "CaseText",
    "ChangesDirective",
    "CoverageDirective",
    "ExampleTableDirective",
    "GraphDirective",
    "MatrixDirective",
    "Part",
    "PrincipleListDirective",
    "PrincipleTableDirective",
    "QueryDirective",
    "SurveyDirective",
    "SurveyView",
    "check_rows",
]


_EXPECTED = re.compile(r"(?P<sign>>=|<=|>|<|=|)\s*(?P<count>\d{1,9})")


class AskingDirective(PolicyDirective):
    """Base of directives whose place an answer fills."""

    def expected(self) -> str:
        """Return the option ``expect-rows``, or nothing where it says no number."""
        given = self.option("expect-rows")
        if given and not _EXPECTED.fullmatch(given):
            line = self.option_line("expect-rows")
            self.find(
                "invalid-option", f"`{given}` is no number of rows", "write `3`, `>0` or `<=10`", line=line
            )
            return ""
        return given


def check_rows(question: Question, count: int) -> Iterator[Finding]:
    """Find another number of rows than a question expects."""
    match = _EXPECTED.fullmatch(question.expected)
    if match is None:
        return
    wanted = int(match["count"])
    holds = {
        "": count == wanted,
        "=": count == wanted,
        ">": count > wanted,
        "<": count < wanted,
        ">=": count >= wanted,
        "<=": count <= wanted,
    }
    if not holds[match["sign"]]:
        yield Finding(
            code="unexpected-rows",
            message=f"the answer has {count} rows, not {question.expected}",
            span=question.span,
        )


_FORMATS = ("table", "list", "count")
_PARAMETER = re.compile(r"(?P<name>[\w-]++)\s*+=\s*+(?P<value>.*)")
_FILTERS = ("authority", "overridable-by", "topic", "mentions", "has", "lacks")


class _ViewDirective(AskingDirective):
    """Base of the views: their options become filters of one query."""

    has_content = False
    optional_arguments = 0
    kind: ClassVar[ViewKind]
    standard: ClassVar[tuple[str, ...]] = ()

    def build(self) -> list[nodes.Node]:
        """Return the place of the view."""
        problems: list[str] = []
        view = View(
            kind=self.kind,
            authority=self._values("authority", problems),
            overridable_by=self._values("overridable-by", problems),
            topics=self._values("topic", problems),
            mentions=self._flag("mentions"),
            has=self._properties("has", problems),
            lacks=self._properties("lacks", problems),
            columns=tuple(self._columns("columns")) or self.standard,
            sort=tuple(self._columns("sort")),
            problem="; ".join(problems),
            expected=self.expected(),
            span=self.span,
            places=tuple(
                (name, self.source.span(self.option_line(name)))
                for name in ("authority", "overridable-by", "topic")
                if name in self.options
            ),
        )
        box = PolicyView("", classes=["ps-query", "ps-view", f"ps-{self.kind.value}"])
        self.declare(box, view)
        return [box]

    def _values(self, name: str, problems: list[str]) -> tuple[str, ...]:
        """Return the values that commas divide; an option without any would silently filter nothing."""
        found = self.words(name, ",")
        if name in self.options and not found:
            problems.append(f"`{name}` is empty")
            self.find("invalid-option", problems[-1], "name something", line=self.option_line(name))
        return found

    def _flag(self, name: str) -> bool:
        if given := self.option(name):
            line = self.option_line(name)
            self.find("invalid-option", f"`{name}` takes no value, so not `{given}`", line=line)
        return name in self.options

    def _properties(self, option: str, problems: list[str]) -> tuple[str, ...]:
        return tuple(self._known(option, self._values(option, problems), PROPERTIES[self.kind], problems))

    def _known(
        self, option: str, values: Iterable[str], known: tuple[str, ...], problems: list[str]
    ) -> Iterator[str]:
        for value in values:
            if value.lower() in known:
                yield value.lower()
            else:
                message = f"`{option}` does not take `{value}`"
                problems.append(message)
                self.find("invalid-option", message, nearest(value, known), line=self.option_line(option))

    def _columns(self, option: str) -> Iterator[str]:
        """Yield the columns that an option names; those of ``sort`` may have a sign."""
        known = COLUMNS[self.kind] or COLUMNS[ViewKind.PRINCIPLE_TABLE]
        for value in self.words(option) if option in self.option_spec else ():
            name = value.removeprefix("-") if option == "sort" else value
            if name in known:
                yield value
            else:
                self.find(
                    "unknown-column",
                    f"`{self.name}` has no column `{name}`",
                    nearest(name, known),
                    line=self.option_line(option),
                )


class PrincipleListDirective(_ViewDirective):
    """The principles that the options pick, as links with their levels: ``policy:principle-list``."""

    kind = ViewKind.PRINCIPLE_LIST
    standard = ("title", "level")
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        *_FILTERS, "columns", "sort", "expect-rows"
    )


class PrincipleTableDirective(_ViewDirective):
    """The principles that the options pick, with what is known of each: ``policy:principle-table``."""

    kind = ViewKind.PRINCIPLE_TABLE
    standard = ("title", "level", "topics", "examples")
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        *_FILTERS, "columns", "sort", "expect-rows"
    )


class ExampleTableDirective(_ViewDirective):
    """Examples of the principles that the options pick, with their verdicts: ``policy:example-table``."""

    kind = ViewKind.EXAMPLE_TABLE
    standard = ("title", "principle", "level", "good", "bad", "ok")
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        *_FILTERS, "columns", "sort", "expect-rows"
    )


class MatrixDirective(_ViewDirective):
    """How many principles are on each topic at each level, and which: ``policy:matrix``."""

    kind = ViewKind.MATRIX
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(*_FILTERS, "expect-rows")


class GraphDirective(_ViewDirective):
    """A drawing of which principles refer to which: ``policy:graph``."""

    kind = ViewKind.GRAPH
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(*_FILTERS, "sort", "expect-rows")


class CoverageDirective(_ViewDirective):
    """Principles without an example, a prompt or a reference, and a table of all: ``policy:coverage``."""

    kind = ViewKind.COVERAGE
    standard = COLUMNS[ViewKind.COVERAGE]
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(*_FILTERS, "sort", "expect-rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseText(Question):
    """Cases that a page wants decided.

    :param text: as YAML
    :param first: line of the file at which the text begins
    :param indent: by how many characters its lines are indented there
    """

    text: str
    first: int
    indent: int


class CaseDirective(AskingDirective):
    """A scenario, or several, with what the chain of command decides and why: ``policy:case``; its content is a case file."""

    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options()

    def build(self) -> list[nodes.Node]:
        """Return the place of the decision."""
        self.needs_text()
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-case"])
        text = "\n".join(self.content)
        at = self.source.part(self.content_line, self.content[0] if self.content else "", 0, 0)
        case = CaseText(text=text, first=at.line, indent=at.column - 1, span=self.span)
        self.declare(box, case)
        return [box]


class Part(enum.StrEnum):
    """What a survey can show; all but the pairs and the idle principles need clingo."""

    PAIRS = "pairs"
    CONFLICTS = "conflicts"
    RULES = "rules"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyView(Question):
    """What a page wants to show of what the spec leaves open.

    :param expected: the number of pairs that nothing decides
    """

    parts: tuple[Part, ...] = tuple(Part)


class SurveyDirective(AskingDirective):
    """What the spec leaves open: pairs of principles that nothing puts in order, conflicts that end undecided, and rules and principles on which nothing depends: ``policy:survey``."""

    has_content = False
    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("show", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the survey."""
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-survey"])
        self.declare(box, SurveyView(parts=self._parts(), expected=self.expected(), span=self.span))
        return [box]

    def _parts(self) -> tuple[Part, ...]:
        names = [part.value for part in Part]
        given = [name.lower() for name in self.words("show")]
        for name in given:
            if name not in names:
                line = self.option_line("show")
                self.find("invalid-option", f"`show` does not take `{name}`", nearest(name, names), line=line)
        return tuple(part for part in Part if part.value in given) or tuple(Part)


PAGE = "policy-changes"
"""Name of the page that tells all changes, without suffix."""


class ChangesDirective(AskingDirective):
    """What changed since an older release, principle by principle: ``policy:changes``."""

    has_content = False
    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("since", "kinds", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the changes."""
        since = self.option("since")
        if not since and not PolicySpecConfig.of(self.config).older:
            hint = "give `:since:`, or set `policyspec_since`"
            self.find("invalid-option", "there is no release to compare with", hint)
        kinds = self.words("kinds")
        taken = _kinds() if kinds else ()
        for kind in kinds:
            if kind not in taken:
                line = self.option_line("kinds")
                self.find(
                    "invalid-option", f"`kinds` does not take `{kind}`", nearest(kind, taken), line=line
                )
        known = tuple(kind for kind in kinds if kind in taken)
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-changes"])
        self.declare(box, Changes(since=since, kinds=known, expected=self.expected(), span=self.span))
        return [box]


def _kinds() -> tuple[str, ...]:
    """Return what changes can be chosen by: their weights, what they are about, and what happened to it."""
    from sphinx_policyspec.compare import ChangeKind, Subject, Weight  # noqa: PLC0415  few projects compare

    return tuple(dict.fromkeys(item.value for item in chain(Weight, Subject, ChangeKind)))


class QueryDirective(AskingDirective):
    """The answer to a named question, or to SPARQL in the content: ``policy:query``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        "question", "params", "columns", "expect-rows", "format"
    )

    def build(self) -> list[nodes.Node]:
        """Return the place of the answer."""
        name = self.option("question") or (" ".join(self.arguments[0].split()) if self.arguments else "")
        if bool(name) == bool(self.text):
            hint = "name a question, or write SPARQL in the content, and not both"
            self.find("invalid-query", f"`{self.name}` asks {'two things' if name else 'nothing'}", hint)
        question = Question(
            name=name,
            params=tuple(self._params()),
            sparql="" if name else self.text,
            columns=self.words("columns"),
            expected=self.expected(),
            format=self._format(),
            span=self.span,
        )
        box = PolicyQuery("", classes=["ps-query", f"ps-query-{question.format}"])
        self.declare(box, question)
        return [box]

    def _params(self) -> Iterator[tuple[str, str]]:
        for part in self.words("params", ",\n"):
            if match := _PARAMETER.fullmatch(part.strip()):
                yield match["name"], match["value"]
            else:
                line = self.option_line("params")
                self.find("invalid-option", f"`{part}` is no parameter", "write `name=value`", line=line)

    def _format(self) -> str:
        given = self.option("format") or "table"
        if given not in _FORMATS:
            line = self.option_line("format")
            self.find("invalid-option", f"`{given}` is no format", nearest(given, _FORMATS), line=line)
            return "table"
        return given
