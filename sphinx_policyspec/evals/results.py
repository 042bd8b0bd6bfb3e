"""Results of evaluations joined to a spec: which runs, what counts, every figure, and what has no result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.evals.join import Join, disagreements_of, join, read_map
from sphinx_policyspec.evals.measures import Rate, holm, rates
from sphinx_policyspec.evals.prompts import digest_of_spec, level_of, with_holders
from sphinx_policyspec.evals.records import EvalRun, ReadingRules, ResultMap, lacking_field, moment
from sphinx_policyspec.evals.result_files import read_files, superseded
from sphinx_policyspec.evals.store import Store, is_store
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.releases import version_order
from sphinx_policyspec.model import Finding, Principle, Spec, Triage
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.readers.judgements import read_triage

FACETS = ("provision", "chapter", "level", "joined", "all")
"""By what results are grouped, in the order of reports."""
_KEPT = frozenset({"prompt", "focus_id", "section_id"})
"""What tells of any run, however it was read, which prompts belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultGroup(Brief):
    """What prompts are grouped by: a provision, a chapter, a level, or all of them.

    :param id: of the provision or level
    :param kind: ``principle``, ``section``, ``level``, or the facet where there is one group alone
    :param level: of a principle
    """

    facet: str
    id: str
    title: str
    kind: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow(Brief):
    """How well a run does on a group of prompts."""

    run: EvalRun
    release: str
    scorer: str
    evidence: str
    grader: str
    group: ResultGroup
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow(Brief):
    """How far two runs are apart on a group of prompts.

    :param release_a: that the answers of the first run were graded against, and so for the second
    :param only_a: prompts that the first run answered alone, or in other words; and so for the second
    """

    a: EvalRun
    b: EvalRun
    release_a: str = ""
    release_b: str = ""
    scorer: str
    evidence: str
    grader: str
    group: ResultGroup
    rate: Rate
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Brief):
    """How far a model moved from one release to the next, on the prompts that it answered for both in the same words.

    :param old: how it does on all prompts of the earlier release that test a provision, and ``new`` of the later
    :param rate: of the difference, new minus old; of no common prompt there is none
    """

    old: ResultRow
    new: ResultRow
    rate: Rate

    @property
    def left_out(self) -> int:
        """How many prompts one of the releases had alone, or in other words."""
        return self.old.rate.prompts + self.new.rate.prompts - 2 * self.rate.prompts


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
        folder = Path(store or stack.enter_context(tempfile.TemporaryDirectory(prefix="policyspec-")))
        kept = Store(folder)
        older = kept.add(read)
        for other in stores:
            kept.take(other, Store(other).runs())
        known = kept.runs()
        given = {one.run.id for one in read}.union(*(Store(other).runs() for other in stores))
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
    groups = _Groups(spec)
    by_id = {run.id: run for run in runs}
    found = rates(
        kept.rows("rate"), kept.rows("rate", clustered=False), kept.rows("noise"), kept.rows("tally")
    )
    rows = sorted(
        (_row(one, by_id, groups) for one in found),
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
    return replace(
        nothing,
        runs=tuple(runs),
        join=joined,
        statuses=kept.statuses(),
        rows=tuple(rows),
        comparison=tuple(
            row for pair in _pairs(runs, options) for row in _compared(kept, runs, pair, groups)
        ),
        trends=_trends(kept, rows),
        without_result=tuple(id_ for id_ in nothing.without_result if id_ not in tested),
    )


def _trends(kept: Store, rows: Iterable[ResultRow]) -> tuple[Trend, ...]:
    """Return how models move from release to release; of several runs of one release the newest counts."""
    lines: dict[tuple[str, ...], dict[str, ResultRow]] = {}
    for row in sorted(rows, key=lambda row: (moment(row.run.created), row.run.id)):
        if row.group.facet == "joined" and row.release and row.rate.mean is not None:
            line = lines.setdefault((row.run.model, row.scorer, row.evidence, row.grader), {})
            line[row.release] = row
    steps = [
        (line[old], line[new])
        for _, line in sorted(lines.items())
        for old, new in pairwise(sorted(line, key=version_order))
    ]
    clustered, plain = [], []
    for old, new in steps:
        kept.set_sides(new.run.id, old.run.id)
        clustered += kept.rows("difference", facet="joined")
        plain += kept.rows("difference", facet="joined", clustered=False)
    found = {_step(rate.key): rate for rate in rates(clustered, plain)}
    nothing = Rate(key={}, prompts=0, clusters=0)
    moved = holm([found.get(_step_of(old, new), nothing) for old, new in steps])
    return tuple(Trend(old=old, new=new, rate=rate) for (old, new), rate in zip(steps, moved, strict=True))


def _step(key: Mapping[str, str]) -> tuple[str, ...]:
    names = ("run_a", "run_b", "release_a", "release_b", "scorer", "evidence", "grader")
    return tuple(key[name] for name in names)


def _step_of(old: ResultRow, new: ResultRow) -> tuple[str, ...]:
    return new.run.id, old.run.id, new.release, old.release, new.scorer, new.evidence, new.grader


def _pairs(runs: Sequence[EvalRun], options: ResultOptions) -> Iterator[tuple[str, str]]:
    """Yield the runs that are compared: the two that are named, and each with the baseline."""
    if options.compare:
        yield options.compare
    if options.baseline:
        base = _named(options.baseline, runs)
        yield from ((run.id, base.id) for run in runs if run.id != base.id)


def _untested_tags(spec: Spec) -> tuple[str, ...]:
    asked = {prompt.tag for prompt in spec.prompts}
    return tuple(dict.fromkeys(tag.tag for tag in spec.eval_tags if tag.tag not in asked))


def _is_pinned(run: EvalRun, spec: Spec, digests: set[str]) -> bool | None:
    """Return whether a run was graded against a spec; a digest tells it better than a name."""
    if run.spec_sha256:
        return run.spec_sha256 in digests
    return run.release == spec.version if run.release and spec.version else None


class _Groups:
    """Groups by facet and id, in the order of the spec."""

    def __init__(self, spec: Spec) -> None:
        self._provisions = spec.provision_by_id
        self._levels = spec.level_by_id
        self._order = {id_: n for n, id_ in enumerate((*spec.provision_by_id, *spec.level_by_id))}

    def of(self, facet: str, id_: str) -> ResultGroup:
        if found := self._provisions.get(id_) if facet in {"provision", "chapter"} else None:
            kind = "principle" if isinstance(found, Principle) else "section"
            return ResultGroup(facet=facet, id=id_, title=found.title, kind=kind, level=level_of(found))
        if facet == "level" and id_ in self._levels:
            return ResultGroup(facet=facet, id=id_, title=self._levels[id_].title, kind="level", level=id_)
        return ResultGroup(facet=facet, id=id_, title=id_, kind=facet)

    def place(self, group: ResultGroup) -> tuple[int, int, str]:
        """Return where a group stands: by facet, and in the order of the spec."""
        return FACETS.index(group.facet), self._order.get(group.id, len(self._order)), group.id


def _row(rate: Rate, runs: Mapping[str, EvalRun], groups: _Groups) -> ResultRow:
    key = rate.key
    return ResultRow(
        run=runs[key["run"]],
        release=key["spec_release"],
        scorer=key["scorer"],
        evidence=key["evidence"],
        grader=key["grader"],
        group=groups.of(key["facet"], key["grp"]),
        rate=rate,
    )


def _compared(
    kept: Store, runs: Sequence[EvalRun], names: tuple[str, str], groups: _Groups
) -> tuple[ComparedRow, ...]:
    a, b = (_named(name, runs) for name in names)
    kept.set_sides(a.id, b.id)
    alone: dict[tuple[str, ...], set[str]] = {}
    for *place, prompt in kept.rows("unpaired"):
        alone.setdefault(tuple(place), set()).add(prompt)
    parts = ("facet", "grp", "scorer", "evidence")
    found = [*rates(kept.rows("difference"), kept.rows("difference", clustered=False))]
    # Where no prompt is common there is nothing to subtract, and what each side has alone is told all the same.
    paired = {tuple(rate.key[name] for name in parts) for rate in found}
    for group in sorted({side[1:] for side in alone} - paired):
        key = {**dict(zip(parts, group, strict=True)), "grader": ""}
        found.append(Rate(key=key, prompts=0, clusters=0))
    rows = [
        ComparedRow(
            a=a,
            b=b,
            release_a=rate.key.get("release_a", ""),
            release_b=rate.key.get("release_b", ""),
            scorer=rate.key["scorer"],
            evidence=rate.key["evidence"],
            grader=rate.key["grader"],
            group=groups.of(rate.key["facet"], rate.key["grp"]),
            rate=rate,
            only_a=tuple(sorted(alone.get(("a", *(rate.key[name] for name in parts)), ()))),
            only_b=tuple(sorted(alone.get(("b", *(rate.key[name] for name in parts)), ()))),
        )
        for rate in found
    ]

    def order(row: ComparedRow) -> tuple[Any, ...]:
        told = row.scorer, row.evidence, row.grader, row.release_a, row.release_b
        return *groups.place(row.group), *told

    return tuple(sorted(rows, key=order))


def _named(name: str, runs: Sequence[EvalRun]) -> EvalRun:
    """Return the run that a name stands for: its id, else its model where that has one run alone."""
    found = [run for run in runs if run.id == name] or [run for run in runs if run.model == name]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f"`{run.id}`" for run in found)
        raise SourceError(f"`{name}` has several runs: give the id of one of {ids}")
    known = sorted({name for run in runs for name in (run.id, run.model)})
    raise SourceError("; ".join(filter(None, (f"no run or model `{name}`", nearest(name, known)))))
