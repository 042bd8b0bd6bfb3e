"""What is named beside a SOURCE: results of evaluations, what people say of it, and what was decided about it."""

from __future__ import annotations

import sphinx_policyspec as ps
from sphinx_policyspec.cli import options

_ABOUT_FILES = frozenset({"annotations", "unreadable-file"})  # findings about registers that cannot be used
beside_feedback_option = options.feedback_option(
    about="What people say of SOURCE: a register of feedback, or a folder of them; may be repeated."
)
beside_decisions_option = options.file_option(
    *("--decisions", "decisions"),
    multiple=True,
    folders=True,
    about="Why SOURCE says what it says: a record of a decision, or a folder of them; may be repeated.",
)
Beside = tuple[ps.Results | None, ps.FeedbackReport | None, ps.DecisionRecordReport | None]
NOTHING: Beside = (None, None, None)


def read_beside(
    read: ps.Loaded | tuple[ps.Spec, ...],
    files: tuple[tuple[str, ...], ...],
    settings: options.Settings,
) -> Beside:
    """Read what is named beside a SOURCE, if anything is, and report what is wrong with it.

    :param files: of results, registers of feedback, and records of decisions
    """
    stores, registers, records = files
    results = ps.read_results(read, *stores) if stores else None
    *older, last = read if isinstance(read, tuple) else (read,)
    report = ps.check_feedback(last, *registers, older=older) if registers else None
    decided = ps.check_decision_records(last, *records, older=older) if records else None
    for found in (results, report, decided):
        settings.report(found.findings if found else ())
    return results, report, decided


def unusable(beside: Beside) -> list[ps.Finding]:
    """Return what is wrong with files that were named beside a SOURCE, so that they could not be used."""
    results, *others = beside
    said = [finding for one in others if one for finding in one.findings]
    return [*(results.findings if results else ()), *(one for one in said if one.code in _ABOUT_FILES)]
