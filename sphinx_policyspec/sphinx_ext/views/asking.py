"""What directives that ask have in common: how many rows they expect."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec.model import Finding, Severity
from sphinx_policyspec.sphinx_ext.domain.records import Question
from sphinx_policyspec.sphinx_ext.pages.directive import PolicyDirective

__all__ = ["AskingDirective", "check_rows"]

_EXPECTED = re.compile(r"(?P<sign>>=|<=|>|<|=|)\s*(?P<count>\d{1,9})")


class AskingDirective(PolicyDirective):
    """Base of directives whose place an answer fills."""

    def expected(self) -> str:
        """Return the option ``expect-rows``, or nothing where it says no number."""
        given = self.option("expect-rows")
        if given and not _EXPECTED.fullmatch(given):
            line = self.option_line("expect-rows")
            self.find(
                "invalid-option", f"`{given}` is no number of rows", "write `3`, `>0` or `<=10`", line=line
            )
            return ""
        return given


def check_rows(question: Question, count: int) -> Iterator[Finding]:
    """Find another number of rows than a question expects."""
    match = _EXPECTED.fullmatch(question.expected)
    if match is None:
        return
    wanted = int(match["count"])
    holds = {
        "": count == wanted,
        "=": count == wanted,
        ">": count > wanted,
        "<": count < wanted,
        ">=": count >= wanted,
        "<=": count <= wanted,
    }
    if not holds[match["sign"]]:
        yield Finding(
            code="unexpected-rows",
            severity=Severity.WARNING,
            message=f"the answer has {count} rows, not {question.expected}",
            span=question.span,
        )
