"""What to write next: what a spec lacks, proposals with blanks where it is open, and near duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.judging import check, read_cases
from sphinx_policyspec.api.proposals import digest_of, has_own_texts
from sphinx_policyspec.api.reading import ReadingOptions, Source, loaded, spec_of
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.errors import SchemaError, SourceError
from sphinx_policyspec.model import Case, Finding, Spec
from sphinx_policyspec.model.feedback import Feedback
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.text import SourceLines, read_text

if TYPE_CHECKING:
    from sphinx_policyspec.drafting.agenda import Agenda
    from sphinx_policyspec.drafting.duplicates import NearDuplicates
    from sphinx_policyspec.drafting.openings import Opening
    from sphinx_policyspec.drafting.skeletons import ProposalDraft
    from sphinx_policyspec.evals.results import Results

DRAFTED = ("pairs", "ladder", "terms")


def agenda(
    source: Source,
    *,
    feedback: Iterable[str | Path] = (),
    results: Results | None = None,
    name: str = "SOURCE",
    **options: Unpack[ReadingOptions],
) -> Agenda:
    """Return what a spec or a SOURCE lacks (examples, answers, prompts, results, replies), the most important first.

    The gaps are findings of ``check``: those that somebody silences there are not listed here.

    :param feedback: registers of feedback about it, or folders of them; by default those of a project
    :param results: evaluation results, as :func:`read_results` returns them
    :param name: name of the source in commands
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.drafting.agenda import WANTED_BY, Agenda, items_of  # noqa: PLC0415  few callers write

    loaded_source = loaded(source, **options)
    registers = [str(one) for one in feedback] or [*loaded_source.registers.feedback]
    records: tuple[Feedback, ...] = ()
    findings: tuple[Finding, ...] = ()
    if registers:
        from sphinx_policyspec.api.feedback import check_feedback  # noqa: PLC0415  few projects keep a register

        report = check_feedback(loaded_source, *registers, **options)
        records, findings = report.records, report.findings
    measured_ids = None
    if results is not None:
        measured_ids = frozenset(row.group.id for row in results.rows if row.group.facet == "provision")
    gaps = [one.finding for one in check(loaded_source, select=WANTED_BY, use_baseline=False).entries]
    names = {"source": name, "feedback": registers[0] if registers else "FILE"}
    return Agenda(
        items=items_of(
            loaded_source.spec,
            gaps,
            names,
            measured=measured_ids,
            records=records,
            # Where a spec in memory comes from is not known here.
            can_draft=isinstance(source, Spec) or has_own_texts(loaded_source),
        ),
        findings=findings,
    )


def draft(
    source: str | Path,
    kind: str,
    *ids: str,
    cases: Iterable[Case | str | Path] = (),
    **options: Unpack[ReadingOptions],
) -> tuple[ProposalDraft, ...]:
    """Return proposals to fill in, for the places where a SOURCE is open; nothing is written.

    Each is against the current text. `check_proposal` reports remaining blanks, and `apply_proposal` refuses them. An
    unknown kind raises :class:`SchemaError`, an unknown id :class:`UnknownIdError`, and a case that cannot be read
    :class:`SourceError`.

    :param kind: ``pairs``, an example for any two principles of one level that nothing orders; ``ladder``, examples
        just inside and just outside each boundary of principles; ``terms``, a definition for each phrase that several
        principles use
    :param ids: ids of principles: at least one for ``ladder``; for ``pairs`` only pairs with one of them; default all
    :param cases: cases that already order pairs, or files and folders of them
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.drafting.skeletons import drafts_of  # noqa: PLC0415  few callers write

    if kind not in DRAFTED:
        raise SchemaError(
            "; ".join(filter(None, (f"unknown kind of draft `{kind}`", nearest(kind, DRAFTED))))
        )
    loaded_source = loaded(source, **options)
    if not has_own_texts(loaded_source):
        raise SourceError(f"`{source}` contains no texts of its own that drafts could change")
    digest = digest_of(
        loaded_source, SourceLines(loaded_source.root, loaded_source.beside, loaded_source.bound)
    )
    known, wrong = read_cases(cases)
    if wrong:
        raise SourceError(str(wrong[0]))
    openings = [*_openings(loaded_source.spec, kind, ids, tuple(known))]
    return tuple(drafts_of(loaded_source.spec, openings, digest))


def _openings(spec: Spec, kind: str, ids: tuple[str, ...], cases: tuple[Case, ...]) -> Iterator[Opening]:
    from sphinx_policyspec.drafting import openings  # noqa: PLC0415  few callers write

    wanted = [spec.principle(one) for one in ids]
    if kind == "ladder":
        if not wanted:
            raise SourceError("name the principles whose boundaries are meant, by their ids")
        for principle in wanted:
            yield from openings.boundaries(spec, principle)
        return
    every = openings.open_pairs(Norms(spec), cases) if kind == "pairs" else openings.open_terms(spec)
    wanted_ids = {one.id for one in wanted}
    yield from (
        one
        for one in every
        if not wanted_ids or wanted_ids & {one.principle.id, one.other.id if one.other else ""}
    )


def near_duplicates(source: Source, file: str | Path, **options: Unpack[ReadingOptions]) -> NearDuplicates:
    """Return the examples of a spec or a SOURCE that are nearly the same as those in a Model Spec Markdown file.

    A file without an example raises :class:`SourceError`.

    :param options: as for :func:`load`
    """
    from sphinx_policyspec.drafting.duplicates import near_duplicates_of  # noqa: PLC0415  few callers write

    text, _findings = read_text(Path(file), str(file))
    examples = read_model_spec(text, str(file)).spec.examples
    if not examples:
        raise SourceError(
            f"`{file}` contains no example; write one as in the Model Spec: `**Example**: a title`, and a conversation between `~~~xml` and `~~~`"
        )
    return near_duplicates_of(examples, spec_of(source, **options))
