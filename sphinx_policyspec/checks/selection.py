"""Which findings to tell, and how severe they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sphinx_policyspec.checks import RULES
from sphinx_policyspec.errors import CodeError
from sphinx_policyspec.model import Category, Finding, Severity
from sphinx_policyspec.nearest import nearest

__all__ = ["OFF", "Selection", "codes_of"]

OFF = "off"
"""The severity of a code that is not to be told."""


def codes_of(names: Iterable[str]) -> frozenset[str]:
    """Return the codes that names stand for: a code, or a category for all of its codes."""
    codes: set[str] = set()
    for name in names:
        found = {rule.code for rule in RULES if name in {rule.code, rule.category.value}}
        if not found and name not in set(Category):
            known = [*(rule.code for rule in RULES), *Category]
            raise CodeError(f"`{name}` is neither a code nor a category; {nearest(name, known)}".rstrip("; "))
        codes |= found
    return frozenset(codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked of findings.

    :param select: codes or categories to tell alone; empty means all
    :param ignore: codes or categories to leave out
    :param severity: by code or category: a severity, or ``off``
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)

    def of(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that are to be told, as severe as they are to be."""
        wanted, unwanted = codes_of(self.select), codes_of(self.ignore)
        severities = {
            code: severity
            for name, severity in sorted(self.severity.items(), key=lambda item: item[0] not in set(Category))
            for code in codes_of([name])
        }
        for finding in findings:
            severity = severities.get(finding.code, finding.severity.value)
            chosen = not wanted or finding.code in wanted
            if chosen and finding.code not in unwanted and severity != OFF:
                same = severity == finding.severity.value
                yield finding if same else replace(finding, severity=Severity(severity))
