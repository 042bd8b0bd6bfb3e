"""What a directive holds, by how its lines are written and indented: options, in every markup, and the blocks of reStructuredText."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN


class Slip(NamedTuple):
    """A slip on a line, which counts from 1."""

    line: int
    code: str
    message: str
    hint: str


DEPTH = 3
"""By how much what stands inside a directive of reStructuredText is indented, as is the custom."""
_AS_FAR = "indent it as far as that"
_FURTHER = f"indent it by {DEPTH} spaces more than the line that it belongs to"
TURNS = frozenset({"message", "response"})
SAID = TURNS | {"conversation"}
WITH_TURNS = frozenset({"example", "prompt"})
PROVISIONS = WITH_TURNS | {"spec", "level", "topic", "goal", "definition", "principle"}
HELD = PROVISIONS | SAID
"""The directives that declare something, beside commentary."""
SOUND = re.compile(r":(?P<name>[\w-][\w -]*):(?:\s+(?P<rest>.*)|)")
NEAR = re.compile(
    r"(?P<hyphen>-? *)(?P<open>[:\uff1a]{0,2} ?)(?P<name>\w[\w-]*)(?P<close> ?[:=\uff1a]+|(?=\s|$))(?P<rest>.*)"
)
"""An option that may lack a colon or the blank behind it, or have one too many."""
_DASHES = re.compile(r"-{1,2}|\u2014|\.{3}|[=*_]{3,}")
"""What is written for the three hyphens that begin or end a block of YAML."""
_IN_YAML = re.compile(r"[ \t#\]}-]|[\w-]+:(?:\s|$)")
_BEGINS_FENCE = re.compile(r"\s*(?:`{3}|~{3}|:{3})")


def lead_of(line: str) -> str:
    """Return the white space in front of a line."""
    return line[: len(line) - len(line.lstrip())]


def indent_of(line: str) -> int:
    """Return how far a line is indented, a tab up to the next multiple of eight."""
    return len(lead_of(line).expandtabs())


@dataclass
class Option:
    """An option, as its author means it.

    :param fault: what is wrong with how it is written, empty for nothing
    :param below: the lines that continue its value
    """

    number: int
    line: str
    name: str
    value: str
    fault: str = ""
    below: list[str] = field(default_factory=list)

    def written(self, lead: str, colon: str) -> str:
        """Return its lines as they should be."""
        first = f"{lead}{colon}{self.name}: {self.value}".rstrip()
        return "\n".join([first, *(lead + line for line in self.below)])


_FAULTS = {
    "blank line": ("{names} {stands} below a blank line, where {they} text and no {options}", "delete the blank line"),
    "colon": ("{bare} {lacks} a colon, without which {they} no {options}", "write {names}"),
    "space": ("{names} {lacks} a space behind the colon, without which {they} no {options}", "add the space"),
    "yaml": ("{bare} {are} not written as options are between lines of `---`", "write {names} and a space"),
    "depth": ("{bare} {are} indented further than the option above, and so a part of it", "indent it as far as that"),
    "comment": ("what {bare} {holds} is a comment, which `#` begins", "delete the `#`"),
}  # fmt: skip
"""By fault of an option: what is said of those that have it, and what to do."""
_ONE = {"stands": "stands", "lacks": "lacks", "they": "it is", "are": "is", "options": "option", "holds": "holds"}  # fmt: skip
_MANY = {"stands": "stand", "lacks": "lack", "they": "they are", "are": "are", "options": "options", "holds": "hold"}  # fmt: skip


@dataclass
class SlipReading:
    """Reads the lines of a page, and notes its slips.

    :param known: the options of each directive of ours, by its name without the domain
    """

    lines: list[str]
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list, init=False)

    def _slip(self, number: int, code: str, message: str, hint: str) -> None:
        self.slips.append(Slip(number + 1, code, message, hint))

    def _put(self, number: int, line: str) -> None:
        """Put another line, or several, into the place of one."""
        self.lines[number] = line

    def _rewrite(self, start: int, end: int, texts: list[str]) -> None:
        """Put lines into the place of others, the rest of which are emptied."""
        texts = [*texts[: end - start - 1], "\n".join(texts[end - start - 1 :])]
        for number in range(start, end):
            self._put(number, texts[number - start] if number - start < len(texts) else "")

    # -- options between colons ------------------------------------------------------------------

    def _options(self, start: int, own: str, name: str, depth: int | None = None) -> int:
        """Put the options right that begin on a line, and return the number of the line below them.

        :param own: the directive, without the domain
        :param depth: how far it is indented, in a markup where that matters
        """
        options, first, end = self._collected(start, own, depth)
        if not options:
            return start
        target = self._level(options, end, name, depth) if depth is not None else -1
        self._tell(options, ":{}:")
        kept = self._once(options)
        if target >= 0 or len(kept) < len(options) or any(option.fault for option in options):
            lead = " " * target if target >= 0 else lead_of(options[0].line)
            self._rewrite(first, end, [option.written(lead, ":") for option in kept])
        return end

    def _collected(self, start: int, own: str, depth: int | None) -> tuple[list[Option], int, int]:
        """Return the options below a directive's first line, where they may begin, and the line below them."""
        options: list[Option] = []
        first = end = number = start
        while number < len(self.lines):
            line = self.lines[number]
            option = self._option(number, own, depth, options, is_lost=number > end)
            if option is not None:
                options.append(option)
                end = number + 1
            elif not line.strip():
                if depth is not None and first < number and not options:
                    break
            elif depth is None or number > end or indent_of(line) <= depth or line.lstrip().startswith(".. "):
                break
            elif not options:
                # The argument goes on.
                first = end = number + 1
            elif indent_of(line) > indent_of(options[-1].line):
                options[-1].below.append(f"  {line.strip()}")
                end = number + 1
            else:
                break
            number += 1
        return options, first, end

    def _option(
        self, number: int, own: str, depth: int | None, above: list[Option], *, is_lost: bool
    ) -> Option | None:
        """Return the option that a line is meant as.

        :param is_lost: it stands below a blank line
        """
        line = self.lines[number]
        text, known = line.strip(), self.known.get(own, ())
        is_inside = depth is None or indent_of(line) > depth
        if found := SOUND.fullmatch(text):
            name, value = found["name"], (found["rest"] or "").strip()
            if is_lost:
                is_ours = name in known and (is_inside or (not above and indent_of(line) == depth))
                return Option(number, line, name, value, "blank line") if is_ours else None
            is_comment = depth is None and name in known and value.startswith("#") and " " not in value
            return Option(number, line, name, value.removeprefix("#"), "comment" * is_comment)
        found = NEAR.fullmatch(text)
        if is_lost or not (found and is_inside) or found["name"].lower() not in known:
            return None
        # A message may say `note: text`; between options it is one.
        below = self.lines[number + 1].strip() if number + 1 < len(self.lines) else ""
        is_beside = own not in TURNS or (
            not found["hyphen"] and (depth is not None or bool(above or SOUND.fullmatch(below)))
        )
        if not found["open"] and not (found["close"] and is_beside):
            return None
        fault = "space" if found["open"] == found["close"] == ":" else "colon"
        return Option(number, line, found["name"].lower(), found["rest"].strip(), fault)

    def _behind(self, number: int, indent: int | None = None) -> int:
        """Return the number of the first line below that is indented no further than a line, or than something else."""
        depth = indent_of(self.lines[number]) if indent is None else indent
        below = range(number + 1, len(self.lines))
        ends = (n for n in below if self.lines[n].strip() and indent_of(self.lines[n]) <= depth)
        return next(ends, len(self.lines))

    def _once(self, options: list[Option]) -> list[Option]:
        """Return the options, each once; a second one of a name is told."""
        first: dict[str, Option] = {}
        for option in options:
            if first.setdefault(option.name.lower(), option) is not option:
                message = f"`{option.name}` is given twice; the first counts"
                self._slip(option.number, "duplicate-key", message, "delete one")
        return list(first.values())

    def _tell(self, options: list[Option], form: str) -> None:
        """Tell what is wrong with how options are written, once for all that have the same fault."""
        for fault in dict.fromkeys(option.fault for option in options if option.fault):
            wrong = [option for option in options if option.fault == fault]
            message, hint = _FAULTS[fault]
            words = _ONE if len(wrong) == 1 else _MANY
            names = _joined(form.format(option.name) for option in wrong)
            message = message.format(names=names, bare=_joined(option.name for option in wrong), **words)
            self._slip(wrong[0].number, "lost-option", message, hint.format(names=names))

    def _level(self, options: list[Option], end: int, name: str, depth: int) -> int:
        """Return how far options should be indented, -1 where they are; the first that is not is told."""
        indents = [indent_of(option.line) for option in options]
        inner = [indent for indent in indents if indent > depth]
        below = next((line for line in self.lines[end:] if line.strip()), "")
        body, custom = indent_of(below), depth + DEPTH
        # Messages are moved to where the options are.
        is_less = body < max(inner, default=0) and not (custom in inner and _MARKUP.fullmatch(below))
        if depth < body and (is_less or body == custom):
            target = body
        else:
            target = custom if custom in inner or not inner else Counter(inner).most_common(1)[0][0]
        option = next((one for one, at in zip(options, indents, strict=True) if at != target), None)
        if option is None or option.fault == "blank line":
            return target if option else -1
        at, hint = indent_of(option.line), _AS_FAR
        how = f"{'further' if at > target else 'less'} than {'what stands below it' if body == target else 'those beside it'}"
        if at <= depth:
            how, hint = f"no further than `{name}`", _FURTHER
        elif "\t" in lead_of(option.line):
            how = f"by a tab, which counts for eight spaces, {how}"
        self._slip(option.number, "wrong-indentation", f"the option `{option.name}` is indented {how}", hint)
        return target

    def _below_text(self, number: int, own: str) -> str:
        """Return the option that a line below the text of a directive is meant as, which is told; nothing for other lines."""
        found = SOUND.fullmatch(self.lines[number].strip())
        if found is None or found["name"] not in self.known.get(own, ()):
            return ""
        message = f"`:{found['name']}:` stands below text, where it is text and no option"
        self._slip(number, "lost-option", message, f"put it directly below `{DOMAIN}:{own}`")
        return found[0]

    # -- options in YAML -------------------------------------------------------------------------

    def _begins_yaml(self, start: int, own: str) -> bool:
        """Return whether a line begins a block of options in YAML, or is meant to."""
        text, below = (line.strip() for line in [*self.lines[start : start + 2], "", ""][:2])
        near = NEAR.fullmatch(below)
        is_meant = near is not None and near["name"].lower() in self.known.get(own, ())
        return text.startswith("---") or (bool(_DASHES.fullmatch(text)) and is_meant)

    def _end_of_yaml(self, start: int, own: str) -> tuple[int, bool | None]:
        """Return the line that ends such a block, and whether it does for a parser; none where nothing ends it."""
        end = start
        for number in range(start, len(self.lines)):
            line = self.lines[number]
            text = line.strip()
            if text.startswith("---") or _DASHES.fullmatch(text):
                return number, text.startswith("---")
            near = NEAR.fullmatch(text)
            is_key = near is not None and near["name"].lower() in self.known.get(own, ())
            if _BEGINS_FENCE.match(line) or (
                text and not is_key and (number > end or not _IN_YAML.match(line))
            ):
                break
            end = number + 1 if text else end
        return end, None


def _joined(names: Iterable[str]) -> str:
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}" if most else last


# -- indentation of reStructuredText ----------------------------------------------------------

_NAME = rf"{DOMAIN}(?:::?|: (?=[\w-]+::))[\w-]+"
_MARKUP = re.compile(
    rf"(?P<lead>\s*+)(?:\.\. *+\{{?|(?:(?:\.{{1,4}}|\. \.) *+)?(?={_NAME} ?::(?:\s|$)))"
    rf"(?P<name>{_NAME})\}}? ?[:;]{{0,3}}(?P<rest>\s.*|(?<=::).*|)"
)
_OF_MYST = re.compile(rf"(?P<lead>\s*+)(?P<marks>[`~:]{{3,}}+)\{{(?P<name>{DOMAIN}:[\w-]+)\}}(?P<rest>.*)")
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


def _own(found: re.Match[str]) -> str:
    return found["name"].lower().replace("::", ":").replace(": ", ":").partition(":")[2]


@dataclass
class _Block:
    """A directive that something may belong to.

    :param inner: how far what it holds is indented, 0 where that is not known yet
    :param has_text: whether it holds any text
    :param moved: how far messages were indented that were moved: those that are so, too, are not told
    """

    line: int
    own: str
    depth: int
    inner: int = 0
    has_text: bool = False
    moved: set[int] = field(default_factory=set)

    @property
    def shown(self) -> str:
        return f"`{DOMAIN}:{self.own}` on line {self.line + 1}"


@dataclass
class Indented(SlipReading):
    """Reads a page from above; what stands too far left or right is moved."""

    _example: _Block | None = None
    """The last example or prompt, as long as something may belong to it."""
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
        words, indent = line.strip(), indent_of(line)
        found = _MARKUP.fullmatch(line)
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
            is_literal = is_comment or bool(_LITERAL.search(name))
        else:
            is_literal = words.endswith("::")
        return self._behind(number, indent) if is_literal else number + 1

    def _of_myst(self, number: int, found: re.Match[str]) -> None:
        """Write a fence of MyST as the directive that it is meant for; it is told once a page."""
        name, lead = found["name"], found["lead"]
        if not any(slip.message.endswith(_IN_RST) for slip in self.slips):
            hint = f"write `.. {name}::`, and indent what it holds"
            self._slip(number, "unknown-directive", f"`{{{name}}}` {_IN_RST}", hint)
        within = range(number + 1, len(self.lines))
        end = next((n for n in within if self.lines[n].strip() == found["marks"]), len(self.lines))
        self.lines[number] = f"{lead}.. {name}:: {found['rest'].strip()}".rstrip()
        below = next((n for n in within if not SOUND.fullmatch(self.lines[n].strip())), end)
        self.lines[below - 1] += "\n"
        self.lines[number + 1 : end] = [" " * DEPTH + line for line in self.lines[number + 1 : end]]
        self.lines[end : end + 1] = [""] * (end < len(self.lines))

    def _directive(self, number: int, found: re.Match[str]) -> int:
        """Take up a directive of ours, and return the number of the next line to look at."""
        joined = self._is_joined(number, indent_of(self.lines[number]))
        name, own = found["name"].replace("::", ":").replace(": ", ":"), _own(found)
        self._named(number, found, name)
        self._place(number, own, name)
        depth = indent_of(self.lines[number])
        below = self._options(number + 1, own, name, depth)
        inner = indent_of(self.lines[below - 1]) if below > number + 1 else 0
        if own in WITH_TURNS:
            self._example, self._turn = _Block(number, own, depth, inner), None
        elif own in TURNS:
            self._turn = _Block(number, own, depth, inner)
        text = self.lines[below] if below < len(self.lines) else ""
        last = self.lines[below - 1]
        is_parted = below == number + 1 or not last.strip() or last.endswith("\n")
        if not is_parted and text.strip() and depth < indent_of(text):
            self._part(below, f"the content of `{name}` stands directly below its options")
        self._below_block(number, name, depth)
        if joined:
            self._part(number, f"`{found['name']}` stands directly below text, which it becomes part of")
        return self._behind(number, depth) if _LITERAL.search(name) else below

    def _is_joined(self, number: int, indent: int) -> bool:
        """Return whether the line above is text that a directive would be part of."""
        words = (above := self.lines[number - 1] if number else "").strip()
        is_line = bool(words) and (len(set(words)) > 1 or words[0].isalnum())
        return is_line and indent_of(above) == indent and not words.startswith(("..", ":"))

    def _named(self, number: int, found: re.Match[str], name: str) -> None:
        """Put the marks right that make a directive."""
        if _RIGHT.match(found[0]):
            return
        message = f"`{found[0].strip().removesuffix(found['rest'])}` is no directive, but a comment or text"
        self._slip(number, "unknown-directive", message, f"write `.. {name}::`")
        self.lines[number] = f"{found['lead']}.. {name}:: {found['rest'].strip()}".rstrip()

    def _place(self, number: int, own: str, name: str) -> None:
        """Move a message to where its example has messages, and see where an example ends."""
        depth, example, turn = indent_of(self.lines[number]), self._example, self._turn
        if example is None:
            return
        if own not in SAID:
            self._example = None if depth <= example.depth else example
            return
        inner = example.inner or (example.depth + DEPTH if depth <= example.depth else depth)
        if depth <= example.depth:
            how = f"no further than {example.shown}, and so stands outside it"
            self._move(number, f"`{name}`", how, self._end_of_turns(number, depth), inner - depth)
        elif depth != inner and not (turn and turn.depth < depth and 0 < turn.inner <= depth):
            how = f"{'further' if depth > inner else 'less'} than {turn.shown if turn else f'the options of {example.shown}'}"
            end = self._end_of_turns(number, depth) if depth < inner else self._behind(number, depth)
            what = "" if depth in example.moved else f"`{name}`"
            self._move(number, what, how, end, inner - depth, hint=_AS_FAR)
            example.moved.add(depth)
        example.inner = inner

    def _end_of_turns(self, number: int, indent: int) -> int:
        """Return the number of the line below the turns that begin on a line; one further right stands where it should."""
        for end in range(number, len(self.lines)):
            found = _MARKUP.fullmatch(self.lines[end])
            is_turn = found is not None and _own(found) in SAID
            if self.lines[end].strip() and is_turn == (indent_of(self.lines[end]) > indent):
                return end
        return len(self.lines)

    def _move(self, start: int, what: str, how: str, end: int, by: int, *, hint: str = _FURTHER) -> None:
        """Move lines right, or left."""
        if what:
            self._slip(start, "wrong-indentation", f"{what} is indented {how}", hint)
        for number in range(start, end):
            if line := self.lines[number].lstrip():
                self.lines[number] = " " * max(indent_of(self.lines[number]) + by, 0) + line

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
        depth = indent_of(line)
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
        ends = (n for n, t in texts if t and (indent_of(self.lines[n]) < depth or t.startswith(".. ")))
        end = next(ends, len(self.lines))
        how = f"no further than {turn.shown}, and so stands outside it"
        self._move(number, "this text", how, end, turn.depth + DEPTH - depth)

    def _goes_on(self, number: int, example: _Block) -> bool:
        """Return whether messages of an example stand below a text at its margin."""
        depth = indent_of(self.lines[number])
        below = (line for line in self.lines[number:] if line.strip() and indent_of(line) != depth)
        found = _MARKUP.fullmatch(next(below, ""))
        return found is not None and _own(found) in TURNS and indent_of(found[0]) > example.depth
