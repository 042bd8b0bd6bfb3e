"""Alignments and reports about them: text that a person understands alone, TSV, JSON, and findings for other tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sphinx_policyspec.alignments import MANUAL, Alignment
from sphinx_policyspec.alignments.check import AlignmentReport, ChangedText
from sphinx_policyspec.alignments.drafts import AlignmentUpdate
from sphinx_policyspec.alignments.sides import SIDES
from sphinx_policyspec.alignments.sssom import write_sssom
from sphinx_policyspec.checks.selection import fingerprints
from sphinx_policyspec.exports import Formats, json_object, place_record
from sphinx_policyspec.exports.diff.json import text_record
from sphinx_policyspec.exports.diff.outline import changed_units
from sphinx_policyspec.exports.diff.text import unit_lines
from sphinx_policyspec.exports.report_formats import REPORT_FORMATS, Report, Reported
from sphinx_policyspec.files import printable
from sphinx_policyspec.model import rules
from sphinx_policyspec.readers.text import SourceLines

_WIDTH = 100


def _json(report: AlignmentReport) -> str:
    told = {
        "specs": [
            {"title": spec.title, "release": spec.version, "base": iris.base}
            for spec, iris in zip(report.specs.specs, report.specs.iris, strict=True)
        ],
        "alignments": [_alignment_record(one) for one in report.alignments],
        "changed": [_changed_record(one) for one in report.changed],
        "unmapped": [[*ids] for ids in report.unmapped],
    }
    return json_object(told, report.findings)


def _alignment_record(alignment: Alignment) -> dict[str, Any]:
    found = Counter(predicate.word for _, predicate in alignment.matches())
    return {
        "id": alignment.id,
        "file": alignment.file,
        "rows": len(alignment.rows),
        "matches": {word: found[word] for word in sorted(found)},
        "not_found": sum(alignment.lacks(row, side) for row in alignment.rows for side in SIDES),
        "drafts": sum(row.is_draft for row in alignment.rows),
        "justifications": dict(
            sorted(Counter(row.mapping_justification for row in alignment.rows if not row.is_draft).items())
        ),
    }


def _changed_record(one: ChangedText) -> dict[str, Any]:
    return {
        **place_record(one.span),
        "side": one.side,
        "id": one.id,
        "digest": one.digest,
        "text": text_record(one.change) if one.change else None,
    }


def _text(report: AlignmentReport) -> str:
    lines: list[str] = []
    changed = {one.span: one for one in report.changed}
    for finding in report.findings:
        lines.append(printable(str(finding)))
        if finding.code == "text-changed-since":
            lines += _diff(changed[finding.span])
    lines += (line for one in report.alignments for line in _summary(one))
    return "".join(f"{line}\n" for line in lines)


def _diff(one: ChangedText) -> Iterator[str]:
    for unit in changed_units(one.change):
        yield from unit_lines(unit, _WIDTH, color=False)


def _summary(alignment: Alignment) -> Iterator[str]:
    record = _alignment_record(alignment)
    parts = [f"{number} {word}" for word, number in record["matches"].items()]
    parts += [f"{record['not_found']} not found"] if record["not_found"] else []
    parts += [f"{record['drafts']} not filled in"] if record["drafts"] else []
    told = f": {', '.join(parts)}" if parts else ""
    yield printable(f"{alignment.file}: {record['rows']} rows{told}")
    others = {name: count for name, count in record["justifications"].items() if name not in {MANUAL, ""}}
    for name, count in others.items():
        yield printable(f"  {count} rows are justified by {name}")


def _as(form: str) -> Callable[[AlignmentReport], str]:
    """Return what writes the findings in a form of reports about specs."""

    def write(report: AlignmentReport) -> str:
        lines = SourceLines(Path())
        marks = fingerprints(report.findings, lines)
        entries = tuple(
            Reported(finding=finding, fingerprint=mark)
            for finding, mark in zip(report.findings, marks, strict=True)
        )
        named = ", ".join(one.file for one in report.alignments)
        return REPORT_FORMATS[form](
            Report(source=named, lines=lines, rules=tuple(rules().values()), entries=entries)
        )

    return write


ALIGNMENT_REPORT_FORMATS: Formats[AlignmentReport] = {
    "text": _text,
    "json": _json,
    "github": _as("github"),
    "sarif": _as("sarif"),
}
"""The forms of a report about alignments."""


def _update_json(update: AlignmentUpdate) -> str:
    told = {
        "file": update.alignment.file,
        "renamed": [{"line": line, "old": old, "new": new} for line, old, new in update.renamed],
        "filled": update.filled,
    }
    return json_object(told, update.findings)


ALIGNMENT_FORMATS: Formats[Alignment] = {"tsv": write_sssom}
"""The forms of an alignment."""

UPDATE_FORMATS: Formats[AlignmentUpdate] = {
    "tsv": lambda update: write_sssom(update.alignment),
    "json": _update_json,
}
"""The forms of an alignment that follows its specs."""
