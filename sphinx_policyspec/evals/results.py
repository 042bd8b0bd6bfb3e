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

_KEPT = frozenset({"prompt", "focus_id", "section_id"})
"""What tells of any run, however it was read, which prompts belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Brief):
    """What evaluations say of a spec.

    :param source: the name of the SOURCE
    :param version: of the spec, and ``base_iri`` what the IRIs of its parts begin with
    :param policy: which answers count
    :param pins: of each run, whether it was graded against this spec; ``None`` where nobody can tell
    :param statuses: how many answers have each status, by run
    :param without_result: ids of the principles that no answer tells anything of
    :param tags_without_prompt: eval tags of the spec that no prompt has
    :param comparison: of the two runs that were named, and of each with the baseline
    :param differences: of each two runs on each provision, where both were graded against one release
    :param trends: of each model, from each release to the next, where grader and scorer are the same
    :param triage: what people say of outputs that contradict it, the oldest first
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
        """The field by which prompts belong together; of runs that differ, each."""
        return ", ".join(sorted({run.cluster for run in self.runs}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOptions:
    """How results are read and told; fields are the options of ``policyspec results``.

    :param renames: new ids of provisions by those that a lock has
    :param baseline: a run, or a model with one run, from which each other run is told to differ
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
    """Return what files say of a spec, the last of its releases.

    :param store: a folder to keep the answers in
    :param digests: of the files of the spec, which logs may be pinned to
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
    said, triage_findings = (
        read_triage(Path(options.triage), str(options.triage), spec) if options.triage else ((), ())
    )
    told = [*map_findings, *triage_findings]
    if not files:
        return replace(_nothing(source, spec, options, told), triage=said)
    stores = [Path(file) for file in files if is_store(Path(file))]
    read, findings = read_files((file for file in files if Path(file) not in stores), rules)
    with ExitStack() as stack:
        unusable: dict[Path, SourceError] = {}
        folder = Path(store or stack.enter_context(tempfile.TemporaryDirectory(prefix="policyspec-")))
        kept = Store(folder)
        older = kept.add(read)
        for other in stores:
            kept.take(other, Store(other).runs(unusable))
        known = kept.runs(unusable)
        given = {one.run.id for one in read}.union(*(Store(other).runs() for other in stores))
        told += (unusable_results(file, error) for file, error in unusable.items())
        runs = tuple(run for id_, run in known.items() if id_ in given)
        told += (*findings, *(superseded(old, new) for old, new in older))
        if not runs:
            return replace(_nothing(source, spec, options, told), triage=said)
        if asked := options.cluster:
            # A store has the values of one field, and of those that lead to provisions.
            told += (lacking_field(run, asked) for run in runs if asked not in {*_KEPT, run.cluster})
        joined = _joined(kept, runs, releases, options, mapped)
        runs = tuple(replace(run, cluster=asked or run.cluster) for run in runs)
        found = _told(kept, runs, spec, options, joined)
        pinned = {*digests, digest_of_spec(spec)}
        return replace(
            found,
            source=source,
            triage=said,
            pins={run.id: _is_pinned(run, spec, pinned) for run in runs},
            findings=in_source_order([*told, *disagreements_of(joined, {run.id: run.file for run in runs})]),
        )


_STALE = frozenset({
    ChangeKind.TEXT, ChangeKind.LEVEL_RAISED, ChangeKind.LEVEL_LOWERED, ChangeKind.LEVEL_CHANGED, ChangeKind.REMOVED,
    ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.BECAME_SECTION,
})  # fmt: skip
"""Changes of what a provision says or how far it binds."""


def with_stale_results(diff: SpecDiff, old: Spec, results: Results) -> SpecDiff:
    """Return a diff whose changes of text or level, but for editorial ones, name the runs that were graded against what was.

    :param results: read against the old spec; a run that does not say what it was graded against may have been by that
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
        # What stands in a plain section of a principle is a part of what that says.
        id_ = diff.old_ids.get(change.provision, change.provision)
        holders = with_holders(old, id_)
        place = next((n for n, name in enumerate(holders) if name in old.principle_by_id), 0)
        runs = dict.fromkeys(run for name in holders[: place + 1] for run in stale.get(name, ()))
        return replace(change, reach=replace(change.reach, results=tuple(runs))) if runs else change

    return replace(
        diff, changes=tuple(map(reached, diff.changes)), findings=(*diff.findings, *results.findings)
    )


def _may_rest_on(row: ResultRow, spec: Spec, pins: Mapping[str, bool | None]) -> bool:
    """Return whether answers may have been graded against a spec."""
    pin = pins[row.run.id]
    if row.release and spec.version and not (row.run.spec_sha256 and pin):
        return row.release == spec.version
    return pin is not False


def results_in(
    releases: Sequence[Spec], folder: Path, names: Sequence[str], triage: str, baseline: str
) -> tuple[Results | None, dict[str, PolicySpecError]]:
    """Return the results that a project names, and what is wrong by the option that names it.

    :param releases: its spec, behind older ones
    :param folder: that names are relative to
    """
    options = ResultOptions(baseline=baseline, triage=folder / triage if triage else None)
    try:
        return results_of(releases, [folder / name for name in names], options), {}
    except PolicySpecError as error:
        named = {"triage": triage, "results_baseline": baseline}
        option = next((name for name, value in named.items() if value and value in str(error)), "results")
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
    kept: Store, runs: Sequence[EvalRun], releases: Sequence[Spec], options: ResultOptions, mapped: ResultMap
) -> Join:
    """Join runs to the last of some releases, and have the store show what counts."""
    ids = [run.id for run in runs]
    kept_as = {run.id: run.cluster for run in runs}
    asked = (
        one if options.cluster in {"", kept_as[one.run]} else one._replace(cluster_raw="")
        for one in kept.asked(ids)
    )
    joined = join(
        asked,
        releases[-1],
        releases[:-1],
        clusters={id_: options.cluster or field for id_, field in kept_as.items()},
        provisions=mapped.provisions,
        renames=options.renames,
    )
    kept.join(joined.rows, ids)
    kept.open(ids, options.policy)
    return joined


def _told(kept: Store, runs: Sequence[EvalRun], spec: Spec, options: ResultOptions, joined: Join) -> Results:
    groups = Groups(spec)
    by_id = {run.id: run for run in runs}
    found = rates(
        kept.rows("rate"), kept.rows("rate", clustered=False), kept.rows("noise"), kept.rows("tally")
    )
    rows = sorted(
        (result_row(one, by_id, groups) for one in found),
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
        statuses=kept.statuses(),
        rows=tuple(rows),
        comparison=tuple(row for pair in pairs for row in compared(kept, runs, pair, groups)),
        differences=each_two(kept, rows, by_id, groups),
        trends=trends_of(kept, rows),
        without_result=tuple(id_ for id_ in nothing.without_result if id_ not in tested),
    )


def _untested_tags(spec: Spec) -> tuple[str, ...]:
    asked = {prompt.tag for prompt in spec.prompts}
    return tuple(dict.fromkeys(tag.tag for tag in spec.eval_tags if tag.tag not in asked))


def _is_pinned(run: EvalRun, spec: Spec, digests: set[str]) -> bool | None:
    """Return whether a run was graded against a spec; a digest tells it better than a name."""
    if run.spec_sha256:
        return run.spec_sha256 in digests
    return run.release == spec.version if run.release and spec.version else None
