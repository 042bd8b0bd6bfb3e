"""Matches in prose that are remembered: what is found is what would be found anew, wherever the text stands by now."""

from __future__ import annotations

from dataclasses import replace

import sphinx_policyspec as ps
from sphinx_policyspec.checks import prose, run_checks
from sphinx_policyspec.model import Finding, Prose, Span, Spec
from tests.conftest import principle, spec

TEXT = "It must always be said kindly. There is no other exception.\n\nAn exception is named, as appropriate."


def found_in(given: Spec) -> list[Finding]:
    return [one for check in prose.CHECKS for one in check(given)]


def below(text: str, line: int) -> Spec:
    block = Prose(source=text, text=text, span=Span("a.md", line, 3))
    return spec(replace(principle(authority="user"), blocks=(block,)))


def test_a_text_that_has_moved_is_found_at_its_new_place() -> None:
    first, moved = found_in(below(TEXT, 2)), found_in(below(TEXT, 12))
    prose._cached_matches.cache_clear()
    assert found_in(below(TEXT, 12)) == moved
    assert {one.code for one in first} >= {"overridable-absolute", "other-exception", "vague-wording"}
    assert [(one.code, one.span.line + 10, one.span.column) for one in first] == [
        (one.code, one.span.line, one.span.column) for one in moved
    ]


def test_an_edit_is_seen_and_its_undoing_too() -> None:
    before, other = found_in(below(TEXT, 2)), found_in(below(TEXT.replace("must", "may"), 2))
    assert other != before
    assert found_in(below(TEXT, 2)) == before


def test_published_releases_give_what_they_gave(release_dir: object) -> None:
    given = ps.load(str(release_dir))
    first = run_checks(given)
    assert run_checks(given) == first
    prose._cached_matches.cache_clear()
    assert run_checks(given) == first
