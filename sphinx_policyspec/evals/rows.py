"""Rows of results: how well runs do on groups of prompts, and how far two runs, or two releases of a model, are apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.evals.measures import Rate, holm, measure, rates
from sphinx_policyspec.evals.prompts import level_of
from sphinx_policyspec.evals.records import EvalRun, moment
from sphinx_policyspec.evals.store import Store
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.releases import version_order
from sphinx_policyspec.model import Principle, Spec
from sphinx_policyspec.model.nearest import nearest

FACETS = ("provision", "chapter", "level", "joined", "all")
"""The ways to group results, in the order of reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultGroup(Brief):
    """A group of prompts: those of a provision, a chapter or a level, or all of them.

    :param id: of the provision or level
    :param kind: ``principle``, ``section``, ``level``, or the facet if it has only one group
    :param level: of a principle, else empty
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

    :param release_a: release that the first run's answers were graded against; likewise ``release_b``
    :param only_a: prompts that only the first run answered, or in another wording; likewise ``only_b``
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
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Brief):
    """How much a model changed from one release to the next, on the prompts that it answered for both in the same wording.

    :param old: its row for all prompts of the earlier release that test a provision; ``new`` is that of the later one
    :param rate: of the difference, new minus old; its mean is ``None`` without a common prompt
    """

    old: ResultRow
    new: ResultRow
    rate: Rate

    @property
    def left_out(self) -> int:
        """The number of prompts that only one release has, or has in another wording."""
        return self.old.rate.prompts + self.new.rate.prompts - 2 * self.rate.prompts


class Groups:
    """Groups by facet and id, in the order of the spec."""

    def __init__(self, spec: Spec) -> None:
        self._provisions = spec.provision_by_id
        self._levels = spec.level_by_id
        self._order = {id_: n for n, id_ in enumerate((*spec.provision_by_id, *spec.level_by_id))}

    def of(self, facet: str, id_: str) -> ResultGroup:
        """Return a group; if the spec no longer has it, its id is its title."""
        if provision := self._provisions.get(id_) if facet in {"provision", "chapter"} else None:
            kind = "principle" if isinstance(provision, Principle) else "section"
            return ResultGroup(
                facet=facet, id=id_, title=provision.title, kind=kind, level=level_of(provision)
            )
        if facet == "level" and id_ in self._levels:
            return ResultGroup(facet=facet, id=id_, title=self._levels[id_].title, kind="level", level=id_)
        return ResultGroup(facet=facet, id=id_, title=id_, kind=facet)

    def place(self, group: ResultGroup) -> tuple[int, int, str]:
        """Return a sort key for a group: by facet, then in the order of the spec."""
        return FACETS.index(group.facet), self._order.get(group.id, len(self._order)), group.id


def result_row(rate: Rate, runs: Mapping[str, EvalRun], groups: Groups) -> ResultRow:
    """Return the row of a group's figures."""
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


def compared(
    store: Store, runs: Sequence[EvalRun], names: tuple[str, str], groups: Groups
) -> tuple[ComparedRow, ...]:
    """Return the difference of two runs in each group, with the prompts that only one of them answered.

    :param names: of two runs or models; an unknown name raises :class:`SourceError`
    """
    a, b = (run_named(name, runs) for name in names)
    store.set_sides(a.id, b.id)
    alone: dict[tuple[str, ...], set[str]] = {}
    for *place, prompt in store.rows("unpaired"):
        alone.setdefault(tuple(place), set()).add(prompt)
    parts = ("facet", "grp", "scorer", "evidence")
    differences = [*rates(store.rows("difference"), store.rows("difference", clustered=False))]
    # Without a common prompt there is nothing to subtract, but each side's own prompts are reported all the same.
    paired = {tuple(rate.key[name] for name in parts) for rate in differences}
    for group in sorted({side[1:] for side in alone} - paired):
        key = {**dict(zip(parts, group, strict=True)), "grader": ""}
        differences.append(Rate(key=key, prompts=0, clusters=0))
    rows = [
        replace(
            _compared_row(rate, a, b, groups),
            only_a=tuple(sorted(alone.get(("a", *(rate.key[name] for name in parts)), ()))),
            only_b=tuple(sorted(alone.get(("b", *(rate.key[name] for name in parts)), ()))),
        )
        for rate in differences
    ]

    def order(row: ComparedRow) -> tuple[Any, ...]:
        labels = row.scorer, row.evidence, row.grader, row.release_a, row.release_b
        return *groups.place(row.group), *labels

    return tuple(sorted(rows, key=order))


def _compared_row(rate: Rate, a: EvalRun, b: EvalRun, groups: Groups) -> ComparedRow:
    key = rate.key
    return ComparedRow(
        a=a,
        b=b,
        release_a=key.get("release_a", ""),
        release_b=key.get("release_b", ""),
        scorer=key["scorer"],
        evidence=key["evidence"],
        grader=key["grader"],
        group=groups.of(key["facet"], key["grp"]),
        rate=rate,
    )


def each_two(
    store: Store, rows: Iterable[ResultRow], runs: Mapping[str, EvalRun], groups: Groups
) -> tuple[ComparedRow, ...]:
    """Return the difference of each pair of runs on each provision, if both were graded against the same release.

    :param rows: all rows of results
    :param runs: by their ids
    """
    parts = {(row.release, row.run.id) for row in rows}
    differences: list[ComparedRow] = []
    for run in sorted(runs):
        releases = {release for release, id_ in parts if id_ == run}
        if not (others := sorted({id_ for release, id_ in parts if release in releases and id_ > run})):
            continue
        store.set_sides(run, *others)
        paired = (
            row for row in store.rows("difference", facet="provision") if row[_RELEASE_A] == row[_RELEASE_B]
        )
        differences += (
            _compared_row(rate, runs[rate.key["run_a"]], runs[rate.key["run_b"]], groups)
            for rate in rates(paired)
        )
    return tuple(sorted(differences, key=lambda row: (*groups.place(row.group), _place(row))))


_RELEASE_A, _RELEASE_B = map(measure("difference").columns.index, ("release_a", "release_b"))


def _place(row: ComparedRow) -> tuple[str, ...]:
    return row.a.id, row.b.id, row.scorer, row.evidence, row.grader, row.release_a


def run_named(name: str, runs: Sequence[EvalRun]) -> EvalRun:
    """Return the run with an id, or the only run of a model; any other name raises :class:`SourceError`."""
    matches = [run for run in runs if run.id == name] or [run for run in runs if run.model == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(f"`{run.id}`" for run in matches)
        raise SourceError(f"`{name}` has several runs: give the id of one of {ids}")
    known = sorted({name for run in runs for name in (run.id, run.model)})
    raise SourceError("; ".join(filter(None, (f"no run or model `{name}`", nearest(name, known)))))


def trends_of(store: Store, rows: Iterable[ResultRow]) -> tuple[Trend, ...]:
    """Return how models change from release to release; of several runs of one release the newest counts."""
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
        store.set_sides(new.run.id, old.run.id)
        clustered += store.rows("difference", facet="joined")
        plain += store.rows("difference", facet="joined", clustered=False)
    by_step = {tuple(rate.key[name] for name in _STEP): rate for rate in rates(clustered, plain)}
    nothing = Rate(key={}, prompts=0, clusters=0)
    moved = holm([by_step.get(_step_of(old, new), nothing) for old, new in steps])
    return tuple(Trend(old=old, new=new, rate=rate) for (old, new), rate in zip(steps, moved, strict=True))


_STEP = ("run_a", "run_b", "release_a", "release_b", "grader", "scorer", "evidence")


def _step_of(old: ResultRow, new: ResultRow) -> tuple[str, ...]:
    return new.run.id, old.run.id, new.release, old.release, new.grader, new.scorer, new.evidence
