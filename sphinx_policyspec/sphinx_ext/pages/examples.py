"""Directives for examples and their messages, goals and evaluation prompts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import ClassVar, TypeVar, cast

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec import model
from sphinx_policyspec.readers.comments import ROLES
from sphinx_policyspec.readers.conversation import read_conversation
from sphinx_policyspec.readers.inline import find_marks, slug
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, pending_reference
from sphinx_policyspec.sphinx_ext.nodes.boxes import (
    comparison,
    declaration,
    example,
    message,
    placeholder,
    prompt,
    response,
)
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyMessage, PolicyResponse, anchor_of, elements_of
from sphinx_policyspec.sphinx_ext.pages.directive import PolicyDirective, options, options_of
from sphinx_policyspec.sphinx_ext.pages.inline import plain_title
from sphinx_policyspec.sphinx_ext.pages.marks import Conversation, declared_on, note_finding

_SILENT = (nodes.Invisible, nodes.math, nodes.math_block, nodes.raw, nodes.system_message)
_LINKS = (nodes.reference, addnodes.pending_xref)


def mark_placeholders(
    content: Iterable[nodes.Node], place: Callable[[str, int], model.Span], *, is_data: bool = False
) -> tuple[model.Fragment, ...]:
    """Make nodes of the placeholders in a message, and return them with their places.

    They are looked for in what the markup leaves as text, so that links, footnotes and maths are none. In
    code only an elision is one, as in the tag notation; it stays unchanged there.

    :param place: returns the span of words in the message, from them and how often they occurred before
    :param is_data: the message goes to a tool or comes from one
    """
    seen: Counter[str] = Counter()
    found: list[model.Fragment] = []
    for block in content:
        for text in list(block.findall(nodes.Text)):
            code = _inside(text, (nodes.FixedTextElement,))
            if "[" not in text or _inside(text, (*_SILENT, *_LINKS)) or _inside(text, (nodes.literal,)):
                continue
            places = list(find_marks(str(text), is_data=is_data or code))
            for start, stop in places:
                mark = str(text)[start:stop]
                span = place(mark, seen[mark])
                seen[mark] += 1
                found.append(model.Fragment(kind=model.FragmentKind.PLACEHOLDER, text=mark, span=span))
            if places and not code:
                _wrap(text, places)
    return tuple(sorted(found, key=lambda fragment: fragment.span))


def _inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    above = node.parent
    while above is not None:
        if isinstance(above, kinds):
            return True
        above = above.parent
    return False


def _wrap(text: nodes.Text, places: Iterable[tuple[int, int]]) -> None:
    """Replace the words of placeholders by nodes."""
    parts: list[nodes.Node] = []
    at = 0
    for start, stop in places:
        parts += [nodes.Text(text[at:start])] if start > at else []
        parts.append(placeholder(text[start:stop]))
        at = stop
    parts += [nodes.Text(text[at:])] if at < len(text) else []
    text.parent.replace(text, parts)


_T = TypeVar("_T")
_DIRECTIVE = re.compile(rf"\s*(?:\.\. {DOMAIN}:[\w-]++::|(?:`{{3,}}+|~{{3,}}+|:{{3,}}+)\{{{DOMAIN}:)")
"""What begins a directive of ours."""


def compact_conversation(directive: PolicyDirective) -> nodes.container:
    """Read a directive's content in tag notation, and return its turns as nodes.

    Messages are Markdown in rST pages too.
    """
    # Few pages use it, and MyST is slow to load.
    from sphinx_policyspec.sphinx_ext.markdown.render import Dialect, TurnRenderer  # noqa: PLC0415

    lines, first = list(directive.content), directive.content_line
    reading = read_conversation(tuple(f"{line}\n" for line in lines), directive.source.file, first)
    document = directive.state.document
    source = directive.place[0]
    turns = TurnRenderer(directive.env.docname, Dialect(document, source), lambda span: (source, span.line))
    box = nodes.container("", *turns.render(reading.turns), classes=["ps-conversation"])

    def place(span: model.Span) -> model.Span:
        number = span.line - first
        if span.line != span.end_line or number >= len(lines):
            return directive.source.span(span.line, span.end_line)
        return directive.source.part(span.line, lines[number], span.column - 1, span.end_column - 1)

    if stray := next((number for number, line in enumerate(lines, first) if _DIRECTIVE.match(line)), 0):
        message = "a directive is inside the tag notation, where it is text"
        directive.find("misplaced-directive", message, "put it after the conversation", line=stray)
    reading = _placed(reading, place)
    for finding in reading.findings:
        note_finding(directive.env, finding)
    item = Conversation(turns=reading.turns, references=reading.references, links=reading.links)
    directive.declare(box, item)
    return box


def _placed(value: _T, place: Callable[[model.Span], model.Span]) -> _T:
    """Return a value whose spans are places in the file, not in the content without its indentation."""
    if isinstance(value, model.Span):
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
    """Return whether a field may hold spans: it is not plain text, a number or a truth value."""
    return getattr(item, "type", None) not in {"str", "int", "bool"}


_STRAY = (
    nodes.paragraph,
    nodes.bullet_list,
    nodes.enumerated_list,
    nodes.definition_list,
    nodes.block_quote,
    nodes.literal_block,
    nodes.line_block,
    nodes.table,
)
"""What holds words of its own; a commentary in an example is no stray text."""


class ExampleDirective(PolicyDirective):
    """A case that shows where the boundary of a principle lies: ``policy:example``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id", *options_of("example"))

    def build(self) -> list[nodes.Node]:
        """Show the title and the conversation, consecutive answers side by side."""
        title = self.argument("title", default="Example")
        head = self.inline(title)
        item = model.Example(
            id=self.identifier(""),
            title=plain_title(head),
            source_title=title,
            turns=(),
            span=self.span,
            source="",
            **self.attributes("example"),
        )
        inner, lifted = _split_misplaced(self, self.content_nodes(), "an example", _IN_NO_EXAMPLE)
        content = list(_group_answers(inner))
        self._find_stray_text(content)
        if not content:
            self.find_empty("messages", "them")
        box = example("", head, content, raw_title=title, place=self.place)
        self.declare(box, item)
        return [box, *lifted]

    def _find_stray_text(self, content: Iterable[nodes.Node]) -> None:
        """Report words outside every message; they are on the page and not in the graph."""
        for node in content:
            if isinstance(node, _STRAY):
                self.find(
                    "text-outside-message",
                    f"text in `{self.name}` is in no message",
                    "put it into `policy:message`, or before the example",
                    line=node.line or self.content_line,
                )
                return


def _group_answers(content: Iterable[nodes.Node]) -> Iterable[nodes.Node]:
    """Group consecutive answers; comments and the like between them do not separate them."""
    answers: list[nodes.Node] = []
    aside: list[nodes.Node] = []
    for node in content:
        if isinstance(node, PolicyResponse):
            answers.append(node)
        elif answers and isinstance(node, nodes.Invisible):
            aside.append(node)
        else:
            if answers:
                yield comparison(answers)
            yield from aside
            answers, aside = [], []
            yield node
    if answers:
        yield comparison(answers)
    yield from aside


class MessageDirective(PolicyDirective):
    """One message: ``policy:message``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(*options_of("message"), "untrusted")
    one_of: ClassVar[tuple[str, ...]] = ROLES

    def build(self) -> list[nodes.Node]:
        """Show the message under its role."""
        role = self.argument("role", default="user").lower()
        self.needs_text()
        content, lifted = _split_misplaced(self, self.content_nodes(), "a message", _IN_NO_MESSAGE)
        recipient = self.option("recipient")
        item = model.Message(
            role=role,
            text="",
            span=self.span,
            recipient=recipient,
            name=self.option("name"),
            language=_language(self),
            untrusted=self.flag("untrusted"),
            fragments=_marks(self, content, is_data=bool(recipient) or role == "tool"),
        )
        box = message(
            role,
            content,
            recipient=item.recipient,
            name=item.name,
            language=item.language,
            is_untrusted=item.untrusted,
        )
        self.declare(box, item)
        return [box, *lifted]


class ResponseDirective(PolicyDirective):
    """An alternative answer with its verdict: ``policy:response``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(*options_of("response", "message"))
    one_of: ClassVar[tuple[str, ...]] = tuple(verdict.lower() for verdict in model.Verdict)

    def build(self) -> list[nodes.Node]:
        """Show verdict, answer and reason."""
        word = self.argument("verdict (good, bad or ok)")
        verdict = self.choice(word, model.Verdict, "unknown-verdict", "verdict") if word else None
        self.needs_text()
        if verdict is model.Verdict.GOOD and "violates" in self.options:
            hint = "make it bad, or delete the option"
            line = self.option_line("violates")
            self.find("invalid-option", "a good response violates nothing", hint, line=line)
        content, lifted = _split_misplaced(self, self.content_nodes(), "an answer", _IN_NO_MESSAGE)
        item = model.Response(
            verdict=verdict,
            text="",
            span=self.span,
            recipient=self.option("recipient"),
            name=self.option("name"),
            language=_language(self),
            note=self.option("note"),
            violates=self.ids("violates"),
            fragments=_marks(self, content, is_data=bool(self.option("recipient"))),
        )
        line = self.option_line("note")
        place = (self.place[0], self.option_line("violates"))
        box = response(
            verdict,
            content,
            recipient=item.recipient,
            name=item.name,
            language=item.language,
            note=self.inline(item.note, line) if item.note else (),
            raw_note=item.note,
            violates=[pending_reference(self.env.docname, target, place=place) for target in item.violates],
            place=(self.place[0], line),
        )
        self.declare(box, item)
        return [box, *lifted]


_IN_NO_EXAMPLE: dict[type, str] = {
    model.EvalPrompt: "a prompt",
    model.Example: "an example",
    model.Principle: "a principle",
}
"""What an example cannot hold."""
_IN_NO_MESSAGE: dict[type, str] = {
    **_IN_NO_EXAMPLE,
    Conversation: "a conversation",
    model.Message: "a message",
    model.Response: "a response",
}
"""What a message cannot hold."""


def _split_misplaced(
    directive: PolicyDirective, content: list[nodes.Node], where: str, misplaced: dict[type, str]
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """Split content into what a directive can hold, and what it cannot; that goes behind it, and is reported once."""
    lifted: list[nodes.Node] = []
    parts = [part for part in content if isinstance(part, nodes.Element)]
    for node in [inner for part in parts for inner in elements_of(part)]:
        declared = declared_on(node)
        what = misplaced.get(type(declared.item)) if declared else None
        if declared is None or what is None or _stands_in(node, lifted):
            continue
        if not declared.is_lifted:
            message, hint = (
                f"{what} is inside {where}",
                f"put it after {where.replace('a ', 'the ').replace('an ', 'the ')}",
            )
            finding = model.Finding(
                code="misplaced-directive", message=message, span=declared.span, hint=hint
            )
            note_finding(directive.env, finding)
            replace(declared, is_lifted=True).on(node)
        lifted.append(node)
        if node.parent is not None:
            node.parent.remove(node)
    return [node for node in content if node not in lifted], lifted


def _stands_in(node: nodes.Node, others: list[nodes.Node]) -> bool:
    above = node.parent
    while above is not None and above not in others:
        above = above.parent
    return above is not None


def _language(directive: PolicyDirective) -> str:
    """Return the language of a message, if its author gives one."""
    tag = directive.option("lang")
    if tag and not model.is_language(tag):
        hint = "give a language tag, such as `de` or `pt-BR`"
        directive.find("invalid-option", f"`{tag}` is no language", hint, line=directive.option_line("lang"))
        return ""
    return tag


def _marks(
    directive: PolicyDirective, content: list[nodes.Node], *, is_data: bool
) -> tuple[model.Fragment, ...]:
    """Return the author's marks in a message; the nodes of its content show them as such."""
    return mark_placeholders(content, directive.content_span, is_data=is_data)


class ConversationDirective(PolicyDirective):
    """A conversation in the tag notation of the Model Spec: ``policy:conversation``."""

    optional_arguments = 0

    def build(self) -> list[nodes.Node]:
        """Read the notation and show its turns; messages are Markdown in rST pages too."""
        box = compact_conversation(self)
        if not box.children:
            self.find_empty("messages", "them")
        return [box]


_TAG = re.compile(r"\s*\*?<[a-z]+[ >]")


class GoalDirective(PolicyDirective):
    """An end that principles serve, with its title as argument: ``policy:goal``; goals carry no rank."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id")

    def build(self) -> list[nodes.Node]:
        """Show the title with what its author says about it."""
        title = self.argument("title", default="goal")
        goal = model.Goal(id=self.identifier(slug(title)), title=title, text="", span=self.span)
        anchor = anchor_of(model.TargetKind.GOAL, goal.id)
        box = declaration(
            "goal", anchor, [nodes.Text(title)], self.content_nodes(), raw_title=title, place=self.place
        )
        self.declare(box, goal)
        return [box]


class PromptDirective(PolicyDirective):
    """An evaluation prompt, in the graph always and on the page only with ``show``: ``policy:prompt``.

    Its content is a conversation, either in the tag notation of ``policy:conversation`` or as
    ``policy:message`` directives.
    """

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id", *options_of("prompt"), "show")

    def build(self) -> list[nodes.Node]:
        """Build the conversation; what is not to be shown is removed from the page once it is read."""
        title = self.title
        head = self.inline(title)
        item = model.EvalPrompt(
            id=self.identifier(""),
            title=plain_title(head),
            turns=(),
            span=self.span,
            source="",
            tests=self.ids("tests"),
        )
        is_shown = self.flag("show")
        inner, lifted = _split_misplaced(self, self._conversation(), "a prompt", _IN_NO_EXAMPLE)
        box = prompt(head, inner, raw_title=title, place=self.place, is_shown=is_shown)
        self.declare(box, item)
        return [box, *lifted]

    def _conversation(self) -> list[nodes.Node]:
        if any(_TAG.match(line) for line in self.content if line.strip()):
            content: list[nodes.Node] = [compact_conversation(self)]
        else:
            content = self.content_nodes()
        items = [
            declared.item
            for node in content
            for inner in node.findall(nodes.Element)
            if (declared := declared_on(inner))
        ]
        turns = [turn for item in items if isinstance(item, Conversation) for turn in item.turns]
        messages = [*model.messages_of(tuple(turns)), *items]
        if not turns and not any(
            isinstance(inner, PolicyMessage) for node in content for inner in node.findall(PolicyMessage)
        ):
            self.find_empty("messages", "them")
        if any(isinstance(item, model.Response) for item in messages):
            hint = "make it a `policy:example`, or delete the answers"
            self.find("verdict-in-prompt", "a prompt has no verdicts", hint)
        return content
