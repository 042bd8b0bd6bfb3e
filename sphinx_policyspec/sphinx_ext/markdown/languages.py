"""The languages that a spec's words may be in, each of which makes nodes of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from copy import copy
from dataclasses import dataclass
from typing import Protocol

from docutils import nodes
from docutils.parsers import Parser
from docutils.parsers.rst import Parser as RstParser
from docutils.utils import Reporter, new_document
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.parsers.mdit import create_md_parser
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.util.docutils import LoggingReporter

from sphinx_policyspec.model import FragmentKind, Markup, Message, TargetKind
from sphinx_policyspec.sphinx_ext.domain.records import pending_reference
from sphinx_policyspec.sphinx_ext.markdown.foreign import (
    DEEPEST_MARKDOWN,
    OnlyWords,
    PlaceOfText,
    hard_words_of,
    keep_words,
    words_of,
)
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
    file: str

    def blocks(self, text: str, line: int) -> list[nodes.Node]:
        """Return text as block nodes."""
        return words_of(text, lambda: render_prose(text, line, self.document), self._place(line))

    def inline(self, text: str, line: int) -> list[nodes.Node]:
        """Return a title or a note as inline nodes."""
        shown = words_of(text, lambda: render_inline(text, line, self.document), self._place(line))
        return [nodes.Text(text)] if any(isinstance(node, nodes.literal_block) for node in shown) else shown

    def body(self, message: Message) -> list[nodes.Node]:
        """Return what a message says; its text begins below its tag and its settings."""
        settings = sum(part.kind is FragmentKind.SETTING for part in message.fragments)
        first_line = message.span.line + 1 + (settings + 2 if settings else 0)

        def body() -> list[nodes.Node]:
            return render_body(message.text, first_line, self.document, message.fragments)

        return words_of(message.text, body, self._place(first_line))

    def _place(self, line: int) -> PlaceOfText:
        return PlaceOfText(self.document.reporter, self.file, line)


_Find = Callable[[int | None], "tuple[str | os.PathLike[str] | None, int | None]"]


class _Reporter(LoggingReporter):
    """Tells of lines of a text as those of the file that the text is from.

    :param first: the line of that file on which the text begins
    """

    def __init__(self, file: str, first: int, page: Reporter) -> None:
        super().__init__(file, page.report_level, page.halt_level)
        self._first = first
        self._find: _Find = lambda line: (None, line)

    @property
    def get_source_and_line(self) -> Callable[[int | None], tuple[str, int]]:
        """What docutils asks where it is; parsers put in what they know."""
        return self._place

    @get_source_and_line.setter
    def get_source_and_line(self, find: _Find) -> None:
        self._find = find

    def _place(self, line: int | None = None) -> tuple[str, int]:
        # A blank line stands before the text.
        return self.source, self._first + max((self._find(line)[1] or 0) - 2, 0)


class _Myst(MystParser):
    """MyST without metadata, which may switch on templates that run code, and without a limit that hides words."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill ``document``."""
        parser = create_md_parser(document.settings.env.myst_config, SphinxRenderer)
        parser.options["document"] = document
        parser.options["maxNesting"] = DEEPEST_MARKDOWN
        parser.render(inputstring)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A language with a parser for whole documents, which a directive spec was written in.

    Such text comes from a graph, which may come from anywhere: its words are shown, and nothing in it acts.
    """

    document: nodes.document
    file: str
    parser: Callable[[], Parser]
    provisions: Collection[str]

    def blocks(self, text: str, line: int) -> list[nodes.Node]:
        reporter = _Reporter(self.file, line, self.document.reporter)
        place = PlaceOfText(self.document.reporter, self.file, line)
        return hard_words_of(text, lambda: self._parsed(text, reporter), place)

    def _parsed(self, text: str, reporter: Reporter) -> list[nodes.Node]:
        settings = copy(self.document.settings)
        settings.raw_enabled = settings.file_insertion_enabled = False
        inner = new_document(self.file, settings)
        inner.reporter = reporter
        with OnlyWords():
            # Metadata can begin the first line of a text only.
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


def language_of(markup: Markup, document: nodes.document, file: str, provisions: Collection[str]) -> Language:
    """Return the language of a markup, for words that go into ``document``.

    :param file: the file that they are from, as warnings name it
    :param provisions: the ids of all of the spec
    """
    match markup:
        case Markup.RST:
            return _Parsed(document, file, RstParser, provisions)
        case Markup.MYST:
            return _Parsed(document, file, _Myst, provisions)
        case _:
            return Dialect(document, file)
