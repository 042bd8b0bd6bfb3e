"""What a check of a SOURCE has to tell, in the form that every format writes from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sphinx_policyspec.model import Finding, Rule, Severity
from sphinx_policyspec.readers.source_lines import SourceLines

__all__ = ["Report", "Reported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One finding with what tells it from others.

    :param fixable: whether it can be mended without asking anyone what was meant
    """

    finding: Finding
    fingerprint: str
    fixable: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings about one SOURCE, in source order.

    :param rules: every rule that was looked for
    :param known: how many findings a baseline holds back
    :param problem: why the SOURCE could not be used at all, if so; then there are no findings
    :param fail_on: the least severe finding that makes the check fail
    """

    source: str
    lines: SourceLines
    rules: tuple[Rule, ...] = ()
    findings: tuple[Reported, ...] = ()
    known: int = 0
    problem: str = ""
    fail_on: Severity = Severity.ERROR

    def count(self, severity: Severity) -> int:
        """Return how many findings are as severe as that."""
        return sum(1 for item in self.findings if item.finding.severity is severity)

    def fails(self, finding: Finding) -> bool:
        """Tell whether a finding makes the check fail."""
        order = list(Severity)
        return order.index(finding.severity) <= order.index(self.fail_on)

    @property
    def failed(self) -> bool:
        """Whether any finding makes the check fail."""
        return any(self.fails(item.finding) for item in self.findings)

    @property
    def by_file(self) -> Iterator[tuple[str, list[Reported]]]:
        """The files with findings, in order, each with them."""
        files: dict[str, list[Reported]] = {}
        for item in self.findings:
            files.setdefault(item.finding.span.file, []).append(item)
        yield from files.items()

    def path(self, file: str) -> str:
        """Return a file's path as seen from the folder one works in; absolute where it lies outside."""
        if (path := self.lines.path(file)) is None:
            return file
        whole = Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are written
        here = Path.cwd()
        return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else whole.as_posix()
