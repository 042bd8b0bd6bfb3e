"""How long sections are in each release: counts that add up, of sections that are followed where they are called otherwise."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Prose, Section
from tests.conftest import at, example, principle, spec

WORDS = ("Be kind. Be it to all who come.", "Ask twice, then wait.", "Say why.")
HOUSE = (
    Section(
        id="house",
        title="House",
        depth=1,
        span=at(),
        blocks=(Prose(source="", text="This is the house.", span=at()),),
    ),
    principle("be_kind", text=WORDS[0], depth=2, parent="house"),
    principle("ask", text=WORDS[1], depth=3, parent="be_kind"),
    Section(id="desk", title="Desk", depth=1, span=at()),
    principle("say_why", text=WORDS[2], depth=2, parent="desk"),
)
FIRST = spec(*HOUSE, version="2026-01-01")
SECOND = spec(
    HOUSE[0],
    replace(HOUSE[1], id="kindness", aliases=("be_kind",)),
    replace(HOUSE[2], parent="kindness"),
    principle("new", text="Be new.", depth=2, parent="house"),
    version="2026-02-01",
)


def _sizes(trends: ps.Trends) -> dict[str, list[int | None]]:
    return {
        one.id: [size.words if size else None for size in one.sizes]
        for one in (trends.whole, *trends.sections)
    }


def test_a_section_has_the_words_of_all_that_stands_in_it_and_keeps_its_line_under_another_id() -> None:
    assert _sizes(ps.section_trends((FIRST, SECOND), 3)) == {
        "": [18, 18],
        "house": [16, 18],
        "kindness": [12, 12],
        "ask": [4, 4],
        "new": [None, 2],
        "desk": [2, None],
        "say_why": [2, None],
    }
    assert [*_sizes(ps.section_trends((FIRST, SECOND)))] == ["", "house", "desk"]
    named = next(one for one in ps.section_trends((FIRST, SECOND), 2).sections if one.id == "kindness")
    assert [size and size.id for size in named.sizes] == ["be_kind", "kindness"]


def test_sentences_are_counted_and_the_longest_is_told() -> None:
    size = ps.section_trends((FIRST,)).sections[0].sizes[0]
    assert size is not None
    assert (size.sentences, size.sentence_words, size.longest_sentence) == (4, 16, 6)
    assert size.words_per_sentence == 4.0
    code = spec(principle("a", text="Say `run --all now` first.\n\n```\nNot said. At all.\n```"))
    told = ps.section_trends((code,)).whole.sizes[0]
    assert told is not None
    assert (told.sentences, told.sentence_words) == (1, 2)


def test_shares_of_chapters_add_up_and_words_are_those_of_the_history() -> None:
    found = ps.section_trends((FIRST, SECOND), 9)
    for place in range(2):
        chapters = [one.sizes[place] for one in found.sections if one.depth == 1]
        assert sum(size.share for size in chapters if size) == pytest.approx(1)
    leaf = next(one for one in found.sections if one.id == "ask")
    assert [size and size.words for size in leaf.sizes] == [
        m.words for m in ps.history((FIRST, SECOND), "ask")
    ]


def test_what_binds_nobody_counts_for_nothing() -> None:
    shown = replace(HOUSE[4], blocks=(*HOUSE[4].blocks, example("say_why-x")))
    assert (
        ps.section_trends((spec(*HOUSE[:4], shown),)).whole.sizes
        == ps.section_trends((spec(*HOUSE),)).whole.sizes
    )


def test_a_spec_without_words_has_no_shares_and_no_release_is_an_error() -> None:
    (whole,) = ps.section_trends((spec(),)).whole.sizes
    assert whole is not None
    assert (whole.words, whole.share, whole.words_per_sentence) == (0, 0.0, 0.0)
    with pytest.raises(SourceError):
        ps.section_trends(())


def test_a_table_holds_what_json_holds_and_no_row_for_what_is_not_there() -> None:
    found = ps.section_trends((FIRST, SECOND), 2)
    rows = [*csv.DictReader(io.StringIO(ps.render(found, "csv")))]
    told = json.loads(ps.render(found, "json"))
    expected = [
        {"section": one["id"], "title": one["title"], "depth": one["depth"], "release": version, **size}
        for one in (told["whole"], *told["sections"])
        for version, size in zip(told["versions"], one["sizes"], strict=True)
        if size
    ]
    assert rows == [{name: str(value) for name, value in one.items()} for one in expected]


def test_a_text_tells_what_changed_and_that_it_is_no_target() -> None:
    text = ps.render(ps.section_trends((FIRST, SECOND), 2))
    assert "  2026-02-01  18 words +2 (100.0%), 3.6 a sentence (6)" in text.split("\n")
    assert "    2026-01-01  12 words (66.7%), 4.0 a sentence (6), as be_kind" in text.split("\n")
    assert "  2026-02-01  not there" in text.split("\n")
    assert "no target" in text
