"""What a spec leaves open → text, JSON, and case files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sphinx_policyspec.exports.case_yaml import case_yaml
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.survey import Pair, Survey

__all__ = ["survey_files", "survey_json", "survey_text"]


def survey_text(found: Survey) -> str:
    """Return a survey for people: what ends undecided, what never decides, and where nothing says who goes first."""
    return "".join(f"{printable(line)}\n" for line in _told(found))


def _told(found: Survey) -> Iterator[str]:
    yield f"{len(found.conflicts)} kinds of conflict end undecided:"
    yield from (f"  {' + '.join(map(str, conflict.parties))}" for conflict in found.conflicts)
    yield ""
    yield f"{len(found.idle_rules)} of {len(found.rules)} rules never decide:"
    yield from (f"  {rule.id} {rule.name}" for rule in found.idle_rules)
    yield ""
    gaps = found.gaps
    yield f"{len(gaps)} of {len(found.pairs)} pairs that share an issue have a level in common, and no preference, "
    yield "exception, example or case that says who goes first:"
    yield from (f"  {_pair(pair)}" for pair in gaps)
    if found.idle:
        yield ""
        yield f"{len(found.idle)} principles could be removed without a change in any of the cases:"
        yield from (f"  {name} (as in {case.title})" for name, case in found.idle)


def _pair(pair: Pair) -> str:
    place = f"{pair.one.span.file}:{pair.one.span.line}"
    return f"{place}: {pair.one.id} + {pair.other.id} ({pair.one.authority}; {', '.join(pair.shares)})"


def survey_json(found: Survey) -> str:
    """Return a survey for programs; each witness is a case file."""
    told: dict[str, Any] = {
        "undecided": [
            {"kinds": [str(party) for party in conflict.parties], "witness": case_yaml(conflict.witness)}
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
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def survey_files(found: Survey) -> dict[str, str]:
    """Return the witnesses as case files, by name."""
    files: dict[str, str] = {}
    for number, case in enumerate(found.witnesses(), start=1):
        words = re.sub(r"[^a-z0-9]+", "-", case.title.lower()).strip("-")[:60]
        files[f"{number:03}-{words}.yaml"] = case_yaml(case)
    return files
