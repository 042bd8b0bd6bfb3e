"""Directives that show a part of the spec: filtered lists and tables, a matrix, a drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from docutils import nodes

from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.pages.directive import options
from sphinx_policyspec.sphinx_ext.views.asking import AskingDirective
from sphinx_policyspec.sphinx_ext.views.filters import COLUMNS, PROPERTIES, View, ViewKind
from sphinx_policyspec.sphinx_ext.views.tables import PolicyView

__all__ = [
    "CoverageDirective",
    "ExampleTableDirective",
    "GraphDirective",
    "MatrixDirective",
    "PrincipleListDirective",
    "PrincipleTableDirective",
]

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
