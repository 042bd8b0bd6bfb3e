"""The files about a spec, read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from sphinx_policyspec.api.decision_records import check_decision_records
from sphinx_policyspec.api.feedback import check_feedback
from sphinx_policyspec.api.reading import ReadingOptions, spec_of
from sphinx_policyspec.beside import Beside, BesideFiles
from sphinx_policyspec.model import Spec
from sphinx_policyspec.sources import Loaded


def read_beside(
    read: Loaded | Sequence[Loaded | Spec], files: BesideFiles, **options: Unpack[ReadingOptions]
) -> Beside:
    """Return the contents of files about a spec, or the last of several releases, with their findings.

    :param read: also releases, oldest first; those that a project names, or that lie beside one, are known anyway
    :param options: how it was read, as for :func:`load`
    """
    *older, last = (read,) if isinstance(read, Loaded) else read
    before = tuple(map(spec_of, older)) or (last.past if isinstance(last, Loaded) else ())
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
