"""A file of evaluation prompts → PromptFile and findings."""

from __future__ import annotations

import re
from itertools import count

from sphinx_policyspec.model import Comment, EvalPrompt, Finding, PromptFile, Prose, Response, Span
from sphinx_policyspec.readers.blocks import EXAMPLE, BlockKind, RawBlock, cut
from sphinx_policyspec.readers.comments import Shown
from sphinx_policyspec.readers.conversation import read_conversation
from sphinx_policyspec.readers.text import Lines

__all__ = ["read_prompts"]

_HEADER = re.compile(r"\ufeff?Examples for \[\^([a-z0-9]+)\] in ((?:\S++(?:\s++\S++)*+)?)\s*")


def read_prompts(text: str, file: str, stem: str) -> tuple[PromptFile, tuple[Finding, ...]]:
    """Read a prompt file; its tag is the file's stem, which its header should repeat."""
    lines = Lines.of(file, text)
    blocks, shown, findings = cut(lines)
    header_end = _header_end(lines, shown)
    match = _HEADER.fullmatch(shown.plain[0]) if header_end else None
    head = lines.span(0, header_end) if header_end else Span(file, 1)
    if match is None:
        findings.append(
            _found(
                "missing-prompt-header",
                head,
                "prompt file without a header",
                f"begin with `Examples for [^{stem}] in …:`",
            )
        )
    elif match[1] != stem:
        findings.append(
            _found(
                "stale-prompt-header",
                head,
                f"header names tag `{match[1]}`, the file `{stem}`",
                "rename one of them",
            )
        )
    contents: list[EvalPrompt | Prose | Comment] = []
    ordinals = count(1)
    for raw in blocks:
        start = max(raw.start, header_end)
        if raw.end <= start:
            continue
        if raw.kind is BlockKind.EXAMPLE:
            prompt, found = _prompt(lines, shown, raw, stem, next(ordinals))
            contents.append(prompt)
            findings.extend(found)
            continue
        source = lines.text(start, raw.end)
        span = lines.span(start, raw.end)
        if raw.kind is BlockKind.COMMENT:
            contents.append(Comment(source=source, span=span))
            continue
        text = shown.text(start, raw.end).strip("\n")
        contents.append(Prose(source=source, text=text, span=span))
        if text.strip():
            findings.append(_found("text-outside-prompt", span, "text outside every prompt", ""))
    read = PromptFile(
        tag=stem,
        title=match[2].removesuffix(":").rstrip() if match else "",
        span=head,
        source=lines.text(0, header_end),
        blocks=tuple(contents),
    )
    return read, tuple(sorted(findings, key=lambda finding: finding.span))


def _header_end(lines: Lines, shown: Shown) -> int:
    """Return the line after the header and the blank lines below it; 0 without a header."""
    if not len(lines) or not _HEADER.fullmatch(shown.plain[0]):
        return 0
    end = 1
    while end < len(lines) and not lines.lines[end].strip():
        end += 1
    return end


def _prompt(
    lines: Lines, shown: Shown, raw: RawBlock, tag: str, ordinal: int
) -> tuple[EvalPrompt, list[Finding]]:
    start, end = raw.body
    conversation = read_conversation(lines.lines[start:end], lines.file, lines.first + start)
    title = EXAMPLE.fullmatch(shown.plain[raw.start])
    prompt = EvalPrompt(
        id=f"{tag}/{ordinal}",
        title=title["title"] if title else "",
        turns=conversation.turns,
        span=lines.span(raw.start, raw.end),
        source=lines.text(raw.start, raw.end),
        tag=tag,
    )
    findings = list(conversation.findings)
    if prompt.messages and any(isinstance(message, Response) for message in prompt.messages):
        findings.append(_found("verdict-in-prompt", prompt.span, "a prompt holds no verdicts", ""))
    return prompt, findings


def _found(code: str, span: Span, message: str, hint: str) -> Finding:
    return Finding(code=code, message=message, span=span, hint=hint)
