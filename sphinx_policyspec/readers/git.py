"""A folder or file as of a revision of a git repository, taken out into a folder of its own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import weakref
from pathlib import Path, PurePosixPath

from sphinx_policyspec.errors import SourceError

__all__ = ["Checkout", "check_out", "commit_of", "is_git", "parse_git"]

_PREFIX = "git:"
_LARGEST = 256 * 2**20
"""Bytes that may be taken out of a repository."""
_SECONDS = 120


class Checkout:
    """Files as of a revision; they are gone when this is.

    :param path: what was asked for
    """

    def __init__(self, folder: Path, path: Path) -> None:
        self.path = path
        self._finalizer = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


def is_git(source: str) -> bool:
    """Tell whether a SOURCE is one of git's."""
    return source.startswith(_PREFIX)


def parse_git(source: str) -> tuple[str, str]:
    """Return the revision and the path in ``git:REV:PATH``; a revision holds no colon."""
    revision, colon, path = source.removeprefix(_PREFIX).partition(":")
    if not revision or not colon:
        raise SourceError(f"`{source}` is not of the form git:REV:PATH, such as git:v1.2:spec or git:main:.")
    if revision.startswith("-"):
        raise SourceError(f"`{revision}` is no revision: it begins with `-`")
    if "\0" in source:
        raise SourceError("a SOURCE cannot hold a null character")
    clean = PurePosixPath(path or ".")
    if clean.is_absolute() or ".." in clean.parts:
        raise SourceError(f"`{path}` has to be below the current folder, in the repository that holds it")
    return revision, str(clean)


def check_out(source: str, folder: Path | None = None) -> Checkout:
    """Return the files of a SOURCE ``git:REV:PATH``, in the repository of a folder, by default the current one.

    No shell is used, nothing in the repository is run or changed, and links are left out. Of a file, the folder
    that it stands in comes along, since a release has companions beside it.
    """
    _, path = parse_git(source)
    here = folder or Path()
    name = commit_of(source, here)
    below = "" if path == "." else path
    kind = _git(source, here, "cat-file", "-t", f"{name}:./{below}").decode("ascii", "replace").strip()
    wanted = path if kind == "tree" else str(PurePosixPath(path).parent)
    # git archive takes the paths below the folder that it runs in.
    data = _git(source, here, "archive", "--format=tar", name, "--", wanted)
    target = Path(tempfile.mkdtemp(prefix="policyspec-"))
    checkout = Checkout(target, target / path)
    _extract(source, data, target)
    return checkout


def commit_of(source: str, folder: Path) -> str:
    """Return the commit that the revision of a SOURCE ``git:REV:PATH`` names in the repository of a folder."""
    revision, _ = parse_git(source)
    given = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return _git(source, folder, *given).decode("ascii", "replace").strip()


def _git(source: str, folder: Path, *arguments: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise SourceError(f"`{source}` needs git, which is not installed")
    command = [program, "--literal-pathspecs", "--no-pager", "-c", "core.fsmonitor=false", *arguments]
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  a list, no shell; what comes from outside cannot be an option
            command,
            cwd=folder,
            capture_output=True,
            check=False,
            env={**os.environ, **quiet},
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"`{source}`: git took longer than {_SECONDS} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise SourceError(f"`{source}`: {said or 'no such revision'}")
    return done.stdout


def _extract(source: str, data: bytes, folder: Path) -> None:
    """Write the plain files of an archive below a folder; links and devices are left out."""
    left = _LARGEST
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            place = PurePosixPath(member.name)
            held = archive.extractfile(member) if member.isreg() else None
            if held is None or place.is_absolute() or ".." in place.parts:
                continue
            left -= member.size
            if left < 0:
                raise SourceError(f"`{source}` holds more than {_LARGEST // 2**20} MiB")
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(held.read())
