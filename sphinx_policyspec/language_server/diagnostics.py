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
    """The diagnostics of a root, file by file; those of a file are made anew only where its findings or its text are other ones."""

    def __init__(self, root: Root, uri_of: Callable[[Path], str]) -> None:
        self._root = root
        self._uri_of = uri_of
        self._known: dict[Path, tuple[object, list[types.Diagnostic]]] = {}

    def of(
        self,
        result: Result,
        settings: EditorSettings,
        held: Mapping[Path, object],
        text_of: Callable[[Path], Text],
    ) -> dict[Path, list[types.Diagnostic]]:
        """Return the diagnostics of each file that has any.

        :param held: the texts that the client holds
        :param text_of: returns the text of any file
        """
        fixes = grouped((fix.finding, fix) for fix in result.fixes)
        # Where a link leads takes long to find out, and many findings stand in one file.
        path_of = cache(self._root.path_of)
        told = grouped((path_of(entry.finding.span.file), entry) for entry in result.told)
        known, self._known = self._known, {}
        for path, entries in told.items():
            key = (entries, held.get(path), settings, [fixes.get(entry.finding) for entry in entries])
            if path not in known or known[path][0] != key:
                made = [
                    _diagnostic(entry, fixes, path_of, settings, text_of, uri_of=self._uri_of)
                    for entry in entries
                ]
                known[path] = (key, [one for one in made if one])
            self._known[path] = known[path]
        found = {path: made for path, (_key, made) in self._known.items() if made}
        if result.left_out:
            conf = self._root.folder / "conf.py"
            found[conf] = [*found.get(conf, ()), *_left_out(result, text_of(conf))]
        return found


def _left_out(result: Result, text: Text) -> Iterator[types.Diagnostic]:
    """Yield what is not known of a project, since its ``conf.py`` is not run."""
    for line, said in result.left_out:
        yield types.Diagnostic(
            range=text.range_of(Span("conf.py", line)),
            message=said,
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
    """Return a fix as it goes to the client and back: its file and range, as numbers, and the text that takes its place."""
    place = text.exact_range(fix.span)
    ends = (place.start.line, place.start.character, place.end.line, place.end.character)
    return {"file": fix.span.file, "range": list(ends), "text": fix.text}
