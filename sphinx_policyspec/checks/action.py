"""Checks of prose that cannot be acted on: vague, without an actor, or of another level than declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec.checks.coverage import principle_without_example
from sphinx_policyspec.checks.passages import by_principle, matches
from sphinx_policyspec.checks.words import PASSIVE, VAGUE
from sphinx_policyspec.model import Category, Finding, Rule, Severity, Spec

__all__ = ["ACTION_RULES", "level_word", "passive_norm", "vague_wording"]

_BY = re.compile(r"\bby\b")
_GIVER = re.compile(r"\b(?:assistant|model|models|it)\b[^,;]{0,40}$", re.IGNORECASE)


def vague_wording(spec: Spec) -> Iterator[Finding]:
    """Find vague words and escape clauses in principles that no example makes clear; one finding each."""
    bare = {finding.span for finding in principle_without_example(spec)}
    for principle, provisions in by_principle(spec):
        found = list(matches(provisions, VAGUE)) if principle.span in bare else []
        if found:
            said = ", ".join(f"`{text}`" for text in dict.fromkeys(m[0].lower() for _, m in found))
            spans = [sentence.span(*match.span()) for sentence, match in found]
            yield Finding(
                code="vague-wording",
                severity=Severity.HINT,
                message=f"{said} in `{principle.id}`, and no example shows what is meant",
                span=spans[0],
                hint="write an example, or say it exactly",
                related=tuple(spans[1:]),
            )


def passive_norm(spec: Spec) -> Iterator[Finding]:
    """Find norms in the passive voice that name nobody who is to act; one finding a principle."""
    for principle, provisions in by_principle(spec):
        found = [
            sentence.span(*match.span())
            for sentence, match in matches(provisions, PASSIVE)
            if not _BY.search(sentence.text, match.end())
            and not _GIVER.search(sentence.text[: match.start()])
        ]
        if found:
            yield Finding(
                code="passive-norm",
                severity=Severity.HINT,
                message=f"`{principle.id}` says what is to be done, and not who does it",
                span=found[0],
                hint="name who acts",
                related=tuple(found[1:]),
            )


def level_word(spec: Spec) -> Iterator[Finding]:
    """Find principles that call themselves by another level than the one that they have."""
    names = "|".join(re.escape(level.id) for level in spec.levels)
    if not names:
        return
    itself = re.compile(
        rf"\b(?:as|is|this) (?:an? )?(?P<level>{names})[-\u2011 ]level"
        r" (?:principle|rule|policy|default|guideline|instruction|requirement|norm|section)\b",
        re.IGNORECASE,
    )
    for principle, provisions in by_principle(spec):
        for sentence, match in matches(provisions, itself):
            if match["level"].casefold() != principle.authority.casefold():
                yield Finding(
                    code="level-word",
                    severity=Severity.HINT,
                    message=f"the text says `{match['level'].lower()}` level, and `{principle.id}` has level "
                    f"`{principle.authority}`",
                    span=sentence.span(*match.span()),
                    hint="correct the text or the level",
                    related=(principle.span,),
                )


ACTION_RULES = (
    Rule(
        code="vague-wording",
        category=Category.ACTIONABLE,
        severity=Severity.HINT,
        found="vague words or escape clauses in a principle that no example makes clear",
        mend="write an example, or say it exactly",
        rationale="two readers, or two models, act differently on words such as these",
        source="INCOSE Guide to Writing Requirements, R7 (vague terms) and R8 (escape clauses)",
        check=vague_wording,
    ),
    Rule(
        code="passive-norm",
        category=Category.ACTIONABLE,
        severity=Severity.HINT,
        found="a norm in the passive voice that names nobody who is to act",
        mend="name who acts",
        rationale="several parties read a spec, and each can take the norm for another's",
        source="INCOSE Guide to Writing Requirements, R2 (active voice)",
        check=passive_norm,
    ),
    Rule(
        code="level-word",
        category=Category.ACTIONABLE,
        severity=Severity.HINT,
        found="a principle that calls itself by another level of authority than it has",
        mend="correct the text or the level",
        rationale="readers believe the text, programs believe the level",
        source="INCOSE Guide to Writing Requirements, R36 (consistent terms and units); OpenAI Model Spec, levels of authority",
        check=level_word,
    ),
)
