"""Where ids are in a text, line by line: what defines a thing, and what refers to one.

Nothing is parsed, so that it works on a text that is being typed. What a spec says is read by the readers alone; a test
holds the places here to the references of the model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.identifiers.directives import Directive, directives_in
from sphinx_policyspec.identifiers.yaml_files import (
    RECORD_KEYS,
    YamlFile,
    file_with,
    items_of,
    keys_of,
    scalars_of,
)
from sphinx_policyspec.model import Span, TargetKind
from sphinx_policyspec.model.attributes import PROVISIONS, kind_of_names
from sphinx_policyspec.readers.feedback import record_nodes
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.readers.proposals import edit_blocks
from sphinx_policyspec.readers.yaml_nodes import YamlReader

TAG, QUESTION = "tag", "question"
"""Kinds of things that are no targets of references: eval tags and named questions."""
DEFINING: Mapping[str, str] = MappingProxyType(
    {
        "principle": TargetKind.PROVISION,
        "example": TargetKind.EXAMPLE,
        "topic": TargetKind.TOPIC,
        "goal": TargetKind.GOAL,
        "level": TargetKind.LEVEL,
        "definition": TargetKind.DEFINITION,
    }
)
"""What each directive that gives an id defines."""
ROLES: Mapping[str, str] = MappingProxyType(
    {("term" if name == "definition" else name): kind for name, kind in DEFINING.items()}
)
"""What each role refers to."""
MARKDOWN, RST, YAML = (
    frozenset({".md", ".markdown"}),
    frozenset({".rst", ".txt"}),
    frozenset({".yaml", ".yml"}),
)
SUFFIXES = MARKDOWN | RST | YAML


class Form(StrEnum):
    """How an id is written where it is."""

    HEADING = "heading"
    OPTION = "option"
    ARGUMENT = "argument"
    """A title from which an id is made: the id itself is nowhere."""
    LABEL = "label"
    LINK = "link"
    ROLE = "role"
    VERDICT = "verdict"
    TAG = "tag"
    KEY = "key"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdSite:
    """An id in a text.

    :param kind: of the thing that it names: a :class:`TargetKind`, ``role``, ``category``, ``tag`` or ``question``
    :param span: of the id alone
    :param defines: whether the thing is defined here, be it under a former id
    :param line: where that which defines it begins
    :param title: of a thing that is defined, as it stands there
    :param owner: of a former id, that which its thing has now
    """

    kind: str
    name: str
    span: Span
    form: Form
    defines: bool = False
    line: int = 0
    title: str = ""
    owner: str = ""


ID_WORD = re.compile(r"[^\s,;\[\]\"']+")
"""An id in an option that lists several."""
_LINK = re.compile(
    r"\]\([ \t]{0,9}<?[^\s()<>#:]{0,300}#(?P<id>[^\s()<>\"]{1,300})>?|<(?:project:)?#(?P<auto>[^\s<>\"]{1,300})>"
)
_VERDICT = re.compile(r"\[#(?P<id>[\w.:-]{1,200})\]")
_TAG = re.compile(r"\[\^(?P<id>[a-z0-9]{4})\](?![:(])")
_CODE = re.compile(r"(?<!`)(?P<ticks>`{1,3})(?!`)[^\n]{0,500}?(?<!`)(?P=ticks)(?!`)|\\.")
_HEADING = re.compile(
    r"#{1,6}[ \t](?P<title>.{0,2000}?)[ \t]*\{[ \t]*#(?P<id>[\w.:-]{1,200})(?P<rest>[^{}]{0,500})\}[ \t]*"
)
_AUTHORITY = re.compile(r"\bauthority=(?P<id>[\w.:-]{1,200})")
_ITEM_LEVEL = re.compile(
    r"[ \t]*(?:[-*]|\d+\.)[ \t].{0,2000}\{[^{}]{0,200}\bauthority=(?P<id>[\w.:-]{1,200})[^{}]{0,200}\}"
)
_LABEL_MYST = re.compile(r"\((?P<id>[^()\s]{1,200})\)=[ \t]*")
_LABEL_RST = re.compile(r"\.\. _(?P<id>[^:`]{1,200}|`[^`]{1,200}`):[ \t]*")
_ROLE_MYST = re.compile(r"\{policy:(?P<role>[\w-]+)\}`(?P<text>[^`]{1,500})`")
_ROLE_RST = re.compile(r":policy:(?P<role>[\w-]+):`(?P<text>[^`]{1,500})`")
_IN_ROLE = re.compile(r"<(?P<id>[^<>]{1,300})>[ \t]*$")
_GIVEN = re.compile(r"\b(?P<name>level|permits-by)[ \t]*=[ \t]*(?P<id>[^\s,<>]+)")
_PROMPTS = re.compile(r"Examples for \[\^(?P<id>[^\]]{1,80})\] in (?P<title>.*)")
_CLOSING = re.compile(r"[ \t>]*(?:`{3,}|~{3,}|:{3,})[ \t]*")
_NOT_ID = re.compile(r"[^a-z0-9]+")
_NO_START = re.compile(r"^[-0-9]+|-+$")
_ALIASES, _ID = "aliases", "id"


def sites_in(file: str, text: str) -> tuple[IdSite, ...]:
    """Return the ids in a text, in the order in which they are; none in a file of another kind."""
    if text.startswith("\ufeff"):
        return tuple(map(_behind_mark, sites_in(file, text[1:])))
    suffix = PurePath(file).suffix.lower()
    if suffix in YAML:
        found = list(_in_yaml(file, text))
    elif suffix in SUFFIXES:
        found = list(_in_prose(file, text.split("\n"), is_rst=suffix in RST))
        found += _in_head(file, text) if suffix in MARKDOWN else ()
    else:
        found = []
    # What is at an anchor of YAML is part of several things, and has one place.
    first: dict[tuple[Span, str], IdSite] = {}
    for site in sorted(found, key=lambda site: (site.span, site.kind, not site.defines)):
        first.setdefault((site.span, site.kind), site)
    return tuple(first.values())


def _behind_mark(site: IdSite) -> IdSite:
    """Return an id of a text that begins with a mark of its encoding."""
    span = site.span
    return (
        replace(site, span=replace(span, column=span.column + 1, end_column=span.end_column + 1))
        if span.line == 1
        else site
    )


def _in_prose(file: str, lines: Sequence[str], *, is_rst: bool) -> Iterator[IdSite]:
    for directive in directives_in(lines, is_rst=is_rst):
        yield from _of_directive(file, directive, lines)
        if directive.name == "case":
            yield from _in_case(file, directive, lines, is_rst=is_rst)
    line_sites = _in_rst_line if is_rst else _in_markdown_line
    for number, line in enumerate(lines, 1):
        # Most lines hold none of the signs that every form has one of.
        if (
            "#" in line
            or "policy:" in line
            or "[^" in line
            or "authority=" in line
            or ")=" in line
            or "_" in line[:8]
        ):
            yield from line_sites(file, number, line)


def _in_rst_line(file: str, number: int, line: str) -> Iterator[IdSite]:
    yield from _roles(file, number, line, _ROLE_RST)
    if label := _LABEL_RST.fullmatch(line.strip(" \t")):
        at = line.index(label["id"])
        yield _site(file, number, at, label["id"].strip("`"), TargetKind.PROVISION, Form.LABEL, defines=True)
    # Conversations are in Markdown, in pages of any markup.
    yield from _found(file, number, line, _LINK, TargetKind.PROVISION, Form.LINK)
    yield from _found(file, number, line, _VERDICT, TargetKind.PROVISION, Form.VERDICT)


def _in_markdown_line(file: str, number: int, line: str) -> Iterator[IdSite]:
    if prompts := _PROMPTS.match(line):
        yield _site(
            file,
            number,
            prompts.start("id"),
            prompts["id"],
            TAG,
            Form.HEADING,
            defines=True,
            title=prompts["title"],
        )
        return
    if heading := _HEADING.fullmatch(line.rstrip("\r")):
        title, at = heading["title"], heading.start("id")
        yield _site(
            file, number, at, heading["id"], TargetKind.PROVISION, Form.HEADING, defines=True, title=title
        )
    if "authority=" in line and (heading or _ITEM_LEVEL.match(line)):
        yield from _found(file, number, line, _AUTHORITY, TargetKind.LEVEL, Form.HEADING)
    if label := _LABEL_MYST.fullmatch(line.rstrip("\r")):
        at = label.start("id")
        yield _site(file, number, at, label["id"], TargetKind.PROVISION, Form.LABEL, defines=True)
    yield from _roles(file, number, line, _ROLE_MYST)
    shown = line
    if "`" in line or "\\" in line:
        shown = _CODE.sub(_blank, _ROLE_MYST.sub(_blank, line))
    yield from _found(file, number, shown, _LINK, TargetKind.PROVISION, Form.LINK)
    yield from _found(file, number, shown, _VERDICT, TargetKind.PROVISION, Form.VERDICT)
    yield from _found(file, number, shown, _TAG, TAG, Form.TAG)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _found(  # noqa: PLR0917 - as below
    file: str, number: int, line: str, pattern: re.Pattern[str], kind: str, form: Form
) -> Iterator[IdSite]:
    for match in pattern.finditer(line):
        group = match.lastgroup or "id"
        yield _site(file, number, match.start(group), match[group], kind, form)


def _roles(file: str, number: int, line: str, pattern: re.Pattern[str]) -> Iterator[IdSite]:
    for match in pattern.finditer(line) if "policy:" in line else ():
        role, text = match["role"], match["text"]
        if role == "clause":
            for given in _GIVEN.finditer(text):
                at = match.start("text") + given.start("id")
                yield _site(file, number, at, given["id"], TargetKind.LEVEL, Form.ROLE)
        elif kind := ROLES.get(role):
            named = _IN_ROLE.search(text)
            at = match.start("text") + (named.start("id") if named else 0)
            name = named["id"] if named else text
            blanks = len(name) - len(name.lstrip(" !~"))
            yield _site(file, number, at + blanks, name[blanks:].rstrip(), kind, Form.ROLE)


def _of_directive(file: str, directive: Directive, lines: Sequence[str]) -> Iterator[IdSite]:
    kind, given = DEFINING.get(directive.name), directive.option(_ID)
    own = given.value if given else ""
    if kind is not None:
        title = directive.argument or _title_above(lines, directive.line)
        if given and own:
            line, column, _ = given.pieces[0]
            site = _site(file, line, column - 1, own, kind, Form.OPTION, defines=True, title=title)
            yield replace(site, line=directive.line)
        elif title:
            own = name = _made(title) if directive.name == "principle" else slug(title)
            end = len(directive.argument) or 1
            span = Span(file, directive.line, directive.column, directive.line, directive.column + end)
            yield IdSite(
                kind=kind,
                name=name,
                span=span,
                form=Form.ARGUMENT,
                defines=True,
                line=directive.line,
                title=title,
            )
    if directive.name == "query" and (name := directive.argument.split(" ")[0]):
        yield _site(file, directive.line, directive.column - 1, name, QUESTION, Form.ARGUMENT)
    for option in directive.options:
        named_kind = (
            TargetKind.PROVISION if option.name == _ALIASES else kind_of_names(directive.name, option.name)
        )
        for line, column, text in option.pieces if named_kind else ():
            for word in ID_WORD.finditer(text):
                at = column - 1 + word.start()
                site = _site(file, line, at, word[0], named_kind, Form.OPTION)
                yield _as_alias(site, own, directive.line) if option.name == _ALIASES else site


def _in_case(file: str, directive: Directive, lines: Sequence[str], *, is_rst: bool) -> Iterator[IdSite]:
    """Yield the ids in the case that a directive holds."""
    first = directive.options_end - 1
    end = first
    while end < len(lines):
        line = lines[end]
        is_outside = line.strip() and len(line) - len(line.lstrip()) <= len(directive.indent)
        if is_outside if is_rst else _CLOSING.fullmatch(line):
            break
        end += 1
    content = lines[first:end]
    indent = min((len(line) - len(line.lstrip()) for line in content if line.strip()), default=0)
    for site in _in_yaml(file, "\n".join(line[indent:] for line in content)):
        at = site.span
        span = Span(file, at.line + first, at.column + indent, at.end_line + first, at.end_column + indent)
        yield replace(site, span=span, line=site.line + first)


def _title_above(lines: Sequence[str], line: int) -> str:
    """Return the heading above a directive, from 1: in reStructuredText the line above its signs."""
    for number in range(line - 2, max(line - 40, -1), -1):
        text = lines[number]
        if text.startswith("#"):
            return text.lstrip("#").strip()
        if number and len(text) > 2 and len({*text.strip()}) == 1 and not text.strip()[0].isalnum():  # noqa: PLR2004
            return lines[number - 1].strip()
    return ""


def _made(title: str) -> str:
    """Return the id that docutils makes of a title."""
    bare = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return _NO_START.sub("", _NOT_ID.sub("-", " ".join(bare.split())))


def _site(  # noqa: PLR0917 - the place, and what stands there
    file: str,
    line: int,
    at: int,
    name: str,
    kind: str,
    form: Form,
    *,
    defines: bool = False,
    title: str = "",
) -> IdSite:
    span = Span(file, line, at + 1, line, at + 1 + len(name))
    return IdSite(kind=kind, name=name, span=span, form=form, defines=defines, line=line, title=title)


# -- YAML -----------------------------------------------------------------------------------


_LISTED = {"topics": TargetKind.TOPIC, "goals": TargetKind.GOAL, "levels": TargetKind.LEVEL}
"""What the items of a list in an annotation file define."""
_OWNER = {"topics": "topic", "goals": "goal", "levels": "level"}


_IN_EDIT = frozenset({"provision", "move", "after", "in", "rename", "remove"})
"""Keys of an edit that name a provision which is there."""
_HEAD = re.compile(r"---[ \t]*\r?\n(?P<yaml>.{0,20000}?\n)---[ \t]*(?:\r?\n|$)", re.DOTALL)


def _in_head(file: str, text: str) -> Iterator[IdSite]:
    """Yield the provisions that the head of a record of a decision names, and those in the edits of a proposal."""
    head = _HEAD.match(text.removeprefix("\ufeff"))
    if head is None:
        return
    lines = text.split("\n")
    # Blank lines above make the lines those of the file.
    blocks = [f"\n{head['yaml']}"] if "provisions" in head["yaml"] or "edits" in head["yaml"] else []
    for start, end in edit_blocks(lines, head["yaml"].count("\n") + 2) if "edits:" in text else ():
        blocks.append("\n" * start + "\n".join(lines[start:end]))
    for block in blocks:
        try:
            keys = keys_of(YamlReader(PurePath(file).name).compose(block))
        except AnnotationError:
            continue
        named = [keys["provisions"][1]] if "provisions" in keys else []
        for edit in items_of(keys["edits"][1]) if "edits" in keys else ():
            told = keys_of(edit)
            added = keys_of(told["add"][1]) if "add" in told else {}
            named += (value for one in (told, added) for key, (_, value) in one.items() if key in _IN_EDIT)
        for scalar in (one for node in named for one in scalars_of(node)):
            yield from _of_scalar(file, lines, scalar, TargetKind.PROVISION)


def _in_yaml(file: str, text: str) -> Iterator[IdSite]:
    """Yield the ids in an annotation file, cases or a register of feedback; of one that is no YAML at the moment, none."""
    reader = YamlReader(PurePath(file).name)
    try:
        documents = reader.compose_all(text)
    except AnnotationError:
        return
    lines = text.split("\n")
    for document in documents:
        kind = file_with(keys_of(document))
        if isinstance(document, yaml.MappingNode) and kind is YamlFile.SIDECAR:
            yield from _Sidecar(file, lines).sites(document)
        elif isinstance(document, yaml.SequenceNode | yaml.MappingNode):
            for node in record_nodes(reader, document) if kind is YamlFile.REGISTER else items_of(document):
                yield from _of_case(file, lines, node)


def _of_scalar(
    file: str,
    lines: Sequence[str],
    node: yaml.ScalarNode,
    kind: str,
    *,
    defines: bool = False,
    title: str = "",
) -> Iterator[IdSite]:
    start, end, name = node.start_mark, node.end_mark, str(node.value)
    for number in range(min(end.line, len(lines) - 1), start.line - 1, -1):
        first = start.column if number == start.line else 0
        last = end.column if number == end.line else len(lines[number])
        # A tag, or the name of an anchor, is before it.
        if (at := lines[number].rfind(name, first, last)) >= 0:
            yield _site(file, number + 1, at, name, kind, Form.KEY, defines=defines, title=title)
            return
    if node.style == '"' and start.line == end.line:
        # With escapes, it is other letters than it says.
        at = lines[start.line].index('"', start.column) + 1
        span = Span(file, start.line + 1, at + 1, start.line + 1, end.column)
        site = _site(file, start.line + 1, at, name, kind, Form.KEY, defines=defines, title=title)
        yield replace(site, span=span)


@dataclass(frozen=True, slots=True)
class _Sidecar:
    file: str
    lines: Sequence[str]
    names: Mapping[str, str] = field(
        default_factory=lambda: {part.name: part.name for part in PROVISIONS.parts}
    )

    def sites(self, root: yaml.MappingNode) -> Iterator[IdSite]:
        """Yield the ids in an annotation file."""
        keys = keys_of(root)
        for part, kind in _LISTED.items():
            items = (
                keys[part][1].value if part in keys and isinstance(keys[part][1], yaml.SequenceNode) else ()
            )
            for item in items:
                yield from self._item(item, kind, _OWNER[part])
        if "provisions" in keys:
            for key, value in keys_of(keys["provisions"][1]).values():
                yield from _of_scalar(self.file, self.lines, key, TargetKind.PROVISION)
                yield from self._values("principle", value, key.value)
                for clause in _clauses(value):
                    yield from self._values("clause", clause)
        if "priorities" in keys:
            node = keys["priorities"][1]
            lone = keys_of(node)["goals"][1] if "goals" in keys_of(node) else node
            for scalar in scalars_of(lone):
                yield from _of_scalar(self.file, self.lines, scalar, TargetKind.GOAL)

    def _item(self, node: yaml.Node, kind: str, owner: str) -> Iterator[IdSite]:
        keys = keys_of(node)
        if _ID in keys and (scalars := scalars_of(keys[_ID][1])):
            named = keys.get("label") or keys.get("title")
            title = str(named[1].value) if named and isinstance(named[1], yaml.ScalarNode) else ""
            yield from _of_scalar(self.file, self.lines, scalars[0], kind, defines=True, title=title)
        yield from self._values(owner, node)

    def _values(self, owner: str, node: yaml.Node, own: str = "") -> Iterator[IdSite]:
        for name, (_key, value) in keys_of(node).items():
            if name == _ALIASES:
                for scalar in scalars_of(value):
                    for site in _of_scalar(self.file, self.lines, scalar, TargetKind.PROVISION):
                        yield _as_alias(site, own, site.line)
            elif kind := kind_of_names(owner, name):
                for scalar in scalars_of(value):
                    yield from _of_scalar(self.file, self.lines, scalar, kind)


def _as_alias(site: IdSite, owner: str, line: int) -> IdSite:
    return replace(site, form=Form.ALIAS, defines=True, owner=owner, line=line)


def _clauses(node: yaml.Node) -> list[yaml.Node]:
    keys = keys_of(node)
    found = keys["clauses"][1] if "clauses" in keys else None
    return list(found.value) if isinstance(found, yaml.SequenceNode) else []


def _of_case(file: str, lines: Sequence[str], node: yaml.Node) -> Iterator[IdSite]:
    """Yield the ids in a case, or a record of feedback."""
    keys = keys_of(node)
    if "items" not in keys:
        parts = [("record", node)] if keys.keys() >= RECORD_KEYS else []
        yield from _named_in(file, lines, parts)
        return
    items = keys["items"][1]
    parts = [("case", node)]
    parts += [("item", item) for item in items.value] if isinstance(items, yaml.SequenceNode) else []
    yield from _named_in(file, lines, parts)


def _named_in(file: str, lines: Sequence[str], parts: Iterable[tuple[str, yaml.Node]]) -> Iterator[IdSite]:
    """Yield the ids in the values of keys.

    :param parts: nodes, each with what has its keys, as :func:`kind_of_names` calls it
    """
    for owner, part in parts:
        for name, (_key, value) in keys_of(part).items():
            if kind := kind_of_names(owner, name):
                for scalar in scalars_of(value):
                    yield from _of_scalar(file, lines, scalar, kind)
