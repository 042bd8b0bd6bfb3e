"""What the pages declare → one spec, and what is wrong with it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.model import (
    AuthorityLevel,
    EvalPrompt,
    Finding,
    Markup,
    Principle,
    Provision,
    Severity,
    Span,
    Spec,
    TargetKind,
    Topic,
)
from sphinx_policyspec.nearest import Hints
from sphinx_policyspec.readers.levels import DEFAULT_LEVELS
from sphinx_policyspec.sphinx_ext.capturing.titles import with_titles_resolved
from sphinx_policyspec.sphinx_ext.fragments import Fragment
from sphinx_policyspec.sphinx_ext.records import SPEC_PLACE, PageRecord, PolicyObject

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["assemble", "check_objects", "check_spec", "reading_order"]

_PlaceOf = Callable[[str, str, Span], Span]
"""Returns where an option of an object stands, or the default."""

_RELATIONS = {
    "exception-to": "exception_to",
    "prefer-over": "preferred_over",
    "conflicts-with": "conflicts_with",
    "refines": "refines",
}


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


def assemble(
    pages: Mapping[str, PageRecord], order: Collection[str], found: Mapping[str, Fragment], title: str
) -> Spec:
    """Return the spec that some pages make up together.

    :param found: the parts of the spec that pages hold
    :param title: of the spec, where no page gives one
    """
    taken: set[str] = {
        item.id for page in pages.values() for item in page.objects if item.kind is TargetKind.PROVISION
    }
    anchors = {item.anchor: item for page in pages.values() for item in page.objects if not item.is_alias}
    anchors |= {item.id: item for page in pages.values() for item in page.objects if item.is_alias}
    fragments = [
        (page, _renamed(_with_references(found[docname].spec, page, anchors), page, docname, taken))
        for docname in order
        if (page := pages[docname]).holds_spec
    ]
    parts = [fragment for _, fragment in fragments]
    declared = (found[docname].spec for docname in order if _declares(found.get(docname)))
    said = (part for part in parts if part.title or part.version)
    meta = next(chain(declared, said), Spec(title=title))
    spec = replace(
        meta,
        title=meta.title or title,
        documents=tuple(
            dict.fromkeys(item for part in parts for item in part.documents if _holds_text(part))
        ),
        levels=_levels(fragments),
        topics=tuple(
            {topic.id: topic for part in reversed(parts) for topic in reversed(part.topics)}.values()
        )[::-1],
        goals=tuple({goal.id: goal for part in reversed(parts) for goal in reversed(part.goals)}.values())[
            ::-1
        ],
        preamble=tuple(block for part in parts for block in part.preamble),
        provisions=tuple(provision for part in parts for provision in part.provisions),
        clauses=tuple(clause for part in parts for clause in part.clauses),
        references=tuple(reference for part in parts for reference in part.references),
        links=tuple(link for part in parts for link in part.links),
        eval_tags=tuple(tag for part in parts for tag in part.eval_tags),
        prompt_files=tuple(file for part in parts for file in part.prompt_files),
        changelog=next((part.changelog for part in parts if part.changelog), None),
    )
    return with_titles_resolved(spec)


def _declares(fragment: Fragment | None) -> bool:
    """Return whether a page says what the spec as a whole is."""
    return fragment is not None and any(name == SPEC_PLACE for _, name, _ in fragment.places)


def _holds_text(part: Spec) -> bool:
    """Tell whether a page holds anything that has a place in a document."""
    return bool(part.preamble or part.provisions)


def _with_references(fragment: Spec, page: PageRecord, anchors: Mapping[str, PolicyObject]) -> Spec:
    """Return a page's part of the spec with plain links to objects of ours among its references."""
    found = [
        replace(link, target=item.id, target_kind=item.kind)
        for link in page.maybe
        if (item := anchors.get(link.target))
    ]
    if not found:
        return fragment
    references = sorted((*fragment.references, *found), key=lambda reference: reference.span)
    return replace(fragment, references=tuple(references))


def _levels(fragments: Iterable[tuple[PageRecord, Spec]]) -> tuple[AuthorityLevel, ...]:
    """Return the declared levels; without any, those that a page brings, or the Model Spec's."""
    found = list(fragments)
    declared = [level for page, part in found if page.declares_levels for level in part.levels]
    levels = declared or [level for _, part in found for level in part.levels]
    return tuple({level.id: level for level in reversed(levels)}.values())[::-1] or DEFAULT_LEVELS


def _renamed(fragment: Spec, page: PageRecord, docname: str, taken: set[str]) -> Spec:
    """Return a page's part with ids that no author chose changed where another page has them."""
    names = {old: f"{docname.replace('/', '-')}-{old}" for old in sorted(page.unnamed) if old in taken}
    taken.update(page.unnamed)
    if not names:
        return fragment

    def new(identifier: str) -> str:
        return names.get(identifier, identifier)

    return replace(
        fragment,
        provisions=tuple(
            replace(p, id=new(p.id), parent=new(p.parent) if p.parent else None) for p in fragment.provisions
        ),
        references=tuple(replace(r, source=new(r.source)) for r in fragment.references),
        links=tuple(replace(link, source=new(link.source)) for link in fragment.links),
    )


# -- what is wrong ------------------------------------------------------------------------------


def check_objects(
    pages: Mapping[str, PageRecord], order: Iterable[str], found: Mapping[str, Fragment]
) -> Iterator[Finding]:
    """Find objects of one kind that share an id, over all pages."""
    first: dict[tuple[TargetKind, str], tuple[PolicyObject, Span]] = {}
    for docname in order:
        if docname not in found:
            continue
        for placed in zip(pages[docname].objects, found[docname].spans, strict=True):
            item, span = placed
            known = first.setdefault((item.kind, item.id), placed)
            if known is not placed:
                yield Finding(
                    code="duplicate-id",
                    severity=Severity.ERROR,
                    message=f"{item.objtype} id `{item.id}` is taken already at {known[1].file}:{known[1].line}",
                    span=span,
                    hint="choose another id",
                    related=(known[1],),
                )


def check_spec(spec: Spec, found: Collection[Fragment], skip: Collection[str] = ()) -> Iterator[Finding]:
    """Find what names something that the spec lacks, and whatever the checks find.

    :param found: in reading order
    :param skip: codes that nobody is told of
    """
    # The file tells two owners of one id apart.
    places = {(owner, name, span.file): span for fragment in found for owner, name, span in fragment.places}

    def place(owner: str, option: str, default: Span) -> Span:
        return places.get((owner, option, default.file), default)

    unknown = _Unknown()
    known = {name for provision in spec.provisions for name in (provision.id, *provision.aliases)}
    dialect = {document.file for document in spec.documents if document.markup is Markup.MODEL_SPEC}
    for provision in spec.provisions:
        if provision.span.file not in dialect:
            yield from _check_provision(provision, spec, known, place, unknown)
    for topic in spec.topics:
        yield from _check_topic(topic, spec, place, unknown)
    for example in spec.examples:
        for option in ("illustrates", "weighs"):
            for target in getattr(example, option):
                if target not in known:
                    yield unknown.finding("provision", target, place(example.id, option, example.span), known)
    yield from _check_prompts(spec, known, place, unknown)
    yield from _check_metadata(place for fragment in found for place in fragment.places)
    yield from run_checks(spec, skip)


def _check_metadata(places: Iterable[tuple[str, str, Span]]) -> Iterator[Finding]:
    """Find that another page declares the spec, too; the first in reading order counts."""
    found = [span for _, name, span in places if name == SPEC_PLACE]
    for span in found[1:]:
        yield Finding(
            code="duplicate-spec",
            severity=Severity.WARNING,
            message=f"the spec is declared already at {found[0].file}:{found[0].line}",
            span=span,
            hint="keep one `policy:spec`",
            related=(found[0],),
        )


def _check_provision(
    provision: Provision, spec: Spec, known: set[str], place: _PlaceOf, unknown: _Unknown
) -> Iterator[Finding]:
    for topic in provision.topics:
        if topic not in spec.topic_by_id:
            yield unknown.finding(
                "topic", topic, place(provision.id, "topics", provision.span), spec.topic_by_id
            )
    if not isinstance(provision, Principle):
        return
    if provision.authority and provision.authority not in spec.level_by_id:
        span = place(provision.id, "authority", provision.span)
        yield unknown.finding("level", provision.authority, span, spec.level_by_id)
    goals = {goal.id for goal in spec.goals}
    for goal in provision.serves:
        if goal not in goals:
            yield unknown.finding("goal", goal, place(provision.id, "serves", provision.span), goals)
    for option, field in _RELATIONS.items():
        for target in getattr(provision, field):
            if target not in known:
                yield unknown.finding("provision", target, place(provision.id, option, provision.span), known)


def _check_topic(topic: Topic, spec: Spec, place: _PlaceOf, unknown: _Unknown) -> Iterator[Finding]:
    for option in ("broader", "related"):
        for other in getattr(topic, option):
            if other not in spec.topic_by_id:
                yield unknown.finding("topic", other, place(topic.id, option, topic.span), spec.topic_by_id)


def _check_prompts(spec: Spec, known: set[str], place: _PlaceOf, unknown: _Unknown) -> Iterator[Finding]:
    """Find prompts of directives that share an id, and those that test what is not there."""
    first: dict[str, EvalPrompt] = {}
    for prompt in spec.prompts:
        other = first.setdefault(prompt.id, prompt)
        if prompt.tag:
            continue
        if other is not prompt:
            yield Finding(
                code="duplicate-id",
                severity=Severity.ERROR,
                message=f"prompt id `{prompt.id}` is taken already at {other.span.file}:{other.span.line}",
                span=prompt.span,
                hint="choose another id",
                related=(other.span,),
            )
        for target in prompt.tests:
            if target not in known:
                yield unknown.finding(
                    "provision", target, place(f"prompt {prompt.id}", "tests", prompt.span), known
                )


class _Unknown:
    """Makes findings of unknown names, with hints as long as those cost little."""

    def __init__(self) -> None:
        self._hints = Hints()

    def finding(self, kind: str, name: str, span: Span, known: Collection[str]) -> Finding:
        return Finding(
            code=f"unknown-{kind}",
            severity=Severity.ERROR,
            message=f"unknown {kind} `{name}`",
            span=span,
            hint=self._hints.nearest(name, known),
        )
