"""An older release that is a Sphinx project: read in a process of its own, and kept beside the doctrees."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Spec

__all__ = ["files_of_project", "is_project", "spec_of_project"]

_BUILT = frozenset({"_build", "__pycache__", "node_modules"})
"""Folders that hold nothing of a project's own."""


def is_project(path: Path) -> bool:
    """Tell whether a folder is a Sphinx project."""
    return (path / "conf.py").is_file()


def files_of_project(path: Path) -> Iterator[Path]:
    """Yield the files that a project may be made of: all but hidden ones and what was built."""
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _BUILT)
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def spec_of_project(path: Path, source: str, state: str, store: Path) -> Spec:
    """Return the spec of a project; its ``conf.py`` is run, unless this was done when it was in the same state.

    Raises :class:`~sphinx_policyspec.errors.SourceError` where it cannot be read.

    :param source: what the project that is being built calls it
    :param state: what changes whenever the project does; without it, what is stored is not used
    :param store: the folder for what is kept
    """
    file = store / f"policyspec-{hashlib.sha256(source.encode(errors='replace')).hexdigest()[:16]}.older"
    stamp = f"{_version()} {state}"
    if state and file.is_file():
        # The bytes are our own, like those of the doctrees that lie beside them.
        known, spec = pickle.loads(zlib.decompress(file.read_bytes()))  # noqa: S301
        if known == stamp:
            return spec  # type: ignore[no-any-return]
    spec = _read(path, source)
    store.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zlib.compress(pickle.dumps((stamp, spec), protocol=5), level=3))
    return spec


def _read(path: Path, source: str) -> Spec:
    package = str(Path(__file__).resolve().parents[3])
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        file = Path(folder, "spec")
        done = subprocess.run(  # noqa: S603  a list, no shell; the path cannot be an option
            (
                *(sys.executable, "-P", "-m", "sphinx_policyspec.sphinx_ext.project_child"),
                *(str(path.resolve()), str(file)),
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": search},
        )
        if not file.is_file():
            said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SourceError(
                f"cannot read the Sphinx project `{source}`: {said or 'its process ended early'}"
            )
        told = pickle.loads(file.read_bytes())  # noqa: S301  written by our own child
    if isinstance(told, str):
        raise SourceError(told.replace(str(path.resolve()), source))
    return told  # type: ignore[no-any-return]


def _version() -> str:
    try:
        return version("sphinx-policyspec")
    except PackageNotFoundError:
        return "0+unknown"
