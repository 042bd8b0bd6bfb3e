"""What stands directly in a provision: runs of text, definitions, commentary, examples and prompts."""

from __future__ import annotations

from dataclasses import dataclass

from sphinx_policyspec.model.example import EvalPrompt, Example
from sphinx_policyspec.model.finding import Span

__all__ = ["Block", "Comment", "Commentary", "Definition", "Prose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A run of normative text between other blocks.

    :param source: the exact text, blank lines after it included. Of a page of directives, the words at their places in
        the lines of the span, and blanks for what stands around them; empty for words that stand on no line
    :param text: the same without comments, eval tags and surrounding blank lines. Of a page of directives, what the
        parser of the page read, in its markup
    """

    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A paragraph that defines a term; part of the normative text.

    :param id: unique among definitions, derived from the term unless given
    """

    id: str
    term: str
    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Commentary:
    """A non-normative aside.

    :param label: its heading in the source, so far always ``Commentary``
    :param text: the body without the indentation that marks it
    """

    label: str
    source: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment in the source between other blocks: it says nothing, and is shown nowhere.

    :param source: the exact text, blank lines after it included
    """

    source: str
    span: Span


Block = Prose | Definition | Commentary | Comment | Example | EvalPrompt
"""What stands directly in a provision, in order."""
