"""What files say of a spec beside it, read at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.api.decision_records import check_decision_records
from sphinx_policyspec.api.feedback import check_feedback
from sphinx_policyspec.api.reading import ReadingOptions, spec_of
from sphinx_policyspec.beside import Beside
from sphinx_policyspec.model import Spec
from sphinx_policyspec.readers.decision_records import decision_record_files
from sphinx_policyspec.readers.feedback import feedback_files
from sphinx_policyspec.sources import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideFiles:
    """Files that are named beside a SOURCE.

    :param results: of evaluations, as :func:`read_results` takes them
    :param feedback: registers of feedback, or folders of them
    :param decisions: records of decisions, or folders of them
    """

    results: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The options of commands that name them, each with its value."""
        named = {"--results": self.results, "--feedback": self.feedback, "--decisions": self.decisions}
        return tuple((option, one) for option, values in named.items() for one in values)

    def __bool__(self) -> bool:
        """Return whether any is named."""
        return bool(self.words)

    @property
    def each(self) -> Iterator[Path]:
        """Yield every file that is read, those of folders, too."""
        for path in map(Path, self.results):
            yield from (path, *path.rglob("*"))
        for path in map(Path, self.feedback):
            yield from feedback_files(path)
        for path in map(Path, self.decisions):
            yield from decision_record_files(path)


NO_FILES = BesideFiles()
"""Where none is named."""


def read_beside(
    read: Loaded | Sequence[Loaded | Spec], files: BesideFiles, **options: Unpack[ReadingOptions]
) -> Beside:
    """Return what files say of what was read, of the last of several releases, and what is wrong with them.

    :param read: also releases from the first to the last; those that lie beside one are known anyway
    :param options: how it was read, as for :func:`load`
    """
    *older, last = (read,) if isinstance(read, Loaded) else read
    before = tuple(map(spec_of, older))
    results = None
    if files.results:
        from sphinx_policyspec.api.evals import read_results  # noqa: PLC0415  few callers evaluate

        results = read_results((*before, spec_of(last)) if before else last, *files.results)
    return Beside(
        results=results,
        feedback=check_feedback(last, *files.feedback, older=before, **options) if files.feedback else None,
        decisions=check_decision_records(last, *files.decisions, older=before, **options)
        if files.decisions
        else None,
    )
