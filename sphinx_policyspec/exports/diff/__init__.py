"""The formats of what is told of releases, by the names that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from sphinx_policyspec.compare import ReadingList
from sphinx_policyspec.compare.history import Lock, LockChange, Moment, Review, format_lock
from sphinx_policyspec.exports.diff import json, text
from sphinx_policyspec.exports.diff.html import html_diff

__all__ = [
    "DIFF_FORMATS",
    "HISTORY_FORMATS",
    "LOCK_FILE_FORMATS",
    "LOCK_FORMATS",
    "READING_FORMATS",
    "REVIEW_FORMATS",
    "DiffWriter",
]

DiffWriter = Callable[..., str]
"""Writes a ``SpecDiff``, with a ``BehaviourDiff``, what it does to cases, where these were given."""

DIFF_FORMATS: Mapping[str, DiffWriter] = MappingProxyType(
    {
        "text": text.text_diff,
        "json": json.json_diff,
        "markdown": text.markdown_diff,
        "html": html_diff,
        "changelog": lambda diff, _behaviour=None: text.changelog_entry(diff),
    }
)
"""Each format with what writes it; ``text`` can also be told the width and to use color."""

READING_FORMATS: Mapping[str, Callable[[ReadingList], str]] = MappingProxyType(
    {"yaml": text.judgement_template, "json": json.json_reading_list}
)
"""The same of what a person has to read; ``yaml`` is a judgement file that is to be filled in."""

REVIEW_FORMATS: Mapping[str, Callable[[Review], str]] = MappingProxyType(
    {"text": text.review_text, "json": json.json_review}
)
"""The same of a changelog against a diff."""

HISTORY_FORMATS: Mapping[str, Callable[[Sequence[Moment]], str]] = MappingProxyType(
    {"text": text.history_text, "json": json.json_history}
)
"""The same of a provision over many releases."""

LOCK_FORMATS: Mapping[str, Callable[[Sequence[LockChange]], str]] = MappingProxyType(
    {"text": text.lock_text, "json": json.json_lock}
)
"""The same of what changed since a lock."""

LOCK_FILE_FORMATS: Mapping[str, Callable[[Lock], str]] = MappingProxyType({"json": format_lock})
"""The one format of a lock."""
