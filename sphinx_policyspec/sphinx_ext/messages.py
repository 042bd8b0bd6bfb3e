"""Findings as Sphinx warnings of type ``policyspec`` and their code as subtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sphinx.util import logging

from sphinx_policyspec.model import Finding, Severity

__all__ = ["report", "warn"]

_LOGGER = logging.getLogger(__name__)


def warn(message: str, subtype: str) -> None:
    """Warn of something that has no place in a document."""
    _LOGGER.warning(_escaped(message), type="policyspec", subtype=subtype)


def report(findings: Iterable[Finding], srcdir: Path, severities: Mapping[str, str]) -> None:
    """Log findings in source order: errors and warnings as warnings, hints as information.

    :param severities: what the project says of a code: another severity, or ``off``
    """
    for finding in sorted(findings, key=lambda found: (found.span, found.code, found.message)):
        severity = severities.get(finding.code, finding.severity.value)
        if severity == "off":
            continue
        hint = f"; {finding.hint}" if finding.hint else ""
        message = _escaped(finding.message + hint)
        location = f"{srcdir / finding.span.file}:{finding.span.line}" if finding.span.file else None
        log = _LOGGER.info if severity == Severity.HINT else _LOGGER.warning
        log(message, type="policyspec", subtype=finding.code, location=location)


def _escaped(message: str) -> str:
    """Return a message on one line, without control characters that a terminal would obey."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)
