"""The content of a diff for every written form: one sentence for each change, their grouping, and the effect on cases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from sphinx_policyspec.compare import Change, ChangeKind, Run, SpecDiff, Subject, TextChange, Weight
from sphinx_policyspec.compare.change import Bump, summary_of
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, ComparedCase
from sphinx_policyspec.exports.decisions import explanation, outcome_words, shortened
from sphinx_policyspec.exports.diff import wording
from sphinx_policyspec.exports.diff.wording import Say, _, of_count
from sphinx_policyspec.files import grouped, number_of

_K, _S = ChangeKind, Subject
_CONTEXT = 8
"""Words kept of an unchanged run, on each side of a change."""
_NAMED = 10
"""Overlays, runs and records of feedback that are named beside a change."""
_REASONS = 3
"""Changes that are named as reasons of a suggestion."""
_HANDED_ON = frozenset({_K.SPLIT, _K.MERGED, _K.SUCCEEDED})
_FOR_MAINTAINERS = frozenset({_S.TAG, _S.PROMPT})
"""Subjects that readers of a spec never see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The changes to one provision and its content; changes to the spec itself have an empty id."""

    id: str
    title: str
    changes: tuple[Change, ...]

    @property
    def weight(self) -> Weight:
        """The greatest weight among the changes."""
        order = list(Weight)
        return min((change.weight for change in self.changes), key=order.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The provisions with the same kind of change.

    :param name: ``new``, ``gone``, the value of a weight, or ``maintainers`` if only files that test the spec changed
    """

    name: str
    groups: tuple[Group, ...]


PARTS = ("new", "gone", *(weight.value for weight in Weight), "maintainers")


def _part_of(group: Group) -> str:
    """Return the name of the part that a group belongs to."""
    kinds = {change.kind for change in group.changes if change.subject is _S.PROVISION}
    if _K.ADDED in kinds:
        return "new"
    if _K.REMOVED in kinds:
        return "gone"
    if all(change.subject in _FOR_MAINTAINERS for change in group.changes):
        return "maintainers"
    return group.weight.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEntry:
    """A change in the words that every form uses.

    :param label: the word for its weight on pages
    :param for_maintainers: whether it concerns files that test the spec, which readers never see
    :param touches: what it may invalidate, after a semicolon; empty for nothing
    :param sentences: old and new sentences side by side, if the change needs a reader, with what is known of their norms
    :param units: otherwise the changed paragraphs of its text
    :param has_heads: whether its texts are messages that begin with the speaker
    """

    weight: Weight
    label: str
    statement: str
    rule: str
    for_maintainers: bool = False
    touches: str = ""
    sentences: tuple[wording.SentenceEntry, ...] = ()
    units: tuple[tuple[Run, ...], ...] = ()
    has_heads: bool = False

    def in_plain_words(self, runs: tuple[Run, ...], say: Say) -> tuple[Run, ...]:
        """Return one of its texts with words in place of the marks for roles and verdicts."""
        return headed(runs, say) if self.has_heads else runs


_HEADS = {
    **{role: role for role in (_("system"), _("developer"), _("user"), _("assistant"), _("tool"), _("note"))},
    "GOOD": _("(compliant)"),
    "OK": _("(minor issues)"),
    "BAD": _("(violation)"),
}
"""Words for the speaker in an example, and for the verdict on an answer."""
_HEAD = re.compile(rf"(?:{'|'.join(_HEADS)})(?: [\w-]+=[^\s:]+)*(?: (?:GOOD|OK|BAD))?\s?:")


def headed(runs: tuple[Run, ...], say: Say = str) -> tuple[Run, ...]:
    """Return a changed message of an example, with words in its head for the speaker and the verdict.

    The old and the new message may each have its own head, which ends with its first colon.
    """
    sides = {op: " ".join(run.text for run in runs if run.op in {"=", op}) for op in "-+"}
    open_in = {op for op, text in sides.items() if _HEAD.match(text)}
    result = []
    for run in runs:
        here = {"-", "+"} if run.op == "=" else {run.op}
        words = []
        for word in run.text.split(" "):
            name, colon, rest = word.partition(":")
            known = _HEADS.get(name) if here & open_in else None
            words.append(f"{say(known)}{colon}{rest}" if known else word)
            open_in -= here if colon else set()
        result.append(replace(run, text=" ".join(words)))
    return tuple(result)


def _few(things: list[str], say: Say) -> str:
    more = len(things) - _REASONS
    return "; ".join(
        [*things[:_REASONS], *([say(_("and {count} more")).format(count=more)] if more > 0 else [])]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """A case with another result, or one that a spec cannot decide.

    :param what: a line for each changed outcome, label and duty
    :param asides: the reasons, and which spec cannot decide it
    :param rows: both explanations, side by side
    """

    title: str
    place: str
    state: CaseState
    what: tuple[str, ...]
    asides: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The content of a diff in the order of every written form; cases are included if they were compared.

    :param say: translates the words for changes; those about cases are English
    """

    diff: SpecDiff
    behaviour: BehaviourDiff | None = None
    say: Say = str

    @property
    def names(self) -> tuple[str, str]:
        """The names of the old and the new spec."""
        return self.diff.old or "old", self.diff.new or "new"

    @property
    def headline(self) -> str:
        """The number of changes by weight, in one line."""
        if not self.diff:
            return "no changes"
        counts = summary_of(self.diff).weights
        number = sum(counts.values())
        counts_text = ", ".join(wording.counted(weight, count) for weight, count in counts.items() if count)
        return f"{number_of(number, 'change')}: {counts_text}"

    @property
    def suggestion(self) -> str:
        """The suggested version bump with its reasons; empty if nothing changed."""
        if not self.diff:
            return ""
        say, summary = self.say, summary_of(self.diff)
        if summary.bump is Bump.NONE:
            return say(_("no new version is needed"))
        reasons = [f"{one.provision or one.id}: {wording.sentence(one, say)}" for one in summary.reasons]
        unread = list(dict.fromkeys(change.provision or change.id for change in summary.held))
        template = _("{bump} until somebody has read {held}; {judged} if that is neutral ({reasons})")
        return say(template if unread else "{bump} ({reasons})").format(
            bump=say(summary.bump.value),
            held=_few(unread, say),
            judged=say(summary.judged.value),
            reasons=_few(reasons, say),
        )

    @property
    def about_cases(self) -> tuple[str, ...]:
        """The effect on cases, in one line, and names in cases that one of the specs has changed."""
        return (_cases_headline(self.behaviour), *_names_elsewhere(self.behaviour)) if self.behaviour else ()

    def cases(self) -> Iterator[CaseEntry]:
        """Yield the cases that changed, or that one spec cannot decide."""
        if self.behaviour:
            yield from (_case_entry(compared, self.behaviour) for compared in self.behaviour.telling)

    def went_to(self) -> dict[str, tuple[str, ...]]:
        """Return the provisions that now hold parts of a provision that was split, merged or succeeded, by its id."""
        moved = (c for c in self.diff.changes if c.subject is _S.PROVISION and c.kind in _HANDED_ON)
        successors = grouped((change.old, change.new) for change in moved)
        return {old: tuple(dict.fromkeys(new)) for old, new in successors.items()}

    def groups(self) -> tuple[Group, ...]:
        """Return the changes by provision: those with the greatest weight first, otherwise in the order of the diff."""
        order = list(Weight)
        groups = [
            Group(
                id=id_,
                title=self.diff.titles.get(id_, ""),
                changes=tuple(sorted(changes, key=lambda change: order.index(change.weight))),
            )
            for id_, changes in self.diff.by_provision.items()
        ]
        return tuple(sorted(groups, key=lambda group: order.index(group.weight)))

    def parts(self) -> tuple[Part, ...]:
        """Return the same groups by part, without empty parts."""
        by_part: dict[str, list[Group]] = {name: [] for name in PARTS}
        for group in self.groups():
            by_part[_part_of(group)].append(group)
        return tuple(Part(name=name, groups=tuple(groups)) for name, groups in by_part.items() if groups)

    def resting_on(self, group: Group) -> tuple[tuple[str, int], ...]:
        """Return titles of the cases that rest on a group, each with its number among those listed; 0 for others.

        If there are many, the last title is the number of further cases.
        """
        if self.behaviour is None:
            return ()
        places = {place for change in group.changes for place in change.reach.cases}
        cases = [compared for compared in self.behaviour.cases if compared.place in places]
        numbers = {id(one): n for n, one in enumerate(self.behaviour.telling, 1)}
        titles = [
            (shortened(compared.case.title, _LONGEST), numbers.get(id(compared), 0))
            for compared in cases[:_MANY]
        ]
        return (*titles, *([(f"and {len(cases) - _MANY} more", 0)] if len(cases) > _MANY else []))


def label_of(change: Change) -> str:
    """Return the word for the weight of a change; if it needs a reader, what came or went is just new or removed."""
    if change.weight is Weight.NEEDS_READER:
        return {_K.ADDED: _("New"), _K.REMOVED: _("Removed")}.get(
            change.kind, wording.PLAIN[change.weight].label
        )
    return wording.PLAIN[change.weight].label


_QUIET = frozenset({Weight.NEEDS_READER, Weight.EDITORIAL})


def with_sign(weight: Weight, label: str) -> str:
    """Return the word for a weight on pages, with its sign unless readers would not know that."""
    return label if weight in _QUIET else f"{wording.SIGNS[weight]} {label}"


def change_entry(change: Change, say: Say = str) -> ChangeEntry:
    """Return a change in the words that every form uses."""
    reach = reach_of(change, say)
    sentences = tuple(wording.sentence_entries(change))
    return ChangeEntry(
        weight=change.weight,
        label=label_of(change),
        for_maintainers=change.subject in _FOR_MAINTAINERS,
        statement=wording.with_evidence(change, say),
        rule=change.rule,
        touches=f"; {say(_('touches {things}')).format(things=reach)}" if reach else "",
        sentences=sentences,
        units=() if sentences else tuple(changed_units(change.text)),
        has_heads=change.subject is _S.EXAMPLE,
    )


def change_entries(group: Group, *, in_full: bool = False, say: Say = str) -> Iterator[ChangeEntry]:
    """Yield the changes of a provision in the words that every form uses, its eval tags and prompt files as one change.

    :param in_full: whether each of these is listed by itself
    """
    few = [change for change in group.changes if wording.is_folded(change)]
    together = few if len(few) > 1 and not in_full else []
    yield from (change_entry(change, say) for change in group.changes if change not in together)
    if together:
        text = wording.folded(together, say)
        yield replace(change_entry(together[0], say), statement=text, touches="")


def _case_entry(compared: ComparedCase, behaviour: BehaviourDiff) -> CaseEntry:
    behind = (f"because: {cause}" for cause in changes_behind(compared, behaviour))
    return CaseEntry(
        title=shortened(compared.case.title, _LONGEST),
        place=compared.place,
        state=compared.state,
        what=tuple(_what_changed(compared)),
        asides=(*_notes(compared, behaviour), *behind),
        rows=_rows(compared, behaviour),
    )


_TAGS = {"=": ("", ""), "-": ("<del>", "</del>"), "+": ("<ins>", "</ins>")}


def inked(runs: tuple[Run, ...], safe: Callable[[str], str]) -> str:
    """Return a paragraph with HTML tags around removed and added words.

    :param safe: escapes its words
    """
    return "".join(f"{_TAGS[run.op][0]}{safe(run.text)}{_TAGS[run.op][1]}{run.after}" for run in runs).strip()


def changed_units(text: TextChange | None) -> Iterator[tuple[Run, ...]]:
    """Yield the changed paragraphs of a text as runs; words far from a change are replaced by ``…``."""
    for unit in text.units if text else ():
        if unit.op != "=":
            yield tuple(_near(tuple(_apart(unit.runs))))


def _apart(runs: tuple[Run, ...]) -> Iterator[Run]:
    """Put a space between adjacent words of the old and of the new text."""
    for run, following in zip_longest(runs, runs[1:]):
        touching = following and not run.after and run.op != following.op and following.text[:1].isalnum()
        yield replace(run, after=" ") if touching and run.text[-1:].isalnum() else run


def _near(runs: tuple[Run, ...]) -> Iterator[Run]:
    for place, run in enumerate(runs):
        words = run.text.split()
        first, last = place == 0, place == len(runs) - 1
        if run.op != "=" or len(words) <= 2 * _CONTEXT + 1:
            yield run
            continue
        head = [] if first else words[:_CONTEXT]
        tail = [] if last else words[-_CONTEXT:]
        yield replace(run, text=" ".join([*head, "…", *tail]))


_REACHED = (
    (_("1 example"), _("{count} examples")),
    (_("1 prompt"), _("{count} prompts")),
    (_("1 reference"), _("{count} references")),
    (_("1 dependent principle"), _("{count} dependent principles")),
    (_("1 case"), _("{count} cases")),
)


def reach_of(change: Change, say: Say = str) -> str:
    """Return the number of things that a change may invalidate; overlays, runs and feedback, which are few, by name."""
    reach = change.reach
    counted = (reach.examples, reach.prompts, reach.references, reach.dependents, reach.cases)
    counts = [of_count(len(ids), words, say) for ids, words in zip(counted, _REACHED, strict=True) if ids]
    texts = [", ".join(counts)]
    for template, ids in (
        (_("overlay {names}"), reach.overlays),
        (_("results of {names}"), reach.results),
        (_("feedback {names}, which is answered"), reach.feedback),
    ):
        names = ", ".join((*ids[:_NAMED], *["…"] * (len(ids) > _NAMED)))
        texts += [say(template).format(names=names)] if ids else []
    return "; ".join(filter(None, texts))


_MANY = 8
"""Cases that are listed with the changes of a provision."""
_LONGEST = 120
"""Characters of a title; JSON has the whole title."""
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
"""Changes to a provision that can affect a decision, which does not read the provision's text."""


_NO_DUTY = "no such duty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A sentence of the old explanation beside the corresponding one of the new explanation."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        """Whether both sentences are the same."""
        return self.old == self.new


def _cases_headline(behaviour: BehaviourDiff) -> str:
    """Return the number of cases by their state, in one line."""
    old, new = Outline(behaviour.spec).names
    counts = {state: len(behaviour.of(state)) for state in CaseState}
    phrases = {
        CaseState.CHANGED: "come* out differently",
        CaseState.ONLY_OLD: f"cannot be decided by {new}",
        CaseState.ONLY_NEW: f"cannot be decided by {old}",
        CaseState.NEITHER: "cannot be decided by either",
        CaseState.SAME: "come* out the same",
    }
    number = len(behaviour.cases)
    summary = ", ".join(
        f"{counts[state]} {words.replace('*', 's' * (counts[state] == 1))}"
        for state, words in phrases.items()
        if counts[state]
    )
    return f"{number_of(number, 'case')}{': ' if summary else ''}{summary}"


def _what_changed(compared: ComparedCase) -> Iterator[str]:
    """Yield a line for each changed outcome, label and duty, with its subject in backticks."""
    for issue, outcomes in compared.outcomes.items():
        yield f"`{shortened(issue)}`: {' → '.join(map(outcome_words, outcomes))}"
    for item, labels in compared.labels.items():
        yield f"`{shortened(item)}`: {' → '.join(label.value.replace('-', ' ') for label in labels)}"
    for duty, sides in compared.duties.items():
        about = (", ".join(f"`{shortened(name)}`" for name in names) or "nothing" for names in sides)
        yield f"duty to {duty.value}: {' → '.join(about)}"


def _rows(compared: ComparedCase, behaviour: BehaviourDiff) -> tuple[Row, ...]:
    """Return both explanations side by side, by item and then by duty; empty if one spec cannot decide the case."""
    if compared.old.decision is None or compared.new.decision is None:
        return ()
    before = explanation(compared.old.decision, behaviour.old)
    after = explanation(compared.new.decision, behaviour.new)
    items = len(compared.case.items)
    beside = [*zip(before[:items], after[:items], strict=True)]
    beside += _duties(before[items:], after[items:])
    return tuple(Row(old=old, new=new) for old, new in beside)


def _duties(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the old and new sentence about each duty; the part before the colon names the duty."""
    sides = [
        {sentence.partition(":")[0]: sentence for sentence in sentences} for sentences in (before, after)
    ]
    for duty in dict.fromkeys((*sides[0], *sides[1])):
        yield sides[0].get(duty, _NO_DUTY), sides[1].get(duty, _NO_DUTY)


def _names_elsewhere(behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield the names in cases that are different in one of the specs."""
    for name, side in zip(Outline(behaviour.spec).names, ("old", "new"), strict=True):
        renamed = Counter(pair for compared in behaviour.cases for pair in getattr(compared, side).renamed)
        for (old_name, used), count in renamed.items():
            yield f"`{old_name}` is `{used}` in {name} ({number_of(count, 'case')})"


def _notes(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield which spec cannot decide a case and why, and the explanation of the other one."""
    readings, norms_of = (compared.old, compared.new), (behaviour.old, behaviour.new)
    for reading, name, norms in zip(readings, Outline(behaviour.spec).names, norms_of, strict=True):
        if reading.decision is None:
            messages = dict.fromkeys(finding.message for finding in reading.findings)
            yield f"{name} cannot decide it: {'; '.join(messages)}"
        elif compared.state is not CaseState.CHANGED:
            yield from (f"in {name}, {sentence}" for sentence in explanation(reading.decision, norms))


def changes_behind(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield possible causes of a case's change: changes to its principles and to the meaning of levels."""
    if compared.state is not CaseState.CHANGED:
        return
    for change in behaviour.spec.of(_S.LEVEL, _K.CHANGED):
        yield wording.sentence(change)
    for change in behaviour.changes_to.get(compared.place, ()):
        if change.subject is _S.PROVISION and change.kind in _DECISIVE:
            yield f"`{change.id}`: {wording.sentence(change)}"
