"""What is known of each code of a finding before anything is found: category, severity, words, reason, source."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

__all__ = ["Category", "Rule", "Severity", "rules"]


class Severity(enum.StrEnum):
    """How much a finding matters, from what breaks the document to what is merely advice."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Category(enum.StrEnum):
    """What a finding is about; options take these words where they take codes."""

    REFERENCES = "references"
    DIALECT = "dialect"
    PROMPTS = "prompts"
    EXAMPLES = "examples"
    CONFLICTS = "conflicts"
    COVERAGE = "coverage"
    TRUE = "true"
    ACTIONABLE = "actionable"
    DIRECTIVES = "directives"
    QUESTIONS = "questions"
    SIDECARS = "sidecars"
    CASES = "cases"
    GENERAL = "general"

    @property
    def heading(self) -> str:
        """Its heading in the reference."""
        return _TITLES[self]


_TITLES = {
    Category.REFERENCES: "References, ids and levels",
    Category.DIALECT: "Model Spec Markdown",
    Category.PROMPTS: "Eval tags and prompts",
    Category.EXAMPLES: "Examples and conversations",
    Category.CONFLICTS: "Conflicts",
    Category.COVERAGE: "Coverage",
    Category.TRUE: "Prose that may not be true",
    Category.ACTIONABLE: "Prose that cannot be acted on",
    Category.DIRECTIVES: "Directives",
    Category.QUESTIONS: "Questions inside pages",
    Category.SIDECARS: "Sidecars, options and graphs",
    Category.CASES: "Cases of the chain of command",
    Category.GENERAL: "Files and comments",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One code: what it means, how much it matters, and why.

    :param severity: unless a project or an option says otherwise
    :param variant: another severity that it has in some places, in words
    :param found: the pattern, in words
    :param mend: what to do about it
    :param rationale: why it matters, in one sentence
    :param source: where the reason comes from: a standard, a section, a paper
    """

    code: str
    category: Category
    severity: Severity
    variant: str = ""
    found: str
    mend: str
    rationale: str
    source: str


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rule of every code that any part of the package reports, as ``rules.toml`` states them."""
    import tomllib  # noqa: PLC0415  a process that finds nothing does without

    text = Path(__file__).with_name("rules.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            code: Rule(
                code=code,
                category=Category(category),
                severity=Severity(words.pop("severity", "warning")),
                **words,
            )
            for category, codes in tomllib.loads(text).items()
            for code, words in codes.items()
        }
    )
