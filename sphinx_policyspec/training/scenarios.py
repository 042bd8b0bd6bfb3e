"""The subject of a row: a situation from an example, a prompt or a case, with the applicable provisions and reasons."""

from __future__ import annotations

import enum
import html
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.decision import Decision
from sphinx_policyspec.evals.prompts import tested_provisions
from sphinx_policyspec.model import Comparison, Example, Message, Response, Spec, TargetKind, Verdict
from sphinx_policyspec.model.example import Gap, Turn, plain_name
from sphinx_policyspec.model.overlays import touched_examples
from sphinx_policyspec.packs.parts import SpecContext

_WORD = re.compile(r"[^\W_]+")


class Why(enum.StrEnum):
    """The reason why a provision applies to a scenario."""

    TESTED = "tested"
    """A prompt tests it."""
    ILLUSTRATED = "illustrated"
    """It contains an example or the example names it, or a case is about it."""
    WEIGHED = "weighed"
    """An example weighs it against another."""
    REFERENCED = "referenced"
    """The title, a message or a reason of the example names it, or an answer violates it."""
    TOPIC = "topic"
    """It is about a topic that is a tag of the example."""
    DECIDED = "decided"
    """It takes part in a case that the chain of command decides."""
    CHANGES = "changes"
    """It is a statement of an overlay that changes a provision that applies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A situation.

    :param id: unique among scenarios of the same kind
    :param messages: the conversation up to the answer
    :param answers: answers that the spec judges
    :param why: reasons by the ids of provisions, in the order of discovery; the first provision is its home
    :param is_cut: whether the spec leaves out a part of the conversation
    :param is_void: whether a statement of an overlay says that its example no longer holds
    :param is_test: whether it is a prompt of an evaluation
    """

    id: str
    title: str
    messages: tuple[Message, ...] = ()
    answers: tuple[Response, ...] = ()
    why: dict[str, list[Why]] = field(default_factory=dict)
    decision: Decision | None = None
    is_cut: bool = False
    is_void: bool = False
    is_test: bool = False


def of_examples(context: SpecContext) -> Iterator[Scenario]:
    """Yield a scenario for each place of an example with judged answers; an example without any is one scenario."""
    homes = {block.id: home.id for home, block in context.spec.walk() if isinstance(block, Example) and home}
    touched = touched_examples(context.spec)
    for example in context.spec.examples:
        why = _why_of(context, example, homes.get(example.id, ""))
        places = [*_places(example)]
        for number, (messages, answers, is_cut) in enumerate(places, 1):
            yield Scenario(
                id=f"{example.id}#{number}" if len(places) > 1 else example.id,
                title=example.title,
                messages=messages,
                answers=answers,
                why=why,
                is_cut=is_cut,
                is_void=touched.get(example.id, False),
            )


def _places(example: Example) -> Iterator[tuple[tuple[Message, ...], tuple[Response, ...], bool]]:
    """Yield the messages before each group of judged answers, the answers, and whether something before is left out."""
    messages: list[Message] = []
    is_cut, is_judged = False, False
    for is_answer, group in itertools.groupby(example.turns, _is_judged):
        if not is_answer:
            turns = [*group]
            is_cut = is_cut or any(isinstance(turn, Gap) for turn in turns)
            messages += (turn for turn in turns if isinstance(turn, Message))
            continue
        for turn in group:
            answers = turn.responses if isinstance(turn, Comparison) else (turn,)
            judged = tuple(one for one in answers if isinstance(one, Response))
            yield tuple(messages), judged, is_cut
            is_judged = True
            # The conversation continues from the best of several answers.
            messages.append(min(judged, key=lambda one: _ORDER.get(one.verdict, len(_ORDER))))
    if not is_judged:
        yield tuple(messages), (), is_cut


def _is_judged(turn: Turn) -> bool:
    return isinstance(turn, Comparison | Response)


_ORDER: dict[Verdict | None, int] = {Verdict.GOOD: 0, Verdict.OK: 1, None: 2, Verdict.BAD: 3}


def _why_of(context: SpecContext, example: Example, home: str) -> dict[str, list[Why]]:
    """Return the provisions that apply to an example, with reasons."""
    collected = _Reasons(context)
    collected.add(Why.ILLUSTRATED, filter(None, (home, *example.illustrates)))
    collected.add(Why.WEIGHED, example.weighs)
    targets = (
        one.target
        for one in context.spec.references
        if one.example == example.id and one.target_kind is TargetKind.PROVISION
    )
    collected.add(Why.REFERENCED, targets)
    collected.add(Why.REFERENCED, (name for answer in example.responses for name in answer.violates))
    collected.add(Why.TOPIC, (name for tag in example.tags for name in context.by_topic.get(tag, {})))
    return collected.why


class _Reasons:
    """Collects reasons by existing provisions."""

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
        collected = _Reasons(context)
        collected.add(Why.TESTED, tests[prompt.id])
        yield Scenario(
            id=prompt.id,
            title=prompt.title,
            messages=prompt.messages,
            why=collected.why,
            is_cut=any(isinstance(turn, Gap) for turn in prompt.turns),
            is_test=True,
        )


def of_decisions(context: SpecContext, decisions: Iterable[Decision]) -> Iterator[Scenario]:
    """Yield a scenario for each decided case, with the conversation of the example that it formalises."""
    examples = {name: one for one in reversed(context.spec.examples) for name in one.names}
    touched = touched_examples(context.spec)
    counts: dict[str, int] = {}
    for decision in decisions:
        case = decision.case
        collected = _Reasons(context)
        collected.add(Why.DECIDED, (item.principle for item in case.items if item.principle))
        collected.add(Why.ILLUSTRATED, filter(None, (case.about,)))
        example = examples.get(plain_name(case.example)) if case.example else None
        messages, answers, is_cut = next(_places(example)) if example else ((), (), False)
        counts[case.title] = counts.get(case.title, 0) + 1
        number = f"#{counts[case.title]}" if counts[case.title] > 1 else ""
        yield Scenario(
            id=f"case/{case.title}{number}",
            title=case.title,
            messages=messages,
            answers=answers,
            why=collected.why,
            decision=decision,
            is_cut=is_cut,
            is_void=bool(example and touched.get(example.id)),
        )


class Published:
    """The evaluation prompts of a spec, to recognize scenarios that contain one, from whatever source."""

    _LONG = 40
    """Characters of a text that is searched for inside others; a shorter one must be a whole message."""

    def __init__(self, spec: Spec) -> None:
        self._prompts = [
            words
            for prompt in spec.prompts
            if (words := [_plain(m.text) for m in prompt.messages if m.role == "user" and m.text.strip()])
        ]

    def holds(self, scenario: Scenario) -> bool:
        """Return whether the words of a scenario contain everything that the user says in a prompt."""
        if scenario.is_test:
            return True
        said = (message.text for message in (*scenario.messages, *scenario.answers))
        texts = {_plain(text) for text in (scenario.title, *said, *(one.note for one in scenario.answers))}
        whole = "\n".join(texts)
        return any(
            all(words in texts or (len(words) >= self._LONG and words in whole) for words in prompt)
            for prompt in self._prompts
        )


def _plain(text: str) -> str:
    """Return the words of a text; if it has none, its signs."""
    text = normal(unicodedata.normalize("NFKC", html.unescape(text))).casefold()
    return " ".join(_WORD.findall(text)) or text
