"""What has changed since older releases, found when something asks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.given import Older
from sphinx_policyspec.sphinx_ext.store import cached

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.compare.history import Timeline
    from sphinx_policyspec.model import Spec
    from sphinx_policyspec.sources import Reader
    from sphinx_policyspec.sphinx_ext.spec import Knowledge

__all__ = ["Since"]


def _of_source(env: BuildEnvironment, source: str, reader: Reader) -> tuple[Spec, ...]:
    """Return the releases of a source, from a file where nothing has changed since it was last read."""
    state = reader.state(source)

    def read() -> tuple[Spec, ...]:
        return tuple(loaded.spec for loaded in reader.releases(source))

    if not state:
        # What cannot be looked at cannot be read either, and says why.
        return read()
    notes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in reader.otherwise if path.is_file()]
    of = repr((state, notes, reader.options))
    return cached(env, f"older {source} {reader.options.builder}", of, read)


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
        editions = domain_of(env).given.editions
        if editions is not None:
            return editions.place > 0
        return bool(domain_of(env).given.older or PolicySpecConfig.of(env.config).older)

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
            self._diffs[source] = cached(env, f"diff {source}", self._state, compared)
        return self._diffs[source]

    def _compared(self, env: BuildEnvironment, knowledge: Knowledge, source: str) -> SpecDiff | None:
        from sphinx_policyspec.compare import compare  # noqa: PLC0415  few projects compare

        older = self.releases(env, knowledge, source)
        return compare(older[-1], knowledge.spec(env)) if older else None

    def timeline(self, env: BuildEnvironment, knowledge: Knowledge) -> Timeline | None:
        """Return all older releases with the spec of the build as the last; else as :meth:`diff`."""
        last = self.diff(env, knowledge)
        if last is not None and self._timeline is None:
            from sphinx_policyspec.compare import compare  # noqa: PLC0415
            from sphinx_policyspec.compare.history import Timeline  # noqa: PLC0415

            older = self.releases(env, knowledge)
            diffs = (compare(one, other) for one, other in pairwise(older))
            self._timeline = Timeline(specs=(*older, knowledge.spec(env)), diffs=(*diffs, last))
        return self._timeline

    def _look(self, env: BuildEnvironment, knowledge: Knowledge) -> None:
        """Forget what was so before the spec or an older release changed."""
        state = knowledge.digest(env)
        if state != self._state:
            editions = domain_of(env).given.editions
            self._state, self._older, self._diffs, self._problems = state, {}, {}, {}
            self._timeline = editions.past if editions and editions.place else None

    def releases(self, env: BuildEnvironment, knowledge: Knowledge, source: str = "") -> tuple[Spec, ...]:
        """Return the older releases of a source, or of all that the project or the command line names."""
        self._look(env, knowledge)
        if source in self._problems:
            raise self._problems[source]
        from sphinx_policyspec.compare.history import before  # noqa: PLC0415  few projects compare

        if source not in self._older:
            names = (source,) if source else PolicySpecConfig.of(env.config).older
            own = tuple(partial(_of_source, env, name) for name in names)
            every: tuple[Older, ...] = own if source else domain_of(env).given.older or own
            reader = domain_of(env).given.reader(knowledge.sidecars(env))
            new = knowledge.spec(env)
            try:
                self._older[source] = tuple(spec for older in every for spec in before(older(reader), new))
            except PolicySpecError as error:
                # Each page asks; what takes long to fail is not tried again for each.
                self._problems[source] = error
                raise
        return self._older[source]
