"""A Sphinx project that is read in a process of its own, for another one that is being built.

Two applications in one process would share what extensions and ``conf.py`` change: modules, the search path, the
current folder, directives of docutils.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.sources import Loaded, ProjectOptions
from sphinx_policyspec.sphinx_ext.build.project import read_project

__all__ = ["read_in_child"]


def read_in_child(path: Path, options: ProjectOptions, sidecar: Path | None = None) -> Loaded:
    """Return a project, read as one that compares itself with nothing and asks nothing; its ``conf.py`` is run.

    Raises :class:`~sphinx_policyspec.errors.SourceError` where it cannot be read.
    """
    package = str(Path(__file__).resolve().parents[3])
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        file = Path(folder, "project")
        done = subprocess.run(  # noqa: S603  a list, no shell, nothing from outside
            (sys.executable, "-P", "-m", __name__, str(file)),
            input=pickle.dumps((path, options, sidecar), protocol=5),
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": search},
        )
        if not file.is_file():
            said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SourceError(f"cannot read the Sphinx project `{path}`: {said or 'its process ended early'}")
        told = pickle.loads(file.read_bytes())  # noqa: S301  written by our own child
    if isinstance(told, str):
        raise SourceError(told)
    return told  # type: ignore[no-any-return]


def main(file: str) -> None:
    """Read what standard input names; a project, or, as a text, why there is none, goes into a file."""
    path, options, sidecar = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  written by our own parent
    told: Loaded | str
    try:
        told = read_project(path, options, sidecar, spec_only=True)
    except PolicySpecError as error:
        told = str(error)
    Path(file).write_bytes(pickle.dumps(told, protocol=5))


if __name__ == "__main__":
    main(*sys.argv[1:])
