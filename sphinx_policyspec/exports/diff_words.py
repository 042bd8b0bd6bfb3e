"""What every written form of a diff says: one sentence for each change, and what belongs together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from sphinx_policyspec.compare import Change, ChangeKind, Run, SpecDiff, Subject, Weight
from sphinx_policyspec.compare.change import Bump, Summary, summary_of
from sphinx_policyspec.compare.examples import FILE

__all__ = ["Group", "changed_units", "groups", "headline", "reach_of", "reasons", "sentence"]

_K, _S = ChangeKind, Subject
_CONTEXT = 8
"""Words shown of an unchanged run, on each side of what changed."""
_NAMED = 10
"""Provisions of overlays that are named beside a change."""
_REASONS = 3
"""Changes that are named as the reason of a suggestion."""


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


def groups(diff: SpecDiff) -> tuple[Group, ...]:
    """Return the changes by provision: those with the greatest weight first, else in the order of the diff."""
    found = [
        Group(id=id_, title=diff.titles.get(id_, ""), changes=_weighty_first(changes))
        for id_, changes in diff.by_provision.items()
    ]
    order = list(Weight)
    return tuple(sorted(found, key=lambda group: order.index(group.weight)))


def _weighty_first(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    order = list(Weight)
    return tuple(sorted(changes, key=lambda change: order.index(change.weight)))


def headline(diff: SpecDiff) -> str:
    """Return what a diff comes to, in one line."""
    if not diff:
        return "no changes"
    counts = summary_of(diff).weights
    number = len(diff.changes)
    told = ", ".join(f"{count} {weight.value}" for weight, count in counts.items() if count)
    return f"{number} change{'s' * (number != 1)}: {told}"


def reasons(diff: SpecDiff) -> str:
    """Return the version bump that is suggested, with what asks for it."""
    summary: Summary = summary_of(diff)
    if summary.bump is Bump.NONE:
        return "no new version is needed"
    named = [f"{_name(change)}: {sentence(change)}" for change in summary.reasons[:_REASONS]]
    more = len(summary.reasons) - len(named)
    return f"{summary.bump.value} ({'; '.join(named)}{f'; and {more} more' if more else ''})"


def _name(change: Change) -> str:
    return change.provision or change.id


def changed_units(change: Change) -> Iterator[tuple[Run, ...]]:
    """Yield the paragraphs of a text that changed, as runs; what is far from a change is left out (``…``)."""
    for unit in change.text.units if change.text else ():
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


def reach_of(change: Change) -> str:
    """Return what a change may invalidate, in numbers; in overlays, which are few, by name too."""
    reach = change.reach
    named = {
        "example": reach.examples,
        "prompt": reach.prompts,
        "reference": reach.references,
        "dependent principle": reach.dependents,
        "case": reach.cases,
    }
    counts = [f"{len(ids)} {name}{'s' * (len(ids) != 1)}" for name, ids in named.items() if ids]
    overlays = [*reach.overlays[:_NAMED], *(["…"] if len(reach.overlays) > _NAMED else [])]
    return "; ".join(filter(None, (", ".join(counts), f"overlay {', '.join(overlays)}" if overlays else "")))


def sentence(change: Change) -> str:
    """Return what happened, in one line of plain text that does not name the provision."""
    said = _SENTENCES.get((change.subject, change.kind)) or _SENTENCES.get((change.subject, None), "")
    if change.subject is _S.PROMPT and change.aspect == FILE:
        said = said.replace("prompt", "prompt file", 1)
    level = change.new or change.old
    words = {
        "old": change.old or "nothing",
        "new": change.new or "nothing",
        "id": change.id,
        "aspect": change.aspect,
        "kind": change.kind.value,
        "binding": f"principle at level {level}" if level else "section",
        "what": f" ({what})" if (what := change.said("what")) else "",
        "by": f" ({by})" if (by := change.said("by")) else "",
        "words": f"{change.text.words_removed} words less, {change.text.words_added} more"
        if change.text
        else "",
        "spaces": " (spaces alone)" if change.aspect == "spaces" else "",
    }
    # Values hold braces and may be anything: each is put in once, and never read as a form itself.
    return " ".join("".join(words[part[1:]] if part[:1] == "\0" else part for part in _parts(said)).split())


def _parts(form: str) -> Iterator[str]:
    """Yield the pieces of a form; a placeholder begins with a null."""
    for piece in form.split("{"):
        name, brace, rest = piece.partition("}")
        if brace:
            yield f"\0{name}"
            yield rest
        else:
            yield piece


_SENTENCES: dict[tuple[Subject, ChangeKind | None], str] = {
    (_S.PROVISION, _K.ADDED): "new {binding}",
    (_S.PROVISION, _K.REMOVED): "removed {binding}",
    (_S.PROVISION, _K.RENAMED): "id was `{old}`{by}",
    (_S.PROVISION, _K.SPLIT): "split: `{new}` has a part of `{old}`",
    (_S.PROVISION, _K.MERGED): "merged: has a part of `{old}`",
    (_S.PROVISION, _K.SUCCEEDED): "has a part of `{old}`",
    (_S.PROVISION, _K.RETITLED): "title was “{old}”",
    (_S.PROVISION, _K.MOVED): "moved from `{old}` to `{new}`",
    (_S.PROVISION, _K.REORDERED): "has another place among its siblings",
    (_S.PROVISION, _K.LEVEL_RAISED): "level raised from {old} to {new}",
    (_S.PROVISION, _K.LEVEL_LOWERED): "level lowered from {old} to {new}",
    (_S.PROVISION, _K.LEVEL_RENAMED): "level {old} is called {new}",
    (_S.PROVISION, _K.LEVEL_CHANGED): "level changed from {old} to {new}",
    (_S.PROVISION, _K.BECAME_PRINCIPLE): "has a level now: {new}",
    (_S.PROVISION, _K.BECAME_SECTION): "has no level any more: was {old}",
    (_S.PROVISION, _K.TEXT): "text: {words}",
    (_S.PROVISION, _K.TYPOGRAPHY): "typography of the text{spaces}",
    (_S.PROVISION, _K.ATTRIBUTE): "{aspect} was {old}, is {new}",
    (_S.PROVISION, _K.RELATION_ADDED): "{aspect}: new `{new}`",
    (_S.PROVISION, _K.RELATION_REMOVED): "{aspect}: no longer `{old}`",
    (_S.EXAMPLE, _K.ADDED): "new example “{new}”",
    (_S.EXAMPLE, _K.REMOVED): "removed example “{old}”",
    (_S.EXAMPLE, _K.RETITLED): "example “{new}” was titled “{old}”",
    (_S.EXAMPLE, _K.MOVED): "example “{new}” moved here",
    (_S.EXAMPLE, _K.REORDERED): "example “{new}” has another place",
    (_S.EXAMPLE, _K.CHANGED): "example “{new}” changed{what}",
    (_S.EXAMPLE, _K.TYPOGRAPHY): "typography of example “{new}”{spaces}",
    (_S.EXAMPLE, _K.VERDICT_FLIPPED): "example `{id}`: message {aspect} was {old}, is {new}",
    (_S.COMMENTARY, _K.ADDED): "new commentary",
    (_S.COMMENTARY, _K.REMOVED): "removed commentary",
    (_S.COMMENTARY, _K.CHANGED): "commentary: {words}",
    (_S.COMMENTARY, _K.MOVED): "commentary moved here",
    (_S.COMMENTARY, _K.TYPOGRAPHY): "typography of commentary{spaces}",
    (_S.DEFINITION, _K.ADDED): "new definition of “{new}”",
    (_S.DEFINITION, _K.REMOVED): "removed definition of “{old}”",
    (_S.DEFINITION, _K.CHANGED): "definition of “{new}”: {words}",
    (_S.DEFINITION, _K.MOVED): "definition of “{new}” moved here",
    (_S.REFERENCE, _K.ADDED): "now refers to `{id}`",
    (_S.REFERENCE, _K.REMOVED): "no longer refers to `{id}`",
    (_S.CLAUSE, _K.ADDED): "new clause at level {aspect}: “{new}”",
    (_S.CLAUSE, _K.REMOVED): "no clause at level {aspect} any more: “{old}”",
    (_S.TAG, _K.ADDED): "new eval tag {id}",
    (_S.TAG, _K.REMOVED): "removed eval tag {id}",
    (_S.TAG, _K.MOVED): "eval tag {id} moved here from `{old}`",
    (_S.TAG, _K.TAG_MOVED): "eval tag {id} stands at other words",
    (_S.PROMPT, _K.ADDED): "new prompt {id}",
    (_S.PROMPT, _K.REMOVED): "removed prompt {id}",
    (_S.PROMPT, _K.RETITLED): "prompt {id} names “{new}”, not “{old}”",
    (_S.PROMPT, _K.CHANGED): "prompt {id} changed",
    (_S.PROMPT, _K.MOVED): "prompt {id} moved here",
    (_S.LEVEL, _K.RENAMED): "level {old} is called {new}",
    (_S.LEVEL, _K.CHANGED): "level {id}: {aspect} was {old}, is {new}",
    (_S.LEVEL, None): "level {id} {kind}",
    (_S.TOPIC, _K.CHANGED): "topic {id}: {aspect} was {old}, is {new}",
    (_S.TOPIC, None): "topic {id} {kind}",
    (_S.GOAL, _K.CHANGED): "goal {id}: {aspect} changed",
    (_S.GOAL, None): "goal {id} {kind}",
    (_S.SPEC, _K.TEXT): "text before the first heading: {words}",
    (_S.SPEC, _K.TYPOGRAPHY): "typography of the text before the first heading{spaces}",
    (_S.SPEC, _K.REORDERED): "order of levels was {old}, is {new}",
    (_S.SPEC, _K.ATTRIBUTE): "{aspect} was {old}, is {new}",
}
