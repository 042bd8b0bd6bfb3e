"""The id at a place: its meaning, its definition, and every other place of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lsprotocol import types

from sphinx_policyspec.files import number_of
from sphinx_policyspec.identifiers.directives import directives_in
from sphinx_policyspec.identifiers.index import Thing
from sphinx_policyspec.identifiers.sites import RST, TAG, Form, IdSite
from sphinx_policyspec.language_server.places import Text, uri_of
from sphinx_policyspec.language_server.roots import Root
from sphinx_policyspec.model import Span, TargetKind, rules

_MARKS = re.compile(r"\*\*|`")
_CODE_OF_IGNORE = re.compile(r"policyspec-ignore:\s*(?P<code>[a-z0-9-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A file that somebody looks at, with the root that it belongs to.

    :param text_of: returns the text of any file, as it is open in the editor, else as it is saved
    :param uri_of: returns the URI of a file in the client
    :param formats: markup formats that the client can show
    """

    root: Root
    path: Path
    text: Text
    text_of: Callable[[Path], Text]
    uri_of: Callable[[Path], str] = uri_of
    formats: frozenset[str] = frozenset({types.MarkupKind.Markdown})

    def markup(self, words: str) -> types.MarkupContent:
        """Return our Markdown in a format that the client can show."""
        if types.MarkupKind.Markdown in self.formats:
            return types.MarkupContent(kind=types.MarkupKind.Markdown, value=words)
        return types.MarkupContent(kind=types.MarkupKind.PlainText, value=_MARKS.sub("", words))

    @property
    def file(self) -> str:
        """Its name in findings."""
        return self.root.name_of(self.path)

    @property
    def is_rst(self) -> bool:
        """Whether it is reStructuredText."""
        return self.path.suffix.lower() in RST

    @property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.text.split("\n")

    def site(self, position: types.Position) -> IdSite | None:
        """Return the id at a position, or the one that a title there stands for."""
        return self._id(position) or self._titled(position)

    def own_site(self, position: types.Position) -> IdSite | None:
        """Return the id at a position, or that of a prompt file anywhere on its title line."""
        return self._id(position) or self._tag(position)

    def _id(self, position: types.Position) -> IdSite | None:
        return self.root.index.at(self.file, *self.text.place(position))

    def _tag(self, position: types.Position) -> IdSite | None:
        line, _column = self.text.place(position)
        sites = self.root.index.sites(self.file)
        return next((one for one in sites if one.kind == TAG and one.defines and one.span.line == line), None)

    def _titled(self, position: types.Position) -> IdSite | None:
        """Return the provision whose title is in the first line of a prompt file, as if its id stood there."""
        if (tag := self._tag(position)) is None:
            return None
        title = tag.title.strip().rstrip(":").rstrip()
        start = self.text.line(tag.span.line).rfind(title) + 1
        _line, column = self.text.place(position)
        names = (
            name
            for (kind, name), thing in self.root.index.things.items()
            if kind == TargetKind.PROVISION and thing.title == title
        )
        if not (title and start <= column <= start + len(title) and (name := next(names, ""))):
            return None
        span = replace(tag.span, column=start, end_column=start + len(title))
        return replace(tag, kind=TargetKind.PROVISION, name=name, span=span, form=Form.LINK, defines=False)

    def location(self, site: IdSite) -> types.Location:
        """Return the place of an id in any file of the root."""
        path = self.root.path_of(site.span.file)
        return types.Location(uri=self.uri_of(path), range=self.text_of(path).exact_range(site.span))


def definition(here: Here, position: types.Position) -> list[types.Location]:
    """Return where the thing at a position is defined."""
    site = here.site(position)
    return [here.location(one) for one in here.root.index.definitions(site.kind, site.name)] if site else []


def references(here: Here, position: types.Position, *, with_definition: bool) -> list[types.Location]:
    """Return every place of the thing at a position."""
    if (site := here.site(position)) is None:
        return []
    sites = here.root.index.of(site.kind, site.name)
    if not any(one.defines for one in sites) and with_definition:
        sites = [*here.root.index.definitions(site.kind, site.name), *sites]
    return [here.location(one) for one in sites if with_definition or not one.defines]


def highlight(here: Here, position: types.Position) -> list[types.DocumentHighlight]:
    """Return every place in a file of the thing at a position."""
    if (site := here.site(position)) is None:
        return []
    return [
        types.DocumentHighlight(
            range=here.text.exact_range(one.span),
            kind=types.DocumentHighlightKind.Write if one.defines else types.DocumentHighlightKind.Read,
        )
        for one in here.root.index.of(site.kind, site.name)
        if one.span.file == here.file
    ]


def hover(here: Here, position: types.Position) -> types.Hover | None:
    """Return what is known about a position: a thing, an option, or the code of a finding."""
    if site := here.site(position):
        words = about(here.root, site.kind, site.name)
        return _hover(here, words, here.text.exact_range(site.span)) if words else None
    number, column = here.text.place(position)
    line = here.text.line(number)
    for match in _CODE_OF_IGNORE.finditer(line):
        rule = rules().get(match["code"])
        if rule and match.start("code") < column <= match.end("code") + 1:
            words = f"**{rule.code}**: {rule.pattern}\n\n{rule.rationale} To fix it: {rule.fix}."
            return _hover(here, words, _range(here, number, match.start("code"), match.end("code")))
    return _of_option(here, number, line, column)


def about(root: Root, kind: str, name: str) -> str:
    """Return what is known about a thing, as Markdown; empty if it is unknown."""
    if kind == TAG:
        return _of_tag(root, name)
    thing = root.index.things.get((kind, name))
    others = root.index.definitions(kind, name)
    if thing is None and not others:
        return ""
    title = thing.title if thing else next((site.title for site in others if site.title), name)
    head = [f"**{title}**", f"{kind} `{name}`"]
    if thing and thing.level:
        head.append(f"level `{thing.level}`")
    if thing and thing.topics:
        head.append("about " + ", ".join(f"`{topic}`" for topic in thing.topics))
    parts = [" · ".join(head)]
    if thing and thing.text:
        parts.append(thing.text)
    parts.append(counts(root, thing, kind, name))
    return "\n\n".join(parts)


def counts(root: Root, thing: Thing | None, kind: str, name: str) -> str:
    """Return the numbers of references, examples and prompts of a thing, in words."""
    parts = [number_of(len(root.index.references(kind, name)), "reference")]
    if thing and kind == TargetKind.PROVISION:
        parts += [number_of(thing.examples, "example"), number_of(thing.prompts, "prompt")]
    return " · ".join(parts)


def _of_tag(root: Root, name: str) -> str:
    tag = next((site for site in root.index.of(TAG, name) if site.defines), None)
    if tag is None:
        return f"eval tag `{name}`, for which there is no prompt file"
    return f"**Prompts for `{name}`** · {tag.title.rstrip(':')}\n\n{tag.span.file}"


def _of_option(here: Here, number: int, line: str, column: int) -> types.Hover | None:
    """Return the meaning of the directive or option at a place."""
    if "policy:" not in line and not line.strip().startswith((":", ">")) and ":" not in line:
        return None
    for directive in directives_in(here.lines, is_rst=here.is_rst):
        if not directive.line <= number < directive.options_end:
            continue
        argument, options = here.root.directives.get(directive.name, ("", {}))
        if directive.line == number:
            at = line.find(f"policy:{directive.name}")
            is_name = at < column <= at + len(f"policy:{directive.name}") + 1
            words = f"**policy:{directive.name}**" + (f"\n\nArgument: {argument}." if argument else "")
            return (
                _hover(here, words, _range(here, number, at, at + 7 + len(directive.name)))
                if is_name
                else None
            )
        option = next((one for one in directive.options if one.line == number), None)
        if option and (meaning := options.get(option.name)):
            at = line.find(option.name)
            is_name = at < column <= at + len(option.name) + 1
            words = f"**{option.name}** of `policy:{directive.name}`\n\n{meaning}"
            return _hover(here, words, _range(here, number, at, at + len(option.name))) if is_name else None
    return None


def _range(here: Here, line: int, start: int, end: int) -> types.Range:
    return here.text.exact_range(Span(here.file, line, start + 1, line, end + 1))


def _hover(here: Here, words: str, place: types.Range) -> types.Hover:
    return types.Hover(contents=here.markup(words), range=place)
