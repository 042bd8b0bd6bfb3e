"""What pages ask beside views, and the directives that ask: questions, views, cases, a survey, changes."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain, groupby
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import Page, PolicyView
from sphinx_policyspec.sphinx_ext.asks.queries import COLUMNS, PROPERTIES, Query, View, ViewKind, failed
from sphinx_policyspec.sphinx_ext.asks.views import NO_ROWS
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.records import Answered, Ask, Sources, is_row_count
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyCount, PolicyQuery
from sphinx_policyspec.sphinx_ext.pages.declarations import ParameterRole
from sphinx_policyspec.sphinx_ext.pages.directive import PolicyDirective, options
from sphinx_policyspec.sphinx_ext.pages.marks import Declared
from sphinx_policyspec.sphinx_ext.pages.places import source_of

if TYPE_CHECKING:
    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.decision import Norms
    from sphinx_policyspec.model import Case
    from sphinx_policyspec.readers.cases import ReadCase


_ = get_translation("sphinx_policyspec")


class AskingDirective(PolicyDirective):
    """Base of directives whose place an answer fills."""

    def refuse(self, option: str, message: str, hint: str = "", code: str = "invalid-option") -> None:
        """Report what is wrong with an option, at its line."""
        self.find(code, message, hint, line=self.option_line(option))

    def expected(self) -> str:
        """Return the option ``expect-rows``, empty where it is not a number of rows."""
        value = self.option("expect-rows")
        if value and not is_row_count(value):
            self.refuse("expect-rows", f"`{value}` is not a number of rows", "write `3`, `>0` or `<=10`")
            return ""
        return value


_CHANGED = ("id", "title", "weight", "said")
_FORMATS = ("table", "list", "levels", "count")
_QUESTION = re.compile(r"[a-z]+(?:-[a-z]+)*")
_PARAMETER = re.compile(r"(?P<name>[\w-]++)\s*+=\s*+(?P<value>.*)")
_FILTERS = ("authority", "overridable-by", "topic", "mentions", "has", "lacks")


class _ViewDirective(AskingDirective):
    """Base of the views: their options become filters of one query."""

    has_content = False
    optional_arguments = 0
    option_spec = options(*_FILTERS, "columns", "sort", "expect-rows")
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
            places=self.places("authority", "overridable-by", "topic"),
        )
        box = PolicyView("", classes=["ps-query", "ps-view", f"ps-{self.kind.value}"])
        self.declare(box, view)
        return [box]

    def _values(self, name: str, problems: list[str]) -> tuple[str, ...]:
        """Return the values, separated by commas; an option without any would silently filter nothing."""
        found = self.words(name, ",")
        if name in self.options and not found:
            problems.append(f"`{name}` is empty")
            self.refuse(name, problems[-1], "name something")
        return found

    def _flag(self, name: str) -> bool:
        if value := self.option(name):
            self.refuse(name, f"`{name}` takes no value, so not `{value}`")
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
                problems.append(f"`{option}` does not take `{value}`")
                self.refuse(option, problems[-1], nearest(value, known))

    def _columns(self, option: str) -> Iterator[str]:
        """Yield the columns that an option names; those of ``sort`` may have a sign."""
        known = COLUMNS[self.kind] or COLUMNS[ViewKind.PRINCIPLE_TABLE]
        for value in self.words(option) if option in self.option_spec else ():
            name = value.removeprefix("-") if option == "sort" else value
            if name in known:
                yield value
            else:
                message = f"`{self.name}` has no column `{name}`"
                self.refuse(option, message, nearest(name, known), "unknown-column")


class PrincipleListDirective(_ViewDirective):
    """The principles that the options pick, as links with their levels: ``policy:principle-list``."""

    kind = ViewKind.PRINCIPLE_LIST
    standard = ("title", "level")


class PrincipleTableDirective(_ViewDirective):
    """The principles that the options pick, with what is known about each: ``policy:principle-table``."""

    kind = ViewKind.PRINCIPLE_TABLE
    standard = ("title", "level", "topics", "examples")


class ExampleTableDirective(_ViewDirective):
    """Examples of the principles that the options pick, with their verdicts: ``policy:example-table``."""

    kind = ViewKind.EXAMPLE_TABLE
    standard = ("title", "principle", "level", "good", "bad", "ok")


class MatrixDirective(_ViewDirective):
    """How many principles are on each topic at each level, and which: ``policy:matrix``."""

    kind = ViewKind.MATRIX
    option_spec = options(*_FILTERS, "expect-rows")


class GraphDirective(_ViewDirective):
    """A drawing of which principles refer to which: ``policy:graph``."""

    kind = ViewKind.GRAPH
    option_spec = options(*_FILTERS, "sort", "expect-rows")


class CoverageDirective(_ViewDirective):
    """Principles without an example, a prompt or a reference, and a table of all: ``policy:coverage``."""

    kind = ViewKind.COVERAGE
    standard = COLUMNS[ViewKind.COVERAGE]
    option_spec = options(*_FILTERS, "sort", "expect-rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseText(Ask):
    """Cases of a page to decide.

    :param text: as YAML
    :param first: line of the file at which the text begins
    :param indent: by how many characters its lines are indented there
    """

    text: str
    first: int
    indent: int

    def answer(self, sources: Sources) -> Answered:
        """Answer with what is decided, and why."""
        from sphinx_policyspec.sphinx_ext.asks.cases import decided  # noqa: PLC0415  few projects have cases

        cases, wrong = self._parse()
        answer, findings = decided(cases, sources.norms)
        findings = (*wrong, *findings)
        problem = "; ".join(finding.message for finding in findings) or NO_ROWS
        return Answered(answer, "" if answer else problem, findings)

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show each case, one below the other."""
        from sphinx_policyspec.sphinx_ext.asks.cases import case_nodes  # noqa: PLC0415  as above

        return case_nodes(answer, page)

    def cases(self, norms: Norms) -> Iterator[tuple[int, Case]]:
        """Yield those that can be decided."""
        from sphinx_policyspec.sphinx_ext.asks.cases import decidable  # noqa: PLC0415  as above

        return decidable(self._parse()[0], norms)

    def _parse(self) -> tuple[tuple[ReadCase, ...], tuple[Finding, ...]]:
        from sphinx_policyspec.readers.cases import read_cases  # noqa: PLC0415  as above

        if not self.text.strip():
            return (), ()
        cases, wrong = read_cases(self.text, self.span.file, first=self.first, indent=self.indent)
        return tuple(cases), tuple(wrong)


class CaseDirective(AskingDirective):
    """A scenario, or several, with what the chain of command decides and why: ``policy:case``; its content is a case file."""

    optional_arguments = 0
    option_spec = options()

    def build(self) -> list[nodes.Node]:
        """Return the place of the decision."""
        self.needs_text()
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-case"])
        text = "\n".join(self.content)
        at = self.source.part(self.content_line, self.content[0] if self.content else "", 0, 0)
        case = CaseText(text=text, first=at.line, indent=at.column - 1, span=self.span)
        self.declare(box, case)
        return [box]


class SurveyPart(enum.StrEnum):
    """What a survey can show; all but the pairs and the idle principles need clingo."""

    PAIRS = "pairs"
    CONFLICTS = "conflicts"
    RULES = "rules"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyView(Ask):
    """What a page shows of what the spec leaves open.

    :param expected: the number of pairs that nothing decides
    """

    parts: tuple[SurveyPart, ...] = tuple(SurveyPart)

    def answer(self, sources: Sources) -> Answered:
        """Answer with all that the spec leaves open."""
        from sphinx_policyspec.sphinx_ext.asks.surveys import count_of_gaps, surveyed  # noqa: PLC0415  few have one

        parts = {*self.parts, SurveyPart.PAIRS} if self.expected else self.parts
        answer = surveyed(sources.env, sources.norms, parts)
        return Answered(answer, "", tuple(self.check_rows(count_of_gaps(answer))))

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show it part by part."""
        from sphinx_policyspec.sphinx_ext.asks.surveys import survey_nodes  # noqa: PLC0415  as above

        return survey_nodes(answer, self.parts, page)

    @property
    def depends_on(self) -> str:
        """Whether clingo is there, without which a part of the answer is missing."""
        return f"{'with' if find_spec('clingo') else 'without'} clingo"


class SurveyDirective(AskingDirective):
    """What the spec leaves open: pairs of principles that nothing puts in order, conflicts that end undecided, and rules and principles on which nothing depends: ``policy:survey``."""

    has_content = False
    optional_arguments = 0
    option_spec = options("show", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the survey."""
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-survey"])
        self.declare(box, SurveyView(parts=self._parts(), expected=self.expected(), span=self.span))
        return [box]

    def _parts(self) -> tuple[SurveyPart, ...]:
        names = [part.value for part in SurveyPart]
        chosen = [name.lower() for name in self.words("show")]
        for name in chosen:
            if name not in names:
                self.refuse("show", f"`show` does not take `{name}`", nearest(name, names))
        return tuple(part for part in SurveyPart if part.value in chosen) or tuple(SurveyPart)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Ask):
    """What a page asks about an older release, by default the one that the project compares itself with.

    :param kinds: weights, kinds of things or kinds of change to show, all of them where empty
    """

    kinds: tuple[str, ...] = ()

    def answer(self, sources: Sources) -> Answered:
        """Answer with the changes, a row each."""
        try:
            diff = sources.diff(self.since)
        except PolicySpecError as error:
            return failed(self, str(error))
        if diff is None:
            return failed(self, "there is no release to compare with")
        answer = Answer(columns=_CHANGED, rows=tuple(self._rows(diff)))
        return Answered(answer, "", tuple(self.check_rows(len(answer.rows))))

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show what happened to each principle."""
        from sphinx_policyspec.compare import Weight  # noqa: PLC0415  few projects compare
        from sphinx_policyspec.exports.diff.outline import with_sign  # noqa: PLC0415  as above
        from sphinx_policyspec.exports.diff.wording import PLAIN  # noqa: PLC0415  as above

        if not answer.rows:
            return [word(_("Nothing changed."), "ps-nothing")]
        items = nodes.bullet_list(bullet="-", classes=["ps-changes-list"])
        for (id_, title), rows in groupby(answer.texts, key=lambda row: row[:2]):
            head = page.provision(id_, title) if id_ else nodes.Text(_("The spec as a whole"))
            inner = nodes.bullet_list(bullet="*")
            for _id, _title, weight, sentence in rows:
                sign = with_sign(Weight(weight), _(PLAIN[Weight(weight)].label))
                mark = nodes.strong("", sign, classes=[f"ps-{weight}"])
                inner += nodes.list_item("", nodes.paragraph("", "", mark, nodes.Text(f": {sentence}")))
            items += nodes.list_item("", nodes.paragraph("", "", head), inner)
        return [items]

    def _rows(self, diff: SpecDiff) -> Iterator[tuple[Cell, ...]]:
        """Yield the changes that the page asks for, a row each."""
        from sphinx_policyspec.exports.diff.outline import Outline  # noqa: PLC0415  few projects compare
        from sphinx_policyspec.exports.diff.wording import readable, with_evidence  # noqa: PLC0415  as above

        kinds = set(self.kinds)
        for group in Outline(diff).groups():
            for change in group.changes:
                if not kinds or {change.weight.value, change.subject.value, change.kind.value} & kinds:
                    sentence = readable(with_evidence(change, _), diff.titles)
                    texts = group.id, group.title, change.weight.value, sentence
                    yield tuple(Cell(CellKind.LITERAL, text) for text in texts)


class ChangesDirective(AskingDirective):
    """What changed since an older release, principle by principle: ``policy:changes``."""

    has_content = False
    optional_arguments = 0
    option_spec = options("since", "kinds", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the changes."""
        since = self.option("since")
        if not since and not PolicySpecConfig.of(self.config).older:
            hint = "give `:since:`, or set `policyspec_since`"
            self.find("invalid-option", "there is no release to compare with", hint)
        kinds = self.words("kinds")
        choices = _kinds() if kinds else ()
        for kind in kinds:
            if kind not in choices:
                self.refuse("kinds", f"`kinds` does not take `{kind}`", nearest(kind, choices))
        known = tuple(kind for kind in kinds if kind in choices)
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-changes"])
        self.declare(box, Changes(since=since, kinds=known, expected=self.expected(), span=self.span))
        return [box]


def _kinds() -> tuple[str, ...]:
    """Return what changes can be chosen by: their weights, what they are about, and what happened to it."""
    from sphinx_policyspec.compare import ChangeKind, Subject, Weight  # noqa: PLC0415  few projects compare

    return tuple(dict.fromkeys(item.value for item in chain(Weight, Subject, ChangeKind)))


def _is_question(name: str) -> bool:
    """Return whether a question has this name, or nearly this one."""
    from sphinx_policyspec.graph.questions import list_questions  # noqa: PLC0415  few pages have a query that is none

    return bool(near_name(name, [question.name for question in list_questions()]))


class QueryDirective(AskingDirective):
    """The answer to a named question, or to SPARQL in the content: ``policy:query``."""

    option_spec = options("question", "params", "columns", "expect-rows", "format")

    def build(self) -> list[nodes.Node]:
        """Return the place of the answer."""
        name = self.option("question") or (" ".join(self.arguments[0].split()) if self.arguments else "")
        first = self.text.partition("\n")[0].strip()
        if not name and _QUESTION.fullmatch(first) and _is_question(first):
            hint = f"write it after the directive, or as `:question: {first}`"
            message = f"`{first}` is the name of a question, and no SPARQL"
            self.find("invalid-query", message, hint, line=self.content_line)
            return []
        if not (name or self.text) and self.options.keys() - self.option_spec.keys():
            # What was meant as the question is reported as an unknown option.
            return []
        if bool(name) == bool(self.text):
            hint = "name a question, or write SPARQL in the content, and not both"
            self.find("invalid-query", f"`{self.name}` asks {'two things' if name else 'no question'}", hint)
        question = Query(
            name=name,
            params=tuple(self._params()),
            sparql="" if name else self.text,
            columns=self.words("columns"),
            expected=self.expected(),
            format=self._format(),
            first=0 if name else self.source.span(self.content_line).line,
            span=self.span,
            places=self.places("question", "params", "columns"),
        )
        box = PolicyQuery("", classes=["ps-query", f"ps-query-{question.format}"])
        self.declare(box, question)
        return [box]

    def _params(self) -> Iterator[tuple[str, str]]:
        for part in self.words("params", ",\n"):
            if match := _PARAMETER.fullmatch(part.strip()):
                yield match["name"], match["value"]
            else:
                self.refuse("params", f"`{part}` is not a parameter", "write `name=value`")

    def _format(self) -> str:
        value = self.option("format") or "table"
        if value not in _FORMATS:
            self.refuse("format", f"unknown format `{value}`", nearest(value, _FORMATS))
            return "table"
        return value


class CountRole(ParameterRole):
    """The number of rows of a named question: ``:policy:count:`hard-rules```, with ``<topic=honesty>``."""

    def build(self) -> nodes.Element:
        """Return the place of the number."""
        name, parameters = self.text_and_parameters()
        path, line = self.place
        if not name:
            self.find(f"`{self.name}` asks no question", "write the name of a question")
        source = source_of(self.env, path)
        question = Query(name=name, params=tuple(parameters.items()), format="count", span=source.span(line))
        place = PolicyCount(self.rawtext, "", classes=["ps-count"])
        Declared(item=question, span=question.span).on(place)
        return place
