"""The few calls that people script with, each on a spec or a SOURCE."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx_policyspec.api.asking import (
        about,
        ask,
        graph_bytes,
        graph_pieces,
        inferred_base,
        knowledge_base,
        owl,
        reason,
        release_pieces,
        releases_base,
        releases_bytes,
        select,
    )
    from sphinx_policyspec.api.checking import check, report
    from sphinx_policyspec.api.comparing import diff, diff_cases
    from sphinx_policyspec.api.deciding import Resolved, decide, resolve, survey
    from sphinx_policyspec.api.publishing import build_handbook, build_handbooks, init_project
    from sphinx_policyspec.api.reading import ReadingOptions, load, pair, read, read_releases, releases
    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.decision import Decision
    from sphinx_policyspec.decision.behaviour import BehaviourDiff
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.sources import Loaded, has_releases, is_graph, is_project

__all__ = [
    "Answer",
    "BehaviourDiff",
    "Decision",
    "Loaded",
    "ReadingOptions",
    "Resolved",
    "SpecDiff",
    "about",
    "ask",
    "build_handbook",
    "build_handbooks",
    "check",
    "decide",
    "diff",
    "diff_cases",
    "graph_bytes",
    "graph_pieces",
    "has_releases",
    "inferred_base",
    "init_project",
    "is_graph",
    "is_project",
    "knowledge_base",
    "load",
    "owl",
    "pair",
    "read",
    "read_releases",
    "reason",
    "release_pieces",
    "releases",
    "releases_base",
    "releases_bytes",
    "report",
    "resolve",
    "select",
    "survey",
]

_NAMES = {
    "api.asking": "about ask graph_bytes graph_pieces inferred_base knowledge_base owl reason release_pieces releases_base releases_bytes select",
    "api.checking": "check report",
    "api.comparing": "diff diff_cases",
    "api.deciding": "Resolved decide resolve survey",
    "api.publishing": "build_handbook build_handbooks init_project",
    "api.reading": "ReadingOptions load pair read read_releases releases",
    "compare": "SpecDiff",
    "decision": "Decision",
    "decision.behaviour": "BehaviourDiff",
    "graph.answer": "Answer",
    "sources": "Loaded has_releases is_graph is_project",
}
"""What each module has of these; it is imported when one of them is first used, since most callers use few."""
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:  # noqa: ANN401  a function or a class
    """Import a function or class at its first use."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = globals()[name] = getattr(import_module(f"sphinx_policyspec.{_MODULES[name]}"), name)
    return found
