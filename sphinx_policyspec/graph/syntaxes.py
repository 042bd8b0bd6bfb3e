"""Triples as text: N-Triples, which every format is made of, Turtle and RDF/XML."""

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


def ntriples_lines(triples: Iterable[Triple]) -> Iterator[str]:
    """Yield one canonical line, with its line end, for each triple.

    Halves of characters become U+FFFD, characters that no IRI may hold are percent-encoded.
    """
    for subject, predicate, node in _held(triples, SURROGATES, None):
        yield f"{subject} {predicate} {_written(node)} .\n"


class Statements:
    """Triples by their subjects; lines are made when they are asked for, so that texts are held once.

    :param triples: in any order, some more than once
    :param unholdable: characters of literals that become U+FFFD
    :param replaced: is told of each
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
        found = [node for key, node in self._pairs(written_name(subject)) if key == name]
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
        self[name] = written = _Written(written_name(name))
        return written


def written_name(name: Iri | Blank) -> str:
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


_TYPE = f"<{RDF.type}>"
_LOCAL_NAME = re.compile(r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:[A-Za-z0-9_-]|%[0-9A-Fa-f]{2})*")
"""What may follow a prefix as it is; other names are written in full."""
_TYPED = re.compile(r'("(?:[^"\\]|\\.)*")\^\^(<[^>]*>)')
_INTEGER_TYPE = f"<{XSD.integer}>"
_DIGITS = re.compile(r'"([+-]?[0-9]+)"')


def turtle_head(prefixes: Mapping[str, str], graph: str = "") -> str:
    """Return what stands before all subjects."""
    declared = "".join(f"@prefix {prefix}: <{name}> .\n" for prefix, name in sorted(prefixes.items()))
    return f"{declared}{_TurtleTerms(prefixes)[f'<{graph}>']} {{\n" if graph else declared


def turtle_subjects(
    lines: Iterable[str], prefixes: Mapping[str, str], graph: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield each subject, as N-Triples writes it, with what is said of it; types come first, so that one sees what it is."""
    written = _TurtleTerms(prefixes)
    indent = "\t" if graph else ""
    between = f" ;\n{indent}\t"
    triples = (line[:-3].split(" ", 2) for line in lines)
    for subject, group in groupby(triples, key=itemgetter(0)):
        objects: dict[str, list[str]] = {}
        for _, predicate, node in group:
            objects.setdefault(predicate, []).append(written[node])
        types = objects.pop(_TYPE, ())
        said = [f"a {' , '.join(types)}"] if types else []
        said += [f"{written[predicate]} {' , '.join(nodes)}" for predicate, nodes in objects.items()]
        yield subject, f"{indent}{written[subject]} {between.join(said)} .\n"


class _TurtleTerms(dict[str, str]):
    """Terms of N-Triples as Turtle writes them; each is looked at once."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        super().__init__()
        self._prefixes = {namespace: prefix for prefix, namespace in prefixes.items()}

    def __missing__(self, term: str) -> str:
        """Shorten a term that comes for the first time."""
        if term[0] == "<":
            self[term] = short = self._name(term)
            return short
        # Texts hardly recur.
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
    """Return one property element."""
    local = _XML_NAME.search(predicate)
    if local is None:
        raise SourceError(f"rdf cannot hold the property `{predicate}`: it does not end in a name")
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
