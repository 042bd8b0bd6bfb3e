"""What a view asks: its filters and columns, and what is wrong with the names in them."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sphinx_policyspec.model import Finding, Severity, Span, Spec
from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.domain.records import Question

__all__ = ["COLUMNS", "PROPERTIES", "VARIABLES", "View", "ViewKind", "unknown_names"]


class ViewKind(enum.StrEnum):
    """The views; values are the names of their directives."""

    PRINCIPLE_LIST = "principle-list"
    PRINCIPLE_TABLE = "principle-table"
    EXAMPLE_TABLE = "example-table"
    MATRIX = "matrix"
    GRAPH = "graph"
    COVERAGE = "coverage"
    SURVEY = "survey"


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Question):
    """What one view asks; values are as the page has them.

    :param topics: a principle that touches any of them is meant
    :param mentions: a word in passing is a touch as well
    :param sort: names of columns, with ``-`` before those that descend
    :param problem: why it cannot be answered, where its options say nothing that makes sense
    :param places: where each option stands
    """

    kind: ViewKind
    authority: tuple[str, ...] = ()
    overridable_by: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    mentions: bool = False
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    problem: str = ""
    places: tuple[tuple[str, Span], ...] = ()

    def place(self, option: str) -> Span:
        """Return where an option stands, or the directive where it has no such option."""
        return dict(self.places).get(option, self.span)


_OF_PRINCIPLES = (
    "id",
    "title",
    "level",
    "topics",
    "status",
    "since",
    "examples",
    "good",
    "bad",
    "prompts",
    "references",
)
COLUMNS: Mapping[ViewKind, tuple[str, ...]] = {
    ViewKind.PRINCIPLE_LIST: _OF_PRINCIPLES,
    ViewKind.PRINCIPLE_TABLE: _OF_PRINCIPLES,
    ViewKind.EXAMPLE_TABLE: ("id", "title", "principle", "level", "good", "bad", "ok"),
    ViewKind.MATRIX: (),
    ViewKind.GRAPH: (),
    ViewKind.SURVEY: (),
    ViewKind.COVERAGE: ("title", "level", "examples", "good", "bad", "prompts", "references"),
}
"""What each view can show; the matrix, the drawing and the survey show what they are for."""

PROPERTIES: Mapping[ViewKind, tuple[str, ...]] = {
    kind: ("good", "bad", "reference")
    if kind is ViewKind.EXAMPLE_TABLE
    else ("example", "good", "bad", "prompt", "reference")
    for kind in ViewKind
}
"""What the rows of each view can have or lack."""

VARIABLES = {"topics": "topic", "principle": "owner"}
"""Variables of columns that do not have the column's own name; they have a row for each value."""


def unknown_names(view: View, spec: Spec) -> Iterator[Finding]:
    """Find levels, roles and topics that a view names and the spec lacks."""
    levels = [level.id for level in spec.levels]
    roles = [role for level in spec.levels for role in level.roles]
    topics = [name for topic in spec.topics for name in (topic.id, topic.label, *topic.alt_labels)]
    for option, values, what, known in (
        ("authority", view.authority, "level", levels),
        ("overridable-by", view.overridable_by, "level", [*levels, *roles]),
        ("topic", view.topics, "topic", topics),
    ):
        lowered = {name.lower() for name in known}
        for value in values:
            if value.lower() not in lowered:
                yield Finding(
                    code=f"unknown-{what}",
                    severity=Severity.ERROR,
                    message=f"unknown {what} `{value}`"
                    if option != "overridable-by"
                    else f"`{value}` is no role and no level",
                    span=view.place(option),
                    hint=nearest(value, known) if known else "the spec has none",
                )
