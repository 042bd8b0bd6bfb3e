"""Decisions → an explanation for people, and JSON; its words are templates, which pages have in their own language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sphinx_policyspec.decision import (
    EXCEPTION,
    STRENGTH_RULES,
    SUPPORT,
    Decision,
    DifferenceKind,
    Norms,
    Reason,
)
from sphinx_policyspec.exports import Formats, json_object
from sphinx_policyspec.files import number_of, printable
from sphinx_policyspec.model import Duty, Finding, Item, Label, Outcome, Severity, Status, Value

RULE, RESCUE, CIRCLE = "rule", "rescue", "circle"
"""Causes of a label, besides exceptions and support: any rule of strength; others that defeat an item's opponent; an
opponent that is itself undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of an explanation, as templates for :meth:`str.format`.

    :param quoted: a name or value from the author: ``text``
    :param labels: words for the label of an item
    :param verdicts: a sentence for the label: ``item``
    :param fates: the reason, by label and cause: ``others`` (items with their descriptions), ``rule``, and ``be``, a form
    of *to be* in agreement with their number
    :param rules: names of the rules of strength, by id, and of the exception
    :param norm: describes an item from the spec: ``level``, ``title`` (of the level), ``principle``
    :param statement: describes a statement on top of the spec, with the same placeholders
    :param message: describes a message, by whether it is explicit: ``speaker``, ``turn``
    :param delegated: describes a text with delegated authority, by whether it is explicit: ``source``, ``turn``, ``level``,
        ``title``
    :param by_role: the speaker: ``role``
    :param by_level: the speaker: ``level``, ``title``
    :param roles: words for roles that differ from their names
    :param powerless: the reason why an item has no authority: ``speaker``, ``issue``
    :param text_from: text of a ``source``
    :param role_says: the message of a ``role``
    :param more: the number of items that a list leaves out: ``count``
    :param both: joins several values
    :param statuses: each status with its meaning
    :param duties: each duty, for one item and for several: ``items``
    :param differences: the difference between a decision and what a case expects: ``name``, ``found``, ``expected``
    """

    quoted: str
    labels: Mapping[Label, str]
    verdicts: Mapping[Label, str]
    fates: Mapping[tuple[Label, str], str]
    rules: Mapping[str, str]
    norm: str
    statement: str
    message: Mapping[bool, str]
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
    labels={
        Label.IN: "in",
        Label.OUT: "out",
        Label.UNDECIDED: "undecided",
        Label.NOT_A_CANDIDATE: "not a candidate",
    },
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
        (Label.UNDECIDED, EXCEPTION): "is undecided as {others} {be}, which would take it out of force "
        "(exception)",
        (Label.UNDECIDED, SUPPORT): "hangs on {others}, undecided itself",
    },
    rules={rule.id: rule.name for rule in STRENGTH_RULES} | {EXCEPTION: "exception"},
    norm="the {level} norm of {principle}",
    statement="the {level} statement {principle}",
    message={
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


def translated(words: Any, translate: Callable[[str], str]) -> Any:  # noqa: ANN401  as the fields of a Wording are
    """Return words, or a table or pair of words, in another language."""
    if isinstance(words, str):
        return translate(words) if words else ""
    if isinstance(words, tuple):
        return tuple(translated(part, translate) for part in words)
    return {key: translated(part, translate) for key, part in words.items()}


_LONGEST = 60
"""Characters of a name or value in a text; JSON has all of them."""
_MANY = 4
"""The most names that a sentence lists."""

_RULES = {rule.id: rule for rule in STRENGTH_RULES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Decided cases, in order; iterating yields the decisions. Findings say why others could not be decided.

    :param norms: of the spec that decided them
    """

    norms: Norms
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __iter__(self) -> Iterator[Decision]:
        """Yield the decisions."""
        return iter(self.decisions)

    def __len__(self) -> int:
        """Return the number of decided cases."""
        return len(self.decisions)

    def __repr__(self) -> str:
        """Return a short description."""
        return f"<Decisions: {len(self)}, and {number_of(len(self.errors), 'error')}>"

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The errors that kept cases from being decided."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def _decisions_json(decisions: Decisions) -> str:
    return json_object({"decisions": [decision_record(d) for d in decisions]}, decisions.findings)


def decision_record(decision: Decision) -> dict[str, Any]:
    """Return a decision as plain values."""
    return {
        "title": decision.case.title,
        "labels": {item: label.value for item, label in decision.labels.items()},
        "outcomes": {issue: _outcome_record(outcome) for issue, outcome in decision.outcomes.items()},
        "duties": {duty.value: list(items) for duty, items in decision.duties.items()},
        "reasons": [
            {
                "item": reason.item,
                "label": reason.label.value,
                "rule": reason.rule or None,
                "because": list(reason.because),
            }
            for reason in decision.reasons
        ],
        "as_expected": decision.as_expected,
    }


def _outcome_record(outcome: Outcome) -> Value | list[Value] | dict[str, str]:
    if outcome.status:
        return {"status": outcome.status.value}
    return outcome.values[0] if len(outcome.values) == 1 else list(outcome.values)


def _decisions_text(decisions: Decisions) -> str:
    """Return decisions as an explanation in English, with the places of the spec that they rest on."""
    return "\n".join(
        "".join(f"{printable(line)}\n" for line in decision_lines(d, decisions.norms)) for d in decisions
    )


DECISION_FORMATS: Formats[Decisions] = {"text": _decisions_text, "json": _decisions_json}
"""The function that writes each format."""


def decision_lines(
    decision: Decision, norms: Norms, why: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Yield an explanation in English, line by line, with the places of the spec behind it.

    :param why: reasons for labels by item, where the label does not come from the spec
    """
    yield f"{decision.case.title} ({decision.case.span.place})"
    for issue, outcome in decision.outcomes.items():
        yield f"  {shortened(issue)}: {outcome_words(outcome)}"
    yield from (f"  {line}" for line in explanation(decision, norms, why))
    places = list(_places(decision, norms))
    yield from (
        f"  {'rests on' if not number else '        '} {place}" for number, place in enumerate(places)
    )
    if decision.as_expected:
        yield "  as expected"
    yield from (f"  not as expected: {difference}" for difference in difference_sentences(decision))


def outcome_words(outcome: Outcome, wording: Wording = ENGLISH) -> str:
    """Return an outcome in words."""
    if outcome.status:
        return wording.statuses[outcome.status]
    # Truth values are shown as in YAML.
    values = (str(value).lower() if isinstance(value, bool) else str(value) for value in outcome.values)
    return wording.both.join(map(shortened, values))


def explanation(
    decision: Decision, norms: Norms, why: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """Return a sentence in English for the label of each item and for each duty.

    :param why: as for :func:`decision_lines`
    """
    reasons = zip(decision.reasons, reason_sentences(decision, norms), strict=True)
    sentences = (
        f"{verdict}: {why.get(reason.item, reason_text)}" for reason, (verdict, reason_text) in reasons
    )
    return (*sentences, *duty_sentences(decision))


def reason_sentences(
    decision: Decision, norms: Norms, wording: Wording = ENGLISH
) -> tuple[tuple[str, str], ...]:
    """Return a pair for each item: the sentence about its label, and the reason."""
    words = _Words(decision, norms, wording)
    return tuple(words.reason(reason) for reason in decision.reasons)


def duty_sentences(decision: Decision, wording: Wording = ENGLISH) -> tuple[str, ...]:
    """Return a sentence for each duty besides the outcomes."""
    return tuple(
        wording.duties[duty][len(owed) > 1].format(
            items=", ".join(wording.quoted.format(text=shortened(name)) for name in owed)
        )
        for duty, owed in decision.duties.items()
    )


def difference_sentences(decision: Decision, wording: Wording = ENGLISH) -> tuple[str, ...]:
    """Return a sentence for each difference between a decision and what its case expects."""

    def words(value: str | Outcome | tuple[str, ...]) -> str:
        if isinstance(value, str):
            return wording.labels[Label(value)]
        if isinstance(value, Outcome):
            if value.status:
                return value.status.value
            value = tuple(map(str, value.values))
        return wording.both.join(wording.quoted.format(text=name) for name in value) or wording.nothing

    return tuple(
        wording.differences[difference.kind].format(
            name=wording.quoted.format(text=difference.name),
            found=words(difference.found),
            expected=words(difference.expected),
        )
        for difference in decision.differences
    )


class _Words:
    """The sentences about one decision."""

    def __init__(self, decision: Decision, norms: Norms, wording: Wording) -> None:
        self.decision = decision
        self.norms = norms
        self.levels = norms.spec.levels
        self.wording = wording
        self.items = {item.id: item for item in decision.case.items}

    def reason(self, reason: Reason) -> tuple[str, str]:
        item = self.items[reason.item]
        verdict = self.wording.verdicts[reason.label].format(item=self._quoted(item.id))
        if reason.label is Label.NOT_A_CANDIDATE:
            return verdict, self._powerless(item)
        return verdict, f"{self._who(item)} {self._fate(reason)}"

    def _quoted(self, text: str) -> str:
        return self.wording.quoted.format(text=shortened(text))

    def _fate(self, reason: Reason) -> str:
        by = reason.rule if reason.rule in {"", SUPPORT, EXCEPTION} else RULE
        if reason.label is Label.IN and by in {RULE, EXCEPTION} and self._is_rescued(reason):
            by = RESCUE
        if reason.label is Label.UNDECIDED and by == RULE and self._is_circle(reason):
            by = CIRCLE
        name = self.wording.rules.get(reason.rule, reason.rule)
        return self.wording.fates[reason.label, by].format(
            others=self._list(reason.because),
            be="is" if len(reason.because) == 1 else "are",
            rule=f"{name}, {reason.rule}" if reason.rule in _RULES else name,
        )

    def _is_rescued(self, reason: Reason) -> bool:
        """Return whether others defeat the item's attackers."""
        return any(attacked == reason.item for _attacker, attacked in self.decision.attacks)

    def _is_circle(self, reason: Reason) -> bool:
        """Return whether what keeps the item undecided is stronger than it, and not its equal."""
        attacks = set(self.decision.attacks)
        return any((reason.item, other) not in attacks for other in reason.because)

    def _list(self, names: Sequence[str]) -> str:
        items = [f"{self._quoted(name)}, {self._who(self.items[name])}" for name in names[:_MANY]]
        more = self.wording.more.format(count=len(names) - _MANY) if len(names) > _MANY else ""
        return "; ".join(items) + more

    def _who(self, item: Item) -> str:
        """Return the description of an item."""
        standing = self.decision.standing[item.id]
        level = self.levels[standing.rank] if standing.rank is not None else None
        of_level = {"level": level.id, "title": level.title or level.id.capitalize()} if level else {}
        if item.principle:
            phrase = self.wording.statement if self.norms.statement(item.principle) else self.wording.norm
            return phrase.format(principle=shortened(item.principle), **of_level)
        if standing.depth:
            template = self.wording.delegated[item.explicit]
            return template.format(source=shortened(item.source), turn=item.turn, **of_level)
        by = self.wording.by_role if item.role else self.wording.by_level
        speaker = by.format(role=self._role(item.role), **of_level)
        return self.wording.message[item.explicit].format(speaker=speaker, turn=item.turn)

    def _role(self, role: str) -> str:
        return self.wording.roles.get(role, shortened(role))

    def _powerless(self, item: Item) -> str:
        wording = self.wording
        if not item.active:
            return wording.inactive
        if item.mistaken:
            return wording.mistaken
        if item.source:
            speaker = wording.text_from.format(source=shortened(item.source))
        else:
            speaker = (
                wording.quoted_text if item.quoted else wording.role_says.format(role=self._role(item.role))
            )
        return wording.powerless.format(speaker=speaker, issue=shortened(item.issue))


def _places(decision: Decision, norms: Norms) -> Iterator[str]:
    """Yield the places of the spec that a decision rests on, each once."""
    case = decision.case
    titles: dict[str, str] = {}
    for name in (case.about, *(item.principle for item in case.items)):
        if provision := norms.provisions.get(name):
            titles.setdefault(provision.span.place, provision.title)
    for example in norms.examples(case.example):
        titles.setdefault(example.span.place, f"example: {example.title}")
    for rule in sorted({reason.rule for reason in decision.reasons} & _RULES.keys()):
        if provision := norms.provisions.get(_RULES[rule].source):
            title = titles.get(provision.span.place, provision.title)
            titles[provision.span.place] = f"{title} ({rule})"
    yield from (f"{place} {shortened(title)}" for place, title in titles.items())


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a name or value, cut to a length that still distinguishes it from others."""
    return text if len(text) <= longest else f"{text[:longest]}…"
