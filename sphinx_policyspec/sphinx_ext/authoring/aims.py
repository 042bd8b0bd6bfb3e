"""Directives for what a spec is for and how it is tested: goals and evaluation prompts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes

from sphinx_policyspec.model import EvalPrompt, Goal, Response, TargetKind, messages_of
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.sphinx_ext.authoring.base import PolicyDirective, options, options_of
from sphinx_policyspec.sphinx_ext.authoring.declared import Conversation, declared_on
from sphinx_policyspec.sphinx_ext.capturing.inline import plain_title
from sphinx_policyspec.sphinx_ext.nodes.boxes import declaration, prompt
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyMessage, anchor_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GoalDirective", "PromptDirective"]

_TAG = re.compile(r"\s*\*?<[a-z]+[ >]")


class GoalDirective(PolicyDirective):
    """An end that principles serve, with its title as argument: ``policy:goal``; goals carry no rank."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id")

    def build(self) -> list[nodes.Node]:
        """Show the title with what its author says of it."""
        title = self.argument("title", default="goal")
        goal = Goal(id=self.identifier(slug(title)), title=title, text="", span=self.span)
        anchor = anchor_of(TargetKind.GOAL, goal.id)
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
        """Build the conversation; what is not to be shown is taken off the page once it is read."""
        title = self.title
        head = self.inline(title)
        item = EvalPrompt(
            id=self.identifier(""),
            title=plain_title(head),
            turns=(),
            span=self.span,
            source="",
            tests=self.ids("tests"),
        )
        shown = self.flag("show")
        box = prompt(head, self._conversation(), raw_title=title, place=self.place, shown=shown)
        self.declare(box, item)
        return [box]

    def _conversation(self) -> list[nodes.Node]:
        if any(_TAG.match(line) for line in self.content if line.strip()):
            # Which reads the notation of the Model Spec; most pages do without.
            from sphinx_policyspec.sphinx_ext.authoring.compact import compact_conversation  # noqa: PLC0415

            content: list[nodes.Node] = [compact_conversation(self)]
        else:
            content = self.content_nodes()
        items = [
            found.item
            for node in content
            for inner in node.findall(nodes.Element)
            if (found := declared_on(inner))
        ]
        turns = [turn for item in items if isinstance(item, Conversation) for turn in item.turns]
        judged = [*messages_of(tuple(turns)), *items]
        if not turns and not any(
            isinstance(inner, PolicyMessage) for node in content for inner in node.findall(PolicyMessage)
        ):
            self.find("empty-block", f"`{self.name}` has no messages")
        if any(isinstance(item, Response) for item in judged):
            hint = "make it a `policy:example`, or delete the answers"
            self.find("verdict-in-prompt", "a prompt holds no verdicts", hint)
        return content
