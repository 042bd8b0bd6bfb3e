"""Examples and evaluation prompts of a page, from the nodes of their directives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from docutils import nodes

from sphinx_policyspec.model import Carrier, EvalPrompt, Example, Severity, TargetKind
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.sphinx_ext.authoring.declared import Declared
from sphinx_policyspec.sphinx_ext.capturing.gathered import Gathered
from sphinx_policyspec.sphinx_ext.capturing.inline import title_with_substitutions, words_of
from sphinx_policyspec.sphinx_ext.capturing.links import FoundLinks
from sphinx_policyspec.sphinx_ext.capturing.turn_reader import CapturePlace, TurnReader
from sphinx_policyspec.sphinx_ext.hidden import hides, take_away
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyPrompt, anchor_of, title_of_example

__all__ = ["Cases"]


@dataclass(frozen=True, slots=True)
class Cases:
    """Takes up examples and prompts.

    :param walk: takes up whatever else stands in one
    """

    page: Gathered
    walk: Callable[[nodes.Element, CapturePlace], None]

    def example(self, node: nodes.Element, declared: Declared, item: Example, place: CapturePlace) -> None:
        """Take up an example."""
        title = title_of_example(node)
        if title is not None and hides(title):
            item = replace(item, title=words_of(title), source_title=words_of(title))
        identifier = item.id or f"{place.links.provision}-{slug(item.title)}".strip("-")
        self.page.ids[identifier] += 1
        if not item.id and self.page.ids[identifier] > 1:
            identifier = f"{identifier}-{self.page.ids[identifier]}"
        anchor = anchor_of(TargetKind.EXAMPLE, identifier)
        self.page.claim(anchor, node)
        if not (place.principle or item.illustrates or item.weighs):
            # In a section it still illustrates that section; before every heading it illustrates nothing.
            severity = Severity.HINT if place.links.provision else Severity.WARNING
            message = f"example `{identifier}` stands outside every principle"
            hint = "put it into one, or add `:illustrates:` or `:weighs:`"
            self.page.find("misplaced-example", message, declared.span, hint, severity)
        self.page.add_places(identifier, declared, "example")
        inner = place.at(example=identifier)
        if title is not None:
            for child in title.children:
                if isinstance(child, nodes.Element):
                    self.walk(child, inner.at(carrier=Carrier.TITLE))
        children = [child for child in node.children[1:] if isinstance(child, nodes.Element)]
        turns = TurnReader(self.page, self.page.links, self.walk).turns(children, inner)
        shown = title_with_substitutions(title, item.title)
        place.region.append(replace(item, id=identifier, title=shown, turns=turns))

    def prompt(self, node: nodes.Element, declared: Declared, item: EvalPrompt, place: CapturePlace) -> None:
        """Take up a prompt; it leaves the page unless it is to be shown.

        What it tests is the principle around it, unless it says otherwise. Its references are those of
        the provision: a prompt is no example.
        """
        tests = item.tests or ((place.principle,) if place.principle else ())
        if not tests:
            message = "this prompt tests nothing"
            self.page.find(
                "untested-prompt",
                message,
                declared.span,
                "put it into a principle, or add `:tests:`",
            )
        heads = (head for head in node.findall(nodes.paragraph) if "ps-prompt-title" in head["classes"])
        head = next(heads, None)
        if head is not None and hides(head):
            item = replace(item, title=words_of(head))
        base = f"{place.links.provision}-{slug(item.title) if item.title else 'prompt'}".strip("-")
        identifier = item.id or self.page.numbered(base)
        shown = isinstance(node, PolicyPrompt) and node["shown"]
        anchor = f"prompt-{identifier}"
        if shown:
            self.page.claim(anchor, node)
        self.page.add_places(identifier, declared, "prompt")
        reader = TurnReader(self.page, FoundLinks(self.page.links.places), self.walk)
        links, self.page.links = self.page.links, reader.links
        children = [child for child in node.children if isinstance(child, nodes.Element)]
        turns = reader.turns(children, place)
        self.page.links = links
        links.references += [replace(reference, message=0) for reference in reader.links.references]
        links.maybe += [replace(reference, message=0) for reference in reader.links.maybe]
        links.anchors += reader.links.anchors
        links.links += [replace(link, message=0) for link in reader.links.links]
        title = title_with_substitutions(head, item.title)
        place.region.append(replace(item, id=identifier, title=title, tests=tests, turns=turns))
        if not shown:
            take_away(node)
