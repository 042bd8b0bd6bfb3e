"""The code blocks of the documentation, each with its place, its options and why it is not run, if so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from markdown_it import MarkdownIt

__all__ = ["Block", "blocks_of"]

_SHOWN = {"code", "code-block", "sourcecode", "literalinclude"}
_DIRECTIVE = re.compile(r"\{(?P<name>[\w:.-]+)\}\s*(?P<argument>.*)")
_OPTION = re.compile(r":(?P<name>[\w-]+):\s*(?P<value>.*)")
_NOT_RUN = re.compile(r"(?:<!--|\.\.)\s*not run:\s*(?P<reason>.*?)\s*(?:-->)?")
_GENERATED = re.compile(r"<!-- (\w+), written by `make reference` -->.*?<!-- end of \1 -->", re.DOTALL)
"""What is read off the code, whose tests are elsewhere."""
_RST_BLOCK = re.compile(r"^(?P<indent> *)\.\. (?:code-block|code|sourcecode):: *(?P<language>\S*)$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A code block.

    :param line: where it begins in its page
    :param file: the file that its caption says it is
    :param not_run: why nothing can be done with it but read it
    """

    line: int
    language: str
    text: str
    file: str = ""
    not_run: str = ""
    options: dict[str, str] = field(default_factory=dict)


def blocks_of(page: Path) -> list[Block]:
    """Return the code blocks of a page in Markdown or reStructuredText, without those that are read off the code."""
    text = _GENERATED.sub(lambda match: "\n" * match[0].count("\n"), page.read_text("utf-8"))
    return list(_of_rst(text) if page.suffix == ".rst" else _of_markdown(text, page, 0))


def _of_markdown(text: str, page: Path, above: int) -> Iterator[Block]:
    lines = text.splitlines()
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "code_block":
            yield Block(line=above + (token.map or [0])[0] + 1, language="", text=token.content)
        if token.type != "fence" or token.map is None:
            continue
        start = token.map[0]
        directive = _DIRECTIVE.fullmatch(token.info.strip())
        options, content = _options(token.content) if directive else ({}, token.content)
        before = _NOT_RUN.fullmatch(lines[start - 1].strip()) if start else None
        if directive and directive["name"] not in _SHOWN:
            yield from _of_markdown(token.content, page, above + start + 1)
            continue
        if directive and directive["name"] == "literalinclude":
            content = (page.parent / directive["argument"]).read_text("utf-8")
        yield Block(
            line=above + start + 1,
            language=options.get("language", directive["argument"]) if directive else token.info.strip(),
            text=content,
            file=options.get("caption", ""),
            not_run=before["reason"] if before else "",
            options=options,
        )


def _options(content: str) -> tuple[dict[str, str], str]:
    """Split a directive's content into its options and the rest."""
    options: dict[str, str] = {}
    lines = content.splitlines(keepends=True)
    while lines and (match := _OPTION.fullmatch(lines[0].strip())):
        options[match["name"]] = match["value"]
        lines = lines[1:]
    return options, "".join(lines[1:] if options and lines and not lines[0].strip() else lines)


def _of_rst(text: str) -> Iterator[Block]:
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        match = _RST_BLOCK.fullmatch(line.rstrip())
        bare = line.rstrip().endswith("::") and not line.lstrip().startswith("..")
        if not match and not bare:
            continue
        indent = len(line) - len(line.lstrip())
        body = []
        for below in lines[number + 1 :]:
            if below.strip() and len(below) - len(below.lstrip()) <= indent:
                break
            body.append(below)
        options, content = _options(dedent("".join(body)).lstrip("\n"))
        before = _NOT_RUN.fullmatch(lines[number - 2].strip()) if number > 1 else None
        yield Block(
            line=number + 1,
            language=match["language"] if match else "",
            text=content,
            file=options.get("caption", ""),
            not_run=before["reason"] if before else "",
            options=options,
        )
