"""The dialogue inside an example: messages, alternative answers and their verdicts."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from sphinx_policyspec.model import (
    Carrier,
    Comparison,
    Finding,
    Gap,
    Link,
    Message,
    Reference,
    ReferenceForm,
    Response,
    Severity,
    Span,
    Turn,
    Verdict,
    is_language,
)
from sphinx_policyspec.model.finding import near_name, nearest
from sphinx_policyspec.readers.inline import InlineLink, read_body, scan
from sphinx_policyspec.readers.text import Fences, Lines

ROLES = ("system", "developer", "user", "assistant", "tool")
_STRUCTURE = frozenset((*ROLES, "comparison"))
"""Names of the tags that structure a conversation; any other inside a message is text."""

# Possessive, so that a hostile run of spaces costs linear time.
_OPEN = re.compile(
    r"(?P<mark>[ ]?\*?[ ]?)<(?P<name>[A-Za-z][\w-]{0,40})(?P<attrs>(?:\s++[\w-]{1,40}+=(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'<>/=]++))*+)\s*+(?P<empty>/?)>"
    r"(?P<rest>[ \t]*+(?:<!--.*-->)?)\s*+"
)
_LOOSE_VERDICT = re.compile(
    r"(?P<mark>[ ]?)<(?P<name>(?i:assistant))>[ \t]*+(?P<rest>(?:<!-{1,2}[ \t]*)?(?i:good|bad|ok)\b(?:[:,][^\n<>]*)?(?:[ \t]*-{0,2}>)?)\s*"
)
"""The tag of an answer whose verdict stands in no comment, or in one that is not written as such."""
_CLOSE = re.compile(r"(?P<mark>[ ]?\*?[ ]?)</(?P<name>[A-Za-z][\w-]{0,40})>\s*+")
_ATTRIBUTE = re.compile(r"([\w-]{1,40}+)=(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/=]+))")
_FENCE_INDENT = 12
"""Spaces that may stand before a fence: three levels of list."""


@dataclass(frozen=True, slots=True)
class _Tag:
    """A line that holds nothing but a tag.

    :param comment: the ``<!-- … -->`` after it
    :param column: characters before it on the line
    :param empty: it closes itself, as ``<user/>`` does
    """

    line: int
    name: str
    closing: bool
    attributes: tuple[tuple[str, str], ...]
    comment: str
    column: int
    empty: bool = False


def _tags_by_line(lines: Sequence[str]) -> dict[int, _Tag]:
    """Return the tags of a conversation by line; what a code fence shows is text."""
    tags = {number: tag for number, line in enumerate(lines) if (tag := _tag_on(line, number))}
    for number in _quoted(lines, tags):
        del tags[number]
    return tags


def _tag_on(line: str, number: int) -> _Tag | None:
    if "<" not in line[:4]:
        return None
    if match := _LOOSE_VERDICT.fullmatch(line):
        return _Tag(number, "assistant", False, (), match["rest"].strip(), match.end("mark"))
    if match := _OPEN.fullmatch(line):
        attributes = tuple((name, "".join(values)) for name, *values in _ATTRIBUTE.findall(match["attrs"]))
        name = _name(match["name"])
        if match["empty"] and name not in _STRUCTURE:
            return None
        return _Tag(
            number, name, False, attributes, match["rest"].strip(), match.end("mark"), bool(match["empty"])
        )
    if match := _CLOSE.fullmatch(line):
        return _Tag(number, _name(match["name"]), True, (), "", match.end("mark"))
    return None


def _name(written: str) -> str:
    """Return the name of a tag: those that structure a conversation have no letter case."""
    return written.lower() if written.lower() in _STRUCTURE else written


def _quoted(lines: Sequence[str], tags: dict[int, _Tag]) -> list[int]:
    """Return the lines of the tags inside closed code fences.

    A fence that holds a tag without its counterpart is one that its message forgot to close: it
    hides nothing, or it would swallow the messages up to the next fence.
    """
    numbers = [number for number, tag in tags.items() if tag.name in _STRUCTURE]
    fences = Fences(lines, _FENCE_INDENT)
    if not fences or not numbers:
        return []
    depths = [0, *accumulate(_step(tags[number]) for number in numbers)]
    falls = _falls(depths)
    quoted: list[int] = []
    after = 0
    for opening in fences.openings:
        closing = fences.closing(opening) if opening >= after else None
        if closing is None:
            continue
        first, last = bisect.bisect(numbers, opening), bisect.bisect(numbers, closing)
        if depths[first] == depths[last] and falls[first] > last:
            quoted += numbers[first:last]
            after = closing + 1
    return quoted


def _step(tag: _Tag) -> int:
    return 0 if tag.empty else -1 if tag.closing else 1


def _falls(depths: list[int]) -> list[int]:
    """Return for each place the next one where the depth is lower, past the end where there is none."""
    falls = [len(depths)] * len(depths)
    open_places: list[int] = []
    for place, depth in enumerate(depths):
        while open_places and depths[open_places[-1]] > depth:
            falls[open_places.pop()] = place
        open_places.append(place)
    return falls


_SIGNS = {
    "\u2713": Verdict.GOOD,
    "\u2714": Verdict.GOOD,
    "\u2705": Verdict.GOOD,
    "\u2717": Verdict.BAD,
    "\u2718": Verdict.BAD,
    "\u274c": Verdict.BAD,
}
"""Check marks and crosses that say what a verdict's word says."""
# What stands inside the comment; possessive, so that a hostile run of spaces costs linear time.
_VERDICT = re.compile(
    rf"\s*+[*_]{{0,2}}(?P<sign>[{''.join(_SIGNS)}])?\ufe0f?\s*+(?P<word>[A-Za-z]++)?[*_]{{0,2}}\s*+"
    r"(?P<ids>(?:\[#[^\]\s]++\]\s*+)*+)(?:(?:[:,]|[-\u2013\u2014](?=\s))[*_]{0,2}\s*+(?P<note>.*))?",
    re.DOTALL,
)
_VERDICT_ID = re.compile(r"\[#([^\]\s]{1,500})\]")


@dataclass(frozen=True, slots=True)
class ConversationReading:
    """A conversation that was read.

    References and links are those of verdict notes and verdict ids. Their ``source`` and
    ``example`` are left empty: only the caller knows what encloses the conversation.
    """

    turns: tuple[Turn, ...] = ()
    references: tuple[Reference, ...] = ()
    links: tuple[Link, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_conversation(lines: Sequence[str], file: str, first_line: int) -> ConversationReading:
    """Read a conversation in the dialect's tag notation, line by line.

    Whatever is out of order becomes a finding at its line; no line is lost: text that stands
    outside every message is kept as a message without a role.

    :param first_line: line number of the first line in its file, from 1
    """
    return _Conversation(Lines(file, tuple(lines), first_line)).read()


class _Conversation:
    """One pass over the lines of a conversation."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.tags = _tags_by_line(lines.lines)
        self.structure = [tag.line for tag in self.tags.values() if tag.name in _STRUCTURE]
        self.opens: dict[str, list[int]] = defaultdict(list)
        self.closes: dict[str, list[int]] = defaultdict(list)
        for tag in self.tags.values():
            (self.closes if tag.closing else self.opens)[tag.name].append(tag.line)
        self.turns: list[Turn] = []
        self.responses: list[Response] = []
        self.comparison_start: int | None = None
        self.count = 0
        self.references: list[Reference] = []
        self.links: list[Link] = []
        self.findings: list[Finding] = []

    def read(self) -> ConversationReading:
        position = 0
        while position < len(self.lines):
            position = self._step(position)
        if self.comparison_start is not None:
            self._find(
                "unclosed-tag", self.comparison_start, "`<comparison>` is never closed", "add `</comparison>`"
            )
            self._end_comparison(len(self.lines))
        return ConversationReading(
            tuple(self.turns), tuple(self.references), tuple(self.links), tuple(self.findings)
        )

    def _step(self, position: int) -> int:
        """Read what begins at a line outside every message; return where the next begins."""
        line = self.lines.lines[position]
        if not line.strip():
            return position + 1
        tag = self.tags.get(position)
        if tag is None:
            if line.strip() == "[...]" and self.comparison_start is None:
                self.turns.append(Gap(span=self.lines.span(position, position + 1)))
                return position + 1
            return self._stray_text(position)
        self._check_mark(tag, line)
        if tag.name not in _STRUCTURE and near_name(tag.name, ("comparison",)):
            if not tag.closing:
                self._find(
                    "unknown-role", tag.line, f"unknown tag `{tag.name}`", "did you mean `comparison`?"
                )
            tag = replace(tag, name="comparison")
        if tag.name == "comparison":
            self._comparison_tag(tag)
            if tag.empty:
                self._end_comparison(position + 1)
            return position + 1
        if tag.closing:
            self._find(
                "crossed-tag", position, f"`</{tag.name}>` closes nothing", "delete it or open its tag"
            )
            return position + 1
        return self._message(tag)

    def _check_mark(self, tag: _Tag, line: str) -> None:
        if "*" in line[: tag.column]:
            self._find(
                "stray-mark", tag.line, f"stray `*` before `<{'/' * tag.closing}{tag.name}>`", "delete it"
            )

    def _comparison_tag(self, tag: _Tag) -> None:
        if tag.closing:
            if self.comparison_start is None:
                self._find(
                    "crossed-tag", tag.line, "`</comparison>` closes nothing", "delete it or open its tag"
                )
            else:
                self._end_comparison(tag.line + 1)
            return
        if self.comparison_start is not None:
            self._find(
                "unclosed-tag", self.comparison_start, "`<comparison>` is never closed", "add `</comparison>`"
            )
            self._end_comparison(tag.line)
        self.comparison_start = tag.line

    def _end_comparison(self, end: int) -> None:
        if self.comparison_start is None:
            return
        span = self.lines.span(self.comparison_start, end)
        if not self.responses:
            self._find("empty-comparison", self.comparison_start, "comparison without an answer", "")
        self.turns.append(Comparison(responses=tuple(self.responses), span=span))
        self.responses = []
        self.comparison_start = None

    def _stray_text(self, position: int) -> int:
        end = position
        while end < len(self.lines) and end not in self.tags and self.lines.lines[end].strip():
            end += 1
        self._find(
            "text-outside-message", position, "text outside every message", "put it between a role's tags"
        )
        self._add(_Tag(position, "", False, (), "", 0), position, end, end)
        return end

    def _message(self, tag: _Tag) -> int:
        """Read the message that ``tag`` opens; return the line after its end."""
        if tag.empty:
            self._add(tag, tag.line + 1, tag.line + 1, tag.line + 1)
            return tag.line + 1
        end = self._end_of(tag)
        closed = (
            end < len(self.lines)
            and (close := self.tags.get(end))
            and close.closing
            and (close.name == tag.name or close.name == near_name(tag.name, ROLES))
        )
        again = self.tags.get(end)
        if again and not again.closing and again.name == tag.name and self._is_empty(again):
            self._find(
                "unclosed-tag", end, f"`<{tag.name}>` stands where the message ends", f"write `</{tag.name}>`"
            )
            closed = True
        elif not closed:
            self._find("unclosed-tag", tag.line, f"`<{tag.name}>` is never closed", f"add `</{tag.name}>`")
        else:
            self._check_mark(self.tags[end], self.lines.lines[end])
            self._check_body(tag, end)
        after = end + 1 if closed else end
        self._add(tag, tag.line + 1, end, after)
        return after

    def _is_empty(self, tag: _Tag) -> bool:
        """Return whether nothing stands between a tag that opens a message and the next one."""
        below = (n for n in range(tag.line + 1, len(self.lines)) if self.lines.lines[n].strip())
        after = self.tags.get(next(below, -1))
        return not tag.empty and after is not None and not (after.closing and after.name == tag.name)

    def _check_body(self, tag: _Tag, end: int) -> None:
        inside = _next(self.structure, tag.line + 1, end)
        if inside < end:
            written = self.lines.lines[inside].strip()
            message = f"`{written}` inside `<{tag.name}>` is read as text"
            self._find("crossed-tag", inside, message, f"add `</{tag.name}>` above it, or fence it as code")

    def _end_of(self, tag: _Tag) -> int:
        """Return the line that ends a message: its closing tag, else the next tag of a role.

        A tag of another role inside the body is text if the message is still closed before a
        message of its own role opens.
        """
        start = tag.line + 1
        # A misspelt role is told as such.
        closes = self.closes[tag.name] or self.closes[near_name(tag.name, ROLES)]
        close = _next(closes, start, len(self.lines))
        reopened = _next(self.opens[tag.name], start, len(self.lines))
        if close < reopened:
            return close
        stops = [_next(self.opens[role], start, len(self.lines)) for role in (*ROLES, "comparison")]
        stops.append(_next(self.closes["comparison"], start, len(self.lines)))
        return min(stops)

    def _add(self, tag: _Tag, start: int, end: int, after: int) -> None:
        """Add the message whose body is the lines from ``start`` up to ``end``."""
        self.count += 1
        span = self.lines.span(tag.line, after)
        attributes = dict(tag.attributes)
        recipient, name = attributes.pop("recipient", ""), attributes.pop("name", "")
        language = attributes.pop("lang") if is_language(attributes.get("lang", "")) else ""
        text, fragments, unpaired = read_body(
            self.lines, start, end, is_data=bool(recipient) or tag.name == "tool"
        )
        for line in unpaired:
            found = self.lines.lines[line].strip()
            code, message, hint = "crossed-tag", f"`{found}` closes nothing", "delete it or open its tag"
            if not found.startswith("</"):
                code, message, hint = "unclosed-tag", f"`{found}` is never closed", "add its closing tag"
            # The words stay where they are.
            finding = self.lines.warning(line, code, message, hint)
            self.findings.append(replace(finding, severity=Severity.WARNING))
        known = Message(
            role=tag.name,
            text=text,
            span=span,
            recipient=recipient,
            name=name,
            language=language,
            attributes=tuple(sorted(attributes.items())),
            fragments=fragments,
        )
        if self.comparison_start is not None:
            self.responses.append(self._response(tag, known))
        elif tag.comment:
            self._find("verdict-outside-comparison", tag.line, "verdict outside a comparison", "")
            self.turns.append(self._response(tag, known))
        else:
            self.turns.append(known)

    def _response(self, tag: _Tag, message: Message) -> Response:
        if message.role not in {"assistant", ""} and self.comparison_start is not None:
            self._find(
                "non-assistant-alternative",
                tag.line,
                f"`{message.role}` in a comparison, which holds answers only",
                "",
            )
        verdict, note, violates = self._verdict(tag) if tag.comment else (None, "", ())
        if not tag.comment and message.role == "assistant":
            self._find(
                "missing-verdict", tag.line, "answer without a verdict", "add `<!-- GOOD -->`, BAD or OK"
            )
        return Response(
            role=message.role,
            text=message.text,
            span=message.span,
            recipient=message.recipient,
            name=message.name,
            language=message.language,
            attributes=message.attributes,
            fragments=message.fragments,
            verdict=verdict,
            note=note,
            violates=violates,
        )

    def _verdict(self, tag: _Tag) -> tuple[Verdict | None, str, tuple[str, ...]]:
        comment = tag.comment.removeprefix("<!--").removesuffix("-->").rstrip()
        if not (tag.comment.startswith("<!--") and tag.comment.endswith("-->")):
            comment = comment.strip("<!-> ")
            message = f"the verdict `{tag.comment}` stands in no comment"
            self._find("missing-verdict", tag.line, message, f"write `<!-- {comment} -->`")
        match = _VERDICT.fullmatch(comment)
        word = match["word"] if match else None
        verdict = _verdict_of(word, match["sign"]) if match else None
        if match is None or verdict is None:
            self._find(
                "unknown-verdict",
                tag.line,
                f"`{word or tag.comment}` is no verdict",
                nearest(word.upper(), tuple(Verdict)) if word else "write GOOD, BAD or OK",
            )
        if match is None:
            return None, comment.strip(), ()
        note = match["note"] or ""
        if verdict is None and word:
            note = f"{word}: {note}".rstrip(": ")
        at = self.lines.lines[tag.line].rindex(tag.comment) + tag.comment.index(comment)
        for found in _VERDICT_ID.finditer(match["ids"]):
            start = at + match.start("ids") + found.start()
            span = self.lines.within(tag.line, start, start + len(found[0]))
            self._refer(found[1], ReferenceForm.ID, span)
        if match["note"]:
            self._scan_note(tag.line, match["note"], at + match.start("note"))
        return verdict, note, tuple(_VERDICT_ID.findall(match["ids"]))

    def _scan_note(self, line: int, note: str, at: int) -> None:
        for link in scan(note):
            if not isinstance(link, InlineLink):
                continue
            span = self.lines.within(line, at + link.start, at + link.end)
            if link.target:
                self._refer(link.target, link.form, span, link.text)
            else:
                self.links.append(
                    Link(
                        source="",
                        url=link.url,
                        text=link.text,
                        carrier=Carrier.VERDICT,
                        span=span,
                        message=self.count,
                    )
                )

    def _refer(self, target: str, form: ReferenceForm, span: Span, text: str = "") -> None:
        self.references.append(
            Reference(
                source="",
                target=target,
                carrier=Carrier.VERDICT,
                form=form,
                span=span,
                text=text,
                message=self.count,
            )
        )

    def _find(self, code: str, line: int, message: str, hint: str) -> None:
        self.findings.append(self.lines.warning(line, code, message, hint))


def _verdict_of(word: str | None, sign: str | None) -> Verdict | None:
    """Return what a word in any letter case says, or without one a sign."""
    if word:
        return Verdict(word.upper()) if word.upper() in set(Verdict) else None
    return _SIGNS.get(sign or "")


def _next(sorted_lines: list[int], start: int, default: int) -> int:
    """Return the first of some sorted line numbers that is at least ``start``."""
    index = bisect.bisect_left(sorted_lines, start)
    return sorted_lines[index] if index < len(sorted_lines) else default
