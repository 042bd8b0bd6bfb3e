"""What can be said of a query by its text alone, before any parser sees it: size, depth, form, keywords."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from sphinx_policyspec.errors import QueryError, QueryLimitError
from sphinx_policyspec.graph.vocabulary import PREFIXES, RDF

__all__ = ["check_text", "excerpt", "named_terms", "unclosed_iri", "unpaired"]

_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_PROLOGUE = frozenset({"PREFIX", "BASE", "VERSION"})
_UPDATES = frozenset({"ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"})
_SHOWN = 60

_TOKEN = re.compile(
    r"""
      \#[^\n\r]*+                                                   # comment
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*+>)
    | \"{3}(?:\"{0,2}(?:[^\"\\]|\\.))*+(?:\"{3}|\Z)                  # strings, ended or not
    | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+(?:'{3}|\Z)
    | "(?:[^"\\\n\r]|\\.)*+"?
    | '(?:[^'\\\n\r]|\\.)*+'?
    | [?$@]\w++                                                     # variables, language tags
    | [\w.-]*+:(?:[\w.:%-]|\\.)*+                                   # prefixed names
    | (?P<words>[\w.-]++)                                           # no name: words, numbers, dots
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"\w+")
_PAIRS = {"(": ")", "{": "}", "[": "]"}
_IRI_START = re.compile(r"<[\w/.#][^\s<>]*")
"""What begins an IRI where no token does; a comparison has another thing, or a space, on its right."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def check_text(sparql: str, origin: str, *, max_bytes: int, max_depth: int) -> None:
    r"""Refuse a query that is too long or too deep, that is no query, or that calls out.

    Engines differ on whether ``\u0053ERVICE`` is a keyword, so the text is judged both as it stands
    and with its escapes replaced; no keyword hides from one reading in a string of the other.
    """
    size = len(sparql.encode(errors="replace"))
    if size > max_bytes:
        raise QueryLimitError(
            f"{origin}: {excerpt(sparql)} has {size:,} bytes; at most {max_bytes:,} are read: ask in parts"
        )
    for text in dict.fromkeys((sparql, _ESCAPE.sub(_character, sparql))):
        if (depth := _depth(text)) > max_depth:
            raise QueryLimitError(
                f"{origin}: {excerpt(sparql)} nests {depth:,} brackets deep; at most {max_depth} are read: write it flatter, or ask in parts"
            )
        _check_keywords(text, sparql, origin)


def named_terms(sparql: str) -> frozenset[str]:
    """Return the terms that a query of ours may name, by our prefixes or in full, and ``rdf:type``, which it writes ``a``."""
    short = re.findall(r"\b(\w+):(\w+)", sparql)
    names = {PREFIXES[prefix] + name for prefix, name in short if prefix in PREFIXES}
    return frozenset(names.union(re.findall(r"<([^<>\s]+)>", sparql), (RDF.type,)))


def excerpt(sparql: str) -> str:
    """Return the beginning of a query on one line, for messages."""
    line = " ".join(sparql.split())
    return f"the query `{line if len(line) <= _SHOWN else line[: _SHOWN - 1] + '…'}`"


def _check_keywords(text: str, sparql: str, origin: str) -> None:
    words = list(_words(text))
    if "SERVICE" in words:
        raise QueryError(f"{origin}: {excerpt(sparql)} calls another server; `SERVICE` is not run")
    first = next((word for word in words if word not in _PROLOGUE), "")
    if first in _UPDATES:
        raise QueryError(f"{origin}: {excerpt(sparql)} is an update; `{first}` is not run")
    if first not in _FORMS:
        raise QueryError(f"{origin}: {excerpt(sparql)} is no SELECT, ASK, CONSTRUCT or DESCRIBE")


def _words(text: str) -> Iterator[str]:
    """Yield the words outside strings, comments, IRIs, names and variables, in capitals."""
    for match in _TOKEN.finditer(text):
        if match["words"]:
            yield from (word.upper() for word in _WORD.findall(match["words"]))


def unpaired(text: str) -> tuple[int, str] | None:
    """Return the place of the first quote or bracket that lacks its other half, and what is wrong with it."""
    opened: list[re.Match[str]] = []
    awaited: Counter[str] = Counter()
    comments: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign[0] in "\"'" and (quote := _open_quote(sign)):
            return token.start(), f"the quote `{quote}` is never closed"
        if sign[0] == "#":
            comments.append(token)
        elif token["open"]:
            opened.append(token)
            awaited[_PAIRS[sign]] += 1
        elif token["close"] and not awaited[sign]:
            return token.start(), f"the bracket `{sign}` closes nothing"
        elif token["close"] and sign != _PAIRS[(last := opened.pop())[0]]:
            return _never_closed(last, comments)
        elif token["close"]:
            awaited[sign] -= 1
    return _never_closed(opened[-1], comments) if opened else None


def unclosed_iri(text: str) -> tuple[int, str] | None:
    """Return the place of the first IRI without an end, and what is wrong with it."""
    between = _TOKEN.sub(lambda token: " " * len(token[0]), text)
    found = next((match for match in _IRI_START.finditer(text) if between[match.start()] == "<"), None)
    return found and (found.start(), f"the IRI `{found[0]}` is never closed")


def _open_quote(text: str) -> str:
    """Return the quotation marks that begin a string and do not end it."""
    marks = text[:3] if text[:3] in {'"' * 3, "'" * 3} else text[0]
    is_closed = re.fullmatch(rf"{marks}(?:[^\\]|\\.)*?{marks}", text, re.DOTALL)
    return "" if is_closed else marks


def _never_closed(bracket: re.Match[str], comments: list[re.Match[str]]) -> tuple[int, str]:
    """Return the place of a bracket that stays open, and whether what would close it stands in a comment."""
    message = f"the bracket `{bracket[0]}` is never closed"
    closing = _PAIRS[bracket[0]]
    if any(comment.start() > bracket.start() and closing in comment[0] for comment in comments):
        message += f": a `{closing}` stands in a comment"
    return bracket.start(), message


def _depth(text: str) -> int:
    """Return how deep brackets nest."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth -= 1
        elif match["iri"]:
            # `1<((1))&&1>0` looks like an IRI and is none.
            deepest = max(deepest, depth + match["iri"].count("("))
        deepest = max(deepest, depth)
    return deepest


def _character(match: re.Match[str]) -> str:
    """Return the character that an escape stands for, or the escape where it stands for none."""
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]  # noqa: PLR2004 - the last code point
