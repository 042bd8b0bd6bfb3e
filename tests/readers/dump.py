"""A reading as plain data, for approved results and for the laws of spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sphinx_policyspec.model import (
    Block,
    Changelog,
    Comment,
    Commentary,
    Comparison,
    Definition,
    EvalPrompt,
    Example,
    Finding,
    Fragment,
    Gap,
    Link,
    Message,
    Principle,
    PromptFile,
    Provision,
    Reference,
    Response,
    Span,
    Spec,
    Turn,
)


def place(span: Span) -> str:
    """Return ``line:column-line:column``."""
    return f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"


def words(text: str) -> str | list[str]:
    """Return a text of several lines as a list of them."""
    return text.split("\n") if "\n" in text else text


def finding(found: Finding) -> str:
    """Return a finding in one line, with its end and the places that belong to it."""
    related = "".join(f" (with {place(span)})" for span in found.related)
    hint = f"; {found.hint}" if found.hint else ""
    return f"{place(found.span)} {found.severity.value} {found.code}: {found.message}{hint}{related}"


def spec(read: Spec) -> dict[str, Any]:
    """Return what a document says; empty parts are left out."""
    return _full(
        levels=" > ".join(level.id for level in read.levels),
        preamble=[block(each) for each in read.preamble],
        provisions=[_provision(each) for each in read.provisions],
        references=[_reference(each) for each in read.references],
        links=[_link(each) for each in read.links],
        tags=[f"{place(tag.span)} {tag.tag} in {tag.provision}: {tag.clause}" for tag in read.eval_tags],
    )


def prompt_file(read: PromptFile) -> dict[str, Any]:
    """Return what a prompt file says."""
    return _full(
        header=f"{place(read.span)} {read.tag}: {read.title}", blocks=[block(each) for each in read.blocks]
    )


def changelog(read: Changelog) -> dict[str, Any]:
    """Return what a changelog says."""
    entries = [{f"{each.version} {place(each.span)}": words(each.text)} for each in read.entries]
    return _full(preface=f"{place(read.span)} {read.source!r}", entries=entries)


def block(read: Block) -> dict[str, Any]:
    """Return one block under a key that says its kind and place."""
    at = place(read.span)
    if isinstance(read, Example):
        return {f"example {at}": _full(id=read.id, title=read.title, turns=[_turn(t) for t in read.turns])}
    if isinstance(read, EvalPrompt):
        return {f"prompt {at}": _full(id=read.id, title=read.title, turns=[_turn(t) for t in read.turns])}
    if isinstance(read, Definition):
        return {f"definition {at} {read.id} = {read.term}": words(read.text)}
    if isinstance(read, Commentary):
        return {f"commentary {at} {read.label}": words(read.text)}
    if isinstance(read, Comment):
        return {f"comment {at}": words(read.source)}
    return {f"prose {at}": words(read.text)}


def _full(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value}


def _provision(read: Provision) -> dict[str, Any]:
    level = f"principle ({read.authority})" if isinstance(read, Principle) else "section"
    parent = f" in {read.parent}" if read.parent else ""
    return {
        f"{level} {read.id} {place(read.span)}": _full(
            title=read.title,
            depth=f"{read.depth}{parent}",
            attributes=[f"{name}={value}" for name, value in read.attributes],
            tags=list(read.tags),
            blocks=[block(each) for each in read.blocks],
        )
    }


def _where(read: Reference | Link) -> str:
    message = f" message {read.message}" if read.message else ""
    return f"{place(read.span)} {read.carrier.value} in {read.source or 'preamble'} {read.example}{message}".rstrip()


def _reference(read: Reference) -> str:
    text = f" as {read.text!r}" if read.text else ""
    return f"{_where(read)}: {read.form.value} -> {read.target}{text}"


def _link(read: Link) -> str:
    return f"{_where(read)}: {read.text!r} -> {read.url}"


def _turn(turn: Turn) -> Any:
    if isinstance(turn, Gap):
        return f"gap {place(turn.span)}"
    if isinstance(turn, Comparison):
        return {f"comparison {place(turn.span)}": [_message(response) for response in turn.responses]}
    return _message(turn)


def _message(read: Message) -> dict[str, Any]:
    verdict = (
        _full(
            verdict=read.verdict.value if read.verdict else "none",
            note=read.note,
            violates=list(read.violates),
        )
        if isinstance(read, Response)
        else {}
    )
    return {
        f"{read.role or 'nobody'} {place(read.span)}": _full(
            text=words(read.text),
            recipient=read.recipient,
            name=read.name,
            language=read.language,
            attributes=[f"{name}={value}" for name, value in read.attributes],
            fragments=[f"{place(f.span)} {f.kind.value} {f.text!r}" for f in read.fragments],
            **verdict,
        )
    }


def messages(read: Spec) -> Iterator[Message]:
    """Yield every message of every example and prompt."""
    for example in read.examples:
        yield from example.messages
    for prompt in read.prompts:
        yield from prompt.messages


def fragments(read: Spec) -> Iterator[Fragment]:
    """Yield every marked part of every message."""
    for message in messages(read):
        yield from message.fragments
