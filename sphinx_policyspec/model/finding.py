"""Findings, the rules that they break, and where names are in a source."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self, cast

from sphinx_policyspec.errors import CodeError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.nearest import Hints, nearest


class Severity(enum.StrEnum):
    """How much a finding matters, from what breaks the document to what is merely advice."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"

    def reaches(self, least: Severity) -> bool:
        """Return whether it matters as much as another, or more."""
        order = list(Severity)
        return order.index(self) <= order.index(least)


class Category(enum.StrEnum):
    """What a finding is about; options take these words where they take codes."""

    heading: str
    """Its heading in the reference."""

    REFERENCES = "references", "References, ids and levels"
    DIALECT = "dialect", "Model Spec Markdown"
    PROMPTS = "prompts", "Eval tags and prompts"
    EXAMPLES = "examples", "Examples and conversations"
    CONFLICTS = "conflicts", "Conflicts"
    COVERAGE = "coverage", "Coverage"
    TRUE = "true", "Prose that may not be true"
    ACTIONABLE = "actionable", "Prose that cannot be acted on"
    DIRECTIVES = "directives", "Directives"
    QUESTIONS = "questions", "Questions inside pages"
    SIDECARS = "sidecars", "Sidecars, options and graphs"
    CASES = "cases", "Cases of the chain of command"
    EVALS = "evals", "Results of evaluations"
    OVERLAYS = "overlays", "Overlays"
    ALIGNMENTS = "alignments", "Alignments"
    FEEDBACK = "feedback", "Feedback"
    PROPOSALS = "proposals", "Proposals"
    DECISIONS = "decisions", "Records of decisions"
    GENERAL = "general", "Files and comments"

    def __new__(cls, word: str, heading: str) -> Self:
        """Make a word with its heading."""
        category = str.__new__(cls, word)
        category._value_, category.heading = word, heading
        return category


class Loses(enum.StrEnum):
    """What part of a text is not read as it was meant because of a slip."""

    WORDS = "words"
    NAMES = "names"
    """Words, and what they may declare."""
    ID = "id"
    """The id of something."""
    LEVELS = "levels"
    """How levels relate to each other."""
    MARKS = "marks"
    """What begins and ends blocks."""
    FILES = "files"
    """Words and, of whole files, all that is in those of the related places."""


class Follows(enum.StrEnum):
    """What a finding is inferred from, so that it may only be a consequence of a slip there."""

    LINE = "line"
    """The rest of its line."""
    BLOCK = "block"
    """The marks of the example, or the paragraph, in which it is."""
    SECTION = "section"
    """The words of the section in which it is, and of those that may name what it is about."""
    LEVELS = "levels"
    """The same, and the levels as they are declared."""
    HEADINGS = "headings"
    """The headings above it in its file."""
    NAME = "name"
    """What declares names: nothing has this one."""
    SPEC = "spec"
    """The spec as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Brief):
    """One code: what it means, how much it matters, and why.

    :param severity: unless a project or an option says otherwise
    :param variant: another severity that it has in some places, in words
    :param loses: what is lost through it, if it is a slip
    :param follows: what it is inferred from, if that can be lost
    :param pattern: what is reported, in words
    :param fix: what to do about it
    :param rationale: why it matters, in one sentence
    :param source: where the reason comes from: a standard, a section, a paper
    """

    code: str
    category: Category
    severity: Severity
    variant: str = ""
    loses: Loses | None = None
    follows: Follows | None = None
    pattern: str
    fix: str
    rationale: str
    source: str


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rule of every code that any part of the package reports, as ``rules.toml`` states them."""
    import tomllib  # noqa: PLC0415  a process that finds nothing does without

    text = Path(__file__).with_name("rules.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            code: _rule(code, Category[category.upper()], words)
            for category, codes in tomllib.loads(text).items()
            for code, words in codes.items()
        }
    )


_FOLLOWS = {
    Category.COVERAGE: Follows.SECTION,
    Category.ACTIONABLE: Follows.SECTION,
    Category.TRUE: Follows.LEVELS,
    Category.CONFLICTS: Follows.LEVELS,
}


def _rule(code: str, category: Category, words: dict[str, str]) -> Rule:
    """Return a rule; an error loses names unless it is itself inferred from something."""
    severity = Severity(words.pop("severity", "warning"))
    follows, loses = words.pop("follows", _FOLLOWS.get(category, "")), words.pop("loses", "")
    if not loses and severity is Severity.ERROR and follows not in {Follows.NAME, Follows.SPEC}:
        loses = Loses.NAMES
    return Rule(
        code=code,
        category=category,
        severity=severity,
        loses=Loses(loses) if loses else None,
        follows=Follows(follows) if follows else None,
        **words,
    )


@dataclass(frozen=True, slots=True, order=True)
class Span(Brief):
    """A stretch of one source file.

    Lines and columns count from 1, columns in characters (not bytes); the end is exclusive, so
    an item that covers the whole of line 3 ends at line 4, column 1.

    :param file: path relative to the SOURCE that was read, with ``/`` between its parts
    """

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __post_init__(self) -> None:
        """Make a span without an end the empty one at its start."""
        if not self.end_line:
            object.__setattr__(self, "end_line", self.line)
            object.__setattr__(self, "end_column", self.column)

    def __str__(self) -> str:
        """Return ``file:line:column``, as compilers write it."""
        return f"{self.place}:{self.column}"

    @property
    def place(self) -> str:
        """Its file and line, as people name them."""
        return f"{self.file}:{self.line}"


AS_STATED = cast("Severity", "")
"""Stands for the severity that the rule of a code states, which a finding gets when it is created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Brief):
    """Something about the text that its author should know.

    :param code: kebab-case name of the pattern that was found, such as ``dangling-reference``
    :param message: one sentence, lower case, without a full stop, user input in backticks
    :param span: the place; every finding has one
    :param severity: by default that of its rule
    :param hint: what to do about it, such as the nearest existing name
    :param related: other places that belong to it, such as the first of two equal ids
    """

    code: str
    severity: Severity = AS_STATED
    message: str
    span: Span
    hint: str = ""
    related: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        """Take the severity from the rule where none is given."""
        if self.severity is AS_STATED:
            object.__setattr__(self, "severity", rules()[self.code].severity)

    def __str__(self) -> str:
        """Return the one-line form that the command line and Sphinx print."""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.span}: {self.severity.value}: {self.message}{hint} [{self.code}]"


_LONGEST = 60
"""Characters of a name that a message shows."""


OFF = "off"
"""The severity of a code that is not reported."""


def codes_of(names: Iterable[str]) -> frozenset[str]:
    """Return the codes that names stand for: a code, or a category for all of its codes."""
    codes: set[str] = set()
    for name in names:
        found = {code for code, rule in rules().items() if name in {code, rule.category.value}}
        if not found and name not in set(Category):
            known = [*rules(), *Category]
            raise CodeError(f"`{name}` is neither a code nor a category; {nearest(name, known)}".rstrip("; "))
        codes |= found
    return frozenset(codes)


class UnknownNames:
    """Creates findings about unknown names, with hints as long as those are cheap."""

    def __init__(self) -> None:
        self._hints = Hints()

    def finding(
        self, kind: str, name: str, span: Span, known: Collection[str], *, word: str = "", hint: str = ""
    ) -> Finding:
        """Return the finding about a name.

        :param kind: of the thing that it should name
        :param word: what messages call the kind, where that is not its own name
        :param hint: what to do where no name is near and they are many, or there is none at all
        """
        return Finding(
            code=f"unknown-{kind}",
            message=f"unknown {word or kind} {shown(name)}",
            span=span,
            hint=self._hints.nearest(name, known) or hint or f"correct it, or declare the {word or kind}",
        )


def shown(name: str) -> str:
    """Return a name for a message: in backticks, and cut where it is long."""
    return f"`{name}`" if len(name) <= _LONGEST else f"`{name[:_LONGEST]}…`"


def no_such_clause(provision: str, words: str, span: Span) -> Finding:
    """Return the finding that a provision does not hold the words of an alleged clause."""
    return Finding(
        code="unknown-clause",
        message=f"`{provision}` does not contain the words “{words[:80]}”",
        span=span,
        hint="copy them from its text",
    )


def repeated_id(kind: str, name: str, span: Span, first: Span, pages: Sequence[str] = ()) -> Finding:
    """Return the finding about an id that another thing of its kind has.

    :param first: place of the other one
    :param pages: pages that include the text, where both are in the same text
    """
    if span != first:
        where, hint = f" at {first.place}", "choose another id"
    else:
        names = " and ".join(f"`{page}`" for page in pages)
        twice = "" if len(pages) > 1 else " twice"
        where = f": its text is part of {names or 'the spec'}{twice}"
        hint = "include it once"
    return Finding(
        code="duplicate-id",
        message=f"{kind} id {shown(name)} is taken already{where}",
        span=span,
        hint=hint,
        related=(first,),
    )


class Use(NamedTuple):
    """One name that something uses.

    :param owner: what uses it, as :data:`~sphinx_policyspec.Owner` calls it
    :param id: the id of that
    :param option: the option or key that holds the name
    :param name: empty for the option itself
    """

    owner: str
    id: str
    option: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places(Brief):
    """What the reader of a text passes to the checks of names; a graph has none.

    :param uses: where a name is; several places where several things have one id
    :param pages: names of the pages that include the text of a span, where there are several, or one twice
    """

    uses: Mapping[Use, tuple[Span, ...]] = field(default_factory=dict)
    pages: Mapping[Span, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, placed: Iterable[tuple[Use, Span]], pages: Mapping[Span, tuple[str, ...]] | None = None
    ) -> Places:
        """Return the places of uses, given as pairs."""
        uses: dict[Use, tuple[Span, ...]] = {}
        for use, span in placed:
            uses[use] = (*uses.get(use, ()), span)
        return cls(uses=uses, pages=pages or {})

    def __or__(self, other: Places) -> Places:
        """Return the places of both; for a use in both, those of the other come last."""
        uses = dict(self.uses)
        for use, spans in other.uses.items():
            uses[use] = (*uses.get(use, ()), *spans)
        return Places(uses=uses, pages={**self.pages, **other.pages})

    def place(self, use: Use, owner: Span) -> Span:
        """Return the place of a name, preferably in the file of its owner; without any, the place of the owner."""
        spans = self.uses.get(use, (owner,))
        return next((span for span in spans if span.file == owner.file), spans[0])


def moved_lines(before: Sequence[str], after: Sequence[str]) -> Callable[[int], int]:
    """Return a function from the number of a line, from 1, to its number after one edit; a deleted line maps to a neighbour."""
    shorter = min(len(before), len(after))
    same = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    last = next((n for n in range(shorter - same) if before[-1 - n] != after[-1 - n]), shorter - same)

    def line(number: int) -> int:
        if number <= same:
            return number
        if number > len(before) - last:
            return number + len(after) - len(before)
        return min(number, max(len(after) - last, 1))

    return line


def moved_span(span: Span, line: Callable[[int], int]) -> Span:
    """Return the place of a span after an edit that moved its lines."""
    first = line(span.line)
    return replace(span, line=first, end_line=max(line(span.end_line), first))
