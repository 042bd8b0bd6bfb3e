"""What people say about a spec, as a register holds it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span


class FeedbackKind(enum.StrEnum):
    """Whose fault it is, if it is one."""

    SPEC_DEFECT = "spec-defect"
    """The text is wrong."""
    MODEL_DEFECT = "model-defect"
    """The text is right, and a model does otherwise."""
    BOTH = "both"
    NEITHER = "neither"
    WISH = "wish"
    """Nothing is wrong; somebody would like more, or less."""
    OUT_OF_SCOPE = "out-of-scope"
    """It is not about what the spec says."""


class FeedbackStatus(enum.StrEnum):
    """What has become of it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """It is right, and nothing has changed yet."""
    DECLINED = "declined"
    ANSWERED = "answered"
    """Something has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(Brief):
    """Something that somebody says about a spec.

    :param url: where it is said; empty where it has no place on the web
    :param date: day on which it was said, such as ``2026-02-01``; empty if unknown
    :param model: that it is about
    :param release: version of the release that it is about; empty if unknown
    :param kind: ``None`` until somebody has looked at it
    :param provisions: ids of what it is about; empty while that is unknown
    :param quote: words of a provision that it is about
    :param text: what is said, if that is to be published
    :param answered_in: version of the release in which something changed for it
    :param duplicates: ids of records that say the same
    :param contradicts: ids of records that say the opposite
    :param labels: that it has in a tracker
    :param because: how each provision is named
    :param hints: provisions with near titles, id and title, where none is named
    :param span: where it is
    :param places: where values are, by key and value
    """

    id: str
    title: str
    url: str = ""
    date: str = ""
    author: str = ""
    model: str = ""
    release: str = ""
    kind: FeedbackKind | None = None
    provisions: tuple[str, ...] = ()
    quote: str = ""
    text: str = ""
    status: FeedbackStatus = FeedbackStatus.OPEN
    answered_in: str = ""
    duplicates: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    span: Span
    places: Mapping[tuple[str, str], Span] = field(default_factory=dict, repr=False, compare=False)

    def place(self, key: str, value: str = "") -> Span:
        """Return the place of a value; if that is not known, the place of the record."""
        return self.places.get((key, value), self.span)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.status in {FeedbackStatus.OPEN, FeedbackStatus.ACCEPTED}
