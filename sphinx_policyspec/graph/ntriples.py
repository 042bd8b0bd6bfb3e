"""Triples → N-Triples lines, and what stands in for characters that a format cannot hold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

import pyoxigraph
from pyoxigraph import RdfFormat

from sphinx_policyspec.graph.ontology import ontology_digest
from sphinx_policyspec.graph.terms import Blank, Foreign, Iri, Triple
from sphinx_policyspec.graph.vocabulary import RDF, XSD

__all__ = ["SURROGATES", "InferenceDigest", "Replaced", "Statements", "blocks", "ntriples_lines", "parsed"]

Replaced = Callable[[Iri | Blank, str, str], None]
"""Called with subject, predicate and the first character that had to be replaced."""

SURROGATES = re.compile("[\ud800-\udfff]")
"""What no format can hold: halves of characters."""

_NAMED = (Iri, Blank)
_INTEGER = f"^^<{XSD.integer}>"
_SPECIAL = re.compile('[\x00-\x1f\x7f"\\\\]')
_CONTROLS = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f]")
_INVALID_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\ud800-\udfff]|%(?![0-9A-Fa-f]{2})")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BLOCK = 2**18
"""Characters that are handled at once."""


def ntriples_lines(
    triples: Iterable[Triple], unholdable: re.Pattern[str] = SURROGATES, replaced: Replaced | None = None
) -> Iterator[str]:
    """Yield one canonical line, with its line end, for each triple.

    Characters of literals that match ``unholdable`` become U+FFFD, those that no IRI may hold are
    percent-encoded.
    """
    for subject, predicate, node in _held(triples, unholdable, replaced):
        yield f"{subject} {predicate} {_written(node)} .\n"


class Statements:
    """Triples by their subjects; lines are made when they are asked for, so that texts are held once.

    :param triples: in any order, some more than once
    :param unholdable: as for :func:`ntriples_lines`
    """

    def __init__(
        self,
        triples: Iterable[Triple],
        unholdable: re.Pattern[str] = SURROGATES,
        replaced: Replaced | None = None,
    ) -> None:
        # A flat list, predicate and object in turn, takes a fifth of the memory of tuples.
        self._about: dict[str, list[_Held]] = {}
        for subject, predicate, node in _held(triples, unholdable, replaced):
            said = self._about.get(subject)
            if said is None:
                said = self._about[subject] = []
            said.append(predicate)
            said.append(node)

    def say(self, subject: str, predicate: Iri, text: str) -> None:
        """Add a text to what is said of a subject, which is named as N-Triples writes it."""
        self._about.setdefault(subject, []).extend((_Written(f"<{predicate}>"), text))

    def lines(self) -> Iterator[str]:
        """Yield the canonical lines, sorted, each once."""
        # A blank node may be named as another one begins; what follows a name in a line is a space.
        for subject in sorted(self._about, key=lambda name: f"{name} "):
            pairs = self._pairs(subject)
            yield from sorted({f"{subject} {predicate} {_written(node)} .\n" for predicate, node in pairs})

    def names(self) -> Iterator[str]:
        """Yield what is spoken of, as N-Triples writes names: all subjects, and objects that are things, as often as they come."""
        for subject, said in self._about.items():
            yield subject
            yield from (node for node in said[1::2] if isinstance(node, _Written) and node[0] != '"')

    def with_type(self, kind: Iri) -> list[str]:
        """Return the subjects of a class, as N-Triples writes names."""
        type_, cls = f"<{RDF.type}>", f"<{kind}>"
        return [
            subject
            for subject in self._about
            if any(
                predicate == type_ and node == cls and isinstance(node, _Written)
                for predicate, node in self._pairs(subject)
            )
        ]

    def text(self, subject: Iri | Blank, predicate: Iri) -> str:
        """Return what a property says, the last where it says several; else the empty text."""
        name = f"<{predicate}>"
        found = [node for key, node in self._pairs(_name(subject)) if key == name]
        return str(found[-1]) if found else ""

    def _pairs(self, subject: str) -> Iterator[tuple[_Held, _Held]]:
        said = self._about.get(subject, [])
        return zip(said[::2], said[1::2], strict=True)


class InferenceDigest:
    """A digest of statements, in any order, each there once, and of the ontology and its rules."""

    def __init__(self) -> None:
        self._total = 0

    def add(self, line: str) -> None:
        """Take one statement, as a line of N-Triples."""
        data = line.encode(errors="replace")
        self._total += int.from_bytes(hashlib.blake2b(data, digest_size=16).digest(), "big")

    def __str__(self) -> str:
        """Return the digest of what was taken."""
        state = f"{ontology_digest()} {self._total}".encode()
        return hashlib.blake2b(state, digest_size=16).hexdigest()


def parsed(lines: Iterable[str]) -> Iterator[pyoxigraph.Quad]:
    """Yield what the engine makes of lines."""
    for block in blocks(lines):
        yield from pyoxigraph.parse(block, format=RdfFormat.N_TRIPLES)


def blocks(pieces: Iterable[str]) -> Iterator[bytes]:
    """Yield pieces of text as larger ones of bytes, so that neither holds all."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(held).encode()
            held.clear()
            size = 0
    if held:
        yield "".join(held).encode()


class _Written(str):
    """A term as N-Triples writes it; a plain ``str`` is a text, an ``int`` a number, still to be written."""

    __slots__ = ()


_Held = _Written | str | int


def _held(
    triples: Iterable[Triple], unholdable: re.Pattern[str], replaced: Replaced | None
) -> Iterator[tuple[_Written, _Written, _Held]]:
    """Yield triples with names as N-Triples writes them, and texts that can be held."""
    names = _Names(replaced)
    for subject, predicate, term in triples:
        node: _Held
        if isinstance(term, _NAMED):
            node = names[term]
        elif isinstance(term, int):
            node = term
        else:
            text = str(term)
            if bad := unholdable.search(text):
                if replaced:
                    replaced(subject, predicate, bad[0])
                text = unholdable.sub(_REPLACEMENT, text)
            node = text
            if isinstance(term, Foreign):
                kind = f"@{term.language}" if term.language else f"^^{names[Iri(term.datatype)]}"
                node = _Written(_written(text) + kind)
        yield names[subject], names[predicate], node


def _written(node: _Held) -> str:
    if isinstance(node, _Written):
        return node
    if isinstance(node, int):
        return f'"{node}"{_INTEGER}'
    return f'"{_escaped(node) if _SPECIAL.search(node) else node}"'


class _Names(dict[Iri | Blank, _Written]):
    """IRIs and blank nodes as N-Triples writes them; each is looked at once."""

    def __init__(self, replaced: Replaced | None) -> None:
        super().__init__()
        self._replaced = replaced

    def __missing__(self, name: Iri | Blank) -> _Written:
        """Write a name that comes for the first time."""
        if self._replaced and not isinstance(name, Blank) and (bad := _INVALID_IN_IRI.search(name)):
            self._replaced(name, name, bad[0])
        self[name] = written = _Written(_name(name))
        return written


def _name(name: Iri | Blank) -> str:
    """Return a name as N-Triples writes it, without what no IRI may hold."""
    text = str(name)
    if isinstance(name, Blank):
        return f"_:{text}"
    return f"<{_INVALID_IN_IRI.sub(lambda match: quote(match[0], errors='replace'), text)}>"


def _escaped(text: str) -> str:
    """Escape what a quoted literal cannot hold as it is."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    text = text.replace("\t", "\\t").replace("\b", "\\b").replace("\f", "\\f")
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04X}", text) if _CONTROLS.search(text) else text
