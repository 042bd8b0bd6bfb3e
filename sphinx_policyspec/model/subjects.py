"""What provisions are about and what they serve: topics and goals."""

from __future__ import annotations

from dataclasses import dataclass

from sphinx_policyspec.model.finding import Span

__all__ = ["Goal", "Topic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A subject that provisions touch; a SKOS concept.

    :param label: preferred label
    :param alt_labels: other words that name it, sorted; a whole-word match of any is a mention
    :param broader: ids of more general topics, sorted
    """

    id: str
    label: str
    alt_labels: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """An end that principles serve; goals carry no rank."""

    id: str
    title: str
    text: str = ""
    span: Span
