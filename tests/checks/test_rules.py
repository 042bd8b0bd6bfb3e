"""Every code has one rule, a quiet and a loud fixture, and a place in the reference."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sphinx_policyspec.checks import checks, run_checks
from sphinx_policyspec.model import Category, RefusalCode, Rule, Severity, Spec, VerdictNote, rules
from tests.checks.fixtures import CASES, case_file, found_in
from tests.conftest import REPOSITORY, at, principle, spec

PACKAGE = REPOSITORY / "sphinx_policyspec"
REPORTERS = {
    "Finding",
    "Slip",
    "_circle",
    "_error",
    "_find",
    "_finding",
    "_found",
    "_known",
    "_slip",
    "choice",
    "find",
    "finding",
}
KINDS = ("category", "goal", "item", "level", "provision", "role", "topic")
"""What a name can be of that is unknown; each has a code of its own."""
LESS = ("decision-record", "example", "feedback", "prompt", "release")
"""What does less harm where it is unknown."""
JUDGED = {*RefusalCode, VerdictNote.RESTATES, VerdictNote.TAKES_SWITCH}
"""What verdicts about overlays are told by."""
NOT_FINDINGS = {"annotations", "config"}
"""Said by a sidecar given by hand, and by Sphinx alone."""


def reported_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield code and severity of each place in a module that makes a finding."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in REPORTERS:
            continue
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        given = options.get("severity")
        severity = given.attr.lower() if isinstance(given, ast.Attribute) else ""
        if isinstance(code := options.get("code"), ast.Constant):
            yield str(code.value), severity
        for value in (code, *node.args):
            if isinstance(value, ast.JoinedStr) and ast.unparse(value).startswith("f'unknown-{"):
                yield from ((f"unknown-{kind}", severity) for kind in KINDS)
            elif isinstance(value, ast.Constant) and value.value in LESS:
                yield f"unknown-{value.value}", severity
            elif isinstance(value, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)+", str(value.value)):
                yield str(value.value), severity


def all_reported() -> list[tuple[str, str]]:
    return [found for path in sorted(PACKAGE.rglob("*.py")) for found in reported_in(path)]


RULES = tuple(rules().values())


def test_every_code_that_is_reported_has_a_rule_and_no_rule_is_dead() -> None:
    assert {code for code, _ in all_reported()} | NOT_FINDINGS | JUDGED == {rule.code for rule in RULES}


def test_a_place_that_finds_says_a_severity_only_where_it_is_another_than_that_of_the_rule() -> None:
    said = [(code, severity) for code, severity in all_reported() if severity]
    assert [code for code, severity in said if severity not in rules()[code].variant] == []


def faults_of(rule: Rule) -> Iterator[str]:
    """Yield what is wrong with how a rule is told."""
    if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", rule.code):
        yield "code"
    for name in ("pattern", "fix", "rationale", "source"):
        text = getattr(rule, name)
        if not text or text != text.strip() or text.endswith("."):
            yield name
    if (check := checks().get(rule.code)) and not (check.__doc__ or "").startswith("Find "):
        yield "docstring of its function"


def test_every_rule_says_what_why_and_where_from() -> None:
    assert {rule.code: found for rule in RULES if (found := list(faults_of(rule)))} == {}
    assert checks().keys() <= rules().keys()


def test_every_category_has_a_title_and_prose_is_a_hint() -> None:
    assert len({category.heading for category in Category}) == len(Category)
    prose = [rule for rule in RULES if rule.category in {Category.TRUE, Category.ACTIONABLE}]
    assert {rule.severity for rule in prose} <= {Severity.HINT}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_quiet_fixture_is_quiet(rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = found_in(case_file(rule.code, "good"), tmp_path, monkeypatch)
    assert [line for line in found if line.endswith(f"[{rule.code}]")] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_loud_fixture_is_loud(rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = found_in(case_file(rule.code, "bad"), tmp_path, monkeypatch)
    approved = (CASES / rule.code / "bad.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in found if line.endswith(f"[{rule.code}]")] == approved != []


def test_no_fixture_is_left_of_a_code_that_is_gone() -> None:
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == {rule.code for rule in RULES}


def test_of_an_empty_spec_nothing_else_is_told() -> None:
    assert [finding.code for finding in run_checks(spec())] == ["no-principle"]


def test_findings_at_one_place_keep_their_order() -> None:
    found = run_checks(spec(principle(authority="usr"), principle("b", authority="usr")))
    assert list(found) == sorted(found, key=lambda f: (f.span, f.code, f.message))


def calls(read: Spec) -> int:
    """Return how many functions the checks of a spec call."""
    count = 0

    def called(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(called)
    try:
        list(run_checks(read))
    finally:
        sys.setprofile(None)
    return count


def large(count: int) -> Spec:
    """Return a spec in which every principle is related to others, and has an example and prose."""
    return spec(
        *(
            principle(
                f"p{number}",
                text="A reader must always be answered; see the only exception by default.",
                category=("", "restricted")[number % 2],
                exempts=("sensitive",),
                exception_to=(f"p{number + 1}",),
                preferred_over=(f"p{number - 1}",),
                conflicts_with=(f"p{number + 2}",),
                refines=(f"p{number + 3}",),
                serves=("peace",),
                span=at(number + 1),
            )
            for number in range(count)
        ),
    )


def test_the_work_of_all_checks_grows_with_the_text_and_no_faster() -> None:
    calls(large(20))  # caches of patterns
    few, many = calls(large(150)), calls(large(600))
    assert many < 5 * few
