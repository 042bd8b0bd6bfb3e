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

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.sources import Loaded, ProjectOptions

__all__ = ["read_in_child"]

_CHILD = f"{__package__}.project"
"""The module that the child runs."""


def read_in_child(path: Path, options: ProjectOptions, sidecar: Path | None = None) -> Loaded:
    """Return a project, read as one that compares itself with nothing and asks nothing; its ``conf.py`` is run.

    Raises :class:`~sphinx_policyspec.errors.SourceError` where it cannot be read.
    """
    package = str(Path(__file__).resolve().parents[3])
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        file = Path(folder, "project")
        done = subprocess.run(  # noqa: S603  a list, no shell, nothing from outside
            (sys.executable, "-P", "-m", _CHILD, str(file)),
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
