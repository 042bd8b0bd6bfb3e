"""Checks of relations between principles that cannot hold, given their levels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from sphinx_policyspec import model
from sphinx_policyspec.checks.prose import by_principle, matches
from sphinx_policyspec.model.finding import Places, Use, shown

_OVERRIDES = re.compile(
    r"\b(?:this|these|the (?:above|following))\b[^.;:]{0,40}?\b"
    r"(?P<claim>overrides?|supersedes?|takes? (?:precedence|priority) over|outranks?|prevails? over|trumps?)\b",
    re.IGNORECASE,
)

_Above = Callable[[str, str], bool]


def _order(spec: model.Spec) -> _Above:
    """Return a function that returns whether one declared level is above another."""
    ranks = {level.id: rank for rank, level in enumerate(spec.levels)}

    def is_above(one: str, other: str) -> bool:
        return one in ranks and other in ranks and ranks[one] < ranks[other]

    return is_above


def _related(
    spec: model.Spec, relation: Callable[[model.Principle], Iterable[str]]
) -> Iterator[tuple[model.Principle, model.Principle]]:
    """Yield each principle with each known one that a relation of it names."""
    known = spec.principle_by_id
    for principle in spec.principles:
        yield from ((principle, known[name]) for name in relation(principle) if name in known)


def _excepted(spec: model.Spec) -> dict[str, dict[str, model.Principle]]:
    """Return, for each exception, the principles that it is to: by id, or by a category that it exempts.

    Those of a category that it never exempts are not among them.
    """
    members: dict[str, list[model.Principle]] = {}
    for principle in spec.principles:
        members.setdefault(principle.category, []).append(principle)
    by_exception: dict[str, dict[str, model.Principle]] = {}
    for principle, target in _related(spec, attrgetter("exception_to")):
        if target.id != principle.id:
            by_exception.setdefault(principle.id, {})[target.id] = target
    for principle in spec.principles:
        for target in (p for category in principle.exempts if category for p in members.get(category, ())):
            by_exception.setdefault(principle.id, {}).setdefault(target.id, target)
    for name, targets in by_exception.items():
        if spared := frozenset(spec.principle_by_id[name].never_exempts):
            by_exception[name] = {
                id_: target for id_, target in targets.items() if target.category not in spared
            }
    return by_exception


def exception_to_higher_level(spec: model.Spec) -> Iterator[model.Finding]:
    """Find exceptions to principles whose level is higher than their own."""
    is_above, excepted = _order(spec), _excepted(spec)
    for principle in spec.principles:
        for target in excepted.get(principle.id, {}).values():
            if is_above(target.authority, principle.authority):
                yield model.Finding(
                    code="exception-to-higher-level",
                    message=f"`{principle.id}` of level `{principle.authority}` exempts from `{target.id}` "
                    f"of the higher level `{target.authority}`",
                    span=principle.span,
                    hint=f"raise it to `{target.authority}`, or leave `{target.id}` out",
                    related=(target.span,),
                )


def exception_cycle(spec: model.Spec) -> Iterator[model.Finding]:
    """Find exceptions that, followed from one to the next, lead back to their beginning."""
    principles = spec.principle_by_id
    edges = _without_ends({name: {*targets} for name, targets in _excepted(spec).items()})
    reported: set[str] = set()
    for principle in spec.principles:
        way = _way_back(principle.id, edges)
        if way and reported.isdisjoint(way):
            reported.update(way)
            yield model.Finding(
                code="exception-cycle",
                message=f"exceptions lead in a circle: {' → '.join(f'`{name}`' for name in (*way, way[0]))}",
                span=principle.span,
                hint="say which of them yields",
                related=tuple(principles[name].span for name in way[1:]),
            )


def _without_ends(edges: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return the edges without those that lead to an end only, so that no long chain is followed again and again."""
    before: dict[str, list[str]] = {}
    for node, following in edges.items():
        for target in following:
            before.setdefault(target, []).append(node)
    remaining = {node: len(following) for node, following in edges.items()}
    ends = [node for node in before if node not in remaining]
    for end in ends:
        for node in before.get(end, ()):
            remaining[node] -= 1
            if not remaining[node]:
                ends.append(node)
    removed = {*ends}
    return {node: sorted(targets - removed) for node, targets in edges.items() if node not in removed}


def _way_back(start: str, edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the shortest way from a node to itself; empty where there is none."""
    came: dict[str, str] = {}
    pending = [start]
    for node in pending:
        for following in edges.get(node, ()):
            if following == start:
                way = [node]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return tuple(reversed(way))
            if following not in came:
                came[following] = node
                pending.append(following)
    return ()


def preference_across_levels(spec: model.Spec) -> Iterator[model.Finding]:
    """Find preferences over something with another level or none: between levels, the level decides."""
    for principle in spec.principles:
        for section in map(spec.provision_by_id.get, principle.preferred_over):
            if isinstance(section, model.Section):
                yield model.Finding(
                    code="preference-across-levels",
                    message=f"`{principle.id}` is preferred over `{section.id}`, a section, which has no level",
                    span=principle.span,
                    hint="name the principles in it",
                    related=(section.span,),
                )
    for principle, target in _related(spec, attrgetter("preferred_over")):
        levels = {principle.authority, target.authority}
        if levels <= spec.level_by_id.keys() and len(levels) > 1:
            yield model.Finding(
                code="preference-across-levels",
                message=f"`{principle.id}` of level `{principle.authority}` is preferred over `{target.id}` "
                f"of level `{target.authority}`",
                span=principle.span,
                hint="between levels the higher one wins; prefer within a level alone",
                related=(target.span,),
            )


def guideline_overrides(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that yield to mere context, and claim to override something."""
    modes = {level.id: level.override for level in spec.levels}
    for principle, provisions in by_principle(spec):
        if modes.get(principle.authority) is not model.OverrideMode.IMPLICIT:
            continue
        for sentence, match in matches(provisions, _OVERRIDES):
            yield model.Finding(
                code="guideline-overrides",
                message=f"`{principle.id}` says `{match['claim'].lower()}`, and at level `{principle.authority}` "
                "it yields to context",
                span=sentence.span(*match.span("claim")),
                hint="raise the level, or leave the claim out",
            )


def refined_by_higher_level(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that refine one whose level is lower than their own."""
    is_above = _order(spec)
    for principle, target in _related(spec, attrgetter("refines")):
        if is_above(principle.authority, target.authority):
            yield model.Finding(
                code="refined-by-higher-level",
                message=f"`{principle.id}` of level `{principle.authority}` refines `{target.id}` "
                f"of the lower level `{target.authority}`",
                span=principle.span,
                hint="say which level counts where both apply",
                related=(target.span,),
            )


def conflict_without_example(spec: model.Spec) -> Iterator[model.Finding]:
    """Find conflicts between two principles that nothing overrides, without an example that shows both."""
    never = {level.id for level in spec.levels if level.override is model.OverrideMode.NEVER}
    groups = [
        {holder.id if holder else "", *block.illustrates, *block.weighs}
        for holder, block in spec.walk()
        if isinstance(block, model.Example)
    ]
    reported: set[frozenset[str]] = set()
    for principle, target in _related(spec, attrgetter("conflicts_with")):
        pair = frozenset((principle.id, target.id))
        both = {principle.authority, target.authority} <= never and len(pair) > 1
        if both and pair not in reported and not any(pair <= names for names in groups):
            reported.add(pair)
            yield model.Finding(
                code="conflict-without-example",
                message=f"`{principle.id}` and `{target.id}` conflict, nothing overrides either, and no example "
                "weighs them",
                span=principle.span,
                hint="add an example with both in `weighs`",
                related=(target.span,),
            )


def good_answer_violates(spec: model.Spec) -> Iterator[model.Finding]:
    """Find answers that are marked good, and as violating what their example illustrates.

    Only those in Model Spec Markdown: directives report it themselves, for any good answer.
    """
    files = {document.file for document in spec.documents if document.markup is model.Markup.MODEL_SPEC}
    for holder, block in spec.walk():
        if not isinstance(block, model.Example) or block.span.file not in files:
            continue
        illustrated = {*block.illustrates, *([holder.id] if holder else [])}
        for response in block.responses:
            for name in (
                sorted(illustrated & {*response.violates}) if response.verdict is model.Verdict.GOOD else ()
            ):
                yield model.Finding(
                    code="good-answer-violates",
                    message=f"an answer is marked good, and as violating `{name}`, which the example illustrates",
                    span=model.Span(response.span.file, response.span.line, response.span.column),
                    hint="correct the verdict, or name another principle",
                )


def idle_permission(spec: model.Spec, places: Places) -> Iterator[model.Finding]:
    """Find permissions that nobody can use: of a level which no message overrides, or at or above which none speaks.

    :param places: the places of names, as far as the reader of the spec knows them
    """
    for clause in spec.clauses:
        level = spec.level_by_id.get(clause.permits_by)
        if level is None or model.overriders(spec.levels, level):
            continue
        able = [one.id for one in spec.levels if model.overriders(spec.levels, one)]
        why = "overrides" if level.override is model.OverrideMode.NEVER else "has, or one above it"
        yield model.Finding(
            code="idle-permission",
            message=f"nobody can use what `{level.id}` may permit: no message {why} that level",
            span=places.place(Use("clause", clause.principle, "permits-by", clause.permits_by), clause.span),
            hint=f"name one of {', '.join(f'`{name}`' for name in able)}" if able else "",
        )


def norm_out_of_scope(spec: model.Spec, places: Places) -> Iterator[model.Finding]:
    """Find norms that rest on what the spec does not decide: something outside, or a part that is out of scope.

    :param places: the places of names, as far as the reader of the spec knows them
    """
    decided_by = spec.decided_elsewhere
    own = {alias: p.id for p in reversed(spec.provisions) for alias in p.aliases} | {
        p.id: p.id for p in spec.provisions
    }
    for principle in spec.principles:
        for address in principle.rests_on:
            yield _out_of_scope(
                f"`{principle.id}` rests on {shown(address)}, which is outside the spec",
                places.place(Use("principle", principle.id, "rests-on", address), principle.span),
                "state it here, or leave the norm to whoever decides it",
            )
        if by := decided_by.get(principle.id):
            yield _out_of_scope(
                f"`{principle.id}` is a norm, and out of scope: {shown(by)} decides it",
                principle.span,
                "delete its level, or `out-of-scope` where that is said",
            )
            continue
        for key, names in (("exception-to", principle.exception_to), ("refines", principle.refines)):
            for name in names:
                if by := decided_by.get(own.get(name, "")):
                    yield _out_of_scope(
                        f"`{principle.id}` rests on `{name}` (`{key}`), which is out of scope: {shown(by)} decides it",
                        places.place(Use("principle", principle.id, key, name), principle.span),
                        "say in its own words what counts",
                    )


def _out_of_scope(message: str, span: model.Span, hint: str) -> model.Finding:
    return model.Finding(code="norm-out-of-scope", message=message, span=span, hint=hint)


CHECKS = (
    exception_to_higher_level,
    exception_cycle,
    preference_across_levels,
    guideline_overrides,
    refined_by_higher_level,
    conflict_without_example,
    good_answer_violates,
)
