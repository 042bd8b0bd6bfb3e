"""What git makes of a stored file in a work tree, as far as that takes no other program."""

from __future__ import annotations

import codecs
import re

__all__ = ["ATTRIBUTES", "Attributes", "converted", "parse_attributes"]

ATTRIBUTES = ("ident", "working-tree-encoding", "filter")
"""What changes the words of a file; ends of lines are read alike."""
Attributes = dict[str, str]
_IDENT = re.compile(rb"\$Id(?::[^$\n]*)?\$")
_MARKS = {"UTF-16LE-BOM": codecs.BOM_UTF16_LE, "UTF-16BE-BOM": codecs.BOM_UTF16_BE}


def parse_attributes(text: str) -> dict[str, Attributes]:
    """Return what ``git check-attr -z`` says, by path; what is not specified is left out."""
    fields = iter(text.split("\0")[:-1])
    found: dict[str, Attributes] = {}
    for path, name, value in zip(fields, fields, fields, strict=True):
        if value not in {"unspecified", "unset"}:
            found.setdefault(path, {})[name] = value
    return found


def converted(data: bytes, name: str, attributes: Attributes) -> bytes:
    """Return a stored file as git writes it into a work tree, but for filters.

    Bytes that the encoding cannot hold stay as they are, as git leaves them.

    :param name: the name of the object
    """
    if "ident" in attributes:
        data = _IDENT.sub(b"$Id: %s $" % name.encode(), data)
    encoding = attributes.get("working-tree-encoding")
    if not encoding:
        return data
    mark = _MARKS.get(encoding.upper(), b"")
    try:
        return mark + data.decode("utf-8").encode(encoding.removesuffix("-BOM"))
    except (LookupError, UnicodeError):
        return data
