"""The languages that a spec's words may be in, each of which makes nodes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from dataclasses import dataclass
from typing import Protocol

from docutils import nodes
from docutils.parsers import Parser
from docutils.parsers.rst import Parser as RstParser
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser

from sphinx_policyspec.model import FragmentKind, Markup, Message, TargetKind
from sphinx_policyspec.sphinx_ext.domain.records import pending_reference
from sphinx_policyspec.sphinx_ext.markdown.foreign import OnlyWords, keep_words
from sphinx_policyspec.sphinx_ext.markdown.to_nodes import render_body, render_inline, render_prose

__all__ = ["Dialect", "Language", "language_of"]


class Language(Protocol):
    """Makes nodes of text; ``line`` is that of its first line in the source."""

    def blocks(self, text: str, line: int) -> list[nodes.Node]:
        """Return text as block nodes."""

    def inline(self, text: str, line: int) -> list[nodes.Node]:
        """Return a title or a note as inline nodes."""

    def body(self, message: Message) -> list[nodes.Node]:
        """Return what a message says as block nodes."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Model Spec Markdown, in which nothing is live."""

    document: nodes.document

    def blocks(self, text: str, line: int) -> list[nodes.Node]:
        """Return text as block nodes."""
        return render_prose(text, line, self.document)

    def inline(self, text: str, line: int) -> list[nodes.Node]:
        """Return a title or a note as inline nodes."""
        return render_inline(text, line, self.document)

    def body(self, message: Message) -> list[nodes.Node]:
        """Return what a message says; its text begins below its tag and its settings."""
        settings = sum(part.kind is FragmentKind.SETTING for part in message.fragments)
        first_line = message.span.line + 1 + (settings + 2 if settings else 0)
        return render_body(message.text, first_line, self.document, message.fragments)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A language with a parser for whole documents, which a directive spec was written in.

    Such text comes from a graph, which may come from anywhere: its words are shown, and nothing in it acts.
    Lines are left to the parser, since the file need not be here.
    """

    document: nodes.document
    parser: Callable[[], Parser]
    provisions: Collection[str]

    def blocks(self, text: str, line: int) -> list[nodes.Node]:  # noqa: ARG002  see above
        settings = copy(self.document.settings)
        settings.raw_enabled = settings.file_insertion_enabled = False
        inner = new_document(self.document["source"], settings)
        inner.reporter = self.document.reporter
        with OnlyWords():
            # Metadata can begin the first line of a text only; in MyST it may switch on templates that run code.
            self.parser().parse(f"\n{text}", inner)
        _lead_to_any_page(inner, self.document.settings.env.docname, self.provisions)
        keep_words(inner)
        return list(inner.children)

    def inline(self, text: str, line: int) -> list[nodes.Node]:
        blocks = self.blocks(text, line)
        single = len(blocks) == 1 and isinstance(blocks[0], nodes.paragraph)
        return list(blocks[0].children) if single else [nodes.Text(text)]

    def body(self, message: Message) -> list[nodes.Node]:
        return self.blocks(message.text, message.span.line)


def _lead_to_any_page(tree: nodes.document, docname: str, provisions: Collection[str]) -> None:
    """Let MyST's ``[text](#id)`` lead to what has that anchor, on whatever page it stands."""
    for link in list(tree.findall(nodes.reference)):
        anchor = str(link.get("refuri", ""))
        if link.get("id_link") and anchor.startswith("#"):
            kind, target = _named(anchor[1:], provisions)
            link.replace_self(pending_reference(docname, target, link.children, kind=kind))


def _named(anchor: str, provisions: Collection[str]) -> tuple[TargetKind, str]:
    kind, _, identifier = anchor.partition("-")
    if anchor not in provisions and identifier and kind in set(TargetKind):
        return TargetKind(kind), identifier
    return TargetKind.PROVISION, anchor


def language_of(markup: Markup, document: nodes.document, provisions: Collection[str]) -> Language:
    """Return the language of a markup, for words that go into ``document``.

    :param provisions: the ids of all of the spec
    """
    match markup:
        case Markup.RST:
            return _Parsed(document, RstParser, provisions)
        case Markup.MYST:
            return _Parsed(document, MystParser, provisions)
        case _:
            return Dialect(document)
