"""When questions of pages are answered: once, after every page is read; answers fill their places as pages are written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.asks.older_releases import Since
from sphinx_policyspec.sphinx_ext.asks.page import Page
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import Answered, Ask
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyCount, PolicyQuery
from sphinx_policyspec.sphinx_ext.spec import Knowledge

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.decision import Norms
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase

__all__ = ["Views"]


def _digest_of(shown: Answered, domain: PolicyDomain) -> str:
    """Return what changes whenever an answer does, or where a link in it leads."""
    answer = shown.answer
    said = repr((answer.columns, answer.rows, _targets(answer, domain)) if answer else shown.problem)
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _targets(answer: Answer, domain: PolicyDomain) -> list[tuple[str, str, str, str]]:
    """Return place, title and level of all that the cells of an answer may name, by id or by IRI."""
    names = sorted({name for row in answer.texts for text in row for name in (text, text.rpartition("/")[2])})
    kinds = (TargetKind.PROVISION, TargetKind.EXAMPLE, TargetKind.TOPIC, TargetKind.LEVEL)
    found = (domain.find(kind, name) for name in names for kind in kinds)
    return [(item.docname, item.anchor, item.title, item.level) for item in found if item]


@dataclass(slots=True)
class _Sources:
    """What the answers of one state of the spec are made of."""

    env: BuildEnvironment
    knowledge: Knowledge
    since: Since
    _by_query: dict[str, Answer] = field(default_factory=dict)
    _norms: Norms | None = None

    @property
    def spec(self) -> Spec:
        return self.knowledge.spec(self.env)

    @property
    def base(self) -> KnowledgeBase:
        return self.knowledge.base(self.env)

    @property
    def norms(self) -> Norms:
        if self._norms is None:
            from sphinx_policyspec.decision import Norms  # noqa: PLC0415  few projects have cases

            self._norms = Norms(self.spec)
        return self._norms

    def select(self, query: str) -> Answer:
        """Answer a query; views that ask the same are answered once."""
        if query not in self._by_query:
            self._by_query[query] = self.base.select(query)
        return self._by_query[query]

    def diff(self, since: str) -> SpecDiff | None:
        return self.since.diff(self.env, self.knowledge, since)


@dataclass(slots=True)
class Views:
    """The answers of one build; they are computed once, before any page is written."""

    knowledge: Knowledge
    since: Since = field(default_factory=Since)
    _answers: dict[str, tuple[Answered, ...]] = field(default_factory=dict)
    _digest: str = ""

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
            digests = tuple(_digest_of(answer, domain_of(env)) for answer in shown)
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
                spec=self.knowledge.spec(app.env),
                in_table=_is_in_table(place),
                depth=_depth_of(place),
            )
            question, answered = questions[number], shown[number]
            if answered.answer is None:
                place.append(word(answered.problem, "ps-problem"))
            else:
                place.extend(question.render(answered.answer, page))

    def _state(self, env: BuildEnvironment) -> str:
        """Return what changes whenever an answer may: the spec, or what else a question depends on."""
        asked = (question for questions in self._asking(env).values() for question in questions)
        return " ".join((self.knowledge.digest(env), *sorted({q.depends_on for q in asked} - {""})))

    @staticmethod
    def _asking(env: BuildEnvironment) -> dict[str, tuple[Ask, ...]]:
        domain = domain_of(env)
        return {
            name: page.questions
            for name, page in domain.pages.items()
            if page.questions and domain.given.asks
        }

    def _ask(self, env: BuildEnvironment, digest: str) -> None:
        if digest == self._digest:
            return
        sources = _Sources(env, self.knowledge, self.since)
        self._answers = {
            docname: tuple(question.answer(sources) for question in questions)
            for docname, questions in sorted(self._asking(env).items())
        }
        self._digest = digest


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
