"""What renders results, and what all of it shares: texts that are plain text wherever they stand, and findings as values."""

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

_Told = TypeVar("_Told")

Formats = Mapping[str, Callable[[_Told], str]]
"""What writes a result, by the names that ``--format`` takes."""

_LONGEST_MESSAGE = 2000
_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$])")
_LIST = re.compile(r"^(?=[-+=])|(?<=^\d)(?=[.)])|(?<=^\d\d)(?=[.)])")
"""Where a text would begin a list, a heading or a rule."""
_IN_SCRIPT = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
"""What ends a script, or a line of one in old parsers."""


def message_line(text: str) -> str:
    """Return a message as a line that a terminal shows; of one that somebody made very long, both ends stand."""
    half = _LONGEST_MESSAGE // 2
    return printable(text if len(text) <= 2 * half else f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}")


def script_safe(value: object) -> str:
    """Return a value as JSON that no parser of HTML takes for the end of its script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)


def markdown_safe(text: str) -> str:
    """Return a text that says the same as Markdown: no markup, no HTML, no mention of a user."""
    plain = _LIST.sub(r"\\", _SPECIAL.sub(r"\\\1", " ".join(printable(text).split())))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A host finds names and addresses after escapes are resolved; a space of no width parts them.
    return plain.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")


def spreadsheet_safe(text: str) -> str:
    """Keep a spreadsheet from running a cell as a formula (OWASP, "CSV Injection")."""
    return (
        f"'{text}"
        if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        else text
    )


def json_object(told: Mapping[str, Any], findings: Iterable[Finding] = (), errors: Iterable[str] = ()) -> str:
    """Return what a command says as one JSON object, with a final line end.

    :param told: its own keys
    :param findings: what is wrong with what it was given
    :param errors: why it could not be done
    """
    whole = {
        **told,
        "findings": [*map(finding_record, findings)] if "findings" not in told else told["findings"],
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
    """Return where something begins, as plain values."""
    return {"file": span.file, "line": span.line, "column": span.column}


_PLACE = re.compile(r":\d+(?::\d+)?\b")
_LONGEST = 10_000
"""Characters beyond which the checksum of words stands for them: a long line may have many findings."""


def fingerprints(findings: Iterable[Finding], lines: SourceLines) -> tuple[str, ...]:
    """Return a fingerprint for each finding, in their order.

    It is made of the code, the file, the words of the line and the marked part of it, and a count where
    all of these are equal. Lines that move keep it, and so do other words for the same message.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    known: dict[tuple[str, int, int, int], str] = {}
    for finding in findings:
        parts = (finding.code, finding.span.file, *_words(finding, lines, known))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        made.append(hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32])
    return tuple(made)


def _words(
    finding: Finding, lines: SourceLines, known: dict[tuple[str, int, int, int], str]
) -> tuple[str, str]:
    """Return what the finding stands at, or says where its file cannot be read.

    :param known: the words of places that were asked for, by file, line, begin and end
    """
    span = finding.span
    line = lines.line(span)
    if line is None:
        return "", _PLACE.sub("", finding.message)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    places = [(span.file, span.line, start, stop) for start, stop in ((0, len(line)), (span.column - 1, end))]
    for place in places:
        if place not in known:
            known[place] = _brief(" ".join(line[place[2] : place[3]].split()))
    return known[places[0]], known[places[1]]


def _brief(words: str) -> str:
    return words if len(words) <= _LONGEST else hashlib.sha256(words.encode(errors="replace")).hexdigest()
