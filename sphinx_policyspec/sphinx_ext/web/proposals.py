"""What people would like a spec to say, on pages: a line on the panel of each provision, and a page of all proposals with their edits."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from sphinx.locale import get_translation

from sphinx_policyspec.files import html_safe
from sphinx_policyspec.model.proposals import EditKind, Proposal, ProposalEdit, ProposalStatus
from sphinx_policyspec.sphinx_ext.beside import proposals_of
from sphinx_policyspec.sphinx_ext.web.beside import RecordTexts, text_blocks
from sphinx_policyspec.sphinx_ext.web.places import (
    DECISIONS_PAGE,
    FEEDBACK_PAGE,
    PROPOSALS_PAGE,
    provision_link,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.proposals.check import ListedProposals
    from sphinx_policyspec.sphinx_ext.spec import Knowledge

_ = get_translation("sphinx_policyspec")


class ProposalTexts(RecordTexts[Proposal]):
    """Tells of each provision what is proposed for it."""

    kind, page = "proposal", PROPOSALS_PAGE

    def __init__(self, app: Sphinx, listed: ListedProposals) -> None:
        super().__init__(app, listed.by_provision())
        self._listed = listed

    @classmethod
    def of(cls, app: Sphinx, knowledge: Knowledge) -> ProposalTexts | None:
        """Return the proposals."""
        listed = proposals_of(knowledge, app.env)
        return cls(app, listed) if listed else None

    @property
    def intro(self) -> str:
        """What the page begins with."""
        return _("What people would like the spec to say. None of it applies until it is in the text.")

    @property
    def label(self) -> str:
        """What the line on a panel is called."""
        return _("Proposed changes")

    @property
    def unassigned(self) -> str:
        """The heading of proposals about no provision."""
        return _("About no provision")

    def judged(self, record: Proposal) -> Iterator[str]:
        """Yield in words what became of a proposal."""
        yield {
            ProposalStatus.DRAFT: _("draft"),
            ProposalStatus.PROPOSED: _("under review"),
            ProposalStatus.ACCEPTED: _("accepted"),
            ProposalStatus.REJECTED: _("rejected"),
            ProposalStatus.SUPERSEDED: _("superseded"),
        }[record.status]

    def about(self, record: Proposal) -> Iterator[str]:
        """Yield what is known of a proposal, in words: what became of it first."""
        yield from self.judged(record)
        if record.author:
            yield record.author
        if record.release:
            yield _("about {release}").format(release=record.release)

    def parts(self, record: Proposal) -> Iterator[str]:
        """Yield what it answers, who decides, its edits, and why."""
        yield self.head(record)
        said = self._listed.answered
        answers = {name: said[name] for name in record.answers if name in said}
        yield from self.elsewhere(_("In answer to"), FEEDBACK_PAGE, "feedback", answers)
        decided = self._listed.decisions.get(record.id)
        titles = {decided.id: decided.title} if decided else {}
        yield from self.elsewhere(_("Decision"), DECISIONS_PAGE, "decision", titles)
        yield from map(self._edit, record.edits)
        yield text_blocks(record.rationale)

    def _edit(self, edit: ProposalEdit) -> str:
        name, about = self._link(edit.provision), self._link(edit.about)
        level = escape(edit.level)
        said = {
            EditKind.REPLACE: _("In {provision}:").format(provision=name),
            EditKind.LEVEL: _("{provision} gets the level {level}.").format(provision=name, level=level),
            EditKind.ADD: (_("New in {provision}:") if edit.within else _("New after {provision}:")).format(
                provision=about
            ),
            EditKind.MOVE: _("{provision} moves after {other}.").format(
                provision=name, other=self._link(edit.after)
            ),
            EditKind.RENAME: _("{provision} gets the id {id}.").format(
                provision=name, id=f"<code>{html_safe(edit.to)}</code>"
            ),
            EditKind.EXAMPLE: _("{provision} gets an example:").format(provision=name),
            EditKind.REMOVE: _("{provision} goes.").format(provision=name),
        }[edit.kind]
        because = f" {html_safe(edit.because)}" if edit.because else ""
        shown = [f"<del>{html_safe(edit.find)}</del>"] if edit.find else []
        new = [one for one in (edit.title, edit.replace or edit.text) if one]
        shown += [f"<ins>{html_safe(one)}</ins>" for one in new]
        quoted = f'<blockquote class="ps-edit">{"<br>".join(shown)}</blockquote>' if shown else ""
        return f"<p>{said}{because}</p>{quoted}"

    def _link(self, name: str) -> str:
        return provision_link(self._app, self.page, self._listed.renamed.get(name, name))
