"""What a SPARQL parser says of a query, in few words: where, near what, and what it expected."""

from __future__ import annotations

import re

from sphinx_policyspec.graph.query_text import unclosed_iri, unpaired

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
    lines = sparql.split("\n")
    stop = sum(len(line) + 1 for line in lines[: int(found["line"]) - 1]) + int(found["column"]) - 1
    place, before, after = _around(sparql, stop)
    if "Prefix not found" in found["expected"] and (prefix := _PREFIX.search(before)):
        return f"{place}: the prefix `{prefix['name']}:` is not declared"
    wanted = dict.fromkeys(token["sign"] or token["word"] for token in _TOKEN.finditer(found["expected"]))
    in_iri = list(wanted) == [">"] or "IRI parsing failed" in found["expected"]
    half = (unclosed_iri(sparql) if in_iri else None) or unpaired(sparql)
    if half and half[0] <= stop:
        place, before, after = _around(sparql, half[0])
        return f"{place}: near {_near(before, after)}; {half[1]}"
    near = _near(before, after) or "its end"
    shown = [f"`{token}`" for token in wanted] if len(wanted) <= _MOST else []
    return f"{place}: near {near}" + (f"; expected {', '.join(shown)}" if shown else "")


def _around(sparql: str, offset: int) -> tuple[str, str, str]:
    """Return an offset as line and column, with what stands before and behind it on its line."""
    start = sparql.rfind("\n", 0, offset) + 1
    before, after = sparql[start:offset], sparql[offset:].partition("\n")[0]
    return f"line {sparql.count(chr(10), 0, offset) + 1}, column {offset - start + 1}", before, after


def _near(before: str, after: str) -> str:
    """Return the text around a place, in backticks."""
    left = before if len(before) <= _BEFORE else "…" + before[-_BEFORE:]
    right = after if len(after) <= _AFTER else after[:_AFTER] + "…"
    text = " ".join((left + right).split())
    end = ", at its end" if text and not after.strip() else ""
    return f"`{text}`{end}" if text else ""
