"""A proposal: edits of a spec that somebody would like, against a release, and what it says about them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span


class ProposalStatus(enum.StrEnum):
    """How far a proposal has come."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class EditKind(enum.StrEnum):
    """What an edit does."""

    REPLACE = "replace"
    """Words take the place of others in a provision."""
    LEVEL = "level"
    """A principle gets another level."""
    ADD = "add"
    """A new provision is after another, or in one."""
    MOVE = "move"
    """A provision, with what is below it, is after another."""
    RENAME = "rename"
    """A provision gets another id, here and wherever it is named; the old one stays as a former one."""
    EXAMPLE = "example"
    """A provision gets an example."""
    REMOVE = "remove"
    """A provision goes, with what is below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalEdit(Brief):
    """One edit.

    :param provision: id of the provision that it is about, or that it adds
    :param find: words as they stand in the source of the provision; ``replace`` takes their place
    :param occurrence: which of several occurrences is meant, from 1; 0 where there must be one
    :param level: the level that a principle gets
    :param after: id of the provision after which something is put
    :param within: id of the provision in which it is put, as the last
    :param to: the new id
    :param title: of what is added
    :param text: likewise, in the markup of the source
    :param because: why a provision goes
    :param span: where the edit is in its proposal
    """

    kind: EditKind
    provision: str
    find: str = ""
    replace: str = ""
    occurrence: int = 0
    level: str = ""
    after: str = ""
    within: str = ""
    to: str = ""
    title: str = ""
    text: str = ""
    because: str = ""
    span: Span

    @property
    def about(self) -> str:
        """Id of the existing provision that it is about; for an addition, of the one after or in which it is put."""
        return (self.after or self.within) if self.kind is EditKind.ADD else self.provision

    @property
    def made(self) -> str:
        """The new id that it introduces; empty where there is none."""
        if self.kind is EditKind.ADD:
            return self.provision
        return self.to if self.kind is EditKind.RENAME else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Brief):
    """A proposal.

    :param release: version of the release that it is against; empty where it does not say
    :param sha256: of the file of that release, likewise
    :param answers: ids of feedback
    :param decision: id of the record of a decision about it
    :param flips: titles of cases whose result it changes
    :param rationale: why, in Markdown
    :param span: where it begins
    :param places: where values are, by key and value
    """

    id: str
    title: str
    status: ProposalStatus = ProposalStatus.DRAFT
    release: str = ""
    sha256: str = ""
    answers: tuple[str, ...] = ()
    decision: str = ""
    flips: tuple[str, ...] = ()
    author: str = ""
    rationale: str = ""
    edits: tuple[ProposalEdit, ...] = ()
    span: Span
    places: Mapping[tuple[str, str], Span] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided about it."""
        return self.status in {ProposalStatus.DRAFT, ProposalStatus.PROPOSED}

    @property
    def provisions(self) -> tuple[str, ...]:
        """Ids of the provisions that it is about, each once, in the order of its edits."""
        new_ids = {edit.made for edit in self.edits}
        return tuple(dict.fromkeys(edit.about for edit in self.edits if edit.about not in new_ids))

    def place(self, key: str, value: str = "") -> Span:
        """Return the place of a value; if that is not known, the place of the proposal."""
        return self.places.get((key, value), self.span)
