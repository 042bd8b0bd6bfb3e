"""What a file holds, as an outline, lenses and hints in the text; and the things of the whole workspace by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import yaml
from lsprotocol import types

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.identifiers.sites import TAG, Form, IdSite
from sphinx_policyspec.language_server.navigation import Here, counts
from sphinx_policyspec.language_server.places import uri_of
from sphinx_policyspec.language_server.roots import Root
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_LONGEST = 200
"""Characters of a name."""
MOST = 200
"""Symbols of a workspace that are returned at once."""
_KINDS = {
    TargetKind.PROVISION: types.SymbolKind.Class,
    TargetKind.EXAMPLE: types.SymbolKind.Event,
    TargetKind.LEVEL: types.SymbolKind.EnumMember,
    TargetKind.TOPIC: types.SymbolKind.Namespace,
    TargetKind.GOAL: types.SymbolKind.Interface,
    TargetKind.DEFINITION: types.SymbolKind.Constant,
}


def symbols(here: Here) -> list[types.DocumentSymbol]:
    """Return what is defined in a file, in order, examples within the principle that they stand in; of cases their items."""
    if here.path in here.root.cases:
        return [*_cases(here)]
    found: list[types.DocumentSymbol] = []
    defined = _defined(here)
    for number, site in enumerate(defined):
        later = defined[number + 1 :]
        if site.kind == TargetKind.PROVISION:
            later = [one for one in later if one.kind != TargetKind.EXAMPLE]
        end = later[0].line if later else len(here.lines) + 1
        symbol = _symbol(here, site, end)
        is_within = site.kind == TargetKind.EXAMPLE and found and found[-1].detail != TargetKind.EXAMPLE
        (found[-1].children if is_within else found).append(symbol)  # type: ignore[union-attr]  # each has a list
    return found


def _defined(here: Here) -> list[IdSite]:
    """Return what is defined in a file, each thing once, by line; in the dialect the spec alone knows the examples."""
    index, file = here.root.index, here.file
    sites = [
        site
        for site in index.sites(file)
        if site.defines and site.form is not Form.ALIAS and site.kind in _KINDS
    ]
    known = {(site.kind, site.name) for site in sites}
    examples = [
        site
        for key, thing in index.things.items()
        if thing.kind == TargetKind.EXAMPLE and key not in known
        for site in index.definitions(*key)
        if site.span.file == file
    ]
    return sorted([*sites, *examples], key=lambda site: site.line)


def _symbol(here: Here, site: IdSite, end: int) -> types.DocumentSymbol:
    start = Span(here.file, site.line, 1, max(end, site.line + 1), 1)
    whole, name = here.text.exact_range(start), here.text.range_of(site.span)
    if not _within(name, whole):
        name = types.Range(start=whole.start, end=whole.start)
    return types.DocumentSymbol(
        name=site.title or site.name,
        detail=site.kind if site.kind == TargetKind.EXAMPLE else site.name,
        kind=_KINDS[TargetKind(site.kind)],
        range=whole,
        selection_range=name,
        children=[],
    )


def _cases(here: Here) -> Iterator[types.DocumentSymbol]:
    """Yield the cases of a file, each with its items; none of one that is no YAML at the moment."""
    try:
        documents = YamlReader(here.file).compose_all(here.text.text)
    except AnnotationError:
        return
    # What stands there by an alias stands elsewhere.
    seen: set[int] = set()
    for document in documents:
        for number, node in enumerate(_once(_listed(document) or [document], seen), 1):
            said = _texts(node)
            name = said.get("title") or said.get("about") or f"case {number}"
            case = _of_node(here, node, name, said.get("about", ""), types.SymbolKind.Event)
            items = _once(_listed(dict(_values(node)).get("items")), seen)
            case.children = [_of_item(here, item, place) for place, item in enumerate(items, 1)]
            yield case


def _of_item(here: Here, node: yaml.Node, place: int) -> types.DocumentSymbol:
    said = _texts(node)
    speaker = said.get("principle") or said.get("from") or said.get("level", "")
    return _of_node(here, node, said.get("id") or f"item {place}", speaker, types.SymbolKind.Field)


def _listed(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _once(nodes: Iterable[yaml.Node], seen: set[int]) -> Iterator[yaml.Node]:
    for node in nodes:
        if id(node) not in seen:
            seen.add(id(node))
            yield node


def _values(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield str(key.value), value


def _texts(node: yaml.Node) -> dict[str, str]:
    return {name: str(one.value) for name, one in _values(node) if isinstance(one, yaml.ScalarNode)}


def _of_node(
    here: Here, node: yaml.Node, name: str, detail: str, kind: types.SymbolKind
) -> types.DocumentSymbol:
    start, end = node.start_mark, node.end_mark
    whole = here.text.exact_range(
        Span(here.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
    )
    first = types.Range(start=whole.start, end=whole.start)
    return types.DocumentSymbol(
        name=name.strip()[:_LONGEST] or "?",
        detail=detail,
        kind=kind,
        range=whole,
        selection_range=first,
        children=[],
    )


def _within(inner: types.Range, outer: types.Range) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def workspace_symbols(roots: Iterable[Root], query: str) -> list[types.WorkspaceSymbol]:
    """Return the things of all roots whose ids or titles have the letters of a query in its order."""
    wanted = query.casefold()[:100]
    found: list[types.WorkspaceSymbol] = []
    for root in roots:
        for (kind, name), thing in root.index.things.items():
            if kind not in _KINDS or not (
                has_letters(wanted, name.casefold()) or has_letters(wanted, thing.title.casefold())
            ):
                continue
            sites = root.index.definitions(kind, name)
            if not sites:
                continue
            site = sites[0]
            path = root.path_of(site.span.file)
            # The line alone: the texts of two hundred files are not read for a list.
            start = types.Position(line=site.span.line - 1, character=0)
            place = types.Range(start=start, end=start)
            found.append(
                types.WorkspaceSymbol(
                    name=thing.title or name,
                    container_name=name,
                    kind=_KINDS[TargetKind(kind)],
                    location=types.Location(uri=uri_of(path), range=place),
                )
            )
            if len(found) == MOST:
                return found
    return found


def has_letters(wanted: str, text: str) -> bool:
    """Return whether a text has some letters in their order, whatever stands between them."""
    letters = iter(text)
    return all(letter in letters for letter in wanted)


def lenses(here: Here) -> list[types.CodeLens]:
    """Return above each principle how often it is referred to, and how many examples and prompts it has."""
    found = []
    for site in _defined(here):
        thing = here.root.index.things.get((site.kind, site.name))
        if site.kind != TargetKind.PROVISION or site.form is Form.LABEL or thing is None or not thing.level:
            continue
        place = here.text.exact_range(Span(here.file, site.line))
        title = counts(here.root, thing, site.kind, site.name)
        found.append(types.CodeLens(range=place, command=types.Command(title=title, command="")))
    return found


def inlay_hints(here: Here, wanted: types.Range) -> list[types.InlayHint]:
    """Return the level of each principle that a part of a file refers to, behind the reference."""
    found = []
    for site in here.root.index.sites(here.file):
        if site.defines or site.kind != TargetKind.PROVISION:
            continue
        thing = here.root.index.things.get((site.kind, site.name))
        if thing is None or not thing.level:
            continue
        end = here.text.exact_range(site.span).end
        if wanted.start.line <= end.line <= wanted.end.line:
            found.append(
                types.InlayHint(position=end, label=thing.level, padding_left=True, tooltip=thing.title)
            )
    return found


def links(here: Here) -> list[types.DocumentLink]:
    """Return the prompt files of the eval tags of a file."""
    found = []
    for site in here.root.index.sites(here.file):
        target = next((one for one in here.root.index.of(TAG, site.name) if one.defines), None)
        if site.kind == TAG and not site.defines and target is not None:
            path = here.root.path_of(target.span.file)
            found.append(types.DocumentLink(range=here.text.exact_range(site.span), target=uri_of(path)))
    return found
