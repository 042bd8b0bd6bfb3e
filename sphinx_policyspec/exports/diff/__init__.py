"""The formats of what is told of releases, by the names that ``--format`` takes."""

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
"""What writes a ``SpecDiff``, with a ``BehaviourDiff``, what it does to cases, where these were given; ``text`` can also
be told the width and to use color."""

READING_FORMATS: Formats[ReadingList] = {"yaml": text.judgement_template, "json": json.json_reading_list}
"""The same of what a person has to read; ``yaml`` is a judgement file that is to be filled in."""

REVIEW_FORMATS: Formats[Review] = {"text": text.review_text, "json": json.json_review}
"""The same of a changelog against a diff."""

HISTORY_FORMATS: Formats[Sequence[Moment]] = {"text": text.history_text, "json": json.json_history}
"""The same of a provision over many releases."""

LOCK_FORMATS: Formats[Sequence[LockChange]] = {"text": text.lock_text, "json": json.json_lock}
"""The same of what changed since a lock."""

LOCK_FILE_FORMATS: Formats[Lock] = {"json": format_lock}
"""The one format of a lock."""
