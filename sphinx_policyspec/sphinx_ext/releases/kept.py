"""What took long to make, kept in files beside the doctrees until something that it was made of changes."""

from __future__ import annotations

import hashlib
import pickle
import zlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar, cast

__all__ = ["kept"]

_T = TypeVar("_T")


def kept(store: Path, name: str, state: str, make: Callable[[], _T]) -> _T:
    """Return what was made in the same state, else what is made now.

    :param store: the folder for files
    :param name: of what is kept
    :param state: what changes whenever another thing would be made
    """
    file = store / f"policyspec-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}.kept"
    stamp = f"{_version()} {state}"
    if file.is_file():
        # The bytes are our own, like those of the doctrees that lie beside them.
        before, made = pickle.loads(zlib.decompress(file.read_bytes()))  # noqa: S301
        if before == stamp:
            return cast("_T", made)
    fresh = make()
    store.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zlib.compress(pickle.dumps((stamp, fresh), protocol=5), level=1))
    return fresh


def _version() -> str:
    try:
        return version("sphinx-policyspec")
    except PackageNotFoundError:
        return "0+unknown"
