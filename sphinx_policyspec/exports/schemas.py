"""JSON Schemas: of files that people write by hand, for editors, and of JSON that commands print, for programs."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from sphinx_policyspec.compare import ChangeKind, Subject, Weight
from sphinx_policyspec.compare.change import Bump
from sphinx_policyspec.compare.history import ClaimState, LockState
from sphinx_policyspec.compare.rewording import SentenceOp
from sphinx_policyspec.decision.behaviour import CaseState
from sphinx_policyspec.errors import SchemaError
from sphinx_policyspec.model import (
    Defect,
    Direction,
    Duty,
    JudgedKind,
    Label,
    Operation,
    RebaseEffect,
    Severity,
    Status,
    Surface,
)
from sphinx_policyspec.model.attributes import MAPPINGS, SidecarKey, SidecarPart
from sphinx_policyspec.model.feedback import FeedbackKind, FeedbackStatus
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.proposals import EditKind, ProposalStatus
from sphinx_policyspec.readers.cases import CASE, DELEGATES, EXPECT, ITEM, MODES, SEMANTICS, CaseKey
from sphinx_policyspec.readers.decision_records import DECISION_RECORD
from sphinx_policyspec.readers.feedback import FEEDBACK, FEEDBACK_MAP, REGISTER
from sphinx_policyspec.readers.judgements import JUDGEMENT, RESULT_FIELDS, RESULT_MAP, TRIAGE
from sphinx_policyspec.readers.overlays import (
    EXAMPLE,
    OVERLAY,
    STATEMENT,
    TARGET,
    TARGETED,
    UPSTREAM,
    WHERE,
)
from sphinx_policyspec.readers.proposals import ADD, AGAINST, EDIT, PROPOSAL
from sphinx_policyspec.surveys import Decider

_Schema = dict[str, Any]

_SCALARS = ["string", "number", "boolean"]
"""YAML reads `2.0` and `yes` as a number and a boolean, but our readers accept them as texts, as people write them."""


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
                "anyOf": [{"$ref": "#/$defs/text"}, {"type": "array", "items": {"$ref": "#/$defs/text"}}]
            },
        },
    }


def _part(part: SidecarPart) -> _Schema:
    required = [key.name for key in part.keys if key.required]
    mapping: _Schema = {
        "type": "object" if required else ["object", "null"],
        "additionalProperties": False,
        "properties": {
            **{key.name: {"description": key.about, **_value(key)} for key in part.keys},
            **{inner.name: {"description": inner.about, **_part(inner)} for inner in part.parts},
        },
    }
    if required:
        mapping["required"] = required
    if part.holds == "list":
        return {"type": ["array", "null"], "items": mapping}
    if part.holds == "by id":
        return {"type": ["object", "null"], "additionalProperties": mapping}
    return {"anyOf": [{"$ref": "#/$defs/texts"}, mapping]} if part.lone else mapping


def _value(key: SidecarKey) -> _Schema:
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
            "case": _keys(CASE, _file_parts()["parts"]),
            "item": _keys(ITEM, {"delegates": {"$ref": "#/$defs/delegates"}}),
            "delegates": _keys(DELEGATES),
            "semantics": {**_keys(SEMANTICS), "type": ["object", "null"]},
            "expect": _keys(EXPECT, _file_parts()["expected"]),
            "names": {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]},
        },
    }


def _keys(keys: tuple[CaseKey, ...], parts: dict[str, _Schema] | None = None) -> _Schema:
    """Return the schema of a mapping; ``parts`` are the schemas of keys whose values are mappings or lists of them."""
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
    if key.kind == "mode":
        return {"enum": [*MODES, None]}
    if key.required and key.kind == "text":
        return {"type": _SCALARS, "minLength": 1}
    kind: _Schema = _file_parts()["kinds"][key.kind]
    return kind


def _judgements() -> _Schema:
    """Return the schema of judgement files: a list of people's judgements of changed prose."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec judgements",
        "description": "What people who read changed prose say about it; an entry that is not filled in is not used.",
        "type": ["array", "null"],
        "items": _keys(JUDGEMENT, _file_parts()["judgement"]),
    }


def _triage() -> _Schema:
    """Return the schema of triage files: a list of people's judgements of outputs."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec triage",
        "description": "Whose fault it is that outputs contradict a spec; an entry that is not filled in is not used.",
        "type": ["array", "null"],
        "items": _keys(TRIAGE, _file_parts()["triage"]),
    }


def _result_map() -> _Schema:
    """Return the schema of result maps: names and values in logs and tables."""
    fields = {**_keys(RESULT_FIELDS), "type": ["object", "null"]}
    parts = {**_file_parts()["result_map"], "fields": fields, "given": fields}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec result map",
        "description": "What logs and tables of evaluations call things, for `policyspec results --map`.",
        **_keys(RESULT_MAP, parts),
    }


def _overlay() -> _Schema:
    """Return the schema of overlay files: statements about an upstream spec."""
    parts = {name: {"$ref": f"#/$defs/{name}"} for name in ("upstream", "where")}
    targets = {key.name: {"$ref": "#/$defs/targets"} for key in STATEMENT if key.name in TARGETED}
    target = {"anyOf": [{"type": _SCALARS}, {"$ref": "#/$defs/target"}]}
    lists = {
        "statements": {"type": ["array", "null"], "items": {"$ref": "#/$defs/statement"}},
        "examples": {"type": ["array", "null"], "items": {"$ref": "#/$defs/example"}},
    }
    choices = {"surface": {"enum": [*Surface, None]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec overlay",
        "description": "What somebody changes in, and adds to, a spec that another publishes.",
        **_keys(OVERLAY, {**parts, **lists, **choices}),
        "$defs": {
            "upstream": _keys(UPSTREAM),
            "statement": _keys(STATEMENT, {**parts, **lists, **targets}),
            "target": _keys(TARGET),
            "targets": {"anyOf": [target, {"type": "array", "minItems": 1, "items": target}]},
            "where": _keys(WHERE),
            "example": _keys(EXAMPLE),
            "names": {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]},
        },
    }


def _feedback() -> _Schema:
    """Return the schema of registers of feedback: a list of records, or two lists of them."""
    texts = {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]}
    records = {"type": ["array", "null"], "items": {"$ref": "#/$defs/record"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec feedback",
        "description": "What people say of a spec, and which provisions it is about.",
        "anyOf": [records, _keys(REGISTER, {key.name: records for key in REGISTER})],
        "$defs": {"record": _keys(FEEDBACK, _file_parts()["feedback"]), "names": texts},
    }


def _proposal() -> _Schema:
    """Return the schema of the heads of proposals, edits included."""
    texts = {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]}
    parts = {"edits": {"type": ["array", "null"], "items": {"$ref": "#/$defs/edit"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec proposal",
        "description": "The head of a proposal: what it is against, and its edits, which may also be in a block below it.",
        **_keys(PROPOSAL, {**parts, "against": _keys(AGAINST), **_file_parts()["proposal"]}),
        "$defs": {"edit": _keys(EDIT, {"add": _keys(ADD)}), "names": texts},
    }


def _decision_record() -> _Schema:
    """Return the schema of the head of a decision record; keys of other tools are allowed, too."""
    texts = {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec decision record",
        "description": "The head of a record of a decision, in the form of MADR 4, with what it decides about.",
        **_keys(DECISION_RECORD, _file_parts()["decision_record"]),
        "additionalProperties": True,
        "$defs": {"names": texts},
    }


def _feedback_map() -> _Schema:
    """Return the schema of maps of labels, for `policyspec feedback --map`."""
    texts = {"anyOf": [{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyspec feedback map",
        "description": "What the labels and states of a tracker mean, for `policyspec feedback --map`.",
        **_keys(FEEDBACK_MAP, _file_parts()["feedback_map"]),
        "$defs": {"names": texts},
    }


_ENUMERATIONS: dict[str, type[enum.Enum]] = {
    kind.__name__: kind
    for kind in (
        Bump,
        CaseState,
        ChangeKind,
        ClaimState,
        Decider,
        Defect,
        Direction,
        Duty,
        FeedbackKind,
        FeedbackStatus,
        EditKind,
        ProposalStatus,
        JudgedKind,
        Label,
        LockState,
        Operation,
        RebaseEffect,
        SentenceOp,
        Severity,
        Status,
        Subject,
        Surface,
        Weight,
    )
}


@cache
def _file_parts() -> _Schema:
    """Return parts of the schemas of files that people write; the head of that file explains them."""

    def resolved(part: Any) -> Any:  # noqa: ANN401  any part of a schema
        if isinstance(part, list):
            return [*map(resolved, part)]
        if not isinstance(part, dict):
            return part
        if isinstance(name := part.get("enum"), str):
            kind, _, null = name.partition("|")
            return {"enum": [*(member.value for member in _ENUMERATIONS[kind]), *([None] if null else [])]}
        return {key: resolved(inner) for key, inner in part.items()}

    text = files("sphinx_policyspec.schemas").joinpath("written.yaml").read_text("utf-8")
    parts: _Schema = resolved(yaml.safe_load(text))
    return parts


@cache
def _shapes() -> _Schema:
    """Return the shapes of the JSON that commands print; the head of that file explains them."""
    text = files("sphinx_policyspec.schemas").joinpath("printed.yaml").read_text("utf-8")
    shapes: _Schema = yaml.safe_load(text)
    return shapes


def _schema_of(shape: Any) -> _Schema:  # noqa: ANN401  any part of a shape
    """Return the schema of a shape."""
    match shape:
        case str():
            kinds = [_kind_schema(kind) for kind in shape.split("|")]
            return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        case [part]:
            return {"type": "array", "items": _schema_of(part)}
        case {"*": part}:
            return {"type": "object", "additionalProperties": _schema_of(part)}
        case {"any": parts}:
            return {"anyOf": [_schema_of(part) for part in parts]}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key in shape if not key.endswith("?")],
        "properties": {key.removesuffix("?"): _schema_of(part) for key, part in shape.items()},
    }


def _kind_schema(kind: str) -> _Schema:
    if kind.startswith("="):
        return {"const": kind[1:]}
    if kind in _ENUMERATIONS:
        return {"enum": [member.value for member in _ENUMERATIONS[kind]]}
    return {"type": kind}


def _output(name: str) -> _Schema:
    """Return the schema of the JSON that a command prints, on success or on failure."""
    entry = _shapes()["printed"][name]
    if "file" in entry:
        schema = _schema_of(entry["file"])
    else:
        failed = _schema_of(_shapes()["failed"]) | {"description": "The command could not do its work."}
        failed["properties"]["errors"]["minItems"] = 1
        schema = {"anyOf": [_schema_of(entry["object"]), failed]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"policyspec {name}",
        "description": entry["about"],
        **schema,
    }


_FILE_SCHEMAS: Mapping[str, Callable[[], _Schema]] = {
    "annotations": _annotations,
    "cases": _cases,
    "judgements": _judgements,
    "triage": _triage,
    "result-map": _result_map,
    "overlay": _overlay,
    "feedback": _feedback,
    "feedback-map": _feedback_map,
    "proposal": _proposal,
    "decision-record": _decision_record,
}
"""The schemas of files that people write, by the kind of file."""


def list_schemas() -> tuple[str, ...]:
    """Return the names that :func:`json_schema` accepts."""
    return (*_FILE_SCHEMAS, *_shapes()["printed"])


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, such as ``cases``, or of a command's JSON output, such as ``diff``.

    An unknown name raises :class:`~sphinx_policyspec.errors.SchemaError`.
    """
    if name in _FILE_SCHEMAS:
        return _FILE_SCHEMAS[name]()
    if name not in _shapes()["printed"]:
        known = list_schemas()
        raise SchemaError(
            f"unknown schema `{name}`; {nearest(name, known) or 'known are ' + ', '.join(known)}"
        )
    return _output(name)


def format_schema(name: str) -> str:
    """Return a JSON Schema as text."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
