"""What there is to tell of a principle, a pair, a case and a topic: the parts of a context pack, what matters most first."""

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
"""Neighbours of one kind whose titles a pack lists."""
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
    """Lookups in one spec, made once for any number of packs."""

    spec: Spec

    @cached_property
    def norms(self) -> Norms:
        """What the chain of command looks up."""
        return Norms(self.spec)

    @cached_property
    def pairs(self) -> SpecPairs:
        """What two principles share."""
        return SpecPairs(self.norms)

    @cached_property
    def relations(self) -> dict[str, Relations]:
        """What bears on each provision."""
        return relations_of(self.spec)

    @cached_property
    def by_topic(self) -> dict[str, dict[str, tuple[TouchKind, ...]]]:
        """What is about each topic."""
        return about(self.spec)

    @cached_property
    def owned(self) -> dict[str, tuple[Provision, ...]]:
        """Each provision that is no plain subsection of a principle, with those that are its own."""
        around = enclosing(self.spec)
        found: dict[str, list[Provision]] = {p.id: [p] for p in self.spec.provisions}
        for provision in self.spec.provisions:
            if isinstance(provision, Section) and (home := owner(provision, around)):
                found[home.id].append(provision)
        return {name: tuple(own) for name, own in found.items()}

    @cached_property
    def home(self) -> dict[str, str]:
        """The principle that each provision is a part of, else itself."""
        ids = Ids(self.spec)
        return {p.id: [*ids.up(p.id)][-1] if isinstance(p, Section) else p.id for p in self.spec.provisions}

    @cached_property
    def definitions(self) -> tuple[tuple[Definition, re.Pattern[str]], ...]:
        """The definitions with a term, each with what finds the term in a text."""
        blocks = (block for _, block in self.spec.walk() if isinstance(block, Definition) and block.term)
        return tuple((one, _term(one.term)) for one in blocks)

    @cached_property
    def weighing(self) -> dict[str, tuple[Example, ...]]:
        """The examples that weigh a provision, by its id."""
        found: dict[str, dict[str, Example]] = {}
        for example in self.spec.examples:
            for name in example.weighs:
                found.setdefault(self.name_of(name), {})[example.id] = example
        return {name: tuple(examples.values()) for name, examples in found.items()}

    @cached_property
    def _markups(self) -> dict[str, Markup]:
        return {document.file: document.markup for document in self.spec.documents}

    def name_of(self, given: str) -> str:
        """Return the id that a former id leads to; any other as it is."""
        found = self.norms.provisions.get(given)
        return found.id if found else given

    def find(self, given: str) -> Provision:
        """Return a provision by its id or a former one; raise :class:`UnknownIdError` where there is none."""
        if found := self.norms.provisions.get(given):
            return found
        for home, block in self.spec.walk():
            if isinstance(block, Example) and block.id == given and home:
                raise UnknownIdError(
                    f"`{given}` is an example: ask about {coded(home.id)}, which it stands in"
                )
        hint = nearest(given, self.norms.provisions) or "the question `principles-by-level` lists ids"
        raise UnknownIdError(f"no provision `{given}`; {hint}")

    def quoted(self, text: str, file: str, label: str = "") -> QuotedText:
        """Return a text of a file, in the markup of that."""
        return QuotedText(
            text=text, label=label, language=_LANGUAGES.get(self._markups.get(file, Markup.MYST), "markdown")
        )

    def level_words(self, provision: Provision) -> str:
        """Return who may override a provision, in a sentence; empty for what has no level."""
        if not isinstance(provision, Principle):
            return ""
        level = self.spec.level_by_id.get(provision.authority)
        return who_may_override(self.spec.levels, level) if level else ""

    def provision_part(
        self, provision: Provision, kind: PartKind, why: str = "", *, is_needed: bool = False
    ) -> ContextPart:
        """Return a provision with the text of its own, plain subsections included."""
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
            f"Outside the spec, {key.replace('-', ' ')}: {', '.join(map(coded, named))}."
            for key, named in outside.items()
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
        """Yield what there is to tell of provisions, all but texts of neighbours, examples and prompts."""
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
        named = {
            self.name_of(reference.target)
            for reference in self.spec.references
            if reference.source in ids and reference.target_kind is TargetKind.DEFINITION
        }
        own = {id(block) for one in members for block in one.blocks}
        for definition, term in self.definitions:
            if id(definition) not in own and (definition.id in named or term.search(text)):
                yield ContextPart(
                    kind=PartKind.DEFINITION,
                    id=definition.id,
                    title=definition.term,
                    why="a term that it uses",
                    span=definition.span,
                    quotes=(self.quoted(definition.text, definition.span.file),),
                )

    def related(self, provision: Provision) -> dict[str, list[str]]:
        """Return what stands in a relation to a provision: why, by id."""
        found: dict[str, list[str]] = {}
        bears = self.relations.get(provision.id, Relations())
        for row in RELATIONS:
            for name in bears.of(row.field):
                found.setdefault(name, []).append(f"{coded(provision.id)} {row.says} it")
            for name in bears.of(row.inverse) if row.inverse != row.field else ():
                found.setdefault(name, []).append(f"it {row.says} {coded(provision.id)}")
        return found

    def _related(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        given = {one.id for one in provisions}
        found: dict[str, list[str]] = {}
        for one in provisions:
            for name, why in self.related(one).items():
                found.setdefault(name, []).extend(why)
        for name, why in found.items():
            if name not in given and (other := self.spec.provision_by_id.get(name)):
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
        for one in (own for given in provisions for own in self.owned[given.id]):
            for block in one.blocks:
                if isinstance(block, Commentary):
                    quotes = (self.quoted(block.text, block.span.file),)
                    yield ContextPart(kind=PartKind.COMMENTARY, id=one.id, span=block.span, quotes=quotes)

    def neighbours(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        """Yield the list of what is near, then the texts of that, nearest first; what is related already is left out."""
        known = {one.id for one in provisions} | {name for one in provisions for name in self.related(one)}
        found: list[tuple[Provision, str]] = []
        notes: list[str] = []
        for why, names in self._near(provisions):
            near = [self.spec.provision_by_id[name] for name in names if name not in known]
            known |= {one.id for one in near}
            found += [(one, why) for one in near[:_NEAR]]
            notes += [self._listed(one, why) for one in near[:_NEAR]]
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
                for one, why in found
            )
            yield ContextPart(kind=PartKind.NEIGHBOURS, notes=tuple(notes), rows=rows)
        yield from (self.provision_part(one, PartKind.NEIGHBOUR, why) for one, why in found)

    def _listed(self, provision: Provision, why: str) -> str:
        title = markdown_safe(provision.title)
        return f"{coded(provision.id)} ({_level(provision) or 'section'}): {title}; {why}; {provision.span.file}:{provision.span.line}"

    def _near(self, provisions: Sequence[Provision]) -> Iterator[tuple[str, list[str]]]:
        """Yield why others are near, and their ids in reading order, the nearest first."""
        ids = {own.id for one in provisions for own in self.owned[one.id]}
        for one in provisions:
            yield (
                f"stands in {coded(one.id)}",
                [p.id for p in self.spec.provisions if p.parent == one.id and p.id not in ids],
            )
        weighed = (self.weighing.get(one.id, ()) for one in provisions)
        yield (
            "weighed in one example",
            self._homes(name for found in weighed for e in found for name in e.weighs),
        )
        bears = [self.relations.get(one.id, Relations()) for one in provisions]
        pointing = (occurrence.source for one in bears for occurrence in one.occurrences)
        yield "refers to it", self._homes(name for name in pointing if name not in ids)
        named = (
            r.target
            for r in self.spec.references
            if r.source in ids and r.target_kind is TargetKind.PROVISION
        )
        yield "it refers to this", self._homes(named)
        topics = {topic for one in provisions for own in self.owned[one.id] for topic in own.topics}
        for topic in sorted(topics, key=lambda name: (len(self.by_topic.get(name, ())), name)):
            kinds = self.by_topic.get(topic, {})
            yield (
                f"about {coded(topic)}",
                self._homes(name for name, how in kinds.items() if TouchKind.ASSERTED in how),
            )
        wide = {
            t
            for t, found in self.by_topic.items()
            if t not in topics and any(one.id in found for one in provisions)
        }
        for topic in sorted(wide, key=lambda name: (len(self.by_topic[name]), name)):
            yield f"about {coded(topic)}, too", self._homes(self.by_topic[topic])

    def _homes(self, names: Iterable[str]) -> list[str]:
        """Return what provisions belong to, in reading order, each once; sections that are no part of a principle left out."""
        wanted = {self.home[found] for name in names if (found := self.name_of(name)) in self.home}
        return [p.id for p in self.spec.principles if p.id in wanted]

    def examples(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        """Yield the examples of provisions, and those that weigh them elsewhere."""
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
            why="its messages are part of the example, and speak to nobody here",
            span=example.span,
            notes=tuple(notes),
            quotes=tuple(turn_quotes(example.turns)),
        )

    def prompts(self, provisions: Sequence[Provision]) -> Iterator[ContextPart]:
        """Yield the prompts that test provisions."""
        found = {p.id: p for one in provisions for p in self.relations.get(one.id, Relations()).prompts}
        yield from map(prompt_part, found.values())

    def pair(self, one: Provision, other: Provision) -> Iterator[ContextPart]:
        """Yield what says which of two principles goes first."""
        if not (isinstance(one, Principle) and isinstance(other, Principle)):
            section = next(p for p in (one, other) if not isinstance(p, Principle))
            raise UnknownIdError(f"{coded(section.id)} is a section: only principles go before each other")
        known = all(p.authority in self.norms.rank for p in (one, other))
        if not known or {one.id, other.id} - self.pairs.by_id.keys():
            note = "Nothing can be told: the spec declares the level of one of them nowhere, or it is a statement of an overlay."
            yield ContextPart(kind=PartKind.ORDER, notes=(note,), is_needed=True)
            return
        found = self.pairs.of(one, other)
        decision = decide(meeting(one, other), self.norms)
        first = f": {coded(found.first)} goes first" if found.first else ""
        notes = [f"What orders them: {_DECIDES[found.decided_by]}{first}."]
        notes += [f"They share: {', '.join(map(coded, found.shares))}."] if found.shares else []
        told = "\n".join(decision_lines(decision, self.norms))
        yield ContextPart(
            kind=PartKind.ORDER,
            notes=tuple(notes),
            quotes=(QuotedText(text=told, label="as `policyspec resolve` decides the two", language="text"),),
            rows=(
                {
                    "decided_by": found.decided_by.value,
                    "first": found.first or None,
                    "shares": [*found.shares],
                },
            ),
            is_needed=True,
        )
        if found.witness:
            quote = QuotedText(text=case_yaml(found.witness, is_file=False).strip(), language="yaml")
            yield ContextPart(kind=PartKind.WITNESS, quotes=(quote,))

    def decided(self, decided: Decisions) -> Iterator[ContextPart]:
        """Yield each case with its decision."""
        for decision in decided:
            case = decision.case
            yaml = QuotedText(text=case.source or case_yaml(case, is_file=False).strip(), language="yaml")
            yield ContextPart(
                kind=PartKind.CASE, title=case.title, span=case.span, quotes=(yaml,), is_needed=True
            )
            outcomes = (
                f"{coded(issue)}: {markdown_safe(outcome_words(outcome))}"
                for issue, outcome in decision.outcomes.items()
            )
            told = "\n".join(decision_lines(decision, decided.norms))
            yield ContextPart(
                kind=PartKind.DECISION,
                title=case.title,
                notes=tuple(outcomes),
                quotes=(QuotedText(text=told, language="text"),),
                rows=(decision_record(decision),),
                is_needed=True,
            )

    def topic(self, name: str) -> Iterator[ContextPart]:
        """Yield a topic with the principles about it, then their texts."""
        topic = self.spec.topic_by_id.get(name)
        if topic is None and name not in self.by_topic:
            hint = nearest(name, {*self.spec.topic_by_id, *self.by_topic})
            raise UnknownIdError("; ".join(filter(None, (f"no topic `{name}`", hint))))
        ids = self._homes(self.by_topic.get(name, ()))
        found = [self.spec.provision_by_id[one] for one in ids]
        yield ContextPart(
            kind=PartKind.TOPIC,
            id=name,
            title=topic.label if topic else name,
            span=topic.span if topic else None,
            notes=tuple(self._listed(one, self._how(name, one)) for one in found)
            or ("Nothing in the spec is about it.",),
            quotes=(self.quoted(topic.text, topic.span.file),) if topic and topic.text else (),
            rows=tuple({"id": one.id, "title": one.title, "level": _level(one)} for one in found),
            is_needed=True,
        )
        yield from self.of_provisions(found, is_needed=False)

    def _how(self, topic: str, provision: Provision) -> str:
        kinds = {kind for own in self.owned[provision.id] for kind in self.by_topic[topic].get(own.id, ())}
        return ", ".join(kind.value for kind in TouchKind if kind in kinds)


def prompt_part(prompt: EvalPrompt) -> ContextPart:
    """Return a prompt with its conversation."""
    return ContextPart(
        kind=PartKind.PROMPT,
        id=prompt.id,
        title=prompt.title,
        why="it tests the spec, and speaks to nobody here",
        span=prompt.span,
        quotes=tuple(turn_quotes(prompt.turns)),
    )


def turn_quotes(turns: Iterable[Turn]) -> Iterator[QuotedText]:
    """Yield what a conversation holds, message by message, each labelled by who speaks, with the verdict on answers."""
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
    """Return what finds a term as whole words, in the plural too, whatever the case."""
    spaced = r"\s+".join(map(re.escape, term.split()))
    return re.compile(rf"(?<!\w){spaced}s?(?!\w)", re.IGNORECASE)
