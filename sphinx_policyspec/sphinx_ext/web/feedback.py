"""What people say of a spec, on pages: a line on the panel of each provision, and a page of all records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from sphinx.locale import get_translation

from sphinx_policyspec.feedback.anchors import AnchorState, FoundAnchor
from sphinx_policyspec.files import grouped, html_safe
from sphinx_policyspec.model.feedback import Feedback, FeedbackKind, FeedbackStatus
from sphinx_policyspec.sphinx_ext.web.beside import RecordTexts
from sphinx_policyspec.sphinx_ext.web.panels import dated
from sphinx_policyspec.sphinx_ext.web.places import FEEDBACK_PAGE

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.feedback.check import FeedbackReport
    from sphinx_policyspec.sphinx_ext.spec import Knowledge

_ = get_translation("sphinx_policyspec")


class FeedbackTexts(RecordTexts[Feedback]):
    """Tells of each provision what people say of it, open records first."""

    kind, page = "feedback", FEEDBACK_PAGE

    def __init__(self, app: Sphinx, report: FeedbackReport) -> None:
        super().__init__(app, report.by_provision())
        self._report = report

    @classmethod
    def of(cls, app: Sphinx, knowledge: Knowledge) -> FeedbackTexts | None:
        """Return what the register holds."""
        report = knowledge.feedback(app.env)
        return cls(app, report) if report else None

    @property
    def intro(self) -> str:
        """What the page begins with."""
        return _("What people say of this spec. What is said here is theirs: it changes nothing in the text.")

    @property
    def label(self) -> str:
        """What the line on a panel is called."""
        return _("Feedback")

    @property
    def unassigned(self) -> str:
        """The heading of records about no provision."""
        return _("Not assigned to a provision")

    def judged(self, record: Feedback) -> Iterator[str]:
        """Yield in words what became of a record, and whose fault it is."""
        yield _status(record)
        if record.kind:
            yield _kinds()[record.kind]

    def about(self, record: Feedback) -> Iterator[str]:
        """Yield what is known of a record, in words: what became of it first."""
        yield from self.judged(record)
        yield from filter(None, (record.date, record.author, record.model))
        if record.release:
            yield _("about {release}").format(release=record.release)

    def counts(self) -> str:
        """Return how many records there are of each status, and where those of each release are."""
        counted = Counter(one.status for one in self._report.records)
        told = ", ".join(
            f"{counted[status]} {word}" for status, word in _statuses().items() if counted[status]
        )
        releases = grouped((one.release, one) for one in self._report.records if one.release)
        items = "".join(
            f"<li>{dated(html_safe(release))}: {', '.join(map(self.link, records))}</li>"
            for release, records in sorted(releases.items(), reverse=True)
        )
        name = escape(_("By the release that they are about"))
        listed = (
            f'<details class="ps-hole"><summary>{name}</summary><ul>{items}</ul></details>' if items else ""
        )
        return f"<p>{escape(told)}</p>{listed}"

    def listed(self, records: Sequence[Feedback]) -> str:
        """Return the records of a provision; those that contradict one another are side by side."""
        left = {one.id: one for one in records}
        parts = []
        for one in records:
            if left.pop(one.id, None):
                against = [
                    left.pop(other) for other in (*one.contradicts, *self._denied_by(one)) if other in left
                ]
                shown = "".join(map(self.record, (one, *against)))
                parts.append(f'<div class="ps-against">{shown}</div>' if against else shown)
        return "".join(parts)

    def _denied_by(self, record: Feedback) -> Iterator[str]:
        yield from (one.id for one in self._report.records if record.id in one.contradicts)

    def parts(self, record: Feedback) -> Iterator[str]:
        """Yield what a record says, quotes, and which others say the same or the opposite."""
        title = html_safe(record.title)
        if record.url:
            title = f'<a class="reference external" href="{escape(record.url, quote=True)}" rel="nofollow ugc">{title}</a>'
        yield self.head(record, title)
        if found := self._report.quotes.get(record.id):
            yield _quote(found)
        elif record.quote:
            yield f"<blockquote>{html_safe(record.quote)}</blockquote>"
        for one in record.text.split("\n\n"):
            if one.strip():
                yield f"<p>{html_safe(' '.join(one.split()))}</p>"
        yield from self.links(_("Says the same as"), record.duplicates)
        yield from self.links(_("Contradicts"), record.contradicts)


def _status(record: Feedback) -> str:
    if record.status is FeedbackStatus.ANSWERED and record.answered_in:
        return _("answered in {release}").format(release=record.answered_in)
    return _statuses()[record.status]


def _statuses() -> dict[FeedbackStatus, str]:
    return {
        FeedbackStatus.OPEN: _("open"),
        FeedbackStatus.ACCEPTED: _("accepted"),
        FeedbackStatus.DECLINED: _("declined"),
        FeedbackStatus.ANSWERED: _("answered"),
    }


def _kinds() -> dict[FeedbackKind, str]:
    return {
        FeedbackKind.SPEC_DEFECT: _("the spec is at fault"),
        FeedbackKind.MODEL_DEFECT: _("the model is at fault"),
        FeedbackKind.BOTH: _("spec and model are at fault"),
        FeedbackKind.NEITHER: _("neither spec nor model is at fault"),
        FeedbackKind.WISH: _("a wish"),
        FeedbackKind.OUT_OF_SCOPE: _("out of scope"),
    }


def _quote(found: FoundAnchor) -> str:
    """Return quoted words with what has become of them."""
    states = {
        AnchorState.KEPT: "",
        AnchorState.MOVED: _("The words are elsewhere now."),
        AnchorState.CHANGED: _("The words are others now:"),
        AnchorState.GONE: _("The words are gone."),
    }
    said = states[found.state]
    now = f"<blockquote>{html_safe(found.words)}</blockquote>" if found.state is AnchorState.CHANGED else ""
    note = f"<p>{escape(said)}</p>{now}" if said else ""
    return f"<blockquote>{html_safe(found.anchor.exact)}</blockquote>{note}"
