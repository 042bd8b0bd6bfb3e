"""What the pages declare → one spec, and what is wrong with it as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from sphinx_policyspec.model import AuthorityLevel, Finding, Goal, Severity, Span, Spec, TargetKind, Topic
from sphinx_policyspec.model.places import Places, Use
from sphinx_policyspec.readers.levels import DEFAULT_LEVELS
from sphinx_policyspec.sphinx_ext.capturing.titles import with_titles_resolved
from sphinx_policyspec.sphinx_ext.records import SPEC_USE, PageRecord, PolicyObject
from sphinx_policyspec.sphinx_ext.store import Fragment

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

_Declared = TypeVar("_Declared", AuthorityLevel, Topic, Goal)

__all__ = ["assemble", "places_of", "reading_order", "spec_again"]


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
    levels = _levels(fragments)
    topics = [topic for part in parts for topic in part.topics]
    goals = [goal for part in parts for goal in part.goals]
    spec = replace(
        meta,
        title=meta.title or title,
        documents=tuple(
            dict.fromkeys(item for part in parts for item in part.documents if _holds_text(part))
        ),
        levels=_unique(levels) or DEFAULT_LEVELS,
        topics=_unique(topics),
        goals=_unique(goals),
        repeated=(*_repeated(levels), *_repeated(topics), *_repeated(goals)),
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
    return fragment is not None and any(use == SPEC_USE for use, _ in fragment.places)


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


def _levels(fragments: Iterable[tuple[PageRecord, Spec]]) -> list[AuthorityLevel]:
    """Return the declared levels; without any, those that pages bring, each once."""
    found = list(fragments)
    declared = [level for page, part in found if page.declares_levels for level in part.levels]
    return declared or list(_unique(level for _, part in found for level in part.levels))


def _unique(declared: Iterable[_Declared]) -> tuple[_Declared, ...]:
    """Return what is declared, the first of each id."""
    first: dict[str, _Declared] = {}
    for item in declared:
        first.setdefault(item.id, item)
    return tuple(first.values())


def _repeated(declared: Sequence[_Declared]) -> list[_Declared]:
    """Return what has an id that something declared before it has."""
    first = {item.id: number for number, item in reversed(list(enumerate(declared)))}
    return [item for number, item in enumerate(declared) if first[item.id] != number]


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


def places_of(pages: Mapping[str, PageRecord], order: Iterable[str], found: Mapping[str, Fragment]) -> Places:
    """Return where names stand on pages, and which text is part of several of them."""
    reached: dict[Span, list[str]] = defaultdict(list)
    placed: list[tuple[Use, Span]] = []
    for docname in order:
        if docname in found:
            fragment = found[docname]
            placed += fragment.places
            objects = zip(pages[docname].objects, fragment.spans, strict=True)
            spans = [span for item, span in objects if not item.is_alias]
            for span in (*spans, *(prompt.span for prompt in fragment.spec.prompts)):
                reached[span].append(docname)
    several = {span: tuple(dict.fromkeys(names)) for span, names in reached.items() if len(names) > 1}
    return Places.of(placed, several)


def spec_again(fragments: Iterable[Fragment]) -> Iterator[Finding]:
    """Find that the spec is declared once more; the first in reading order counts."""
    found = [span for fragment in fragments for use, span in fragment.places if use == SPEC_USE]
    for span in found[1:]:
        yield Finding(
            code="duplicate-spec",
            severity=Severity.WARNING,
            message=f"the spec is declared already at {found[0].file}:{found[0].line}",
            span=span,
            hint="keep one `policy:spec`",
            related=(found[0],),
        )
