"""Other people's files and JSON, read within limits; our own, written whole or not at all; texts that steer no terminal."""

from __future__ import annotations

import errno
import gc
import hashlib
import io
import json
import os
import pickle
import re
import secrets
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from functools import cache
from html import escape
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

from sphinx_policyspec.errors import SourceError, WriteError

_LIST = ".policyspec-files"
"""Names the files that the last run put into a folder."""
_SCRATCH = re.compile(r"\..{1,200}\.[0-9a-f]{8}\.tmp")
"""Names of files that are being written."""


def real_path(path: Path) -> Path:
    """Return where a path leads, as :meth:`Path.resolve` does, but also where links go in a circle."""
    return Path(os.path.realpath(path))


def folder_of(path: Path) -> Path:
    """Return the folder of a file, or a folder itself."""
    return path if path.is_dir() else path.parent


def common_folder(folders: Sequence[Path]) -> Path:
    """Return the nearest folder in which all of some real folders lie.

    Raises :class:`SourceError` where they lie on several drives.
    """
    first = folders[0]
    for one in (first, *first.parents):
        if all(folder.is_relative_to(one) for folder in folders):
            return one
    raise SourceError("files that are read together lie on one drive, and these lie on several")


_UNSAVED: ContextVar[Mapping[Path, str]] = ContextVar("unsaved", default=MappingProxyType({}))
"""The texts that an editor has not saved yet, by the real paths of their files; an editor's server alone sets it."""


@contextmanager
def with_unsaved(texts: Mapping[Path, str]) -> Iterator[None]:
    """Make all readers of files of a spec read these texts in place of the files.

    :param texts: by the real path of the file of each
    """
    token = _UNSAVED.set(texts)
    try:
        yield
    finally:
        _UNSAVED.reset(token)


def unsaved_text(path: str | Path) -> str | None:
    """Return the text of a file that an editor has not saved; ``None`` where the file itself counts."""
    texts, path = _UNSAVED.get(), Path(path)
    # Finding out where a path leads is costly, and a file that is no link keeps its name.
    if not texts or (all(path.name != file.name for file in texts) and not path.is_symlink()):
        return None
    return texts.get(real_path(path))


_SETTLED = 1_000_000_000
"""Nanoseconds after which a file that changes again has another time."""


def stamp_of(path: Path) -> tuple[int, ...]:
    """Return a value that differs once a file has changed; empty for one that is missing, or was written just now."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    is_settled = status.st_mtime_ns < time.time_ns() - _SETTLED
    return (status.st_ino, status.st_mtime_ns, status.st_size) if is_settled else ()


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a file of a spec, or those of the text that an editor has not saved; raise :class:`OSError`."""
    text = unsaved_text(path)
    return path.read_bytes() if text is None else text.encode(errors="replace")


def write_file(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file in one step; a write that fails, or is killed, leaves what was there before.

    A device or a pipe is written as it is. Raises :class:`WriteError`.

    :param data: all of it, or pieces, of which one is in memory at a time; an error that they raise makes the write fail
    """
    try:
        if path.is_relative_to("/dev") or (path.exists() and not path.is_file()):
            _write(path, data)
            return
        # A link stays a link.
        target = real_path(path)
        scratch = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
        try:
            _write(scratch, data)
            if target.exists():
                scratch.chmod(target.stat().st_mode & 0o7777)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(f"cannot write `{path}`: {error.strerror or error}") from error
    except SourceError as error:
        raise SourceError(f"cannot write `{path}`: {error}") from error


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines((data,) if isinstance(data, bytes) else data)


def unfinished_files(folder: Path) -> list[Path]:
    """Return the temporary files below a folder that killed writes have left."""
    return [file for file in folder.rglob(".*.tmp") if _SCRATCH.fullmatch(file.name) and file.is_file()]


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder whose files are moved into another one at the end, in place of those of the last run.

    Nothing is touched where the work fails. Files that somebody else put there stay. Raises :class:`WriteError` where
    one of the two folders cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob(".policyspec-*.tmp"):
            shutil.rmtree(stale, ignore_errors=True)
        scratch = tempfile.mkdtemp(prefix=".policyspec-", suffix=".tmp", dir=folder)
    except OSError as error:
        raise WriteError(f"cannot write `{folder}`: {error.strerror or error}") from error
    try:
        yield Path(scratch)
        _publish(Path(scratch), folder)
    except OSError as error:
        # Another file that cannot be read, such as a font, is the concern of whoever reads it.
        if not str(error.filename or "").startswith((str(folder), str(scratch))):
            raise
        name = str(error.filename).replace(f"{scratch}/", f"{folder}/")
        raise WriteError(f"cannot write `{name}`: {error.strerror or error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _publish(scratch: Path, folder: Path) -> None:
    new = sorted(file.relative_to(scratch).as_posix() for file in scratch.rglob("*") if file.is_file())
    listing = folder / _LIST
    before = listing.read_text("utf-8", errors="replace").splitlines() if listing.is_file() else []
    # A file that cannot be put into its place is reported before any has been.
    for target in (folder / name for name in new):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    write_file(listing, "\n".join(sorted({*before, *new})).encode())
    for name in new:
        (scratch / name).replace(folder / name)
    for name in set(before).difference(new):
        _remove(folder, name)
    write_file(listing, "\n".join(new).encode())


def _remove(folder: Path, name: str) -> None:
    """Remove a file of the last run, and the folders that it leaves empty; a name that leads elsewhere is not ours."""
    file = folder / name
    if not name or "\0" in name or not real_path(file).is_relative_to(real_path(folder)):
        return
    with suppress(OSError):
        file.unlink(missing_ok=True)
        for parent in file.relative_to(folder).parents[:-1]:
            (folder / parent).rmdir()


@contextmanager
def without_collector() -> Iterator[None]:
    """Collect no garbage while a text is read: all new objects stay in use, and examining them takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


MAX_DEPTH = 100
_MAX_CHARACTERS = 16 * 2**20
"""Most characters of JSON: one full of `{},` takes 25 times its size in memory."""
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of writing."""
_STEERING = str.maketrans(
    {
        char: f"\\u{ord(char):04x}"
        for char in (*BIDIRECTIONAL, *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029")
    }
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""A half of a character of UTF-16, as an escape or as it is."""


def load_json(text: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return the value of JSON; :class:`ValueError` says what is wrong and where, before parsing if it is too large or too deep."""
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"larger than {_MAX_CHARACTERS // 2**20} MiB: write it in parts")
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, token.start()) + 1
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels: line {line}")
    return json.loads(text)


def load_foreign_json(text: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return the value of JSON from elsewhere, likewise; half of a character, which cannot be written, is U+FFFD.

    Programs that cut titles leave such halves.
    """
    value = load_json(text)
    if not _HALF.search(text):
        return value
    whole = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
    return json.loads(whole.decode("utf-16-le", "replace"))


def dump_json(value: object, *, indent: int | None = None) -> str:
    """Return JSON in which letters are as they are, and what could steer a terminal or forge a line is escaped."""
    return json.dumps(value, ensure_ascii=False, indent=indent).translate(_STEERING)


class _Pickler(pickle.Pickler):
    """Pickles dataclasses with slots by these: by default they look up the fields of each object again."""

    def reducer_override(self, value: object) -> Any:  # noqa: ANN401  the signature of a pickler
        """Return how to rebuild a value."""
        values = _values_of(cast("type", value.__class__))
        return (_made, (value.__class__, *values(value))) if values else NotImplemented


def pickled(value: object) -> bytes:
    """Return a value of ours as bytes that :func:`pickle.loads` reads, equal ones for equal values."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(value)
    return buffer.getvalue()


@cache
def _values_of(kind: type) -> Callable[[object], tuple[object, ...]] | None:
    names = [field.name for field in fields(kind)] if _has_slots(kind) else []
    # For a single name it would return no tuple.
    return attrgetter(*names) if names[1:] else None


def _has_slots(kind: type) -> bool:
    return "__slots__" in vars(kind) and "__dataclass_fields__" in vars(kind)


@cache
def _slots_of(kind: type) -> tuple[Callable[[object, object], None], ...]:
    return tuple(getattr(kind, field.name).__set__ for field in fields(kind))


def _made(kind: type, *values: object) -> object:
    instance: object = object.__new__(kind)
    for set_slot, value in zip(_slots_of(kind), values, strict=True):
        set_slot(instance, value)
    return instance


def printable(text: str) -> str:
    """Replace what could steer a terminal or forge a line: control and bidirectional characters."""
    return "".join(_harmless(char) for char in text)


def _harmless(char: str) -> str:
    if char in "\n\t\r\u2028\u2029":
        return " "
    steers = unicodedata.category(char) == "Cc" or char in BIDIRECTIONAL
    return "\ufffd" if steers else char


def html_safe(text: str) -> str:
    """Return a text escaped for HTML, inside an element or a quoted attribute."""
    return escape(printable(text))


def in_a_line(text: str) -> str:
    """Return a text for a line of a notebook or terminal, cut where it is long."""
    return printable(text if len(text) <= _LINE else f"{text[: _LINE - 1]}\N{HORIZONTAL ELLIPSIS}")


_LINE = 140
"""Most characters of a line that ``repr`` shows."""
_MOST = 100
"""Rows of a table that a notebook shows."""


class Brief:
    """Base of values whose ``repr`` is one line, since they may hold a whole spec; :func:`exact` returns all of one."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Keep this ``repr``, which a dataclass would replace."""
        cls.__repr__ = cls.__repr__  # type: ignore[method-assign]  # in the class itself, where a dataclass looks

    def __repr__(self) -> str:
        """Return the fields that differ from their defaults, until the line is full."""
        line = f"{type(self).__name__}("
        for part in fields(self):  # type: ignore[arg-type]  # every class below is a dataclass
            value = getattr(self, part.name)
            if part.repr and value != part.default:
                line += f"{part.name}={_short(value)}, "
            if len(line) > _LINE:
                break
        return in_a_line(f"{line.removesuffix(', ')})")


def _short(value: object) -> str:
    """Return the beginning of a value; for many items only their number."""
    if isinstance(value, Collection) and not isinstance(value, str) and len(value) > _FEW:
        return f"<{len(value)}>"
    text = repr(value[:_PART] if isinstance(value, str) else value)
    return text if len(text) <= _PART else f"{text[: _PART - 1]}\N{HORIZONTAL ELLIPSIS}"


_FEW, _PART = 2, 60
"""Items of a collection that ``repr`` shows, and characters of each field."""


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal, with all white space as one space, so that only the words count."""
    return hashlib.sha256(" ".join(text.split()).encode(errors="replace")).hexdigest()


def files_at(path: Path) -> list[Path]:
    """Return a file, or those of a folder and below it, in order."""
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def exact(value: object) -> str:
    """Return a text that two values share only if they are equal, however much they hold, as a digest needs it."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = [exact(getattr(value, part.name)) for part in fields(value) if part.repr]
    elif isinstance(value, Mapping):
        inner = [f"{exact(key)}: {exact(item)}" for key, item in value.items()]
    elif isinstance(value, list | tuple):
        inner = [exact(item) for item in value]
    else:
        return repr(value)
    return f"{type(value).__name__}({', '.join(inner)})"


def texts_in(value: object) -> Iterator[str]:
    """Yield the texts in a value of ours, in no order."""
    pending: list[object] = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list | tuple):
            pending.extend(one)
        elif isinstance(one, Mapping):
            pending.extend(one.values())
            pending.extend(one)
        else:
            kind: type = one.__class__
            pending.extend(getattr(one, name) for name in _names_of(kind))


@cache
def _names_of(kind: type) -> tuple[str, ...]:
    """Return the fields of a class of ours that can hold a text; none for any other class."""
    parts = fields(kind) if is_dataclass(kind) else ()
    return tuple(part.name for part in parts if part.repr and part.type not in {"int", "bool"})


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    """Return values by their keys, both in the order in which they come."""
    groups: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def html_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table for a notebook, in which every text is escaped; many rows are counted, not shown."""

    def line(cells: Sequence[object], tag: str) -> str:
        markup = (f'<{tag} style="text-align:left">{html_safe(str(cell))}</{tag}>' for cell in cells)
        return f"<tr>{''.join(markup)}</tr>"

    more = f" (the first {_MOST} of {len(rows)})" if len(rows) > _MOST else ""
    body = "".join(line(row, "td") for row in rows[:_MOST])
    head = f"<thead>{line(columns, 'th')}</thead>" if columns else ""
    return f"<table><caption>{html_safe(caption)}{more}</caption>{head}<tbody>{body}</tbody></table>"


def number_of(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 row``, ``2 rows``.

    :param plural: of the noun, where that is not the noun with an ``s``
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def as_counted(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts names as people count: `s2` before `s10`."""
    parts = filter(None, re.split(r"([0-9]{1,9})", name))
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)
