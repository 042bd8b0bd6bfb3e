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
"""A spec, or a SOURCE: one that was already read, or its name, as on the command line."""


class ReadingOptions(TypedDict, total=False):
    """How a SOURCE is read; everything is optional.

    ``annotations``: an annotation file to apply; by default the shipped one, to Model Spec Markdown only.
    ``annotate``: whether to apply an annotation file that a project does not name itself.
    ``spec_name``: the name of the spec, in place of its own. ``topics``: an annotation file whose topics are added.

    For a Sphinx project, as in ``sphinx-build``: ``builder``, the builder whose pages are read, by default ``html``;
    ``tags``; ``overrides``, values for options of ``conf.py``; ``confdir``, the folder of ``conf.py``.
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

    A Sphinx project's ``conf.py`` is run, also that of a revision; spec and findings are those of a build with the
    builder. ``git:REV:PATH`` is the path, relative to the current folder, at a revision of the repository that
    contains it. A SOURCE that cannot be used raises :class:`SourceError`; one without a principle gives a
    :class:`SourceWarning`, here and in all functions that take a SOURCE and return no findings.

    :param options: how it is read, see :class:`ReadingOptions`
    """
    return spec_of(source, **options)


def load_checked(source: str | Path, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return the spec of :func:`load` with all findings about it, and further data about the SOURCE."""
    return reader(**options).read(source)


def load_all(*sources: str | Path, **options: Unpack[ReadingOptions]) -> tuple[Spec, ...]:
    """Return the releases of SOURCEs, oldest first; each is one, or several according to :func:`has_releases`.

    Other parameters are as for :func:`load`.
    """
    from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415  an engine that reading one spec does not need

    every = (one for name in sources for one in load_all_checked(name, **options))
    return in_order(loaded.spec for loaded in every)


def load_all_checked(source: str | Path, **options: Unpack[ReadingOptions]) -> tuple[Loaded, ...]:
    """Return the releases of a SOURCE, oldest first, each as :func:`load_checked` returns it."""
    return reader(**options).releases(source)


def load_pair(old: Source, new: Source, **options: Unpack[ReadingOptions]) -> tuple[Loaded, Loaded]:
    """Return two SOURCEs to compare: the old one is annotated like the new one.

    The new one is read as usual. If the old one is Model Spec Markdown, it gets the annotation files of the new one:
    the shipped one for a release, or those of a project; of a graph or a spec, only the shipped one is known.
    """
    after = loaded(new, **options)
    return (reader(**options).beside(after).read(old) if isinstance(old, str | Path) else loaded(old)), after


def loaded(source: Source, **options: Unpack[ReadingOptions]) -> Loaded:
    """Read a SOURCE unless it was already read, and return it."""
    if isinstance(source, Loaded):
        return source
    if isinstance(source, Spec):
        return Loaded(spec=source, root=Path(), annotations=annotations_of(source), has_files=False)
    return load_checked(source, **options)


def spec_of(source: Source, **options: Unpack[ReadingOptions]) -> Spec:
    """Return a spec as it is, or that of a SOURCE, with a warning if it has no principle."""
    return source if isinstance(source, Spec) else _spec_with_warning(source, loaded(source, **options))


def specs_of(old: Source, new: Source, **options: Unpack[ReadingOptions]) -> tuple[Spec, Spec]:
    """Return the specs that :func:`load_pair` reads, with the same warning."""
    before, after = load_pair(old, new, **options)
    return _spec_with_warning(old, before), _spec_with_warning(new, after)


def _spec_with_warning(source: Source, loaded_source: Loaded) -> Spec:
    """Return the spec of a source; warn of a missing principle if the caller gave a name, and so gets no findings."""
    if isinstance(source, str | Path):
        for finding in loaded_source.findings:
            if finding.code == "no-principle":
                warnings.warn(f"{source}: {finding}", SourceWarning, stacklevel=4)
    return loaded_source.spec


def reader(**options: Unpack[ReadingOptions]) -> Reader:
    """Return a reader of SOURCEs in this process, including Sphinx projects."""
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
    """Return the options for Sphinx projects."""
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
