"""The words for what the chain of command decides, in the language of the site."""

from __future__ import annotations

from sphinx.locale import get_translation

from sphinx_policyspec.decision import EXCEPTION
from sphinx_policyspec.survey import PartyKind

__all__ = ["party_words", "rule_name"]

_ = get_translation("sphinx_policyspec")


def party_words(kind: str, level: str, *, together: bool) -> str:
    """Return who meets in a conflict, in words.

    :param level: its name; empty where there is none
    :param together: what it is at odds with is said in the same message
    """
    told = {
        PartyKind.NORM: _("norm of {level}"),
        PartyKind.MESSAGE: _("message of {level}"),
        PartyKind.IMPLIED: _("implied message of {level}"),
        PartyKind.TEXT: _("text with a say"),
    }[PartyKind(kind)].format(level=level)
    return _("{party}, in one message").format(party=told) if together else told


def rule_name(rule: str) -> str:
    """Return what decides by a rule of strength, or by an exception, in a few words, with the rule's id."""
    names = {
        "R0": _("guard"),
        "R1": _("higher level"),
        "R2": _("collision of norms that nothing overrides"),
        "R3": _("direct before delegated"),
        "R4": _("declared preference"),
        "R5": _("explicit message before default"),
        "R6": _("explicit before implicit"),
        "R7": _("later message"),
    }
    return f"{names[rule]}, {rule}" if rule in names else _("exception") if rule == EXCEPTION else rule
