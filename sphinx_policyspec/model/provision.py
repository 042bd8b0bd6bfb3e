"""Provisions: sections, and principles, which have a level of authority; and clauses that lower it."""

from __future__ import annotations

from dataclasses import dataclass

from sphinx_policyspec.model.blocks import Block, Definition, Prose
from sphinx_policyspec.model.example import Example
from sphinx_policyspec.model.finding import Span

__all__ = ["Clause", "Principle", "Provision", "Section"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """A heading or block with an id; either a :class:`Section` or a :class:`Principle`.

    :param depth: 1 for a chapter, one more for each level below
    :param parent: id of the enclosing provision
    :param source: the exact text of the heading, blank lines after it included; empty for a
        directive
    :param span: the heading, or the line of the directive
    :param attributes: heading attributes that mean nothing to us, sorted by name
    :param repeats: the id that its author gave it, where an earlier provision has that and a reader chose another
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

    @property
    def text(self) -> str:
        """Own normative text: without heading, subsections, examples, commentary and eval tags."""
        return "\n\n".join(b.text for b in self.blocks if isinstance(b, Prose | Definition) and b.text)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that stand directly in it."""
        return tuple(block for block in self.blocks if isinstance(block, Example))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Provision):
    """A provision without a level of authority: a container, or prose that binds nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principle(Provision):
    """A provision with a level of authority. Relations hold ids; they are sorted.

    :param authority: id of its level; may be one that the spec does not declare (a finding)
    :param serves: goals
    :param exception_to: principles (or sections) that it is an exception to
    :param exempts: categories that the exception takes out of their force
    :param category: such as ``restricted`` or ``prohibited``; exceptions name it
    :param preferred_over: principles of the same level that yield to it
    """

    authority: str
    serves: tuple[str, ...] = ()
    exception_to: tuple[str, ...] = ()
    exempts: tuple[str, ...] = ()
    category: str = ""
    preferred_over: tuple[str, ...] = ()
    conflicts_with: tuple[str, ...] = ()
    refines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause that lowers the level of its principle, as "by default" inside a root rule does."""

    principle: str
    authority: str
    text: str
    span: Span
