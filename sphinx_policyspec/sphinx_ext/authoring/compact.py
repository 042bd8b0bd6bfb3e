"""Conversations in the tag notation of the Model Spec, inside a directive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from docutils import nodes

from sphinx_policyspec.model import Span
from sphinx_policyspec.readers.conversation import read_conversation
from sphinx_policyspec.sphinx_ext.authoring.base import PolicyDirective
from sphinx_policyspec.sphinx_ext.authoring.declared import Conversation, note_finding
from sphinx_policyspec.sphinx_ext.markdown.languages import Dialect
from sphinx_policyspec.sphinx_ext.rendering.turns import TurnRenderer

__all__ = ["compact_conversation"]

_T = TypeVar("_T")


def compact_conversation(directive: PolicyDirective) -> nodes.container:
    """Read a directive's content in tag notation, and return its turns as nodes.

    Messages are Markdown in rST pages too.
    """
    lines, first = list(directive.content), directive.content_line
    reading = read_conversation([f"{line}\n" for line in lines], directive.source.file, first)
    document = directive.state.document
    source = directive.place[0]
    turns = TurnRenderer(directive.env.docname, Dialect(document), lambda span: (source, span.line))
    box = nodes.container("", *turns.render(reading.turns), classes=["ps-conversation"])

    def place(span: Span) -> Span:
        number = span.line - first
        if span.line != span.end_line or number >= len(lines):
            return directive.source.span(span.line, span.end_line)
        return directive.source.part(span.line, lines[number], span.column - 1, span.end_column - 1)

    reading = _placed(reading, place)
    for finding in reading.findings:
        note_finding(directive.env, finding)
    item = Conversation(turns=reading.turns, references=reading.references, links=reading.links)
    directive.declare(box, item)
    return box


def _placed(value: _T, place: Callable[[Span], Span]) -> _T:
    """Return a value with each span inside it in the file, not in the content without its indentation."""
    if isinstance(value, Span):
        return cast("_T", place(value))
    if isinstance(value, tuple):
        return cast("_T", tuple(_placed(item, place) for item in value))
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            item.name: _placed(getattr(value, item.name), place) for item in fields(value) if _holds(item)
        }
        return replace(value, **changed)
    return value


def _holds(item: object) -> bool:
    """Tell whether a field may hold spans: it is no plain text, number or truth."""
    return getattr(item, "type", None) not in {"str", "int", "bool"}
