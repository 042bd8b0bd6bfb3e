"""Projects to begin with, and handbooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.api.reading import ReadingOptions, loaded, options_of, read_releases, reader
from sphinx_policyspec.files import staged_folder
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.spec import given_base
from sphinx_policyspec.sources import Loaded, Reader, is_project
from sphinx_policyspec.starter import write_starter

__all__ = ["build_handbook", "build_handbooks", "init_project"]


def init_project(folder: str | Path, *, markup: str = "myst", title: str = "") -> tuple[Path, ...]:
    """Write a small spec project, which builds at once, into a new or empty folder; return its files.

    :param markup: the language of its pages, ``myst`` or ``rst``
    :param title: the title of the spec; by default the name of the folder, in words
    """
    return write_starter(Path(folder), markup=markup, title=title)


def build_handbook(
    source: str | Path | Loaded,
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

    Return what the build has to say; findings about the text come from :func:`read`.

    :param theme: an HTML theme for Sphinx; by default a project's own, else furo
    :param pages: what makes a page, ``one``, ``chapter`` or ``section``; a project has its own pages
    :param ask: with a page on which readers put questions to the spec in their browser
    :param pdf: also write ``handbook.pdf``, which wants the package ``typst``
    :param pdf_fonts: fonts of the PDF for letters that its own lack, as families or files; none given means
        a project's own, else what the machine has
    :param since: an older release, to tell what changed: a page of it, and a mark at each principle; or several, from
        the oldest on, for the history of each principle. Of a folder of releases those before the one that is
        built count; Model Spec Markdown is annotated as what is built is
    :param options: as for :func:`load`; the builder is ``html``
    """
    from sphinx_policyspec.sphinx_ext.handbook import build_project, build_site  # noqa: PLC0415

    given = (since,) if isinstance(since, str | Path | Spec) else since
    here = Path.cwd()
    if isinstance(source, str | Path) and is_project(source, options.get("confdir")):
        with staged_folder(Path(out)) as folder:
            return build_project(
                Path(source),
                folder,
                options_of(**options),
                theme=theme,
                base_iri=given_base(base_iri),
                ask=ask,
                pdf=pdf,
                pdf_fonts=pdf_fonts,
                older=[partial(_older, one, here) for one in given],
            )
    found = loaded(source, **options)
    beside = reader(**options).beside(found)
    read = [_older(one, here, beside) for one in given]
    with staged_folder(Path(out)) as folder:
        return build_site(
            replace(found.spec, base_iri=given_base(base_iri, found.spec.base_iri)),
            found.root,
            folder,
            theme=theme,
            pages=pages,
            ask=ask,
            pdf=pdf,
            pdf_fonts=pdf_fonts,
            older=[partial(_older, specs, here) for specs in read],
            source=found.files[0] if found.files else None,
        )


def _older(source: str | Path | Spec | Sequence[Spec], here: Path, beside: Reader) -> tuple[Spec, ...]:
    """Return the releases of one source of older ones, from the first to the last.

    :param here: what the name of a source is below
    """
    if isinstance(source, Spec):
        return (source,)
    if isinstance(source, str | Path):
        return tuple(found.spec for found in replace(beside, folder=here).releases(source))
    return tuple(source)


def build_handbooks(
    source: str | Path | Sequence[Loaded],
    out: str | Path,
    *,
    theme: str = "",
    pages: str = "chapter",
    base_iri: str = "",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Build a handbook for each release of a SOURCE, in a folder of ``out`` that is named after it.

    Each page leads to the same principle, or page, of the other releases, whatever its id there; pages of old
    releases say that they are. ``index.html`` leads to the newest.

    :param source: a folder of releases or a graph file with several, or releases that were read, from the first
        to the last

    Other parameters, and what is returned, are as for :func:`build_handbook`.
    """
    from sphinx_policyspec.sphinx_ext.handbook import build_releases  # noqa: PLC0415

    found = read_releases(source) if isinstance(source, str | Path) else source
    named = [(replace(one.spec, base_iri=given_base(base_iri, one.spec.base_iri)), one.root) for one in found]
    with staged_folder(Path(out)) as folder:
        return build_releases(
            named, folder, theme=theme, pages=pages, ask=ask, pdf=pdf, pdf_fonts=tuple(pdf_fonts)
        )
