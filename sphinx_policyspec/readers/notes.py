"""What lines define for other lines: addresses of links, notes, and the tests of eval tags; and headings that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sphinx_policyspec.model import Finding, Severity
from sphinx_policyspec.readers.comments import SETEXT, Shown
from sphinx_policyspec.readers.heading import ATX
from sphinx_policyspec.readers.inline import label_of, outside_fences, without_tags
from sphinx_policyspec.readers.text import Lines

__all__ = ["LOST_HINT", "Notes", "lost_headings", "read_notes"]

LOST_HINT = "begin the line at the margin with `#` and a space, outside lists and quotations"
_LABEL = re.compile(
    r"[ ]{0,3}\[(?!\^)(?P<label>(?:[^\[\]\\\n]|\\.){1,200})\]:[ \t]*+<?(?P<url>[^\s<>]{1,2000})>?"
    r"(?:[ \t]++(?:\"[^\"\n]*+\"|'[^'\n]*+'|\([^()\n]*+\)))?\s*+"
)
_NOTE = re.compile(r"[ ]{0,3}\[\^(?P<tag>[^\]\s\[]{1,40})\]:[ \t]*+(?P<text>[^\n]*)\n?")
_NOTE_MARK = re.compile(r"(?P<joined>(?<=\S)\n)?^[ ]{0,3}\[\^(?P<tag>[^\]\s\[]{1,40})\]:[ \t]*", re.MULTILINE)
_TEST = re.compile(r"(?:\[[^\[\]\n]{0,200}\]\()?[`<]?(?P<path>(?!\w+://)[^\s`<>()#]+?(?:#\S+?)?)[`>]?\)?")
_PATH = re.compile(r"/|::|\\|\.\w{1,8}$")
_CODE = re.compile(r"(`{1,3})(?!`)[^\n]{0,500}?(?<!`)\1(?!`)")
_LEVEL = re.compile(r"\{[^{}\n]{0,500}\bauthority[ ]?=[^{}\n]{0,500}\}?")
_MARKED = re.compile(r"[\s>*+\-\d.)]*+#{1,7}[^\n]*?(?P<id>\{:?[ ]?#[^{}\n]{1,500}\}?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What is defined in a file.

    :param labels: the addresses of links, by label
    :param tests: the path of the test that a note names, by tag
    :param readers: the tags of other notes, which are for readers
    :param lines: the lines that define a link or a test, and show nothing
    :param places: the line of each definition, by what stands in its brackets
    """

    lines_of_file: Lines
    labels: Mapping[str, str]
    tests: Mapping[str, str]
    readers: frozenset[str]
    lines: frozenset[int]
    places: Mapping[str, int]

    def words(self, text: str) -> str:
        """Return a text as readers see it: without tags, links with their addresses, notes with their marks."""
        if self.readers:
            text = _NOTE_MARK.sub(self._note, text)
        return without_tags(text, self.labels, self.readers, self.tests)

    def _note(self, match: re.Match[str]) -> str:
        if match["tag"] not in self.readers:
            return match[0]
        return f"{'' if match['joined'] is None else chr(10) * 2}[{match['tag']}] "

    def unused(self, used: set[str]) -> Iterator[Finding]:
        """Find definitions that nothing on the page refers to, and whose words nobody sees.

        :param used: tags and labels
        """
        for name, line in self.places.items():
            if name.removeprefix("^") not in used and name.removeprefix("^") not in self.readers:
                message = f"nothing refers to `[{name}]`"
                text = self.lines_of_file.lines[line].rstrip("\r\n")
                yield Finding(
                    code="unused-definition",
                    severity=Severity.WARNING,
                    message=message,
                    span=self.lines_of_file.within(line, 0, len(text)),
                    hint="refer to it, or delete it",
                )


def read_notes(lines: Lines, shown: Shown) -> Notes:
    """Find the definitions of a file; the first of a label or tag counts."""
    labels: dict[str, str] = {}
    tests: dict[str, str] = {}
    readers: set[str] = set()
    silent: set[int] = set()
    places: dict[str, int] = {}
    begins = True
    for number, line in _outside(shown):
        if "]:" in line and (note := _NOTE.fullmatch(line)):
            tag = note["tag"]
            test = _TEST.fullmatch(note["text"].strip())
            if test and _PATH.search(test["path"]) and not _goes_on(shown, number):
                tests.setdefault(tag, test["path"])
                silent.add(number)
            else:
                readers.add(tag)
            places.setdefault(f"^{tag}", number)
        elif begins and "]:" in line and (found := _LABEL.fullmatch(line)):
            label = label_of(found["label"])
            labels.setdefault(label, found["url"])
            silent.add(number)
            places.setdefault(label, number)
        else:
            begins = not line.strip() or bool(ATX.fullmatch(line) or SETEXT.fullmatch(line))
    return Notes(
        lines_of_file=lines,
        labels=labels,
        tests=tests,
        readers=frozenset(readers - tests.keys()),
        lines=frozenset(silent),
        places=places,
    )


def _outside(shown: Shown) -> Iterator[tuple[int, str]]:
    """Yield the lines that no code fence holds, with their numbers; a closed fence counts as a blank line."""
    after = 0
    for number, line in enumerate(shown.plain):
        if number >= after:
            after = shown.fences.get(number, number - 1) + 1
            yield number, line if after <= number else ""


def _goes_on(shown: Shown, number: int) -> bool:
    below = shown.plain[number + 1] if number + 1 < len(shown.plain) else ""
    return bool(below.strip()) and below.startswith(("  ", "\t"))


def lost_headings(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text, which holds no heading, has attributes that only a heading can have, as (start, end)."""
    if "{" not in text:
        return
    for begin, end in outside_fences(text):
        offset = begin
        for line in text[begin:end].splitlines(keepends=True):
            if "{" in line:
                bare = _CODE.sub(lambda code: "_" * len(code[0]), line)
                match = _LEVEL.search(bare)
                marked = None if match else _MARKED.match(bare)
                span = match.span() if match else marked.span("id") if marked else None
                if span:
                    yield offset + span[0], offset + span[1]
            offset += len(line)
