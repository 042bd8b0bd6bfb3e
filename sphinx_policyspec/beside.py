"""What is beside a spec and edits no norm: results, feedback, decisions, proposals and alignments, as one value and as graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.files import Brief
from sphinx_policyspec.readers.decision_records import decision_record_files
from sphinx_policyspec.readers.feedback import feedback_files

if TYPE_CHECKING:
    from sphinx_policyspec.alignments import Alignment
    from sphinx_policyspec.decision_records.check import DecisionRecordReport
    from sphinx_policyspec.evals.results import Results
    from sphinx_policyspec.feedback.check import FeedbackReport
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
    from sphinx_policyspec.graph.serialize import NamedGraph
    from sphinx_policyspec.model import Finding
    from sphinx_policyspec.proposals.check import ProposalReport

ABOUT_FILES = frozenset({"annotations", "unreadable-file"})
"""Codes of findings about registers that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside(Brief):
    """What is known about a spec and is not part of it; each is a named graph beside that of the spec.

    :param results: of evaluations, as :func:`read_results` returns them
    :param feedback: what people say about it, as :func:`check_feedback` returns it
    :param decisions: records of decisions about it, as :func:`check_decision_records` returns them
    :param proposals: to change it, as :func:`check_proposal` returns them: a graph for each
    :param alignments: of several specs, or files of them, as :func:`read_alignment` reads; each is named by its ``mapping_set_id``
    """

    results: Results | None = None
    feedback: FeedbackReport | None = None
    decisions: DecisionRecordReport | None = None
    proposals: ProposalReport | None = None
    alignments: Sequence[str | Path | Alignment] = ()

    @property
    def reports(self) -> tuple[Results | FeedbackReport | DecisionRecordReport | ProposalReport, ...]:
        """The reports on one spec, without alignments."""
        every = (self.results, self.feedback, self.decisions, self.proposals)
        return tuple(one for one in every if one is not None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the reports on one spec."""
        return tuple(finding for one in self.reports for finding in one.findings)

    @property
    def unusable(self) -> tuple[Finding, ...]:
        """The findings about files that could not be used."""
        of_results = self.results.findings if self.results else ()
        others = (finding for one in (self.feedback, self.decisions) if one for finding in one.findings)
        return (*of_results, *(one for one in others if one.code in ABOUT_FILES))

    def based(self, base_iri: str) -> Beside:
        """Return the same about a spec whose IRIs begin with this; nothing changes where it is empty."""
        return (
            Beside(
                results=self.results and replace(self.results, base_iri=base_iri),
                feedback=self.feedback and replace(self.feedback, base_iri=base_iri),
                decisions=self.decisions and replace(self.decisions, base_iri=base_iri),
                proposals=self.proposals and replace(self.proposals, base_iri=base_iri),
                alignments=self.alignments,
            )
            if base_iri
            else self
        )

    def for_question(self, over: str) -> Beside:
        """Return only what a named question reads: building a graph may take long.

        :param over: what the question is over, as it says
        """
        unread: dict[str, Any] = dict.fromkeys({"results", "feedback", "decisions"} - {over})
        return replace(self, proposals=None, **unread)

    def graphs(self) -> Iterator[NamedGraph]:
        """Yield the graphs of the reports on one spec; each module is imported only where it is needed."""
        if self.results is not None:
            from sphinx_policyspec.evals.graph import result_graph  # noqa: PLC0415  few callers evaluate

            yield result_graph(self.results)
        if self.feedback is not None:
            from sphinx_policyspec.feedback.graph import feedback_graph  # noqa: PLC0415  few keep a register

            yield feedback_graph(self.feedback)
        if self.decisions is not None:
            from sphinx_policyspec.decision_records.graph import decision_record_graph  # noqa: PLC0415  likewise

            yield decision_record_graph(self.decisions)
        if self.proposals is not None:
            from sphinx_policyspec.proposals.graph import proposal_graphs  # noqa: PLC0415  likewise

            yield from proposal_graphs(self.proposals)

    def add_to(self, base: KnowledgeBase) -> None:
        """Add these graphs to a knowledge base before it is asked anything."""
        for graph in self.graphs():
            base.add_graphs(graph.pieces)
        base.has_past = self.decisions is None or len(self.decisions.releases) > 1


NOTHING_BESIDE = Beside()
"""Nothing beside a spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideFiles:
    """Files that are named beside a SOURCE.

    :param results: of evaluations, as :func:`read_results` takes them
    :param feedback: registers of feedback, or folders of them
    :param decisions: records of decisions, or folders of them
    """

    results: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The options of commands that name them, each with its value."""
        options = {"--results": self.results, "--feedback": self.feedback, "--decisions": self.decisions}
        return tuple((option, one) for option, values in options.items() for one in values)

    def filled(self, own: BesideFiles) -> BesideFiles:
        """Return these files; where none of a kind is named, those that a project names itself."""
        return BesideFiles(
            results=self.results or own.results,
            feedback=self.feedback or own.feedback,
            decisions=self.decisions or own.decisions,
        )

    def __bool__(self) -> bool:
        """Return whether any is named."""
        return bool(self.words)

    @property
    def each(self) -> Iterator[Path]:
        """Yield every file that is read, those of folders, too."""
        for path in map(Path, self.results):
            yield from (path, *path.rglob("*"))
        for path in map(Path, self.feedback):
            yield from feedback_files(path)
        for path in map(Path, self.decisions):
            yield from decision_record_files(path)


NO_FILES = BesideFiles()
"""No files at all."""
