"""When questions of pages are answered: once, after every page is read; answers fill their places as pages are written.

What has changed since older releases is computed on demand.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.files import exact
from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import Page
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import Answered, Ask
from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyCount, PolicyQuery, around
from sphinx_policyspec.sphinx_ext.pages.inline import resolved_titles
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import cached

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.compare.history import Timeline
    from sphinx_policyspec.decision import Norms
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
    from sphinx_policyspec.graph.questions import Answer


def _judged_diff(env: BuildEnvironment, old: Spec, new: Spec) -> SpecDiff:
    """Return what has changed, with the judgements of the project; an unreadable file is reported with its option."""
    from sphinx_policyspec.compare import compare, with_judgements  # noqa: PLC0415  few projects compare
    from sphinx_policyspec.readers.judgements import read_judgement_file  # noqa: PLC0415

    found = compare(old, new)
    name = PolicySpecConfig.of(env.config).judgements
    if not name:
        return found
    with contextlib.suppress(PolicySpecError):
        judgements, _ = read_judgement_file(Path(domain_of(env).given.confdir, name), name)
        found = with_judgements(found, old, new, judgements)
    return found


@dataclass(slots=True)
class Since:
    """What has changed since older releases; each is read, and compared with the spec of a build, once."""

    _state: str = ""
    _problems: dict[str, PolicySpecError] = field(default_factory=dict)
    _diffs: dict[str, SpecDiff | None] = field(default_factory=dict)
    _timeline: Timeline | None = None

    def is_on(self, env: BuildEnvironment) -> bool:
        """Return whether the project, or the command line, names older releases."""
        editions = domain_of(env).given.editions
        if editions is not None:
            return editions.place > 0
        return bool(domain_of(env).given.older or PolicySpecConfig.of(env.config).older)

    def diff(self, env: BuildEnvironment, knowledge: Knowledge, source: str = "") -> SpecDiff | None:
        """Return what has changed since the last older release; ``None`` where there is none.

        Raises :class:`~sphinx_policyspec.errors.PolicySpecError` where it cannot be read.

        :param source: by default what the project, or a handbook, compares itself with
        """
        self._look(env, knowledge)
        if not source and self._timeline:
            return self._timeline.diffs[-1]
        if source not in self._diffs:
            compared = partial(self._compute, env, knowledge, source)
            self._diffs[source] = cached(env, f"diff {source}", self._state, compared)
        return self._diffs[source]

    def _compute(self, env: BuildEnvironment, knowledge: Knowledge, source: str) -> SpecDiff | None:
        older = self.releases(env, knowledge, source)
        return _judged_diff(env, older[-1], knowledge.spec(env)) if older else None

    def timeline(self, env: BuildEnvironment, knowledge: Knowledge) -> Timeline | None:
        """Return all older releases with the spec of the build as the last; else as :meth:`diff`."""
        last = self.diff(env, knowledge)
        if last is not None and self._timeline is None:
            from sphinx_policyspec.compare.history import Timeline  # noqa: PLC0415

            older = self.releases(env, knowledge)
            diffs = (_judged_diff(env, one, other) for one, other in pairwise(older))
            self._timeline = Timeline(specs=(*older, knowledge.spec(env)), diffs=(*diffs, last))
        return self._timeline

    def _look(self, env: BuildEnvironment, knowledge: Knowledge) -> None:
        """Forget results from before the spec or an older release changed."""
        state = knowledge.digest(env)
        if state != self._state:
            editions = domain_of(env).given.editions
            self._state, self._diffs, self._problems = state, {}, {}
            self._timeline = editions.past if editions and editions.place else None

    def releases(self, env: BuildEnvironment, knowledge: Knowledge, source: str = "") -> tuple[Spec, ...]:
        """Return the older releases of a source, or of all that the project or the command line names."""
        self._look(env, knowledge)
        if source in self._problems:
            raise self._problems[source]
        try:
            return knowledge.older(env, source)
        except PolicySpecError as error:
            # Each page asks; a slow failure is not repeated for each.
            self._problems[source] = error
            raise


def _digest_of(answered: Answered, domain: PolicyDomain) -> str:
    """Return a digest that changes whenever an answer does, or the target of a link in it."""
    answer = answered.answer
    text = exact((answer.columns, answer.rows, _targets(answer, domain)) if answer else answered.problem)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


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
    _shared: dict[str, Any] = field(default_factory=dict)

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

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]


@dataclass(slots=True)
class Views:
    """The answers of one build; they are computed once, before any page is written."""

    knowledge: Knowledge
    since: Since = field(default_factory=Since)
    _answers: dict[str, tuple[Answered, ...]] = field(default_factory=dict)
    _titles: dict[tuple[TargetKind, str], str] = field(default_factory=dict)
    _digest: str = ""

    def update(self, app: Sphinx) -> set[str]:
        """Return the pages whose answers are not those with which they were last written."""
        env = app.env
        asking = self._asking(env)
        before = domain_of(env).shown_by(app.builder.name)
        digest = self._state(env)
        if all(docname in before.answers and before.answers[docname][0] == digest for docname in asking):
            now = {docname: before.answers[docname] for docname in asking}
        else:
            self._ask(env, digest)
            now = {}
            for docname in asking:
                answers = self._answers[docname]
                digests = tuple(_digest_of(answer, domain_of(env)) for answer in answers)
                now[docname] = (digest, digests, tuple(f for answer in answers for f in answer.findings))
        domain_of(env).note_shown(app.builder.name, replace(before, answers=now))
        return {name for name in now if name in before.answers and before.answers[name][1] != now[name][1]}

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
            record, answers = domain_of(app.env).pages.get(origin), self._answers.get(origin, ())
            questions = record.questions if record else ()
            if number >= min(len(questions), len(answers)):
                continue
            place.children = []
            if isinstance(place, PolicyCount):
                answer = answers[number].answer
                place.append(nodes.Text(str(len(answer.rows)) if answer else "?"))
                continue
            page = Page(
                builder=app.builder,
                # Builders that write one page of many still want links from the page itself.
                docname=origin,
                domain=domain_of(app.env),
                key=f"ps-{nodes.make_id(origin)}-{number + 1}",
                spec=self.knowledge.spec(app.env),
                titles=self._titles,
                in_table=around(place, nodes.entry) is not None,
                depth=_depth_of(place),
            )
            question, answered = questions[number], answers[number]
            if answered.answer is None:
                place.append(word(answered.problem, "ps-problem"))
            else:
                place.extend(question.render(answered.answer, page))

    def _state(self, env: BuildEnvironment) -> str:
        """Return what changes whenever an answer may: the spec, or what else a question depends on."""
        every = (question for questions in self._asking(env).values() for question in questions)
        return " ".join((self.knowledge.digest(env), *sorted({q.depends_on for q in every} - {""})))

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
        self._titles = resolved_titles(self.knowledge.spec(env))
        self._digest = digest


def _depth_of(place: nodes.Node) -> int:
    """Return the depth of a heading below the sections that a place is in."""
    depth = 1
    while place.parent is not None:
        place = place.parent
        depth += isinstance(place, nodes.section)
    return depth
