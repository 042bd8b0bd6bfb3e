"""Model objects → nodes: the pages of a spec that was not written with directives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers import Parser
from docutils.parsers.rst import Parser as RstParser
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser

from sphinx_policyspec.model import (
    Block,
    Commentary,
    Comparison,
    Definition,
    Example,
    Gap,
    Markup,
    Message,
    Principle,
    Prose,
    Provision,
    Response,
    Span,
    Spec,
    TargetKind,
    Turn,
)
from sphinx_policyspec.readers.blocks import DEFINITION
from sphinx_policyspec.sphinx_ext import nodes as build
from sphinx_policyspec.sphinx_ext.markdown import render_body, render_inline, render_prose
from sphinx_policyspec.sphinx_ext.references import pending_reference

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.nodes import Place

__all__ = ["SpecRenderer"]


class SpecRenderer:
    """Builds the nodes of one page from what a reader, or a graph, says of a spec.

    Every provision, example and message gets the source line it has in its own file.

    :param path_of: gives a span's file as warnings should name it
    """

    def __init__(self, document: nodes.document, spec: Spec, path_of: Callable[[str], str]) -> None:
        self.document = document
        self.spec = spec
        self.path_of = path_of
        self.markup = {document.file: document.markup for document in spec.documents}

    def provisions(self, provisions: Iterable[Provision]) -> list[nodes.section]:
        """Return sections for some provisions, those inside others nested in them."""
        shown = list(provisions)
        ids = {provision.id for provision in shown}
        children: dict[str | None, list[Provision]] = defaultdict(list)
        for provision in shown:
            children[provision.parent if provision.parent in ids else None].append(provision)
        # Children are built before their parents, so that no depth of nesting can exhaust the stack.
        built: dict[str, nodes.section] = {}
        for provision in reversed(shown):
            section = self._section(provision)
            section.extend(built.pop(child.id) for child in children.pop(provision.id, ()))
            built[provision.id] = section
        return [built[provision.id] for provision in children[None]]

    def _section(self, provision: Provision) -> nodes.section:
        authority = provision.authority if isinstance(provision, Principle) else ""
        level = self.spec.level_by_id.get(authority)
        return build.provision(
            provision.id,
            [nodes.Text(provision.title)],
            self.blocks(provision.blocks),
            level=authority,
            level_title=level.title if level else "",
            aliases=provision.aliases,
            raw_title=provision.title,
            place=self._place(provision.span),
        )

    def blocks(self, blocks: Iterable[Block]) -> list[nodes.Node]:
        """Return the nodes of blocks in order; evaluation prompts are never shown."""
        shown: list[nodes.Node] = []
        for block in blocks:
            match block:
                case Prose():
                    shown += self._text(block.text, block.span)
                case Definition():
                    shown.append(self._definition(block))
                case Commentary():
                    body = self._text(block.text, self._commentary_span(block))
                    shown.append(build.commentary(body, block.label))
                case Example():
                    shown.append(self._example(block))
        return shown

    def _text(self, text: str, span: Span) -> list[nodes.Node]:
        """Return text as block nodes, in the language of the file that it comes from."""
        match self.markup.get(span.file, Markup.MODEL_SPEC):
            case Markup.RST:
                return self._parsed(RstParser(), text)
            case Markup.MYST:
                return self._parsed(MystParser(), text)
            case _:
                return render_prose(text, span.line, self.document)

    def _parsed(self, parser: Parser, text: str) -> list[nodes.Node]:
        """Return what the parser of a directive spec's own language makes of a text."""
        inner = new_document(self.document["source"], self.document.settings)
        parser.parse(text, inner)
        return list(inner.children)

    def _inline(self, text: str, span: Span) -> list[nodes.Node]:
        if self.markup.get(span.file, Markup.MODEL_SPEC) is Markup.MODEL_SPEC:
            return render_inline(text, span.line, self.document)
        paragraphs = self._text(text, span)
        single = len(paragraphs) == 1 and isinstance(paragraphs[0], nodes.paragraph)
        return list(paragraphs[0].children) if single else [nodes.Text(text)]

    def _place(self, span: Span) -> Place:
        return self.path_of(span.file), span.line

    def _definition(self, block: Definition) -> nodes.Node:
        bold = DEFINITION.match(block.text)
        meaning = block.text[bold.end() :].lstrip() if bold else block.text
        return build.definition(
            build.anchor_of(TargetKind.DEFINITION, block.id),
            [nodes.Text(block.term)],
            self._text(meaning, block.span),
            raw_term=block.term,
            place=self._place(block.span),
        )

    @staticmethod
    def _commentary_span(block: Commentary) -> Span:
        """Return where the body begins: below the head, blank lines skipped."""
        body = block.source.split("\n")[1:]
        blank = next((n for n, line in enumerate(body) if line.strip()), 0)
        return Span(block.span.file, block.span.line + 1 + blank)

    # -- conversations ----------------------------------------------------------------------

    def _example(self, example: Example) -> nodes.Node:
        return build.example(
            build.anchor_of(TargetKind.EXAMPLE, example.id),
            self._inline(example.source_title, example.span),
            [self._turn(turn) for turn in example.turns],
            raw_title=example.source_title,
            place=self._place(example.span),
        )

    def _turn(self, turn: Turn) -> nodes.Node:
        if isinstance(turn, Comparison):
            return build.comparison(self._message(response) for response in turn.responses)
        return build.gap() if isinstance(turn, Gap) else self._message(turn)

    def _message(self, message: Message) -> nodes.Node:
        if not isinstance(message, Response):
            return build.message(
                message.role,
                self._body(message),
                recipient=message.recipient,
                name=message.name,
                attributes=message.attributes,
                is_untrusted=message.untrusted,
            )
        return build.response(
            message.verdict,
            self._body(message),
            role=message.role,
            recipient=message.recipient,
            name=message.name,
            attributes=message.attributes,
            note=self._inline(message.note, message.span) if message.note else (),
            raw_note=message.note,
            violates=[self._reference(identifier, message.span) for identifier in message.violates],
            place=self._place(message.span),
        )

    def _body(self, message: Message) -> list[nodes.Node]:
        if self.markup.get(message.span.file, Markup.MODEL_SPEC) is not Markup.MODEL_SPEC:
            return self._text(message.text, message.span)
        return render_body(message.text, message.span.line + 1, self.document, message.fragments)

    def _reference(self, identifier: str, span: Span) -> nodes.Node:
        docname = self.document.settings.env.docname
        return pending_reference(docname, identifier, place=self._place(span))
