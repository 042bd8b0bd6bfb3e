"""The part of the spec that each page holds, in a file beside its doctree.

The environment is loaded by every build and every worker; most of them need no word of the spec.
"""

from __future__ import annotations

import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.model import Span, Spec
from sphinx_policyspec.model.places import Use

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Fragment", "has_fragment", "pack", "read_fragment", "write_fragment"]

_SUFFIX = ".policyspec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """What only a build that puts the spec together needs of a page.

    :param spec: its part of the spec
    :param spans: where each object of the page's record stands, in the record's order
    :param places: where names stand that it uses
    """

    spec: Spec
    spans: tuple[Span, ...] = ()
    places: tuple[tuple[Use, Span], ...] = ()


def pack(fragment: Fragment) -> bytes:
    """Return a fragment as bytes, equal ones for equal fragments."""
    return zlib.compress(pickle.dumps(fragment, protocol=5), level=3)


def write_fragment(env: BuildEnvironment, docname: str, packed: bytes) -> None:
    """Store what :func:`pack` made of a page's part of the spec."""
    file = _file(env, docname)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(packed)


def read_fragment(env: BuildEnvironment, docname: str) -> Fragment:
    """Return what :func:`write_fragment` stored of a page."""
    # The bytes are our own, like those of the doctree that lies beside them.
    fragment: Fragment = pickle.loads(zlib.decompress(_file(env, docname).read_bytes()))  # noqa: S301
    return fragment


def has_fragment(env: BuildEnvironment, docname: str) -> bool:
    """Tell whether a page's part of the spec is there still."""
    return _file(env, docname).is_file()


def _file(env: BuildEnvironment, docname: str) -> Path:
    return Path(env.doctreedir, docname + _SUFFIX)
