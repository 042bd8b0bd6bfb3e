"""The turns of an example, from the nodes of its directives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from docutils import nodes

from sphinx_policyspec.model import (
    Comparison,
    EvalPrompt,
    Example,
    Message,
    Principle,
    Response,
    Span,
    Turn,
    messages_of,
)
from sphinx_policyspec.sphinx_ext.authoring.declared import Conversation, declared_on
from sphinx_policyspec.sphinx_ext.capturing.gathered import Gathered
from sphinx_policyspec.sphinx_ext.capturing.inline import words_of
from sphinx_policyspec.sphinx_ext.capturing.links import FoundLinks, LinkPlace
from sphinx_policyspec.sphinx_ext.capturing.region import Region
from sphinx_policyspec.sphinx_ext.hidden import hides
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBody, PolicyComparison, PolicyMessage

__all__ = ["CapturePlace", "TurnReader"]

_MISPLACED: dict[type, str] = {
    Conversation: "a conversation",
    EvalPrompt: "a prompt",
    Example: "an example",
    Message: "a message",
    Principle: "a principle",
    Response: "a response",
}
"""What a message cannot hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePlace:
    """Where the walk is: in which provision, and in which principle if any.

    :param is_norm: text here is that of a principle itself
    :param takes: text here is that of the provision
    """

    region: Region
    links: LinkPlace
    depth: int = 0
    principle: str = ""
    is_norm: bool = False
    takes: bool = True

    def at(self, **changes: Any) -> CapturePlace:
        """Return the place with other circumstances of a link."""
        return replace(self, links=replace(self.links, **changes))


class TurnReader:
    """Takes up messages and their references.

    :param walk: takes up whatever else stands in an example
    """

    def __init__(
        self, page: Gathered, links: FoundLinks, walk: Callable[[nodes.Element, CapturePlace], None]
    ) -> None:
        self.page = page
        self.links = links
        self.walk = walk

    def turns(self, children: Iterable[nodes.Element], place: CapturePlace) -> tuple[Turn, ...]:
        """Return the turns among the children of an example."""
        turns: list[Turn] = []
        for child in children:
            self._turn(child, place, turns)
        return tuple(turns)

    def _turn(self, node: nodes.Element, place: CapturePlace, turns: list[Turn]) -> None:
        """Take up one child of an example; what is no turn is text that goes along."""
        said = sum(1 for _ in messages_of(tuple(turns)))
        if isinstance(node, PolicyComparison):
            answers: list[Message] = []
            for number, child in enumerate(node.children, said + 1):
                if isinstance(child, nodes.Element) and (
                    answer := self._message(child, place.at(message=number))
                ):
                    answers.append(answer)
            turns.append(_comparison(answer for answer in answers if isinstance(answer, Response)))
            return
        declared = declared_on(node)
        if declared is not None and isinstance(declared.item, Conversation):
            declared_on(node, take=True)
            turns.extend(declared.item.turns)
            self._read_conversation(node, declared.item, place, said)
        elif declared is not None and isinstance(declared.item, Message):
            if message := self._message(node, place.at(message=said + 1)):
                _say(message, turns)
        elif any(_is_said(inner) for inner in node.findall(nodes.Element)):
            # What shows or hides messages, or sets them apart, is no part of the conversation.
            for child in list(node.children):
                if isinstance(child, nodes.Element):
                    self._turn(child, place, turns)
        else:
            self.walk(node, place)

    def _walk_children(self, node: nodes.Element, place: CapturePlace) -> None:
        for child in list(node.children):
            if isinstance(child, nodes.Element):
                self.walk(child, place)

    def _message(self, node: nodes.Element, place: CapturePlace) -> Message | None:
        declared = declared_on(node, take=True)
        if declared is None or not isinstance(declared.item, Message):
            return None
        body = next(node.findall(PolicyBody))
        self._leave_out(body)
        message = place.region.fill(declared.item, body.children)
        self._walk_children(node, place.at(line=node.line or place.links.line))
        if not isinstance(message, Response):
            return message
        notes = (part for part in node.findall(nodes.paragraph) if "ps-note" in part["classes"])
        note = next(notes, None)
        return replace(message, note=words_of(note)) if note is not None and hides(note) else message

    def _leave_out(self, body: PolicyBody) -> None:
        """Find what says something of the spec inside what somebody says in it, and leave it out."""
        for node in list(body.findall(nodes.Element)):
            declared = declared_on(node)
            if declared is None or not isinstance(declared.item, tuple(_MISPLACED)):
                continue
            for inner in node.findall(nodes.Element):
                declared_on(inner, take=True)
            message = f"{_MISPLACED[type(declared.item)]} stands inside a message"
            self.page.find("misplaced-directive", message, declared.span, "put it behind the message")

    def _read_conversation(
        self, node: nodes.Element, found: Conversation, place: CapturePlace, said: int
    ) -> None:
        """Take the references of verdicts from the reader, which knows columns, and those of bodies from the nodes."""
        source, inside = place.links.provision, place.links.example
        self.links.references += [
            replace(reference, message=reference.message + said, source=source, example=inside)
            for reference in found.references
        ]
        self.links.links += [
            replace(link, message=link.message + said, source=source, example=inside) for link in found.links
        ]
        for number, message in enumerate(node.findall(PolicyMessage), said + 1):
            for body in message.children:
                if isinstance(body, nodes.Element) and not {"ps-note", "ps-violates"} & set(body["classes"]):
                    self._walk_children(body, place.at(message=number))


def _is_said(node: nodes.Element) -> bool:
    declared = declared_on(node)
    return declared is not None and isinstance(declared.item, Message | Conversation)


def _say(message: Message, turns: list[Turn]) -> None:
    """Put a message behind what was said; an answer beside the answers before it."""
    if not isinstance(message, Response):
        turns.append(message)
        return
    before = turns.pop() if turns and isinstance(turns[-1], Comparison) else None
    answers = before.responses if isinstance(before, Comparison) else ()
    turns.append(_comparison((*answers, message)))


def _comparison(answers: Iterable[Response]) -> Comparison:
    responses = tuple(answers)
    first, last = responses[0].span, responses[-1].span
    return Comparison(responses=responses, span=Span(first.file, first.line, 1, last.end_line, 1))
