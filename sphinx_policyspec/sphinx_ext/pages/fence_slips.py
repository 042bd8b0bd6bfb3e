"""Slips in fences of MyST and in their options, by their cause, and the text without them, so that nothing else follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice, takewhile

from sphinx_policyspec.identifiers.directives import CODE
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.pages.indentation_slips import (
    FAR,
    FENCE,
    HEADING,
    MARKS,
    OF_RST,
    FirstLines,
    count,
)
from sphinx_policyspec.sphinx_ext.pages.option_slips import PROVISIONS, TURNS, WITH_TURNS, indent_of

_BRACED = re.compile(r"\s*+\{(?P<name>[^{}]*+)\}.*")
_BARE = re.compile(rf"\s*[\[({{<]?(?P<name>{DOMAIN}:[\w-]+)[\])}}>]?(?P<rest>\s.*|)$")
"""A directive of ours that lacks one of its braces, or both, or has other brackets."""
_TURN = re.compile(r"\s*(?P<own>message|response)(?P<rest>\s.*)")
"""A message or answer that lacks what makes it a directive."""
_SAYS = re.compile(r"[\w{}\[(<]")
"""What is after marks only if they begin a fence."""
_LEVEL = re.compile(
    r"(?P<title>#{1,6}+\s[^{]*+)(?P<given>\{#(?P<id>[\w-]++)(?:\s++authority=(?P<level>[\w-]++))?\})\s*+"
)
_BELOW_HEADING = f"write `{{{DOMAIN}:principle}}` below it, with `:id:` and `:authority:`"
_GLUED = re.compile(rf"\s*\{{{DOMAIN}:[\w-]+\}}\S")
_HTML = re.compile(r" {0,3}<(?:(?P<comment>!--)|(?P<name>pre|script|style|textarea)\b)", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*+:]|\d+[.)]|\[\^[^\]]+\]:)\s")
_CODE_AND_END = 3
"""Lines of marks that begin code, end it, and end what it is in."""
_NEVER_HELD = {
    **dict.fromkeys(("message", "response", "commentary"), PROVISIONS | TURNS),
    **dict.fromkeys(("example", "prompt"), PROVISIONS),
    **dict.fromkeys(("spec", "level", "topic", "goal", "definition"), PROVISIONS | TURNS),
    "principle": frozenset({"spec", "level", "principle"}),
}
"""By directive of ours: those of ours that it cannot hold."""
_CODE = CODE | {f"{DOMAIN}:case", f"{DOMAIN}:conversation", f"{DOMAIN}:query"}
"""Directives whose text is no markup."""
_CODE_DEPTH = 4
"""By how much code is indented."""
COLONS = "add `colon_fence` to `myst_enable_extensions`, or write backticks"


@dataclass(eq=False)
class _Fence:
    """A fence that is open.

    :param name: of the directive; empty where it holds code
    :param own: the correct name of a directive of ours, without the domain
    :param wanted: how many marks it needs for what is inside it
    :param short: the fence inside it that is just as long
    :param inner_end: the line that ends the last fence inside it
    :param end: the line that ends it for a parser, once that is known
    :param is_inside: it is in a directive of ours
    :param below: the line below its options
    :param is_marker: it makes a principle of the section around it
    :param was_taken: another directive made a principle of its section already
    """

    line: int
    lead: str
    mark: str
    length: int
    name: str
    own: str
    info: str
    wanted: int = 0
    short: _Fence | None = None
    inner_end: int = 0
    end: int = 0
    is_inside: bool = False
    below: int = 0
    is_marker: bool = False
    was_taken: bool = False

    @property
    def is_code(self) -> bool:
        return not self.name or self.name in _CODE

    def holds(self, other: _Fence) -> bool:
        """Return whether it may hold another one."""
        if self.own == "principle" and not re.search(r"\}\s*\S", self.info):
            return other.own not in PROVISIONS
        return other.own not in _NEVER_HELD.get(self.own, frozenset())

    @property
    def label(self) -> str:
        return f"`{self.name}`" if self.name else "a block of code"


@dataclass
class DirectiveFences(FirstLines):
    """Reads fences as their author means them, not as a parser must."""

    _open: list[_Fence] = field(default_factory=list)
    _lost: set[int] = field(default_factory=set)
    _unended: set[str] = field(default_factory=set)
    _ended: tuple[_Fence, int] | None = None
    """The last example at the margin of the page, and the line that ends it."""
    _signs: str = "##"
    """The signs of the last heading."""
    _beside: int = 0
    """How many messages follow that example, at the margin as well."""

    def corrected(self) -> list[str]:
        """Return the lines without their slips."""
        below = 0
        for number in range(len(self.lines)):
            below = max(below, number, self._below_html(number))
            if number < below or self._is_indented_code(number):
                continue
            line = self._widened(number)
            found = FENCE.fullmatch(line)
            if found is not None and found["marks"][0] in self.marks:
                self._fence(number, found)
            elif found and f"{{{DOMAIN}:" in line and not (self._open and self._open[-1].is_code):
                if not any(slip.hint == COLONS for slip in self.slips):
                    self._slip(number, "short-fence", "colons make no fence in this project", COLONS)
            elif (rst := OF_RST.fullmatch(line)) and not self._is_in_code:
                below = self._of_rst(number, rst["name"])
            elif self._open:
                self._inside(number, line, self._open[-1])
            else:
                self._outside(number, line)
        while self._open:
            self._never_closed(self._open.pop(), len(self.lines))
        lines = [self._changed.get(number, line) for number, line in enumerate(self.lines)]
        for place in sorted(self._added, reverse=True):
            lines[place:place] = self._added[place]
        return lines

    def _outside(self, number: int, line: str) -> None:
        """Read a heading with a level in the form of Model Spec Markdown, which is text to MyST, as a principle."""
        if HEADING.match(line):
            self._signs, self.is_taken = line.partition(" ")[0], False
            self._title = line.strip()
        if (found := _LEVEL.fullmatch(line)) is None:
            return
        title, hint = found["title"].rstrip(), "delete it"
        message, right = f"`{found['given']}` is text in a page of MyST", title
        if self._has_principle(number):
            message += f", beside `{{{DOMAIN}:principle}}`, which says it"
        elif found["level"]:
            options = f":id: {found['id']}\n:authority: {found['level']}\n"
            hint, right = _BELOW_HEADING, f"{title}\n\n```{{{DOMAIN}:principle}}\n{options}```\n"
        else:
            hint, right = f"write `({found['id']})=` on a line above it", f"({found['id']})=\n{title}"
        self._slip(number, "lost-option", message, hint)
        self._changed[number] = right

    def _has_principle(self, number: int) -> bool:
        """Return whether a directive is directly below a heading."""
        below = (line for line in self.lines[number + 1 : number + 1 + FAR] if line.strip())
        return f"{{{DOMAIN}:principle}}" in next(below, "")

    def _inside(self, number: int, line: str, fence: _Fence) -> None:
        """Read a line inside a fence that is not a line of marks."""
        if HEADING.match(line):
            self._heading(number)
        elif number >= fence.below and not fence.is_code and (option := self._below_text(number, fence.own)):
            self._changed[number] = ""
            is_yaml = self.lines[fence.line + 1].startswith("---")
            place = fence.below - 1 if is_yaml else fence.line + 1
            self._added.setdefault(place, []).append(option.removeprefix(":") if is_yaml else option)

    @property
    def _depth(self) -> int:
        return len(self._open)

    @property
    def _is_in_code(self) -> bool:
        return bool(self._open) and self._open[-1].is_code

    def _below_html(self, number: int) -> int:
        """Return the number of the line below HTML that begins on a line, 0 where none does."""
        found = None if self._is_in_code else _HTML.match(self.lines[number])
        if found is None:
            return 0
        end = "-->" if found["comment"] else f"</{found['name'].lower()}>"
        ends = (n + 1 for n in range(number, len(self.lines)) if end in self.lines[n].lower())
        if not (below := 0 if end in self._unended else next(ends, 0)):
            self._unended.add(end)
        return below

    def _is_indented_code(self, number: int) -> bool:
        """Return whether a line is indented so far that it is code, unless it belongs to an item of a list."""
        line = self.lines[number]
        around = indent_of(self._open[-1].lead) if self._open else 0
        if indent_of(line) < around + _CODE_DEPTH or not FENCE.match(line):
            return False
        above = (self.lines[n] for n in range(number - 1, max(number - FAR, 0) - 1, -1))
        margin = next((text for text in above if text.strip() and indent_of(text) < around + _CODE_DEPTH), "")
        is_ours = self._open and self._open[-1].own and not self._is_in_code and f"{{{DOMAIN}:" in line
        if is_ours and not _ITEM.match(margin):
            self._dedent(number, around)
        top = self._open[-1] if self._open and self._open[-1].own else None
        is_ours = is_ours or (
            top is not None and line.strip() == top.mark * top.length and not _ITEM.match(margin)
        )
        return not (_ITEM.match(margin) or is_ours)

    def _dedent(self, start: int, to: int) -> None:
        """Move lines left that are indented in a directive as in reStructuredText."""
        message = "this fence is indented so far that it is a block of code"
        self._slip(start, "wrong-indentation", message, "indent it no further than the fence around it")
        depth = indent_of(self.lines[start])
        for number in range(start, self._behind(start, depth - 1)):
            line = self.lines[number]
            self.lines[number] = " " * (to + indent_of(line) - depth) + line.lstrip()

    def _without_signs(self, number: int, found: re.Match[str]) -> str:
        """Return what follows marks; signs that only keep them from ending a fence are removed and reported."""
        info = found["info"]
        if self._is_in_code or _SAYS.search(info):
            return info
        message = f"`{info.strip()}` is after marks that end a fence"
        self._slip(number, "unclosed-fence", message, "delete it")
        self.lines[number] = self._changed[number] = found[0].removesuffix(info)
        return ""

    def _fence(self, number: int, found: re.Match[str]) -> None:
        mark, length, info = found["marks"][0], len(found["marks"]), found["info"]
        if mark == "`" and "`" in info:
            return
        lead = re.sub(r"[^ \t>]", " ", found["lead"])
        info = self._without_signs(number, found) if info.strip() and self._open else info
        if not info.strip():
            self._bare(number, lead, mark, length, is_item=bool(found["item"]))
            return
        top = self._open[-1] if self._open else None
        name = self._name(number, found)
        fence = _Fence(number, lead, mark, length, name, self._own(name), info)
        if top is not None and top.is_code:
            if not fence.own or top.mark != mark or length < top.length:
                return
            if not top.info:
                self._end_code(self._open.pop(), number)
        if not self._open:
            self._beside += fence.own in TURNS
            self._ended = self._ended if fence.own in TURNS else None
        while self._open and not self._open[-1].holds(fence) and not self._is_closed(self._open[-1], number):
            self._never_closed(self._open.pop(), number)
        fence.is_inside = bool(self._open) and bool(self._open[-1].own or self._open[-1].is_inside)
        self._open.append(fence)
        if fence.own:
            self._read_options(number, fence)
        if fence.own == "principle" and len(self._open) == 1:
            is_titled = bool(re.search(r"\}\s*\S", info))
            fence.was_taken, before = self.is_taken, len(self.slips)
            deep = self._signs if len(self._signs) > 1 else "##"
            self._heading_above(number, lambda title, signs: f"{signs or deep} {title}", is_titled=is_titled)
            fence.is_marker = len(self.slips) == before and not is_titled

    def _own(self, name: str) -> str:
        """Return the name that a directive of ours has or, where it is misspelt, is meant to have, without the domain."""
        domain, _, own = name.partition(":")
        if domain != DOMAIN:
            return ""
        return own if own in self.known else near_name(own, self.known) or own

    def _read_options(self, number: int, fence: _Fence) -> None:
        """Correct the options of a directive, between colons or in YAML."""
        own, line = fence.own, self._changed.get(number, self.lines[number])
        name, brace, argument = line.partition("}")
        argument, option_lines = self._options_behind(number, own, argument) if brace else (argument, [])
        if option_lines:
            self._changed[number] = "\n".join([f"{name}}}{argument}", *option_lines])
        start = next((n for n in range(number + 1, len(self.lines)) if self.lines[n].strip()), number + 1)
        if self._begins_yaml(start, own):
            fence.below = self._yaml(number + 1, start, own)
        else:
            fence.below = self._options(number + 1, own, fence.name)

    def _name(self, number: int, found: re.Match[str]) -> str:
        """Return the name of a directive, whose braces are corrected."""
        braced, bare = _BRACED.fullmatch(found["info"]), _BARE.fullmatch(found["info"])
        raw = (braced or bare or {"name": ""})["name"].strip()
        name = "".join(raw.split())
        first, _, title = (*re.split(r"(:? |=)", raw, maxsplit=1), "", "")[:3]
        if braced and title and first.lower().removeprefix(f"{DOMAIN}:") in self.known and ":" in first:
            right = f"{{{first}}} {title}"
            self._changed[number] = f"{found['lead']}{found['marks']}{right}"
            message = f"the argument of `{first}` is inside its braces, which makes it a block of code"
            self._slip(number, "unknown-directive", message, f"write `{right}`")
            return first.lower()
        if (turn := _TURN.fullmatch(found["info"])) and self._open and self._open[-1].own in WITH_TURNS:
            right = f"{{{DOMAIN}:{turn['own']}}}"
            self._changed[number] = f"{found['lead']}{found['marks']}{right}{turn['rest']}"
            message = f"`{turn['own']}` lacks its braces and `{DOMAIN}:`, without which it is a block of code"
            self._slip(number, "unknown-directive", message, f"write `{right}`")
            return right.strip("{}")
        is_ours = name.lower().startswith(f"{DOMAIN}:") and not (self._open and self._open[-1].is_code)
        if braced and name == raw and _GLUED.match(found["info"]):
            self._changed[number] = self.lines[number].replace(f"{{{name}}}", f"{{{name}}} ", 1)
            message = f"`{{{name}}}` lacks a space after it, without which it begins a block of code"
            self._slip(number, "unknown-directive", message, "add the space")
        if not is_ours or (braced and name == braced["name"]):
            return raw.lower() if braced else ""
        rest = bare["rest"] if bare else found["info"].partition("}")[2]
        self._changed[number] = f"{found['lead']}{found['marks']}{{{name}}}{rest}"
        lacks = "lacks a brace or both, without which it" if bare else "has a blank in it, with which it"
        message = f"`{raw}` {lacks} is a block of code"
        self._slip(number, "unknown-directive", message, f"write `{{{name}}}`")
        return name.lower()

    def _bare(self, number: int, lead: str, mark: str, length: int, *, is_item: bool) -> None:
        """Read a line of marks alone: the end of a fence, or the beginning of code, as in an item of a list."""
        around = () if is_item else self._open[-FAR:]
        alike = [fence for fence in around if fence.mark == mark and length >= fence.length]
        closable = [fence for fence in alike if fence.length == length] or alike
        top = self._open[-1] if self._open else None
        if top is not None and top.is_code and top not in alike:
            return
        if closable and top in alike and top is not closable[-1] and self._goes_on(number, closable[-1]):
            closable = [top]
        run = self._run(number) if top is not None and top.own in TURNS else 0
        if closable and run >= _CODE_AND_END and top is closable[-1]:
            self._open.append(_Fence(number, lead, mark, length, "", "", ""))
        elif closable:
            while self._open[-1] is not closable[-1]:
                self._never_closed(self._open.pop(), number)
            self._close(self._open.pop(), number)
        elif top and mark != top.mark and (run % 2 or (top.own and not self._is_closed(top, number))):
            marks = f"begins with {MARKS[top.mark]} and ends with {MARKS[mark]}"
            hint = f"write {count(top.length, top.mark)}, or {MARKS[mark]} where it begins"
            self._slip(number, "unclosed-fence", f"the fence of {top.label} {marks}", hint)
            self._close(self._open.pop(), number)
        elif (
            top
            and top.mark == mark
            and (top.own in WITH_TURNS or (top.own and not self._is_closed(top, number)))
        ):
            self._short_end(top, number, length)
        elif not self._early(mark, length):
            self._open.append(_Fence(number, lead, mark, length, "", "", ""))

    def _goes_on(self, number: int, around: _Fence) -> bool:
        """Return whether messages of an example are below a line of marks as long as its own, and then its end."""
        below = takewhile(lambda line: not HEADING.match(line), self.lines[number + 1 : number + FAR])
        fences = [found for line in below if (found := FENCE.fullmatch(line))]
        braced = _BRACED.fullmatch(fences[0]["info"]) if fences else None
        is_turn = braced is not None and self._own(braced["name"]) in TURNS and around.own in WITH_TURNS
        return is_turn and any(
            one["marks"] == around.mark * around.length and not one["info"] for one in fences
        )

    def _run(self, number: int) -> int:
        """Return how many lines of marks alone follow each other, up to three, before another fence."""
        lines = takewhile(lambda line: not HEADING.match(line), self.lines[number : number + FAR])
        fences = (line.strip() for line in lines if FENCE.fullmatch(line))
        first = self.lines[number].strip()
        return sum(1 for _ in islice(takewhile(first.__eq__, fences), _CODE_AND_END))

    def _short_end(self, top: _Fence, number: int, length: int) -> None:
        """Read a line of marks in an example that is too short to end it."""
        if length in self._lost or self._is_closed(top, number):
            self._changed[number] = ""
            if length not in self._lost:
                self._slip(number, "unclosed-fence", "this fence ends nothing", "delete it")
            return
        message = f"the fence of {top.label} ends with fewer {MARKS[top.mark]} than it begins with"
        self._slip(number, "unclosed-fence", message, f"write {count(top.length, top.mark)}")
        self._close(self._open.pop(), number)

    def _close(self, fence: _Fence, number: int) -> None:
        """End a fence where its author does, with as many marks as its content requires."""
        wanted = max(fence.wanted, fence.length)
        found = FENCE.fullmatch(self.lines[number])
        length = len(found["marks"]) if found and found["marks"][0] == fence.mark else 0
        around = next((other for other in reversed(self._open) if other.mark == fence.mark), None)
        if around is not None and around.length <= length > wanted:
            message = f"the fence of {fence.label} ends with more {MARKS[fence.mark]} than it begins with, which end {around.label}, too"
            self._slip(number, "unclosed-fence", message, f"write {count(wanted, fence.mark)}")
            length = 0
        if indent_of(self.lines[number]) >= indent_of(fence.lead) + _CODE_DEPTH:
            message = f"the end of the fence of {fence.label} is indented so far that it ends nothing"
            hint = "indent it as far as the line that begins the fence"
            self._slip(number, "wrong-indentation", message, hint)
            length = 0
        if length < wanted:
            self._changed[number] = fence.lead + fence.mark * wanted
        if fence.is_marker:
            self._heading_below(fence, number)
        if self._open:
            self._open[-1].inner_end = number
        elif fence.own in WITH_TURNS:
            self._ended, self._beside = (fence, number), 0
        self._lengthen(fence, wanted)

    def _heading_below(self, fence: _Fence, end: int) -> None:
        """Move a heading above the directive that makes a principle of it."""
        below = (n for n in range(end + 1, len(self.lines)) if self.lines[n].strip())
        title = self.lines[place] if (place := next(below, 0)) else ""
        if HEADING.match(title) and self._is_above(fence.line, title.strip(), was_taken=fence.was_taken):
            self._changed[fence.line] = f"{title}\n\n{self._changed.get(fence.line, self.lines[fence.line])}"
            self._changed[place] = ""

    def _early(self, mark: str, length: int) -> bool:
        """Return whether a line of marks ends an example again, whose first end stood above messages of its own."""
        fence, number = self._ended or (None, 0)
        if not (fence and self._beside and (mark, length) == (fence.mark, fence.length)):
            return False
        self._changed[number], self._ended = "", None
        message = f"the fence of {fence.label} ends here, above messages of its own"
        self._slip(number, "unclosed-fence", message, "delete this line")
        return True

    def _lengthen(self, fence: _Fence, wanted: int) -> None:
        if wanted > fence.length:
            line = self._changed.get(fence.line, self.lines[fence.line])
            self._changed[fence.line] = line.replace(fence.mark * fence.length, fence.mark * wanted, 1)
            if fence.short is not None and (fence.own or fence.short.own):
                self._short(fence, fence.short, wanted)
        around = next((other for other in reversed(self._open) if other.mark == fence.mark), None)
        # What is indented as far as code ends nothing around it.
        is_near = around is not None and indent_of(fence.lead) < indent_of(around.lead) + _CODE_DEPTH
        if (
            around is not None
            and is_near
            and not around.is_code
            and wanted >= max(around.wanted, around.length)
        ):
            around.wanted = wanted + 1
            around.short = around.short or fence

    def _short(self, fence: _Fence, inner: _Fence, wanted: int) -> None:
        message = f"the fence of {fence.label} is no longer than that of {inner.label} inside it, whose end ends both"
        hint = f"the outer fence needs {count(wanted, fence.mark)}, where it begins and where it ends"
        if inner.short is not None:
            # It is one slip: whoever corrects the outer fence corrects both.
            self.slips = [slip for slip in self.slips if slip.line != inner.line + 1]
            hint += f", and that of {inner.label} {count(max(inner.wanted, inner.length), inner.mark)}"
        self._slip(fence.line, "short-fence", message, hint)

    def _heading(self, number: int) -> None:
        """At a heading, end the open fences, if their ends can only have been forgotten."""
        first = self._open[0]
        if (first.is_code and not first.own) or self._is_closed(first, number):
            return
        while self._open:
            self._never_closed(self._open.pop(), number)

    def _is_closed(self, fence: _Fence, start: int) -> bool:
        """Return whether a fence is ended below a line, as a parser sees it."""
        for number in range(max(start, fence.end), len(self.lines)):
            found = FENCE.fullmatch(self.lines[number])
            if found and found["marks"][0] == fence.mark and len(found["marks"]) >= fence.length:
                fence.end = number
                return not found["info"].strip()
        return False

    def _never_closed(self, fence: _Fence, before: int) -> None:
        """End a fence above a line, since nothing else does; fences of others are not ours to report."""
        if not (fence.own or not fence.name or fence.is_inside):
            return
        above = range(fence.line - 1, -1, -1)
        last = next((self.lines[number] for number in above if self.lines[number].strip()), "")
        if not fence.name and not fence.info and FENCE.fullmatch(last):
            self._end_code(fence, fence.line + 1)
            return
        wanted = max(fence.wanted, fence.length)
        end = fence.lead + fence.mark * wanted
        # What is in an example is in its messages.
        place = fence.inner_end + 1 if fence.own in WITH_TURNS and fence.inner_end else before
        while place > fence.line + 1 and not self.lines[place - 1].strip(" >"):
            place -= 1
        if place < len(self.lines) and not self.lines[place].strip(" >") and place not in self._changed:
            self._changed[place] = end
        else:
            self._added.setdefault(place, []).append(end)
            place -= 1
        if self._open:
            self._open[-1].inner_end = max(self._open[-1].inner_end, place)
        self._lost.add(fence.length)
        if fence.short is None:
            message = f"the fence of {fence.label} is never closed"
            hint = f"add a line of {count(wanted, fence.mark)} where it ends"
            self._slip(fence.line, "unclosed-fence", message, hint)
        self._lengthen(fence, wanted)

    def _end_code(self, code: _Fence, number: int) -> None:
        """Remove a line of marks as one too many: a directive begins in the code that it began."""
        between = self.lines[code.line + 1 : number]
        if any(line.strip() for line in between) and not any(HEADING.match(line) for line in between):
            self._never_closed(code, number)
            return
        self._changed[code.line] = ""
        self._slip(code.line, "unclosed-fence", "this fence ends nothing, and begins code", "delete it")
