"""What proposals would do: new findings, changes, cases that come out otherwise, and what rests on what they change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from sphinx_policyspec.alignments import Alignment, MappingRow
from sphinx_policyspec.alignments.sides import SIDES, AlignedSides, AlignedSpecs
from sphinx_policyspec.compare import ChangeKind, SpecDiff
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState
from sphinx_policyspec.exports.report_formats import Reported
from sphinx_policyspec.feedback.check import ChangedProvisions
from sphinx_policyspec.feedback.joins import Links
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.graph.releases import by_spec
from sphinx_policyspec.model import Case, Finding, Severity, Span, Spec
from sphinx_policyspec.model.decision_records import DecisionRecord
from sphinx_policyspec.model.feedback import Feedback
from sphinx_policyspec.model.finding import UnknownNames, repeated_id, shown
from sphinx_policyspec.model.proposals import Proposal, ProposalStatus
from sphinx_policyspec.proposals.edits import AppliedEdits
from sphinx_policyspec.readers.proposals import read_proposal_file
from sphinx_policyspec.surveys import Pair

UNDECIDED, ORDERED = "open", "ordered"
"""What becomes of a pair: nothing says any more who goes first, or something does now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalEffects:
    """What texts with edits in them would do; nothing where an edit does not fit.

    :param texts: the new text of each file that changes
    :param diff: what changes; nothing where the texts cannot be read
    :param behaviour: likewise, and what it does to cases, if any are given
    :param findings: of the spec, that were not there before
    :param pairs: ids of two principles, and what becomes of their order
    :param overlays: statements of overlays to which something happens, with what
    :param feedback: ids of records about what changes
    :param decisions: ids of records of decisions about what changes
    :param mappings: rows of alignments of which a side changes, each with the name of its file
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    diff: SpecDiff | None = None
    behaviour: BehaviourDiff | None = None
    findings: tuple[Finding, ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()
    overlays: tuple[tuple[str, tuple[str, ...]], ...] = ()
    feedback: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    mappings: tuple[tuple[str, MappingRow], ...] = ()

    @property
    def flips(self) -> tuple[str, ...]:
        """Titles of the cases that come out otherwise; of one without a title, its place."""
        compared = self.behaviour.cases if self.behaviour else ()
        states = {CaseState.CHANGED, CaseState.ONLY_OLD, CaseState.ONLY_NEW}
        return tuple(one.case.title or one.place for one in compared if one.state in states)

    @property
    def prompts(self) -> tuple[str, ...]:
        """Ids of the evaluation prompts that test what changes."""
        changes = self.diff.changes if self.diff else ()
        return tuple(dict.fromkeys(name for change in changes for name in change.reach.prompts))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProposal:
    """What is to be said of a proposal.

    :param findings: what is wrong with it
    :param fits: whether each of its edits fits the text as it is
    :param decision: id of the record of a decision about it, as far as that is known; else as it stands there
    """

    proposal: Proposal
    findings: tuple[Finding, ...]
    fits: tuple[bool, ...]
    effects: ProposalEffects
    decision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReport(Brief):
    """What is to be said of proposals about a spec.

    :param release: version of the spec
    :param base_iri: what its IRIs begin with; empty for the default
    :param sha256: digest of its text
    :param checks: each proposal alone, in the order in which they were given
    :param together: what all of them do, one after the other, where there are several
    :param unusable: what is wrong with files without a proposal, with registers that cannot be read, and with cases
    """

    release: str
    base_iri: str = ""
    sha256: str
    checks: tuple[CheckedProposal, ...]
    together: ProposalEffects | None = None
    unusable: tuple[Finding, ...] = ()
    conflicts: tuple[Finding, ...] = field(default=())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the proposals, without what is wrong with the spec that they make."""
        return (*self.unusable, *(found for one in self.checks for found in one.findings), *self.conflicts)

    @property
    def failed(self) -> bool:
        """Whether anything is an error: of a proposal, or of the spec that it makes."""
        return any(found.severity is Severity.ERROR for found in self.all_findings)

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """What is wrong with the proposals, and with the specs that they make."""
        effects = (*(one.effects for one in self.checks), *((self.together,) if self.together else ()))
        return (*self.findings, *(found for one in effects for found in one.findings))


def base_findings(proposal: Proposal, release: str, digest: str, fits: Sequence[bool]) -> Iterator[Finding]:
    """Yield that a proposal is not about the text that there is, and which of its edits fit all the same.

    :param release: version of the spec
    :param digest: of its text
    """
    is_ = f"against: {{{f'release: {release}, ' if release else ''}sha256: {digest}}}"
    if not (proposal.release or proposal.sha256):
        message = "the proposal does not say which text it is against"
        yield Finding(code="proposal-base", message=message, span=proposal.span, hint=f"write `{is_}`")
        return
    other, told, hint = proposal.sha256 not in {"", digest}, [], f"look at each, and write `{is_}`"
    if release and proposal.release not in {"", release}:
        told = [f"it is against release `{proposal.release}`, and this is `{release}`"]
    elif proposal.release and not release and (other or not proposal.sha256):
        # What the digest says is the right text needs no name.
        told = [f"it is against release `{proposal.release}`, and this text does not say which release it is"]
        hint += "; a project says it by the option `version` of `policy:spec`, and not in `conf.py`"
    key = "release" if told else "sha256"
    if other:
        told.append(
            f"it is against a text with the digest {proposal.sha256[:12]}…, and that of this one is {digest[:12]}…"
        )
    if told:
        message = f"{'; '.join(told)}: {sum(fits)} of {len(fits)} edits fit as they are"
        yield Finding(code="proposal-base", message=message, span=proposal.place(key), hint=hint)


def flip_findings(proposal: Proposal, effects: ProposalEffects, known: Iterable[str]) -> Iterator[Finding]:
    """Yield cases that come out otherwise and are not listed, and those that are listed and do not.

    :param known: titles of all cases that were given
    """
    flips, titles = effects.flips, set(known)
    for name in flips:
        if name not in proposal.flips:
            message = f"the case `{name}` comes out otherwise, and `flips` does not list it"
            hint = "list it, if that is what is wanted"
            yield Finding(code="unlisted-flip", message=message, span=proposal.place("flips"), hint=hint)
    if proposal.flips and effects.diff is not None and effects.behaviour is None:
        message = "no case is given, so nothing is known about those in `flips`"
        hint = "give the cases, as by `--cases DIR`"
        span = proposal.place("flips")
        yield Finding(code="unlisted-flip", message=message, span=span, hint=hint, severity=Severity.HINT)
    for name in proposal.flips if effects.behaviour is not None else ():
        if name not in flips:
            message = f"the case `{name}` is listed, and comes out as before"
            if name not in titles:
                message = f"`flips` lists `{name}`, and no case has that title"
            hint = "take it out, or look why"
            yield Finding(
                code="unlisted-flip", message=message, span=proposal.place("flips", name), hint=hint
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecords:
    """What proposals may name.

    :param titles: of all cases that were given
    :param feedback: records of all registers
    :param decisions: records of decisions
    :param find: returns the id of the record of a decision that a name means; empty where none is meant
    """

    titles: tuple[str, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    find: Callable[[str], str] = str


def unknown_names(proposal: Proposal, known: KnownRecords) -> Iterator[Finding]:
    """Yield what a proposal answers that no register has, and that the record that it names is not there, or decides about another."""
    names = UnknownNames()
    said = {one.id for one in known.feedback}
    for name in proposal.answers if said else ():
        if name not in said:
            yield names.finding("feedback", name, proposal.place("answers", name), said, word="record")
    decided = {one.id: one for one in known.decisions}
    if not (decided and proposal.decision):
        return
    span = proposal.place("decision")
    record = decided.get(known.find(proposal.decision))
    if record is None:
        yield names.finding("decision-record", proposal.decision, span, decided, word="record")
    elif PurePath(record.proposal).name != PurePath(proposal.span.file).name:
        other = f"decides about {shown(record.proposal)}" if record.proposal else "names no proposal"
        message = f"the proposal {shown(proposal.id)} names the record {shown(record.id)}, which {other}"
        hint = (
            f"write `proposal: {PurePath(proposal.span.file).name}`, as seen from the record, into its head"
        )
        yield Finding(code="one-sided-decision", message=message, span=span, hint=hint)


def new_findings(
    before: Iterable[Reported], after: Iterable[Reported], diff: SpecDiff, specs: tuple[Spec, Spec]
) -> tuple[Finding, ...]:
    """Return the findings of a spec that were not there before.

    One that moved was there, and so was one with the same message in the same provision, whose line an edit changed.

    :param specs: as it was, and as it would be
    """
    old, new = list(before), list(after)
    known, seen = Counter(one.fingerprint for one in old), Counter(one.fingerprint for one in new)
    names = _new_names(diff)
    said = Counter(_identity(one.finding, specs[0], names) for one in _beyond(old, seen))
    found = []
    for one in _beyond(new, known):
        identity = _identity(one.finding, specs[1], {})
        said[identity] -= 1
        if said[identity] < 0:
            found.append(one.finding)
    return tuple(found)


def _beyond(entries: Iterable[Reported], others: Counter[str]) -> Iterator[Reported]:
    """Yield the findings that are not among others, each of which stands for one."""
    left = Counter(others)
    for one in entries:
        left[one.fingerprint] -= 1
        if left[one.fingerprint] < 0:
            yield one


def _new_names(diff: SpecDiff) -> dict[str, str]:
    """Return what messages call a provision then, by what they call it now, for those with another id or title."""
    names = {f"`{one.old}`": f"`{one.new}`" for one in diff.matches if one.old != one.new}
    retitled = [one for one in diff.changes if one.kind is ChangeKind.RETITLED]
    return names | {f"“{one.old}”": f"“{one.new}”" for one in retitled}


def _identity(finding: Finding, spec: Spec, names: Mapping[str, str]) -> tuple[str, str, str]:
    """Return what makes a finding the same whatever its line says: its code, its provision and its message."""
    inside = [
        one
        for one in spec.provisions
        if one.span.file == finding.span.file and one.span.line <= finding.span.line
    ]
    name = max(inside, key=lambda one: one.span.line).id if inside else ""
    message = finding.message
    for old, new in names.items():
        message = message.replace(old, new)
    return finding.code, names.get(f"`{name}`", f"`{name}`"), message


def renamed_in_cases(cases: Iterable[Case], diff: SpecDiff, spec: Spec) -> Iterator[Finding]:
    """Yield where cases name a principle that is called otherwise then, and that nothing leads to by its old id.

    :param spec: as it would be
    """
    now = {
        one.old: one.new for one in diff.matches if one.old != one.new and one.old not in spec.principle_by_id
    }
    for case in cases:
        named = [(case.about, case.place("about"))] if case.about else []
        named += [(item.principle, item.place("principle")) for item in case.items if item.principle]
        for name, span in named:
            if name in now:
                message = f"{shown(name)} would be called `{now[name]}`, and nothing keeps its old id"
                hint = f"write `{now[name]}` here, too, once the proposal is applied"
                yield Finding(code="renamed-target", message=message, span=span, hint=hint)


def changed_pairs(
    before: Iterable[Pair], after: Iterable[Pair], diff: SpecDiff
) -> tuple[tuple[str, str, str], ...]:
    """Return the pairs of principles whose order nothing says then, or something says, other than now; by the ids that they have then.

    A pair of which one is gone has no order.
    """
    then = {one.old: one.new for one in diff.matches}
    old = ((then.get(one.one.id), then.get(one.other.id)) for one in before if one.is_gap)
    gaps = [
        {frozenset(pair): pair for pair in pairs if pair[0] and pair[1]}
        for pairs in (old, ((one.one.id, one.other.id) for one in after if one.is_gap))
    ]
    found = [(gaps[1], gaps[0], UNDECIDED), (gaps[0], gaps[1], ORDERED)]
    return tuple(
        (f"{pair[0]}", f"{pair[1]}", state)
        for here, there, state in found
        for pair in sorted(here[key] for key in here.keys() - there.keys())
    )


def concerned(records: Iterable[Feedback | DecisionRecord], changed: ChangedProvisions) -> tuple[str, ...]:
    """Return the ids of records about what changes."""
    return tuple(one.id for one in records if any(name in changed for name in one.provisions))


def unanswered(
    proposal: Proposal, effects: ProposalEffects, feedback: Iterable[Feedback]
) -> Iterator[Finding]:
    """Yield the records that a proposal says that it answers, and that are about nothing that it changes."""
    named = {one.id: one for one in feedback if one.provisions and one.id not in effects.feedback}
    for record in (named[name] for name in proposal.answers if name in named and effects.diff is not None):
        about = " or ".join(map(shown, record.provisions[:3]))
        message = f"nothing changes in {about}, which the record {shown(record.id)} is about"
        hint = "change something there, or take the record out of `answers`"
        span = proposal.place("answers", record.id)
        yield Finding(code="not-answered", message=message, span=span, hint=hint)


def touched_rows(
    alignments: Iterable[tuple[str, Alignment]], spec: Spec, changed: ChangedProvisions
) -> Iterator[tuple[str, MappingRow]]:
    """Yield the rows of alignments of which a side changes, each with the name of its file.

    :param spec: as it is
    """
    specs = AlignedSpecs(by_spec([(spec,)]))
    for file, alignment in alignments:
        sides = AlignedSides(alignment, specs)
        for row in alignment.rows:
            named = (sides.iri(getattr(row, f"{side}_id"), side) for side in SIDES)
            things = (specs.find(iri) or specs.renamed(iri) for iri in named)
            if any(thing and thing.provision.id in changed for thing in things):
                yield file, row


def checked(
    proposal: Proposal,
    form: Iterable[Finding],
    applied: AppliedEdits,
    effects: ProposalEffects,
    *,
    base: tuple[str, str],
    known: KnownRecords,
    rules: Iterable[Finding] = (),
) -> CheckedProposal:
    """Return what is to be said of a proposal.

    :param form: what is wrong with its form
    :param base: version and digest of the spec
    :param rules: what becomes of rules that no message may override
    """
    findings = (
        *form,
        *base_findings(proposal, *base, applied.fits),
        *applied.findings,
        *flip_findings(proposal, effects, known.titles),
        *unknown_names(proposal, known),
        *unanswered(proposal, effects, known.feedback),
        *rules,
    )
    return CheckedProposal(
        proposal=proposal,
        findings=findings,
        fits=applied.fits,
        effects=effects,
        decision=known.find(proposal.decision) or proposal.decision,
    )


def overtaken(found: Finding) -> Finding:
    """Return what is found of an edit that fits alone: where it does not fit any more, other proposals are the cause."""
    if found.code != "proposal-edit":
        return found
    message = f"once the proposals before it are made, {found.message}"
    hint = "make one proposal of both, or decide between them"
    return Finding(code="conflicting-proposals", message=message, span=found.span, hint=hint)


def unreadable(error: Exception, span: Span) -> Finding:
    """Return that a spec cannot be read with edits in it."""
    return Finding(code="proposal-edit", message=f"the spec cannot be read with it: {error}", span=span)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProposals(Brief):
    """Proposals about a spec as they stand in their files: none of them is tried.

    :param ids: of the provisions of the spec, in order
    :param renamed: today's ids by those that proposals name and that the spec calls otherwise
    :param answered: titles of the records of feedback that they answer, by the ids of these, as far as there are such
    :param decisions: the records of decisions about them, by their own ids, likewise
    """

    ids: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    renamed: Mapping[str, str]
    answered: Mapping[str, str]
    decisions: Mapping[str, DecisionRecord]
    findings: tuple[Finding, ...]

    def by_provision(self) -> dict[str, list[Proposal]]:
        """Return the proposals about each provision in the order of the spec, open ones first; drafts are nobody's yet, and left out."""
        order = {name: place for place, name in enumerate(self.ids)}
        pairs = [
            (name, one)
            for one in self.proposals
            if one.status is not ProposalStatus.DRAFT
            for name in dict.fromkeys(self.renamed.get(name, name) for name in one.provisions)
        ]
        pairs.sort(key=lambda pair: (order.get(pair[0], len(order)), not pair[1].is_open))
        return grouped(pairs)


def _left_out(proposal: Proposal) -> Finding:
    message = f"{shown(proposal.id)} is a draft, and no page shows it"
    hint = "write `status: proposed` when others are to see it"
    return Finding(code="draft-left", message=message, span=proposal.place("status"), hint=hint)


def listed_proposals(
    files: Iterable[tuple[Path, str]], releases: Sequence[Spec], known: KnownRecords
) -> ListedProposals:
    """Return the proposals in files about the last of some releases, and what is wrong with them.

    :param files: each with how findings name it
    """
    links, found = Links(releases), dict[str, Proposal]()
    findings: list[Finding] = []
    for path, name in files:
        proposal, form = read_proposal_file(path, name)
        findings += form
        if proposal is None:
            continue
        if first := found.get(proposal.id):
            findings.append(repeated_id("proposal", proposal.id, proposal.place("id"), first.place("id")))
            continue
        found[proposal.id] = proposal
        problems = {
            edit.about: edit.span for edit in reversed(proposal.edits) if edit.about in proposal.provisions
        }
        told = (
            links.problem(name, span, may_be_gone=not proposal.is_open) for name, span in problems.items()
        )
        findings += filter(None, told)
        findings += unknown_names(proposal, known)
        if proposal.status is ProposalStatus.DRAFT:
            findings.append(_left_out(proposal))
    named = {name for one in found.values() for name in one.provisions}
    decided = {one.id: one for one in known.decisions}
    return ListedProposals(
        ids=tuple(one.id for one in releases[-1].provisions),
        proposals=tuple(found.values()),
        renamed={name: now for name in named if (now := links.now(name)) not in {"", name}},
        answered={one.id: one.title for one in known.feedback},
        decisions={
            one.id: decided[name] for one in found.values() if (name := known.find(one.decision)) in decided
        },
        findings=tuple(findings),
    )
