"""Decisions → an explanation that people read, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sphinx_policyspec.decision import STRENGTH_RULES, Decision, Norms, Reason
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.model import Duty, Item, Label, Outcome, Span, Status, Value

__all__ = ["decision_record", "decisions_json", "decisions_text", "explanation", "outcome_words", "shortened"]

_LONGEST = 60
"""Characters of a name or value that the text shows; JSON holds all of them."""
_MANY = 4
"""Names that a sentence lists."""

_RULES = {rule.id: rule for rule in STRENGTH_RULES}

_FATES = {
    (Label.IN, ""): "meets no opposition",
    (Label.IN, "support"): "has a say from {others}",
    (Label.IN, "rule"): "defeats {others} ({rule})",
    (Label.IN, "exception"): "takes {others} out of force (exception)",
    (Label.IN, "rescue"): "holds, since what opposes it is defeated by {others} ({rule})",
    (Label.OUT, "rule"): "loses to {others} ({rule})",
    (Label.OUT, "exception"): "is taken out of force by {others} (exception)",
    (Label.OUT, "support"): "has no say any more, since {others} {be} out",
    (Label.UNDECIDED, "rule"): "meets its equal in {others} ({rule})",
    (Label.UNDECIDED, "circle"): "loses to {others}, undecided itself ({rule})",
    (
        Label.UNDECIDED,
        "exception",
    ): "is undecided as {others} {be}, which would take it out of force (exception)",
    (Label.UNDECIDED, "support"): "hangs on {others}, undecided itself",
}
"""What becomes of an item, by its label and what that comes from."""

_STATUS = {
    Status.PERMIT: "nothing forbids it",
    Status.INACTION: "norms that nothing overrides collide: do nothing",
    Status.CLARIFY: "undecided: ask",
    Status.BEST_GUESS: "undecided: make the best guess",
}
_DUTIES = {
    Duty.DISCLOSE: "say that {} not followed",
    Duty.CONFIRM: "ask before doing what {} for: it cannot be undone",
}


_VERBS = {Duty.DISCLOSE: ("is", "are"), Duty.CONFIRM: ("asks", "ask")}


def decisions_json(decisions: Iterable[Decision]) -> str:
    """Return decisions as JSON: a list of objects, one a case."""
    return json.dumps([decision_record(d) for d in decisions], indent=1, ensure_ascii=False) + "\n"


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


def decisions_text(decisions: Iterable[Decision], norms: Norms) -> str:
    """Return decisions as an explanation in English, with the places of the spec that they rest on."""
    return "\n".join("".join(f"{printable(line)}\n" for line in _told(d, norms)) for d in decisions)


def _told(decision: Decision, norms: Norms) -> Iterator[str]:
    yield f"{decision.case.title} ({decision.case.span.file}:{decision.case.span.line})"
    for issue, outcome in decision.outcomes.items():
        yield f"  {shortened(issue)}: {outcome_words(outcome)}"
    yield from (f"  {line}" for line in explanation(decision, norms))
    places = list(_places(decision, norms))
    yield from (
        f"  {'rests on' if not number else '        '} {place}" for number, place in enumerate(places)
    )
    if decision.as_expected:
        yield "  as expected"
    yield from (f"  not as expected: {difference}" for difference in decision.differences)


def outcome_words(outcome: Outcome) -> str:
    """Return an outcome in words."""
    if outcome.status:
        return f"{outcome.status.value} ({_STATUS[outcome.status]})"
    return " and ".join(shortened(str(value)) for value in outcome.values)


def explanation(decision: Decision, norms: Norms) -> tuple[str, ...]:
    """Return why each item has its label, and what is owed: a sentence each."""
    items = {item.id: item for item in decision.case.items}
    words = _Words(decision, norms, items)
    reasons = [words.reason(reason) for reason in decision.reasons]
    return (*reasons, *(words.duty(duty, owed) for duty, owed in decision.duties.items()))


class _Words:
    """The sentences about one decision."""

    def __init__(self, decision: Decision, norms: Norms, items: dict[str, Item]) -> None:
        self.decision = decision
        self.norms = norms
        self.items = items

    def reason(self, reason: Reason) -> str:
        item = self.items[reason.item]
        said = f"`{shortened(item.id)}` is {reason.label.value.replace('-', ' ')}: "
        if reason.label is Label.NOT_A_CANDIDATE:
            return said + self._powerless(item)
        return said + f"{self._who(item)} " + self._fate(reason)

    def _fate(self, reason: Reason) -> str:
        by = {"": "", "support": "support", "exception": "exception"}.get(reason.rule, "rule")
        if reason.label is Label.IN and by in {"rule", "exception"} and self._is_rescued(reason):
            by = "rescue"
        if reason.label is Label.UNDECIDED and by == "rule" and self._is_circle(reason):
            by = "circle"
        return _FATES[reason.label, by].format(
            others=self._list(reason.because),
            be="is" if len(reason.because) == 1 else "are",
            rule=f"{_RULES[reason.rule].name}, {reason.rule}" if reason.rule in _RULES else reason.rule,
        )

    def _is_rescued(self, reason: Reason) -> bool:
        """Tell whether others defeat what attacks it."""
        return any(attacked == reason.item for _attacker, attacked in self.decision.attacks)

    def _is_circle(self, reason: Reason) -> bool:
        """Tell whether what keeps it undecided is stronger, rather than as strong."""
        attacks = set(self.decision.attacks)
        return any((reason.item, other) not in attacks for other in reason.because)

    def _list(self, names: Sequence[str]) -> str:
        shown = [f"`{shortened(name)}`, {self._who(self.items[name])}" for name in names[:_MANY]]
        more = f", and {len(names) - _MANY} more" if len(names) > _MANY else ""
        return "; ".join(shown) + more

    def _who(self, item: Item) -> str:
        """Return what an item is, in words."""
        standing = self.decision.standing[item.id]
        level = self.norms.spec.levels[standing.rank].id if standing.rank is not None else ""
        if item.principle:
            return f"the {level} norm of {shortened(item.principle)}"
        mode = "explicit" if item.explicit else "implied"
        if standing.depth:
            return f"the {mode} text from {shortened(item.source)} at turn {item.turn}, which has {level} authority by delegation"
        speaker = f"{shortened(item.role)}'s" if item.role else f"{level} level's"
        return f"the {speaker} {mode} {'instruction' if item.explicit else 'wish'} at turn {item.turn}"

    def _powerless(self, item: Item) -> str:
        if not item.active:
            return "it does not apply here"
        if item.mistaken:
            return "it looks mistaken"
        where = (
            f"the text from {shortened(item.source)}" if item.source else "quoted text" if item.quoted else ""
        )
        speaker = where or f"what the {shortened(item.role)} says"
        return f"{speaker} has no authority, and nobody who has it delegates {shortened(item.issue)} to it"

    def duty(self, duty: Duty, items: Sequence[str]) -> str:
        listed = ", ".join(f"`{shortened(name)}`" for name in items)
        verb = _VERBS[duty][len(items) > 1]
        return f"duty to {duty.value}: {_DUTIES[duty].format(f'{listed} {verb}')}"


def _places(decision: Decision, norms: Norms) -> Iterator[str]:
    """Yield the places of the spec that a decision rests on, each once."""
    case = decision.case
    named: dict[str, str] = {}
    for name in (case.about, *(item.principle for item in case.items)):
        if provision := norms.provisions.get(name):
            named.setdefault(_at(provision.span), provision.title)
    for example in norms.examples(case.example):
        named.setdefault(_at(example.span), f"example: {example.title}")
    for rule in sorted({reason.rule for reason in decision.reasons} & _RULES.keys()):
        if provision := norms.provisions.get(_RULES[rule].source):
            title = named.get(_at(provision.span), provision.title)
            named[_at(provision.span)] = f"{title} ({rule})"
    yield from (f"{place} {shortened(title)}" for place, title in named.items())


def _at(span: Span) -> str:
    return f"{span.file}:{span.line}"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a name or value, or so much of it that one tells it from others."""
    return text if len(text) <= longest else f"{text[:longest]}…"
