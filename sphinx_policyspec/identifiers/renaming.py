"""What gives a thing another id, at every place of it, and a provision a former one: replacements of spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.identifiers.directives import Directive, directives_in
from sphinx_policyspec.identifiers.index import Index
from sphinx_policyspec.identifiers.sites import ID_WORD, RST, TAG, YAML, Form, IdSite
from sphinx_policyspec.identifiers.yaml_lists import Replaced, with_value, without_value
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.model.attributes import PROVISIONS
from sphinx_policyspec.readers.judgements import plain_or_quoted
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_TAG = re.compile(r"[a-z0-9]{4}")
_NAME = re.compile(r"[^\W\d_][\w.-]{0,199}")
_ALIASES = "aliases"
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
    own = former_sites(index, kind, name, new)
    if new != name and (is_file or any(one.defines and one not in own for one in index.of(kind, new))):
        return f"the {kind} id `{new}` is taken"
    return ""


def former_sites(index: Index, kind: str, name: str, former: str) -> list[IdSite]:
    """Return where a provision has an id already, as a former one."""
    sites = index.of(kind, former) if kind == TargetKind.PROVISION else []
    return [one for one in sites if one.form is Form.ALIAS and one.owner == name]


def form_problem(kind: str, new: str) -> str:
    """Return why nothing of a kind can have an id, whatever else there is; empty where it can."""
    if kind == TAG and not _TAG.fullmatch(new):
        return f"`{new}` cannot be an eval tag: it has four of a-z and 0-9"
    if not _NAME.fullmatch(new) and kind != TAG:
        return f"`{new}` cannot be an id: it begins with a letter and has letters, digits, `-`, `_` and `.`"
    return ""


def rename_edits(
    index: Index, text_of: Callable[[str], str], kind: str, name: str, new: str
) -> Iterator[SpanEdit]:
    """Yield what gives a thing a new id; ids of examples that are made of it follow.

    A provision that gets a former id back has it no more as such, and neither those that it had since.

    :param text_of: returns the text of a file
    """
    found = [(one, new) for one in index.of(kind, name) if one.form is not Form.ARGUMENT]
    for (other_kind, other), thing in index.things.items():
        if kind == TargetKind.PROVISION and other_kind == TargetKind.EXAMPLE and thing.made_from == name:
            follows = [one for one in index.of(other_kind, other) if one.form is not Form.ARGUMENT]
            if not any(one.defines for one in follows):
                found += [(one, new + other.removeprefix(name)) for one in follows]
    back = [*_taken_back(former_sites(index, kind, name, new), text_of)]
    # An entry that goes needs no other id.
    gone = [edit.span for edit in back]
    yield from (SpanEdit(one.span, text) for one, text in found if not any(_holds(g, one.span) for g in gone))
    yield from back


def _holds(span: Span, other: Span) -> bool:
    begins, ends = (span.file, span.line, span.column), (span.file, span.end_line, span.end_column)
    return begins <= (other.file, other.line, other.column) < ends


def _taken_back(sites: Iterable[IdSite], text_of: Callable[[str], str]) -> Iterator[SpanEdit]:
    """Yield what takes former ids out again, each with those that came after it."""
    done = set()
    for site in sites:
        file, text = site.span.file, text_of(site.span.file)
        if (file, site.line) in done:
            continue
        done.add((file, site.line))
        if PurePath(file).suffix.lower() not in YAML:
            yield from _out_of_directive(text, site)
        elif edit := out_of_sidecar(file, text, site.owner, site.name):
            yield edit


def alias_edits(
    index: Index,
    text_of: Callable[[str], str],
    sidecars: Iterable[str],
    site_name: str,
    names: tuple[str, str],
) -> list[SpanEdit]:
    """Return what gives a provision a former id: in the option of its directive, else in an annotation file.

    There is nothing where the provision gets a former id back: that takes a change of its id back, and makes none.

    :param text_of: returns the text of a file
    :param sidecars: annotation files that may be written
    :param site_name: the id as it stands in the texts
    :param names: the id that it has then, and the former one
    """
    if former_sites(index, TargetKind.PROVISION, site_name, names[0]):
        return []
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
    names = (PROVISIONS.name, plain_or_quoted(name), _ALIASES)
    path, told = (PROVISIONS.name, site_name, _ALIASES), plain_or_quoted(former)
    return _in_yaml(file, text, lambda source, root: with_value(source, root, path, names, told))


def out_of_sidecar(file: str, text: str, name: str, former: str) -> SpanEdit | None:
    """Return what takes a former id of a provision, and those since, out of an annotation file."""
    path = (PROVISIONS.name, name, _ALIASES)
    return _in_yaml(file, text, lambda source, root: without_value(source, root, path, former))


def _in_yaml(
    file: str, text: str, edit: Callable[[str, yaml.Node | None], Replaced | None]
) -> SpanEdit | None:
    source = text.removeprefix("\ufeff")
    try:
        root = YamlReader(file).compose(source)
    except AnnotationError:
        return None
    if (found := edit(source, root)) is None:
        return None
    start, end = (_place(text, offset + len(text) - len(source)) for offset in found[:2])
    return SpanEdit(Span(file, *start, *end), found[2])


def _place(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column of what is after so many characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _in_directive(text: str, site: IdSite, former: str) -> Iterator[SpanEdit]:
    """Yield what adds a former id to the option of a directive that lists such ids."""
    lines = text.split("\n")
    for directive in _directives_at(lines, site):
        if aliases := directive.option(_ALIASES):
            line, column, piece = aliases.pieces[-1]
            end = column + len(piece.rstrip())
            new = f", {former}" if piece.strip() else f" {former}"
        else:
            line, end = site.span.line, len(lines[site.span.line - 1].rstrip("\r")) + 1
            lead = lines[line - 1][: site.span.column - 1]
            # The line as that of the id begins, with the other name of an option.
            new = "\n" + re.sub(r"\bid\b", _ALIASES, lead, count=1).rstrip() + f" {former}"
        yield SpanEdit(Span(site.span.file, line, end, line, end), new)


def _out_of_directive(text: str, site: IdSite) -> Iterator[SpanEdit]:
    """Yield what takes a former id, and those behind it, out of the option of a directive, or the option with it."""
    lines = text.split("\n")
    for directive in _directives_at(lines, site):
        if (aliases := directive.option(_ALIASES)) is None:
            continue
        line, column, piece = aliases.pieces[-1]
        last = line, column + len(piece.rstrip())
        kept = (aliases.line - 1, len(lines[aliases.line - 2].rstrip("\r")) + 1)
        for number, at, words in aliases.pieces:
            for word in ID_WORD.finditer(words):
                if word[0] == site.name:
                    yield SpanEdit(Span(site.span.file, *kept, *last), "")
                    return
                kept = number, at + word.end()


def _directives_at(lines: list[str], site: IdSite) -> Iterator[Directive]:
    is_rst = PurePath(site.span.file).suffix.lower() in RST
    return (one for one in directives_in(lines, is_rst=is_rst) if one.line == site.line)
