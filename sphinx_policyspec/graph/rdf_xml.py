"""Sorted N-Triples → RDF/XML; the engine's writer leaves carriage returns and controls as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from pyoxigraph import BlankNode, Literal, NamedNode

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.ntriples import parsed
from sphinx_policyspec.graph.vocabulary import PREFIXES, XSD

__all__ = ["NOT_XML", "rdf_xml"]

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold, not even escaped."""

_LOCAL_NAME = re.compile(r"(?:(?<=[^A-Za-z0-9_.-])|^)[0-9.-]*+([A-Za-z_][A-Za-z0-9_.-]*+)$")


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
    local = _LOCAL_NAME.search(predicate)
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
