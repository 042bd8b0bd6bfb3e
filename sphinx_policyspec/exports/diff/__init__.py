"""The formats of diffs, histories and locks, by the names that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sphinx_policyspec.compare import ReadingList
from sphinx_policyspec.compare.history import Lock, LockChange, Moment, Review, format_lock
from sphinx_policyspec.exports import Formats
from sphinx_policyspec.exports.diff import json, text
from sphinx_policyspec.exports.diff.html import html_diff

DIFF_FORMATS: Mapping[str, Callable[..., str]] = {
    "text": text.text_diff,
    "json": json.json_diff,
    "markdown": text.markdown_diff,
    "html": html_diff,
    "changelog": lambda diff, _behaviour=None: text.changelog_entry(diff),
}
"""Functions that write a ``SpecDiff``, with a ``BehaviourDiff`` (its effect on cases) if there are cases; ``text`` also
accepts a width and whether to use color."""

READING_FORMATS: Formats[ReadingList] = {"yaml": text.judgement_template, "json": json.json_reading_list}
"""The same for a reading list; ``yaml`` is a judgement file to fill in."""

REVIEW_FORMATS: Formats[Review] = {"text": text.review_text, "json": json.json_review}
"""The same for the review of a changelog against a diff."""

HISTORY_FORMATS: Formats[Sequence[Moment]] = {"text": text.history_text, "json": json.json_history}
"""The same for the history of a provision over many releases."""

LOCK_FORMATS: Formats[Sequence[LockChange]] = {"text": text.lock_text, "json": json.json_lock}
"""The same for changes since a lock."""

LOCK_FILE_FORMATS: Formats[Lock] = {"json": format_lock}
"""The one format of a lock."""
