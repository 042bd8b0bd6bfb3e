"""The words for what the chain of command decides, in the language of the site."""

from __future__ import annotations

from sphinx.locale import get_translation

from sphinx_policyspec.decision import EXCEPTION, SUPPORT, DifferenceKind
from sphinx_policyspec.exports.decisions import CIRCLE, RESCUE, RULE, Wording
from sphinx_policyspec.model import Duty, Label, Status
from sphinx_policyspec.survey import PartyKind

__all__ = ["party_words", "rule_name", "site_wording"]

_ = get_translation("sphinx_policyspec")


def party_words(kind: str, level: str) -> str:
    """Return one of those who meet in a conflict, in words.

    :param level: its name; empty where there is none
    """
    return {
        PartyKind.NORM: _("norm of {level}"),
        PartyKind.MESSAGE: _("message of {level}"),
        PartyKind.IMPLIED: _("implied message of {level}"),
        PartyKind.TEXT: _("text with a say"),
    }[PartyKind(kind)].format(level=level)


def rule_name(rule: str) -> str:
    """Return what decides by a rule of strength, or by an exception, in a few words, with the rule's id."""
    name = _rules().get(rule, rule)
    return name if rule == EXCEPTION else f"{name}, {rule}"


def site_wording() -> Wording:
    """Return how decisions are explained: the words of the command, in the language of the site."""
    return Wording(
        quoted="{text}",
        verdicts={
            Label.IN: _("{item} is in"),
            Label.OUT: _("{item} is out"),
            Label.UNDECIDED: _("{item} is undecided"),
            Label.NOT_A_CANDIDATE: _("{item} is not a candidate"),
        },
        fates=_fates(),
        rules=_rules(),
        norm=_("the {level} norm of {principle}"),
        said={
            True: _("the {speaker} explicit instruction at turn {turn}"),
            False: _("the {speaker} implied wish at turn {turn}"),
        },
        delegated={
            True: _("the explicit text from {source} at turn {turn} with {level} authority by delegation"),
            False: _("the implied text from {source} at turn {turn} with {level} authority by delegation"),
        },
        by_role=_("{role}'s"),
        by_level=_("{level} level's"),
        roles={
            "system": _("system"),
            "developer": _("developer"),
            "user": _("user"),
            "assistant": _("assistant"),
            "tool": _("tool"),
        },
        inactive=_("it does not apply here"),
        mistaken=_("it looks mistaken"),
        powerless=_("{speaker} has no authority, and nobody who has it delegates {issue} to it"),
        text_from=_("the text from {source}"),
        quoted_text=_("quoted text"),
        role_says=_("what the {role} says"),
        more=_(", and {count} more"),
        both=_(" and "),
        nothing=_("nothing"),
        statuses={
            Status.PERMIT: _("permit (nothing forbids it)"),
            Status.INACTION: _("inaction (norms that nothing overrides collide: do nothing)"),
            Status.CLARIFY: _("clarify (undecided: ask)"),
            Status.BEST_GUESS: _("best-guess (undecided: make the best guess)"),
        },
        duties={
            Duty.DISCLOSE: (
                _("duty to disclose: say that {items} is not followed"),
                _("duty to disclose: say that {items} are not followed"),
            ),
            Duty.CONFIRM: (
                _("duty to confirm: ask before doing what {items} asks for: it cannot be undone"),
                _("duty to confirm: ask before doing what {items} ask for: it cannot be undone"),
            ),
        },
        differences={
            DifferenceKind.LABEL: _("{name} is {found}, not {expected}"),
            DifferenceKind.OUTCOME: _("{name} comes to {found}, not {expected}"),
            DifferenceKind.DISCLOSE: _("the duty to disclose is about {found}, not {expected}"),
            DifferenceKind.CONFIRM: _("the duty to confirm is about {found}, not {expected}"),
        },
    )


def _fates() -> dict[tuple[Label, str], str]:
    return {
        (Label.IN, ""): _("meets no opposition"),
        (Label.IN, SUPPORT): _("has a say from {others}"),
        (Label.IN, RULE): _("defeats {others} ({rule})"),
        (Label.IN, EXCEPTION): _("takes {others} out of force (exception)"),
        (Label.IN, RESCUE): _("holds, since what opposes it is defeated by {others} ({rule})"),
        (Label.OUT, RULE): _("loses to {others} ({rule})"),
        (Label.OUT, EXCEPTION): _("is taken out of force by {others} (exception)"),
        (Label.OUT, SUPPORT): _("has no say any more, since {others} {be} out"),
        (Label.UNDECIDED, RULE): _("meets its equal in {others} ({rule})"),
        (Label.UNDECIDED, CIRCLE): _("loses to {others}, undecided itself ({rule})"),
        (Label.UNDECIDED, EXCEPTION): _(
            "is undecided as {others} {be}, which would take it out of force (exception)"
        ),
        (Label.UNDECIDED, SUPPORT): _("hangs on {others}, undecided itself"),
    }


def _rules() -> dict[str, str]:
    return {
        "R0": _("guard"),
        "R1": _("higher level"),
        "R2": _("collision of norms that nothing overrides"),
        "R3": _("direct before delegated"),
        "R4": _("declared preference"),
        "R5": _("explicit message before default"),
        "R6": _("explicit before implicit"),
        "R7": _("later message"),
        EXCEPTION: _("exception"),
    }
