"""The blocks of reStructuredText by indentation, and the first lines of fences of MyST, with their slips corrected."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.pages import option_slips
from sphinx_policyspec.sphinx_ext.pages.option_slips import indent_of

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
"""A part of the names of directives whose text is no markup."""


def is_literal(name: str) -> bool:
    """Return whether the text of a directive is no markup."""
    return bool(_LITERAL.search(name))


_TITLED = re.compile(r"\s*[^\s:]")
"""What is after a directive that has a title."""
_OPTION_ALONE = re.compile(r"\s*:[\w-]+:(?:(?!\s:[\w-]+:).)*")
_SHORTEST = 4
"""Signs of a line that makes a title of the line above, however long that is."""


def _own(found: re.Match[str]) -> str:
    return found["name"].lower().replace("::", ":").replace(": ", ":").partition(":")[2]


@dataclass
class _Block:
    """A directive that something may belong to.

    :param inner: how far its content is indented, 0 where that is not known yet
    :param has_text: whether it holds any text
    :param moved: indentations of messages that were moved; others with the same are not reported
    :param around: the example that an example is in
    """

    line: int
    own: str
    depth: int
    inner: int = 0
    has_text: bool = False
    moved: set[int] = field(default_factory=set)
    around: _Block | None = None

    @property
    def label(self) -> str:
        return f"`{DOMAIN}:{self.own}` on line {self.line + 1}"


@dataclass
class Indented(option_slips.SlipReading):
    """Reads a page from the top, and moves what is too far left or right."""

    _example: _Block | None = None
    """The last example or prompt, as long as something may belong to it."""
    _line: str = "-"
    """What the last title is underlined with."""
    _first: str = ""
    """What the title of the page is underlined with."""
    _turn: _Block | None = None
    """The last message of that example."""
    _block: _Block | None = None
    """The last directive of ours."""

    def corrected(self) -> list[str]:
        """Return the lines without their slips."""
        number = 0
        while number < len(self.lines):
            number = self._step(number)
        return self.lines

    def _step(self, number: int) -> int:
        """Read a line, and return the number of the next to look at."""
        if fence := _OF_MYST.fullmatch(self.lines[number]):
            self._of_myst(number, fence)
        line = self.lines[number]
        words, indent = line.strip(), indent_of(line)
        if self._is_underline(number):
            self._line, self.is_taken, self._title = words[0], False, self.lines[number - 1].strip()
            self._first = self._first or self._line
            self._underline(number, words[0])
        found = option_slips.MARKUP.fullmatch(line)
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

    def _is_underline(self, number: int) -> bool:
        """Return whether a line may make a title of the line above."""
        line = self.lines[number].rstrip() if number < len(self.lines) else ""
        is_line = len(set(line)) == 1 and not (line[0].isalnum() or line[0].isspace())
        return is_line and number > 0 and bool(self.lines[number - 1].strip())

    def _section_line(self, number: int) -> str:
        """Return the sign that sections below a line are underlined with, a usual one where there are none."""
        below = range(number, min(number + FAR * 3, len(self.lines)))
        signs = (self.lines[n][0] for n in below if self._is_underline(n))
        return next((sign for sign in signs if sign != self._first), "-" if self._first != "-" else "~")

    def _underline(self, number: int, sign: str) -> None:
        """Lengthen the line below a title, if it is so short that it makes none."""
        length, title = len(self.lines[number].strip()), self.lines[number - 1].strip()
        is_lone = number < 2 or not self.lines[number - 2].strip()  # noqa: PLR2004  the line above the title
        if 2 <= length < min(_SHORTEST, len(title)) and is_lone and title[0].isalnum() and sign not in ".:":  # noqa: PLR2004
            message = f"the line below `{title}` is so short that it makes no heading of it"
            self._slip(number, "lost-heading", message, f"write one `{sign}` for each letter")
            self.lines[number] = sign * len(title)

    def _of_myst(self, number: int, found: re.Match[str]) -> None:
        """Write a fence of MyST as the directive that it is meant for; that is reported once per page."""
        name, lead = found["name"], found["lead"]
        if not any(slip.message.endswith(_IN_RST) for slip in self.slips):
            hint = f"write `.. {name}::`, and indent its content"
            self._slip(number, "unknown-directive", f"`{{{name}}}` {_IN_RST}", hint)
        self.lines[number] = f"{lead}.. {name}:: {found['rest'].strip()}".rstrip()
        within = range(number + 1, min(number + FAR * 3, len(self.lines)))
        titles = (n for n in within if self._is_underline(n) or option_slips.MARKUP.fullmatch(self.lines[n]))
        end = next((n for n in within if self.lines[n].strip() == found["marks"]), 0)
        if not end or end > next(titles, end):
            # Only its first line is in the form of MyST.
            return
        below = next((n for n in within if not option_slips.SOUND.fullmatch(self.lines[n].strip())), end)
        self.lines[below - 1] += "\n"
        self.lines[number + 1 : end] = [
            " " * option_slips.DEPTH + line for line in self.lines[number + 1 : end]
        ]
        self.lines[end : end + 1] = [""] * (end < len(self.lines))

    def _directive(self, number: int, found: re.Match[str]) -> int:
        """Read a directive of ours, and return the number of the next line to look at."""
        joined = self._is_joined(number, indent_of(self.lines[number]))
        name, own = found["name"].replace("::", ":").replace(": ", ":"), _own(found)
        self._correct_marks(number, found, name)
        self._dedent(number, own, name)
        self._place(number, own, name)
        is_marker = own == "principle" and not _TITLED.match(found["rest"])
        was_taken, before = self.is_taken, len(self.slips)
        if own == "principle" and not indent_of(self.lines[number]):
            line = self._line if self._line != self._first else self._section_line(number)
            self._heading_above(
                number, lambda title, _: f"{title}\n{line * len(title)}", is_titled=not is_marker
            )
        depth = indent_of(self.lines[number])
        # One option may be there, where there is no argument.
        is_right = _OPTION_ALONE.fullmatch(found["rest"]) is not None
        argument, option_lines = ("", []) if is_right else self._options_behind(number, own, found["rest"])
        if option_lines:
            first = f"{' ' * depth}.. {name}::{argument}".rstrip()
            self.lines[number] = "\n".join(
                [first, *(" " * (depth + option_slips.DEPTH) + line for line in option_lines)]
            )
        below = self._options(number + 1, own, name, depth)
        if is_marker and len(self.slips) == before:
            self._heading_below(number, below, was_taken=was_taken)
        inner = indent_of(self.lines[below - 1]) if below > number + 1 else 0
        self._block = _Block(number, own, depth, inner)
        if own in option_slips.WITH_TURNS:
            around = self._example if self._example and self._example.depth < depth else None
            self._example, self._turn = _Block(number, own, depth, inner, around=around), None
        elif own in option_slips.TURNS:
            self._turn = replace(self._block)
        text = self.lines[below] if below < len(self.lines) else ""
        last = self.lines[below - 1]
        is_parted = below == number + 1 or not last.strip() or last.endswith("\n")
        if not is_parted and text.strip() and depth < indent_of(text):
            self._separate(below, f"the content of `{name}` is directly below its options")
        if own == "principle" and not is_marker:
            self._outdented(number, below, depth)
        self._below_block(number, name, depth)
        if joined:
            self._separate(number, f"`{found['name']}` is directly below text, and becomes part of it")
        return self._behind(number, depth) if is_literal(name) else below

    def _dedent(self, number: int, own: str, name: str) -> None:
        """Move a directive left that is indented as far as its own options and its content."""
        depth, below = indent_of(self.lines[number]), self.lines[number + 1 : number + 2]
        if not (own in option_slips.WITH_TURNS and depth and below and depth == indent_of(below[0])):
            return
        inner = (self.lines[n] for n in range(number + 2, len(self.lines)))
        inner = (line for line in inner if option_slips.MARKUP.fullmatch(line))
        if option_slips.SOUND.fullmatch(below[0].strip()) and depth == indent_of(next(inner, "")):
            message = f"`{name}` is indented as far as its own options and content"
            self._slip(number, "wrong-indentation", message, f"indent it by {option_slips.DEPTH} spaces less")
            self.lines[number] = " " * max(depth - option_slips.DEPTH, 0) + self.lines[number].lstrip()

    def _heading_below(self, number: int, end: int, *, was_taken: bool) -> None:
        """Move a heading above the directive that makes a principle of it."""
        below = range(end, len(self.lines) - 1)
        at = next((n for n in below if self.lines[n].strip()), 0)
        title = self.lines[at].strip()
        if (
            at
            and self._is_underline(at + 1)
            and title[0].isalnum()
            and self._is_above(number, title, was_taken=was_taken)
        ):
            self.lines[number] = f"{title}\n{self.lines[at + 1]}\n\n{self.lines[number]}"
            self.lines[at : at + 2] = ["", ""]
            self._title, self.is_taken = title, True

    def _outdented(self, number: int, below: int, depth: int) -> None:
        """Move right the text of a principle with a title, if none of it is in the directive."""
        start = next((n for n in range(below, len(self.lines)) if self.lines[n].strip()), 0)
        text, block = self.lines[start], _Block(number, "principle", depth)
        if not start or indent_of(text) != depth or not text.lstrip()[0].isalnum():
            return
        # Where the heading above is the title, the text belongs to that.
        is_title = option_slips.words_of(self.lines[number].partition("::")[2]) <= option_slips.words_of(
            self._title
        )
        if is_title or self._is_underline(start + 1):
            return
        within = range(start, len(self.lines))
        end = next(
            (n for n in within if self.lines[n].lstrip().startswith("..") or self._is_underline(n + 1)),
            len(self.lines),
        )
        how = f"no further than {block.label}, and so is outside it"
        self._move(start, "this text", how, end, option_slips.DEPTH)

    def _is_joined(self, number: int, indent: int) -> bool:
        """Return whether the line above is text that a directive would be part of."""
        words = (above := self.lines[number - 1] if number else "").strip()
        is_line = bool(words) and (len(set(words)) > 1 or words[0].isalnum())
        return is_line and indent_of(above) == indent and not words.startswith(("..", ":"))

    def _correct_marks(self, number: int, found: re.Match[str], name: str) -> None:
        """Correct the marks that make a directive."""
        if _RIGHT.match(found[0]):
            return
        message = f"`{found[0].strip().removesuffix(found['rest'])}` is no directive, but a comment or text"
        glued = f" {found['rest'].strip()}" if found["rest"][:1].isalnum() else ""
        self._slip(number, "unknown-directive", message, f"write `.. {name}::{glued}`")
        self.lines[number] = f"{found['lead']}.. {name}:: {found['rest'].strip()}".rstrip()

    def _place(self, number: int, own: str, name: str) -> None:
        """Move a message to where its example has messages, and note where an example ends."""
        depth, example, turn = indent_of(self.lines[number]), self._example, self._turn
        while example and example.around and own in option_slips.MESSAGES and depth <= example.depth:
            # It belongs to the example that holds the last one, which should not.
            example = self._example = example.around
            turn = self._turn = None
        if example is None:
            return
        if own not in option_slips.MESSAGES:
            self._example = None if depth <= example.depth else example
            return
        inner = example.inner or (example.depth + option_slips.DEPTH if depth <= example.depth else depth)
        if depth <= example.depth:
            how = f"no further than {example.label}, and so is outside it"
            self._move(number, f"`{name}`", how, self._end_of_turns(number, depth), inner - depth)
        elif depth != inner and not (turn and turn.depth < depth and 0 < turn.inner <= depth):
            how = f"{'further' if depth > inner else 'less'} than {turn.label if turn else f'the options of {example.label}'}"
            end = self._end_of_turns(number, depth) if depth < inner else self._behind(number, depth)
            what = "" if depth in example.moved else f"`{name}`"
            self._move(number, what, how, end, inner - depth, hint=option_slips.AS_FAR)
            example.moved.add(depth)
        example.inner = inner

    def _end_of_turns(self, number: int, indent: int) -> int:
        """Return the line below the turns that begin on a line: a turn further right, or anything else that is not."""
        for end in range(number, len(self.lines)):
            found = option_slips.MARKUP.fullmatch(self.lines[end])
            is_turn = found is not None and _own(found) in option_slips.MESSAGES
            if self.lines[end].strip() and is_turn == (indent_of(self.lines[end]) > indent):
                return end
        return len(self.lines)

    def _move(
        self, start: int, what: str, how: str, end: int, by: int, *, hint: str = option_slips.FURTHER
    ) -> None:
        """Move lines right, or left."""
        if what:
            self._slip(start, "wrong-indentation", f"{what} is indented {how}", hint)
        for number in range(start, end):
            if line := self.lines[number].lstrip():
                self.lines[number] = " " * max(indent_of(self.lines[number]) + by, 0) + line

    def _separate(self, number: int, message: str) -> None:
        """Separate a line from the one above."""
        self._slip(number, "missing-blank-line", message, "put a blank line between them")
        self.lines[number - 1] += "\n"

    def _below_block(self, number: int, name: str, depth: int) -> None:
        """Separate a directive from text directly below its content, unless the last directive in it does."""
        lines, ours = self.lines, f".. {DOMAIN}:"
        within = (n for n in range(number + 1, len(lines)) if lines[n].strip())
        ends = (n for n in within if indent_of(lines[n]) <= depth or lines[n].lstrip().startswith(ours))
        end = next(ends, 0)
        above = lines[end - 1]
        if (
            number + 1 < end
            and above.strip()
            and not (above.endswith("\n") or lines[end].lstrip().startswith(".."))
        ):
            self._separate(end, f"this text is directly below `{name}`")

    def _text(self, number: int) -> None:
        """Move the text of a message that is no further right than the directive."""
        line, turn, example = self.lines[number], self._turn, self._example
        depth = indent_of(line)
        if example and depth <= example.depth:
            self._example = None
        if (block := self._block) and depth > block.depth:
            is_inside = block.has_text and depth == block.inner
            if is_inside and (option := self._below_text(number, block.own)):
                self.lines[block.line] += f"\n{' ' * depth}{option}"
                self.lines[number] = ""
            block.has_text, block.inner = True, block.inner or depth
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
        ends = (n for n, t in texts if t and (indent_of(self.lines[n]) < depth or t.startswith(".. ")))
        end = next(ends, len(self.lines))
        how = f"no further than {turn.label}, and so is outside it"
        self._move(number, "this text", how, end, turn.depth + option_slips.DEPTH - depth)
        self.lines[number - 1] += "\n" * bool(self.lines[number - 1].strip())

    def _goes_on(self, number: int, example: _Block) -> bool:
        """Return whether messages of an example are below a text at its margin."""
        depth = indent_of(self.lines[number])
        below = (line for line in self.lines[number:] if line.strip() and indent_of(line) != depth)
        found = option_slips.MARKUP.fullmatch(next(below, ""))
        return found is not None and _own(found) in option_slips.TURNS and indent_of(found[0]) > example.depth


# -- the first lines of fences ---------------------------------------------------------------------

FENCE = re.compile(
    r"(?P<lead>[ \t>]*+(?P<item>(?:[-*+]|\d+[.)])[ \t]++)*)(?P<marks>`{3,}+|~{3,}+|:{3,}+)(?P<info>.*)"
)
OF_RST = re.compile(rf" {{0,3}}\.\. (?P<name>{DOMAIN}:[\w-]+) ?::.*")
_IN_MYST = "is a directive of reStructuredText, and text in a page of MyST"
_INLINE = re.compile(rf"(?P<right>\s*`{{3,}}\{{{DOMAIN}:[^`]*)`{{3,}}\s*")
_SHORT = re.compile(
    rf"(?P<lead>\s*)(?P<marks>`{{1,2}}|~{{1,2}}|:{{1,2}}|[\u2018\u2019\u00b4'\u201c\u201d\"]{{2,}})(?P<info>\{{{DOMAIN}:[\w-]+}}[^`]*)(?:`{{1,2}}\s*)?"
)
_FEWEST = 3
"""Marks that make a fence."""
FAR = 100
"""How many open fences are searched for the one that a line ends."""
HEADING = re.compile(r"#{1,6}\s")
_WORDS = dict(enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1))
_QUOTES = "\u2018\u2019\u00b4'\u201c\u201d\""
_ENDS = re.compile(rf"`+|~+|:+|[{_QUOTES}]{{2,}}")
MARKS = {"`": "backticks", "~": "tildes", ":": "colons"}


@dataclass
class FirstLines(option_slips.SlipReading):
    """Reads a page of MyST, and corrects marks that begin a fence.

    :param marks: what fences may be made of
    """

    marks: str = "`~"
    _changed: dict[int, str] = field(default_factory=dict)
    """By number, the lines that were changed."""
    _added: dict[int, list[str]] = field(default_factory=dict)
    """By number, the lines to insert above a line."""

    @property
    def _depth(self) -> int:
        """How many fences are open."""
        raise NotImplementedError

    @property
    def _is_in_code(self) -> bool:
        """Whether the innermost of them is no markup."""
        raise NotImplementedError

    def _replace_line(self, number: int, line: str) -> None:
        self._changed[number] = line

    def _report_rst(self, number: int, name: str) -> None:
        """Report a directive in the form of reStructuredText, once per page."""
        if not any(slip.message.endswith(_IN_MYST) for slip in self.slips):
            hint = f"write it as a fence, `{{{name}}}`"
            self._slip(number, "unknown-directive", f"`.. {name}::` {_IN_MYST}", hint)

    def _of_rst(self, number: int, name: str) -> int:
        """Have a directive of reStructuredText read as one, and report it once per page; return the line below it."""
        self._report_rst(number, name)
        fence, end = option_slips.lead_of(self.lines[number]) + "`" * (3 + self._depth), self._behind(number)
        self._changed[number] = f"{fence}{{eval-rst}}\n{self.lines[number]}"
        self._added.setdefault(end, []).append(fence)
        return end

    def _widened(self, number: int) -> str:
        """Return a line; where a directive has too few marks for a fence, that is corrected and reported."""
        if not self._is_in_code and (inline := _INLINE.fullmatch(self.lines[number])):
            self.lines[number] = self._changed[number] = inline["right"].rstrip()
            message = "marks after the first line of a fence make it code in a line of text"
            self._slip(number, "unclosed-fence", message, "delete them")
        if not self._is_in_code:
            if found := OF_RST.fullmatch(self.lines[number]):
                self._of_both(number, found)
            elif found := _SHORT.fullmatch(self.lines[number]):
                self._lengthened(number, found)
        return self.lines[number]

    def _lengthened(self, number: int, found: re.Match[str]) -> None:
        """Write as many marks as a fence needs, if something ends it."""
        same, is_quoted = found["marks"], found["marks"][0] in _QUOTES
        if same[0] not in f"{self.marks}{_QUOTES}" or not (end := self._end_below(number)):
            return
        mark, ends = "`" if is_quoted else same[0], self.lines[end].strip()
        is_right = len(ends) >= _FEWEST and ends[0] in self.marks
        length = len(ends) if is_right and ends[0] == mark else _FEWEST
        wrong = f"and not {_WORDS[len(same)]}" if not is_quoted else f"and not quotes as in `{same}`"
        message = f"{MARKS[mark]} begin a fence where there are three, {wrong}"
        hint = f"write {count(length, mark)}" + ", here and where it ends" * (not is_right)
        self._slip(number, "short-fence", message, hint)
        self.lines[number] = self._changed[number] = f"{found['lead']}{mark * length}{found['info']}"
        if not is_right:
            self.lines[end] = self._changed[end] = option_slips.lead_of(self.lines[end]) + mark * length

    def _of_both(self, number: int, found: re.Match[str]) -> None:
        """Read a directive of reStructuredText as one of MyST, if it ends or has its options as those do."""
        below = self.lines[number + 1] if number + 1 < len(self.lines) else ""
        if self._behind(number) != number + 1 and below[:1].isspace():
            return
        if not (end := self._end_below(number)):
            within = range(number + 1, len(self.lines))
            end = next((n for n in within if not option_slips.SOUND.fullmatch(self.lines[n])), number + 1)
            if end == number + 1 or self.lines[end].strip():
                return
            self.lines[end] = self._changed[end] = "`" * _FEWEST
        self._report_rst(number, found["name"])
        first = f"{self.lines[end].strip()}{{{found['name']}}}{found[0].partition('::')[2]}"
        self.lines[number] = self._changed[number] = first

    def _end_below(self, number: int) -> int:
        """Return the line in a section that ends the fence that begins on a line, whatever its marks; 0 where none does."""
        depth = 0
        for at in range(number + 1, min(number + FAR * 3, len(self.lines))):
            text = self.lines[at].strip()
            if HEADING.match(text):
                return 0
            if _ENDS.fullmatch(text):
                if not depth:
                    return at
                depth -= 1
            elif ((found := FENCE.fullmatch(text)) and "`" not in found["info"]) or _SHORT.fullmatch(text):
                depth += 1
        return 0


def count(number: int, mark: str) -> str:
    """Return how many marks a fence should have, in words."""
    return f"{_WORDS.get(number, number)} {MARKS[mark]}"
