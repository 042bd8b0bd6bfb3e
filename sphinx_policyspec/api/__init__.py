"""The few calls that people script with, each on a spec or a SOURCE."""

from __future__ import annotations

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
