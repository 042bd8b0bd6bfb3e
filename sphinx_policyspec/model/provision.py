"""Provisions and what they hold: blocks, references, topics and goals, eval tags, prompts and changelogs.

Sections, and principles, which have a level of authority; and clauses that lower it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sphinx_policyspec.files import Brief, html_table
from sphinx_policyspec.model.example import EvalPrompt, Example
from sphinx_policyspec.model.finding import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose(Brief):
    """A run of normative text between other blocks.

    :param source: the exact text, blank lines after it included. Of a page of directives, the words at their places in
        the lines of the span, and blanks for what is around them; empty for words that are on no line
    :param text: the same without comments, eval tags and surrounding blank lines. Of a page of directives, what the
        parser of the page read, in its markup
    """

    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(Brief):
    """A paragraph that defines a term; part of the normative text.

    :param id: unique among definitions, derived from the term unless given
    """

    id: str
    term: str
    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Commentary(Brief):
    """A non-normative aside.

    :param label: its heading in the source, so far always ``Commentary``
    :param text: the body without the indentation that marks it
    """

    label: str
    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Brief):
    """A comment in the source between other blocks: it says nothing, and is shown nowhere.

    :param source: the exact text, blank lines after it included
    """

    source: str
    span: Span


Block = Prose | Definition | Commentary | Comment | Example | EvalPrompt
"""What is directly in a provision, in order."""


class Carrier(enum.StrEnum):
    """The kind of text that a reference is in."""

    TITLE = "title"
    TEXT = "text"
    VERDICT = "verdict"


class ReferenceForm(enum.StrEnum):
    """How a reference is written."""

    TITLE = "title"
    """Shown with the title of its target: ``[?](#id)``, or a role without a text of its own."""
    TEXT = "text"
    """With a text of its own: ``[text](#id)``."""
    ID = "id"
    """The id alone, in a verdict: ``[#id]``, or the ``violates`` option."""


class TargetKind(enum.StrEnum):
    """What a reference points at; also the ``<kind>`` of the target's IRI."""

    PROVISION = "provision"
    TOPIC = "topic"
    EXAMPLE = "example"
    LEVEL = "level"
    GOAL = "goal"
    DEFINITION = "definition"

    @property
    def with_article(self) -> str:
        """The word with its article."""
        return f"{'an' if self.value[0] in 'aeiou' else 'a'} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Brief):
    """One occurrence of a cross-reference.

    :param source: id of the innermost provision that holds it; empty before the first heading
    :param target: id of what it points at, whether or not that exists
    :param text: its own text, empty where it shows its target's title
    :param example: id of the example that it is in, if any
    :param message: place of the message in that example's ``messages``, from 1; 0 for the title
    """

    source: str
    target: str
    carrier: Carrier
    form: ReferenceForm
    span: Span
    target_kind: TargetKind = TargetKind.PROVISION
    text: str = ""
    example: str = ""
    message: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Brief):
    """One occurrence of a link to somewhere else; fields as in :class:`Reference`."""

    source: str
    url: str
    text: str
    carrier: Carrier
    span: Span
    example: str = ""
    message: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Brief):
    """A subject that provisions touch; a SKOS concept.

    :param label: preferred label
    :param text: what its author says about it
    :param alt_labels: other words that name it, sorted; a whole-word match of any is a mention
    :param broader: ids of more general topics, sorted
    :param same_as: an IRI that it shares with topics of other specs, if any
    """

    id: str
    label: str
    alt_labels: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    text: str = ""
    same_as: str = ""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Brief):
    """An end that principles serve; goals carry no rank."""

    id: str
    title: str
    text: str = ""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority(Brief):
    """The place of a goal in an order of goals, which decides no case.

    :param kind: how the order is meant, ``holistic`` or ``strict``
    """

    goal: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalTag(Brief):
    """A mark ``[^tag]`` that ties a clause to a file of evaluation prompts.

    :param clause: the words that it belongs to: the sentence, list item or sub-clause before it
    :param test: the path of the test that a note of the tag names
    """

    tag: str
    provision: str
    clause: str
    span: Span
    test: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile(Brief):
    """A file of evaluation prompts.

    :param title: the provision's title as the file's header states it; may lag behind
    :param source: the exact text of the header, blank lines after it included
    :param blocks: the prompts, and any text between them
    """

    tag: str
    title: str
    span: Span
    source: str
    blocks: tuple[EvalPrompt | Prose | Comment, ...] = ()

    @property
    def prompts(self) -> tuple[EvalPrompt, ...]:
        """The prompts in order."""
        return tuple(block for block in self.blocks if isinstance(block, EvalPrompt))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangelogEntry(Brief):
    """What a changelog says about one release.

    :param version: ISO date where the head is one (``v2025.04.11`` gives ``2025-04-11``), else
        the head's words
    :param text: the entry without its head
    """

    version: str
    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog(Brief):
    """A release's changelog, newest entry first; ``source`` is the text before the first entry."""

    span: Span
    source: str
    entries: tuple[ChangelogEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision(Brief):
    """A heading or block with an id; either a :class:`Section` or a :class:`Principle`.

    :param depth: 1 for a chapter, one more for each level below
    :param parent: id of the enclosing provision
    :param source: the exact text of the heading, blank lines after it included; empty for a
        directive
    :param span: the heading, or the line of the directive
    :param attributes: heading attributes that mean nothing to us, sorted by name
    :param repeats: the id that its author wrote, where another provision has it and a reader chose a new one
    :param out_of_scope: who decides it in place of the spec; empty where the spec does
    :param usage_policies: addresses, as those of products and documents, sorted
    """

    id: str
    title: str
    depth: int
    span: Span
    source: str = ""
    parent: str | None = None
    blocks: tuple[Block, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    status: str = ""
    since: str = ""
    repeats: str = ""
    out_of_scope: str = ""
    usage_policies: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Own normative text: without heading, subsections, examples, commentary and eval tags."""
        return "\n\n".join(b.text for b in self.blocks if isinstance(b, Prose | Definition) and b.text)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that are directly in it."""
        return tuple(block for block in self.blocks if isinstance(block, Example))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Provision):
    """A provision without a level of authority: a container, or prose that binds nobody."""

    def as_principle(self, authority: str) -> Principle:
        """Return the principle that it becomes when it has a level of authority."""
        shared = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Principle(**shared, authority=authority)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principle(Provision):
    """A provision with a level of authority. Relations hold ids; they are sorted.

    :param authority: id of its level; may be one that the spec does not declare (a finding)
    :param serves: goals
    :param exception_to: principles (or sections) that it is an exception to
    :param exempts: categories that the exception takes out of their force
    :param never_exempts: categories that it does not reach, whatever else it says, and that prevail over it
    :param category: such as ``restricted`` or ``prohibited``; exceptions name it
    :param preferred_over: principles of the same level that yield to it
    :param rests_on: addresses of what outside the spec it cannot be applied without
    """

    authority: str
    serves: tuple[str, ...] = ()
    exception_to: tuple[str, ...] = ()
    exempts: tuple[str, ...] = ()
    never_exempts: tuple[str, ...] = ()
    category: str = ""
    preferred_over: tuple[str, ...] = ()
    conflicts_with: tuple[str, ...] = ()
    refines: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        entries = {
            "level": self.authority,
            "text": self.text,
            "topics": ", ".join(self.topics),
            "exception to": ", ".join(self.exception_to),
            "examples": ", ".join(example.title for example in self.examples),
            "place": self.span,
        }
        return html_table(f"{self.title} ({self.id})", (), [row for row in entries.items() if row[1]])

    @property
    def is_exception(self) -> bool:
        """Whether it takes others out of force, by id or by category."""
        return bool(self.exception_to or self.exempts)

    @property
    def goes_first(self) -> bool:
        """Whether it says itself that it goes before others, or is not reached by them."""
        return bool(self.preferred_over or self.never_exempts or self.is_exception)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause(Brief):
    """A clause that lowers the level of its principle, as "by default" inside a root rule does.

    :param permits_by: the level that may authorise what it forbids, as "unless explicitly authorized" leaves open; empty
        where nobody may
    """

    principle: str
    authority: str
    text: str
    span: Span
    permits_by: str = ""
