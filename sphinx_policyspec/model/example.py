"""Examples and evaluation prompts: conversations, alternative answers and their verdicts."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span


class Verdict(enum.StrEnum):
    """What the spec says about an answer; values are the words of the dialect."""

    GOOD = "GOOD"
    """Compliant."""
    BAD = "BAD"
    """A violation."""
    OK = "OK"
    """Acceptable, with minor issues."""


class FragmentKind(enum.StrEnum):
    """Parts of a message that are not plain text of its author."""

    UNTRUSTED = "untrusted"
    """Text inside ``<untrusted>``: it carries no authority."""
    SETTING = "setting"
    """A ``key: value`` line inside ``<settings>``: metadata, not text."""
    PLACEHOLDER = "placeholder"
    """A mark of the spec's author: an elision, stage direction, slot or attachment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment(Brief):
    """A marked part of a message, with its place in the source.

    :param text: what it says, entities decoded; a setting's text is its ``key: value`` line
    """

    kind: FragmentKind
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Brief):
    """One message of a conversation.

    :param role: ``system``, ``developer``, ``user``, ``assistant`` or ``tool``; others are kept
    :param text: the body in its own markup, entities decoded exactly once, without the line ends
        around it
    :param source: of a page of directives, the words of the text at their places in the lines of the span; empty where
        the source of the example holds them, or where they are on no line
    :param recipient: the tool that an assistant message calls, such as ``functions.search``
    :param name: the tool that a tool message comes from
    :param language: of the text as a BCP 47 tag, such as ``ko``; empty if not given
    :param attributes: any other attributes, sorted by name
    :param untrusted: the whole message is text without authority
    :param fragments: marked parts, in order
    """

    role: str
    text: str
    span: Span
    source: str = ""
    recipient: str = ""
    name: str = ""
    language: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    untrusted: bool = False
    fragments: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Message):
    """An answer with the spec's verdict on it, mostly one of several inside a comparison.

    :param verdict: ``None`` only where the source lacks it (a finding)
    :param note: the reason, as inline markup, ``[?]`` kept as it stands
    :param violates: ids of the principles that it breaks where it names them; without any, the
        enclosing provision is meant
    """

    role: str = "assistant"
    verdict: Verdict | None = None
    note: str = ""
    violates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Brief):
    """A line ``[...]`` between two messages: part of the conversation is left out."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Brief):
    """Consecutive alternative answers to the same conversation, in source order."""

    responses: tuple[Response, ...]
    span: Span


Turn = Message | Comparison | Gap
"""What a conversation consists of, in order."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def is_language(text: str) -> bool:
    """Return whether a text has the form of a language tag (BCP 47, RFC 5646 §2.1)."""
    return _LANGUAGE.fullmatch(text) is not None


def messages_of(turns: tuple[Turn, ...]) -> Iterator[Message]:
    """Yield every message in order, the alternatives of comparisons included."""
    for turn in turns:
        if isinstance(turn, Comparison):
            yield from turn.responses
        elif isinstance(turn, Message):
            yield turn


def plain_name(name: str) -> str:
    """Return an id or title of an example in the form for comparison: straight quotes, single spaces, case-folded, no full stop."""
    straight = name.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})
    return " ".join(straight.casefold().split()).rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example(Brief):
    """A titled conversation that shows where a principle's boundary lies.

    :param id: unique in the spec; for the dialect ``<provision>-<slug of the title>``
    :param title: the title with every ``[?]`` replaced by the title it points at
    :param source_title: the title as it stands in the source
    :param source: the exact text of the whole example, blank lines after it included
    :param illustrates: provisions it names besides the one that encloses it
    :param weighs: principles that it shows being weighed against each other
    """

    id: str
    title: str
    source_title: str
    turns: tuple[Turn, ...]
    span: Span
    source: str
    illustrates: tuple[str, ...] = ()
    weighs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All names that it has, each as a :func:`plain_name`."""
        return frozenset(map(plain_name, (self.id, self.title, self.source_title)))

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message in order, the alternatives of comparisons included."""
        return tuple(messages_of(self.turns))

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons in order."""
        return tuple(turn for turn in self.turns if isinstance(turn, Comparison))

    @property
    def responses(self) -> tuple[Response, ...]:
        """Every answer that is judged in order, also one outside a comparison."""
        return tuple(message for message in self.messages if isinstance(message, Response))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalPrompt(Brief):
    """A conversation whose next answer tests a provision; it has no verdicts.

    :param id: ``<tag>/<ordinal>`` for a prompt file, its own id where a directive gave one
    :param tag: the eval tag whose file holds it; empty for a directive
    :param tests: ids of the provisions it tests, where it names them itself; a prompt of a file
        tests the provision that holds its tag
    """

    id: str
    title: str
    turns: tuple[Turn, ...]
    span: Span
    source: str
    tag: str = ""
    tests: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message in order."""
        return tuple(messages_of(self.turns))
