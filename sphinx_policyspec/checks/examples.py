"""Checks of examples and of a release's changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec.model import (
    Category,
    Definition,
    Example,
    Finding,
    Markup,
    Message,
    Rule,
    Severity,
    Span,
    Spec,
)

__all__ = [
    "EXAMPLE_RULES",
    "double_entity",
    "example_without_comparison",
    "link_like_placeholder",
    "release_without_entry",
    "tag_in_conversation",
]

_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,6});")
_TAG = re.compile(r"\[\^([a-z0-9]{4})\]")
_CODE = re.compile(r"```.{0,20000}?```|`[^`\n]{1,300}`", re.DOTALL)
_LINK = re.compile(r"(?<![\w\]\\}])\[(?P<text>[^\[\]\n]{1,200})\](?P<rest>\((?P<target>[^()\n]{0,200})\)|\{)")
_ADDRESS = re.compile(r"\S*[/#.:@]\S*")


def _messages(spec: Spec) -> Iterator[Message]:
    for _, block in spec.walk():
        if isinstance(block, Example):
            yield from block.messages
    for prompt in spec.prompts:
        yield from prompt.messages


def _dialect(spec: Spec) -> Iterator[Message]:
    """Yield the messages of Model Spec Markdown; directives have the rules of their own markup."""
    files = {document.file for document in spec.documents if document.markup is Markup.MODEL_SPEC}
    files |= {file.span.file for file in spec.prompt_files}
    yield from (message for message in _messages(spec) if message.span.file in files)


def _at(message: Message) -> Span:
    """Return the line of a message's tag: its text has been decoded, so that columns in it are lost."""
    span = message.span
    return Span(span.file, span.line, span.column)


def example_without_comparison(spec: Spec) -> Iterator[Finding]:
    """Find examples that compare no answers; beside definitions they show what a word means."""
    for provision in spec.provisions:
        if any(isinstance(block, Definition) for block in provision.blocks):
            continue
        for example in provision.examples:
            if example.turns and not example.comparisons:
                yield Finding(
                    code="example-without-comparison",
                    severity=Severity.HINT,
                    message=f"example `{example.id}` compares no answers",
                    span=Span(example.span.file, example.span.line, example.span.column),
                    hint="add answers with verdicts",
                )


def double_entity(spec: Spec) -> Iterator[Finding]:
    """Find messages in which an entity was written for a part of another one."""
    for message in _dialect(spec):
        if match := _ENTITY.search(_CODE.sub(" ", message.text)):
            yield Finding(
                code="double-entity",
                severity=Severity.WARNING,
                message=f"`{match[0]}` is left in the message after entities were decoded",
                span=_at(message),
                hint="write the character, or its entity once",
            )


def link_like_placeholder(spec: Spec) -> Iterator[Finding]:
    """Find author's marks in brackets that a parenthesis or brace right after them makes a link."""
    for message in _dialect(spec):
        for match in _LINK.finditer(_CODE.sub(" ", message.text)):
            target = (match["target"] or "").strip()
            if match["text"] != "?" and not _ADDRESS.match(target) and not message.recipient:
                yield Finding(
                    code="link-like-placeholder",
                    severity=Severity.WARNING,
                    message=f"`{match[0]}` looks like a link, and leads nowhere",
                    span=_at(message),
                    hint="put a space after the `]`",
                )


def tag_in_conversation(spec: Spec) -> Iterator[Finding]:
    """Find eval tags inside conversations, where they tie no clause to their prompt file."""
    files = {file.tag for file in spec.prompt_files}
    for message in _messages(spec) if files else ():
        for match in _TAG.finditer(message.text):
            if match[1] in files:
                yield Finding(
                    code="tag-in-conversation",
                    severity=Severity.WARNING,
                    message=f"eval tag `{match[1]}` stands in a message",
                    span=_at(message),
                    hint="move it after the clause that it tests",
                )


def release_without_entry(spec: Spec) -> Iterator[Finding]:
    """Find releases that their own changelog does not mention."""
    log = spec.changelog
    if log and spec.version and log.entries and spec.version not in {entry.version for entry in log.entries}:
        yield Finding(
            code="release-without-entry",
            severity=Severity.WARNING,
            message=f"the changelog has no entry for this release, `{spec.version}`",
            span=Span(log.span.file, log.span.line),
            hint=f"write `## v{spec.version.replace('-', '.')}`",
        )


_FORM = "the form of the published Model Spec releases"

EXAMPLE_RULES = (
    Rule(
        code="example-without-comparison",
        category=Category.EXAMPLES,
        severity=Severity.HINT,
        found="an example that compares no answers, outside the definitions",
        mend="add answers with verdicts",
        rationale="without an answer that is judged it shows no boundary",
        source=f"{_FORM}: each example but one in the definitions has a comparison",
        check=example_without_comparison,
    ),
    Rule(
        code="double-entity",
        category=Category.EXAMPLES,
        found="an entity, such as `&lt;`, that is left after entities were decoded once",
        mend="write the character, or its entity once",
        rationale="a model that is given the message sees the entity and not the character",
        source="HTML Living Standard, §13.5 (character references are decoded once)",
        check=double_entity,
    ),
    Rule(
        code="link-like-placeholder",
        category=Category.EXAMPLES,
        found="an author's mark in brackets that what follows makes a link",
        mend="put a space after the `]`",
        rationale="it is shown as a link, and exports cannot tell it from the words of the message",
        source=f"{_FORM}: a placeholder is followed by neither `(` nor `{{`",
        check=link_like_placeholder,
    ),
    Rule(
        code="tag-in-conversation",
        category=Category.PROMPTS,
        found="an eval tag of a prompt file inside a message",
        mend="move it after the clause that it tests",
        rationale="it is read as words of the message, and its prompts test nothing",
        source=f"{_FORM}: never in a heading, a fence or a commentary",
        check=tag_in_conversation,
    ),
    Rule(
        code="release-without-entry",
        category=Category.DIALECT,
        found="a release that its own changelog does not mention",
        mend="write an entry, or correct the name of the folder",
        rationale="readers cannot tell what changed, nor what it is a revision of",
        source="Keep a Changelog 1.1.0 (an entry for every version)",
        check=release_without_entry,
    ),
)
