"""Conversations in the tag notation of the Model Spec, inside a directive."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from docutils import nodes

from sphinx_policyspec.model import Span
from sphinx_policyspec.readers.conversation import read_conversation
from sphinx_policyspec.sphinx_ext.authoring.base import PolicyDirective
from sphinx_policyspec.sphinx_ext.authoring.declared import Conversation, Source, note_finding
from sphinx_policyspec.sphinx_ext.markdown.languages import Dialect
from sphinx_policyspec.sphinx_ext.rendering.turns import TurnRenderer

__all__ = ["compact_conversation"]

_T = TypeVar("_T")


def compact_conversation(directive: PolicyDirective) -> nodes.container:
    """Read a directive's content in tag notation, and return its turns as nodes.

    Messages are Markdown in rST pages too. Places count in the file, not in the content without its
    indentation.
    """
    content = [f"{line}\n" for line in directive.content]
    reading = read_conversation(content, directive.source.file, directive.content_line)
    reading = _placed(reading, _indents(directive.source, directive.content_line, content))
    for finding in reading.findings:
        note_finding(directive.env, finding)
    document = directive.state.document
    source = directive.place[0]
    turns = TurnRenderer(directive.env.docname, Dialect(document), lambda span: (source, span.line))
    box = nodes.container("", *turns.render(reading.turns), classes=["ps-conversation"])
    item = Conversation(turns=reading.turns, references=reading.references, links=reading.links)
    directive.declare(box, item)
    return box


def _indents(source: Source, first: int, content: list[str]) -> dict[int, int]:
    """Return how far each line of the content is indented in its file."""
    found = {}
    for number, line in enumerate(content, first):
        text = source.lines[number - 1] if number <= len(source.lines) else ""
        stripped = line.strip()
        at = text.find(stripped) - (len(line) - len(line.lstrip())) if stripped else 0
        found[number] = max(at, 0)
    return found


def _placed(value: _T, indents: dict[int, int]) -> _T:
    """Return a value with each span inside it moved right by the indentation of its lines.

    Spans of whole lines begin and end at column 1, and stay there.
    """
    if isinstance(value, Span):
        if value.line != value.end_line:
            return value
        shift = indents.get(value.line, 0)
        return cast("_T", replace(value, column=value.column + shift, end_column=value.end_column + shift))
    if isinstance(value, tuple):
        return cast("_T", tuple(_placed(item, indents) for item in value))
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            item.name: _placed(getattr(value, item.name), indents) for item in fields(value) if _holds(item)
        }
        return replace(value, **changed)
    return value


def _holds(item: object) -> bool:
    """Tell whether a field may hold spans: it is no plain text, number or truth."""
    return getattr(item, "type", None) not in {"str", "int", "bool"}
