"""What a reader returns: the spec and what its author should know about the text."""

from __future__ import annotations

from dataclasses import dataclass

from sphinx_policyspec.model import Finding, Spec

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A spec that was read, however bad the input, with the findings in source order."""

    spec: Spec
    findings: tuple[Finding, ...] = ()
