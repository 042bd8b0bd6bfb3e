"""The topics that each provision touches, how, and where: the only place that decides what is about a topic."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

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

_MARKS = re.compile(r"\[\^\w+\]|(?<=\])\([^()\s]*\)")
"""Eval tags and link targets."""
_SILENT = re.compile(rf"{_MARKS.pattern}|<!--.*?-->", re.DOTALL)
"""Parts that readers do not see in any Markdown: these and comments."""

_DEFINITION = re.compile(
    r"^[ ]{0,3}\[[^\[\]\n]{1,200}\]:[ \t]++\S++(?:[ \t]++\"[^\"\n]*+\")?[ \t]*+$", re.MULTILINE
)
"""A line that defines the address of a link, or the test of an eval tag."""

_FILES = "code|code-block|sourcecode|csv-table|figure|image|include|literalinclude|raw"
"""Directives whose argument is a language or the name of a file."""
_ROLES = "any|doc|eq|numref|ref|policy:example|policy:goal|policy:level|policy:principle"
"""Roles that show the title of their target, not its id."""
_OPTIONS = r"(?:\n[ \t]*:[\w-]+:[^\n]*)*"
_TARGET = r"(?<=[\s`])<[^<>`\n]*>(?=`)"
"""The target after the words of a role or link, up to the backtick."""

_RST = re.compile(
    rf"^[ \t]*\.\.[ \t]+(?:\|[^|\n]*\|[ \t]+)?(?:(?:{_FILES})::[^\n]*|[\w:.+-]+::){_OPTIONS}"
    r"|^[ \t]*\.\.[ \t]+_[^\n]*"
    rf"|:(?:{_ROLES}):`[^<>`\n]*`"
    r"|(?<![\w`]):[a-zA-Z][\w:.+-]{0,200}:(?=`)"
    rf"|{_TARGET}",
    re.MULTILINE,
)
_MYST = re.compile(
    rf"^[ \t]*(?:`{{3,}}|~{{3,}}|:{{3,}})(?:\{{(?:{_FILES})\}}[^\n]*|\{{[^{{}}\n]*\}}|[\w+-]*$){_OPTIONS}"
    r"|^\([^()\s]+\)=[ \t]*$"
    r"|^[ \t]*\[[^\]\n]+\]:[ \t][^\n]*"
    rf"|\{{(?:{_ROLES})\}}`[^<>`\n]*`"
    r"|\{[a-zA-Z][\w:.+-]*\}(?=`)"
    rf"|{_TARGET}",
    re.MULTILINE,
)


def _visible(text: str, markup: Markup) -> str:
    """Return a text with spaces in place of what readers do not see."""
    if markup is Markup.RST:
        return _RST.sub(_blank, text)
    # Comments are not searched after the last `-->`: each of many unclosed ones would cost the rest of the text.
    before, close, after = text.rpartition("-->")
    text = _SILENT.sub(_blank, before + close) + _MARKS.sub(_blank, after)
    return (_MYST if markup is Markup.MYST else _DEFINITION).sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


class TouchKind(enum.StrEnum):
    """How a provision touches a topic: every kind except a mention means that it is about the topic."""

    ASSERTED = "asserted"
    """The provision itself lists the topic."""
    NARROWER = "narrower"
    """It lists a narrower topic; ``via`` is that topic's id."""
    INHERITED = "inherited"
    """A section around it lists the topic or a narrower one; ``via`` is the section's id."""
    MENTION = "mention"
    """Its title or own text contains a label of the topic itself; ``via`` is the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One piece of evidence that a provision touches a topic.

    :param via: the id of the topic (asserted), of the narrower topic or of the section, or the label
    :param span: the heading that lists the topic, or the words that mention it
    """

    topic: str
    kind: TouchKind
    via: str
    span: Span


@dataclass(frozen=True)
class _Label:
    """A label to search for: whole words, ignoring case, kinds of apostrophes and line breaks.

    :param words: never empty
    """

    topic: str
    text: str
    words: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """A text that occurs in every text with the label."""
        return self.words[0].lower()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Pattern of the label; compiled only if a text contains the key."""
        spaced = r"\s+".join(re.escape(word) for word in self.words)
        return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)


class TouchFinder:
    """Finds how the provisions of a spec touch its topics.

    A provision's own text includes its title, but not examples and commentary. A principle includes its plain
    subsections: their topics and texts are its own. Each label is reported once per line. What is *about* a narrower topic
    is also about the broader one, so narrower topics count for assertion and inheritance; a mention counts only for the
    label's own topic, since a passing word does not reach further. Undeclared topics can be asserted and inherited, too.
    """

    def __init__(self, spec: Spec) -> None:
        self.around = enclosing(spec)
        self._spec = spec
        self._labels = tuple(_labels(spec.topics))
        self._markups = {document.file: document.markup for document in spec.documents}
        self._wider = {topic.id: with_broader(topic.id, spec.topic_by_id) for topic in spec.topics}
        self._subsections = _subsections(spec, self.around)
        self._mentioned: dict[int, tuple[Touch, ...]] = {}

    def touches(self, place: int) -> Iterator[Touch]:
        """Yield the touches of a provision, by its index in ``spec.provisions``."""
        yield from self.evidence(place)
        for own in self._own(place):
            if own not in self._mentioned:
                self._mentioned[own] = tuple(self._mentions(own))
            yield from self._mentioned[own]

    def evidence(self, place: int) -> Iterator[Touch]:
        """Yield the touches that make a provision one about topics."""
        members = [self._spec.provisions[own] for own in self._own(place)]
        yield from _asserted(members, self._wider)
        yield from _inherited(self._spec.provisions[place], self.around, self._wider)

    def _own(self, place: int) -> list[int]:
        provision = self._spec.provisions[place]
        is_known = self._spec.provision_by_id[provision.id] is provision
        return [place, *(self._subsections.get(provision.id, ()) if is_known else ())]

    def _mentions(self, place: int) -> Iterator[Touch]:
        """Yield the first mention of each label on each line of the title and own text."""
        if not self._labels:
            return
        provision = self._spec.provisions[place]
        markup = self._markups.get(provision.span.file, Markup.MODEL_SPEC)
        texts = [(provision.title, _title_span(provision), True)]
        texts += [
            (block.source or block.text, block.span, bool(block.source))
            for block in provision.blocks
            if isinstance(block, Prose | Definition)
        ]
        for text, span, is_placed in texts:
            searched = _plain(_visible(text, markup))
            lowered = searched.lower()
            for label in self._labels:
                if label.key in lowered:
                    # Without exact lines, words are mentioned where their block begins.
                    mentions = _on_lines(label, searched, span)
                    yield from (
                        mentions
                        if is_placed
                        else (replace(touch, span=span) for touch in islice(mentions, 1))
                    )


def touches(spec: Spec) -> Iterator[tuple[int, Touch]]:
    """Yield the touches of every provision, each with the provision's index in ``spec.provisions``."""
    finder = TouchFinder(spec)
    return ((place, touch) for place in range(len(spec.provisions)) for touch in finder.touches(place))


def about(spec: Spec, *, mentions: bool = False) -> dict[str, dict[str, tuple[TouchKind, ...]]]:
    """Return the provisions about each topic: ids in reading order, each with its kinds of touch.

    Sections are included as well as principles. Every declared topic has an entry, even if it is empty; undeclared topics
    follow.

    :param mentions: whether to include provisions that only mention the topic, as their kind says
    """
    by_topic: dict[str, dict[str, set[TouchKind]]] = {topic.id: {} for topic in spec.topics}
    finder = TouchFinder(spec)
    for place, provision in enumerate(spec.provisions):
        for touch in finder.touches(place) if mentions else finder.evidence(place):
            by_topic.setdefault(touch.topic, {}).setdefault(provision.id, set()).add(touch.kind)
    return {
        topic: {name: _in_order(kinds) for name, kinds in provisions.items()}
        for topic, provisions in by_topic.items()
    }


def _in_order(kinds: set[TouchKind]) -> tuple[TouchKind, ...]:
    return tuple(kinds) if len(kinds) == 1 else tuple(kind for kind in TouchKind if kind in kinds)


def listed_topics(spec: Spec) -> set[str]:
    """Return the topics that any provision is about: those that one lists, and the broader ones."""
    listed = {topic for provision in spec.provisions for topic in provision.topics}
    return {topic for narrow in listed for topic in with_broader(narrow, spec.topic_by_id)}


def with_broader(topic: str, topics: dict[str, Topic]) -> tuple[str, ...]:
    """Return a topic and all broader ones, nearest first; cycles are safe."""
    topics_seen = {topic: None}
    pending = [topic]
    for current in pending:
        for broader in topics[current].broader if current in topics else ():
            if broader not in topics_seen:
                topics_seen[broader] = None
                pending.append(broader)
    return tuple(topics_seen)


def enclosing(spec: Spec) -> dict[str, tuple[Provision, ...]]:
    """Return the provisions around each provision, nearest first; cycles of parents are safe."""
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


def owner(section: Section, around: Mapping[str, Iterable[Provision]]) -> Principle | None:
    """Return the principle that a plain section belongs to: the nearest one around it.

    :param around: the result of :func:`enclosing`
    """
    return next((holder for holder in around[section.id] if isinstance(holder, Principle)), None)


def _subsections(spec: Spec, around: Mapping[str, Iterable[Provision]]) -> dict[str, list[int]]:
    """Return the indices of plain subsections by principle."""
    places: dict[str, list[int]] = {}
    for place, provision in enumerate(spec.provisions):
        if isinstance(provision, Section) and (principle := owner(provision, around)):
            places.setdefault(principle.id, []).append(place)
    return places


def _asserted(members: Iterable[Provision], wider: dict[str, tuple[str, ...]]) -> Iterator[Touch]:
    """Yield touches for the topics that a provision and its plain subsections list, and for the broader ones."""
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
    """Yield touches for the topics that the provisions around one list."""
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


def _title_span(provision: Provision) -> Span:
    """Return the place of a title in its heading, as far as the heading's source shows it."""
    span = provision.span
    place = provision.source.partition("\n")[0].find(provision.title)
    return Span(span.file, span.line, span.column + max(place, 0))


def _on_lines(label: _Label, text: str, span: Span) -> Iterator[Touch]:
    """Yield the mentions of a label in a text that begins at a span, one per line."""
    last, line, counted_to = 0, span.line, 0
    for match in label.pattern.finditer(text):
        line += text.count("\n", counted_to, match.start())
        counted_to = match.start()
        if line != last:
            last = line
            before = text.rfind("\n", 0, match.start())
            column = match.start() - before + (span.column - 1 if before < 0 else 0)
            place = Span(span.file, line, column)
            yield Touch(topic=label.topic, kind=TouchKind.MENTION, via=label.text, span=place)


def _plain(text: str) -> str:
    """Return a text with plain apostrophes and hyphens, one character for one."""
    return text.translate(_TYPOGRAPHY)


_TYPOGRAPHY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-"})
