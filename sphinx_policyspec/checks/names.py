"""Checks of names: references, levels of clauses, eval tags.

``check_names`` is the one check of every name that a part of a spec uses, and of every id, through whatever door the
spec came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from sphinx_policyspec import model
from sphinx_policyspec.files import number_of
from sphinx_policyspec.model.attributes import ATTRIBUTES, Attribute
from sphinx_policyspec.model.finding import Places, UnknownNames, Use, repeated_id, shown
from sphinx_policyspec.model.levels import PUBLISHED_LEVELS
from sphinx_policyspec.model.nearest import Hints, is_part, near_name
from sphinx_policyspec.readers.comments import ROLES

_USER = "user"
_WORDS = re.compile(r"[\w-]+")
_TAG = re.compile(r"\[\^([a-z0-9]{4})\]")
_ALMOST_TAG = re.compile(
    r"\[\^(?P<linked>[a-z0-9]{4})\]\(|(?:[\[({]{1,2}[ ]?\^?[ ]?|\^[ ]?[\[({])(?P<tag>[A-Za-z0-9]{4})[ ]?[\])}]{1,2}:?|\[\^(?P<open>[A-Za-z0-9]{4})\b(?![^\]\[\n]{0,80}\])"
)
"""A failed eval tag: without its caret or in other brackets, or made a note by a colon."""
_SOME = 50
"""Most tags among which a misspelt one is looked for."""
_FEW = 2
"""Level names that are reported one by one; with more, the spec uses another set of levels."""


def targets(spec: model.Spec) -> dict[model.TargetKind, set[str]]:
    """Return every id that a reference may point at, by kind; aliases count."""
    provisions = {p.id for p in spec.provisions} | {alias for p in spec.provisions for alias in p.aliases}
    return {
        model.TargetKind.PROVISION: provisions,
        model.TargetKind.TOPIC: set(spec.topic_by_id),
        model.TargetKind.EXAMPLE: {example.id for example in spec.examples},
        model.TargetKind.LEVEL: set(spec.level_by_id),
        model.TargetKind.GOAL: {goal.id for goal in spec.goals},
        model.TargetKind.DEFINITION: {
            block.id for _, block in spec.walk() if isinstance(block, model.Definition)
        },
    }


def dangling_reference(spec: model.Spec) -> Iterator[model.Finding]:
    """Find references whose target does not exist."""
    known = targets(spec)
    hints = Hints()
    for reference in spec.references:
        if reference.target in known[reference.target_kind]:
            continue
        names = known[reference.target_kind]
        hint = other_kind(reference.target, known) or hints.nearest(reference.target, names)
        if hint.startswith("known are") and (longer := [n for n in names if is_part(reference.target, n)]):
            hint = f"did you mean {' or '.join(f'`{name}`' for name in sorted(longer))}?"
        yield model.Finding(
            code="dangling-reference",
            message=f"unknown {reference.target_kind.value} {shown(reference.target)}",
            span=reference.span,
            hint=hint or declare(reference.target_kind, names),
        )


def other_kind(name: str, known: Mapping[model.TargetKind, Collection[str]]) -> str:
    """Return the hint that a name is that of another kind of thing, or has words before it; or nothing."""
    words, _, last = name.rpartition(" ")
    if words and any(last in names for names in known.values()):
        return f"write `{words} <{last}>`"
    kind = next((kind for kind, names in known.items() if name in names), None)
    return f"{kind.with_article} has this id; name it as such" if kind else ""


def declare(kind: model.TargetKind, known: Collection[str]) -> str:
    """Return what to do about a name that resembles no known one."""
    return (
        f"correct it, or declare the {kind.value}" if known else f"the spec has no {kind.value}; declare it"
    )


def outdated_reference(spec: model.Spec) -> Iterator[model.Finding]:
    """Find references that use an id which their target had before."""
    ids = {provision.id for provision in spec.provisions}
    names = {alias: p.id for p in spec.provisions for alias in p.aliases if alias not in ids}
    for reference in spec.references:
        if reference.target_kind is model.TargetKind.PROVISION and reference.target in names:
            yield model.Finding(
                code="outdated-reference",
                message=f"`{reference.target}` is called `{names[reference.target]}` now",
                span=reference.span,
                hint="use the new id",
            )


def clause_not_lower(spec: model.Spec) -> Iterator[model.Finding]:
    """Find clauses whose level is not below that of their principle: a clause can only lower it."""
    ranks = {level.id: rank for rank, level in enumerate(spec.levels)}
    plain = {one.file for one in spec.documents if one.markup is model.Markup.MARKDOWN}
    for clause in spec.clauses:
        owner = spec.provision_by_id.get(clause.principle)
        if not isinstance(owner, model.Principle) or not {owner.authority, clause.authority} <= ranks.keys():
            continue
        # One that leaves something open has the level of its principle.
        is_open = bool(clause.permits_by) and clause.authority == owner.authority
        # A list item of a text that has no levels itself is a clause of its principle's.
        is_open = is_open or (clause.span.file in plain and clause.authority == owner.authority)
        if ranks[clause.authority] <= ranks[owner.authority] and not is_open:
            below = spec.levels[ranks[owner.authority] + 1 :]
            yield model.Finding(
                code="clause-not-lower",
                message=f"a clause of level `{clause.authority}` does not lower its principle's `{owner.authority}`",
                span=clause.span,
                hint=f"levels below it are {', '.join(f'`{level.id}`' for level in below)}" if below else "",
            )


def no_principle(spec: model.Spec) -> Iterator[model.Finding]:
    """Find a spec that has no principle at all."""
    if not spec.principles and spec.documents:
        yield model.Finding(
            code="no-principle",
            message="this spec has no principle",
            span=next(
                (model.Span(p.span.file, p.span.line) for p in spec.provisions),
                model.Span(spec.documents[0].file, 1),
            ),
            hint=_levels_by_sidecar(spec)
            or "a heading with an id and a level is one, as in `## Be kind {#be_kind authority=user}`",
        )


def _levels_by_sidecar(spec: model.Spec) -> str:
    """Return how a text that is read by its headings gets levels; empty for other texts."""
    if any(one.markup is not model.Markup.MARKDOWN for one in spec.documents):
        return ""
    name = next((one.id for one in spec.provisions if one.text), "")
    setting = f"`provisions: {{{name}: {{level: user}}}}`" if name else "to what is below a heading"
    return f"a sidecar gives levels{':' * bool(name)} {setting}"


def no_user_level(spec: model.Spec) -> Iterator[model.Finding]:
    """Find declared levels none of which the messages of users have."""
    declared = [level for level in spec.levels if level.span is not None]
    roles = {role for level in spec.levels for role in level.roles}
    # A misspelt role is reported as such.
    if not (declared and spec.principles) or _USER in roles or not roles <= {*ROLES}:
        return
    level = next((level for level in declared if level.id == _USER), declared[-1])
    yield model.Finding(
        code="no-user-level",
        message=f"no level has the role `{_USER}`, so that users can override nothing",
        span=level.span or model.Span("", 1),
        hint=f"add `:roles: {_USER}` to the level that their messages have",
    )


def shared_role(spec: model.Spec) -> Iterator[model.Finding]:
    """Find roles that two levels claim."""
    first: dict[str, model.AuthorityLevel] = {}
    for level in spec.levels:
        for role in level.roles:
            other = first.setdefault(role, level)
            if other is not level and level.span is not None:
                yield model.Finding(
                    code="shared-role",
                    message=f"messages of `{role}` have the level `{other.id}` already, and cannot have `{level.id}`, too",
                    span=level.span,
                    hint=f"take `{role}` out of `:roles:` of one of them",
                    related=(other.span,) if other.span else (),
                )


def tag_without_file(spec: model.Spec) -> Iterator[model.Finding]:
    """Find eval tags that have no prompt file, and no note that names another test; a spec without any prompt file is not checked."""
    files = {file.tag for file in spec.prompt_files}
    unused = files - {tag.tag for tag in spec.eval_tags}
    titled = {file.title: file.tag for file in spec.prompt_files if file.tag in unused and file.title}
    for tag in spec.eval_tags if files else ():
        if tag.tag not in files and not tag.test:
            yield model.Finding(
                code="tag-without-file",
                message=f"eval tag `{tag.tag}` has no prompt file",
                span=tag.span,
                hint=f"did you mean `{near}`?"
                if (near := near_name(tag.tag, unused) or titled.get(_title_of(spec, tag)))
                else f"write `examples/{tag.tag}.md`",
            )


def _title_of(spec: model.Spec, tag: model.EvalTag) -> str:
    """Return the title of what holds a tag: prompt files repeat it in their header."""
    holder = spec.provision_by_id.get(tag.provision)
    return holder.title if holder else ""


def file_without_tag(spec: model.Spec) -> Iterator[model.Finding]:
    """Find prompt files whose tag is nowhere in the document, at the place of a failed tag if there is one."""
    tags = {tag.tag for tag in spec.eval_tags}
    untied = {file.tag: file for file in spec.prompt_files if file.tag not in tags}
    texts = (message.text for example in spec.examples for message in example.messages) if untied else ()
    # Tags inside messages are reported by a check of their own.
    inside = {tag for text in texts for tag in _TAG.findall(text)}
    untied = {tag: file for tag, file in untied.items() if tag not in inside}
    almost = _almost_tags(spec, untied) if untied else {}
    for tag, file in untied.items():
        words, place = almost.get(tag, ("", file.span))
        if words.startswith("[^") and words.endswith("]") and words != f"[^{tag}]":
            # The reader of the text has reported that it is no tag.
            continue
        if words and words != f"[^{tag}]":
            message, hint = (
                f"`{words}` is no eval tag",
                f"write `[^{tag}]`" + " and a blank" * words.endswith("("),
            )
            yield _finding("malformed-tag", message, place, hint)
            continue
        message, hint = (
            f"no provision has the eval tag `{tag}` of this file",
            f"put `[^{tag}]` after the clause that it tests",
        )
        if words:
            message = f"`{words}` does not tie `examples/{tag}.md` to this clause"
            hint = "take it out of the code or the comment around it"
        yield _finding("file-without-tag", message, place, hint)


def _almost_tags(spec: model.Spec, tags: Collection[str]) -> dict[str, tuple[str, model.Span]]:
    """Return the failed tags in the text with their places, by tag."""
    almost: dict[str, tuple[str, model.Span]] = {}
    for _, block in spec.walk():
        for match in _ALMOST_TAG.finditer(block.source):
            if (tag := (match["linked"] or match["tag"] or match["open"]).lower()) in tags:
                before = block.source[: match.start()]
                line, column = block.span.line + before.count("\n"), len(before) - before.rfind("\n")
                place = model.Span(block.span.file, line, column, line, column + len(match[0]))
                almost[tag] = match[0].strip(), place
    return almost


def stale_prompt_title(spec: model.Spec) -> Iterator[model.Finding]:
    """Find prompt files whose header states another title than the provision that holds the tag."""
    holders = {tag.tag: spec.provision_by_id.get(tag.provision) for tag in spec.eval_tags}
    files = {file.tag for file in spec.prompt_files}
    without_file = holders.keys() - files
    without_file = without_file if len(without_file) <= _SOME else set()
    for file in spec.prompt_files:
        holder = holders.get(file.tag)
        if file.tag not in holders:
            # A misspelt tag is reported, and shows which provision the prompts are for.
            near = holders.get(near_name(file.tag, without_file))
            holder = near if near and near_name(file.title, (near.title,)) else None
        if holder and file.title and file.title != holder.title:
            yield model.Finding(
                code="stale-prompt-title",
                message=f"header says `{file.title}`, the provision is titled `{holder.title}`",
                span=file.span,
                hint="update the header",
                related=(holder.span,),
            )


class _Owner(NamedTuple):
    """Something that uses names: its id, its place, and the object itself."""

    id: str
    span: model.Span
    item: Any


def _responses(spec: model.Spec) -> Iterator[_Owner]:
    """Yield the answers of examples that name what no reference of theirs does: others are reported as references."""
    referenced = {(reference.example, reference.target) for reference in spec.references if reference.example}
    for example in spec.examples:
        for response in example.responses:
            if response.violates and not referenced.issuperset(
                (example.id, name) for name in response.violates
            ):
                yield _Owner(example.id, response.span, response)


def _messages(spec: model.Spec) -> Iterator[_Owner]:
    """Yield the messages of examples and prompts whose role is unknown; text outside every message has no role."""
    return (_Owner(one.id, m.span, m) for one, m in spec.messages if m.role and m.role not in ROLES)


_OWNERS: Mapping[str, Callable[[model.Spec], Iterable[_Owner]]] = MappingProxyType(
    {
        "level": lambda spec: (_Owner(x.id, x.span or model.Span("", 1), x) for x in spec.levels),
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
"""The kinds under which owners that can name themselves are named."""


def check_names(spec: model.Spec, places: Places | None = None) -> Iterator[model.Finding]:
    """Find names that nothing has, things that name themselves, principles without a level, and ids that two things have.

    :param places: the places of names, as far as the reader of the spec knows them
    """
    check = _Check(spec, places or Places())
    yield from check.uses()
    yield from _repeated(_identified(spec, check.places), check.places)


class _Check:
    """The check of one spec."""

    def __init__(self, spec: model.Spec, places: Places) -> None:
        self.spec = spec
        self.places = places
        self.unknown = UnknownNames()
        self.known: dict[str, Collection[str]] = {kind.value: ids for kind, ids in targets(spec).items()}
        self.known["role"] = ROLES
        self.known["category"] = {principle.category for principle in spec.principles if principle.category}
        self.sections = {one.id for one in spec.provisions if not isinstance(one, model.Principle)}
        self.other_levels: list[tuple[str, model.Span]] = []

    def uses(self) -> Iterator[model.Finding]:
        """Yield what is wrong with the names that things use."""
        # A text that is part of two pages uses each of its names twice.
        reported: set[tuple[Use, model.Span]] = set()
        rows = [row for row in ATTRIBUTES if row.names]
        owners = {owner: [*_OWNERS[owner](self.spec)] for owner in {row.owner for row in rows}}
        for row in rows:
            # Most name nothing, and a spec has many.
            for owner in (one for one in owners[row.owner] if row.always or getattr(one.item, row.field)):
                for name, words in self._odd(row, owner):
                    use = Use(row.owner, owner.id, row.key, name)
                    if (use, owner.span) in reported:
                        continue
                    reported.add((use, owner.span))
                    place = self.places.place(use, owner.span)
                    if row.names == "level" and name in PUBLISHED_LEVELS and not _is_itself(row, owner, name):
                        self.other_levels.append((name, place))
                    else:
                        yield self._wrong(row, owner, words, place)
        yield from self._another_ladder()

    def _odd(self, row: Attribute, owner: _Owner) -> Iterator[tuple[str, str]]:
        """Yield the names of one option that are unknown or wrong here, each with its words: several may have been meant as one."""
        known = self.known[row.names]
        sections = self.sections if row.wants_principle else ()
        odd = [
            name
            for name in row.values(owner.item)
            if (name or row.many or row.always)
            and (name not in known or name in sections or _is_itself(row, owner, name))
        ]
        unknown = [name for name in odd if name not in known]
        if len(unknown) > 1 and (joined := "_".join(unknown)) and near_name(joined, known):
            yield unknown[0], " ".join(unknown)
            odd = [name for name in odd if name in known]
        yield from ((name, name) for name in odd)

    def _another_ladder(self) -> Iterator[model.Finding]:
        """Yield the published levels that are used beside levels of one's own: one finding says how to map them."""
        if len(self.other_levels) <= _FEW:
            for name, span in self.other_levels:
                yield self.unknown.finding("level", name, span, self.known["level"])
            return
        used = {name for name, _ in self.other_levels}
        names = ", ".join(f"`{name}`" for name in PUBLISHED_LEVELS if name in used)
        yield model.Finding(
            code="unknown-level",
            message=f"this spec declares levels of its own, and uses others {number_of(len(self.other_levels), 'time')}: {names}",
            span=min(span for _, span in self.other_levels),
            hint="declare those, too, with `policy:level`, at their places among yours: the order of declaration is the rank",
        )

    def _wrong(self, row: Attribute, owner: _Owner, name: str, span: model.Span) -> model.Finding:
        if _is_itself(row, owner, name):
            message = f"{shown(name)} names itself in `{row.key}`"
            return _finding("self-reference", message, span, "name another id")
        if row.names == "level" and not name:
            message = f"{row.owner} {shown(owner.id)} has no level of authority"
            return _finding("missing-authority", message, span, "name the level that it has")
        if (
            row.names == "level"
            and len(several := [one for one in _WORDS.findall(name) if one in self.known["level"]]) > 1
        ):
            message = f"{row.owner} {shown(owner.id)} has one level of authority, and {shown(name)} names {len(several)}"
            return _finding("unknown-level", message, span, f"keep one, such as `{several[0]}`")
        if name in self.sections and name in self.known[row.names]:
            message = f"{shown(name)} in `{row.key}` is a section, and asks for nothing"
            return _finding("not-a-principle", message, span, "name a principle, or give it a level")
        finding = self.unknown.finding(row.names, name, span, self.known[row.names])
        if row.names == "category" and not self.known["category"]:
            return replace(finding, hint="no principle has one; give `category` to those that are meant")
        return finding


def _is_itself(row: Attribute, owner: _Owner, name: str) -> bool:
    return name == owner.id and _OWN_KIND.get(row.owner) == row.names


def _finding(code: str, message: str, span: model.Span, hint: str) -> model.Finding:
    return model.Finding(code=code, message=message, span=span, hint=hint)


class _Identified(NamedTuple):
    """Something with an id.

    :param word: what messages call it
    """

    kind: str
    word: str
    id: str
    item: Any
    span: model.Span


def _repeated(items: Iterable[_Identified], places: Places) -> Iterator[model.Finding]:
    """Find ids that an earlier thing has already."""
    first: dict[tuple[str, str], _Identified] = {}
    # A text that is part of three pages repeats each of its ids twice, in the same words.
    reported: set[tuple[str, str, model.Span]] = set()
    for one in items:
        earlier = first.setdefault((one.kind, one.id), one)
        again = (one.kind, one.id, one.span)
        if earlier.item is not one.item and again not in reported:
            reported.add(again)
            pages = places.pages.get(one.span, ())
            finding = repeated_id(one.word, one.id, one.span, earlier.span, pages)
            is_repeat = getattr(one.item, "repeats", "") == one.id
            hint = f"{finding.hint}, such as `{one.item.id}`" if is_repeat else finding.hint
            hint = "take it out of `aliases`" if one.word == _FORMER else hint
            yield replace(finding, hint=hint)


_DECLARED: Mapping[type, tuple[model.TargetKind, str]] = MappingProxyType(
    {
        model.AuthorityLevel: (model.TargetKind.LEVEL, "level"),
        model.Topic: (model.TargetKind.TOPIC, "topic"),
        model.Goal: (model.TargetKind.GOAL, "goal"),
    }
)


def _of_provisions(
    spec: model.Spec, names: Callable[[model.Provision], Iterable[str]]
) -> Iterator[_Identified]:
    """Yield some of the ids of provisions."""
    for provision in spec.provisions:
        word = "principle" if isinstance(provision, model.Principle) else "section"
        for name in names(provision):
            yield _Identified(model.TargetKind.PROVISION, word, name, provision, provision.span)


_FORMER = "former"


def _identified(spec: model.Spec, places: Places) -> Iterator[_Identified]:
    """Yield everything to which an author gives an id; former ids count."""
    for item in (*spec.levels, *spec.topics, *spec.goals, *spec.repeated):
        kind, word = _DECLARED[type(item)]
        yield _Identified(kind, word, item.id, item, item.span or model.Span("", 1))
    yield from _of_provisions(spec, lambda one: (one.id,))
    for provision in spec.provisions:
        for name in provision.aliases:
            place = places.place(Use("provision", provision.id, "aliases", name), provision.span)
            yield _Identified(model.TargetKind.PROVISION, _FORMER, name, provision, place)
    # Ids to which others have a better claim.
    yield from _of_provisions(spec, lambda one: filter(None, (one.repeats,)))
    for example in spec.examples:
        yield _Identified(model.TargetKind.EXAMPLE, "example", example.id, example, example.span)
    for _, block in spec.walk():
        if isinstance(block, model.Definition):
            yield _Identified(model.TargetKind.DEFINITION, "term", block.id, block, block.span)
    for prompt in spec.prompts:
        if not prompt.tag:
            yield _Identified("prompt", "prompt", prompt.id, prompt, prompt.span)


CHECKS = (
    no_principle,
    no_user_level,
    shared_role,
    dangling_reference,
    outdated_reference,
    clause_not_lower,
    tag_without_file,
    file_without_tag,
    stale_prompt_title,
)
