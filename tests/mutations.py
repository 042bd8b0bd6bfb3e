"""A seeded mutator: what editors, mergers and attackers do to a file of any kind."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

LARGEST = 2**16
"""Bytes of a mutant."""
CHARACTERS = (
    *(chr(code) for code in (0, 7, 8, 9, 11, 12, 13, 0x1B, 0x7F, 0x85, 0x9B)),
    *"\xa0\xad\u061c\u200b\u200d\u200f\u2028\u2029\u202e\u2066\u2069\ufeff\ufffd\ufffe\uffff\U000e0041\U0010ffff",
    *"²٣Ⅷµßİıſﬁ\u0301\u1160\u3164字🏳",
    *"\"'`\\/<>&{}[]()|#%@!?*_~^$:;,.=+- \n",
)
BAD_BYTES = (
    b"\xff",
    b"\xc0\x80",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x80" * 9,
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)
NUMBERS = (b"0", b"-1", b"00", b"1e999", b"-0.5", b"1_000", b"0x1F", b"2147483648", b"9" * 25, b"9" * 5000)
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x" * 5000,
    "\x00\x1b[31m\u202e",
    "line\nbreak",
    "null",
    "../..",
    "<<",
    "²",
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"@id": []},
)
_WORD = re.compile(rb"[\w-]{2,}")
_NUMBER = re.compile(rb"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A kind of file, as far as a mutator knows it.

    :param seeds: good files
    :param tokens: what means something in them, and hurts in the wrong place; at least one
    :param opening: what opens a level, again and again
    :param is_tree: whether a file is JSON or YAML
    """

    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    opening: tuple[tuple[bytes, bytes], ...] = ((b"[", b"]"), (b"(", b")"), (b"{", b"}"))
    is_tree: bool = False


Mutation = Callable[[bytes, Grammar, random.Random], bytes]


def cut(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Cut a stretch out."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.choice((1, 1, 5, 50, 200)) :]


def truncate(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Lose the end."""
    return data[: rng.randrange(len(data) + 1)]


def double(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Repeat a stretch of lines."""
    lines, start, end = _stretch(data, rng)
    return b"".join(lines[:end] + lines[start:])


def repeat(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Repeat a line or a few characters very often."""
    lines, start, _ = _stretch(data, rng)
    line = b"".join(lines[start : start + 1])
    if rng.random() < 0.5 and line:
        place = rng.randrange(len(line))
        some = line[place : place + rng.randrange(1, 4)]
        many = line[:place] + some * rng.choice((50, 1000, 5000)) + line[place:]
    else:
        many = line * rng.choice((3, 100, 1000))
    return b"".join((*lines[:start], many, *lines[start + 1 :]))


def delete(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Delete some lines here and there."""
    return b"".join(line for line in _lines(data) if rng.random() > 0.05)


def shuffle(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Shuffle a stretch of lines."""
    lines, start, end = _stretch(data, rng)
    middle = lines[start:end]
    rng.shuffle(middle)
    return b"".join(lines[:start] + middle + lines[end:])


def shift(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Move a stretch of lines to the right, or some way to the left."""
    lines, start, end = _stretch(data, rng)
    by = rng.choice((b" ", b"  ", b"    ", b"\t", b"> ", b"- ", b"", b"  " * 60))
    moved = [by + line if by else line.lstrip(b" \t") for line in lines[start:end]]
    return b"".join(lines[:start] + moved + lines[end:])


def flip(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Flip bits."""
    flipped = bytearray(data)
    for _ in range(rng.randrange(1, 12)):
        if flipped:
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def swap(data: bytes, grammar: Grammar, rng: random.Random) -> bytes:
    """Write one word where another one stands, of the file itself or of another."""
    other = rng.choice(grammar.seeds) if rng.random() < 0.3 else data
    words, news = list(_WORD.finditer(data)), _WORD.findall(other)
    if not words or not news:
        return data
    word, new = rng.choice(words)[0], rng.choice(news)
    return re.sub(rb"\b%s\b" % re.escape(word), lambda _: new, data, count=rng.choice((0, 1)))


def splice(data: bytes, grammar: Grammar, rng: random.Random) -> bytes:
    """Go on as another file does."""
    lines, start, _ = _stretch(data, rng)
    others, there, end = _stretch(rng.choice(grammar.seeds), rng)
    return b"".join(lines[:start] + others[there : rng.choice((end, None))] + lines[start:])


def plant(data: bytes, grammar: Grammar, rng: random.Random) -> bytes:
    """Put a token in, at the start of a line or inside one."""
    token = rng.choice(grammar.tokens) + rng.choice((b"", b"", b"\n"))
    return _put(data, token * rng.choice((1, 1, 1, 1, 2, 40)), rng)


def nest(data: bytes, grammar: Grammar, rng: random.Random) -> bytes:
    """Open levels inside each other, and close all, some or none of them."""
    opening, closing = rng.choice(grammar.opening)
    depth = rng.choice((3, 50, 120, 1000, 4000))
    return _put(data, opening * depth + closing * rng.choice((0, depth, depth // 2)), rng)


def number(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Write another number."""
    found = list(_NUMBER.finditer(data))
    if not found:
        return _put(data, rng.choice(NUMBERS), rng)
    place = rng.choice(found)
    return data[: place.start()] + rng.choice(NUMBERS) + data[place.end() :]


def character(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Put odd characters in, or bytes that are no UTF-8."""
    for _ in range(rng.choice((1, 1, 3, 20))):
        odd = rng.choice(BAD_BYTES) if rng.random() < 0.25 else rng.choice(CHARACTERS).encode()
        data = _put(data, odd, rng)
    return data


def encode(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Begin with a byte order mark, or write in another encoding."""
    codec = rng.choice(("utf-8-sig", "utf-8-sig", "utf-16", "utf-16-be", "latin-1", "utf-7"))
    return data.decode(errors="replace").encode(codec, errors="replace")


def end_lines(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Mix line ends, or lose them."""
    end, share = rng.choice((b"\r\n", b"\r", b"\n\n", b"", b"\x0c\n")), rng.choice((0.2, 0.5, 1))
    return b"".join(line.replace(b"\n", end) if rng.random() < share else line for line in _lines(data))


def prune(data: bytes, _grammar: Grammar, rng: random.Random) -> bytes:
    """Change one to three parts of a JSON or YAML tree: take them away, write them twice, exchange or nest them."""
    try:
        tree = json.loads(data) if data[:1] in b"{[" else yaml.load(data, yaml.CSafeLoader)
        for _ in range(rng.randrange(1, 4)):
            places = list(_places(tree, 20_000))
            if places:
                _change(*rng.choice(places), rng.choice(places), rng)
        tree = copy.deepcopy(tree)
        return (
            json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode(errors="replace")
            if data[:1] in b"{[" or rng.random() < 0.3
            else yaml.dump(tree, allow_unicode=rng.random() < 0.5, encoding="utf-8")
        )
    except (ValueError, TypeError, RecursionError, yaml.YAMLError):
        return data


MUTATIONS: tuple[Mutation, ...] = (
    cut,
    truncate,
    double,
    repeat,
    delete,
    shuffle,
    shift,
    flip,
    swap,
    swap,
    splice,
    plant,
    plant,
    plant,
    nest,
    number,
    character,
    encode,
    end_lines,
)


def mutant(grammar: Grammar, rng: random.Random) -> bytes:
    """Return a good file, changed in one to four ways."""
    data = rng.choice(grammar.seeds)
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
        change = prune if grammar.is_tree and rng.random() < 0.4 else rng.choice(MUTATIONS)
        data = change(data, grammar, rng)[:LARGEST]
    return data


def mutants(grammar: Grammar, count: int, seed: int) -> Iterator[str]:
    """Yield so many texts, as files are read: what is no UTF-8 is U+FFFD."""
    rng = random.Random(seed)
    for _ in range(count):
        yield mutant(grammar, rng).decode(errors="replace")


def _lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _stretch(data: bytes, rng: random.Random) -> tuple[list[bytes], int, int]:
    lines = _lines(data)
    start = rng.randrange(len(lines) + 1)
    return lines, start, min(len(lines), start + rng.randrange(1, 30))


def _put(data: bytes, what: bytes, rng: random.Random) -> bytes:
    where = rng.randrange(len(data) + 1)
    if rng.random() < 0.4:
        where = data.rfind(b"\n", 0, where) + 1
    return data[:where] + what + data[where:]


def _places(tree: Any, most: int) -> Iterator[tuple[Any, Any]]:
    """Yield each list or object with each index or key in it."""
    stack = [tree]
    while stack and most:
        node = stack.pop()
        most -= 1
        if isinstance(node, dict | list):
            keys = list(node) if isinstance(node, dict) else range(len(node))
            yield from ((node, key) for key in keys)
            stack += [node[key] for key in keys]


def _change(node: Any, key: Any, other: tuple[Any, Any], rng: random.Random) -> None:
    """Change a part of a tree, perhaps to another part of it."""
    old = node[key]
    elsewhere = copy.deepcopy(other[0][other[1]]) if other[1] in _keys(other[0]) else None
    match rng.randrange(7):
        case 0:
            del node[key]
        case 1:
            node[key] = rng.choice(ODD)
        case 2:
            node[key] = elsewhere
        case 3:
            node[key] = [old] * rng.choice((1, 2, 300))
        case 4 if isinstance(node, dict):
            node[str(rng.choice(ODD))] = node.pop(key)
        case 5 if isinstance(node, list):
            node.insert(rng.randrange(len(node) + 1), copy.deepcopy(old))
        case 6:
            for _ in range(rng.choice((1, 5, 120, 400))):
                old = [old] if rng.random() < 0.5 else {"id": old}
            node[key] = old
        case _:
            node[key] = str(old)


def _keys(node: Any) -> Any:
    return node if isinstance(node, dict) else range(len(node))
