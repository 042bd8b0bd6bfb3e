"""The process that reads a Sphinx project for another one that is being built: ``python -m … PROJECT FILE``.

Two applications in one process would share what extensions and ``conf.py`` change: modules, the search path, the
current folder, directives of docutils. The spec goes into the file, or, as a text, why there is none.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Spec
from sphinx_policyspec.sphinx_ext.project import read_project


def main(project: str, file: str) -> None:
    """Read a project as one that compares itself with nothing and asks nothing."""
    told: Spec | str
    try:
        told = read_project(Path(project), spec_only=True).spec
    except PolicySpecError as error:
        told = str(error)
    Path(file).write_bytes(pickle.dumps(told, protocol=5))


if __name__ == "__main__":
    main(*sys.argv[1:])
