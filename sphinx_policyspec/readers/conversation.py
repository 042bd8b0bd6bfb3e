"""The dialogue inside an example: messages, alternative answers and their verdicts."""

from __future__ import annotations

import bisect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from sphinx_policyspec import model
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.readers.comments import ROLES, STRUCTURE, Tag, almost_tags, tags_by_line
from sphinx_policyspec.readers.inline import (
    TWO_VERDICTS,
    VERDICT,
    VERDICT_ID,
    InlineLink,
    corrected_verdict,
    read_body,
    scan,
    verdict_of,
)
from sphinx_policyspec.readers.text import Lines

_MARKED = ("~~~", "<<<<<<<", "=======", ">>>>>>>")
_MARKS = re.compile(r"`{3,}|~{3,}")
_ATTRIBUTES = ("comment", "end_turn", "lang", "name", "recipient")
"""Attributes of messages that have a meaning; others are kept as they are."""
_VERDICT_LINE = re.compile(r"[ ]{0,3}<!--\s*(?i:good|bad|ok)\b[^\n]*-->\s*")
_SPEAKER = re.compile(rf"\W{{0,5}}(?P<role>(?i:{'|'.join(ROLES)}))\W{{0,3}}:")
"""A line that names the speaker, as in other notations."""
_NEVER = sys.maxsize
_CARRIER = model.Carrier.VERDICT
_CROSSED = "delete it or open its tag"
_BETWEEN = "put it between a role's tags"
_ONE_COMPARISON = "put the answers between `<comparison>` and `</comparison>`"
_LONGEST = 60
"""Characters of a line that a message shows."""


@dataclass(frozen=True, slots=True)
class ConversationReading:
    """The result of reading a conversation.

    References and links are those of verdict notes and verdict ids. Their ``source`` and
    ``example`` are left empty: only the caller knows what encloses the conversation.
    """

    turns: tuple[model.Turn, ...] = ()
    references: tuple[model.Reference, ...] = ()
    links: tuple[model.Link, ...] = ()
    findings: tuple[model.Finding, ...] = ()


@lru_cache(maxsize=1024)  # typing a letter leaves the other conversations of a spec as they are
def read_conversation(lines: tuple[str, ...], file: str, first_line: int) -> ConversationReading:
    """Read a conversation in the dialect's tag notation, line by line.

    Whatever is out of order becomes a finding at its line; no line is lost: text that is
    outside every message is kept as a message without a role.

    :param first_line: line number of the first line in its file, from 1
    """
    return _Conversation(Lines(file, lines, first_line)).read()


class _Conversation:
    """One pass over the lines of a conversation."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.tags = tags_by_line(lines.lines)
        self.structure = [tag.line for tag in self.tags.values() if tag.name in STRUCTURE]
        self.opens: dict[str, list[int]] = defaultdict(list)
        self.closes: dict[str, list[int]] = defaultdict(list)
        for tag in self.tags.values():
            (self.closes if tag.closing else self.opens)[tag.name].append(tag.line)
        self.almost = almost_tags(lines.lines, self.tags)
        self.loose_closes: dict[str, list[int]] = defaultdict(list)
        for tag in sorted((*self.almost.values(), *self._misspelt()), key=lambda tag: tag.line):
            if tag.closing:
                self.almost[tag.line] = tag
                self.loose_closes[tag.name].append(tag.line)
        self.turns: list[model.Turn] = []
        self.responses: list[model.Response] = []
        self.comparison_start: int | None = None
        self.comparison_written = ""
        self.closed_at = 0
        self.swapped = False
        self.count = 0
        self.references: list[model.Reference] = []
        self.links: list[model.Link] = []
        self.findings: list[model.Finding] = []

    def read(self) -> ConversationReading:
        position = 0
        while position < len(self.lines):
            position = self._step(position)
        if self.comparison_start is not None:
            self._find_unclosed("comparison", self.comparison_start)
            self._end_comparison(len(self.lines))
        return ConversationReading(
            tuple(self.turns), tuple(self.references), tuple(self.links), tuple(self.findings)
        )

    def _misspelt(self) -> Iterator[Tag]:
        """Yield the closing tags with misspelt structural names, with the right name."""
        names = {name: near_name(name, STRUCTURE) for name in self.closes if name not in STRUCTURE}
        for misspelt, name in names.items():
            for line in self.closes[misspelt] if name and misspelt not in self.opens else ():
                yield replace(self.tags[line], name=name, cure=f"write `</{name}>`")

    def _step(self, position: int) -> int:
        """Read what begins at a line outside every message; return where the next begins."""
        line = self.lines.lines[position]
        if not line.strip():
            return position + 1
        tag = self.almost.get(position) or self.tags.get(position)
        if tag is None:
            return self._text(position, line)
        tag = self._corrected(tag)
        if tag.cure:
            self._find("broken-tag", position, f"`{_brief(line)}` is no tag", tag.cure)
        self._check_mark(tag, line)
        if tag.name == "comparison":
            self._comparison_tag(tag)
            if tag.empty:
                self._end_comparison(position + 1)
            return position + 1
        if tag.closing:
            self._find("crossed-tag", position, f"`</{tag.name}>` closes nothing", _CROSSED)
            return position + 1
        return self._message(tag)

    def _corrected(self, tag: Tag) -> Tag:
        """Return a tag with the structural name that was meant: the nearest one, or ``comparison`` above an answer."""
        if tag.name in STRUCTURE:
            return tag
        if tag.closing and tag.name == self.comparison_written:
            return replace(tag, name="comparison")
        name = near_name(tag.name, STRUCTURE)
        if not (name or tag.closing) and self._is_above_answer(tag.line):
            name = "comparison"
        if not name:
            return tag
        cure = f"write `<{'/' * tag.closing}{name}>`" + f" before `{_brief(tag.comment)}`" * bool(tag.comment)
        return replace(tag, name=name, written=tag.name, cure=cure)

    def _is_above_answer(self, line: int) -> bool:
        """Return whether the answer of a comparison begins below a line."""
        below = self._below(line)
        return below is not None and below.name == "assistant" and bool(below.comment) and not below.closing

    def _below(self, line: int) -> Tag | None:
        """Return the tag on the next line that is not blank."""
        below = (n for n in range(line + 1, len(self.lines)) if self.lines.lines[n].strip())
        return self.tags.get(next(below, -1))

    def _text(self, position: int, line: str) -> int:
        """Read a line outside every message that holds no tag."""
        # Stray marks are reported where the file is cut into blocks.
        if self._is_verdict_of_next(position) or line.startswith(_MARKED):
            return position + 1
        if line.strip() == "[...]" and self.comparison_start is None:
            self.turns.append(model.Gap(span=self.lines.span(position, position + 1)))
            return position + 1
        if self.comparison_start is not None and _VERDICT_LINE.fullmatch(line):
            comment = line.strip()
            message = "a verdict without the tag of its answer"
            self._find("broken-tag", position, message, f"write `<assistant> {_brief(comment)}`")
            return self._message(Tag(position, "assistant", False, (), comment, 0))
        return self._stray_text(position)

    def _check_mark(self, tag: Tag, line: str) -> None:
        if "*" in line[: tag.column]:
            message = f"stray `*` before `<{'/' * tag.closing}{tag.name}>`"
            self._find("stray-mark", tag.line, message, "delete it")

    def _comparison_tag(self, tag: Tag) -> None:
        if tag.closing:
            if self.comparison_start is None and self._is_above_answer(tag.line):
                message = "`</comparison>` is where the comparison begins"
                self._find("broken-tag", tag.line, message, "write `<comparison>`")
                self.comparison_start = tag.line
            elif self.comparison_start is None:
                self._find("crossed-tag", tag.line, "`</comparison>` closes nothing", _CROSSED)
            else:
                self._end_comparison(tag.line + 1)
                self.closed_at = tag.line
            return
        if self.comparison_start is None:
            self.comparison_start, self.comparison_written = tag.line, tag.written
        elif not self.responses:
            self._find("crossed-tag", tag.line, "`<comparison>` is opened twice", "delete one of the two")
        elif _next(self.opens["assistant"], tag.line, len(self.lines)) == len(self.lines):
            message = "`<comparison>` is where the comparison ends"
            self._find("unclosed-tag", tag.line, message, "write `</comparison>`")
            self._end_comparison(tag.line + 1)
        else:
            self._find_unclosed("comparison", self.comparison_start)
            self._end_comparison(tag.line)
            self.comparison_start = tag.line

    def _end_comparison(self, end: int) -> None:
        if self.comparison_start is None:
            return
        span = self.lines.span(self.comparison_start, end)
        if not self.responses:
            message, hint = (
                "comparison without an answer",
                "put `<assistant> <!-- GOOD -->` and its text into it",
            )
            self._find("empty-comparison", self.comparison_start, message, hint)
        self.turns.append(model.Comparison(responses=tuple(self.responses), span=span))
        self.responses = []
        self.comparison_start = None

    def _stray_text(self, position: int) -> int:
        end = position
        while end < len(self.lines) and end not in self.tags and self.lines.lines[end].strip():
            end += 1
        speaker = _SPEAKER.match(self.lines.lines[position])
        role = speaker["role"].lower() if speaker else ""
        hint = f"write `<{role}>` above its words and `</{role}>` below" if role else _BETWEEN
        self._find("text-outside-message", position, "text outside every message", hint)
        self._add(Tag(position, "", False, (), "", 0), position, end, end)
        return end

    def _message(self, tag: Tag) -> int:
        """Read the message that ``tag`` opens; return the line after its end."""
        if tag.empty:
            self._add(tag, tag.line + (not tag.has_text), tag.line + 1, tag.line + 1)
            return tag.line + 1
        if tag.comment and self.comparison_start is None:
            self._begin_unopened(tag.line)
        end = self._end_of(tag)
        close = self.tags.get(end) or self.almost.get(end)
        closed = close is not None and close.closing and close.name in {tag.name, tag.written}
        if (loose := self.almost.get(end)) and loose.closing and loose.name == tag.name:
            text = _brief(self.lines.lines[end])
            # A mistake that both tags share is reported with the first.
            if not tag.cure or text.replace("/", "") != _brief(self.lines.lines[tag.line]):
                self._find("broken-tag", end, f"`{text}` is no tag", loose.cure)
            closed = True
        elif close and close.closing and {close.name, tag.name} <= {*ROLES} and close.name != tag.name:
            if self.comparison_start is not None and close.name == "assistant":
                self._find_non_assistant(tag, "write `<assistant>`")
                tag = replace(tag, name="assistant")
            else:
                message = f"`</{close.name}>` cannot close `<{tag.name}>`"
                self._find("crossed-tag", end, message, f"write `</{tag.name}>`")
            closed = True
        elif (
            close and not close.closing and close.name == tag.name and (close.empty or self._is_empty(close))
        ):
            message = f"`<{tag.name}>` is where the message ends"
            self._find("unclosed-tag", end, message, f"write `</{tag.name}>`")
            closed = True
        elif not closed:
            self._find_unclosed(tag.name, tag.line)
        else:
            self._check_mark(self.tags[end], self.lines.lines[end])
            self._check_body(tag, end)
        after = end + 1 if closed else end
        self._add(self._with_verdict(tag), tag.line + (not tag.has_text), end, after)
        if self.swapped:
            self._end_comparison(after)
            self.swapped = False
        return after

    def _begin_unopened(self, line: int) -> None:
        """Begin a comparison that has only a closing tag."""
        if _next(self.closes["comparison"], line, _NEVER) < _next(self.opens["comparison"], line, _NEVER):
            if self.turns and isinstance(self.turns[-1], model.Comparison):
                message = "`</comparison>` is above another answer"
                self._find("crossed-tag", self.closed_at, message, "delete it")
            else:
                message = "the comparison of this answer is closed and never opened"
                self._find("unclosed-tag", line, message, "add `<comparison>` above it")
            self.comparison_start = line

    def _is_verdict_of_next(self, position: int) -> bool:
        """Return whether a line is a verdict that belongs after the tag below it."""
        tag = self.tags.get(position + 1)
        is_answer = tag is not None and tag.name == "assistant" and not (tag.closing or tag.comment)
        return is_answer and _VERDICT_LINE.fullmatch(self.lines.lines[position]) is not None

    def _with_verdict(self, tag: Tag) -> Tag:
        """Return the tag of an answer with the verdict that is on the line above or below it."""
        if tag.name != "assistant" or tag.comment or self.comparison_start is None:
            return tag
        for line in (tag.line + 1, tag.line - 1):
            if 0 <= line < len(self.lines) and _VERDICT_LINE.fullmatch(self.lines.lines[line]):
                message, comment = "the verdict is on a line of its own", self.lines.lines[line].strip()
                self._find("unknown-verdict", line, message, f"write `<assistant> {_brief(comment)}`")
                return replace(tag, comment=comment, comment_line=line)
        return tag

    def _is_empty(self, tag: Tag) -> bool:
        """Return whether nothing is between a tag that opens a message and the next one."""
        after, is_last = self._below(tag.line), not self.lines.text(tag.line + 1, len(self.lines)).strip()
        ends = after is not None and after.closing and after.name == tag.name
        return not tag.empty and (is_last or after is not None) and not ends

    def _check_body(self, tag: Tag, end: int) -> None:
        inside = _next(self.structure, tag.line + 1, end)
        if not (tag.cure or self.lines.text(tag.line + 1, end).strip()):
            hint = f"write what `{tag.name}` says, or delete it"
            self._find("empty-block", tag.line, "this message has no text", hint)
        if inside < end:
            line = self.lines.lines[inside].strip()
            self.swapped = self.comparison_start is not None and self.tags[inside].name == "comparison"
            message = f"`{line}` inside `<{tag.name}>` is read as text"
            self._find("crossed-tag", inside, message, f"add `</{tag.name}>` above it, or fence it as code")

    def _end_of(self, tag: Tag) -> int:
        """Return the line that ends a message: its closing tag, else the next tag of a role.

        A tag of another role inside the body is text if the message is still closed before a
        message of its own role opens.
        """
        start = tag.line + 1
        close = _next(self.closes[tag.name], start, len(self.lines))
        close = min(close, _next(self.closes[tag.written], start, close)) if tag.written else close
        reopened = _next(self.opens[tag.name], start, len(self.lines))
        if close < reopened:
            return close
        if (loose := _next(self.loose_closes[tag.name], start, len(self.lines))) < reopened:
            return loose
        stops = [_next(self.opens[role], start, len(self.lines)) for role in (*ROLES, "comparison")]
        stops.append(_next(self.closes["comparison"], start, len(self.lines)))
        stops += [_next(self.closes[role], start, len(self.lines)) for role in ROLES if tag.name in ROLES]
        return min(stops)

    def _add(self, tag: Tag, start: int, end: int, after: int) -> None:
        """Add the message whose body is the lines from ``start`` up to ``end``."""
        self.count += 1
        span = self.lines.span(tag.line, after)
        self._check_attributes(tag)
        attributes = dict(tag.attributes)
        recipient, name = attributes.pop("recipient", ""), attributes.pop("name", "")
        language = attributes.pop("lang") if model.is_language(attributes.get("lang", "")) else ""
        text, fragments, unpaired = read_body(
            self.lines, start, end, is_data=bool(recipient) or tag.name == "tool"
        )
        for line in unpaired:
            words = self.lines.lines[line].strip()
            code, message, hint = "crossed-tag", f"`{words}` closes nothing", _CROSSED
            if not words.startswith("</"):
                code, message, hint = "unclosed-tag", f"`{words}` is never closed", "add its closing tag"
            if marks := _MARKS.match(words):
                # An answer may hold code that is cut off, and tildes are often plain words.
                if tag.name == "assistant" or marks[0].startswith("~"):
                    continue
                code, hint = "unclosed-fence", f"add a line {marks[0]}"
            # The words stay where they are.
            finding = self.lines.warning(line, code, message, hint)
            self.findings.append(replace(finding, severity=model.Severity.WARNING))
        turn = model.Message(
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
            self.responses.append(self._response(tag, turn))
        elif tag.comment:
            message = "verdict outside a comparison"
            self._find("verdict-outside-comparison", tag.line, message, _ONE_COMPARISON)
            self.turns.append(self._response(tag, turn))
        else:
            self.turns.append(turn)

    def _check_attributes(self, tag: Tag) -> None:
        for name, value in tag.attributes:
            if value.startswith(("\u201c", "\u201d", "\u2018", "\u2019")):
                bare = value.strip("\u201c\u201d\u2018\u2019")
                message = f"`{name}={value}` is in typographic quotes"
                self._find("broken-attributes", tag.line, message, f'write `{name}="{bare}"`')
            elif name not in _ATTRIBUTES and (near := near_name(name, _ATTRIBUTES)):
                message = f"`{name}` means nothing in `<{tag.name}>`"
                self._find("broken-attributes", tag.line, message, f"did you mean `{near}`?")

    def _response(self, tag: Tag, message: model.Message) -> model.Response:
        if message.role not in {"assistant", ""} and self.comparison_start is not None:
            self._find_non_assistant(tag, "move it above `<comparison>`, or write `<assistant>`")
        verdict, note, violates = self._verdict(tag) if tag.comment else (None, "", ())
        if not (tag.comment or tag.cure) and message.role == "assistant":
            hint = "add `<!-- GOOD -->`, BAD or OK"
            self._find("missing-verdict", tag.line, "answer without a verdict", hint)
        return model.Response(
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

    def _find_non_assistant(self, tag: Tag, hint: str) -> None:
        message = f"`{tag.name}` in a comparison, where only answers belong"
        self._find("non-assistant-alternative", tag.line, message, hint)

    def _verdict(self, tag: Tag) -> tuple[model.Verdict | None, str, tuple[str, ...]]:
        comment = tag.comment.removeprefix("<!--").removesuffix("-->").rstrip()
        if not (tag.comment.startswith("<!--") and tag.comment.endswith("-->")):
            comment = comment.strip("<!->\u2013\u2014/#%*:;=()[]{}\"' ")
            message = f"the verdict `{comment}` is not in a comment"
            self._find("unknown-verdict", tag.line, message, f"write `<assistant> <!-- {comment} -->`")
        match = VERDICT.fullmatch(comment)
        word = match["word"] if match else None
        verdict = verdict_of(word, match["sign"]) if match else None
        if match is None or verdict is None:
            suggestion = corrected_verdict(comment)
            hint = f"write `{_brief(suggestion)}`" if suggestion else "write GOOD, BAD or OK"
            hint = nearest(word.upper(), tuple(model.Verdict)) if word else hint
            self._find("unknown-verdict", tag.line, f"`{word or tag.comment}` is no verdict", hint)
        elif "-->" in comment:
            message = "two comments follow this tag, and are read as one"
            self._find("unknown-verdict", tag.line, message, "write all that they say into the first")
        elif VERDICT_ID.search(match["note"] or ""):
            message = "an id follows the colon of this verdict, where it is text"
            self._find(
                "dangling-reference", tag.line, message, f"write `{_brief(corrected_verdict(comment))}`"
            )
        elif TWO_VERDICTS.fullmatch(comment):
            message = f"`{comment.strip()}` gives two verdicts"
            self._find("unknown-verdict", tag.line, message, "keep the one that applies to this answer")
        if match is None:
            return None, comment.strip(), ()
        note = match["note"] or ""
        if verdict is None and word:
            note = f"{word}: {note}".rstrip(": ")
        line = tag.line if tag.comment_line is None else tag.comment_line
        at = self.lines.lines[line].rindex(tag.comment) + tag.comment.index(comment)
        for found in VERDICT_ID.finditer(match["ids"]):
            start = at + match.start("ids") + found.start()
            span = self.lines.within(line, start, start + len(found[0]))
            self._refer(found[1], model.ReferenceForm.ID, span)
        if match["note"]:
            self._scan_note(line, match["note"], at + match.start("note"))
        return verdict, note, tuple(VERDICT_ID.findall(match["ids"]))

    def _scan_note(self, line: int, note: str, at: int) -> None:
        for link in scan(note):
            if not isinstance(link, InlineLink):
                continue
            span = self.lines.within(line, at + link.start, at + link.end)
            if link.target:
                self._refer(link.target, link.form, span, link.text)
            else:
                external = model.Link(source="", url=link.url, text=link.text, carrier=_CARRIER, span=span)
                self.links.append(replace(external, message=self.count))

    def _refer(self, target: str, form: model.ReferenceForm, span: model.Span, text: str = "") -> None:
        self.references.append(
            model.Reference(
                source="",
                target=target,
                carrier=model.Carrier.VERDICT,
                form=form,
                span=span,
                text=text,
                message=self.count,
            )
        )

    def _find_unclosed(self, name: str, line: int) -> None:
        below = self._below(line)
        if below is not None and below.name == name and not below.closing:
            self._find("crossed-tag", line, f"`<{name}>` is opened twice", "delete one of the two")
        else:
            self._find("unclosed-tag", line, f"`<{name}>` is never closed", f"add `</{name}>`")

    def _find(self, code: str, line: int, message: str, hint: str) -> None:
        self.findings.append(self.lines.warning(line, code, message, hint))


def _brief(line: str) -> str:
    line = line.strip().replace("`", "'")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _next(sorted_lines: list[int], start: int, default: int) -> int:
    """Return the first of some sorted line numbers that is at least ``start``."""
    index = bisect.bisect_left(sorted_lines, start)
    return sorted_lines[index] if index < len(sorted_lines) else default
