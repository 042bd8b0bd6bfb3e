"""A handbook of several releases: a site for each, which know of each other, and a page that leads to the newest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from sphinx_policyspec.compare.history import Timeline
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.sphinx_ext.asks.directives import PAGE
from sphinx_policyspec.sphinx_ext.site.handbook import build_site
from sphinx_policyspec.sphinx_ext.site.pages import START, lay_out
from sphinx_policyspec.sphinx_ext.store import write_output
from sphinx_policyspec.sphinx_ext.web.editions import Edition, Editions
from sphinx_policyspec.sphinx_ext.web.pages import ASK_PAGE

__all__ = ["build_releases"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={newest}">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>The newest release is <a href="{newest}">{name}</a>. All releases:</p>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""


def build_releases(
    releases: Sequence[tuple[Spec, Path]], out: Path, *, pages: str, ask: bool, **options: Any
) -> tuple[Finding, ...]:
    """Build a site for each release in a folder of its own; return what Sphinx had to say.

    :param releases: specs from the first to the last, each with the folder that its file names are relative to
    :param options: as for :func:`~sphinx_policyspec.sphinx_ext.site.handbook.build_site`
    """
    specs = [spec for spec, _ in releases]
    timeline = Timeline.of(specs)
    every = tuple(
        _edition(spec, folder, pages, {PAGE} if place else set(), {ASK_PAGE} if ask else set())
        for place, (spec, folder) in enumerate(zip(specs, _folders(specs), strict=True))
    )
    found: list[Finding] = []
    for place, (spec, root) in enumerate(releases):
        editions = Editions(every=every, timeline=timeline, place=place)
        site = out / every[place].folder
        found += build_site(spec, root, site, pages=pages, ask=ask, editions=editions, **options)
    write_output(out / f"{START}.html", _start_page(specs[-1], every))
    return tuple(found)


def _edition(spec: Spec, folder: str, layout: str, *more: set[str]) -> Edition:
    pages = lay_out(spec, layout)
    return Edition(
        name=" ".join(spec.version.split()) or folder,
        folder=folder,
        pages=frozenset().union((page.name for page in pages), *more),
        page_of={provision.id: page.name for page in pages for provision in page.provisions},
    )


def _folders(specs: Sequence[Spec]) -> Iterator[str]:
    """Yield a name for the folder of each release: its version where that makes one, else a number."""
    taken: set[str] = set()
    for number, spec in enumerate(specs, 1):
        name = re.sub(r"[^\w.+-]+", "-", spec.version, flags=re.ASCII).strip(".-")
        name = name if name and name.casefold() not in taken else f"release-{number}"
        taken.add(name.casefold())
        yield name


def _start_page(newest: Spec, every: Sequence[Edition]) -> str:
    addresses = [(f"{edition.folder}/{START}.html", edition.name) for edition in every]
    items = (f'<li><a href="{escape(a)}">{escape(name)}</a></li>' for a, name in reversed(addresses))
    return _PAGE.format(
        title=escape(" ".join(newest.title.split())),
        newest=escape(addresses[-1][0]),
        name=escape(addresses[-1][1]),
        items="\n".join(items),
    )
