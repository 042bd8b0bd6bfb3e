"""Which topics each provision touches, how, and where: the evidence behind an answer."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from sphinx_policyspec.graph.shown import shown
from sphinx_policyspec.model import (
    Definition,
    Markup,
    Principle,
    Prose,
    Provision,
    Section,
    Span,
    Spec,
    Topic,
)

__all__ = ["Touch", "TouchKind", "enclosing", "touches"]


class TouchKind(enum.StrEnum):
    """How a provision touches a topic; the kind says where the evidence stands."""

    ASSERTED = "asserted"
    """The provision itself lists the topic."""
    NARROWER = "narrower"
    """It lists a topic that is narrower; ``via`` is the id of that topic."""
    INHERITED = "inherited"
    """A section around it lists the topic or a narrower one; ``via`` is the id of the section."""
    MENTION = "mention"
    """Its title or own text holds a label of the topic itself; ``via`` is the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One piece of evidence that a provision touches a topic.

    :param via: the topic's id (asserted), the narrower topic's, the section's, or the label
    :param span: the heading that lists the topic, or the words that mention it
    """

    topic: str
    kind: TouchKind
    via: str
    span: Span


@dataclass(frozen=True)
class _Label:
    """A label to look for: whole words, whatever the case, apostrophes and line breaks.

    :param words: never empty
    """

    topic: str
    text: str
    words: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """What any text with the label has in it."""
        return self.words[0].lower()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What matches the label; compiled only where a text has the key."""
        spaced = r"\s+".join(re.escape(word) for word in self.words)
        return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)


def touches(spec: Spec) -> Iterator[tuple[int, Touch]]:
    """Yield the touches of every provision, each with the provision's place in ``spec.provisions``.

    A provision's own text counts with its title; examples and commentary do not. To a principle
    belong its plain subsections: what they list and say is its own. Labels are found once for each
    line. What is *about* a narrower topic is about the broader one, so narrower topics count in what is
    asserted and inherited; a word in passing does not reach that far, so a mention counts for the
    label's own topic alone. Topics that nobody declared can be asserted and inherited all the same.
    """
    if not spec.topics and not any(provision.topics for provision in spec.provisions):
        return
    wider = {topic.id: _wider(topic.id, spec.topic_by_id) for topic in spec.topics}
    labels = tuple(_labels(spec.topics))
    around = enclosing(spec)
    markups = {document.file: document.markup for document in spec.documents}
    mentioned = [
        tuple(_mentions(provision, labels, markups.get(provision.span.file, Markup.MODEL_SPEC)))
        for provision in spec.provisions
    ]
    for index, provision in enumerate(spec.provisions):
        own = [index, *_subsections(spec, index, around)]
        members = [spec.provisions[place] for place in own]
        yield from ((index, touch) for touch in _asserted(members, wider))
        yield from ((index, touch) for touch in _inherited(provision, around, wider))
        yield from ((index, touch) for place in own for touch in mentioned[place])


def _wider(topic: str, topics: dict[str, Topic]) -> tuple[str, ...]:
    """Return the topic and all that are broader, nearest first; cycles end by themselves."""
    found = {topic: None}
    pending = [topic]
    for current in pending:
        for broader in topics[current].broader if current in topics else ():
            if broader not in found:
                found[broader] = None
                pending.append(broader)
    return tuple(found)


def enclosing(spec: Spec) -> dict[str, tuple[Provision, ...]]:
    """Return the provisions around each, nearest first; a circle of parents ends by itself."""
    around: dict[str, tuple[Provision, ...]] = {}
    for provision in spec.provisions:
        chain: dict[str, Provision] = {}
        parent = provision.parent
        while parent is not None and parent not in chain and parent != provision.id:
            holder = spec.provision_by_id.get(parent)
            if holder is None:
                break
            chain[parent] = holder
            parent = holder.parent
        around[provision.id] = tuple(chain.values())
    return around


def _subsections(spec: Spec, index: int, around: dict[str, tuple[Provision, ...]]) -> Iterator[int]:
    """Yield the places of a principle's plain subsections, which follow it."""
    principle = spec.provisions[index]
    if not isinstance(principle, Principle):
        return
    for place in range(index + 1, len(spec.provisions)):
        if principle not in around[spec.provisions[place].id]:
            return
        if isinstance(spec.provisions[place], Section):
            yield place


def _asserted(members: Iterable[Provision], wider: dict[str, tuple[str, ...]]) -> Iterator[Touch]:
    """Yield what a provision and its plain subsections list, and what that is narrower than."""
    seen: set[tuple[str, str]] = set()
    for member in members:
        for listed in member.topics:
            for topic in wider.get(listed, (listed,)):
                if (topic, listed) not in seen:
                    seen.add((topic, listed))
                    kind = TouchKind.ASSERTED if topic == listed else TouchKind.NARROWER
                    yield Touch(topic=topic, kind=kind, via=listed, span=member.span)


def _inherited(
    provision: Provision, around: dict[str, tuple[Provision, ...]], wider: dict[str, tuple[str, ...]]
) -> Iterator[Touch]:
    """Yield what the provisions around one list."""
    for holder in around[provision.id]:
        topics = dict.fromkeys(topic for listed in holder.topics for topic in wider.get(listed, (listed,)))
        for topic in topics:
            yield Touch(topic=topic, kind=TouchKind.INHERITED, via=holder.id, span=holder.span)


def _labels(topics: Iterable[Topic]) -> Iterator[_Label]:
    for topic in topics:
        for text in dict.fromkeys((topic.label, *topic.alt_labels)):
            words = _plain(text).split()
            if words:
                yield _Label(topic.id, text, tuple(words))


def _mentions(provision: Provision, labels: tuple[_Label, ...], markup: Markup) -> Iterator[Touch]:
    """Yield the first mention of each label on each line of the title and own text."""
    texts = [(provision.title, _title_span(provision), True)]
    texts += [
        (block.source or block.text, block.span, bool(block.source))
        for block in provision.blocks
        if isinstance(block, Prose | Definition)
    ]
    for text, span, is_placed in texts:
        searched = _plain(shown(text, markup))
        lowered = searched.lower()
        for label in labels:
            if label.key in lowered:
                # Words that stand on no line are mentioned where their block begins.
                found = _on_lines(label, searched, span)
                yield from found if is_placed else (replace(touch, span=span) for touch in islice(found, 1))


def _title_span(provision: Provision) -> Span:
    """Return where a title begins in its heading, as far as the heading's source shows it."""
    span = provision.span
    place = provision.source.partition("\n")[0].find(provision.title)
    return Span(span.file, span.line, span.column + max(place, 0))


def _on_lines(label: _Label, text: str, span: Span) -> Iterator[Touch]:
    """Yield where a label stands in a text that begins at a span, once for each line."""
    last, line, seen = 0, span.line, 0
    for match in label.pattern.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        if line != last:
            last = line
            before = text.rfind("\n", 0, match.start())
            column = match.start() - before + (span.column - 1 if before < 0 else 0)
            place = Span(span.file, line, column)
            yield Touch(topic=label.topic, kind=TouchKind.MENTION, via=label.text, span=place)


def _plain(text: str) -> str:
    """Write typographic apostrophes and hyphens as plain ones, one character for one."""
    return text.translate(_TYPOGRAPHY)


_TYPOGRAPHY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-"})
