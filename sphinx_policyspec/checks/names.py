"""The one check of every name that a part of a spec uses, and of every id, through whatever door the spec came."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sphinx_policyspec.checks.references import targets
from sphinx_policyspec.model import (
    AuthorityLevel,
    Category,
    Definition,
    EvalPrompt,
    Example,
    Finding,
    Goal,
    Principle,
    Rule,
    Severity,
    Span,
    Spec,
    TargetKind,
    Topic,
)
from sphinx_policyspec.model.attributes import ATTRIBUTES, Attribute
from sphinx_policyspec.model.places import Places, Use
from sphinx_policyspec.model.unknown import UnknownNames, shown, taken
from sphinx_policyspec.readers.tags import ROLES

__all__ = ["NAME_RULES", "check_names"]


class _Owner(NamedTuple):
    """What uses names: its id, what places and messages are about, and the object that says it."""

    id: str
    span: Span
    item: Any


def _responses(spec: Spec) -> Iterator[_Owner]:
    """Yield the answers of examples that name what no reference of theirs does: that one is told with references."""
    told = {(reference.example, reference.target) for reference in spec.references if reference.example}
    for example in spec.examples:
        for response in example.responses:
            if not told.issuperset((example.id, name) for name in response.violates):
                yield _Owner(example.id, response.span, response)


def _messages(spec: Spec) -> Iterator[_Owner]:
    """Yield the messages of examples and prompts; text that stands outside every message has no role."""
    shown_in: tuple[Example | EvalPrompt, ...] = (*spec.examples, *spec.prompts)
    return (
        _Owner(one.id, message.span, message) for one in shown_in for message in one.messages if message.role
    )


_OWNERS: Mapping[str, Callable[[Spec], Iterable[_Owner]]] = MappingProxyType(
    {
        "level": lambda spec: (_Owner(x.id, x.span or Span("", 1), x) for x in spec.levels),
        "topic": lambda spec: (_Owner(x.id, x.span, x) for x in spec.topics),
        "provision": lambda spec: (_Owner(x.id, x.span, x) for x in spec.provisions),
        "principle": lambda spec: (_Owner(x.id, x.span, x) for x in spec.principles),
        "clause": lambda spec: (_Owner(x.principle, x.span, x) for x in spec.clauses),
        "example": lambda spec: (_Owner(x.id, x.span, x) for x in spec.examples),
        "message": _messages,
        "response": _responses,
        # What a prompt of a file tests follows from its tag.
        "prompt": lambda spec: (_Owner(x.id, x.span, x) for x in spec.prompts if not x.tag),
    }
)
_OWN_KIND = MappingProxyType({"topic": "topic", "principle": "provision"})
"""What those that can name themselves are to the ones that name them."""


def check_names(spec: Spec, places: Places | None = None) -> Iterator[Finding]:
    """Find names that nothing has, things that name themselves, principles without a level, and ids that two things have.

    :param places: where names stand, as far as whoever read the spec knows
    """
    check = _Check(spec, places or Places())
    yield from check.uses()
    yield from _repeated(_identified(spec), check.places)


class _Check:
    """The check of one spec."""

    def __init__(self, spec: Spec, places: Places) -> None:
        self.spec = spec
        self.places = places
        self.unknown = UnknownNames()
        self.known: dict[str, Collection[str]] = {kind.value: ids for kind, ids in targets(spec).items()}
        self.known["role"] = ROLES

    def uses(self) -> Iterator[Finding]:
        """Yield what is wrong with the names that things use."""
        # A text that is part of two pages uses each of its names twice.
        told: set[tuple[Use, Span]] = set()
        for row in ATTRIBUTES:
            for owner in _OWNERS[row.owner](self.spec) if row.names else ():
                for name in row.values(owner.item):
                    if name in self.known[row.names] and not _is_itself(row, owner, name):
                        continue
                    use = Use(row.owner, owner.id, row.key, name)
                    if (use, owner.span) not in told:
                        told.add((use, owner.span))
                        yield self._wrong(row, owner, name, self.places.place(use, owner.span))

    def _wrong(self, row: Attribute, owner: _Owner, name: str, span: Span) -> Finding:
        if _is_itself(row, owner, name):
            message = f"{shown(name)} names itself in `{row.key}`"
            return _warning("self-reference", message, span, "name another id")
        if row.names == "level" and not name:
            message = f"{row.owner} {shown(owner.id)} has no level of authority"
            return _warning("missing-authority", message, span, "name the level that it has")
        return self.unknown.finding(row.names, name, span, self.known[row.names])


def _is_itself(row: Attribute, owner: _Owner, name: str) -> bool:
    return name == owner.id and _OWN_KIND.get(row.owner) == row.names


def _warning(code: str, message: str, span: Span, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint)


class _Identified(NamedTuple):
    """Something with an id.

    :param word: what messages call it
    """

    kind: str
    word: str
    id: str
    item: object
    span: Span


def _repeated(items: Iterable[_Identified], places: Places) -> Iterator[Finding]:
    """Find ids that something before has already."""
    first: dict[tuple[str, str], _Identified] = {}
    # A text that is part of three pages repeats each of its ids twice, in the same words.
    told: set[tuple[str, str, Span]] = set()
    for found in items:
        known = first.setdefault((found.kind, found.id), found)
        again = (found.kind, found.id, found.span)
        if known.item is not found.item and again not in told:
            told.add(again)
            pages = places.pages.get(found.span, ())
            yield taken(found.word, found.id, found.span, known.span, pages)


_DECLARED: Mapping[type, tuple[TargetKind, str]] = MappingProxyType(
    {
        AuthorityLevel: (TargetKind.LEVEL, "level"),
        Topic: (TargetKind.TOPIC, "topic"),
        Goal: (TargetKind.GOAL, "goal"),
    }
)


def _identified(spec: Spec) -> Iterator[_Identified]:
    """Yield all that an author gives an id; former ids count."""
    for item in (*spec.levels, *spec.topics, *spec.goals, *spec.repeated):
        kind, word = _DECLARED[type(item)]
        yield _Identified(kind, word, item.id, item, item.span or Span("", 1))
    for provision in spec.provisions:
        word = "principle" if isinstance(provision, Principle) else "section"
        for name in filter(None, (provision.id, provision.repeats, *provision.aliases)):
            yield _Identified(TargetKind.PROVISION, word, name, provision, provision.span)
    for example in spec.examples:
        yield _Identified(TargetKind.EXAMPLE, "example", example.id, example, example.span)
    for _, block in spec.walk():
        if isinstance(block, Definition):
            yield _Identified(TargetKind.DEFINITION, "term", block.id, block, block.span)
    for prompt in spec.prompts:
        if not prompt.tag:
            yield _Identified("prompt", "prompt", prompt.id, prompt, prompt.span)


NAME_RULES = (
    Rule(
        code="duplicate-id",
        category=Category.REFERENCES,
        severity=Severity.ERROR,
        found="an id that is taken already; in Model Spec Markdown the second gets a number",
        mend="choose another id, and correct what refers to it",
        rationale="a reference or permalink to the id reaches only one of the two",
        source="HTML Living Standard, §3.2.6 (an id is unique in its tree)",
    ),
    Rule(
        code="missing-authority",
        category=Category.REFERENCES,
        found="a principle without a level",
        mend="add `:authority:`",
        rationale="without a level nobody can tell who may override the principle",
        source="OpenAI Model Spec, levels of authority",
    ),
    Rule(
        code="self-reference",
        category=Category.REFERENCES,
        found="a principle or topic that names itself in a relation",
        mend="name another id",
        rationale="nothing is an exception to itself, or goes before itself: the relation says nothing",
        source="SKOS Reference, §8.6 (loops in relations between concepts)",
    ),
    Rule(
        code="unknown-goal",
        category=Category.REFERENCES,
        severity=Severity.ERROR,
        found="a goal that is not declared",
        mend="correct it, or declare the goal",
        rationale="the principle serves nothing that a reader can look up",
        source="the sidecar reference of this documentation",
    ),
    Rule(
        code="unknown-level",
        category=Category.REFERENCES,
        severity=Severity.ERROR,
        found="a level of authority that the spec does not declare",
        mend="correct the level, or declare it",
        rationale="nobody can tell who may override the principle",
        source="OpenAI Model Spec, levels of authority",
    ),
    Rule(
        code="unknown-provision",
        category=Category.REFERENCES,
        severity=Severity.ERROR,
        found="an id in a relation that no provision has",
        mend="correct the id",
        rationale="a relation to nothing is a claim that no reader and no rule can follow",
        source="the sidecar reference of this documentation",
    ),
    Rule(
        code="unknown-role",
        category=Category.REFERENCES,
        severity=Severity.ERROR,
        found="a role other than system, developer, user, assistant and tool",
        mend="correct the role",
        rationale="an unknown role has no level of authority",
        source="OpenAI Model Spec, chain of command (roles); the form of the published Model Spec releases",
    ),
    Rule(
        code="unknown-topic",
        category=Category.REFERENCES,
        severity=Severity.ERROR,
        found="a topic that is not declared",
        mend="correct it, or declare the topic",
        rationale="the principle is missing from every list by topic",
        source="the sidecar reference of this documentation",
    ),
)
