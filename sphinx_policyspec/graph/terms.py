"""RDF terms as plain values: a spec states tens of thousands, and most processes need no library for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Blank", "Foreign", "Iri", "Term", "Triple", "literal_term"]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
"""Integers as we write them; what is longer counts nothing of ours."""


class Iri(str):
    """The name of a thing."""

    __slots__ = ()


class Blank(str):
    """The label of a thing without a name; only graphs of others hold some."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A literal that is neither a plain string nor an integer: a date, or what graphs of others hold."""

    text: str
    datatype: str
    language: str

    def __str__(self) -> str:
        """Return its text, as with any other literal."""
        return self.text


Term = Iri | Blank | str | int | Foreign
"""A ``str`` that is no name is a plain literal, an ``int`` one of type ``xsd:integer``."""

Triple = tuple[Iri | Blank, Iri, Term]


def literal_term(text: str, datatype: str, language: str = "") -> str | int | Foreign:
    """Return a literal as a term.

    :param datatype: an IRI, or the empty text for a plain string
    """
    if language or datatype not in {"", f"{_XSD}string", f"{_XSD}integer"}:
        return Foreign(text, datatype, language)
    if not datatype.endswith("integer"):
        return text
    return int(text) if _INTEGER.fullmatch(text) else Foreign(text, datatype, "")
