"""What became of examples and evaluation prompts: which one is which, and what each shows now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sphinx_policyspec.compare.change import SPACES, Change, ChangeKind, ReplacedMessages, Subject, change_of
from sphinx_policyspec.compare.matching import MatchedSpecs, prompt_of
from sphinx_policyspec.compare.provisions import title_sentences
from sphinx_policyspec.compare.words import Pairing, alike, compare_texts, normal, out_of_order, spaced, words
from sphinx_policyspec.model import EvalPrompt, EvalTag, Example, Message, PromptFile, Response, Spec
from sphinx_policyspec.model.attributes import attributes_of

_SAME_PROMPT = 0.8
"""How alike conversations up to the answers must be to be one."""
_SAME_TEXT = 0.6
"""How alike whole conversations must be to be one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Placed:
    """An example in its provision, under the new ids.

    :param full_text: all that it says, for readers, with its original ids
    """

    example: Example
    provision: str
    old_provision: str
    title: str
    texts: tuple[str, ...]
    notes: tuple[str, ...]
    raw: tuple[str, ...]
    full_text: str

    @cached_property
    def prompt(self) -> str:
        """The conversation up to the answers."""
        return prompt_of(self.example).lower()

    @cached_property
    def prompt_words(self) -> list[str]:
        """The words of the conversation up to the answers."""
        return words(self.prompt)

    @cached_property
    def words(self) -> list[str]:
        """The words of all messages."""
        return words(" ".join(self.texts))


@dataclass(frozen=True, kw_only=True)
class ExamplePair:
    """An example of the old spec and the one of the new spec that it is.

    :param what: what differs, in the terms of the JSON output; empty where nothing does
    """

    old: _Placed
    new: _Placed
    what: tuple[str, ...]


def _placed(spec: Spec, pair: MatchedSpecs, *, old: bool) -> list[_Placed]:
    examples = []
    for holder, block in spec.walk():
        if not isinstance(block, Example):
            continue
        at = holder.id if holder else ""
        renew = pair.in_new_words if old else str
        examples.append(
            _Placed(
                example=block,
                provision=pair.identity.renewed(at) if old else at,
                old_provision=at,
                title=normal(renew(block.source_title)),
                texts=tuple(f"{_head(m)}: {normal(renew(m.text))}" for m in block.messages),
                notes=tuple(normal(renew(r.note)) for r in block.responses),
                raw=tuple(map(renew, _raw(block))),
                full_text="\n\n".join(message_texts(block)),
            )
        )
    return examples


def _raw(example: Example) -> Iterator[str]:
    """Yield all that an example says, in its own typography."""
    yield example.source_title
    yield from (message.text for message in example.messages)
    yield from (response.note for response in example.responses)


def message_texts(example: Example) -> Iterator[str]:
    """Yield each message with its speaker, and with the verdict and the note of an answer."""
    for message in example.messages:
        verdict = f" {message.verdict.value}" if isinstance(message, Response) and message.verdict else ""
        yield f"{_head(message)}{verdict}: {message.text}"
        if isinstance(message, Response) and message.note:
            yield f"note: {message.note}"


def _head(message: Message) -> str:
    """Return the properties of a message beside its text."""
    properties = {
        "to": message.recipient,
        "name": message.name,
        "lang": message.language,
        "untrusted": "yes" if message.untrusted else "",
    }
    parts = [message.role, *(f"{name}={value}" for name, value in properties.items() if value)]
    return " ".join([*parts, *(f"{name}={value}" for name, value in message.attributes)])


def pair_examples(pair: MatchedSpecs) -> tuple[list[ExamplePair], list[_Placed], list[_Placed]]:
    """Return the examples of both specs, those that only the old one has, and those that only the new one has."""
    rest = Pairing(_placed(pair.old, pair, old=True), _placed(pair.new, pair, old=False))
    keys: tuple[Callable[[_Placed], Hashable], ...] = (
        lambda one: (one.provision, one.title, one.prompt),
        lambda one: (one.provision, one.title),
        lambda one: (one.title, one.prompt),
        lambda one: (one.provision, one.prompt) if one.prompt else one.example.id,
        lambda one: one.prompt or one.example.id,
    )
    matched = [one for key in keys for one in rest.equal(key)]
    matched += rest.alike(_likeness, lambda one: one.title, lambda one: one.provision)
    return [_together(pair, old, new) for old, new in matched], rest.old, rest.new


def _likeness(old: _Placed, new: _Placed) -> float:
    """Return how alike two examples of one provision are, if that is enough to be one that was retitled and changed."""
    prompt = alike(old.prompt_words, new.prompt_words) if old.prompt and new.prompt else 0.0
    whole = alike(old.words, new.words)
    return prompt + whole if prompt >= _SAME_PROMPT or whole >= _SAME_TEXT else 0.0


def _together(pair: MatchedSpecs, old: _Placed, new: _Placed) -> ExamplePair:
    return ExamplePair(old=old, new=new, what=tuple(_what(pair, old, new)))


def _what(pair: MatchedSpecs, old: _Placed, new: _Placed) -> Iterator[str]:
    """Yield what differs between two examples that are one."""
    before, after = old.example, new.example
    if [r.verdict for r in before.responses] != [r.verdict for r in after.responses]:
        yield "verdicts"
    # Ids are in the order of their names, which is another one where a name is.
    if [{*pair.renewed(r.violates)} for r in before.responses] != [{*r.violates} for r in after.responses]:
        yield "verdict_refs"
    if old.notes != new.notes:
        yield "notes"
    if _replaced(old, new):
        yield "messages"
    elif old.texts != new.texts:
        yield "order"
    for row in attributes_of("example"):
        was, now = row.values(before), row.values(after)
        if row.names == "provision":
            was, now = tuple(sorted(pair.renewed(was))), tuple(sorted(now))
        if was != now:
            yield row.key


def _replaced(old: _Placed, new: _Placed) -> ReplacedMessages | None:
    """Return the messages that only one of two examples has; nothing where both have the same."""
    was, now = Counter(old.texts), Counter(new.texts)
    removed, added = was - now, now - was
    if not removed and not added:
        return None
    are_answers = all(text.startswith("assistant") for text in (*removed, *added))
    return ReplacedMessages(removed.total(), added.total(), are_answers=are_answers)


def example_changes(pair: MatchedSpecs) -> tuple[list[Change], int, dict[str, str]]:
    """Return what changed about examples, how many say the same in both specs, and which have another id.

    The ids come as old id → new id.
    """
    both, removed, added = pair_examples(pair)
    changes = [_change(pair, ChangeKind.REMOVED, example, None) for example in removed]
    changes += [_change(pair, ChangeKind.ADDED, None, example) for example in added]
    place = {block.id: place for place, block in enumerate(pair.new.examples)}
    both.sort(key=lambda p: place[p.new.example.id])
    same = 0
    for together in both:
        own = list(_of(pair, together))
        same += not any(change.kind is not ChangeKind.TYPOGRAPHY for change in own)
        changes += own
    names = {together.old.example.id: together.new.example.id for together in both}
    renamed = {old: new for old, new in names.items() if old != new}
    return changes + list(_reordered(pair, both)), same, renamed


def _reordered(pair: MatchedSpecs, both: list[ExamplePair]) -> Iterator[Change]:
    """Yield the fewest examples that must have moved among those that stayed in their provision."""
    stayed: dict[str, list[ExamplePair]] = {}
    for together in both:
        if together.old.provision == together.new.provision:
            stayed.setdefault(together.new.provision, []).append(together)
    place = {id(block): place for place, block in enumerate(pair.old.examples)}
    for pairs in stayed.values():
        # A name for each, which is the same both ways round.
        names = {
            id(p): f"{min(p.old.title, p.new.title)} {min(p.old.example.id, p.new.example.id)}" for p in pairs
        }
        before = sorted(pairs, key=lambda p: place[id(p.old.example)])
        moved = out_of_order([names[id(p)] for p in before], [names[id(p)] for p in pairs])
        yield from (_change(pair, ChangeKind.REORDERED, p.old, p.new) for p in pairs if names[id(p)] in moved)


def _of(pair: MatchedSpecs, both: ExamplePair) -> Iterator[Change]:
    old, new = both.old, both.new
    if old.provision != new.provision:
        yield _change(pair, ChangeKind.MOVED, old, new, both.what)
    elif old.title != new.title:
        yield _change(pair, ChangeKind.RETITLED, old, new, both.what)
    elif not both.what and old.raw != new.raw:
        spaces = [*map(spaced, old.raw)] == [*map(spaced, new.raw)]
        yield replace(_change(pair, ChangeKind.TYPOGRAPHY, old, new), aspect=SPACES if spaces else "")
    if both.what:
        yield _change(pair, ChangeKind.CHANGED, old, new, both.what)
    yield from _flipped(old, new)


def _flipped(old: _Placed, new: _Placed) -> Iterator[Change]:
    """Yield answers that are judged differently now; the same answer may occur in an example more than once."""
    before, after = _answers(old.example), _answers(new.example)
    for text, now in after.items():
        was = before.get(text, [])
        if len(was) == len(now) and Counter(r.verdict for r in was) != Counter(r.verdict for r in now):
            for one, other in zip(was, now, strict=True):
                if one.verdict is not other.verdict:
                    yield _verdict(new, one, other)


def _answers(example: Example) -> dict[str, list[Response]]:
    answers: dict[str, list[Response]] = {}
    for response in example.responses:
        answers.setdefault(normal(response.text), []).append(response)
    return answers


def _verdict(new: _Placed, was: Response, response: Response) -> Change:
    return change_of(
        ChangeKind.VERDICT_FLIPPED,
        Subject.EXAMPLE,
        new.example.id,
        was,
        response,
        provision=new.provision,
        aspect=str(new.example.messages.index(response) + 1),
        old=was.verdict.value if was.verdict else "",
        new=response.verdict.value if response.verdict else "",
    )


def _change(
    pair: MatchedSpecs, kind: ChangeKind, old: _Placed | None, new: _Placed | None, what: tuple[str, ...] = ()
) -> Change:
    here = new or old
    sides = (old.full_text, new.full_text) if old and new and kind is ChangeKind.CHANGED else None
    evidence: tuple[tuple[str, str], ...] = ()
    sentences = pair.sentences(*sides, binds=True) if sides else ()
    if old and new and old.title != new.title and kind in {ChangeKind.RETITLED, ChangeKind.MOVED}:
        sentences = title_sentences(pair, old.example.source_title, new.example.source_title, binds=True)
    if old and new:
        prompt = alike(old.prompt_words, new.prompt_words)
        evidence = (
            ("old_section", old.old_provision),
            ("sim", f"{alike(old.words, new.words):.2f}"),
            ("prompt_sim", f"{prompt:.2f}"),
            ("what", " ".join(what)),
        )
    return change_of(
        kind,
        Subject.EXAMPLE,
        here.example.id if here else "",
        old.example if old else None,
        new.example if new else None,
        provision=here.provision if here else "",
        old=old.example.source_title if old else "",
        new=new.example.source_title if new else "",
        evidence=evidence,
        text=compare_texts(pair.in_new_words(sides[0]), sides[1]) if sides else None,
        sentences=sentences,
        messages=_replaced(old, new) if old and new and what else None,
    )


FILE = "file"
"""The aspect of changes that are about a prompt file, rather than about a prompt in a page."""


def prompt_changes(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield changes of eval tags, then of prompt files, then of prompts in pages."""
    yield from _tags(pair)
    yield from _files(pair)
    yield from _inline(pair)


def _tags(pair: MatchedSpecs) -> Iterator[Change]:
    before, after = _places(pair.old), _places(pair.new)
    for tag in sorted(before.keys() - after.keys()):
        was = before[tag]
        at = pair.identity.renewed(was.provision)
        yield change_of(ChangeKind.REMOVED, Subject.TAG, tag, was, None, provision=at, old=was.provision)
    for tag in sorted(after.keys() - before.keys()):
        at = after[tag].provision
        yield change_of(ChangeKind.ADDED, Subject.TAG, tag, None, after[tag], provision=at, new=at)
    for tag, was in before.items():
        now = after.get(tag)
        if now is None:
            continue
        elsewhere = pair.identity.renewed(was.provision) != now.provision
        if elsewhere or normal(pair.in_new_words(was.clause)) != normal(now.clause):
            kind = ChangeKind.MOVED if elsewhere else ChangeKind.TAG_MOVED
            old, new = (one.provision if elsewhere else one.clause for one in (was, now))
            yield change_of(kind, Subject.TAG, tag, was, now, provision=now.provision, old=old, new=new)


def _places(spec: Spec) -> dict[str, EvalTag]:
    """Return the first place of each tag."""
    places: dict[str, EvalTag] = {}
    for tag in spec.eval_tags:
        places.setdefault(tag.tag, tag)
    return places


def _files(pair: MatchedSpecs) -> Iterator[Change]:
    before = {file.tag: file for file in pair.old.prompt_files}
    after = {file.tag: file for file in pair.new.prompt_files}
    tests = {tag: at.provision for tag, at in _places(pair.new).items()}
    tested = {tag: pair.identity.renewed(at.provision) for tag, at in _places(pair.old).items()}
    for tag, file in before.items():
        if tag not in after:
            yield _file(ChangeKind.REMOVED, tag, tested.get(tag, ""), file, None)
    for tag, new in after.items():
        old = before.get(tag)
        provision = tests.get(tag, "")
        if old is None:
            yield _file(ChangeKind.ADDED, tag, provision, None, new)
            continue
        if old.title != new.title:
            yield _file(ChangeKind.RETITLED, tag, provision, old, new)
        if _contents(old.prompts) != _contents(new.prompts):
            yield _file(ChangeKind.CHANGED, tag, provision, old, new)


def _file(
    kind: ChangeKind, tag: str, provision: str, old: PromptFile | None, new: PromptFile | None
) -> Change:
    was, now = (file.title if file else "" for file in (old, new))
    return change_of(kind, Subject.PROMPT, tag, old, new, provision=provision, aspect=FILE, old=was, new=now)


def _contents(prompts: tuple[EvalPrompt, ...]) -> list[list[str]]:
    return [[normal(one.title), *(f"{_head(m)}: {normal(m.text)}" for m in one.messages)] for one in prompts]


def _inline(pair: MatchedSpecs) -> Iterator[Change]:
    before, after = _in_pages(pair.old), _in_pages(pair.new)
    for id_, (was_at, was) in before.items():
        if id_ not in after:
            at = pair.identity.renewed(was_at)
            yield change_of(ChangeKind.REMOVED, Subject.PROMPT, id_, was, None, provision=at, old=was.title)
    for id_, (at, now) in after.items():
        if id_ not in before:
            yield change_of(ChangeKind.ADDED, Subject.PROMPT, id_, None, now, provision=at, new=now.title)
            continue
        was_at, was = before[id_]
        moved = pair.identity.renewed(was_at) != at
        changed = _contents((was,)) != _contents((now,)) or {*pair.renewed(was.tests)} != {*now.tests}
        old, new = (was_at, at) if moved else (was.title, now.title)
        for kind, holds in ((ChangeKind.MOVED, moved), (ChangeKind.CHANGED, changed)):
            if holds:
                yield change_of(kind, Subject.PROMPT, id_, was, now, provision=at, old=old, new=new)


def _in_pages(spec: Spec) -> dict[str, tuple[str, EvalPrompt]]:
    return {
        block.id: (holder.id if holder else "", block)
        for holder, block in spec.walk()
        if isinstance(block, EvalPrompt)
    }
