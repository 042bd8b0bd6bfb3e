"""A new id for a thing, at each of its places in all files of the spec, as edits for an editor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types

from sphinx_policyspec.identifiers import renaming
from sphinx_policyspec.identifiers.renaming import SpanEdit
from sphinx_policyspec.identifiers.sites import TAG
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.model import TargetKind

Edits = dict[Path, list[types.TextEdit]]


def rename_placeholder(here: Here, position: types.Position) -> types.PrepareRenamePlaceholder | None:
    """Return the id that can be renamed at a position; none if the id comes from a title, or nobody may choose it."""
    site = here.own_site(position)
    if site is None or renaming.refusal(here.root.index, site.kind, site.name):
        return None
    return types.PrepareRenamePlaceholder(range=here.text.exact_range(site.span), placeholder=site.name)


def problem(here: Here, position: types.Position, name: str) -> str:
    """Return why the id at a position cannot get a new name; empty if it can."""
    if (site := here.own_site(position)) is None:
        return "there is no id here"
    return renaming.name_problem(here.root.index, site.kind, site.name, name)


def rename_edits(here: Here, position: types.Position, name: str, *, keeps_alias: bool = False) -> Edits:
    """Return the edits that give a thing a new id, by file; ids of examples that contain it change too.

    :param keeps_alias: whether the old id of a provision is kept as a former one
    """
    site = here.own_site(position)
    if site is None or site.name == name:
        return {}
    span_edits = [*renaming.rename_edits(here.root.index, _text_of(here), site.kind, site.name, name)]
    if keeps_alias and site.kind == TargetKind.PROVISION:
        span_edits += _former_id_span_edits(here, site.name, (name, site.name))
    return _edits(here, span_edits)


def alias_problem(here: Here, position: types.Position, name: str) -> str:
    """Return why a renamed id cannot be kept as a former id; empty if it can, or need not be kept."""
    site = here.own_site(position)
    if site is None or site.name == name or site.kind != TargetKind.PROVISION:
        return ""
    is_back = bool(renaming.former_sites(here.root.index, site.kind, site.name, name))
    if is_back or _former_id_span_edits(here, site.name, (name, site.name)):
        return ""
    return f"`{site.name}` is not kept as a former id: no annotation file of this spec has a place that could be given one"


def file_renames(here: Here, position: types.Position, name: str) -> dict[Path, Path]:
    """Return the new paths of files by old path: a prompt file is named after its eval tag."""
    site = here.own_site(position)
    if site is None or site.kind != TAG or site.name == name:
        return {}
    files = {here.root.path_of(one.span.file) for one in here.root.index.of(TAG, site.name) if one.defines}
    return {path: path.with_name(f"{name}{path.suffix}") for path in files if path.stem == site.name}


def former_id_edits(here: Here, name: str, former: str) -> Edits:
    """Return the edits that give a provision a former id: in its directive, else in an annotation file."""
    return _edits(here, _former_id_span_edits(here, name, (name, former)))


def _former_id_span_edits(here: Here, site_name: str, names: tuple[str, str]) -> list[SpanEdit]:
    sidecars = map(here.root.name_of, here.root.sidecars)
    return renaming.alias_edits(here.root.index, _text_of(here), sidecars, site_name, names)


def _text_of(here: Here) -> Callable[[str], str]:
    return lambda file: here.text_of(here.root.path_of(file)).text


def _edits(here: Here, span_edits: Iterable[SpanEdit]) -> Edits:
    """Return replacements of spans as edits, by file."""
    edits: Edits = {}
    for one in span_edits:
        path = here.root.path_of(one.span.file)
        text = here.text_of(path)
        edits.setdefault(path, []).append(text.edit(text.exact_range(one.span), one.text))
    return edits
