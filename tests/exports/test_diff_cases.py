"""What a diff does to cases, in each of its written forms; titles and names can be hostile."""

from __future__ import annotations

import cProfile
import json

import pytest
from markdown_it import MarkdownIt

import sphinx_policyspec as ps
from sphinx_policyspec.decision.behaviour import BehaviourDiff
from sphinx_policyspec.exports.diff.html import html_diff
from sphinx_policyspec.exports.diff.json import json_diff
from sphinx_policyspec.exports.diff.text import markdown_diff, text_diff
from sphinx_policyspec.readers.cases import read_cases
from tests.conftest import principle, spec
from tests.exports.test_diffs import HOSTILE, Tags

TEXT = "The assistant answers every question of a visitor in plain words, and tells where each answer comes from."
OLD = spec(principle("tone", text=TEXT), principle("gone"), version="1")
NEW = spec(
    principle("manner", title="Tone", text=TEXT, authority="root"),
    principle("came", title="Other"),
    version="2",
)
CASES = f"""\
- title: another tone
  items:
    - {{id: norm, principle: manner, issue: tone, value: kind}}
    - {{id: asked, from: developer, turn: 1, issue: tone, value: curt}}
    - {{id: also, from: user, turn: 2, issue: tone, value: long}}
    - {{id: aside, from: user, turn: 2, issue: size, value: 3}}
- title: something new
  items: [{{id: a, principle: came, issue: x, value: 1}}]
- title: something old
  items: [{{id: a, principle: gone, issue: x, value: 1}}]
- title: nothing
  items: [{{id: a, principle: nowhere, issue: x, value: 1}}]
- title: as ever
  items: [{{id: a, principle: tone, issue: x, value: 1}}]
- title: {json.dumps(HOSTILE)}
  items:
    - {{id: {json.dumps(HOSTILE)}, principle: manner, issue: {json.dumps(HOSTILE)}, value: {json.dumps(HOSTILE)}}}
    - {{id: asked, from: user, turn: 1, issue: {json.dumps(HOSTILE)}, value: 1}}
"""


@pytest.fixture(scope="module")
def behaviour() -> BehaviourDiff:
    read, findings = read_cases(CASES, "c.yaml")
    assert not findings
    return ps.diff_cases(OLD, NEW, [item.case for item in read])


TOLD = """\
6 cases: 2 come out differently, 1 cannot be decided by 2, 1 cannot be decided by 1, 1 cannot be
  decided by either, 1 comes out the same
  `manner` is `tone` in 1 (2 cases)
  `tone` is `manner` in 2 (1 case)

another tone (c.yaml:1)
  `tone`: curt → kind
  `norm`: out → in
  `asked`: in → out
  duty to disclose: `also` → nothing
    1: `norm` is out: the user norm of tone loses to `asked`, the developer's explicit instruction
      at turn 1 (higher level, R1)
    2: `norm` is in: the root norm of manner defeats `asked`, the developer's explicit instruction
      at turn 1; `also`, the user's explicit instruction at turn 2 (higher level, R1)
    1: `asked` is in: the developer's explicit instruction at turn 1 defeats `norm`, the user norm
      of tone; `also`, the user's explicit instruction at turn 2 (higher level, R1)
    2: `asked` is out: the developer's explicit instruction at turn 1 loses to `norm`, the root norm
      of manner (higher level, R1)
    1: `also` is out: the user's explicit instruction at turn 2 loses to `asked`, the developer's
      explicit instruction at turn 1 (higher level, R1)
    2: `also` is out: the user's explicit instruction at turn 2 loses to `norm`, the root norm of
      manner (higher level, R1)
    as before: `aside` is in: the user's explicit instruction at turn 2 meets no opposition
    1: duty to disclose: say that `also` is not followed
    2: no such duty
  because: `manner`: level raised from user to root
"""


def test_text_tells_each_sentence_beside_what_it_was(behaviour: BehaviourDiff) -> None:
    text = text_diff(behaviour.spec, behaviour)
    assert TOLD in text
    assert (
        "  1 cannot decide it: `came` is not a provision of 1\n  in 2, `a` is in: the user norm of came"
        in text
    )
    assert "1 cannot decide it: unknown provision `nowhere`\n" in text
    assert "as ever (" not in text
    assert "  cases: another tone; as ever; " in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_json_holds_both_decisions(behaviour: BehaviourDiff) -> None:
    told = json.loads(json_diff(behaviour.spec, behaviour))
    assert list(told)[-4:] == ["changes", "cases", "findings", "errors"]
    changed, new, old, neither, same, _hostile = told["cases"]
    assert [changed[key] for key in ("title", "place", "state")] == ["another tone", "c.yaml:1", "changed"]
    assert changed["labels"] == [
        {"item": "norm", "old": "out", "new": "in"},
        {"item": "asked", "old": "in", "new": "out"},
    ]
    assert (changed["outcomes"], changed["duties"]) == (["tone"], ["disclose"])
    assert changed["behind"] == ["`manner`: level raised from user to root"]
    assert changed["old"]["decision"]["outcomes"]["tone"] == "curt"
    assert changed["new"]["decision"]["outcomes"]["tone"] == "kind"
    assert len(changed["old"]["explanation"]) == 5
    assert [case["state"] for case in (new, old, neither)] == ["only-new", "only-old", "neither"]
    assert (new["old"]["decision"], new["old"]["explanation"], new["behind"]) == (None, [], [])
    assert new["old"]["problems"] == [
        "c.yaml:8:30: error: `came` is not a provision of 1 [unknown-provision]"
    ]
    assert same == {
        "title": "as ever",
        "place": "c.yaml:13",
        "state": "same",
        "old": {"renamed": []},
        "new": {"renamed": [{"name": "tone", "here": "manner"}]},
    }
    raised = next(change for change in told["changes"] if change["kind"] == "level-raised")
    assert raised["reach"]["cases"] == ["c.yaml:1", "c.yaml:13", "c.yaml:15"]
    assert "cases" not in json.loads(json_diff(behaviour.spec))


def test_html_holds_no_markup_of_a_case_and_links_to_what_became_of_it(behaviour: BehaviourDiff) -> None:
    text = html_diff(behaviour.spec, behaviour)
    page = Tags(text)
    assert not page.tags & {"script", "img"}
    assert page.open == []
    assert '<a href="#case-1">another tone</a>; as ever; <a href="#case-2">' in text
    assert text.count('<details id="case-') == 5
    assert '<th scope="col">1</th><th scope="col">2</th>' in text


def test_markdown_holds_no_markup_of_a_case(behaviour: BehaviourDiff) -> None:
    text = markdown_diff(behaviour.spec, behaviour)
    page = Tags(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert not page.tags & {"script", "img", "a", "code", "h1"}
    assert "table" in page.tags
    assert "@somebody" not in text
    assert "| \\`aside\\` is in" in text
    assert "- cases: another tone; as ever; " in text


def test_a_comment_has_room_for_so_many_cases(behaviour: BehaviourDiff) -> None:
    text = markdown_diff(behaviour.spec, behaviour, limit=900)
    assert "5 more cases changed" in text
    assert len(text) <= 900 + 200


def test_many_cases_are_counted() -> None:
    read, _ = read_cases("- items: [{id: a, principle: manner, issue: x, value: 1}]\n" * 11, "c.yaml")
    behaviour = ps.diff_cases(OLD, NEW, [item.case for item in read])
    for text in (
        text_diff(behaviour.spec, behaviour),
        markdown_diff(behaviour.spec, behaviour),
        html_diff(behaviour.spec, behaviour),
    ):
        assert "case 8; and 3 more" in text
    assert "11 cases: 11 come out the same" in text


def test_no_case_is_told(behaviour: BehaviourDiff) -> None:
    assert "\n0 cases\n" in text_diff(behaviour.spec, ps.diff_cases(OLD, NEW, []))


def test_a_huge_title_is_cut_and_cases_cost_in_proportion_to_their_number() -> None:
    word = "w" * 100_000
    item = "{id: a, principle: manner, issue: x, value: 1}"
    text = f"- {{title: {word}, items: [{item}, {{id: {word}, from: user, issue: x, value: {word}}}]}}\n"
    calls = []
    for number in (20, 200):
        read, _ = read_cases(
            text + f"- items: [{item}, {{id: b, from: user, issue: x, value: 2}}]\n" * number, "c.yaml"
        )
        behaviour = ps.diff_cases(OLD, NEW, [item.case for item in read])
        profile = cProfile.Profile()
        for write in (text_diff, markdown_diff, html_diff):
            told = profile.runcall(write, behaviour.spec, behaviour)
            assert "w" * 130 not in told
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 10 * calls[0]
