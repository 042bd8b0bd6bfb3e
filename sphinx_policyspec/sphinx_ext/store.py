"""Files of ours beside the doctrees: parts of the spec by page, and results that took long to compute.

A project that stays open and is not built keeps the parts in memory instead.

The environment is loaded by every build and every worker; most of them need nothing of this. Files that a killed build
or a full disk leaves damaged here are recognised, and made again.
"""

from __future__ import annotations

import hashlib
import pickle
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sphinx.errors import SphinxError

from sphinx_policyspec.errors import WriteError
from sphinx_policyspec.files import exact, pickled, unfinished_files, write_file
from sphinx_policyspec.model import Span, Spec
from sphinx_policyspec.model.finding import Use

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sources import Reader

_T = TypeVar("_T")
FRAGMENT, EXCERPTS = ".policyspec", ".policyspec-excerpts"
"""Suffixes of the parts of a page: its part of the spec, and the beginning of the words of each thing on it."""
TEXT_OF = "text of "
"""What the key of the text of a prompt begins with, among the beginnings; its anchor follows."""
_IN_MEMORY = "policyspec_parts"
"""The attribute of an environment that holds parts in memory."""
_CHECKSUM = 16
_ENVIRONMENT = "environment.pickle"
_DOCTREES = "policyspec-doctrees.kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """The part of a page that only a build that assembles the spec needs.

    :param spec: its part of the spec
    :param spans: where each object of the page's record is, in the record's order
    :param places: where names are that it uses
    """

    spec: Spec
    spans: tuple[Span, ...] = ()
    places: tuple[tuple[Use, Span], ...] = ()


def pack(value: object) -> bytes:
    """Return an object as bytes, equal ones for equal objects."""
    return zlib.compress(pickled(value), level=1)


def hold_parts(env: BuildEnvironment) -> None:
    """Keep the parts of pages in memory from now on, for an environment that is never stored, but often used."""
    setattr(env, _IN_MEMORY, {})


def write_part(env: BuildEnvironment, docname: str, suffix: str, packed: bytes) -> None:
    """Store a part of a page that :func:`pack` packed."""
    if (parts := getattr(env, _IN_MEMORY, None)) is None:
        _write(_part(env, docname, suffix), packed)
    else:
        parts[docname, suffix] = _unpacked(packed)


def read_part(env: BuildEnvironment, docname: str, suffix: str) -> Any:
    """Return a part of a page, ``None`` where its file is lost or damaged."""
    if (parts := getattr(env, _IN_MEMORY, None)) is None:
        return _read(_part(env, docname, suffix))
    return parts.get((docname, suffix))


def read_fragment(env: BuildEnvironment, docname: str) -> PagePart:
    """Return a page's part of the spec."""
    found: PagePart | None = read_part(env, docname, FRAGMENT)
    if found is None:
        raise SphinxError(f"`{_part(env, docname, FRAGMENT)}` is damaged: build again")
    return found


def write_output(file: Path, data: bytes | str | Iterable[bytes]) -> None:
    """Write a file of a build in one step; an error of the disk ends the build with one line."""
    if isinstance(data, str):
        data = data.encode(errors="replace")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, data)
    except (OSError, WriteError) as error:
        raise SphinxError(str(error)) from error


class Stamp:
    """A builder's note about files beside its pages, made once they are written; missing where it was interrupted.

    :param name: of what is written
    """

    def __init__(self, app: Sphinx, name: str) -> None:
        self._file = Path(app.doctreedir, f"policyspec-{app.builder.name}-{name}.txt")

    @property
    def text(self) -> str:
        """What was noted, empty where nothing was."""
        return self._file.read_text("utf-8", errors="replace") if self._file.is_file() else ""

    def note(self, text: str) -> None:
        """Note what the files are made of."""
        write_output(self._file, text)

    def remove(self) -> None:
        """Forget what was noted."""
        self._file.unlink(missing_ok=True)


def unsound_pages(
    env: BuildEnvironment, with_fragment: Collection[str], with_excerpts: Collection[str]
) -> Iterator[str]:
    """Yield the pages to read again: with a file that is lost, damaged, or newer than the environment.

    A build that was killed while it read pages has written files that the environment on the disk knows nothing of.

    :param with_fragment: pages that hold a part of the spec
    :param with_excerpts: pages that have excerpts
    """
    environment = Path(env.doctreedir, _ENVIRONMENT)
    if not environment.is_file():
        return
    latest = environment.stat().st_mtime_ns
    needed = {FRAGMENT: frozenset(with_fragment), EXCERPTS: frozenset(with_excerpts)}
    noted = _read(Path(env.doctreedir, _DOCTREES)) or {}
    for docname in env.all_docs:
        parts = [_part(env, docname, suffix) for suffix, pages in needed.items() if docname in pages]
        is_whole = _is_doctree(_doctree(env, docname), latest, noted.get(docname))
        if not (is_whole and all(_is_sound(part, latest) for part in parts)):
            yield docname


def note_doctrees(env: BuildEnvironment) -> None:
    """Note the checksums of doctrees, which have none of their own; one that is read with other bytes ends the build."""
    notes = Path(env.doctreedir, _DOCTREES)
    before = _read(notes) or {}
    noted = notes.stat().st_mtime_ns if before else 0
    sums = {}
    for docname in sorted(env.all_docs):
        file = _doctree(env, docname)
        if docname in before and file.stat().st_mtime_ns < noted:
            sums[docname] = before[docname]
        elif file.is_file():
            sums[docname] = _checksum(file.read_bytes())
    if sums != before:
        _write(notes, pack(sums))


def cached(env: BuildEnvironment, name: str, state: str, make: Callable[[], _T]) -> _T:
    """Return the value that was made in the same state, else one that is made now.

    :param name: of what is cached
    :param state: what changes whenever another thing would be made
    """
    before, value = kept(env, name) or ("", None)
    if before == state:
        return cast("_T", value)
    fresh = make()
    keep(env, name, (state, fresh))
    return fresh


def releases_of(env: BuildEnvironment, source: str, reader: Reader) -> tuple[Spec, ...]:
    """Return the releases of a source, from a file where nothing has changed since it was last read."""
    state = reader.state(source)

    def read() -> tuple[Spec, ...]:
        return tuple(loaded.spec for loaded in reader.releases(source))

    if not state:
        # A source that cannot be looked at cannot be read either, and reading raises why.
        return read()
    notes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in reader.otherwise if path.is_file()]
    of = exact((state, notes, reader.options))
    return cached(env, f"older {source} {reader.options.builder}", of, read)


def kept(env: BuildEnvironment, name: str) -> Any:
    """Return what this version of the package has kept under a name, ``None`` where nothing sound is kept."""
    stamp, value = _read(_kept_file(env, name)) or ("", None)
    return value if stamp == _version() else None


def keep(env: BuildEnvironment, name: str, value: object) -> None:
    """Keep a value until another one is kept under its name."""
    _write(_kept_file(env, name), pack((_version(), value)))


def _kept_file(env: BuildEnvironment, name: str) -> Path:
    key = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:16]
    return Path(env.doctreedir, f"policyspec-{key}.kept")


class Unfinished:
    """Notes beside the doctrees that a builder is about to write, until it has written everything."""

    def __init__(self, app: Sphinx) -> None:
        self._folder, self._out, self._builder = Path(app.doctreedir), Path(app.outdir), app.builder.name
        self._file = self._folder / f"policyspec-{self._builder}.unfinished"

    def is_noted(self) -> bool:
        """Return whether the last build of the builder has not come to its end."""
        return self._file.is_file()

    def note(self) -> None:
        """Note that the build writes from now on; notes that files are written already no longer count."""
        if self.is_noted():
            stamps = self._folder.glob(f"policyspec-{self._builder}-*.txt")
            for file in (*stamps, *unfinished_files(self._out), *unfinished_files(self._folder)):
                file.unlink(missing_ok=True)
        write_output(self._file, b"")

    def done(self) -> None:
        """Note that everything is written."""
        self._file.unlink(missing_ok=True)


def _part(env: BuildEnvironment, docname: str, suffix: str) -> Path:
    return Path(env.doctreedir, docname + suffix)


def _write(file: Path, packed: bytes) -> None:
    write_output(file, _checksum(packed) + packed)


def _read(file: Path) -> Any:
    data = file.read_bytes() if file.is_file() else b""
    checksum, packed = data[:_CHECKSUM], data[_CHECKSUM:]
    return _unpacked(packed) if packed and checksum == _checksum(packed) else None


def _unpacked(packed: bytes) -> Any:
    try:
        # The bytes are our own, like those of the doctrees beside them.
        return pickle.loads(zlib.decompress(packed))  # noqa: S301
    except (AttributeError, ImportError, ValueError):
        # Another version of the package had other classes.
        return None


def _checksum(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=_CHECKSUM).digest()


def _is_sound(file: Path, latest: int) -> bool:
    if not file.is_file() or file.stat().st_mtime_ns > latest:
        return False
    data = file.read_bytes()
    return data[:_CHECKSUM] == _checksum(data[_CHECKSUM:])


def _doctree(env: BuildEnvironment, docname: str) -> Path:
    return Path(env.doctreedir, f"{docname}.doctree")


def _is_doctree(file: Path, latest: int, noted: bytes | None) -> bool:
    """Return whether a doctree is there, as it was noted, and not newer than the environment."""
    try:
        return noted == _checksum(file.read_bytes()) and file.stat().st_mtime_ns <= latest
    except OSError:
        return False


def _version() -> str:
    try:
        return version("sphinx-policyspec")
    except PackageNotFoundError:
        return "0+unknown"
