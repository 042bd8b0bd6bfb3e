"""Where the ontology is, for those who read its files without RDF."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

__all__ = ["ontology_digest", "ontology_dir", "ontology_terms"]


def ontology_dir() -> Path:
    """Return the folder of the ontology: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "ontology"
    return installed if installed.is_dir() else package.parent / "ontology"


@cache
def ontology_terms() -> frozenset[str]:
    """Return the names of all terms that the ontology defines."""
    text = (ontology_dir() / "policyspec.ttl").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^ps:(\w+) a ", text, re.MULTILINE))


@cache
def ontology_digest() -> str:
    """Return what changes whenever a term, key, question or rule does; read once, as the questions are."""
    state = hashlib.sha256()
    for file in sorted(ontology_dir().rglob("*")):
        if file.suffix in {".jsonld", ".rq", ".ttl"}:
            state.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()
