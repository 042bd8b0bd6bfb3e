"""A value put into a list to which keys of a YAML file lead, or taken out of it: what is there stays, byte for byte.

What is put in where nothing stood is written so that it can be told what stood there: a list or mapping that was empty has a
blank before its closing sign then, a list that was a lone value one after its opening sign, and what is after a key that
had no value one on either side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

Replaced = tuple[int, int, str]
"""Where a text begins and ends that is replaced, and by what."""
_Pair = tuple[yaml.Node, yaml.Node]
_MORE = re.compile(r",? ?")


def with_value(
    text: str, root: yaml.Node | None, path: Sequence[str], names: Sequence[str], value: str
) -> Replaced | None:
    """Return the edit that puts a value at the beginning of the list to which some keys lead; nothing where it cannot be.

    :param path: the keys as they stand in the text
    :param names: the keys as they are written where they are missing
    :param value: as it is written
    """
    if root is None or (_is_null(root) and root.start_mark.index == root.end_mark.index):
        lines = _block(names, value, "")
        # A file ends as it did.
        return len(text), len(text), f"\n{lines}" if text and not text.endswith("\n") else f"{lines}\n"
    node = root
    for depth, key in enumerate(path):
        if _is_null(node):
            return _instead(text, node, _flow(names[depth:], value))
        if not isinstance(node, yaml.MappingNode):
            return None
        pair = next((one for one in node.value if one[0].value == key), None)
        if pair is None:
            return _added(text, node, names[depth:], value)
        if _is_anchored(pair):
            return None
        node = pair[1]
    return _instead(text, node, f"[{value}]") if _is_null(node) else _listed(text, node, value)


def without_value(text: str, root: yaml.Node | None, path: Sequence[str], value: str) -> Replaced | None:
    """Return the edit that takes a value, and those before it, out of the list to which some keys lead.

    Of what was made for them, nothing is left: it is the reverse of :func:`with_value`, done once or several times.

    :param value: as it is read
    """
    found: list[tuple[yaml.MappingNode, _Pair]] = []
    node = root
    for key in path:
        pair = next((one for one in _pairs(node) if one[0].value == key), None)
        if pair is None or _is_anchored(pair) or not isinstance(node, yaml.MappingNode):
            return None
        found.append((node, pair))
        node = pair[1]
    items = list(node.value) if isinstance(node, yaml.SequenceNode) else [node] if node else []
    last = next((n for n, one in enumerate(items) if one.value == value), None)
    if node is None or last is None or any(one.start_mark.index < node.start_mark.index for one in items):
        return None
    kept = items[last + 1 :]
    if not kept:
        return _emptied(text, found, node)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return node.start_mark.index, text.rindex("-", 0, kept[0].start_mark.index), ""
    if len(kept) == 1 and _blanks(text, node) == (True, False):
        alone = text[kept[0].start_mark.index : kept[0].end_mark.index]
        return node.start_mark.index, node.end_mark.index, alone
    return items[0].start_mark.index, kept[0].start_mark.index, ""


def _pairs(node: yaml.Node | None) -> list[_Pair]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _is_anchored(pair: _Pair) -> bool:
    """Return whether a value is at an anchor, and is part of other things, too."""
    return pair[1].start_mark.index < pair[0].end_mark.index


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


# -- in -------------------------------------------------------------------------------------


def _flow(names: Sequence[str], value: str) -> str:
    """Return keys, each below the one before, in one line."""
    return f"{{{names[0]}: {_flow(names[1:], value)}}}" if names else f"[{value}]"


def _block(names: Sequence[str], value: str, indent: str) -> str:
    """Return keys, each in a line below the one before."""
    lines = (f"{'  ' * depth}{name}:" for depth, name in enumerate(names))
    return f"\n{indent}".join(lines) + f" [{value}]"


def _instead(text: str, node: yaml.Node, words: str) -> Replaced | None:
    """Return the edit that writes something where nothing is after a key."""
    start, end = node.start_mark.index, node.end_mark.index
    words = f"{words[0]} {words[1:-1]} {words[-1]}"
    if start == end:
        behind = len(text[:start].rstrip())
        return (behind, behind, f" {words}") if text[:behind].endswith(":") else None
    return start, end, words


def _added(text: str, node: yaml.MappingNode, names: Sequence[str], value: str) -> Replaced | None:
    """Return the edit that adds keys to a mapping, as its first ones."""
    first: int = node.value[0][0].start_mark.index if node.value else node.start_mark.index + 1
    if node.flow_style:
        words = f"{names[0]}: {_flow(names[1:], value)}{', ' if node.value else ' '}"
        return (first, first, words) if text[node.start_mark.index] == "{" else None
    lead = text[text.rfind("\n", 0, first) + 1 : first]
    return None if lead.strip() else (first, first, f"{_block(names, value, lead)}\n{lead}")


def _listed(text: str, node: yaml.Node, value: str) -> Replaced | None:
    """Return the edit that adds a value to a list, or to a text that stands for a list of one."""
    start, end = node.start_mark.index, node.end_mark.index
    sign = text[start : start + 1]
    if isinstance(node, yaml.ScalarNode):
        return None if sign in "|>&!" else (start, end, f"[ {value}, {text[start:end]}]")
    if not isinstance(node, yaml.SequenceNode):
        return None
    if not node.flow_style:
        lead = " " * node.start_mark.column
        return (start, start, f"- {value}\n{lead}") if sign == "-" else None
    first: int = node.value[0].start_mark.index if node.value else start + 1
    return (first, first, f"{value}{', ' if node.value else ' '}") if sign == "[" else None


# -- out ------------------------------------------------------------------------------------


def _blanks(text: str, node: yaml.Node) -> tuple[bool, bool]:
    """Return whether what is between signs has a blank after the first, and one before the last."""
    start, end = node.start_mark.index, node.end_mark.index
    is_signed = isinstance(node, yaml.CollectionNode) and bool(node.flow_style)
    return is_signed and text[start + 1 : start + 2] == " ", is_signed and text[end - 2 : end - 1] == " "


def _emptied(text: str, found: list[tuple[yaml.MappingNode, _Pair]], node: yaml.Node) -> Replaced | None:
    """Return the edit that leaves nothing of a value.

    :param found: the pairs that lead to it, each with its mapping
    """
    start, end = node.start_mark.index, node.end_mark.index
    blanks = _blanks(text, node)
    if blanks == (True, True):
        return len(text[:start].rstrip()), end, ""
    if blanks == (False, True) or not found:
        signs = text[start] + text[end - 1]
        return (start, end, signs) if signs in {"[]", "{}"} else _lines_out(text, start, _end(node))
    mapping, (key, value) = found[-1]
    if len(mapping.value) == 1:
        return _emptied(text, found[:-1], mapping)
    if not mapping.flow_style:
        return _lines_out(text, key.start_mark.index, _end(value))
    place = next(n for n, one in enumerate(mapping.value) if one[0] is key)
    if place:
        return _end(mapping.value[place - 1][1]), _end(value), ""
    more = _MORE.match(text, _end(value))
    return key.start_mark.index, more.end() if more else _end(value), ""


def _end(node: yaml.Node) -> int:
    """Return where a value ends; that of a block is said to end where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return end


def _lines_out(text: str, start: int, end: int) -> Replaced | None:
    """Return the edit that takes whole lines out; a file ends as it did."""
    begins = text.rfind("\n", 0, start) + 1
    if text[begins:start].strip():
        return None
    if (ends := text.find("\n", end) + 1) or not begins:
        return begins, ends or len(text), ""
    return begins - 1 - (text[begins - 2 : begins - 1] == "\r"), len(text), ""
