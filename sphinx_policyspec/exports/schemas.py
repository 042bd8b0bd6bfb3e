"""JSON Schemas: of files that people write by hand, for editors, and of what commands print, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from sphinx_policyspec.compare import ChangeKind, Subject, Weight
from sphinx_policyspec.compare.change import Bump
from sphinx_policyspec.compare.history import ClaimState, LockState
from sphinx_policyspec.decision.behaviour import CaseState
from sphinx_policyspec.errors import SchemaError
from sphinx_policyspec.model import Duty, Label, Severity, Status
from sphinx_policyspec.model.finding import nearest
from sphinx_policyspec.readers.annotations import MAPPINGS, Key
from sphinx_policyspec.readers.annotations import Mapping as KeyMapping
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
from sphinx_policyspec.surveys import Decider

__all__ = ["SCHEMAS", "format_schema", "json_schema", "list_schemas"]

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


def _part(part: KeyMapping) -> _Schema:
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


def _each(keys: Iterable[str], shape: Any) -> dict[str, Any]:  # noqa: ANN401  see ``_PRINTED``
    return {key: shape for key in keys}  # noqa: C420  nobody changes it


_TEXT, _NUMBER, _INTEGER, _BOOLEAN, _NULL = "string", "number", "integer", "boolean", "null"
_PLACE = {"file": _TEXT, "line": _INTEGER, "column": _INTEGER}
_FINDING = {
    "code": _TEXT,
    "category": _TEXT,
    "severity": Severity,
    "message": _TEXT,
    "hint": _TEXT,
    **_PLACE,
    "end_line": _INTEGER,
    "end_column": _INTEGER,
    "related": [_PLACE],
}
_ENDS = {"findings": [_FINDING], "errors": [{"message": _TEXT}]}
"""What every object ends with: what is wrong with what the command was given, and why it could not do its work."""
_OUTCOME = (*_SCALARS[:3], [(*_SCALARS[:3],)], {"status": Status})
_DECISION = {
    "title": _TEXT,
    "labels": {"*": Label},
    "outcomes": {"*": _OUTCOME},
    "duties": {"*": [_TEXT]},
    "reasons": [{"item": _TEXT, "label": Label, "rule": (_TEXT, _NULL), "because": [_TEXT]}],
    "as_expected": (_BOOLEAN, _NULL),
}
_WORDING = {
    "words_removed": _INTEGER,
    "words_added": _INTEGER,
    "similarity": _NUMBER,
    "paragraph_ops": {"*": _INTEGER},
    "detail": [{"op": _TEXT, "old": [_TEXT], "new": [_TEXT], "runs": [[_TEXT]]}],
}
_LIKENESS = {
    "title_sim": _NUMBER,
    "text_sim": _NUMBER,
    "text_containment": _NUMBER,
    "shared_eval_tags": [_TEXT],
    "shared_examples": [_TEXT],
}
_RENAMED = {"renamed": [{"name": _TEXT, "here": _TEXT}]}
_READING = {
    **_RENAMED,
    "problems?": [_TEXT],
    "decision?": (_DECISION, _NULL),
    "explanation?": [_TEXT],
}
_OLD_NEW = {"old": (_TEXT, _NULL), "new": (_TEXT, _NULL)}
_HOW_EXAMPLE = {"sim": _NUMBER, "prompt_sim": _NUMBER, "what": [_TEXT]}
_DIFF = {
    "from": _TEXT,
    "to": _TEXT,
    "bump": Bump,
    "weights": {"*": _INTEGER},
    "counts": {"*": _INTEGER},
    **_each(("sections_removed", "sections_added", "reordered", "typography_only"), [_TEXT]),
    "id_renamed": [{"old": _TEXT, "new": _TEXT, **_LIKENESS}],
    "merge_split_candidates": [{"old": _TEXT, "new": _TEXT, **_LIKENESS}],
    **_each(("retitled", "authority_changed", "authority_level_renamed"), [{"id": _TEXT, **_OLD_NEW}]),
    "moved": [{"id": _TEXT, "old_parent": (_TEXT, _NULL), "new_parent": (_TEXT, _NULL)}],
    "attrs_changed": [{"id": _TEXT, "attribute": _TEXT, "old": _TEXT, "new": _TEXT}],
    "text_changed": [{"id": _TEXT, **_WORDING}],
    **_each(("eval_tags_only", "eval_tags_added", "eval_tags_removed"), [_TEXT]),
    **_each(("eval_files_added", "eval_files_removed", "eval_cases_changed"), [_TEXT]),
    **_each(("eval_tags_moved", "eval_files_header_changed"), [{"tag": _TEXT, **_OLD_NEW}]),
    **_each(("examples_added", "examples_removed"), [{"section": _TEXT, "title": _TEXT}]),
    "examples_retitled": [{"section": _TEXT, "old": _TEXT, "new": _TEXT, **_HOW_EXAMPLE}],
    "examples_moved": [
        {"old_section": _TEXT, "new_section": _TEXT, "old": _TEXT, "new": _TEXT, **_HOW_EXAMPLE}
    ],
    "examples_changed": [{"section": _TEXT, "title": _TEXT, **_HOW_EXAMPLE}],
    **_each(("examples_same", "examples_typography_only"), _INTEGER),
    **_each(("ref_pairs_added", "ref_pairs_removed"), [[_TEXT]]),
    "commentary_changed": [{"section": _TEXT, "old_section": _TEXT, "sim": _NUMBER}],
    **_each(("commentary_added", "commentary_removed"), [{"section": _TEXT, "text": _TEXT}]),
    **_each(("definitions_added", "definitions_removed"), [_TEXT]),
    "changes": [
        {
            "kind": ChangeKind,
            "subject": Subject,
            "id": _TEXT,
            "provision": _TEXT,
            "aspect": _TEXT,
            "old": _TEXT,
            "new": _TEXT,
            "weight": Weight,
            "rule": _TEXT,
            "evidence": {"*": _TEXT},
            "reach": {"*": [_TEXT]},
            "old_place": (_TEXT, _NULL),
            "new_place": (_TEXT, _NULL),
            "text": (_WORDING, _NULL),
        }
    ],
    "cases?": [
        {
            "title": _TEXT,
            "place": _TEXT,
            "state": CaseState,
            "old": _READING,
            "new": _READING,
            "labels?": [{"item": _TEXT, "old": Label, "new": Label}],
            "outcomes?": [_TEXT],
            "duties?": [Duty],
            "behind?": [_TEXT],
        }
    ],
}
_TERM = {
    "type": ("=uri", "=literal", "=bnode"),
    "value": _TEXT,
    "datatype?": _TEXT,
    "xml:lang?": _TEXT,
}
_STATEMENT = {"text": _TEXT, **{name: (kind, _NULL) for name, kind in _PLACE.items()}}
_PRINTED: dict[str, tuple[str, Any]] = {
    "baseline": (
        "findings that are known: check --format baseline",
        {
            "version": _INTEGER,
            "findings": [{"file": _TEXT, "code": _TEXT, "fingerprint": _TEXT, "message": _TEXT}],
        },
    ),
    "changelog": (
        "what a changelog and the changes say of each other",
        {
            "version": _TEXT,
            "has_entry": _BOOLEAN,
            "claims": [{"text": _TEXT, "state": ClaimState, "provisions": [_TEXT]}],
            "untold": [{"id": _TEXT, "kind": ChangeKind, "text": _TEXT}],
            **_ENDS,
        },
    ),
    "check": (
        "what is wrong, or could be better",
        {
            "source": _TEXT,
            "summary": {"*": _INTEGER},
            "known": _INTEGER,
            **_ENDS,
            "findings": [{**_FINDING, "fingerprint": _TEXT, "fixable": _BOOLEAN}],
        },
    ),
    "diff": ("what changed, and with --cases what that does to cases", {**_DIFF, **_ENDS}),
    "history": (
        "a provision in each release that has it",
        {
            "releases": [
                {
                    "version": _TEXT,
                    "id": _TEXT,
                    "title": _TEXT,
                    "level": _TEXT,
                    "words": _INTEGER,
                    "examples": _INTEGER,
                    "changes": [{"kind": ChangeKind, "weight": Weight, "rule": _TEXT, "text": _TEXT}],
                }
            ],
            **_ENDS,
        },
    ),
    "lock": (
        "the ids of a spec with checksums of what they say",
        {
            "format": _INTEGER,
            "version": _TEXT,
            "provisions": [{"id": _TEXT, "title": _TEXT, "level": _TEXT, "text": _TEXT}],
        },
    ),
    "lock-check": (
        "what is not as it was locked: lock --check",
        {
            "verdict": _TEXT,
            "changes": [{"state": LockState, "id": _TEXT, "old": _TEXT, "new": _TEXT}],
            **_ENDS,
        },
    ),
    "query": (
        "an answer, as the SPARQL 1.1 Query Results JSON Format has it",
        (
            {"head": {"vars": [_TEXT]}, "results": {"bindings": [{"*": _TERM}]}},
            {"head": {}, "boolean": _BOOLEAN},
        ),
    ),
    "questions": (
        "the named questions: query --list",
        {
            "questions": [
                {
                    "name": _TEXT,
                    "text": _TEXT,
                    "columns": [_TEXT],
                    "over_releases": _BOOLEAN,
                    "parameters": [{"name": _TEXT, "type": _TEXT, "default": (_TEXT, _NULL)}],
                }
            ],
            **_ENDS,
        },
    ),
    "reason": (
        "what follows, and what contradicts itself",
        {
            "engine": _TEXT,
            "consistent": _BOOLEAN,
            "asserted": _INTEGER,
            "derived": {"*": _INTEGER},
            "contradictions": [{"reason": _TEXT, "statements": [_STATEMENT]}],
            **_ENDS,
        },
    ),
    "resolve": ("who wins in each case", {"decisions": [_DECISION], **_ENDS}),
    "stats": (
        "what a spec holds, in numbers",
        {
            **_each(("sections", "principles", "examples", "comparisons", "commentary"), _INTEGER),
            **_each(("principles_by_level", "verdicts", "messages_by_role"), {"*": _INTEGER}),
            "references": _each(
                ("total", "in_text_or_titles", "in_verdict_notes", "in_verdict_ids"), _INTEGER
            ),
            **_each(("eval_tags", "eval_files", "eval_prompts"), _INTEGER),
        },
    ),
    "survey": (
        "what a spec leaves open; a witness is a case file",
        {
            "undecided": [{"kinds": [_TEXT], "in_one_message": _BOOLEAN, "witness": _TEXT}],
            "rules": [{"id": _TEXT, "name": _TEXT, "decides": _BOOLEAN, "witness": (_TEXT, _NULL)}],
            "pairs": [
                {
                    "id": _TEXT,
                    "other": _TEXT,
                    "levels": [_TEXT],
                    "shares": [_TEXT],
                    "examples": [_TEXT],
                    "cases": [_TEXT],
                    "decided_by": Decider,
                    "first": (_TEXT, _NULL),
                    "gap": _BOOLEAN,
                    "witness": (_TEXT, _NULL),
                }
            ],
            "idle": [{"id": _TEXT, "case": _TEXT}],
            **_ENDS,
        },
    ),
}
"""What each command prints as JSON, by the name of its schema: in a word, and its shape. In a shape a mapping is an object
with these keys and no other, ``?`` after one that may be absent, ``*`` for any; a list an array, a tuple a choice."""
_FILES = frozenset({"baseline", "lock"})
"""What is printed to be kept as a file, which is never one of errors."""


def _shaped(shape: Any) -> _Schema:  # noqa: ANN401  see above
    """Return the schema of a shape."""
    match shape:
        case str():
            return {"const": shape[1:]} if shape.startswith("=") else {"type": shape}
        case list():
            return {"type": "array", "items": _shaped(shape[0])}
        case tuple():
            return {"anyOf": [_shaped(part) for part in shape]}
        case {"*": values}:
            return {"type": "object", "additionalProperties": _shaped(values)}
        case dict():
            return {
                "type": "object",
                "additionalProperties": False,
                "required": [key for key in shape if not key.endswith("?")],
                "properties": {key.removesuffix("?"): _shaped(part) for key, part in shape.items()},
            }
    return {"enum": [member.value for member in shape]}


def _printed(name: str) -> _Schema:
    """Return the schema of what a command prints as JSON, or instead where it cannot do its work."""
    about, shape = _PRINTED[name]
    failed = {**_shaped(_ENDS), "description": "The command could not do its work."}
    failed["properties"]["errors"]["minItems"] = 1
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"policyspec {name}",
        "description": f"{about[0].upper()}{about[1:]}.",
        **(_shaped(shape) if name in _FILES else {"anyOf": [_shaped(shape), failed]}),
    }


SCHEMAS: Mapping[str, Callable[[], _Schema]] = MappingProxyType(
    {"annotations": _annotations, "cases": _cases}
    | {name: partial(_printed, name) for name in sorted(_PRINTED)}
)
"""What there is a schema for: the kinds of files that people write, then what commands print as JSON."""


def list_schemas() -> tuple[str, ...]:
    """Return what :func:`json_schema` knows."""
    return tuple(SCHEMAS)


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, such as ``cases``, or of what a command prints as JSON, such as ``diff``.

    An unknown name raises :class:`~sphinx_policyspec.errors.SchemaError`.
    """
    if name not in SCHEMAS:
        raise SchemaError(f"there is no schema `{name}`; {nearest(name, SCHEMAS)}")
    return SCHEMAS[name]()


def format_schema(name: str) -> str:
    """Return a JSON Schema as text."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
