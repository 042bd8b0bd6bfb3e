"""Checks of prose that may not be true: it claims more, or less, than the structure of the spec does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec.checks.passages import by_principle, commentary_matches, matches
from sphinx_policyspec.checks.words import ABSOLUTE, BINDING, EXCEPTION, NO_OTHER_EXCEPTION, NORM_IN_ASIDE
from sphinx_policyspec.model import (
    Category,
    Definition,
    Finding,
    OverrideMode,
    Principle,
    Rule,
    Severity,
    Spec,
)

__all__ = [
    "TRUTH_RULES",
    "norm_in_commentary",
    "other_exception",
    "overridable_absolute",
    "root_without_absolute",
    "term_defined_twice",
]


def overridable_absolute(spec: Spec) -> Iterator[Finding]:
    """Find principles that speak in absolutes, and that a message can override; one finding each."""
    modes = {level.id: level.override for level in spec.levels}
    for principle, provisions in by_principle(spec):
        if modes.get(principle.authority, OverrideMode.NEVER) is OverrideMode.NEVER:
            continue
        found = list(matches(provisions, ABSOLUTE))
        if found:
            said = ", ".join(f"`{text}`" for text in dict.fromkeys(_words(match) for _, match in found))
            spans = [sentence.span(*match.span()) for sentence, match in found]
            yield Finding(
                code="overridable-absolute",
                severity=Severity.HINT,
                message=f"`{principle.id}` says {said}, and can be overridden at level `{principle.authority}`",
                span=spans[0],
                hint="say what holds by default, or raise the level",
                related=tuple(spans[1:]),
            )


def _words(match: re.Match[str]) -> str:
    return " ".join(match[0].lower().split())


def root_without_absolute(spec: Spec) -> Iterator[Finding]:
    """Find principles that nothing can override, and whose words bind nobody."""
    modes = {level.id: level.override for level in spec.levels}
    for principle, provisions in by_principle(spec):
        never = modes.get(principle.authority) is OverrideMode.NEVER
        said = never and any(provision.text for provision in provisions)
        if said and next(matches(provisions, BINDING), None) is None:
            yield Finding(
                code="root-without-absolute",
                severity=Severity.HINT,
                message=f"`{principle.id}` can be overridden by nobody, and nothing in it says must or must not",
                span=principle.span,
                hint="say what it requires, or lower the level",
            )


def other_exception(spec: Spec) -> Iterator[Finding]:
    """Find texts that speak of the only exception, or of none, beside another exception."""
    declared: dict[str, list[Principle]] = {}
    for principle in spec.principles:
        for target in principle.exception_to:
            declared.setdefault(target, []).append(principle)
    for provision in spec.provisions:
        for sentence, match in matches([provision], NO_OTHER_EXCEPTION):
            allowed = 1 if match["one"] else 0
            others = [s for s, _ in matches([provision], EXCEPTION) if s != sentence]
            known = declared.get(provision.id, [])
            if len(known) > allowed or (match["one"] and others):
                yield Finding(
                    code="other-exception",
                    severity=Severity.HINT,
                    message=f"`{_words(match)}`, and there is another one",
                    span=sentence.span(*match.span()),
                    hint="name all exceptions in one place",
                    related=(*(p.span for p in known), *(s.span(0, len(s.text)) for s in others)),
                )


def norm_in_commentary(spec: Spec) -> Iterator[Finding]:
    """Find commentary that says what must or should be done; one finding for each."""
    last = None
    for sentence, match in commentary_matches(spec, NORM_IN_ASIDE):
        if sentence.block is not last:
            last = sentence.block
            yield Finding(
                code="norm-in-commentary",
                severity=Severity.HINT,
                message=f"`{_words(match)}` inside commentary, which binds nobody",
                span=sentence.span(*match.span()),
                hint="move the norm into the text, or tell the reason without it",
            )


def term_defined_twice(spec: Spec) -> Iterator[Finding]:
    """Find terms that have two definitions."""
    first: dict[str, Definition] = {}
    for _, block in spec.walk():
        if not isinstance(block, Definition):
            continue
        known = first.setdefault(" ".join(block.term.casefold().split()).strip(":"), block)
        if known is not block:
            yield Finding(
                code="term-defined-twice",
                severity=Severity.HINT,
                message=f"`{block.term}` is defined twice",
                span=block.span,
                hint="keep one definition",
                related=(known.span,),
            )


TRUTH_RULES = (
    Rule(
        code="overridable-absolute",
        category=Category.TRUE,
        severity=Severity.HINT,
        found="an absolute, such as must, never or always, in a principle that a message can override",
        mend="say that it holds by default, or raise the level",
        rationale="what can be overridden is not always so; readers take the words for more than the level gives",
        source="INCOSE Guide to Writing Requirements, R26 (absolutes); RFC 2119, §6",
        check=overridable_absolute,
    ),
    Rule(
        code="root-without-absolute",
        category=Category.TRUE,
        severity=Severity.HINT,
        found="a principle that nobody can override, without any word that binds",
        mend="say what it requires, or lower the level",
        rationale="a rule that admits no exception must say what it rules",
        source="RFC 8174 (what binds is said by its words); OpenAI Model Spec, levels of authority",
        check=root_without_absolute,
    ),
    Rule(
        code="other-exception",
        category=Category.TRUE,
        severity=Severity.HINT,
        found="words that allow for one exception, or for none, beside another exception",
        mend="name all exceptions in one place",
        rationale="one of the two claims is wrong, and models follow either",
        source="INCOSE Guide to Writing Requirements, R30 (unique expression) and C11 (consistent)",
        check=other_exception,
    ),
    Rule(
        code="norm-in-commentary",
        category=Category.TRUE,
        severity=Severity.HINT,
        found="commentary that says what must or should be done",
        mend="move the norm into the text, or tell the reason without it",
        rationale="commentary binds nobody, and who reads it may think otherwise",
        source="ISO/IEC Directives, Part 2, §24 (notes hold no requirements)",
        check=norm_in_commentary,
    ),
    Rule(
        code="term-defined-twice",
        category=Category.TRUE,
        severity=Severity.HINT,
        found="one term with two definitions",
        mend="keep one, or give the other a name of its own",
        rationale="which of them holds depends on where one stops reading",
        source="INCOSE Guide to Writing Requirements, R4 (defined terms) and R36 (consistent terms and units)",
        check=term_defined_twice,
    ),
)
