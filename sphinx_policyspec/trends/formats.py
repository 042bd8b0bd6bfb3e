"""Sizes of sections as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from sphinx_policyspec.exports import Formats, json_object, spreadsheet_safe
from sphinx_policyspec.files import printable
from sphinx_policyspec.trends.sizes import SectionSize, SectionTrend, Trends

_LANGUAGE = "en"
_NOTE = (
    "Words of normative text (share of the whole), words a sentence (longest). Counts of English text, and no target: what is\n"
    "long may have to be."
)


def trends_text(trends: Trends) -> str:
    """Return a line for each section and release, with the change of its words since the previous release."""
    return "".join(f"{printable(line)}\n" for line in (*_lines(trends), "", *_NOTE.split("\n")))


def _lines(trends: Trends) -> Iterator[str]:
    width = max(map(len, (*trends.versions, "undated")))
    for section in (trends.whole, *trends.sections):
        name = f" ({section.id})" if section.id else ""
        yield f"{'  ' * max(section.depth - 1, 0)}{section.title or 'the whole spec'}{name}"
        before: SectionSize | None = None
        for version, size in zip(trends.versions, section.sizes, strict=True):
            yield f"{'  ' * max(section.depth, 1)}{version or 'undated':{width}}  {_size_text(size, before, section)}"
            before = size


def _size_text(size: SectionSize | None, before: SectionSize | None, section: SectionTrend) -> str:
    if size is None:
        return "not there"
    change = f" {size.words - before.words:+d}" if before and size.words != before.words else ""
    share = f" ({size.share:.1%})" if section.depth else ""
    sentence = (
        f", {size.words_per_sentence:.1f} a sentence ({size.longest_sentence})" if size.sentences else ""
    )
    former = f", as {size.id}" if size.id != section.id else ""
    return f"{size.words} words{change}{share}{sentence}{former}"


def trends_json(trends: Trends) -> str:
    """Return the sizes as one JSON object."""
    record = {
        "language": _LANGUAGE,
        "versions": [*trends.versions],
        "whole": _section(trends.whole),
        "sections": [*map(_section, trends.sections)],
    }
    return json_object(record)


def _section(section: SectionTrend) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "depth": section.depth,
        "sizes": [size and _size(size) for size in section.sizes],
    }


def _size(size: SectionSize) -> dict[str, Any]:
    return {
        "id": size.id,
        "words": size.words,
        "share": round(size.share, 4),
        "sentences": size.sentences,
        "words_per_sentence": round(size.words_per_sentence, 2),
        "longest_sentence": size.longest_sentence,
    }


def trends_csv(trends: Trends) -> str:
    """Return a row for each section in each release that has it, the whole spec first, with an empty id."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("section", "title", "depth", "release", *_size(SectionSize(id=""))))
    for section in (trends.whole, *trends.sections):
        for version, size in zip(trends.versions, section.sizes, strict=True):
            if size:
                cells = (section.id, section.title, section.depth, version, *_size(size).values())
                writer.writerow(
                    [spreadsheet_safe(printable(one)) if isinstance(one, str) else one for one in cells]
                )
    return out.getvalue()


TREND_FORMATS: Formats[Trends] = {"text": trends_text, "json": trends_json, "csv": trends_csv}
"""The functions that write sizes, by the names that ``--format`` takes."""
