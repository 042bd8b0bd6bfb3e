"""JSON that others wrote, within limits of size and depth."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["MAX_DEPTH", "load_json"]

MAX_DEPTH = 100
_MAX_CHARACTERS = 16 * 2**20
"""What `{},` fills 25 times its size in memory with."""
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
