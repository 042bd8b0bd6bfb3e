"""One sentence for each change, the sentences of a text that somebody has to read, and what a lock comes to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sphinx_policyspec.compare import Change, ChangeKind, Run, Subject, Weight
from sphinx_policyspec.compare.examples import FILE
from sphinx_policyspec.compare.history import LockChange, LockState
from sphinx_policyspec.compare.rewording import SentenceChange, SentenceOp
from sphinx_policyspec.compare.words import runs_of
from sphinx_policyspec.files import grouped

SIGNS = {
    Weight.NEEDS_READER: "?",
    Weight.TIGHTENING: "▲",
    Weight.LOOSENING: "▼",
    Weight.BOTH: "▲▼",
    Weight.CLARIFYING: "◆",
    Weight.EDITORIAL: "·",
}
"""A sign for each weight, beside its word."""

_K, _S = ChangeKind, Subject


def counted(weight: Weight, count: int) -> str:
    """Return how many changes have a weight: "1 needs a reader", "2 editorial"."""
    if weight is Weight.NEEDS_READER:
        return f"{count} need{'s' * (count == 1)} a reader"
    return f"{count} {weight.words}"


def sentence(change: Change) -> str:
    """Return what happened, in one line of plain text that does not name the provision."""
    kinds = (_K.TEXT, change.kind, None) if change.text else (change.kind, None)
    said = next(filter(None, (_SENTENCES.get((change.subject, kind)) for kind in kinds)), "")
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
        "what": f": {what}" if (what := _differences(change.said("what"))) else "",
        "by": f" ({by})" if (by := change.said("by")) else "",
        "words": f"{_count(change.text.words_removed)} removed, {change.text.words_added} added"
        if change.text
        else "",
        "spaces": " (spaces alone)" if change.aspect == "spaces" else "",
    }
    told = " ".join(said.format(**words).split())
    return f"{told}, read by {change.judgement.who}" if change.judgement else told


def with_evidence(change: Change) -> str:
    """Return what happened, with the evidence of who read it."""
    judgement = change.judgement
    return sentence(change) + (f" on {judgement.date}: “{judgement.evidence}”" if judgement else "")


def in_plain_words(change: Change) -> str:
    """Return the same without marks of code and links, for a page."""
    return _LINK.sub(
        lambda link: link["to"] if link["text"] == "?" else link["text"], with_evidence(change)
    ).replace("`", "")


_LINK = re.compile(r"\[(?P<text>[^\[\]]{1,400})\]\(#?(?P<to>[^()\s]{1,400})\)")


_DIFFERENCES = {
    "verdicts": "an answer is judged otherwise",
    "verdict_refs": "an answer is said to break another rule",
    "notes": "a note on an answer",
    "order": "the order of its messages",
    "illustrates": "the principles that it illustrates",
    "weighs": "the principles that it weighs",
    "tags": "its eval tags",
}


def _differences(what: str) -> str:
    """Return in words what differs between two forms of an example."""
    return ", ".join(_DIFFERENCES.get(one) or _messages(one) for one in what.split())


def _messages(counts: str) -> str:
    """Return in words how many messages were taken out and put in: ``messages(-1,+2)``."""
    removed, added = (int(number) for number in re.findall(r"\d+", counts))
    if removed == added:
        return f"{added} message{'s' * (added > 1)} reworded"
    return " and ".join(
        f"{number} message{'s' * (number > 1)} {how}"
        for number, how in ((removed, "removed"), (added, "added"))
        if number
    )


def _count(number: int) -> str:
    return f"{number} word{'s' * (number != 1)}"


_SENTENCES: dict[tuple[Subject, ChangeKind | None], str] = {
    (_S.PROVISION, _K.ADDED): "new {binding}",
    (_S.PROVISION, _K.REMOVED): "removed {binding}",
    (_S.PROVISION, _K.RENAMED): "id was `{old}`{by}",
    (_S.PROVISION, _K.SPLIT): "split: `{new}` has a part of `{old}`",
    (_S.PROVISION, _K.MERGED): "merged: `{new}` has a part of `{old}`",
    (_S.PROVISION, _K.SUCCEEDED): "`{new}` has a part of `{old}`",
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
    (_S.CLAUSE, _K.CHANGED): "clause at level {aspect}: {words}",
    (_S.CLAUSE, _K.REMOVED): "no clause at level {aspect} any more: “{old}”",
    (_S.TAG, _K.ADDED): "new eval tag {id}",
    (_S.TAG, _K.REMOVED): "removed eval tag {id}",
    (_S.TAG, _K.MOVED): "eval tag {id} moved here from `{old}`",
    (_S.TAG, _K.TAG_MOVED): "eval tag {id} moved to other words",
    (_S.PROMPT, _K.ADDED): "new prompt {id}",
    (_S.PROMPT, _K.REMOVED): "removed prompt {id}",
    (_S.PROMPT, _K.RETITLED): "prompt {id} names “{new}”, not “{old}”",
    (_S.PROMPT, _K.CHANGED): "prompt {id} changed",
    (_S.PROMPT, _K.MOVED): "prompt {id} moved here",
    (_S.LEVEL, _K.RENAMED): "level {old} is called {new}",
    (_S.LEVEL, _K.CHANGED): "level {id}: {aspect} was {old}, is {new}",
    (_S.LEVEL, _K.TEXT): "level {id}: text: {words}",
    (_S.LEVEL, None): "level {id} {kind}",
    (_S.TOPIC, _K.CHANGED): "topic {id}: {aspect} was {old}, is {new}",
    (_S.TOPIC, _K.TEXT): "topic {id}: text: {words}",
    (_S.TOPIC, None): "topic {id} {kind}",
    (_S.GOAL, _K.CHANGED): "goal {id}: {aspect} changed",
    (_S.GOAL, _K.TEXT): "goal {id}: text: {words}",
    (_S.GOAL, None): "goal {id} {kind}",
    (_S.SPEC, _K.TEXT): "text before the first heading: {words}",
    (_S.SPEC, _K.TYPOGRAPHY): "typography of the text before the first heading{spaces}",
    (_S.SPEC, _K.REORDERED): "order of levels was {old}, is {new}",
    (_S.SPEC, _K.ATTRIBUTE): "{aspect} was {old}, is {new}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSentence:
    """A sentence that changed, as every form tells it.

    :param about: what became of it, and what can be told of the norm in it
    :param runs: its words, with what was removed and added
    """

    about: str
    runs: tuple[Run, ...]


def told_sentences(change: Change) -> Iterator[ToldSentence]:
    """Yield the sentences of a change side by side, if somebody has to read it, or has read it."""
    if not any(one.needs_reader for one in change.sentences):
        return
    for one in change.sentences:
        if one.op is not SentenceOp.FORM:
            old, new = (side.said if side else None for side in (one.old, one.new))
            yield ToldSentence(about="; ".join(about_sentence(one)), runs=runs_of(old, new))


MARKS = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
"""As git writes words in a diff without colors."""


def marked(runs: tuple[Run, ...]) -> str:
    """Return words with marks around what was removed and added."""
    return "".join(f"{MARKS[run.op][0]}{run.text}{MARKS[run.op][1]}{run.after}" for run in runs).strip()


def about_sentence(change: SentenceChange) -> Iterator[str]:
    """Yield what became of a sentence, and what can be told of the norm in it."""
    yield change.op.value
    if change.moved:
        yield f"{'moved to' if change.op is SentenceOp.REMOVED else 'moved from'} `{change.moved}`"
    sides = [side.norm for side in (change.old, change.new) if side]
    modal = _change_of([norm.modal and f"“{norm.modal}”" for norm in sides])
    if change.is_reversed:
        yield f"REVERSED: {modal or 'without “not” on one side'}"
    elif modal:
        yield modal
    if subject := _change_of([norm.subject and f"“{norm.subject}”" for norm in sides]):
        yield f"subject {subject}"
    if sides[-1].modal:
        yield "main clause" if sides[-1].is_main else "subordinate clause"
    if quantities := _change_of([", ".join(norm.quantities) for norm in sides]):
        yield quantities
    if change.lead:
        yield f"below “{change.lead}”"


def _change_of(sides: list[str]) -> str:
    """Return something of both versions: once where it is the same, else old → new."""
    told = list(dict.fromkeys(sides))
    return " → ".join(side or "nothing" for side in told) if len(told) > 1 else told[0]


_FOLDED: dict[tuple[Subject, ChangeKind], str] = {
    (_S.TAG, _K.ADDED): "new eval tags",
    (_S.TAG, _K.REMOVED): "removed eval tags",
    (_S.TAG, _K.MOVED): "eval tags moved here",
    (_S.TAG, _K.TAG_MOVED): "eval tags moved to other words",
    (_S.PROMPT, _K.ADDED): "new prompt files",
    (_S.PROMPT, _K.REMOVED): "removed prompt files",
    (_S.PROMPT, _K.RETITLED): "prompt files that name another title",
    (_S.PROMPT, _K.CHANGED): "changed prompt files",
}
"""What happened to several eval tags and prompt files of one provision."""


def is_folded(change: Change) -> bool:
    """Return whether a change is told with others of its provision: one of an eval tag or a prompt file."""
    return (change.subject, change.kind) in _FOLDED and (change.subject is _S.TAG or change.aspect == FILE)


def folded(changes: Sequence[Change]) -> str:
    """Return what happened to eval tags and prompt files, in one line."""
    ids = grouped((_FOLDED[change.subject, change.kind], change.id) for change in changes)
    return "; ".join(f"{what}: {', '.join(named)}" for what, named in ids.items())


def lock_verdict(changes: Sequence[LockChange]) -> str:
    """Return what the changes since a lock come to, in one line."""
    if not changes:
        return "as locked"
    counts = Counter(change.state for change in changes)
    if set(counts) == {LockState.RENUMBERED}:
        return f"renumbered only: {counts[LockState.RENUMBERED]}"
    return ", ".join(f"{counts[state]} {state.value}" for state in LockState if counts[state])
