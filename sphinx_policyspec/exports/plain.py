"""Text that leaves: what makes a text of anybody's data in a terminal, HTML, a script, Markdown and a spreadsheet."""

from __future__ import annotations

import json
import re
import unicodedata
from html import escape

from sphinx_policyspec.files import BIDIRECTIONAL

__all__ = ["html_safe", "markdown_safe", "message_line", "printable", "script_safe", "spreadsheet_safe"]

_LONGEST_MESSAGE = 2000
_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$])")
_LIST = re.compile(r"^(?=[-+=])|(?<=^\d)(?=[.)])|(?<=^\d\d)(?=[.)])")
"""Where a text would begin a list, a heading or a rule."""
_IN_SCRIPT = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
"""What ends a script, or a line of one in old parsers."""


def printable(text: str) -> str:
    """Replace what could steer a terminal or forge a line: control and bidirectional characters."""
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char in "\n\t\r\u2028\u2029":
        return " "
    steers = unicodedata.category(char) == "Cc" or char in BIDIRECTIONAL
    return "\ufffd" if steers else char


def message_line(text: str) -> str:
    """Return a message as a line that a terminal shows; of one that somebody made very long, both ends stand."""
    half = _LONGEST_MESSAGE // 2
    return printable(text if len(text) <= 2 * half else f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}")


def html_safe(text: str) -> str:
    """Return a text that says the same in HTML, inside an element or the quotes of an attribute."""
    return escape(printable(text))


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
