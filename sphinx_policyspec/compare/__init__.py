"""Two specs → what changed in meaning, and what it touches."""

from sphinx_policyspec.compare.change import (
    DIRECTED,
    SPACES,
    Change,
    ChangeKind,
    Match,
    Reach,
    SpecDiff,
    Subject,
    Weight,
)
from sphinx_policyspec.compare.compare import (
    ReadingList,
    compare,
    digest_of,
    reading_list,
    with_judgements,
    with_overlays,
)
from sphinx_policyspec.compare.matching import Naming, Sides
from sphinx_policyspec.compare.words import Run, TextChange

__all__ = [
    "DIRECTED",
    "SPACES",
    "Change",
    "ChangeKind",
    "Match",
    "Naming",
    "Reach",
    "ReadingList",
    "Run",
    "Sides",
    "SpecDiff",
    "Subject",
    "TextChange",
    "Weight",
    "compare",
    "digest_of",
    "reading_list",
    "with_judgements",
    "with_overlays",
]
