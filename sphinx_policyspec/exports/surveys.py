"""What a spec leaves open → text, JSON, and case files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import yaml

from sphinx_policyspec.exports.plain import json_object, printable
from sphinx_policyspec.model import Case, Finding, Item
from sphinx_policyspec.surveys import Decider, Pair, Survey, in_english

__all__ = ["SURVEY_FORMATS", "case_yaml", "survey_files", "survey_json"]

_SCHEMA = "# yaml-language-server: $schema=cases.schema.json\n"


def case_yaml(case: Case, *, is_file: bool = True) -> str:
    """Return a case as YAML that reads back as an equal case.

    :param is_file: with a first line that tells editors of the schema
    """
    switches = {
        name: getattr(case.semantics, name)
        for name, default in (("strict", True), ("interactive", True), ("first_party", False))
        if getattr(case.semantics, name) is not default
    }
    told: dict[str, Any] = {
        "title": case.title,
        "about": case.about,
        "example": case.example,
        "semantics": switches,
        "items": [_item(item) for item in case.items],
    }
    if case.compatible:
        told["compatible"] = {}
        for issue, *pair in case.compatible:
            told["compatible"].setdefault(issue, []).append(pair)
    if case.expect:
        told["expect"] = {"labels": {item: label.value for item, label in case.expect.labels}}
    kept = {key: value for key, value in told.items() if value}
    schema = _SCHEMA if is_file else ""
    return schema + yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=100)


def _item(item: Item) -> dict[str, Any]:
    told = {
        "id": item.id,
        "from": item.role,
        "principle": item.principle,
        "level": item.level,
        "mode": "" if item.explicit else "implicit",
        "issue": item.issue,
        "source": item.source,
        "category": item.category,
        "exempts": list(item.exempts),
    }
    kept: dict[str, Any] = {key: value for key, value in told.items() if value}
    kept["value"] = item.value
    if not item.principle:
        kept["turn"] = item.turn
    kept |= {key: True for key in ("quoted", "mistaken", "irreversible") if getattr(item, key)}
    kept |= {} if item.active else {"active": False}
    if item.delegates:
        kept["delegates"] = {"source": item.delegates.source, "scope": list(item.delegates.scope)}
    return kept


def _survey_text(found: Survey) -> str:
    """Return a survey for people: what ends undecided, what never decides, and where nothing says who goes first."""
    return "".join(f"{printable(line)}\n" for line in _told(found))


def _told(found: Survey) -> Iterator[str]:
    counts = Counter(pair.decided_by for pair in found.pairs)
    yield f"{_count(len(found.pairs), 'pair')} of principles share an issue; what says who goes first:"
    shown = [decider for decider in Decider if counts[decider] or decider is Decider.NOTHING]
    yield f"  {', '.join(f'{decider} {counts[decider]}' for decider in shown)}"
    if gaps := found.gaps:
        yield ""
        yield f"{_count(len(gaps), 'pair')} of one level, of which nothing says who goes first; write an example that weighs"
        yield "both (weighs), a preference (prefer-over) or an exception (exception-to), or a case:"
        yield from (f"  {_pair(pair)}" for pair in gaps)
    yield ""
    yield f"{_count(len(found.conflicts), 'kind')} of conflict that end undecided, the smallest first:"
    yield from (f"  {in_english(conflict.parties, ' + ')}" for conflict in found.conflicts)
    yield ""
    idle = found.idle_rules
    yield f"{len(idle)} of {len(found.rules)} rules never decide{'s' if len(idle) == 1 else ''}{':' if idle else ''}"
    yield from (f"  {rule.name if rule.id == rule.name else f'{rule.id} {rule.name}'}" for rule in idle)
    if found.idle:
        yield ""
        yield f"{_count(len(found.idle), 'principle')} without which every case would be decided the same:"
        yield from (f"  {name} (as in {case.title})" for name, case in found.idle)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _pair(pair: Pair) -> str:
    places = (f"{one.span.file}:{one.span.line} {one.id}" for one in (pair.one, pair.other))
    return f"{' + '.join(places)} ({pair.one.authority}; {', '.join(pair.shares)})"


def survey_json(found: Survey, findings: Iterable[Finding] = ()) -> str:
    """Return a survey for programs; each witness is a case file.

    :param findings: what is wrong with cases
    """
    told: dict[str, Any] = {
        "undecided": [
            {
                "kinds": [str(party) for party in conflict.parties],
                "in_one_message": any(party.in_one_message for party in conflict.parties),
                "witness": case_yaml(conflict.witness),
            }
            for conflict in found.conflicts
        ],
        "rules": [
            {
                "id": rule.id,
                "name": rule.name,
                "decides": rule.witness is not None,
                "witness": case_yaml(rule.witness) if rule.witness else None,
            }
            for rule in found.rules
        ],
        "pairs": [
            {
                "id": pair.one.id,
                "other": pair.other.id,
                "levels": [pair.one.authority, pair.other.authority],
                "shares": list(pair.shares),
                "examples": list(pair.examples),
                "cases": list(pair.cases),
                "decided_by": pair.decided_by.value,
                "first": pair.first or None,
                "gap": pair.is_gap,
                "witness": case_yaml(pair.witness) if pair.witness else None,
            }
            for pair in found.pairs
        ],
        "idle": [{"id": name, "case": case.title} for name, case in found.idle],
    }
    return json_object(told, findings)


def _survey_cases(found: Survey) -> str:
    """Return the witnesses as one case file."""
    return "---\n".join((_SCHEMA, *(case_yaml(case, is_file=False) for case in found.witnesses())))


SURVEY_FORMATS: Mapping[str, Callable[[Survey], str]] = MappingProxyType(
    {"text": _survey_text, "json": survey_json, "cases": _survey_cases}
)
"""Each format with what writes it; of JSON and of cases, :func:`survey_json` and :func:`survey_files` write more."""


def survey_files(found: Survey) -> dict[str, str]:
    """Return the witnesses as case files, by name."""
    files: dict[str, str] = {}
    for number, case in enumerate(found.witnesses(), start=1):
        words = re.sub(r"[^a-z0-9]+", "-", case.title.lower()).strip("-")[:60]
        files[f"{number:03}-{words}.yaml"] = case_yaml(case)
    return files
