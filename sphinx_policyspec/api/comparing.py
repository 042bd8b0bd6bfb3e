"""Changes from one spec to another, over many releases, and since a lock; and judgements about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.judging import read_cases
from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all, reader, spec_of, specs_of
from sphinx_policyspec.compare import (
    ReadingList,
    SpecDiff,
    compare,
    reading_list,
    with_judgements,
    with_overlays,
)
from sphinx_policyspec.compare.history import (
    Lock,
    LockChange,
    LockState,
    Moment,
    Review,
    entry_of,
    lock_of,
    parse_lock,
    review,
    since_lock,
)
from sphinx_policyspec.compare.history import history as moments_of
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, compare_cases
from sphinx_policyspec.errors import SourceError, UnknownIdError
from sphinx_policyspec.model import Case, Finding, Judgement, Spec
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.readers.judgements import add_judgement, usable_judgements
from sphinx_policyspec.readers.text import read_text

if TYPE_CHECKING:
    from sphinx_policyspec.evals.results import Results
    from sphinx_policyspec.trends.sizes import Trends


def diff(
    old: Source,
    new: Source,
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
    judgements: str | Path | Iterable[Judgement] = (),
    results: str | Path | Iterable[str | Path] | Results = (),
    feedback: Iterable[str | Path] = (),
    **options: Unpack[ReadingOptions],
) -> SpecDiff:
    """Return the changes from one spec or SOURCE to another, read as by :func:`load_pair`.

    :param aliases: known pairs of ids of the same provision, old id → new id; they override what is recognised, and an
        id that a spec lacks raises :class:`UnknownIdError`
    :param overlays: specs or SOURCEs that are built on the old one: the effects of changes on them are reported, too
    :param judgements: judgements of people on changed prose, or a file of them, which give its weight; those that do
        not fit, or are not filled in yet, are in the findings of the diff. A file of another form raises
        :class:`AnnotationError`
    :param results: evaluation results, as for :func:`read_results`, or its return value for the old spec: changes of
        text or level, except editorial ones, name the runs that were graded against the old text
    :param feedback: registers of feedback, or folders of them: changes name the records that they answer
    :param options: how SOURCEs are read, as for :func:`load`
    """
    before, after = specs_of(old, new, **options)
    result = _with_overlays(
        _compared(before, after, aliases), before, after, _overlays_by_name(overlays, **options)
    )
    result = _with_results(_judged(result, before, after, judgements), before, results)
    return _with_answers(result, before, after, feedback)


def diff_cases(
    old: Source,
    new: Source,
    cases: Iterable[Case | str | Path],
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
    judgements: str | Path | Iterable[Judgement] = (),
    results: str | Path | Iterable[str | Path] | Results = (),
    feedback: Iterable[str | Path] = (),
    **options: Unpack[ReadingOptions],
) -> BehaviourDiff:
    """Return the result of :func:`diff`, and the cases with another outcome in the new spec or SOURCE.

    :param cases: cases, or files and folders of them, with the ids of the new spec
    :param aliases: as for :func:`diff`
    :param overlays: as for :func:`diff`
    :param judgements: as for :func:`diff`
    :param results: as for :func:`diff`
    :param feedback: as for :func:`diff`
    :param options: as for :func:`diff`
    """
    before, after = map(Norms, specs_of(old, new, **options))
    case_list, findings = read_cases(cases)
    result = _compared(before.spec, after.spec, aliases, case_list)
    result = _with_overlays(result, before.spec, after.spec, _overlays_by_name(overlays, **options))
    result = _with_results(_judged(result, before.spec, after.spec, judgements), before.spec, results)
    result = _with_answers(result, before.spec, after.spec, feedback)
    compared = compare_cases(result, before, after, case_list)
    for case in compared:
        if case.state is CaseState.NEITHER:
            findings += case.new.findings
    return BehaviourDiff(spec=result, old=before, new=after, cases=compared, findings=tuple(findings))


def judge(
    old: Source,
    new: Source,
    *,
    aliases: Mapping[str, str] | None = None,
    judgements: str | Path | Iterable[Judgement] = (),
    **options: Unpack[ReadingOptions],
) -> ReadingList:
    """Return the changes that a person has to read, and can judge with :meth:`ReadingList.judgement`.

    :param aliases: as for :func:`diff`
    :param judgements: existing judgements, as for :func:`diff`; changes that they judge no longer need a reader
    :param options: as for :func:`diff`
    """
    before, after = specs_of(old, new, **options)
    result = reading_list(_compared(before, after, aliases), before, after)
    return replace(result, diff=_judged(result.diff, before, after, judgements))


def write_judgement(file: str | Path, judgement: Judgement) -> None:
    """Write a judgement to a file, replacing one of the same change; the others and comments stay.

    Raises :class:`AnnotationError` if the file contains no list of judgements.

    :param file: a new or an existing file
    """
    add_judgement(Path(file), judgement)


def _compared(
    old: Spec, new: Spec, aliases: Mapping[str, str] | None, cases: Iterable[Case] = ()
) -> SpecDiff:
    """Compare two specs; an alias with an id that one of them lacks raises :class:`UnknownIdError`."""
    for pair in (aliases or {}).items():
        for name, spec, which in zip(pair, (old, new), ("old", "new"), strict=True):
            if name not in spec.provision_by_id:
                hint = nearest(name, spec.provision_by_id)
                message = f"alias `{'='.join(pair)}`: unknown provision `{name}` in the {which} spec"
                raise UnknownIdError("; ".join(filter(None, (message, hint))))
    return compare(old, new, aliases, cases)


def _judged(
    result: SpecDiff, before: Spec, after: Spec, judgements: str | Path | Iterable[Judgement]
) -> SpecDiff:
    judgement_list, findings = _judgements_of(judgements)
    return with_judgements(
        replace(result, findings=result.findings + findings), before, after, judgement_list
    )


def _judgements_of(
    judgements: str | Path | Iterable[Judgement],
) -> tuple[tuple[Judgement, ...], tuple[Finding, ...]]:
    """Return judgements, and findings for those of a file that are not filled in yet."""
    if isinstance(judgements, str | Path):
        return usable_judgements(Path(judgements))
    return tuple(judgements), ()


def _with_overlays(result: SpecDiff, before: Spec, after: Spec, overlays: Mapping[str, Spec]) -> SpecDiff:
    return with_overlays(result, before, after, overlays) if overlays else result


def _with_results(
    result: SpecDiff, before: Spec, results: str | Path | Iterable[str | Path] | Results
) -> SpecDiff:
    if isinstance(results, str | Path | Iterable):
        results = (results,) if isinstance(results, str | Path) else tuple(results)
    if not results:
        return result
    from sphinx_policyspec.api.evals import read_results  # noqa: PLC0415  few callers evaluate
    from sphinx_policyspec.evals.results import with_stale_results  # noqa: PLC0415  likewise

    measured = read_results(before, *results) if isinstance(results, tuple) else results
    return with_stale_results(result, before, measured)


def _with_answers(result: SpecDiff, before: Spec, after: Spec, feedback: Iterable[str | Path]) -> SpecDiff:
    if not (registers := tuple(feedback)):
        return result
    from sphinx_policyspec.api.feedback import check_feedback  # noqa: PLC0415  few callers keep a register
    from sphinx_policyspec.feedback.check import with_answers  # noqa: PLC0415  likewise

    return with_answers(result, check_feedback(after, *registers, older=[before]))


def _overlays_by_name(
    overlays: Iterable[str | Path | Spec], **options: Unpack[ReadingOptions]
) -> dict[str, Spec]:
    """Return specs by title, and those of SOURCEs by SOURCE name; each has its own annotations."""
    beside = replace(reader(**options), annotations=None, is_older=True)
    return {
        one.title if isinstance(one, Spec) else str(one): one
        if isinstance(one, Spec)
        else beside.read(one).spec
        for one in overlays
    }


def history(
    source: str | Path | Sequence[Spec],
    id_: str,
    /,
    judgements: str | Path | Iterable[Judgement] = (),
    **options: Unpack[ReadingOptions],
) -> tuple[Moment, ...]:
    """Return a provision in each release that has it, oldest first, under any id that it had.

    Raises :class:`UnknownIdError` if no release has the id.

    :param source: a folder of releases or a graph file with several, or releases, oldest first
    :param id_: any present or former id of the provision
    :param judgements: as for :func:`diff`, on any of the releases
    :param options: as for :func:`load`
    """
    specs = load_all(source, **options) if isinstance(source, str | Path) else source
    return moments_of(specs, id_, _judgements_of(judgements)[0])


def section_trends(
    source: str | Path | Sequence[Spec], /, depth: int = 1, **options: Unpack[ReadingOptions]
) -> Trends:
    """Return the number of words and sentences of each section in each release, for English text.

    Raises :class:`SourceError` if there is no release.

    :param source: a folder of releases or a graph file with several, or releases, oldest first; one is enough
    :param depth: the depth of sections that are listed: 1 for chapters only
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.trends.sizes import trends_of  # noqa: PLC0415  reads patterns that few callers need

    specs = load_all(source, **options) if isinstance(source, str | Path) else source
    if not specs:
        raise SourceError("no release is given")
    return trends_of(specs, depth)


def lock(source: Source) -> Lock:
    """Return the ids of a spec or a SOURCE with checksums of their texts; :func:`render` writes the lock as a file."""
    return lock_of(spec_of(source))


def read_lock(file: str | Path) -> Lock:
    """Return the lock in a file; raise :class:`LockError` if it contains none."""
    return parse_lock(read_text(Path(file), str(file))[0], str(file))


def check_lock(source: Source, held: Lock | str | Path) -> tuple[LockChange, ...]:
    """Return what has changed in a spec or a SOURCE since a lock was written, in reading order.

    :param held: a lock, or the name of its file
    """
    return since_lock(held if isinstance(held, Lock) else read_lock(held), spec_of(source))


def renamed_since(source: Source, locked: Lock | str | Path) -> dict[str, str]:
    """Return the new ids of provisions by their ids in a lock, for those that only got a new id.

    :param locked: as for :func:`check_lock`
    """
    changes = check_lock(source, locked)
    return {change.old: change.new for change in changes if change.state is LockState.RENUMBERED}


def review_changelog(
    old: Source, new: Source, *, aliases: Mapping[str, str] | None = None, **options: Unpack[ReadingOptions]
) -> Review:
    """Return how far the changelog of the new SOURCE and the changes confirm each other, judged by names and words.

    A draft of an entry is the form ``changelog`` of a diff, which :func:`render` writes.

    :param aliases: as for :func:`diff`
    :param options: as for :func:`diff`
    """
    before, after = specs_of(old, new, **options)
    return review(_compared(before, after, aliases), entry_of(after))
