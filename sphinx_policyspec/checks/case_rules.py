"""Codes of what is found in cases of the chain of command."""

from __future__ import annotations

from sphinx_policyspec.model import Category, Rule, Severity

__all__ = ["CASE_RULES"]

_REFERENCE = "the case reference of this documentation"

CASE_RULES = (
    Rule(
        code="unreadable-case",
        category=Category.CASES,
        severity=Severity.ERROR,
        found="a case file that is no YAML",
        mend="mend it at the line that the message names",
        rationale="none of its cases can be decided",
        source="YAML 1.2.2",
    ),
    Rule(
        code="unknown-item",
        category=Category.CASES,
        severity=Severity.ERROR,
        found="an item or issue that the case does not have, or an exemption of nothing",
        mend="correct it",
        rationale="an expectation about nothing is always met, and an exemption of nothing never matters",
        source=_REFERENCE,
    ),
    Rule(
        code="unknown-example",
        category=Category.CASES,
        found="an example that the spec does not have; the case is decided all the same",
        mend="give the title or the id of one",
        rationale="readers cannot compare the case with the example that it formalises",
        source=_REFERENCE,
    ),
    Rule(
        code="delegation-cycle",
        category=Category.CASES,
        severity=Severity.ERROR,
        found="texts that give each other a say",
        mend="say which of them has it from somebody else",
        rationale="authority that comes from nowhere would be made up",
        source="OpenAI Model Spec, ignore untrusted data by default",
    ),
    Rule(
        code="case-too-large",
        category=Category.CASES,
        severity=Severity.ERROR,
        found="a case with more conflicts than can be listed, or a file with more cases than a person wrote",
        mend="split it by issues, which do not interact",
        rationale="each two items of one issue are compared, which would take minutes and gigabytes",
        source=_REFERENCE,
    ),
)
"""In the order of the reference page."""
