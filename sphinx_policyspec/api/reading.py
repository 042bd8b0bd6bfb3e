"""SOURCE → Spec, a Sphinx project included."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

from sphinx_policyspec.errors import SourceError, SourceWarning
from sphinx_policyspec.model import Spec
from sphinx_policyspec.sources import Loaded, ProjectOptions, Reader, annotations_of

Source = str | Path | Spec | Loaded
"""A spec, or a SOURCE: one that was read, or the name of one that will be, as on the command line."""


class ReadingOptions(TypedDict, total=False):
    """How a SOURCE is read; none of this need be given.

    ``annotations``: an annotation file to apply; by default the shipped one, to Model Spec Markdown only.
    ``annotate``: whether to apply an annotation file that a project does not name itself.
    ``spec_name``: the name of the spec, whatever it says itself. ``topics``: an annotation file whose topics are added.

    Of a Sphinx project, as ``sphinx-build`` has them: ``builder``, the builder whose pages are meant, ``html`` by
    default; ``tags``; ``overrides``, values for options of ``conf.py``; ``confdir``, the folder of ``conf.py``.
    """

    annotations: str | Path | None
    annotate: bool
    spec_name: str
    topics: str | Path | None
    builder: str
    tags: Iterable[str]
    overrides: Mapping[str, Any]
    confdir: str | Path | None


def load(source: str | Path, **options: Unpack[ReadingOptions]) -> Spec:
    """Return the spec of a SOURCE: release folder, Markdown file, Sphinx project, graph file, or one as of a revision.

    A Sphinx project's ``conf.py`` is run, that of a revision too; spec and findings are those of a build with the
    builder. ``git:REV:PATH`` is the path, as seen from the current folder, as of a revision of the repository that
    holds it. A SOURCE that cannot be used raises :class:`SourceError`; one without a principle is a warning, a
    :class:`SourceWarning`, here and wherever a SOURCE is given and no findings come back.

    :param options: how it is read, see :class:`ReadingOptions`
    """
    return spec_of(source, **options)


def load_checked(source: str | Path, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return what :func:`load` does with every finding about it, and what else is known of the SOURCE."""
    return reader(**options).read(source)


def load_all(*sources: str | Path, **options: Unpack[ReadingOptions]) -> tuple[Spec, ...]:
    """Return the releases of SOURCEs from the first to the last; each is one, or several as :func:`has_releases` tells.

    Other parameters are as for :func:`load`.
    """
    from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415  an engine that reading one spec does not need

    found = (one for name in sources for one in load_all_checked(name, **options))
    return in_order(loaded.spec for loaded in found)


def load_all_checked(source: str | Path, **options: Unpack[ReadingOptions]) -> tuple[Loaded, ...]:
    """Return the releases of a SOURCE, from the first to the last, each as :func:`load_checked` does."""
    return reader(**options).releases(source)


def load_pair(old: Source, new: Source, **options: Unpack[ReadingOptions]) -> tuple[Loaded, Loaded]:
    """Return two SOURCEs that are compared: the old one is annotated as the new one is.

    The new one is read as always. Model Spec Markdown as the old one gets the annotation files of the new one: the
    shipped one for a release, those of a project; of a graph, or a spec, only the shipped one is known.
    """
    after = loaded(new, **options)
    return (reader(**options).beside(after).read(old) if isinstance(old, str | Path) else loaded(old)), after


def loaded(source: Source, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return a SOURCE that is read, unless it was before."""
    if isinstance(source, Loaded):
        return source
    if isinstance(source, Spec):
        return Loaded(spec=source, root=Path(), annotations=annotations_of(source), has_files=False)
    return load_checked(source, **options)


def spec_of(given: Source, **options: Unpack[ReadingOptions]) -> Spec:
    """Return a spec as it is, or that of a SOURCE, with a warning where it has no principle."""
    return given if isinstance(given, Spec) else _warned(given, loaded(given, **options))


def specs_of(old: Source, new: Source, **options: Unpack[ReadingOptions]) -> tuple[Spec, Spec]:
    """Return what :func:`load_pair` reads, likewise."""
    before, after = load_pair(old, new, **options)
    return _warned(old, before), _warned(new, after)


def _warned(given: Source, read: Loaded) -> Spec:
    """Return the spec of what was read; who gave the name of a SOURCE and gets no findings is warned of this one."""
    if isinstance(given, str | Path):
        for finding in read.findings:
            if finding.code == "no-principle":
                warnings.warn(f"{given}: {finding}", SourceWarning, stacklevel=4)
    return read.spec


def reader(**options: Unpack[ReadingOptions]) -> Reader:
    """Return what reads SOURCEs in this process, Sphinx projects too."""
    annotations, topics = options.get("annotations"), options.get("topics")
    return Reader(
        project=_read_project,
        options=options_of(**options),
        annotations=Path(annotations) if annotations else None,
        annotate=options.get("annotate", True),
        name=options.get("spec_name", ""),
        topics=Path(topics) if topics else None,
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
