"""A Sphinx extension and formal knowledge base for behaviour specs of AI systems.

The public names are those of ``__init__.pyi``, the one list of them. Each is imported when it is first used, since most
callers use few, and a build of a project none.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


_NEW_OBJECTS = 20_000
"""New objects after which a build looks for garbage: Python looks after 700, finds hardly any, and takes a seventh of the time."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension; Sphinx calls this for ``extensions = ["sphinx_policyspec"]``."""
    often, *older = gc.get_threshold()
    if 0 < often < _NEW_OBJECTS:
        gc.set_threshold(_NEW_OBJECTS, *older)
        app.connect("build-finished", lambda *_: gc.set_threshold(often, *older))
    from sphinx_policyspec.sphinx_ext.extension import setup as register  # noqa: PLC0415  core needs no Sphinx

    return register(app)


def __getattr__(name: str) -> Any:
    """Import what a public name stands for."""
    if name == "__all__":
        return __dir__()
    homes = {} if name.startswith("_") else _homes()
    if name not in homes:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])
    value = globals()[name] = getattr(import_module(f"{__name__}.{homes[name]}"), name)
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*_homes(), "setup"])


def _homes() -> dict[str, str]:
    names_by_home = import_module(f"{__name__}.api").names_by_home
    return {name: home for home, names in names_by_home().items() for name in names}
