"""A Sphinx extension and formal knowledge base for behaviour specs of AI systems."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

    from sphinx_policyspec.api import (
        Answer,
        BehaviourDiff,
        Decision,
        Loaded,
        Resolved,
        SpecDiff,
        about,
        ask,
        build_handbook,
        check,
        decide,
        diff,
        diff_cases,
        init_project,
        knowledge_base,
        load,
        owl,
        read,
        reason,
        resolve,
        select,
        survey,
    )

__all__ = [
    "Answer",
    "BehaviourDiff",
    "Decision",
    "Loaded",
    "Resolved",
    "SpecDiff",
    "about",
    "ask",
    "build_handbook",
    "check",
    "decide",
    "diff",
    "diff_cases",
    "init_project",
    "knowledge_base",
    "load",
    "owl",
    "read",
    "reason",
    "resolve",
    "select",
    "setup",
    "survey",
]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension; Sphinx calls this for ``extensions = ["sphinx_policyspec"]``."""
    from sphinx_policyspec.sphinx_ext.extension import setup as register  # noqa: PLC0415  core needs no Sphinx

    return register(app)


def __getattr__(name: str) -> Any:
    """Import the functions people script with at their first use, so that importing costs nothing."""
    if name in __all__:
        return getattr(import_module("sphinx_policyspec.api"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
