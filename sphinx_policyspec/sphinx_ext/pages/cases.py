"""Examples and evaluation prompts of a page, with their turns, from the nodes of their directives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from docutils import nodes

from sphinx_policyspec import model
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBody,
    PolicyComparison,
    PolicyMessage,
    PolicyPrompt,
    anchor_of,
    elements_of,
    title_of_example,
)
from sphinx_policyspec.sphinx_ext.pages.gathered import FoundLinks, Gathered, LinkPlace, Region
from sphinx_policyspec.sphinx_ext.pages.inline import title_with_substitutions, words_of
from sphinx_policyspec.sphinx_ext.pages.marks import Conversation, Declared, declared_on, hides, remove_node


class CapturePlace(NamedTuple):
    """Where the walk is: in which provision, and in which principle if any.

    :param is_norm: text here is that of a principle itself
    :param takes: text here is that of the provision
    """

    region: Region
    links: LinkPlace
    depth: int = 0
    principle: str = ""
    is_norm: bool = False
    takes: bool = True

    def at(self, **changes: Any) -> CapturePlace:
        """Return the place with other circumstances of a link."""
        return self._replace(links=self.links._replace(**changes))


class TurnReader:
    """Reads messages and their references.

    :param walk: reads whatever else is in an example
    """

    def __init__(
        self, page: Gathered, links: FoundLinks, walk: Callable[[nodes.Element, CapturePlace], None]
    ) -> None:
        self.page = page
        self.links = links
        self.walk = walk

    def turns(self, children: Iterable[nodes.Element], place: CapturePlace) -> tuple[model.Turn, ...]:
        """Return the turns among the children of an example."""
        turns: list[model.Turn] = []
        for child in children:
            self._turn(child, place, turns)
        return tuple(turns)

    def _turn(self, node: nodes.Element, place: CapturePlace, turns: list[model.Turn]) -> None:
        """Read one child of an example; what is not a turn is text beside the turns."""
        count = sum(1 for _ in model.messages_of(tuple(turns)))
        if isinstance(node, PolicyComparison):
            answers: list[model.Message] = []
            for number, child in enumerate(node.children, count + 1):
                if isinstance(child, nodes.Element) and (answer := self._message(child, place, number)):
                    answers.append(answer)
            turns.append(_comparison(answer for answer in answers if isinstance(answer, model.Response)))
            return
        declared = declared_on(node)
        if declared is not None and isinstance(declared.item, Conversation):
            declared_on(node, take=True)
            turns.extend(declared.item.turns)
            self._read_conversation(node, declared.item, place, count)
        elif declared is not None and isinstance(declared.item, model.Message):
            if message := self._message(node, place, count + 1):
                _append(message, turns)
        elif any(map(_is_message, elements_of(node))):
            # Nodes that show, hide or set apart messages are not part of the conversation.
            for child in list(node.children):
                if isinstance(child, nodes.Element):
                    self._turn(child, place, turns)
        else:
            self.walk(node, place)

    def _walk_children(self, node: nodes.Element, place: CapturePlace) -> None:
        for child in list(node.children):
            if isinstance(child, nodes.Element):
                self.walk(child, place)

    def _message(self, node: nodes.Element, place: CapturePlace, number: int) -> model.Message | None:
        declared = declared_on(node, take=True)
        if declared is None or not isinstance(declared.item, model.Message):
            return None
        body = next(part for part in elements_of(node) if isinstance(part, PolicyBody))
        message = place.region.fill(declared.item, body.children)
        self._walk_children(node, place.at(message=number, line=node.line or place.links.line))
        if not (isinstance(message, model.Response) and message.note):
            return message
        notes = (part for part in node.findall(nodes.paragraph) if "ps-note" in part["classes"])
        note = next(notes, None)
        return replace(message, note=words_of(note)) if note is not None and hides(note) else message

    def _read_conversation(
        self, node: nodes.Element, conversation: Conversation, place: CapturePlace, count: int
    ) -> None:
        """Take the references of verdicts from the reader, which knows columns, and those of bodies from the nodes."""
        source, inside = place.links.provision, place.links.example
        self.links.references += [
            replace(reference, message=reference.message + count, source=source, example=inside)
            for reference in conversation.references
        ]
        self.links.links += [
            replace(link, message=link.message + count, source=source, example=inside)
            for link in conversation.links
        ]
        for number, message in enumerate(node.findall(PolicyMessage), count + 1):
            for body in message.children:
                if isinstance(body, nodes.Element) and not {"ps-note", "ps-violates"} & set(body["classes"]):
                    self._walk_children(body, place.at(message=number))


def _is_message(node: nodes.Element) -> bool:
    declared = declared_on(node)
    return declared is not None and isinstance(declared.item, model.Message | Conversation)


def _append(message: model.Message, turns: list[model.Turn]) -> None:
    """Append a message; an answer goes beside the answers right before it."""
    if not isinstance(message, model.Response):
        turns.append(message)
        return
    before = turns.pop() if turns and isinstance(turns[-1], model.Comparison) else None
    answers = before.responses if isinstance(before, model.Comparison) else ()
    turns.append(_comparison((*answers, message)))


def _comparison(answers: Iterable[model.Response]) -> model.Comparison:
    responses = tuple(answers)
    first, last = responses[0].span, responses[-1].span
    return model.Comparison(responses=responses, span=model.Span(first.file, first.line, 1, last.end_line, 1))


@dataclass(frozen=True, slots=True)
class Cases:
    """Reads examples and prompts.

    :param walk: reads whatever else is in one
    """

    page: Gathered
    walk: Callable[[nodes.Element, CapturePlace], None]

    def example(
        self, node: nodes.Element, declared: Declared, item: model.Example, place: CapturePlace
    ) -> None:
        """Read an example."""
        title = title_of_example(node)
        if title is not None and hides(title):
            item = replace(item, title=words_of(title), source_title=words_of(title))
        identifier = item.id or f"{place.links.provision}-{slug(item.title)}".strip("-")
        self.page.ids[identifier] += 1
        if not item.id and self.page.ids[identifier] > 1:
            identifier = f"{identifier}-{self.page.ids[identifier]}"
        anchor = anchor_of(model.TargetKind.EXAMPLE, identifier)
        self.page.claim(anchor, node)
        if not (place.principle or item.illustrates or item.weighs):
            # In a section it still illustrates that section; before every heading it illustrates nothing.
            severity = model.Severity.HINT if place.links.provision else model.Severity.WARNING
            message = f"example `{identifier}` is outside every principle"
            hint = "put it into one, or add `:illustrates:` or `:weighs:`"
            self.page.find("misplaced-example", message, declared.span, hint, severity)
        self.page.add_places(identifier, declared, "example")
        inner = place.at(example=identifier)
        if title is not None:
            for child in title.children:
                if isinstance(child, nodes.Element):
                    self.walk(child, inner.at(carrier=model.Carrier.TITLE))
        children = [child for child in node.children[1:] if isinstance(child, nodes.Element)]
        turns = TurnReader(self.page, self.page.links, self.walk).turns(children, inner)
        shown_title = title_with_substitutions(title, item.title)
        place.region.append(replace(item, id=identifier, title=shown_title, turns=turns))

    def prompt(
        self, node: nodes.Element, declared: Declared, item: model.EvalPrompt, place: CapturePlace
    ) -> None:
        """Read a prompt, and remove it from the page unless it is to be shown.

        What it tests is the principle around it, unless it says otherwise. Its references are those of
        the provision: a prompt is not an example.
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
        is_shown = isinstance(node, PolicyPrompt) and node["shown"]
        anchor = f"prompt-{identifier}"
        if is_shown:
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
        if not is_shown:
            remove_node(node)
