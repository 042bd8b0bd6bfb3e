"""Sorted N-Triples → Turtle or TriG, a block for each subject; the engine takes four times as long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from sphinx_policyspec.graph.vocabulary import RDF, XSD

__all__ = ["turtle"]

_TYPE = f"<{RDF.type}>"
_LOCAL_NAME = re.compile(r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:[A-Za-z0-9_-]|%[0-9A-Fa-f]{2})*")
"""What may follow a prefix as it is; other names are written in full."""
_TYPED = re.compile(r'("(?:[^"\\]|\\.)*")\^\^(<[^>]*>)')
_INTEGER = f"<{XSD.integer}>"
_DIGITS = re.compile(r'"([+-]?[0-9]+)"')


def turtle(lines: Iterable[str], prefixes: Mapping[str, str], graph: str = "") -> Iterator[str]:
    """Yield the document piece by piece; types come first, so that one sees at once what a thing is.

    :param lines: canonical N-Triples lines, sorted and each there once
    :param graph: the name of the graph that holds the triples, if it has one
    """
    for prefix, namespace in sorted(prefixes.items()):
        yield f"@prefix {prefix}: <{namespace}> .\n"
    written = _Written(prefixes)
    indent = "\t" if graph else ""
    if graph:
        yield f"{written[f'<{graph}>']} {{\n"
    between = f" ;\n{indent}\t"
    triples = (line[:-3].split(" ", 2) for line in lines)
    for subject, group in groupby(triples, key=itemgetter(0)):
        objects: dict[str, list[str]] = {}
        for _, predicate, node in group:
            objects.setdefault(predicate, []).append(written[node])
        types = objects.pop(_TYPE, ())
        said = [f"a {' , '.join(types)}"] if types else []
        said += [f"{written[predicate]} {' , '.join(nodes)}" for predicate, nodes in objects.items()]
        yield f"{indent}{written[subject]} {between.join(said)} .\n"
    if graph:
        yield "}\n"


class _Written(dict[str, str]):
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
        digits = _DIGITS.fullmatch(typed[1]) if typed[2] == _INTEGER else None
        self[term] = short = digits[1] if digits else f"{typed[1]}^^{self[typed[2]]}"
        return short
