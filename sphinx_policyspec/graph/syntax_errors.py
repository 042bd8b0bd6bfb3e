"""What a SPARQL parser says of a query, in few words: where, near what, and what it expected."""

from __future__ import annotations

import re

from sphinx_policyspec.graph.query_text import is_open

__all__ = ["syntax_message"]

_POSITION = re.compile(
    r"\s*error at (?P<line>\d+):(?P<column>\d+): expected (?:one of )?(?P<expected>.*)", re.DOTALL
)
# Not a backslash, and no keyword that the guard refuses.
_TOKEN = re.compile(r'"(?P<sign>[^"\\]+)"|(?<![\w\'\[{])(?P<word>(?!SERVICE|LATERAL)[A-Z]{2,})(?![\w\'\]])')
_PREFIX = re.compile(r"(?<![\w.:-])(?P<name>[\w.-]*):[\w.%-]*\s*$")
_BEFORE, _AFTER = 24, 16
"""Characters that are shown around the place."""
_MOST = 6
"""Expectations that are listed; where a grammar allows more, they say nothing."""
_ENGINE = 160
"""Characters of a message that has no known form."""


def syntax_message(sparql: str, message: str) -> str:
    """Return the parser's message with line, column, the text around them and at most a few expectations."""
    found = _POSITION.match(message)
    if found is None:
        line = " ".join(message.split())
        return line if len(line) <= _ENGINE else line[: _ENGINE - 1] + "…"
    number, column = int(found["line"]), int(found["column"])
    lines = sparql.split("\n")
    text = lines[number - 1] if number <= len(lines) else ""
    before, after = text[: column - 1], text[column - 1 :]
    place = f"line {number}, column {column}"
    if "Prefix not found" in found["expected"] and (prefix := _PREFIX.search(before)):
        return f"{place}: the prefix `{prefix['name']}:` is not declared"
    near = _near(before, after) or "its end"
    wanted = dict.fromkeys(token["sign"] or token["word"] for token in _TOKEN.finditer(found["expected"]))
    if not after.strip() and is_open(sparql):
        return f"{place}: near {near}; a bracket is never closed"
    shown = [f"`{token}`" for token in wanted] if len(wanted) <= _MOST else []
    return f"{place}: near {near}" + (f"; expected {', '.join(shown)}" if shown else "")


def _near(before: str, after: str) -> str:
    """Return the text around a place, in backticks."""
    left = before if len(before) <= _BEFORE else "…" + before[-_BEFORE:]
    right = after if len(after) <= _AFTER else after[:_AFTER] + "…"
    text = " ".join((left + right).split())
    end = ", at its end" if text and not after.strip() else ""
    return f"`{text}`{end}" if text else ""
