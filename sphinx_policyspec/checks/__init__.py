"""What can be wrong with a spec: the checks of it as a whole, what runs them, and which of their findings to report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from sphinx_policyspec.errors import BaselineError
from sphinx_policyspec.files import load_json
from sphinx_policyspec.model import Category, Finding, Severity, Spec
from sphinx_policyspec.model.finding import OFF, Places, codes_of, rules
from sphinx_policyspec.readers.text import read_text

__all__ = ["Selection", "checks", "format_baseline", "in_source_order", "read_baseline", "run_checks"]


@cache
def checks() -> Mapping[str, Callable[[Spec], Iterator[Finding]]]:
    """Return the checks of a whole spec by their codes.

    The checks of names run together, as do those that need the places of names; others run where a text is read.
    """
    # Their patterns take long to compile, and a build without an edit runs none.
    from sphinx_policyspec.checks import conflicts, examples, names, prose  # noqa: PLC0415

    return {
        check.__name__.replace("_", "-"): check
        for module in (names, examples, conflicts, prose)
        for check in module.CHECKS
    }


def run_checks(spec: Spec, skip: Collection[str] = (), places: Places | None = None) -> tuple[Finding, ...]:
    """Return what every check finds, in source order.

    :param skip: codes of checks that do not run
    :param places: the places of names, as far as the reader of the spec knows them
    """
    from sphinx_policyspec.checks.conflicts import idle_permission, norm_out_of_scope  # noqa: PLC0415  as above
    from sphinx_policyspec.checks.names import check_names  # noqa: PLC0415

    wanted = [check for code, check in checks().items() if code not in skip]
    at = places or Places()
    of_names = (*check_names(spec, places), *idle_permission(spec, at), *norm_out_of_scope(spec, at))
    findings = (one for one in of_names if one.code not in skip)
    return in_source_order([*findings, *(one for check in wanted for one in check(spec))])


def in_source_order(findings: tuple[Finding, ...] | list[Finding]) -> tuple[Finding, ...]:
    """Return findings by file, line and column; those at one place have a fixed order, too."""
    return tuple(sorted(findings, key=lambda one: (one.span, one.code, one.message)))


# -- which findings to report ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which findings to report, and how severe they are.

    :param select: codes or categories to report alone; empty means all
    :param ignore: codes or categories to leave out
    :param severity: by code or category: a severity, or ``off``
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)

    @property
    def off(self) -> frozenset[str]:
        """The codes that are not reported."""
        others = rules().keys() - codes_of(self.select) if self.select else frozenset()
        off = {code for code, severity in self._severities().items() if severity == OFF}
        return codes_of(self.ignore) | off | others

    def _severities(self) -> dict[str, str]:
        """Return the severity that is set for each code; one for the code goes before one for its category."""
        in_order = sorted(self.severity.items(), key=lambda item: item[0] not in set(Category))
        return {code: severity for name, severity in in_order for code in codes_of([name])}

    def of(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings to report, with the severities that are set."""
        off, severities = self.off, self._severities()
        for finding in findings:
            severity = severities.get(finding.code, finding.severity.value)
            if finding.code not in off:
                same = severity == finding.severity.value
                yield finding if same else replace(finding, severity=Severity(severity))


_VERSION = 1
_WRITES = "`check --format baseline` writes one"


def format_baseline(findings: Iterable[tuple[Finding, str]]) -> str:
    """Return a baseline of findings with their fingerprints: the same text for the same findings.

    Lines are left out, so that a file whose lines have moved has the same baseline.
    """
    entries = sorted(
        (finding.span.file, finding.code, fingerprint, finding.message) for finding, fingerprint in findings
    )
    content = {
        "version": _VERSION,
        "findings": [
            {"file": file, "code": code, "fingerprint": fingerprint, "message": message}
            for file, code, fingerprint, message in entries
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints in a baseline file."""
    text, problems = read_text(path, path.name)
    try:
        content = load_json(text)
        version = content["version"]
        fingerprints = frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(f"`{path}` is not a baseline; {_WRITES}") from error
    if problems or version != _VERSION:
        raise BaselineError(f"`{path}` is not a baseline of version {_VERSION}; {_WRITES}")
    return fingerprints
