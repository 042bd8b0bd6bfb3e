"""The IRIs of what a spec holds, and the ids that can be read back from them."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pyoxigraph

from sphinx_policyspec.graph.terms import Iri
from sphinx_policyspec.model.spec import with_ending

__all__ = ["DEFAULT_BASE", "KINDS", "Iris"]

DEFAULT_BASE = "urn:policyspec:spec:"

KINDS = tuple(
    """
    change changelog changelog-entry clause comment commentary comparison definition document eval-tag example fragment gap goal level
    link message prompt prompt-file prose provision reference release topic touch
    """.split()  # noqa: SIM905 - a list of literals is harder to read
)
"""The kinds of things that get an IRI."""

_PLAIN = re.compile(r"[A-Za-z0-9_/-]*")
"""Most ids: they stay what they are."""
UNDATED = "undated"


class Iris:
    """Mints ``<base><kind>/<id>`` and reads it back.

    An id may be any text: all but ASCII letters, digits, ``_ - . /`` is percent-encoded, so that
    decoding is exact. ``~`` never comes from an id; it sets apart the second of two equal ids
    (``provision/be_kind~2``). A part without an id of its own hangs below its owner's IRI:
    ``message/example/<example id>/3``.

    :param base: what every IRI begins with, once it has its ending; one that can begin none is kept below the
        default base
    """

    def __init__(self, base: str = "") -> None:
        self.base = _absolute(with_ending(base) or DEFAULT_BASE)
        self._minted: dict[tuple[str, str], Iri] = {}

    @classmethod
    def of_release(cls, release: Iri, version: str) -> Iris:
        """Return the IRIs whose release of that version has the IRI ``release``."""
        ending = "release/" + _encode(version or UNDATED)
        if release.endswith(ending):
            return cls(release.removesuffix(ending))
        return cls(release.rpartition("release/")[0])

    def release(self, version: str) -> Iri:
        """Return the IRI of a release, which is also the name of its graph."""
        return self.iri("release", version or UNDATED)

    def iri(self, kind: str, identifier: str) -> Iri:
        """Return the IRI of the thing of that kind and id."""
        key = (kind, identifier)
        if (known := self._minted.get(key)) is None:
            known = self._minted[key] = Iri(f"{self.base}{kind}/{_encode(identifier)}")
        return known

    def part(self, kind: str, owner: Iri, *place: int | str) -> Iri:
        """Return the IRI of a part of ``owner``, told apart by its place there."""
        steps = (_encode(str(step)).replace("/", "%2F") for step in place)
        return Iri("/".join((self.base + kind, owner.removeprefix(self.base), *steps)))

    def kind_and_id(self, iri: str) -> tuple[str, str] | None:
        """Return what :meth:`iri` was called with; ``None`` for an IRI that it cannot have made."""
        if not iri.startswith(self.base):
            return None
        kind, slash, encoded = iri[len(self.base) :].partition("/")
        if not slash:
            return None
        try:
            return kind, unquote(encoded, errors="strict")
        except UnicodeDecodeError:
            return None


def _absolute(base: str) -> str:
    """Return a base that makes valid IRIs, whatever was given."""
    try:
        pyoxigraph.NamedNode(base + "release/")
    except ValueError:
        return DEFAULT_BASE + _encode(base) + "/"
    return base


def _encode(text: str) -> str:
    """Percent-encode what an IRI's last part should not hold, so that decoding is exact."""
    if _PLAIN.fullmatch(text):
        return text
    encoded = quote(text, safe="/", errors="surrogatepass").replace("~", "%7E")
    # Segments of dots alone would be dropped by readers that resolve relative IRIs.
    if "." in encoded:
        encoded = "/".join(
            segment.replace(".", "%2E") if segment in {".", ".."} else segment
            for segment in encoded.split("/")
        )
    return encoded
