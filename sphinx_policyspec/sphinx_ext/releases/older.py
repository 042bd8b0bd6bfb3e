"""Older releases beside the spec of a build: where they are, and what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.compare.history import before
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.graph.formats import format_of_suffix
from sphinx_policyspec.model import Spec
from sphinx_policyspec.readers.annotations import annotate, read_annotations, shipped_annotations
from sphinx_policyspec.readers.git import check_out, commit_of, is_git
from sphinx_policyspec.readers.release import (
    companions,
    is_release,
    read_release,
    release_folders,
    spec_file,
)
from sphinx_policyspec.sphinx_ext.config import SHIPPED_SIDECAR, PolicySpecConfig
from sphinx_policyspec.sphinx_ext.releases.kept import kept
from sphinx_policyspec.sphinx_ext.releases.older_project import (
    files_of_project,
    is_project,
    spec_of_project,
)

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["read_all", "sources_state"]


def read_all(
    env: BuildEnvironment, source: str, given: Sequence[Sequence[Spec]], new: Spec
) -> tuple[Spec, ...]:
    """Return the older releases that a build compares its spec with, from the first to the last.

    :param source: where they are; empty for those of the project
    :param given: what a command line gave in the place of those of the project
    :param new: the spec of the build, which a folder of releases may hold, too
    """
    config, folder = PolicySpecConfig.of(env.config), Path(env.srcdir)
    sidecars = list(_sidecars_of(config.annotations, folder))
    sources = () if given else (source,) if source else config.older
    read = (_kept_older(name, folder, sidecars, Path(env.doctreedir)) for name in sources)
    return tuple(spec for group in (*given, *read) for spec in before(group, new))


def _kept_older(source: str, folder: Path, sidecars: Sequence[Path], store: Path) -> tuple[Spec, ...]:
    """Return what :func:`read_older` does, from a file where nothing has changed since it was last read."""
    read = partial(read_older, source, folder, sidecars)
    state = _state(source, folder)
    notes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sidecars if path.is_file()]
    # What cannot be looked at cannot be read either, and says why.
    return kept(store, f"older {source}", repr((state, notes)), read) if state else read()


def read_older(
    source: str, folder: Path, sidecars: Iterable[Path], at: Path | None = None
) -> tuple[Spec, ...]:
    """Return the specs of a source of older releases, from the first to the last.

    It is a release folder, a folder of these, a Markdown file, a Sphinx project, a graph file with one release or
    several, or one of these as of a revision. Raises :class:`~sphinx_policyspec.errors.SourceError` for anything
    else.

    :param folder: what a relative path is below
    :param sidecars: annotation files of the project, which may speak of ids that an older release lacks; another
        project has its own
    :param at: where the source was taken out of a repository
    """
    from sphinx_policyspec.graph.releases import in_order, specs_of  # noqa: PLC0415  rdflib only where it is needed

    if at is None and is_git(source):
        checkout = check_out(source, folder)
        return read_older(source, folder, sidecars, checkout.path)
    path = at or folder / source
    if is_project(path):
        return (spec_of_project(path, source),)
    if _is_graph(path):
        from sphinx_policyspec.graph.from_graph import from_graph  # noqa: PLC0415
        from sphinx_policyspec.graph.parse import read_graph  # noqa: PLC0415

        several = specs_of(path)
        return in_order(several) if len(several) > 1 else (from_graph(read_graph(path)),)
    paths = _releases_at(path)
    if not paths:
        raise SourceError(
            f"`{source}` is no release folder, Model Spec Markdown file, Sphinx project or graph file"
        )
    return in_order(_annotated(read_release(release).spec, sidecars) for release in paths)


def _is_graph(path: Path) -> bool:
    return path.is_file() and format_of_suffix(path.suffix) is not None


def _releases_at(path: Path) -> tuple[Path, ...]:
    return (path,) if is_release(path) else release_folders(path)


def _annotated(spec: Spec, sidecars: Iterable[Path]) -> Spec:
    for sidecar in sidecars:
        spec, _ = annotate(spec, read_annotations(sidecar, sidecar.name), lenient=True)
    return spec


def sources_state(env: BuildEnvironment, sources: Iterable[str]) -> list[tuple[str, str]]:
    """Return what changes whenever an older release may say something else."""
    return [(source, _state(source, Path(env.srcdir))) for source in sorted(set(sources))]


def _state(source: str, folder: Path) -> str:
    try:
        if is_git(source):
            return commit_of(source, folder)
        path = folder / source
        state = hashlib.sha256()
        for file in _files_of(path):
            state.update(f"{file}\0".encode(errors="replace") + hashlib.sha256(file.read_bytes()).digest())
        return state.hexdigest()
    except (OSError, PolicySpecError):
        return ""


def _files_of(path: Path) -> Iterator[Path]:
    if is_project(path):
        yield from files_of_project(path)
    elif _is_graph(path):
        yield path
    else:
        for release in _releases_at(path):
            document = spec_file(release)
            yield from (document, *companions(document))


def _sidecars_of(names: Iterable[str], folder: Path) -> Iterator[Path]:
    """Yield the annotation files that a project names."""
    for name in names:
        yield shipped_annotations() if name == SHIPPED_SIDECAR else folder / name
