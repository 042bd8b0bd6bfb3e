"""Rendering of results, and what all formats share: texts made safe for each kind of output, and findings as plain values."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sphinx_policyspec.files import dump_json, printable
from sphinx_policyspec.model import Finding, Span, rules
from sphinx_policyspec.readers.text import SourceLines

_Result = TypeVar("_Result")

Formats = Mapping[str, Callable[[_Result], str]]
"""Functions that write a result, by the names that ``--format`` takes."""

_LONGEST_MESSAGE = 2000
_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$])")
_LIST = re.compile(r"^(?=[-+=])|(?<=^\d)(?=[.)])|(?<=^\d\d)(?=[.)])")
"""Places where a text would begin a list, a heading or a rule in Markdown."""
_IN_SCRIPT = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
"""Characters that end a script in HTML, or a line of one in old parsers."""


def message_line(text: str) -> str:
    """Return a message as one line for a terminal; a very long one keeps both its ends."""
    half = _LONGEST_MESSAGE // 2
    return printable(text if len(text) <= 2 * half else f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}")


def script_safe(value: object) -> str:
    """Return a value as JSON in which no HTML parser sees the end of a script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)


def markdown_safe(text: str) -> str:
    """Return a text as Markdown that shows it unchanged: no markup, no HTML, no mention of a user."""
    plain = _LIST.sub(r"\\", _SPECIAL.sub(r"\\\1", " ".join(printable(text).split())))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A host finds names and addresses after escapes are resolved; a zero-width space breaks them up.
    return plain.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")


def spreadsheet_safe(text: str) -> str:
    """Return a cell that a spreadsheet does not run as a formula (OWASP, "CSV Injection")."""
    return (
        f"'{text}"
        if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        else text
    )


def json_object(
    values: Mapping[str, Any], findings: Iterable[Finding] = (), errors: Iterable[str] = ()
) -> str:
    """Return the output of a command as one JSON object, with a final line end.

    :param values: the keys of the command's own
    :param findings: problems in the input
    :param errors: messages about why the command failed
    """
    whole = {
        **values,
        "findings": [*map(finding_record, findings)] if "findings" not in values else values["findings"],
        "errors": [{"message": error} for error in errors],
    }
    return dump_json(whole, indent=1) + "\n"


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values; lines and columns count from 1."""
    return {
        "code": finding.code,
        "category": rules()[finding.code].category.value if finding.code in rules() else "",
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        **place_record(finding.span),
        "end_line": finding.span.end_line,
        "end_column": finding.span.end_column,
        "related": [place_record(span) for span in finding.related],
    }


def place_record(span: Span) -> dict[str, Any]:
    """Return the beginning of a span as plain values."""
    return {"file": span.file, "line": span.line, "column": span.column}


_PLACE = re.compile(r":\d+(?::\d+)?\b")
_LONGEST = 10_000
"""Characters above which a checksum replaces the words: a long line may have many findings."""


def fingerprints(findings: Iterable[Finding], lines: SourceLines) -> tuple[str, ...]:
    """Return a fingerprint for each finding, in their order.

    It is made of the code, the file, the words of the line and of its marked part, and a counter if all of these are
    equal. It stays the same if lines move, or if the wording of the message changes.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    prints = []
    cache: dict[tuple[str, int, int, int], str] = {}
    for finding in findings:
        parts = (finding.code, finding.span.file, *_words(finding, lines, cache))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        prints.append(hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32])
    return tuple(prints)


def _words(
    finding: Finding, lines: SourceLines, cache: dict[tuple[str, int, int, int], str]
) -> tuple[str, str]:
    """Return the words of a finding's line and of its marked part; its message if the file cannot be read.

    :param cache: cache of words, by file, line, begin and end
    """
    span = finding.span
    line = lines.line(span)
    if line is None:
        return "", _PLACE.sub("", finding.message)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    places = [(span.file, span.line, start, stop) for start, stop in ((0, len(line)), (span.column - 1, end))]
    for place in places:
        if place not in cache:
            cache[place] = _brief(" ".join(line[place[2] : place[3]].split()))
    return cache[places[0]], cache[places[1]]


def _brief(words: str) -> str:
    return words if len(words) <= _LONGEST else hashlib.sha256(words.encode(errors="replace")).hexdigest()
