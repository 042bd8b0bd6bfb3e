"""The specs of a workspace: which one a file belongs to, and what was read of each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.identifiers.index import Index, files_below
from sphinx_policyspec.identifiers.sites import MARKDOWN, SUFFIXES, YAML
from sphinx_policyspec.identifiers.yaml_files import YamlFile, yaml_file
from sphinx_policyspec.language_server.child import ChildReader
from sphinx_policyspec.language_server.reading import ReadRequest, Result, RootSource, SpecReader
from sphinx_policyspec.language_server.static_conf import loads_us
from sphinx_policyspec.readers.text import read_text

_SPEC = "model_spec.md"
_DIALECT = re.compile(r"^#{1,6}[ \t].{0,2000}\{[ \t]*#[\w.:-]{1,200}[ \t]+authority=", re.MULTILINE)
_CASES = "cases"
_HINTS = frozenset({"hint", "information", "off"})
_PAGES = frozenset({"README.md", "CHANGELOG.md", "CONTRIBUTING.md"})
"""Files beside a release that are not part of its text, although findings about a changelog have a place in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorSettings:
    """Settings of the user for the server.

    :param hints: how hints are shown: ``hint``, ``information`` or ``off``
    :param annotations: an annotation file for releases
    :param runs_conf: whether ``conf.py`` is run: only in a workspace that the client says is trusted
    :param keeps_aliases: whether a renamed principle keeps its old id as a former one
    """

    hints: str = "hint"
    annotations: Path | None = None
    runs_conf: bool = False
    keeps_aliases: bool = False

    @classmethod
    def of(cls, value: object, folder: Path | None = None, *, is_trusted: bool) -> EditorSettings:
        """Return the settings from what a client sends, which may be anything.

        :param is_trusted: whether the client has said that the workspace is trusted
        """
        settings = value if isinstance(value, Mapping) else {}
        settings = (
            settings.get("policyspec", settings)
            if isinstance(settings.get("policyspec", settings), Mapping)
            else {}
        )
        hints, name = settings.get("hints"), settings.get("annotations")
        path = (folder or Path()) / name if isinstance(name, str) and name and "\0" not in name else None
        return cls(
            hints=hints if isinstance(hints, str) and hints in _HINTS else "hint",
            annotations=real_path(path) if path else None,
            runs_conf=is_trusted and settings.get("runConf") is True,
            keeps_aliases=settings.get("keepAliases") is True,
        )


class Root:
    """One open spec: its files, their ids, and the last result of reading it."""

    def __init__(self, source: RootSource) -> None:
        self.source = source
        self.index = Index()
        self.result: Result | None = None
        self.directives: Mapping[str, tuple[str, Mapping[str, str]]] = {}
        self.problem = ""
        self.folder = source.path if source.path.is_dir() else source.path.parent
        self._child = ChildReader(source) if source.is_project else None
        self._own = None if source.is_project else SpecReader(source)
        self.cases: set[Path] = set()
        self.files = {*self._files()}
        for path in self.files:
            self.take(path, _text(path))

    async def read(self, request: ReadRequest) -> Result:
        """Read the spec: a project in a child, a release in a thread of this process."""
        if self._child is not None:
            return await self._child.read(request)
        assert self._own is not None  # noqa: S101 - one of the two is there
        return await asyncio.to_thread(self._own.read, request)

    async def close(self) -> None:
        """End the child process, if any."""
        if self._child is not None:
            await self._child.close()

    @property
    def pid(self) -> int | None:
        """Id of the process that reads it, if it has its own."""
        return self._child.pid if self._child else None

    def holds(self, path: Path) -> bool:
        """Return whether a file belongs to the spec."""
        if path in {self.source.path, self.source.annotations}:
            return True
        if path.suffix.lower() not in SUFFIXES or not path.is_relative_to(self.folder):
            return False
        parts = path.relative_to(self.folder).parts
        if any(part.startswith((".", "_build")) for part in parts):
            return False
        if self.source.is_project:
            return True
        is_prompt = parts[:-1] == ("examples",) and path.suffix in MARKDOWN
        return self.source.path.is_dir() and (is_prompt or parts == (_SPEC,) or path.suffix.lower() in YAML)

    def take(self, path: Path, text: str) -> None:
        """Index the text of one of the files."""
        self.index.update(self.name_of(path), text)
        is_case = path.suffix.lower() in YAML and self.yaml_of(path, text) is YamlFile.CASES
        (self.cases.add if is_case else self.cases.discard)(path)

    def yaml_of(self, path: Path, text: str) -> YamlFile:
        """Return the purpose of a YAML file; a new one in a folder of cases is a case file."""
        kind = yaml_file(text, YamlFile.CASES if path in self.cases else YamlFile.OTHER)
        is_case = kind is YamlFile.NEW and path.parent.name == _CASES and text.strip()
        return YamlFile.CASES if is_case else kind

    def name_of(self, path: Path) -> str:
        """Return the name of a file in findings."""
        for name, beside in (self.result.beside if self.result else {}).items():
            if real_path(beside) == path and path not in self.cases:
                return name
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(path)

    def path_of(self, name: str) -> Path:
        """Return the file with a name in findings."""
        beside = self.result.beside.get(name) if self.result else None
        return real_path(beside or self.folder / name)

    @property
    def sidecars(self) -> tuple[Path, ...]:
        """The annotation files that are applied and belong to the user."""
        beside = map(real_path, (self.result.beside if self.result else {}).values())
        return tuple(
            path for path in beside if self.holds(path) and yaml_file(_text(path)) is YamlFile.SIDECAR
        )

    def know(self, result: Result) -> None:
        """Store the result of a reading."""
        if self.result is None and result.beside:
            self.result = result
            for path in map(real_path, result.beside.values()):
                # The file that the package ships is not for users to edit.
                if path.suffix.lower() in YAML and self.holds(path):
                    self.index.forget(path.name)
                    self.take(path, _text(path))
        self.result = result
        if result.things is not None:
            self.index.know(result.things)
        if result.directives is not None:
            self.directives = result.directives

    def _files(self) -> Iterator[Path]:
        if not self.source.path.is_dir():
            yield self.source.path
            return
        yield from (path for path in map(real_path, files_below(self.folder)) if self.holds(path))


@dataclass(slots=True)
class Workspace:
    """The open roots, found when files of them are opened; nothing above a folder of the workspace is searched.

    :param folders: folders of the workspace; without any, only the folder of a file is searched for its root
    """

    settings: EditorSettings = field(default_factory=EditorSettings)
    folders: tuple[Path, ...] = ()
    roots: dict[Path, Root] = field(default_factory=dict)

    def root_of(self, path: Path, text: str) -> Root | None:
        """Return the root that a file belongs to, opened if it is not open yet; none for a file of another kind."""
        if (known := self.known(path)) is not None:
            return known
        source = self._source(path, text)
        return self._open(source) if source else None

    def opened_again(self, root: Root) -> Root | None:
        """Return a root opened again with the current settings; none if its spec is gone."""
        self.roots.pop(root.source.path, None)
        source = self._again(root)
        return self._open(source) if source else None

    def is_gone(self, root: Root) -> bool:
        """Return whether the source of a root no longer exists."""
        return self._again(root) is None

    def _again(self, root: Root) -> RootSource | None:
        path = root.source.path
        if path.is_file():
            return RootSource(path=path, annotations=self.settings.annotations)
        return self._at(path)

    def _open(self, source: RootSource) -> Root:
        self.roots[source.path] = Root(source)
        return self.roots[source.path]

    def known(self, path: Path) -> Root | None:
        """Return the open root that a file belongs to."""
        return next((root for root in self._deepest_first() if root.holds(path)), None)

    def _deepest_first(self) -> list[Root]:
        """Return the open roots, the deepest folders first."""
        return sorted(self.roots.values(), key=lambda root: -len(root.folder.parts))

    def _source(self, path: Path, text: str) -> RootSource | None:
        if path.suffix.lower() not in SUFFIXES or any(part.startswith(".") for part in path.parts[1:-1]):
            return None
        for folder in self._above(path):
            if (source := self._at(folder)) and (source.is_project or path.name not in _PAGES):
                return source
        if path.suffix.lower() in MARKDOWN and path.is_file() and _DIALECT.search(text):
            return RootSource(path=path, annotations=self.settings.annotations)
        return None

    def _at(self, folder: Path) -> RootSource | None:
        """Return the source in a folder: a project that loads our extension, or a release."""
        if loads_us(folder):
            return RootSource(path=folder, runs_conf=self.settings.runs_conf)
        if (folder / _SPEC).is_file():
            return RootSource(path=folder, annotations=self.settings.annotations)
        return None

    def _above(self, path: Path) -> Iterable[Path]:
        """Return the folders in which a root is looked for, the nearest first."""
        within = [folder for folder in self.folders if path.is_relative_to(folder)]
        if not within:
            return (path.parent,)
        most = max(within, key=lambda folder: len(folder.parts))
        return tuple(folder for folder in path.parents if folder.is_relative_to(most))


def _text(path: Path) -> str:
    try:
        return read_text(path, path.name)[0]
    except (SourceError, ValueError):
        return ""


def changed_files(
    before: Mapping[Path, str], now: Mapping[Path, str], also: Collection[Path] = ()
) -> tuple[Path, ...]:
    """Return the files whose texts have changed, or are no longer open in an editor."""
    keys = before.keys() | now.keys()
    return tuple(sorted({*also, *(path for path in keys if before.get(path) != now.get(path))}))
