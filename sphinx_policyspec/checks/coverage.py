"""Checks of what nobody shows, tests, refers to or uses."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.checks.passages import owners
from sphinx_policyspec.graph.touches import about, with_broader
from sphinx_policyspec.model import (
    Category,
    EvalPrompt,
    Example,
    Finding,
    Principle,
    Rule,
    Severity,
    Span,
    Spec,
    TargetKind,
    Verdict,
)

__all__ = [
    "COVERAGE_RULES",
    "never_referenced",
    "principle_without_example",
    "principle_without_pair",
    "principle_without_prompt",
    "unserved_goal",
    "unused_topic",
]


def _examples(spec: Spec) -> dict[str, list[Example]]:
    """Return the examples of each principle: those in it, in its subsections, and those that name it."""
    owner = owners(spec)
    found: dict[str, list[Example]] = {}
    for provision, block in spec.walk():
        if isinstance(block, Example):
            named = [provision.id] if provision else []
            for principle in {owner[name].id for name in (*named, *block.illustrates) if name in owner}:
                found.setdefault(principle, []).append(block)
    return found


def _hint(code: str, span: Span, message: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.HINT, message=message, span=span, hint=hint)


def principle_without_example(spec: Spec) -> Iterator[Finding]:
    """Find principles that no example illustrates."""
    shown = _examples(spec)
    for principle in spec.principles:
        if principle.id not in shown:
            message = f"no example illustrates `{principle.id}`"
            yield _hint("principle-without-example", principle.span, message, "show where its boundary lies")


def principle_without_pair(spec: Spec) -> Iterator[Finding]:
    """Find principles whose examples show no good answer beside a bad one."""
    shown = _examples(spec)
    for principle in spec.principles:
        pairs = [
            {response.verdict for response in comparison.responses} >= {Verdict.GOOD, Verdict.BAD}
            for example in shown.get(principle.id, ())
            for comparison in example.comparisons
        ]
        if principle.id in shown and not any(pairs):
            message = f"no example of `{principle.id}` has a good answer beside a bad one"
            yield _hint("principle-without-pair", principle.span, message, "add the answer that is missing")


def principle_without_prompt(spec: Spec) -> Iterator[Finding]:
    """Find principles that no evaluation prompt tests; a spec without any prompt is left in peace."""
    owner = owners(spec)
    holders = {tag.tag: tag.provision for tag in spec.eval_tags}
    tested = {holders[file.tag] for file in spec.prompt_files if file.prompts and file.tag in holders}
    tested |= {tag.provision for tag in spec.eval_tags if tag.test}
    for provision, block in spec.walk():
        if isinstance(block, EvalPrompt):
            tested |= {provision.id, *block.tests} if provision else set(block.tests)
    principles = {owner[name].id for name in tested if name in owner}
    for principle in spec.principles if spec.prompts else ():
        if principle.id not in principles:
            message = f"no evaluation prompt tests `{principle.id}`"
            yield _hint("principle-without-prompt", principle.span, message, "write a prompt that tests it")


def never_referenced(spec: Spec) -> Iterator[Finding]:
    """Find principles that no cross-reference points at."""
    named = {r.target for r in spec.references if r.target_kind is TargetKind.PROVISION}
    for principle in spec.principles:
        if named.isdisjoint((principle.id, *principle.aliases)):
            message = f"nothing refers to `{principle.id}`"
            yield _hint(
                "never-referenced", principle.span, message, "say where it bears on others, if it does"
            )


def unused_topic(spec: Spec) -> Iterator[Finding]:
    """Find topics that no provision is about, and that are not broader than one that is referred to."""
    used = {topic for topic, provisions in about(spec).items() if provisions}
    for reference in spec.references:
        if reference.target_kind is TargetKind.TOPIC:
            used.update(with_broader(reference.target, spec.topic_by_id))
    for topic in spec.topics:
        if topic.id not in used:
            yield _hint(
                "unused-topic",
                topic.span,
                f"no provision is about the topic `{topic.id}`",
                "use or delete it",
            )


def unserved_goal(spec: Spec) -> Iterator[Finding]:
    """Find goals that no principle serves."""
    served = {goal for p in spec.provisions if isinstance(p, Principle) for goal in p.serves}
    for goal in spec.goals:
        if goal.id not in served:
            yield _hint(
                "unserved-goal", goal.span, f"no principle serves the goal `{goal.id}`", "say what serves it"
            )


_TESTING = "ISO/IEC/IEEE 29148:2018, §5.2.5 (a requirement is verifiable)"

COVERAGE_RULES = (
    Rule(
        code="principle-without-example",
        category=Category.COVERAGE,
        severity=Severity.HINT,
        found="a principle that no example illustrates",
        mend="write an example at its boundary",
        rationale="readers and models learn from examples where a principle ends",
        source="OpenAI Model Spec, overview: examples show what the principles mean in hard cases",
        check=principle_without_example,
    ),
    Rule(
        code="principle-without-pair",
        category=Category.COVERAGE,
        severity=Severity.HINT,
        found="a principle whose examples show no good answer beside a bad one",
        mend="add the answer that is missing",
        rationale="only the contrast between two answers to one message shows where the boundary lies",
        source="Winston 1970, Learning Structural Descriptions from Examples (near misses)",
        check=principle_without_pair,
    ),
    Rule(
        code="principle-without-prompt",
        category=Category.COVERAGE,
        severity=Severity.HINT,
        found="a principle that no evaluation prompt tests, in a spec that has prompts",
        mend="write a prompt for it",
        rationale="whether a model keeps to the principle is not measured",
        source=_TESTING,
        check=principle_without_prompt,
    ),
    Rule(
        code="never-referenced",
        category=Category.COVERAGE,
        severity=Severity.HINT,
        found="a principle that no cross-reference points at",
        mend="refer to it where it bears on another one, or leave it as it is",
        rationale="how a principle relates to the others is told only by references",
        source="ISO/IEC/IEEE 29148:2018, §5.2.6 (a set of requirements is consistent and traceable)",
        check=never_referenced,
    ),
    Rule(
        code="unused-topic",
        category=Category.COVERAGE,
        severity=Severity.HINT,
        found="a topic that no provision is about",
        mend="give it to a provision, or delete it",
        rationale="readers who pick the topic see an empty list",
        source="W3C SKOS Primer, §2 (concepts are there to index something)",
        check=unused_topic,
    ),
    Rule(
        code="unserved-goal",
        category=Category.COVERAGE,
        severity=Severity.HINT,
        found="a goal that no principle serves",
        mend="name it in the principles that serve it, or delete it",
        rationale="nothing in the spec works towards it",
        source="van Lamsweerde 2001, Goal-Oriented Requirements Engineering (goals are refined into requirements)",
        check=unserved_goal,
    ),
)
