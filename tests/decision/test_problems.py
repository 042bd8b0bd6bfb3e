"""Cases that are wrong, clumsy or hostile: findings with a line, and never a traceback or a wait."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.model import Severity
from sphinx_policyspec.readers import cases as reading
from sphinx_policyspec.readers.cases import CASE, DELEGATES, EXPECT, ITEM, SEMANTICS, read_cases
from tests.conftest import example, principle, spec
from tests.decision.worked import NORMS

PLAIN = "{id: a, from: user, issue: x, value: 1}"

WRONG = {
    "items: []": ["1:1: missing-key: `items` is missing"],
    "title: nothing": ["1:1: missing-key: `items` is missing"],
    "": ["1:1: missing-key: no case here"],
    "just words": ["1:1: wrong-type: expected a mapping of keys to values"],
    "- []\n-": [
        "1:3: wrong-type: expected a mapping of keys to values",
        "2:2: wrong-type: expected a mapping of keys to values",
    ],
    f"items: [{PLAIN}, {PLAIN}]": ["1:50: duplicate-id: id `a` is taken already"],
    "itms: []\nitems:\n- {id: a, form: user, issue: x, value: 1}": [
        "1:1: unknown-key: unknown key `itms`",
        "3:11: unknown-key: unknown key `form`",
    ],
    "items: [{id: a, from: user, issue: x}]": ["1:9: missing-key: `value` is missing"],
    'items: [{id: "", from: user, issue: x, value: 1}]': ["1:9: missing-key: `id` is missing"],
    "items: [{id: a, issue: x, value: 1}]": ["1:9: missing-key: nobody says `a`"],
    "items:\n- {id: a, issue: x, value: 1, from: usr}": ["2:37: unknown-role: unknown role `usr`"],
    "items:\n- {id: a, issue: x, value: 1, from: root}": [
        "2:37: unknown-role: no message is from `root`, which is a level and no role"
    ],
    "items:\n- id: a\n  issue: x\n  value: 1\n  level: usr": ["5:10: unknown-level: unknown level `usr`"],
    "items:\n- {id: a, issue: x, value: 1, principle: of_usr}": [
        "2:42: unknown-provision: unknown provision `of_usr`"
    ],
    "items: [{id: a, issue: x, value: 1, principle: content}]": [
        "1:48: not-a-principle: `content` is a section and asks for nothing"
    ],
    "items: [{id: a, issue: x, value: 1, principle: of_user, level: root}]": [
        "1:64: clause-not-lower: a clause of `of_user` cannot raise its level from `user` to `root`"
    ],
    "items: [{id: a, issue: x, value: 1, principle: of_user, from: user}]": [
        "1:9: invalid-value: `from` and `principle` exclude each other (item `a`)"
    ],
    "items: [{id: a, issue: x, value: 1, level: user, from: user}]": [
        "1:9: invalid-value: `from` and `level` exclude each other (item `a`)"
    ],
    "items: [{id: a, issue: x, value: 1, principle: of_user, mode: implicit}]": [
        "1:9: invalid-value: the spec is explicit, and no quotation: leave `mode`, `quoted` and `source` out (item `a`)"
    ],
    "items: [{id: a, issue: x, value: 1, from: user, exempts: [a]}]": [
        "1:9: invalid-value: only the spec has exceptions: `exempts` needs `principle` (item `a`)"
    ],
    "items: [{id: a, issue: x, value: 1, principle: transform, exempts: [b]}]": [
        "1:68: unknown-item: unknown item `b`"
    ],
    f"about: of_usr\nitems: [{PLAIN}]": ["1:8: unknown-provision: unknown provision `of_usr`"],
    f"items: [{PLAIN}]\ncompatible: {{y: [[1, 2]]}}": ["2:14: unknown-item: unknown issue `y`"],
    f"items: [{PLAIN}]\ncompatible: {{x: [[1]]}}": [
        "2:18: wrong-type: expected a pair of values that go together"
    ],
    f"items: [{PLAIN}]\nexpect:\n  labels:\n    b: in": ["4:5: unknown-item: unknown item `b`"],
    f"items: [{PLAIN}]\nexpect:\n  labels: {{a: inn}}": [
        "3:15: invalid-value: `inn` is none of the values here"
    ],
    f"items: [{PLAIN}]\nexpect:\n  outcomes:\n    y: 1": ["4:5: unknown-item: unknown issue `y`"],
    f"items: [{PLAIN}]\nexpect: {{outcomes: {{x: {{status: maybe}}}}}}": [
        "2:33: invalid-value: `maybe` is none of the values here"
    ],
    f"items: [{PLAIN}]\nexpect: {{outcomes: {{x: {{}}}}}}": ["2:24: missing-key: `status` is missing"],
    f"items: [{PLAIN}]\nexpect:\n  duties:\n    confirm: [b]": ["4:15: unknown-item: unknown item `b`"],
    f"items: [{PLAIN}]\nexpect: {{duties: {{tell: [a]}}}}": ["2:19: unknown-key: unknown key `tell`"],
    f"items: [{PLAIN}]\nsemantics: {{strikt: true}}": ["2:13: unknown-key: unknown key `strikt`"],
    f"items: [{PLAIN}]\nsemantics: {{strict: 1}}": ["2:21: wrong-type: `strict` is `true` or `false`"],
    "items: [{id: a, from: user, issue: x, value: 1, turn: soon}]": [
        "1:55: wrong-type: `turn` is a whole number"
    ],
    "items: [{id: a, from: user, issue: x, value: 1, mode: shy}]": [
        "1:55: invalid-value: `shy` is none of the values here"
    ],
    f"items: [{PLAIN}]\nexpect: {{labels: {{a out}}}}": ["2:19: unknown-key: `a out` has no colon"],
    f"items: [{PLAIN}]\nexpect: {{labels: {{a: [out]}}}}": ["2:22: wrong-type: expected a single value"],
    f"items: [{PLAIN}]\ncompatible: {{x: [1]}}": ["2:18: wrong-type: expected a list of pairs"],
    "items: [{id: a, from user, issue: x, value: 1}]": ["1:17: unknown-key: `from user` has no colon"],
    "items: [{id: a, from: user, issue: x, value: [1]}]": ["1:46: wrong-type: expected a single value"],
    "items: [{id: a, from: user, issue: x, value: 1, delegates: {source: s}}]": [
        "1:60: missing-key: `scope` is missing"
    ],
    "title: [\n": ["1:1: unreadable-case: not YAML: the bracket `[` is never closed"],
    "items:\n- {id: a, id: b, from: user, issue: x, value: 1}": [
        "2:11: duplicate-key: key `id` is given twice"
    ],
    "items:\n- {id: a, principle: transform, issue: x, value: 1, exempts: [b]}\n"
    "- {id: b, principle: transform, issue: x, value: 2, exempts: [a]}": [
        "2:3: exception-cycle: exceptions lead in a circle: `a` → `b` → `a`"
    ],
    "items:\n- {id: a, from: tool, source: s, issue: x, value: 1, delegates: {source: s, scope: [x]}}": [
        "2:3: delegation-cycle: delegations lead in a circle: `a` → `a`"
    ],
    f"example: of a thing\nitems: [{PLAIN}]": ["1:10: unknown-example: unknown example `of a thing`"],
}


def found(text: str, norms: Norms = NORMS) -> list[str]:
    """Return what is wrong with a text, decided as far as it can be."""
    read, findings = read_cases(text, "c")
    every = list(findings)
    for item in read:
        every += item.findings or problems(item.case, norms)
    return [f"{f.span.line}:{f.span.column}: {f.code}: {f.message}" for f in every]


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_has_its_place(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_an_example_that_is_not_there_is_a_warning_and_one_that_is_there_is_none() -> None:
    norms = Norms(spec(principle(blocks=(example(),))))
    for title, severities in (("a greeting", []), ("a farewell", [Severity.WARNING])):
        read, _ = read_cases(f"example: {title}\nitems: [{PLAIN}]", "c")
        assert [finding.severity for finding in problems(read[0].case, norms)] == severities


def test_a_circle_is_found_behind_what_leads_in_none() -> None:
    line = "- {{id: {}, from: tool, source: {}, issue: x, value: 1, delegates: {{source: {}, scope: [x]}}}}"
    rows = [("a", "s", "t"), ("b", "t", "u"), ("c", "v", "w"), ("d", "w", "v")]
    assert found("items:\n" + "\n".join(line.format(*row) for row in rows)) == [
        "4:3: delegation-cycle: delegations lead in a circle: `c` → `d` → `c`"
    ]


def test_a_circle_that_the_spec_itself_declares_is_told() -> None:
    norms = Norms(spec(principle("a", exception_to=("b",)), principle("b", exception_to=("a",))))
    item = "{{id: {0}, principle: {0}, issue: {0}, value: 1}}"
    assert found(f"items: [{item.format('a')}]", norms) == []
    assert found(f"items: [{item.format('a')}, {item.format('b')}]", norms) == [
        "1:9: exception-cycle: exceptions lead in a circle: `a` → `b` → `a`"
    ]


def test_ways_that_part_and_meet_again_are_walked_once() -> None:
    """Two in each of 40 rows, each of which gives both of the next a say: more ways than anybody can walk."""
    line = "- {{id: i{n}-{of}, from: tool, source: s{n}, issue: x, value: 1, delegates: {{source: s{m}, scope: [x]}}}}"
    rows = [line.format(n=n, m=n + 1, of=of) for n in range(40) for of in "ab"]
    for ordered in (rows, rows[::-1]):
        assert found("items:\n" + "\n".join(ordered)) == []


@pytest.mark.parametrize(
    "keys", ["quoted: true", "source: a page", "mode: implicit"], ids=["quoted", "source", "mode"]
)
def test_a_norm_is_neither_quoted_nor_implied(keys: str) -> None:
    text = f"items: [{{id: a, issue: x, value: 1, principle: of_user, {keys}}}]"
    (line,) = found(text)
    assert line.startswith("1:9: invalid-value: the spec is explicit")


@pytest.mark.parametrize("key", ["source: a page", "quoted: true", "level: user", "from: assistant"])
def test_one_key_is_enough_to_say_who_speaks(key: str) -> None:
    assert found(f"items: [{{id: a, issue: x, value: 1, {key}}}]") == []


def test_a_clause_may_have_the_level_of_its_principle() -> None:
    assert found("items: [{id: a, issue: x, value: 1, principle: of_user, level: user}]") == []


@pytest.mark.parametrize(("length", "shown"), [(60, "w" * 60), (61, f"{'w' * 60}…")])
def test_a_name_is_shown_up_to_a_length(length: int, shown: str) -> None:
    (line,) = found(f"items: [{{id: a, issue: x, value: 1, principle: {'w' * length}}}]")
    assert line == f"1:48: unknown-provision: unknown provision `{shown}`"


def test_the_nearest_name_is_told() -> None:
    read, _ = read_cases("items: [{id: a, issue: x, value: 1, principle: of_usr}]", "c")
    (finding,) = problems(read[0].case, NORMS)
    assert finding.hint == "did you mean `of_user`?"


def test_a_principle_of_an_unknown_level_is_told() -> None:
    norms = Norms(spec(principle("odd", authority="usr")))
    assert found("items: [{id: a, issue: x, value: 1, principle: odd}]", norms) == [
        "1:48: unknown-level: unknown level `usr`"
    ]


def test_the_others_are_decided() -> None:
    read, _ = read_cases(f"- items: [{PLAIN}]\n- itms: []\n- items: [{PLAIN}]", "c")
    assert [bool(item.findings) for item in read] == [False, True, False]
    assert read[1].case.title == "case 2"


def test_a_page_gives_its_own_lines() -> None:
    read, _ = read_cases("items:\n- {id: a, form: user, issue: x, value: 1}", "page.md", first=41)
    assert read[0].findings[0].span.line == 42
    assert read_cases("[", "page.md", first=41)[1][0].span.line == 41


def quick(text: str, *, each: int = 200) -> list[str]:
    """Return what is wrong with a text; what it takes to find that is in proportion to the length of the text.

    Counted in calls, which are the same on every machine.

    :param each: calls for every line; every character has 4 more
    """
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = found(text)
    finally:
        sys.setprofile(before)
    assert calls <= each * (text.count("\n") + 100) + 4 * len(text)
    return result


def many(count: int, line: str) -> str:
    return "items:\n" + "".join(f"- {line.format(n=n)}\n" for n in range(count))


def test_conflicts_beyond_a_limit_are_counted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["sphinx_policyspec.decision.framework"], "_MAX_LINKS", 2)
    pair = "{{id: {}, from: user, issue: x, value: {}}}"
    text = "items: [{}]"
    assert found(text.format(", ".join(pair.format(n, n % 2) for n in range(3)))) == []
    read, _ = read_cases(text.format(", ".join(pair.format(n, n) for n in range(3))), "c")
    (finding,) = problems(read[0].case, NORMS)
    assert str(finding) == (
        "c:1:1: error: about 3 conflicts, exemptions and delegations are more than 2; split the case [case-too-large]"
    )


def test_ten_thousand_items_on_as_many_issues_are_decided() -> None:
    text = many(10_000, "{{id: i{n}, from: user, issue: x{n}, value: {n}}}")
    read, _ = read_cases(text, "c")
    assert problems(read[0].case, NORMS) == ()
    assert set(decide(read[0].case, NORMS).labels.values()) == {"in"}


def test_ten_thousand_items_on_one_issue_are_too_many() -> None:
    text = many(10_000, "{{id: i{n}, from: user, issue: x, value: {n}}}")
    assert found(text) == [
        "1:1: case-too-large: about 49,995,000 conflicts, exemptions and delegations are more than 2,000,000"
    ]


SIZES = [1_200, pytest.param(5_000, marks=pytest.mark.slow)]
"""More than the depth to which Python nests calls."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "line",
    [
        "{{id: i{n}, principle: transform, issue: x, value: 1, exempts: [restricted, sensitive]}}",
        "{{id: i{n}, from: user, issue: x, value: 1, delegates: {{source: s, scope: [x]}}}}",
        "{{id: i{n}, from: tool, source: s{n}, issue: x, value: 1, delegates: {{source: t, scope: [x]}}}}",
    ],
)
def test_many_exceptions_and_delegations_are_quick(line: str, size: int) -> None:
    text = many(size, line) + many(size, "{{id: t{n}, from: tool, source: s, issue: x, value: 1}}")[7:]
    assert len(quick(text)) <= 1


@pytest.mark.parametrize("size", SIZES)
def test_a_long_chain_of_delegations_is_followed_and_a_long_circle_is_found(size: int) -> None:
    line = (
        "{{id: i{n}, from: tool, source: s{n}, issue: x, value: 1, delegates: {{source: s{m}, scope: [x]}}}}"
    )
    chain = "items:\n- {id: a, from: user, issue: y, value: 1, delegates: {source: s0, scope: [x]}}\n"
    chain += "".join(f"- {line.format(n=n, m=n + 1)}\n" for n in range(size))
    read, _ = read_cases(chain, "c")
    assert problems(read[0].case, NORMS) == ()
    assert decide(read[0].case, NORMS).standing[f"i{size - 1}"].depth == size
    circle = "items:\n" + "".join(f"- {line.format(n=n, m=(n + 1) % size)}\n" for n in range(size))
    (message,) = quick(circle)
    assert message.startswith("2:3: delegation-cycle: delegations lead in a circle: `i0` → `i1`")
    assert message.endswith("→ …")


def test_huge_texts_are_cut_in_messages_and_outputs() -> None:
    word = "w" * 500_000
    (message,) = quick(f"items: [{{id: a, issue: x, value: 1, principle: {word}}}]")
    assert len(message) < 200
    assert quick(f"items: [{{id: {word}, issue: {word}, value: {word}, from: user}}]") == []


def test_an_alias_does_not_explode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ITEMS", 100)
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert {line.split(": ")[1] for line in quick(bomb)} == {"unreadable-case"}
    line = "{id: i, from: user, issue: x, value: 1}"
    repeated = f"- &c {{items: [{', '.join([line] * 50)}]}}\n" + "- *c\n" * 3
    assert [text.split(": ")[1] for text in quick(repeated)] == ["case-too-large"]
    endless = f"- &c {{items: [{line}], compatible: *c}}\n"
    assert quick(endless) != []


def test_too_long_a_text_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_CHARACTERS", 10)
    assert quick("title: much too long") == ["1:1: case-too-large: 20 characters of cases are more than 10"]


@pytest.mark.parametrize("text", ["[" * 20_000, "a: " * 1_000, "\0", "items: !!python/object:os.system [x]"])
def test_hostile_yaml_is_told(text: str) -> None:
    assert found(text) != []


def test_numbers_that_nobody_can_read_are_texts() -> None:
    values = ("0x_", "1e999", ".nan", "-.inf", "9" * 5_000, "1:99", "2026-01-01", "0o7", "~x")
    lines = "".join(f"- {{id: i{n}, from: user, issue: x{n}, value: {v}}}\n" for n, v in enumerate(values))
    read, _ = read_cases(f"items:\n{lines}", "c")
    assert read[0].findings == ()
    assert {type(item.value) for item in read[0].case.items} <= {str, int}


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(["in", "user", "a", "x"]),
)
KEYS = st.sampled_from([key.name for keys in (CASE, ITEM, DELEGATES, SEMANTICS, EXPECT) for key in keys])
THINGS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(THINGS, st.dictionaries(KEYS, THINGS, max_size=5)))
def test_any_yaml_is_decided_or_told_why_not(value: object) -> None:
    read, findings = read_cases(yaml.safe_dump(value, allow_unicode=True), "c")
    assert read or findings
    for item in read:
        if not item.findings and not any(f.severity == "error" for f in problems(item.case, NORMS)):
            assert set(decide(item.case, NORMS).labels) == {item.id for item in item.case.items}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("10", 10),
        ("-1.5", -1.5),
        *[
            (text, text)
            for text in ("yes", "no", "On", "10:30", "010", "1_000", "0x1F", "2026-01-31", ".inf")
        ],
    ],
)
def test_a_value_is_what_json_reads_and_else_what_its_author_wrote(written: str, value: object) -> None:
    text = f"items: [{{id: a, issue: x, value: {written}, from: user}}]"
    (read,), findings = read_cases(text, "c.yaml")
    assert findings == ()
    assert (read.case.items[0].value, type(read.case.items[0].value)) == (value, type(value))
