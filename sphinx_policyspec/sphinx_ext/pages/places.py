"""The markup of a page, its correction before it is parsed, and where texts that a parser read are in its file.

The file helps to find a place; it never gives the words.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from myst_parser.parsers.sphinx_ import MystParser

from sphinx_policyspec.files import unsaved_text
from sphinx_policyspec.model import Finding, Markup, Span
from sphinx_policyspec.readers.text import Ignore, ignores_in
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.markdown import is_model_spec_page
from sphinx_policyspec.sphinx_ext.pages.fence_slips import COLONS, DirectiveFences
from sphinx_policyspec.sphinx_ext.pages.indentation_slips import MARKS, Indented, is_literal
from sphinx_policyspec.sphinx_ext.pages.marks import note_finding
from sphinx_policyspec.sphinx_ext.pages.markup import resolved, visible
from sphinx_policyspec.sphinx_ext.pages.option_slips import Slip, SlipReading, indent_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_NOTEBOOK = ".ipynb"
_RST = "restructuredtext"


def markup_of(env: BuildEnvironment) -> Markup:
    """Return the markup of the page being read; parsers of other languages make reStructuredText of it at best."""
    return Markup.MYST if isinstance(env.parser, MystParser) else Markup.RST


def counts_lines(env: BuildEnvironment, text: str) -> bool:
    """Return whether the parser of the page being read, which has this text, counts the lines of its file.

    Those of notebooks count lines within cells, and a parser that turns another language into reStructuredText
    counts the lines of what it made.
    """
    if isinstance(env.parser, MystParser):
        return _is_markdown(env) and not _is_notebook(env, text)
    return _RST in env.parser.supported


def _is_markdown(env: BuildEnvironment) -> bool:
    """Return whether the page being read is Markdown as it stands in its file, which a notebook may be, too."""
    formats = {_NOTEBOOK, *getattr(env.config, "nb_custom_formats", {})}
    return isinstance(env.parser, MystParser) and env.doc2path(env.docname).suffix not in formats


def _is_notebook(env: BuildEnvironment, text: str) -> bool:
    """Return whether MyST-NB takes a page of Markdown for a notebook."""
    if not hasattr(env, "mystnb_config"):
        return False
    return bool(import_module("myst_nb.core.read").is_myst_markdown_notebook(text))


_SOURCES = "policyspec_sources"
_SOURCE_TEXT = "policyspec_page"
_PARSED = "policyspec_parsed"
_SLACK = 2
"""By how many lines parsers may err: docutils gives a heading the line of its adornment."""
_LARGEST = 4_000_000
"""Pairs of lines that are compared at most; what a handler changed beyond that has no line."""


class Placed(NamedTuple):
    """Where some words are: a line of the file, and how sure that is.

    ``is_exact`` says that the words are on that line; ``is_known`` that the line is where they come from; ``columns``
    are those that the lines of the words begin at, 0 where they do not.
    """

    line: int
    is_exact: bool
    is_known: bool
    columns: tuple[int, ...] = ()


@dataclass(eq=False)
class Source:
    """A file that a page takes text from, in lines as the parser of the page counts them.

    A parser counts the lines that it was given. Those are the file's, unless a handler changed the page before, or the
    text is a part of the file: an include, a docstring. Then words that are found show by how much the count differs.

    :param file: relative to the source folder, ``/`` between its parts
    :param read: the lines that the parser was given, where they differ
    :param parsed: for each of those its line in the file, and whether that is certain
    :param is_page: the parser was given the whole file
    :param is_file: the text comes from the file at all
    """

    file: str
    lines: tuple[str, ...]
    read: tuple[str, ...] = ()
    parsed: tuple[tuple[int, bool], ...] = ()
    is_page: bool = True
    is_file: bool = True
    shift: int = 0
    is_sure: bool = False

    def span(self, start: int, end: int = 0) -> Span:
        """Return the span of the whole lines that a parser counts from ``start`` up to ``end``.

        It is empty, and at the nearest place, where their place in the file is not known.
        """
        at, known = self._guess(start)
        last = min(at + end - start, len(self.lines) + 1)
        return Span(self.file, at, 1, max(last, at + 1), 1) if known else Span(self.file, at)

    def place(self, line: int, words: Sequence[str], *, after: int = 0, reach: int = 0) -> Placed:
        """Return where words are that a parser read.

        :param line: which line it says that they begin on
        :param words: the lines of the text, as they stand but for their indentation
        :param after: the line of the file that the words before them are on
        :param reach: by how many lines the parser may say too little, as it does for cells
        """
        guess, known = self._guess(line)
        if not self.is_file:
            return Placed(guess, is_exact=False, is_known=False)
        if guess >= after and self._stand(words, guess):
            best = guess
        else:
            far = _SLACK + self._breaks if self.is_page and not self._is_lost(line) else len(self.lines)
            first, last = max(guess - far, 1), min(guess + far + reach, len(self.lines))
            found = [number for number in range(first, last + 1) if self._stand(words, number)]
            if not found:
                return Placed(guess, is_exact=False, is_known=known)
            best = min(found, key=lambda number: (number < after, abs(number - guess)))
        if not self.is_page:
            self.shift, self.is_sure = best - line, True
        return Placed(best, is_exact=True, is_known=True)

    def learn(self, line: int, words: Sequence[str]) -> None:
        """Learn from the words of a block where this part of the file is in it."""
        if not self.is_page:
            self.place(line, words)

    def below(self, line: int, count: int) -> tuple[str, ...]:
        """Return some lines below one, as the parser read them."""
        first = line if self.read else self._guess(line)[0]
        return (self.read or self.lines)[first : first + count]

    def part(self, line: int, text: str, start: int, stop: int) -> Span:
        """Return where the characters from ``start`` up to ``stop`` of a parsed line are."""
        placed = self.place(line, [text])
        if not placed.is_exact:
            return self.span(line)
        at = self.column(placed.line, text.strip()) - (len(text) - len(text.lstrip()))
        return (
            Span(self.file, placed.line, at + start, placed.line, at + stop)
            if at > 0
            else Span(self.file, placed.line)
        )

    def column(self, line: int, words: str, after: int = 0) -> int:
        """Return the column that words begin at on a line of the file, or 0 where they are not there.

        :param after: how many characters other words take up, as those of the cell before; they may be the same
        """
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return (text.find(words, after) + 1) or (text.find(words) + 1)

    def locate(self, needle: str, start: int, end: int, skip: int = 0) -> Span:
        """Return where a word is in some lines, occurrence ``skip``; their start where nowhere."""
        first, known = self._guess(start)
        for number in range(first, min(first + end - start, len(self.lines) + 1) if known else first):
            for column in occurrences(self.lines[number - 1], needle):
                if skip == 0:
                    return Span(self.file, number, column + 1, number, column + 1 + len(needle))
                skip -= 1
        return self.span(start)

    def _guess(self, line: int) -> tuple[int, bool]:
        """Return the line of the file that a line of the parser should be, and whether that is certain."""
        if self.parsed:
            return self.parsed[min(max(line, 1), len(self.parsed)) - 1]
        known = self.is_file and (self.is_page or self.is_sure) and not self._is_lost(line)
        return max(min(line + self.shift, len(self.lines)), 1), known

    def _is_lost(self, line: int) -> bool:
        """Return whether a parser does not count in lines of the file."""
        if not self.is_page:
            return not self.is_sure
        return line > len(self.parsed or self.lines) + _SLACK

    def _stand(self, words: Sequence[str], line: int) -> bool:
        """Return whether words are on the lines from ``line`` on, whatever their spaces."""
        if not 0 < line <= len(self.lines) - len(words) + 1:
            return False
        return all(
            part in text or " ".join(part.split()) in " ".join(text.split())
            for part, text in zip(words, self.lines[line - 1 : line - 1 + len(words)], strict=True)
        )

    @cached_property
    def _breaks(self) -> int:
        """How many characters break lines for MyST inside directives, and not outside them."""
        return sum(max(len(line.splitlines()) - 1, 0) for line in self.lines)


def occurrences(line: str, needle: str) -> Iterator[int]:
    """Yield where ``needle`` is as a whole word, ids being words."""
    at = line.find(needle)
    while needle and at >= 0:
        around = line[max(at - 1, 0) : at] + line[at + len(needle) : at + len(needle) + 1]
        if not any(char.isalnum() or char in "_-" for char in around):
            yield at
        at = line.find(needle, at + 1)


# -- what a page is made of -----------------------------------------------------------------


def keep_source(app: Sphinx, _docname: str, content: list[str]) -> None:
    """Keep a page as it was written, before any handler changes it."""
    app.env.temp_data[_SOURCE_TEXT] = content[0]


def source_of(env: BuildEnvironment, path: str | None = None) -> Source:
    """Return the file that text of the page being read comes from.

    :param path: as docutils names it: a file, something in a file such as ``guard.py:docstring of guard``, or what is
        no file at all, such as ``<rst_prolog>``; the page where it is left out
    """
    known = cast("dict[str, Source]", env.temp_data.setdefault(_SOURCES, {}))
    path = path or ""
    if (found := known.get(path)) is None:
        page = str(env.doc2path(env.docname))
        # docutils names an included file relative to the working directory, or not, as its version has it. Links are
        # kept: a page that is one still lies in the source folder.
        full = os.path.abspath(path or page)  # noqa: PTH100
        found = known[path] = known[full] = known.get(full) or _open(env, full, page)
    return found


def _open(env: BuildEnvironment, full: str, page: str) -> Source:
    if full == os.path.abspath(page):  # noqa: PTH100
        return _page(env, full)
    if Path(full).is_file():
        return Source(_name(env, full), _lines(env, _text(env, full)), is_page=False)
    outer, colon, _ = full.rpartition(":")
    if colon:
        return source_of(env) if outer == page else _open(env, outer, page)
    # What is made for the page has no place but the page.
    return Source(source_of(env).file, source_of(env).lines, is_page=False, is_file=False)


def _page(env: BuildEnvironment, full: str) -> Source:
    # Where no event passed the text of the page, its file is what was parsed.
    source_text = str(env.temp_data[_SOURCE_TEXT]) if _SOURCE_TEXT in env.temp_data else _text(env, full)
    parsed = str(env.temp_data.get(_PARSED, source_text))
    lines = _lines(env, source_text)
    read = () if parsed == source_text else _lines(env, parsed)
    aligned = _aligned(lines, read) if read else ()
    # The parser of a notebook counts lines within cells, and one of another language those that it made.
    return Source(_name(env, full), lines, read, aligned, is_page=counts_lines(env, parsed))


def _text(env: BuildEnvironment, full: str) -> str:
    if (unsaved := unsaved_text(full)) is not None:
        return unsaved.removeprefix("\ufeff")
    try:
        return Path(full).read_text(encoding=env.config.source_encoding, errors="replace")
    except OSError:
        return ""


def _name(env: BuildEnvironment, full: str) -> str:
    path = Path(full)
    return Path(os.path.relpath(path, env.srcdir)).as_posix()


def _lines(env: BuildEnvironment, text: str) -> tuple[str, ...]:
    """Return the lines that a parser counts: to docutils, more than a line feed ends a line."""
    if markup_of(env) is Markup.MYST:
        return tuple(text.split("\n"))
    return tuple(text.replace("\v", " ").replace("\f", " ").splitlines())


def _aligned(source: tuple[str, ...], parsed: tuple[str, ...]) -> tuple[tuple[int, bool], ...]:
    """Return for each parsed line the line of the file that it is, or comes nearest to."""
    same = _common(source, parsed)
    last = _common(source[same:][::-1], parsed[same:][::-1])
    # A line that was moved right or left is still the same line.
    old = [line.strip() for line in source[same : len(source) - last]]
    new = [line.strip() for line in parsed[same : len(parsed) - last]]
    found = [(number, True) for number in range(1, same + 1)]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    is_large = len(old) * len(new) > _LARGEST
    for step, start, end, first, after in (
        [("replace", 0, len(old), 0, len(new))] if is_large else matcher.get_opcodes()
    ):
        if step == "equal" or end - start == after - first:
            found += [(same + number + 1, True) for number in range(start, end)]
        elif step != "delete":
            # Lines that a handler made: the first of those that they stand for is the nearest place.
            near = same + start + (end > start)
            found += [(max(near, 1), False)] * (after - first)
    found += [(number, True) for number in range(len(source) - last + 1, len(source) + 1)]
    return tuple(found) or ((1, False),)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many lines two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (old, new) in enumerate(pairs) if old != new), min(len(one), len(other)))


def ignores_of(env: BuildEnvironment) -> tuple[Ignore, ...]:
    """Return the comments that silence findings, in all files that the page being read is made of."""
    known = cast("dict[str, Source]", env.temp_data.get(_SOURCES, {}))
    sources = {source.file: source for source in known.values() if source.is_file}
    return tuple(ignore for source in sources.values() for ignore in ignores_in(source.file, source.lines))


# -- slips ----------------------------------------------------------------------------------

_DOCSTRING = "autodoc-process-docstring"


def correct_page(app: Sphinx, _docname: str, content: list[str]) -> None:
    """Report and correct the slips of a page before it is parsed, as the last handler that changes its text."""
    env, original = app.env, content[0]
    slips: list[Slip] = []
    if (_is_markdown(env) or counts_lines(env, content[0])) and not is_model_spec_page(env):
        content[0], slips = _corrected_text(env, content[0])
    # What the parser is given, after every handler.
    env.temp_data[_PARSED] = content[0]
    if not slips:
        return
    # Their lines are counted before the correction.
    source = _lines(env, str(env.temp_data.get(_SOURCE_TEXT, original)))
    places = _aligned(source, _lines(env, original))
    for slip in slips:
        line = places[min(slip.line, len(places)) - 1][0]
        _note(env, slip, Span(source_of(env).file, line, 1, line + 1, 1))


def correct_included(app: Sphinx, path: Path, _docname: str, content: list[str]) -> None:
    """Do the same with a file that a page includes."""
    text = content[0]
    content[0], slips = _corrected_text(app.env, text)
    _note_in_part(app.env, str(Path(app.srcdir, path)), text.split("\n"), slips)


def correct_docstrings(app: Sphinx) -> None:
    """Do the same with docstrings, where a project reads any."""
    if _DOCSTRING in app.events.events:
        app.connect(_DOCSTRING, _correct_docstring, priority=900)


def _correct_docstring(
    app: Sphinx, _what: str, _name: str, obj: object, _options: object, lines: list[str]
) -> None:
    texts, slips = corrected(lines, Markup.RST, known=_known(app.env))
    if not slips:
        return
    try:
        file = inspect.getsourcefile(inspect.unwrap(obj)) or ""  # type: ignore[arg-type]  # which raises TypeError
    except TypeError:
        file = ""
    _note_in_part(app.env, file, lines, slips)
    lines[:] = "\n".join(texts).split("\n")


def _corrected_text(env: BuildEnvironment, text: str) -> tuple[str, list[Slip]]:
    if f"{DOMAIN}:" not in text and "authority=" not in text:
        return text, []
    colons = "colon_fence" in getattr(env.config, "myst_enable_extensions", ())
    texts, slips = corrected(text.split("\n"), markup_of(env), colons=colons, known=_known(env))
    return ("\n".join(texts), slips) if slips else (text, [])


_COLONS_ALONE = re.compile(r"(?<!:):{3,}+(?=\s*+(?:\{|$))", re.MULTILINE)
"""What begins or ends a fence of colons."""


def corrected(
    lines: Sequence[str],
    markup: Markup,
    *,
    colons: bool = True,
    known: Mapping[str, Collection[str]] | None = None,
) -> tuple[list[str], list[Slip]]:
    """Return the lines of a page with its slips of structure corrected, and the slips.

    :param colons: whether fences of colons are fences
    :param known: the options of each directive of ours, by its name without the domain
    """
    visible_lines, slips = visible(lines, known or {}, _code_lines(lines, markup))
    origin, more = resolved(visible_lines)
    visible_lines = [visible_lines[number] for number in origin]
    if markup is Markup.MYST:
        page: SlipReading = DirectiveFences(list(visible_lines), known or {}, marks="`~:" if colons else "`~")
        texts = page.corrected()
        if about_colons := [slip for slip in page.slips if slip.hint == COLONS]:
            page = DirectiveFences(list(visible_lines), known or {}, marks="`~:")
            texts = [
                _COLONS_ALONE.sub(lambda colons: colons[0].replace(":", "~"), t) for t in page.corrected()
            ]
            # Slips of colons follow from that, and are left out.
            page.slips = about_colons + [
                slip for slip in page.slips if MARKS[":"] not in slip.message + slip.hint
            ]
    else:
        page = Indented(list(visible_lines), known or {})
        texts = page.corrected()
    found = (slip._replace(line=origin[min(slip.line, len(origin)) - 1] + 1) for slip in page.slips)
    return texts, sorted([*slips, *more, *found])


_FENCE = re.compile(r"\s{0,40}(?P<marks>`{3,100}|~{3,100})\s{0,40}(?P<name>\{[^}]{1,100}\})?(?P<info>.*)")


def _code_lines(lines: Sequence[str], markup: Markup) -> set[int]:
    """Return the numbers of the lines that are shown as code, in which nothing is declared."""
    if markup is not Markup.MYST:
        return {n for number in range(len(lines)) for n in _literal_below(lines, number)}
    found: set[int] = set()
    around: list[str] = []
    code = ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        is_bare = fence is not None and not (fence["name"] or fence["info"].strip())
        if code:
            code = "" if fence and is_bare and fence["marks"].startswith(code) else code
            found.update([number] if code else ())
        elif fence and is_bare and around and fence["marks"].startswith(around[-1]):
            around.pop()
        elif fence and fence["name"] and not (is_literal(fence["name"]) and DOMAIN not in fence["name"]):
            around.append(fence["marks"])
        elif fence:
            code = fence["marks"]
    return found


def _literal_below(lines: Sequence[str], number: int) -> Iterator[int]:
    """Yield the numbers of the lines of a literal block of reStructuredText that a line begins, if it does."""
    words, depth = lines[number].strip(), indent_of(lines[number])
    begins = (
        is_literal(words) and f"{DOMAIN}:" not in words if words.startswith(".. ") else words.endswith("::")
    )
    for below in range(number + 1, len(lines) if begins else 0):
        if lines[below].strip() and indent_of(lines[below]) <= depth:
            return
        yield below


def _known(env: BuildEnvironment) -> dict[str, tuple[str, ...]]:
    """Return the options of each directive of ours."""
    return {
        name: tuple(directive.option_spec or ())
        for name, directive in env.get_domain(DOMAIN).directives.items()
    }


def _note_in_part(env: BuildEnvironment, path: str, lines: Sequence[str], slips: Iterable[Slip]) -> None:
    """Note slips of a text that is part of a file, where its lines show its place."""
    source = source_of(env, path)
    for slip in slips:
        line = source.place(slip.line, [lines[slip.line - 1]]).line
        _note(env, slip, Span(source.file, line, 1, line + 1, 1))


def _note(env: BuildEnvironment, slip: Slip, span: Span) -> None:
    note_finding(env, Finding(code=slip.code, message=slip.message, span=span, hint=slip.hint))
