"""What changed from one spec to another, over many releases, and since a lock; what people say of it."""

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
    """Return what changed from one spec or SOURCE to another, read as :func:`load_pair` does.

    :param aliases: ids of provisions that are the same, old id → new id, where that is known; they win over what
        is found, and one that a spec lacks raises :class:`UnknownIdError`
    :param overlays: specs or SOURCEs that are built on the old one: what the changes reach in them is told, too
    :param judgements: what people say of changed prose, or a file of it; it is the weight of that, and what does not fit, or is
        not filled in yet, is in the findings of the diff. A file of another form raises :class:`AnnotationError`
    :param results: of evaluations, as for :func:`read_results`, or what that returns for the old spec: changes of text or
        level, but for editorial ones, name the runs that were graded against what was
    :param feedback: registers of feedback, or folders of them: changes name the records that are answered by them
    :param options: how SOURCEs are read, as for :func:`load`
    """
    before, after = specs_of(old, new, **options)
    found = _with_overlays(_compared(before, after, aliases), before, after, _read(overlays, **options))
    found = _with_results(_judged(found, before, after, judgements), before, results)
    return _with_answers(found, before, after, feedback)


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
    """Return what :func:`diff` does, and which cases come out differently in the new spec or SOURCE.

    :param cases: cases, or files and folders of them, with the ids of the new spec
    :param aliases: as for :func:`diff`
    :param overlays: likewise
    :param judgements: likewise
    :param results: likewise
    :param feedback: likewise
    :param options: likewise
    """
    before, after = map(Norms, specs_of(old, new, **options))
    read, findings = read_cases(cases)
    found = _compared(before.spec, after.spec, aliases, read)
    found = _with_overlays(found, before.spec, after.spec, _read(overlays, **options))
    found = _with_results(_judged(found, before.spec, after.spec, judgements), before.spec, results)
    found = _with_answers(found, before.spec, after.spec, feedback)
    compared = compare_cases(found, before, after, read)
    for case in compared:
        if case.state is CaseState.NEITHER:
            findings += case.new.findings
    return BehaviourDiff(spec=found, old=before, new=after, cases=compared, findings=tuple(findings))


def judge(
    old: Source,
    new: Source,
    *,
    aliases: Mapping[str, str] | None = None,
    judgements: str | Path | Iterable[Judgement] = (),
    **options: Unpack[ReadingOptions],
) -> ReadingList:
    """Return what :func:`diff` does, as what a person has to read of it, and can judge by :meth:`ReadingList.judgement`.

    :param aliases: as for :func:`diff`
    :param judgements: those that there are, as for :func:`diff`; what is judged needs no reader any more
    :param options: likewise
    """
    before, after = specs_of(old, new, **options)
    found = reading_list(_compared(before, after, aliases), before, after)
    return replace(found, diff=_judged(found.diff, before, after, judgements))


def write_judgement(file: str | Path, judgement: Judgement) -> None:
    """Write a judgement into a file of them, in place of any of the same change; the others and comments stay.

    Raises :class:`AnnotationError` where the file holds no list of judgements.

    :param file: a new file, or one that there is
    """
    add_judgement(Path(file), judgement)


def _compared(
    old: Spec, new: Spec, aliases: Mapping[str, str] | None, cases: Iterable[Case] = ()
) -> SpecDiff:
    """Compare two specs; an alias that names what one of them lacks raises :class:`UnknownIdError`."""
    for pair in (aliases or {}).items():
        for name, spec, which in zip(pair, (old, new), ("old", "new"), strict=True):
            if name not in spec.provision_by_id:
                hint = nearest(name, spec.provision_by_id)
                message = f"alias `{'='.join(pair)}`: unknown provision `{name}` in the {which} spec"
                raise UnknownIdError("; ".join(filter(None, (message, hint))))
    return compare(old, new, aliases, cases)


def _judged(
    found: SpecDiff, before: Spec, after: Spec, judgements: str | Path | Iterable[Judgement]
) -> SpecDiff:
    read, findings = _given(judgements)
    return with_judgements(replace(found, findings=found.findings + findings), before, after, read)


def _given(judgements: str | Path | Iterable[Judgement]) -> tuple[tuple[Judgement, ...], tuple[Finding, ...]]:
    """Return judgements, and which of a file are not filled in yet."""
    if isinstance(judgements, str | Path):
        return usable_judgements(Path(judgements))
    return tuple(judgements), ()


def _with_overlays(found: SpecDiff, before: Spec, after: Spec, overlays: Mapping[str, Spec]) -> SpecDiff:
    return with_overlays(found, before, after, overlays) if overlays else found


def _with_results(
    found: SpecDiff, before: Spec, results: str | Path | Iterable[str | Path] | Results
) -> SpecDiff:
    if isinstance(results, str | Path | Iterable):
        results = (results,) if isinstance(results, str | Path) else tuple(results)
    if not results:
        return found
    from sphinx_policyspec.api.evals import read_results  # noqa: PLC0415  few callers evaluate
    from sphinx_policyspec.evals.results import with_stale_results  # noqa: PLC0415  likewise

    read = read_results(before, *results) if isinstance(results, tuple) else results
    return with_stale_results(found, before, read)


def _with_answers(found: SpecDiff, before: Spec, after: Spec, feedback: Iterable[str | Path]) -> SpecDiff:
    if not (registers := tuple(feedback)):
        return found
    from sphinx_policyspec.api.feedback import check_feedback  # noqa: PLC0415  few callers keep a register
    from sphinx_policyspec.feedback.check import with_answers  # noqa: PLC0415  likewise

    return with_answers(found, check_feedback(after, *registers, older=[before]))


def _read(overlays: Iterable[str | Path | Spec], **options: Unpack[ReadingOptions]) -> dict[str, Spec]:
    """Return specs by their titles, and those of SOURCEs by the names of these; each has annotations of its own."""
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
    """Return a provision in each release that has it, from the first to the last, under any id that it had.

    Raises :class:`UnknownIdError` where no release has the id.

    :param source: a folder of releases or a graph file with several, or releases from the first to the last
    :param id_: any id that it has or had
    :param judgements: as for :func:`diff`, of any of the releases
    :param options: as for :func:`load`
    """
    specs = load_all(source, **options) if isinstance(source, str | Path) else source
    return moments_of(specs, id_, _given(judgements)[0])


def section_trends(
    source: str | Path | Sequence[Spec], /, depth: int = 1, **options: Unpack[ReadingOptions]
) -> Trends:
    """Return how many words and sentences each section has in each release, for English text.

    Raises :class:`SourceError` where there is no release.

    :param source: a folder of releases or a graph file with several, or releases from the first to the last; one is
        enough
    :param depth: how deep sections are told: 1 for chapters alone
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.trends.sizes import trends_of  # noqa: PLC0415  reads patterns that few callers need

    specs = load_all(source, **options) if isinstance(source, str | Path) else source
    if not specs:
        raise SourceError("no release is given")
    return trends_of(specs, depth)


def lock(source: Source) -> Lock:
    """Return the ids of a spec or a SOURCE with checksums of what they say; :func:`render` writes it as a file."""
    return lock_of(spec_of(source))


def read_lock(file: str | Path) -> Lock:
    """Return the lock that a file holds; raises :class:`LockError` where it holds none."""
    return parse_lock(read_text(Path(file), str(file))[0], str(file))


def check_lock(source: Source, held: Lock | str | Path) -> tuple[LockChange, ...]:
    """Return what of a spec or a SOURCE is not as it was when a lock was written, in reading order.

    :param held: a lock, or the name of its file
    """
    return since_lock(held if isinstance(held, Lock) else read_lock(held), spec_of(source))


def renamed_since(source: Source, held: Lock | str | Path) -> dict[str, str]:
    """Return the new ids of provisions by those that a lock has, of those that only got another.

    :param held: as for :func:`check_lock`
    """
    changes = check_lock(source, held)
    return {change.old: change.new for change in changes if change.state is LockState.RENUMBERED}


def review_changelog(
    old: Source, new: Source, *, aliases: Mapping[str, str] | None = None, **options: Unpack[ReadingOptions]
) -> Review:
    """Return how the new SOURCE's changelog and what changed bear each other out, as far as names and words can tell.

    A draft of an entry is the form ``changelog`` of a diff, which :func:`render` writes.

    :param aliases: as for :func:`diff`
    :param options: likewise
    """
    before, after = specs_of(old, new, **options)
    return review(_compared(before, after, aliases), entry_of(after))
