"""Overlay files as a user has them: what is read, what is told, and what the command prints."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import sphinx_policyspec as ps
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.readers.overlays import overlay_of
from tests.conftest import LEVELS, Run, principle, spec

SPEC = """# Keep people safe {#keep_safe authority=root}

The assistant must never sell a weapon.

# Be kind {#be_kind authority=user}

By default the assistant greets people.
"""
HEAD = "overlay: shop\nupstream: {source: model_spec.md}\nholder: developer\nstatements:\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "model_spec.md").write_text(SPEC, "utf-8")
    return tmp_path


def written(shop: Path, *statements: str, name: str = "shop.yaml") -> Path:
    path = shop / name
    path.write_text(HEAD + "".join(f"  - {statement}\n" for statement in statements), "utf-8")
    return path


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("{id: a, overrides: be_kind}", "`says` is missing"),
        ("{id: a, says: x}", "the statement does nothing"),
        (
            "{id: a, says: x, overrides: be_kind, narrows: be_kind}",
            "`overrides` and `narrows` in one statement",
        ),
        ("{id: a, says: x, overrides: []}", "`overrides` names nothing"),
        ("{id: a, says: x, adds: Rule, scope: [be_kind]}", "`scope` has no effect beside `adds`"),
        ("{id: a, says: x, delegates: shelf}", "a delegation without `scope` gives no say"),
        ("{id: a, says: x, overrides: be_knd}", "did you mean `be_kind`?"),
        ("{id: a, says: x, overrides: be_kind, mode: implict}", "did you mean `implicit`?"),
        ("{id: a, says: x, narrows: be_kind, forbids: [keep_saf]}", "did you mean `keep_safe`?"),
        ("{id: a, says: x, adds: Rule, level: develper}", "did you mean `developer`?"),
        ("{id: a, says: x, adds: Rule, chapter: be_knd}", "did you mean `be_kind`?"),
        ("{id: a, says: x, overides: be_kind}", "did you mean `overrides`?"),
    ],
)
def test_a_slip_is_told_at_its_line_and_the_rest_is_judged(shop: Path, statement: str, told: str) -> None:
    report = ps.check_overlay(written(shop, statement, "{id: b, says: y, restates: keep_safe}"))
    (slip,) = (finding for finding in report.findings if told in str(finding))
    assert slip.span.line == 5
    assert "b" in [verdict.statement.id for verdict in report.verdicts]


@pytest.mark.parametrize(
    "lost",
    [
        "says: x, delegates: shelf",
        "says: x, delegates: shelf, scope: []",
        "says: x, delegates: shelf, scope: {a: b}",
        "says: [x], overrides: be_kind",
        "says: {x: y}, adds: Rule",
        "says: x, narrows: be_kind, forbids: [{provision: keep_safe}]",
        "says: x, adds: Rule, issue: [indent]",
        "says: x, adds: Rule, where: {globs: {a: b}}",
    ],
)
def test_a_statement_of_which_a_part_is_lost_is_told_and_neither_judged_nor_exported(
    shop: Path, run: Run, lost: str
) -> None:
    path = written(shop, f"{{id: gone, {lost}}}", "{id: b, says: Say y., restates: keep_safe}")
    for form in ps.forms_of("OverlayReport"):
        status, out, said = run("overlay", "check", path, "--format", form)
        assert (status, "Traceback" in said) == (1, False)
        assert "shop.yaml:5" in out + said or '"line": 5' in out or "line=5" in out or '"startLine": 5' in out
    assert [one.statement.id for one in ps.check_overlay(path).verdicts] == ["b"]
    exported = run("overlay", "export", path, "--to", "message")[1]
    assert exported.strip().endswith("Say y.")
    assert "shelf" not in exported


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("holder: guideline", "no message has the level `guideline`"),
        ("holder: develper", "did you mean `developer`?"),
    ],
)
def test_a_holder_has_a_level_that_messages_can_have(shop: Path, line: str, told: str) -> None:
    path = written(shop, "{id: a, says: x, overrides: be_kind}")
    path.write_text(path.read_text("utf-8").replace("holder: developer", line), "utf-8")
    report = ps.check_overlay(path, upstream=shop / "model_spec.md")
    assert report.verdicts == ()
    assert any(told in str(finding) and finding.span.line >= 3 for finding in report.findings)


def test_words_of_a_clause_are_looked_for_below_a_former_id_too(shop: Path) -> None:
    (shop / "side.yaml").write_text("provisions: {be_kind: {aliases: [was_kind]}}", "utf-8")
    path = written(
        shop,
        "{id: a, says: x, overrides: {provision: was_kind, clause: greets people}}",
        "{id: b, says: x, overrides: {provision: was_kind, clause: greets nobody}}",
    )
    report = ps.check_overlay(path, annotations=shop / "side.yaml")
    assert [(one.code, one.span.line) for one in report.findings if one.severity is not ps.Severity.HINT] == [
        ("renamed-target", 5),
        ("renamed-target", 6),
        ("unknown-clause", 6),
    ]
    assert [one.statement.id for one in report.verdicts] == ["a"]


def test_two_statements_of_one_id_are_told(shop: Path) -> None:
    report = ps.check_overlay(written(shop, *["{id: a, says: x, restates: be_kind}"] * 2))
    assert [finding.code for finding in report.findings].count("duplicate-id") == 1
    assert len(report.verdicts) == 1


def test_the_command_tells_a_refusal_so_that_it_is_understood(run: Run, shop: Path) -> None:
    path = written(
        shop, "{id: sell, says: Sell it., overrides: keep_safe}", "{id: gruff, says: x, overrides: be_kind}"
    )
    status, out, err = run("overlay", "check", path)
    assert (status, err) == (1, "")
    assert "sell: refused (root-is-fixed): overrides keep_safe" in out
    assert "no message overrides `keep_safe`, which has the level `root`" in out
    assert "“The assistant must never sell a weapon.” (model_spec.md:3, keep_safe ¶1 s1)" in out
    assert "developer: keep_safe = sell → out" in out
    assert "gruff: allowed: overrides be_kind" in out
    assert "2 statements: 1 allowed, 1 refused" in out


def test_a_finding_quotes_the_sentence_with_its_locator_and_leads_to_it(shop: Path) -> None:
    path = written(shop, "{id: sell, says: Sell it., overrides: keep_safe}")
    (refusal,) = (one for one in ps.check_overlay(path).findings if one.code == "root-is-fixed")
    assert refusal.message.endswith("“The assistant must never sell a weapon.” (keep_safe ¶1 s1)")
    assert [str(one) for one in refusal.related] == ["model_spec.md:3:1"]


def test_a_long_sentence_is_quoted_whole(run: Run, shop: Path) -> None:
    sentence = f"The assistant must never sell {'a sword, ' * 200}or a weapon."
    (shop / "model_spec.md").write_text(f"# Safe {{#safe authority=root}}\n\n{sentence} More.\n", "utf-8")
    path = written(shop, "{id: sell, says: Sell a sword., overrides: safe}")
    told = json.loads(run("overlay", "check", path, "--format", "json")[1])
    assert told["statements"][0]["quoted"]["text"] == sentence
    assert [sentence in one["message"] for one in told["findings"]] == [True]
    assert sentence in run("overlay", "check", path)[1]


BROKEN = (
    HEAD
    + """\
  - {id: a, says: "caf\xe9", overrides: be_kind}
  - {id: b, says: Say b., overrides: be_kind}
  - {id: c, says: "caf\xe9 \xe9", overrides: be_kind}
  - !mine {id: d, says: x, overrides: be_kind}
  - {id: e, says: !important x, overrides: be_kind}
  -
  - {id: f, says: !!str Say f., overrides: be_kind, voids: [~]}
  - {id: g, says: Say g!, overrides: be_kind}
"""
)


def test_bytes_tags_and_nothing_are_told_at_their_lines_and_no_such_statement_leaves(
    run: Run, shop: Path
) -> None:
    (shop / "shop.yaml").write_bytes(BROKEN.encode("latin-1"))
    report = ps.check_overlay(shop / "shop.yaml")
    errors = [(one.span.line, one.code) for one in report.findings if one.severity is ps.Severity.ERROR]
    assert errors == [
        (5, "invalid-encoding"),
        (7, "invalid-encoding"),
        (8, "invalid-value"),
        (9, "invalid-value"),
        (10, "wrong-type"),
        (11, "wrong-type"),
    ]
    assert [one.statement.id for one in report.verdicts] == ["b", "g"]
    assert run("overlay", "export", shop / "shop.yaml", "--to", "message")[1] == "Say b.\n\nSay g!\n"


def test_an_upstream_that_is_not_there_is_told_at_its_line(run: Run, shop: Path) -> None:
    path = written(shop, "{id: a, says: x, overrides: be_kind}")
    path.write_text(path.read_text("utf-8").replace("model_spec.md", "nothing.md"), "utf-8")
    status, _, err = run("overlay", "check", path)
    assert (status, "shop.yaml:2`: " in err, "nothing.md` does not exist" in err) == (2, True, True)


def test_an_overlay_that_may_be_said_exits_with_0_and_fails_on_what_is_asked(run: Run, shop: Path) -> None:
    path = written(shop, "{id: gruff, says: x, overrides: be_kind}")
    assert run("overlay", "check", path)[0] == 0
    assert run("overlay", "check", path, "--fail-on", "hint")[0] == 1


def test_saved_witnesses_resolve_as_they_say(run: Run, shop: Path) -> None:
    path = written(
        shop,
        "{id: a, says: x, overrides: be_kind}",
        "{id: b, says: x, overrides: keep_safe}",
        "{id: c, says: x, delegates: shelf label, scope: [be_kind, keep_safe]}",
        "{id: d, says: x, narrows: be_kind, forbids: [keep_safe]}",
        "{id: e, says: x, adds: Rule, level: root}",
        "{id: f, says: x, defines: weapon, mode: implicit}",
        "{id: g, says: x, restates: be_kind}",
    )
    run("overlay", "check", path, "--save", shop / "witnesses", "-q")
    status, out, _ = run("resolve", shop / "model_spec.md", shop / "witnesses", "--format", "json")
    decisions = json.loads(out)["decisions"]
    assert (status, len(decisions)) == (0, 8)
    assert all(decision["as_expected"] for decision in decisions)


def test_the_other_formats_hold_the_same_findings(run: Run, shop: Path) -> None:
    path = written(shop, "{id: b, says: x, overrides: keep_safe}")
    assert "title=root-is-fixed" in run("overlay", "check", path, "--format", "github")[1]
    sarif = json.loads(run("overlay", "check", path, "--format", "sarif")[1])
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["root-is-fixed"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        HEAD.replace("holder", "surface: first_party\nholder"),
        "overlay: [",
        "overlay: shop\n",
        "a: &a [*a]\n",
    ],
)
def test_what_is_no_overlay_is_told_in_a_line(run: Run, shop: Path, text: str) -> None:
    (shop / "x.yaml").write_text(text, "utf-8")
    status, out, err = run("overlay", "check", shop / "x.yaml")
    assert status in {1, 2}
    assert "Traceback" not in out + err
    assert "x.yaml" in out + err


def test_files_of_two_upstreams_want_one_to_be_named(run: Run, shop: Path) -> None:
    one = written(shop, "{id: a, says: x, overrides: be_kind}")
    other = written(shop, "{id: a, says: x, overrides: be_kind}", name="other.yaml")
    other.write_text(other.read_text("utf-8").replace("model_spec.md", "else.md"), "utf-8")
    status, _, err = run("overlay", "check", one, other)
    assert status == 2
    assert "give one" in err
    assert run("overlay", "check", one, other, "--upstream", shop / "model_spec.md")[0] == 0


@pytest.mark.parametrize(
    ("first", "second", "is_told"),
    [
        ("value: warm", "value: cold", True),
        ("value: warm", "value: warm", False),
        ("value: warm, where: {globs: [a/**]}", "value: cold, where: {globs: [a/b/*]}", True),
        ("value: warm, where: {globs: [a/**]}", "value: cold, where: {globs: [b/*]}", False),
        ("value: warm, where: {globs: ['**/*.py']}", "value: cold, where: {globs: ['**/*.ts']}", False),
        ("value: warm, where: {audience: staff}", "value: cold, where: {audience: customers}", False),
        ("value: warm, where: {audience: staff}", "value: cold", True),
        ("because: a", "because: b", True),
        ("value: b", "because: b", False),
        ("value: warm", "because: b", True),
    ],
)
def test_two_values_for_one_issue_in_a_file_are_told_and_neither_wins(
    shop: Path, first: str, second: str, is_told: bool
) -> None:
    lines = [
        f"{{id: {name}, says: x, overrides: be_kind, issue: tone, {more}}}"
        for name, more in (("a", first), ("b", second))
    ]
    for statements in (lines, lines[::-1]):
        report = ps.check_overlay(written(shop, *statements))
        assert [one.code for one in report.findings].count("contradicts-itself") == is_told
        assert len(report.allowed) == 2


def test_a_term_has_one_meaning_and_each_statement_is_told_once(shop: Path) -> None:
    same = [f"{{id: s{number}, says: x, defines: gadget}}" for number in range(3)]
    other = [f"{{id: t{number}, says: x, defines: gadget {number}}}" for number in range(2)]
    found = [
        one
        for one in ps.check_overlay(written(shop, *same, *other)).findings
        if one.code == "contradicts-itself"
    ]
    assert [one.message for one in found] == [
        f"`s0` and `s{number}` give `gadget` two values, `s0` and `s{number}`" for number in (1, 2)
    ]


def test_many_statements_on_one_issue_are_soon_compared() -> None:
    whole = spec(principle("plain"), levels=LEVELS)
    for where in ("", ", where: {globs: ['packages/p%d/**']}"):
        lines = (
            f"  - {{id: s{n}, says: x, adds: R, issue: i{where % n if where else ''}}}\n"
            for n in range(2_000)
        )
        overlay, _ = overlay_of(HEAD + "".join(lines), "o.yaml")
        assert overlay
        begun = time.process_time()
        found = check_overlays([overlay], whole).findings
        assert time.process_time() - begun < 3
        assert len(found) == (0 if where else 1_999)


@pytest.mark.parametrize(
    ("near", "told"),
    [
        ("{id: a, says: x, overrides: be_kind}", ["on `be_kind`, `near/a` wins over `shop/a`"]),
        ("{id: a, says: x, overrides: be_kind, issue: other}", []),
        ("{id: a, says: x, overrides: be_kind, where: {globs: [till/**]}}", []),
        ("{id: a, says: x, overrides: be_kind, where: {globs: [shelf/a/**]}}", ["on `be_kind`"]),
        ("{id: a, says: x, overrides: keep_safe}", []),
        ("{id: a, says: x, restates: be_kind}", ["on `be_kind`"]),
        ("{id: a, says: x, overrides: be_kind, where: {globs: [shelf]}}", []),
        ("{id: a, says: x, narrows: be_kind}", []),
        ("{id: a, says: x, narrows: keep_safe, forbids: [be_kind]}", ["on `be_kind`"]),
        ("{id: a, says: x, adds: Rule}", []),
    ],
)
def test_the_nearest_file_wins_and_that_is_told(shop: Path, near: str, told: list[str]) -> None:
    far = written(shop, "{id: a, says: x, overrides: be_kind, where: {globs: [shelf/**]}}")
    other = written(shop, near, name="near.yaml")
    other.write_text(other.read_text("utf-8").replace("overlay: shop", "overlay: near"), "utf-8")
    report = ps.check_overlay(far, other)
    found = [str(one.message) for one in report.findings if one.code == "nearest-file-wins"]
    assert len(found) == len(told)
    assert all(part in message for part, message in zip(told, found, strict=True))


@pytest.mark.parametrize(
    ("far", "near", "holds"),
    [
        (("developer", "explicit"), ("developer", "explicit"), "near"),
        (("developer", "explicit"), ("user", "explicit"), "far"),
        (("user", "explicit"), ("developer", "explicit"), "near"),
        (("developer", "explicit"), ("developer", "implicit"), "far"),
        (("developer", "implicit"), ("developer", "implicit"), "near"),
        (("developer", "implicit"), ("developer", "explicit"), "near"),
        (("system", "implicit"), ("developer", "explicit"), "far"),
    ],
)
def test_what_is_told_of_two_files_is_what_the_resolved_spec_decides(
    shop: Path, far: tuple[str, str], near: tuple[str, str], holds: str
) -> None:
    (shop / "model_spec.md").write_text(
        SPEC + "\n# Be warm {#warm authority=guideline}\n\nIt is warm.\n", "utf-8"
    )
    files = []
    for name, (holder, mode) in (("far", far), ("near", near)):
        path = written(
            shop,
            f"{{id: a, says: x, overrides: warm, issue: i, value: {name}, mode: {mode}}}",
            name=f"{name}.yaml",
        )
        text = (
            path.read_text("utf-8")
            .replace("overlay: shop", f"overlay: {name}")
            .replace("holder: developer", f"holder: {holder}")
        )
        path.write_text(text, "utf-8")
        files.append(path)
    found = [one.message for one in ps.check_overlay(*files).findings if one.code == "nearest-file-wins"]
    other = {"far": "near", "near": "far"}[holds]
    assert [message.startswith(f"on `i`, `{holds}/a` wins over `{other}/a`") for message in found] == [True]
    case = "items: [{id: f, principle: far/a, issue: i, value: f}, {id: n, principle: near/a, issue: i, value: n}]"
    (shop / "case.yaml").write_text(case, "utf-8")
    (decision,) = ps.decide(ps.resolve_overlay(*files).spec, shop / "case.yaml")
    assert decision.outcomes["i"].values == (holds[0],)


def test_the_schema_takes_what_is_read_and_nothing_else(shop: Path) -> None:
    validator = Draft202012Validator(ps.json_schema("overlay"))
    good = yaml.safe_load(
        written(
            shop, "{id: a, says: x, overrides: [be_kind, {provision: be_kind, clause: greets}]}"
        ).read_text()
    )
    validator.validate(good)
    for key, value in (("overides", "x"), ("mode", "loud"), ("overrides", [])):
        bad = {**good, "statements": [{**good["statements"][0], key: value}]}
        assert not validator.is_valid(bad), key


def test_a_permission_that_a_sidecar_tells_of_is_used_in_so_many_words(run: Run, shop: Path) -> None:
    (shop / "side.yaml").write_text(
        "provisions: {keep_safe: {clauses: [{text: sell a weapon, permits-by: developer}]}}", "utf-8"
    )
    path = written(
        shop,
        "{id: a, says: x, permits: keep_safe}",
        "{id: b, says: x, permits: keep_safe, mode: implicit}",
        "{id: c, says: x, overrides: keep_safe}",
    )
    _, out, _ = run("overlay", "check", path, "--annotations", shop / "side.yaml", "--format", "json")
    verdicts = [(one["id"], one["code"]) for one in json.loads(out)["statements"]]
    assert verdicts == [("shop/a", None), ("shop/b", "needs-explicit"), ("shop/c", "root-is-fixed")]
    assert run("overlay", "check", path, "--no-annotations")[1].count("refused (root-is-fixed)") == 3


def test_a_sidecar_cannot_raise_a_clause_and_is_told_at_its_line(run: Run, shop: Path) -> None:
    (shop / "side.yaml").write_text(
        "provisions:\n  be_kind:\n    clauses:\n      - {text: greets people, level: root}\n"
        "      - {text: By default, level: root, permits-by: user}\n      - {text: no such words, level: guideline}\n",
        "utf-8",
    )
    path = written(shop, "{id: a, says: x, overrides: {provision: be_kind, clause: greets people}}")
    report = ps.check_overlay(path, annotations=shop / "side.yaml")
    assert [
        (one.code, one.span.file, one.span.line) for one in report.findings if one.span.file == "side.yaml"
    ] == [
        ("clause-not-lower", "side.yaml", 4),
        ("clause-not-lower", "side.yaml", 5),
        ("unknown-clause", "side.yaml", 6),
    ]
    (verdict,) = report.verdicts
    assert (verdict.is_allowed, verdict.decisive.level and verdict.decisive.level.id) == (True, "user")
    kept = [(one.text, one.authority, one.permits_by) for one in report.upstream.clauses]
    assert kept == [("By default", "user", "user")]
    told = run("check", shop / "model_spec.md", "--annotations", shop / "side.yaml")[1]
    assert told.count("[clause-not-lower]") == 2


@pytest.mark.parametrize(("level", "told"), [("root", 1), ("mute", 1), ("developer", 0), ("guideline", 0)])
def test_a_permission_that_nobody_can_use_is_told_in_the_sidecar_and_refused(
    shop: Path, level: str, told: int
) -> None:
    """The highest of these levels that somebody can speak at is that of developers."""
    (shop / "model_spec.md").write_text("# Be kind\n\nIt greets people, unless told.\n", "utf-8")
    (shop / "side.yaml").write_text(
        "levels:\n  - {id: root, override: never}\n  - {id: mute, override: explicit}\n"
        "  - {id: developer, override: explicit, roles: [developer]}\n  - {id: guideline, override: implicit}\n"
        "provisions: {be_kind: {level: root, clauses: [{text: unless told, permits-by: LEVEL}]}}\n".replace(
            "LEVEL", level
        ),
        "utf-8",
    )
    report = ps.check_overlay(
        written(shop, "{id: a, says: x, permits: be_kind}"), annotations=shop / "side.yaml"
    )
    found = [one for one in report.findings if one.code == "idle-permission"]
    assert [one.span.file for one in found] == ["side.yaml"] * told
    assert all("name one of `developer`, `guideline`" in str(one) for one in found)
    # The holder, a developer, has neither root nor what is above developers.
    assert [one.is_allowed for one in report.verdicts] == [level in {"developer", "guideline"}]


CASES = """\
title: a greeting
items:
  - {id: norm, principle: be_kind, issue: greeting, value: warm}
  - {id: ask, from: user, turn: 1, issue: greeting, value: cold}
---
title: a weapon
items:
  - {id: norm, principle: keep_safe, issue: weapon, value: none}
  - {id: ask, from: user, turn: 1, issue: weapon, value: one}
---
title: ours
items:
  - {id: ours, principle: shop/a, issue: greeting, value: none}
  - {id: ask, from: user, turn: 1, issue: greeting, value: cold}
expect: {labels: {ours: in, ask: out}}
"""


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("overrides: be_kind", {"case-changed": "`a greeting`"}),
        ("narrows: keep_safe, forbids: [be_kind]", {"case-changed": "`a greeting`"}),
        ("restates: be_kind", {"case-changed": "`a greeting`"}),
        ("adds: Rule, issue: greeting, value: none", {"case-changed": "`a greeting`"}),
        ("restates: keep_safe", {}),
        ("adds: Rule", {}),
        ("delegates: shelf, scope: [be_kind]", {}),
    ],
)
def test_cases_that_come_out_otherwise_are_told_and_no_others(
    run: Run, shop: Path, statement: str, told: dict[str, str]
) -> None:
    (shop / "cases.yaml").write_text(CASES, "utf-8")
    path = written(shop, f"{{id: a, says: x, {statement}}}")
    found = [
        one
        for one in ps.check_overlay(path, cases=[shop / "cases.yaml"]).findings
        if one.code.startswith("case-")
    ]
    assert {one.code: True for one in found} == dict.fromkeys(told, True)
    assert all(told[one.code] in one.message for one in found)
    assert run("overlay", "check", path, "--cases", shop / "cases.yaml")[0] == 0


def test_a_case_about_a_statement_has_to_come_out_as_it_expects(run: Run, shop: Path) -> None:
    (shop / "cases.yaml").write_text(CASES.replace("ask: out}}", "ask: in}}"), "utf-8")
    path = written(shop, "{id: a, says: x, overrides: be_kind}")
    status, out, _ = run("overlay", "check", path, "--cases", shop)
    assert status == 1
    assert "`ours` is not as it expects: ask is out" in out


STATEMENTS = st.lists(
    st.sampled_from(
        [
            "overrides: plain",
            "overrides: fixed",
            "restates: fixed",
            "narrows: plain",
            "adds: Rule",
            "defines: word",
            "delegates: shelf, scope: [plain]",
        ]
    ),
    min_size=1,
    max_size=6,
)


@given(STATEMENTS, st.randoms())
def test_neither_order_nor_others_change_a_verdict(operations: list[str], random: object) -> None:
    whole = spec(
        principle("plain", text="It says a word."),
        principle("fixed", authority="root", text="Never."),
        levels=LEVELS,
    )
    lines = [f"  - {{id: s{n}, says: x, {one}}}\n" for n, one in enumerate(operations)]

    def verdicts(texts: list[str]) -> dict[str, tuple[bool, object]]:
        overlay, _ = overlay_of(HEAD + "".join(texts), "o.yaml")
        assert overlay
        report = check_overlays([overlay], whole)
        return {one.statement.id: (one.is_allowed, one.code) for one in report.verdicts}

    together = verdicts(lines)
    shuffled = [*lines]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert verdicts(shuffled) == together
    assert all(verdicts([line]).items() <= together.items() for line in lines)


def nested(shop: Path, outer: str, inner: str, folder: str = "till") -> list[Path]:
    """Return an overlay, and one of a folder below it, which name one upstream as each sees it."""
    (shop / folder).mkdir(exist_ok=True)
    files = [written(shop, outer), written(shop, inner, name=f"{folder}/near.yaml")]
    text = files[1].read_text("utf-8").replace("overlay: shop", "overlay: near")
    files[1].write_text(text.replace("source: model_spec.md", "source: ../model_spec.md"), "utf-8")
    return files


def told_of_files(*files: Path) -> list[str]:
    return [one.message for one in ps.check_overlay(*files).findings if one.code == "nearest-file-wins"]


def test_nested_files_name_one_upstream_and_the_nearest_folder_holds_in_any_order(shop: Path) -> None:
    files = nested(
        shop,
        "{id: a, says: x, overrides: be_kind}",
        "{id: b, says: y, overrides: be_kind, where: {globs: [a]}}",
    )
    told = told_of_files(*files)
    assert told == told_of_files(*reversed(files))
    assert told == ["on `be_kind`, `near/b` wins over `shop/a`, as its file lies in the nearer folder"]
    specs = [ps.resolve_overlay(*some).spec for some in (files, files[::-1])]
    assert specs[0] == specs[1]
    assert [one.globs for one in specs[0].statements if one.overlay == "near"] == [("till/a",)]
    files[1].write_text(files[1].read_text("utf-8").replace("../model_spec", "../other"), "utf-8")
    with pytest.raises(ps.SourceError, match=r"these name `.*model_spec.md`, `.*other.md`; give one"):
        ps.check_overlay(*files)


@pytest.mark.parametrize(
    ("outer", "inner", "meet"),
    [
        ("admin/**", "admin/**", False),
        ("till/admin/*.py", "admin/*.py", True),
        ("**/*.py", "a.py", True),
        ("*.py", "a.py", False),
        ("t*/a", "[ab]", True),
    ],
)
def test_patterns_are_of_the_folder_of_their_own_file(shop: Path, outer: str, inner: str, meet: bool) -> None:
    says = "{id: a, says: x, overrides: be_kind, where: {globs: ['%s']}}"
    files = nested(shop, says % outer, says % inner)
    assert len(told_of_files(*files)) == meet
    others = [*files[1:], *nested(shop, says % outer, says % inner, "shelf")[1:]]
    others[1].write_text(others[1].read_text("utf-8").replace("overlay: near", "overlay: shelf"), "utf-8")
    assert told_of_files(*others) == []


def test_every_switch_that_is_taken_is_told_by_name_and_a_refused_statement_takes_none(shop: Path) -> None:
    (shop / "model_spec.md").write_text(
        SPEC + "\n# Be brief {#be_brief authority=user}\n\nBe brief.\n", "utf-8"
    )
    report = ps.check_overlay(
        written(
            shop,
            "{id: a, says: x, narrows: [keep_safe, be_kind, be_brief]}",
            "{id: b, says: x, restates: [keep_safe, be_kind]}",
            "{id: c, says: x, overrides: [be_kind, keep_safe]}",
        )
    )
    told = {one.message for one in report.findings if one.code == "takes-the-switch"}
    assert told == {
        "users could override `be_kind`, `be_brief`, and with `a` they no longer can",
        "users could override `be_kind`, and with `b` they no longer can",
    }
    assert [one.notes for one in report.refused] == [()]


def test_a_term_is_the_same_with_a_capital(shop: Path) -> None:
    report = ps.check_overlay(
        written(shop, "{id: a, says: x, defines: slot}", "{id: b, says: y, defines: 'Slot'}")
    )
    assert ["`slot`" in one.message for one in report.findings if one.code == "contradicts-itself"] == [True]


def test_parts_of_one_provision_are_told_apart_by_their_clauses(shop: Path) -> None:
    (shop / "s.yaml").write_text(
        "provisions: {keep_safe: {clauses: [{text: sell a weapon, level: developer}]}}\n", "utf-8"
    )
    said = "{id: a, says: x, overrides: [{provision: keep_safe, clause: sell a weapon}, keep_safe]}"
    report = ps.check_overlay(written(shop, said), annotations=shop / "s.yaml")
    (told,) = [one.message for one in report.findings if one.code == "must-be-split"]
    assert "(`keep_safe` (“sell a weapon”): allowed; `keep_safe`: root-is-fixed)" in told


def test_the_summary_counts_every_statement_of_the_file(run: Run, shop: Path) -> None:
    one = "{id: %s, says: x, restates: be_kind}"
    slips = (
        "{id: c}",
        "{id: d, says: x, overrides: be_knd}",
        "{id: a, says: x, adds: Rule}",
        "{id: e, target: }",
    )
    assert "1 statement: 1 allowed, 0 refused (up" in run("overlay", "check", written(shop, one % "a"))[1]
    file = written(shop, one % "a", one % "b", "{id: f, says: x, overrides: keep_safe}", *slips)
    assert "7 statements: 2 allowed, 1 refused, 4 not judged (up" in run("overlay", "check", file)[1]
    assert (
        "left out: 7 statements: 2 allowed, 1 refused, 4 not judged"
        in run("overlay", "export", file, "--to", "agents")[2]
    )


def test_an_upstream_that_is_named_alone_is_taken_for_its_source(shop: Path) -> None:
    path = written(shop, "{id: a, says: x, overrides: be_kind}")
    path.write_text(path.read_text("utf-8").replace("{source: model_spec.md}", "model_spec.md"), "utf-8")
    report = ps.check_overlay(path)
    (told,) = (one for one in report.findings if one.code == "wrong-type")
    assert (told.span.line, told.hint) == (2, "write `upstream: {source: model_spec.md}`")
    assert [one.statement.id for one in report.allowed] == ["a"]


def test_an_overlay_without_a_source_tells_all_of_its_slips(shop: Path, run: Run) -> None:
    path = shop / "lost.yaml"
    path.write_text(HEAD.replace("{source:", "{release:") + "  hello\n", "utf-8")
    status, _, said = run("overlay", "check", path)
    assert (status, "missing" in said, "expected a list" in said) == (2, True, True)
    assert run("overlay", "check", path, "--upstream", shop / "model_spec.md")[0] == 1


@pytest.mark.parametrize(
    "text", ["# Rules\n\n- Be kind.\n", "---\ntitle: x\n---\n\n# Rules\n", "- a\nb: c\n"]
)
def test_markdown_is_no_overlay_and_the_command_that_reads_it_is_named(
    shop: Path, run: Run, text: str
) -> None:
    path = shop / "AGENTS.md"
    path.write_text(text, "utf-8")
    for command in (["check"], ["resolve"], ["export", "--to", "agents"], ["rebase", "--next", path]):
        status, _, said = run("overlay", *command, path)
        assert (status, "policyspec overlay import" in said, "Traceback" in said) == (2, True, False)


def test_a_level_of_an_upstream_without_levels_is_told_with_the_option_that_gives_them(shop: Path) -> None:
    (shop / "plain.md").write_text("# Greet\n\nIt should greet.\n", "utf-8")
    path = written(shop, "{id: a, says: x, overrides: greet}")
    (told,) = ps.check_overlay(path, upstream=shop / "plain.md").findings
    assert told.code == "unknown-level"
    assert "--annotations" in told.hint
    sidecar = shop / "side.yaml"
    sidecar.write_text(
        "levels: [{id: developer, roles: [developer]}]\nprovisions: {greet: {level: developer}}\n", "utf-8"
    )
    found = ps.check_overlay(path, upstream=shop / "plain.md", annotations=sidecar)
    assert [one.code for one in found.findings if one.severity is ps.Severity.ERROR] == []
    assert len(found.allowed) == 1


def test_an_unknown_name_of_upstream_is_to_be_corrected_and_not_declared(shop: Path) -> None:
    many = "".join(f"# Rule {n} {{#rule_{n} authority=user}}\n\nIt should be so.\n\n" for n in range(20))
    (shop / "model_spec.md").write_text(many, "utf-8")
    path = written(shop, "{id: a, says: x, overrides: greeting, voids: [none such]}")
    hints = {one.code: one.hint for one in ps.check_overlay(path).findings}
    assert hints["unknown-provision"] == "correct it: it names a provision of upstream"
    assert hints["unknown-example"] == "correct it: it names an example of upstream"


def test_patterns_that_no_file_can_match_are_told_and_others_are_not(shop: Path) -> None:
    never, some = (
        ["[a", "../x/**", "a/../b", "/abs/**"],
        ["[a]*", "shop/**", "[!a].py", "a..b", "!x/**", "{a,b}/*.py"],
    )
    statements = [
        f"{{id: s{n}, says: x, adds: T{n}, where: {{globs: ['{glob}']}}}}"
        for n, glob in enumerate([*never, *some])
    ]
    found = [
        one
        for one in ps.check_overlay(written(shop, *statements)).findings
        if "no file can match" in one.message
    ]
    assert [one.span.line for one in found] == [5, 6, 7, 8]
