"""Cross-references and links of a page as model objects, each with its exact place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.model import Carrier, Link, Reference, ReferenceForm, Span, TargetKind
from sphinx_policyspec.sphinx_ext.authoring.places import Placed, Source, occurrences, source_of
from sphinx_policyspec.sphinx_ext.capturing.inline import text_around, words_of
from sphinx_policyspec.sphinx_ext.capturing.region import Places, line_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, KIND_OF_ROLE

__all__ = ["FoundLinks", "LinkPlace"]

_ANY = ("any", "myst", "ref")
"""Reference types of Sphinx and MyST whose target may be an object of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlace:
    """What encloses a link.

    :param line: where to seek if its node knows no line, as the parser counts; ``end`` is the line after the last one
    """

    source: Source
    end: int = 0
    provision: str = ""
    example: str = ""
    message: int = 0
    carrier: Carrier = Carrier.TEXT
    line: int = 0


class FoundLinks:
    """Collects the links of one page in document order.

    ``maybe`` holds those that are references only if their target turns out to be ours; ``anchors``
    holds MyST's ``[text](#id)`` once more.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.references: list[Reference] = []
        self.maybe: list[Reference] = []
        self.anchors: list[Reference] = []
        self.links: list[Link] = []
        self._seen: Counter[tuple[int, str]] = Counter()

    def add(self, node: nodes.Element, place: LinkPlace) -> None:
        """Take up a link of any kind; what is none of our business is left out."""
        if isinstance(node, addnodes.pending_xref):
            self._add_pending(node, place)
        elif node.get("id_link") and str(node.get("refuri", "")).startswith("#"):
            reference = self._reference(
                node, node["refuri"][1:], TargetKind.PROVISION, bool(node.children), place
            )
            self.maybe.append(reference)
            self.anchors.append(reference)
        elif _leads_out(url := str(node.get("refuri", ""))):
            self.links.append(
                Link(
                    source=place.provision,
                    url=url,
                    text=words_of(node),
                    carrier=place.carrier,
                    span=self.locate(node, url.removeprefix("mailto:"), place),
                    example=place.example,
                    message=place.message,
                )
            )

    def _add_pending(self, node: addnodes.pending_xref, place: LinkPlace) -> None:
        explicit = bool(node.get("refexplicit"))
        if node.get("refdomain") == DOMAIN:
            kind = KIND_OF_ROLE[node["reftype"]]
            self.references.append(self._reference(node, node["reftarget"], kind, explicit, place))
        elif node.get("reftype") in _ANY:
            target = node.get("reftargetid") or node["reftarget"]
            self.maybe.append(self._reference(node, target, TargetKind.PROVISION, explicit, place))

    def _reference(
        self, node: nodes.Element, target: str, kind: TargetKind, explicit: bool, place: LinkPlace
    ) -> Reference:
        by_id = isinstance(node.parent, nodes.paragraph) and "ps-violates" in node.parent["classes"]
        form = ReferenceForm.TEXT if explicit else ReferenceForm.TITLE
        return Reference(
            source=place.provision,
            target=target,
            carrier=Carrier.VERDICT if by_id else place.carrier,
            form=ReferenceForm.ID if by_id else form,
            span=self.locate(node, target, place),
            target_kind=kind,
            text=words_of(node) if explicit else "",
            example=place.example,
            message=place.message,
        )

    def locate(self, node: nodes.Element, needle: str, place: LinkPlace) -> Span:
        """Return where words of a node stand in its file; the line that its text begins on if nowhere."""
        text = text_around(node)
        path, line = line_of(node)
        key = (id(text), needle)
        self._seen[key] += 1
        if text is not None and text.rawsource and text.line:
            raw = tuple(text.rawsource.split("\n"))
            source, at = self.places.of(text, raw)
            if at.is_exact and (found := _within(source, at, raw, needle, self._seen[key] - 1)):
                return found
        source = source_of(self.places.env, path) if line else place.source
        start = line or place.line or 1
        return source.locate(needle, start, _paragraph_end(source, start, place.end), self._seen[key] - 1)


def _within(source: Source, at: Placed, raw: tuple[str, ...], needle: str, skip: int) -> Span | None:
    """Return where a word of a text stands in the file, occurrence ``skip``.

    :param at: where the text stands
    """
    for number, (line, first) in enumerate(zip(raw, at.columns, strict=False), at.line):
        for column in occurrences(line, needle):
            if skip == 0:
                start = first - (len(line) - len(line.lstrip()))
                if start <= 0:
                    return Span(source.file, number)
                return Span(source.file, number, start + column, number, start + column + len(needle))
            skip -= 1
    return None


def _leads_out(url: str) -> bool:
    """Tell whether an address is that of something outside the project, a mailbox included."""
    return "://" in url or url.startswith("mailto:")


def _paragraph_end(source: Source, line: int, end: int) -> int:
    """Return the line after the paragraph that ``line`` is in, as the parser counts."""
    last = source.span(line).line
    first = last
    while last <= len(source.lines) and source.lines[last - 1].strip():
        last += 1
    return min(line + last - first, end) if end else line + last - first
