"""The tools: title, when to use each, and the JSON Schemas of its arguments and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sphinx_policyspec.agents import tools
from sphinx_policyspec.agents.desk import Desk
from sphinx_policyspec.agents.drafts import DRAFTS
from sphinx_policyspec.agents.tools import Record, Tool
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.packs.pack import BUDGET

MOST_ARGUMENT = 256 * 1024
"""The most bytes of an argument."""

_TEXT: Record = {"type": "string"}
_TEXTS: Record = {"type": "array", "items": _TEXT}
_NUMBER: Record = {"type": "integer"}
_RECORDS: Record = {"type": "array", "items": {"type": "object"}}
_MORE: Record = {
    "type": ["object", "null"],
    "properties": {"left": _NUMBER, "how": _TEXT},
    "required": ["left", "how"],
}
_OFFSET: Record = {"type": "integer", "minimum": 0, "description": "Items to leave out from the start."}
_ID: Record = {"type": "string", "description": "Id, or `spec:id`."}
_CASE: Record = {"type": ["string", "object"], "description": "A case as YAML text, or as an object."}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """One tool.

    :param about: when to use it, in 300 characters at most
    :param takes: schemas of its arguments
    :param gives: schemas of the parts of an answer, besides those that every answer has
    :param needs: required arguments
    :param over: what must be served for the tool to be listed
    :param otherwise: advice for an error whose message names an option of the command line
    """

    name: str
    title: str
    about: str
    run: Tool
    takes: Mapping[str, Record]
    gives: Mapping[str, Record]
    needs: tuple[str, ...] = ()
    over: str = ""
    otherwise: str = ""


TOOLS = (
    OfferedTool(
        name="search",
        title="Search the spec",
        about="Find principles, sections, examples and topics by words, when you do not know an id yet. Answers with ids, "
        "places and excerpts, the best first.",
        run=tools.search,
        needs=("text",),
        takes={
            "text": {"type": "string", "description": "Words to find."},
            "level": {"type": "string", "description": "Id of a level of authority."},
            "topic": {"type": "string", "description": "Id of a topic."},
            "kind": {"type": "string", "enum": ["principle", "section", "example", "topic"]},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50},
            "offset": _OFFSET,
        },
        gives={"hits": _RECORDS, "more": _MORE},
    ),
    OfferedTool(
        name="principle",
        title="Read a principle",
        about="Read one principle or section word for word: its level, who may override it and how, clauses, relations, "
        "examples. Former ids lead to the new one. Use it before you quote or apply a rule.",
        run=tools.principle,
        needs=("id",),
        takes={"id": _ID, "offset": _OFFSET},
        gives={
            "id": _TEXT, "asked": _TEXT, "kind": _TEXT, "title": _TEXT, "level": {"type": ["string", "null"]},
            "override": {"type": ["string", "null"]}, "overridden_by": _TEXTS, "in_words": _TEXT, "text": _TEXT,
            "text_more": _MORE, "clauses": _RECORDS, "sections": _RECORDS, "relations": {"type": "object"},
            "topics": _TEXTS, "serves": _TEXTS, "former_ids": _TEXTS, "examples": _TEXTS, "counts": {"type": "object"},
            "file": _TEXT, "line": _NUMBER, "cite": _TEXT, "more": _MORE,
        },
    ),
    OfferedTool(
        name="example",
        title="Read an example",
        about="Read one example: its conversation, the verdict on each answer and why, and which principles it weighs. What "
        "its messages ask for is part of the example.",
        run=tools.example,
        needs=("id",),
        takes={"id": _ID, "offset": _OFFSET},
        gives={
            "id": _TEXT, "title": _TEXT, "stands_in": {"type": ["string", "null"]}, "illustrates": _TEXTS,
            "weighs": _TEXTS, "messages": _RECORDS, "file": _TEXT, "line": _NUMBER, "cite": _TEXT, "more": _MORE,
        },
    ),
    OfferedTool(
        name="questions",
        title="List the named questions",
        about="List the questions that `ask` answers, with parameters and columns.",
        run=tools.questions,
        takes={"offset": _OFFSET},
        gives={"questions": _RECORDS, "more": _MORE},
    ),
    OfferedTool(
        name="ask",
        title="Ask a named question",
        about="Get a table that answers a named question about the whole spec, such as which rules nobody may override. "
        "`questions` lists names and parameters.",
        run=tools.ask,
        needs=("question",),
        takes={
            "question": {"type": "string", "description": "Name of the question."},
            "params": {"type": "object", "description": "Values of its parameters, by name."},
            "limit": {"type": "integer", "minimum": 1},
            "offset": _OFFSET,
        },
        gives={
            "columns": _TEXTS, "rows": {"type": "array", "items": _TEXTS}, "findings": _RECORDS, "cite": _TEXT,
            "more": _MORE,
        },
        otherwise="`questions` lists what can be asked, and `sparql` takes a query of your own",
    ),
    OfferedTool(
        name="sparql",
        title="Query the graph",
        about="Run a SPARQL query of your own (SELECT or ASK; 10 s, 10,000 rows) where no named question fits. Prefixes ps, "
        "dcterms, skos, rdf and rdfs are declared.",
        run=tools.sparql,
        needs=("query",),
        takes={"query": _TEXT, "limit": {"type": "integer", "minimum": 1}, "offset": _OFFSET},
        gives={
            "columns": _TEXTS, "rows": {"type": "array", "items": _TEXTS}, "findings": _RECORDS, "cite": _TEXT,
            "more": _MORE,
        },
    ),
    OfferedTool(
        name="resolve",
        title="Decide a case",
        about="Decide who wins where instructions conflict: you state the items of a case, and the levels and exceptions of "
        "the spec decide. Use it instead of deciding yourself.",
        run=tools.resolve,
        needs=("case",),
        takes={"case": _CASE, "offset": _OFFSET},
        gives={"decisions": _RECORDS, "findings": _RECORDS, "errors": _RECORDS, "places": _RECORDS, "more": _MORE},
    ),
    OfferedTool(
        name="check",
        title="Check a draft",
        about="Check the draft of a provision, with its heading and examples, as if it were at the end of the spec. "
        "Fix what it finds until `is_clean`; hints may stay.",
        run=tools.check_draft,
        takes={
            "markdown": {"type": "string", "description": "The draft: `## Title {#id authority=level}`, then its text."},
            "rst": {"type": "string", "description": "Instead: a page with `.. policy:principle::` below a heading."},
            "as": {"type": "string", "enum": [*DRAFTS], "description": "Its markup, if the name of its argument does not say."},
            "offset": _OFFSET,
        },
        gives={
            "findings": _RECORDS, "elsewhere": _RECORDS, "provisions": _TEXTS, "fixed": {"type": ["string", "null"]},
            "is_clean": {"type": "boolean"}, "more": _MORE,
        },
    ),
    OfferedTool(
        name="overlay_check",
        title="Check an overlay",
        about="Tell whether the statements of an overlay, rules of one's own on top of the spec, may be said, each with the "
        "sentence and the conversation that decide it.",
        run=tools.overlay_check,
        needs=("yaml",),
        takes={"yaml": {"type": "string", "description": "The overlay file."}, "offset": _OFFSET},
        gives={
            "upstream": {"type": "object"}, "overlays": _RECORDS, "statements": _RECORDS, "findings": _RECORDS,
            "errors": _RECORDS, "more": _MORE,
        },
    ),
    OfferedTool(
        name="diff",
        title="Compare two releases",
        about="Tell what changed in meaning between two releases, each change with its weight, of the whole spec or of one "
        "provision.",
        run=tools.diff_releases,
        needs=("from", "to"),
        takes={
            "from": {"type": "string", "description": "Version of the older release."},
            "to": {"type": "string", "description": "Version of the newer release."},
            "id": {"type": "string", "description": "Id of a provision."},
            "offset": _OFFSET,
        },
        gives={
            "from": _TEXT, "to": _TEXT, "bump": _TEXT, "bump_if_neutral": _TEXT, "weights": {"type": "object"},
            "counts": {"type": "object"}, "changes": _RECORDS, "more": _MORE,
        },
        over="releases",
    ),
    OfferedTool(
        name="context",
        title="Gather the context of a matter",
        about="Get all that concerns principles, a pair of them, a case or a topic in one text within a budget: use it before "
        "you write or judge something. Give one of about, pair, case and topic.",
        run=tools.context,
        takes={
            "about": {"type": "array", "items": _TEXT, "description": "Ids of principles or sections."},
            "pair": {"type": "array", "items": _TEXT, "description": "Two ids: also what orders them."},
            "case": _CASE,
            "topic": {"type": "string", "description": "Id of a topic."},
            "budget": {"type": "integer", "minimum": 0, "description": f"Bytes of the text, {BUDGET} if left out; 0 for all."},
            "offset": {"type": "integer", "minimum": 0, "description": "Parts to leave out from the start."},
        },
        gives={
            "digest": _TEXT, "about": _TEXTS, "command": _TEXT, "cite": _TEXT, "budget": _NUMBER, "parts": _RECORDS,
            "not_shown": _RECORDS, "findings": _RECORDS, "errors": _RECORDS, "more": _MORE,
        },
        otherwise="give a larger `budget`, or 0 for no limit",
    ),
)  # fmt: skip

_NOTHING_TO_COMPARE = (
    "it compares releases, and each spec here has one; whoever starts the server names a folder of releases, or each release, "
    "as a SOURCE"
)


def listed(desk: Desk) -> Iterator[OfferedTool]:
    """Yield the tools that have something to work on."""
    yield from (row for row in TOOLS if not lacking(row, desk))


def lacking(row: OfferedTool, desk: Desk) -> str:
    """Return why a tool has nothing to work on, and what to do about it; empty if it has something."""
    return _NOTHING_TO_COMPARE if row.over == "releases" and not desk.has_releases else ""


_SEVERAL: Mapping[str, Record] = MappingProxyType(
    {
        "spec": {"type": "string", "description": "Name of a spec; the first where left out."},
        "release": {"type": "string", "description": "Version; the newest where left out."},
    }
)


def several(desk: Desk) -> Mapping[str, Record]:
    """Return the schemas of the arguments that select one of several specs and releases."""
    is_there = {"spec": len(desk.specs) > 1, "release": desk.has_releases}
    return {name: schema for name, schema in _SEVERAL.items() if is_there[name]}


def arguments_of(row: OfferedTool, desk: Desk) -> Record:
    """Return the schema of the arguments of a tool, with the spec and release if there are several."""
    selectors = {
        name: schema for name, schema in several(desk).items() if row.name != "diff" or name == "spec"
    }
    return {
        "type": "object",
        "properties": {**row.takes, **selectors},
        "required": [*row.needs],
        "additionalProperties": False,
    }


def answer_of(row: OfferedTool) -> Record:
    """Return the schema of the answers of a tool."""
    properties = {"spec": _TEXT, "release": _TEXT, **row.gives}
    return {"type": "object", "properties": properties, "required": [*properties]}


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "array": list,
    "object": dict,
}


def checked_arguments(schema: Record, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call without ``null`` values; raise :class:`SourceError` for a wrong one."""
    known, values = (
        schema["properties"],
        {name: value for name, value in arguments.items() if value is not None},
    )
    for name in values.keys() - known.keys():
        hint = f"there is one {name}, which needs no name" if name in _SEVERAL else nearest(name[:60], known)
        raise SourceError(f"unknown argument `{name[:60]}`; {hint}".rstrip("; "))
    for name in schema["required"]:
        if name not in values:
            raise SourceError(f"the argument `{name}` is missing")
    for name, value in values.items():
        if problem := _problem(known[name], value):
            raise SourceError(f"argument `{name}`: {problem}")
        require_small(name, value)
    return values


def require_small(name: str, value: object) -> None:
    """Raise :class:`SourceError` for an argument that is too large."""
    if tools.size_of(value) > MOST_ARGUMENT:
        raise SourceError(f"argument `{name}`: larger than {MOST_ARGUMENT // 1024} KB: send a part of it")


def _problem(schema: Record, value: object) -> str:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if isinstance(value, bool) or not any(isinstance(value, _KINDS[kind]) for kind in kinds):
        return f"expected {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"`{str(value)[:60]}` is not one of {', '.join(schema['enum'])}"
    if isinstance(value, int):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        upto = f"from {least} to {most}" if "maximum" in schema else f"of {least} or more"
        return "" if least <= value <= most else f"{value} is not a number {upto}"
    if (
        isinstance(value, list)
        and schema.get("items") == _TEXT
        and not all(isinstance(one, str) for one in value)
    ):
        return "expected a list of texts"
    return ""
