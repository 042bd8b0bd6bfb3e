"""Where everything of a spec stands in the pages of a site, and links to there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from sphinx_policyspec.model import Carrier, ReferenceForm, Spec, TargetKind
from sphinx_policyspec.sphinx_ext.assemble import reading_order
from sphinx_policyspec.sphinx_ext.boxes import style_name
from sphinx_policyspec.sphinx_ext.knowledge import domain_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Place", "Places", "level_html"]

AddressOf = Callable[[str, str], str]
"""Returns the address of an anchor on a page, as seen from the page that is being written."""


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


class Places:
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
        resolved = _resolved_titles(spec)
        for item in domain.objects():
            if item.anchor:
                level = self.level_title(item.level)
                title = resolved.get((item.kind, item.id), item.title)
                place = Place(item.docname, item.anchor, title, item.level, level)
                self._found.setdefault((item.kind, item.id), place)
        self._pages = {docname: env.titles[docname].astext() for docname in order if docname in env.titles}

    def level_title(self, level: str) -> str:
        """Return the name of a level, empty for none."""
        return level and self._levels.get(level, level.capitalize())

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

    def page_title(self, docname: str) -> str:
        """Return the title of a page."""
        return self._pages.get(docname, docname)


def _resolved_titles(spec: Spec) -> dict[tuple[TargetKind, str], str]:
    """Return the titles that refer to others, with the titles of those; pages were read without them."""
    found: dict[tuple[TargetKind, str], str] = {}
    examples = {example.id: example.title for example in spec.examples}
    for reference in spec.references:
        if reference.carrier is Carrier.TITLE and reference.form is ReferenceForm.TITLE:
            if reference.example in examples:
                found[TargetKind.EXAMPLE, reference.example] = examples[reference.example]
            elif provision := spec.provision_by_id.get(reference.source):
                found[TargetKind.PROVISION, provision.id] = provision.title
    return found


def level_html(level: str, title: str) -> str:
    """Return the word for a level, as it stands behind a title."""
    return f' <span class="ps-level-word ps-level-{style_name(level)}">{escape(title)}</span>'
