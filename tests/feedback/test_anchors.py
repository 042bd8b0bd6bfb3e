"""Quoted words that are found again: laws over published releases, scripted edits, and JSON of other tools."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rapidfuzz.distance import Indel

import sphinx_policyspec as ps
from sphinx_policyspec.compare.matching import identify
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.feedback.anchors import AROUND, Anchor, AnchorState, PlainTexts
from sphinx_policyspec.model import Commentary, Prose, Span, Spec
from tests.conftest import RELEASES, principle, spec

FIRST, *_ = RELEASES


@pytest.fixture(scope="module")
def releases(model_spec_data: Path) -> dict[str, Spec]:
    """Return the published releases."""
    return {version: ps.load(model_spec_data / version, annotate=False) for version in RELEASES}


def said(**texts: str) -> Spec:
    """Return a spec whose principles say this."""
    blocks = {name: (Prose(source=text, text=text, span=Span("a.md", 1)),) for name, text in texts.items()}
    return spec(*(replace(principle(name), blocks=blocks[name]) for name in texts))


@pytest.mark.parametrize("version", RELEASES)
def test_random_quotations_of_a_release_are_found_where_they_were_taken(
    version: str, releases: dict[str, Spec]
) -> None:
    texts, chance = PlainTexts(releases[version]), random.Random(version)
    held = [one.id for one in texts.spec.provisions if texts.of(one.id)]
    for _ in range(1000):
        name = chance.choice(held)
        start = chance.randrange(len(texts.of(name)))
        end = min(len(texts.of(name)), start + chance.randint(1, 250))
        anchor = texts.anchor_at(name, start, end)
        assert len(anchor.prefix) <= AROUND >= len(anchor.suffix)
        found = texts.find(anchor)
        assert (found.state, found.provision, found.start, found.end) == ("kept", name, start, end)
        assert texts.anchor_at(found.provision, found.start, found.end) == anchor


def as_read(text: str, titles: dict[str, str]) -> Iterator[str]:
    """Yield the paragraphs and items of a text as a reader of its page copies them."""
    for token in MarkdownIt().parse(text):
        parts = token.children or []
        for link, words in pairwise(parts):
            if link.type == "link_open" and words.content == "?":
                name = str(link.attrs["href"]).removeprefix("#")
                words.content = titles.get(name, name)
        yield "".join(" " if part.type == "softbreak" else part.content for part in parts)


@pytest.mark.parametrize("version", RELEASES)
def test_what_a_reader_copies_from_a_page_is_kept(version: str, releases: dict[str, Spec]) -> None:
    one, chance = releases[version], random.Random(version)
    texts, states = PlainTexts(one), Counter[str]()
    for provision in one.provisions:
        for words in map(str.split, as_read(provision.text, one.titles)):
            start = chance.randrange(max(len(words) - 4, 1))
            quote = " ".join(words[start : start + chance.randint(5, 25)])
            if len(words) >= 5:
                found = texts.find(Anchor(provision=provision.id, exact=quote))
                states[found.state] += 1
                assert found.words == texts.of(provision.id)[found.start : found.end] or found.places
    assert states.keys() == {"kept"}
    assert states.total() > 200


def test_pages_show_neither_marks_nor_ids_and_what_is_beside_the_text_has_no_place() -> None:
    text = "It *must* say `why`, and\n\n- see [?](#b) and [this](#b)\n- not \\*that\\*; never lie_low."
    texts = PlainTexts(said(a=text, b="Other."))
    for quote, words in (
        ("must say why", "must* say `why"),
        ("why, and see B and this not", "why`, and - see [?](#b) and [this](#b) - not"),
        ("this not *that*", "this](#b) - not \\*that\\*"),
        ("It must say … never lie_low.", None),
        ("It must say why […] not *that*; never", texts.of("a")[: -len(" lie_low.")]),
    ):
        found = texts.find(Anchor(provision="a", exact=quote))
        assert (found.state, found.provision) == (("kept", "a") if words else ("gone", "")), quote
        assert found.words == (words or ""), quote
        assert texts.of("a")[found.start : found.end] == found.words
    # Marks that differ are another text.
    assert texts.find(Anchor(provision="a", exact="It must say `why`, and")).state == "changed"
    aside = Commentary(label="Commentary", source="", text="Quiet *words* carry.", span=Span("a.md", 2))
    calm = said(be_calm="Never shout.").provisions[0]
    texts = PlainTexts(spec(replace(calm, blocks=(*calm.blocks, aside))))
    for quote in ("Be calm", "Quiet words carry"):
        found = texts.find(Anchor(provision="be_calm", exact=quote))
        assert (found.state, found.start, found.is_beside) == ("kept", -1, True)
        with pytest.raises(ps.SourceError, match="does not contain the words"):
            texts.anchor("be_calm", quote)


@pytest.mark.parametrize(("before", "after"), list(pairwise(RELEASES)))
def test_each_quotation_comes_out_as_its_texts_say(
    before: str, after: str, releases: dict[str, Spec]
) -> None:
    old, new = PlainTexts(releases[before]), releases[after]
    texts, chance = PlainTexts(new, identify(old.spec, new).new_of), random.Random(after)
    held = [one.id for one in old.spec.provisions if old.of(one.id)]
    states: Counter[str] = Counter()
    for _ in range(300):
        name = chance.choice(held)
        start = chance.randrange(len(old.of(name)))
        anchor = old.anchor_at(name, start, min(len(old.of(name)), start + chance.randint(30, 200)))
        found = texts.find(anchor)
        now = texts.named(name)
        states[found.state] += 1
        assert (found.state == "kept") == (now == name and anchor.exact in texts.of(now))
        if found.state == "moved":
            assert found.provision != name
            assert anchor.exact in texts.of(found.provision)
        if found.state == "changed":
            words = texts.of(now)[found.start : found.end]
            assert found.words == words != anchor.exact
            assert found.ratio == pytest.approx(Indel.normalized_similarity(anchor.exact, words))
            assert found.ratio >= 0.9
        assert (found.state == "gone") == (not found.provision)
    assert states["kept"] > states["gone"]


def test_after_an_edit_elsewhere_words_are_kept_and_after_one_inside_the_ratio_decides(
    releases: dict[str, Spec],
) -> None:
    texts, chance = PlainTexts(releases[FIRST]), random.Random(22)
    held = [one.id for one in texts.spec.provisions if len(texts.of(one.id)) > 400]
    ends = Counter[str]()
    for number in range(200):
        name = chance.choice(held)
        text = texts.of(name)
        start = chance.randrange(150, len(text) - 200)
        anchor = texts.anchor_at(name, start, start + 100)
        # Elsewhere: a sentence before, and the last words gone.
        other = PlainTexts(said(**{name: f"Once more with feeling. {text[:-20]}"}))
        kept = other.find(anchor)
        assert kept.state == "kept"
        if not kept.places:
            assert other.of(name)[kept.start : kept.end] == anchor.exact
        # Inside: letters of the quotation become others.
        size = (2, 8, 30, 80)[number % 4]
        edited = f"{text[: start + 50]}{'#' * size}{text[start + 50 + size // 2 :]}"
        inside = PlainTexts(said(**{name: edited})).find(anchor)
        ratio = max(
            Indel.normalized_similarity(anchor.exact, edited[start:end])
            for end in range(start + 50, start + 100 + size)
        )
        if anchor.exact not in edited:
            ends[inside.state] += 1
            assert inside.state == "changed" or ratio < 0.9
            assert inside.state == "gone" or inside.ratio >= max(ratio - 0.01, 0.9)
    assert {*ends} == {"changed", "gone"}


def test_words_that_occur_twice_are_found_by_what_stands_around_them() -> None:
    before = PlainTexts(said(tone="Be kind. Say why. In the end, be brief. Say why. That is all."))
    start = before.of("tone").rindex("Say why.")
    second = before.anchor_at("tone", start, start + 8)
    assert before.find(second).start == start
    longer = PlainTexts(
        said(tone="To begin with, be kind. Say why. In the end, be brief. Say why. That is all.")
    )
    assert longer.find(second).start == longer.of("tone").rindex("Say why.")
    bare = replace(second, prefix="", suffix="", start=-1, end=-1)
    found = longer.find(bare)
    assert (found.state, found.start, len(found.places)) == ("kept", -1, 2)
    assert before.find(replace(bare, start=start)).start == start
    with pytest.raises(ps.SourceError, match="occur at 2 places"):
        longer.again(found, "urn:x")


def test_words_are_found_below_another_id_and_where_they_stand_once() -> None:
    old = PlainTexts(said(tone="Be kind to those who ask.", rest="Nothing."))
    anchor = old.anchor("tone", "kind to those")
    renamed = replace(old.spec, provisions=(replace(old.spec.provisions[0], id="manner", aliases=("tone",)),))
    assert PlainTexts(renamed).find(anchor).state == "moved"
    assert PlainTexts(renamed).find(anchor).provision == "manner"
    elsewhere = PlainTexts(said(tone="Be brief.", rest="We are kind to those who wait."))
    found = elsewhere.find(anchor)
    assert (found.state, found.provision, found.start) == ("moved", "rest", 7)
    twice = PlainTexts(said(tone="Be brief.", rest="kind to those", last="kind to those"))
    assert twice.find(anchor).state is AnchorState.GONE


def test_typography_of_a_quotation_makes_no_difference_and_is_said() -> None:
    texts = PlainTexts(said(tone="It's a “fine” point \N{EM DASH} mostly."))
    anchor = Anchor(
        provision="tone", exact="a \N{LEFT DOUBLE QUOTATION MARK}fine\N{RIGHT DOUBLE QUOTATION MARK}  point"
    )
    found = texts.find(anchor)
    assert (found.state, found.words, found.is_normalised) == ("kept", 'a "fine" point', True)
    assert texts.anchor("tone", "fine\N{RIGHT DOUBLE QUOTATION MARK} point").exact == 'fine" point'
    assert texts.of("tone") == normal(texts.spec.provisions[0].text)


def test_an_anchor_is_a_web_annotation_that_is_read_back() -> None:
    one = said(tone="Be kind to those who ask.")
    anchor = ps.anchor(one, "tone", "kind to those")
    told = ps.web_annotation(anchor, one)
    selectors = told["target"]["selector"]
    assert told["@context"][0] == "http://www.w3.org/ns/anno.jsonld"
    assert [one["type"] for one in selectors] == ["TextQuoteSelector", "TextPositionSelector"]
    assert all(node["id"].startswith(told["id"]) for node in (told, told["target"], *selectors))
    assert ps.read_web_annotations(json.dumps(told), one) == (anchor,)
    (found,) = ps.find_anchors([anchor], said(tone="Always be kind to those who ask."))
    again = ps.web_annotation(found, said(tone="Always be kind to those who ask."))
    assert again["wasDerivedFrom"] == told["id"] != again["id"]


def test_annotations_of_other_tools_are_read() -> None:
    one = said(tone="Be kind to those who ask.", rest="Nothing else.")
    selector = [{"type": "RangeSelector"}, {"type": "TextPositionSelector", "start": 900, "end": 912}]
    quote = {"type": "TextQuoteSelector", "exact": "kind to those", "prefix": "Be ", "suffix": " who"}
    target = {"source": "https://example.org/2025-01-01.html#tone", "selector": [*selector, quote]}
    rows = {
        "rows": [{"target": [target]}, {"target": [{"source": "https://example.org/x", "selector": [quote]}]}]
    }
    first, second = ps.read_web_annotations(json.dumps(rows), one)
    assert (first.provision, first.release, first.exact, first.start) == (
        "tone",
        "2025-01-01",
        "kind to those",
        -1,
    )
    assert (second.provision, second.release) == ("tone", "")
    odd: list[object] = [
        None,
        3,
        {"target": 4},
        {"target": [{"selector": 5}, 6]},
        {"target": {"selector": [{"type": []}]}},
    ]
    assert ps.read_web_annotations(json.dumps(odd), one) == ()
    with pytest.raises(ps.SourceError, match="not JSON"):
        ps.read_web_annotations("{", one)


def test_words_that_a_provision_does_not_hold_are_refused() -> None:
    one = said(tone="Be kind.")
    with pytest.raises(ps.SourceError, match="does not contain"):
        ps.anchor(one, "tone", "Be rude")
    with pytest.raises(ps.SourceError, match="does not contain"):
        ps.anchor(one, "tone", "  ")
    with pytest.raises(ps.UnknownIdError, match="did you mean `tone`"):
        ps.anchor(one, "tonne", "Be kind")
