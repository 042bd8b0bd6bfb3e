"""Completions: ids, levels, directives, options and their values, questions, tags and keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from lsprotocol import types

from sphinx_policyspec.graph.questions import list_questions
from sphinx_policyspec.identifiers.directives import directives_in, is_unread
from sphinx_policyspec.identifiers.sites import DEFINING, MARKDOWN, ROLES, TAG, YAML
from sphinx_policyspec.identifiers.yaml_files import YamlFile
from sphinx_policyspec.language_server.navigation import Here, about
from sphinx_policyspec.language_server.outline import has_letters
from sphinx_policyspec.model import OverrideMode, TargetKind, Verdict
from sphinx_policyspec.model.attributes import (
    CLAUSES,
    MAPPINGS,
    PROVISIONS,
    SidecarPart,
    kind_of_names,
    wants_principle,
)
from sphinx_policyspec.model.feedback import FeedbackKind, FeedbackStatus
from sphinx_policyspec.readers.cases import CASE, DELEGATES, EXPECT, ITEM, MODES, SEMANTICS, CaseKey
from sphinx_policyspec.readers.comments import ROLES as SPEAKERS
from sphinx_policyspec.readers.feedback import FEEDBACK, REGISTER

MOST = 200
"""The most items that are offered at once; the client asks again as more is typed."""
TRIGGERS = ("#", "`", ":", "{", "<", "^", " ", "=", ",", "[")
_WORD = r"(?P<typed>[\w.-]*)"
_LINK = re.compile(rf"(?:\]\([ ]?<?|<(?:project:)?|\[)#{_WORD}$")
_AUTHORITY = re.compile(rf"\{{[^{{}}]*\bauthority={_WORD}$")
_ROLE = re.compile(
    r"(?:\{policy:(?P<myst>[\w-]+)\}|:policy:(?P<rst>[\w-]+):)`(?:[^`<]*<)?(?P<typed>[\w. -]*)$"
)
_COUNT = re.compile(r"(?:\{policy:count\}|:policy:count:)`(?P<question>[^`<]*)(?P<given><[^`>]*)?$")
_CLAUSE = re.compile(
    r"(?:\{policy:clause\}|:policy:clause:)`[^`<]*<(?:[^`>]*,[ ]*)?(?:(?P<key>level|permits-by)=)?(?P<typed>[\w-]*)$"
)
_ROLE_NAME = re.compile(r"(?<![`~:])(?P<open>\{|:)policy:(?P<typed>[\w-]*)$")
_DIRECTIVE = re.compile(r"^[ \t>]*(?:(?:`{3,}|~{3,}|:{3,})\{|\.\.[ ]+)policy:(?P<typed>[\w-]*)$")
_OPTION = re.compile(r"^[ \t>]*:(?P<typed>[\w-]*)$")
_VALUE = re.compile(rf"^[ \t>]*:(?P<name>[\w-]+):[ \t](?:.*[,\s])?{_WORD}$")
_BLOCK_OPTION = re.compile(r"^[ \t>]*(?P<typed>[\w-]*)$")
_BLOCK_VALUE = re.compile(rf"^[ \t>]*(?P<name>[\w-]+):[ \t](?:.*[,\s\[])?{_WORD}$")
"""Options as YAML between lines of ``---``."""
_TAG = re.compile(r"\[\^(?P<typed>[a-z0-9]*)$")
_VERDICT = re.compile(r"<!--[ ]?(?P<typed>[A-Z]*)$")
_ARGUMENT = re.compile(r"policy:(?P<name>[\w-]+)(?:\}|::)[ \t]+(?P<typed>[\w-]*)$")
_PARAMETER = re.compile(r"(?:^|[,\s])(?P<name>[\w-]+)=(?P<typed>[\w-]*)$")
_KEY = re.compile(r"^(?P<lead>[ \t]*(?:- )*)(?P<typed>[\w.-]*)$")
_KEY_VALUE = re.compile(rf"(?<![\w-])(?P<key>[\w-]+):[ \t]+(?:\[(?:[^\]\[]*[,\s])?)?{_WORD}$")
_ITEM = re.compile(rf"^(?P<lead>[ \t]*)-[ \t]+{_WORD}$")
_OF_SIDECARS = ("principle", "topic", "goal", "level", "clause")
_OF_CASES = ("case", "item")
"""Owners of the keys of a case file, as :func:`kind_of_names` calls them."""
_OWNERS: Mapping[YamlFile, tuple[str, ...]] = MappingProxyType(
    {YamlFile.SIDECAR: _OF_SIDECARS, YamlFile.REGISTER: ("record",)}
)
_LABELS = ("in", "out", "undecided", "not-a-candidate")
_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"from": SPEAKERS, "mode": MODES, "override": tuple(one.value for one in OverrideMode), "labels": _LABELS}
)
_RECORD_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"kind": tuple(one.value for one in FeedbackKind), "status": tuple(one.value for one in FeedbackStatus)}
)
"""The possible values of keys, by key."""


class Sections(StrEnum):
    """How sections are offered where ids of provisions are."""

    BEHIND = "behind"
    """They are offered after principles."""
    SPARE = "spare"
    """They are offered if no principle fits the typed letters."""
    NEVER = "never"
    """Only a principle can be there."""


def _sections(owner: str, key: str) -> Sections:
    return Sections.NEVER if wants_principle(owner, key) else Sections.SPARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A completion that is offered.

    :param detail: a few words about it; further documentation is found by ``key``
    :param adds: text that is inserted after the name
    :param is_behind: whether it comes after the others
    :param is_spare: whether it is left out if another one fits
    """

    name: str
    detail: str = ""
    kind: types.CompletionItemKind = types.CompletionItemKind.Value
    key: tuple[str, str] | None = None
    adds: str = ""
    is_behind: bool = False
    is_spare: bool = False

    @property
    def search_texts(self) -> tuple[str, ...]:
        """The texts that it is found by: its name and, for a thing, its title; the meaning of a key matches too much."""
        return (self.name, self.detail) if self.key else (self.name,)


def complete(here: Here, position: types.Position) -> types.CompletionList:
    """Return the completions for a position."""
    number, column = here.text.place(position)
    before = here.text.line(number)[: column - 1]
    completion = (
        _in_yaml(here, number, before)
        if here.path.suffix.lower() in YAML
        else _in_prose(here, number, before)
    )
    typed, offers = completion or ("", ())
    wanted = typed.casefold()
    fitting = [
        one for one in offers if any(has_letters(wanted, text.casefold()) for text in one.search_texts)
    ]
    fitting = [one for one in fitting if not one.is_spare] or fitting
    fitting.sort(key=lambda one: (one.is_behind, not one.name.casefold().startswith(wanted)))
    start = types.Position(
        line=position.line, character=here.text.position(here.text.offset(position) - len(typed)).character
    )
    place = types.Range(start=start, end=position)
    items = [_item(here, one, place, rank) for rank, one in enumerate(fitting[:MOST])]
    return types.CompletionList(is_incomplete=len(fitting) > MOST, items=items)


def _item(here: Here, offer: Offer, place: types.Range, rank: int) -> types.CompletionItem:
    documentation = about(here.root, *offer.key) if offer.key and rank < MOST // 4 else ""
    return types.CompletionItem(
        label=offer.name,
        detail=offer.detail or None,
        kind=offer.kind,
        filter_text=" ".join(offer.search_texts),
        sort_text=f"{rank:04}",
        documentation=here.markup(documentation) if documentation else None,
        text_edit=types.TextEdit(range=place, new_text=offer.name + offer.adds),
    )


_Completion = tuple[str, Iterable[Offer]] | None


def _in_prose(here: Here, number: int, before: str) -> _Completion:  # noqa: PLR0911 - one for each form
    is_markdown = here.path.suffix.lower() in MARKDOWN
    if is_unread(here.lines, number, before, is_rst=here.is_rst):
        return None
    if (completion := _in_role(here, before)) is not None:
        return completion
    if is_markdown and before.count("`") % 2 and not before.lstrip(" \t>").startswith("```"):
        # Inside code nothing is completed.
        return None
    if match := _LINK.search(before):
        return match["typed"], _things_of_kind(here, TargetKind.PROVISION)
    if match := _TAG.search(before):
        return match["typed"], _tags(here)
    if is_markdown and (match := _AUTHORITY.search(before)):
        return match["typed"], _things_of_kind(here, TargetKind.LEVEL)
    if match := _VERDICT.search(before):
        return match["typed"], [Offer(name=one.value.upper(), adds=" -->") for one in Verdict]
    if not here.root.directives:
        return None
    return _of_directives(here, number, before)


def _in_role(here: Here, before: str) -> _Completion:
    """Return the completions for the text of a role."""
    if match := _COUNT.search(before):
        if match["given"]:
            return _parameters(here, match["question"], before)
        return match["question"], _questions()
    if match := _CLAUSE.search(before):
        keys = [Offer(name="level", adds="="), Offer(name="permits-by", adds="=")]
        return match["typed"], _things_of_kind(here, TargetKind.LEVEL) if match["key"] else keys
    if match := _ROLE.search(before):
        kind = ROLES.get(match["myst"] or match["rst"], "")
        return match["typed"], _things_of_kind(here, kind, Sections.SPARE)
    return None


def _of_directives(here: Here, number: int, before: str) -> _Completion:  # noqa: PLR0911 - as above
    """Return the completions for a directive; only pages of a project have directives."""
    directives = here.root.directives
    if match := _DIRECTIVE.match(before):
        close = "} " if "{" in before else ":: "
        kind = types.CompletionItemKind.Function
        return match["typed"], [
            Offer(name=n, detail=detail, kind=kind, adds=close) for n, (detail, _) in directives.items()
        ]
    if match := _ROLE_NAME.search(before):
        close = "}`" if match["open"] == "{" else ":`"
        kind = types.CompletionItemKind.Function
        names = (*ROLES, "clause", "count")
        return match["typed"], [
            Offer(name=name, detail=ROLES.get(name, ""), kind=kind, adds=close) for name in names
        ]
    if match := _ARGUMENT.search(before):
        return match["typed"], _arguments(match["name"])
    directive = next(
        (
            one
            for one in directives_in(here.lines, is_rst=here.is_rst)
            if one.line < number <= max(one.options_end, one.line + 1)
        ),
        None,
    )
    if directive is None:
        return None
    options = directives.get(directive.name, ("", {}))[1]
    is_block = not here.is_rst and here.lines[directive.line].strip(" \t>") == "---"
    if match := (_BLOCK_OPTION if is_block else _OPTION).match(before):
        present = {one.name for one in directive.options if one.line != number}
        kind = types.CompletionItemKind.Property
        remaining = [
            Offer(name=n, detail=detail, kind=kind, adds=": ")
            for n, detail in options.items()
            if n not in present
        ]
        return match["typed"], remaining
    if match := (_BLOCK_VALUE if is_block else _VALUE).match(before):
        return _values(here, directive.name, directive.argument, match, before)
    return None


def _values(here: Here, directive: str, argument: str, match: re.Match[str], before: str) -> _Completion:
    name = match["name"]
    if name == "params":
        return _parameters(here, argument, before)
    if name == "override":
        return match["typed"], [Offer(name=one.value) for one in OverrideMode]
    kind = kind_of_names(directive, name)
    if kind == "role" or (name, directive) == ("roles", "level"):
        return match["typed"], [Offer(name=one) for one in SPEAKERS]
    if name in {"has", "lacks"}:
        return match["typed"], [Offer(name=one) for one in ("example", "good", "bad", "prompt", "reference")]
    return (match["typed"], _things_of_kind(here, kind, _sections(directive, name))) if kind else None


def _arguments(directive: str) -> list[Offer]:
    if directive == "message":
        return [Offer(name=one) for one in SPEAKERS]
    if directive == "response":
        return [Offer(name=one.value.lower()) for one in Verdict]
    return _questions() if directive == "query" else []


def _questions() -> list[Offer]:
    return [Offer(name=one.name, detail=one.text) for one in list_questions()]


def _parameters(here: Here, argument: str, before: str) -> _Completion:
    """Return the parameters of a question, or values of one."""
    question = next((one for one in list_questions() if one.name == argument.strip()), None)
    if question is None:
        return None
    if match := _PARAMETER.search(before):
        types_of = {one.name: one.type for one in question.parameters}
        kind = {"speaker": TargetKind.LEVEL}.get(
            types_of.get(match["name"], ""), types_of.get(match["name"], "")
        )
        return match["typed"], _things_of_kind(here, kind)
    typed = re.search(r"(?<![\w-])[\w-]*$", before)
    return (typed[0] if typed else ""), [
        Offer(name=one.name, detail=one.type, adds="=") for one in question.parameters
    ]


def _things_of_kind(here: Here, kind: str, sections: Sections = Sections.BEHIND) -> Iterator[Offer]:
    """Yield offers of the things of a kind; published levels need no declaration."""
    for name, title in sorted(here.root.index.names(kind).items()):
        is_section = here.root.index.is_section(kind, name)
        if is_section and sections is Sections.NEVER:
            continue
        thing = here.root.index.things.get((kind, name))
        level = f" · {thing.level}" if thing and thing.level else ""
        yield Offer(
            name=name,
            detail=f"{title}{level}",
            kind=types.CompletionItemKind.Reference,
            key=(kind, name),
            is_behind=is_section,
            is_spare=is_section and sections is Sections.SPARE,
        )


def _tags(here: Here) -> list[Offer]:
    sites = {
        site.name: site
        for file in here.root.index.files
        for site in here.root.index.sites(file)
        if site.kind == TAG
    }
    titles = {name: site.title for name, site in sites.items()}
    return [
        Offer(name=name, detail=title, key=(TAG, name), adds="]") for name, title in sorted(titles.items())
    ]


# -- YAML -----------------------------------------------------------------------------------


def _in_yaml(here: Here, number: int, before: str) -> _Completion:
    """Return the completions for a YAML file, by its purpose; none if it is not one of ours."""
    kind = here.root.yaml_of(here.path, here.text.text)
    if kind in {YamlFile.OTHER, YamlFile.OVERLAY}:
        return None
    lines = here.lines[: number - 1]
    if match := _KEY_VALUE.search(before):
        lead = len(before) - len(before.lstrip(" -"))
        return _of_key(here, kind, [*_keys_around(lines, lead), match["key"]], match["typed"])
    if match := _ITEM.match(before):
        around = _keys_around(lines, len(match["lead"]), in_list=True)
        if completion := _of_key(here, kind, around, match["typed"]):
            return completion
    if (match := _KEY.match(before)) is None:
        return None
    dash = match["lead"].find("-")
    around = _keys_around(lines, len(match["lead"]) if dash < 0 else dash, in_list=dash >= 0)
    if kind not in {YamlFile.CASES, YamlFile.REGISTER} and around == [PROVISIONS.name]:
        return match["typed"], _with_colon(_things_of_kind(here, TargetKind.PROVISION, Sections.SPARE))
    names = {} if kind is YamlFile.SIDECAR else _case_keys(around)
    if kind is YamlFile.REGISTER:
        is_record = not around or around in ([key.name] for key in REGISTER)
        names = {key.name: key.about for key in FEEDBACK if is_record}
    if kind is YamlFile.SIDECAR or (kind is YamlFile.NEW and here.text.text.strip() == match["typed"]):
        names |= _sidecar_keys(around)
    kind_of_item = types.CompletionItemKind.Property
    return match["typed"], [
        Offer(name=n, detail=detail, kind=kind_of_item, adds=": ") for n, detail in names.items()
    ]


def _sidecar_keys(around: list[str]) -> dict[str, str]:
    """Return the keys that an annotation file has at a place, with their meaning.

    :param around: the keys in whose values the place is, the outermost first
    """
    parts = {part.name: part for part in MAPPINGS}
    match around:
        case []:
            return {name: part.about for name, part in parts.items()}
        case [PROVISIONS.name, _]:
            return _keys_of(PROVISIONS)
        case [PROVISIONS.name, _, CLAUSES.name]:
            return _keys_of(CLAUSES)
        case [name] if name in parts:
            return _keys_of(parts[name])
    return {}


def _keys_of(part: SidecarPart) -> dict[str, str]:
    return {key.name: key.about for key in part.keys} | {inner.name: inner.about for inner in part.parts}


_CASE_PARTS: Mapping[tuple[str, ...], tuple[CaseKey, ...]] = MappingProxyType(
    {
        (): CASE,
        ("items",): ITEM,
        ("items", "delegates"): DELEGATES,
        ("semantics",): SEMANTICS,
        ("expect",): EXPECT,
    }
)


def _case_keys(around: list[str]) -> dict[str, str]:
    return {key.name: key.about for key in _CASE_PARTS.get(tuple(around), ())}


def _with_colon(offers: Iterable[Offer]) -> Iterator[Offer]:
    yield from (replace(one, adds=":") for one in offers)


def _of_key(here: Here, kind: YamlFile, around: list[str], typed: str) -> _Completion:
    """Return the completions for the value of the innermost key."""
    key = around[-1] if around else ""
    values = _RECORD_VALUES if kind is YamlFile.REGISTER else _VALUES
    if lone := values.get("labels" if "labels" in around else key):
        return typed, [Offer(name=one) for one in lone]
    if kind is YamlFile.SIDECAR and around[:-1] in (["priorities"], []) and key in {"goals", "priorities"}:
        return typed, _things_of_kind(here, TargetKind.GOAL)
    for owner in _OWNERS.get(kind, _OF_CASES):
        if (target := kind_of_names(owner, key)) in {*DEFINING.values()}:
            return typed, _things_of_kind(here, target, _sections(owner, key))
    return None


def _keys_around(lines: list[str], indent: int, *, in_list: bool = False) -> list[str]:
    """Return the keys whose values contain the next line after some lines, the outermost first.

    :param indent: the column, from 0, at which the next line begins
    :param in_list: whether it begins a list item: the key of the list may be at the same column
    """
    keys: list[str] = []
    for line in reversed(lines):
        text = line.lstrip(" -")
        if not text or text.startswith("#"):
            continue
        dash, column = len(line) - len(line.lstrip(" ")), len(line) - len(text)
        is_item = line[dash : dash + 1] == "-"
        key, colon, rest = text.partition(":")
        if column < indent or (in_list and column == indent and not is_item):
            if not colon or rest.strip():
                break
            keys.append(key.strip("\"'"))
            indent, in_list = (dash, True) if is_item else (column, False)
        elif column == indent and is_item and not in_list:
            indent, in_list = dash, True
    return keys[::-1]
