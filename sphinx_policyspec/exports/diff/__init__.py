"""The formats of a diff, by the names that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sphinx_policyspec.exports.diff.history import changelog_entry
from sphinx_policyspec.exports.diff.html import html_diff
from sphinx_policyspec.exports.diff.json import json_diff
from sphinx_policyspec.exports.diff.text import markdown_diff, text_diff

__all__ = ["DIFF_FORMATS", "DiffWriter"]

DiffWriter = Callable[..., str]
"""Writes a ``SpecDiff``, with a ``BehaviourDiff``, what it does to cases, where these were given."""

DIFF_FORMATS: Mapping[str, DiffWriter] = MappingProxyType(
    {
        "text": text_diff,
        "json": json_diff,
        "markdown": markdown_diff,
        "html": html_diff,
        "changelog": lambda diff, _behaviour=None: changelog_entry(diff),
    }
)
"""Each format with what writes it; ``text`` can also be told the width and to use color."""
