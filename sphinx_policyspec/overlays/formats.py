"""Reports about overlays: text that explains itself, JSON, and witnesses as case files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from textwrap import indent
from typing import Any

import yaml

from sphinx_policyspec.exports import Formats, json_object, place_record
from sphinx_policyspec.exports.report_formats import findings_report
from sphinx_policyspec.files import printable
from sphinx_policyspec.model import Finding, Item, RebaseEffect, RefusalCode, Severity
from sphinx_policyspec.overlays.check import OVERRIDDEN, OverlayReport, instead, why
from sphinx_policyspec.overlays.drafts import OverlayDraft, statement_records
from sphinx_policyspec.overlays.pages import DraftCandidate, LineKind
from sphinx_policyspec.overlays.quotations import Quotation
from sphinx_policyspec.overlays.rebase import OverlayRebase, RebasedStatement
from sphinx_policyspec.overlays.verdicts import StatementVerdict, Witness


def case_record(witness: Witness) -> dict[str, Any]:
    """Return a witness as a record of a case file that expects its labels."""
    case = witness.case
    switches = {"first_party": True} if case.semantics.first_party else {}
    return {
        "title": case.title,
        **({"semantics": switches} if switches else {}),
        "items": [_item_record(item) for item in case.items],
        "expect": {"labels": {name: label.value for name, label in witness.decision.labels.items()}},
    }


def _item_record(item: Item) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": item.id,
        "from": item.role,
        "principle": item.principle,
        "level": item.level,
        "source": item.source,
        "turn": item.turn if not item.principle else "",
        "mode": "" if item.explicit else "implicit",
        "issue": item.issue,
        "value": item.value,
    }
    record = {key: value for key, value in values.items() if value != ""}
    if item.delegates:
        record["delegates"] = {"source": item.delegates.source, "scope": [*item.delegates.scope]}
    return record


def witness_files(report: OverlayReport) -> dict[str, str]:
    """Return the witnesses of all statements as files of cases, by name."""
    return {
        f"{verdict.overlay.name}-{verdict.statement.id}.yaml".replace("/", "-"): case_file(verdict)
        for verdict in report.verdicts
    }


def case_file(verdict: StatementVerdict) -> str:
    """Return the witnesses of a statement as a file of cases, which `policyspec resolve` decides in the same way."""
    records = [case_record(part.witness) for part in verdict.parts]
    return str(yaml.safe_dump(records, sort_keys=False, allow_unicode=True, width=100))


# -- JSON --------------------------------------------------------------------------------------


def _json(report: OverlayReport) -> str:
    upstream = report.upstream
    record = {
        "upstream": {"title": upstream.title, "release": upstream.version, "sha256": report.digest},
        "overlays": [
            {"overlay": one.name, "file": one.file, "holder": one.holder, "surface": one.surface.value}
            for one in report.overlays
        ],
        "statements": [_statement_record(report, verdict) for verdict in report.verdicts],
    }
    return json_object(record, report.findings)


def _statement_record(report: OverlayReport, verdict: StatementVerdict) -> dict[str, Any]:
    part, statement = verdict.decisive, verdict.statement
    level = part.level
    return {
        "id": verdict.id,
        "operation": statement.operation.value,
        "target": part.about or statement.name,
        "clause": part.clause,
        "verdict": "allowed" if verdict.is_allowed else "refused",
        "code": verdict.code.value if verdict.code else None,
        "level": level.id if level else None,
        "mode": level.override.value if level else None,
        "rule": part.witness.rule or None,
        "quoted": quotation_record(part.quoted) if part.quoted else None,
        "witness": {
            "case": case_record(part.witness),
            "labels": {name: label.value for name, label in part.witness.decision.labels.items()},
        },
        "parts": [
            {
                "about": one.about,
                "clause": one.clause,
                "verdict": "allowed" if one.is_allowed else "refused",
                "code": one.code.value if one.code else None,
                "level": one.level.id if one.level else None,
                "rule": one.witness.rule or None,
                "quoted": quotation_record(one.quoted) if one.quoted else None,
                "others": [quotation_record(other) for other in one.others],
            }
            for one in verdict.parts
        ],
        "instead": instead(verdict, report.norms) or None,
        "notes": [note.value for note in verdict.notes],
    }


def quotation_record(quotation: Quotation) -> dict[str, Any]:
    """Return a sentence of upstream and its place as plain values."""
    return {"text": quotation.text, "locator": quotation.locator, **place_record(quotation.span)}


# -- text --------------------------------------------------------------------------------------


def _text(report: OverlayReport) -> str:
    lines = [line for verdict in report.verdicts for line in (*_statement_lines(report, verdict), "")]
    codes = {verdict.code.value for verdict in report.refused if verdict.code}
    others = [one for one in report.findings if one.code not in codes]
    lines += [line for one in others for line in _finding_lines(one)]
    upstream = " ".join(filter(None, (report.upstream.title, report.upstream.version)))
    return "".join(f"{printable(line)}\n" for line in (*lines, f"{report.summary} (upstream: {upstream})"))


def _finding_lines(finding: Finding) -> Iterator[str]:
    if finding.severity is not Severity.HINT:
        yield str(finding)


def _statement_lines(report: OverlayReport, verdict: StatementVerdict) -> Iterator[str]:
    statement, part = verdict.statement, verdict.decisive
    place = statement.span.place
    about = ", ".join(
        (statement.name,) if statement.name else [target.provision for target in statement.targets]
    )
    outcome = "allowed" if verdict.is_allowed else f"refused ({verdict.code})"
    yield f"{statement.id}: {outcome}: {statement.operation} {about} ({place})"
    if not verdict.is_allowed:
        yield f"  {why(verdict)}"
    if part.level:
        rule = f", rule {part.witness.rule}" if part.witness.rule else ""
        yield f"  level {part.level.id}, overridden {OVERRIDDEN[part.level.override.value]}{rule}"
    if part.quoted:
        yield f"  {part.quoted.cited}"
    if verdict.code is RefusalCode.WEAKENED and (more := _more_with_the_term(verdict)):
        yield f"  the term is in {more}, too"
    for note in verdict.notes:
        yield f"  note: {note}"
    if not verdict.is_allowed:
        yield from (f"  {line}" for line in conversation(part.witness))
        if cure := instead(verdict, report.norms):
            yield f"  instead: {cure}"


_FEW = 5
"""The number of places of a term that are listed."""


def _more_with_the_term(verdict: StatementVerdict) -> str:
    """Return where upstream uses a term besides the quoted sentence."""
    places = [one.locator for part in verdict.parts for one in (part.quoted, *part.others) if one][1:]
    listing = ", ".join(places[:_FEW])
    return (
        f"{listing} and {len(places) - _FEW} more places (`--format json`)" if len(places) > _FEW else listing
    )


def conversation(witness: Witness) -> Iterator[str]:
    """Yield a witness line by line: who speaks, the issue and value, and the label."""
    for item in witness.case.items:
        who = f"upstream ({item.principle})" if item.principle else item.role or item.level or item.source
        how = "" if item.explicit or item.principle else ", implied"
        label = witness.decision.labels[item.id].value
        yield f"{who}{how}: {item.issue} = {item.value} → {label}"


def _findings(form: str) -> Callable[[OverlayReport], str]:
    """Return a function that writes the findings in a form of reports about specs."""
    return lambda report: findings_report(
        form, ", ".join(overlay.file for overlay in report.overlays), report.findings
    )


# -- effects of the next release ---------------------------------------------------------------


def _rebase_text(rebase: OverlayRebase) -> str:
    lines = [line for one in rebase.statements for line in (*_rebase_lines(one), "")]
    effects = [effect for one in rebase.statements for effect in one.effects]
    effects += [RebaseEffect.NOT_JUDGED] * sum(one.unread for one in rebase.report.overlays)
    counts = {effect: effects.count(effect) for effect in RebaseEffect}
    totals = ", ".join(f"{count} {effect}" for effect, count in counts.items() if count) or "no statement"
    names = [one.version or one.title for one in (rebase.report.upstream, rebase.next.upstream)]
    return "".join(f"{printable(line)}\n" for line in (*lines, f"{names[0]} → {names[1]}: {totals}"))


def _rebase_lines(one: RebasedStatement) -> Iterator[str]:
    yield f"{one.id}: {', '.join(one.effects)} ({one.span.place})"
    for fact in one.facts:
        yield f"  {fact.effect}: {fact.told}"
        yield from (f"    - {_sentence_line(one)}" for one in fact.before)
        yield from (f"    + {_sentence_line(one)}" for one in fact.after)
        if fact.effect is RebaseEffect.VERDICT_CHANGED and one.before and one.after:
            for side, verdict in (("before", one.before), ("after", one.after)):
                yield f"    {side}:"
                witness = verdict.decisive.witness
                yield from (f"      {line}" for line in conversation(witness))


def _sentence_line(one: Quotation) -> str:
    return f"{one.words} ({one.span.place}, {one.locator})"


def _rebase_json(rebase: OverlayRebase) -> str:
    record = {
        "old": {"title": rebase.report.upstream.title, "release": rebase.report.upstream.version},
        "next": {"title": rebase.next.upstream.title, "release": rebase.next.upstream.version},
        "statements": [_rebased_record(one) for one in rebase.statements],
    }
    return json_object(record, rebase.findings)


def _rebased_record(one: RebasedStatement) -> dict[str, Any]:
    sides = {"before": one.before, "after": one.after}
    return {
        "id": one.id,
        "effects": [effect.value for effect in one.effects],
        "facts": [
            {
                "effect": fact.effect.value,
                "about": fact.about,
                "told": fact.told,
                "before": [quotation_record(one) for one in fact.before],
                "after": [quotation_record(one) for one in fact.after],
            }
            for fact in one.facts
        ],
        "verdicts": {side: _side_record(verdict) for side, verdict in sides.items()},
    }


def _side_record(verdict: StatementVerdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    witness = verdict.decisive.witness
    return {
        "verdict": "allowed" if verdict.is_allowed else "refused",
        "code": verdict.code.value if verdict.code else None,
        "case": case_record(witness),
        "labels": {name: label.value for name, label in witness.decision.labels.items()},
    }


REBASE_FORMATS: Formats[OverlayRebase] = {"text": _rebase_text, "json": _rebase_json}
"""The output forms of a rebase."""


# -- drafts ------------------------------------------------------------------------------------


def _draft_yaml(draft: OverlayDraft) -> str:
    """Return a draft as an overlay file; comments give the place and marks of each candidate."""
    pins = ("source", "release", "sha256")
    upstream = {name: value for name in pins if (value := getattr(draft.upstream, name))}
    surface = {"surface": draft.surface} if draft.surface else {}
    head = {"overlay": draft.name, "upstream": upstream, "holder": draft.holder, **surface}
    parts = [_DRAFT_HEAD, _yaml(head), "statements:\n" if draft.candidates else "statements: []\n"]
    for one, record in statement_records(draft):
        parts += (f"  # {printable(line)}\n" for line in _comments(one))
        first = {"id": record.pop("id"), "says": record.pop("says")}
        is_open = "target" in record and record.pop("target") is None
        item = _yaml(first) + "target:\n" * is_open + (_yaml(record) if record else "")
        parts.append(f"  - {indent(item, '    ').lstrip()}")
    return "".join(parts)


_DRAFT_HEAD = """\
# A draft: put `overrides`, `narrows`, `adds` or another operation in the place of each `target`, and
# remove what is not a rule of behaviour. Comments say where the words are, and what they may be close to.
"""


def _yaml(record: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=100))


def _comments(one: DraftCandidate) -> Iterator[str]:
    marks = f" ({', '.join(one.marks)})" if one.marks else ""
    yield f"{one.span.place}{marks}" + f"; near {', '.join(one.near)}" * bool(one.near)
    if one.under:
        yield f"under {' › '.join(one.under)}"


def _draft_json(draft: OverlayDraft) -> str:
    document = {
        "overlay": draft.name,
        "holder": draft.holder,
        "upstream": {
            "source": draft.upstream.source,
            "release": draft.upstream.release,
            "sha256": draft.upstream.sha256,
        },
        "files": [
            {
                "file": file.name,
                **{kind.value: file.count(kind) for kind in LineKind},
                "lines": [
                    {"line": number, "kind": kind.value, "reason": reason}
                    for number, (kind, reason) in enumerate(file.lines, 1)
                ],
            }
            for file in draft.files
        ],
        "candidates": [
            {
                "id": record["id"],
                "text": one.text,
                "file": one.span.file,
                "line": one.span.line,
                "marks": [mark.value for mark in one.marks],
                "near": [*one.near],
                "under": [*one.under],
            }
            for one, record in statement_records(draft)
        ],
    }
    return json_object(document, draft.findings)


DRAFT_FORMATS: Formats[OverlayDraft] = {"yaml": _draft_yaml, "json": _draft_json}
"""The output forms of a draft."""

OVERLAY_FORMATS: Formats[OverlayReport] = {
    "text": _text,
    "json": _json,
    "github": _findings("github"),
    "sarif": _findings("sarif"),
}
"""The output forms of a report about overlays."""
