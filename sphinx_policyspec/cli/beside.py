"""What is named beside a SOURCE: results of evaluations, and what people say of it."""

from __future__ import annotations

from collections.abc import Sequence

import sphinx_policyspec as ps
from sphinx_policyspec.cli import options

_ABOUT_FILES = frozenset({"annotations", "unreadable-file"})  # findings about registers that cannot be used
beside_feedback_option = options.feedback_option(
    about="What people say of SOURCE: a register of feedback, or a folder of them; may be repeated."
)
Beside = tuple[ps.Results | None, ps.FeedbackReport | None]
NOTHING: Beside = (None, None)


def read_beside(
    read: ps.Loaded | tuple[ps.Spec, ...],
    files: Sequence[str],
    registers: Sequence[str],
    settings: options.Settings,
) -> Beside:
    """Read the results and the feedback that are named beside a SOURCE, if any are, and report what is wrong with them."""
    results = ps.read_results(read, *files) if files else None
    *older, last = read if isinstance(read, tuple) else (read,)
    report = ps.check_feedback(last, *registers, older=older) if registers else None
    for found in (results, report):
        settings.report(found.findings if found else ())
    return results, report


def unusable(beside: Beside) -> list[ps.Finding]:
    """Return what is wrong with files that were named beside a SOURCE, so that they could not be used."""
    results, report = beside
    said = report.findings if report else ()
    return [*(results.findings if results else ()), *(one for one in said if one.code in _ABOUT_FILES)]
