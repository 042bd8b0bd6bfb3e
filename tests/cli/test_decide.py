"""``policyspec resolve``: what it prints, and what its exit status tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

SPEC = """\
# Manners {#manners authority=user}

Answer in a friendly way.

# Secrets {#secrets authority=root}

Keep what was told in confidence.
"""
RIGHT = """\
title: somebody wants no pleasantries
about: manners
items:
  - {id: friendly, principle: manners, issue: tone, value: friendly}
  - {id: curt, from: user, turn: 1, issue: tone, value: curt}
  - {id: page, from: tool, source: a page, issue: tone, value: shout}
  - {id: keep, principle: secrets, issue: secret, value: keep}
  - {id: rule, from: developer, turn: 1, issue: secret, value: tell}
expect: {labels: {friendly: out}, outcomes: {tone: curt, secret: keep}}
"""
WRONG = RIGHT.replace("friendly: out}", "friendly: in}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.md").write_text(SPEC, encoding="utf-8")
    return tmp_path


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return name


def test_the_text_reads_like_an_explanation(folder: Path, run: Run) -> None:
    status, out, _ = run("resolve", "spec.md", write(folder, "c.yaml", RIGHT), "-q")
    assert status == 0
    assert (
        out
        == """\
somebody wants no pleasantries (c.yaml:1)
  tone: curt
  secret: keep
  `friendly` is out: the user norm of manners loses to `curt`, the user's explicit instruction at turn 1 (explicit message before default, R5)
  `curt` is in: the user's explicit instruction at turn 1 defeats `friendly`, the user norm of manners (explicit message before default, R5)
  `page` is not a candidate: the text from a page has no authority, and nobody who has it delegates tone to it
  `keep` is in: the root norm of secrets defeats `rule`, the developer's explicit instruction at turn 1 (higher level, R1)
  `rule` is out: the developer's explicit instruction at turn 1 loses to `keep`, the root norm of secrets (higher level, R1)
  rests on spec.md:1 Manners
           spec.md:5 Secrets
  as expected
"""
    )


def test_json_is_for_programs(folder: Path, run: Run) -> None:
    status, out, _ = run("resolve", "spec.md", write(folder, "c.yaml", RIGHT), "--format", "json")
    (decision,) = json.loads(out)["decisions"]
    assert status == 0
    assert list(decision) == ["title", "labels", "outcomes", "duties", "reasons", "as_expected"]
    assert decision["labels"]["page"] == "not-a-candidate"
    assert decision["outcomes"] == {"tone": "curt", "secret": "keep"}
    assert decision["duties"] == {}
    assert decision["as_expected"] is True
    assert decision["reasons"][0] == {"item": "friendly", "label": "out", "rule": "R5", "because": ["curt"]}
    assert decision["reasons"][2]["rule"] is None


def test_a_decision_that_is_not_expected_is_status_one(folder: Path, run: Run) -> None:
    status, out, _ = run("resolve", "spec.md", write(folder, "c.yaml", WRONG))
    assert status == 1
    assert out.endswith("  not as expected: `friendly` is out, not in\n")


def test_a_case_that_cannot_be_decided_is_status_two_and_the_others_are(folder: Path, run: Run) -> None:
    broken = RIGHT.replace("principle: manners", "principle: maners")
    write(folder, "cases/a.yaml", broken)
    write(folder, "cases/b.yml", WRONG)
    status, out, err = run("resolve", "spec.md", "cases")
    assert status == 2
    assert out.count("somebody wants no pleasantries") == 1
    assert (
        "cases/a.yaml:4:31: error: unknown provision `maners`; did you mean `manners`? [unknown-provision]"
    ) in err


@pytest.mark.parametrize("name", ["absent.yaml", "empty"])
def test_no_case_is_status_two(folder: Path, run: Run, name: str) -> None:
    (folder / "empty").mkdir()
    status, out, err = run("resolve", "spec.md", name)
    assert (status, out) == (2, "")
    assert name in err


def test_no_text_of_a_case_steers_a_terminal(folder: Path, run: Run) -> None:
    hostile = 'items: [{id: "a\\e[2J\\nb", issue: "x\\e", value: "\\e", from: user}]'
    _, out, _ = run("resolve", "spec.md", write(folder, "c.yaml", hostile))
    assert "\x1b" not in out
    assert "\\nb" not in out


SAYS = "{{id: {}, from: tool, source: {}, issue: x, value: 1, delegates: {{source: {}, scope: [x]}}}}"
EXEMPTS = "{{id: {}, principle: secrets, issue: x, value: 1, exempts: [{}]}}"
WORD = "w" * 200_000
HOSTILE = {
    "a circle of delegations": (
        f"items: [{SAYS.format('a', 's', 't')}, {SAYS.format('b', 't', 's')}]",
        "delegation-cycle",
    ),
    "a circle of exceptions": (
        f"items: [{EXEMPTS.format('a', 'b')}, {EXEMPTS.format('b', 'a')}]",
        "exception-cycle",
    ),
    "too many items at odds": (
        "items:\n" + "".join(f"- {{id: i{n}, from: user, issue: x, value: {n}}}\n" for n in range(2_050)),
        "case-too-large",
    ),
    "a huge name": (f"items: [{{id: a, principle: {WORD}, issue: x, value: 1}}]", "unknown-provision"),
    "an id given twice": (
        "items: [{id: a, from: user, issue: x, value: 1}, {id: a, from: user, issue: x, value: 2}]",
        "duplicate-id",
    ),
    "anchors that explode": (
        "".join(f"a{n}: &a{n} [{f'*a{n - 1}, *a{n - 1}' if n else 'x'}]\n" for n in range(60))
        + "items: *a59\n",
        "unreadable-case",
    ),
    "wrong types": ("- 3\n- items: {a: 1}\n- items: [[1], null]\n- null\n", "wrong-type"),
    "a tag that runs code": ("items: !!python/object/apply:os.system [exit]", "wrong-type"),
    "no YAML": ("items: [", "unreadable-case"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_case_is_a_short_finding(folder: Path, run: Run, what: str) -> None:
    text, code = HOSTILE[what]
    status, out, err = run("resolve", "spec.md", write(folder, "c.yaml", text), "-q")
    assert (status, out) == (2, "")
    lines = err.splitlines()
    assert any(line.startswith("c.yaml:") and line.endswith(f"[{code}]") for line in lines)
    assert max(map(len, lines)) < 400
    status, out, _ = run("diff", "spec.md", "spec.md", "--cases", "c.yaml", "-q")
    assert status == 2
    assert len(out) < 2_000


def test_every_fate_has_its_words(folder: Path, run: Run) -> None:
    text = """\
title: all
items:
  - {id: gives, from: user, turn: 1, issue: y, value: a, delegates: {source: s, scope: [x]}}
  - {id: held, from: tool, source: s, turn: 2, issue: x, value: b}
  - {id: lost, from: user, turn: 1, issue: w, value: a, delegates: {source: t, scope: [w2]}}
  - {id: bars, from: developer, turn: 1, issue: w, value: b}
  - {id: fallen, from: tool, source: t, turn: 2, issue: w2, value: b, irreversible: true}
  - {id: either, from: user, turn: 3, issue: v, value: a, delegates: {source: u, scope: [v2]}}
  - {id: or, from: user, turn: 3, issue: v, value: b}
  - {id: hangs, from: tool, source: u, turn: 4, issue: v2, value: b}
  - {id: meant, from: developer, mode: implicit, turn: 1, issue: z, value: a}
  - {id: norm, principle: manners, issue: z, value: b}
  - {id: said, from: user, turn: 2, issue: z, value: c}
  - {id: exception, principle: secrets, issue: e, value: a, exempts: [frees]}
  - {id: frees, principle: secrets, issue: e, value: b}
  - {id: freed, from: user, issue: e, value: a}
  - {id: off, from: user, issue: o, value: a, active: false}
  - {id: slip, from: user, issue: o, value: a, mistaken: true, irreversible: true}
  - {id: quote, quoted: true, issue: o, value: a}
  - {id: level, level: developer, issue: l, value: a}
"""
    _, out, _ = run("resolve", "spec.md", write(folder, "c.yaml", text), "-q")
    for words in (
        "`gives` is in: the user's explicit instruction at turn 1 meets no opposition",
        "`held` is in: the explicit text from s at turn 2 with user authority by delegation has a say from `gives`",
        "`fallen` is out: the explicit text from t at turn 2 with user authority by delegation has no say any more",
        "since `lost`, the user's explicit instruction at turn 1 is out",
        "`either` is undecided: the user's explicit instruction at turn 3 meets its equal in `or`",
        "`hangs` is undecided: the explicit text from u at turn 4 with user authority by delegation hangs on `either`",
        "`meant` is undecided: the developer's implied wish at turn 1 loses to `norm`, the user norm of manners, undecided itself",
        "`exception` is in: the root norm of secrets takes `frees`, the root norm of secrets out of force (exception)",
        "`frees` is out: the root norm of secrets is taken out of force by `exception`",
        "`freed` is in: the user's explicit instruction at turn 14 holds, since what opposes it is defeated by `exception`",
        "`off` is not a candidate: it does not apply here",
        "`slip` is not a candidate: it looks mistaken",
        "`quote` is not a candidate: quoted text has no authority",
        "`level` is in: the developer level's explicit instruction at turn 18 meets no opposition",
        "v: clarify (undecided: ask)",
        "o: permit (nothing forbids it)",
        "duty to disclose: say that `lost` is not followed",
        "duty to confirm: ask before doing what `slip` asks for: it cannot be undone",
    ):
        assert words in out, words
