"""A record of a decision about a spec: what was decided, why, and what took its place."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span


class RecordStatus(enum.StrEnum):
    """What has become of a decision, in the words of MADR."""

    PROPOSED = "proposed"
    """Nobody has decided yet."""
    ACCEPTED = "accepted"
    """It holds."""
    REJECTED = "rejected"
    DEPRECATED = "deprecated"
    """It held, and nothing took its place."""
    SUPERSEDED = "superseded"
    """Another one took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSection(Brief):
    """A part of a record below a heading.

    :param depth: of the heading: 2 for ``##``
    :param text: below it, up to the next heading, in Markdown
    """

    heading: str
    depth: int
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord(Brief):
    """A record of a decision.

    :param id: from its head, or else the name of its file without suffix
    :param number: of the record, such as 12 of ``0012-receipts.md``; 0 where it has none
    :param superseded_by: the successor that its status names: an id, a number such as ``ADR-0012``, or the name of a file
    :param date: on which it was written or changed last, such as ``2026-02-01``; empty if unknown
    :param decision_makers: names of those who decided
    :param consulted: names of those who were asked
    :param informed: names of those who were told
    :param provisions: ids of what it decides about
    :param proposal: name of the file of the proposal that it decides about, as seen from its own
    :param is_rationale_extra: whether it holds reasons that the text of the spec does not
    :param sections: its parts, in order
    :param span: where it begins
    :param places: where values are, by key and value
    """

    id: str
    title: str
    number: int = 0
    status: RecordStatus = RecordStatus.PROPOSED
    superseded_by: str = ""
    date: str = ""
    decision_makers: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    provisions: tuple[str, ...] = ()
    proposal: str = ""
    is_rationale_extra: bool = False
    sections: tuple[RecordSection, ...] = ()
    span: Span
    places: Mapping[tuple[str, str], Span] = field(default_factory=dict, repr=False, compare=False)

    def place(self, key: str, value: str = "") -> Span:
        """Return the place of a value; if that is not known, the place of the record."""
        return self.places.get((key, value), self.span)

    @property
    def holds(self) -> bool:
        """Whether the decision is in force, or proposed."""
        return self.status in {RecordStatus.PROPOSED, RecordStatus.ACCEPTED}

    def section(self, heading: str) -> str:
        """Return the text below a heading; empty where there is none. Capitals do not matter."""
        return next((one.text for one in self.sections if one.heading.casefold() == heading.casefold()), "")
