"""Records of decisions beside their spec: provisions, successors and proposals, each looked up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sphinx_policyspec.decision_records.undocumented import (
    UndocumentedChange,
    undocumented_changes,
)
from sphinx_policyspec.feedback.joins import Links, circles
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordStatus
from sphinx_policyspec.model.finding import UnknownNames, shown
from sphinx_policyspec.model.proposals import Proposal
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.readers.decision_records import decision_names, read_decision_records

_NUMBERED = re.compile(r"^(?:ADR[- ]?)?(\d{1,8})$", re.IGNORECASE)
_FEW = 5


def newest(record: DecisionRecord) -> tuple[str, int, str]:
    """Return what records are sorted by: the newest is the last."""
    return record.date, record.number, record.id


class RecordNames:
    """What names a record: its id, or its number where one record has it.

    :param records: all that there are
    """

    def __init__(self, records: Iterable[DecisionRecord]) -> None:
        self.by_id = {one.id: one for one in records}
        numbered = grouped((one.number, one.id) for one in self.by_id.values() if one.number)
        self._by_number = {number: names[0] for number, names in numbered.items() if len(names) == 1}

    def find(self, name: str) -> str:
        """Return the id of the record that a name means; empty where none is meant."""
        if name in self.by_id:
            return name
        number = _NUMBERED.match(name)
        return self._by_number.get(int(number[1]), "") if number else ""


@dataclass(frozen=True, kw_only=True)
class DecisionRecordReport(Brief):
    """What records of decisions say of a release.

    :param release: version of the release
    :param base_iri: what its IRIs begin with; empty for the default
    :param ids: of its provisions, in order
    :param renamed: today's ids by those that records name and that it calls otherwise
    :param successors: id of the record that took the place of one, by its id
    :param answers: ids of the feedback that the proposal of a record answers, by its id
    :param releases: that are known, from the first to the last
    """

    release: str
    base_iri: str = ""
    ids: tuple[str, ...]
    records: tuple[DecisionRecord, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    successors: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    releases: tuple[Spec, ...] = field(default=(), repr=False, compare=False)
    findings: tuple[Finding, ...]

    @cached_property
    def undocumented(self) -> tuple[UndocumentedChange, ...]:
        """What was made stricter or looser between the releases that are known, and no record decides about; they are compared first."""
        return undocumented_changes(self.records, self.releases)

    def today(self, name: str) -> str:
        """Return what the release calls a provision that a record names; the same name where it has none."""
        return self.renamed.get(name, name)

    def by_provision(self) -> dict[str, list[DecisionRecord]]:
        """Return the records of each provision in the order of the spec, newest first; those of none come last, without an id."""
        order = {name: place for place, name in enumerate(self.ids)}
        records = sorted(self.records, key=newest, reverse=True)
        pairs = [
            (name, one) for one in records for name in dict.fromkeys(map(self.today, one.provisions or ("",)))
        ]
        pairs.sort(key=lambda pair: (not pair[0], order.get(pair[0], len(order))))
        return grouped(pairs)


class DecisionRecordCheck:
    """Looks up what records name.

    :param releases: from the first to the last, which is the one that is checked
    :param proposals: those that records name, by the ids of records; nothing for one that is not there
    """

    def __init__(
        self,
        records: Iterable[DecisionRecord],
        releases: Sequence[Spec],
        proposals: Mapping[str, Proposal | None],
    ) -> None:
        self.records = tuple(records)
        self.releases, self.spec = tuple(releases), releases[-1]
        self._links = Links(releases)
        self._known = RecordNames(self.records)
        self._proposals = proposals
        self._names = UnknownNames()

    def report(self, findings: Iterable[Finding] = ()) -> DecisionRecordReport:
        """Return the records with what is wrong with them.

        :param findings: what is wrong with their form
        """
        named = dict.fromkeys(name for one in self.records for name in one.provisions)
        proposals = {name: one for name, one in self._proposals.items() if one}
        return DecisionRecordReport(
            release=self.spec.version,
            base_iri=base_of(self.spec),
            ids=tuple(one.id for one in self.spec.provisions),
            records=self.records,
            renamed={name: now for name in named if (now := self._links.now(name)) not in {"", name}},
            successors=self._successors,
            answers={name: one.answers for name, one in proposals.items() if one.answers},
            releases=self.releases,
            findings=(*findings, *self.findings()),
        )

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the records, in their order."""
        found = [finding for one in self.records for finding in self._of(one)]
        return (*found, *self._circles())

    @cached_property
    def _successors(self) -> dict[str, str]:
        named = ((one.id, self._known.find(one.superseded_by)) for one in self.records if one.superseded_by)
        return {name: found for name, found in named if found}

    def _of(self, record: DecisionRecord) -> Iterator[Finding]:
        for name in record.provisions:
            span = record.place("provisions", name)
            # What does not hold any more may be about what is gone.
            if found := self._links.problem(name, span, may_be_gone=not record.holds):
                yield found
        yield from self._succeeded(record)
        if record.proposal:
            yield from self._proposed(record)

    def _succeeded(self, record: DecisionRecord) -> Iterator[Finding]:
        span = record.place("status")
        if record.status is RecordStatus.SUPERSEDED and not record.superseded_by:
            message = f"{shown(record.id)} is superseded, and does not say by what"
            hint = "write `superseded by` and the id of the record that took its place"
            yield Finding(code="no-successor", message=message, span=span, hint=hint)
        elif record.superseded_by and record.id not in self._successors:
            yield self._names.finding(
                "decision-record", record.superseded_by, span, self._known.by_id, word="record"
            )

    def _proposed(self, record: DecisionRecord) -> Iterator[Finding]:
        """Yield that a proposal is not there, or does not name the record."""
        span = record.place("proposal")
        proposal = self._proposals.get(record.id)
        if proposal is None:
            message = f"{shown(record.proposal)} is no proposal"
            hint = "write where its file lies, as seen from the record"
            yield Finding(code="unknown-proposal", message=message, span=span, hint=hint)
        elif self._known.find(proposal.decision) != record.id:
            other = f"names {shown(proposal.decision)}" if proposal.decision else "names no decision"
            message = f"{shown(record.id)} decides about the proposal {shown(proposal.id)}, which {other}"
            hint = f"write `decision: {record.id}` into the head of the proposal"
            yield Finding(code="one-sided-decision", message=message, span=span, hint=hint)

    def _circles(self) -> Iterator[Finding]:
        """Yield each circle of records that took the place of one another, so that none holds."""
        for names in circles({old: [new] for old, new in self._successors.items()} | self._ends):
            spans = [self._known.by_id[name].place("status") for name in names[:_FEW]]
            told = " → ".join((*map(shown, names[:_FEW]), "…" if len(names) > _FEW else shown(names[0])))
            message = f"{len(names)} records are superseded in a circle: {told}"
            if len(names) == 1:
                message = f"{shown(names[0])} is superseded by itself"
            yield Finding(
                code="decision-circle",
                message=message,
                span=spans[0],
                hint="mark the one that counts as `accepted`",
                related=tuple(spans[1:]),
            )

    @property
    def _ends(self) -> dict[str, list[str]]:
        """The records that nothing took the place of, which lead nowhere."""
        return {one.id: [] for one in self.records if one.id not in self._successors}


def decision_records_of(files: Iterable[tuple[Path, str]], releases: Sequence[Spec]) -> DecisionRecordReport:
    """Return what records of decisions in files say of the last of some releases.

    :param files: each with how findings name it
    """
    records, proposals, findings = read_decision_records(files)
    return DecisionRecordCheck(records, releases, proposals).report(findings)


def decision_records_in(
    releases: Sequence[Spec], folder: Path, globs: Sequence[str], seen_from: Path
) -> DecisionRecordReport:
    """Return what the records of a project say of the last of some releases.

    :param folder: what patterns are relative to
    :param seen_from: the folder from which findings name a file
    """
    files = [folder / name for name in decision_names(folder, globs)]
    named = [(file, Path(os.path.relpath(file, seen_from)).as_posix()) for file in files]
    return decision_records_of(named, releases)
