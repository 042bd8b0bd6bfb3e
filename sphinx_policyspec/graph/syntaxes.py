"""Triples as text: N-Triples, from which every format is built, Turtle and RDF/XML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.terms import PREFIXES, RDF, XSD, Blank, Foreign, Iri, Triple, ontology_digest

Replaced = Callable[[Iri | Blank, str, str], None]
"""Called with the subject, the predicate and the first replaced character."""

SURROGATES = re.compile("[\ud800-\udfff]")
"""Characters that no format can hold: halves of surrogate pairs."""

_NAME_TYPES = (Iri, Blank)
_INTEGER = f"^^<{XSD.integer}>"
_SPECIAL = re.compile('[\x00-\x1f\x7f"\\\\]')
_CONTROLS = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f]")
_INVALID_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\ud800-\udfff]|%(?![0-9A-Fa-f]{2})")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BLOCK = 2**18
"""Characters that are handled at once."""


def ntriples_lines(triples: Iterable[Triple]) -> Iterator[str]:
    """Yield one canonical line, with its line end, for each triple.

    Surrogates become U+FFFD, characters that IRIs may not contain are percent-encoded.
    """
    for subject, predicate, node in _encoded(triples, SURROGATES, None):
        yield f"{subject} {predicate} {_term_text(node)} .\n"


class Statements:
    """Triples by subject; lines are built on demand, so that texts are in memory only once.

    :param triples: in any order, possibly repeated
    :param unholdable: characters of literals that become U+FFFD
    :param replaced: called for each of these
    """

    def __init__(
        self,
        triples: Iterable[Triple],
        unholdable: re.Pattern[str] = SURROGATES,
        replaced: Replaced | None = None,
    ) -> None:
        # A flat list of alternating predicates and objects takes a fifth of the memory of tuples.
        self._about: dict[str, list[_Node]] = {}
        for subject, predicate, node in _encoded(triples, unholdable, replaced):
            pairs = self._about.get(subject)
            if pairs is None:
                pairs = self._about[subject] = []
            pairs.append(predicate)
            pairs.append(node)

    def say(self, subject: str, predicate: Iri, text: str) -> None:
        """Add a text to a subject, which is named as in N-Triples."""
        self._about.setdefault(subject, []).extend((_TermText(f"<{predicate}>"), text))

    def lines(self) -> Iterator[str]:
        """Yield the canonical lines, sorted and distinct."""
        # The name of a blank node may begin with that of another; in a line a space follows the name.
        for subject in sorted(self._about, key=lambda name: f"{name} "):
            pairs = self._pairs(subject)
            yield from sorted({f"{subject} {predicate} {_term_text(node)} .\n" for predicate, node in pairs})

    def names(self) -> Iterator[str]:
        """Yield names as in N-Triples: all subjects, and objects that are not literals, possibly repeated."""
        for subject, pairs in self._about.items():
            yield subject
            yield from (node for node in pairs[1::2] if isinstance(node, _TermText) and node[0] != '"')

    def with_type(self, kind: Iri) -> list[str]:
        """Return the subjects of a class, named as in N-Triples."""
        type_, cls = f"<{RDF.type}>", f"<{kind}>"
        return [
            subject
            for subject in self._about
            if any(
                predicate == type_ and node == cls and isinstance(node, _TermText)
                for predicate, node in self._pairs(subject)
            )
        ]

    def text(self, subject: Iri | Blank, predicate: Iri) -> str:
        """Return the value of a property, the last of several; empty if there is none."""
        name = f"<{predicate}>"
        values = [node for key, node in self._pairs(written_name(subject)) if key == name]
        return str(values[-1]) if values else ""

    def _pairs(self, subject: str) -> Iterator[tuple[_Node, _Node]]:
        pairs = self._about.get(subject, [])
        return zip(pairs[::2], pairs[1::2], strict=True)


class InferenceDigest:
    """A digest of distinct statements in any order, and of the ontology and its rules."""

    def __init__(self) -> None:
        self._total = 0

    def add(self, line: str) -> None:
        """Add a statement, as a line of N-Triples."""
        data = line.encode(errors="replace")
        self._total += int.from_bytes(hashlib.blake2b(data, digest_size=16).digest(), "big")

    def __str__(self) -> str:
        """Return the digest of the added statements."""
        state = f"{ontology_digest()} {self._total}".encode()
        return hashlib.blake2b(state, digest_size=16).hexdigest()


def parsed(lines: Iterable[str]) -> Iterator[pyoxigraph.Quad]:
    """Yield the statements that the engine parses from lines."""
    for block in blocks(lines):
        yield from pyoxigraph.parse(block, format=RdfFormat.N_TRIPLES)


def blocks(pieces: Iterable[str]) -> Iterator[bytes]:
    """Yield pieces of text as larger ones of bytes, so that the whole is never in memory."""
    parts: list[str] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(parts).encode()
            parts.clear()
            size = 0
    if parts:
        yield "".join(parts).encode()


class _TermText(str):
    """A term as in N-Triples; a plain ``str`` is a text, an ``int`` a number, both not yet converted."""

    __slots__ = ()


_Node = _TermText | str | int


def _encoded(
    triples: Iterable[Triple], unholdable: re.Pattern[str], replaced: Replaced | None
) -> Iterator[tuple[_TermText, _TermText, _Node]]:
    """Yield triples with names as in N-Triples, and texts without unholdable characters."""
    names = _Names(replaced)
    for subject, predicate, term in triples:
        node: _Node
        if isinstance(term, _NAME_TYPES):
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
                node = _TermText(_term_text(text) + kind)
        yield names[subject], names[predicate], node


def _term_text(node: _Node) -> str:
    if isinstance(node, _TermText):
        return node
    if isinstance(node, int):
        return f'"{node}"{_INTEGER}'
    return f'"{_escaped(node) if _SPECIAL.search(node) else node}"'


class _Names(dict[Iri | Blank, _TermText]):
    """IRIs and blank nodes as in N-Triples; each is converted once."""

    def __init__(self, replaced: Replaced | None) -> None:
        super().__init__()
        self._replaced = replaced

    def __missing__(self, name: Iri | Blank) -> _TermText:
        """Convert a name on its first use."""
        if self._replaced and not isinstance(name, Blank) and (bad := _INVALID_IN_IRI.search(name)):
            self._replaced(name, name, bad[0])
        self[name] = text = _TermText(written_name(name))
        return text


def written_name(name: Iri | Blank) -> str:
    """Return a name as in N-Triples, with invalid characters of IRIs percent-encoded."""
    text = str(name)
    if isinstance(name, Blank):
        return f"_:{text}"
    return f"<{_INVALID_IN_IRI.sub(lambda match: quote(match[0], errors='replace'), text)}>"


def _escaped(text: str) -> str:
    """Return a text with characters escaped that a quoted literal cannot contain."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    text = text.replace("\t", "\\t").replace("\b", "\\b").replace("\f", "\\f")
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04X}", text) if _CONTROLS.search(text) else text


_TYPE = f"<{RDF.type}>"
_LOCAL_NAME = re.compile(r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:[A-Za-z0-9_-]|%[0-9A-Fa-f]{2})*")
"""Names that may follow a prefix unchanged; other IRIs are written in full."""
_TYPED = re.compile(r'("(?:[^"\\]|\\.)*")\^\^(<[^>]*>)')
_INTEGER_TYPE = f"<{XSD.integer}>"
_DIGITS = re.compile(r'"([+-]?[0-9]+)"')


def turtle_head(prefixes: Mapping[str, str], graph: str = "") -> str:
    """Return the text before all subjects."""
    prefix_lines = "".join(f"@prefix {prefix}: <{name}> .\n" for prefix, name in sorted(prefixes.items()))
    return f"{prefix_lines}{_TurtleTerms(prefixes)[f'<{graph}>']} {{\n" if graph else prefix_lines


def turtle_subjects(
    lines: Iterable[str], prefixes: Mapping[str, str], graph: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield each subject, named as in N-Triples, with its text; types come first, so that readers see what it is."""
    short = _TurtleTerms(prefixes)
    indent = "\t" if graph else ""
    between = f" ;\n{indent}\t"
    triples = (line[:-3].split(" ", 2) for line in lines)
    for subject, group in groupby(triples, key=itemgetter(0)):
        objects: dict[str, list[str]] = {}
        for _, predicate, node in group:
            objects.setdefault(predicate, []).append(short[node])
        types = objects.pop(_TYPE, ())
        properties = [f"a {' , '.join(types)}"] if types else []
        properties += [f"{short[predicate]} {' , '.join(nodes)}" for predicate, nodes in objects.items()]
        yield subject, f"{indent}{short[subject]} {between.join(properties)} .\n"


class _TurtleTerms(dict[str, str]):
    """Terms of N-Triples as in Turtle; each is converted once."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        super().__init__()
        self._prefixes = {namespace: prefix for prefix, namespace in prefixes.items()}

    def __missing__(self, term: str) -> str:
        """Shorten a term on its first use."""
        if term[0] == "<":
            self[term] = short = self._name(term)
            return short
        # Texts hardly ever recur, so they are not cached.
        return self._literal(term) if term[-1] == ">" else term

    def _name(self, term: str) -> str:
        iri = term[1:-1]
        start = max(iri.rfind("/"), iri.rfind("#")) + 1
        prefix = self._prefixes.get(iri[:start])
        return f"{prefix}:{iri[start:]}" if prefix and _LOCAL_NAME.fullmatch(iri, start) else term

    def _literal(self, term: str) -> str:
        typed = _TYPED.fullmatch(term)
        if typed is None:
            return term
        digits = _DIGITS.fullmatch(typed[1]) if typed[2] == _INTEGER_TYPE else None
        self[term] = short = digits[1] if digits else f"{typed[1]}^^{self[typed[2]]}"
        return short


NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold, not even escaped."""

_XML_NAME = re.compile(r"(?:(?<=[^A-Za-z0-9_.-])|^)[0-9.-]*+([A-Za-z_][A-Za-z0-9_.-]*+)$")


def rdf_xml(lines: Iterable[str]) -> Iterator[str]:
    """Yield the document piece by piece.

    :param lines: N-Triples grouped by subject, free of :data:`NOT_XML`
    """
    names = {namespace: prefix for prefix, namespace in PREFIXES.items()}
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF'
    for namespace, prefix in sorted(names.items(), key=lambda item: item[1]):
        yield f"\n    xmlns:{prefix}={quoteattr(namespace)}"
    yield ">\n"
    for subject, group in groupby(parsed(lines), key=lambda quad: quad.subject):
        yield f"  <rdf:Description {_node('about', subject)}>\n"
        for quad in group:
            yield _property(quad.predicate.value, quad.object, names)
        yield "  </rdf:Description>\n"
    yield "</rdf:RDF>\n"


def _property(predicate: str, node: object, names: dict[str, str]) -> str:
    """Return a property element."""
    local = _XML_NAME.search(predicate)
    if local is None:
        raise SourceError(f"RDF/XML cannot represent the property `{predicate}`: it does not end in a name")
    namespace = predicate[: local.start(1)]
    if namespace in names:
        name, declaration = f"{names[namespace]}:{local[1]}", ""
    else:
        name, declaration = f"p:{local[1]}", f" xmlns:p={quoteattr(namespace)}"
    if not isinstance(node, Literal):
        return f"    <{name}{declaration} {_node('resource', node)}/>\n"
    if node.language:
        declaration += f" xml:lang={quoteattr(node.language)}"
    elif node.datatype.value != XSD.string:
        declaration += f" rdf:datatype={quoteattr(node.datatype.value)}"
    return f"    <{name}{declaration}>{escape(node.value, {chr(13): '&#13;'})}</{name}>\n"


def _node(attribute: str, node: object) -> str:
    """Return the attribute that names a resource."""
    if isinstance(node, BlankNode):
        return f"rdf:nodeID={quoteattr(node.value)}"
    return f"rdf:{attribute}={quoteattr(node.value if isinstance(node, NamedNode) else str(node))}"
