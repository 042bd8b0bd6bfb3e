"""Findings as diagnostics of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsprotocol import types

from sphinx_policyspec.checks.fixes import Fix
from sphinx_policyspec.exports.report_formats import HELP, Reported
from sphinx_policyspec.language_server.places import Text, uri_of
from sphinx_policyspec.language_server.reading import Result
from sphinx_policyspec.language_server.roots import EditorSettings, Root
from sphinx_policyspec.model import Finding, Severity, Span

SOURCE = "policyspec"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}
_UNNECESSARY, _DEPRECATED = frozenset({"unused-ignore"}), frozenset({"outdated-reference"})


def diagnostics_of(
    root: Root, result: Result, settings: EditorSettings, text_of: Callable[[Path], Text]
) -> dict[Path, list[types.Diagnostic]]:
    """Return the diagnostics of a root, file by file."""
    found: dict[Path, list[types.Diagnostic]] = {}
    fixes: dict[Finding, list[Fix]] = {}
    for fix in result.fixes:
        fixes.setdefault(fix.finding, []).append(fix)
    for entry in result.told:
        if entry.finding.severity is Severity.HINT and settings.hints == "off":
            continue
        path = root.path_of(entry.finding.span.file)
        made = _diagnostic(entry, root, settings, text_of)
        made.data = {
            "fingerprint": entry.fingerprint,
            "fixes": [_edit(fix, text_of(path)) for fix in fixes.get(entry.finding, ())],
        }
        found.setdefault(path, []).append(made)
    if result.left_out:
        conf = root.folder / "conf.py"
        text = text_of(conf)
        for line, said in result.left_out:
            found.setdefault(conf, []).append(
                types.Diagnostic(
                    range=text.range_of(Span("conf.py", line)),
                    message=f"{said}; trust the workspace and set `policyspec.runConf` to run it",
                    severity=types.DiagnosticSeverity.Information,
                    source=SOURCE,
                )
            )
    return found


def _diagnostic(
    entry: Reported, root: Root, settings: EditorSettings, text_of: Callable[[Path], Text]
) -> types.Diagnostic:
    finding = entry.finding
    severity = _SEVERITIES[finding.severity]
    if severity is types.DiagnosticSeverity.Hint and settings.hints == "information":
        severity = types.DiagnosticSeverity.Information
    tags = [types.DiagnosticTag.Unnecessary] * (finding.code in _UNNECESSARY)
    tags += [types.DiagnosticTag.Deprecated] * (finding.code in _DEPRECATED)
    hint = f"\n{finding.hint}" if finding.hint else ""
    related = [_related(span, root, text_of) for span in finding.related]
    return types.Diagnostic(
        range=text_of(root.path_of(finding.span.file)).range_of(finding.span),
        message=f"{finding.message}{hint}",
        severity=severity,
        code=finding.code,
        code_description=types.CodeDescription(href=f"{HELP}{finding.code}"),
        source=SOURCE,
        tags=tags or None,
        related_information=related or None,
    )


def _related(span: Span, root: Root, text_of: Callable[[Path], Text]) -> types.DiagnosticRelatedInformation:
    path = root.path_of(span.file)
    place = types.Location(uri=uri_of(path), range=text_of(path).range_of(span))
    return types.DiagnosticRelatedInformation(location=place, message=f"{span.file}:{span.line}")


def _edit(fix: Fix, text: Text) -> dict[str, object]:
    """Return a fix as it goes to the client and back: its range, as numbers, and the text that takes its place."""
    place = text.exact_range(fix.span)
    ends = (place.start.line, place.start.character, place.end.line, place.end.character)
    return {"range": list(ends), "text": fix.text}
