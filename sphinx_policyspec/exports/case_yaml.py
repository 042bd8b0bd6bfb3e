"""A case → the YAML that people write."""

from __future__ import annotations

from typing import Any

import yaml

from sphinx_policyspec.model import Case, Item

__all__ = ["case_yaml"]

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
