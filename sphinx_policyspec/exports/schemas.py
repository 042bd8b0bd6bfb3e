"""JSON Schemas of the files that people write by hand, for editors that complete and check them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sphinx_policyspec.model import Duty, Label, Status
from sphinx_policyspec.readers.annotations import MAPPINGS, Key, Mapping
from sphinx_policyspec.readers.cases import (
    CASE,
    DELEGATES,
    EXPECT,
    ITEM,
    MODES,
    SEMANTICS,
    CaseKey,
    Kind,
)

__all__ = ["SCHEMAS", "format_schema"]

_Schema = dict[str, Any]

_SCALARS = ["string", "number", "boolean"]
"""YAML takes `2.0` and `yes` for other things than texts; the reader does not, and people write them."""


def _annotations() -> _Schema:
    """Return the schema of annotation files (sidecars)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec annotations",
        "description": "Topics, goals and relations for a behaviour spec that one does not own.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {part.name: {"description": part.about, **_part(part)} for part in MAPPINGS},
        "$defs": {
            "text": {"type": [*_SCALARS, "null"]},
            "id": {"type": _SCALARS, "minLength": 1},
            "texts": {
                "anyOf": [
                    {"$ref": "#/$defs/text"},
                    {"type": "array", "items": {"$ref": "#/$defs/text"}},
                ]
            },
        },
    }


def _part(part: Mapping) -> _Schema:
    required = [key.name for key in part.keys if key.required]
    mapping: _Schema = {
        "type": "object" if required else ["object", "null"],
        "additionalProperties": False,
        "properties": {key.name: {"description": key.about, **_value(key)} for key in part.keys},
    }
    if required:
        mapping["required"] = required
    if part.holds == "list":
        return {"type": ["array", "null"], "items": mapping}
    if part.holds == "by id":
        return {"type": ["object", "null"], "additionalProperties": mapping}
    return mapping


def _value(key: Key) -> _Schema:
    if key.choices:
        return {"enum": [*key.choices, None]}
    return {"$ref": f"#/$defs/{'texts' if key.many else 'id' if key.required else 'text'}"}


def _cases() -> _Schema:
    """Return the schema of case files: one case, or a list of them, in each document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec cases",
        "description": "Scenarios of the chain of command: what speaks, and what is expected of it.",
        "anyOf": [
            {"$ref": "#/$defs/case"},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/case"}},
        ],
        "$defs": {
            "case": _keys(CASE, _PARTS),
            "item": _keys(ITEM, {"delegates": {"$ref": "#/$defs/delegates"}}),
            "delegates": _keys(DELEGATES),
            "semantics": {**_keys(SEMANTICS), "type": ["object", "null"]},
            "expect": _keys(EXPECT, _EXPECTED),
            "names": {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]},
        },
    }


_PARTS: dict[str, _Schema] = {
    "semantics": {"$ref": "#/$defs/semantics"},
    "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}},
    "compatible": {
        "type": ["object", "null"],
        "additionalProperties": {
            "type": ["array", "null"],
            "items": {"type": "array", "items": {"type": _SCALARS}, "minItems": 2, "maxItems": 2},
        },
    },
    "expect": {"$ref": "#/$defs/expect"},
}
_EXPECTED: dict[str, _Schema] = {
    "labels": {"type": ["object", "null"], "additionalProperties": {"enum": list(Label)}},
    "outcomes": {
        "type": ["object", "null"],
        "additionalProperties": {
            "anyOf": [
                {"type": _SCALARS},
                {"type": "array", "items": {"type": _SCALARS}},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["status"],
                    "properties": {"status": {"enum": list(Status)}},
                },
            ]
        },
    },
    "duties": {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {duty.value: {"$ref": "#/$defs/names"} for duty in Duty},
    },
}
_KINDS: dict[Kind, _Schema] = {
    "text": {"type": [*_SCALARS, "null"]},
    "texts": {"$ref": "#/$defs/names"},
    "boolean": {"type": ["boolean", "null"]},
    "integer": {"type": ["integer", "null"]},
    "value": {"type": _SCALARS},
    "mode": {"enum": [*MODES, None]},
}


def _keys(keys: tuple[CaseKey, ...], parts: dict[str, _Schema] | None = None) -> _Schema:
    """Return the schema of a mapping; ``parts`` are those of keys that hold mappings and lists of them."""
    required = [key.name for key in keys if key.required]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.about, **_holds(key, parts or {})} for key in keys},
        **({"required": required} if required else {}),
    }


def _holds(key: CaseKey, parts: dict[str, _Schema]) -> _Schema:
    if key.name in parts:
        return parts[key.name]
    if not key.required:
        return _KINDS[key.kind]
    return {"text": {"type": _SCALARS, "minLength": 1}}.get(key.kind, _KINDS[key.kind])


SCHEMAS: dict[str, Callable[[], _Schema]] = {"annotations": _annotations, "cases": _cases}
"""What there is a schema for, by the name of the kind of file."""


def format_schema(kind: str) -> str:
    """Return the JSON Schema of a kind of file, as text."""
    return json.dumps(SCHEMAS[kind](), indent=2, ensure_ascii=False) + "\n"
