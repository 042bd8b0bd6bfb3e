"""What gives a thing another id, at every place of it, and a provision a former one: replacements of spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import PurePath

from sphinx_policyspec.identifiers.directives import directives_in
from sphinx_policyspec.identifiers.index import Index
from sphinx_policyspec.identifiers.sites import RST, TAG, Form, IdSite
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.model.attributes import PROVISIONS

_TAG = re.compile(r"[a-z0-9]{4}")
_NAME = re.compile(r"[^\W\d_][\w.-]{0,199}")
RENAMED = frozenset(TargetKind)
"""Kinds of things whose ids are renamed."""


@dataclass(frozen=True, slots=True)
class SpanEdit:
    """Words that take the place of a span; their lines end with a line feed."""

    span: Span
    text: str


def refusal(index: Index, kind: str, name: str) -> str:
    """Return why a thing gets no other id; empty where it can."""
    if kind not in {*RENAMED, TAG}:
        return f"a {kind} is not renamed here"
    if not any(one.defines and one.form is not Form.ARGUMENT for one in index.of(kind, name)):
        return f"`{name}` is not given in these files: it is made of a title, or has no definition"
    return ""


def name_problem(index: Index, kind: str, name: str, new: str) -> str:
    """Return why a thing cannot get an id; empty where it can."""
    if said := refusal(index, kind, name):
        return said
    if kind == TAG and not _TAG.fullmatch(new):
        return f"`{new}` cannot be an eval tag: it has four of a-z and 0-9"
    if not _NAME.fullmatch(new) and kind != TAG:
        return f"`{new}` cannot be an id: it begins with a letter and has letters, digits, `-`, `_` and `.`"
    if new != name and any(one.defines for one in index.of(kind, new)):
        return f"the {kind} id `{new}` is taken"
    return ""


def rename_edits(index: Index, kind: str, name: str, new: str) -> Iterator[SpanEdit]:
    """Yield what gives a thing a new id; ids of examples that are made of it follow."""
    found = [(one, new) for one in index.of(kind, name) if one.form is not Form.ARGUMENT]
    for (other_kind, other), thing in index.things.items():
        if kind == TargetKind.PROVISION and other_kind == TargetKind.EXAMPLE and thing.made_from == name:
            follows = [one for one in index.of(other_kind, other) if one.form is not Form.ARGUMENT]
            if not any(one.defines for one in follows):
                found += [(one, new + other.removeprefix(name)) for one in follows]
    yield from (SpanEdit(one.span, text) for one, text in found)


def alias_edits(
    index: Index,
    text_of: Callable[[str], str],
    sidecars: Iterable[str],
    site_name: str,
    names: tuple[str, str],
) -> list[SpanEdit]:
    """Return what gives a provision a former id: in the option of its directive, else in an annotation file.

    :param text_of: returns the text of a file
    :param sidecars: annotation files that may be written
    :param site_name: the id as it stands in the texts
    :param names: the id that it has then, and the former one
    """
    sites = index.definitions(TargetKind.PROVISION, site_name)
    found = [
        edit
        for one in sites
        if one.form is Form.OPTION
        for edit in _in_directive(text_of(one.span.file), one, names[1])
    ]
    if not found and any(one.form is Form.HEADING for one in sites):
        for file in sidecars:
            if edit := in_sidecar(file, text_of(file), site_name, *names):
                return [edit]
    return found


def in_sidecar(file: str, text: str, site_name: str, name: str, former: str) -> SpanEdit | None:
    """Return what gives a provision a former id in an annotation file; nothing where its lines are of another form."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    part = next((n for n, line in enumerate(lines) if line.startswith(f"{PROVISIONS.name}:")), None)
    entry = f"  {name}:\n    aliases: [{former}]\n"
    if part is None:
        lead = "" if text.endswith("\n") or not text else "\n"
        return _inserted(file, len(lines), len(lines[-1]) + 1, f"{lead}{PROVISIONS.name}:\n{entry}")
    if lines[part].removeprefix(f"{PROVISIONS.name}:").strip():
        return None
    for number in range(part + 1, len(lines)):
        if lines[number] and not lines[number].startswith((" ", "#")):
            break
        key, colon, rest = lines[number].partition(":")
        lead = key[: len(key) - len(key.lstrip())]
        if not lead or not colon or key.strip(" \"'") != site_name:
            continue
        within = _deeper(lines[number + 1 :], lead)
        aliases = next(((n, one) for n, one in enumerate(within, number + 2) if "aliases:" in one), None)
        if rest.strip():
            return None
        if aliases is None:
            return _inserted(file, number + 2, 1, f"{lead * 2}aliases: [{former}]\n")
        at = aliases[1].rfind("]")
        return _inserted(file, aliases[0], at + 1, f", {former}") if at > 0 else None
    return _inserted(file, part + 2, 1, entry)


def _deeper(lines: Sequence[str], lead: str) -> Iterator[str]:
    """Yield the first of some lines, as long as they are indented further."""
    return takewhile(lambda line: not line.strip() or line.startswith(f"{lead} "), lines)


def _inserted(file: str, line: int, column: int, words: str) -> SpanEdit:
    return SpanEdit(Span(file, line, column, line, column), words)


def _in_directive(text: str, site: IdSite, former: str) -> Iterator[SpanEdit]:
    """Yield what adds a former id to the option of a directive that lists such ids."""
    lines = text.split("\n")
    is_rst = PurePath(site.span.file).suffix.lower() in RST
    for directive in directives_in(lines, is_rst=is_rst):
        if directive.line != site.line:
            continue
        span = replace(site.span, column=1, end_column=1)
        aliases = directive.option("aliases")
        if aliases:
            line, column, piece = aliases.pieces[-1]
            end = column + len(piece.rstrip())
            span = replace(span, line=line, column=end, end_line=line, end_column=end)
            new = f", {former}" if piece.strip() else f" {former}"
        else:
            lead = lines[site.span.line - 1][: site.span.column - 1]
            # The line as that of the id begins, with the other name of an option.
            new = re.sub(r"\bid\b", "aliases", lead, count=1).rstrip() + f" {former}\n"
            below = site.span.line + 1
            span = replace(span, line=below, end_line=below)
        yield SpanEdit(span, new)
