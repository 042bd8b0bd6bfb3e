"""Results as their commands print them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from sphinx_policyspec.errors import SchemaError
from sphinx_policyspec.model.finding import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.compare.history import Lock, LockChange, Moment, Review
    from sphinx_policyspec.decision.behaviour import BehaviourDiff
    from sphinx_policyspec.exports.decisions import Decisions
    from sphinx_policyspec.exports.report_formats import Report
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.reasoning.reasoner import Reasoning
    from sphinx_policyspec.surveys import Survey

__all__ = ["Forms", "Rendered", "forms_of", "render"]

Rendered: TypeAlias = (
    "Answer | BehaviourDiff | Decisions | Lock | Reasoning | Report | Review | SpecDiff | Survey"
    " | Sequence[LockChange] | Sequence[Moment]"
)
"""What functions return that a command prints."""

Forms = Mapping[str, Callable[..., str]]
"""The forms of a result by the names that ``--format`` takes, each with what writes it."""

_FORMS = {
    "Answer": "answers ANSWER_FORMATS",
    "BehaviourDiff": "diff DIFF_FORMATS",
    "Decisions": "decisions DECISION_FORMATS",
    "Lock": "diff.history LOCK_FILE_FORMATS",
    "LockChange": "diff.history LOCK_FORMATS",
    "Moment": "diff.history HISTORY_FORMATS",
    "Reasoning": "answers REASONING_FORMATS",
    "Report": "report_formats REPORT_FORMATS",
    "Review": "diff.history REVIEW_FORMATS",
    "SpecDiff": "diff DIFF_FORMATS",
    "Survey": "surveys SURVEY_FORMATS",
}
"""Where the forms of each kind of result are below ``exports``: a command needs those of one kind."""
_FOR_TERMINALS = frozenset({"Answer", "BehaviourDiff", "Report", "SpecDiff"})
"""Kinds of results whose text fits a terminal."""


def forms_of(kind: str) -> Forms:
    """Return the forms of a kind of result, by the name of its class; of a sequence, of the class of what it holds."""
    module, table = _FORMS[kind].split()
    forms: Forms = getattr(import_module(f"sphinx_policyspec.exports.{module}"), table)
    return {**forms, "baseline": _baseline} if kind == "Report" else forms


def _baseline(report: Report) -> str:
    from sphinx_policyspec.checks.selection import format_baseline  # noqa: PLC0415  few results are reports

    return format_baseline((entry.finding, entry.fingerprint) for entry in report.entries)


def render(result: Rendered, form: str = "text", *, width: int = 0, color: bool = False) -> str:
    """Return a result as its command prints it, such as ``render(diff(old, new), "markdown")``.

    An unknown form raises :class:`SchemaError`.

    :param form: ``text``, ``json``, or what else ``--format`` of the command takes; of a report also ``baseline``, the
        file of findings that are known, and of a lock only ``json``, its file
    :param width: columns of the terminal that ``text`` must fit, if any
    :param color: whether ``text`` may use color
    """
    # Of no changes since a lock there is no first one; a history is never empty.
    kind = type(result).__name__
    if kind not in _FORMS:
        kind = type(next(iter(result))).__name__ if result else "LockChange"  # type: ignore[arg-type]  # a sequence
    forms = forms_of(kind)
    if form not in forms:
        raise SchemaError("; ".join(filter(None, (f"unknown form `{form}`", nearest(form, forms)))))
    given: tuple[Any, ...] = (result,)
    if kind == "BehaviourDiff":
        given = (result.spec, result)  # type: ignore[union-attr]
    looks = {"width": width} if width else {}
    return (
        forms[form](*given, **looks, color=color)
        if form == "text" and kind in _FOR_TERMINALS
        else forms[form](*given)
    )
