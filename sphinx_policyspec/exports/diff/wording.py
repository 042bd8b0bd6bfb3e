"""One sentence for each change, the sentences of a text that need a reader, and the verdict on a lock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sphinx_policyspec.compare import SPACES, Change, ChangeKind, Run, Subject, Weight
from sphinx_policyspec.compare.examples import FILE
from sphinx_policyspec.compare.history import LockChange, LockState
from sphinx_policyspec.compare.rewording import SentenceChange, SentenceOp
from sphinx_policyspec.compare.weights import RULES
from sphinx_policyspec.compare.words import TextChange, runs_of
from sphinx_policyspec.files import grouped, number_of
from sphinx_policyspec.model import Verdict
from sphinx_policyspec.model.attributes import attributes_of
from sphinx_policyspec.readers.inline import plain_words, title_behind

SIGNS = {
    Weight.NEEDS_READER: "?",
    Weight.TIGHTENING: "▲",
    Weight.LOOSENING: "▼",
    Weight.BOTH: "▲▼",
    Weight.CLARIFYING: "◆",
    Weight.EDITORIAL: "·",
}
"""A sign for each weight, beside its word."""


Say = Callable[[str], str]
"""Translates our own words and templates for :meth:`str.format`; :class:`str` leaves them in English."""


def _(words: str) -> str:
    """Mark words that pages translate."""
    return words


class PlainWeight(NamedTuple):
    """A weight in words for readers who do not know weights: a label, its meaning, and what one or many changes do."""

    label: str
    meaning: str
    one: str
    many: str


PLAIN = {
    Weight.NEEDS_READER: PlainWeight(
        _("Meaning may have changed"),
        _("A sentence that may contain a rule is new, gone or reworded; nobody has judged the effect yet."),
        _("may change the meaning"),
        _("may change the meaning"),
    ),
    Weight.TIGHTENING: PlainWeight(
        _("Stricter"),
        _("Less is allowed, or a rule can be set aside less easily than before."),
        _("makes it stricter"),
        _("make it stricter"),
    ),
    Weight.LOOSENING: PlainWeight(
        _("Looser"),
        _("More is allowed, or a rule can be set aside more easily than before."),
        _("makes it looser"),
        _("make it looser"),
    ),
    Weight.BOTH: PlainWeight(
        _("Stricter and looser"),
        _("It is stricter in one respect and looser in another."),
        _("makes it stricter and looser"),
        _("make it stricter and looser"),
    ),
    Weight.CLARIFYING: PlainWeight(
        _("Explained differently"),
        _("It is worded differently; no sentence that may contain a rule has changed."),
        _("explains it differently"),
        _("explain it differently"),
    ),
    Weight.EDITORIAL: PlainWeight(
        _("Same meaning"),
        _("Only form, names or places differ, or something that binds nobody."),
        _("leaves the meaning as it was"),
        _("leave the meaning as it was"),
    ),
}
"""Each weight in the words of web pages; reports for maintainers use the terms of :class:`Weight`."""
WHY = {rule.name: rule.why for rule in RULES}
"""The reason why each rule gives its weight."""

_OWNERS = ("level", "topic", "goal", "provision", "principle", "spec")
ASPECTS = frozenset({*(row.key for row in attributes_of(*_OWNERS)), "alias", "examples", *Verdict})
"""Words for aspects of a change and for evidence of a match, which pages translate like the words marked here."""

_K, _S = ChangeKind, Subject


def tally(changes: Iterable[Change], say: Say = str) -> str:
    """Return the effect of changes in words: "3 changes may change the meaning, 6 do not".

    :param say: translates our words
    """
    counts = Counter(change.weight for change in changes)
    phrases: list[str] = []
    for weight, plain in PLAIN.items():
        if not (count := counts[weight]):
            continue
        does = plain.one if count == 1 else plain.many
        # Directly after changes that may change the meaning, "do not" is enough.
        if weight is Weight.EDITORIAL and len(phrases) == 1 and counts[Weight.NEEDS_READER]:
            does = _("does not") if count == 1 else _("do not")
        noun = "{count}" if phrases else _("1 change") if count == 1 else _("{count} changes")
        phrases.append(f"{say(noun).format(count=count)} {say(does)}")
    return ", ".join(phrases)


def counted(weight: Weight, count: int) -> str:
    """Return the number of changes with a weight: "1 needs a reader", "2 editorial"."""
    if weight is Weight.NEEDS_READER:
        return number_of(count, "needs a reader", "need a reader")
    return f"{count} {weight.words}"


def sentence(change: Change, say: Say = str) -> str:
    """Return a change as one line of plain text that does not name the provision."""
    kinds = (_K.TEXT, change.kind) if change.text else (change.kind,)
    table = _OF_FILES if change.subject is _S.PROMPT and change.aspect == FILE else _SENTENCES
    template = say(next(filter(None, (table.get((change.subject, kind)) for kind in kinds)), ""))
    level = change.new or change.old
    # A verdict is a word of ours, other values are the author's.
    value = say if change.kind is _K.VERDICT_FLIPPED else str
    words = {
        "old": value(change.old) if change.old else say(_("nothing")),
        "new": value(change.new) if change.new else say(_("nothing")),
        "id": change.id,
        "aspect": say(change.aspect) if change.aspect else "",
        "binding": say(_("principle at level {level}")).format(level=level) if level else say(_("section")),
        "clause": change.said("clause"),
        "what": f": {what}" if (what := _differences(change, say)) else "",
        "by": f" ({say(by)})" if (by := change.said("by")) else "",
        "words": _words(change.text, say) if change.text else "",
        "spaces": f" ({say(_('spaces alone'))})" if change.aspect == SPACES else "",
    }
    statement = " ".join(template.format(**words).split())
    reader = change.judgement
    return say(_("{told}, read by {who}")).format(told=statement, who=reader.who) if reader else statement


def with_evidence(change: Change, say: Say = str) -> str:
    """Return a change as one line, with the evidence of the person who judged it."""
    statement, judgement = sentence(change, say), change.judgement
    if judgement is None:
        return statement
    values = {"told": statement, "date": judgement.date, "evidence": judgement.evidence}
    return say(_("{told} on {date}: “{evidence}”")).format(**values)


def readable(text: str, titles: Mapping[str, str]) -> str:
    """Return words of a source as readers see them: without Markdown or reStructuredText marks, and with titles for ids.

    :param titles: of provisions, terms and goals, by id
    """

    def of_role(role: re.Match[str]) -> str:
        return role["text"] or title_behind(text[: role.start()], titles.get(role["to"], role["to"]))

    def of_link(link: re.Match[str]) -> str:
        name = link["to"] if link["text"] == "?" and link["to"] else link["text"]
        title = titles.get(name, name)
        return title_behind(words[: link.start()], title) if link["text"] == "?" else title

    words = _ESCAPED.sub(lambda found: chr(_ASIDE + ord(found[1])), text)
    words = _ROLE.sub(of_role, words)
    words = _TARGET.sub(lambda target: target[1].rstrip(), words)
    words = _LINK.sub(of_link, words)
    for part, shown_text in _PARTS:
        words = part.sub(shown_text, words)
    words = _NAME.sub(lambda found: titles.get(found["id"] or found["bare"], found[0]), words)
    words = plain_words(words)
    for marks, shown_text in _MARKS:
        words = marks.sub(shown_text, words)
    return _PUT_ASIDE.sub(lambda found: chr(ord(found[0]) - _ASIDE), words)


def readable_runs(runs: Sequence[Run], titles: Mapping[str, str]) -> tuple[Run, ...]:
    """Return runs as readers see them; if only marks or link targets differ, nothing counts as removed or added.

    :param titles: of provisions, by id
    """
    if not (is_reworded(runs) and any(_ANY_MARK.search(run.text) for run in runs)):
        return tuple(replace(run, text=readable(run.text, titles)) for run in runs)
    # The visible text of a link may be the same on both sides of a change inside it.
    sides = ("".join(run.text + run.after for run in runs if run.op != other).strip() for other in "+-")
    # Spaces are those of the new text, also where the old text ends a sentence or italics.
    old, new = (readable(_APART.sub("", side), titles) for side in sides)
    return runs_of(old or None, new or None) if old or new else ()


_APART = re.compile(r"(?<=[\w)\]]) (?=[*_`\]).,;:!?]+(?:\s|$))")
_ANY_MARK = re.compile(r"[\[\]*_`]")


def is_reworded(runs: Iterable[Run]) -> bool:
    """Return whether any word was removed or added."""
    return any(run.op != "=" for run in runs)


_ASIDE = 0xF0000
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_PUT_ASIDE = re.compile(f"[{chr(_ASIDE + 0x21)}-{chr(_ASIDE + 0x7E)}]")
"""Characters that a backslash escapes; they are set aside while marks are processed."""
_ROLE = re.compile(
    r"(?::[\w:+.-]{2,60}:|\{[\w:+.-]{2,60}\})`(?:(?P<text>[^`<>]{1,400}?)\s*<[^`<>]{1,400}>|(?P<to>[^`<>]{1,400}))`"
)
_TARGET = re.compile(r"(?<![`\w:}])`([^`<>]{1,400}+)(?:<[^`<>]{1,400}+>)?`__?(?!\w)")
"""A link in reStructuredText."""
_LINK = re.compile(
    r"!?\[(?P<text>[^\[\]]{1,400})\](?:\(#?(?P<to>[^()\s]{1,400})(?:\s{1,9}(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}'))?\)|\[[^\[\]^]{1,200}\])"
)
_NAME = re.compile(r"[\[`](?P<id>[\w.-]{1,200})[\]`]|(?<![\w“])(?P<bare>\w+_\w+)")
_PARTS = (
    (re.compile(r"^([^\[\]]*)\](?:\((?:#|https?:)[^()\s]{0,400}\)?)?"), r"\1"),
    (re.compile(r"\]\((?:#|https?:)[^()\s]{0,400}\)?|\[(?=[^\[\]]*$)"), ""),
)
"""What remains of a link that a change cuts through, and the part that readers see."""
_MARKS = (
    (re.compile(r"\*\*|__(?=\w)|(?<=\w)__|(?<!\w)[*_](?=\w)|(?<=[\w.,;:!?])[*_](?!\w)|`"), ""),
    (re.compile(r"(?<!\S)---?(?!\S)|(?<=\w)---(?=\w)"), "\N{EM DASH}"),
    (re.compile(r"(?<=\w)'"), "\N{RIGHT SINGLE QUOTATION MARK}"),
    (re.compile(r'(?<![\w.,;:!?)])"(?=\w)'), "\N{LEFT DOUBLE QUOTATION MARK}"),
    (re.compile(r'(?<=[\w.,;:!?)])"'), "\N{RIGHT DOUBLE QUOTATION MARK}"),
)
"""Marks of Markdown, and what readers see in their place."""


_DIFFERENCES = {
    "verdicts": _("an answer is judged otherwise"),
    "verdict_refs": _("an answer is said to break another rule"),
    "notes": _("a note on an answer"),
    "order": _("the order of its messages"),
    "illustrates": _("the principles that it illustrates"),
    "weighs": _("the principles that it weighs"),
    "tags": _("its eval tags"),
}


def _differences(change: Change, say: Say) -> str:
    """Return the differences between two forms of an example in words."""
    phrases = (_DIFFERENCES.get(one) for one in change.said("what").split())
    return ", ".join(say(phrase) if phrase else _messages(change, say) for phrase in phrases)


_MESSAGES = {
    (False, "replaced"): (_("1 message replaced"), _("{count} messages replaced")),
    (False, "removed"): (_("1 message removed"), _("{count} messages removed")),
    (False, "added"): (_("1 message added"), _("{count} messages added")),
    (True, "replaced"): (_("1 answer replaced"), _("{count} answers replaced")),
    (True, "removed"): (_("1 answer removed"), _("{count} answers removed")),
    (True, "added"): (_("1 answer added"), _("{count} answers added")),
}
"""The changes of messages, by whether they are answers: for one, and for several."""


def _messages(change: Change, say: Say) -> str:
    """Return in words how many messages of an example were replaced, removed or added."""
    if not change.messages:
        return ""
    removed, added, are_answers = change.messages
    counts = [(added, "replaced")] if removed == added else [(removed, "removed"), (added, "added")]
    phrases = (of_count(number, _MESSAGES[are_answers, how], say) for number, how in counts if number)
    return say(_(" and ")).join(phrases)


def of_count(number: int, words: tuple[str, str], say: Say = str) -> str:
    """Return the words for a number of things, singular or plural."""
    return say(words[number != 1]).format(count=number)


def _words(text: TextChange, say: Say) -> str:
    """Return how many words of a text were removed and added."""
    removed, added = text.words_removed, text.words_added
    if removed and added:
        return f"{of_count(removed, _REMOVED_WORDS, say)}, {say(_('{count} added')).format(count=added)}"
    return (
        of_count(added, _ADDED_WORDS, say)
        if added
        else of_count(removed, _REMOVED_WORDS, say)
        if removed
        else say(_("0 words changed"))
    )


_REMOVED_WORDS = (_("1 word removed"), _("{count} words removed"))
_ADDED_WORDS = (_("1 word added"), _("{count} words added"))

_SENTENCES: dict[tuple[Subject, ChangeKind], str] = {
    (_S.PROVISION, _K.ADDED): _("new {binding}"),
    (_S.PROVISION, _K.REMOVED): _("removed {binding}"),
    (_S.PROVISION, _K.RENAMED): _("id was “{old}”{by}"),
    (_S.PROVISION, _K.SPLIT): _("split: `{new}` has a part of `{old}`"),
    (_S.PROVISION, _K.MERGED): _("merged: `{new}` has a part of `{old}`"),
    (_S.PROVISION, _K.SUCCEEDED): _("`{new}` has a part of `{old}`"),
    (_S.PROVISION, _K.RETITLED): _("title was “{old}”"),
    (_S.PROVISION, _K.MOVED): _("moved from `{old}` to `{new}`"),
    (_S.PROVISION, _K.REORDERED): _("has another place among its siblings"),
    (_S.PROVISION, _K.LEVEL_RAISED): _("level raised from {old} to {new}"),
    (_S.PROVISION, _K.LEVEL_LOWERED): _("level lowered from {old} to {new}"),
    (_S.PROVISION, _K.LEVEL_RENAMED): _("level {old} is called {new}"),
    (_S.PROVISION, _K.LEVEL_CHANGED): _("level changed from {old} to {new}"),
    (_S.PROVISION, _K.BECAME_PRINCIPLE): _("has a level now: {new}"),
    (_S.PROVISION, _K.BECAME_SECTION): _("has no level any more: was {old}"),
    (_S.PROVISION, _K.TEXT): _("text rewritten: {words}"),
    (_S.PROVISION, _K.TYPOGRAPHY): _("typography of the text{spaces}"),
    (_S.PROVISION, _K.ATTRIBUTE): _("{aspect} was {old}, is {new}"),
    (_S.PROVISION, _K.RELATION_ADDED): _("{aspect}: new `{new}`"),
    (_S.PROVISION, _K.RELATION_REMOVED): _("{aspect}: no longer `{old}`"),
    (_S.EXAMPLE, _K.ADDED): _("new example “{new}”"),
    (_S.EXAMPLE, _K.REMOVED): _("removed example “{old}”"),
    (_S.EXAMPLE, _K.RETITLED): _("example “{new}” was titled “{old}”"),
    (_S.EXAMPLE, _K.MOVED): _("example “{new}” moved here"),
    (_S.EXAMPLE, _K.REORDERED): _("example “{new}” has another place"),
    (_S.EXAMPLE, _K.CHANGED): _("example “{new}” changed{what}"),
    (_S.EXAMPLE, _K.TYPOGRAPHY): _("typography of example “{new}”{spaces}"),
    (_S.EXAMPLE, _K.VERDICT_FLIPPED): _("example `{id}`: message {aspect} was {old}, is {new}"),
    (_S.COMMENTARY, _K.ADDED): _("new commentary"),
    (_S.COMMENTARY, _K.REMOVED): _("removed commentary"),
    (_S.COMMENTARY, _K.CHANGED): _("commentary rewritten: {words}"),
    (_S.COMMENTARY, _K.MOVED): _("commentary moved here"),
    (_S.COMMENTARY, _K.TYPOGRAPHY): _("typography of commentary{spaces}"),
    (_S.DEFINITION, _K.ADDED): _("new definition of “{new}”"),
    (_S.DEFINITION, _K.REMOVED): _("removed definition of “{old}”"),
    (_S.DEFINITION, _K.CHANGED): _("definition of “{new}” rewritten: {words}"),
    (_S.DEFINITION, _K.RETITLED): _("the defined term “{new}” was “{old}”"),
    (_S.DEFINITION, _K.MOVED): _("definition of “{new}” moved here"),
    (_S.REFERENCE, _K.ADDED): _("now refers to `{id}`"),
    (_S.REFERENCE, _K.REMOVED): _("no longer refers to `{id}`"),
    (_S.CLAUSE, _K.ADDED): _("new clause at level {aspect}: “{new}”"),
    (_S.CLAUSE, _K.CHANGED): _("clause at level {aspect} rewritten: {words}"),
    (_S.CLAUSE, _K.ATTRIBUTE): _(
        "what the clause “{clause}” forbids could be authorised by {old}, now by {new}"
    ),
    (_S.CLAUSE, _K.REMOVED): _("no clause at level {aspect} any more: “{old}”"),
    (_S.TAG, _K.ADDED): _("new eval tag {id}"),
    (_S.TAG, _K.REMOVED): _("removed eval tag {id}"),
    (_S.TAG, _K.MOVED): _("eval tag {id} moved here from `{old}`"),
    (_S.TAG, _K.TAG_MOVED): _("eval tag {id} moved to other words"),
    (_S.PROMPT, _K.ADDED): _("new prompt {id}"),
    (_S.PROMPT, _K.REMOVED): _("removed prompt {id}"),
    (_S.PROMPT, _K.RETITLED): _("prompt {id} names “{new}”, not “{old}”"),
    (_S.PROMPT, _K.CHANGED): _("prompt {id} changed"),
    (_S.PROMPT, _K.MOVED): _("prompt {id} moved here"),
    (_S.LEVEL, _K.RENAMED): _("level {old} is called {new}"),
    (_S.LEVEL, _K.CHANGED): _("level {id}: {aspect} was {old}, is {new}"),
    (_S.LEVEL, _K.TEXT): _("level {id}: text rewritten: {words}"),
    (_S.LEVEL, _K.ADDED): _("level {id} added"),
    (_S.LEVEL, _K.REMOVED): _("level {id} removed"),
    (_S.TOPIC, _K.CHANGED): _("topic {id}: {aspect} was {old}, is {new}"),
    (_S.TOPIC, _K.TEXT): _("topic {id}: text rewritten: {words}"),
    (_S.TOPIC, _K.ADDED): _("topic {id} added"),
    (_S.TOPIC, _K.REMOVED): _("topic {id} removed"),
    (_S.GOAL, _K.CHANGED): _("goal {id}: {aspect} changed"),
    (_S.GOAL, _K.TEXT): _("goal {id}: text rewritten: {words}"),
    (_S.GOAL, _K.ADDED): _("goal {id} added"),
    (_S.GOAL, _K.REMOVED): _("goal {id} removed"),
    (_S.SPEC, _K.TEXT): _("text before the first heading rewritten: {words}"),
    (_S.SPEC, _K.TYPOGRAPHY): _("typography of the text before the first heading{spaces}"),
    (_S.SPEC, _K.REORDERED): _("order of levels was {old}, is {new}"),
    (_S.SPEC, _K.ATTRIBUTE): _("{aspect} was {old}, is {new}"),
}
_OF_FILES: dict[tuple[Subject, ChangeKind], str] = {
    (_S.PROMPT, _K.ADDED): _("new prompt file {id}"),
    (_S.PROMPT, _K.REMOVED): _("removed prompt file {id}"),
    (_S.PROMPT, _K.RETITLED): _("prompt file {id} names “{new}”, not “{old}”"),
    (_S.PROMPT, _K.CHANGED): _("prompt file {id} changed"),
    (_S.PROMPT, _K.MOVED): _("prompt file {id} moved here"),
}
"""The sentences for a prompt that is a file beside a spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceEntry:
    """A changed sentence in the words that every form uses.

    :param about: the kind of change, and what is known of the sentence's norm
    :param op: the kind of change
    :param moved: id of the provision that it moved to or from
    :param runs: its words, with removed and added ones marked; ids that links name are in brackets
    :param seen: both sides as pages show them, apart from titles; ``None`` for a side that does not exist
    """

    about: str
    op: SentenceOp
    moved: str
    runs: tuple[Run, ...]
    seen: tuple[str | None, str | None]

    def readable(self, titles: Mapping[str, str]) -> tuple[Run, ...]:
        """Return its words as readers see them, with removed and added ones marked.

        :param titles: of provisions, by id
        """
        return runs_of(*(side and readable(side, titles) for side in self.seen))


def sentence_entries(change: Change) -> Iterator[SentenceEntry]:
    """Yield the sentences of a change side by side, if any of them needs a reader."""
    if not any(one.needs_reader for one in change.sentences):
        return
    for one in change.sentences:
        if one.op is not SentenceOp.FORM:
            old, new = (side.said if side else None for side in (one.old, one.new))
            about = "; ".join(about_sentence(one))
            runs = runs_of(old, new)
            yield SentenceEntry(about=about, op=one.op, moved=one.moved, runs=runs, seen=one.seen)


MARKS = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
"""The marks with which git shows changed words without colors."""


def marked(runs: tuple[Run, ...]) -> str:
    """Return words with marks around removed and added ones."""
    return "".join(f"{MARKS[run.op][0]}{run.text}{MARKS[run.op][1]}{run.after}" for run in runs).strip()


def about_sentence(change: SentenceChange) -> Iterator[str]:
    """Yield the kind of a sentence's change, and what is known of its norm."""
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
    """Return a property of both versions: once if it is the same, else old → new."""
    distinct = list(dict.fromkeys(sides))
    return " → ".join(side or "nothing" for side in distinct) if len(distinct) > 1 else distinct[0]


_FOLDED: dict[tuple[Subject, ChangeKind], str] = {
    (_S.TAG, _K.ADDED): _("new eval tags"),
    (_S.TAG, _K.REMOVED): _("removed eval tags"),
    (_S.TAG, _K.MOVED): _("eval tags moved here"),
    (_S.TAG, _K.TAG_MOVED): _("eval tags moved to other words"),
    (_S.PROMPT, _K.ADDED): _("new prompt files"),
    (_S.PROMPT, _K.REMOVED): _("removed prompt files"),
    (_S.PROMPT, _K.RETITLED): _("prompt files that name another title"),
    (_S.PROMPT, _K.CHANGED): _("changed prompt files"),
}
"""The changes of several eval tags and prompt files of one provision."""


def is_folded(change: Change) -> bool:
    """Return whether a change is combined with others of its provision: one of an eval tag or a prompt file."""
    return (change.subject, change.kind) in _FOLDED and (change.subject is _S.TAG or change.aspect == FILE)


def folded(changes: Sequence[Change], say: Say = str) -> str:
    """Return the changes of eval tags and prompt files in one line."""
    ids = grouped((say(_FOLDED[change.subject, change.kind]), change.id) for change in changes)
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in ids.items())


def lock_verdict(changes: Sequence[LockChange]) -> str:
    """Return a summary of the changes since a lock, in one line."""
    if not changes:
        return "as locked"
    counts = Counter(change.state for change in changes)
    if set(counts) == {LockState.RENUMBERED}:
        return f"renumbered only: {counts[LockState.RENUMBERED]}"
    return ", ".join(f"{counts[state]} {state.value}" for state in LockState if counts[state])
