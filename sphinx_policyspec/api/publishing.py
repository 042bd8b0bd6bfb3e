"""Handbooks, and projects to begin with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from sphinx_policyspec.api.reading import (
    ReadingOptions,
    Source,
    load_all_checked,
    loaded,
    options_of,
    reader,
)
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import staged_folder
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.spec import given_base
from sphinx_policyspec.sources import Loaded, Reader, has_releases, is_project
from sphinx_policyspec.starter import write_starter

__all__ = ["build_handbook", "init_project"]


def init_project(folder: str | Path, *, markup: str = "myst", title: str = "") -> tuple[Path, ...]:
    """Write a small spec project, which builds at once, into a new or empty folder; return its files.

    :param markup: the language of its pages, ``myst`` or ``rst``
    :param title: the title of the spec; by default the name of the folder, in words
    """
    return write_starter(Path(folder), markup=markup, title=title)


def build_handbook(
    source: Source | Sequence[Loaded],
    out: str | Path,
    *,
    theme: str = "",
    pages: str = "chapter",
    base_iri: str = "",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
    since: str | Path | Spec | Iterable[str | Path | Spec | Sequence[Spec]] = (),
    **options: Unpack[ReadingOptions],
) -> tuple[Finding, ...]:
    """Build the handbook of a SOURCE as a web site in the folder ``out``, its graph included.

    Of several releases each gets a site, in a folder of ``out`` that is named after it. Each page leads to the same
    principle, or page, of the other releases, whatever its id there; ``index.html`` leads to the newest.

    Return what the build has to say; findings about the text come from :func:`load_checked`.

    :param source: also releases that were read, from the first to the last
    :param theme: an HTML theme for Sphinx; by default a project's own, else furo
    :param pages: what makes a page, ``one``, ``chapter`` or ``section``; a project has its own pages
    :param ask: with a page on which readers put questions to the spec in their browser
    :param pdf: also write ``handbook.pdf``, which wants the package ``typst``
    :param pdf_fonts: fonts of the PDF for letters that its own lack, as families or files; none given means
        a project's own, else what the machine has
    :param since: an older release, to tell what changed: a page of it, and a mark at each principle; or several, from
        the oldest on, for the history of each principle. Of a folder of releases those before the one that is
        built count; Model Spec Markdown is annotated as what is built is. Several releases are compared as it is
    :param options: as for :func:`load`; the builder is ``html``
    """
    from sphinx_policyspec.sphinx_ext import handbook  # noqa: PLC0415  the core needs no Sphinx

    looks: dict[str, Any] = {"theme": theme, "ask": ask, "pdf": pdf, "pdf_fonts": tuple(pdf_fonts)}
    given = (since,) if isinstance(since, str | Path | Spec) else tuple(since)
    if isinstance(source, str | Path) and has_releases(source, options.get("confdir")):
        source = load_all_checked(source, **options)
    if not isinstance(source, str | Path | Spec | Loaded):
        if given:
            raise SourceError("several releases are compared with those before each: no older ones are taken")
        named = [(_based(one.spec, base_iri), one.root) for one in source]
        with staged_folder(Path(out)) as folder:
            return handbook.build_releases(named, folder, pages=pages, **looks)
    here = Path.cwd()
    if isinstance(source, str | Path) and is_project(source, options.get("confdir")):
        older = [partial(_older, one, here) for one in given]
        base = given_base(base_iri)
        with staged_folder(Path(out)) as folder:
            return handbook.build_project(
                Path(source), folder, options_of(**options), base_iri=base, older=older, **looks
            )
    found = loaded(source, **options)
    beside = reader(**options).beside(found)
    read = [_older(one, here, beside) for one in given]
    with staged_folder(Path(out)) as folder:
        return handbook.build_site(
            _based(found.spec, base_iri),
            found.root,
            folder,
            pages=pages,
            older=[partial(_older, specs, here) for specs in read],
            source=found.files[0] if found.files else None,
            **looks,
        )


def _based(spec: Spec, base_iri: str) -> Spec:
    return replace(spec, base_iri=given_base(base_iri, spec.base_iri))


def _older(source: str | Path | Spec | Sequence[Spec], here: Path, beside: Reader) -> tuple[Spec, ...]:
    """Return the releases of one source of older ones, from the first to the last.

    :param here: what the name of a source is below
    """
    if isinstance(source, Spec):
        return (source,)
    if isinstance(source, str | Path):
        return tuple(found.spec for found in replace(beside, folder=here).releases(source))
    return tuple(source)
