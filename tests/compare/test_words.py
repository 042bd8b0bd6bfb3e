"""Texts word by word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_policyspec.compare.words import TextChange, compare_texts, near, normal


def shown(change: TextChange) -> list[str]:
    """Return each paragraph with what was removed in brackets and what was added in braces."""
    marks = {"=": ("", ""), "-": ("[", "]"), "+": ("{", "}")}
    return [
        unit.op
        + "".join(f"{marks[run.op][0]}{run.text}{marks[run.op][1]}{run.after}" for run in unit.runs).strip()
        for unit in change.units
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Be kind.", "Be kind.", ["=Be kind."]),
        ("Be kind to users.", "Be very kind to users.", ["~Be {very} kind to users."]),
        ("Be kind to people, always.", "Be kind to users, always.", ["~Be kind to [people]{users}, always."]),
        ("One stays.\n\nThis goes away.", "One stays.", ["=One stays.", "-[This goes away.]"]),
        ("One stays.", "Another comes first.\n\nOne stays.", ["+{Another comes first.}", "=One stays."]),
        (
            "- the first\n- the second",
            "- the first\n- the third",
            ["=- the first", "~- the [second] {third}"],
        ),
        (
            "First sentence here. Second sentence here.",
            "First sentence here.\n\nSecond sentence here.",
            ["=First sentence here. Second sentence here."],
        ),
        ("客には丁寧に話す。", "客には率直に話す。", ["~客には[丁寧]{率直}に話す。"]),
        ("ห้ามโกหก ผู้ใช้", "ห้ามหลอก ผู้ใช้", ["~ห้าม[โก]ห{ลอ}ก ผู้ใช้"]),
        (
            "Never lie to users. Explain what you did.",
            "Explain what you did. Keep it short and plain.",
            ["~[Never lie to users.] Explain what you did. {Keep it short and plain.}"],
        ),
    ],
)
def test_what_changed_is_shown_in_place(old: str, new: str, expected: list[str]) -> None:
    assert shown(compare_texts(old, new)) == expected


def test_a_sentence_that_is_too_long_keeps_its_ends_and_what_it_says_once() -> None:
    old = "start " + "a " * 2100 + "middle " + "b " * 2100 + "end"
    new = "start " + "a " * 2050 + "c " * 50 + "middle " + "b " * 2100 + "end"
    (unit,) = compare_texts(old, new).units
    assert [(run.op, len(run.text.split())) for run in unit.runs] == [
        ("=", 2051),
        ("-", 50),
        ("+", 50),
        ("=", 2102),
    ]


def test_many_sentences_are_paired_in_order() -> None:
    old = "\n\n".join(f"Old sentence {number}." for number in range(210))
    new = "\n\n".join(f"New sentence {number}." for number in range(210))
    change = compare_texts(old, new)
    assert len(change.units) == 210
    assert (change.words_removed, change.words_added) == (210, 210)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a — b", "a --- b"),
        ("a—b", "a --- b"),
        ("a - b", "a – b"),
        ("“quoted”", '"quoted"'),
        ("it’s", "it's"),
        ("two  spaces\n", "two spaces"),
        ("3–5 words", "3-5 words"),
        ("and so on…", "and so on..."),
    ],
)
def test_texts_that_differ_in_typography_are_equal_in_plain_typography(one: str, other: str) -> None:
    assert normal(one) == normal(other)


TEXTS = st.lists(
    st.sampled_from(
        ["Be", "kind", "users.", "客には", "丁寧に。", "It", "must", "not", "lie,", "-", "\n\n", "\n- "]
    ),
    max_size=14,
)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_the_way_back_is_the_mirror_image(old: list[str], new: list[str]) -> None:
    there, back = compare_texts(" ".join(old), " ".join(new)), compare_texts(" ".join(new), " ".join(old))
    assert (there.similarity, there.words_removed, there.words_added) == (
        back.similarity,
        back.words_added,
        back.words_removed,
    )
    assert sorted(run.text for u in there.units for run in u.runs if run.op == "-") == sorted(
        run.text for u in back.units for run in u.runs if run.op == "+"
    )


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_nothing_that_either_text_says_is_lost(old: list[str], new: list[str]) -> None:
    change = compare_texts(" ".join(old), " ".join(new))
    for side, text in (("old", old), ("new", new)):
        said = "".join(getattr(unit, side) for unit in change.units)
        assert "".join(said.split()) == "".join("".join(text).split())


def test_parts_are_compared_with_all_others_or_with_those_near_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sphinx_policyspec.compare.words._WINDOW", 4)
    assert set(near(range(4), range(4))) == {(a, b) for a in range(4) for b in range(4)}
    assert set(near(range(9), range(9))) == {(a, b) for a in range(9) for b in range(9) if abs(a - b) <= 2}
