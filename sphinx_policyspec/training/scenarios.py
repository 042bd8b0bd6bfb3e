"""What a row is about: a situation that an example, a prompt or a case shows, with what bears on it and why."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.decision import Decision
from sphinx_policyspec.evals.prompts import tested_provisions
from sphinx_policyspec.model import Comparison, Example, Message, Response, Spec, TargetKind, Verdict
from sphinx_policyspec.model.example import Gap, Turn, plain_name
from sphinx_policyspec.packs.parts import SpecContext


class Why(enum.StrEnum):
    """Why a provision applies to a scenario."""

    TESTED = "tested"
    """A prompt tests it."""
    ILLUSTRATED = "illustrated"
    """An example stands in it or names it, or a case is about it."""
    WEIGHED = "weighed"
    """An example weighs it against another."""
    REFERENCED = "referenced"
    """The title, a message or a reason of the example names it, or an answer that violates it does."""
    TOPIC = "topic"
    """It is about a topic that is a tag of the example."""
    DECIDED = "decided"
    """It takes part in a case that the chain of command decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A situation.

    :param id: unique among those of one kind
    :param messages: what is said up to the answer
    :param answers: that the spec judges
    :param why: reasons by the ids of provisions, in the order in which they were found; the first is at home there
    :param is_cut: whether a part of the conversation is left out in the spec
    :param is_test: whether it is a prompt of an evaluation
    """

    id: str
    title: str
    messages: tuple[Message, ...] = ()
    answers: tuple[Response, ...] = ()
    why: dict[str, list[Why]] = field(default_factory=dict)
    decision: Decision | None = None
    is_cut: bool = False
    is_test: bool = False


def of_examples(context: SpecContext) -> Iterator[Scenario]:
    """Yield a scenario for each place of an example at which answers are judged; one without any is a scenario, too."""
    homes = {block.id: home.id for home, block in context.spec.walk() if isinstance(block, Example) and home}
    for example in context.spec.examples:
        why = _why_of(context, example, homes.get(example.id, ""))
        places = [*_places(example)]
        for number, (said, answers, is_cut) in enumerate(places, 1):
            yield Scenario(
                id=f"{example.id}#{number}" if len(places) > 1 else example.id,
                title=example.title,
                messages=said,
                answers=answers,
                why=why,
                is_cut=is_cut,
            )


def _places(example: Example) -> Iterator[tuple[tuple[Message, ...], tuple[Response, ...], bool]]:
    """Yield what is said before each group of judged answers, the answers, and whether something is left out before."""
    said: list[Message] = []
    is_cut, is_judged = False, False
    for is_answer, group in itertools.groupby(example.turns, _is_judged):
        if not is_answer:
            turns = [*group]
            is_cut = is_cut or any(isinstance(turn, Gap) for turn in turns)
            said += (turn for turn in turns if isinstance(turn, Message))
            continue
        for turn in group:
            answers = turn.responses if isinstance(turn, Comparison) else (turn,)
            judged = tuple(one for one in answers if isinstance(one, Response))
            yield tuple(said), judged, is_cut
            is_judged = True
            # What comes behind alternatives goes on from the best of them.
            said.append(min(judged, key=lambda one: _ORDER.get(one.verdict, len(_ORDER))))
    if not is_judged:
        yield tuple(said), (), is_cut


def _is_judged(turn: Turn) -> bool:
    return isinstance(turn, Comparison | Response)


_ORDER: dict[Verdict | None, int] = {Verdict.GOOD: 0, Verdict.OK: 1, None: 2, Verdict.BAD: 3}


def _why_of(context: SpecContext, example: Example, home: str) -> dict[str, list[Why]]:
    """Return what bears on an example, and why."""
    found = _Reasons(context)
    found.add(Why.ILLUSTRATED, filter(None, (home, *example.illustrates)))
    found.add(Why.WEIGHED, example.weighs)
    named = (
        one.target
        for one in context.spec.references
        if one.example == example.id and one.target_kind is TargetKind.PROVISION
    )
    found.add(Why.REFERENCED, named)
    found.add(Why.REFERENCED, (name for answer in example.responses for name in answer.violates))
    found.add(Why.TOPIC, (name for tag in example.tags for name in context.by_topic.get(tag, {})))
    return found.why


class _Reasons:
    """Collects reasons by provisions that there are."""

    def __init__(self, context: SpecContext) -> None:
        self._context = context
        self.why: dict[str, list[Why]] = {}

    def add(self, why: Why, names: Iterable[str]) -> None:
        for name in map(self._context.name_of, names):
            if name in self._context.owned or name in self._context.home:
                reasons = self.why.setdefault(self._context.home[name], [])
                if why not in reasons:
                    reasons.append(why)


def of_prompts(context: SpecContext) -> Iterator[Scenario]:
    """Yield a scenario for each prompt of an evaluation."""
    tests = tested_provisions(context.spec)
    for prompt in context.spec.prompts:
        found = _Reasons(context)
        found.add(Why.TESTED, tests[prompt.id])
        yield Scenario(
            id=prompt.id,
            title=prompt.title,
            messages=prompt.messages,
            why=found.why,
            is_cut=any(isinstance(turn, Gap) for turn in prompt.turns),
            is_test=True,
        )


def of_decisions(context: SpecContext, decisions: Iterable[Decision]) -> Iterator[Scenario]:
    """Yield a scenario for each case that was decided, with the conversation of the example that it formalises."""
    examples = {name: one for one in reversed(context.spec.examples) for name in one.names}
    taken: dict[str, int] = {}
    for decision in decisions:
        case = decision.case
        found = _Reasons(context)
        found.add(Why.DECIDED, (item.principle for item in case.items if item.principle))
        found.add(Why.ILLUSTRATED, filter(None, (case.about,)))
        example = examples.get(plain_name(case.example)) if case.example else None
        said, answers, is_cut = next(_places(example)) if example else ((), (), False)
        taken[case.title] = taken.get(case.title, 0) + 1
        number = f"#{taken[case.title]}" if taken[case.title] > 1 else ""
        yield Scenario(
            id=f"case/{case.title}{number}",
            title=case.title,
            messages=said,
            answers=answers,
            why=found.why,
            decision=decision,
            is_cut=is_cut,
        )


class Published:
    """The prompts of evaluations of a spec, by which a scenario is known that holds one, however it came in."""

    _LONG = 40
    """Letters from which on a text is looked for inside others; a shorter one has to be the whole of a message."""

    def __init__(self, spec: Spec) -> None:
        self._asked = [
            words
            for prompt in spec.prompts
            if (words := [_plain(m.text) for m in prompt.messages if m.role == "user" and m.text.strip()])
        ]

    def holds(self, scenario: Scenario) -> bool:
        """Return whether the messages of a scenario hold all that the user says in a prompt."""
        if scenario.is_test:
            return True
        said = {_plain(message.text) for message in (*scenario.messages, *scenario.answers)}
        whole = "\n".join(said)
        return any(
            all(words in said or (len(words) >= self._LONG and words in whole) for words in asked)
            for asked in self._asked
        )


def _plain(text: str) -> str:
    return normal(text).casefold()
