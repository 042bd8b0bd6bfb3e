"""What a server answers from: specs with their releases, read once, and lookups in each; frozen, so that no answer changes another."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypedDict, Unpack
from urllib.parse import quote

from sphinx_policyspec.agents.drafts import CheckedDraft, Place, check_beside, found_without
from sphinx_policyspec.alignments import Alignment
from sphinx_policyspec.api.asking import knowledge_base, load_specs
from sphinx_policyspec.api.beside import read_beside
from sphinx_policyspec.api.comparing import diff
from sphinx_policyspec.api.packs import gathered
from sphinx_policyspec.api.reading import ReadingOptions
from sphinx_policyspec.beside import NO_FILES, Beside, BesideFiles
from sphinx_policyspec.compare import SpecDiff
from sphinx_policyspec.errors import PolicySpecError, UnknownIdError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.questions import Answer, find_question
from sphinx_policyspec.identifiers.index import files_below
from sphinx_policyspec.model import Case, Example, Principle, Provision, Spec
from sphinx_policyspec.model.nearest import lower_words, nearest
from sphinx_policyspec.packs.pack import ContextPack
from sphinx_policyspec.packs.parts import SpecContext
from sphinx_policyspec.sources import Loaded, is_project

UNDATED = "undated"
"""What a release without a version is called."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A thing that a search can find, with how often each word stands in its title and ids, and in its text.

    :param phrase: its title and ids, as :func:`spaced` has them
    """

    kind: str
    id: str
    title: str
    level: str
    text: str
    file: str
    line: int
    phrase: str
    named: Counter[str]
    said: Counter[str]


class PackOptions(TypedDict, total=False):
    """What a pack is about, and how large it may be, as :func:`~sphinx_policyspec.api.packs.gathered` has it."""

    pair: Sequence[str]
    cases: Sequence[Case | str | Path]
    topic: str
    budget: int


@dataclass(frozen=True)
class Shelf:
    """One release, as it was read.

    :param name: of its SOURCE, for commands
    :param options: how it was read
    :param older: the releases before it
    :param files: of what is said beside it
    """

    loaded: Loaded
    name: str
    options: ReadingOptions
    older: tuple[Spec, ...] = ()
    files: BesideFiles = NO_FILES

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
    def beside(self) -> Beside:
        """What is said of it elsewhere, where that is served, too."""
        return read_beside((*self.older, self.loaded), self.files_beside, **self.options)

    @property
    def files_beside(self) -> BesideFiles:
        """The files of what is said beside it: of a kind of which none is given, those that a project names."""
        return self.files.filled(self.loaded.registers)

    def pack(self, about: Sequence[str] = (), **given: Unpack[PackOptions]) -> ContextPack:
        """Return what concerns one matter, as :func:`~sphinx_policyspec.api.packs.gathered` has it, with what stands beside it."""
        words = tuple(word for option, one in self.files.words for word in (option, Path(one).name))
        return gathered(
            self.loaded,
            self.context,
            about,
            beside=self.beside,
            words=words,
            name=self.name,
            **given,
        )

    @cached_property
    def base(self) -> KnowledgeBase:
        """Its knowledge base."""
        return knowledge_base(self.spec, beside=self.beside)

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
    def found_without(self) -> frozenset[Place]:
        """What is found without any draft."""
        return found_without(self.loaded, self.texts)

    def check_draft(self, draft: str, markup: str) -> CheckedDraft:
        """Return what is wrong with a draft where it stands in the spec."""
        return check_beside(self.loaded, self.texts, self.found_without, draft, markup)

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
        _ = (
            self.context.relations,
            self.context.by_topic,
            self.index,
            self.texts,
            self.base.store,
            self.beside,
        )


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


def spaced(text: str) -> str:
    """Return the words of a text in small letters, with a blank between them."""
    return " ".join(lower_words(text))


def stems(text: str) -> list[str]:
    """Return the words of a text, without a plural's end."""
    return [word.removesuffix("s") or word for word in lower_words(text)]


def _entry(  # noqa: PLR0917  a row
    kind: str, id_: str, title: str, level: str, text: str, file: str, line: int, names: Iterable[str] = ()
) -> Indexed:
    called = " ".join((title, re.sub(r"[_-]", " ", id_), *names))
    counted = Counter(stems(called)), Counter(stems(text))
    return Indexed(kind, id_, title, level, text, file, line, spaced(called), *counted)


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
    alignments: tuple[Alignment, ...] = ()

    @classmethod
    def of(
        cls,
        read: Sequence[tuple[str, Sequence[Loaded], ReadingOptions]],
        files: BesideFiles = NO_FILES,
        *,
        alignments: Iterable[Alignment] = (),
    ) -> Desk:
        """Return what is served of SOURCEs that were read, each with its name and how.

        SOURCEs of one base are releases of one spec, as :func:`load_specs` has it, which raises where they cannot be.

        :param files: of what is said beside them
        :param alignments: of several specs
        """
        shelves: dict[int, Shelf] = {}
        for source, releases, options in read:
            shown = Path(source).name or source
            for one in releases:
                name = f"{shown}/{one.spec.version}" if len(releases) > 1 else shown
                shelves[id(one.spec)] = Shelf(one, name, options, files=files)
        specs = load_specs(*([one.spec for one in releases] for _source, releases, _options in read))
        return cls(
            tuple(
                ServedSpec(
                    one.name,
                    tuple(
                        replace(shelves[id(spec)], older=one.releases[:place])
                        for place, spec in enumerate(one.releases)
                    ),
                )
                for one in specs
            ),
            alignments=tuple(alignments),
        )

    @cached_property
    def base(self) -> KnowledgeBase:
        """The knowledge base of all specs and of what corresponds between them."""
        every = load_specs(*(tuple(shelf.spec for shelf in one.shelves) for one in self.specs))
        base = knowledge_base(every, beside=Beside(alignments=self.alignments))
        # A question about cases names files of this machine, which are no business of who asks from elsewhere.
        base.decides = None
        return base

    def ask(self, question: str, params: Mapping[str, str], spec: str = "", release: str = "") -> Answer:
        """Answer a named question of a release, the newest where none is named, or of all where it compares them."""
        served, shelf = self.spec(spec), self.shelf(spec, release)
        over = find_question(question).over
        if over in {"alignments", "cases"} and len(self.specs) > 1:
            return self.base.ask(question, params)
        return (served.base if over == "releases" else shelf.base).ask(question, params)

    @property
    def has_releases(self) -> bool:
        """Whether any of the specs has several releases."""
        return any(len(one.shelves) > 1 for one in self.specs)

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
        found = next((one for one in served.shelves if (one.release or UNDATED) == release), None)
        if found is None:
            hint = nearest(release, [one.release or UNDATED for one in served.shelves])
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
            for holder in (self, spec, *spec.shelves):
                base = vars(holder).get("base")
                if isinstance(base, KnowledgeBase):
                    base.close()


def _above(loaded: Loaded) -> tuple[Path, ...]:
    root = real_path(loaded.root)
    return (root, root.parent, loaded.root.absolute(), Path.cwd(), Path.home())


def uri_of(served: ServedSpec, shelf: Shelf, kind: str, name: str) -> str:
    """Return the address of a resource."""
    parts = (served.name, shelf.release or UNDATED, kind, name)
    return "policyspec://" + "/".join(quote(part, safe="") for part in parts)


ReadSources = Callable[[], Desk]
"""Reads every SOURCE anew."""


def state_of(desk: Desk) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file that was read does: names, times and sizes."""
    files = [Path(one.file) for one in desk.alignments if one.file]
    for shelf in (shelf for spec in desk.specs for shelf in spec.shelves):
        files += (*_looked_at(shelf.loaded), *shelf.loaded.beside, *shelf.files_beside.each)
    return tuple(map(_stat, files))


def _stat(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), stat.st_mtime_ns, stat.st_size


def _looked_at(loaded: Loaded) -> tuple[Path, ...]:
    """Return the files that a SOURCE was read from, and those beside them that it may be read from next time."""
    if not loaded.has_files:
        return loaded.files
    if not is_project(loaded.root):
        return (*loaded.files, *files_below(loaded.root / "examples"))
    return (*loaded.files, loaded.root / "conf.py", *files_below(loaded.root))


def reread(desk: Desk, read: ReadSources) -> tuple[Desk, str]:
    """Return what is served now, and why that is the old one, where reading fails."""
    try:
        new = read()
    except (PolicySpecError, OSError) as error:
        return desk, desk.scrubbed(str(error))
    if problem := emptied(desk, new):
        new.close()
        return desk, problem
    return new, ""


def emptied(old: Desk, new: Desk) -> str:
    """Return which text has no principle where all had some, as a file in another encoding has none; else nothing."""
    had, has = ([shelf for one in desk.specs for shelf in one.shelves] for desk in (old, new))
    lost = [shelf.name for shelf in has if not shelf.spec.principles]
    return f"`{lost[0]}` has no principle any more" if lost and all(s.spec.principles for s in had) else ""
