"""Turns of a conversation → triples and back: messages, comparisons, gaps, marked fragments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TypeVar

from sphinx_policyspec.graph.reader import GraphReader
from sphinx_policyspec.graph.terms import PS, Iri
from sphinx_policyspec.graph.writer import GraphWriter
from sphinx_policyspec.model import (
    Comparison,
    Fragment,
    FragmentKind,
    Gap,
    Message,
    Response,
    Turn,
)

__all__ = ["read_conversation", "write_conversation"]

_M = TypeVar("_M", bound=Message)

_FRAGMENT_PROPERTIES = {
    FragmentKind.UNTRUSTED: PS.untrusted,
    FragmentKind.SETTING: PS.setting,
    FragmentKind.PLACEHOLDER: PS.placeholder,
}


def write_conversation(writer: GraphWriter, owner: Iri, turns: tuple[Turn, ...]) -> None:
    """State the turns of an example or prompt; messages are numbered through, alternatives included."""
    messages = (writer.iris.part("message", owner, number) for number in count(1))
    for order, turn in enumerate(turns, 1):
        if isinstance(turn, Comparison):
            comparison = writer.iris.part("comparison", owner, order)
            writer.record(comparison, turn, part_of=owner, order=order)
            for place, response in enumerate(turn.responses, 1):
                _write_message(writer, next(messages), response, part_of=comparison, order=place)
        elif isinstance(turn, Gap):
            writer.record(writer.iris.part("gap", owner, order), turn, part_of=owner, order=order)
        else:
            _write_message(writer, next(messages), turn, part_of=owner, order=order)


def _write_message(writer: GraphWriter, iri: Iri, message: Message, *, part_of: Iri, order: int) -> None:
    writer.record(iri, message, part_of=part_of, order=order)
    for place, fragment in enumerate(message.fragments, 1):
        writer.record(writer.iris.part("fragment", iri, place), fragment, part_of=iri, order=place)
        writer.add(iri, _FRAGMENT_PROPERTIES[fragment.kind], fragment.text)
    if message.untrusted:
        writer.add(iri, PS.untrusted, message.text)


def read_conversation(reader: GraphReader, owner: Iri) -> tuple[Turn, ...]:
    """Return the turns of an example or prompt."""
    return tuple(_read_turns(reader, owner))


def _read_turns(reader: GraphReader, owner: Iri) -> Iterator[Turn]:
    kinds: tuple[type[Turn], ...] = (Message, Response, Comparison, Gap)
    for subject, model in reader.parts(owner, *kinds):
        if issubclass(model, Comparison):
            parts = reader.parts(subject, Response)
            responses = tuple(_read_message(reader, part, Response) for part, _ in parts)
            yield reader.record(subject, Comparison, responses=responses)
        elif issubclass(model, Message):
            yield _read_message(reader, subject, model)
        else:
            yield reader.record(subject, model)


def _read_message(reader: GraphReader, subject: Iri, model: type[_M]) -> _M:
    fragments = tuple(reader.record(part, Fragment) for part, _ in reader.parts(subject, Fragment))
    return reader.record(subject, model, fragments=fragments)
