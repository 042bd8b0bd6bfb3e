"""The text of a query: whether it may be run, its syntax errors, and the names in it that nothing has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sphinx_policyspec.errors import QueryError, QueryLimitError
from sphinx_policyspec.graph.terms import (
    ASKED_PREFIXES,
    DCTERMS,
    OWL,
    PREFIXES,
    PROV,
    RDF,
    RDFS,
    SKOS,
    ontology_terms,
)
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.nearest import near_name, nearest

_POSITION = re.compile(
    r"\s*error at (?P<line>\d+):(?P<column>\d+): expected (?:one of )?(?P<expected>.*)", re.DOTALL
)
# Not a backslash, and no keyword that the guard refuses.
_EXPECTED = re.compile(
    r'"(?P<sign>[^"\\]+)"|(?<![\w\'\[{])(?P<word>(?!SERVICE|LATERAL)[A-Z]{2,})(?![\w\'\]])'
)
_PREFIX = re.compile(r"(?<![\w.:-])(?P<name>[\w.-]*):[\w.%-]*\s*$")
_BEFORE, _AFTER = 24, 16
"""Characters of context before and after a place."""
_MOST = 6
"""Most expected tokens in a message; more of them do not help."""
_ENGINE = 160
"""Characters of a message in an unknown form."""


def syntax_message(sparql: str, message: str) -> str:
    """Return the parser's message with line, column, the text around them and a few expected tokens."""
    position = _POSITION.match(message)
    if position is None:
        line = " ".join(message.split())
        return line if len(line) <= _ENGINE else line[: _ENGINE - 1] + "…"
    lines = sparql.split("\n")
    stop = sum(len(line) + 1 for line in lines[: int(position["line"]) - 1]) + int(position["column"]) - 1
    place, before, after = _around(sparql, stop)
    if "Prefix not found" in position["expected"] and (prefix := _PREFIX.search(before)):
        return f"{place}: the prefix `{prefix['name']}:` is not declared"
    tokens = dict.fromkeys(
        token["sign"] or token["word"] for token in _EXPECTED.finditer(position["expected"])
    )
    in_iri = list(tokens) == [">"] or "IRI parsing failed" in position["expected"]
    half = (unclosed_iri(sparql) if in_iri else None) or unpaired(sparql)
    if half and half[0] <= stop:
        place, before, after = _around(sparql, half[0])
        return f"{place}: near {_near(before, after)}; {half[1]}"
    near = _near(before, after) or "its end"
    expected = [f"`{token}`" for token in tokens] if len(tokens) <= _MOST else []
    return f"{place}: near {near}" + (f"; expected {', '.join(expected)}" if expected else "")


def _around(sparql: str, offset: int) -> tuple[str, str, str]:
    """Return an offset as line and column, with the text before and after it on its line."""
    start = sparql.rfind("\n", 0, offset) + 1
    before, after = sparql[start:offset], sparql[offset:].partition("\n")[0]
    return f"line {sparql.count(chr(10), 0, offset) + 1}, column {offset - start + 1}", before, after


def _near(before: str, after: str) -> str:
    """Return the text around a place, in backticks."""
    left = before if len(before) <= _BEFORE else "…" + before[-_BEFORE:]
    right = after if len(after) <= _AFTER else after[:_AFTER] + "…"
    text = " ".join((left + right).split())
    end = ", at its end" if text and not after.strip() else ""
    return f"`{text}`{end}" if text else ""


_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_PROLOGUE = frozenset({"PREFIX", "BASE", "VERSION"})
_UPDATES = frozenset({"ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"})
_CALLS = {"SERVICE": "GRAPH", "SILENT": ""}
"""Words of a call, and their replacements that make it a graph pattern."""
_PATTERN = frozenset({"WHERE", "{", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"})
"""Words that can follow the place of ``FROM`` in a query."""
_EXCERPT_LENGTH = 60

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
_BRACKETS = frozenset(_PAIRS) | frozenset(_PAIRS.values())
_IRI_START = re.compile(r"<[\w/.#][^\s<>]*")
"""The start of an IRI that is not a token; a comparison has something else, or a space, on its right."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def check_text(sparql: str, origin: str, *, max_bytes: int, max_depth: int, may_call: bool = False) -> None:
    r"""Refuse a query that is too long or too deep, that is not a query, or that calls out and may not.

    Engines differ on whether ``\u0053ERVICE`` is a keyword, so the text is checked both as it is and with its escapes
    replaced; no keyword can hide in a string in both readings.
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
        _check_keywords(text, sparql, origin, may_call=may_call)


def calls(sparql: str) -> bool:
    """Return whether a query calls another server."""
    return "SERVICE" in _words(sparql)


def without_calls(sparql: str) -> str:
    """Return a query with its calls of servers replaced by graph patterns at the same offsets, for checks that do not run it."""
    parts, done = [], 0
    for at, word in _signs(sparql):
        if word in _CALLS:
            parts += [sparql[done:at], _CALLS[word].ljust(len(word))]
            done = at + len(word)
    return "".join((*parts, sparql[done:]))


def has_dataset(sparql: str) -> bool:
    """Return whether a query names its graphs itself, by ``FROM``."""
    return "FROM" in _words(sparql)


def with_dataset(sparql: str, default: Iterable[str], named: Iterable[str]) -> str:
    """Return a query that names its graphs by ``FROM``, for servers that ignore them in the request.

    :param default: graphs whose union is the default graph
    :param named: graphs that ``GRAPH`` reaches
    """
    clauses = "".join(
        (*(f"FROM <{name}> " for name in default), *(f"FROM NAMED <{name}> " for name in named))
    )
    at = _pattern_start(sparql)
    # The last line may be a comment.
    return f"{sparql[:at]}{' ' if sparql[at:] else chr(10)}{clauses}{sparql[at:]}" if clauses else sparql


def _pattern_start(sparql: str) -> int:
    """Return where the pattern of a query begins; for a DESCRIBE without one, where it would begin."""
    depth, before = 0, ""
    for at, sign in _signs(sparql):
        if not depth and sign in _PATTERN and (before, sign) != ("CONSTRUCT", "{"):
            return at
        depth += (sign in _PAIRS) - (sign in _PAIRS.values())
        before = sign
    return len(sparql)


def named_terms(sparql: str) -> frozenset[str]:
    """Return the terms that a query of ours may name, by our prefixes or in full, and ``rdf:type``, which is written ``a``."""
    short = re.findall(r"\b(\w+):(\w+)", sparql)
    names = {PREFIXES[prefix] + name for prefix, name in short if prefix in PREFIXES}
    return frozenset(names.union(re.findall(r"<([^<>\s]+)>", sparql), (RDF.type,)))


def excerpt(sparql: str) -> str:
    """Return the beginning of a query on one line, for messages."""
    line = " ".join(sparql.split())
    return f"the query `{line if len(line) <= _EXCERPT_LENGTH else line[: _EXCERPT_LENGTH - 1] + '…'}`"


def _check_keywords(text: str, sparql: str, origin: str, *, may_call: bool) -> None:
    if calls(text) and not may_call:
        raise QueryError(f"{origin}: {excerpt(sparql)} calls another server; `SERVICE` is not run")
    first = next((word for word in _words(text) if word not in _PROLOGUE), "")
    if first in _UPDATES:
        raise QueryError(f"{origin}: {excerpt(sparql)} is an update; `{first}` is not run")
    if first not in _FORMS:
        raise QueryError(f"{origin}: {excerpt(sparql)} is not a SELECT, ASK, CONSTRUCT or DESCRIBE query")


def _words(text: str) -> Iterator[str]:
    """Yield the words outside strings, comments, IRIs, names and variables, in capitals."""
    return (word for _at, word in _signs(text) if word not in _BRACKETS)


def _signs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the same words, and brackets, with their places."""
    for match in _TOKEN.finditer(text):
        if match["words"]:
            for word in _WORD.finditer(match["words"]):
                yield match.start() + word.start(), word[0].upper()
        elif match[0] in _BRACKETS:
            yield match.start(), match[0]


def unpaired(text: str) -> tuple[int, str] | None:
    """Return the place of the first unpaired quote or bracket, and a message."""
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
    """Return the place of the first IRI that does not end, and a message."""
    between = _TOKEN.sub(lambda token: " " * len(token[0]), text)
    start = next((match for match in _IRI_START.finditer(text) if between[match.start()] == "<"), None)
    return start and (start.start(), f"the IRI `{start[0]}` is never closed")


def _open_quote(text: str) -> str:
    """Return the quotation marks of a string that does not end; empty if it ends."""
    marks = text[:3] if text[:3] in {'"' * 3, "'" * 3} else text[0]
    is_closed = re.fullmatch(rf"{marks}(?:[^\\]|\\.)*?{marks}", text, re.DOTALL)
    return "" if is_closed else marks


def _never_closed(bracket: re.Match[str], comments: list[re.Match[str]]) -> tuple[int, str]:
    """Return the place of a bracket that is not closed, and a message that says if a comment has the closing one."""
    message = f"the bracket `{bracket[0]}` is never closed"
    closing = _PAIRS[bracket[0]]
    if any(comment.start() > bracket.start() and closing in comment[0] for comment in comments):
        message += f": a `{closing}` is in a comment"
    return bracket.start(), message


def _depth(text: str) -> int:
    """Return the depth of nested brackets."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth -= 1
        elif match["iri"]:
            # `1<((1))&&1>0` looks like an IRI but is not one.
            deepest = max(deepest, depth + match["iri"].count("("))
        deepest = max(deepest, depth)
    return deepest


def _character(match: re.Match[str]) -> str:
    """Return the character of an escape; an invalid escape is unchanged."""
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]  # noqa: PLR2004 - the last code point


# -- names that nothing has -------------------------------------------------------------------

_OTHERS = {"dcterms": DCTERMS, "owl": OWL, "prov": PROV, "rdf": RDF, "rdfs": RDFS, "skos": SKOS}
_CLAUSES = frozenset({"GROUP", "HAVING", "ORDER"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLookup:
    """Functions that look up what the graphs have.

    :param values: returns the texts that some properties have, by property
    :param things: returns the IRIs of all things
    :param graphs: returns the IRIs of the named graphs
    """

    values: Callable[[Collection[str]], Mapping[str, Collection[str]]]
    things: Callable[[], Collection[str]]
    graphs: Callable[[], Collection[str]]


def unknown_in(sparql: str, origin: str, lookup: NameLookup | None) -> tuple[Finding, ...]:
    """Return findings about names in a query that nothing has, which would give no rows without a reason.

    These are terms of the ontology, variables that nothing binds, texts of properties, things, and graphs.

    :param origin: of the query, used as the file of each finding; the line is that of the query
    :param lookup: called only for what the query names; without it, only terms and variables are checked
    """
    return tuple(
        Finding(
            code="unknown-term",
            message=message,
            span=Span(origin, sparql.count("\n", 0, at) + 1, at - sparql.rfind("\n", 0, at)),
            hint=hint,
        )
        for at, message, hint in sorted(_Reading(sparql).unknown(lookup))
    )


class _Reading:
    """The tokens of a query, without its comments."""

    def __init__(self, sparql: str) -> None:
        self._sparql = sparql
        self._tokens = [token for token in _TOKEN.finditer(sparql) if not token[0].startswith("#")]
        self._prefixes = dict(ASKED_PREFIXES)
        self._bodies = self._tokens
        for number, (one, other) in enumerate(pairwise(self._tokens)):
            if other["iri"] and one[0].endswith(":") and number and self._word(number - 1) == "PREFIX":
                self._prefixes[one[0][:-1]] = other["iri"][1:-1]
                self._bodies = self._tokens[number + 2 :]

    def unknown(self, lookup: NameLookup | None) -> Iterator[tuple[int, str, str]]:
        """Yield the place, message and hint for each name that nothing has."""
        yield from self._terms()
        yield from self._variables()
        if lookup:
            yield from self._texts(lookup)
            yield from self._iris(lookup)

    def _word(self, number: int) -> str:
        token = self._tokens[number]
        return token[0].upper() if token["words"] else ""

    def _iri(self, token: re.Match[str]) -> str:
        """Return the IRI of a token, empty if it is not one."""
        if token["iri"]:
            return token["iri"][1:-1]
        prefix, colon, local = token[0].rstrip(".").partition(":")
        return self._prefixes[prefix] + local if colon and prefix in self._prefixes else ""

    def _terms(self) -> Iterator[tuple[int, str, str]]:
        iris: set[str] = set()
        for token in self._bodies:
            iri = self._iri(token)
            prefix = next((name for name, space in PREFIXES.items() if iri.startswith(space)), "")
            local = iri.removeprefix(PREFIXES.get(prefix, ""))
            if not prefix or not local or iri in iris:
                continue
            iris.add(iri)
            message = f"unknown term `{prefix}:{local}`"
            if prefix == "ps" and local not in ontology_terms():
                other = next((name for name, known in _OTHERS.items() if local in vars(known)), "")
                hint = f"did you mean `{other}:{local}`?" if other else ""
                yield token.start(), message, hint or nearest(local, ontology_terms(), prefix="ps:")
            elif (
                prefix in _OTHERS
                and local not in (known := vars(_OTHERS[prefix]))
                and near_name(local, known)
            ):
                message = f"no statement has `{prefix}:{local}`"
                yield token.start(), message, nearest(local, known, prefix=f"{prefix}:")

    def _variables(self) -> Iterator[tuple[int, str, str]]:
        used: dict[str, int] = {}
        bound: set[str] = set()
        opened: list[tuple[str, str]] = []
        mode = ""
        for number, token in enumerate(self._tokens):
            sign, word = token[0], self._word(number)
            if token["open"]:
                opened.append(("template" if mode == "CONSTRUCT" and sign == "{" else sign, mode))
                mode = mode if mode == "VALUES" and sign == "(" else ""
            elif token["close"]:
                last, mode = opened.pop()
                mode = mode if last == "(" else ""
            elif word in {"SELECT", "CONSTRUCT", "DESCRIBE", "AS", "VALUES"} or word in _CLAUSES:
                mode = word
            elif word == "WHERE":
                mode = ""
            elif sign[0] in "?$" and len(sign) > 1:
                used.setdefault(sign[1:], token.start())
                inside = next((one for one, _ in reversed(opened) if one != "["), "")
                if mode in {"AS", "VALUES"} or (inside == "{" and not mode):
                    bound.add(sign[1:])
        for name, at in used.items():
            if name not in bound:
                yield at, f"nothing binds `?{name}`", nearest(name, bound, prefix="?")

    def _texts(self, lookup: NameLookup) -> Iterator[tuple[int, str, str]]:
        """Yield the texts that no statement with their property has."""
        texts = list(self._asked_texts())
        if not texts:
            return
        values = lookup.values({iri for iri, _name, _token in texts})
        for iri, name, token in texts:
            text, known = text_of(token[0]), values.get(iri, ())
            if not known and iri.removeprefix(PREFIXES["ps"]) in ontology_terms():
                message = f"nothing has a text as its `{name}`"
                yield token.start(), message, f"if it names things, ask for `{name}/dcterms:identifier`"
            elif known and text not in known:
                yield token.start(), f"nothing has the `{name}` {shown(text)}", nearest(text, known)

    def _asked_texts(self) -> Iterator[tuple[str, str, re.Match[str]]]:
        """Yield each text that follows a property, or is compared with a variable that does."""
        holders: dict[str, tuple[str, str]] = {}
        for one, other in pairwise(self._bodies):
            iri = self._iri(one)
            if not iri or self._between(one, other):
                continue
            name = one[0].rstrip(".")
            if other[0][0] in "\"'":
                if self._is_plain(other):
                    yield iri, name, other
            elif other[0][0] in "?$":
                holders[other[0][1:]] = (iri, name)
        yield from self._compared_texts(holders)

    def _compared_texts(
        self, holders: Mapping[str, tuple[str, str]]
    ) -> Iterator[tuple[str, str, re.Match[str]]]:
        of_list = ""
        for number, (one, other) in enumerate(pairwise(self._tokens)):
            sign, between = one[0], self._between(one, other)
            if sign[0] in "?$" and (
                self._word(number + 1) == "IN" or (number and self._word(number - 1) == "VALUES")
            ):
                of_list = sign[1:]
            elif other["close"]:
                of_list = ""
            name = sign[1:] if sign[0] in "?$" and between == "=" else of_list
            if other[0][0] in "\"'" and name in holders and self._is_plain(other):
                yield *holders[name], other
            elif sign[0] in "\"'" and between == "=" and other[0][1:] in holders and self._is_plain(one):
                yield *holders[other[0][1:]], one

    def _between(self, one: re.Match[str], other: re.Match[str]) -> str:
        return self._sparql[one.end() : other.start()].strip()

    def _is_plain(self, token: re.Match[str]) -> bool:
        """Return whether a text has neither a language nor a datatype."""
        return self._sparql[token.end() : token.end() + 1] not in {"@", "^"}

    def _iris(self, lookup: NameLookup) -> Iterator[tuple[int, str, str]]:
        spaces = tuple(ASKED_PREFIXES.values())
        for one, other in pairwise(self._bodies):
            iri, word = self._iri(other), one[0].upper()
            if not iri or iri.startswith(spaces):
                continue
            if word in {"FROM", "NAMED", "GRAPH"}:
                known, what = lookup.graphs(), "graph"
            else:
                known, what = lookup.things(), "thing"
            if iri not in known:
                yield other.start(), f"unknown {what} `{iri}`", _near_iri(iri, known, what)


def _near_iri(iri: str, known: Collection[str], what: str) -> str:
    """Return a hint with the IRI that was probably meant: in the same namespace, with the nearest last part."""
    if what == "graph" and not known:
        return "one release is one graph, the default one, which needs no name"
    start = re.split(r"(?<=[/#:])(?=[^/#:]*$)", iri)[0]
    ends = {name.removeprefix(start): name for name in known if name.startswith(start)}
    near = near_name(iri.removeprefix(start), ends) if start != iri else ""
    if near:
        return f"did you mean `{ends[near]}`?"
    return nearest(iri, known) if what == "graph" else "correct it: the graph does not have it"


def text_of(token: str) -> str:
    """Return the content of a string token."""
    marks = 3 if token[:3] in {'"' * 3, "'" * 3} else 1
    text = token[marks:-marks]
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), text)
