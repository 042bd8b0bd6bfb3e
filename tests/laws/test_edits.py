"""The diff of a release and the same after some edits names these edits, and nothing else."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import compare
from sphinx_policyspec.model import Spec
from tests.compare.edits import EDITS, Draft, Key, describe, named, run_script

BOUND = 0.98


@cache
def release(folder: Path) -> Spec:
    return ps.load(folder, annotate=False)


_UNEDITED: dict[str, Spec] = {}


def unedited(spec: Spec) -> Spec:
    """Return a release as a draft without edits gives it."""
    if spec.version not in _UNEDITED:
        _UNEDITED[spec.version] = Draft.of(spec, random.Random(0)).result
    return _UNEDITED[spec.version]


def outcome(spec: Spec, seed: int) -> tuple[Draft, Counter[Key], Counter[Key]]:
    """Return an edited release, what was edited and not named, and what was named and not edited."""
    draft = run_script(spec, seed)
    expected = Counter(draft.expected)
    found = named(compare(unedited(spec), draft.result), draft)
    return draft, expected - found, found - expected


def figures(spec: Spec, seeds: range) -> tuple[float, float, list[str]]:
    """Return recall, precision and the failures over scripts."""
    edits = missed = invented = 0
    failures = []
    for seed in seeds:
        draft, missing, surplus = outcome(spec, seed)
        edits += len(draft.expected)
        missed += missing.total()
        invented += surplus.total()
        failures += [f"seed {seed}: not named: {key}" for key in describe(missing)]
        failures += [f"seed {seed}: not edited: {key}" for key in describe(surplus)]
    hits = edits - missed
    return hits / edits, hits / (hits + invented), failures


def test_no_edit_is_no_change(release_dir: Path) -> None:
    spec = release(release_dir)
    assert unedited(spec).provisions
    assert not compare(unedited(spec), Draft.of(spec, random.Random(0)).result)


def test_a_diff_names_the_edits_of_a_script(model_spec_data: Path) -> None:
    recall, precision, failures = figures(release(model_spec_data / "2025-09-12"), range(20))
    assert min(recall, precision) >= BOUND, failures


@pytest.mark.slow
def test_a_diff_names_the_edits_of_two_thousand_scripts(model_spec_data: Path) -> None:
    for name, seeds in (("2025-04-11", range(1_000, 2_000)), ("2025-09-12", range(2_000, 3_000))):
        recall, precision, failures = figures(release(model_spec_data / name), seeds)
        assert min(recall, precision) >= BOUND, (name, recall, precision, failures)


def test_every_kind_of_edit_is_drawn(model_spec_data: Path) -> None:
    spec = release(model_spec_data / "2025-09-12")
    kinds = {(subject, kind) for seed in range(60) for subject, kind, _, _ in run_script(spec, seed).expected}
    assert len(kinds) >= len(EDITS) - 3  # some edits expect the same
