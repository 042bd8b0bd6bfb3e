"""The normative words of a spec, sentence by sentence, with the place of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sphinx_policyspec.model import Block, Commentary, Definition, Principle, Prose, Provision, Span, Spec

__all__ = ["Sentence", "by_principle", "commentary_matches", "matches", "owners"]

# What is shown rather than said: code, addresses, markup of roles and directives, and words in quotes.
# Every repetition is bounded, so that a hostile line costs linear time.
_SHOWN = re.compile(
    r"```.{0,20000}?```|~~~.{0,20000}?~~~"
    r"|``[^`\n]{1,300}``"
    r"|(?<=\])\([^()\s]{0,500}\)"
    r"|\[\^[a-z0-9]{4}\]"
    r"|<!--.{0,2000}?-->"
    r"|:[a-z][a-z:-]{0,40}:(?=`)|\{[a-z][a-z:-]{0,40}\}(?=`)|<[^<>`\n]{1,200}>(?=`)"
    r"|`[^`\n]{1,300}`(?![_\w])"
    r"|\"[^\"\n]{1,300}\"|\u201c[^\u201d\n]{1,300}\u201d"
    r"|^[ \t]*(?:\.\. |:::|:[a-z-]{1,40}: ).*$",
    re.DOTALL | re.MULTILINE,
)
_ROLE_TEXT = re.compile(r"(?<=[:}])`([^`\n]{1,300})`")
_SENTENCE = re.compile(
    r"(?:[^.!?\n]|[.!?](?![\s\"\u201d)*\[]|$)|\n(?![ \t\r]*(?:\n|[-*] |\d+\. )))+[.!?]?", re.MULTILINE
)
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words up to a full stop or the end of a paragraph.

    :param text: with what is only shown, such as code, blanked out
    :param offset: where it begins in the text of its block
    """

    text: str
    offset: int
    block: Block

    def span(self, start: int, end: int) -> Span:
        """Return the place of a part of it, or where the block begins if its words stand on no line."""
        source, at = self.block.source, self.block.span
        if not source:
            return Span(at.file, at.line, at.column)
        return Span(at.file, *_place(source, at, self.offset + start), *_place(source, at, self.offset + end))


def _place(source: str, at: Span, offset: int) -> tuple[int, int]:
    line = source.count("\n", 0, offset)
    column = offset - (source.rfind("\n", 0, offset) + 1)
    return at.line + line, column + (at.column if line == 0 else 1)


def owners(spec: Spec) -> dict[str, Principle]:
    """Return for each provision the principle that it belongs to: itself, or the nearest one around it."""
    found: dict[str, Principle] = {}
    for provision in spec.provisions:
        if isinstance(provision, Principle):
            found[provision.id] = provision
        elif provision.parent in found:
            found[provision.id] = found[provision.parent]
    return found


def by_principle(spec: Spec) -> Iterator[tuple[Principle, list[Provision]]]:
    """Yield each principle with the provisions whose words are its own: it and its plain subsections."""
    owner = owners(spec)
    own: dict[str, list[Provision]] = {}
    for provision in spec.provisions:
        if provision.id in owner:
            own.setdefault(owner[provision.id].id, []).append(provision)
    for principle in spec.principles:
        yield principle, own[principle.id]


def matches(
    provisions: Iterable[Provision], pattern: re.Pattern[str]
) -> Iterator[tuple[Sentence, re.Match[str]]]:
    """Yield what a pattern finds in the sentences of normative text."""
    for provision in provisions:
        for block in provision.blocks:
            if isinstance(block, Prose | Definition):
                yield from _matches(block, pattern)


def commentary_matches(spec: Spec, pattern: re.Pattern[str]) -> Iterator[tuple[Sentence, re.Match[str]]]:
    """Yield what a pattern finds in the sentences of commentary."""
    for _, block in spec.walk():
        if isinstance(block, Commentary):
            yield from _matches(block, pattern)


def _matches(
    block: Prose | Definition | Commentary, pattern: re.Pattern[str]
) -> Iterator[tuple[Sentence, re.Match[str]]]:
    # Most blocks hold nothing that is looked for: cutting those would cost more than all the rest.
    if pattern.search(block.source or block.text):
        for sentence in _cut(block):
            for match in pattern.finditer(sentence.text):
                yield sentence, match


def _cut(block: Prose | Definition | Commentary) -> Iterator[Sentence]:
    text = _ROLE_TEXT.sub(lambda match: f" {match[1]} ", block.source or block.text)
    text = _SHOWN.sub(_blank, text)
    for match in _SENTENCE.finditer(text):
        if _LETTER.search(match[0]):
            yield Sentence(match[0], match.start(), block)


def _blank(match: re.Match[str]) -> str:
    return "".join(char if char == "\n" else " " for char in match[0])
