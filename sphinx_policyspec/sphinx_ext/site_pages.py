"""How a spec is laid out over the pages of a handbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from sphinx_policyspec.model import Provision, Spec

__all__ = ["LAYOUTS", "START", "Site", "SitePage", "lay_out"]

LAYOUTS = ("one", "chapter", "section")
"""What makes a page: everything, a provision of depth 1, or one of depth 1 or 2."""

START = "index"
"""Name of the first page."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}")
_RESERVED = frozenset({START, "genindex", "search", "py-modindex", "policy-levels"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """One page of a handbook.

    :param name: its name as a file, without suffix
    :param provisions: what it shows, in reading order
    :param below: names of the pages that its table of contents leads to
    """

    name: str
    provisions: tuple[Provision, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A spec and its pages by name.

    :param root: the folder that the spec's file names are relative to
    """

    spec: Spec
    root: Path
    pages: dict[str, SitePage]


def lay_out(spec: Spec, layout: str) -> tuple[SitePage, ...]:
    """Return the pages of a spec, the start page first."""
    if layout == "one":
        return (SitePage(name=START, provisions=spec.provisions),)
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
    start = SitePage(name=START, below=tuple(below.get(None, ())))
    pages = (
        SitePage(name=names[head.id], provisions=tuple(shown[head.id]), below=tuple(below.get(head.id, ())))
        for head in heads
    )
    return (start, *pages)


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
