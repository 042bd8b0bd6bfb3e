"""The words in which decisions are explained: templates, in English here; pages bring those of their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sphinx_policyspec.decision import EXCEPTION, STRENGTH_RULES, SUPPORT, DifferenceKind
from sphinx_policyspec.model import Duty, Label, Status

__all__ = ["CIRCLE", "ENGLISH", "RESCUE", "RULE", "Wording"]

RULE, RESCUE, CIRCLE = "rule", "rescue", "circle"
"""What a fate comes from, beside exceptions and support: any rule of strength; others, who defeat what opposes an item;
what defeats it and is undecided itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How to say it, in templates of :meth:`str.format`.

    :param quoted: a name or value of the author's: ``text``
    :param verdicts: what becomes of an item: ``item``
    :param fates: why, by its label and what that comes from: ``others`` (items with what they are), ``rule``, and ``be``,
        a form of *to be* that fits their number
    :param rules: names of rules of strength, by id, and of the exception
    :param norm: what an item of the spec is: ``level``, ``title`` (of the level), ``principle``
    :param said: what a message is, by whether it is explicit: ``speaker``, ``turn``
    :param delegated: what a text with a say is, by whether it is explicit: ``source``, ``turn``, ``level``, ``title``
    :param by_role: who speaks: ``role``
    :param by_level: who speaks: ``level``, ``title``
    :param roles: words for roles, where they are not the roles themselves
    :param powerless: why an item without authority has none: ``speaker``, ``issue``
    :param text_from: text of a ``source``
    :param role_says: what a ``role`` says
    :param more: how many items a list leaves out: ``count``
    :param both: joins values that stand together
    :param statuses: a status, and what it means
    :param duties: what is owed, of one item and of several: ``items``
    :param differences: how a decision differs from what a case expects: ``name``, ``found``, ``expected``
    """

    quoted: str
    verdicts: Mapping[Label, str]
    fates: Mapping[tuple[Label, str], str]
    rules: Mapping[str, str]
    norm: str
    said: Mapping[bool, str]
    delegated: Mapping[bool, str]
    by_role: str
    by_level: str
    roles: Mapping[str, str]
    inactive: str
    mistaken: str
    powerless: str
    text_from: str
    quoted_text: str
    role_says: str
    more: str
    both: str
    nothing: str
    statuses: Mapping[Status, str]
    duties: Mapping[Duty, tuple[str, str]]
    differences: Mapping[DifferenceKind, str]


ENGLISH = Wording(
    quoted="`{text}`",
    verdicts={
        Label.IN: "{item} is in",
        Label.OUT: "{item} is out",
        Label.UNDECIDED: "{item} is undecided",
        Label.NOT_A_CANDIDATE: "{item} is not a candidate",
    },
    fates={
        (Label.IN, ""): "meets no opposition",
        (Label.IN, SUPPORT): "has a say from {others}",
        (Label.IN, RULE): "defeats {others} ({rule})",
        (Label.IN, EXCEPTION): "takes {others} out of force (exception)",
        (Label.IN, RESCUE): "holds, since what opposes it is defeated by {others} ({rule})",
        (Label.OUT, RULE): "loses to {others} ({rule})",
        (Label.OUT, EXCEPTION): "is taken out of force by {others} (exception)",
        (Label.OUT, SUPPORT): "has no say any more, since {others} {be} out",
        (Label.UNDECIDED, RULE): "meets its equal in {others} ({rule})",
        (Label.UNDECIDED, CIRCLE): "loses to {others}, undecided itself ({rule})",
        (
            Label.UNDECIDED,
            EXCEPTION,
        ): "is undecided as {others} {be}, which would take it out of force (exception)",
        (Label.UNDECIDED, SUPPORT): "hangs on {others}, undecided itself",
    },
    rules={rule.id: rule.name for rule in STRENGTH_RULES} | {EXCEPTION: "exception"},
    norm="the {level} norm of {principle}",
    said={
        True: "the {speaker} explicit instruction at turn {turn}",
        False: "the {speaker} implied wish at turn {turn}",
    },
    delegated={
        True: "the explicit text from {source} at turn {turn} with {level} authority by delegation",
        False: "the implied text from {source} at turn {turn} with {level} authority by delegation",
    },
    by_role="{role}'s",
    by_level="{level} level's",
    roles={},
    inactive="it does not apply here",
    mistaken="it looks mistaken",
    powerless="{speaker} has no authority, and nobody who has it delegates {issue} to it",
    text_from="the text from {source}",
    quoted_text="quoted text",
    role_says="what the {role} says",
    more=", and {count} more",
    both=" and ",
    nothing="nothing",
    statuses={
        Status.PERMIT: "permit (nothing forbids it)",
        Status.INACTION: "inaction (norms that nothing overrides collide: do nothing)",
        Status.CLARIFY: "clarify (undecided: ask)",
        Status.BEST_GUESS: "best-guess (undecided: make the best guess)",
    },
    duties={
        Duty.DISCLOSE: (
            "duty to disclose: say that {items} is not followed",
            "duty to disclose: say that {items} are not followed",
        ),
        Duty.CONFIRM: (
            "duty to confirm: ask before doing what {items} asks for: it cannot be undone",
            "duty to confirm: ask before doing what {items} ask for: it cannot be undone",
        ),
    },
    differences={
        DifferenceKind.LABEL: "{name} is {found}, not {expected}",
        DifferenceKind.OUTCOME: "{name} comes to {found}, not {expected}",
        DifferenceKind.DISCLOSE: "the duty to disclose is about {found}, not {expected}",
        DifferenceKind.CONFIRM: "the duty to confirm is about {found}, not {expected}",
    },
)
