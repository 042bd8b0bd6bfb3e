"""What a server answers from: specs with their releases, read once, and lookups in each; frozen, so that no answer changes another."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from sphinx_policyspec.api.asking import knowledge_base
from sphinx_policyspec.api.comparing import diff
from sphinx_policyspec.api.judging import check
from sphinx_policyspec.api.reading import ReadingOptions
from sphinx_policyspec.compare import SpecDiff
from sphinx_policyspec.errors import PolicySpecError, UnknownIdError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.model import Example, Markup, Principle, Provision, Spec
from sphinx_policyspec.model.nearest import lower_words, nearest
from sphinx_policyspec.packs.parts import SpecContext
from sphinx_policyspec.sources import Loaded


@dataclass(frozen=True, slots=True)
class Indexed:
    """A thing that a search can find, with how often each word stands in its title and ids, and in its text."""

    kind: str
    id: str
    title: str
    level: str
    text: str
    file: str
    line: int
    named: Counter[str]
    said: Counter[str]


@dataclass(frozen=True)
class Shelf:
    """One release, as it was read.

    :param name: of its SOURCE, for commands
    :param options: how it was read
    """

    loaded: Loaded
    name: str
    options: ReadingOptions

    @property
    def spec(self) -> Spec:
        """The spec."""
        return self.loaded.spec

    @property
    def release(self) -> str:
        """Its version."""
        return self.spec.version

    @cached_property
    def context(self) -> SpecContext:
        """Lookups for packs."""
        return SpecContext(self.spec)

    @cached_property
    def base(self) -> KnowledgeBase:
        """Its knowledge base."""
        return knowledge_base(self.spec)

    @property
    def takes_drafts(self) -> bool:
        """Whether a draft can be read beside it: it is Markdown, which opens no file, whatever it holds."""
        markups = {document.markup for document in self.spec.documents}
        is_markdown = bool(markups) and markups <= {Markup.MODEL_SPEC, Markup.MARKDOWN}
        return is_markdown and self.loaded.has_files and not self.loaded.overlays

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The texts of the files that it was read from, by real path, so that a draft is read beside what was loaded."""
        found: dict[Path, str] = {}
        for file in (*self.loaded.files, *self.loaded.beside):
            try:
                found[real_path(file)] = file.read_text("utf-8", errors="replace")
            except OSError:
                continue
        return found

    @cached_property
    def known_findings(self) -> frozenset[tuple[str, str, str, int]]:
        """Code, message, file and line of what is found without any draft."""
        found = check(self.loaded, use_baseline=False)
        return frozenset((one.code, one.message, one.span.file, one.span.line) for one in found)

    @cached_property
    def index(self) -> tuple[Indexed, ...]:
        """What can be found, in reading order."""
        return tuple(_indexed(self.spec))

    @cached_property
    def example_by_id(self) -> dict[str, tuple[Example, Provision | None]]:
        """Each example with what it stands in, by id."""
        return {b.id: (b, home) for home, b in self.spec.walk() if isinstance(b, Example)}

    def warm(self) -> None:
        """Make what most calls need."""
        _ = self.context.relations, self.context.by_topic, self.index, self.texts, self.base.store


def _indexed(spec: Spec) -> Iterator[Indexed]:
    for provision in spec.provisions:
        is_principle = isinstance(provision, Principle)
        yield _entry(
            "principle" if is_principle else "section",
            provision.id,
            provision.title,
            provision.authority if isinstance(provision, Principle) else "",
            provision.text,
            provision.span.file,
            provision.span.line,
            provision.aliases,
        )
    for example in spec.examples:
        said = "\n".join(message.text for message in example.messages)
        yield _entry("example", example.id, example.title, "", said, example.span.file, example.span.line)
    for topic in spec.topics:
        names = topic.alt_labels
        yield _entry("topic", topic.id, topic.label, "", topic.text, topic.span.file, topic.span.line, names)


def stems(text: str) -> list[str]:
    """Return the words of a text, without a plural's end."""
    return [word.removesuffix("s") or word for word in lower_words(text)]


def _entry(  # noqa: PLR0917  a row
    kind: str, id_: str, title: str, level: str, text: str, file: str, line: int, names: Iterable[str] = ()
) -> Indexed:
    named = Counter(stems(" ".join((title, re.sub(r"[_-]", " ", id_), *names))))
    return Indexed(kind, id_, title, level, text, file, line, named, Counter(stems(text)))


@dataclass(frozen=True)
class ServedSpec:
    """One spec with its releases, from the first to the last."""

    name: str
    shelves: tuple[Shelf, ...]

    @cached_property
    def diffs(self) -> dict[tuple[str, str], SpecDiff]:
        """What was compared already, by the versions."""
        return {}

    def diff(self, old: Shelf, new: Shelf) -> SpecDiff:
        """Return what changed from one release to another, compared once."""
        key = (old.release, new.release)
        if key not in self.diffs:
            self.diffs[key] = diff(old.loaded, new.loaded)
        return self.diffs[key]

    @cached_property
    def base(self) -> KnowledgeBase:
        """The knowledge base of all releases."""
        return knowledge_base([shelf.spec for shelf in self.shelves])


@dataclass(frozen=True)
class Desk:
    """All that is served."""

    specs: tuple[ServedSpec, ...]

    @classmethod
    def of(cls, read: Sequence[tuple[str, Sequence[Loaded], ReadingOptions]]) -> Desk:
        """Return what is served of SOURCEs that were read, each with its name and how; equal names are told apart by numbers."""
        names: dict[str, None] = {}
        specs: list[ServedSpec] = []
        for source, releases, options in read:
            called = releases[-1].spec.called or "spec"
            name = next(n for n in _numbered(called) if n not in names)
            names[name] = None
            shown = Path(source).name or source
            shelves = [
                Shelf(one, f"{shown}/{one.spec.version}" if len(releases) > 1 else shown, options)
                for one in releases
            ]
            specs.append(ServedSpec(name, tuple(shelves)))
        return cls(tuple(specs))

    @property
    def has_releases(self) -> bool:
        """Whether any of the specs has several releases."""
        return any(len(one.shelves) > 1 for one in self.specs)

    @property
    def takes_drafts(self) -> bool:
        """Whether any release does."""
        return any(shelf.takes_drafts for one in self.specs for shelf in one.shelves)

    def spec(self, name: str = "") -> ServedSpec:
        """Return a spec by its name; the first where none is given."""
        found = next((one for one in self.specs if one.name == name), None) if name else self.specs[0]
        if found is None:
            hint = nearest(name, [one.name for one in self.specs])
            raise UnknownIdError(f"no spec is called `{name}`; {hint}".rstrip("; "))
        return found

    def shelf(self, name: str = "", release: str = "") -> Shelf:
        """Return a release of a spec; the newest where none is given."""
        served = self.spec(name)
        if not release:
            return served.shelves[-1]
        found = next((one for one in served.shelves if one.release == release), None)
        if found is None:
            hint = nearest(release, [one.release for one in served.shelves])
            raise UnknownIdError(f"no release `{release}` of `{served.name}`; {hint}".rstrip("; "))
        return found

    def named(self, text: str, spec: str = "") -> tuple[str, str]:
        """Return the name of a spec and an id, of an id that may be written ``spec:id``."""
        before, colon, rest = text.partition(":")
        if colon and not spec and any(one.name == before for one in self.specs):
            return before, rest
        return spec, text

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        roots = {str(one) for spec in self.specs for shelf in spec.shelves for one in _above(shelf.loaded)}
        return tuple(sorted(filter(lambda folder: folder != os.sep, roots), key=len, reverse=True))

    def scrubbed(self, text: str) -> str:
        """Return a message without the folders of this machine: files are named as seen from their SOURCE."""
        for folder in self._folders:
            text = text.replace(f"{folder}{os.sep}", "").replace(folder, ".")
        return text

    def close(self) -> None:
        """End the processes that ran queries."""
        for spec in self.specs:
            for holder in (spec, *spec.shelves):
                base = vars(holder).get("base")
                if isinstance(base, KnowledgeBase):
                    base.close()


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _above(loaded: Loaded) -> tuple[Path, ...]:
    root = real_path(loaded.root)
    return (root, root.parent, loaded.root.absolute(), Path.cwd(), Path.home())


def uri_of(served: ServedSpec, shelf: Shelf, kind: str, name: str) -> str:
    """Return the address of a resource."""
    parts = (served.name, shelf.release or "undated", kind, name)
    return "policyspec://" + "/".join(quote(part, safe="") for part in parts)


ReadSources = Callable[[], Desk]
"""Reads every SOURCE anew."""


def state_of(desk: Desk) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file that was read does: names, times and sizes."""
    found: list[tuple[str, int, int]] = []
    for spec in desk.specs:
        for shelf in spec.shelves:
            for file in (*shelf.loaded.files, *shelf.loaded.beside):
                try:
                    stat = file.stat()
                    found.append((str(file), stat.st_mtime_ns, stat.st_size))
                except OSError:
                    found.append((str(file), 0, 0))
    return tuple(found)


def reread(desk: Desk, read: ReadSources) -> tuple[Desk, str]:
    """Return what is served now, and why that is the old one, where reading fails."""
    try:
        return read(), ""
    except (PolicySpecError, OSError) as error:
        return desk, desk.scrubbed(str(error))
