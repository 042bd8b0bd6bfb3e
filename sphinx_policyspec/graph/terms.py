"""RDF terms as plain values: a spec states tens of thousands, and most processes need no library for them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Blank", "Foreign", "Iri", "Term", "Triple"]


class Iri(str):
    """The name of a thing."""

    __slots__ = ()


class Blank(str):
    """The label of a thing without a name; only graphs of others hold some."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A literal that is neither a plain string nor an integer; only graphs of others hold some."""

    text: str
    datatype: str
    language: str

    def __str__(self) -> str:
        """Return its text, as with any other literal."""
        return self.text


Term = Iri | Blank | str | int | Foreign
"""A ``str`` that is no name is a plain literal, an ``int`` one of type ``xsd:integer``."""

Triple = tuple[Iri | Blank, Iri, Term]
