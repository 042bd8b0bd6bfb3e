"""Why a spec says what it says, on pages: a line on the panel of each provision, and a page of all records of decisions."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from sphinx.locale import get_translation

from sphinx_policyspec.files import html_safe
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordStatus
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.web.beside import RecordTexts, text_blocks
from sphinx_policyspec.sphinx_ext.web.places import DECISIONS_PAGE

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.decision_records.check import DecisionRecordReport
    from sphinx_policyspec.sphinx_ext.spec import Knowledge

_ = get_translation("sphinx_policyspec")


class DecisionTexts(RecordTexts[DecisionRecord]):
    """Tells of each provision what was decided about it, newest first."""

    kind, page = "decision", DECISIONS_PAGE

    def __init__(self, app: Sphinx, report: DecisionRecordReport) -> None:
        super().__init__(app, report.by_provision())
        self._successors = report.successors

    @classmethod
    def of(cls, app: Sphinx, knowledge: Knowledge) -> DecisionTexts | None:
        """Return the records; a project may ask for some and name none."""
        report = knowledge.decisions(app.env)
        return cls(app, report) if report and PolicySpecConfig.of(app.config).decisions else None

    @property
    def intro(self) -> str:
        """What the page begins with."""
        return _("Why the spec says what it says: what was decided, and which other options there were.")

    @property
    def label(self) -> str:
        """What the line on a panel is called."""
        return _("Why it says this")

    @property
    def unassigned(self) -> str:
        """The heading of records about no provision."""
        return _("About no provision")

    def judged(self, record: DecisionRecord) -> Iterator[str]:
        """Yield in words what became of a decision, and its date."""
        yield {
            RecordStatus.PROPOSED: _("proposed"),
            RecordStatus.ACCEPTED: _("accepted"),
            RecordStatus.REJECTED: _("rejected"),
            RecordStatus.DEPRECATED: _("deprecated"),
            RecordStatus.SUPERSEDED: _("superseded"),
        }[record.status]
        if record.date:
            yield record.date

    def parts(self, record: DecisionRecord) -> Iterator[str]:
        """Yield who decided, what took the place of what, whether the reasons are here alone, and its sections."""
        yield self.head(record)
        for label, names in (
            (_("Decided by"), record.decision_makers),
            (_("Consulted"), record.consulted),
            (_("Informed"), record.informed),
        ):
            if names:
                yield f"<p>{escape(label)}: {html_safe(', '.join(names))}</p>"
        later = [found for name, found in self._successors.items() if name == record.id]
        earlier = [name for name, found in self._successors.items() if found == record.id]
        yield from self.links(_("Superseded by"), later)
        yield from self.links(_("In the place of"), earlier)
        if record.is_rationale_extra:
            yield f"<p>{escape(_('These reasons do not follow from the text.'))}</p>"
        for one in record.sections:
            yield f"<h4>{html_safe(one.heading)}</h4>{text_blocks(one.text)}"
