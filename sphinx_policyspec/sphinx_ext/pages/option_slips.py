"""The options of a directive as their author means them, in every markup; faults in how they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN


class Slip(NamedTuple):
    """A slip on a line, which counts from 1."""

    line: int
    code: str
    message: str
    hint: str


DEPTH = 3
"""By how much what is inside a directive of reStructuredText is indented, as is the custom."""
AS_FAR = "indent it as far as that"
FURTHER = f"indent it by {DEPTH} spaces more than the line that it belongs to"
TURNS = frozenset({"message", "response"})
MESSAGES = TURNS | {"conversation"}
WITH_TURNS = frozenset({"example", "prompt"})
PROVISIONS = WITH_TURNS | {"spec", "level", "topic", "goal", "definition", "principle"}
DECLARING = PROVISIONS | MESSAGES
"""The directives that declare something, beside commentary."""
SOUND = re.compile(r":(?P<name>[\w-][\w -]*):(?:\s+(?P<rest>.*)|)")
NEAR = re.compile(
    r"(?!\.\. )(?P<hyphen>(?:(?:\d+[.)]|[^\w\s:>\uff1a]++) *+)*+)(?P<open>[:\uff1a]{0,2} ?)(?P<name>\w[\w-]*)"
    r"(?P<close>[^\w\s:=]{0,4} ?(?:[:=\uff1a;|]{1,4}|-{1,3}>)[^\w\s:=\[{(\uff1a]{0,4}|(?=\s|$))(?P<rest>.*)"
)
"""An option that may lack a colon or the blank behind it, have one too many, or have marks of lists and the like around it."""
_ITEM = re.compile(r"\s+- \S")
"""An item of a list of YAML, below what it belongs to."""
_BARE = re.compile(r"\s+[\w-]+\s*")
"""One word, as the value of an option is."""
_NOTE = re.compile(r"(?:%|#|//|/\*|<!--|\.\. (?!\S+ ?::)|--(?!-)|\[//\]).*")
"""What is meant as a comment."""
_NAME = rf"{DOMAIN}(?:::?|: (?=[\w-]+::))[\w-]+"
MARKUP = re.compile(
    rf"(?P<lead>\s*+)(?:\.\. *+\{{?|(?:(?:\.{{1,4}}|\. \.) *+)?(?={_NAME} ?::(?:\s|$)))"
    rf"(?P<name>{_NAME})\}}? ?[:;]{{0,3}}(?P<rest>\s.*|(?<=::).*|)"
)
"""A directive of reStructuredText of ours, whatever is wrong with its marks."""
_NO_HEADING = re.compile(
    r"#{1,6}\s*(?P<of_signs>[^#\s].*)|(?P<bold>\*\*|__|)(?P<title>\w(?:[^*_]*[^*_.:;,`])?)(?P=bold):?\s*"
)
"""What is meant as a heading: a line with the signs of one, in bold text, or one that ends no sentence."""
_DASHES = re.compile(r"-{1,2}|\u2014|\.{3}|[=*_]{3,}")
"""What authors write instead of the three hyphens that begin or end a block of YAML."""
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^']|'')*+'")
_QUOTES = "\"'\u2018\u2019\u201c\u201d"
_KEY = re.compile(r"[\w-]+:(?:\s.*)?")
_HOLDS_BLOCK = re.compile(r":\s*+(?:[|>][+-]?\s*+)?$")
"""What a key ends with whose value is on the lines below it."""
_IN_YAML = re.compile(r"[ \t#\]}-]|[\w-]+:(?:\s|$)")
_DASHED = 3
"""More signs than this make a line across the page."""
_HEAD = 12
"""How many lines of a directive are searched for its id."""
_LONGEST = 60
"""Characters of a line that a message shows."""
BEGINS_FENCE = re.compile(r"\s*(?:`{3}|~{3}|:{3})")


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

    def corrected(self, lead: str, colon: str) -> str:
        """Return its lines as they should be."""
        first = f"{lead}{colon}{self.name}: {self.value}".rstrip()
        return "\n".join([first, *(lead + line for line in self.below)])


_FAULTS = {
    "line": ("{names} {has} another option on {its} line, as part of {its} value", "give each option a line of its own"),
    "blank line": ("{names} {are} below a blank line, where {they} text and no {options}", "delete the blank line"),
    "colon": ("{bare} {lacks} a colon, without which {they} no {options}", "write {names}"),
    "marks": ("other characters are around {bare}, so that {they} no {options}", "write {names}"),
    "space": ("{names} {lacks} a space after the colon, without which {they} no {options}", "add the space"),
    "yaml": ("{bare} {are} not written as options are between lines of `---`", "write {names} and a space"),
    "depth": ("{bare} {are} indented further than the option above, and so a part of it", "indent it as far as that"),
    "quote": ("the quote in {names} is never closed", "close it, or delete it"),
    "behind": ("text follows the quotes in {names}", "put the quotes around all of it"),
    "remark": ("a comment follows the value of {bare}", "put it above the directive, or all of the value in quotes"),
    "list": ("the value of {names} is written as a YAML list", "write it on one line, divided by commas"),
    "comment": ("the value of {bare} is a comment, which begins with `#`", "delete the `#`"),
}  # fmt: skip
"""By fault of an option: the message about those that have it, and what to do."""
_ONE = {"lacks": "lacks", "they": "it is", "are": "is", "options": "option", "has": "has", "its": "its"}  # fmt: skip
_MANY = {"lacks": "lack", "they": "they are", "are": "are", "options": "options", "has": "have", "its": "their"}  # fmt: skip


@dataclass
class SlipReading:
    """Reads the lines of a page, and notes its slips.

    :param known: the options of each directive of ours, by its name without the domain
    """

    lines: list[str]
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list, init=False)
    is_taken: bool = field(default=False, init=False)
    """Whether a principle is below the last heading already."""
    _title: str = field(default="", init=False)
    """The last heading."""
    _below: int = field(default=-2, init=False)
    """The last line that held an option below text."""

    def corrected(self) -> list[str]:
        """Return the lines without their slips."""
        raise NotImplementedError

    def _slip(self, number: int, code: str, message: str, hint: str) -> None:
        self.slips.append(Slip(number + 1, code, message, hint))

    def _replace_line(self, number: int, line: str) -> None:
        """Replace a line by another, or by several."""
        self.lines[number] = line

    def _rewrite(self, start: int, end: int, texts: list[str]) -> None:
        """Replace lines by others; lines that are left over become empty."""
        texts = [*texts[: end - start - 1], "\n".join(texts[end - start - 1 :])]
        for number in range(start, end):
            self._replace_line(number, texts[number - start] if number - start < len(texts) else "")

    def _heading_above(
        self, number: int, heading: Callable[[str, str], str], *, is_titled: bool = False
    ) -> None:
        """Read the line above a principle as the heading that it is meant as.

        :param heading: returns a title as a heading, given the signs that it has
        :param is_titled: the principle has a title of its own, and so needs a heading only where it is in another one
        """
        place = self._above(number)
        line = self.lines[place].strip()
        if parted := self.is_taken and len(line) > _DASHED and len(set(line)) == 1 and not line[0].isalnum():
            # A blank line separates a title from what it is underlined with.
            number, place = place, self._above(place)
        is_alone = 0 <= place < number - 1 and not (place and self.lines[place - 1].strip())
        found = _NO_HEADING.fullmatch(self.lines[place]) if is_alone else None
        title = (found["of_signs"] or found["title"]).strip() if found else ""
        right = heading(title, "" if found is None else found[0][: len(found[0]) - len(found[0].lstrip("#"))])
        is_sure = found is not None and bool(found["of_signs"])
        is_meant = self.is_taken or (not is_titled and (is_sure or self._is_named(number, title)))
        if found is None or right == found[0] or not is_meant:
            self.is_taken = self.is_taken or not is_titled
            return
        title, _, line = right.partition("\n")
        hint = f"write `{title}`" + (f" above a line of `{line[0]}`" if line else "")
        self._slip(place, "lost-heading", f"`{found[0].strip()}` is text, and no heading", hint)
        self._replace_line(place, right)
        if parted:
            self._replace_line(number, "")

    def _above(self, number: int) -> int:
        """Return the last line above one that says something, -1 where none does."""
        return next((n for n in range(number - 1, -1, -1) if self.lines[n].strip()), -1)

    def _is_named(self, start: int, title: str) -> bool:
        """Return whether the id of a directive is made of the words of a title, and not of those of the heading above."""
        ids = (re.search(r"\bid:\s{1,9}([\w-]+)", line) for line in self.lines[start : start + _HEAD])
        words = set(re.split(r"[_-]", next((found[1].lower() for found in ids if found), "")))
        return words <= words_of(title) and not words <= words_of(self._title)

    def _is_above(self, start: int, title: str, *, was_taken: bool) -> bool:
        """Return whether a principle is meant to be below the heading that follows it, and report it if so.

        :param was_taken: another principle is below the heading above
        """
        if not (was_taken or not self._title or self._is_named(start, title)):
            return False
        message = f"`{DOMAIN}:principle` is above the heading that it is about"
        self._slip(start, "misplaced-directive", message, f"put it below `{title}`")
        return True

    # -- options between colons ------------------------------------------------------------------

    def _options(self, start: int, own: str, name: str, depth: int | None = None) -> int:
        """Correct the options that begin on a line, and return the number of the line below them.

        :param own: the directive, without the domain
        :param depth: how far it is indented, in a markup where that matters
        """
        options, first, end = self._collected(start, own, depth)
        if not options:
            return start
        last = options[-1]
        # reStructuredText accepts such a list; options between colons in MyST are a line each.
        items = [*last.below, *takewhile(_ITEM.match, self.lines[end:])] if depth is None else []
        if items and not last.value and all(_ITEM.match(item) for item in items):
            end += len(items) - len(last.below)
            last.value, last.below = ", ".join(item.strip(" \t-") for item in items), []
            last.fault = last.fault or "list"
        target = self._level(options, end, name, depth) if depth is not None else -1
        self._report(options, ":{}:")
        unique = self._once(options)
        if target >= 0 or len(unique) < len(options) or any(option.fault for option in options):
            lead = " " * target if target >= 0 else lead_of(options[0].line)
            self._rewrite(first, end, [option.corrected(lead, ":") for option in unique])
        return end

    def _options_behind(self, number: int, own: str, argument: str) -> tuple[str, list[str]]:
        """Return the argument of a directive, and the options behind it, each on its own line; they are reported."""
        names = "|".join(sorted(self.known.get(own, ())))
        behind = rf"(?:[,;{{]|(?<![\s,;{{]))\s++[:{{]?({names})(?::\s|=)\s*+"
        first, *parts = re.split(behind, argument) if names else [argument]
        if parts:
            message = f"`:{parts[0]}:` is after the directive, as part of its argument"
            hint = f"put {'each option' if parts[2:] else 'it'} on a line of its own"
            self._slip(number, "lost-option", message, hint)
        values = (part.strip(" \"'}") for part in parts[1::2])
        return first, [f":{name}: {value}" for name, value in zip(parts[::2], values, strict=True)]

    def _collected(self, start: int, own: str, depth: int | None) -> tuple[list[Option], int, int]:
        """Return the options below a directive's first line, where they may begin, and the line below them."""
        options: list[Option] = []
        notes: list[int] = []
        first = end = number = start
        while number < len(self.lines):
            line = self.lines[number]
            option = self._option(number, own, depth, options, is_lost=number > end)
            if option is not None:
                options.append(option)
                end = number + 1
            elif not line.strip():
                if depth is not None and first < number and self.lines[number - 1].strip() and not options:
                    break
            elif number == end and (
                self._is_note(number, own, depth) or (depth is not None and line.strip() == "---")
            ):
                end = number + 1
                notes.append(number)
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
        if notes and options:
            message = f"`{self.lines[notes[0]].strip()[:_LONGEST]}` ends the options, and makes text of those below it"
            self._slip(notes[0], "lost-option", message, "put it above the directive")
            options[0].fault = options[0].fault or "note"
        return options, first, end

    def _is_note(self, number: int, own: str, depth: int | None) -> bool:
        """Return whether a line is a comment above another option."""
        is_outside = depth is not None and indent_of(self.lines[number]) <= depth
        if is_outside or not _NOTE.fullmatch(self.lines[number].strip()):
            return False
        below = (self.lines[n] for n in range(number + 1, len(self.lines)))
        line = next((text for text in below if not _NOTE.fullmatch(text.strip())), "")
        if depth is not None and indent_of(line) <= depth:
            return False
        found = SOUND.fullmatch(line.strip())
        return found is not None and found["name"] in self.known.get(own, ())

    def _option(
        self, number: int, own: str, depth: int | None, above: list[Option], *, is_lost: bool
    ) -> Option | None:
        """Return the option that a line is meant as.

        :param is_lost: it is below a blank line
        """
        line = self.lines[number]
        text, known = line.strip(), self.known.get(own, ())
        is_inside = depth is None or indent_of(line) > depth
        if found := SOUND.fullmatch(text):
            name, value = found["name"].rstrip(), (found["rest"] or "").strip()
            if is_lost:
                is_ours = name in known and (is_inside or (not above and indent_of(line) == depth))
                return Option(number, line, name, value, "blank line") if is_ours else None
            first, *more = self._parts(value, own)
            is_comment = depth is None and name in known and value.startswith("#") and " " not in value
            fault = "line" if more else "colon" if name != found["name"] else "comment" * is_comment
            is_yaml = depth is None and name in known
            quoting = self._quoting(number, first) if is_yaml else ""
            before, sign, _ = first.partition(" #") if is_yaml and first[:1] not in "'\"" else (first, "", "")
            value = _plain(before.rstrip(), quoting).removeprefix("#" * is_comment)
            return Option(number, line, name, value, fault or quoting or "remark" * bool(sign), more)
        found = NEAR.fullmatch(text)
        if is_lost or not (found and is_inside) or found["name"].lower() not in known:
            return None
        # A message may say `note: text`; between options it is one.
        below = self.lines[number + 1].strip() if number + 1 < len(self.lines) else ""
        is_beside = own not in TURNS or (
            not found["hyphen"] and (depth is not None or bool(above or SOUND.fullmatch(below)))
        )
        is_bare = (
            own not in TURNS and found["hyphen"] in {"", "--"} and _BARE.fullmatch(found["rest"]) is not None
        )
        if not found["open"] and not (found["close"] and is_beside) and not (is_bare and not found["close"]):
            return None
        is_marked = bool(found["hyphen"].strip() or found["close"].strip(" :=;\uff1a"))
        fault = "marks" if is_marked else "space" if found["open"] == found["close"] == ":" else "colon"
        return Option(number, line, found["name"].lower(), found["rest"].strip(" \t|"), fault)

    def _quoting(self, number: int, value: str) -> str:
        """Return what is wrong with the quotes around a value of YAML, which may go on below; empty for nothing."""
        if value[:1] not in {"'", '"'}:
            return ""
        found = _QUOTED.match(value)
        if found is None:
            below = self.lines[number + 1] if number + 1 < len(self.lines) else ""
            return "" if below[:1].isspace() and below.strip() else "quote"
        behind = value[found.end() :].strip()
        return "behind" if behind and not behind.startswith("#") else ""

    def _parts(self, value: str, own: str) -> list[str]:
        """Return the value of an option, and the options behind it on its line."""
        names = "|".join(sorted(self.known.get(own, ())))
        return re.split(rf"(?:[,;]|(?<![\s,;]))\s++(?=:(?:{names}):(?:\s|$))", value) if names else [value]

    def _behind(self, number: int, indent: int | None = None) -> int:
        """Return the number of the first line below that is indented no further than a line, or than something else."""
        depth = indent_of(self.lines[number]) if indent is None else indent
        below = range(number + 1, len(self.lines))
        ends = (n for n in below if self.lines[n].strip() and indent_of(self.lines[n]) <= depth)
        return next(ends, len(self.lines))

    def _once(self, options: list[Option]) -> list[Option]:
        """Return the options, each once; a second one of a name is reported."""
        first: dict[str, Option] = {}
        for option in options:
            if first.setdefault(option.name.lower(), option) is not option:
                message = f"`{option.name}` is given twice; the first counts"
                self._slip(option.number, "duplicate-key", message, "delete one")
        return list(first.values())

    def _report(self, options: list[Option], form: str) -> None:
        """Report what is wrong with how options are written, once for all that have the same fault."""
        for fault in dict.fromkeys(option.fault for option in options if option.fault in _FAULTS):
            wrong = [option for option in options if option.fault == fault]
            message, hint = _FAULTS[fault]
            words = _ONE if len(wrong) == 1 else _MANY
            names = _joined(form.format(option.name) for option in wrong)
            message = message.format(names=names, bare=_joined(option.name for option in wrong), **words)
            self._slip(wrong[0].number, "lost-option", message, hint.format(names=names))

    def _level(self, options: list[Option], end: int, name: str, depth: int) -> int:
        """Return how far options should be indented, -1 where they are; the first that is not is reported."""
        indents = [indent_of(option.line) for option in options]
        inner = [indent for indent in indents if indent > depth]
        below = next((line for line in self.lines[end:] if line.strip()), "")
        body, custom = indent_of(below), depth + DEPTH
        # Messages are moved to where the options are.
        is_less = body < max(inner, default=0) and not (custom in inner and MARKUP.fullmatch(below))
        if depth < body and (is_less or body == custom):
            target = body
        else:
            target = custom if custom in inner or not inner else Counter(inner).most_common(1)[0][0]
        option = next((one for one, at in zip(options, indents, strict=True) if at != target), None)
        if option is None or option.fault == "blank line":
            return target if option else -1
        at, hint = indent_of(option.line), AS_FAR
        how = f"{'further' if at > target else 'less'} than {'what is below it' if body == target else 'those beside it'}"
        if at <= depth:
            how, hint = f"no further than `{name}`", FURTHER
        elif "\t" in lead_of(option.line):
            how = f"by a tab, which counts for eight spaces, {how}"
        self._slip(option.number, "wrong-indentation", f"the option `{option.name}` is indented {how}", hint)
        return target

    def _below_text(self, number: int, own: str) -> str:
        """Return and report the option that a line below the text of a directive is meant as; empty for other lines."""
        found = SOUND.fullmatch(self.lines[number].strip())
        if found is None or found["name"] not in self.known.get(own, ()):
            return ""
        if self._below != number - 1:
            message = f"`:{found['name']}:` is below text, where it is text and not an option"
            self._slip(number, "lost-option", message, f"put it directly below `{DOMAIN}:{own}`")
        self._below = number
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
            if BEGINS_FENCE.match(line) or (
                text and not is_key and (number > end or not _IN_YAML.match(line))
            ):
                break
            end = number + 1 if text else end
        return end, None

    def _yaml(self, first: int, start: int, own: str) -> int:
        """Correct such a block, and return the number of the line below it.

        :param first: the line that it should begin on
        """
        opens = self.lines[start].strip().startswith("---")
        end, closes = self._end_of_yaml(start + 1, own)
        options, above = self._keys(start + 1, end, own)
        self._report(options, "{}:")
        unique = self._once(options)
        if not (opens and closes):
            number = end if opens and closes is False else start
            message = f"`{self.lines[number].strip()}` {'ends' if opens else 'begins'} no block of options"
            hint = "write `---`"
            if opens and closes is None:
                message, hint = "the block of options is never closed", "add a line `---` below it"
            self._slip(number, "lost-option", message, hint)
        elif first < start:
            message = "a block of options is below a blank line, where it is text"
            self._slip(start, "lost-option", message, "delete the blank line")
        elif len(unique) == len(options) and not any(option.fault for option in options):
            return end + 1
        below = end + (closes is not None)
        lead = lead_of(self.lines[start])
        lines = [f"{lead}---", *above, *(one.corrected(lead, "") for one in unique), f"{lead}---"]
        self._rewrite(first, below, lines)
        return below

    def _keys(self, start: int, end: int, own: str) -> tuple[list[Option], list[str]]:
        """Return the options of such a block, and the lines above the first."""
        options: list[Option] = []
        above: list[str] = []
        for number in range(start, end):
            line = self.lines[number]
            found = NEAR.fullmatch(line.strip())
            is_deeper = bool(options) and indent_of(line) > indent_of(options[-1].line)
            is_key = found is not None and found["name"].lower() in self.known.get(own, ())
            is_sound = bool(_KEY.fullmatch(line.strip()))
            holds = bool(options) and (options[-1].below or _HOLDS_BLOCK.search(options[-1].line))
            if found is None or (is_deeper and (holds or not is_key)) or not (is_key or is_sound):
                (options[-1].below if options else above).append(line)
                continue
            value = found["rest"].strip()
            quoting = self._quoting(number, value)
            fault = quoting if is_sound and not is_deeper else "depth" if is_deeper else "yaml"
            options.append(Option(number, line, found["name"], _plain(value, quoting), fault))
        return options, above


def words_of(title: str) -> set[str]:
    """Return the words of a title."""
    return set(re.findall(r"\w+", title.lower().replace("_", " ")))


def _plain(value: str, quoting: str) -> str:
    """Return a value of YAML without what is wrong with its quotes."""
    if quoting == "behind":
        return "'{}'".format(value.replace("'", "''"))
    return value.strip(_QUOTES) if quoting else value


def _joined(names: Iterable[str]) -> str:
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}" if most else last
