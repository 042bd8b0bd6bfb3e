"""What the next release of upstream does to each statement of an overlay, and its file with the certain changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, compare
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import (
    Finding,
    Operation,
    Principle,
    Provision,
    RebaseEffect,
    RefusalCode,
    Severity,
    Span,
    Spec,
    StatementMode,
)
from sphinx_policyspec.model.nearest import holds, plain
from sphinx_policyspec.model.outlines import Passage, passages, sentences
from sphinx_policyspec.overlays.check import OVERRIDDEN, OverlayReport, check_overlays, why
from sphinx_policyspec.overlays.quotations import Quotation, quoted
from sphinx_policyspec.overlays.verdicts import OverlayJudge, StatementVerdict, principles_in
from sphinx_policyspec.readers.overlays import Overlay, OverlayStatement, Upstream, overlay_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RebaseFact(Brief):
    """One effect of the next release on a statement.

    :param about: id of what it happens to, as the overlay names it
    :param told: the effect in words
    :param before: sentences of the pinned release, if words changed
    :param after: sentences of the next one
    """

    effect: RebaseEffect
    about: str
    told: str
    before: tuple[Quotation, ...] = ()
    after: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RebasedStatement(Brief):
    """What the next release does to a statement.

    :param before: its verdict on the pinned release; none if its names are not there
    :param after: its verdict on the next one, with renamed ids updated
    """

    id: str
    span: Span
    facts: tuple[RebaseFact, ...]
    before: StatementVerdict | None
    after: StatementVerdict | None

    @property
    def effects(self) -> tuple[RebaseEffect, ...]:
        """The effects on it, each once."""
        return tuple(dict.fromkeys(fact.effect for fact in self.facts)) or (RebaseEffect.UNTOUCHED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayRebase(Brief):
    """What the next release does to an overlay.

    :param report: the overlay checked on its pinned release
    :param text: the overlay file with renames, pin and digest updated, and nothing else; empty if a project has it
    """

    report: OverlayReport
    next: OverlayReport
    diff: SpecDiff
    statements: tuple[RebasedStatement, ...]
    text: str

    @property
    def is_untouched(self) -> bool:
        """Whether the next release has no effect on any statement."""
        is_unread = any(one.unread for one in self.report.overlays)
        return not is_unread and all(one.effects == (RebaseEffect.UNTOUCHED,) for one in self.statements)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings on the overlay as it is."""
        return self.report.findings


def rebase(report: OverlayReport, text: str, new: Spec, pin: Upstream) -> OverlayRebase:
    """Return what the next release does to an overlay that was checked on its pinned one.

    Raises :class:`SourceError` if its file has to be changed by hand.

    :param report: report on one overlay
    :param text: content of its file; empty if pages of a project declare it
    :param pin: its new pin of upstream
    """
    (overlay,) = report.overlays
    diff = compare(report.upstream, new)
    old_norms, new_norms = report.norms, Norms(new)
    renewed = _Renewed(diff, old_norms, new_norms)
    after = check_overlays([renewed.overlay(overlay)], new, digest=pin.sha256)
    verdicts = [{verdict.statement.id: verdict for verdict in one.verdicts} for one in (report, after)]
    judge = _Rebaser(diff, old_norms, new_norms, renewed, overlay.holder)
    statements = []
    for one in overlay.statements:
        was, now = (by_id.get(one.id) for by_id in verdicts)
        facts = (*judge.facts(one, was, now), *_verdicts(one, was, now))
        if was is None or (now is None and not facts):
            facts = (*facts, _not_judged(one, (report, was), (after, now)))
        statements.append(
            RebasedStatement(id=f"{overlay.name}/{one.id}", span=one.span, facts=facts, before=was, after=now)
        )
    new_text = _rebased_text(text, overlay, renewed, pin) if text else ""
    return OverlayRebase(report=report, next=after, diff=diff, statements=tuple(statements), text=new_text)


def _verdicts(
    statement: OverlayStatement, was: StatementVerdict | None, now: StatementVerdict | None
) -> Iterator[RebaseFact]:
    if was and now and was.is_allowed != now.is_allowed:
        code = now.code or was.code
        change = (
            f"was allowed, is refused ({code}): {why(now)}"
            if was.is_allowed
            else f"was refused ({code}), is allowed"
        )
        yield RebaseFact(effect=RebaseEffect.VERDICT_CHANGED, about=statement.id, told=change)


_Judged = tuple[OverlayReport, StatementVerdict | None]
"""The report on an overlay on a release, and its verdict on one statement, if it has one."""


def _not_judged(statement: OverlayStatement, pinned: _Judged, following: _Judged) -> RebaseFact:
    """Return the fact that a release has no verdict on a statement, and why."""
    outcomes = (
        f"{'allowed' if verdict.is_allowed else f'refused ({verdict.code})'} on {name}"
        if verdict
        else f"not judged on {name} ({_slip(statement, report)})"
        for name, (report, verdict) in (("the pinned release", pinned), ("the next one", following))
    )
    return RebaseFact(effect=RebaseEffect.NOT_JUDGED, about=statement.id, told=", ".join(outcomes))


def _slip(statement: OverlayStatement, report: OverlayReport) -> str:
    """Return the error in the names of a statement, or in its holder."""
    here = range(statement.span.line, statement.span.end_line + 1)
    errors = [one for one in report.findings if one.severity is Severity.ERROR]
    inside = (one.message for one in errors if one.span.file == statement.span.file and one.span.line in here)
    holder = (one.message for one in errors if one.span == report.overlays[0].place("holder"))
    return next(inside, "") or next(holder, "its names are not those of upstream")


class _Renewed:
    """The ids of the next release for those of the pinned one."""

    def __init__(self, diff: SpecDiff, old: Norms, new: Norms) -> None:
        self._diff, self._old, self._new = diff, old, new
        self.levels = {
            change.old: change.new for change in diff.of(Subject.LEVEL, ChangeKind.RENAMED) if change.old
        }

    def id(self, name: str) -> str:
        """Return the new id for an old one; the same if it is gone, or not an id of upstream."""
        provision = self._old.provisions.get(name)
        return self._diff.new_ids.get(provision.id, name) if provision else name

    def level(self, name: str) -> str:
        """Return the new id of a level."""
        return name if name in self._new.rank else self.levels.get(name, name)

    def overlay(self, overlay: Overlay) -> Overlay:
        """Return an overlay with the new names, and without its pin of upstream."""
        statements = tuple(map(self._statement, overlay.statements))
        return replace(overlay, holder=self.level(overlay.holder), statements=statements, upstream=Upstream())

    def _statement(self, statement: OverlayStatement) -> OverlayStatement:
        return replace(
            statement,
            targets=tuple(replace(one, provision=self.id(one.provision)) for one in statement.targets),
            forbids=tuple(map(self.id, statement.forbids)),
            scope=tuple(map(self.id, statement.scope)),
            chapter=self.id(statement.chapter),
            level=self.level(statement.level),
            voids=tuple(name for name in statement.voids if self._new.examples(name)),
        )


class _Verdicts(NamedTuple):
    """The verdicts on a statement, if it has them."""

    was: StatementVerdict | None
    now: StatementVerdict | None

    def follows(self, old: Norms, new: Norms) -> str:
        """Return the consequence, in words, if the level of a statement's target changes; empty if there is none."""
        was, now = self
        if now is not None and now.code is not None:
            if was is not None and was.code is not None:
                return ": the statement is refused as before"
            is_implied = now.code is RefusalCode.NEEDS_EXPLICIT
            return f": {'write `mode: explicit`' if is_implied else 'the statement is refused now'}"
        if was is None or now is None or now.statement.mode is StatementMode.IMPLICIT:
            return ""
        is_needless = _would_do(now, new) and not _would_do(was, old)
        return ": implied words would do, so that `mode: explicit` is needless now" if is_needless else ""


def _would_do(verdict: StatementVerdict, norms: Norms) -> bool:
    """Return whether a statement would be allowed as an implied one, too."""
    implied = replace(verdict.statement, mode=StatementMode.IMPLICIT)
    return OverlayJudge(norms, verdict.overlay).verdict(implied).is_allowed


class _Rebaser:
    """Finds what happens to the targets of statements."""

    def __init__(self, diff: SpecDiff, old: Norms, new: Norms, renewed: _Renewed, holder: str) -> None:
        self._diff, self._old, self._new, self._renewed = diff, old, new, renewed
        self._holder = holder
        old_sentences = _sentences(old.spec)
        self._fresh = {
            words: one for words, one in _sentences(new.spec).items() if words not in old_sentences
        }

    def facts(
        self, statement: OverlayStatement, was: StatementVerdict | None, now: StatementVerdict | None
    ) -> tuple[RebaseFact, ...]:
        """Return what happens to the targets of a statement, each fact once.

        :param was: its verdict on the pinned release, if it has one
        :param now: its verdict on the next one
        """
        return tuple(dict.fromkeys(self._facts(statement, _Verdicts(was, now))))

    def _facts(self, statement: OverlayStatement, verdicts: _Verdicts) -> Iterator[RebaseFact]:
        for name in dict.fromkeys(filter(None, (self._holder, statement.level))):
            if name in self._old.rank and name not in self._new.rank:
                yield RebaseFact(effect=RebaseEffect.LEVEL_CHANGED, about=name, told=self._gone_level(name))
        clauses = {one.provision: one.clause for one in statement.targets}
        for name in dict.fromkeys((*clauses, *statement.forbids, *statement.scope, statement.chapter)):
            if name in self._old.provisions:
                yield from self._provision_facts(
                    name, clauses.get(name, ""), verdicts, is_home=name == statement.chapter
                )
        yield from self._upstream(statement)
        yield from self._examples(statement)

    def _gone_level(self, name: str) -> str:
        """Return a message that a level of the overlay is gone, and what a person may write instead."""
        heir = self._new.spec.level_by_id.get(self._renewed.level(name))
        if heir and heir.roles:
            return f"the level `{name}` is called `{heir.id}` now: write that yourself"
        renaming = f", and is called `{heir.id}` now, which no message has" if heir else ""
        speaking = ", ".join(f"`{one.id}`" for one in self._new.spec.levels if one.roles)
        return (
            f"the level `{name}` is gone{renaming}: write a different one yourself; messages have {speaking}"
        )

    def _provision_facts(
        self, name: str, clause: str, verdicts: _Verdicts, *, is_home: bool
    ) -> Iterator[RebaseFact]:
        old = self._old.provisions[name]
        new_id = self._diff.new_ids.get(old.id)
        if new_id is None:
            heirs = [one.new for one in self._of(old.id, ChangeKind.SPLIT, ChangeKind.SUCCEEDED) if one.new]
            message = f"; part of it is in {', '.join(f'`{heir}`' for heir in heirs)}" if heirs else ""
            yield RebaseFact(effect=RebaseEffect.GONE, about=name, told=f"`{name}` is gone{message}")
            return
        if new_id != name:
            yield RebaseFact(
                effect=RebaseEffect.RENAMED, about=name, told=f"`{name}` is called `{new_id}` now"
            )
        for change in self._of(new_id, ChangeKind.MOVED):
            before, after = (f"`{one}`" if one else "no chapter" for one in (change.old, change.new))
            message = f"`{name}` was in {before}, and is in {after}"
            yield RebaseFact(effect=RebaseEffect.MOVED, about=name, told=message)
        if is_home:
            return
        for one in principles_in(self._old, name):
            yield from self._level(one, verdicts)
            yield from self._text(one, clause)

    def _of(self, name: str, *kinds: ChangeKind) -> Iterator[Change]:
        return (change for change in self._diff.of(Subject.PROVISION, *kinds) if change.id == name)

    def _level(self, old: Principle, verdicts: _Verdicts) -> Iterator[RebaseFact]:
        new = self._new.principle(self._diff.new_ids.get(old.id, ""))
        if new is None or new.authority == self._renewed.level(old.authority):
            return
        level = self._new.spec.level_by_id.get(new.authority)
        how = f", which is overridden {OVERRIDDEN[level.override]}" if level else ""
        message = f"`{old.id}` had the level `{old.authority}`, and has `{new.authority}`"
        follows = verdicts.follows(self._old, self._new)
        yield RebaseFact(effect=RebaseEffect.LEVEL_CHANGED, about=old.id, told=f"{message}{follows or how}")

    def _text(self, old: Principle, clause: str) -> Iterator[RebaseFact]:
        new = self._new.provisions.get(self._diff.new_ids.get(old.id, ""))
        if new is None:
            return
        old_paragraphs, now = _paragraphs(old), _paragraphs(new)
        was = old_paragraphs
        if clause and holds(old.text, clause):
            was = {words: one for words, one in was.items() if holds(words, clause)}
            with_clause = {words: one for words, one in now.items() if holds(words, clause)}
            now = with_clause or {words: one for words, one in now.items() if words not in old_paragraphs}
        before = [one for words, one in was.items() if words not in now]
        after = [one for words, one in now.items() if words not in was]
        if before or (after and not clause):
            words = (
                "the words of the clause are gone"
                if clause and not holds(new.text, clause)
                else "other words"
            )
            yield RebaseFact(
                effect=RebaseEffect.TEXT_CHANGED,
                about=old.id,
                told=f"`{old.id}`: {words}",
                before=tuple(quoted(one, old, self._old.spec) for one in before),
                after=tuple(quoted(one, new, self._new.spec) for one in after),
            )

    def _upstream(self, statement: OverlayStatement) -> Iterator[RebaseFact]:
        texts = [plain(one) for one in sentences(statement.says) if plain(one)]
        matches = [self._fresh[one] for one in texts if one in self._fresh]
        if matches and len(matches) == len(texts):
            yield RebaseFact(
                effect=RebaseEffect.NOW_UPSTREAM,
                about=statement.id,
                told="upstream says this itself now",
                after=tuple(quoted(*one, self._new.spec) for one in matches),
            )
        terms = [
            {plain(block.term) for _, block in norms.spec.walk() if hasattr(block, "term")}
            for norms in (self._old, self._new)
        ]
        if statement.operation is Operation.DEFINES and plain(statement.name) in terms[1] - terms[0]:
            message = f"upstream defines “{statement.name}” itself now"
            yield RebaseFact(effect=RebaseEffect.NOW_UPSTREAM, about=statement.id, told=message)

    def _examples(self, statement: OverlayStatement) -> Iterator[RebaseFact]:
        for name in statement.voids:
            old, new = self._old.examples(name), self._new.examples(name)
            if old and not new:
                ids = {self._diff.renamed_examples.get(one.id, "") for one in old}
                new = tuple(one for one in self._new.spec.examples if one.id in ids)
            verdicts = [[one.verdict for example in side for one in example.responses] for side in (old, new)]
            change = "is gone" if not new else "has other verdicts" if verdicts[0] != verdicts[1] else ""
            if old and change:
                yield RebaseFact(
                    effect=RebaseEffect.EXAMPLE_VOID, about=name, told=f"the example “{name}” {change}"
                )


def _sentences(spec: Spec) -> dict[str, tuple[Passage, Principle]]:
    """Return the sentences of all principles, each with its principle, by their words."""
    pairs = ((passage, one) for one in spec.principles for passage in passages(one) if passage.sentence)
    return {plain(passage.text): (passage, one) for passage, one in pairs}


def _paragraphs(provision: Provision) -> dict[str, Passage]:
    """Return the paragraphs of a provision by their words, so that typography makes no difference."""
    return {plain(one.text): one for one in passages(provision) if not one.sentence and plain(one.text)}


# -- the file ------------------------------------------------------------------------------------


def _rebased_text(text: str, overlay: Overlay, renewed: _Renewed, pin: Upstream) -> str:
    """Return a file with renames, pin and digest updated; every other character stays.

    Raises :class:`SourceError` if that does not give the wanted overlay.
    """
    places = dict(overlay.places)
    edits: dict[Span, Callable[[str], str]] = {}
    for key in ("source", "release", "sha256"):
        value = getattr(pin, key)
        if value and f"upstream.{key}" in places and value != getattr(overlay.upstream, key):
            edits[places[f"upstream.{key}"]] = _scalar(value)
    for statement in overlay.statements:
        for target in statement.targets:
            if (now := renewed.id(target.provision)) != target.provision:
                edits[target.id_span or target.span] = _scalar(now)
        for key, names in (
            ("forbids", statement.forbids),
            ("scope", statement.scope),
            ("chapter", (statement.chapter,)),
        ):
            new = {name: now for name in names if (now := renewed.id(name)) != name}
            if new:
                edits[statement.place(key)] = _tokens(new)
    new_text = _with_edits(text, edits)
    wanted = renewed.overlay(overlay)
    reread, _ = overlay_of(new_text, overlay.file)
    if reread is None or _names(reread) != _names(wanted):
        raise SourceError(f"`{overlay.file}` is written so that it has to be changed by hand")
    return new_text


def _names(overlay: Overlay) -> list[tuple[str, ...]]:
    return [
        (
            one.id,
            one.says,
            *(target.provision for target in one.targets),
            *one.forbids,
            *one.scope,
            one.chapter,
        )
        for one in overlay.statements
    ]


def _scalar(value: str) -> Callable[[str], str]:
    """Return a function that replaces a value by another, in quotes if it had or needs them."""

    def replacement(old: str) -> str:
        is_plain = re.fullmatch(r"\w[\w./-]*", value) and old[:1] not in {'"', "'"}
        return value if is_plain else json.dumps(value, ensure_ascii=False)

    return replacement


def _tokens(new: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that replaces ids by new ones, also inside a list."""
    alternatives = "|".join(re.escape(name) for name in sorted(new, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w/.-])(?:{alternatives})(?![\w/.-])")
    return lambda old: pattern.sub(lambda match: new[match[0]], old)


def _with_edits(text: str, edits: Mapping[Span, Callable[[str], str]]) -> str:
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for span, change in sorted(edits.items(), key=lambda edit: edit[0], reverse=True):
        start = starts[span.line - 1] + span.column - 1
        end = starts[span.end_line - 1] + span.end_column - 1
        text = text[:start] + change(text[start:end]) + text[end:]
    return text
