"""Directives that ask: places that answers fill once every page is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Finding, TargetKind
from sphinx_policyspec.model.finding import nearest
from sphinx_policyspec.sphinx_ext.asks.directives import CaseText, SurveyView, check_rows
from sphinx_policyspec.sphinx_ext.asks.drawings import drawing, outline
from sphinx_policyspec.sphinx_ext.asks.older_releases import Since
from sphinx_policyspec.sphinx_ext.asks.page import Page, entries_of, linked_list, table_of
from sphinx_policyspec.sphinx_ext.asks.queries import View, ViewKind, compile_view, unknown_names
from sphinx_policyspec.sphinx_ext.asks.views import NO_ROWS, answer_nodes, coverage, matrix
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import Changes, PolicyObject, Question
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyCount, PolicyQuery
from sphinx_policyspec.sphinx_ext.spec import Knowledge

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.decision import Norms
    from sphinx_policyspec.graph.answer import Answer

__all__ = ["Views"]


@dataclass(frozen=True, slots=True)
class _Shown:
    """The answer to one question of a page, or why there is none."""

    answer: Answer | None
    problem: str = ""
    findings: tuple[Finding, ...] = ()

    def digest(self, domain: PolicyDomain) -> str:
        """Return what changes whenever the answer does, or where a link in it leads."""
        if self.answer is None:
            shown = repr(self.problem)
        else:
            shown = repr((self.answer.columns, self.answer.rows, _targets(self.answer, domain)))
        return hashlib.sha256(shown.encode(errors="replace")).hexdigest()


def _targets(answer: Answer, domain: PolicyDomain) -> list[tuple[str, str, str, str]]:
    """Return place, title and level of all that the cells of an answer may name, by id or by IRI."""
    names = sorted({name for row in answer.texts for text in row for name in (text, text.rpartition("/")[2])})
    kinds = (TargetKind.PROVISION, TargetKind.EXAMPLE, TargetKind.TOPIC, TargetKind.LEVEL)
    found = (domain.find(kind, name) for name in names for kind in kinds)
    return [(item.docname, item.anchor, item.title, item.level) for item in found if item]


@dataclass(slots=True)
class Views:
    """The answers of one build; they are computed once, before any page is written."""

    knowledge: Knowledge
    since: Since = field(default_factory=Since)
    _answers: dict[str, tuple[_Shown, ...]] = field(default_factory=dict)
    _by_query: dict[str, Answer] = field(default_factory=dict)
    _digest: str = ""
    _norms: Norms | None = None

    def update(self, app: Sphinx) -> set[str]:
        """Return the pages that other answers stand on than when they were last written."""
        env = app.env
        asking = self._asking(env)
        stored = domain_of(env).written_by(app.builder.name)["answers"]
        digest = self._state(env)
        changed: set[str] = set()
        for docname in [name for name in stored if name not in asking]:
            del stored[docname]
        if all(docname in stored and stored[docname][0] == digest for docname in asking):
            return changed
        self._ask(env, digest)
        for docname in asking:
            shown = self._answers[docname]
            digests = tuple(answer.digest(domain_of(env)) for answer in shown)
            if docname in stored and stored[docname][1] != digests:
                changed.add(docname)
            stored[docname] = (digest, digests, tuple(f for answer in shown for f in answer.findings))
        return changed

    def prepare(self, app: Sphinx) -> None:
        """Compute the answers before writers fork; a serial build computes them when a page needs them."""
        if app.parallel > 1 and self._asking(app.env):
            self._ask(app.env, self._state(app.env))

    def fill(self, app: Sphinx, places: Sequence[PolicyQuery | PolicyCount], docname: str) -> None:
        """Put the answers into their places on a page that is about to be written."""
        if not places:
            return
        self._ask(app.env, self._state(app.env))
        topics = {topic.id: topic.label for topic in self.knowledge.spec(app.env).topics}
        for place in places:
            origin, number = place.get("docname", docname), place.get("number", 0)
            record, shown = domain_of(app.env).pages.get(origin), self._answers.get(origin, ())
            questions = record.questions if record else ()
            if number >= min(len(questions), len(shown)):
                continue
            place.children = []
            if isinstance(place, PolicyCount):
                answer = shown[number].answer
                place.append(nodes.Text(str(len(answer.rows)) if answer else "?"))
                continue
            page = Page(
                builder=app.builder,
                # Builders that write one page of many still want links from the page itself.
                docname=origin,
                domain=domain_of(app.env),
                key=f"ps-{nodes.make_id(origin)}-{number + 1}",
                in_table=_is_in_table(place),
                topics=topics,
            )
            place.extend(self._nodes(app, page, questions[number], shown[number], _depth_of(place)))

    def _nodes(
        self, app: Sphinx, page: Page, question: Question, shown: _Shown, depth: int
    ) -> list[nodes.Node]:
        if shown.answer is None:
            return [word(shown.problem, "ps-problem")]
        if isinstance(question, SurveyView):
            from sphinx_policyspec.sphinx_ext.asks.surveys import survey_nodes  # noqa: PLC0415  as below

            return survey_nodes(
                question,
                shown.answer,
                page,
                depth=depth,
                feedback_url=PolicySpecConfig.of(app.config).feedback_url,
                spec=self.knowledge.spec(app.env),
            )
        if isinstance(question, Changes):
            from sphinx_policyspec.sphinx_ext.asks.changes import changes_nodes  # noqa: PLC0415  few compare

            return changes_nodes(shown.answer, page)
        if isinstance(question, CaseText):
            from sphinx_policyspec.sphinx_ext.asks.cases import case_nodes  # noqa: PLC0415  as below

            return case_nodes(shown.answer, page)
        if isinstance(question, View):
            return _view_nodes(question, shown.answer, page)

        def link(target: PolicyObject, text: str) -> nodes.Node:
            return page.link_to(target, nodes.inline("", text, classes=["ps-id"]))

        base = self.knowledge.spec(app.env).base_iri
        if page.in_table and question.format == "table":
            question = replace(question, format="list")
        return answer_nodes(shown.answer, question, page.domain, base, link)

    def _state(self, env: BuildEnvironment) -> str:
        """Return what changes whenever an answer may: the spec, or that clingo is there now."""
        digest = self.knowledge.digest(env)
        asked = (question for questions in self._asking(env).values() for question in questions)
        if any(isinstance(question, SurveyView) for question in asked):
            return f"{digest} {'with' if find_spec('clingo') else 'without'} clingo"
        return digest

    @staticmethod
    def _asking(env: BuildEnvironment) -> dict[str, tuple[Question, ...]]:
        domain = domain_of(env)
        return {name: page.questions for name, page in domain.pages.items() if page.questions and domain.asks}

    def _ask(self, env: BuildEnvironment, digest: str) -> None:
        if digest == self._digest:
            return
        self._by_query = {}
        self._answers = {
            docname: tuple(self._answer(env, question) for question in questions)
            for docname, questions in sorted(self._asking(env).items())
        }
        self._digest = digest

    def _view(self, env: BuildEnvironment, view: View) -> _Shown:
        """Answer a view; views that ask the same are answered once."""
        unknown = tuple(unknown_names(view, self.knowledge.spec(env)))
        if view.problem or unknown:
            # Less would be filtered than was asked for: better no answer than a wrong one.
            problem = "; ".join((view.problem, *(finding.message for finding in unknown))).strip("; ")
            return _Shown(None, problem, unknown)
        query = compile_view(view)
        if query not in self._by_query:
            self._by_query[query] = self.knowledge.base(env).select(query)
        answer = self._by_query[query]
        return _Shown(answer, "", tuple(_check_view(view, answer)))

    def _norms_of(self, env: BuildEnvironment) -> Norms:
        """Return what decides; the build looks at the spec once for all cases."""
        from sphinx_policyspec.decision import Norms  # noqa: PLC0415  few projects have cases

        spec = self.knowledge.spec(env)
        if self._norms is None or self._norms.spec is not spec:
            self._norms = Norms(spec)
        return self._norms

    def _survey(self, env: BuildEnvironment, view: SurveyView) -> _Shown:
        """Look at what the spec leaves open."""
        from sphinx_policyspec.sphinx_ext.asks.survey_rows import (  # noqa: PLC0415  few projects have surveys
            count_of_gaps,
            surveyed,
        )

        answer = surveyed(env, self._norms_of(env), view)
        return _Shown(answer, "", tuple(check_rows(view, count_of_gaps(answer))))

    def _case(self, env: BuildEnvironment, question: CaseText) -> _Shown:
        """Decide the cases of a page."""
        from sphinx_policyspec.sphinx_ext.asks.cases import decided  # noqa: PLC0415  few projects have cases

        answer, findings = decided(question, self._norms_of(env))
        problem = "; ".join(finding.message for finding in findings) or NO_ROWS
        return _Shown(answer, "" if answer else problem, findings)

    def _answer(self, env: BuildEnvironment, question: Question) -> _Shown:
        if isinstance(question, View):
            return self._view(env, question)
        if isinstance(question, CaseText):
            return self._case(env, question)
        if isinstance(question, SurveyView):
            return self._survey(env, question)
        if not question.name and not question.sparql and not isinstance(question, Changes):
            return _Shown(None, NO_ROWS)
        origin = f"{question.span.file}:{question.span.line}"
        try:
            if isinstance(question, Changes):
                from sphinx_policyspec.sphinx_ext.asks.changes import answer_of  # noqa: PLC0415

                answer = answer_of(env, self.knowledge, self.since, question)
            elif question.name:
                answer = self.knowledge.base(env).ask(question.name, dict(question.params))
            else:
                answer = self.knowledge.base(env).query(question.sparql, origin)
        except PolicySpecError as error:
            message = str(error).removeprefix(f"{origin}: ")
            finding = Finding(code="query-failed", message=message, span=question.span)
            return _Shown(None, message, (finding,))
        return _Shown(answer, "", tuple(_check(question, answer)))


def _check(question: Question, answer: Answer) -> Iterator[Finding]:
    """Find columns that the answer lacks, and another number of rows than expected."""

    def finding(code: str, message: str, hint: str = "") -> Finding:
        return Finding(code=code, message=message, span=question.span, hint=hint)

    for column in question.columns:
        if column not in answer.columns:
            yield finding(
                "unknown-column", f"the answer has no column `{column}`", nearest(column, answer.columns)
            )
    yield from check_rows(question, len(answer.rows))


def _check_view(view: View, answer: Answer) -> Iterator[Finding]:
    """Find a view that shows nothing, unless that is expected, and another number of rows than expected."""
    count = len(entries_of(answer))
    yield from check_rows(view, count)
    if not count and not view.expected:
        yield Finding(
            code="empty-view",
            message=f"`policy:{view.kind.value}` shows nothing",
            span=view.span,
            hint="mend its filters, or set `:expect-rows: 0`",
        )


def _depth_of(place: nodes.Node) -> int:
    """Return the depth of a heading below the sections that a place stands in."""
    depth = 1
    while place.parent is not None:
        place = place.parent
        depth += isinstance(place, nodes.section)
    return depth


def _is_in_table(place: nodes.Node) -> bool:
    while place.parent is not None:
        place = place.parent
        if isinstance(place, nodes.entry):
            return True
    return False


def _view_nodes(view: View, answer: Answer, page: Page) -> list[nodes.Node]:
    """Return what a view shows."""
    if not entries_of(answer):
        return [word(NO_ROWS, "ps-nothing")]
    match view.kind:
        case ViewKind.PRINCIPLE_LIST:
            return [linked_list(view, answer, page)]
        case ViewKind.MATRIX:
            return matrix(answer, page)
        case ViewKind.COVERAGE:
            return coverage(view, answer, page)
        case ViewKind.GRAPH:
            # EPUB wants pages with SVG declared, which Sphinx does not do.
            is_html = page.builder.format == "html" and page.builder.name != "epub"
            return drawing(answer, page) if is_html else [outline(answer, page)]
        case _:
            return [table_of(view, answer, page)]
