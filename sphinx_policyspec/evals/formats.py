"""Results of evaluations as text, JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from sphinx_policyspec.evals.graph import result_graph
from sphinx_policyspec.evals.measures import FEW
from sphinx_policyspec.evals.records import EvalRun
from sphinx_policyspec.evals.results import Results
from sphinx_policyspec.evals.rows import ComparedRow, ResultGroup, ResultRow, Trend
from sphinx_policyspec.exports import Formats, json_object, markdown_safe, place_record, spreadsheet_safe
from sphinx_policyspec.files import number_of, printable
from sphinx_policyspec.model import Triage
from sphinx_policyspec.readers.judgements import TRIAGE

_COLUMNS = (
    "run", "model", "grader", "release", "scorer", "evidence", "facet", "group", "title", "kind", "level", "prompts",
    "answers", "excluded", "clusters", "mean", "se", "clustered_se", "fixed_set_se", "low", "high", "method",
    "answer_weighted_mean",
)  # fmt: skip
_SHORT = (
    "group",
    "level",
    "model",
    "scorer",
    "prompts",
    "answers",
    "excluded",
    "mean",
    "low",
    "high",
    "method",
)
_COMPARISON = ("group", "level", "scorer", "prompts", "difference", "low", "high", "p", "p_holm", "mde")
_TREND = ("model", "scorer", "from", "to", "prompts", "left_out", "difference", "low", "high", "p", "p_holm")
_MOST = 20
"""The most ids that a report lists."""


def _rounded(value: float | None, digits: int = 12) -> float | None:
    """Return a figure rounded to ``digits`` significant digits: the last ones depend on the order of sums."""
    return None if value is None else float(f"{value:.{digits}g}") + 0.0


def _group(group: ResultGroup) -> dict[str, Any]:
    return {
        "facet": group.facet,
        "group": group.id,
        "title": group.title,
        "kind": group.kind,
        "level": group.level or None,
    }


def row_record(row: ResultRow) -> dict[str, Any]:
    """Return a row as plain values, unknown ones as ``None``, for JSON, pages and graphs."""
    rate = row.rate
    return {
        "run": row.run.id,
        "model": row.run.model,
        "grader": row.grader or None,
        "release": row.release or None,
        "scorer": row.scorer,
        "evidence": row.evidence,
        **_group(row.group),
        "prompts": rate.prompts,
        "answers": rate.answers,
        "excluded": rate.excluded,
        "clusters": rate.clusters,
        **{
            name: _rounded(getattr(rate, name))
            for name in ("mean", "se", "clustered_se", "fixed_set_se", "low", "high")
        },
        "method": rate.method,
        "answer_weighted_mean": _rounded(rate.answer_weighted_mean),
    }


def triage_record(triage: Triage) -> dict[str, Any]:
    """Return a person's judgement of an output as plain values."""
    texts = {key.name: getattr(triage, key.name) or None for key in TRIAGE}
    return {**texts, "defect": triage.defect.value, **place_record(triage.span)}


def compared_record(row: ComparedRow) -> dict[str, Any]:
    """Return a row of a comparison as plain values."""
    rate = row.rate
    return {
        "facet": row.group.facet,
        "group": row.group.id,
        "title": row.group.title,
        "level": row.group.level or None,
        "scorer": row.scorer,
        "evidence": row.evidence,
        "grader": row.grader or None,
        "a": row.a.id,
        "b": row.b.id,
        "release_a": row.release_a or None,
        "release_b": row.release_b or None,
        "prompts": rate.prompts,
        "only_a": [*row.only_a],
        "only_b": [*row.only_b],
        "clusters": rate.clusters,
        "difference": _rounded(rate.mean),
        **{
            name: _rounded(getattr(rate, name))
            for name in ("se", "clustered_se", "low", "high", "p", "p_holm", "mde")
        },
    }


def trend_record(trend: Trend) -> dict[str, Any]:
    """Return the change from one release to the next as plain values."""
    old, new, rate = trend.old, trend.new, trend.rate
    return {
        "model": new.run.model,
        "scorer": new.scorer,
        "evidence": new.evidence,
        "grader": new.grader or None,
        "from": old.release,
        "to": new.release,
        "prompts": rate.prompts,
        "left_out": trend.left_out,
        "difference": _rounded(rate.mean),
        **{
            name: _rounded(getattr(rate, name))
            for name in ("se", "clustered_se", "low", "high", "p", "p_holm", "mde")
        },
    }


def _run(run: EvalRun, results: Results) -> dict[str, Any]:
    return {
        "run": run.id,
        "file": run.file,
        "tool": run.tool,
        "model": run.model,
        "grader": run.grader or None,
        "created": run.created or None,
        "release": run.release or None,
        "task": run.task or None,
        "cluster": run.cluster,
        "pin": {"spec_sha256": run.spec_sha256 or None, "is_source": results.pins[run.id]},
    }


def _json(results: Results) -> str:
    record = {
        "source": results.source,
        "policy": results.policy,
        "cluster": results.cluster or None,
        "runs": [_run(run, results) for run in results.runs],
        "join": {
            "joined": results.join.joined,
            "by_key": dict(results.join.by_key),
            "unresolved": [
                {
                    "id": one.id,
                    "rows": one.rows,
                    "nearest": one.nearest or None,
                    "last_release": one.last_release or None,
                }
                for one in results.join.unresolved
            ],
            "disagreements": [one._asdict() for one in results.join.disagreements],
        },
        "statuses": {run: dict(counts) for run, counts in results.statuses.items()},
        "results": [*map(row_record, results.rows)],
        "comparison": [*map(compared_record, results.comparison)],
        "trends": [*map(trend_record, results.trends)],
        "without_result": [*results.without_result],
        "tags_without_prompt": [*results.tags_without_prompt],
        "triage": [*map(triage_record, results.triage)],
    }
    return json_object(record, results.findings)


def _rows_of_facet(results: Results) -> list[ResultRow]:
    facets = {"joined", "all"} if results.shown == "all" else {results.shown}
    return [row for row in results.rows if row.group.facet in facets]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def _csv(results: Results) -> str:
    """Return the rows of one facet, or of the comparison if there is one."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if results.comparison:
        rows = [compared_record(row) for row in _comparison_of_facet(results)]
        columns: Sequence[str] = [*rows[0]] if rows else _COMPARISON
    else:
        rows, columns = [row_record(row) for row in _rows_of_facet(results)], _COLUMNS
    writer.writerow(columns)
    for row in rows:
        cells = (" ".join(cell) if isinstance(cell := row[name], list) else cell for name in columns)
        writer.writerow(
            [spreadsheet_safe(printable(cell)) if isinstance(cell, str) else _cell(cell) for cell in cells]
        )
    return file.getvalue()


def _comparison_of_facet(results: Results) -> list[ComparedRow]:
    facets = {"joined", "all"} if results.shown == "all" else {results.shown}
    return [row for row in results.comparison if row.group.facet in facets]


def _tables(results: Results) -> Iterator[tuple[str, tuple[str, ...], list[list[str]]]]:
    """Yield tables with their headings: principles, sections in a table of their own, then the comparison."""
    listed = _rows_of_facet(results)
    apart = [row for row in listed if row.group.kind == "section" and row.group.facet == "provision"]
    for heading, rows in (
        (f"By {results.shown}", [row for row in listed if row not in apart]),
        ("Chapters and sections, which are no principles", apart),
    ):
        if rows:
            yield _table(heading, _SHORT, [row_record(row) for row in rows])
    if results.triage:
        triage_rows = [_cells(triage_record(one), _TRIAGE_COLUMNS) for one in results.triage]
        yield "Outputs that people looked at", _TRIAGE_COLUMNS, triage_rows
    if results.trends and results.shown == "all":
        records = [trend_record(one) for one in results.trends]
        yield (
            "From release to release, on prompts in the same words",
            _TREND,
            [_cells(one, _TREND) for one in records],
        )
    if results.comparison:
        a, b = results.comparison[0].a, results.comparison[0].b
        heading = f"{a.model} ({a.id}) minus {b.model} ({b.id})"
        yield _table(heading, _COMPARISON, [compared_record(row) for row in _comparison_of_facet(results)])


_TRIAGE_COLUMNS = ("principle", "prompt", "model", "release", "defect", "why", "who", "date")
"""Columns of the table of people's judgements of outputs."""


_APART = ("run", "release", "release_a", "release_b", "grader", "evidence")
"""Columns that a table gets where rows would otherwise look alike."""


def _table(
    heading: str, columns: tuple[str, ...], records: list[dict[str, Any]]
) -> tuple[str, tuple[str, ...], list[list[str]]]:
    """Return a table of records, with more columns where they distinguish records that would otherwise look alike."""
    key = [name for name in ("group", "model", "scorer") if name in columns]
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for record in records:
        alike.setdefault(tuple(record[name] for name in key), []).append(record)
    apart = tuple(
        name
        for name in _APART
        if any(name in rows[0] and len({row[name] for row in rows}) > 1 for rows in alike.values())
    )
    headings = (*key, *apart, *(name for name in columns if name not in key)) if apart else columns
    return heading, headings, [_cells(record, headings) for record in records]


def _cells(record: dict[str, Any], columns: Sequence[str]) -> list[str]:
    return [_cell(record[name]) + " (few)" * (name == "prompts" and record[name] < FEW) for name in columns]


def report_lines(results: Results) -> Iterator[str]:
    """Yield the lines that explain the figures: what joined and how, what did not, and which answers count."""
    for run in results.runs:
        counts = ", ".join(f"{status} {count}" for status, count in results.statuses.get(run.id, {}).items())
        rows = [row for row in results.rows if row.run.id == run.id]
        graders = " and ".join(sorted({row.grader or "unknown" for row in rows} or {run.grader or "unknown"}))
        releases = sorted({row.release for row in rows} or {run.release})
        against = " and ".join(release or "unknown" for release in releases)
        yield f"{run.id}: {run.model}, graded by {graders} against release {against}; {counts}"
        others = {
            release for release in releases if release and results.version and release != results.version
        }
        if results.pins[run.id] is False:
            yield f"{run.id}: it was graded against another text than {results.source}"
        elif results.pins[run.id] is None and others:
            yield f"{run.id}: the results of {' and '.join(sorted(others))} are about another text than {results.source}"
    doubtful = {"filtered", "unparsable", "limit"}
    number = sum(
        n for counts in results.statuses.values() for status, n in counts.items() if status in doubtful
    )
    if number:
        is_kept = results.policy == "as-logged"
        what = "count with the value of the log (--policy clean drops them)" if is_kept else "are dropped"
        yield f"{number_of(number, 'answer')} that {'was' if number == 1 else 'were'} filtered, cut off or unparsable {what}"
    keys = ", ".join(f"{key} {count}" for key, count in results.join.by_key.items())
    yield f"joined {results.join.joined} prompts to provisions{': ' * bool(keys)}{keys}"
    unresolved = results.join.unresolved
    for one in unresolved[:_MOST]:
        hint = f"; did you mean `{one.nearest}`?" if one.nearest else ""
        last = f"; release {one.last_release} has it" if one.last_release else ""
        yield f"unresolved: `{one.id[:100]}`, {one.rows} answers{hint}{last}"
    if len(unresolved) > _MOST:
        yield f"and {len(unresolved) - _MOST} more ids are unresolved: --format json has all"
    yield from _pairs(results)
    if results.without_result:
        yield f"{number_of(len(results.without_result), 'principle has', 'principles have')} no result: {_few(results.without_result)}"
    if results.tags_without_prompt:
        yield f"{len(results.tags_without_prompt)} eval tags have no prompt: {_few(results.tags_without_prompt)}"


def _pairs(results: Results) -> Iterator[str]:
    """Yield a line for each comparison that leaves prompts out."""
    for row in results.comparison:
        a, b = row.a, row.b
        if row.group.facet == "all" and a.grader != b.grader and not row.rate.prompts:
            graders = f"{a.grader or 'unknown'} and {b.grader or 'unknown'}"
            yield f"{a.id} and {b.id} were graded by {graders}: nothing can be compared"
        elif row.group.facet == "all" and (row.only_a or row.only_b):
            yield (
                f"{row.scorer}: {number_of(row.rate.prompts, 'prompt is', 'prompts are')} compared; {len(row.only_a)} that {a.id} answered alone "
                f"or in other words, and {len(row.only_b)} of {b.id}, are not"
            )


def _few(names: Sequence[str]) -> str:
    most = 10
    return ", ".join(names[:most]) + f" and {len(names) - most} more" * (len(names) > most)


def _text(results: Results) -> str:
    parts = []
    for heading, columns, rows in _tables(results):
        widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
        lines = [
            "  ".join(printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (columns, *rows)
        ]
        parts.append("\n".join((printable(heading), "", *lines)) + "\n")
    return "\n".join(parts) or "no result\n"


def _markdown(results: Results) -> str:
    parts = []
    for heading, columns, rows in _tables(results):
        lines = ["| " + " | ".join(markdown_safe(cell) for cell in row) + " |" for row in (columns, *rows)]
        lines.insert(1, "|" + " --- |" * len(columns))
        parts.append("\n".join((f"## {markdown_safe(heading)}", "", *lines)) + "\n")
    notes = "\n".join(f"- {markdown_safe(line)}" for line in report_lines(results))
    return "\n".join((*parts, f"## What these figures rest on\n\n{notes}\n"))


def _trig(results: Results) -> str:
    return b"".join(result_graph(results).pieces("trig")).decode()


RESULT_FORMATS: Formats[Results] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
    "trig": _trig,
}
"""Functions that write results, by the names that ``--format`` takes."""
