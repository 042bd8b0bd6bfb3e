"""What a text of unknown origin may hold on a page: nothing that runs, and no file of this machine."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes

__all__ = ["disarm", "is_harmless"]

_PATH_BEGINS = re.compile("[/?#]")
_SCHEMES = ("http:", "https:", "mailto:", "ftp:", "tel:")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_IGNORED = re.compile(r"[\x00-\x20]+")
"""Characters that browsers pass over in a scheme."""


def is_harmless(address: str) -> bool:
    """Tell whether an address may be a link: relative, or of a scheme that runs nothing."""
    address = _IGNORED.sub("", address).lower()
    return not _SCHEME.match(address) or address.startswith(_SCHEMES)


def disarm(tree: nodes.Element) -> None:
    """Show what is raw as code, images as their alternative text, and links to code or files as text."""
    for node in list(tree.findall(nodes.raw)):
        _replace(node, node.astext(), nodes.literal, nodes.literal_block)
    for image in list(tree.findall(nodes.image)):
        text = image.get("alt") or image.get("uri", "")
        _replace(image, text, nodes.inline, nodes.paragraph)
    for link in list(tree.findall(nodes.reference)):
        if not is_harmless(str(link.get("refuri", ""))):
            link.replace_self(nodes.inline("", "", *link.children))
    for download in list(tree.findall(addnodes.download_reference)):
        download.replace_self(nodes.inline("", "", *download.children))


def _replace(
    node: nodes.Element, text: str, inside: type[nodes.TextElement], block: type[nodes.TextElement]
) -> None:
    kind = inside if isinstance(node.parent, nodes.TextElement) else block
    node.replace_self(kind(text, text))
