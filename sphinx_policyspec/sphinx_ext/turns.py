"""Conversations of the model as nodes, for compact conversations and Model Spec pages alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sphinx_policyspec.model import Comparison, FragmentKind, Gap, Message, Response, Turn
from sphinx_policyspec.sphinx_ext import nodes as build
from sphinx_policyspec.sphinx_ext.markdown import render_body, render_inline
from sphinx_policyspec.sphinx_ext.references import pending_reference

if TYPE_CHECKING:
    from docutils import nodes

__all__ = ["render_turns"]


def render_turns(turns: Iterable[Turn], document: nodes.document, docname: str) -> list[nodes.Node]:
    """Return the nodes of a conversation in order."""
    shown: list[nodes.Node] = []
    for turn in turns:
        match turn:
            case Comparison():
                shown.append(
                    build.comparison(_message(answer, document, docname) for answer in turn.responses)
                )
            case Gap():
                shown.append(build.gap())
            case Message():
                shown.append(_message(turn, document, docname))
    return shown


def _message(message: Message, document: nodes.document, docname: str) -> nodes.Node:
    settings = sum(part.kind is FragmentKind.SETTING for part in message.fragments)
    first_line = message.span.line + 1 + (settings + 2 if settings else 0)
    body = render_body(message.text, first_line, document, message.fragments)
    if not isinstance(message, Response):
        return build.message(
            message.role,
            body,
            recipient=message.recipient,
            name=message.name,
            attributes=message.attributes,
            is_untrusted=message.untrusted,
        )
    line = message.span.line
    place = (document["source"], line)
    return build.response(
        message.verdict,
        body,
        role=message.role,
        recipient=message.recipient,
        name=message.name,
        attributes=message.attributes,
        note=render_inline(message.note, line, document) if message.note else (),
        raw_note=message.note,
        violates=[pending_reference(docname, target, place=place) for target in message.violates],
        place=place,
    )
