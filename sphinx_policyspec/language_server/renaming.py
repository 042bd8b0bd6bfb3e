"""A new id for a thing, at every place of it in all files of the spec."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from lsprotocol import types

from sphinx_policyspec.language_server.directives import directives_in
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.language_server.sites import RST, Form, IdSite
from sphinx_policyspec.model import TargetKind

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
    if not _NAME.fullmatch(name):
        return f"`{name}` cannot be an id: it begins with a letter and has letters, digits, `-`, `_` and `.`"
    if name != site.name and any(one.defines for one in here.root.index.of(site.kind, name)):
        return f"the {site.kind} id `{name}` is taken"
    return ""


def _refused(here: Here, site: IdSite) -> str:
    if site.kind not in RENAMED:
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
        for one in index.definitions(site.kind, site.name):
            _keep_alias(here, one, edits)
    return edits


def _keep_alias(here: Here, site: IdSite, edits: Edits) -> None:
    """Add the former id to the option of a directive that lists such ids."""
    path = here.root.path_of(site.span.file)
    text = here.text_of(path)
    if site.form is not Form.OPTION:
        return
    for directive in directives_in(text.text.split("\n"), is_rst=path.suffix.lower() in RST):
        if directive.line != site.line:
            continue
        span = replace(site.span, column=1, end_column=1)
        aliases = directive.option("aliases")
        if aliases:
            line, column, piece = aliases.pieces[-1]
            end = column + len(piece.rstrip())
            span = replace(span, line=line, column=end, end_line=line, end_column=end)
            new = f", {site.name}" if piece.strip() else f" {site.name}"
        else:
            lead = text.line(site.span.line)[: site.span.column - 1]
            # The line as that of the id begins, with the other name of an option.
            new = re.sub(r"\bid\b", "aliases", lead, count=1).rstrip() + f" {site.name}\n"
            below = site.span.line + 1
            span = replace(span, line=below, end_line=below)
        edits.setdefault(path, []).append(types.TextEdit(range=text.exact_range(span), new_text=new))
