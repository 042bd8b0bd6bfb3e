"""How a spec is laid out over the pages of a handbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType

from sphinx_policyspec.model import Provision, Spec
from sphinx_policyspec.sphinx_ext.asks.queries import ViewKind

__all__ = ["LAYOUTS", "START", "VIEWS", "Site", "SitePage", "lay_out"]

LAYOUTS = ("one", "chapter", "section")
"""What makes a page: everything, a provision of depth 1, or one of depth 1 or 2."""

START = "index"
"""Name of the first page."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}")
VIEWS: Mapping[str, tuple[ViewKind, ...]] = MappingProxyType(
    {
        "all-principles": (ViewKind.PRINCIPLE_TABLE,),
        "all-examples": (ViewKind.EXAMPLE_TABLE,),
        "map": (ViewKind.MATRIX, ViewKind.GRAPH),
        "coverage": (ViewKind.COVERAGE,),
        "survey": (ViewKind.SURVEY,),
    }
)
"""Pages that show the whole spec at once, and what each shows."""

_RESERVED = frozenset(
    {
        START,
        *VIEWS,
        "genindex",
        "search",
        "py-modindex",
        "policy-changes",
        "policy-levels",
        "policy-topics",
        "policy-examples",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """One page of a handbook.

    :param name: its name as a file, without suffix
    :param provisions: what it shows, in reading order
    :param below: names of the pages that its table of contents leads to
    :param overviews: names of the pages with views that it leads to on the web; paper has indices of its own
    :param views: what it shows of the whole spec, instead of a part of it
    """

    name: str
    provisions: tuple[Provision, ...] = ()
    below: tuple[str, ...] = ()
    overviews: tuple[str, ...] = ()
    views: tuple[ViewKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A spec and its pages by name.

    :param root: the folder that the spec's file names are relative to
    """

    spec: Spec
    root: Path
    pages: dict[str, SitePage]


def lay_out(spec: Spec, layout: str) -> tuple[SitePage, ...]:
    """Return the pages of a spec, the start page first, pages with views last."""
    views = _view_pages(spec)
    overviews = tuple(page.name for page in views)
    if layout == "one":
        return (SitePage(name=START, provisions=spec.provisions, overviews=overviews), *views)
    depth = 1 if layout == "chapter" else 2
    heads = [p for p in spec.provisions if p.depth <= depth]
    names = dict(zip((head.id for head in heads), _names(heads), strict=True))
    shown: dict[str, list[Provision]] = {head.id: [] for head in heads}
    current = ""
    for provision in spec.provisions:
        current = provision.id if provision.id in names else current
        shown[current].append(provision)
    below: dict[str | None, list[str]] = {}
    for head in heads:
        below.setdefault(head.parent, []).append(names[head.id])
    start = SitePage(name=START, below=tuple(below.get(None, ())), overviews=overviews)
    pages = (
        SitePage(name=names[head.id], provisions=tuple(shown[head.id]), below=tuple(below.get(head.id, ())))
        for head in heads
    )
    return (start, *pages, *views)


def _view_pages(spec: Spec) -> tuple[SitePage, ...]:
    """Return the pages with views; a spec without principles or examples has nothing to show there."""
    has = {
        ViewKind.PRINCIPLE_TABLE: bool(spec.principles),
        ViewKind.EXAMPLE_TABLE: bool(spec.examples),
        ViewKind.MATRIX: bool(spec.principles and spec.topics),
        ViewKind.GRAPH: bool(spec.principles),
        ViewKind.COVERAGE: bool(spec.principles),
        ViewKind.SURVEY: bool(spec.principles),
    }
    found = ((name, tuple(kind for kind in kinds if has[kind])) for name, kinds in VIEWS.items())
    return tuple(SitePage(name=name, views=kinds) for name, kinds in found if kinds)


def _names(heads: list[Provision]) -> Iterator[str]:
    """Yield a file name for each page: the id where it makes one, else a number."""
    taken: set[str] = set(_RESERVED)
    numbers = count(1)
    for head in heads:
        name = head.id
        while name in taken or not _PLAIN.fullmatch(name):
            name = f"page-{next(numbers)}"
        taken.add(name)
        yield name


def page_spec(spec: Spec, page: SitePage) -> Spec:
    """Return the part of a spec that stands on one page; topics and goals have no page."""
    ids = {provision.id for provision in page.provisions}
    is_start = page.name == START
    return replace(
        spec,
        preamble=spec.preamble if is_start else (),
        topics=(),
        goals=(),
        provisions=page.provisions,
        clauses=tuple(clause for clause in spec.clauses if clause.principle in ids),
        references=tuple(r for r in spec.references if (r.source in ids if r.source else is_start)),
        links=tuple(link for link in spec.links if (link.source in ids if link.source else is_start)),
        eval_tags=tuple(
            tag for tag in spec.eval_tags if (tag.provision in ids if tag.provision else is_start)
        ),
        prompt_files=spec.prompt_files if is_start else (),
        changelog=spec.changelog if is_start else None,
    )
