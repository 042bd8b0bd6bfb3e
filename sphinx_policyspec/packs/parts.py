"""The parts of a context pack about a principle, a pair, a case and a topic, the most important ones first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.exports import markdown_safe
from sphinx_policyspec.exports.answers import case_yaml
from sphinx_policyspec.exports.decisions import Decisions, decision_lines, decision_record, outcome_words
from sphinx_policyspec.graph.touches import TouchKind, about, enclosing, owner
from sphinx_policyspec.model import (
    Clause,
    Commentary,
    Definition,
    EvalPrompt,
    Example,
    Markup,
    Message,
    Principle,
    Provision,
    Response,
    Section,
    Spec,
    TargetKind,
)
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.model.example import Comparison, Gap, Turn
from sphinx_policyspec.model.levels import who_may_override
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.packs.bearing import Ids, Relations, outside_of, relations_of
from sphinx_policyspec.packs.pack import ContextPart, PartKind, QuotedText, coded
from sphinx_policyspec.surveys import Decider, SpecPairs, meeting

_LANGUAGES = {Markup.RST: "rst"}
_NEAR = 20
"""Neighbours of one kind whose titles a pack lists at most."""
_DECIDES = {
    Decider.LEVEL: "the higher level goes first",
    Decider.EXCEPTION: "an exception goes first",
    Decider.PREFERENCE: "the spec prefers one of them",
    Decider.EXAMPLE: "no rule does, but an example weighs both",
    Decider.CASE: "no rule does, but a case has both",
    Decider.NOTHING: "nothing does",
}


@dataclass(frozen=True)
class SpecContext:
    """Look-ups in one spec, computed once for any number of packs."""

    spec: Spec

    @cached_property
    def norms(self) -> Norms:
        """Look-ups of the chain of command."""
        return Norms(self.spec)

    @cached_property
    def pairs(self) -> SpecPairs:
        """Look-ups of pairs of principles."""
        return SpecPairs(self.norms)

    @cached_property
    def relations(self) -> dict[str, Relations]:
        """The relations of each provision, by its id."""
        return relations_of(self.spec)

    @cached_property
    def by_topic(self) -> dict[str, dict[str, tuple[TouchKind, ...]]]:
        """The provisions about each topic."""
        return about(self.spec)

    @cached_property
    def owned(self) -> dict[str, tuple[Provision, ...]]:
        """Each provision with its own plain subsections, if it is not such a subsection itself."""
        around = enclosing(self.spec)
        members: dict[str, list[Provision]] = {p.id: [p] for p in self.spec.provisions}
        for provision in self.spec.provisions:
            if isinstance(provision, Section) and (home := owner(provision, around)):
                members[home.id].append(provision)
        return {name: tuple(own) for name, own in members.items()}

    @cached_property
    def home(self) -> dict[str, str]:
        """The principle that each provision is a part of, otherwise the provision itself, by id."""
        ids = Ids(self.spec)
        return {p.id: [*ids.up(p.id)][-1] if isinstance(p, Section) else p.id for p in self.spec.provisions}

    @cached_property
    def definitions(self) -> tuple[tuple[Definition, re.Pattern[str]], ...]:
        """The definitions with a term, each with a pattern for the term."""
        blocks = (block for _, block in self.spec.walk() if isinstance(block, Definition) and block.term)
        return tuple((one, _term(one.term)) for one in blocks)

    @cached_property
    def weighing(self) -> dict[str, tuple[Example, ...]]:
        """The examples that weigh a provision, by its id."""
        by_name: dict[str, dict[str, Example]] = {}
        for example in self.spec.examples:
            for name in example.weighs:
                by_name.setdefault(self.name_of(name), {})[example.id] = example
        return {name: tuple(examples.values()) for name, examples in by_name.items()}

    @cached_property
    def _markups(self) -> dict[str, Markup]:
        return {document.file: document.markup for document in self.spec.documents}

    def name_of(self, name: str) -> str:
        """Return the current id for a former id; any other id is unchanged."""
        provision = self.norms.provisions.get(name)
        return provision.id if provision else name

    def find(self, name: str) -> Provision:
        """Return a provision by its id or a former one; raise :class:`UnknownIdError` if there is none."""
        if provision := self.norms.provisions.get(name):
            return provision
        for home, block in self.spec.walk():
            if isinstance(block, Example) and block.id == name and home:
                raise UnknownIdError(f"`{name}` is an example: ask about {coded(home.id)}, which it is in")
        hint = nearest(name, self.norms.provisions) or "the question `principles-by-level` lists ids"
        raise UnknownIdError(f"no provision `{name}`; {hint}")

    def quoted(self, text: str, file: str, label: str = "") -> QuotedText:
        """Return a text from a file, with the markup of that file."""
        return QuotedText(
            text=text, label=label, language=_LANGUAGES.get(self._markups.get(file, Markup.MYST), "markdown")
        )

    def level_words(self, provision: Provision) -> str:
        """Return a sentence about who may override a provision; empty if it has no level."""
        if not isinstance(provision, Principle):
            return ""
        level = self.spec.level_by_id.get(provision.authority)
        return who_may_override(self.spec.levels, level) if level else ""

    def provision_part(
        self, provision: Provision, kind: PartKind, why: str = "", *, is_needed: bool = False
    ) -> ContextPart:
        """Return the part with a provision and its text, including plain subsections."""
        members = self.owned[provision.id]
        quotes = [self.quoted(provision.text, provision.span.file)] if provision.text else []
        quotes += [
            self.quoted(one.text, one.span.file, f"in it, {coded(one.id)}") for one in members[1:] if one.text
        ]
        is_principle = isinstance(provision, Principle)
        notes = [words] if (words := self.level_words(provision)) else []
        notes += (
            [] if is_principle else ["It is a section: it has no level of authority, and overrides nothing."]
        )
        notes += [] if quotes else ["It has no text of its own."]
        outside = outside_of(self.spec, provision.id)
        notes += [
            f"Outside the spec, {key.replace('-', ' ')}: {', '.join(map(coded, addresses))}."
            for key, addresses in outside.items()
        ]
        return ContextPart(
            kind=kind if is_principle or kind is not PartKind.PRINCIPLE else PartKind.SECTION,
            id=provision.id,
            title=provision.title,
            level=provision.authority if isinstance(provision, Principle) else "",
            why=why,
            span=provision.span,
            notes=tuple(notes),
            quotes=tuple(quotes),
            is_needed=is_needed,
        )

    def of_provisions(
        self, provisions: Sequence[Provision], *, is_needed: bool = True
    ) -> Iterator[ContextPart]:
        """Yield the parts about provisions, except texts of neighbours, examples and prompts."""
        for one in provisions:
            yield self.provision_part(one, PartKind.PRINCIPLE, is_needed=is_needed)
        names = frozenset(own.id for one in provisions for own in self.owned[one.id])
        yield from self._clauses(names)
        yield from self._definitions([own for one in provisions for own in self.owned[one.id]])
        yield from self._related(provisions)
        yield from self._goals(provisions)
        yield from self._commentary(provisions)

    def _clauses(self, names: frozenset[str]) -> Iterator[ContextPart]:
        for clause in self.spec.clauses:
            if clause.principle in names:
                yield ContextPart(
                    kind=PartKind.CLAUSE,
                    id=clause.principle,
                    level=clause.authority,
                    span=clause.span,
                    notes=tuple(self._clause_notes(clause)),
                    quotes=(self.quoted(clause.text, clause.span.file),),
                )

    def _clause_notes(self, clause: Clause) -> Iterator[str]:
        if level := self.spec.level_by_id.get(clause.authority):
            yield who_may_override(self.spec.levels, level)
        if clause.permits_by:
            yield f"Messages of the level {coded(clause.permits_by)} may permit what it forbids."

    def _definitions(self, members: Sequence[Provision]) -> Iterator[ContextPart]:
        text = "\n".join(one.text for one in members)
        ids = {one.id for one in members}
        targets = {
            self.name_of(reference.target)
            for reference in self.spec.references
            if reference.source in ids and reference.target_kind is TargetKind.DEFINITION
        }
        own = {id(block) for one in members for block in one.blocks}
        for definition, term in self.definitions:
            if id(definition) not in own and (definition.id in targets or term.search(text)):
                yield ContextPart(
                    kind=PartKind.DEFINITION,
                    id=definition.id,
                    title=definition.term,
                    why="a term that it uses",
                    span=definition.span,
                    quotes=(self.quoted(definition.text, definition.span.file),),
                )

    def related(self, provision: Provision) -> dict[str, list[str]]:
        """Return the provisions related to a provision: reasons, by id."""
        reasons: dict[str, list[str]] = {}
        bears = self.relations.get(provision.id, Relations())
        for row in RELATIONS:
            for name in bears.of(row.field):
                reasons.setdefault(name, []).append(f"{coded(provision.id)} {row.says} it")
            for name in bears.of(row.inverse) if row.inverse != row.field else ():
                reasons.setdefault(name, []).append(f"it {row.says} {coded(provision.id)}")
        return reasons

    def _related(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        ids = {one.id for one in provisions}
        reasons: dict[str, list[str]] = {}
        for one in provisions:
            for name, why in self.related(one).items():
                reasons.setdefault(name, []).extend(why)
        for name, why in reasons.items():
            if name not in ids and (other := self.spec.provision_by_id.get(name)):
                yield self.provision_part(other, PartKind.RELATION, ", ".join(dict.fromkeys(why)))

    def _goals(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        served = {goal for one in provisions if isinstance(one, Principle) for goal in one.serves}
        for goal in self.spec.goals:
            if goal.id in served:
                quotes = (self.quoted(goal.text, goal.span.file),) if goal.text else ()
                yield ContextPart(
                    kind=PartKind.GOAL,
                    id=goal.id,
                    title=goal.title,
                    why="it serves this",
                    span=goal.span,
                    quotes=quotes,
                )

    def _commentary(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        for one in (own for provision in provisions for own in self.owned[provision.id]):
            for block in one.blocks:
                if isinstance(block, Commentary):
                    quotes = (self.quoted(block.text, block.span.file),)
                    yield ContextPart(kind=PartKind.COMMENTARY, id=one.id, span=block.span, quotes=quotes)

    def neighbours(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        """Yield the list of neighbours, then their texts, nearest first; related provisions are left out."""
        known = {one.id for one in provisions} | {name for one in provisions for name in self.related(one)}
        nearest_ones: list[tuple[Provision, str]] = []
        notes: list[str] = []
        for why, names in self._near(provisions):
            near = [self.spec.provision_by_id[name] for name in names if name not in known]
            known |= {one.id for one in near}
            nearest_ones += [(one, why) for one in near[:_NEAR]]
            notes += [self._list_item(one, why) for one in near[:_NEAR]]
            notes += [f"and {len(near) - _NEAR} more: {why}"] if len(near) > _NEAR else []
        if notes:
            rows = tuple(
                {
                    "id": one.id,
                    "title": one.title,
                    "level": _level(one),
                    "why": why,
                    "file": one.span.file,
                    "line": one.span.line,
                }
                for one, why in nearest_ones
            )
            yield ContextPart(kind=PartKind.NEIGHBOURS, notes=tuple(notes), rows=rows)
        yield from (self.provision_part(one, PartKind.NEIGHBOUR, why) for one, why in nearest_ones)

    def _list_item(self, provision: Provision, why: str) -> str:
        title = markdown_safe(provision.title)
        return f"{coded(provision.id)} ({_level(provision) or 'section'}): {title}; {why}; {provision.span.file}:{provision.span.line}"

    def _near(self, provisions: Sequence[Provision]) -> Iterator[tuple[str, list[str]]]:
        """Yield reasons for nearness with ids in reading order, the nearest first."""
        ids = {own.id for one in provisions for own in self.owned[one.id]}
        for one in provisions:
            yield (
                f"stands in {coded(one.id)}",
                [p.id for p in self.spec.provisions if p.parent == one.id and p.id not in ids],
            )
        weighed = (self.weighing.get(one.id, ()) for one in provisions)
        yield (
            "weighed in one example",
            self._homes(name for examples in weighed for e in examples for name in e.weighs),
        )
        bears = [self.relations.get(one.id, Relations()) for one in provisions]
        pointing = (occurrence.source for one in bears for occurrence in one.occurrences)
        yield "refers to it", self._homes(name for name in pointing if name not in ids)
        targets = (
            r.target
            for r in self.spec.references
            if r.source in ids and r.target_kind is TargetKind.PROVISION
        )
        yield "it refers to this", self._homes(targets)
        topics = {topic for one in provisions for own in self.owned[one.id] for topic in own.topics}
        for topic in sorted(topics, key=lambda name: (len(self.by_topic.get(name, ())), name)):
            kinds = self.by_topic.get(topic, {})
            yield (
                f"about {coded(topic)}",
                self._homes(name for name, how in kinds.items() if TouchKind.ASSERTED in how),
            )
        wide = {
            t
            for t, examples in self.by_topic.items()
            if t not in topics and any(one.id in examples for one in provisions)
        }
        for topic in sorted(wide, key=lambda name: (len(self.by_topic[name]), name)):
            yield f"about {coded(topic)}, too", self._homes(self.by_topic[topic])

    def _homes(self, names: Iterable[str]) -> list[str]:
        """Return the principles that provisions belong to, in reading order and distinct; other sections are left out."""
        wanted = {self.home[current] for name in names if (current := self.name_of(name)) in self.home}
        return [p.id for p in self.spec.principles if p.id in wanted]

    def examples(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        """Yield the examples of provisions, and examples elsewhere that weigh them."""
        seen: set[str] = set()
        for one in provisions:
            bears = self.relations.get(one.id, Relations())
            for example in (*bears.examples, *self.weighing.get(one.id, ())):
                if example.id not in seen:
                    seen.add(example.id)
                    yield self.example_part(example)

    def example_part(self, example: Example) -> ContextPart:
        """Return an example with its conversation, verdicts and reasons."""
        notes = [
            f"{verb} {', '.join(map(coded, names))}"
            for verb, names in (("illustrates", example.illustrates), ("weighs", example.weighs))
            if names
        ]
        return ContextPart(
            kind=PartKind.EXAMPLE,
            id=example.id,
            title=example.title,
            why="its messages are part of the example, and are addressed to nobody here",
            span=example.span,
            notes=tuple(notes),
            quotes=tuple(turn_quotes(example.turns)),
        )

    def prompts(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        """Yield the prompts that test provisions."""
        prompts = {p.id: p for one in provisions for p in self.relations.get(one.id, Relations()).prompts}
        yield from map(prompt_part, prompts.values())

    def pair(self, one: Provision, other: Provision) -> Iterator[ContextPart]:
        """Yield the part that says which of two principles goes first, and a case if none does."""
        if not (isinstance(one, Principle) and isinstance(other, Principle)):
            section = next(p for p in (one, other) if not isinstance(p, Principle))
            raise UnknownIdError(f"{coded(section.id)} is a section: only principles go before each other")
        known = all(p.authority in self.norms.rank for p in (one, other))
        if not known or {one.id, other.id} - self.pairs.by_id.keys():
            note = "There is no answer: the spec declares the level of one of them nowhere, or it is a statement of an overlay."
            yield ContextPart(kind=PartKind.ORDER, notes=(note,), is_needed=True)
            return
        pair = self.pairs.of(one, other)
        decision = decide(meeting(one, other), self.norms)
        first = f": {coded(pair.first)} goes first" if pair.first else ""
        notes = [f"What orders them: {_DECIDES[pair.decided_by]}{first}."]
        notes += [f"They share: {', '.join(map(coded, pair.shares))}."] if pair.shares else []
        text = "\n".join(decision_lines(decision, self.norms))
        yield ContextPart(
            kind=PartKind.ORDER,
            notes=tuple(notes),
            quotes=(QuotedText(text=text, label="as `policyspec resolve` decides the two", language="text"),),
            rows=(
                {
                    "decided_by": pair.decided_by.value,
                    "first": pair.first or None,
                    "shares": [*pair.shares],
                },
            ),
            is_needed=True,
        )
        if pair.witness:
            quote = QuotedText(text=case_yaml(pair.witness, is_file=False).strip(), language="yaml")
            yield ContextPart(kind=PartKind.WITNESS, quotes=(quote,))

    def decision_parts(self, decisions: Decisions) -> Iterator[ContextPart]:
        """Yield each case with its decision."""
        for decision in decisions:
            case = decision.case
            yaml = QuotedText(text=case.source or case_yaml(case, is_file=False).strip(), language="yaml")
            yield ContextPart(
                kind=PartKind.CASE, title=case.title, span=case.span, quotes=(yaml,), is_needed=True
            )
            outcomes = (
                f"{coded(issue)}: {markdown_safe(outcome_words(outcome))}"
                for issue, outcome in decision.outcomes.items()
            )
            explanation = "\n".join(decision_lines(decision, decisions.norms))
            yield ContextPart(
                kind=PartKind.DECISION,
                title=case.title,
                notes=tuple(outcomes),
                quotes=(QuotedText(text=explanation, language="text"),),
                rows=(decision_record(decision),),
                is_needed=True,
            )

    def topic(self, name: str) -> Iterator[ContextPart]:
        """Yield a topic with the principles about it, then the texts of these."""
        topic = self.spec.topic_by_id.get(name)
        if topic is None and name not in self.by_topic:
            hint = nearest(name, {*self.spec.topic_by_id, *self.by_topic})
            raise UnknownIdError("; ".join(filter(None, (f"no topic `{name}`", hint))))
        ids = self._homes(self.by_topic.get(name, ()))
        provisions = [self.spec.provision_by_id[one] for one in ids]
        yield ContextPart(
            kind=PartKind.TOPIC,
            id=name,
            title=topic.label if topic else name,
            span=topic.span if topic else None,
            notes=tuple(self._list_item(one, self._how(name, one)) for one in provisions)
            or ("Nothing in the spec is about it.",),
            quotes=(self.quoted(topic.text, topic.span.file),) if topic and topic.text else (),
            rows=tuple({"id": one.id, "title": one.title, "level": _level(one)} for one in provisions),
            is_needed=True,
        )
        yield from self.of_provisions(provisions, is_needed=False)

    def _how(self, topic: str, provision: Provision) -> str:
        kinds = {kind for own in self.owned[provision.id] for kind in self.by_topic[topic].get(own.id, ())}
        return ", ".join(kind.value for kind in TouchKind if kind in kinds)


def prompt_part(prompt: EvalPrompt) -> ContextPart:
    """Return a prompt with its conversation."""
    return ContextPart(
        kind=PartKind.PROMPT,
        id=prompt.id,
        title=prompt.title,
        why="it tests the spec, and is addressed to nobody here",
        span=prompt.span,
        quotes=tuple(turn_quotes(prompt.turns)),
    )


def turn_quotes(turns: Iterable[Turn]) -> Iterator[QuotedText]:
    """Yield the messages of a conversation as quotes, each labelled with its speaker, and with the verdict on answers."""
    for turn in turns:
        if isinstance(turn, Gap):
            yield QuotedText(
                label="a part of the conversation is left out here", text="[...]", language="text"
            )
        elif isinstance(turn, Comparison):
            for response in turn.responses:
                yield from _message(response)
        else:
            yield from _message(turn)


def _message(message: Message) -> Iterator[QuotedText]:
    words = [message.role or "nobody"]
    words += [f"named {message.name}"] if message.name else []
    words += [f"to {message.recipient}"] if message.recipient else []
    words += ["without authority"] if message.untrusted else []
    if isinstance(message, Response):
        words += [message.verdict.value if message.verdict else "without a verdict"]
        words += [f"violates {', '.join(message.violates)}"] if message.violates else []
    yield QuotedText(label=", ".join(map(markdown_safe, words)), text=message.text, language="text")
    if isinstance(message, Response) and message.note:
        yield QuotedText(label="why", text=message.note, language="text")


def _level(provision: Provision) -> str:
    return provision.authority if isinstance(provision, Principle) else ""


def _term(term: str) -> re.Pattern[str]:
    """Return a pattern for a term as whole words, singular or plural, ignoring case."""
    spaced = r"\s+".join(map(re.escape, term.split()))
    return re.compile(rf"(?<!\w){spaced}s?(?!\w)", re.IGNORECASE)
