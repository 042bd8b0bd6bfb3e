"""Triples → N-Triples lines, and what stands in for characters that a format cannot hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from sphinx_policyspec.graph.terms import Blank, Foreign, Iri, Triple
from sphinx_policyspec.graph.vocabulary import XSD

__all__ = ["SURROGATES", "Replaced", "ntriples_lines"]

Replaced = Callable[[str, str, str], None]
"""Called with subject, predicate and the first character that had to be replaced."""

SURROGATES = re.compile("[\ud800-\udfff]")
"""What no format can hold: halves of characters."""

_NAMED = (Iri, Blank)
_INTEGER = f"^^<{XSD.integer}>"
_SPECIAL = re.compile('[\x00-\x1f\x7f"\\\\]')
_CONTROLS = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f]")
_INVALID_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\ud800-\udfff]|%(?![0-9A-Fa-f]{2})")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def ntriples_lines(
    triples: Iterable[Triple], unholdable: re.Pattern[str] = SURROGATES, replaced: Replaced | None = None
) -> Iterator[str]:
    """Yield one canonical line, with its line end, for each triple.

    Characters of literals that match ``unholdable`` become U+FFFD, those that no IRI may hold are
    percent-encoded.
    """
    names = _Names(replaced)
    for subject, predicate, term in triples:
        if isinstance(term, _NAMED):
            value = names[term]
        elif isinstance(term, int):
            value = f'"{term}"{_INTEGER}'
        else:
            text = str(term)
            if bad := unholdable.search(text):
                if replaced:
                    replaced(subject, predicate, bad[0])
                text = unholdable.sub(_REPLACEMENT, text)
            value = f'"{_escaped(text) if _SPECIAL.search(text) else text}"'
            if isinstance(term, Foreign):
                value += f"@{term.language}" if term.language else f"^^{names[Iri(term.datatype)]}"
        yield f"{names[subject]} {names[predicate]} {value} .\n"


class _Names(dict[Iri | Blank, str]):
    """IRIs and blank nodes as N-Triples writes them; each is looked at once."""

    def __init__(self, replaced: Replaced | None) -> None:
        super().__init__()
        self._replaced = replaced

    def __missing__(self, name: Iri | Blank) -> str:
        """Write a name that comes for the first time."""
        text = str(name)
        if isinstance(name, Blank):
            written = f"_:{text}"
        elif bad := _INVALID_IN_IRI.search(text):
            if self._replaced:
                self._replaced(name, name, bad[0])
            written = f"<{_INVALID_IN_IRI.sub(lambda match: quote(match[0], errors='replace'), text)}>"
        else:
            written = f"<{text}>"
        self[name] = written
        return written


def _escaped(text: str) -> str:
    """Escape what a quoted literal cannot hold as it is."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    text = text.replace("\t", "\\t").replace("\b", "\\b").replace("\f", "\\f")
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04X}", text) if _CONTROLS.search(text) else text
