"""Proposals: the effects of edits of a spec, and its files with these edits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.alignments import Alignment
from sphinx_policyspec.alignments.sssom import read_alignment_file
from sphinx_policyspec.api.comparing import diff, diff_cases
from sphinx_policyspec.api.judging import check, read_cases
from sphinx_policyspec.api.overlays import rebase_overlay
from sphinx_policyspec.api.reading import ReadingOptions, load_checked
from sphinx_policyspec.beside import ABOUT_FILES, BesideFiles
from sphinx_policyspec.checks.fixes import diff_of, write_texts
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.decision_records.check import RecordNames
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.feedback.check import ChangedProvisions
from sphinx_policyspec.files import Brief, real_path, with_unsaved
from sphinx_policyspec.identifiers.index import files_below
from sphinx_policyspec.model import Case, Finding, RebaseEffect, Severity
from sphinx_policyspec.model.proposals import Proposal
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.proposals.check import (
    CheckedProposal,
    KnownRecords,
    ProposalEffects,
    ProposalReport,
    base_findings,
    changed_pairs,
    checked,
    concerned,
    new_findings,
    overtaken,
    renamed_in_cases,
    touched_rows,
    unreadable,
)
from sphinx_policyspec.proposals.edits import EditedSpec, EditWriter
from sphinx_policyspec.proposals.places import EditedTexts, Stretch
from sphinx_policyspec.proposals.root_rules import root_rule_findings
from sphinx_policyspec.readers.annotations import shipped_annotations
from sphinx_policyspec.readers.decision_records import decision_record_files, read_decision_records
from sphinx_policyspec.readers.feedback import feedback_files, read_registers
from sphinx_policyspec.readers.proposals import read_proposal_file
from sphinx_policyspec.readers.text import SourceLines
from sphinx_policyspec.sources import Loaded
from sphinx_policyspec.surveys.pairs import pairs_of


def check_proposal(
    source: str | Path,
    *files: str | Path,
    cases: Iterable[Case | str | Path] = (),
    overlays: Iterable[str | Path] = (),
    feedback: Iterable[str | Path] = (),
    decisions: Iterable[str | Path] = (),
    alignments: Iterable[str | Path | Alignment] = (),
    **options: Unpack[ReadingOptions],
) -> ProposalReport:
    """Return what proposals would do to a SOURCE, each alone and then together; nothing is written.

    Their edits are applied in memory, and the result is read, checked and compared like any SOURCE. Problems of a
    proposal are findings of the report, which has ``failed`` if there is an error, or a case has another outcome that
    the proposal does not list. A project's own feedback, decisions and alignments are used unless others are given.
    Raises :class:`SourceError` if SOURCE cannot be read, or has no texts.

    :param files: files of proposals
    :param cases: cases, or files and folders of them
    :param overlays: files of overlays on the spec
    :param feedback: registers of feedback, or folders of them
    :param decisions: records of decisions, or folders of them
    :param alignments: alignments of the spec with others, or files of them
    :param options: how SOURCE is read, as for :func:`load`
    """
    trial = _Trial(source, options, own=frozenset(real_path(Path(file)) for file in files))
    trial.cases, unusable = read_cases(cases)
    trial.overlays = tuple(map(str, overlays))
    explicit = BesideFiles(feedback=tuple(map(str, feedback)), decisions=tuple(map(str, decisions)))
    files_beside = explicit.filled(trial.loaded.registers)
    registers = [(one, one.name) for file in files_beside.feedback for one in feedback_files(Path(file))]
    records, _proposals, record_findings = read_decision_records(
        (one, one.name) for file in files_beside.decisions for one in decision_record_files(Path(file))
    )
    remarks, remark_findings = read_registers(registers)
    unusable += [one for one in (*remark_findings, *record_findings) if one.code in ABOUT_FILES]
    trial.known = KnownRecords(
        titles=tuple(case.title or case.span.place for case in trial.cases),
        feedback=remarks,
        decisions=records,
        find=RecordNames(records).find,
    )
    trial.alignments = tuple(
        (str(one.file), one)
        if isinstance(one, Alignment)
        else (str(one), read_alignment_file(Path(one), str(one)))
        for one in (*alignments,) or trial.loaded.alignments
    )
    proposals = [(*read_proposal_file(Path(file), str(file)),) for file in files]
    alone = [trial.checked(proposal, form) for proposal, form in proposals if proposal]
    unusable += [finding for proposal, form in proposals if proposal is None for finding in form]
    unusable += [
        finding for one in alone if one.effects.behaviour for finding in one.effects.behaviour.findings
    ]
    together: ProposalEffects | None = None
    conflicts: tuple[Finding, ...] = ()
    if len(alone) > 1:
        known = {finding for one in alone for finding in one.findings}
        together, conflicts = trial.together([one.proposal for one in alone], known)
    return ProposalReport(
        release=trial.loaded.spec.version,
        base_iri=base_of(trial.loaded.spec),
        sha256=trial.digest,
        checks=tuple(alone),
        together=together,
        unusable=tuple(dict.fromkeys(unusable)),
        conflicts=conflicts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedProposal(Brief):
    """The texts of a spec with the edits of a proposal.

    :param texts: the new text of each file that changes; none if an edit does not fit
    :param lines: the files as they were read
    :param findings: findings on the proposal, and new errors of the spec with its edits
    :param annotations: the annotation files of the spec's own, wherever they are
    """

    texts: Mapping[str, str]
    lines: SourceLines
    findings: tuple[Finding, ...]
    annotations: tuple[Path, ...] = ()

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of a unified diff from the present files."""
        return tuple(diff_of(dict(self.texts), self.lines))

    def write(self) -> tuple[str, ...]:
        """Write the texts; return the files that were left alone because they are not UTF-8, or have changed since."""
        return write_texts(dict(self.texts), self.lines, self.annotations)


def apply_proposal(
    source: str | Path, file: str | Path, **options: Unpack[ReadingOptions]
) -> AppliedProposal:
    """Return the texts of a SOURCE with the edits of a proposal, unchanged elsewhere byte for byte.

    There are none if an edit does not fit, the proposal is against another text, or the spec would get a new error, which
    the findings report. Raises the same errors as :func:`check_proposal`.

    :param options: how SOURCE is read, as for :func:`load`
    """
    trial = _Trial(source, options, own=frozenset({real_path(Path(file))}))
    proposal, form = read_proposal_file(Path(file), str(file))
    if proposal is None:
        return AppliedProposal(texts={}, lines=trial.lines, findings=form)
    writer = EditWriter(trial.workspace())
    applied = writer.apply(proposal)
    base = base_findings(proposal, trial.loaded.spec.version, trial.digest, applied.fits)
    # A blank is a hint while somebody writes, but an error when it would become part of the spec.
    form = tuple(replace(one, severity=Severity.ERROR) if one.code == "draft-left" else one for one in form)
    findings = (*form, *base, *applied.findings)
    texts = writer.workspace.texts.changed
    if not any(one.severity is Severity.ERROR for one in findings):
        # What `check_proposal` calls an error of the new spec is not written.
        new = trial.effects(texts, proposal).findings
        findings += tuple(one for one in new if one.severity is Severity.ERROR)
    if any(one.severity is Severity.ERROR for one in findings):
        texts = {}
    return AppliedProposal(texts=texts, lines=trial.lines, findings=findings, annotations=trial.annotations)


def proposed(source: str | Path, *files: str | Path, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return a SOURCE with proposals applied one after the other, to ask, check or compare it; nothing is written.

    Raises :class:`SourceError` if a proposal cannot be read or does not fit, and the same errors as
    :func:`check_proposal`. A proposal against another text is applied if its edits fit.

    :param options: how SOURCE is read, as for :func:`load`
    """
    trial = _Trial(source, options, own=frozenset(real_path(Path(file)) for file in files))
    writer = EditWriter(trial.workspace())
    for file in files:
        proposal, findings = read_proposal_file(Path(file), str(file))
        if proposal:
            findings = writer.apply(proposal).findings
        if wrong := [one for one in findings if proposal is None or one.severity is Severity.ERROR]:
            raise SourceError(f"{wrong[0]}")
    return trial.read(writer.workspace.texts.changed)


def has_own_texts(loaded: Loaded) -> bool:
    """Return whether a SOURCE consists of texts that can be edited: a graph does not, nor does an overlay."""
    return loaded.has_files and not loaded.overlays


def digest_of(loaded: Loaded, lines: SourceLines) -> str:
    """Return the SHA-256 of a text; for several files, that of the list of theirs as ``sha256sum`` prints it."""
    files = [document.file for document in loaded.spec.documents]
    if len(files) < 2:  # noqa: PLR2004  one file is what it is
        return loaded.digest
    listing = ""
    for file in files:
        path = lines.path(file)
        data = path.read_bytes() if path and path.is_file() else b""
        listing += f"{hashlib.sha256(data).hexdigest()}  {file}\n"
    return hashlib.sha256(listing.encode()).hexdigest()


@dataclass(slots=True)
class _Trial:
    """A SOURCE, and texts that are tried in place of its files."""

    source: str | Path
    options: ReadingOptions
    loaded: Loaded = field(init=False)
    lines: SourceLines = field(init=False)
    own: frozenset[Path] = frozenset()
    cases: Sequence[Case] = ()
    overlays: tuple[str, ...] = ()
    known: KnownRecords = field(default_factory=KnownRecords)
    alignments: tuple[tuple[str, Alignment], ...] = ()
    _loaded_by_texts: dict[tuple[tuple[str, str], ...], Loaded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the SOURCE."""
        self.loaded = load_checked(self.source, **self.options)
        if not has_own_texts(self.loaded):
            raise SourceError(f"`{self.source}` contains no texts of its own that edits could change")
        self.lines = SourceLines(self.loaded.root, self.loaded.beside, self.loaded.bound)

    @property
    def digest(self) -> str:
        """The digest of the text that proposals are written against."""
        return digest_of(self.loaded, self.lines)

    @property
    def annotations(self) -> tuple[Path, ...]:
        """The annotation files of the spec's own, without the one that the package ships."""
        return tuple(one for one in self.loaded.annotations if one != shipped_annotations())

    def workspace(self) -> EditedSpec:
        """Return the spec with texts that can be edited."""
        loaded = self.loaded
        path = Path(self.source)
        own = {document.file for document in loaded.spec.documents}
        # Old ids in a proposal itself stay; ids in other files are updated.
        known = {*self.own, *map(real_path, self.annotations)}
        below = (
            [one for one in files_below(loaded.root) if real_path(one) not in known] if path.is_dir() else ()
        )
        names = [one.relative_to(loaded.root).as_posix() for one in below]
        sidecars = tuple(one.name for one in self.annotations)
        return EditedSpec(
            spec=loaded.spec,
            texts=EditedTexts(lambda file: "\n".join(self.lines.of(file))),
            files=tuple(dict.fromkeys((*sorted(own), *names, *sidecars))),
            included=frozenset(file for file in own if loaded.root / file in loaded.included),
            sidecars=sidecars,
            read=lambda texts: self.read(texts).spec,
        )

    def read(self, texts: Mapping[str, str]) -> Loaded:
        """Read the SOURCE with texts in place of files."""
        key = tuple(sorted(texts.items()))
        if key not in self._loaded_by_texts:
            with with_unsaved(self._unsaved(texts)):
                self._loaded_by_texts[key] = load_checked(self.source, **self.options)
        return self._loaded_by_texts[key]

    def _unsaved(self, texts: Mapping[str, str]) -> dict[Path, str]:
        return {real_path(path): text for file, text in texts.items() if (path := self.lines.path(file))}

    def checked(self, proposal: Proposal, form: tuple[Finding, ...]) -> CheckedProposal:
        """Try a proposal alone."""
        writer = EditWriter(self.workspace())
        applied = writer.apply(proposal)
        effects = ProposalEffects()
        if all(applied.fits):
            effects = self.effects(writer.workspace.texts.changed, proposal)
        base = self.loaded.spec.version, self.digest
        rules: tuple[Finding, ...] = ()
        if effects.diff:
            after = self.read(effects.texts).spec
            rules = tuple(root_rule_findings(proposal, effects.diff, self.loaded.spec, after))
        return checked(proposal, form, applied, effects, base=base, known=self.known, rules=rules)

    def together(
        self, proposals: Sequence[Proposal], known: Collection[Finding]
    ) -> tuple[ProposalEffects, tuple[Finding, ...]]:
        """Try proposals one after the other.

        :param known: findings of each proposal alone
        """
        writer = EditWriter(self.workspace())
        others: dict[str, tuple[Stretch, ...]] = {}
        conflicts: list[Finding] = []
        fit = True
        for one in proposals:
            applied = writer.apply(one, others)
            others[one.id] = (*others.get(one.id, ()), *applied.touched)
            fit = fit and all(applied.fits)
            conflicts += (overtaken(finding) for finding in applied.findings if finding not in known)
        effects = ProposalEffects()
        if fit and not conflicts:
            effects = self.effects(writer.workspace.texts.changed, proposals[0])
        return effects, tuple(conflicts)

    def effects(self, texts: Mapping[str, str], proposal: Proposal) -> ProposalEffects:
        """Return the effects of texts."""
        before = self.loaded
        try:
            after = self.read(texts)
            # Findings are distinguished by their lines, which come from the texts that they are about.
            reported = check(before, use_baseline=False).entries
            with with_unsaved(self._unsaved(texts)):
                would_be = check(after, use_baseline=False).entries
        except PolicySpecError as error:
            return ProposalEffects(texts=texts, findings=(unreadable(error, proposal.span),))
        behaviour = diff_cases(before, after, self.cases) if self.cases else None
        changes = behaviour.spec if behaviour else diff(before, after)
        changed = ChangedProvisions(changes, before.spec, after.spec)
        return ProposalEffects(
            texts=texts,
            diff=changes,
            behaviour=behaviour,
            findings=(
                *new_findings(reported, would_be, changes, (before.spec, after.spec)),
                *renamed_in_cases(self.cases, changes, after.spec),
            ),
            pairs=changed_pairs(
                pairs_of(Norms(before.spec), self.cases), pairs_of(Norms(after.spec), self.cases), changes
            ),
            overlays=tuple(self._rebased(before, after)),
            feedback=concerned(self.known.feedback, changed),
            decisions=concerned(self.known.decisions, changed),
            mappings=tuple(touched_rows(self.alignments, before.spec, changed)),
        )

    def _rebased(self, before: Loaded, after: Loaded) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Yield the statements of overlays that are affected."""
        for file in self.overlays:
            for one in rebase_overlay(file, after, upstream=before).statements:
                if one.effects != (RebaseEffect.UNTOUCHED,):
                    yield one.id, tuple(effect.value for effect in one.effects)
