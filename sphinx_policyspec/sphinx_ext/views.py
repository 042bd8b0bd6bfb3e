"""Directives that ask: places that answers fill once every page is read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from sphinx.util.nodes import make_refnode

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Finding, Severity
from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.answers import NO_ROWS, answer_nodes
from sphinx_policyspec.sphinx_ext.directive import PolicyDirective, options
from sphinx_policyspec.sphinx_ext.knowledge import Knowledge, domain_of
from sphinx_policyspec.sphinx_ext.nodes import PolicyCount, PolicyQuery, word
from sphinx_policyspec.sphinx_ext.records import PolicyObject, Question

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.graph.answer import Answer

__all__ = ["QueryDirective", "Views"]

_FORMATS = ("table", "list", "count")
_EXPECTED = re.compile(r"(?P<sign>>=|<=|>|<|=|)\s*(?P<count>\d{1,9})")
_PARAMETER = re.compile(r"\s*(?P<name>[\w-]+)\s*=\s*(?P<value>.*?)\s*")


class QueryDirective(PolicyDirective):
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
            columns=tuple(dict.fromkeys(self.option("columns").replace(",", " ").split())),
            expected=self._expected(),
            format=self._format(),
            span=self.span,
        )
        box = PolicyQuery("", classes=["ps-query", f"ps-query-{question.format}"])
        self.declare(box, question)
        return [box]

    def _params(self) -> Iterator[tuple[str, str]]:
        for part in filter(str.strip, (self.options.get("params") or "").replace("\n", ",").split(",")):
            if match := _PARAMETER.fullmatch(part):
                yield match["name"], match["value"]
            else:
                line = self.option_line("params")
                self.find(
                    "invalid-option", f"`{part.strip()}` is no parameter", "write `name=value`", line=line
                )

    def _expected(self) -> str:
        given = self.option("expect-rows")
        if given and not _EXPECTED.fullmatch(given):
            line = self.option_line("expect-rows")
            self.find(
                "invalid-option", f"`{given}` is no number of rows", "write `3`, `>0` or `<=10`", line=line
            )
            return ""
        return given

    def _format(self) -> str:
        given = self.option("format") or "table"
        if given not in _FORMATS:
            line = self.option_line("format")
            self.find("invalid-option", f"`{given}` is no format", nearest(given, _FORMATS), line=line)
            return "table"
        return given


@dataclass(frozen=True, slots=True)
class _Shown:
    """The answer to one question of a page, or why there is none."""

    answer: Answer | None
    problem: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def digest(self) -> str:
        """What changes whenever the answer does."""
        shown = (self.answer.columns, self.answer.rows) if self.answer else self.problem
        return hashlib.sha256(repr(shown).encode(errors="replace")).hexdigest()


@dataclass(slots=True)
class Views:
    """The answers of one build; they are computed once, before any page is written."""

    knowledge: Knowledge
    _answers: dict[str, tuple[_Shown, ...]] = field(default_factory=dict)
    _digest: str = ""

    def update(self, app: Sphinx) -> set[str]:
        """Return the pages that other answers stand on than when they were last written."""
        env = app.env
        asking = self._asking(env)
        stored = domain_of(env).written_by(app.builder.name)["answers"]
        digest = self.knowledge.digest(env)
        changed: set[str] = set()
        for docname in [name for name in stored if name not in asking]:
            del stored[docname]
        if all(docname in stored and stored[docname][0] == digest for docname in asking):
            return changed
        self._ask(env, digest)
        for docname in asking:
            shown = self._answers[docname]
            digests = tuple(answer.digest for answer in shown)
            if docname in stored and stored[docname][1] != digests:
                changed.add(docname)
            stored[docname] = (digest, digests, tuple(f for answer in shown for f in answer.findings))
        return changed

    def prepare(self, app: Sphinx) -> None:
        """Compute the answers before writers fork; a serial build computes them when a page needs them."""
        if app.parallel > 1 and self._asking(app.env):
            self._ask(app.env, self.knowledge.digest(app.env))

    def fill(self, app: Sphinx, places: Sequence[PolicyQuery | PolicyCount], docname: str) -> None:
        """Put the answers into their places on a page that is about to be written."""
        if not places:
            return
        self._ask(app.env, self.knowledge.digest(app.env))
        for place in places:
            origin, number = place.get("docname", docname), place.get("number", 0)
            page, shown = domain_of(app.env).pages.get(origin), self._answers.get(origin, ())
            questions = page.questions if page else ()
            if number < min(len(questions), len(shown)):
                place.children = []
                if isinstance(place, PolicyCount):
                    answer = shown[number].answer
                    place.append(nodes.Text(str(len(answer.rows)) if answer else "?"))
                else:
                    place.extend(self._nodes(app, docname, questions[number], shown[number]))

    def _nodes(self, app: Sphinx, docname: str, question: Question, shown: _Shown) -> list[nodes.Node]:
        if shown.answer is None:
            return [word(shown.problem, "ps-problem")]

        def link(target: PolicyObject, text: str) -> nodes.Node:
            content = nodes.inline("", text, classes=["ps-id"])
            return make_refnode(app.builder, docname, target.docname, target.anchor, content)

        base = self.knowledge.spec(app.env).base_iri
        return answer_nodes(shown.answer, question, domain_of(app.env), base, link)

    @staticmethod
    def _asking(env: BuildEnvironment) -> dict[str, tuple[Question, ...]]:
        return {name: page.questions for name, page in domain_of(env).pages.items() if page.questions}

    def _ask(self, env: BuildEnvironment, digest: str) -> None:
        if digest == self._digest:
            return
        self._answers = {
            docname: tuple(self._answer(env, question) for question in questions)
            for docname, questions in sorted(self._asking(env).items())
        }
        self._digest = digest

    def _answer(self, env: BuildEnvironment, question: Question) -> _Shown:
        if not question.name and not question.sparql:
            return _Shown(None, NO_ROWS)
        origin = f"{question.span.file}:{question.span.line}"
        try:
            base = self.knowledge.base(env)
            if question.name:
                answer = base.ask(question.name, dict(question.params))
            else:
                answer = base.query(question.sparql, origin)
        except PolicySpecError as error:
            message = str(error).removeprefix(f"{origin}: ")
            finding = Finding(
                code="query-failed", severity=Severity.ERROR, message=message, span=question.span
            )
            return _Shown(None, message, (finding,))
        return _Shown(answer, "", tuple(_check(question, answer)))


def _check(question: Question, answer: Answer) -> Iterator[Finding]:
    """Find columns that the answer lacks, and another number of rows than expected."""

    def finding(code: str, message: str, hint: str = "") -> Finding:
        return Finding(code=code, severity=Severity.WARNING, message=message, span=question.span, hint=hint)

    for column in question.columns:
        if column not in answer.columns:
            yield finding(
                "unknown-column", f"the answer has no column `{column}`", nearest(column, answer.columns)
            )
    match = _EXPECTED.fullmatch(question.expected)
    if match is None:
        return
    count, wanted = len(answer.rows), int(match["count"])
    holds = {
        "": count == wanted,
        "=": count == wanted,
        ">": count > wanted,
        "<": count < wanted,
        ">=": count >= wanted,
        "<=": count <= wanted,
    }
    if not holds[match["sign"]]:
        yield finding("unexpected-rows", f"the answer has {count} rows, not {question.expected}")
