"""Results of evaluations joined to a spec: which runs, what counts, every figure, and what has no result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.evals.join import Join, disagreements_of, join, read_map
from sphinx_policyspec.evals.measures import rates
from sphinx_policyspec.evals.prompts import digest_of_spec, with_holders
from sphinx_policyspec.evals.records import EvalRun, ReadingRules, ResultMap, lacking_field
from sphinx_policyspec.evals.result_files import read_files, superseded, unusable_results
from sphinx_policyspec.evals.rows import (
    ComparedRow,
    Groups,
    ResultRow,
    Trend,
    compared,
    each_two,
    result_row,
    run_named,
    trends_of,
)
from sphinx_policyspec.evals.store import Store, is_store
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Finding, Spec, Triage
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.readers.judgements import read_triage

_GROUPING_FIELDS = frozenset({"prompt", "focus_id", "section_id"})
"""Fields that group the prompts of any run, whichever field it was read with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Brief):
    """The results of evaluations of a spec.

    :param source: the name of the SOURCE
    :param version: of the spec; ``base_iri`` is the prefix of the IRIs of its parts
    :param policy: which answers count
    :param pins: whether each run was graded against this spec; ``None`` if that is unknown
    :param statuses: number of answers by run and status
    :param without_result: ids of the principles that no answer is joined to
    :param tags_without_prompt: eval tags of the spec without a prompt
    :param comparison: of the two runs to compare, and of each run with the baseline
    :param differences: of each pair of runs on each provision, if both were graded against the same release
    :param trends: of each model, from each release to the next, with the same grader and scorer
    :param triage: people's judgements of outputs that contradict the spec, oldest first
    :param shown: the facet whose table is shown as text
    """

    source: str
    policy: str
    runs: tuple[EvalRun, ...]
    pins: Mapping[str, bool | None]
    join: Join
    statuses: Mapping[str, Mapping[str, int]]
    rows: tuple[ResultRow, ...]
    comparison: tuple[ComparedRow, ...]
    without_result: tuple[str, ...]
    tags_without_prompt: tuple[str, ...]
    differences: tuple[ComparedRow, ...] = ()
    trends: tuple[Trend, ...] = ()
    triage: tuple[Triage, ...] = ()
    findings: tuple[Finding, ...] = ()
    version: str = ""
    base_iri: str = ""
    shown: str = "provision"

    @property
    def cluster(self) -> str:
        """The field by which prompts are grouped; if runs differ, all of them."""
        return ", ".join(sorted({run.cluster for run in self.runs}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOptions:
    """How results are read and reported; fields are the options of ``policyspec results``.

    :param renames: new ids of provisions by the ids in a lock
    :param baseline: a run, or a model with one run, with which each other run is compared
    """

    map: str | Path | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    release: str = ""
    evidence: str = ""
    policy: str = "as-logged"
    cluster: str = ""
    by: str = "provision"
    compare: tuple[str, str] | None = None
    baseline: str = ""
    triage: str | Path | None = None
    keep_text: bool = False


def results_of(
    releases: Sequence[Spec],
    files: Sequence[str | Path],
    options: ResultOptions,
    *,
    source: str = "",
    store: str | Path | None = None,
    digests: Iterable[str] = (),
) -> Results:
    """Return the results in files, joined to a spec, the last of its releases.

    :param store: a folder to keep the answers in
    :param digests: of the files of the spec, to which logs may be pinned
    """
    spec = releases[-1]
    mapped, map_findings = read_map(Path(options.map), spec) if options.map else (ResultMap(), ())
    rules = ReadingRules(
        map=mapped,
        release=options.release,
        evidence=options.evidence,
        cluster=options.cluster,
        keep_text=options.keep_text,
    )
    triage, triage_findings = (
        read_triage(Path(options.triage), str(options.triage), spec) if options.triage else ((), ())
    )
    problems = [*map_findings, *triage_findings]
    if not files:
        return replace(_nothing(source, spec, options, problems), triage=triage)
    stores = [Path(file) for file in files if is_store(Path(file))]
    log_runs, findings = read_files((file for file in files if Path(file) not in stores), rules)
    with ExitStack() as stack:
        unusable: dict[Path, SourceError] = {}
        folder = Path(store or stack.enter_context(tempfile.TemporaryDirectory(prefix="policyspec-")))
        answers = Store(folder)
        older = answers.add(log_runs)
        for other in stores:
            answers.take(other, Store(other).runs(unusable))
        stored = answers.runs(unusable)
        wanted = {one.run.id for one in log_runs}.union(*(Store(other).runs() for other in stores))
        problems += (unusable_results(file, error) for file, error in unusable.items())
        runs = tuple(run for id_, run in stored.items() if id_ in wanted)
        problems += (*findings, *(superseded(old, new) for old, new in older))
        if not runs:
            return replace(_nothing(source, spec, options, problems), triage=triage)
        if field_name := options.cluster:
            # A store has the values of one such field, and of the fields that lead to provisions.
            problems += (
                lacking_field(run, field_name)
                for run in runs
                if field_name not in {*_GROUPING_FIELDS, run.cluster}
            )
        joined = _joined(answers, runs, releases, options, mapped)
        runs = tuple(replace(run, cluster=field_name or run.cluster) for run in runs)
        figures = _figures(answers, runs, spec, options, joined)
        spec_digests = {*digests, digest_of_spec(spec)}
        return replace(
            figures,
            source=source,
            triage=triage,
            pins={run.id: _is_pinned(run, spec, spec_digests) for run in runs},
            findings=in_source_order(
                [*problems, *disagreements_of(joined, {run.id: run.file for run in runs})]
            ),
        )


_STALE = frozenset({
    ChangeKind.TEXT, ChangeKind.LEVEL_RAISED, ChangeKind.LEVEL_LOWERED, ChangeKind.LEVEL_CHANGED, ChangeKind.REMOVED,
    ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.BECAME_SECTION,
})  # fmt: skip
"""Changes of a provision's meaning or level."""


def with_stale_results(diff: SpecDiff, old: Spec, results: Results) -> SpecDiff:
    """Return a diff whose non-editorial changes of text or level name the runs that were graded against the old wording.

    :param results: read against the old spec; a run without a known release counts as possibly graded against it
    """
    stale: dict[str, dict[str, None]] = {}
    for row in results.rows:
        if row.group.facet == "provision" and _may_rest_on(row, old, results.pins):
            stale.setdefault(row.group.id, {})[row.run.id] = None

    def reached(change: Change) -> Change:
        if (
            change.subject is not Subject.PROVISION
            or change.kind not in _STALE
            or change.weight is Weight.EDITORIAL
        ):
            return change
        # A section inside a principle is part of that principle.
        id_ = diff.old_ids.get(change.provision, change.provision)
        holders = with_holders(old, id_)
        place = next((n for n, name in enumerate(holders) if name in old.principle_by_id), 0)
        runs = dict.fromkeys(run for name in holders[: place + 1] for run in stale.get(name, ()))
        return replace(change, reach=replace(change.reach, results=tuple(runs))) if runs else change

    return replace(
        diff, changes=tuple(map(reached, diff.changes)), findings=(*diff.findings, *results.findings)
    )


def _may_rest_on(row: ResultRow, spec: Spec, pins: Mapping[str, bool | None]) -> bool:
    """Return whether the answers of a row may have been graded against a spec."""
    pin = pins[row.run.id]
    if row.release and spec.version and not (row.run.spec_sha256 and pin):
        return row.release == spec.version
    return pin is not False


def results_in(
    releases: Sequence[Spec], folder: Path, names: Sequence[str], triage: str, baseline: str
) -> tuple[Results | None, dict[str, PolicySpecError]]:
    """Return the results that a project names, or the error by the option that caused it.

    :param releases: older releases, then the project's own spec
    :param folder: to which the names are relative
    """
    options = ResultOptions(baseline=baseline, triage=folder / triage if triage else None)
    try:
        return results_of(releases, [folder / name for name in names], options), {}
    except PolicySpecError as error:
        option_values = {"triage": triage, "results_baseline": baseline}
        option = next(
            (name for name, value in option_values.items() if value and value in str(error)), "results"
        )
        return None, {option: error}


def _nothing(source: str, spec: Spec, options: ResultOptions, findings: Sequence[Finding]) -> Results:
    return Results(
        source=source,
        policy=options.policy,
        runs=(),
        pins={},
        join=Join(rows=(), by_key={}, unresolved=(), disagreements=()),
        statuses={},
        rows=(),
        comparison=(),
        without_result=tuple(p.id for p in spec.principles),
        tags_without_prompt=_untested_tags(spec),
        findings=in_source_order([*findings]),
        version=spec.version,
        base_iri=base_of(spec),
        shown=options.by,
    )


def _joined(
    store: Store, runs: Sequence[EvalRun], releases: Sequence[Spec], options: ResultOptions, mapped: ResultMap
) -> Join:
    """Join runs to the last release, and open the store with the answers that count."""
    ids = [run.id for run in runs]
    fields = {run.id: run.cluster for run in runs}
    prompts = (
        one if options.cluster in {"", fields[one.run]} else one._replace(cluster_raw="")
        for one in store.prompts(ids)
    )
    joined = join(
        prompts,
        releases[-1],
        releases[:-1],
        clusters={id_: options.cluster or field for id_, field in fields.items()},
        provisions=mapped.provisions,
        renames=options.renames,
    )
    store.join(joined.rows, ids)
    store.open(ids, options.policy)
    return joined


def _figures(
    store: Store, runs: Sequence[EvalRun], spec: Spec, options: ResultOptions, joined: Join
) -> Results:
    groups = Groups(spec)
    by_id = {run.id: run for run in runs}
    group_rates = rates(
        store.rows("rate"), store.rows("rate", clustered=False), store.rows("noise"), store.rows("tally")
    )
    rows = sorted(
        (result_row(one, by_id, groups) for one in group_rates),
        key=lambda row: (
            *groups.place(row.group),
            row.run.id,
            row.scorer,
            row.evidence,
            row.grader,
            row.release,
        ),
    )
    tested = {row.group.id for row in rows if row.group.facet == "provision"}
    nothing = _nothing("", spec, options, ())
    pairs = [options.compare] if options.compare else []
    if options.baseline:
        base = run_named(options.baseline, runs).id
        pairs += [(run.id, base) for run in runs if run.id != base]
    return replace(
        nothing,
        runs=tuple(runs),
        join=joined,
        statuses=store.statuses(),
        rows=tuple(rows),
        comparison=tuple(row for pair in pairs for row in compared(store, runs, pair, groups)),
        differences=each_two(store, rows, by_id, groups),
        trends=trends_of(store, rows),
        without_result=tuple(id_ for id_ in nothing.without_result if id_ not in tested),
    )


def _untested_tags(spec: Spec) -> tuple[str, ...]:
    prompt_tags = {prompt.tag for prompt in spec.prompts}
    return tuple(dict.fromkeys(tag.tag for tag in spec.eval_tags if tag.tag not in prompt_tags))


def _is_pinned(run: EvalRun, spec: Spec, digests: set[str]) -> bool | None:
    """Return whether a run was graded against a spec; a digest decides before a version, ``None`` is unknown."""
    if run.spec_sha256:
        return run.spec_sha256 in digests
    return run.release == spec.version if run.release and spec.version else None
