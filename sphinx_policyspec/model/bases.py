"""What the IRIs of a graph begin with."""

from __future__ import annotations

import re

from sphinx_policyspec.errors import SourceError

__all__ = ["given_base", "is_absolute_iri", "with_ending"]

# RFC 3987, as far as a base goes: a host that is named is there, and its port is a number.
_CHAR = (
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}"
    r"|[\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0001fffd\U00020000-\U0002fffd])"
)
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:(?![:@]){_CHAR})+)(?::[0-9]+)?"
_ABSOLUTE_IRI = re.compile(
    rf"(?!https?:(?!//[^/?#]))[A-Za-z][A-Za-z0-9+.-]*:(?:(?!//)|//(?:(?:{_CHAR}*@)?{_HOST})?(?=/)"
    rf"|//(?:{_CHAR}*@)?{_HOST}(?=[?#]|$))(?:{_CHAR}|/)*(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
)


def is_absolute_iri(text: str) -> bool:
    """Return whether a text is an IRI of its own, such as ``https://example.org/spec/``."""
    return _ABSOLUTE_IRI.fullmatch(text) is not None


def with_ending(base: str) -> str:
    """Return a base that a kind and an id can follow: ``/`` is added where none of ``/ # :`` ends it."""
    return base if not base or base.endswith(("/", "#", ":")) else f"{base}/"


def given_base(base: str, default: str = "") -> str:
    """Return the base that a caller gives, or the default where it is empty, with its ending.

    :raises SourceError: for one that is not an absolute IRI
    """
    if base and not is_absolute_iri(base):
        raise SourceError(f"`{base}` is not an absolute IRI, such as https://example.org/spec/")
    return with_ending(base or default)
