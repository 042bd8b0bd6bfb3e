"""What a walk over a page has gathered, and the record that is made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_policyspec.model import (
    AuthorityLevel,
    Clause,
    Document,
    Finding,
    Goal,
    Markup,
    Provision,
    Severity,
    Span,
    Spec,
    Topic,
)
from sphinx_policyspec.model.attributes import Owner, attributes_of
from sphinx_policyspec.model.places import Use
from sphinx_policyspec.sphinx_ext.authoring.declared import Declared, start_of
from sphinx_policyspec.sphinx_ext.capturing.links import FoundLinks
from sphinx_policyspec.sphinx_ext.capturing.region import Region
from sphinx_policyspec.sphinx_ext.domain.records import SPEC_USE, PageRecord, Question, page_record

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Gathered", "is_local"]


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What one page declares, in document order.

    :param preamble: what stands before its first heading
    :param ids: how often ids that no author chose were used
    :param outside: references that are no part of the spec
    """

    env: BuildEnvironment
    docname: str
    document: nodes.document
    markup: Markup
    preamble: Region
    links: FoundLinks
    outside: FoundLinks
    meta: Spec = field(default_factory=lambda: Spec(title=""))
    levels: list[AuthorityLevel] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    provisions: list[tuple[Provision, Region]] = field(default_factory=list)
    unnamed: set[str] = field(default_factory=set)
    ids: Counter[str] = field(default_factory=Counter)
    clauses: list[Clause] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    places: list[tuple[Use, Span]] = field(default_factory=list)

    def find(
        self, code: str, message: str, span: Span, hint: str = "", severity: Severity = Severity.WARNING
    ) -> None:
        """Note something that the author should know."""
        self.findings.append(Finding(code=code, severity=severity, message=message, span=span, hint=hint))

    def find_unplaced(self, item: Provision, region: Region) -> None:
        """Find that text is made when the page is read, so that no line of a file holds it."""
        for file in region.unplaced:
            message = f"text of `{item.id}` stands on no line of `{file}`"
            hint = "it is made when the page is read; what is found in it is told here"
            self.find("unplaced-text", message, region.at, hint, Severity.HINT)

    def add_places(self, identifier: str, declared: Declared, *owners: Owner) -> None:
        """Keep where the names in the options of a directive stand.

        :param owners: whose attributes its item has
        """
        spans = dict(declared.places)
        for row in attributes_of(*owners):
            span = spans.get(row.key, start_of(declared))
            if row.names:
                self.places += [
                    (Use(row.owner, identifier, row.key, name), span) for name in row.values(declared.item)
                ]

    def claim(self, anchor: str, node: nodes.Element) -> None:
        """Give a node an anchor, unless another has it."""
        if self.document.ids.setdefault(anchor, node) is node:
            node["ids"].append(anchor)

    def add_meta(self, spec: Spec, span: Span) -> None:
        """Take up what is said of the whole; the first that says it counts."""
        self.meta = self.meta if self.meta.title else spec
        self.places.append((SPEC_USE, span))

    def numbered(self, identifier: str) -> str:
        """Return an id that no author chose, with a number from its second use on."""
        self.ids[identifier] += 1
        count = self.ids[identifier]
        return identifier if count == 1 else f"{identifier}-{count}"

    def record(
        self, findings: tuple[Finding, ...], questions: tuple[Question, ...]
    ) -> tuple[PageRecord, bytes]:
        """Return the record of the page and its part of the spec, packed."""
        spans = [block.span for block in self.preamble.blocks]
        for _, region in self.provisions:
            spans += [region.at, *(block.span for block in region.blocks)]
        files = dict.fromkeys(span.file for span in spans)
        fragment = replace(
            self.meta,
            documents=tuple(
                Document(file=file, markup=self.markup) for file in files or [self.preamble.at.file]
            ),
            levels=tuple(self.levels),
            topics=tuple(self.topics),
            goals=tuple(self.goals),
            preamble=tuple(self.preamble.blocks),
            provisions=tuple(replace(item, blocks=tuple(region.blocks)) for item, region in self.provisions),
            clauses=tuple(self.clauses),
            references=tuple(self.links.references),
            links=tuple(self.links.links),
        )
        return page_record(
            self.docname,
            fragment,
            (*findings, *self.findings),
            maybe=self.links.maybe,
            questions=questions,
            anchors=[link for link in self.links.anchors if not is_local(self.document, link.target)],
            outside=self.outside.references,
            places=self.places,
            declares_levels=bool(self.levels),
            unnamed=frozenset(self.unnamed),
        )


def is_local(document: nodes.document, target: str) -> bool:
    """Tell whether a page itself has an anchor, be it that of a heading."""
    return target in {*document.ids, *document.nameids, *getattr(document, "myst_slugs", {})}
