"""A folder or file as of a revision of a git repository: the whole revision, written into a folder of its own."""

from __future__ import annotations

import codecs
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import folder_of, real_path

ATTRIBUTES = ("ident", "working-tree-encoding", "filter")
"""Attributes that change the text of a file; line ends make no difference to our readers."""
_Attributes = dict[str, str]
_IDENT = re.compile(rb"\$Id(?::[^$\n]*)?\$")
_MARKS = {"UTF-16LE-BOM": codecs.BOM_UTF16_LE, "UTF-16BE-BOM": codecs.BOM_UTF16_BE}


def _parse_attributes(text: str) -> dict[str, _Attributes]:
    """Return what ``git check-attr -z`` prints, by path; unspecified and unset attributes are left out."""
    fields = iter(text.split("\0")[:-1])
    attributes: dict[str, _Attributes] = {}
    for path, name, value in zip(fields, fields, fields, strict=True):
        if value not in {"unspecified", "unset"}:
            attributes.setdefault(path, {})[name] = value
    return attributes


def _converted(data: bytes, name: str, attributes: _Attributes) -> bytes:
    """Return a stored file as git writes it into a work tree, except for filters.

    Bytes that the encoding cannot hold stay as they are, as git leaves them.

    :param name: the name of the object
    """
    if "ident" in attributes:
        data = _IDENT.sub(b"$Id: %s $" % name.encode(), data)
    encoding = attributes.get("working-tree-encoding")
    if not encoding:
        return data
    mark = _MARKS.get(encoding.upper(), b"")
    try:
        return mark + data.decode("utf-8").encode(encoding.removesuffix("-BOM"))
    except (LookupError, UnicodeError):
        return data


_PREFIX = "git:"
_LARGEST = 256 * 2**20
"""Most bytes that are read from a repository."""
_CHUNK = 32 * 2**20
"""Bytes requested from git at a time, unless one file is larger."""
_SECONDS = 120
_LINK, _SUBMODULE, _PROGRAM = "120000", "160000", "100755"
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")
_PARTIAL = "this clone is partial, and `git fetch --refetch --no-filter` brings all of it"
_ATTRIBUTES = ".gitattributes"
_WAY = re.compile(r"[~^]|@\{")
_ELSEWHERE = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""Variables that a git hook sets for its own repository, and that are wrong for a submodule."""


class Checkout:
    """The files of a revision; they are deleted together with this object.

    :param root: the temporary folder that holds the whole revision
    :param path: the requested file or folder
    :param top: the work tree of the repository, if it has one
    """

    def __init__(self, root: Path, path: Path, top: Path | None) -> None:
        self.root, self.path, self.top = root, path, top
        self.lacks: dict[str, str] = {}
        """Paths of the revision that ``root`` lacks, or holds in another form, each with the reason."""
        self.links_out: list[str] = []
        """Requested paths that are links out of the repository."""
        self._finalizer = weakref.finalize(self, shutil.rmtree, root, ignore_errors=True)

    def at(self, path: Path) -> Path:
        """Return where a path of the work tree is as of the revision; a path outside of it is returned unchanged."""
        full = real_path(path)
        return self.root / full.relative_to(self.top) if self.top and full.is_relative_to(self.top) else path

    def lacking(self, files: Iterable[Path] | None = None) -> list[str]:
        """Return what is missing, or is not as it should be, with the reasons.

        :param files: files that were read or looked for; by default everything is reported
        """
        lacks = list(self.lacks.items())
        if files is not None:
            names = {
                os.path.relpath(os.path.realpath(file), self.root).replace(os.sep, "/") for file in files
            }
            names.update(self.links_out)
            lacks = [(path, why) for path, why in lacks if any(_holds(path, name) for name in names)]
        return [_with_reason(path, why) for path, why in lacks]


def is_git(source: str) -> bool:
    """Return whether a SOURCE names a git revision."""
    return source.startswith(_PREFIX)


def parse_git(source: str) -> tuple[str, str]:
    """Return the revision and the path in ``git:REV:PATH``; a revision holds no colon."""
    revision, colon, path = source.removeprefix(_PREFIX).partition(":")
    if not revision or not colon:
        raise SourceError(f"`{source}` is not of the form git:REV:PATH, such as git:v1.2:spec or git:main:.")
    if revision.startswith("-"):
        raise SourceError(f"`{revision}` is no revision: it begins with `-`")
    if posixpath.isabs(path):
        raise SourceError(f"`{path}` has to be relative to the current folder")
    return revision, posixpath.normpath(path or ".")


def check_out(source: str, folder: Path | None = None) -> Checkout:
    """Return the revision of a SOURCE ``git:REV:PATH`` in the repository of a folder, by default the current one.

    Files are as git writes them into a work tree, except for filters: no shell is used, no filter or hook runs, nothing is
    fetched, and the repository is not changed. Links within the revision are kept, others are left out. A submodule, and a file of Git LFS, comes from
    what is on this machine. If PATH needs something that cannot be read, this raises
    :class:`~sphinx_policyspec.errors.SourceError`; the checkout reports everything else.
    """
    _, path = parse_git(source)
    here = folder or Path()
    repository = _Repository(source, here, commit=commit_of(source, here))
    prefix = repository.ask("rev-parse", "--show-prefix").removesuffix("\n")
    wanted = posixpath.normpath(posixpath.join(prefix, path))
    if wanted.startswith("../") or wanted == "..":
        raise SourceError(f"`{path}` has to be in the repository of the current folder")
    entries = list(repository.entries())
    return _Writer(source, wanted, repository).write(entries)


def commit_of(source: str, folder: Path) -> str:
    """Return the commit that the revision of a SOURCE ``git:REV:PATH`` names in the repository of a folder."""
    revision, _ = parse_git(source)
    repository = _Repository(source, folder)
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    try:
        return repository.ask(*arguments).strip()
    except SourceError as error:
        if repository.has("rev-parse", "--is-shallow-repository", expected="true"):
            # A remote resolves names and commits, but no ancestor such as `main~2`.
            here = "" if _WAY.search(revision) else f", or `git fetch --depth=1 origin {revision}`,"
            hint = f"`git fetch --unshallow`{here} brings it"
            raise SourceError(f"{error} in this shallow clone; {hint}") from None
        raise


def _holds(path: str, name: str) -> bool:
    """Return whether a path is another one, or a folder above it."""
    return path in {name, "."} or name.startswith(f"{path}/")


def _with_reason(path: str, why: str) -> str:
    return f"`{path}` {why}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a revision holds at a path; a submodule is an entry only if its own repository is not here."""

    repository: _Repository
    mode: str
    name: str
    path: str
    attributes: _Attributes


@dataclass(frozen=True, slots=True)
class _Repository:
    """The git repository of a folder, queried on behalf of a SOURCE."""

    source: str
    folder: Path
    above: str = ""
    """Path of a submodule in the repository around it."""
    commit: str = ""

    def run(self, *arguments: str, stdin: bytes = b"", index: str = "") -> bytes:
        """Return what git prints; git can neither fetch, nor prompt, nor change the repository."""
        program = shutil.which("git")
        if program is None:
            raise SourceError(f"`{self.source}` needs git, which is not installed")
        quiet = {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "LC_ALL": "C",
            **({"GIT_INDEX_FILE": index} if index else {}),
        }
        dropped = _ELSEWHERE if self.above else frozenset[str]()
        # Older versions of git ignore GIT_NO_LAZY_FETCH, and must not fetch either.
        offline = ("-c", "protocol.allow=never")
        try:
            done = subprocess.run(  # noqa: S603  a list, no shell; what comes from outside cannot be an option
                [
                    program,
                    "--literal-pathspecs",
                    "--no-pager",
                    "-c",
                    "core.fsmonitor=false",
                    "-c",
                    f"core.hooksPath={os.devnull}",
                    *offline,
                    *arguments,
                ],
                cwd=self.folder,
                input=stdin,
                capture_output=True,
                check=False,
                env={**{k: v for k, v in os.environ.items() if k not in dropped}, **quiet},
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise SourceError(f"`{self.source}`: git took longer than {_SECONDS} s") from None
        if done.returncode:
            reason = done.stderr.decode("utf-8", "replace").strip().rpartition("fatal: ")[2]
            hint = f"; {_PARTIAL}" if "promisor" in reason else ""
            raise SourceError(f"`{self.source}`: {reason or 'no such revision'}{hint}")
        return done.stdout

    def ask(self, *arguments: str) -> str:
        """Return what git prints as text, decoded as Python decodes paths."""
        return os.fsdecode(self.run(*arguments))

    def has(self, *arguments: str, expected: str = "") -> bool:
        """Return whether git succeeds and prints the expected text."""
        try:
            return self.ask(*arguments).strip() == expected
        except (SourceError, OSError):
            return False

    def entries(self) -> Iterator[_Entry]:
        """Yield all that the commit holds, including the submodules whose repositories are here."""
        listed = self.ask("ls-tree", "-r", "-z", "--full-tree", self.commit).split("\0")[:-1]
        for path in (line.partition("\t")[2] for line in listed):
            if {"", ".", ".."}.intersection(path.split("/")):
                raise SourceError(f"`{self.source}` has a path that no folder can have: `{path}`")
        attributes = self.attributes(listed)
        for line in listed:
            mode, _, rest = line.partition(" ")
            name, _, below = rest.partition(" ")[2].partition("\t")
            path = posixpath.join(self.above, below)
            if mode == _SUBMODULE and (inner := self._submodule(path, below, name)):
                yield from inner.entries()
            else:
                yield _Entry(self, mode, name, path, attributes.get(below, {}))

    def _submodule(self, path: str, below: str, commit: str) -> _Repository | None:
        """Return the repository of a submodule if it is here and has the commit."""
        folder = (top / below) if (top := self.top()) else None
        if folder is None or not folder.is_dir():
            return None
        inner = _Repository(self.source, folder, path, commit)
        # In an empty folder git looks into the repository around it, which lacks the commit.
        return inner if inner.has("cat-file", "-e", f"{commit}^{{commit}}") else None

    def top(self) -> Path | None:
        """Return the work tree; a bare repository has none."""
        try:
            return Path(self.ask("rev-parse", "--show-toplevel").removesuffix("\n")).resolve()
        except SourceError:
            return None

    def attributes(self, listed: list[str]) -> dict[str, _Attributes]:
        """Return the attributes of the commit's paths that change their text in a work tree."""
        paths = [line.partition("\t")[2] for line in listed]
        index_lines = "".join(
            f"{line}\0" for line, path in zip(listed, paths, strict=True) if path.endswith(_ATTRIBUTES)
        )
        with tempfile.TemporaryDirectory(prefix="policyspec-") as scratch:
            index = str(Path(scratch, "index"))
            self.run("update-index", "-z", "--index-info", stdin=os.fsencode(index_lines), index=index)
            stdin = os.fsencode("".join(f"{path}\0" for path in paths))
            printed = self.run(
                "check-attr", "--cached", "-z", "--stdin", *ATTRIBUTES, stdin=stdin, index=index
            )
        return _parse_attributes(os.fsdecode(printed))

    def is_filtered(self, attributes: _Attributes) -> bool:
        """Return whether a filter set up on this machine changes a file; Git LFS does not count."""
        name = attributes.get("filter", "lfs")
        command = ("config", "--default", "cat", "--get")
        return name != "lfs" and not all(
            self.has(*command, f"filter.{name}.{kind}", expected="cat") for kind in ("smudge", "process")
        )

    def large_file(self, pointer: bytes) -> bytes | None:
        """Return the file of Git LFS that a pointer names, if it is here."""
        if (match := _POINTER.match(pointer)) is None:
            return None
        name = match[1].decode()
        common = Path(self.folder, self.ask("rev-parse", "--git-common-dir").removesuffix("\n"))
        file = common / "lfs" / "objects" / name[:2] / name[2:4] / name
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return None
        data = file.read_bytes()
        return data if sha256(data).hexdigest() == name else None

    def sizes(self, names: Iterable[str]) -> dict[str, int]:
        """Return the sizes of objects of the commit in bytes; those that are not here are left out."""
        listed = ("rev-list", "--objects", "--no-walk", "--no-object-names", "--missing=print", self.commit)
        missing = {line[1:] for line in self.ask(*listed).splitlines() if line.startswith("?")}
        stdin = "\n".join(dict.fromkeys(name for name in names if name not in missing)).encode()
        lines = (
            line.split() for line in self.run("cat-file", "--batch-check", stdin=stdin).decode().splitlines()
        )
        return {line[0]: int(line[2]) for line in lines if line[1:2] == ["blob"]}

    def contents(self, names: list[str]) -> Iterator[bytes]:
        """Yield the bytes of objects, one for each name."""
        data = self.run("cat-file", "--batch", stdin="\n".join(names).encode()) if names else b""
        start = 0
        while start < len(data):
            begin = data.index(b"\n", start) + 1
            end = begin + int(data[start:begin].split()[2])
            yield data[begin:end]
            start = end + 1


@dataclass(slots=True)
class _Writer:
    """Writes a revision into a folder: all that is requested or nothing, and as much of the rest as there is room for."""

    source: str
    wanted: str
    repository: _Repository
    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="policyspec-")).resolve())
    is_folder: bool = True
    checkout: Checkout = field(init=False)

    def write(self, entries: list[_Entry]) -> Checkout:
        """Write what a revision holds."""
        self.checkout = Checkout(self.root, self.root / self.wanted, self.repository.top())
        self.is_folder = all(entry.path != self.wanted for entry in entries)
        if not any(_holds(self.wanted, e.path) or _holds(e.path, self.wanted) for e in entries):
            raise SourceError(f"`{self.source}`: there is no `{self.wanted}` in that revision")
        for entry in entries:
            if entry.mode == _SUBMODULE:
                self._lack(entry, f"is a submodule at {entry.name[:12]}, which is not here: {_how(entry)}")
        sized = self._with_sizes([entry for entry in entries if entry.mode != _SUBMODULE])
        links = [(e, data) for e, data in self._contents(sized) if not self._is_file(e, data)]
        self._link(links)
        return self.checkout

    def _is_requested(self, path: str) -> bool:
        """Return whether a path belongs to PATH: it lies below it, above it, or beside a lone file as its companion."""
        if _holds(self.wanted, path) or _holds(path, self.wanted):
            return True
        folder = posixpath.dirname(self.wanted)
        beside = [posixpath.join(folder, name) for name in ("README.md", "CHANGELOG.md", "examples")]
        return not self.is_folder and any(_holds(name, path) for name in beside)

    def _lack(self, entry: _Entry, why: str) -> None:
        """Record an entry that cannot be had; if PATH needs it, raise."""
        if self._is_requested(entry.path):
            raise SourceError(f"`{self.source}`: {_with_reason(entry.path, why)}")
        self.checkout.lacks[entry.path] = why

    def _with_sizes(self, entries: list[_Entry]) -> list[tuple[_Entry, int]]:
        """Return the entries to write with their sizes: all that PATH needs, then the smallest of the others."""
        sizes: dict[str, int] = {}
        for repository in dict.fromkeys(entry.repository for entry in entries):
            sizes |= repository.sizes(entry.name for entry in entries if entry.repository == repository)
        for entry in entries:
            if entry.name not in sizes:
                self._lack(entry, f"is not here: {_PARTIAL}")
        here = [(entry, sizes[entry.name]) for entry in entries if entry.name in sizes]
        here.sort(key=lambda pair: (not self._is_requested(pair[0].path), pair[1]))
        room = _LARGEST
        sized = []
        for entry, size in here:
            room -= size
            if room >= 0:
                sized.append((entry, size))
            elif self._is_requested(entry.path):
                raise SourceError(
                    f"`{self.source}` has more than {_LARGEST // 2**20} MiB: name a folder or file of it, git:REV:PATH"
                )
            else:
                self._lack(entry, f"is left out: the revision has more than {_LARGEST // 2**20} MiB")
        return sized

    def _contents(self, entries: Iterable[tuple[_Entry, int]]) -> Iterator[tuple[_Entry, bytes]]:
        """Yield entries with their bytes, some at a time, those of each repository together."""
        for repository, some in _portions(entries):
            names = [entry.name for entry in some]
            yield from zip(some, repository.contents(names), strict=True)

    def _is_file(self, entry: _Entry, data: bytes) -> bool:
        """Write an entry that is a file."""
        if entry.mode == _LINK:
            return False
        if _POINTER.match(data):
            large = entry.repository.large_file(data)
            if large is None:
                self.checkout.lacks[entry.path] = (
                    "is a pointer of Git LFS: `git lfs fetch --all` brings the file"
                )
            data = data if large is None else large
        if entry.repository.is_filtered(entry.attributes):
            self.checkout.lacks[entry.path] = (
                f"goes through the filter `{entry.attributes['filter']}` of git, and no filter is run"
            )
        data = _converted(data, entry.name, entry.attributes)
        target = self.root / entry.path
        if self._create(entry, lambda: target.write_bytes(data)) and entry.mode == _PROGRAM:
            target.chmod(0o755)
        return True

    def _create(self, entry: _Entry, make: Callable[[], object]) -> bool:
        """Create the file or link of an entry; record it where this system cannot hold it."""
        try:
            (self.root / entry.path).parent.mkdir(parents=True, exist_ok=True)
            make()
        except (OSError, ValueError) as error:
            self._lack(entry, f"cannot be written here: {getattr(error, 'strerror', None) or error}")
            return False
        return True

    def _link(self, links: list[tuple[_Entry, bytes]]) -> None:
        """Create the links after all files, so that none is written through a link, and remove those that lead out."""
        created = [
            (entry, data)
            for entry, data in links
            if self._create(entry, partial(os.symlink, os.fsdecode(data), self.root / entry.path))
        ]
        out = [(e, data) for e, data in created if not self._leads_within(self.root / e.path)]
        for entry, _ in out:
            (self.root / entry.path).unlink()
            if self._is_requested(entry.path):
                self.checkout.links_out.append(entry.path)
        for entry, data in out:
            why = f"is a link out of the repository, to `{os.fsdecode(data)}`, which no revision has"
            self.checkout.lacks[entry.path] = why

    def _leads_within(self, link: Path) -> bool:
        return Path(os.path.realpath(link)).is_relative_to(self.root)


def _portions(entries: Iterable[tuple[_Entry, int]]) -> Iterator[tuple[_Repository, list[_Entry]]]:
    portion: dict[_Repository, list[_Entry]] = {}
    room = _CHUNK
    for entry, size in entries:
        room -= size
        if room < 0:
            yield from portion.items()
            portion, room = {}, _CHUNK - size
        portion.setdefault(entry.repository, []).append(entry)
    yield from portion.items()


def _how(entry: _Entry) -> str:
    """Return the command that brings a submodule."""
    folder = entry.repository.top()
    below = posixpath.relpath(entry.path, entry.repository.above or ".")
    if folder and (folder / below / ".git").exists():
        return f"`git -C {entry.path} fetch origin {entry.name}` brings it"
    return f"`git submodule update --init {entry.path}` brings it"


def work_tree(path: Path) -> Path:
    """Return the work tree of git that a SOURCE lies in, or else the folder of the SOURCE."""
    folder = real_path(folder_of(path))
    return next((above for above in (folder, *folder.parents) if Path(above, ".git").exists()), folder)
