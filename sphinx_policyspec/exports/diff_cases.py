"""What every written form of a diff says of cases: what became of each, and both explanations side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sphinx_policyspec.compare import ChangeKind, SpecDiff, Subject
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, ComparedCase, Reading
from sphinx_policyspec.exports.decisions import decision_record, explanation, outcome_words, shortened
from sphinx_policyspec.exports.diff_words import Group, sentence

__all__ = [
    "Row",
    "case_records",
    "cases_headline",
    "cases_resting_on",
    "changes_behind",
    "names_elsewhere",
    "new_name",
    "notes",
    "old_name",
    "rows",
    "title_of",
    "what_changed",
]

_K, _S = ChangeKind, Subject
_MANY = 8
"""Cases that are named beside the changes of a provision."""
_LONGEST = 120
"""Characters of a title that are shown; JSON holds all of them."""
_DECISIVE = frozenset(
    {
        _K.LEVEL_RAISED,
        _K.LEVEL_LOWERED,
        _K.LEVEL_CHANGED,
        _K.BECAME_PRINCIPLE,
        _K.BECAME_SECTION,
        _K.RELATION_ADDED,
        _K.RELATION_REMOVED,
        _K.ATTRIBUTE,
    }
)
"""Changes to a provision that a decision can rest on; it does not read what the provision says."""


_NO_DUTY = "no such duty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sentence of the old explanation beside the one of the new that is about the same."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return self.old == self.new


def old_name(diff: SpecDiff) -> str:
    """Return what the old spec is called."""
    return diff.old or "old"


def new_name(diff: SpecDiff) -> str:
    """Return what the new spec is called."""
    return diff.new or "new"


def cases_headline(behaviour: BehaviourDiff) -> str:
    """Return what became of the cases, in one line."""
    old, new = old_name(behaviour.spec), new_name(behaviour.spec)
    counts = {state: len(behaviour.of(state)) for state in CaseState}
    told = {
        CaseState.CHANGED: "come* out differently",
        CaseState.ONLY_OLD: f"cannot be decided by {new}",
        CaseState.ONLY_NEW: f"cannot be decided by {old}",
        CaseState.NEITHER: "cannot be decided by either",
        CaseState.SAME: "come* out the same",
    }
    number = len(behaviour.cases)
    shown = ", ".join(
        f"{counts[state]} {words.replace('*', 's' * (counts[state] == 1))}"
        for state, words in told.items()
        if counts[state]
    )
    return f"{number} case{'s' * (number != 1)}{': ' if shown else ''}{shown}"


def title_of(compared: ComparedCase) -> str:
    """Return the title of a case, or so much of it that one tells it from others."""
    return shortened(compared.case.title, _LONGEST)


def what_changed(compared: ComparedCase) -> Iterator[str]:
    """Yield a line for each outcome, label and duty that changed; it names what it is about in backticks."""
    for issue, outcomes in compared.outcomes.items():
        yield f"`{shortened(issue)}`: {' → '.join(map(outcome_words, outcomes))}"
    for item, labels in compared.labels.items():
        yield f"`{shortened(item)}`: {' → '.join(label.value.replace('-', ' ') for label in labels)}"
    for duty, sides in compared.duties.items():
        about = (", ".join(f"`{shortened(name)}`" for name in names) or "nothing" for names in sides)
        yield f"duty to {duty.value}: {' → '.join(about)}"


def rows(compared: ComparedCase, behaviour: BehaviourDiff) -> tuple[Row, ...]:
    """Return both explanations side by side, item by item and then duty by duty; none where one spec cannot decide."""
    if compared.old.decision is None or compared.new.decision is None:
        return ()
    before = explanation(compared.old.decision, behaviour.old)
    after = explanation(compared.new.decision, behaviour.new)
    items = len(compared.case.items)
    beside = [*zip(before[:items], after[:items], strict=True)]
    beside += _duties(before[items:], after[items:])
    return tuple(Row(old=old, new=new) for old, new in beside)


def _duties(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is said of each duty, old and new; the head of a sentence names the duty."""
    sides = [{said.partition(":")[0]: said for said in told} for told in (before, after)]
    for duty in dict.fromkeys((*sides[0], *sides[1])):
        yield sides[0].get(duty, _NO_DUTY), sides[1].get(duty, _NO_DUTY)


def names_elsewhere(behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield the names that cases have and that one of the specs calls otherwise."""
    for name, readings in (
        (old_name(behaviour.spec), [compared.old for compared in behaviour.cases]),
        (new_name(behaviour.spec), [compared.new for compared in behaviour.cases]),
    ):
        renamed = Counter(pair for reading in readings for pair in reading.renamed)
        for (written, used), count in renamed.items():
            yield f"`{written}` is `{used}` in {name} ({count} case{'s' * (count != 1)})"


def notes(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield which spec cannot decide a case and why, and what the other one says of it."""
    sides = (
        (compared.old, old_name(behaviour.spec), behaviour.old),
        (compared.new, new_name(behaviour.spec), behaviour.new),
    )
    for reading, name, norms in sides:
        if reading.decision is None:
            told = dict.fromkeys(finding.message for finding in reading.findings)
            yield f"{name} cannot decide it: {'; '.join(told)}"
        elif compared.state is not CaseState.CHANGED:
            yield from (f"in {name}, {said}" for said in explanation(reading.decision, norms))


def changes_behind(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield what a case that changed can owe it to: changes to its principles, and to what levels mean."""
    if compared.state is not CaseState.CHANGED:
        return
    for change in behaviour.spec.of(_S.LEVEL, _K.CHANGED):
        yield sentence(change)
    for change in behaviour.changes_to.get(compared.place, ()):
        if change.subject is _S.PROVISION and change.kind in _DECISIVE:
            yield f"`{change.id}`: {sentence(change)}"


def cases_resting_on(group: Group, behaviour: BehaviourDiff | None) -> tuple[tuple[ComparedCase, ...], int]:
    """Return the cases that rest on what changed in a provision, and how many more there are."""
    if behaviour is None:
        return (), 0
    places = {place for change in group.changes for place in change.reach.cases}
    found = tuple(compared for compared in behaviour.cases if compared.place in places)
    return found[:_MANY], max(0, len(found) - _MANY)


def case_records(behaviour: BehaviourDiff) -> list[dict[str, Any]]:
    """Return every case as plain values; those that come out the same in few words."""
    return [_record(compared, behaviour) for compared in behaviour.cases]


def _record(compared: ComparedCase, behaviour: BehaviourDiff) -> dict[str, Any]:
    named = {"title": compared.case.title, "place": compared.place, "state": compared.state.value}
    if compared.state is CaseState.SAME:
        return {**named, "old": _renamed(compared.old), "new": _renamed(compared.new)}
    return {
        **named,
        "labels": [
            {"item": item, "old": old.value, "new": new.value} for item, (old, new) in compared.labels.items()
        ],
        "outcomes": list(compared.outcomes),
        "duties": [duty.value for duty in compared.duties],
        "behind": list(changes_behind(compared, behaviour)),
        "old": _reading(compared.old, behaviour.old),
        "new": _reading(compared.new, behaviour.new),
    }


def _reading(reading: Reading, norms: Norms) -> dict[str, Any]:
    return {
        **_renamed(reading),
        "problems": [str(finding) for finding in reading.findings],
        "decision": decision_record(reading.decision) if reading.decision else None,
        "explanation": list(explanation(reading.decision, norms)) if reading.decision else [],
    }


def _renamed(reading: Reading) -> dict[str, Any]:
    return {"renamed": [{"name": written, "here": used} for written, used in reading.renamed]}
