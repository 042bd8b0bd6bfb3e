"""The diffs of the published releases, against the lists that came with them."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.exports.diff.json import as_json
from sphinx_policyspec.model import Spec

PAIRS = (("2025-02-12", "2025-04-11"), ("2025-04-11", "2025-09-12"))

MEASURED = {
    "similarity", "sim", "prompt_sim", "title_sim", "text_sim", "text_containment", "what",
    "words_removed", "words_added", "paragraph_ops", "detail", "old_title", "new_title",
}  # fmt: skip
"""What is a figure, or the wording of one, rather than an id or a pair."""


@cache
def load(folder: Path, *, annotate: bool = True) -> Spec:
    return ps.load(folder, annotate=annotate)


@cache
def diff_of(data: Path, old: str, new: str) -> SpecDiff:
    return ps.diff(load(data / old), load(data / new))


def named(value: Any) -> Any:
    """Return an entry of a list without its figures, as something that can be sorted."""
    if not isinstance(value, dict):
        return json.dumps(value)
    ids = {key: item for key, item in value.items() if key not in MEASURED}
    for shared in ("shared_eval_tags", "shared_examples"):
        if shared in ids:
            ids[shared] = sorted(ids[shared])
    return json.dumps(ids, sort_keys=True)


@pytest.mark.parametrize("annotate", [True, False])
@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_list_has_the_expected_ids_and_pairs(
    model_spec_data: Path, old: str, new: str, *, annotate: bool
) -> None:
    expected = json.loads((model_spec_data / f"expected_diff_{old}_{new}.json").read_text("utf-8"))
    found = as_json(ps.diff(*(load(model_spec_data / name, annotate=annotate) for name in (old, new))))
    lists = {key: value for key, value in expected.items() if isinstance(value, list)}
    wrong = {
        key: (sorted(map(named, value)), sorted(map(named, found[key])))
        for key, value in lists.items()
        if sorted(map(named, value)) != sorted(map(named, found[key]))
    }
    assert wrong == {}
    assert {key: expected["counts"][key] for key in lists} == {key: found["counts"][key] for key in lists}
    assert (found["from"], found["to"], found["examples_same"]) == (old, new, expected["examples_same"])


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_what_changed_in_examples_is_as_expected_but_for_references_to_renamed_ids(
    model_spec_data: Path, old: str, new: str
) -> None:
    expected = json.loads((model_spec_data / f"expected_diff_{old}_{new}.json").read_text("utf-8"))
    found = as_json(diff_of(model_spec_data, old, new))
    for key in ("examples_changed", "examples_moved", "examples_retitled"):
        ours = {(e.get("section"), e.get("title") or e["new"]): set(e["what"]) for e in found[key]}
        theirs = {(e.get("section"), e.get("title") or e["new"]): set(e["what"]) for e in expected[key]}
        for name, what in theirs.items():
            assert what - ours[name] <= {"verdict_refs"}
            assert ours[name] <= what


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_the_diff_of_releases_is_mirrored(model_spec_data: Path, old: str, new: str) -> None:
    there, back = diff_of(model_spec_data, old, new), diff_of(model_spec_data, new, old)
    assert sorted((match.old, match.new) for match in there.matches) == sorted(
        (match.new, match.old) for match in back.matches
    )
    assert there.same_examples == back.same_examples
    assert len(there.changes) == len(back.changes)


def test_a_release_does_not_differ_from_itself(release_dir: Path) -> None:
    diff = ps.diff(load(release_dir), load(release_dir))
    assert not diff
    assert {match.by for match in diff.matches} == {"id"}


def test_white_lies_that_are_excused_no_longer_need_a_reader(model_spec_data: Path) -> None:
    diff = diff_of(model_spec_data, *PAIRS[0])
    (change,) = (c for c in diff.of(Subject.PROVISION, ChangeKind.TEXT) if c.id == "do_not_lie")
    assert (change.weight, change.rule) == (Weight.NEEDS_READER, "norm-changed")
    assert change.text is not None
    removed = " ".join(run.text for unit in change.text.units for run in unit.runs if run.op == "-")
    assert '"white lies"' in removed


def test_a_section_that_the_changelog_calls_merged_is_merged(model_spec_data: Path) -> None:
    merged = diff_of(model_spec_data, *PAIRS[1]).of(Subject.PROVISION, ChangeKind.MERGED)
    assert ("approachable", "style") in [(change.old, change.new) for change in merged]


def test_levels_that_were_renamed_keep_principles_that_were_moved_apart(model_spec_data: Path) -> None:
    diff = diff_of(model_spec_data, *PAIRS[1])
    assert [(c.old, c.new) for c in diff.of(Subject.LEVEL, ChangeKind.RENAMED)] == [("platform", "root")]
    lowered = list(diff.of(Subject.PROVISION, ChangeKind.LEVEL_LOWERED))
    assert {c.id for c in lowered} == {
        "comply_with_laws",
        "no_erotica_or_gore",
        "use_preset_voice_in_voice_mode",
    }
    assert {c.weight for c in lowered} == {Weight.LOOSENING}


def labels_of(data: Path, old: str, new: str) -> list[dict[str, str]]:
    """Return what a person says of each text that changed between two releases."""
    file = data.parent / "prose_weights.json"
    if not file.is_file():
        pytest.skip("the labels of changed texts are not beside the releases")
    labels: list[dict[str, str]] = json.loads(file.read_text("utf-8"))["labels"]
    return [label for label in labels if (label["old"], label["new"]) == (old, new)]


def texts_of(diff: SpecDiff) -> dict[str, Change]:
    return {change.id: change for change in diff.of(Subject.PROVISION, ChangeKind.TEXT)}


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_prose_has_no_direction_and_what_is_quiet_is_neutral(
    model_spec_data: Path, old: str, new: str
) -> None:
    labels = labels_of(model_spec_data, old, new)
    found = {id_: change.weight for id_, change in texts_of(diff_of(model_spec_data, old, new)).items()}
    assert {label["id"] for label in labels} == found.keys()
    assert set(found.values()) <= {Weight.NEEDS_READER, Weight.CLARIFYING, Weight.EDITORIAL}
    moved = {label["id"] for label in labels if label["direction"] != "neutral"}
    assert {id_ for id_ in moved if found[id_] is not Weight.NEEDS_READER} == set()
    assert Counter(found.values())[Weight.NEEDS_READER] == {"2025-02-12": 1, "2025-04-11": 28}[old]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_what_a_person_says_is_told_as_they_said_it(model_spec_data: Path, old: str, new: str) -> None:
    labels = labels_of(model_spec_data, old, new)
    read = ps.judge(load(model_spec_data / old), load(model_spec_data / new))
    judgements = [
        read.judgement(
            label["id"],
            label["direction"],
            kind=label["kind"],
            evidence=label["evidence"],
            who="A. Reader",
        )
        for label in labels
    ]
    found = ps.diff(load(model_spec_data / old), load(model_spec_data / new), judgements=judgements)
    assert found.findings == ()
    told = {id_: change.weight.value for id_, change in texts_of(found).items()}
    neutral = {"editorial": "editorial"}
    assert told == {
        label["id"]: neutral.get(label["kind"], "clarifying")
        if label["direction"] == "neutral"
        else label["direction"]
        for label in labels
    }
