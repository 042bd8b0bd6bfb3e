"""Rows of results: how runs do on groups of prompts, and how far apart two runs, or a model at two releases, are."""

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
"""By what results are grouped, in the order of reports."""


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
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()


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


class Groups:
    """Groups by facet and id, in the order of the spec."""

    def __init__(self, spec: Spec) -> None:
        self._provisions = spec.provision_by_id
        self._levels = spec.level_by_id
        self._order = {id_: n for n, id_ in enumerate((*spec.provision_by_id, *spec.level_by_id))}

    def of(self, facet: str, id_: str) -> ResultGroup:
        """Return a group; one that the spec no longer has bears its id as its title."""
        if found := self._provisions.get(id_) if facet in {"provision", "chapter"} else None:
            kind = "principle" if isinstance(found, Principle) else "section"
            return ResultGroup(facet=facet, id=id_, title=found.title, kind=kind, level=level_of(found))
        if facet == "level" and id_ in self._levels:
            return ResultGroup(facet=facet, id=id_, title=self._levels[id_].title, kind="level", level=id_)
        return ResultGroup(facet=facet, id=id_, title=id_, kind=facet)

    def place(self, group: ResultGroup) -> tuple[int, int, str]:
        """Return where a group stands: by facet, and in the order of the spec."""
        return FACETS.index(group.facet), self._order.get(group.id, len(self._order)), group.id


def result_row(rate: Rate, runs: Mapping[str, EvalRun], groups: Groups) -> ResultRow:
    """Return the row that the figures of a group are."""
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
    kept: Store, runs: Sequence[EvalRun], names: tuple[str, str], groups: Groups
) -> tuple[ComparedRow, ...]:
    """Return how far a run is from another in each group, with the prompts that one of them answered alone.

    :param names: of runs or models; a name that is none raises :class:`SourceError`
    """
    a, b = (run_named(name, runs) for name in names)
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
        replace(
            _compared_row(rate, a, b, groups),
            only_a=tuple(sorted(alone.get(("a", *(rate.key[name] for name in parts)), ()))),
            only_b=tuple(sorted(alone.get(("b", *(rate.key[name] for name in parts)), ()))),
        )
        for rate in found
    ]

    def order(row: ComparedRow) -> tuple[Any, ...]:
        told = row.scorer, row.evidence, row.grader, row.release_a, row.release_b
        return *groups.place(row.group), *told

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
    kept: Store, rows: Iterable[ResultRow], runs: Mapping[str, EvalRun], groups: Groups
) -> tuple[ComparedRow, ...]:
    """Return how far each two runs are apart on each provision, where both were graded against one release.

    :param rows: all that there are
    :param runs: by their ids
    """
    parts = {(row.release, row.run.id) for row in rows}
    found: list[ComparedRow] = []
    for run in sorted(runs):
        releases = {release for release, id_ in parts if id_ == run}
        if not (others := sorted({id_ for release, id_ in parts if release in releases and id_ > run})):
            continue
        kept.set_sides(run, *others)
        told = (
            row for row in kept.rows("difference", facet="provision") if row[_RELEASE_A] == row[_RELEASE_B]
        )
        found += (
            _compared_row(rate, runs[rate.key["run_a"]], runs[rate.key["run_b"]], groups)
            for rate in rates(told)
        )
    return tuple(sorted(found, key=lambda row: (*groups.place(row.group), _place(row))))


_RELEASE_A, _RELEASE_B = map(measure("difference").columns.index, ("release_a", "release_b"))


def _place(row: ComparedRow) -> tuple[str, ...]:
    return row.a.id, row.b.id, row.scorer, row.evidence, row.grader, row.release_a


def run_named(name: str, runs: Sequence[EvalRun]) -> EvalRun:
    """Return the run that a name stands for: its id, else its model where that has one run alone."""
    found = [run for run in runs if run.id == name] or [run for run in runs if run.model == name]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f"`{run.id}`" for run in found)
        raise SourceError(f"`{name}` has several runs: give the id of one of {ids}")
    known = sorted({name for run in runs for name in (run.id, run.model)})
    raise SourceError("; ".join(filter(None, (f"no run or model `{name}`", nearest(name, known)))))


def trends_of(kept: Store, rows: Iterable[ResultRow]) -> tuple[Trend, ...]:
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
    found = {tuple(rate.key[name] for name in _STEP): rate for rate in rates(clustered, plain)}
    nothing = Rate(key={}, prompts=0, clusters=0)
    moved = holm([found.get(_step_of(old, new), nothing) for old, new in steps])
    return tuple(Trend(old=old, new=new, rate=rate) for (old, new), rate in zip(steps, moved, strict=True))


_STEP = ("run_a", "run_b", "release_a", "release_b", "grader", "scorer", "evidence")


def _step_of(old: ResultRow, new: ResultRow) -> tuple[str, ...]:
    return new.run.id, old.run.id, new.release, old.release, new.grader, new.scorer, new.evidence
