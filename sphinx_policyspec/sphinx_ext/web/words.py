"""What our scripts say, in the language of the project."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sphinx.locale import get_translation

__all__ = ["dumped_words", "script_words"]

_ = get_translation("sphinx_policyspec")


def script_words() -> str:
    """Return what the script of every page says, as JSON by the script's own names for it."""
    words = {
        "Copied.": _("Copied."),
        "Copy link to {title}": _("Copy link to {title}"),
        "Filter the table": _("Filter the table"),
        "Has": _("Has"),
        "Lacks": _("Lacks"),
        "Level": _("Level"),
        "Reset": _("Reset"),
        "Text": _("Text"),
        "Topic": _("Topic"),
        "Your browser does not let pages copy.": _("Your browser does not let pages copy."),
        "any": _("any"),
        "facet bad": _("violation"),
        "facet example": _("example"),
        "facet good": _("compliant answer"),
        "facet ok": _("answer with minor issues"),
        "facet prompt": _("prompt"),
        "facet reference": _("reference to it"),
        "version": _("version"),
        "{shown} of {all}": _("{shown} of {all}"),
    }
    return dumped_words(words)


def dumped_words(words: Mapping[str, str]) -> str:
    """Return words as JSON, without those that a script knows by itself."""
    return json.dumps({key: word for key, word in words.items() if key != word}, ensure_ascii=False)
