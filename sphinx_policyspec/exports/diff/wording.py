"""One sentence for each change, the sentences of a text that somebody has to read, and what a lock comes to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sphinx_policyspec.compare import Change, ChangeKind, Run, Subject, Weight
from sphinx_policyspec.compare.examples import FILE
from sphinx_policyspec.compare.history import LockChange, LockState
from sphinx_policyspec.compare.rewording import SentenceChange, SentenceOp
from sphinx_policyspec.compare.weights import RULES
from sphinx_policyspec.compare.words import TextChange, runs_of
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


def _(words: str) -> str:
    """Mark words that pages translate."""
    return words


class PlainWeight(NamedTuple):
    """A weight for readers who have never heard of weights: in short, and what it means."""

    label: str
    meaning: str


PLAIN = {
    Weight.NEEDS_READER: PlainWeight(
        _("Meaning may have changed"),
        _("A sentence that may hold a rule is new, gone or reworded; nobody has judged yet what that does."),
    ),
    Weight.TIGHTENING: PlainWeight(
        _("Stricter"), _("Less is allowed, or a rule can be set aside less easily than before.")
    ),
    Weight.LOOSENING: PlainWeight(
        _("Looser"), _("More is allowed, or a rule can be set aside more easily than before.")
    ),
    Weight.BOTH: PlainWeight(
        _("Stricter and looser"), _("It is stricter in one respect and looser in another.")
    ),
    Weight.CLARIFYING: PlainWeight(
        _("Explained differently"),
        _("It is said differently; no sentence that may hold a rule is another one."),
    ),
    Weight.EDITORIAL: PlainWeight(
        _("Same meaning"), _("Only form, names or places differ, or something that binds nobody.")
    ),
}
"""Each weight as web pages tell it; reports for maintainers have the terms of :class:`Weight`."""
WHY = {rule.name: rule.why for rule in RULES}
"""Why each rule gives its weight."""

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
        "what": f": {what}" if (what := _differences(change)) else "",
        "by": f" ({by})" if (by := change.said("by")) else "",
        "words": _words(change.text) if change.text else "",
        "spaces": " (spaces alone)" if change.aspect == "spaces" else "",
    }
    told = " ".join(said.format(**words).split())
    return f"{told}, read by {change.judgement.who}" if change.judgement else told


def with_evidence(change: Change) -> str:
    """Return what happened, with the evidence of who read it."""
    judgement = change.judgement
    return sentence(change) + (f" on {judgement.date}: “{judgement.evidence}”" if judgement else "")


def readable(text: str, titles: Mapping[str, str]) -> str:
    """Return words of a source as people read them: no marks of Markdown, and titles in the place of ids.

    :param titles: of provisions, by id
    """

    def shown(link: re.Match[str]) -> str:
        name = link["to"] if link["text"] == "?" else link["text"]
        return titles.get(name, name)

    named = _LINK.sub(shown, text)
    for part, said in _PARTS:
        named = part.sub(said, named)
    named = _NAMED.sub(lambda found: titles.get(found["id"] or found["bare"], found[0]), named)
    for marks, said in _MARKS:
        named = marks.sub(said, named)
    return named


_LINK = re.compile(r"\[(?P<text>[^\[\]]{1,400})\]\(#?(?P<to>[^()\s]{1,400})\)")
_NAMED = re.compile(r"[\[`](?P<id>[\w.-]{1,200})[\]`]|(?<![\w“])(?P<bare>\w+_\w+)")
_PARTS = (
    (re.compile(r"^([^\[\]]*)\](?:\((?:#|https?:)[^()\s]{0,400}\)?)?"), r"\1"),
    (re.compile(r"\]\((?:#|https?:)[^()\s]{0,400}\)?|\[(?=[^\[\]]*$)"), ""),
)
"""What is left of a link that a change goes through, and what of it is shown."""
_VERDICTS = {"GOOD": "compliant", "OK": "minor issues", "BAD": "violation"}
_MARKS = (
    *((re.compile(rf"(?<=[a-z]) {verdict}: "), f" ({words}): ") for verdict, words in _VERDICTS.items()),
    (re.compile(r"\*\*|__(?=\w)|(?<=\w)__|(?<!\w)[*_](?=\w)|(?<=[\w.,;:!?])[*_](?!\w)|`"), ""),
    (re.compile(r"(?<!\S)---?(?!\S)|(?<=\w)---(?=\w)"), "\N{EM DASH}"),
    (re.compile(r"(?<=\w)'"), "\N{RIGHT SINGLE QUOTATION MARK}"),
    (re.compile(r'(?<![\w.,;:!?)])"(?=\w)'), "\N{LEFT DOUBLE QUOTATION MARK}"),
    (re.compile(r'(?<=[\w.,;:!?)])"'), "\N{RIGHT DOUBLE QUOTATION MARK}"),
)
"""Marks of Markdown, and what readers see instead."""


_DIFFERENCES = {
    "verdicts": "an answer is judged otherwise",
    "verdict_refs": "an answer is said to break another rule",
    "notes": "a note on an answer",
    "order": "the order of its messages",
    "illustrates": "the principles that it illustrates",
    "weighs": "the principles that it weighs",
    "tags": "its eval tags",
}


def _differences(change: Change) -> str:
    """Return in words what differs between two forms of an example."""
    return ", ".join(_DIFFERENCES.get(one) or _messages(change) for one in change.said("what").split())


def _messages(change: Change) -> str:
    """Return in words how many messages of an example were replaced, taken out or put in."""
    if not change.messages:
        return ""
    removed, added, are_answers = change.messages
    counts = [(added, "replaced")] if removed == added else [(removed, "removed"), (added, "added")]
    noun = "answer" if are_answers else "message"
    return " and ".join(f"{number} {noun}{'s' * (number != 1)} {how}" for number, how in counts if number)


def _words(text: TextChange) -> str:
    """Return how many words a text lost and won."""
    counts = ((text.words_removed, "removed"), (text.words_added, "added"))
    first, *others = [(number, how) for number, how in counts if number] or [(0, "changed")]
    head = f"{first[0]} word{'s' * (first[0] != 1)} {first[1]}"
    return ", ".join([head, *(f"{number} {how}" for number, how in others)])


_SENTENCES: dict[tuple[Subject, ChangeKind | None], str] = {
    (_S.PROVISION, _K.ADDED): "new {binding}",
    (_S.PROVISION, _K.REMOVED): "removed {binding}",
    (_S.PROVISION, _K.RENAMED): "id was “{old}”{by}",
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
    (_S.PROVISION, _K.TEXT): "text rewritten: {words}",
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
    (_S.COMMENTARY, _K.CHANGED): "commentary rewritten: {words}",
    (_S.COMMENTARY, _K.MOVED): "commentary moved here",
    (_S.COMMENTARY, _K.TYPOGRAPHY): "typography of commentary{spaces}",
    (_S.DEFINITION, _K.ADDED): "new definition of “{new}”",
    (_S.DEFINITION, _K.REMOVED): "removed definition of “{old}”",
    (_S.DEFINITION, _K.CHANGED): "definition of “{new}” rewritten: {words}",
    (_S.DEFINITION, _K.MOVED): "definition of “{new}” moved here",
    (_S.REFERENCE, _K.ADDED): "now refers to `{id}`",
    (_S.REFERENCE, _K.REMOVED): "no longer refers to `{id}`",
    (_S.CLAUSE, _K.ADDED): "new clause at level {aspect}: “{new}”",
    (_S.CLAUSE, _K.CHANGED): "clause at level {aspect} rewritten: {words}",
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
    (_S.LEVEL, _K.TEXT): "level {id}: text rewritten: {words}",
    (_S.LEVEL, None): "level {id} {kind}",
    (_S.TOPIC, _K.CHANGED): "topic {id}: {aspect} was {old}, is {new}",
    (_S.TOPIC, _K.TEXT): "topic {id}: text rewritten: {words}",
    (_S.TOPIC, None): "topic {id} {kind}",
    (_S.GOAL, _K.CHANGED): "goal {id}: {aspect} changed",
    (_S.GOAL, _K.TEXT): "goal {id}: text rewritten: {words}",
    (_S.GOAL, None): "goal {id} {kind}",
    (_S.SPEC, _K.TEXT): "text before the first heading rewritten: {words}",
    (_S.SPEC, _K.TYPOGRAPHY): "typography of the text before the first heading{spaces}",
    (_S.SPEC, _K.REORDERED): "order of levels was {old}, is {new}",
    (_S.SPEC, _K.ATTRIBUTE): "{aspect} was {old}, is {new}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSentence:
    """A sentence that changed, as every form tells it.

    :param about: what became of it, and what can be told of the norm in it
    :param op: what became of it
    :param moved: id of the provision that it moved to or from
    :param runs: its words, with what was removed and added
    """

    about: str
    op: SentenceOp
    moved: str
    runs: tuple[Run, ...]


def told_sentences(change: Change) -> Iterator[ToldSentence]:
    """Yield the sentences of a change side by side, if somebody has to read it, or has read it."""
    if not any(one.needs_reader for one in change.sentences):
        return
    for one in change.sentences:
        if one.op is not SentenceOp.FORM:
            old, new = (side.said if side else None for side in (one.old, one.new))
            about = "; ".join(about_sentence(one))
            yield ToldSentence(about=about, op=one.op, moved=one.moved, runs=runs_of(old, new))


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
