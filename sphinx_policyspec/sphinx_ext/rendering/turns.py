"""Conversations of the model as nodes, for compact conversations and pages without directives alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from docutils import nodes

from sphinx_policyspec.model import Comparison, Gap, Message, Response, Span, Turn
from sphinx_policyspec.sphinx_ext.domain.records import pending_reference
from sphinx_policyspec.sphinx_ext.markdown.languages import Language
from sphinx_policyspec.sphinx_ext.nodes import boxes

__all__ = ["TurnRenderer"]


@dataclass(frozen=True, slots=True)
class TurnRenderer:
    """Builds the nodes of conversations on one page.

    :param place_of: gives where something stands as translation catalogues and warnings name it
    """

    docname: str
    language: Language
    place_of: Callable[[Span], boxes.Place]

    def render(self, turns: Iterable[Turn]) -> list[nodes.Node]:
        """Return the nodes of a conversation in order."""
        return [self._turn(turn) for turn in turns]

    def _turn(self, turn: Turn) -> nodes.Node:
        match turn:
            case Comparison():
                return boxes.comparison(self._message(answer) for answer in turn.responses)
            case Gap():
                return boxes.gap()
            case Message():
                return self._message(turn)

    def _message(self, message: Message) -> nodes.Node:
        body = self.language.body(message)
        if not isinstance(message, Response):
            return boxes.message(
                message.role,
                body,
                recipient=message.recipient,
                name=message.name,
                language=message.language,
                attributes=message.attributes,
                is_untrusted=message.untrusted,
            )
        place = self.place_of(message.span)
        return boxes.response(
            message.verdict,
            body,
            role=message.role,
            recipient=message.recipient,
            name=message.name,
            language=message.language,
            attributes=message.attributes,
            note=self.language.inline(message.note, message.span.line) if message.note else (),
            raw_note=message.note,
            violates=[pending_reference(self.docname, target, place=place) for target in message.violates],
            place=place,
        )
