"""How the work of patterns and of calls grows with the length of a text, in steps rather than seconds."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parse  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import sphinx_policyspec

LENGTHS = (24, 48, 96)
"""How often a part of a text for a pattern is repeated."""
SUPERLINEAR = 3.0
"""The growth from one doubling to the next is 2 where work is linear, 4 where it is quadratic."""
_MOST_STEPS = 30_000
_CONSTANT = 2000
"""A repetition with a bound up to this costs a constant for each character."""
_SCALED = 4
"""What stands for such a bound, so that short texts show what long ones do."""
_PAIRED = 16
"""Characters that are tried in pairs."""
_SIGNS = " \t\n\ra1A_-.,:;\"'`*#[]{}()<>|/\\=!&%~^?@+$\u2713\u00e9"
_SCANS = frozenset({"search", "sub", "subn", "finditer", "findall", "split", "scanner"})


@dataclass(frozen=True, slots=True)
class Used:
    """A pattern of the package.

    :param place: the module and name, or the module and line
    :param ways: how it is used: ``scan`` (tried at every place of a text), ``match``, ``fullmatch``
    """

    place: str
    pattern: str
    flags: int
    ways: tuple[str, ...]


def modules() -> Iterator[ModuleType]:
    """Yield every module of the package."""
    for found in pkgutil.walk_packages(sphinx_policyspec.__path__, "sphinx_policyspec."):
        yield importlib.import_module(found.name)


def patterns() -> list[Used]:
    """Return the patterns of the package: those that modules and classes hold, and those that functions make."""
    held: dict[int, tuple[str, re.Pattern[str]]] = {}
    methods: dict[int, set[str]] = {}
    made: list[Used] = []
    for module in modules():
        for name, value in _held(vars(module)):
            held.setdefault(id(value), (f"{module.__name__}.{name}", value))
        tree = ast.parse(inspect.getsource(module))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                methods.setdefault(id(vars(module).get(node.value.id)), set()).add(node.attr)
        for node in _inside_functions(tree):
            if isinstance(node, ast.Call) and (text := _made(node, vars(module))) is not None:
                way = node.func.attr  # type: ignore[attr-defined]
                ways = (way,) if way in {"match", "fullmatch"} else ("scan",)
                made.append(Used(f"{module.__name__}:{node.lineno}", text, _flags(node), ways))
    return [
        Used(place, _text(value.pattern), value.flags, _ways(methods.get(key, set())))
        for key, (place, value) in held.items()
    ] + made


def _inside_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what stands in functions; what modules and classes make, they hold."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from ast.walk(node)


def _ways(methods: set[str]) -> tuple[str, ...]:
    """Return how a pattern is used that has such methods called; one that is passed on is tried everywhere."""
    ways = {"scan" if method in _SCANS else method for method in methods}
    return tuple(sorted(ways & {"scan", "match", "fullmatch"})) or ("scan",)


def _text(pattern: str | bytes) -> str:
    return pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern


def _held(names: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in list(names.items()):
        if isinstance(value, re.Pattern):
            yield name, value
        elif isinstance(value, Mapping) and not name.startswith("__"):
            yield from ((f"{name}[{key}]", one) for key, one in value.items() if isinstance(one, re.Pattern))
        elif isinstance(value, tuple):
            yield from ((f"{name}[{at}]", one) for at, one in enumerate(value) if isinstance(one, re.Pattern))
        elif inspect.isclass(value) and value.__module__ == names.get("__name__"):
            yield from _held({f"{name}.{key}": one for key, one in vars(value).items()})


def _made(node: ast.Call, names: Mapping[str, Any]) -> str | None:
    """Return the pattern that a call of ``re`` names, with a word in place of each value that only a run knows."""
    func = node.func
    if not (isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "re"):
        return None
    if func.attr == "escape" or not node.args:
        return None
    given = node.args[0]
    if isinstance(given, ast.Constant) and isinstance(given.value, str | bytes):
        return _text(given.value)
    if isinstance(given, ast.JoinedStr):
        return "".join(_part(part, names) for part in given.values)
    return None


def _part(part: ast.expr, names: Mapping[str, Any]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else None
    known = names.get(value.id) if isinstance(value, ast.Name) else None
    return known if isinstance(known, str) else "aa"


def _flags(node: ast.Call) -> int:
    given = ast.unparse(node)
    return sum(
        flag
        for name in ("DOTALL", "MULTILINE", "IGNORECASE")
        if f"re.{name}" in given and (flag := re.RegexFlag[name])
    )


# -- a matcher that counts --------------------------------------------------------------------

Op = tuple[str, Any, Any]


class Counter:
    """A backtracking matcher that works as ``re`` does, and counts its steps."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.tree = sre_parse.parse(pattern, flags & ~re.DEBUG)
        self.flags = self.tree.state.flags
        self.code: list[Op] = []
        self._sequence(self.code, self.tree)
        self.code.append(("end", None, None))

    def steps(self, text: str, way: str) -> float:
        """Return what it costs to find all matches in a text, or to match at its start or all of it.

        What costs too much for such a short text is infinite.
        """
        self.count = 0
        at = 0
        self.code[-1] = ("end", way == "fullmatch", None)
        while at <= len(text) and self.count < _MOST_STEPS:
            found = self._run(self.code, text, at, {})
            if way != "scan":
                break
            at = max(at + 1, found) if found is not None else at + 1
        return self.count if self.count < _MOST_STEPS else math.inf

    def _sequence(self, code: list[Op], items: Any) -> None:
        for op, value in items:
            self._item(code, op, value)

    def _item(self, code: list[Op], op: Any, value: Any) -> None:  # noqa: C901  one case for each operation
        if op in {sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN}:
            code.append(("char", self._test(op, value), None))
        elif op is sre.BRANCH:
            ends = []
            for branch in value[1]:
                split = len(code)
                code.append(("", None, None))
                self._sequence(code, branch)
                ends.append(len(code))
                code.append(("", None, None))
                code[split] = ("split", split + 1, len(code))
            code.append(("fail", None, None))
            for end in ends:
                code[end] = ("jump", len(code), None)
        elif op is sre.SUBPATTERN:
            group, on, off, inside = value
            before, self.flags = self.flags, (self.flags | on) & ~off
            code.append(("save", (group, 0), None))
            self._sequence(code, inside)
            code.append(("save", (group, 1), None))
            self.flags = before
        elif op in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            self._repeat(code, *value, lazy=op is sre.MIN_REPEAT)
        elif op is sre.POSSESSIVE_REPEAT:
            inside = []
            self._repeat(inside, *value, lazy=False)
            code.append(("atomic", [*inside, ("end", None, None)], None))
        elif op is sre.ATOMIC_GROUP:
            code.append(("atomic", self._inner(value), None))
        elif op in {sre.ASSERT, sre.ASSERT_NOT}:
            code.append(
                ("assert", (value[0], self._inner(value[1]), value[1].getwidth()[0]), op is sre.ASSERT)
            )
        elif op is sre.AT:
            code.append(("at", value, self.flags & re.MULTILINE))
        elif op is sre.GROUPREF:
            code.append(("back", value, None))
        else:
            raise NotImplementedError(str(op))

    def _inner(self, items: Any) -> list[Op]:
        code: list[Op] = []
        self._sequence(code, items)
        return [*code, ("end", None, None)]

    def _repeat(self, code: list[Op], least: int, most: Any, items: Any, *, lazy: bool) -> None:
        bounded = most is not sre.MAXREPEAT and most <= _CONSTANT
        least = min(least, _SCALED)
        for _ in range(least):
            self._sequence(code, items)
        if bounded:
            splits = []
            for _ in range(min(most, _SCALED) - least):
                splits.append(len(code))
                code.append(("", None, None))
                self._sequence(code, items)
            for split in splits:
                code[split] = ("split", *((len(code), split + 1) if lazy else (split + 1, len(code))))
            return
        split = len(code)
        code += [("", None, None), ("mark", split, None)]
        self._sequence(code, items)
        code.append(("loop", split, None))
        code[split] = ("split", *((len(code), split + 1) if lazy else (split + 1, len(code))))

    def _test(self, op: Any, value: Any) -> Callable[[str], bool]:
        ignore = bool(self.flags & re.IGNORECASE)
        if op is sre.ANY:
            every = bool(self.flags & re.DOTALL)
            return lambda char: every or char != "\n"
        if op is not sre.IN:
            is_not = op is sre.NOT_LITERAL
            value = [*([(sre.NEGATE, None)] if is_not else []), (sre.LITERAL, value)]

        @cache
        def test(char: str) -> bool:
            return any(
                _in_set(one, value) for one in ({char, char.lower(), char.upper()} if ignore else {char})
            )

        return test

    def _run(self, code: Sequence[Op], text: str, at: int, saved: dict[Any, int]) -> int | None:  # noqa: C901, PLR0912, PLR0915  one case for each operation
        """Return where a match that begins at a place ends."""
        stack: list[tuple[int, int, dict[Any, int]]] = [(0, at, saved)]
        while stack and self.count < _MOST_STEPS:
            line, at, groups = stack.pop()
            while True:
                self.count += 1
                op, first, second = code[line]
                line += 1
                if op == "char":
                    if at >= len(text) or not first(text[at]):
                        break
                    at += 1
                elif op == "split":
                    stack.append((second, at, groups))
                    line = first
                elif op == "jump":
                    line = first
                elif op == "save":
                    groups = {**groups, first: at} if first[0] else groups
                elif op == "mark":
                    groups = {**groups, ("mark", first): at}
                elif op == "loop":
                    if groups["mark", first] != at:
                        line = first
                elif op == "atomic":
                    inner = self._run(first, text, at, groups)
                    if inner is None:
                        break
                    at = inner
                elif op == "assert":
                    direction, inside, width = first
                    begin = at if direction > 0 else at - width
                    if (begin >= 0 and self._run(inside, text, begin, groups) is not None) is not second:
                        break
                elif op == "at":
                    if not _is_at(first, text, at, multiline=bool(second)):
                        break
                elif op == "back":
                    if (first, 1) not in groups:
                        break
                    again = text[groups[first, 0] : groups[first, 1]]
                    self.count += len(again)
                    if not text.startswith(again, at):
                        break
                    at += len(again)
                elif op == "end":
                    if first and at < len(text):
                        break
                    saved.update(groups)
                    return at
                else:
                    break
            if self.count >= _MOST_STEPS:
                break
        return None


def _in_set(char: str, items: Sequence[tuple[Any, Any]]) -> bool:
    negated = bool(items) and items[0][0] is sre.NEGATE
    return any(_is_in(char, op, value) for op, value in items[negated:]) is not negated


def _is_in(char: str, op: Any, value: Any) -> bool:
    if op is sre.LITERAL:
        return ord(char) == int(value)
    if op is sre.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    name = str(value).removeprefix("CATEGORY_")
    kinds = {"DIGIT": char.isdigit(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
    return not kinds[name[4:]] if name.startswith("NOT_") else kinds[name]


def _is_at(where: Any, text: str, at: int, *, multiline: bool) -> bool:
    name = str(where).removeprefix("AT_")
    if name in {"BOUNDARY", "NON_BOUNDARY"}:
        word = [
            0 <= place < len(text) and (text[place].isalnum() or text[place] == "_") for place in (at - 1, at)
        ]
        return (word[0] != word[1]) is (name == "BOUNDARY")
    if name in {"BEGINNING", "BEGINNING_STRING"}:
        return at == 0 or (multiline and name == "BEGINNING" and text[at - 1] == "\n")
    last = at == len(text) or (name == "END" and at == len(text) - 1 and text[at] == "\n")
    return last or (multiline and name == "END" and text[at] == "\n")


# -- texts that are hard for a pattern ----------------------------------------------------------


@dataclass(slots=True)
class _Walk:
    """A walk through a pattern: a text that it accepts, and where it repeats.

    :param texts: (before, what is repeated) for each repetition
    """

    texts: list[tuple[str, str]] = field(default_factory=list)

    def of(self, items: Any, before: str = "") -> str:
        for op, value in items:
            before += self._item(op, value, before)
        return before

    def _item(self, op: Any, value: Any, before: str) -> str:
        if op in {sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY}:
            return _one(op, value)
        if op is sre.BRANCH:
            said = [self.of(branch, before)[len(before) :] for branch in value[1]]
            return max(said, key=len)
        if op is sre.SUBPATTERN:
            return self.of(value[3], before)[len(before) :]
        if op is sre.ATOMIC_GROUP:
            return self.of(value, before)[len(before) :]
        if op in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}:
            least, most, inside = value
            body = self.of(inside, before)[len(before) :]
            if most is sre.MAXREPEAT or most > 1:
                self.texts.append((before, body))
            return body * max(least, 1) if most else ""
        return ""


def _one(op: Any, value: Any) -> str:
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.ANY:
        return "a"
    items = [(sre.NEGATE, None), (sre.LITERAL, value)] if op is sre.NOT_LITERAL else value
    return next((char for char in "a1 -" + _SIGNS if _in_set(char, items)), chr(0x7F))


def _inside(op: Any, value: Any) -> list[Any]:
    """Return the sequences that an item of a pattern holds."""
    if op is sre.BRANCH:
        return list(value[1])
    place = {sre.MAX_REPEAT: 2, sre.MIN_REPEAT: 2, sre.POSSESSIVE_REPEAT: 2, sre.SUBPATTERN: 3}
    place |= {sre.ASSERT: 1, sre.ASSERT_NOT: 1}
    if op is sre.ATOMIC_GROUP:
        return [value]
    return [value[place[op]]] if op in place else []


def _tests(items: Any) -> Iterator[Any]:
    """Yield the sets of characters that a pattern tests."""
    for op, value in items:
        if op in {sre.LITERAL, sre.NOT_LITERAL}:
            yield [(sre.LITERAL, value)]
        elif op is sre.IN:
            yield value
        for inside in _inside(op, value):
            yield from _tests(inside)


def _alphabet(items: Any) -> list[str]:
    """Return a character for each way in which a pattern tells characters apart."""
    tests = list(_tests(items))
    literals = [chr(value) for test in tests for op, value in test if op is sre.LITERAL]
    return list(
        {tuple(_in_set(char, test) for test in tests): char for char in [*_SIGNS, *literals][::-1]}.values()
    )


def _runs(items: Any) -> Iterator[str]:
    """Yield the words that stand in a pattern as they are."""
    word = ""
    for op, value in [*items, (None, None)]:
        if op is sre.LITERAL:
            word += chr(value)
            continue
        yield from [word] * (len(word) > 1)
        word = ""
        for inside in _inside(op, value):
            yield from _runs(inside)


def hard_texts(pattern: Counter, *, thorough: bool) -> Iterator[tuple[str, str, str]]:
    """Yield texts that may be hard for a pattern, as (before, what is repeated, after).

    :param thorough: whether everything is tried behind everything, and two characters in turn, too
    """
    walk = _Walk()
    whole = walk.of(pattern.tree)
    signs = _alphabet(pattern.tree)
    walked = [(before, part) for before, part in walk.texts if part]
    cuts = [whole[: len(text)] for text, _ in walked if text]
    repeated = dict.fromkeys([*signs, *_runs(pattern.tree), *(part for _, part in walked), *cuts])
    if not thorough:
        yield from (
            (before, part, "\x01") for before, part in [*walked, *((text, " ") for text, _ in walked)]
        )
        yield from (("", part, "\x01") for part in repeated)
        return
    for after in ("", "\x01"):
        yield from (
            (before, part, after)
            for before in dict.fromkeys(["", *(text for text, _ in walked)])
            for part in repeated
        )
        for one in signs[:_PAIRED]:
            for other in signs[:_PAIRED]:
                yield "", one + other, after
                yield "", one + other * 3, after


def growth(steps: Callable[[int], float], lengths: Sequence[int] = LENGTHS) -> float:
    """Return the growth from one doubling to the next: 2 for linear work, 4 for quadratic.

    Differences leave out what costs the same for each length.
    """
    first, second, third = map(steps, lengths)
    if third == math.inf:
        return math.inf
    return (third - second) / max(second - first, 1) if third - second > lengths[-1] else 0.0


def worst(used: Used, *, thorough: bool = False) -> tuple[float, str, tuple[str, str, str]]:
    """Return the most that a pattern's work grows over texts that are hard for it, the way it is used, and the text."""
    counter = Counter(used.pattern, used.flags)

    def steps(way: str, before: str, part: str, after: str, length: int) -> float:
        return counter.steps(before + part * max(length // len(part), length // 6) + after, way)

    texts = [*dict.fromkeys(hard_texts(counter, thorough=thorough))]
    return max((growth(partial(steps, way, *text)), way, text) for way in used.ways for text in texts)


def calls(work: Callable[[], object]) -> int:
    """Return how many functions some work calls, those in C included."""
    count = 0

    def note(_frame: object, event: str, _given: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
