"""Findings as Sphinx warnings of type ``policyspec`` and their code as subtype."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.checks.selection import Selection, fingerprints, read_baseline
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Finding, Severity
from sphinx_policyspec.readers.source_lines import SourceLines
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, severities

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["report", "words_of"]

_LOGGER = logging.getLogger(__name__)


def report(app: Sphinx, findings: Iterable[Finding]) -> None:
    """Log findings in source order: errors and warnings as warnings, hints as information.

    Those of the project's baseline are held back, and its severities hold.
    """
    srcdir = Path(app.srcdir)
    chosen = in_source_order(list(Selection(severity=severities(app.config)).of(findings)))
    for finding in _unknown(app, chosen):
        location = f"{srcdir / finding.span.file}:{finding.span.line}" if finding.span.file else None
        log = _LOGGER.info if finding.severity is Severity.HINT else _LOGGER.warning
        log(words_of(finding), type="policyspec", subtype=finding.code, location=location)


def words_of(finding: Finding) -> str:
    """Return what a warning says of a finding."""
    hint = f"; {finding.hint}" if finding.hint else ""
    return _escaped(finding.message + hint)


def _unknown(app: Sphinx, findings: tuple[Finding, ...]) -> Iterable[Finding]:
    """Return the findings that are not in the baseline; one that cannot be read holds none."""
    baseline = PolicySpecConfig.of(app.config).baseline
    if not baseline or not findings:
        return findings
    try:
        known = read_baseline(Path(app.confdir, baseline))
    except PolicySpecError:
        return findings
    marks = fingerprints(findings, SourceLines(Path(app.srcdir)))
    return [finding for finding, mark in zip(findings, marks, strict=True) if mark not in known]


def _escaped(message: str) -> str:
    """Return a message on one line, without control characters that a terminal would obey."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)
