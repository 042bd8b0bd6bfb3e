"""Triage files: what is read, what is told of each slip, and how records are joined to a spec."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.model import Defect, EvalPrompt, Message, Spec, Triage
from sphinx_policyspec.readers.judgements import TRIAGE, read_triage
from tests.conftest import at, principle, spec

RECORD = {
    "prompt": "p1",
    "principle": "be_kind",
    "release": "1",
    "model": "example/one",
    "run": "one-1",
    "defect": "model-defect",
    "why": "It mocks the reader.",
    "who": "A. Reader",
    "date": "2026-02-01",
    "link": "https://example.org/1",
}


def library() -> Spec:
    prompt = EvalPrompt(
        id="p1",
        title="A greeting",
        turns=(Message(role="user", text="Hi", source="Hi", span=at(9)),),
        source="",
        span=at(9),
    )
    kind = principle("be_kind", blocks=(prompt,), aliases=("be_nice",))
    return spec(kind, version="1")


def read(tmp_path: Path, *records: dict[str, str], text: str = "") -> tuple[tuple[Triage, ...], list[str]]:
    path = tmp_path / "triage.yaml"
    lines = [
        f"{'- ' if n == 0 else '  '}{key}: {value!r}"
        for record in records
        for n, (key, value) in enumerate(record.items())
    ]
    path.write_text(text or "\n".join(lines) + "\n", "utf-8")
    found, findings = read_triage(path, "triage.yaml", library())
    return found, [str(finding) for finding in findings]


def test_a_record_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    (found,), findings = read(tmp_path, RECORD)
    assert findings == []
    assert replace(found, span=at(1)) == Triage(
        **{**RECORD, "defect": Defect.MODEL},  # type: ignore[arg-type]  # one value of another kind
        span=at(1),
    )
    assert (found.span.file, found.span.line) == ("triage.yaml", 1)
    assert set(RECORD) == {key.name for key in TRIAGE}


def test_records_come_by_day(tmp_path: Path) -> None:
    found, _ = read(tmp_path, RECORD, {**RECORD, "date": "2025-12-31"})
    assert [one.date for one in found] == ["2025-12-31", "2026-02-01"]


def test_a_former_id_leads_to_that_of_today(tmp_path: Path) -> None:
    (found,), findings = read(tmp_path, {**RECORD, "principle": "be_nice"})
    assert (found.principle, findings) == ("be_kind", [])


@pytest.mark.parametrize(
    ("key", "value", "told", "is_kept"),
    [
        ("prompt", "p2", "unknown prompt `p2`; did you mean `p1`? [unknown-prompt]", True),
        (
            "principle",
            "be_knd",
            "unknown principle `be_knd`; did you mean `be_kind`? [unknown-provision]",
            False,
        ),
        ("defect", "model", "`model` is none of the values here", False),
        ("date", "yesterday", "`yesterday` is no date; write it as `2026-02-01`", False),
        ("link", "javascript:alert(1)", "is no address of the web; begin it with `https://`", True),
        ("who", "", "the record of `p1` lacks `who`", False),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, key: str, value: str, told: str, is_kept: bool) -> None:
    found, findings = read(tmp_path, {**RECORD, key: value})
    assert len(findings) == 1
    assert findings[0].startswith("triage.yaml:")
    assert told in findings[0]
    assert bool(found) is is_kept


def test_a_prompt_of_another_release_may_be_gone(tmp_path: Path) -> None:
    found, findings = read(tmp_path, {**RECORD, "prompt": "gone", "release": "0"})
    assert (len(found), findings) == (1, [])


def test_an_unknown_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    _, (told,) = read(tmp_path, {**RECORD, "modle": "x"})
    assert "did you mean `model`?" in told


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"triage\.yaml:1"):
        read(tmp_path, text="- prompt: [\n")


def test_a_file_of_nothing_has_no_record(tmp_path: Path) -> None:
    assert read(tmp_path, text="# nothing yet\n") == ((), [])
