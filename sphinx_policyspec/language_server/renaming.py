"""A new id for a thing, at every place of it in all files of the spec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from lsprotocol import types

from sphinx_policyspec.language_server.directives import directives_in
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.language_server.places import Text
from sphinx_policyspec.language_server.sites import RST, TAG, Form, IdSite
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.model.attributes import PROVISIONS

_TAG = re.compile(r"[a-z0-9]{4}")
_NAME = re.compile(r"[^\W\d_][\w.-]{0,199}")
RENAMED = frozenset(TargetKind)
"""Kinds of things whose ids are renamed."""

Edits = dict[Path, list[types.TextEdit]]


def placed(here: Here, position: types.Position) -> types.PrepareRenamePlaceholder | None:
    """Return the id that can be renamed at a position; none where an id is made of a title, or is nobody's to choose."""
    site = here.site(position)
    if site is None or _refused(here, site):
        return None
    return types.PrepareRenamePlaceholder(range=here.text.exact_range(site.span), placeholder=site.name)


def problem(here: Here, position: types.Position, name: str) -> str:
    """Return why what stands at a position cannot get a name; empty where it can."""
    if (site := here.site(position)) is None:
        return "no id stands here"
    if said := _refused(here, site):
        return said
    if site.kind == TAG and not _TAG.fullmatch(name):
        return f"`{name}` cannot be an eval tag: it has four of a-z and 0-9"
    if not _NAME.fullmatch(name) and site.kind != TAG:
        return f"`{name}` cannot be an id: it begins with a letter and has letters, digits, `-`, `_` and `.`"
    if name != site.name and any(one.defines for one in here.root.index.of(site.kind, name)):
        return f"the {site.kind} id `{name}` is taken"
    return ""


def _refused(here: Here, site: IdSite) -> str:
    if site.kind not in {*RENAMED, TAG}:
        return f"a {site.kind} is not renamed here"
    written = [
        one
        for one in here.root.index.of(site.kind, site.name)
        if one.defines and one.form is not Form.ARGUMENT
    ]
    if not written:
        return f"`{site.name}` is not given in these files: it is made of a title, or has no definition"
    return ""


def renamed(here: Here, position: types.Position, name: str, *, keeps_alias: bool = False) -> Edits:
    """Return the edits that give a thing a new id, by file; ids of examples that are made of it follow.

    :param keeps_alias: whether the id of a principle that a directive declares stays as a former one
    """
    site = here.site(position)
    if site is None or site.name == name:
        return {}
    index = here.root.index
    found = [(one, name) for one in index.of(site.kind, site.name) if one.form is not Form.ARGUMENT]
    for (kind, other), thing in index.things.items():
        if site.kind == TargetKind.PROVISION and kind == TargetKind.EXAMPLE and thing.made_from == site.name:
            follows = [one for one in index.of(kind, other) if one.form is not Form.ARGUMENT]
            if not any(one.defines for one in follows):
                found += [(one, name + other.removeprefix(site.name)) for one in follows]
    edits: Edits = {}
    for one, new in found:
        path = here.root.path_of(one.span.file)
        edits.setdefault(path, []).append(
            types.TextEdit(range=here.text_of(path).exact_range(one.span), new_text=new)
        )
    if keeps_alias and site.kind == TargetKind.PROVISION:
        for path, more in _kept(here, site.name, name, site.name).items():
            edits.setdefault(path, []).extend(more)
    return edits


def moved(here: Here, position: types.Position, name: str) -> dict[Path, Path]:
    """Return the files that get another name with what stands at a position: that of a file of prompts is its eval tag."""
    site = here.site(position)
    if site is None or site.kind != TAG or site.name == name:
        return {}
    files = {here.root.path_of(one.span.file) for one in here.root.index.of(TAG, site.name) if one.defines}
    return {path: path.with_name(f"{name}{path.suffix}") for path in files if path.stem == site.name}


def kept_alias(here: Here, name: str, former: str) -> Edits:
    """Return the edits by which a provision has a former id: in the option of its directive, else in an annotation file."""
    return _kept(here, name, name, former)


def _kept(here: Here, site_name: str, name: str, former: str) -> Edits:
    """Return these edits.

    :param site_name: the id as it stands in the texts
    :param name: the id that it has then
    """
    sites = here.root.index.definitions(TargetKind.PROVISION, site_name)
    edits: Edits = {}
    for one in sites:
        if one.form is Form.OPTION:
            _in_directive(here, one, former, edits)
    if not edits and any(one.form is Form.HEADING for one in sites):
        for path in here.root.sidecars:
            if edit := in_sidecar(here.text_of(path), site_name, name, former):
                return {path: [edit]}
    return edits


def in_sidecar(text: Text, site_name: str, name: str, former: str) -> types.TextEdit | None:
    """Return the edit of an annotation file that gives a provision a former id; nothing where its lines are of another form."""
    lines = [line.rstrip("\r") for line in text.text.split("\n")]
    part = next((n for n, line in enumerate(lines) if line.startswith(f"{PROVISIONS.name}:")), None)
    entry = f"  {name}:\n    aliases: [{former}]\n"
    if part is None:
        lead = "" if text.text.endswith("\n") or not text.text else "\n"
        return _inserted(text, len(lines), len(lines[-1]) + 1, f"{lead}{PROVISIONS.name}:\n{entry}")
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
            return _inserted(text, number + 2, 1, f"{lead * 2}aliases: [{former}]\n")
        at = aliases[1].rfind("]")
        return _inserted(text, aliases[0], at + 1, f", {former}") if at > 0 else None
    return _inserted(text, part + 2, 1, entry)


def _deeper(lines: list[str], lead: str) -> Iterator[str]:
    """Yield the first of some lines, as long as they are indented further."""
    return takewhile(lambda line: not line.strip() or line.startswith(f"{lead} "), lines)


def _inserted(text: Text, line: int, column: int, words: str) -> types.TextEdit:
    return text.edit(text.exact_range(Span(text.file, line, column, line, column)), words)


def _in_directive(here: Here, site: IdSite, former: str, edits: Edits) -> None:
    """Add a former id to the option of a directive that lists such ids."""
    path = here.root.path_of(site.span.file)
    text = here.text_of(path)
    for directive in directives_in(text.text.split("\n"), is_rst=path.suffix.lower() in RST):
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
            lead = text.line(site.span.line)[: site.span.column - 1]
            # The line as that of the id begins, with the other name of an option.
            new = re.sub(r"\bid\b", "aliases", lead, count=1).rstrip() + f" {former}\n"
            below = site.span.line + 1
            span = replace(span, line=below, end_line=below)
        edits.setdefault(path, []).append(text.edit(text.exact_range(span), new))
