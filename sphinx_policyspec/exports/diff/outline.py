"""What every written form of a diff says: one sentence for each change, what belongs together, and what became of cases."""

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
"""Words shown of an unchanged run, on each side of what changed."""
_NAMED = 10
"""Provisions of overlays that are named beside a change."""
_REASONS = 3
"""Changes that are named as the reason of a suggestion."""
_HANDED_ON = frozenset({_K.SPLIT, _K.MERGED, _K.SUCCEEDED})
_FOR_MAINTAINERS = frozenset({_S.TAG, _S.PROMPT})
"""What readers of a spec never see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The changes to one provision and what stands in it; those of the spec itself have no id."""

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
    """The provisions to which the same happened.

    :param name: ``new``, ``gone``, the value of a weight, or ``maintainers`` where only files changed that test the spec
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
class ToldChange:
    """A change as every form tells it.

    :param label: the word for its weight on pages
    :param for_maintainers: it is one of the files that test the spec, which readers never see
    :param touches: what it may invalidate, behind a semicolon; empty for nothing
    :param sentences: of what has to be read, the sentences side by side, each with what can be told of it
    :param units: else the paragraphs of its text that changed
    :param has_heads: whether its texts are messages under who speaks
    """

    weight: Weight
    label: str
    said: str
    rule: str
    for_maintainers: bool = False
    touches: str = ""
    sentences: tuple[wording.ToldSentence, ...] = ()
    units: tuple[tuple[Run, ...], ...] = ()
    has_heads: bool = False

    def in_plain_words(self, runs: tuple[Run, ...], say: Say) -> tuple[Run, ...]:
        """Return one of its texts for readers who know no marks for roles and verdicts."""
        return headed(runs, say) if self.has_heads else runs


_HEADS = {
    **{role: role for role in (_("system"), _("developer"), _("user"), _("assistant"), _("tool"), _("note"))},
    "GOOD": _("(compliant)"),
    "OK": _("(minor issues)"),
    "BAD": _("(violation)"),
}
"""Words for who speaks in an example, and for the verdict on an answer."""
_HEAD = re.compile(rf"(?:{'|'.join(_HEADS)})(?: [\w-]+=[^\s:]+)*(?: (?:GOOD|OK|BAD))?\s?:")


def headed(runs: tuple[Run, ...], say: Say = str) -> tuple[Run, ...]:
    """Return a message of an example that changed, with words for who speaks and for the verdict, which head it.

    The old and the new message may each have a head of its own, which ends with its first colon.
    """
    sides = {op: " ".join(run.text for run in runs if run.op in {"=", op}) for op in "-+"}
    open_in = {op for op, text in sides.items() if _HEAD.match(text)}
    found = []
    for run in runs:
        here = {"-", "+"} if run.op == "=" else {run.op}
        told = []
        for word in run.text.split(" "):
            name, colon, rest = word.partition(":")
            known = _HEADS.get(name) if here & open_in else None
            told.append(f"{say(known)}{colon}{rest}" if known else word)
            open_in -= here if colon else set()
        found.append(replace(run, text=" ".join(told)))
    return tuple(found)


def _named(things: list[str], say: Say) -> str:
    more = len(things) - _REASONS
    return "; ".join(
        [*things[:_REASONS], *([say(_("and {count} more")).format(count=more)] if more > 0 else [])]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCase:
    """A case that comes out otherwise, or that one spec cannot decide.

    :param what: a line for each outcome, label and duty that changed
    :param asides: why, and which spec cannot decide it
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
    """A diff as every written form tells it, in this order; what is about cases is there if cases were compared.

    :param say: translates the words for what changed; those about cases are English
    """

    diff: SpecDiff
    behaviour: BehaviourDiff | None = None
    say: Say = str

    @property
    def names(self) -> tuple[str, str]:
        """What the old and the new spec are called."""
        return self.diff.old or "old", self.diff.new or "new"

    @property
    def headline(self) -> str:
        """What the diff comes to, in one line."""
        if not self.diff:
            return "no changes"
        counts = summary_of(self.diff).weights
        number = sum(counts.values())
        told = ", ".join(wording.counted(weight, count) for weight, count in counts.items() if count)
        return f"{number_of(number, 'change')}: {told}"

    @property
    def suggestion(self) -> str:
        """The version bump that is suggested, with what asks for it; empty where nothing changed."""
        if not self.diff:
            return ""
        say, summary = self.say, summary_of(self.diff)
        if summary.bump is Bump.NONE:
            return say(_("no new version is needed"))
        reasons = [f"{one.provision or one.id}: {wording.sentence(one, say)}" for one in summary.reasons]
        held = list(dict.fromkeys(change.provision or change.id for change in summary.held))
        template = _("{bump} until somebody has read {held}; {judged} if that is neutral ({reasons})")
        return say(template if held else "{bump} ({reasons})").format(
            bump=say(summary.bump.value),
            held=_named(held, say),
            judged=say(summary.judged.value),
            reasons=_named(reasons, say),
        )

    @property
    def about_cases(self) -> tuple[str, ...]:
        """What became of the cases, in one line, and the names that one of the specs calls otherwise."""
        return (_cases_headline(self.behaviour), *_names_elsewhere(self.behaviour)) if self.behaviour else ()

    def cases(self) -> Iterator[ToldCase]:
        """Yield the cases that changed, or that one spec cannot decide."""
        if self.behaviour:
            yield from (_told_case(compared, self.behaviour) for compared in self.behaviour.telling)

    def went_to(self) -> dict[str, tuple[str, ...]]:
        """Return where something of a provision stands now that was split, merged into another or succeeded, by its id."""
        moved = (c for c in self.diff.changes if c.subject is _S.PROVISION and c.kind in _HANDED_ON)
        found = grouped((change.old, change.new) for change in moved)
        return {old: tuple(dict.fromkeys(new)) for old, new in found.items()}

    def groups(self) -> tuple[Group, ...]:
        """Return the changes by provision: those with the greatest weight first, else in the order of the diff."""
        order = list(Weight)
        found = [
            Group(
                id=id_,
                title=self.diff.titles.get(id_, ""),
                changes=tuple(sorted(changes, key=lambda change: order.index(change.weight))),
            )
            for id_, changes in self.diff.by_provision.items()
        ]
        return tuple(sorted(found, key=lambda group: order.index(group.weight)))

    def parts(self) -> tuple[Part, ...]:
        """Return the same groups by what became of their provisions, parts without any left out."""
        found: dict[str, list[Group]] = {name: [] for name in PARTS}
        for group in self.groups():
            found[_part_of(group)].append(group)
        return tuple(Part(name=name, groups=tuple(groups)) for name, groups in found.items() if groups)

    def resting_on(self, group: Group) -> tuple[tuple[str, int], ...]:
        """Return titles of the cases that rest on what changed, each with its number among those told; 0 for others.

        Where there are many, the last says how many more.
        """
        if self.behaviour is None:
            return ()
        places = {place for change in group.changes for place in change.reach.cases}
        found = [compared for compared in self.behaviour.cases if compared.place in places]
        numbers = {id(one): n for n, one in enumerate(self.behaviour.telling, 1)}
        named = [
            (shortened(compared.case.title, _LONGEST), numbers.get(id(compared), 0))
            for compared in found[:_MANY]
        ]
        return (*named, *([(f"and {len(found) - _MANY} more", 0)] if len(found) > _MANY else []))


def label_of(change: Change) -> str:
    """Return the word for the weight of a change; what came or went is new or removed, whatever that does."""
    if change.weight is Weight.NEEDS_READER:
        return {_K.ADDED: _("New"), _K.REMOVED: _("Removed")}.get(
            change.kind, wording.PLAIN[change.weight].label
        )
    return wording.PLAIN[change.weight].label


_QUIET = frozenset({Weight.NEEDS_READER, Weight.EDITORIAL})


def with_sign(weight: Weight, label: str) -> str:
    """Return the word for a weight on pages, behind a sign where it is one that people know."""
    return label if weight in _QUIET else f"{wording.SIGNS[weight]} {label}"


def told_change(change: Change, say: Say = str) -> ToldChange:
    """Return a change as every form tells it."""
    reach = reach_of(change, say)
    sentences = tuple(wording.told_sentences(change))
    return ToldChange(
        weight=change.weight,
        label=label_of(change),
        for_maintainers=change.subject in _FOR_MAINTAINERS,
        said=wording.with_evidence(change, say),
        rule=change.rule,
        touches=f"; {say(_('touches {things}')).format(things=reach)}" if reach else "",
        sentences=sentences,
        units=() if sentences else tuple(changed_units(change.text)),
        has_heads=change.subject is _S.EXAMPLE,
    )


def told_changes(group: Group, *, in_full: bool = False, say: Say = str) -> Iterator[ToldChange]:
    """Yield the changes of a provision as every form tells them, its eval tags and prompt files as one.

    :param in_full: whether each of these is told by itself
    """
    few = [change for change in group.changes if wording.is_folded(change)]
    together = few if len(few) > 1 and not in_full else []
    yield from (told_change(change, say) for change in group.changes if change not in together)
    if together:
        said = wording.folded(together, say)
        yield replace(told_change(together[0], say), said=said, touches="")


def _told_case(compared: ComparedCase, behaviour: BehaviourDiff) -> ToldCase:
    behind = (f"behind it: {said}" for said in changes_behind(compared, behaviour))
    return ToldCase(
        title=shortened(compared.case.title, _LONGEST),
        place=compared.place,
        state=compared.state,
        what=tuple(_what_changed(compared)),
        asides=(*_notes(compared, behaviour), *behind),
        rows=_rows(compared, behaviour),
    )


_TAGS = {"=": ("", ""), "-": ("<del>", "</del>"), "+": ("<ins>", "</ins>")}


def inked(runs: tuple[Run, ...], safe: Callable[[str], str]) -> str:
    """Return a paragraph with tags of HTML around what it lost and won.

    :param safe: escapes its words
    """
    return "".join(f"{_TAGS[run.op][0]}{safe(run.text)}{_TAGS[run.op][1]}{run.after}" for run in runs).strip()


def changed_units(text: TextChange | None) -> Iterator[tuple[Run, ...]]:
    """Yield the paragraphs of a text that changed, as runs; what is far from a change is left out (``…``)."""
    for unit in text.units if text else ():
        if unit.op != "=":
            yield tuple(_near(tuple(_apart(unit.runs))))


def _apart(runs: tuple[Run, ...]) -> Iterator[Run]:
    """Put a space between words of the old and of the new text, which may share none."""
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
    """Return what a change may invalidate, in numbers; overlays and runs of evaluations, which are few, by name."""
    reach = change.reach
    counted = (reach.examples, reach.prompts, reach.references, reach.dependents, reach.cases)
    counts = [of_count(len(ids), words, say) for ids, words in zip(counted, _REACHED, strict=True) if ids]
    told = [", ".join(counts)]
    for template, ids in (
        (_("overlay {names}"), reach.overlays),
        (_("results of {names}"), reach.results),
        (_("feedback {names}, which is answered"), reach.feedback),
    ):
        names = ", ".join((*ids[:_NAMED], *["…"] * (len(ids) > _NAMED)))
        told += [say(template).format(names=names)] if ids else []
    return "; ".join(filter(None, told))


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


def _cases_headline(behaviour: BehaviourDiff) -> str:
    """Return what became of the cases, in one line."""
    old, new = Outline(behaviour.spec).names
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
    return f"{number_of(number, 'case')}{': ' if shown else ''}{shown}"


def _what_changed(compared: ComparedCase) -> Iterator[str]:
    """Yield a line for each outcome, label and duty that changed; it names what it is about in backticks."""
    for issue, outcomes in compared.outcomes.items():
        yield f"`{shortened(issue)}`: {' → '.join(map(outcome_words, outcomes))}"
    for item, labels in compared.labels.items():
        yield f"`{shortened(item)}`: {' → '.join(label.value.replace('-', ' ') for label in labels)}"
    for duty, sides in compared.duties.items():
        about = (", ".join(f"`{shortened(name)}`" for name in names) or "nothing" for names in sides)
        yield f"duty to {duty.value}: {' → '.join(about)}"


def _rows(compared: ComparedCase, behaviour: BehaviourDiff) -> tuple[Row, ...]:
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


def _names_elsewhere(behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield the names that cases have and that one of the specs calls otherwise."""
    for name, side in zip(Outline(behaviour.spec).names, ("old", "new"), strict=True):
        renamed = Counter(pair for compared in behaviour.cases for pair in getattr(compared, side).renamed)
        for (written, used), count in renamed.items():
            yield f"`{written}` is `{used}` in {name} ({number_of(count, 'case')})"


def _notes(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield which spec cannot decide a case and why, and what the other one says of it."""
    readings, norms_of = (compared.old, compared.new), (behaviour.old, behaviour.new)
    for reading, name, norms in zip(readings, Outline(behaviour.spec).names, norms_of, strict=True):
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
        yield wording.sentence(change)
    for change in behaviour.changes_to.get(compared.place, ()):
        if change.subject is _S.PROVISION and change.kind in _DECISIVE:
            yield f"`{change.id}`: {wording.sentence(change)}"
