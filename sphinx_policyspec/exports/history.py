"""The history of a provision, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sphinx_policyspec.compare.history import Moment
from sphinx_policyspec.exports.diff_words import sentence
from sphinx_policyspec.exports.plain import printable

__all__ = ["HISTORY_FORMATS"]


def _text(moments: tuple[Moment, ...]) -> str:
    return "".join(f"{printable(line)}\n" for line in _lines(moments))


def _lines(moments: tuple[Moment, ...]) -> Iterator[str]:
    for moment in moments:
        held = f"{moment.words} words, {moment.examples} examples"
        yield f"{moment.version or 'undated'}  {moment.title} ({moment.id}): {moment.level or 'no level'}, {held}"
        for change in moment.changes:
            yield f"  {change.weight.value:10} {sentence(change)}"


def _json(moments: tuple[Moment, ...]) -> str:
    told = [
        {
            "version": moment.version,
            "id": moment.id,
            "title": moment.title,
            "level": moment.level,
            "words": moment.words,
            "examples": moment.examples,
            "changes": [
                {"kind": c.kind.value, "weight": c.weight.value, "rule": c.rule, "text": sentence(c)}
                for c in moment.changes
            ],
        }
        for moment in moments
    ]
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


HISTORY_FORMATS: Mapping[str, Callable[[tuple[Moment, ...]], str]] = MappingProxyType(
    {"text": _text, "json": _json}
)
"""Each format with what writes it."""
