"""What lies beside the document of a release: evaluation prompts with the tags that name them, and a changelog."""

from __future__ import annotations

from dataclasses import dataclass

from sphinx_policyspec.model.blocks import Comment, Prose
from sphinx_policyspec.model.example import EvalPrompt
from sphinx_policyspec.model.finding import Span

__all__ = ["Changelog", "ChangelogEntry", "EvalTag", "PromptFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalTag:
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
class PromptFile:
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
class ChangelogEntry:
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
class Changelog:
    """A release's changelog, newest entry first; ``source`` is the text before the first entry."""

    span: Span
    source: str
    entries: tuple[ChangelogEntry, ...] = ()
