"""Baselines: findings that are known already and are not told again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from sphinx_policyspec.errors import BaselineError
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.json_text import load_json
from sphinx_policyspec.readers.text import read_text

__all__ = ["format_baseline", "read_baseline"]

_VERSION = 1


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
        known = frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (ValueError, KeyError, TypeError) as error:
        why = f" ({error})" if isinstance(error, ValueError) else ""
        raise BaselineError(f"`{path}` is no baseline{why}; --write-baseline writes one") from None
    if problems or version != _VERSION:
        raise BaselineError(f"`{path}` is no baseline of version {_VERSION}; --write-baseline writes one")
    return known
