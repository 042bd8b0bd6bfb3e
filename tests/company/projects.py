"""Small projects of other people, and builds of them with and without us."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

__all__ = ["OURS", "Built", "build", "differing", "write"]

OURS = "sphinx_policyspec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build wrote by file name, and its warnings; files are named relative to the source folder."""

    files: dict[str, bytes]
    warnings: tuple[str, ...]

    def text(self, name: str) -> str:
        """Return a file as text."""
        return self.files[name].decode()


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a project; return its folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def build(
    source: Path,
    out: Path,
    extensions: Sequence[str],
    builder: str = "html",
    conf: Mapping[str, Any] | None = None,
    *,
    again: bool = False,
) -> Built:
    """Build a folder with some extensions in this order; a ``conf.py`` in it is used, too.

    :param again: what an earlier build left is used
    """
    # Without its suffixes a project would have those that Sphinx took over from the one before.
    suffixes = {"source_suffix": {".rst": "restructuredtext"}}
    settings = {
        "project": "P",
        "html_theme": "basic",
        **suffixes,
        **(conf or {}),
        "extensions": list(extensions),
    }
    confdir = source if (source / "conf.py").is_file() else None
    said = io.StringIO()
    with warnings.catch_warnings(), patch_docutils(confdir), docutils_namespace():
        # Other packages use what is deprecated.
        warnings.simplefilter("ignore")
        target, doctrees = out / builder, out / "doctrees"
        app = Sphinx(
            source,
            confdir,
            target,
            doctrees,
            builder,
            settings,
            status=None,
            warning=said,
            freshenv=not again,
        )
        app.build()
    text = strip_colors(said.getvalue()).replace(f"{source}/", "")
    files = {
        file.relative_to(target).as_posix(): file.read_bytes() for file in target.rglob("*") if file.is_file()
    }
    told = (line for line in text.splitlines() if not re.search("already registered", line))
    return Built(files=files, warnings=tuple(told))


def differing(one: Built, other: Built) -> set[str]:
    """Return the files that two builds have not alike, but for what names the extensions of each."""
    names = {name for name in {*one.files, *other.files} if one.files.get(name) != other.files.get(name)}
    found = [built.files.get("searchindex.js", b"") for built in (one, other)]
    search = [re.sub(rb'"envversion":\{.*?\}', b"", index) for index in found]
    return names - {".buildinfo", *({"searchindex.js"} if search[0] == search[1] else ())}
