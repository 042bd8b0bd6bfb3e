"""Which findings are told, and how severe they are."""

from __future__ import annotations

import pytest

from sphinx_policyspec.checks import Selection
from sphinx_policyspec.errors import CodeError
from sphinx_policyspec.model import Finding, Severity, Span, rules
from sphinx_policyspec.model.finding import codes_of

FOUND = [
    Finding(code=code, severity=Severity.WARNING, message="x", span=Span("a.md", 1))
    for code in ("unknown-level", "stray-mark", "empty-comparison")
]


def told(selection: Selection) -> dict[str, str]:
    return {finding.code: finding.severity.value for finding in selection.of(FOUND)}


def test_everything_is_told_unless_asked_otherwise() -> None:
    assert list(Selection().of(FOUND)) == FOUND


def test_a_category_stands_for_its_codes() -> None:
    assert codes_of(["examples"]) == {
        code for code, rule in rules().items() if rule.category.value == "examples"
    }
    assert told(Selection(select=("examples",))) == {"stray-mark": "warning", "empty-comparison": "warning"}


def test_what_is_ignored_is_left_out_of_what_is_selected() -> None:
    assert set(told(Selection(select=("examples",), ignore=("stray-mark",)))) == {"empty-comparison"}


def test_a_severity_of_a_code_counts_more_than_that_of_its_category() -> None:
    severity = {"stray-mark": "error", "examples": "hint", "unknown-level": "off"}
    assert told(Selection(severity=severity)) == {"stray-mark": "error", "empty-comparison": "hint"}


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(CodeError, match=r"`stray-mrk` is neither .* did you mean `stray-mark`?"):
        codes_of(["stray-mrk"])
