"""A diff in each of its written forms; what a spec says can be hostile."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, Weight, compare
from sphinx_policyspec.compare.weights import RULES
from sphinx_policyspec.compare.words import runs_of
from sphinx_policyspec.exports.diff.html import COUNTED, HEADINGS, html_diff
from sphinx_policyspec.exports.diff.json import json_diff
from sphinx_policyspec.exports.diff.outline import PARTS, Outline, headed, label_of
from sphinx_policyspec.exports.diff.text import markdown_diff, text_diff
from sphinx_policyspec.exports.diff.wording import (
    PLAIN,
    WHY,
    is_reworded,
    readable,
    readable_runs,
    tally,
)
from sphinx_policyspec.model import Spec
from sphinx_policyspec.readers.inline import title_behind
from tests.conftest import example, principle, spec

HOSTILE = "\x1b[2J<script>alert(1)</script> ![x](javascript:alert(1)) @somebody `a` \u202e # no\n- [ ] |x| <!-- {old} -->"


def hostile(word: str) -> Spec:
    text = f"{HOSTILE} {word} " + "plain words between the changes " * 8 + word
    return spec(
        principle("a`<b>", title=f"{HOSTILE} {word}", text=text, blocks=(*principle("a", text=text).blocks,)),
        principle(
            "b",
            blocks=(example("b-x", title=f"{HOSTILE} {word}", source_title=f"{HOSTILE} {word}"),),
        ),
        version=f"1 {word} <img src=x>",
    )


@pytest.fixture(scope="module")
def diff() -> SpecDiff:
    return compare(hostile("one"), hostile("two"))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_holds_no_markup_of_the_spec(diff: SpecDiff) -> None:
    text = html_diff(diff)
    page = Tags(text)
    assert not page.tags & {"script", "img"}
    assert page.open == []
    # Sentences lead to what they count.
    assert text.count("<a ") == text.count('<a href="#changes-') == 2


def test_markdown_holds_no_markup_of_the_spec(diff: SpecDiff) -> None:
    text = markdown_diff(diff)
    page = Tags(MarkdownIt("commonmark", {"html": True}).render(text))
    assert not page.tags & {"script", "img", "a", "code", "h1"}
    assert "@somebody" not in text


def test_text_cannot_steer_a_terminal(diff: SpecDiff) -> None:
    assert not {"\x1b", "\u202e"} & set(text_diff(diff))


def test_color_is_asked_for(diff: SpecDiff) -> None:
    assert "\x1b[31" in text_diff(diff, color=True)


def test_words_are_marked_as_git_marks_them(diff: SpecDiff) -> None:
    assert "[-one-]" in text_diff(diff)
    assert "{+two+}" in text_diff(diff)


def test_what_is_far_from_a_change_is_left_out() -> None:
    old, new = (
        spec(preamble=principle("a", text="Plain words stand between the changes of it " * 8 + word).blocks)
        for word in ("now.", "right now.")
    )
    assert "…" in text_diff(compare(old, new))


def test_json_is_json(diff: SpecDiff) -> None:
    told = json.loads(json_diff(diff))
    assert told["text_changed"][0]["id"] == "a`<b>"
    assert {change["kind"] for change in told["changes"]} == {"retitled", "text"}


def test_a_comment_has_room_for_so_much(diff: SpecDiff) -> None:
    text = markdown_diff(diff, limit=1200)
    assert "more provisions changed" in text
    assert len(text) <= 1200 + 200


def test_what_needs_a_reader_leaves_room_for_the_rest() -> None:
    old, new = (
        spec(*(principle(f"p{n}", text=f"The assistant must {word} name {n}.") for n in range(60)))
        for word in ("tell", "hide")
    )
    text = markdown_diff(compare(old, new), limit=4000)
    assert "more norms changed" in text
    assert "<details>" in text
    assert len(text) <= 4000


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("see [?](#be_kind).", "see Be kind."),
        ("see [this rule](#be_kind).", "see this rule."),
        ("see [a page](https://a.example/b_c), please", "see a page, please"),
        ("under the [be_kind] and `be_kind`", "under the Be kind and Be kind"),
        ("a [note] and `code_name`", "a [note] and code_name"),
        ("see :policy:principle:`be_kind` and {policy:term}`a word <x>`", "see Be kind and a word"),
        (":policy:clause:`by default <level=user>`, so", "by default, so"),
        # Parts of a link that a change goes through.
        ("how to [deploy", "how to deploy"),
        ("deploy](https://a.example/) it", "deploy it"),
        ("minors](#be_kind).”", "minors.”"),
        ("of be_kind] (https://a.example)", "of Be kind (https://a.example)"),
        ("**Choosing** a *few* of __them__", "Choosing a few of them"),
        ("2 * 3 * 4, snake_case and a_b_", "2 * 3 * 4, snake_case and a_b"),
        (r"a \*star\* of 5 &lt; 6<br>", "a *star* of 5 < 6"),
        ('![a map](map.png) and [it](https://a.example "title"), [that][label]', "a map and it, that"),
        ("`The page <https://a.example/>`_ and `a target`_, ``code``", "The page and a target, code"),
        ("one --- two -- three", "one \N{EM DASH} two \N{EM DASH} three"),
        ('it\'s "so"', "it\N{RIGHT SINGLE QUOTATION MARK}s “so”"),
    ],
)
def test_pages_show_no_marks_of_markdown(source: str, shown: str) -> None:
    assert readable(source, {"be_kind": "Be kind"}) == shown


LINKS = [
    ("see [Be kind](#be_kind).", "see [?](#be_kind).", False),
    ("[deploy it](https://a.example/b)", "[deploy it](https://a.example/c)", False),
    ("see **this**, *too*", "see this, too", False),
    ("see [Be kind](#be_kind).", "see [Be kind](#be_kind) or not.", True),
    ("see [Be kind](#be_kind).", "see [Be brief](#be_brief).", True),
]


@pytest.mark.parametrize(("old", "new", "is_other"), LINKS)
def test_a_link_whose_words_stay_is_no_change_of_words(old: str, new: str, is_other: bool) -> None:
    titles = {"be_kind": "Be kind", "be_brief": "Be brief"}
    for before, after in ((old, new), (new, old)):
        runs = readable_runs(runs_of(before, after), titles)
        assert is_reworded(runs) == is_other
        for text, op in ((before, "+"), (after, "-")):
            kept = "".join(run.text + run.after for run in runs if run.op != op)
            assert "".join(kept.split()) == "".join(readable(text, titles).split())


def test_a_title_behind_an_article_does_not_say_it_again() -> None:
    titles = {"trail": "The rules of the trail", "kind": "Be kind"}
    assert readable("Follow the [?](#trail).", titles) == "Follow the rules of the trail."
    assert readable("Follow [?](#trail), not the [?](#kind).", titles) == (
        "Follow The rules of the trail, not the Be kind."
    )
    assert title_behind("loathe ", titles["trail"]) == title_behind("a ", titles["trail"]) == titles["trail"]
    assert title_behind("The ", "The") == "The"


def some(weight: Weight, kind: ChangeKind = ChangeKind.TEXT) -> Change:
    return Change(kind=kind, subject=Subject.PROVISION, id="a", provision="a", weight=weight)


def test_changes_are_counted_in_words_that_name_each_weight_once() -> None:
    reader, editorial = some(Weight.NEEDS_READER), some(Weight.EDITORIAL)
    assert tally([reader] * 3 + [editorial] * 6) == "3 changes may change the meaning, 6 do not"
    assert tally([editorial]) == "1 change leaves the meaning as it was"
    every = [some(weight) for weight in Weight]
    told = tally(every)
    assert told.count(",") == len(Weight) - 1
    assert all(PLAIN[weight].one in told for weight in Weight)
    assert tally([]) == ""


def test_what_came_or_went_is_no_riddle_about_its_meaning() -> None:
    labels = {
        kind: label_of(some(Weight.NEEDS_READER, kind))
        for kind in (ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.TEXT)
    }
    assert [*labels.values()] == ["New", "Removed", "Meaning may have changed"]
    assert label_of(some(Weight.EDITORIAL, ChangeKind.REMOVED)) == "Same meaning"


def test_a_page_begins_with_sentences_and_folds_what_tests_the_spec() -> None:
    old = spec(
        principle("a", text="The assistant must greet."), principle("b"), principle("gone"), version="1"
    )
    tag = Change(kind=ChangeKind.ADDED, subject=Subject.TAG, id="t1", provision="b", rule="tag-added")
    new = spec(
        principle("a", text="The assistant must never greet."),
        principle("b"),
        principle("fresh", text="The assistant must sing."),
        version="2",
    )
    diff = compare(old, new)
    tagged = replace(diff, changes=(*diff.changes, tag, replace(tag, provision="a")))
    assert [(part.name, [group.id for group in part.groups]) for part in Outline(tagged).parts()] == [
        ("new", ["fresh"]),
        ("gone", ["gone"]),
        ("needs-reader", ["a"]),
        ("maintainers", ["b"]),
    ]
    page = html_diff(tagged)
    for group in Outline(tagged).groups():
        assert f'<a href="#changes-{group.id}">' in page
        assert page.count(f'<details id="changes-{group.id}"') == 1
    assert page.index('<a href="#changes-a">') < page.index("<fieldset>")
    assert "1 is gone:" in page
    # One for the whole page, and one beside what readers see; where there is nothing beside, its heading says it.
    assert page.count('<details class="ps-maintainers"') == 2


def test_every_weight_and_every_rule_has_plain_words() -> None:
    assert set(PLAIN) == set(Weight)
    assert set(HEADINGS) == set(COUNTED) == {*PARTS}
    assert all(
        not {"norm", "reader"} & set(f"{said.label} {said.meaning}".lower().split())
        for said in PLAIN.values()
    )
    assert set(WHY) == {rule.name for rule in RULES}


@pytest.mark.parametrize("write", [text_diff, markdown_diff, html_diff])
def test_no_change_is_told(write: object) -> None:
    assert callable(write)
    assert "no changes" in write(compare(hostile("one"), hostile("one"))).lower()


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            "assistant GOOD: it is GOOD: so",
            "assistant BAD: it is so",
            "assistant (compliant) (violation) : it is GOOD: so",
        ),
        ("user name=GOOD: Hello", "user: Hello", "user name=GOOD : Hello"),
        ("it is OK for a user: yes", "it is BAD for a user: yes", "it is OK BAD for a user: yes"),
        ("note: BAD", "note: OK", "note: BAD OK"),
    ],
)
def test_pages_show_words_for_verdicts_where_they_head_a_message(old: str, new: str, shown: str) -> None:
    runs = headed(runs_of(old, new))
    assert " ".join(" ".join(run.text for run in runs).split()) == shown
