"""What the domain keeps of each page, small frozen records that pickle well, and cross-references as nodes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import NoUri
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.util.nodes import make_refnode

from sphinx_policyspec.files import exact, number_of
from sphinx_policyspec.model import (
    AuthorityLevel,
    Definition,
    Example,
    Finding,
    Principle,
    Reference,
    Span,
    Spec,
    TargetKind,
)
from sphinx_policyspec.model.finding import Use
from sphinx_policyspec.readers.text import Ignore
from sphinx_policyspec.sphinx_ext.nodes.boxes import Place
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of
from sphinx_policyspec.sphinx_ext.store import PagePart, pack

if TYPE_CHECKING:
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.decision import Norms
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
    from sphinx_policyspec.graph.questions import Answer
    from sphinx_policyspec.model import Case

SPEC_USE = Use("spec", "", "")
"""Where a page declares the spec, among the places of names; it names nothing."""


class PolicyObject(NamedTuple):
    """Something that can be referred to.

    A plain tuple: an environment holds thousands, and dataclasses with slots take ten times as long to read back.
    """

    kind: TargetKind
    id: str
    title: str
    """As the page shows it."""
    docname: str
    anchor: str
    """Its place on the page; empty for what a page declares without showing it."""
    level: str = ""
    """Of a principle, empty for anything else."""
    is_alias: bool = False

    @property
    def objtype(self) -> str:
        """The name of its object type in the domain."""
        if self.kind is TargetKind.PROVISION:
            return "principle" if self.level else "section"
        return "term" if self.kind is TargetKind.DEFINITION else self.kind.value


class Sources(Protocol):
    """What answers are made of, each part at most once a build."""

    env: BuildEnvironment

    @property
    def spec(self) -> Spec:
        """The spec of the build."""

    @property
    def base(self) -> KnowledgeBase:
        """Its knowledge base."""

    @property
    def norms(self) -> Norms:
        """What decides in it."""

    def select(self, query: str) -> Answer:
        """Return the answer to a query of ours."""

    def diff(self, since: str) -> SpecDiff | None:
        """Return what has changed since an older release, by default the one that the project names."""

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what several questions share, made by the first."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one question of a page, or why there is none."""

    answer: Answer | None
    problem: str = ""
    findings: tuple[Finding, ...] = ()


_EXPECTED = re.compile(r"(?P<sign>>=|<=|>|<|=|)\s*(?P<count>\d{1,9})")
_COMPARED = {"": eq, "=": eq, ">": gt, "<": lt, ">=": ge, "<=": le}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a page asks. Each kind of question answers itself, and shows its answer.

    :param expected: what ``:expect-rows:`` says, such as ``3`` or ``>0``
    :param since: the older release that is asked about
    :param places: for some options, the line that each is on
    """

    expected: str = ""
    since: str = ""
    span: Span
    places: tuple[tuple[str, Span], ...] = ()

    def place(self, option: str) -> Span:
        """Return where an option is, or the directive where it has no such option."""
        return dict(self.places).get(option, self.span)

    def answer(self, sources: Sources) -> Answered:
        """Return the answer."""
        raise NotImplementedError

    def render(self, answer: Answer, page: Any) -> list[nodes.Node]:
        """Return the answer as nodes.

        :param page: where the question is, as a :class:`~sphinx_policyspec.sphinx_ext.asks.answer_nodes.Page`
        """
        raise NotImplementedError

    def cases(self, norms: Norms) -> Iterator[tuple[int, Case]]:  # noqa: ARG002  few questions have any
        """Yield the cases that the page brings and that can be decided, with their numbers."""
        return iter(())

    @property
    def depends_on(self) -> str:
        """What changes whenever the answer may, beside the spec."""
        return ""

    def check_rows(self, count: int) -> Iterator[Finding]:
        """Yield a finding for a number of rows other than the question expects."""
        match = _EXPECTED.fullmatch(self.expected)
        if match is None:
            return
        if not _COMPARED[match["sign"]](count, int(match["count"])):
            yield Finding(
                code="unexpected-rows",
                message=f"the answer has {number_of(count, 'row')}, not {self.expected}",
                span=self.span,
            )


def is_row_count(text: str) -> bool:
    """Return whether a text can be the value of ``:expect-rows:``."""
    return bool(_EXPECTED.fullmatch(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingOfKnown(Finding):
    """A finding that counts only if something has an id, which is known once all pages are read.

    :param target: the id, empty where the finding counts anyway
    """

    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """What one page declares.

    The words of the spec are not part of it: they are in a file of their own (``store``).

    :param targets: what the references and clauses of its part of the spec point at
    :param maybe: links that are references of the spec only if their target is an object of ours,
        such as MyST's ``[text](#id)``
    :param anchors: those of ``maybe`` that name an anchor the page itself does not have
    :param outside: references that are no part of the spec: those of a page outside it, and the levels
    of clauses that belong to no principle
    :param declares_levels: the page has ``policy:level`` directives; they replace any default
    :param unnamed: ids of sections that the author gave none; they may be changed to stay unique
    :param hidden: marks of what the page was read without; none where nothing on it can be hidden
    :param unread: marks of what others removed from the page while it was read
    :param holds_spec: a part of the spec is on the page
    :param digest: of all of it, the words included
    """

    objects: tuple[PolicyObject, ...] = ()
    targets: tuple[tuple[TargetKind, str], ...] = ()
    maybe: tuple[Reference, ...] = ()
    anchors: tuple[Reference, ...] = ()
    outside: tuple[Reference, ...] = ()
    findings: tuple[Finding, ...] = ()
    questions: tuple[Ask, ...] = ()
    declares_levels: bool = False
    unnamed: frozenset[str] = frozenset()
    hidden: frozenset[int] | None = None
    unread: frozenset[int] = frozenset()
    holds_spec: bool = False
    ignores: tuple[Ignore, ...] = ()
    digest: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether a directive or role of ours is on the page; a link that may lead to one does not count."""
        return bool(self.holds_spec or self.questions or self.outside or self.findings)

    def with_titles(self, titles: Mapping[str, str]) -> PageRecord:
        """Return the record with the titles that the page shows, by anchor."""
        objects = tuple(item._replace(title=titles.get(item.anchor, item.title)) for item in self.objects)
        return replace(self, objects=objects)

    def with_words(self, words: str) -> PageRecord:
        """Return the record with a digest that changes with some words that the page shows, too."""
        digest = hashlib.sha256(f"{self.digest}\0{words}".encode(errors="replace"))
        return replace(self, digest=digest.hexdigest())


def outside_record(
    findings: tuple[Finding, ...],
    questions: tuple[Ask, ...],
    outside: tuple[Reference, ...],
    maybe: tuple[Reference, ...],
) -> PageRecord:
    """Return the record of a page that holds no part of the spec, but asks about it or links to it."""
    digest = hashlib.sha256(exact((questions, outside)).encode(errors="replace")).hexdigest()
    return PageRecord(findings=findings, questions=questions, outside=outside, maybe=maybe, digest=digest)


def page_record(
    docname: str,
    fragment: Spec,
    findings: Iterable[Finding] = (),
    *,
    maybe: Iterable[Reference] = (),
    questions: Iterable[Ask] = (),
    anchors: Iterable[Reference] = (),
    outside: Iterable[Reference] = (),
    places: Iterable[tuple[Use, Span]] = (),
    declares_levels: bool = False,
    unnamed: frozenset[str] = frozenset(),
) -> tuple[PageRecord, bytes]:
    """Return the record of a page from its part of the spec, and that part, packed.

    :param fragment: a Spec of what is on this page alone; empty metadata is that of other pages
    :param declares_levels: the page shows the levels that it brings
    """
    found = list(_objects(docname, fragment, fragment.levels if declares_levels else (), unnamed))
    spans = tuple(span for _, span in found)
    packed = pack(PagePart(spec=fragment, spans=spans, places=tuple(places)))
    maybe, questions = tuple(maybe), tuple(questions)
    state = exact((maybe, questions))
    record = PageRecord(
        objects=tuple(item for item, _ in found),
        targets=tuple(
            sorted(
                {(r.target_kind, r.target) for r in fragment.references}
                | {
                    (TargetKind.LEVEL, level)
                    for clause in fragment.clauses
                    for level in (clause.authority, clause.permits_by)
                    if level
                }
            )
        ),
        maybe=maybe,
        anchors=tuple(anchors),
        outside=tuple(outside),
        findings=tuple(findings),
        questions=questions,
        declares_levels=declares_levels,
        unnamed=unnamed,
        holds_spec=True,
        digest=hashlib.sha256(packed + state.encode(errors="replace")).hexdigest(),
    )
    return record, packed


def _objects(
    docname: str, fragment: Spec, levels: tuple[AuthorityLevel, ...], unnamed: frozenset[str]
) -> Iterator[tuple[PolicyObject, Span]]:
    """Yield the objects of a page, each with where it is."""

    def of(
        kind: TargetKind, identifier: str, title: str, span: Span, level: str = ""
    ) -> tuple[PolicyObject, Span]:
        anchor = anchor_of(kind, identifier)
        return PolicyObject(kind, identifier, title, docname, anchor, level), span

    yield from (
        of(TargetKind.LEVEL, level.id, level.title or level.id.capitalize(), level.span)
        for level in levels
        if level.span
    )
    yield from (of(TargetKind.TOPIC, topic.id, topic.label, topic.span) for topic in fragment.topics)
    yield from (of(TargetKind.GOAL, goal.id, goal.title, goal.span) for goal in fragment.goals)
    for provision in fragment.provisions:
        if provision.id not in unnamed:
            authority = provision.authority if isinstance(provision, Principle) else ""
            found, span = of(TargetKind.PROVISION, provision.id, provision.title, provision.span, authority)
            yield found, span
            yield from ((found._replace(id=alias, is_alias=True), span) for alias in provision.aliases)
    for _, block in fragment.walk():
        if isinstance(block, Example):
            yield of(TargetKind.EXAMPLE, block.id, block.title, block.span)
        elif isinstance(block, Definition):
            yield of(TargetKind.DEFINITION, block.id, block.term, block.span)


DOMAIN = "policy"

KIND_OF_ROLE = {
    "principle": TargetKind.PROVISION,
    "topic": TargetKind.TOPIC,
    "example": TargetKind.EXAMPLE,
    "level": TargetKind.LEVEL,
    "goal": TargetKind.GOAL,
    "term": TargetKind.DEFINITION,
}
"""What each role points at; sections and principles share one."""

ROLE_OF_KIND = {kind: role for role, kind in KIND_OF_ROLE.items()}


def pending_reference(
    docname: str,
    target: str,
    children: Iterable[nodes.Node] = (),
    *,
    kind: TargetKind = TargetKind.PROVISION,
    place: Place | None = None,
) -> addnodes.pending_xref:
    """Return a reference that will become a link.

    :param children: its own text; without any it shows the title of its target
    """
    own = list(children)
    role = ROLE_OF_KIND[kind]
    content = nodes.inline("", "", classes=["xref", DOMAIN, f"{DOMAIN}-{role}"])
    content.extend(own or [nodes.Text(target)])
    reference = addnodes.pending_xref(
        target,
        content,
        refdomain=DOMAIN,
        reftype=role,
        reftarget=target,
        refexplicit=bool(own),
        refdoc=docname,
        refwarn=True,
    )
    if place is not None:
        reference.source, reference.line = place
    return reference


def link_or_text(
    builder: Builder, docname: str, target_docname: str, anchor: str, content: nodes.Element
) -> nodes.Element:
    """Return a link from one page to another, or its content where what is built lacks that page.

    A book holds the pages that its toctree leads to; an orphan is none of them.
    """
    try:
        return make_refnode(builder, docname, target_docname, anchor, content)
    except NoUri:
        return content


FormerIds = tuple[tuple[str, str], ...]
"""Pairs of a former id and the id of its provision."""

Topics = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
"""The label and id of each topic with the ids of what is about it, and the titles of those that are no principles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the environment keeps of the spec as pages made it up when they were last read.

    :param digest: of all that it was made of
    :param findings: about the spec as a whole
    :param topics: what the index by topic shows
    :param former: the former ids that sidecars give
    """

    digest: str = ""
    findings: tuple[Finding, ...] = ()
    topics: Topics = ()
    former: FormerIds = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownByPages:
    """What the pages of one builder showed of others when they were last written, by page.

    Builders share an environment, and one that writes a page does not bring those of others up to date.

    :param links: digests of what links lead to
    :param answers: of the answers: what they depend on, their digests, and their findings
    :param panels: digests of the panels, for the spec of the digest ``panels_of``
    :param navigation: a digest of what the sidebars of all pages show
    :param marks: digests of the marks of what changed since older releases, for the state ``marks_of``
    :param problem: why an older release cannot be read
    :param misfits: judgements that do not fit what changed
    """

    links: Mapping[str, bytes] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, tuple[str, ...], tuple[Finding, ...]]] = field(default_factory=dict)
    panels: Mapping[str, bytes] = field(default_factory=dict)
    panels_of: str = ""
    navigation: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    marks_of: str = ""
    problem: str = ""
    misfits: tuple[Finding, ...] = ()


def former_ids_of(spec: Spec, objects: Iterable[PolicyObject]) -> FormerIds:
    """Return the former ids that no page declares.

    :param objects: those that pages declare
    """
    used = {item.id for item in objects if item.kind is TargetKind.PROVISION}
    used.update(spec.provision_by_id)
    found: dict[str, str] = {}
    for provision in spec.provisions:
        for alias in provision.aliases:
            if alias not in used:
                found.setdefault(alias, provision.id)
    return tuple(sorted(found.items()))


def aliases_of(former: FormerIds, objects: Iterable[PolicyObject]) -> Iterator[PolicyObject]:
    """Yield objects for former ids, which lead to where their provisions are."""
    owners = {item.id: item for item in objects if item.kind is TargetKind.PROVISION and not item.is_alias}
    for alias, owner in former:
        if found := owners.get(owner):
            yield found._replace(id=alias, is_alias=True)


def reading_order(env: BuildEnvironment, docnames: Iterable[str]) -> list[str]:
    """Return pages as the tables of contents order them; pages in none come last, by name."""
    wanted = set(docnames)
    order: dict[str, None] = {}
    stack = [str(env.config.root_doc)]
    while stack:
        docname = stack.pop()
        if docname not in order:
            order[docname] = None
            stack.extend(reversed(env.toctree_includes.get(docname, [])))
    listed = [docname for docname in order if docname in wanted]
    return [*listed, *sorted(wanted.difference(listed))]


def inventories(env: BuildEnvironment) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return what other projects offer to references of ours."""
    if not hasattr(env, "intersphinx_inventory"):
        return []
    return sorted(
        (project, objtype, sorted((name, str(item.uri)) for name, item in items.items()))
        for project, inventory in InventoryAdapter(env).named_inventory.items()
        for objtype, items in inventory.items()
        if objtype.startswith(f"{DOMAIN}:")
    )


class Word:
    """A word of a class in the language of the build that asks: the JSON builders of Sphinx cannot write its lazy texts."""

    def __init__(self, word: str) -> None:
        self._word = word

    def __get__(self, _index: object, _class: type) -> str:
        """Return the word as it is now."""
        return str(self._word)
