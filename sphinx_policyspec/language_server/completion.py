"""What can stand where somebody types: ids, levels, directives, options and their values, questions, tags, keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsprotocol import types

from sphinx_policyspec.graph.questions import list_questions
from sphinx_policyspec.language_server.directives import directives_in
from sphinx_policyspec.language_server.navigation import Here, about
from sphinx_policyspec.language_server.outline import has_letters
from sphinx_policyspec.language_server.sites import DEFINING, MARKDOWN, ROLES, TAG, YAML
from sphinx_policyspec.model import OverrideMode, TargetKind, Verdict
from sphinx_policyspec.model.attributes import MAPPINGS, kind_named
from sphinx_policyspec.readers.cases import CASE, ITEM, MODES
from sphinx_policyspec.readers.comments import ROLES as SPEAKERS

MOST = 200
"""Items that are offered at once; the client asks again as more is typed."""
TRIGGERS = ("#", "`", ":", "{", "<", "^", " ", "=", ",", "[")
_WORD = r"(?P<typed>[\w.-]*)"
_LINK = re.compile(rf"(?:\]\([ ]?<?|<(?:project:)?|\[)#{_WORD}$")
_AUTHORITY = re.compile(rf"\{{[^{{}}]*\bauthority={_WORD}$")
_ROLE = re.compile(
    r"(?:\{policy:(?P<myst>[\w-]+)\}|:policy:(?P<rst>[\w-]+):)`(?:[^`<]*<)?(?P<typed>[\w. -]*)$"
)
_ROLE_NAME = re.compile(r"(?<![`~:])(?P<open>\{|:)policy:(?P<typed>[\w-]*)$")
_DIRECTIVE = re.compile(r"^[ \t>]*(?:(?:`{3,}|~{3,}|:{3,})\{|\.\.[ ]+)policy:(?P<typed>[\w-]*)$")
_OPTION = re.compile(r"^[ \t>]*:(?P<typed>[\w-]*)$")
_VALUE = re.compile(rf"^[ \t>]*:(?P<name>[\w-]+):[ \t](?:.*[,\s])?{_WORD}$")
_TAG = re.compile(r"\[\^(?P<typed>[a-z0-9]*)$")
_VERDICT = re.compile(r"<!--[ ]?(?P<typed>[A-Z]*)$")
_ARGUMENT = re.compile(r"policy:(?P<name>[\w-]+)(?:\}|::)[ \t]+(?P<typed>[\w-]*)$")
_PARAMETER = re.compile(r"(?:^|[,\s])(?P<name>[\w-]+)=(?P<typed>[\w-]*)$")
_KEY = re.compile(r"^(?P<lead>[ \t]*(?:- )*)(?P<typed>[\w.-]*)$")
_KEY_VALUE = re.compile(rf"(?<![\w-])(?P<key>[\w-]+):[ \t]+(?:\[(?:[^\]\[]*[,\s])?)?{_WORD}$")
_ITEM = re.compile(rf"^(?P<lead>[ \t]*)-[ \t]+{_WORD}$")
_OWNERS = ("principle", "topic", "goal", "level", "clause", "case", "item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can stand there.

    :param detail: a few words about it; what else is known of it is found by ``key``
    """

    name: str
    detail: str = ""
    kind: types.CompletionItemKind = types.CompletionItemKind.Value
    key: tuple[str, str] | None = None
    adds: str = ""


def complete(here: Here, position: types.Position) -> types.CompletionList:
    """Return what can stand at a position."""
    number, column = here.text.place(position)
    before = here.text.line(number)[: column - 1]
    found = (
        _in_yaml(here, number, before)
        if here.path.suffix.lower() in YAML
        else _in_prose(here, number, before)
    )
    typed, offers = found or ("", ())
    wanted = typed.casefold()
    fitting = [
        one
        for one in offers
        if has_letters(wanted, one.name.casefold()) or has_letters(wanted, one.detail.casefold())
    ]
    fitting.sort(key=lambda one: not one.name.casefold().startswith(wanted))
    start = types.Position(
        line=position.line, character=here.text.position(here.text.offset(position) - len(typed)).character
    )
    place = types.Range(start=start, end=position)
    items = [_item(here, one, place, rank) for rank, one in enumerate(fitting[:MOST])]
    return types.CompletionList(is_incomplete=len(fitting) > MOST, items=items)


def _item(here: Here, offer: Offer, place: types.Range, rank: int) -> types.CompletionItem:
    said = about(here.root, *offer.key) if offer.key and rank < MOST // 4 else ""
    return types.CompletionItem(
        label=offer.name,
        detail=offer.detail or None,
        kind=offer.kind,
        filter_text=f"{offer.name} {offer.detail}".strip(),
        sort_text=f"{rank:04}",
        documentation=here.said(said) if said else None,
        text_edit=types.TextEdit(range=place, new_text=offer.name + offer.adds),
    )


_Found = tuple[str, Iterable[Offer]] | None


def _in_prose(here: Here, number: int, before: str) -> _Found:  # noqa: PLR0911 - one for each form
    is_markdown = here.path.suffix.lower() in MARKDOWN
    if match := _ROLE.search(before):
        kind = ROLES.get(match["myst"] or match["rst"], "")
        return match["typed"], _named(here, kind)
    if match := _LINK.search(before):
        return match["typed"], _named(here, TargetKind.PROVISION)
    if match := _TAG.search(before):
        return match["typed"], _tags(here)
    if is_markdown and (match := _AUTHORITY.search(before)):
        return match["typed"], _named(here, TargetKind.LEVEL)
    if match := _VERDICT.search(before):
        return match["typed"], [Offer(name=one.value.upper(), adds=" -->") for one in Verdict]
    if not here.root.directives:
        return None
    return _of_directives(here, number, before)


def _of_directives(here: Here, number: int, before: str) -> _Found:  # noqa: PLR0911 - as above
    """Return what can stand in a directive: only pages of a project have any."""
    known = here.root.directives
    if match := _DIRECTIVE.match(before):
        close = "} " if "{" in before else ":: "
        kind = types.CompletionItemKind.Function
        return match["typed"], [
            Offer(name=n, detail=said, kind=kind, adds=close) for n, (said, _) in known.items()
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
    options = known.get(directive.name, ("", {}))[1]
    if match := _OPTION.match(before):
        given = {one.name for one in directive.options if one.line != number}
        kind = types.CompletionItemKind.Property
        left = [
            Offer(name=n, detail=said, kind=kind, adds=": ") for n, said in options.items() if n not in given
        ]
        return match["typed"], left
    if match := _VALUE.match(before):
        return _values(here, directive.name, directive.argument, match, before)
    return None


def _values(here: Here, directive: str, argument: str, match: re.Match[str], before: str) -> _Found:
    name = match["name"]
    if name == "params":
        return _parameters(here, argument, before)
    if name == "override":
        return match["typed"], [Offer(name=one.value) for one in OverrideMode]
    kind = kind_named(directive, name)
    if kind == "role" or (name, directive) == ("roles", "level"):
        return match["typed"], [Offer(name=one) for one in SPEAKERS]
    if name in {"has", "lacks"}:
        return match["typed"], [Offer(name=one) for one in ("example", "good", "bad", "prompt", "reference")]
    return (match["typed"], _named(here, kind)) if kind else None


def _arguments(directive: str) -> list[Offer]:
    if directive == "message":
        return [Offer(name=one) for one in SPEAKERS]
    if directive == "response":
        return [Offer(name=one.value.lower()) for one in Verdict]
    if directive == "query":
        return [Offer(name=one.name, detail=one.text) for one in list_questions()]
    return []


def _parameters(here: Here, argument: str, before: str) -> _Found:
    """Return the parameters of a question, or values of one."""
    question = next((one for one in list_questions() if one.name == argument.strip()), None)
    if question is None:
        return None
    if match := _PARAMETER.search(before):
        types_of = {one.name: one.type for one in question.parameters}
        kind = {"speaker": TargetKind.LEVEL}.get(
            types_of.get(match["name"], ""), types_of.get(match["name"], "")
        )
        return match["typed"], _named(here, kind)
    typed = re.search(r"(?<![\w-])[\w-]*$", before)
    return (typed[0] if typed else ""), [
        Offer(name=one.name, detail=one.type, adds="=") for one in question.parameters
    ]


def _named(here: Here, kind: str) -> Iterator[Offer]:
    """Yield the things of a kind; published levels need no declaration."""
    for name, title in sorted(here.root.index.names(kind).items()):
        thing = here.root.index.things.get((kind, name))
        level = f" · {thing.level}" if thing and thing.level else ""
        yield Offer(
            name=name, detail=f"{title}{level}", kind=types.CompletionItemKind.Reference, key=(kind, name)
        )


def _tags(here: Here) -> list[Offer]:
    found = {
        site.name: site
        for file in here.root.index.files
        for site in here.root.index.sites(file)
        if site.kind == TAG
    }
    titles = {name: site.title for name, site in found.items()}
    return [
        Offer(name=name, detail=title, key=(TAG, name), adds="]") for name, title in sorted(titles.items())
    ]


# -- YAML -----------------------------------------------------------------------------------


def _in_yaml(here: Here, number: int, before: str) -> _Found:
    lines = here.lines[: number - 1]
    if match := _KEY_VALUE.search(before):
        return _of_key(here, match["key"], match["typed"])
    if match := _ITEM.match(before):
        key = _key_above(lines, len(match["lead"]) + 1)
        found = _of_key(here, key, match["typed"]) if key else None
        if found is not None:
            return found
    if (match := _KEY.match(before)) is None:
        return None
    above = _key_above(lines, len(match["lead"]))
    if above == "provisions":
        return match["typed"], _with_colon(_named(here, TargetKind.PROVISION))
    parts = {part.name: part for part in MAPPINGS}
    if not match["lead"]:
        names = {part.name: part.about for part in MAPPINGS} | {key.name: key.about for key in CASE}
        if any(line.startswith("items:") or line.lstrip("- ").startswith("items:") for line in here.lines):
            names = {key.name: key.about for key in CASE}
    elif above in parts:
        names = {key.name: key.about for key in parts[above].keys}
    elif above == "items":
        names = {key.name: key.about for key in ITEM}
    else:
        names = {key.name: key.about for key in parts["provisions"].keys}
    kind = types.CompletionItemKind.Property
    return match["typed"], [Offer(name=n, detail=said, kind=kind, adds=": ") for n, said in names.items()]


def _with_colon(offers: Iterable[Offer]) -> Iterator[Offer]:
    for one in offers:
        yield Offer(name=one.name, detail=one.detail, kind=one.kind, key=one.key, adds=":")


def _of_key(here: Here, key: str, typed: str) -> _Found:
    if key == "from":
        return typed, [Offer(name=one) for one in SPEAKERS]
    if key == "mode":
        return typed, [Offer(name=one) for one in MODES]
    if key == "override":
        return typed, [Offer(name=one.value) for one in OverrideMode]
    if key == "labels":
        return typed, [Offer(name=one) for one in ("in", "out", "undecided", "not-a-candidate")]
    kind = next((kind for owner in _OWNERS if (kind := kind_named(owner, key)) in {*DEFINING.values()}), "")
    return (typed, _named(here, kind)) if kind else None


def _key_above(lines: list[str], indent: int) -> str:
    """Return the key in whose value a line with an indent stands."""
    for line in reversed(lines):
        text = line.lstrip(" -")
        if not text or text.startswith("#"):
            continue
        if len(line) - len(line.lstrip()) < indent or (indent and not line[:1].isspace() and line[:1] != "-"):
            key, colon, rest = text.partition(":")
            return key if colon and not rest.strip() else ""
    return ""
