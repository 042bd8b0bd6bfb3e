"""The data of a server: specs with their releases, read once; frozen, so that no answer changes another."""

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

from sphinx_policyspec.agents.drafts import CheckedDraft, Place, check_beside, findings_without_draft
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
"""The name of a release without a version."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A thing that a search can find.

    :param phrase: its title and ids, as :func:`spaced` returns them
    :param name_stems: how often each stem occurs in its title and ids
    :param text_stems: how often each stem occurs in its text
    """

    kind: str
    id: str
    title: str
    level: str
    text: str
    file: str
    line: int
    phrase: str
    name_stems: Counter[str]
    text_stems: Counter[str]


class PackOptions(TypedDict, total=False):
    """The subject and size of a pack, as options of :func:`~sphinx_policyspec.api.packs.gathered`."""

    pair: Sequence[str]
    cases: Sequence[Case | str | Path]
    topic: str
    budget: int


@dataclass(frozen=True)
class Shelf:
    """One release, as it was read.

    :param name: name of its SOURCE, for commands
    :param options: options that it was read with
    :param older: earlier releases
    :param files: files about the spec that are served with it
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
        """The contents of the files about the spec that are served with it."""
        return read_beside((*self.older, self.loaded), self.files_beside, **self.options)

    @property
    def files_beside(self) -> BesideFiles:
        """The files about the spec: those served with it, or for a kind without any, those that a project names."""
        return self.files.filled(self.loaded.registers)

    def pack(self, about: Sequence[str] = (), **pack_options: Unpack[PackOptions]) -> ContextPack:
        """Return the pack of one subject, as :func:`~sphinx_policyspec.api.packs.gathered`, with the served files."""
        words = tuple(word for option, one in self.files.words for word in (option, Path(one).name))
        return gathered(
            self.loaded,
            self.context,
            about,
            beside=self.beside,
            words=words,
            name=self.name,
            **pack_options,
        )

    @cached_property
    def base(self) -> KnowledgeBase:
        """Its knowledge base."""
        return knowledge_base(self.spec, beside=self.beside)

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The texts of its files by real path, so that a draft is checked against what was loaded."""
        by_path: dict[Path, str] = {}
        for file in (*self.loaded.files, *self.loaded.beside):
            try:
                by_path[real_path(file)] = file.read_text("utf-8", errors="replace")
            except OSError:
                continue
        return by_path

    @cached_property
    def findings_without_draft(self) -> frozenset[Place]:
        """The places of the findings without any draft."""
        return findings_without_draft(self.loaded, self.texts)

    def check_draft(self, draft: str, markup: str) -> CheckedDraft:
        """Return the findings on a draft as part of the spec."""
        return check_beside(self.loaded, self.texts, self.findings_without_draft, draft, markup)

    @cached_property
    def index(self) -> tuple[Indexed, ...]:
        """The things that a search can find, in reading order."""
        return tuple(_indexed(self.spec))

    @cached_property
    def example_by_id(self) -> dict[str, tuple[Example, Provision | None]]:
        """Each example with the provision that contains it, by id."""
        return {b.id: (b, home) for home, b in self.spec.walk() if isinstance(b, Example)}

    def warm(self) -> None:
        """Compute what most calls need."""
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
        text = "\n".join(message.text for message in example.messages)
        yield _entry("example", example.id, example.title, "", text, example.span.file, example.span.line)
    for topic in spec.topics:
        names = topic.alt_labels
        yield _entry("topic", topic.id, topic.label, "", topic.text, topic.span.file, topic.span.line, names)


def spaced(text: str) -> str:
    """Return the words of a text in lower case, separated by blanks."""
    return " ".join(lower_words(text))


def stems(text: str) -> list[str]:
    """Return the words of a text without plural endings."""
    return [word.removesuffix("s") or word for word in lower_words(text)]


def _entry(  # noqa: PLR0917  a row
    kind: str, id_: str, title: str, level: str, text: str, file: str, line: int, names: Iterable[str] = ()
) -> Indexed:
    names_text = " ".join((title, re.sub(r"[_-]", " ", id_), *names))
    counts = Counter(stems(names_text)), Counter(stems(text))
    return Indexed(kind, id_, title, level, text, file, line, spaced(names_text), *counts)


@dataclass(frozen=True)
class ServedSpec:
    """One spec with its releases, from the first to the last."""

    name: str
    shelves: tuple[Shelf, ...]

    @cached_property
    def diffs(self) -> dict[tuple[str, str], SpecDiff]:
        """The cached comparisons, by versions."""
        return {}

    def diff(self, old: Shelf, new: Shelf) -> SpecDiff:
        """Return the changes from one release to another, computed once."""
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
    """All specs and alignments that are served."""

    specs: tuple[ServedSpec, ...]
    alignments: tuple[Alignment, ...] = ()

    @classmethod
    def of(
        cls,
        sources: Sequence[tuple[str, Sequence[Loaded], ReadingOptions]],
        files: BesideFiles = NO_FILES,
        *,
        alignments: Iterable[Alignment] = (),
    ) -> Desk:
        """Return the desk for SOURCEs that were read, each with its name and options.

        SOURCEs with the same base are releases of one spec; :func:`load_specs` raises if they cannot be.

        :param files: files about the specs
        :param alignments: alignments between specs
        """
        shelves: dict[int, Shelf] = {}
        for source, releases, options in sources:
            label = Path(source).name or source
            for one in releases:
                name = f"{label}/{one.spec.version}" if len(releases) > 1 else label
                shelves[id(one.spec)] = Shelf(one, name, options, files=files)
        specs = load_specs(*([one.spec for one in releases] for _source, releases, _options in sources))
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
        """The knowledge base of all specs and their alignments."""
        every = load_specs(*(tuple(shelf.spec for shelf in one.shelves) for one in self.specs))
        base = knowledge_base(every, beside=Beside(alignments=self.alignments))
        # A question about cases names files of this machine, which clients must not see.
        base.decides = None
        return base

    def ask(self, question: str, params: Mapping[str, str], spec: str = "", release: str = "") -> Answer:
        """Answer a named question over a release, the newest by default, or over all if the question compares them."""
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
        """Return a spec by its name; the first one without a name."""
        match = next((one for one in self.specs if one.name == name), None) if name else self.specs[0]
        if match is None:
            hint = nearest(name, [one.name for one in self.specs])
            raise UnknownIdError(f"no spec is called `{name}`; {hint}".rstrip("; "))
        return match

    def shelf(self, name: str = "", release: str = "") -> Shelf:
        """Return a release of a spec; the newest one by default."""
        served = self.spec(name)
        if not release:
            return served.shelves[-1]
        match = next((one for one in served.shelves if (one.release or UNDATED) == release), None)
        if match is None:
            hint = nearest(release, [one.release or UNDATED for one in served.shelves])
            raise UnknownIdError(f"no release `{release}` of `{served.name}`; {hint}".rstrip("; "))
        return match

    def split_id(self, text: str, spec: str = "") -> tuple[str, str]:
        """Return the spec name and the id of an id that may be written ``spec:id``."""
        before, colon, rest = text.partition(":")
        if colon and not spec and any(one.name == before for one in self.specs):
            return before, rest
        return spec, text

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        roots = {str(one) for spec in self.specs for shelf in spec.shelves for one in _above(shelf.loaded)}
        return tuple(sorted(filter(lambda folder: folder != os.sep, roots), key=len, reverse=True))

    def scrubbed(self, text: str) -> str:
        """Return a message without the folders of this machine: files are named relative to their SOURCE."""
        for folder in self._folders:
            text = text.replace(f"{folder}{os.sep}", "").replace(folder, ".")
        return text

    def close(self) -> None:
        """End the processes that run queries."""
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
"""Reads every SOURCE again."""


def state_of(desk: Desk) -> tuple[tuple[str, int, int], ...]:
    """Return names, times and sizes of all files, which change when a file that was read changes."""
    files = [Path(one.file) for one in desk.alignments if one.file]
    for shelf in (shelf for spec in desk.specs for shelf in spec.shelves):
        files += (*_watched_files(shelf.loaded), *shelf.loaded.beside, *shelf.files_beside.each)
    return tuple(map(_stat, files))


def _stat(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), stat.st_mtime_ns, stat.st_size


def _watched_files(loaded: Loaded) -> tuple[Path, ...]:
    """Return the files that a SOURCE was read from, and others that it may be read from next time."""
    if not loaded.has_files:
        return loaded.files
    if not is_project(loaded.root):
        return (*loaded.files, *files_below(loaded.root / "examples"))
    return (*loaded.files, loaded.root / "conf.py", *files_below(loaded.root))


def reread(desk: Desk, read: ReadSources) -> tuple[Desk, str]:
    """Return the new desk, or the old one and the reason if reading fails."""
    try:
        new = read()
    except (PolicySpecError, OSError) as error:
        return desk, desk.scrubbed(str(error))
    if problem := emptied(desk, new):
        new.close()
        return desk, problem
    return new, ""


def emptied(old: Desk, new: Desk) -> str:
    """Report a text that has no principles, though all had some: it may be in another encoding. Else return nothing."""
    had, has = ([shelf for one in desk.specs for shelf in one.shelves] for desk in (old, new))
    lost = [shelf.name for shelf in has if not shelf.spec.principles]
    return f"`{lost[0]}` has no principle any more" if lost and all(s.spec.principles for s in had) else ""
