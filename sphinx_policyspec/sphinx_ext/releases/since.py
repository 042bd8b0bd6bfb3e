"""Older releases beside the spec of a build: where they are, what they say, and what has changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.compare import SpecDiff, compare
from sphinx_policyspec.compare.history import Timeline, before
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

    from sphinx_policyspec.sphinx_ext.knowledge import Knowledge

__all__ = ["Since", "sources_state"]


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


@dataclass(slots=True)
class Since:
    """What has changed since older releases; each is read, and compared with the spec of a build, once."""

    _state: str = ""
    _older: dict[str, tuple[Spec, ...]] = field(default_factory=dict)
    _problems: dict[str, PolicySpecError] = field(default_factory=dict)
    _diffs: dict[str, SpecDiff | None] = field(default_factory=dict)
    _timeline: Timeline | None = None

    def is_on(self, env: BuildEnvironment) -> bool:
        """Tell whether the project, or the command line, names older releases."""
        from sphinx_policyspec.sphinx_ext.knowledge import domain_of  # noqa: PLC0415  which knows of questions

        editions = domain_of(env).editions
        if editions is not None:
            return editions.place > 0
        return bool(domain_of(env).older or PolicySpecConfig.of(env.config).older)

    def diff(self, env: BuildEnvironment, knowledge: Knowledge, source: str = "") -> SpecDiff | None:
        """Return what has changed since the last older release; ``None`` where there is none.

        Raises :class:`~sphinx_policyspec.errors.PolicySpecError` where it cannot be read.

        :param source: by default what the project compares itself with, or what a handbook was given
        """
        self._look(env, knowledge)
        if not source and self._timeline:
            return self._timeline.diffs[-1]
        if source not in self._diffs:
            compared = partial(self._compared, env, knowledge, source)
            self._diffs[source] = kept(Path(env.doctreedir), f"diff {source}", self._state, compared)
        return self._diffs[source]

    def _compared(self, env: BuildEnvironment, knowledge: Knowledge, source: str) -> SpecDiff | None:
        older = self._releases(env, knowledge, source)
        return compare(older[-1], knowledge.spec(env)) if older else None

    def timeline(self, env: BuildEnvironment, knowledge: Knowledge) -> Timeline | None:
        """Return all older releases with the spec of the build as the last; else as :meth:`diff`."""
        last = self.diff(env, knowledge)
        if last is not None and self._timeline is None:
            older = self._releases(env, knowledge, "")
            diffs = (compare(one, other) for one, other in pairwise(older))
            self._timeline = Timeline(specs=(*older, knowledge.spec(env)), diffs=(*diffs, last))
        return self._timeline

    def _look(self, env: BuildEnvironment, knowledge: Knowledge) -> None:
        """Forget what was so before the spec or an older release changed."""
        state = knowledge.digest(env)
        if state != self._state:
            from sphinx_policyspec.sphinx_ext.knowledge import domain_of  # noqa: PLC0415  which knows of questions

            editions = domain_of(env).editions
            self._state, self._older, self._diffs, self._problems = state, {}, {}, {}
            self._timeline = editions.past if editions and editions.place else None

    def _releases(self, env: BuildEnvironment, knowledge: Knowledge, source: str) -> tuple[Spec, ...]:
        if source in self._problems:
            raise self._problems[source]
        if source not in self._older:
            try:
                self._older[source] = self._read(env, knowledge, source)
            except PolicySpecError as error:
                # Each page asks; what takes long to fail is not tried again for each.
                self._problems[source] = error
                raise
        return self._older[source]

    @staticmethod
    def _read(env: BuildEnvironment, knowledge: Knowledge, source: str) -> tuple[Spec, ...]:
        from sphinx_policyspec.sphinx_ext.knowledge import domain_of  # noqa: PLC0415  which knows of questions

        config, folder, new = PolicySpecConfig.of(env.config), Path(env.srcdir), knowledge.spec(env)
        given = () if source else domain_of(env).older
        sidecars = list(_sidecars_of(config.annotations, folder))
        sources = () if given else (source,) if source else config.older
        read = (_kept_older(name, folder, sidecars, Path(env.doctreedir)) for name in sources)
        return tuple(spec for group in (*given, *read) for spec in before(group, new))
