"""Options that hold many: divided by commas, or a list of YAML, which parsers hand out as its source text."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["items_of"]

_QUOTED = r"\"(?P<double>(?:\\.|[^\"\\])*+)\"|'(?P<single>(?:''|[^'])*+)'"
_IN_BRACKETS = re.compile(rf" ?(?:(?:{_QUOTED}) ?(?=,|$)|(?P<plain>[^,]*+))(?:,|$)")
# A block list may have been folded into one line.
_BEHIND_HYPHENS = re.compile(rf"- ?(?:(?:{_QUOTED})(?= -(?: |$)|$)|(?P<plain>(?:(?! -(?: |$)).)*+))(?: |$)")


def items_of(text: str, dividers: str) -> Iterator[str]:
    """Yield the items of an option's text, white space in them joined, empty ones left out.

    :param dividers: characters that divide them where the text is not a list of YAML
    """
    words = " ".join(text.split())
    if words.startswith("[") and words.endswith("]"):
        found = [_item(match) for match in _IN_BRACKETS.finditer(words[1:-1])]
    elif re.match(r"-(?: |$)", words):
        found = [_item(match) for match in _BEHIND_HYPHENS.finditer(words)]
    else:
        found = re.split(f"[{dividers}]", text)
    yield from filter(None, (" ".join(item.split()) for item in found))


def _item(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return re.sub(r"\\(.)", r"\1", match["double"])
    return match["plain"] if match["single"] is None else match["single"].replace("''", "'")
