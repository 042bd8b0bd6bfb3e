"""Typst code: the one place that writes texts and calls, so that nothing in a text is ever code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["array", "block", "call", "content", "is_right_to_left", "label", "string", "words"]

_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def string(text: str) -> str:
    """Return a string literal, in which nothing is markup; control characters and surrogates are replaced."""
    return '"' + "".join(_ESCAPED.get(char) or _shown(char) for char in text) + '"'


def _shown(char: str) -> str:
    return _REPLACEMENT if unicodedata.category(char) in {"Cc", "Cs"} else char


def words(text: str) -> str:
    """Return running text as content, with each run of white space as one space."""
    return f"#{string(_SPACES.sub(' ', text))};" if text else ""


def content(inner: str) -> str:
    """Return a content block, as an argument."""
    return f"[{inner}]"


def call(name: str, *arguments: str, **named: str) -> str:
    """Return a call inside content; arguments are code already."""
    given = [*arguments, *(f"{key.replace('_', '-')}: {value}" for key, value in named.items())]
    return f"#{name}({', '.join(given)});"


def block(name: str, *arguments: str, **named: str) -> str:
    """Return a call that makes a block, which stands between paragraphs on a line of its own."""
    return f"\n\n{call(name, *arguments, **named)}\n\n"


def array(values: Iterable[str]) -> str:
    """Return an array; one value makes one too."""
    return f"({''.join(f'{value}, ' for value in values)})"


def label(name: str) -> str:
    """Return a label for what stands before it."""
    return f"#label({string(name)});"


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction is written from right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False
