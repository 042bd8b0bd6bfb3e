"""Markdown-it rules for what the bodies of messages hold besides CommonMark: maths and author's marks."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

__all__ = ["body_plugin"]

_INLINE_MATH = re.compile(r"(\\{1,2})\((?P<tex>.{1,2000}?)\\{1,2}\)", re.DOTALL)
_BLOCK_OPEN = re.compile(r"\\{1,2}\[(?P<rest>.*)")
_BLOCK_CLOSE = re.compile(r"(?P<before>.*?)\\{1,2}\]\s*")
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z])")
_LONGEST_MARK = 500
"""Characters within which an author's mark closes."""
_LONGEST_MATH = 200
"""Lines within which display maths closes; without a limit each that does not would cost the whole text."""


def body_plugin(md: MarkdownIt) -> None:
    """Add the rules; ``env["placeholders"]`` names the author's marks of the text being parsed."""
    md.inline.ruler.before("escape", "policy_math", _inline_math)
    md.inline.ruler.before("link", "policy_placeholder", _placeholder)
    md.block.ruler.before(
        "fence", "policy_math_block", _block_math, {"alt": ["paragraph", "list", "blockquote"]}
    )


def _tex(text: str) -> str:
    """Return maths with its commands written once: sources have one backslash before them or two."""
    return _DOUBLED.sub(r"\\", text).strip()


def _inline_math(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\":
        return False
    match = _INLINE_MATH.match(state.src, state.pos, state.posMax)
    if match is None or "\n\n" in match["tex"]:
        return False
    if not silent:
        token = state.push("policy_math", "", 0)
        token.content = _tex(match["tex"])
    state.pos = match.end()
    return True


def _placeholder(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[":
        return False
    end = state.src.find("]", state.pos, min(state.pos + _LONGEST_MARK, state.posMax)) + 1
    text = state.src[state.pos : end]
    if text not in state.env["placeholders"]:
        return False
    if not silent:
        token = state.push("policy_placeholder", "", 0)
        token.content = text
    state.pos = end
    return True


def _block_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read display maths that begins and ends on lines of its own."""
    if state.is_code_block(start):
        return False
    opened = _BLOCK_OPEN.fullmatch(_line(state, start))
    if opened is None:
        return False
    lines = [opened["rest"]]
    number = start
    while (closed := _BLOCK_CLOSE.fullmatch(lines[-1])) is None:
        number += 1
        if number >= min(end, start + _LONGEST_MATH) or state.sCount[number] < state.blkIndent:
            return False
        lines.append(_line(state, number))
    if silent:
        return True
    lines[-1] = closed["before"]
    token = state.push("policy_math_block", "", 0)
    token.content = _tex("\n".join(lines))
    token.map = [start, number + 1]
    state.line = number + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
