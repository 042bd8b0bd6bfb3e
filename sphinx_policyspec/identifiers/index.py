"""The ids of all files below a root, by what they name; and what the spec says of the things that they name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sphinx_policyspec.identifiers.sites import SUFFIXES, TAG, Form, IdSite, sites_in
from sphinx_policyspec.model import Definition, Principle, Prose, Provision, Span, Spec, TargetKind

MOST_FILES = 5000
"""Files below a root that are looked at; more are no spec, but somebody's home."""
_SKIPPED = frozenset({"_build", "build", "dist", "node_modules", "__pycache__"})
_WORDS = 280
"""Characters of a text that are shown of it."""

Key = tuple[str, str]
"""The kind and the id of a thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What the spec says of a thing that has an id.

    :param level: of a principle
    :param text: how its words begin
    :param examples: how many it has, of a principle; also ``prompts``
    :param made_from: of an example whose id is made of another's, the id of that
    """

    kind: str
    id: str
    title: str
    span: Span | None
    level: str = ""
    topics: tuple[str, ...] = ()
    text: str = ""
    examples: int = 0
    prompts: int = 0
    made_from: str = ""


Known = dict[int, tuple[Provision, int, tuple[Thing, ...]]]
"""By the identity of a provision: the provision, how many prompts test it, and its things."""


def things_of(spec: Spec, known: Known | None = None) -> tuple[Thing, ...]:
    """Return the things of a spec in its order: provisions, examples, levels, topics, goals, definitions.

    :param known: the things of provisions that were asked for before; those of this spec take their place
    """
    prompts: dict[str, int] = {}
    for _prompt, tested in spec.tested():
        for name in tested:
            prompts[name] = prompts.get(name, 0) + 1
    before, now = known or {}, Known()
    for item in spec.provisions:
        count, entry = prompts.get(item.id, 0), before.get(id(item))
        is_known = entry is not None and entry[1] == count
        now[id(item)] = entry if entry and is_known else (item, count, tuple(_of_provision(item, count)))
    if known is not None:
        known.clear()
        known.update(now)
    of_provisions = (thing for item in spec.provisions for thing in now[id(item)][2])
    return (*of_provisions, *_declared(spec))


def _of_provision(item: Provision, prompts: int) -> Iterator[Thing]:
    words = next((block.text for block in item.blocks if isinstance(block, Prose)), "")
    yield Thing(
        kind=TargetKind.PROVISION,
        id=item.id,
        title=item.title,
        span=item.span,
        level=item.authority if isinstance(item, Principle) else "",
        topics=item.topics,
        text=_brief(words),
        examples=len(item.examples),
        prompts=prompts,
    )
    for example in item.examples:
        made = item.id if example.id.startswith(f"{item.id}-") else ""
        yield Thing(
            kind=TargetKind.EXAMPLE, id=example.id, title=example.title, span=example.span, made_from=made
        )


def _declared(spec: Spec) -> Iterator[Thing]:
    for level in spec.levels:
        yield Thing(
            kind=TargetKind.LEVEL,
            id=level.id,
            title=level.title or level.id,
            span=level.span,
            text=_brief(level.text),
        )
    for topic in spec.topics:
        yield Thing(
            kind=TargetKind.TOPIC, id=topic.id, title=topic.label, span=topic.span, text=_brief(topic.text)
        )
    for goal in spec.goals:
        yield Thing(
            kind=TargetKind.GOAL, id=goal.id, title=goal.title, span=goal.span, text=_brief(goal.text)
        )
    for _home, block in spec.walk():
        if isinstance(block, Definition):
            yield Thing(
                kind=TargetKind.DEFINITION,
                id=block.id,
                title=block.term,
                span=block.span,
                text=_brief(block.text),
            )


def _brief(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _WORDS else f"{words[:_WORDS].rsplit(' ', 1)[0]} …"


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that may hold ids, but hidden ones and what was built; not more than a few thousand."""
    count = 0
    for at, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                count += 1
                if count > MOST_FILES:
                    return
                yield Path(at, name)


class Index:
    """The ids of the files below a root, kept up to date file by file."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[IdSite, ...]] = {}
        self._by_key: dict[Key, list[IdSite]] | None = None
        self._things: dict[Key, Thing] = {}

    def update(self, file: str, text: str) -> None:
        """Take up the text of a file, as findings name it."""
        found = sites_in(file, text)
        if found != self._files.get(file):
            self._files[file] = found
            self._by_key = None

    def forget(self, file: str) -> None:
        """Forget a file that is gone."""
        if self._files.pop(file, None) is not None:
            self._by_key = None

    def know(self, things: Iterable[Thing]) -> None:
        """Take up what the spec says of its things."""
        self._things = {}
        for thing in things:
            # Of two that have one id, the first is meant.
            self._things.setdefault((thing.kind, thing.id), thing)
        self._by_key = None

    @property
    def things(self) -> Mapping[Key, Thing]:
        """What the spec says of things."""
        return self._things

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(self._files)

    def sites(self, file: str) -> tuple[IdSite, ...]:
        """Return the ids in a file, in order."""
        return tuple(map(self._meant, self._files.get(file, ())))

    def at(self, file: str, line: int, column: int) -> IdSite | None:
        """Return the id at a place of a file, or right before it."""
        for site in self.sites(file):
            if site.span.line == line and site.span.column <= column <= site.span.end_column:
                return site
        return None

    def of(self, kind: str, name: str) -> list[IdSite]:
        """Return every place of an id, file by file."""
        return self._keyed().get((kind, name), [])

    def definitions(self, kind: str, name: str) -> list[IdSite]:
        """Return where a thing is defined: where its id is made of a title, or is elsewhere, as the spec says."""
        found = [site for site in self.of(kind, name) if site.defines]
        own = [site for site in found if site.form is not Form.ALIAS]
        if found:
            return own or found
        thing = self._things.get((kind, name))
        return (
            [_of_thing(thing, thing.span)] if thing and thing.span and thing.span.file in self._files else []
        )

    def references(self, kind: str, name: str) -> list[IdSite]:
        """Return where a thing is referred to."""
        return [site for site in self.of(kind, name) if not site.defines]

    def names(self, kind: str) -> dict[str, str]:
        """Return the ids of a kind with their titles: those of the spec, and those that are in the texts."""
        found = {name: thing.title for (of, name), thing in self._things.items() if of == kind}
        for (of, name), sites in self._keyed().items():
            if of == kind and name not in found and (site := next((s for s in sites if s.defines), None)):
                found[name] = site.title
        return found

    def title_around(self, tag: str) -> str:
        """Return the title of the provision in which an eval tag is; empty where it is in none."""
        for site in self.of(TAG, tag):
            above = [
                one
                for one in self.sites(site.span.file)
                if one.defines and one.form is Form.HEADING and one.kind == TargetKind.PROVISION
            ]
            titles = [one.title for one in above if one.span.line <= site.span.line]
            if not site.defines and titles:
                return titles[-1]
        return ""

    def is_section(self, kind: str, name: str) -> bool:
        """Return whether an id is that of a section, which has no level; of one that is not read yet nobody knows."""
        thing = self._things.get((kind, name))
        if kind != TargetKind.PROVISION or thing is not None:
            return kind == TargetKind.PROVISION and thing is not None and not thing.level
        return all(site.form is Form.LABEL for site in self.of(kind, name) if site.defines)

    def _keyed(self) -> dict[Key, list[IdSite]]:
        if self._by_key is None:
            found: dict[Key, list[IdSite]] = {}
            for file in self._files:
                for site in self._files[file]:
                    found.setdefault((site.kind, site.name), []).append(site)
            self._by_key = found
            # A plain link may name its kind before the id, as anchors of pages do.
            for key in [key for key in found if key[0] == TargetKind.PROVISION and _of_anchor(key[1])]:
                moved = [site for site in found[key] if (meant := self._meant(site)) is not site]
                for site in moved:
                    meant = self._meant(site)
                    found[key].remove(site)
                    found.setdefault((meant.kind, meant.name), []).append(meant)
        return self._by_key

    def _meant(self, site: IdSite) -> IdSite:
        if site.form is not Form.LINK or not (other := _of_anchor(site.name)):
            return site
        own = (site.kind, site.name)
        if own in self._things or any(one.defines for one in self._keyed().get(own, ())):
            return site
        at = site.span.column + len(other[0]) + 1
        return replace(site, kind=other[0], name=other[1], span=replace(site.span, column=at))


def _of_anchor(name: str) -> Key | None:
    kind, _, identifier = name.partition("-")
    return (kind, identifier) if identifier and kind in _KINDS else None


_KINDS = frozenset(TargetKind) - {TargetKind.PROVISION}


def _of_thing(thing: Thing, span: Span) -> IdSite:
    start = replace(span, end_line=span.line, end_column=span.column)
    return IdSite(
        kind=thing.kind,
        name=thing.id,
        span=start,
        form=Form.ARGUMENT,
        defines=True,
        line=span.line,
        title=thing.title,
    )
