"""Slips of structure in the text of a page, by their cause, and the text without them, so that nothing else follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import NamedTuple

from sphinx_policyspec.model import Markup
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN

__all__ = ["Slip", "mended"]


class Slip(NamedTuple):
    """A slip on a line, which counts from 1."""

    line: int
    code: str
    message: str
    hint: str


def mended(lines: Sequence[str], markup: Markup, *, colons: bool = True) -> tuple[list[str], list[Slip]]:
    """Return the lines of a page with its slips of structure mended, and the slips.

    :param colons: whether fences of colons are fences
    """
    marks = "`~:" if colons else "`~"
    reading = _Fences(list(lines), marks) if markup is Markup.MYST else _Indented(list(lines))
    return reading.mended(), sorted(reading.slips)


# -- fences of MyST -------------------------------------------------------------------------

_FENCE = re.compile(r"(?P<lead>[ \t>]*+)(?P<marks>`{3,}+|~{3,}+|:{3,}+)(?P<info>.*)")
_NAMED = re.compile(r"\s*+\{(?P<name>[^{}]*+)\}.*")
_BARE = re.compile(rf"\s*(?P<open>\{{?)(?P<name>{DOMAIN}:[\w-]+)(?P<close>\}}?)(?P<rest>\s.*|)$")
"""A directive of ours that lacks one of its braces, or both."""
_CODE_AND_END = 3
"""Lines of marks that begin code, end it, and end what it stands in."""
_FAR = 100
"""Open fences among which the one is sought that a line ends."""
_HEADING = re.compile(r"#{1,6}\s")
_PROVISIONS = frozenset({"spec", "level", "topic", "goal", "definition", "principle", "example", "prompt"})
_TURNS = frozenset({"message", "response"})
_SAID = _TURNS | {"conversation"}
_NEVER_HELD = {
    **dict.fromkeys(("message", "response", "commentary"), _PROVISIONS | _TURNS),
    **dict.fromkeys(("example", "prompt"), _PROVISIONS),
    **dict.fromkeys(("spec", "level", "topic", "goal", "definition"), _PROVISIONS | _TURNS),
    "principle": frozenset({"spec", "level", "principle"}),
}
"""By directive of ours: those of ours that it cannot hold."""
_CODE = frozenset(
    {"code", "code-block", "code-cell", "csv-table", "eval-rst", "graphviz", "literalinclude", "math"}
    | {"mermaid", "parsed-literal", "prompt", "raw", "sourcecode", "toctree"}
    | {f"{DOMAIN}:case", f"{DOMAIN}:conversation", f"{DOMAIN}:query"}
)
"""Directives whose text is no markup."""
_WORDS = {3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
_COLONS = "add `colon_fence` to `myst_enable_extensions`, or write backticks"
_MARKS = {"`": "backticks", "~": "tildes", ":": "colons"}


@dataclass(eq=False)
class _Fence:
    """One that is open.

    :param name: of the directive; empty where it holds code
    :param wanted: how many marks it needs for what stands inside it
    :param short: the fence inside it that is as long
    :param held: the line that ends the last fence inside it
    :param end: the line that ends it for a parser, once that is known
    :param is_inside: it stands in a directive of ours
    """

    line: int
    lead: str
    mark: str
    length: int
    name: str
    info: str
    wanted: int = 0
    short: _Fence | None = None
    held: int = 0
    end: int = 0
    is_inside: bool = False

    @property
    def own(self) -> str:
        """The name of a directive of ours, without the domain."""
        domain, _, name = self.name.partition(":")
        return name if domain == DOMAIN else ""

    @property
    def is_code(self) -> bool:
        return not self.name or self.name in _CODE

    def holds(self, other: _Fence) -> bool:
        """Return whether it may hold another one."""
        if self.own == "principle" and not re.search(r"\}\s*\S", self.info):
            return other.own not in _PROVISIONS
        return other.own not in _NEVER_HELD.get(self.own, frozenset())

    @property
    def shown(self) -> str:
        return f"`{self.name}`" if self.name else "a block of code"


@dataclass
class _Reading:
    """Reads the lines of a page, and notes its slips."""

    lines: list[str]
    slips: list[Slip] = field(default_factory=list, init=False)

    def _slip(self, number: int, code: str, message: str, hint: str) -> None:
        self.slips.append(Slip(number + 1, code, message, hint))


@dataclass
class _Fences(_Reading):
    """Reads fences as their author means them, not as a parser must."""

    marks: str = "`~"
    _open: list[_Fence] = field(default_factory=list)
    _changed: dict[int, str] = field(default_factory=dict)
    _added: dict[int, list[str]] = field(default_factory=dict)
    _lost: set[int] = field(default_factory=set)
    _ended: tuple[_Fence, int] | None = None
    """The last example at the margin of the page, and the line that ends it."""
    _beside: int = 0
    """How many messages stand behind it, at the margin as well."""

    def mended(self) -> list[str]:
        """Return the lines, mended."""
        for number, line in enumerate(self.lines):
            found = _FENCE.fullmatch(line)
            if found is not None and found["marks"][0] in self.marks:
                self._fence(number, found)
            elif found and f"{{{DOMAIN}:" in line and not (self._open and self._open[-1].is_code):
                if not any(slip.hint == _COLONS for slip in self.slips):
                    self._slip(number, "short-fence", "colons make no fence in this project", _COLONS)
            elif self._open and _HEADING.match(line):
                self._heading(number)
        while self._open:
            self._never_closed(self._open.pop(), len(self.lines))
        lines = [self._changed.get(number, line) for number, line in enumerate(self.lines)]
        for place in sorted(self._added, reverse=True):
            lines[place:place] = self._added[place]
        return lines

    def _fence(self, number: int, found: re.Match[str]) -> None:
        mark, length, info = found["marks"][0], len(found["marks"]), found["info"]
        if mark == "`" and "`" in info:
            return
        if not info.strip():
            self._bare(number, found["lead"], mark, length)
            return
        top = self._open[-1] if self._open else None
        fence = _Fence(number, found["lead"], mark, length, self._name(number, found), info)
        if top is not None and top.is_code:
            if not fence.own or top.mark != mark or length < top.length:
                return
            if not top.info:
                self._end_code(self._open.pop(), number)
        if not self._open:
            self._beside += fence.own in _TURNS
            self._ended = self._ended if fence.own in _TURNS else None
        while self._open and not self._open[-1].holds(fence) and not self._is_closed(self._open[-1], number):
            self._never_closed(self._open.pop(), number)
        fence.is_inside = bool(self._open) and bool(self._open[-1].own or self._open[-1].is_inside)
        self._open.append(fence)

    def _name(self, number: int, found: re.Match[str]) -> str:
        """Return the name of a directive, whose braces are put right."""
        named, bare = _NAMED.fullmatch(found["info"]), _BARE.fullmatch(found["info"])
        written = (named or bare or {"name": ""})["name"].strip()
        name = "".join(written.split())
        is_ours = name.lower().startswith(f"{DOMAIN}:") and not (self._open and self._open[-1].is_code)
        if not is_ours or (named and name == written):
            return written.lower() if named else ""
        rest = bare["rest"] if bare else found["info"].partition("}")[2]
        self._changed[number] = f"{found['lead']}{found['marks']}{{{name}}}{rest}"
        lacks = "lacks a brace or both, without which it" if bare else "has a blank in it, with which it"
        self._slip(
            number, "unknown-directive", f"`{written}` {lacks} is a block of code", f"write `{{{name}}}`"
        )
        return name.lower()

    def _bare(self, number: int, lead: str, mark: str, length: int) -> None:
        """Take up a line of marks alone: the end of a fence, or the beginning of code."""
        alike = [fence for fence in self._open[-_FAR:] if fence.mark == mark and length >= fence.length]
        closable = [fence for fence in alike if fence.length == length] or alike
        top = self._open[-1] if self._open else None
        if top is not None and top.is_code and top not in alike:
            return
        run = self._run(number) if top is not None and top.own in _TURNS else 0
        if closable and run >= _CODE_AND_END and top is closable[-1]:
            self._open.append(_Fence(number, lead, mark, length, "", ""))
        elif closable:
            while self._open[-1] is not closable[-1]:
                self._never_closed(self._open.pop(), number)
            self._close(self._open.pop(), number)
        elif top is not None and run % 2 and mark != top.mark:
            marks = f"begins with {_MARKS[top.mark]} and ends with {_MARKS[mark]}"
            self._slip(number, "unclosed-fence", f"the fence of {top.shown} {marks}", "write the same")
            self._close(self._open.pop(), number)
        elif top is not None and top.mark == mark and (top.own in {"example", "prompt"}):
            self._short_end(top, number, length)
        elif not self._early(mark, length):
            self._open.append(_Fence(number, lead, mark, length, "", ""))

    def _run(self, number: int) -> int:
        """Return how many lines of marks alone follow each other, up to three, before another fence."""
        fences = (line.strip() for line in self.lines[number : number + _FAR] if _FENCE.fullmatch(line))
        first = self.lines[number].strip()
        return sum(1 for _ in islice(takewhile(first.__eq__, fences), _CODE_AND_END))

    def _short_end(self, top: _Fence, number: int, length: int) -> None:
        """Take up a line of marks in an example that is too short to end it."""
        if length in self._lost or self._is_closed(top, number):
            self._changed[number] = ""
            if length not in self._lost:
                self._slip(number, "unclosed-fence", "this fence ends nothing", "delete it")
            return
        message = f"the fence of {top.shown} ends with fewer {_MARKS[top.mark]} than it begins with"
        self._slip(number, "unclosed-fence", message, f"write {_count(top.length, top.mark)}")
        self._close(self._open.pop(), number)

    def _close(self, fence: _Fence, number: int) -> None:
        """End a fence where its author does; it gets as many marks as what it holds wants of it."""
        wanted = max(fence.wanted, fence.length)
        found = _FENCE.fullmatch(self.lines[number])
        length = len(found["marks"]) if found and found["marks"][0] == fence.mark else 0
        around = next((other for other in reversed(self._open) if other.mark == fence.mark), None)
        if around is not None and around.length <= length > wanted:
            message = f"the fence of {fence.shown} ends with more {_MARKS[fence.mark]} than it begins with, which end {around.shown}, too"
            self._slip(number, "unclosed-fence", message, f"write {_count(wanted, fence.mark)}")
            length = 0
        if length < wanted:
            self._changed[number] = fence.lead + fence.mark * wanted
        if self._open:
            self._open[-1].held = number
        elif fence.own in {"example", "prompt"}:
            self._ended, self._beside = (fence, number), 0
        self._lengthen(fence, wanted)

    def _early(self, mark: str, length: int) -> bool:
        """Return whether a line of marks ends an example that was ended before, above messages that belong to it."""
        fence, number = self._ended or (None, 0)
        if not (fence and self._beside and (mark, length) == (fence.mark, fence.length)):
            return False
        self._changed[number], self._ended = "", None
        message = f"the fence of {fence.shown} ends here, above messages of its own"
        self._slip(number, "unclosed-fence", message, "delete this line")
        return True

    def _lengthen(self, fence: _Fence, wanted: int) -> None:
        if wanted > fence.length:
            line = self._changed.get(fence.line, self.lines[fence.line])
            self._changed[fence.line] = line.replace(fence.mark * fence.length, fence.mark * wanted, 1)
            if fence.short is not None and (fence.own or fence.short.own):
                self._short(fence, fence.short, wanted)
        around = next((other for other in reversed(self._open) if other.mark == fence.mark), None)
        if around is not None and not around.is_code and wanted >= max(around.wanted, around.length):
            around.wanted = wanted + 1
            around.short = around.short or fence

    def _short(self, fence: _Fence, inner: _Fence, wanted: int) -> None:
        message = f"the fence of {fence.shown} is no longer than that of {inner.shown} inside it, whose end ends both"
        hint = f"the outer fence needs {_count(wanted, fence.mark)}, where it begins and where it ends"
        if inner.short is not None:
            # The slip is one: who counts the outer one right counts both.
            self.slips = [slip for slip in self.slips if slip.line != inner.line + 1]
            hint += f", and that of {inner.shown} {_count(max(inner.wanted, inner.length), inner.mark)}"
        self._slip(fence.line, "short-fence", message, hint)

    def _heading(self, number: int) -> None:
        """End what is open at a heading, if it can only have been forgotten."""
        first = self._open[0]
        is_others = first.is_code and not first.own
        if is_others or self._is_closed(first, number):
            return
        while self._open:
            self._never_closed(self._open.pop(), number)

    def _is_closed(self, fence: _Fence, start: int) -> bool:
        """Return whether a fence is ended below a line, as a parser sees it."""
        for number in range(max(start, fence.end), len(self.lines)):
            found = _FENCE.fullmatch(self.lines[number])
            if found and found["marks"][0] == fence.mark and len(found["marks"]) >= fence.length:
                fence.end = number
                return not found["info"].strip()
        return False

    def _never_closed(self, fence: _Fence, before: int) -> None:
        """End a fence above a line, since nothing else does; those of others are theirs to tell."""
        if not (fence.own or not fence.name or fence.is_inside):
            return
        above = range(fence.line - 1, -1, -1)
        last = next((self.lines[number] for number in above if self.lines[number].strip()), "")
        if not fence.name and not fence.info and _FENCE.fullmatch(last):
            self._end_code(fence, fence.line + 1)
            return
        wanted = max(fence.wanted, fence.length)
        end = fence.lead + fence.mark * wanted
        # What stands in an example stands in its messages.
        place = fence.held + 1 if fence.own in {"example", "prompt"} and fence.held else before
        while place > fence.line + 1 and not self.lines[place - 1].strip(" >"):
            place -= 1
        if place < len(self.lines) and not self.lines[place].strip(" >") and place not in self._changed:
            self._changed[place] = end
        else:
            self._added.setdefault(place, []).append(end)
            place -= 1
        if self._open:
            self._open[-1].held = max(self._open[-1].held, place)
        self._lost.add(fence.length)
        if fence.short is None:
            message = f"the fence of {fence.shown} is never closed"
            hint = f"add a line of {_count(wanted, fence.mark)} where it ends"
            self._slip(fence.line, "unclosed-fence", message, hint)
        self._lengthen(fence, wanted)

    def _end_code(self, code: _Fence, number: int) -> None:
        """Take a line of marks that began code, in which a directive begins, for one too many."""
        between = self.lines[code.line + 1 : number]
        if any(line.strip() for line in between) and not any(_HEADING.match(line) for line in between):
            self._never_closed(code, number)
            return
        self._changed[code.line] = ""
        self._slip(code.line, "unclosed-fence", "this fence ends nothing, and begins code", "delete it")


def _count(number: int, mark: str) -> str:
    return f"{_WORDS.get(number, number)} {_MARKS[mark]}"


# -- indentation of reStructuredText ----------------------------------------------------------

_MARKUP = re.compile(
    rf"(?P<lead>\s*)\.\. *(?P<name>{DOMAIN}(?:::?|: (?=[\w-]+::))[\w-]+) ?:{{0,2}}(?P<rest>\s.*|(?<=::).*|)"
)
_LITERAL = ("case", "code", "conversation", "math", "parsed-literal", "query", "raw")
"""What the name of a directive holds whose text is no markup."""
_SOUND = re.compile(rf"\s*\.\. +{DOMAIN}:[\w-]+ ?::(?:\s|$)")
_OPTION = re.compile(r"(?P<lead>\s*):(?P<name>[\w-]+):(?:\s|$)")
_DEPTH = 3
"""By how much what stands inside a directive is indented, as is the custom."""


def _own(found: re.Match[str]) -> str:
    return found["name"].lower().replace("::", ":").replace(": ", ":").partition(":")[2]


def _indent(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip())].expandtabs())


@dataclass
class _Indented(_Reading):
    """Reads a page from above; what stands too far left is moved right."""

    _example: tuple[int, str, int] | None = None
    """Line, name and indentation of the last example or prompt, as long as something may belong to it."""
    _turn: tuple[int, str, int] | None = None
    """The same of the last message, as long as it has no text."""

    def mended(self) -> list[str]:
        """Return the lines, mended."""
        number = 0
        while number < len(self.lines):
            number = self._step(number)
        return self.lines

    def _step(self, number: int) -> int:
        """Take up a line, and return the number of the next to look at."""
        line = self.lines[number]
        if found := _MARKUP.fullmatch(line):
            joined = self._is_joined(number, _indent(line))
            self._directive(number, found)
            below = self._options(number + 1, found)
            if joined:
                message = f"`{found['name']}` stands directly below text, which it becomes part of"
                hint = "put a blank line between them"
                self._slip(number, "missing-blank-line", message, hint)
                self.lines[number] = f"\n{self.lines[number]}"
            return below
        if line.strip():
            self._text(number)
        words = line.strip()
        is_code = any(part in words.partition("::")[0] for part in _LITERAL)
        if is_code if words.startswith(".. ") else words.endswith("::"):
            return self._behind(number, _indent(line))
        return number + 1

    def _is_joined(self, number: int, indent: int) -> bool:
        """Return whether the line above is text that a directive would be part of."""
        words = (above := self.lines[number - 1] if number else "").strip()
        is_line = bool(words) and (len(set(words)) > 1 or words[0].isalnum())
        return is_line and _indent(above) == indent and not words.startswith(("..", ":"))

    def _behind(self, number: int, indent: int) -> int:
        """Return the number of the first line below that is indented no further."""
        below = range(number + 1, len(self.lines))
        ends = (n for n in below if self.lines[n].strip() and _indent(self.lines[n]) <= indent)
        return next(ends, len(self.lines))

    def _directive(self, number: int, found: re.Match[str]) -> None:
        lead, rest = found["lead"], found["rest"]
        name = found["name"].replace("::", ":").replace(": ", ":")
        own = _own(found)
        right = f".. {name}::"
        if not _SOUND.match(found[0]):
            message = f"`{found[0].strip().removesuffix(rest)}` is no directive, but a comment or text"
            self._slip(number, "unknown-directive", message, f"write `{right}`")
            self.lines[number] = f"{lead}{right} {rest.strip()}".rstrip()
        depth = _indent(lead + ".")
        if self._example and depth <= self._example[2]:
            line, around, indent = self._example
            if own in _SAID:
                message = f"`{name}` is indented no further than `{DOMAIN}:{around}` on line {line + 1}, and so stands outside it"
                self._move(number, message, self._end_of_turns(number, depth), indent + _DEPTH - depth)
                depth = indent + _DEPTH
            else:
                self._example = None
        if own in {"example", "prompt"}:
            self._example = (number, own, depth)
        self._turn = (number, own, depth) if own in _TURNS else None

    def _end_of_turns(self, number: int, indent: int) -> int:
        """Return the number of the line below the turns that begin on a line; one further right stands where it should."""
        for end in range(number, len(self.lines)):
            found = _MARKUP.fullmatch(self.lines[end])
            is_turn = found is not None and _own(found) in _SAID
            if self.lines[end].strip() and is_turn == (_indent(self.lines[end]) > indent):
                return end
        return len(self.lines)

    def _move(self, start: int, message: str, end: int, by: int) -> None:
        """Move lines right."""
        hint = f"indent it by {_DEPTH} spaces more than the line that it belongs to"
        self._slip(start, "wrong-indentation", message, hint)
        for number in range(start, end):
            if self.lines[number].strip():
                self.lines[number] = " " * by + self.lines[number]

    def _options(self, number: int, found: re.Match[str]) -> int:
        """Move the options that stand directly below a directive, and no further right."""
        indent = _indent(self.lines[number - 1])
        end = number
        while end < len(self.lines) and _OPTION.match(self.lines[end]):
            end += 1
        text = self.lines[end] if end < len(self.lines) else ""
        if end > number and text.strip() and indent < _indent(text) == _indent(self.lines[end - 1]):
            message = f"the content of `{found['name']}` stands directly below its options"
            self._slip(end, "missing-blank-line", message, "put a blank line between them")
            self.lines[end] = f"\n{text}"
        rest = (self.lines[place] for place in range(end, len(self.lines)))
        below = next((line for line in rest if line.strip()), "")
        if end > number and indent < _indent(below) < _indent(self.lines[number]):
            name = self.lines[number].strip().split(":")[1]
            message = f"the option `{name}` is indented further than what stands below it"
            hint = "indent it as far as that"
            self._slip(number, "wrong-indentation", message, hint)
            self.lines[number:end] = [" " * _indent(below) + line.lstrip() for line in self.lines[number:end]]
            return end
        while end > number and _indent(self.lines[end - 1]) > indent:
            end -= 1
        if end > number:
            name = self.lines[number].strip().split(":")[1]
            message = f"the option `{name}` is indented no further than `{found['name']}`"
            by = indent + _DEPTH - _indent(self.lines[number])
            self._move(number, message, end, by)
        return end

    def _text(self, number: int) -> None:
        """Move the text of a message that stands no further right than the directive."""
        line, turn = self.lines[number], self._turn
        depth = _indent(line)
        if self._example and depth <= self._example[2]:
            self._example = None
        if turn is None or (depth > turn[2] and _OPTION.match(line)):
            return
        start, name, indent = turn
        self._turn = None
        below = self.lines[number + 1].strip() if number + 1 < len(self.lines) else ""
        is_title = bool(below) and len(set(below)) == 1 and not below[0].isalnum()
        inside = depth == indent or (self._example is not None and self._example[2] < depth < indent)
        if not inside or not indent or is_title or line.lstrip().startswith(".."):
            return
        texts = ((n, self.lines[n].strip()) for n in range(number, len(self.lines)))
        ends = (n for n, text in texts if text and (_indent(self.lines[n]) < depth or text.startswith(".. ")))
        end = next(ends, len(self.lines))
        message = f"this text is indented no further than `{DOMAIN}:{name}` on line {start + 1}, and so stands outside it"
        self._move(number, message, end, indent + _DEPTH - depth)
