"""Where everything of a spec stands in the pages of a site, and links to there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import reading_order
from sphinx_policyspec.sphinx_ext.nodes.boxes import style_name
from sphinx_policyspec.sphinx_ext.pages.inline import with_titles
from sphinx_policyspec.sphinx_ext.spec import resolved_titles
from sphinx_policyspec.sphinx_ext.store import EXCERPTS, read_part

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject

_PROMPT = "prompt-"
"""What the anchors of prompts begin with."""

AddressOf = Callable[[str, str], str]
"""Returns the address of an anchor on a page, as seen from the page that is being written."""

CHANGES_PAGE = "policy-changes"
"""Name of the page that tells all changes, without suffix."""
ASK_PAGE = "policy-ask"
"""Name of the page that answers questions."""
NEWS = "ps-news"
"""Class of the place on the first page of a handbook that tells what changed."""
RESULTS_PAGE = "policy-results"
"""Name of the page that tells of results of evaluations."""
PAGE_BUILDERS = ("html", "dirhtml")
"""Builders that write pages of ours beside those of a project: ``singlehtml`` writes none."""
WEB_BUILDERS = ("html", "dirhtml", "singlehtml")
"""Builders whose pages people read in a browser."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one thing stands, and how links to it show it.

    :param level: id of its level, empty for all but principles
    :param level_title: name of that level
    """

    docname: str
    anchor: str
    title: str
    level: str = ""
    level_title: str = ""


class SitePlaces:
    """Finds the place of what a spec names, as it was when the pages had been read."""

    def __init__(self, env: BuildEnvironment, spec: Spec) -> None:
        domain = domain_of(env)
        self._levels = dict(domain.levels_shown())
        self._found: dict[tuple[TargetKind, str], Place] = {}
        order = reading_order(env, domain.pages)
        # The ids that no author chose, changed as the spec has them.
        taken = {item.id for item in domain.page_objects() if item.kind is TargetKind.PROVISION}
        for docname in order:
            unnamed = sorted(domain.pages[docname].unnamed)
            for name in unnamed:
                identifier = f"{docname.replace('/', '-')}-{name}" if name in taken else name
                provision = spec.provision_by_id.get(identifier)
                title = provision.title if provision else name
                self._found.setdefault((TargetKind.PROVISION, identifier), Place(docname, name, title))
            taken.update(unnamed)
        self._resolved = resolved_titles(spec)
        for item in domain.objects():
            if item.anchor:
                level = self.level_title(item.level)
                place = Place(item.docname, item.anchor, self.title(item), item.level, level)
                self._found.setdefault((item.kind, item.id), place)
        self._excerpts = {docname: read_part(env, docname, EXCERPTS) or {} for docname in order}
        self._prompts = {
            anchor: docname
            for docname, found in self._excerpts.items()
            for anchor in found
            if anchor.startswith(_PROMPT)
        }
        self._pages = {docname: env.titles[docname].astext() for docname in order if docname in env.titles}

    def level_title(self, level: str) -> str:
        """Return the name of a level, empty for none."""
        return level and self._levels.get(level, level.capitalize())

    def title(self, item: PolicyObject) -> str:
        """Return the title of an object as readers see it."""
        return self._resolved.get((item.kind, item.id), item.title)

    def title_of_target(self, target: str) -> str:
        """Return the title of what a reference names, whatever its kind; the name itself where nothing has it."""
        found = (place for kind in TargetKind if (place := self.find(kind, target)))
        return next((place.title for place in found), target)

    def find(self, kind: TargetKind, identifier: str) -> Place | None:
        """Return the place of a thing, if a page shows it."""
        return self._found.get((kind, identifier))

    def provision(self, identifier: str) -> Place | None:
        """Return the place of a provision, if a page shows it."""
        return self._found.get((TargetKind.PROVISION, identifier))

    def of_kind(self, kind: TargetKind) -> Iterator[tuple[str, Place]]:
        """Yield the things of a kind with their ids, former ids included."""
        for (found, identifier), place in self._found.items():
            if found is kind:
                yield identifier, place

    def prompt(self, identifier: str) -> Place | None:
        """Return the place of a prompt, if its author wants it on a page."""
        anchor = f"{_PROMPT}{identifier}"
        docname = self._prompts.get(anchor)
        return Place(docname, anchor, self.excerpt(docname, anchor) or identifier) if docname else None

    def excerpt(self, docname: str, anchor: str) -> str:
        """Return how a thing begins, with titles in the place of references; empty where it has no words."""
        return with_titles(self._excerpts.get(docname, {}).get(anchor, ""), self.title_of_target)

    def begin_of(self, docname: str) -> str:
        """Return how a page begins."""
        return with_titles(next(iter(self._excerpts.get(docname, {}).values()), ""), self.title_of_target)

    def page_title(self, docname: str) -> str:
        """Return the title of a page."""
        return self._pages.get(docname, docname)


def short_id(example: str, provision: str, number: int) -> str:
    """Return the short id of an example, which is an anchor, too; empty where its author gave it an id.

    :param provision: id of what it stands in
    :param number: among the examples there, as every format has it
    """
    return f"{provision}-e{number}" if example.startswith(f"{provision}-") else ""


def level_html(level: str, title: str) -> str:
    """Return the word for a level, as it stands behind a title."""
    return f' <span class="ps-level-word ps-level-{style_name(level)}">{escape(title)}</span>'
