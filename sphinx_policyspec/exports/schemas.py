"""JSON Schemas of the files that people write by hand, for editors that complete and check them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sphinx_policyspec.readers.annotation_keys import MAPPINGS, Key, Mapping

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


SCHEMAS: dict[str, Callable[[], _Schema]] = {"annotations": _annotations}
"""What there is a schema for, by the name of the kind of file."""


def format_schema(kind: str) -> str:
    """Return the JSON Schema of a kind of file, as text."""
    return json.dumps(SCHEMAS[kind](), indent=2, ensure_ascii=False) + "\n"
