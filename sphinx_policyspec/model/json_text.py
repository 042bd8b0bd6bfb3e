"""JSON that others wrote, within limits of size and depth; JSON of ours, which steers no terminal."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["BIDIRECTIONAL", "MAX_DEPTH", "dump_json", "load_json"]

MAX_DEPTH = 100
_MAX_CHARACTERS = 16 * 2**20
"""What `{},` fills 25 times its size in memory with."""
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the direction of writing around."""
_STEERING = str.maketrans(
    {
        char: f"\\u{ord(char):04x}"
        for char in (*BIDIRECTIONAL, *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029")
    }
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def load_json(text: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return what JSON holds; :class:`ValueError` says where and why not, before anything is made of it."""
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"larger than {_MAX_CHARACTERS // 2**20} MiB: write it in parts")
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, token.start()) + 1
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels: line {line}")
    return json.loads(text)


def dump_json(value: object, *, indent: int | None = None) -> str:
    """Return JSON in which letters stand as they are, and what could steer a terminal or forge a line is escaped."""
    return json.dumps(value, ensure_ascii=False, indent=indent).translate(_STEERING)
