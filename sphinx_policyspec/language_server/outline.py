"""The outline of a file, its lenses and inlay hints; and the things of the whole workspace by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

import yaml
from lsprotocol import types

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.identifiers.sites import TAG, Form, IdSite
from sphinx_policyspec.language_server.navigation import Here, counts
from sphinx_policyspec.language_server.places import Text
from sphinx_policyspec.language_server.roots import Root
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_LONGEST = 200
"""The most characters of a name."""
MOST = 200
"""The most symbols of a workspace that are returned at once."""
_CACHED_FILES = 2**9
"""Case files whose names are cached: a client asks again with each letter."""
_KINDS = {
    TargetKind.PROVISION: types.SymbolKind.Class,
    TargetKind.EXAMPLE: types.SymbolKind.Event,
    TargetKind.LEVEL: types.SymbolKind.EnumMember,
    TargetKind.TOPIC: types.SymbolKind.Namespace,
    TargetKind.GOAL: types.SymbolKind.Interface,
    TargetKind.DEFINITION: types.SymbolKind.Constant,
}


def symbols(here: Here) -> list[types.DocumentSymbol]:
    """Return the definitions of a file in order, examples within their principle; of a case file, cases and items."""
    if here.path in here.root.cases:
        return [*_cases(here)]
    top_level: list[types.DocumentSymbol] = []
    definitions = _definitions(here)
    for number, site in enumerate(definitions):
        later = definitions[number + 1 :]
        if site.kind == TargetKind.PROVISION:
            later = [one for one in later if one.kind != TargetKind.EXAMPLE]
        end = later[0].line if later else len(here.lines) + 1
        symbol = _symbol(here, site, end)
        is_within = (
            site.kind == TargetKind.EXAMPLE and top_level and top_level[-1].detail != TargetKind.EXAMPLE
        )
        (top_level[-1].children if is_within else top_level).append(symbol)  # type: ignore[union-attr]  # each has a list
    return top_level


def _definitions(here: Here) -> list[IdSite]:
    """Return the definitions of a file, each thing once, by line; in the dialect only the spec knows the examples."""
    index, file = here.root.index, here.file
    sites = [
        site
        for site in index.sites(file)
        if site.defines and site.form is not Form.ALIAS and site.kind in _KINDS
    ]
    keys = {(site.kind, site.name) for site in sites}
    examples = [
        site
        for key, thing in index.things.items()
        if thing.kind == TargetKind.EXAMPLE and key not in keys
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
    """Yield the cases of a file, each with its items."""
    # What a YAML alias repeats is listed only once, where it is first.
    seen: set[int] = set()
    for node, name, about in _case_nodes(here.file, here.text.text, seen):
        case = _of_node(here, node, name, about, types.SymbolKind.Event)
        items = _once(_sequence(dict(_values(node)).get("items")), seen)
        case.children = [_of_item(here, item, place) for place, item in enumerate(items, 1)]
        yield case


def _case_nodes(file: str, text: str, seen: set[int]) -> Iterator[tuple[yaml.Node, str, str]]:
    """Yield the cases of a text, each with its name and subject; none while the text is not valid YAML."""
    try:
        documents = YamlReader(file).compose_all(text)
    except AnnotationError:
        return
    for document in documents:
        for number, node in enumerate(_once(_sequence(document) or [document], seen), 1):
            texts = _texts(node)
            about = texts.get("about", "")
            yield node, texts.get("title") or about or f"case {number}", about


@lru_cache(maxsize=_CACHED_FILES)
def _case_names(file: str, text: str) -> tuple[tuple[str, str, int], ...]:
    """Return the name of each case of a text, its subject, and its line, from 0."""
    nodes = _case_nodes(file, text, set())
    return tuple((name.strip()[:_LONGEST] or "?", about, node.start_mark.line) for node, name, about in nodes)


def _of_item(here: Here, node: yaml.Node, place: int) -> types.DocumentSymbol:
    texts = _texts(node)
    speaker = texts.get("principle") or texts.get("from") or texts.get("level", "")
    return _of_node(here, node, texts.get("id") or f"item {place}", speaker, types.SymbolKind.Field)


def _sequence(node: yaml.Node | None) -> list[yaml.Node]:
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


def workspace_symbols(
    roots: Iterable[Root], query: str, text_of: Callable[[Path], Text], uri_of: Callable[[Path], str]
) -> list[types.WorkspaceSymbol]:
    """Return the things and cases of all roots whose ids or titles have the letters of a query in its order.

    :param text_of: returns the text of any file
    :param uri_of: returns its address
    """
    return [*islice(_symbols_of(roots, query.casefold()[:100], text_of, uri_of), MOST)]


def _symbols_of(
    roots: Iterable[Root], wanted: str, text_of: Callable[[Path], Text], uri_of: Callable[[Path], str]
) -> Iterator[types.WorkspaceSymbol]:
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
            # Only the line: two hundred files are not read for a list.
            yield _listed_symbol(
                thing.title or name, name, _KINDS[TargetKind(kind)], uri_of(path), site.span.line - 1
            )
        for path in sorted(root.cases):
            for title, about, line in _case_names(root.name_of(path), text_of(path).text):
                if has_letters(wanted, title.casefold()):
                    yield _listed_symbol(title, about, types.SymbolKind.Event, uri_of(path), line)


def _listed_symbol(
    name: str, container: str, kind: types.SymbolKind, uri: str, line: int
) -> types.WorkspaceSymbol:
    start = types.Position(line=line, character=0)
    place = types.Location(uri=uri, range=types.Range(start=start, end=start))
    return types.WorkspaceSymbol(name=name, container_name=container or None, kind=kind, location=place)


def has_letters(wanted: str, text: str) -> bool:
    """Return whether a text has some letters in their order, with anything between them."""
    letters = iter(text)
    return all(letter in letters for letter in wanted)


def lenses(here: Here) -> list[types.CodeLens]:
    """Return lenses above each principle with its numbers of references, examples and prompts."""
    result = []
    for site in _definitions(here):
        thing = here.root.index.things.get((site.kind, site.name))
        if site.kind != TargetKind.PROVISION or site.form is Form.LABEL or thing is None or not thing.level:
            continue
        place = here.text.exact_range(Span(here.file, site.line))
        title = counts(here.root, thing, site.kind, site.name)
        result.append(types.CodeLens(range=place, command=types.Command(title=title, command="")))
    return result


def inlay_hints(here: Here, wanted: types.Range) -> list[types.InlayHint]:
    """Return the level of each principle that a part of a file refers to, as a hint after the reference."""
    result = []
    for site in here.root.index.sites(here.file):
        if site.defines or site.kind != TargetKind.PROVISION:
            continue
        thing = here.root.index.things.get((site.kind, site.name))
        if thing is None or not thing.level:
            continue
        end = here.text.exact_range(site.span).end
        if wanted.start.line <= end.line <= wanted.end.line:
            result.append(
                types.InlayHint(position=end, label=thing.level, padding_left=True, tooltip=thing.title)
            )
    return result


def links(here: Here) -> list[types.DocumentLink]:
    """Return links from the eval tags of a file to their prompt files."""
    result = []
    for site in here.root.index.sites(here.file):
        target = next((one for one in here.root.index.of(TAG, site.name) if one.defines), None)
        if site.kind == TAG and not site.defines and target is not None:
            path = here.root.path_of(target.span.file)
            result.append(
                types.DocumentLink(range=here.text.exact_range(site.span), target=here.uri_of(path))
            )
    return result
