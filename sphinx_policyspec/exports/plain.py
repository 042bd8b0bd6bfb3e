"""Text that is safe on a terminal."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]


def printable(text: str) -> str:
    """Replace what could steer a terminal or forge a line: control and bidirectional characters."""
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char in "\n\t\r\u2028\u2029":
        return " "
    steers = (
        unicodedata.category(char) == "Cc" or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    return "\ufffd" if steers else char
