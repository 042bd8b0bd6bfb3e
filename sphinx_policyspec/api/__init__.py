"""The public functions of the package, each for a spec or a SOURCE, and the list of public names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["names_by_home"]

_LIST = Path(__file__).parents[1] / "__init__.pyi"


@cache
def names_by_home() -> dict[str, list[str]]:
    """Return the public names of each module below the root, as ``sphinx_policyspec/__init__.pyi`` lists them."""
    imports = re.findall(
        r"^from sphinx_policyspec\.(\S+) import (\([^)]*\)|.*)", _LIST.read_text("utf-8"), re.MULTILINE
    )
    return {home: re.findall(r"\b(\w+) as \1\b", names) for home, names in imports}
