"""What views and queries ask: filters and columns, the SPARQL query that they become, and what they show."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.graph.questions import string_literal
from sphinx_policyspec.model import Finding, Span, Spec, TargetKind
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import VARIABLES, Page, entries_of, linked_list, table_of
from sphinx_policyspec.sphinx_ext.asks.views import NO_ROWS, answer_nodes, coverage, drawing, matrix, outline
from sphinx_policyspec.sphinx_ext.domain.records import Answered, Ask, Sources
from sphinx_policyspec.sphinx_ext.nodes.boxes import word

if TYPE_CHECKING:
    from docutils import nodes

    from sphinx_policyspec.graph.questions import Answer


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
class View(Ask):
    """What one view asks; values are as the page has them.

    :param columns: those to show, in this order
    :param topics: a principle that touches any of them is meant
    :param mentions: a word in passing is a touch as well
    :param sort: names of columns, with ``-`` before those that descend
    :param problem: why it cannot be answered, where its options say nothing that makes sense
    """

    kind: ViewKind
    columns: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    overridable_by: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    mentions: bool = False
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    problem: str = ""

    def answer(self, sources: Sources) -> Answered:
        """Answer with the rows of the query that the view becomes."""
        unknown = tuple(unknown_names(self, sources.spec))
        if self.problem or unknown:
            # Less would be filtered than was asked for: better no answer than a wrong one.
            problem = "; ".join((self.problem, *(finding.message for finding in unknown))).strip("; ")
            return Answered(None, problem, unknown)
        answer = sources.select(compile_view(self))
        return Answered(answer, "", tuple(self._check(answer)))

    def _check(self, answer: Answer) -> Iterator[Finding]:
        """Yield a finding for a view that shows nothing unexpectedly, and for a wrong number of rows."""
        count = len(entries_of(answer))
        yield from self.check_rows(count)
        if not count and not self.expected:
            yield Finding(
                code="empty-view",
                message=f"`policy:{self.kind.value}` shows nothing",
                span=self.span,
                hint="correct its filters, or set `:expect-rows: 0`",
            )

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show a list, a table, a matrix or a drawing."""
        if not entries_of(answer):
            return [word(NO_ROWS, "ps-nothing")]
        own = TargetKind.EXAMPLE if self.kind is ViewKind.EXAMPLE_TABLE else TargetKind.PROVISION
        match self.kind:
            case ViewKind.PRINCIPLE_LIST:
                return [linked_list(answer, self.columns, own, page)]
            case ViewKind.MATRIX:
                return matrix(answer, page)
            case ViewKind.COVERAGE:
                return coverage(answer, self.columns, page)
            case ViewKind.GRAPH:
                # EPUB wants pages with SVG declared, which Sphinx does not do.
                return drawing(answer, page) if page.is_web else [outline(answer, page)]
            case _:
                return [table_of(answer, self.columns, own, page)]


_OF_PRINCIPLES = tuple(
    "id title level topics status since examples good bad prompts references".split()  # noqa: SIM905 - as KINDS of terms
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


def unknown_names(view: View, spec: Spec) -> Iterator[Finding]:
    """Yield findings for levels, roles and topics that a view names and the spec lacks."""
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
                    message=f"unknown {what} `{value}`"
                    if option != "overridable-by"
                    else f"unknown role or level `{value}`",
                    span=view.place(option),
                    hint=nearest(value, known) if known else "the spec has none",
                )


# What is in a plain subsection of a principle belongs to the principle, hence `ps:partOf*`.
_OF_PRINCIPLE = {
    "example": "?{x} a ps:Example ; ps:illustrates/ps:partOf* ?principle .",
    "good": "?{x} ps:verdict ps:Good ; ps:partOf+ ?{x}e . ?{x}e a ps:Example ; ps:illustrates/ps:partOf* ?principle .",
    "bad": "?{x} ps:verdict ps:Bad ; ps:partOf+ ?{x}e . ?{x}e a ps:Example ; ps:illustrates/ps:partOf* ?principle .",
    "prompt": "?{x} a ps:EvalPrompt ; ps:tests/ps:partOf* ?principle .",
    "reference": "?{x} a ps:Reference ; ps:target ?principle .",
}
_OF_EXAMPLE = {
    "good": "?{x} ps:verdict ps:Good ; ps:partOf+ ?example . ?example a ps:Example .",
    "bad": "?{x} ps:verdict ps:Bad ; ps:partOf+ ?example . ?example a ps:Example .",
    "ok": "?{x} ps:verdict ps:Acceptable ; ps:partOf+ ?example . ?example a ps:Example .",
    "reference": "?{x} a ps:Reference ; ps:target ?example . ?example a ps:Example .",
}
_COUNTED = {
    "examples": "example",
    "good": "good",
    "bad": "bad",
    "ok": "ok",
    "prompts": "prompt",
    "references": "reference",
}

_PRINCIPLE = """
  ?principle a ps:Principle ;
    ps:order ?order ;
    dcterms:identifier ?id ;
    dcterms:title ?title ;
    ps:authority ?authority .
  ?authority dcterms:identifier ?level .
  OPTIONAL { ?authority ps:rank ?rank }"""
_BY_RANK = ("(!BOUND(?rank))", "?rank")


def compile_view(view: View) -> str:
    """Return the query of a view; equal options give equal text, wherever they are."""
    if view.kind is ViewKind.EXAMPLE_TABLE:
        return _examples(view)
    if view.kind is ViewKind.MATRIX:
        return _matrix(view)
    if view.kind is ViewKind.GRAPH:
        return _graph(view)
    return _principles(view)


def _principles(view: View) -> str:
    names = _columns_of(view)
    columns = dict.fromkeys(("id", "title", "level", *(VARIABLES.get(name, name) for name in names)))
    body = [_PRINCIPLE, *_of_levels(view), *_of_principles(view), *_extras(view, names)]
    return _select(columns, body, [*_sorting(view), "?order", "?id"])


def _columns_of(view: View) -> tuple[str, ...]:
    """Return the columns that a view shows or sorts by."""
    return tuple(dict.fromkeys((*view.columns, *(name.removeprefix("-") for name in view.sort))))


def _extras(view: View, names: tuple[str, ...]) -> Iterator[str]:
    """Yield what binds those columns that not every view has."""
    yield from (_count("principle", name, _OF_PRINCIPLE) for name in _COUNTED if name in names)
    if "topics" in names:
        yield _topics(view)
    yield from (
        f"OPTIONAL {{ ?principle ps:{name} ?{name} }}" for name in ("status", "since") if name in names
    )


def _examples(view: View) -> str:
    names = _columns_of(view)
    body = [
        "?example a ps:Example ; dcterms:identifier ?id ; dcterms:title ?title ; ps:order ?order ; ps:partOf ?home .",
        "OPTIONAL { ?home ps:order ?place }",
    ]
    owned = "?example a ps:Example ; ps:illustrates/ps:partOf* ?principle . ?principle a ps:Principle ;"
    body += [*_of_examples(view), *_having(view, "example", _OF_EXAMPLE)]
    body.append(
        "OPTIONAL {"
        + _distinct(
            "?example ?owner ?level ?rank ?turn",
            [
                f"{owned} dcterms:identifier ?owner ; ps:order ?turn ; ps:authority ?authority .",
                "?authority dcterms:identifier ?level . OPTIONAL { ?authority ps:rank ?rank }",
            ],
        )
        + "}"
    )
    body += [_count("example", name, _OF_EXAMPLE) for name in ("good", "bad", "ok") if name in names]
    columns = dict.fromkeys(("id", "title", "owner", "level", *(VARIABLES.get(name, name) for name in names)))
    return _select(columns, body, [*_sorting(view), "?place", "?order", "?id", "?turn"])


def _matrix(view: View) -> str:
    """Ask for levels, topics and principles at once: a row is a level, a topic with one that is broader, or a principle of both."""
    levels = [
        "?authority a ps:AuthorityLevel ; dcterms:identifier ?level .",
        "OPTIONAL { ?authority ps:rank ?rank }",
        *_of_levels(view),
    ]
    topics = ["?concept a skos:Concept ; dcterms:identifier ?topic ; ps:order ?place ."]
    if view.topics:
        topics.append(_distinct("?concept", [_named_topics("concept", view.topics)]))
    topics.append("OPTIONAL { ?concept skos:broader/dcterms:identifier ?broader }")
    principles = [_PRINCIPLE, *_of_levels(view), *_of_principles(view), _topics(view)]
    body = ["{", *levels, "} UNION {", *topics, "} UNION {", *principles, "}"]
    return _select(
        ("level", "topic", "id", "title", "broader"), body, ["?place", *_BY_RANK, "?order", "?id", "?topic"]
    )


def _graph(view: View) -> str:
    edges = _distinct(
        "?principle ?other ?turn",
        [
            "?part ps:partOf* ?principle . ?principle a ps:Principle .",
            "?part ps:references/ps:partOf* ?mate . FILTER (?mate != ?principle)",
            "?mate a ps:Principle ; dcterms:identifier ?other ; ps:order ?turn .",
        ],
    )
    body = [_PRINCIPLE, *_of_levels(view), *_of_principles(view), *_extras(view, _columns_of(view))]
    body.append(f"OPTIONAL {{ {edges} }}")
    return _select(("id", "title", "level", "other"), body, [*_sorting(view), "?order", "?id", "?turn"])


def _select(columns: Iterable[str], body: Iterable[str], order: Iterable[str]) -> str:
    names = " ".join(f"?{name}" for name in columns)
    keys = " ".join(dict.fromkeys(order))
    lines = "\n  ".join(body)
    return f"SELECT {names}\nWHERE {{\n  {lines}\n}}\nORDER BY {keys}\n"


def _distinct(names: str, body: Iterable[str]) -> str:
    return f"{{ SELECT DISTINCT {names} WHERE {{ {' '.join(body)} }} }}"


def _sorting(view: View) -> Iterator[str]:
    for key in view.sort:
        name = key.removeprefix("-")
        variable = f"?{VARIABLES.get(name, name)}"
        keys: tuple[str, ...] = (variable,)
        if name == "level":
            keys = _BY_RANK
        elif name not in _COUNTED:
            keys = (f"LCASE({variable})", variable)
        yield from (f"DESC({part})" if key.startswith("-") else part for part in keys)


def _count(subject: str, column: str, patterns: Mapping[str, str]) -> str:
    pattern = patterns[_COUNTED[column]].format(x=f"{column}Item")
    return (
        f"OPTIONAL {{ SELECT ?{subject} (COUNT(DISTINCT ?{column}Item) AS ?{column}Count) "
        f"WHERE {{ {pattern} }} GROUP BY ?{subject} }}\n"
        f"  BIND (COALESCE(?{column}Count, 0) AS ?{column})"
    )


def _any_of(variable: str, values: Iterable[str]) -> str:
    """Return the filter by which a text is one of the values, whatever the case."""
    return f"FILTER (LCASE(?{variable}) IN ({', '.join(f'LCASE({string_literal(v)})' for v in values)}))"


_OVERRIDABLE = (
    "{ ?authority ps:overridableBy ?by } UNION { ?authority ps:rank ?own . ?by ps:rank ?above . "
    "FILTER (?above < ?own && NOT EXISTS { ?by ps:role ?role }) }"
)
"""A level and what overrides it, as the question `what-may-override` has it: messages, and a higher level that none has."""


def _of_levels(view: View) -> Iterator[str]:
    if view.authority:
        yield _any_of("level", view.authority)
    if view.overridable_by:
        names = _any_of("who", view.overridable_by)
        yield _distinct("?authority", [_OVERRIDABLE, f"?by ps:role|dcterms:identifier ?who . {names}"])


def _of_examples(view: View) -> Iterator[str]:
    """Yield the filter by which examples show a provision of some levels and topics; only topics can be a section's."""
    levels, topics = tuple(_of_levels(view)), tuple(_of_topics(view))
    patterns = ["?example a ps:Example ; ps:illustrates/ps:belongsTo? ?principle ."]
    if levels:
        patterns.append("?principle ps:authority ?authority . ?authority dcterms:identifier ?level .")
    if levels or topics:
        yield _distinct("?example", [*patterns, *levels, *topics])


def _of_principles(view: View) -> Iterator[str]:
    yield from _of_topics(view)
    yield from _having(view, "principle", _OF_PRINCIPLE)


def _of_topics(view: View) -> Iterator[str]:
    if view.topics:
        about = f"?principle {_about(view)} ?subject ."
        yield _distinct("?principle", [_named_topics("subject", view.topics), about])


def _named_topics(variable: str, values: Iterable[str]) -> str:
    names = "dcterms:identifier|skos:prefLabel|skos:altLabel"
    return f"?{variable} a skos:Concept ; {names} ?name . {_any_of('name', values)}"


def _about(view: View) -> str:
    """Return what leads to topics; a word in passing counts where it is asked for."""
    return "(ps:about|ps:mentions)" if view.mentions else "ps:about"


def _topics(view: View) -> str:
    topic = (
        f"?principle {_about(view)} ?subject . ?subject dcterms:identifier ?topic ; ps:order ?topicPlace ."
    )
    return f"OPTIONAL {{ {_distinct('?principle ?topic ?topicPlace', [topic])} }}"


def _having(view: View, subject: str, patterns: Mapping[str, str]) -> Iterator[str]:
    for name in view.has:
        yield _distinct(f"?{subject}", [patterns[name].format(x=f"{name}Had")])
    for name in view.lacks:
        # No FILTER NOT EXISTS: over two joined patterns it is quadratic.
        yield f"MINUS {{ {patterns[name].format(x=f'{name}Lacked')} }}"


def failed(question: Ask, problem: str, span: Span | None = None) -> Answered:
    """Return an answer that failed, with its problem, and its place if not the first line."""
    finding = Finding(code="query-failed", message=problem, span=span or question.span)
    return Answered(None, problem, (finding,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Ask):
    """A named question, or SPARQL.

    :param name: of a named question, empty where ``sparql`` holds the query itself
    :param columns: those to show, in this order; all of them where empty
    :param first: line of the file at which the query begins, 0 where it is one of ours
    """

    name: str = ""
    params: tuple[tuple[str, str], ...] = ()
    sparql: str = ""
    columns: tuple[str, ...] = ()
    format: str = "table"
    first: int = 0

    def answer(self, sources: Sources) -> Answered:
        """Answer with the rows of the graph."""
        if not self.name and not self.sparql:
            return Answered(None, NO_ROWS)
        origin = self.span.place
        try:
            if self.name:
                answer = sources.base.ask(self.name, dict(self.params))
            else:
                answer = sources.base.query(self.sparql, origin)
        except PolicySpecError as error:
            line = getattr(error, "line", 0)
            problem = str(error).removeprefix(f"{origin}: ")
            option = "question" if problem.startswith("unknown question") else "params"
            return failed(self, problem, self._span(line) if line else self.place(option))
        return Answered(answer, "", tuple(self._check(answer)))

    def _span(self, line: int) -> Span:
        """Return a line of the query; for one of ours, the directive."""
        at = self.first + line - 1
        return Span(self.span.file, at, 1, at + 1, 1) if self.first else self.span

    def _check(self, answer: Answer) -> Iterator[Finding]:
        """Yield findings for names that nothing has, columns that the answer lacks, and a wrong number of rows."""
        for finding in answer.findings:
            yield replace(finding, span=self._span(finding.span.line))
        for column in self.columns:
            if column not in answer.columns:
                yield Finding(
                    code="unknown-column",
                    message=f"the answer has no column `{column}`",
                    span=self.place("columns"),
                    hint=nearest(column, answer.columns),
                )
        yield from self.check_rows(len(answer.rows))

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show it in the format that was asked for; a table cannot be in another."""
        form = "list" if page.in_table and self.format == "table" else self.format
        return answer_nodes(answer, self.columns, form, page)
