"""The lines of a page without what copying and merging left in them, and its blocks by how far they are indented."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.pages import options

_OF_MYST = re.compile(
    rf"(?P<lead>\s{{0,40}}+)(?P<marks>[`~:]{{3,}}+)\{{(?P<name>{DOMAIN}:[\w-]+)\}}(?P<rest>.*)"
)
_IN_RST = "is a directive of MyST, and text in a page of reStructuredText"
_RIGHT = re.compile(rf"\s*\.\. +{DOMAIN}:[\w-]+ ?::(?:\s|$)")
_EXPLICIT = re.compile(
    r"\.\.\s+(?:(?P<name>(?:\|[^|]+\|\s+)?[^\s:]\S*?) ?::(?:\s|$)|(?P<other>_|\[[^\]]+\]\s))"
)
"""Explicit markup that is no comment: a directive, a target, a footnote."""
_LITERAL = re.compile(
    r"code|source|literal|math|raw|prompt|doctest|test(?:code|setup|output|cleanup)|console|shell|ipython|jupyter"
    r"|graphviz|digraph|mermaid|uml|plot|productionlist|csv-table|highlight|policy:(?:case|conversation|query)"
)
"""What the name of a directive holds whose text is no markup."""


def is_literal(name: str) -> bool:
    """Return whether the text of a directive is no markup."""
    return bool(_LITERAL.search(name))


_SHORTEST = 4
"""Signs of a line that makes a title of the line above, whatever the length of that."""


def _own(found: re.Match[str]) -> str:
    return found["name"].lower().replace("::", ":").replace(": ", ":").partition(":")[2]


@dataclass
class _Block:
    """A directive that something may belong to.

    :param inner: how far what it holds is indented, 0 where that is not known yet
    :param has_text: whether it holds any text
    :param moved: how far messages were indented that were moved: those that are so, too, are not told
    :param around: the example that an example stands in
    """

    line: int
    own: str
    depth: int
    inner: int = 0
    has_text: bool = False
    moved: set[int] = field(default_factory=set)
    around: _Block | None = None

    @property
    def shown(self) -> str:
        return f"`{DOMAIN}:{self.own}` on line {self.line + 1}"


@dataclass
class Indented(options.SlipReading):
    """Reads a page from above; what stands too far left or right is moved."""

    _example: _Block | None = None
    """The last example or prompt, as long as something may belong to it."""
    _line: str = "-"
    """What the last title is underlined with."""
    _turn: _Block | None = None
    """Its last message."""

    def mended(self) -> list[str]:
        """Return the lines, mended."""
        number = 0
        while number < len(self.lines):
            number = self._step(number)
        return self.lines

    def _step(self, number: int) -> int:
        """Take up a line, and return the number of the next to look at."""
        if fence := _OF_MYST.fullmatch(self.lines[number]):
            self._of_myst(number, fence)
        line = self.lines[number]
        words, indent = line.strip(), options.indent_of(line)
        if (
            number
            and len(set(words)) == 1
            and not (words[0].isalnum() or indent)
            and self.lines[number - 1].strip()
        ):
            self._line, self.is_taken = words[0], False
            self._underline(number, words[0])
        found = options.MARKUP.fullmatch(line)
        if found and (not self.known or _own(found) in self.known or words[:2] == ".."):
            return self._directive(number, found)
        if words.startswith(">>>"):
            within = range(number, len(self.lines))
            return next((n for n in within if not self.lines[n].strip()), len(self.lines))
        if words:
            self._text(number)
        if words == ".." or words.startswith(".. "):
            below = self.lines[number + 1] if number + 1 < len(self.lines) else ""
            explicit = _EXPLICIT.match(words)
            is_comment = explicit is None and (words != ".." or bool(below.strip()))
            name = (explicit and explicit["name"]) or ""
            holds_text = is_comment or is_literal(name)
        else:
            holds_text = words.endswith("::")
        return self._behind(number, indent) if holds_text else number + 1

    def _underline(self, number: int, sign: str) -> None:
        """Lengthen the line below a title, if it is so short that it makes none."""
        length, title = len(self.lines[number].strip()), self.lines[number - 1].strip()
        is_lone = number < 2 or not self.lines[number - 2].strip()  # noqa: PLR2004  the line above the title
        if 2 <= length < min(_SHORTEST, len(title)) and is_lone and title[0].isalnum() and sign not in ".:":  # noqa: PLR2004
            message = f"the line below `{title}` is so short that it makes no heading of it"
            self._slip(number, "lost-heading", message, f"write one `{sign}` for each letter")
            self.lines[number] = sign * len(title)

    def _of_myst(self, number: int, found: re.Match[str]) -> None:
        """Write a fence of MyST as the directive that it is meant for; it is told once a page."""
        name, lead = found["name"], found["lead"]
        if not any(slip.message.endswith(_IN_RST) for slip in self.slips):
            hint = f"write `.. {name}::`, and indent what it holds"
            self._slip(number, "unknown-directive", f"`{{{name}}}` {_IN_RST}", hint)
        within = range(number + 1, len(self.lines))
        end = next((n for n in within if self.lines[n].strip() == found["marks"]), len(self.lines))
        self.lines[number] = f"{lead}.. {name}:: {found['rest'].strip()}".rstrip()
        below = next((n for n in within if not options.SOUND.fullmatch(self.lines[n].strip())), end)
        self.lines[below - 1] += "\n"
        self.lines[number + 1 : end] = [" " * options.DEPTH + line for line in self.lines[number + 1 : end]]
        self.lines[end : end + 1] = [""] * (end < len(self.lines))

    def _directive(self, number: int, found: re.Match[str]) -> int:
        """Take up a directive of ours, and return the number of the next line to look at."""
        joined = self._is_joined(number, options.indent_of(self.lines[number]))
        name, own = found["name"].replace("::", ":").replace(": ", ":"), _own(found)
        self._named(number, found, name)
        self._place(number, own, name)
        if own == "principle" and not found["rest"].strip() and not options.indent_of(self.lines[number]):
            self._heading_above(number, lambda title: f"{title}\n{self._line * len(title)}")
        depth = options.indent_of(self.lines[number])
        below = self._options(number + 1, own, name, depth)
        inner = options.indent_of(self.lines[below - 1]) if below > number + 1 else 0
        if own in options.WITH_TURNS:
            around = self._example if self._example and self._example.depth < depth else None
            self._example, self._turn = _Block(number, own, depth, inner, around=around), None
        elif own in options.TURNS:
            self._turn = _Block(number, own, depth, inner)
        text = self.lines[below] if below < len(self.lines) else ""
        last = self.lines[below - 1]
        is_parted = below == number + 1 or not last.strip() or last.endswith("\n")
        if not is_parted and text.strip() and depth < options.indent_of(text):
            self._part(below, f"the content of `{name}` stands directly below its options")
        self._below_block(number, name, depth)
        if joined:
            self._part(number, f"`{found['name']}` stands directly below text, which it becomes part of")
        return self._behind(number, depth) if is_literal(name) else below

    def _is_joined(self, number: int, indent: int) -> bool:
        """Return whether the line above is text that a directive would be part of."""
        words = (above := self.lines[number - 1] if number else "").strip()
        is_line = bool(words) and (len(set(words)) > 1 or words[0].isalnum())
        return is_line and options.indent_of(above) == indent and not words.startswith(("..", ":"))

    def _named(self, number: int, found: re.Match[str], name: str) -> None:
        """Put the marks right that make a directive."""
        if _RIGHT.match(found[0]):
            return
        message = f"`{found[0].strip().removesuffix(found['rest'])}` is no directive, but a comment or text"
        self._slip(number, "unknown-directive", message, f"write `.. {name}::`")
        self.lines[number] = f"{found['lead']}.. {name}:: {found['rest'].strip()}".rstrip()

    def _place(self, number: int, own: str, name: str) -> None:
        """Move a message to where its example has messages, and see where an example ends."""
        depth, example, turn = options.indent_of(self.lines[number]), self._example, self._turn
        while example and example.around and own in options.SAID and depth <= example.depth:
            # It belongs to the example that holds the last one, which should not.
            example = self._example = example.around
            turn = self._turn = None
        if example is None:
            return
        if own not in options.SAID:
            self._example = None if depth <= example.depth else example
            return
        inner = example.inner or (example.depth + options.DEPTH if depth <= example.depth else depth)
        if depth <= example.depth:
            how = f"no further than {example.shown}, and so stands outside it"
            self._move(number, f"`{name}`", how, self._end_of_turns(number, depth), inner - depth)
        elif depth != inner and not (turn and turn.depth < depth and 0 < turn.inner <= depth):
            how = f"{'further' if depth > inner else 'less'} than {turn.shown if turn else f'the options of {example.shown}'}"
            end = self._end_of_turns(number, depth) if depth < inner else self._behind(number, depth)
            what = "" if depth in example.moved else f"`{name}`"
            self._move(number, what, how, end, inner - depth, hint=options.AS_FAR)
            example.moved.add(depth)
        example.inner = inner

    def _end_of_turns(self, number: int, indent: int) -> int:
        """Return the number of the line below the turns that begin on a line; one further right stands where it should."""
        for end in range(number, len(self.lines)):
            found = options.MARKUP.fullmatch(self.lines[end])
            is_turn = found is not None and _own(found) in options.SAID
            if self.lines[end].strip() and is_turn == (options.indent_of(self.lines[end]) > indent):
                return end
        return len(self.lines)

    def _move(
        self, start: int, what: str, how: str, end: int, by: int, *, hint: str = options.FURTHER
    ) -> None:
        """Move lines right, or left."""
        if what:
            self._slip(start, "wrong-indentation", f"{what} is indented {how}", hint)
        for number in range(start, end):
            if line := self.lines[number].lstrip():
                self.lines[number] = " " * max(options.indent_of(self.lines[number]) + by, 0) + line

    def _part(self, number: int, message: str) -> None:
        """Part a line from the one above."""
        self._slip(number, "missing-blank-line", message, "put a blank line between them")
        self.lines[number - 1] += "\n"

    def _below_block(self, number: int, name: str, depth: int) -> None:
        """Part a directive from text that stands directly below all that it holds."""
        end = self._behind(number, depth)
        if number + 1 < end < len(self.lines) and self.lines[end - 1].strip():
            text = self.lines[end]
            if not self.lines[end - 1].endswith("\n") and not text.lstrip().startswith(".."):
                message = f"this text stands directly below `{name}`"
                self._part(end, message)

    def _text(self, number: int) -> None:
        """Move the text of a message that stands no further right than the directive."""
        line, turn, example = self.lines[number], self._turn, self._example
        depth = options.indent_of(line)
        if example and depth <= example.depth:
            self._example = None
        if turn and turn.has_text and depth == turn.inner and (option := self._below_text(number, turn.own)):
            self.lines[turn.line] += f"\n{' ' * depth}{option}"
            self.lines[number] = ""
        if turn is None or turn.has_text:
            return
        turn.has_text = True
        if depth > turn.depth:
            turn.inner = turn.inner or depth
            return
        below = self.lines[number + 1].strip() if number + 1 < len(self.lines) else ""
        is_title = bool(below) and len(set(below)) == 1 and not below[0].isalnum()
        goes_on = example is not None and depth <= example.depth and self._goes_on(number, example)
        is_between = example is not None and example.depth < depth < turn.depth
        inside = depth == turn.depth or is_between or goes_on
        if not inside or not turn.depth or is_title or line.lstrip().startswith(".."):
            return
        self._example = example
        texts = ((n, self.lines[n].strip()) for n in range(number, len(self.lines)))
        ends = (
            n for n, t in texts if t and (options.indent_of(self.lines[n]) < depth or t.startswith(".. "))
        )
        end = next(ends, len(self.lines))
        how = f"no further than {turn.shown}, and so stands outside it"
        self._move(number, "this text", how, end, turn.depth + options.DEPTH - depth)

    def _goes_on(self, number: int, example: _Block) -> bool:
        """Return whether messages of an example stand below a text at its margin."""
        depth = options.indent_of(self.lines[number])
        below = (line for line in self.lines[number:] if line.strip() and options.indent_of(line) != depth)
        found = options.MARKUP.fullmatch(next(below, ""))
        return (
            found is not None and _own(found) in options.TURNS and options.indent_of(found[0]) > example.depth
        )


# -- what copying and merging leave behind -----------------------------------------------------------

_SIGNS = {
    **dict.fromkeys("\u00a0\u2007\u202f\u3000", (" ", "a no-break space", "write a plain space")),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ("", "a sign without width", "delete it")),
}
"""By sign that looks like another one, or like none: what to read for it, what it is, and the cure."""
_ODD = re.compile(f"[{''.join(_SIGNS)}]")
_STARTS = re.compile(rf"\s*(?:\.\.|[`~:]{{3,}}) ?\{{?{DOMAIN}:")
_LOOKED_UP = re.compile(
    rf"{DOMAIN}:[^`]{{1,200}}+(?:`[^`]{{0,1000}}+`)?|\]\([^)]{{0,1000}}+\)|`[^`]{{0,1000}}+`"
)
"""What holds a name in a line of text."""


def visible(
    lines: Sequence[str], known: Mapping[str, Collection[str]], code: Collection[int] = ()
) -> tuple[list[str], list[options.Slip]]:
    """Return lines without signs that nobody sees, where something of ours is written, and what is wrong, told once.

    :param code: numbers of lines that are shown as code
    """
    texts = list(lines)
    changed: dict[int, str] = {}
    names = {name for options in known.values() for name in options}
    for number, line in enumerate(lines):
        if number not in code and _ODD.search(line):
            near = options.NEAR.fullmatch(_read(line).strip())
            is_whole = near is not None and bool(near["close"].strip()) and near["name"].lower() in names
            is_whole = is_whole or bool(_STARTS.match(_read(line)))
            texts[number] = _read(line) if is_whole else _LOOKED_UP.sub(lambda part: _read(part[0]), line)
            if texts[number] != line and (is_whole or f"{DOMAIN}:" in texts[number] or "](" in line):
                changed[number] = line
            else:
                texts[number] = line
    if not changed:
        return texts, []
    first, *others = changed
    sign = next(match[0] for match in _ODD.finditer(changed[first]) if match[0] not in texts[first])
    _, what, hint = _SIGNS[sign]
    hint += f"; the same on line {', '.join(str(n + 1) for n in others)}" if others else ""
    message = f"{what}, U+{ord(sign):04X}, stands in this line, where no name or option has one"
    return texts, [options.Slip(first + 1, "invisible-character", message, hint)]


def _read(text: str) -> str:
    return _ODD.sub(lambda sign: _SIGNS[sign[0]][0], text)


_CONFLICT = ("<<<<<<< ", "||||||| ", "=======", ">>>>>>> ")
_CODE_BEGINS = re.compile(r"\s*(?:`{3,}|~{3,})\s*[^\s{`]")


def resolved(lines: Sequence[str]) -> tuple[list[int], list[options.Slip]]:
    """Return the numbers of the lines without conflicts that git left, of each the first side, and the conflicts."""
    kept: list[int] = []
    slips: list[options.Slip] = []
    side, fence = 0, ""
    sides, ends = ([n for n, line in enumerate(lines) if line.startswith(mark)] for mark in _CONFLICT[2:])
    for number, line in enumerate(lines):
        mark = next(
            (n for n, mark in enumerate(_CONFLICT) if line.rstrip() + " " == mark or line.startswith(mark)),
            -1,
        )
        fence = line if options.BEGINS_FENCE.match(line) else fence
        # What is shown as code is none.
        if not side and mark == 0 and _is_conflict(number, sides, ends) and not _CODE_BEGINS.match(fence):
            message = "a conflict that git could not merge was left here"
            slips.append(
                options.Slip(
                    number + 1, "merge-conflict", message, "keep one side, and delete the lines of marks"
                )
            )
            side = 1
        elif side and mark > 0:
            side = 0 if mark == len(_CONFLICT) - 1 else mark + 1
        elif side <= 1:
            kept.append(number)
    return kept, slips


def _is_conflict(start: int, sides: Sequence[int], ends: Sequence[int]) -> bool:
    """Return whether the other marks of a conflict follow."""
    at = bisect_right(sides, start)
    return at < len(sides) and bisect_right(ends, sides[at]) < len(ends)
