"""An older release that is a Sphinx project: read in a process of its own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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


def spec_of_project(path: Path, source: str) -> Spec:
    """Return the spec of a project, whose ``conf.py`` is run.

    Raises :class:`~sphinx_policyspec.errors.SourceError` where it cannot be read.

    :param source: what the project that is being built calls it
    """
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
