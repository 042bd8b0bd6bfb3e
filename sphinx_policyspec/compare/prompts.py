"""What changed about evaluation prompts, their files, and the tags that tie them to clauses."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.compare.change import Change, ChangeKind, Subject
from sphinx_policyspec.compare.pairs import Pair
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.model import EvalPrompt, EvalTag, PromptFile, Spec

__all__ = ["FILE", "prompt_changes"]

FILE = "file"
"""The aspect of changes that are about a prompt file, rather than about a prompt in a page."""


def prompt_changes(pair: Pair) -> Iterator[Change]:
    """Yield changes of eval tags, then of prompt files, then of prompts in pages."""
    yield from _tags(pair)
    yield from _files(pair)
    yield from _inline(pair)


def _tags(pair: Pair) -> Iterator[Change]:
    before, after = _places(pair.old), _places(pair.new)
    for tag in sorted(before.keys() - after.keys()):
        at = before[tag]
        yield Change(
            kind=ChangeKind.REMOVED,
            subject=Subject.TAG,
            id=tag,
            provision=pair.identity.renewed(at.provision),
            old=at.provision,
            old_span=at.span,
        )
    for tag in sorted(after.keys() - before.keys()):
        at = after[tag]
        yield Change(
            kind=ChangeKind.ADDED,
            subject=Subject.TAG,
            id=tag,
            provision=at.provision,
            new=at.provision,
            new_span=at.span,
        )
    for tag, was in before.items():
        now = after.get(tag)
        if now is None:
            continue
        elsewhere = pair.identity.renewed(was.provision) != now.provision
        if elsewhere or normal(pair.in_new_words(was.clause)) != normal(now.clause):
            yield Change(
                kind=ChangeKind.MOVED if elsewhere else ChangeKind.TAG_MOVED,
                subject=Subject.TAG,
                id=tag,
                provision=now.provision,
                old=was.provision if elsewhere else was.clause,
                new=now.provision if elsewhere else now.clause,
                old_span=was.span,
                new_span=now.span,
            )


def _places(spec: Spec) -> dict[str, EvalTag]:
    """Return the first place of each tag."""
    places: dict[str, EvalTag] = {}
    for tag in spec.eval_tags:
        places.setdefault(tag.tag, tag)
    return places


def _files(pair: Pair) -> Iterator[Change]:
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
        if _said(old.prompts) != _said(new.prompts):
            yield _file(ChangeKind.CHANGED, tag, provision, old, new)


def _file(
    kind: ChangeKind, tag: str, provision: str, old: PromptFile | None, new: PromptFile | None
) -> Change:
    return Change(
        kind=kind,
        subject=Subject.PROMPT,
        id=tag,
        provision=provision,
        aspect=FILE,
        old=old.title if old else "",
        new=new.title if new else "",
        old_span=old.span if old else None,
        new_span=new.span if new else None,
    )


def _said(prompts: tuple[EvalPrompt, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (
            normal(prompt.title),
            tuple(f"{message.role}: {normal(message.text)}" for message in prompt.messages),
        )
        for prompt in prompts
    ]


def _inline(pair: Pair) -> Iterator[Change]:
    before, after = _in_pages(pair.old), _in_pages(pair.new)
    for id_, (at, prompt) in before.items():
        if id_ not in after:
            yield Change(
                kind=ChangeKind.REMOVED,
                subject=Subject.PROMPT,
                id=id_,
                provision=pair.identity.renewed(at),
                old=prompt.title,
                old_span=prompt.span,
            )
    for id_, (at, prompt) in after.items():
        if id_ not in before:
            yield Change(
                kind=ChangeKind.ADDED,
                subject=Subject.PROMPT,
                id=id_,
                provision=at,
                new=prompt.title,
                new_span=prompt.span,
            )
            continue
        was_at, was = before[id_]
        moved = pair.identity.renewed(was_at) != at
        changed = _said((was,)) != _said((prompt,)) or tuple(pair.renewed(was.tests)) != prompt.tests
        for kind, holds in ((ChangeKind.MOVED, moved), (ChangeKind.CHANGED, changed)):
            if holds:
                yield Change(
                    kind=kind,
                    subject=Subject.PROMPT,
                    id=id_,
                    provision=at,
                    old=was_at if moved else was.title,
                    new=at if moved else prompt.title,
                    old_span=was.span,
                    new_span=prompt.span,
                )


def _in_pages(spec: Spec) -> dict[str, tuple[str, EvalPrompt]]:
    return {
        block.id: (holder.id if holder else "", block)
        for holder, block in spec.walk()
        if isinstance(block, EvalPrompt)
    }
