"""Files and folders of cases."""

from __future__ import annotations

from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Finding
from sphinx_policyspec.readers.cases import ReadCase, read_cases
from sphinx_policyspec.readers.text import read_text

__all__ = ["case_files", "read_case_file"]

_SUFFIXES = (".yaml", ".yml")


def case_files(path: Path) -> tuple[Path, ...]:
    """Return a file itself, and the YAML files below a folder in the order of their names.

    What does not exist, and a folder without any, raises :class:`~sphinx_policyspec.errors.SourceError`.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        message = f"`{path}` does not exist"
        raise SourceError(message)
    found = tuple(sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file()))
    if not found:
        message = f"`{path}` holds no case: no file that ends in {' or '.join(_SUFFIXES)}"
        raise SourceError(message)
    return found


def read_case_file(path: Path) -> tuple[tuple[ReadCase, ...], tuple[Finding, ...]]:
    """Return the cases of a file, and what is wrong with the file as a whole."""
    text, encoding = read_text(path, str(path))
    cases, findings = read_cases(text, str(path))
    return cases, (*encoding, *findings)
