"""A diff in each of its written forms; what a spec says can be hostile."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from sphinx_policyspec.compare import SpecDiff, compare
from sphinx_policyspec.exports.diff.html import html_diff
from sphinx_policyspec.exports.diff.json import json_diff
from sphinx_policyspec.exports.diff.text import markdown_diff, text_diff
from sphinx_policyspec.model import Spec
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
    page = Tags(html_diff(diff))
    assert not page.tags & {"script", "img", "a"}
    assert page.open == []


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


@pytest.mark.parametrize("write", [text_diff, markdown_diff, html_diff])
def test_no_change_is_told(write: object) -> None:
    assert callable(write)
    assert "no changes" in write(compare(hostile("one"), hostile("one")))
