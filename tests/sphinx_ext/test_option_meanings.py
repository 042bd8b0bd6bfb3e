"""The reference says what every argument and option holds, and nothing of others."""

from __future__ import annotations

from sphinx_policyspec.sphinx_ext.extension import directives
from sphinx_policyspec.sphinx_ext.pages.declarations import ARGUMENTS, MEANINGS, meaning_of


def test_every_option_has_a_meaning() -> None:
    missing = [
        (name, option)
        for name, directive in directives().items()
        for option in directive.option_spec or ()
        if not meaning_of(name, option)
    ]
    assert missing == []


def test_no_meaning_is_of_nothing() -> None:
    options = {
        known
        for name, directive in directives().items()
        for option in directive.option_spec or ()
        for known in (f"{name} {option}", option)
    }
    assert set(MEANINGS) <= options


def test_every_argument_has_a_meaning() -> None:
    taking = {
        name
        for name, directive in directives().items()
        if directive.required_arguments + directive.optional_arguments
    }
    assert set(ARGUMENTS) == taking
