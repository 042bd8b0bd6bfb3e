"""Text as lines that keep their ends, what readers find in it, fences, and comments that silence findings."""

from __future__ import annotations

import bisect
import codecs
import contextlib
import enum
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import real_path, stamp_of, unsaved_text
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.nearest import near_name

_BREAK = re.compile("\r?\n|[\r\x1c-\x1e\x85\u2028\u2029]")
"""What ends a line for docutils; elsewhere a line feed alone does."""


_REMEMBERED = 2**10
"""Files whose lines are cached: findings are in all files of a spec, and an edit changes one of them."""


class SourceLines:
    """The lines of files below a folder; a file that cannot be read has none.

    :param root: what file names are relative to; ``None`` where there are no files to look at, as for
        a graph, whose file names anyone may have written
    :param beside: files that findings name without their folder, such as an annotation file
    :param bound: the folder out of which no link may lead, if any
    :param texts: texts of files that are not read, such as one that is not saved yet
    """

    def __init__(
        self,
        root: Path | None,
        beside: Iterable[Path] = (),
        bound: Path | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self.root, self.bound = root, bound
        self.beside = {path.name: path for path in beside}
        self._lines = {file: tuple(text.split("\n")) for file, text in (texts or {}).items()}
        self._counted: dict[str, tuple[str, ...]] = {}

    def of(self, file: str) -> tuple[str, ...]:
        """Return the lines of a file without their line feeds."""
        if file not in self._lines:
            self._lines[file] = self._read(file)
        return self._lines[file]

    def path(self, file: str) -> Path | None:
        """Return where a file is, or ``None`` where there is none to look at."""
        if file in self.beside:
            return self.beside[file]
        if self.root is None or not file:
            return None
        path = self.root / file
        return path if self.bound is None or real_path(path).is_relative_to(self.bound) else None

    def line(self, span: Span) -> str | None:
        """Return the line in which a span begins, if there is one; lines of reStructuredText count as in docutils."""
        lines = self._counted.get(span.file)
        if lines is None:
            lines = self.of(span.file)
            if span.file.endswith(".rst"):
                lines = tuple(_BREAK.split("\n".join(lines)))
            self._counted[span.file] = lines
        return lines[span.line - 1] if 0 < span.line <= len(lines) else None

    def _read(self, file: str) -> tuple[str, ...]:
        if (path := self.path(file)) is None:
            return ()
        if unsaved_text(path) is None and (stamp := stamp_of(path)):
            return _saved_lines(path, file, stamp)
        return _lines(path, file)


@lru_cache(maxsize=_REMEMBERED)
def _saved_lines(path: Path, file: str, _stamp: tuple[int, ...]) -> tuple[str, ...]:
    """Return the lines of a file, which is read again when its stamp changes."""
    return _lines(path, file)


def _lines(path: Path, file: str) -> tuple[str, ...]:
    try:
        return tuple(read_text(path, file)[0].split("\n"))
    except (SourceError, ValueError):
        return ()


MAX_BYTES = 64 * 1024 * 1024
"""A larger file is no spec; reading it would only exhaust memory."""


@dataclass(frozen=True)
class Lines:
    """The lines of one file with their line ends; line numbers of the API count from 0.

    :param first: line number (from 1) of the first line in the file, for an excerpt
    """

    file: str
    lines: tuple[str, ...]
    first: int = 1

    @classmethod
    def of(cls, file: str, text: str) -> Lines:
        """Split at line feeds only, so that joining the lines gives back the text."""
        parts = text.split("\n")
        lines = [part + "\n" for part in parts[:-1]]
        if parts[-1]:
            lines.append(parts[-1])
        return cls(file, tuple(lines))

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.lines)

    def text(self, start: int, end: int) -> str:
        """Return the exact text of the lines from ``start`` up to ``end``."""
        return "".join(self.lines[start:end])

    def span(self, start: int, end: int) -> Span:
        """Return the span of whole lines from ``start`` up to ``end``.

        Where the last of them has no line end, the span stops at its last character.
        """
        last = self.lines[end - 1] if start < end else "\n"
        if not last.endswith("\n"):
            return Span(self.file, self.first + start, 1, self.first + end - 1, len(last) + 1)
        return Span(self.file, self.first + start, 1, self.first + end, 1)

    def within(self, line: int, start: int, end: int) -> Span:
        """Return the span of the characters from ``start`` up to ``end`` of one line."""
        number = self.first + line
        return Span(self.file, number, start + 1, number, end + 1)

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *accumulate(len(line) for line in self.lines)]

    def offset_span(self, base: int, start: int, end: int) -> Span:
        """Return the span of character offsets ``start`` to ``end``, counted from line ``base``."""
        zero = self._offsets[base]
        first_line, first_column = self._place(zero + start)
        last_line, last_column = self._place(zero + end)
        return Span(self.file, first_line, first_column, last_line, last_column)

    def _place(self, offset: int) -> tuple[int, int]:
        line = min(bisect.bisect_right(self._offsets, offset) - 1, max(len(self.lines) - 1, 0))
        return self.first + line, offset - self._offsets[line] + 1

    def warning(self, line: int, code: str, message: str, hint: str) -> Finding:
        """Return a finding about a whole line."""
        span = self.within(line, 0, len(self.lines[line].rstrip("\r\n")))
        return Finding(code=code, message=message, span=span, hint=hint)


def read_text(path: Path, file: str) -> tuple[str, tuple[Finding, ...]]:
    """Return a file's text; bytes that are not UTF-8 become U+FFFD, with a finding."""
    if (unsaved := unsaved_text(path)) is not None:
        return unsaved, ()
    try:
        # A device has no size and no end.
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1) if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        message = f"cannot read `{path}`: {(error.strerror or str(error)).lower()}"
        raise SourceError(message) from None
    if data is None or len(data) > MAX_BYTES:
        message = (
            f"`{path}` is larger than {MAX_BYTES // 2**20} MiB, the most that is read of a file: split it"
        )
        raise SourceError(message)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        finding = Finding(
            code="invalid-encoding",
            message="the file is UTF-16",
            span=Span(file, 1),
            hint="save the file as UTF-8",
        )
        return data.decode("utf-16", errors="replace"), (finding,)
    try:
        return data.decode(), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        before = data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()
        finding = Finding(
            code="invalid-encoding",
            message=f"byte 0x{data[error.start]:02x} is not UTF-8; shown as U+FFFD",
            span=Span(file, line, len(before) + 1),
            hint="save the file as UTF-8",
        )
        return data.decode(errors="replace"), (finding,)


def absent(path: Path, name: str) -> SourceError:
    """Return the error about a path that does not exist, with a similar name beside it, or that is no file or folder.

    :param name: the path as the user wrote it
    """
    if path.exists():
        return SourceError(f"`{name}` is neither a file nor a folder")
    try:
        near = near_name(
            path.name, [other.name for other in path.parent.iterdir() if other.name != path.name]
        )
    except OSError:
        near = ""
    trimmed = name.rstrip("/")
    is_near = near and trimmed.endswith(path.name)
    hint = f"; did you mean `{trimmed.removesuffix(path.name)}{near}`?" if is_near else ""
    return SourceError(f"`{_without_password(name)}` does not exist{hint}")


def _without_password(name: str) -> str:
    """Return a path, which may be an address without its scheme, without any password in it."""
    slashes = name[: len(name) - len(name.lstrip("/"))]
    host, slash, path = name.removeprefix(slashes).partition("/")
    user, _at, host = host.rpartition("@")
    user, _colon, password = user.partition(":")
    return f"{slashes}{user}:…@{host}/{path}" if password and slash else name


@dataclass(frozen=True, slots=True)
class Reading:
    """The spec read from any input, however bad, with the findings in source order."""

    spec: Spec
    findings: tuple[Finding, ...] = ()


_FENCE = re.compile(r"([ ]*+)(`{3,}+|~{3,}+|:{3,}+)([^\n]*)\n?")


class Fences:
    """Where the code fences among some lines end; line numbers count from 0.

    :param indent: most spaces that may be before a fence
    :param stops: lines, in order, that no fence may contain
    :param marks: characters that fences consist of; MyST has colons, too
    """

    def __init__(
        self, lines: Sequence[str], indent: int, stops: Sequence[int] = (), *, marks: str = "`~"
    ) -> None:
        self._opening: dict[int, str] = {}
        self._closing: dict[str, list[int]] = {mark: [] for mark in marks}
        self._lengths: dict[str, list[int]] = {mark: [] for mark in marks}
        self._stops = stops
        fences = tuple(mark * 3 for mark in marks)
        for number in sorted({n for fence in fences for n, line in enumerate(lines) if fence in line}):
            self._add(number, lines[number], indent)
        # The longest closing line from each one on, up to the next stop, so that no search is
        # started in vain.
        self._longest = {mark: self._longest_from(mark) for mark in self._closing}

    def _add(self, number: int, line: str, indent: int) -> None:
        match = _FENCE.fullmatch(line)
        if match is None or len(match[1]) > indent:
            return
        mark = match[2][0]
        if mark not in self._closing:
            return
        if mark != "`" or "`" not in match[3]:
            self._opening[number] = match[2]
        if not match[3].strip():
            self._closing[mark].append(number)
            self._lengths[mark].append(len(match[2]))

    def _longest_from(self, mark: str) -> list[int]:
        longest: list[int] = []
        after = 0
        limit = None
        for number, length in zip(reversed(self._closing[mark]), reversed(self._lengths[mark]), strict=True):
            stop = self._stop_after(number)
            after = max(after, length) if stop == limit else length
            limit = stop
            longest.append(after)
        return longest[::-1]

    def _stop_after(self, line: int) -> int | None:
        index = bisect.bisect_right(self._stops, line)
        return self._stops[index] if index < len(self._stops) else None

    def __bool__(self) -> bool:
        """Return whether any line can open a fence."""
        return bool(self._opening)

    @property
    def openings(self) -> tuple[int, ...]:
        """The lines that can open a fence, in order."""
        return tuple(self._opening)

    def opening(self, line: int) -> str:
        """Return the marks of the fence that a line can open, empty where it can open none."""
        return self._opening.get(line, "")

    def closing(self, line: int) -> int | None:
        """Return the line that closes the fence which ``line`` opens, ``None`` where nothing does."""
        marks = self._opening.get(line)
        if marks is None:
            return None
        closing, lengths = self._closing[marks[0]], self._lengths[marks[0]]
        index = bisect.bisect_right(closing, line)
        if index == len(closing) or self._stop_after(line) != self._stop_after(closing[index]):
            return None
        if self._longest[marks[0]][index] < len(marks):
            return None
        while lengths[index] < len(marks):
            index += 1
        return closing[index]

    def regions(self) -> Iterator[tuple[int, int]]:
        """Yield the opening and the closing line of each fence that is closed, in order."""
        after = 0
        for line in self._opening:
            if line >= after and (end := self.closing(line)) is not None:
                yield line, end
                after = end + 1


_WORD = "policyspec-ignore:"
_COMMENT = re.compile(
    rf"\s*+(?:\.\.\s++|%\s*+|<!--\s*+){_WORD}\s*+(?P<code>[a-z0-9-]*+)(?P<reason>.*+)", re.DOTALL
)
_DIRECTIVE = re.compile(r"(?P<indent>\s*)(?:\.\.\s+[\w:.+-]+::|!!!\s)")
_EXAMPLE = re.compile(r"\*\*Example\b")
_HEADING = re.compile(r"#{1,6}\s")
_LATER = frozenset({"unrepresentable-character"})
"""Codes that are found only when output is written: whether they occur is not known before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A comment that silences one code in the block below it.

    :param span: the comment
    :param start: first line of the block; ``end`` is the line after its last one
    """

    code: str
    reason: str
    span: Span
    start: int
    end: int


def ignores_in(file: str, lines: Sequence[str]) -> tuple[Ignore, ...]:
    """Return the comments of a file, each with the lines of the block below it."""
    return tuple(_ignores(file, lines)) if any(_WORD in line for line in lines) else ()


def _ignores(file: str, lines: Sequence[str]) -> Iterator[Ignore]:
    blocks = _Blocks(lines)
    start = end = 0
    for number, line in enumerate(lines):
        match = _COMMENT.fullmatch(line) if _WORD in line else None
        if match is None:
            continue
        # Comments directly above one another share the block below them.
        if start <= number:
            start = number + 1
            while start < len(lines) and (not lines[start].strip() or _WORD in lines[start]):
                start += 1
            end = blocks.end(start)
        at = line.index(_WORD) + 1
        yield Ignore(
            code=match["code"],
            reason=match["reason"].rstrip().removesuffix("-->").strip(),
            span=Span(file, number + 1, at, number + 1, at + len(_WORD)),
            start=start + 1,
            end=end + 1,
        )


class _Blocks:
    """The ends of the blocks among some lines, indexed for many look-ups; lines count from 0."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._fences = Fences(lines, sys.maxsize, marks="`~:")
        self._blank = [number for number, line in enumerate(lines) if not line.strip()]

    def end(self, start: int) -> int:
        """Return the line after a block: a directive, a fence, a heading, or a paragraph."""
        if start >= len(self._lines):
            return start
        first = self._lines[start]
        if self._fences.opening(start):
            return self._fence_end(start)
        if directive := _DIRECTIVE.match(first):
            return _indented_end(self._lines, start, len(directive["indent"]))
        if _HEADING.match(first):
            return start + 1
        end = self._paragraph_end(start)
        if _EXAMPLE.match(first):
            below = next(
                (n for n in range(end, len(self._lines)) if self._lines[n].strip()), len(self._lines)
            )
            if self._fences.opening(below):
                return self._fence_end(below)
        return end

    def _fence_end(self, start: int) -> int:
        closing = self._fences.closing(start)
        return len(self._lines) if closing is None else closing + 1

    def _paragraph_end(self, start: int) -> int:
        index = bisect.bisect_left(self._blank, start)
        return self._blank[index] if index < len(self._blank) else len(self._lines)


def _indented_end(lines: Sequence[str], start: int, indent: int) -> int:
    end = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number]
        if text.strip():
            if len(text) - len(text.lstrip()) <= indent:
                break
            end = number + 1
    return end


def silenced(
    findings: Iterable[Finding], ignores: Iterable[Ignore], skipped: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield the findings that no comment silences, then a hint for each comment that silences none.

    :param skipped: codes that were not checked, so that their comments may still be needed
    """
    by_place: dict[tuple[str, str], list[Ignore]] = {}
    # An included file is read with each page that includes it.
    for ignore in dict.fromkeys(ignores):
        by_place.setdefault((ignore.span.file, ignore.code), []).append(ignore)
    used: set[Ignore] = set()
    for finding in findings:
        hit = [
            ignore
            for ignore in by_place.get((finding.span.file, finding.code), ())
            if ignore.start <= finding.span.line < ignore.end
        ]
        used.update(hit)
        if not hit:
            yield finding
    for ignore in (ignore for group in by_place.values() for ignore in group):
        if ignore not in used and ignore.code not in _LATER and ignore.code not in skipped:
            yield Finding(
                code="unused-ignore",
                message=f"nothing here is `{ignore.code}`",
                span=ignore.span,
                hint="delete the comment, or correct its code",
            )


class BlockKind(enum.Enum):
    """What a block is; the reader of the dialect gives each its meaning."""

    HEADING = enum.auto()
    PROSE = enum.auto()
    DEFINITION = enum.auto()
    COMMENTARY = enum.auto()
    COMMENT = enum.auto()
    EXAMPLE = enum.auto()


@dataclass(frozen=True, slots=True)
class RawBlock:
    """The lines from ``start`` up to ``end`` (from 0), blank lines after the block included.

    :param body: for an example, the lines of its conversation; else the block without the blank lines after it
    """

    kind: BlockKind
    start: int
    end: int
    body: tuple[int, int]


_LOOKED_AT = 2**20
"""Bytes of a file that are searched to recognise an overlay."""
_OVERLAY = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t{]*([\"']?)overlay\1[ \t]*:", re.MULTILINE)


def is_overlay(source: str | Path) -> bool:
    """Return whether a SOURCE is an overlay file, which stands for the spec that results from it."""
    path = Path(source)
    if path.suffix.lower() not in {".yaml", ".yml"} or not path.is_file():
        return False
    with contextlib.suppress(OSError), path.open("rb") as file:
        return bool(_OVERLAY.search(file.read(_LOOKED_AT)))
    return False
