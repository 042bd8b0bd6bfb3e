"""Code actions for findings: a fix, the nearest id, a missing text, a former id, or a comment with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lsprotocol import types

from sphinx_policyspec.files import grouped
from sphinx_policyspec.identifiers.directives import directives_in
from sphinx_policyspec.identifiers.sites import MARKDOWN, RST, YAML
from sphinx_policyspec.language_server.diagnostics import SOURCE
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.language_server.renaming import Edits, former_id_edits
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.readers.text import ignores_in

_NAME = re.compile(r"`#?([^`]{1,300})`")
_SUGGESTION = re.compile(r"did you mean `#?(?P<name>[^`]{1,300})`")
_NO_COMMENT = frozenset(
    {"unused-ignore", "unreadable-file", "invalid-encoding", "no-principle", "no-user-level"}
)
"""Codes that no comment can silence where they are reported, or that are not about a block."""
_MISSING_OPTIONS = {"missing-authority": ("authority", "user")}
"""The missing option, and a value to begin with, by code."""
_SUGGESTED_ID = re.compile(r"add `\{#(?P<id>[^`{}]{1,200})\}`")
_UNKNOWN = frozenset({"dangling-reference", "unknown-provision"})
"""Codes of an id that no provision has."""
_SCHEMA = "https://w3id.org/policyspec/schemas/{name}.schema.json"
_MODELINE = "# yaml-language-server: $schema="
_FENCE = re.compile(r"[ \t>]*(?P<marks>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)")
_VERBATIM = re.compile(r"policy:(?:message|response|conversation|query|case|prompt)\b")
_OF_RST = re.compile(r"(?P<lead>[ \t]*)\.\. [\w:.+-]+::")


def actions(here: Here, context: types.CodeActionContext, place: types.Range) -> list[types.CodeAction]:
    """Return the code actions for the findings in a part of a file, and for the file itself."""
    result: list[types.CodeAction] = []
    if context.only and types.CodeActionKind.QuickFix not in context.only:
        return result
    for one in context.diagnostics:
        if one.source == SOURCE and isinstance(one.code, str):
            for offer in (
                _fixes,
                _nearest_names,
                _missing_options,
                _missing_texts,
                _former_ids,
                _ignore_comments,
            ):
                result += offer(here, one)
    if here.path.suffix.lower() in YAML and place.start.line <= 1:
        result += _modeline(here)
    return [_merged(same) for same in grouped((one.title, one) for one in result).values()]


def _merged(same: list[types.CodeAction]) -> types.CodeAction:
    """Return one action for several with the same title: it makes each edit once, at all places of the mistake."""
    edits: dict[str, list[types.TextEdit]] = {}
    for one in same:
        for uri, changes in ((one.edit.changes if one.edit else None) or {}).items():
            merged = edits.setdefault(uri, [])
            merged += (edit for edit in changes if edit not in merged)
    about = [one for action in same for one in action.diagnostics or ()]
    return types.CodeAction(
        title=same[0].title,
        kind=same[0].kind,
        diagnostics=about or None,
        is_preferred=same[0].is_preferred,
        edit=types.WorkspaceEdit(changes=edits),
    )


def _action(
    here: Here,
    title: str,
    edits: Edits | list[types.TextEdit],
    about: types.Diagnostic | None,
    *,
    preferred: bool = False,
) -> types.CodeAction:
    """Return an action that edits this file, or others."""
    changes = edits if isinstance(edits, dict) else {here.path: edits}
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[about] if about else None,
        is_preferred=preferred or None,
        edit=types.WorkspaceEdit(
            changes={here.uri_of(path): file_edits for path, file_edits in changes.items()}
        ),
    )


def _fixes(here: Here, one: types.Diagnostic) -> Iterator[types.CodeAction]:
    """Yield what ``policyspec check --fix`` would do, at all places of the finding at once."""
    by_text: dict[str, Edits] = {}
    data: Any = one.data if isinstance(one.data, dict) else {}
    entries = data.get("fixes")
    for fix in entries if isinstance(entries, list) else ():
        if isinstance(fix, dict) and (parsed := _read_fix(here, fix)):
            path, edit = parsed
            by_text.setdefault(edit.new_text, {}).setdefault(path, []).append(edit)
    for text, edits in by_text.items():
        yield _action(here, f"Replace with `{text}`", edits, one, preferred=True)


def _read_fix(here: Here, fix: dict[str, Any]) -> tuple[Path, types.TextEdit] | None:
    """Return the edit that a client sends back; none if it is not one of ours."""
    ends, text, file = (fix.get(name) for name in ("range", "text", "file"))
    if not isinstance(text, str) or not isinstance(ends, list) or file not in here.root.index.files:
        return None
    if [type(number) for number in ends] != [int] * 4:
        return None
    start, end = (types.Position(line=line, character=character) for line, character in (ends[:2], ends[2:]))
    return here.root.path_of(file), types.TextEdit(range=types.Range(start=start, end=end), new_text=text)


def _nearest_names(here: Here, one: types.Diagnostic) -> Iterator[types.CodeAction]:
    """Yield the nearest name that a hint suggests, if there is no certain fix."""
    suggestion, unknown = _SUGGESTION.search(one.message), _NAME.search(one.message)
    has_fix = isinstance(one.data, dict) and bool(one.data.get("fixes"))
    if not suggestion or not unknown or has_fix:
        return
    number = here.text.place(one.range.start)[0]
    line, name = here.text.line(number), unknown[1]
    at = line.find(name, here.text.place(one.range.start)[1] - 1)
    at = line.find(name) if at < 0 else at
    if at >= 0:
        span = Span(here.file, number, at + 1, number, at + 1 + len(name))
        edit = types.TextEdit(range=here.text.exact_range(span), new_text=suggestion["name"])
        yield _action(here, f"Replace with `{suggestion['name']}`", [edit], one)


def _missing_options(here: Here, one: types.Diagnostic) -> Iterator[types.CodeAction]:
    """Yield the missing option of a directive, with each level as its value."""
    if (missing := _MISSING_OPTIONS.get(str(one.code))) is None:
        return
    name, value = missing
    names = sorted(here.root.index.names(TargetKind.LEVEL)) or [value]
    number = here.text.place(one.range.start)[0]
    for directive in directives_in(here.lines, is_rst=here.is_rst):
        if directive.line == number or directive.line < number < directive.options_end:
            lead = directive.indent + (" " * 3 if here.is_rst else "")
            place = here.text.exact_range(Span(here.file, directive.line + 1))
            for level in names:
                edit = here.text.edit(place, f"{lead}:{name}: {level}\n")
                yield _action(here, f"Add `:{name}: {level}`", [edit], one)
            return


def _missing_texts(here: Here, one: types.Diagnostic) -> Iterator[types.CodeAction]:
    """Yield the missing id of a heading, or the missing header of a prompt file."""
    number = here.text.place(one.range.start)[0]
    if one.code == "heading-without-id" and (suggestion := _SUGGESTED_ID.search(one.message)):
        line = here.text.line(number).rstrip()
        place = here.text.exact_range(Span(here.file, number, len(line) + 1, number, len(line) + 1))
        yield _action(
            here, f"Add `{{#{suggestion['id']}}}`", [here.text.edit(place, f" {{#{suggestion['id']}}}")], one
        )
    if one.code == "missing-prompt-header" and here.path.suffix.lower() in MARKDOWN:
        tag = here.path.stem
        title = here.root.index.title_around(tag) or "…"
        start = types.Position(line=0, character=0)
        edit = here.text.edit(types.Range(start=start, end=start), f"Examples for [^{tag}] in {title}:\n\n")
        yield _action(here, f"Begin with `Examples for [^{tag}] in {title}:`", [edit], one)


def _former_ids(here: Here, one: types.Diagnostic) -> Iterator[types.CodeAction]:
    """Yield an action that keeps an unknown id as a former id of the suggested one, for ids renamed by hand."""
    unknown, suggestion = _NAME.search(one.message), _SUGGESTION.search(one.message)
    if one.code not in _UNKNOWN or not unknown or not suggestion:
        return
    if edits := former_id_edits(here, suggestion["name"], unknown[1]):
        yield _action(here, f"Keep `{unknown[1]}` as a former id of `{suggestion['name']}`", edits, one)


def _modeline(here: Here) -> Iterator[types.CodeAction]:
    """Yield the line that gives other servers the schema of a file."""
    if not here.text.text.startswith(_MODELINE) and _MODELINE not in here.text.text:
        name = "cases" if here.path in here.root.cases else "annotations"
        start = types.Position(line=0, character=0)
        line = f"{_MODELINE}{_SCHEMA.format(name=name)}\n"
        edit = here.text.edit(types.Range(start=start, end=start), line)
        yield _action(here, "Name the JSON Schema of this file", [edit], None)


def _ignore_comments(here: Here, one: types.Diagnostic) -> Iterator[types.CodeAction]:
    """Yield a comment above the block that silences the finding; its author writes the reason."""
    suffix = here.path.suffix.lower()
    is_prompts = not here.root.source.is_project and here.file.startswith("examples/")
    if one.code in _NO_COMMENT or suffix not in MARKDOWN | RST or is_prompts:
        return
    number = here.text.place(one.range.start)[0]
    for above, lead in _openings(here.lines, number, is_rst=suffix in RST):
        comment = _comment(str(one.code), lead, is_rst=suffix in RST)
        text = [*here.lines[: above - 1], *comment.split("\n")[:-1], *here.lines[above - 1 :]]
        moved = number + comment.count("\n")
        silences = (ignore for ignore in ignores_in(here.file, text) if ignore.code == one.code)
        if any(ignore.span.line == above and ignore.start <= moved < ignore.end for ignore in silences):
            place = here.text.exact_range(Span(here.file, above))
            edit = here.text.edit(place, comment)
            yield _action(here, f"Ignore `{one.code}` here, with a reason", [edit], one)
            return


def _comment(code: str, lead: str, *, is_rst: bool) -> str:
    if is_rst:
        return f"{lead}.. policyspec-ignore: {code} reason\n\n"
    return f"{lead}<!-- policyspec-ignore: {code} reason -->\n"


def _openings(lines: list[str], number: int, *, is_rst: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines, from 1, above which a comment may be, and their indent: of the block, then around it."""
    around = list(_rst_blocks(lines, number) if is_rst else _fences(lines, number))
    # Within a message nothing is a comment; an example is one block with its title.
    outer = next((place for place, line in enumerate(around) if _is_verbatim(lines[line - 1])), None)
    inner = around if outer is None else around[:outer]
    own = number
    while own > 1 and lines[own - 2].strip() and own not in inner and not lines[own - 1].startswith("#"):
        own -= 1
    blocks = [*inner, *([own] if outer is None and own not in inner else [])]
    blocks = blocks or around[:1]
    for line in reversed(blocks):
        text = lines[line - 1] if line <= len(lines) else ""
        above = _title_above(lines, line)
        yield above, text[: len(text) - len(text.lstrip())]


def _is_verbatim(line: str) -> bool:
    return bool(_VERBATIM.search(line)) or "policy:" not in line


def _title_above(lines: list[str], line: int) -> int:
    """Return the title line of an example of the dialect if the line opens its conversation; else the line itself."""
    above = line - 1
    while above > 0 and not lines[above - 1].strip():
        above -= 1
    is_title = above > 0 and lines[above - 1].lstrip().startswith("**Example")
    return above if is_title and "policy:" not in lines[line - 1] and _FENCE.match(lines[line - 1]) else line


def _fences(lines: list[str], number: int) -> list[int]:
    """Return the lines that open the fences around a line, the outermost first; an opening is in its own fence."""
    open_: list[tuple[int, str]] = []
    for at, line in enumerate(lines[:number], 1):
        if (match := _FENCE.match(line)) is None:
            continue
        marks, info = match["marks"], match["info"].strip()
        if not info and (
            within := [
                n for n, one in enumerate(open_) if one[1][0] == marks[0] and len(one[1]) <= len(marks)
            ]
        ):
            if at < number:
                del open_[within[-1] :]
        else:
            open_.append((at, marks))
    return [at for at, _ in open_]


def _rst_blocks(lines: list[str], number: int) -> list[int]:
    """Return the lines of the directives around a line, the outermost first."""
    openings: list[int] = []
    indent = 10**6
    for at in range(number, 0, -1):
        line = lines[at - 1] if at <= len(lines) else ""
        if not line.strip():
            continue
        own = len(line) - len(line.lstrip())
        if (match := _OF_RST.match(line)) and (own < indent or at == number):
            openings.append(at)
        indent = min(indent, own)
        if indent == 0:
            break
        del match
    return openings[::-1]
