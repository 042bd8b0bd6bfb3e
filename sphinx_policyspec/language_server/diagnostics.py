"""Findings as diagnostics of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from lsprotocol import types

from sphinx_policyspec.checks.fixes import Fix
from sphinx_policyspec.exports.report_formats import HELP, Reported
from sphinx_policyspec.files import grouped
from sphinx_policyspec.language_server.places import Text
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


class Diagnostics:
    """The diagnostics of a root by file; those of a file are only built again if its findings or its text change."""

    def __init__(self, root: Root, uri_of: Callable[[Path], str]) -> None:
        self._root = root
        self._uri_of = uri_of
        self._cache: dict[Path, tuple[object, list[types.Diagnostic]]] = {}

    def of(
        self,
        result: Result,
        settings: EditorSettings,
        open_texts: Mapping[Path, object],
        text_of: Callable[[Path], Text],
    ) -> dict[Path, list[types.Diagnostic]]:
        """Return the diagnostics of each file that has any.

        :param open_texts: the texts that are open in the client
        :param text_of: returns the text of any file
        """
        fixes = grouped((fix.finding, fix) for fix in result.fixes)
        # Resolving links is slow, and many findings are in the same file.
        path_of = cache(self._root.path_of)
        by_path = grouped((path_of(entry.finding.span.file), entry) for entry in result.entries)
        previous, self._cache = self._cache, {}
        for path, entries in by_path.items():
            key = (entries, open_texts.get(path), settings, [fixes.get(entry.finding) for entry in entries])
            if path not in previous or previous[path][0] != key:
                diagnostics = [
                    _diagnostic(entry, fixes, path_of, settings, text_of, uri_of=self._uri_of)
                    for entry in entries
                ]
                previous[path] = (key, [one for one in diagnostics if one])
            self._cache[path] = previous[path]
        by_file = {path: diagnostics for path, (_key, diagnostics) in self._cache.items() if diagnostics}
        if result.left_out:
            conf = self._root.folder / "conf.py"
            by_file[conf] = [*by_file.get(conf, ()), *_left_out(result, text_of(conf))]
        return by_file


def _left_out(result: Result, text: Text) -> Iterator[types.Diagnostic]:
    """Yield diagnostics of what is unknown of a project because its ``conf.py`` is not run."""
    for line, message in result.left_out:
        yield types.Diagnostic(
            range=text.range_of(Span("conf.py", line)),
            message=message,
            severity=types.DiagnosticSeverity.Information,
            source=SOURCE,
        )


def _diagnostic(
    entry: Reported,
    fixes: Mapping[Finding, list[Fix]],
    path_of: Callable[[str], Path],
    settings: EditorSettings,
    text_of: Callable[[Path], Text],
    *,
    uri_of: Callable[[Path], str],
) -> types.Diagnostic | None:
    finding = entry.finding
    severity = _SEVERITIES[finding.severity]
    if severity is types.DiagnosticSeverity.Hint:
        if settings.hints == "off":
            return None
        severity = types.DiagnosticSeverity.Information if settings.hints == "information" else severity
    tags = [types.DiagnosticTag.Unnecessary] * (finding.code in _UNNECESSARY)
    tags += [types.DiagnosticTag.Deprecated] * (finding.code in _DEPRECATED)
    hint = f"\n{finding.hint}" if finding.hint else ""
    related = [_related(span, path_of, text_of, uri_of) for span in finding.related]
    text = text_of(path_of(finding.span.file))
    return types.Diagnostic(
        range=text.range_of(finding.span),
        message=f"{finding.message}{hint}",
        severity=severity,
        code=finding.code,
        code_description=types.CodeDescription(href=f"{HELP}{finding.code}"),
        source=SOURCE,
        tags=tags or None,
        related_information=related or None,
        data={
            "fingerprint": entry.fingerprint,
            "fixes": [_edit(fix, text_of(path_of(fix.span.file))) for fix in fixes.get(finding, ())],
        },
    )


def _related(
    span: Span,
    path_of: Callable[[str], Path],
    text_of: Callable[[Path], Text],
    uri_of: Callable[[Path], str],
) -> types.DiagnosticRelatedInformation:
    path = path_of(span.file)
    place = types.Location(uri=uri_of(path), range=text_of(path).range_of(span))
    return types.DiagnosticRelatedInformation(location=place, message=f"{span.file}:{span.line}")


def _edit(fix: Fix, text: Text) -> dict[str, object]:
    """Return a fix as it is sent to the client and back: its file, its range as numbers, and the replacement."""
    place = text.exact_range(fix.span)
    ends = (place.start.line, place.start.character, place.end.line, place.end.character)
    return {"file": fix.span.file, "range": list(ends), "text": fix.text}
