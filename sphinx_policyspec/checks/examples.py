"""Checks of what nobody shows, tests, refers to or uses, of examples, and of a release's changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec import model
from sphinx_policyspec.graph.touches import listed_topics, with_broader


def _finding(code: str, span: model.Span, message: str, hint: str) -> model.Finding:
    return model.Finding(code=code, message=message, span=span, hint=hint)


def principle_without_example(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that no example illustrates."""
    for principle in spec.principles:
        if principle.id not in spec.examples_of:
            message = f"no example illustrates `{principle.id}`"
            yield _finding(
                "principle-without-example", principle.span, message, "show where its boundary lies"
            )


def principle_without_pair(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles whose examples show no good answer beside a bad one."""
    both = {model.Verdict.GOOD, model.Verdict.BAD}
    for principle in spec.principles:
        examples = spec.examples_of.get(principle.id, ())
        pairs = (
            both <= {response.verdict for response in comparison.responses}
            for example in examples
            for comparison in example.comparisons
        )
        if examples and not any(pairs):
            message = f"no example of `{principle.id}` has a good answer beside a bad one"
            yield _finding(
                "principle-without-pair", principle.span, message, "add the answer that is missing"
            )


def principle_without_prompt(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that no evaluation prompt tests; a spec without any prompt is not checked."""
    owner = spec.principle_around
    holders = {tag.tag: tag.provision for tag in spec.eval_tags}
    tested = {holders[file.tag] for file in spec.prompt_files if file.tag in holders}
    tested |= {tag.provision for tag in spec.eval_tags if tag.test}
    for provision, block in spec.walk():
        if isinstance(block, model.EvalPrompt):
            tested |= {provision.id, *block.tests} if provision else set(block.tests)
    principles = {owner[name].id for name in tested if name in owner}
    for principle in spec.principles if spec.prompts else ():
        if principle.id not in principles:
            message = f"no evaluation prompt tests `{principle.id}`"
            yield _finding(
                "principle-without-prompt", principle.span, message, "write a prompt that tests it"
            )


def never_referenced(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that no cross-reference points at."""
    targets = {r.target for r in spec.references if r.target_kind is model.TargetKind.PROVISION}
    for principle in spec.principles:
        if targets.isdisjoint((principle.id, *principle.aliases)):
            message = f"nothing refers to `{principle.id}`"
            yield _finding(
                "never-referenced", principle.span, message, "say where it bears on others, if it does"
            )


def unused_topic(spec: model.Spec) -> Iterator[model.Finding]:
    """Find topics that no provision is about, and that are not broader than one with a reference."""
    if not spec.topics:
        return
    used = listed_topics(spec)
    for reference in spec.references:
        if reference.target_kind is model.TargetKind.TOPIC:
            used.update(with_broader(reference.target, spec.topic_by_id))
    for topic in spec.topics:
        if topic.id not in used:
            yield _finding(
                "unused-topic",
                topic.span,
                f"no provision is about the topic `{topic.id}`",
                "use or delete it",
            )


def unserved_goal(spec: model.Spec) -> Iterator[model.Finding]:
    """Find goals that no principle serves."""
    served = {goal for p in spec.provisions if isinstance(p, model.Principle) for goal in p.serves}
    for goal in spec.goals:
        if goal.id not in served:
            yield _finding(
                "unserved-goal", goal.span, f"no principle serves the goal `{goal.id}`", "say what serves it"
            )


_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,6});")
_TAG = re.compile(r"\[\^([a-z0-9]{4})\]")
_CODE = re.compile(r"```.{0,20000}?```|`[^`\n]{1,300}`", re.DOTALL)
_LINK = re.compile(r"(?<![\w\]\\}])\[(?P<text>[^\[\]\n]{1,200})\](?P<rest>\((?P<target>[^()\n]{0,200})\)|\{)")
_ADDRESS = re.compile(r"\S*[/#.:@]\S*")


def _dialect(spec: model.Spec) -> Iterator[model.Message]:
    """Yield the messages of Model Spec Markdown; directives have the rules of their own markup."""
    files = {document.file for document in spec.documents if document.markup is model.Markup.MODEL_SPEC}
    files |= {file.span.file for file in spec.prompt_files}
    yield from (message for _, message in (spec.messages if files else ()) if message.span.file in files)


def _at(message: model.Message) -> model.Span:
    """Return the line of a message's tag: its text has been decoded, so that columns in it are lost."""
    span = message.span
    return model.Span(span.file, span.line, span.column)


def example_without_comparison(spec: model.Spec) -> Iterator[model.Finding]:
    """Find examples that compare no answers; beside definitions they show what a word means."""
    for provision in spec.provisions:
        bare = [example for example in provision.examples if example.turns and not example.comparisons]
        if not any(isinstance(block, model.Definition) for block in provision.blocks if bare):
            for example in bare:
                yield model.Finding(
                    code="example-without-comparison",
                    message=f"example `{example.id}` compares no answers",
                    span=model.Span(example.span.file, example.span.line, example.span.column),
                    hint="add answers with verdicts",
                )


def double_entity(spec: model.Spec) -> Iterator[model.Finding]:
    """Find messages in which an entity was written for a part of another one."""
    for message in _dialect(spec):
        if match := _ENTITY.search(_CODE.sub(" ", message.text)):
            yield model.Finding(
                code="double-entity",
                message=f"`{match[0]}` is left in the message after entities were decoded",
                span=_at(message),
                hint="write the character, or its entity once",
            )


def link_like_placeholder(spec: model.Spec) -> Iterator[model.Finding]:
    """Find author's marks in brackets that a parenthesis or brace right after them makes a link."""
    for message in _dialect(spec):
        for match in _LINK.finditer(_CODE.sub(" ", message.text)):
            target = (match["target"] or "").strip()
            if match["text"] != "?" and not _ADDRESS.match(target) and not message.recipient:
                yield model.Finding(
                    code="link-like-placeholder",
                    message=f"`{match[0]}` looks like a link, and leads nowhere",
                    span=_at(message),
                    hint="put a space after the `]`",
                )


def tag_in_conversation(spec: model.Spec) -> Iterator[model.Finding]:
    """Find eval tags inside conversations, where they tie no clause to their prompt file."""
    files = {file.tag for file in spec.prompt_files}
    conversations: tuple[model.Example | model.EvalPrompt, ...] = (
        (*spec.examples, *spec.prompts) if files else ()
    )
    for example in conversations:
        lines = example.source.split("\n")
        for message in example.messages:
            for tag in files.intersection(_TAG.findall(message.text)):
                span, first = _at(message), message.span.line
                below = (n for n in range(first - example.span.line, len(lines)) if f"[^{tag}]" in lines[n])
                if (number := next(below, None)) is not None:
                    span = model.Span(span.file, example.span.line + number)
                yield model.Finding(
                    code="tag-in-conversation",
                    message=f"eval tag `{tag}` is inside a message",
                    span=span,
                    hint="move it after the clause that it tests",
                )


def release_without_entry(spec: model.Spec) -> Iterator[model.Finding]:
    """Find releases that their own changelog does not mention."""
    log = spec.changelog
    if log and spec.version and log.entries and spec.version not in {entry.version for entry in log.entries}:
        yield model.Finding(
            code="release-without-entry",
            message=f"the changelog has no entry for this release, `{spec.version}`",
            span=model.Span(log.span.file, log.span.line),
            hint=f"write `## v{spec.version.replace('-', '.')}`",
        )


CHECKS = (
    example_without_comparison,
    double_entity,
    link_like_placeholder,
    tag_in_conversation,
    release_without_entry,
    principle_without_example,
    principle_without_pair,
    principle_without_prompt,
    never_referenced,
    unused_topic,
    unserved_goal,
)
