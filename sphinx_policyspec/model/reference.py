"""What points from a text to something else: cross-references and links."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sphinx_policyspec.model.finding import Span

__all__ = ["Carrier", "Link", "Reference", "ReferenceForm", "TargetKind"]


class Carrier(enum.StrEnum):
    """The kind of text that a reference stands in."""

    TITLE = "title"
    TEXT = "text"
    VERDICT = "verdict"


class ReferenceForm(enum.StrEnum):
    """How a reference is written."""

    TITLE = "title"
    """Shown with the title of its target: ``[?](#id)``, or a role without a text of its own."""
    TEXT = "text"
    """With a text of its own: ``[text](#id)``."""
    ID = "id"
    """The id alone, in a verdict: ``[#id]``, or the ``violates`` option."""


class TargetKind(enum.StrEnum):
    """What a reference points at; also the ``<kind>`` of the target's IRI."""

    PROVISION = "provision"
    TOPIC = "topic"
    EXAMPLE = "example"
    LEVEL = "level"
    GOAL = "goal"
    DEFINITION = "definition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One occurrence of a cross-reference.

    :param source: id of the innermost provision that holds it; empty before the first heading
    :param target: id of what it points at, whether or not that exists
    :param text: its own text, empty where it shows its target's title
    :param example: id of the example that it stands in, if any
    :param message: place of the message in that example's ``messages``, from 1; 0 for the title
    """

    source: str
    target: str
    carrier: Carrier
    form: ReferenceForm
    span: Span
    target_kind: TargetKind = TargetKind.PROVISION
    text: str = ""
    example: str = ""
    message: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One occurrence of a link to somewhere else; fields as in :class:`Reference`."""

    source: str
    url: str
    text: str
    carrier: Carrier
    span: Span
    example: str = ""
    message: int = 0
