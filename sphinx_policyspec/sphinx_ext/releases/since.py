"""An older release beside the spec of a build: where it is, what it says, and what has changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.compare import SpecDiff, compare
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.graph.formats import format_of_suffix
from sphinx_policyspec.model import Spec
from sphinx_policyspec.readers.annotations import annotate, read_annotations, shipped_annotations
from sphinx_policyspec.readers.git import check_out, commit_of, is_git
from sphinx_policyspec.readers.release import is_release, read_release, spec_file

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Since", "sources_state"]


def read_old(source: str, folder: Path, sidecars: Iterable[Path]) -> Spec:
    """Return the spec of an older release: a release folder, a Markdown or graph file, or one as of a revision.

    Raises :class:`~sphinx_policyspec.errors.SourceError` for anything else.

    :param folder: what a relative path is below
    :param sidecars: annotation files of the project, which may speak of ids that the older release lacks
    """
    if is_git(source):
        checkout = check_out(source, folder)
        return read_old(str(checkout.path), folder, sidecars)
    path = folder / source
    if path.is_file() and format_of_suffix(path.suffix) is not None:
        from sphinx_policyspec.graph.from_graph import from_graph  # noqa: PLC0415  rdflib only where it is needed
        from sphinx_policyspec.graph.parse import read_graph  # noqa: PLC0415

        return from_graph(read_graph(path))
    if not is_release(path):
        raise SourceError(f"`{source}` is no release folder, Model Spec Markdown file or graph file")
    spec = read_release(path).spec
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
        file = spec_file(path) if is_release(path) else path
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, PolicySpecError):
        return ""


def sidecars_of(names: Iterable[str], shipped: str, folder: Path) -> Iterator[Path]:
    """Yield the annotation files that a project names."""
    for name in names:
        yield shipped_annotations() if name == shipped else folder / name


@dataclass(slots=True)
class Since:
    """What has changed since older releases; each is read, and compared with the spec of a build, once."""

    _state: str = ""
    _diffs: dict[str, SpecDiff] = field(default_factory=dict)

    def diff(
        self, source: str | Spec, new: Spec, state: str, folder: Path, sidecars: Iterable[Path]
    ) -> SpecDiff:
        """Return what has changed since a release.

        :param source: as for :func:`read_old`, or the spec itself
        :param state: what changes whenever ``new`` or the release does
        """
        if state != self._state:
            self._diffs, self._state = {}, state
        name = source if isinstance(source, str) else ""
        if name not in self._diffs:
            old = source if isinstance(source, Spec) else read_old(source, folder, sidecars)
            self._diffs[name] = compare(old, new)
        return self._diffs[name]
