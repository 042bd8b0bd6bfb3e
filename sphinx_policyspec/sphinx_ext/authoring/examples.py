"""Directives that show behaviour: examples, their messages, answers and compact conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from docutils import nodes

from sphinx_policyspec.model import Example, Fragment, Message, Response, Verdict, is_language
from sphinx_policyspec.sphinx_ext.authoring.base import PolicyDirective, options, options_of
from sphinx_policyspec.sphinx_ext.authoring.marks import mark_placeholders
from sphinx_policyspec.sphinx_ext.capturing.inline import plain_title
from sphinx_policyspec.sphinx_ext.domain.records import pending_reference
from sphinx_policyspec.sphinx_ext.nodes.boxes import comparison, example, message, response
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ConversationDirective", "ExampleDirective", "MessageDirective", "ResponseDirective"]


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
        shown = self.inline(title)
        item = Example(
            id=self.identifier(""),
            title=plain_title(shown),
            source_title=title,
            turns=(),
            span=self.span,
            source="",
            illustrates=self.ids("illustrates"),
            weighs=self.ids("weighs"),
            tags=self.ids("tags"),
        )
        content = list(_grouped(self.content_nodes()))
        self._find_stray_text(content)
        if not content:
            self.find("empty-block", f"`{self.name}` has no messages")
        box = example("", shown, content, raw_title=title, place=self.place)
        self.declare(box, item)
        return [box]

    def _find_stray_text(self, content: Iterable[nodes.Node]) -> None:
        """Find words that stand in no message; they are on the page and not in the graph."""
        for node in content:
            if isinstance(node, _STRAY):
                self.find(
                    "text-outside-message",
                    f"text in `{self.name}` stands in no message",
                    "put it into `policy:message`, or before the example",
                    line=node.line or self.content_line,
                )
                return


def _grouped(content: Iterable[nodes.Node]) -> Iterable[nodes.Node]:
    """Put consecutive answers together; comments and the like between them do not part them."""
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

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("recipient", "name", "lang", "untrusted")

    def build(self) -> list[nodes.Node]:
        """Show the message under its role."""
        role = self.argument("role", default="user").lower()
        self.needs_text()
        content = self.content_nodes()
        recipient = self.option("recipient")
        item = Message(
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
        return [box]


class ResponseDirective(PolicyDirective):
    """An alternative answer with its verdict: ``policy:response``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        "note", "violates", "recipient", "name", "lang"
    )

    def build(self) -> list[nodes.Node]:
        """Show verdict, answer and reason."""
        given = self.argument("verdict (good, bad or ok)")
        verdict = self.choice(given, Verdict, "unknown-verdict", "verdict") if given else None
        self.needs_text()
        if verdict is Verdict.GOOD and "violates" in self.options:
            hint = "make it bad, or delete the option"
            line = self.option_line("violates")
            self.find("invalid-option", "a good response violates nothing", hint, line=line)
        content = self.content_nodes()
        item = Response(
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
        return [box]


def _language(directive: PolicyDirective) -> str:
    """Return the language of a message, if its author says which."""
    given = directive.option("lang")
    if given and not is_language(given):
        hint = "give a language tag, such as `de` or `pt-BR`"
        directive.find(
            "invalid-option", f"`{given}` is no language", hint, line=directive.option_line("lang")
        )
        return ""
    return given


def _marks(directive: PolicyDirective, content: list[nodes.Node], *, is_data: bool) -> tuple[Fragment, ...]:
    """Return the author's marks in a message; the nodes of its content show them as such."""
    return mark_placeholders(content, directive.content_span, is_data=is_data)


class ConversationDirective(PolicyDirective):
    """A conversation in the tag notation of the Model Spec: ``policy:conversation``."""

    optional_arguments = 0

    def build(self) -> list[nodes.Node]:
        """Read the notation and show its turns; messages are Markdown in rST pages too."""
        # Which reads the notation of the Model Spec; most pages do without.
        from sphinx_policyspec.sphinx_ext.authoring.compact import compact_conversation  # noqa: PLC0415

        box = compact_conversation(self)
        if not box.children:
            self.find("empty-block", f"`{self.name}` has no messages")
        return [box]
