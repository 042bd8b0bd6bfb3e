"""SOURCE → Spec, a Sphinx project included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Spec
from sphinx_policyspec.sources import Loaded, ProjectOptions, Reader, annotations_of

__all__ = [
    "ReadingOptions",
    "load",
    "loaded",
    "options_of",
    "pair",
    "read",
    "read_releases",
    "reader",
    "releases",
    "spec_of",
]


class ReadingOptions(TypedDict, total=False):
    """How a SOURCE is read; none of this need be given.

    ``annotations``: an annotation file to apply; by default the shipped one, to Model Spec Markdown only.
    ``annotate``: whether to apply an annotation file that a project does not name itself.

    Of a Sphinx project, as ``sphinx-build`` has them: ``builder``, the builder whose pages are meant, ``html`` by
    default; ``tags``; ``overrides``, values for options of ``conf.py``; ``confdir``, the folder of ``conf.py``.
    """

    annotations: str | Path | None
    annotate: bool
    builder: str
    tags: Iterable[str]
    overrides: Mapping[str, Any]
    confdir: str | Path | None


def load(source: str | Path, **options: Unpack[ReadingOptions]) -> Spec:
    """Return the spec of a SOURCE: release folder, Markdown file, Sphinx project, graph file, or one as of a revision.

    :param options: how it is read, see :class:`ReadingOptions`
    """
    return read(source, **options).spec


def read(source: str | Path, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return the spec of a SOURCE with every finding about it; parameters as for :func:`load`.

    A Sphinx project's ``conf.py`` is run, that of a revision too; spec and findings are those of a build with the
    builder. ``git:REV:PATH`` is the path, as seen from the current folder, as of a revision of the repository that
    holds it. A SOURCE that cannot be used raises :class:`~sphinx_policyspec.errors.SourceError`.
    """
    return reader(**options).read(source)


def releases(*sources: str | Path, **options: Unpack[ReadingOptions]) -> tuple[Spec, ...]:
    """Return the releases of SOURCEs from the first to the last; each is one, or several as :func:`has_releases` tells.

    Other parameters are as for :func:`load`.
    """
    from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415  rdflib only where it is needed

    found = (one for name in sources for one in read_releases(name, **options))
    return in_order(loaded.spec for loaded in found)


def read_releases(source: str | Path, **options: Unpack[ReadingOptions]) -> tuple[Loaded, ...]:
    """Return the releases of a SOURCE, from the first to the last, each as :func:`read` does."""
    return reader(**options).releases(source)


def pair(
    old: str | Path | Spec | Loaded, new: str | Path | Spec | Loaded, **options: Unpack[ReadingOptions]
) -> tuple[Loaded, Loaded]:
    """Return two SOURCEs that are compared: the old one is annotated as the new one is.

    The new one is read as always. Model Spec Markdown as the old one gets the annotation files of the new one: the
    shipped one for a release, those of a project; of a graph, or a spec, only the shipped one is known.
    """
    after = loaded(new, **options)
    return (reader(**options).beside(after).read(old) if isinstance(old, str | Path) else loaded(old)), after


def loaded(source: str | Path | Spec | Loaded, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return a SOURCE that is read, unless it was before."""
    if isinstance(source, Loaded):
        return source
    if isinstance(source, Spec):
        return Loaded(spec=source, root=Path(), annotations=annotations_of(source), has_files=False)
    return read(source, **options)


def spec_of(given: str | Path | Spec | Loaded) -> Spec:
    """Return a spec as it is, or that of a SOURCE."""
    return given if isinstance(given, Spec) else loaded(given).spec


def reader(**options: Unpack[ReadingOptions]) -> Reader:
    """Return what reads SOURCEs in this process, Sphinx projects too."""
    annotations = options.get("annotations")
    return Reader(
        project=_read_project,
        options=options_of(**options),
        annotations=Path(annotations) if annotations else None,
        annotate=options.get("annotate", True),
    )


def options_of(**options: Unpack[ReadingOptions]) -> ProjectOptions:
    """Return what is said of Sphinx projects."""
    confdir = options.get("confdir")
    return ProjectOptions(
        builder=options.get("builder") or "html",
        tags=tuple(options.get("tags", ())),
        overrides=options.get("overrides", {}),
        confdir=Path(confdir) if confdir else None,
    )


def _read_project(path: Path, options: ProjectOptions, sidecar: Path | None) -> Loaded:
    try:
        from sphinx_policyspec.sphinx_ext.build.project import read_project  # noqa: PLC0415  the core needs no Sphinx
    except ImportError as error:
        raise SourceError(f"`{path}` is a Sphinx project, and Sphinx cannot be imported: {error}") from None
    return read_project(path, options, sidecar)
