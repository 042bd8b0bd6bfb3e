"""The words that prose is looked through for: short lists of our own, each with its source."""

from __future__ import annotations

import re

__all__ = [
    "ABSOLUTE",
    "BINDING",
    "EXCEPTION",
    "NORM_IN_ASIDE",
    "NO_OTHER_EXCEPTION",
    "PASSIVE",
    "VAGUE",
]


def _compile(words: str) -> re.Pattern[str]:
    """Return a pattern that takes a line break for a space, and capitals for small letters."""
    return re.compile(words.replace(" ", "[ \\n]"), re.IGNORECASE)


ABSOLUTE = _compile(
    r"(?<!not )(?<!nor )(?<!almost )(?<!if and )(?<![-\u2011])\b(?:must|never|always|under no circumstances|without exception"
    r"|(?:should|may|can|must|shall|will) only|only (?:if|when|where|after|for|with|to|in)\b)\b(?![-\u2011])"
)
"""INCOSE Guide to Writing Requirements, R26 (absolutes), and the modal of RFC 2119 that admits no choice."""

BINDING = _compile(
    r"\b(?:must|never|always|only|shall|cannot|can't|may not|under no circumstances|required|forbidden|prohibited"
    r"|not (?:allowed|permitted)|(?:should|will|do|does) not|shouldn't|won't|refuse|without exception)\b"
)
"""RFC 2119 and RFC 8174, with the plain words that specs use for the same."""

EXCEPTION = _compile(r"\bexceptions?\b")

NO_OTHER_EXCEPTION = _compile(
    r"\b(?P<one>(?:only|sole|single) exception|no (?:other|further) exceptions?)\b"
    r"|\b(?P<none>(?:no|without) exceptions?)\b(?! (?:for|to|of|in|where|when)\b)"
)

NORM_IN_ASIDE = _compile(
    r"\b(?:must|shall)\b(?! be (?:noted|remembered)\b)"
    r"|\b(?:assistant|model|models|it|they|responses?|answers?) should(?: not| never| always)?\b"
)
"""RFC 2119, §6 and ISO/IEC Directives, Part 2, §24 (notes hold no requirements)."""

_IRREGULAR = (
    "begun borne broken brought built caught chosen dealt done drawn driven felt forbidden forgotten found given "
    "heard held hidden kept known laid led left lost made meant met paid put read said seen sent set shown sought "
    "spent spoken taken taught thought told understood withheld won written"
)
PASSIVE = _compile(
    r"\b(?:must|should|shall)(?: not| never| always| also| only| generally| then| still)* be (?:[a-z]{2,20}ly )?"
    rf"(?:[a-z]{{2,20}}ed|{'|'.join(_IRREGULAR.split())})\b"
)
"""INCOSE Guide to Writing Requirements, R2 (active voice)."""

_AS_IF = "possible necessary needed appropriate applicable feasible practical practicable"
VAGUE = _compile(
    r"\b(?:appropriate(?:ly)?|adequate(?:ly)?|reasonabl[ey]|sufficient(?:ly)?|suitabl[ey]|acceptabl[ey]|proper(?:ly)?"
    r"|typical(?:ly)?|generally|usually|normally|various|several|approximately|significant(?:ly)?|timely"
    rf"|(?:as|if|where|when|whenever|wherever) (?:{'|'.join(_AS_IF.split())})|as (?:much|far|little) as possible"
    r"|to the extent (?:possible|practicable|necessary)|best efforts?|and so on|etc)\b"
)
"""INCOSE Guide to Writing Requirements, R7 (vague terms) and R8 (escape clauses)."""
