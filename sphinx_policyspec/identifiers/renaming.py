"""What gives a thing another id, at every place of it, and a provision a former one: replacements of spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.identifiers.directives import directives_in
from sphinx_policyspec.identifiers.index import Index
from sphinx_policyspec.identifiers.sites import RST, TAG, Form, IdSite
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.model.attributes import PROVISIONS
from sphinx_policyspec.readers.judgements import plain_or_quoted
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_TAG = re.compile(r"[a-z0-9]{4}")
_NAME = re.compile(r"[^\W\d_][\w.-]{0,199}")
_PROMPTS = "examples"
"""The folder of files of prompts."""
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
    if said := form_problem(kind, new):
        return said
    # A file of prompts is called as its tag, also one in which no tag is read.
    is_file = kind == TAG and any(
        PurePath(file).parts[-2:] == (_PROMPTS, f"{new}.md") for file in index.files
    )
    if new != name and (is_file or any(one.defines for one in index.of(kind, new))):
        return f"the {kind} id `{new}` is taken"
    return ""


def form_problem(kind: str, new: str) -> str:
    """Return why nothing of a kind can have an id, whatever else there is; empty where it can."""
    if kind == TAG and not _TAG.fullmatch(new):
        return f"`{new}` cannot be an eval tag: it has four of a-z and 0-9"
    if not _NAME.fullmatch(new) and kind != TAG:
        return f"`{new}` cannot be an id: it begins with a letter and has letters, digits, `-`, `_` and `.`"
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
    """Return what gives a provision a former id in an annotation file, in the style in which that is written.

    There is nothing where the file is no YAML, or other parts of it refer to the place by an anchor.
    """
    source = text.removeprefix("\ufeff")
    try:
        root = YamlReader(file).compose(source)
    except AnnotationError:
        return None
    names = (PROVISIONS.name, plain_or_quoted(name), "aliases")
    found = _with_former(
        source, root, (PROVISIONS.name, site_name, "aliases"), names, plain_or_quoted(former)
    )
    if found is None:
        return None
    start, end = (_place(text, offset + len(text) - len(source)) for offset in found[:2])
    return SpanEdit(Span(file, *start, *end), found[2])


def _place(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column of what stands behind so many characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


_Replaced = tuple[int, int, str]
"""Where a text begins and ends that is replaced, and by what."""


def _with_former(
    text: str, root: yaml.Node | None, path: tuple[str, ...], names: tuple[str, ...], former: str
) -> _Replaced | None:
    """Return the edit that puts an id into the list to which some keys lead.

    :param path: the keys as they stand in the text
    :param names: the keys as they are written where they are missing
    """
    if root is None or (_is_null(root) and root.start_mark.index == root.end_mark.index):
        lead = "" if text.endswith("\n") or not text else "\n"
        return len(text), len(text), f"{lead}{_block(names, former, '')}\n"
    node = root
    for depth, key in enumerate(path):
        if _is_null(node):
            return _instead(text, node, _flow(names[depth:], former))
        if not isinstance(node, yaml.MappingNode):
            return None
        pair = next((one for one in node.value if one[0].value == key), None)
        if pair is None:
            return _added(text, node, names[depth:], former)
        if pair[1].start_mark.index < pair[0].end_mark.index:
            # It stands at an anchor, and is part of other things, too.
            return None
        node = pair[1]
    return _instead(text, node, f"[{former}]") if _is_null(node) else _listed(text, node, former)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _flow(names: tuple[str, ...], former: str) -> str:
    """Return keys, each below the one before, in one line."""
    return f"{{{names[0]}: {_flow(names[1:], former)}}}" if names else f"[{former}]"


def _block(names: tuple[str, ...], former: str, indent: str) -> str:
    """Return keys, each in a line below the one before."""
    lines = (f"{'  ' * depth}{name}:" for depth, name in enumerate(names))
    return f"\n{indent}".join(lines) + f" [{former}]"


def _instead(text: str, node: yaml.Node, words: str) -> _Replaced | None:
    """Return the edit that writes something where nothing stands behind a key."""
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        behind = len(text[:start].rstrip())
        return (behind, behind, f" {words}") if text[:behind].endswith(":") else None
    return start, end, words


def _added(text: str, node: yaml.MappingNode, names: tuple[str, ...], former: str) -> _Replaced | None:
    """Return the edit that adds keys to a mapping, as its first ones."""
    start = node.start_mark.index
    if node.flow_style:
        more = ", " if node.value else ""
        words = f"{names[0]}: {_flow(names[1:], former)}{more}"
        return (start + 1, start + 1, words) if text[start : start + 1] == "{" else None
    first: int = node.value[0][0].start_mark.index
    lead = text[text.rfind("\n", 0, first) + 1 : first]
    return None if lead.strip() else (first, first, f"{_block(names, former, lead)}\n{lead}")


def _listed(text: str, node: yaml.Node, former: str) -> _Replaced | None:
    """Return the edit that adds an id to a list, or to a text that stands for a list of one."""
    start, end = node.start_mark.index, node.end_mark.index
    sign = text[start : start + 1]
    if isinstance(node, yaml.ScalarNode):
        return None if sign in "|>&!" else (start, end, f"[{text[start:end]}, {former}]")
    if not isinstance(node, yaml.SequenceNode):
        return None
    if not node.flow_style:
        lead = " " * node.start_mark.column
        return (start, start, f"- {former}\n{lead}") if sign == "-" else None
    if sign != "[":
        return None
    return start + 1, start + 1, f"{former}{', ' if node.value else ''}"


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
