"""Where the ontology is, for those who read its files without RDF."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ontology_dir"]


def ontology_dir() -> Path:
    """Return the folder of the ontology: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "ontology"
    return installed if installed.is_dir() else package.parent / "ontology"
