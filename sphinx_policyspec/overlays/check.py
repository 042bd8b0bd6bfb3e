"""Overlays checked against their upstream: names, contradictions, a verdict for each statement, and what to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.files import Brief, as_counted, grouped, number_of
from sphinx_policyspec.model import (
    Case,
    Finding,
    Item,
    Label,
    Operation,
    Principle,
    Provision,
    RefusalCode,
    Severity,
    Span,
    Spec,
    StatementMode,
    Value,
    VerdictNote,
)
from sphinx_policyspec.model.finding import UnknownNames, no_such_clause, shown
from sphinx_policyspec.model.nearest import holds
from sphinx_policyspec.overlays.places import StatementPlaces, is_inside, matching_nothing
from sphinx_policyspec.overlays.quotations import Quotation, Quotations
from sphinx_policyspec.overlays.verdicts import OverlayJudge, StatementVerdict, principles_in
from sphinx_policyspec.readers.overlays import Overlay, OverlayStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayReport(Brief):
    """What is to be said of overlays on one upstream spec.

    :param verdicts: of every statement whose names upstream has, in the order of the files
    :param norms: what is looked up in upstream
    :param findings: refusals too
    :param digest: SHA-256 of upstream's text, where that is known
    """

    norms: Norms
    overlays: tuple[Overlay, ...]
    verdicts: tuple[StatementVerdict, ...]
    findings: tuple[Finding, ...]
    digest: str = ""

    @property
    def upstream(self) -> Spec:
        """The spec that the overlays are about."""
        return self.norms.spec

    @property
    def summary(self) -> str:
        """How many statements there are, and what becomes of them."""
        said, refused = len(self.allowed), len(self.refused)
        count = self._count
        unjudged = f", {count - said - refused} not judged" * (count > said + refused)
        return f"{number_of(count, 'statement')}: {said} allowed, {refused} refused{unjudged}"

    @property
    def is_partial(self) -> bool:
        """Whether a statement may not be said, or could not be judged."""
        return len(self.allowed) < self._count

    @property
    def _count(self) -> int:
        return sum(len(one.statements) + one.unread for one in self.overlays)

    def with_findings(self, found: Iterable[Finding]) -> OverlayReport:
        """Return it with what else was found, in source order."""
        findings = sorted((*self.findings, *found), key=lambda one: (one.span, one.code, one.message))
        return replace(self, findings=tuple(findings))

    @property
    def allowed(self) -> tuple[StatementVerdict, ...]:
        """The statements that may be said."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_allowed)

    @property
    def said(self) -> dict[str, tuple[StatementVerdict, ...]]:
        """The statements that may be said, by overlay."""
        return self._by_overlay(self.allowed)

    @property
    def refused(self) -> tuple[StatementVerdict, ...]:
        """Those that may not."""
        found = (verdict for verdict in self.verdicts if not verdict.is_allowed)
        return tuple(verdict for some in self._by_overlay(found).values() for verdict in some)

    def _by_overlay(self, verdicts: Iterable[StatementVerdict]) -> dict[str, tuple[StatementVerdict, ...]]:
        """Return verdicts by overlay; no place in a file counts, so that ids order them."""
        found = grouped((verdict.overlay.name, verdict) for verdict in verdicts)
        return {
            overlay.name: tuple(
                sorted(found.get(overlay.name, ()), key=lambda one: as_counted(one.statement.id))
            )
            for overlay in self.overlays
        }


def check_overlays(
    overlays: Sequence[Overlay], spec: Spec, *, older: Sequence[Spec] = (), digest: str = ""
) -> OverlayReport:
    """Judge every statement of overlays on one upstream spec.

    :param overlays: the later one is the later message: those of nested folders stand behind those around them
    :param older: releases before it, which tell what ids were called
    :param digest: SHA-256 of upstream's text, where that is known
    """
    norms, quotations = Norms(spec), Quotations(spec)
    demands = _Demands(norms, quotations)
    findings: list[Finding] = []
    verdicts: list[StatementVerdict] = []
    for overlay in overlays:
        findings += (*_pinned(overlay, spec, digest), *matching_nothing(overlay))
        if wrong := _wrong_holder(overlay, norms):
            findings.append(wrong)
            continue
        names = _Names(norms, overlay, older)
        judge = OverlayJudge(norms, overlay, quotations)
        for statement in overlay.statements:
            told = tuple(names.of(statement))
            findings += told
            if not any(finding.severity is Severity.ERROR for finding in told):
                verdicts.append(judge.verdict(statement))
    for verdict in verdicts:
        findings += _told(verdict, norms, demands)
    findings += _contradictions(verdicts)
    findings += _nearest(verdicts, norms)
    return OverlayReport(
        norms=norms,
        overlays=tuple(overlays),
        verdicts=tuple(verdicts),
        findings=tuple(sorted(findings, key=lambda one: (one.span, one.code, one.message))),
        digest=digest,
    )


# -- names -------------------------------------------------------------------------------------


def _pinned(overlay: Overlay, spec: Spec, digest: str) -> Iterator[Finding]:
    """Find that upstream is another text than the one that statements were written for."""
    pin = overlay.upstream
    if pin.release and pin.release != spec.version:
        yield Finding(
            code="upstream-changed",
            message=f"written for release {shown(pin.release)}, and upstream is `{spec.version or 'without a version'}`",
            span=overlay.place("upstream.release"),
            hint="see with `policyspec diff` what changed, then take the new release over",
        )
    elif pin.sha256 and digest and pin.sha256.lower() != digest:
        yield Finding(
            code="upstream-changed",
            message=f"upstream's text is not the one with this digest; it has `{digest}`",
            span=overlay.place("upstream.sha256"),
            hint="read what changed, then take the new digest over",
        )


def _wrong_holder(overlay: Overlay, norms: Norms) -> Finding | None:
    """Find a holder that is no level, or one that no message can have."""
    level, span = norms.spec.level_by_id.get(overlay.holder), overlay.place("holder")
    speaking = [one.id for one in norms.spec.levels if one.roles]
    if level is None:
        return UnknownNames().finding("level", overlay.holder, span, speaking, hint=_hint("level", norms))
    if not level.roles:
        return Finding(
            code="unknown-level",
            message=f"no message has the level `{level.id}`, so that nobody can say this",
            span=span,
            hint=f"name one of {', '.join(f'`{name}`' for name in speaking)}",
        )
    return None


def _hint(kind: str, norms: Norms) -> str:
    """Return what to do about a name that upstream does not have, which somebody else writes."""
    if kind == "level" and not norms.spec.levels:
        return "upstream declares no level: give `--annotations` a sidecar that does"
    return f"correct it: it names {'an' if kind[0] in 'aeiou' else 'a'} {kind} of upstream"


class _Names:
    """Finds names of statements that upstream does not have."""

    def __init__(self, norms: Norms, overlay: Overlay, older: Sequence[Spec]) -> None:
        self._norms = norms
        self._overlay = overlay
        self._older = older
        self._unknown = UnknownNames()
        self._issues = {statement.issue for statement in overlay.statements if statement.issue}

    def of(self, statement: OverlayStatement) -> Iterator[Finding]:
        for target in statement.targets:
            found = tuple(self._provision(target.provision, target.span))
            yield from found
            if target.clause and all(one.severity is not Severity.ERROR for one in found):
                yield from self._words(target.provision, target.clause, target.span)
        for name in statement.forbids:
            yield from self._provision(name, statement.place("forbids"))
        for name in statement.scope:
            if name not in self._issues:
                yield from self._provision(name, statement.place("scope"))
        if statement.chapter:
            yield from self._provision(statement.chapter, statement.place("chapter"), needs_norm=False)
        if statement.level and statement.level not in self._norms.rank:
            yield self._unfound("level", statement.level, statement.place("level"), self._norms.rank)
        for name in statement.voids:
            if not self._norms.examples(name):
                known = [example.title for example in self._norms.spec.examples]
                yield self._unfound("example", name, statement.place("voids"), known)

    def _unfound(self, kind: str, name: str, span: Span, known: Collection[str]) -> Finding:
        return self._unknown.finding(kind, name, span, known, hint=_hint(kind, self._norms))

    def _provision(self, name: str, span: Span, *, needs_norm: bool = True) -> Iterator[Finding]:
        found = self._norms.provisions.get(name)
        if found is None:
            yield self._vanished(name, span) or self._unfound("provision", name, span, self._norms.provisions)
        elif found.id != name:
            yield Finding(
                code="renamed-target",
                message=f"`{name}` is called `{found.id}` now",
                span=span,
                hint="use the new id",
            )
        elif needs_norm and not principles_in(self._norms, found.id):
            yield Finding(
                code="no-norm",
                message=f"`{name}` is a section that no principle stands in: there is nothing to change",
                span=span,
                hint="name a principle",
            )

    def _vanished(self, name: str, span: Span) -> Finding | None:
        had = [spec.version for spec in self._older if name in spec.provision_by_id]
        if not had:
            return None
        return Finding(
            code="vanished-target",
            message=f"upstream has no `{name}` any more; release `{had[-1]}` is the last that has it",
            span=span,
            hint="drop the statement, or name what took its place",
        )

    def _words(self, name: str, clause: str, span: Span) -> Iterator[Finding]:
        provision = self._norms.provisions[name]
        if not holds(provision.text, clause):
            yield no_such_clause(name, clause, span)


# -- what verdicts tell ------------------------------------------------------------------------


def _told(verdict: StatementVerdict, norms: Norms, demands: _Demands) -> Iterator[Finding]:
    statement = verdict.statement
    if verdict.code is not None:
        yield Finding(
            code=verdict.code.value,
            message=f"`{statement.id}` is refused: {why(verdict)}{_cited(verdict.decisive.quoted)}",
            span=statement.place(statement.operation.value),
            hint=instead(verdict, norms),
            related=(verdict.decisive.quoted.span,) if verdict.decisive.quoted else (),
        )
        return
    for note in verdict.notes:
        if note in _NOTES:
            yield Finding(
                code=note.value,
                message=_NOTES[note].format(id=statement.id, about=_named(verdict, note)),
                span=statement.place(statement.operation.value),
            )
    yield from demands.of(verdict)
    yield from _void(verdict, norms)


def _named(verdict: StatementVerdict, note: VerdictNote) -> str:
    """Return what of a statement has a note, each once."""
    return ", ".join(dict.fromkeys(f"`{one.about}`" for one in verdict.parts if note in one.notes))


def _cited(quotation: Quotation | None) -> str:
    """Return a sentence in quotes behind a colon, with its place in its provision."""
    return f": “{quotation.words}” ({quotation.locator})" if quotation else ""


_NOTES = {
    VerdictNote.RESTATES: "`{id}` says again what upstream says in {about}",
    VerdictNote.TAKES_SWITCH: "users could override {about}, and with `{id}` they no longer can",
}
"""Notes that are findings as well."""


def why(verdict: StatementVerdict) -> str:
    """Return in words why a statement is refused."""
    part, holder = verdict.decisive, verdict.overlay.holder
    if verdict.code is RefusalCode.SPLIT:
        parts = (
            f"{one.named}: {'allowed' if one.is_allowed else one.code or 'refused'}" for one in verdict.parts
        )
        return f"its parts come out differently ({'; '.join(parts)})"
    level = part.level.id if part.level else ""
    reasons: Mapping[RefusalCode | None, str] = {
        RefusalCode.ROOT_IS_FIXED: f"no message overrides `{part.about}`, which has the level `{level}`",
        RefusalCode.LEVEL_TOO_LOW: f"`{part.about}` has the level `{level}`, which is above `{holder}`",
        RefusalCode.NEEDS_EXPLICIT: f"`{part.about}` has the level `{level}`, which only an explicit instruction overrides",
        RefusalCode.FIRST_PARTY: f"on the publisher's own product no message overrides `{part.about}`, "
        f"which has the level `{level}`",
        RefusalCode.ABOVE_HOLDER: f"it claims the level `{level}`, which is above `{holder}`",
        RefusalCode.BEYOND_POWER: f"`{holder}` cannot give others a say on `{part.about}`, which has the level `{level}`",
        RefusalCode.WEAKENED: f"`{part.about}`, which has the level `{level}`, uses the term",
    }
    return reasons.get(part.code, "the chain of command decides against it")


OVERRIDDEN = {
    "never": "by no message",
    "explicit": "by an explicit instruction",
    "implicit": "also by context",
}


def instead(verdict: StatementVerdict, norms: Norms) -> str:
    """Return what would be allowed in place of a statement that is refused."""
    part = verdict.decisive
    if verdict.code is RefusalCode.LEVEL_TOO_LOW and part.level:
        above = [one.id for one in norms.spec.levels[: norms.rank[part.level.id] + 1] if one.roles]
        return (
            f"have it said at the level {' or '.join(f'`{name}`' for name in above)}" if above else "drop it"
        )
    cures = {
        RefusalCode.NEEDS_EXPLICIT: "say it explicitly, and write `mode: explicit`",
        RefusalCode.SPLIT: "split it, and drop what is refused",
        RefusalCode.ABOVE_HOLDER: f"leave `level` out: it has that of the holder, `{verdict.overlay.holder}`",
        RefusalCode.BEYOND_POWER: f"take `{part.about}` out of `scope`",
        RefusalCode.WEAKENED: "use another term",
    }
    return cures.get(verdict.code, "drop it") if verdict.code else ""


class _Demands:
    """Finds sentences that ask for something on the topics of what is narrowed, and remembers them."""

    def __init__(self, norms: Norms, quotations: Quotations) -> None:
        self._norms = norms
        self._quotations = quotations
        self._beside: dict[str, tuple[tuple[Principle, Quotation], ...]] = {}

    def of(self, verdict: StatementVerdict) -> Iterator[Finding]:
        """Hint at those that a narrowing does not name."""
        statement, provisions = verdict.statement, self._norms.provisions
        if statement.operation is not Operation.NARROWS:
            return
        named = {provisions[name].id for name in statement.forbids}
        for target in statement.targets:
            for other, quotation in self._near(provisions[target.provision]):
                if other.id not in named:
                    yield Finding(
                        code="may-forbid-a-demand",
                        message=f"`{statement.id}` may rule out what `{other.id}` asks for{_cited(quotation)}",
                        span=statement.place("narrows"),
                        hint=f"if it does, write `forbids: [{other.id}]`",
                        related=(quotation.span,),
                    )

    def _near(self, narrowed: Provision) -> tuple[tuple[Principle, Quotation], ...]:
        """Return the principles at its level or above that share a topic with it, each with what it asks for."""
        rank = self._norms.rank
        if not isinstance(narrowed, Principle) or narrowed.authority not in rank:
            return ()
        if narrowed.id not in self._beside:
            found = (
                (other, self._quotations.demand(other))
                for other in self._norms.spec.principles
                if other.id != narrowed.id and {*narrowed.topics} & {*other.topics}
                if rank.get(other.authority, len(rank)) <= rank[narrowed.authority]
            )
            self._beside[narrowed.id] = tuple((other, one) for other, one in found if one)
        return self._beside[narrowed.id]


def _void(verdict: StatementVerdict, norms: Norms) -> Iterator[Finding]:
    """Hint at upstream examples of what is changed: somebody has to say whether they still hold."""
    statement = verdict.statement
    if statement.operation not in _CHANGING or statement.voids:
        return
    titles = [
        example.title
        for part in verdict.parts
        if (provision := norms.provisions.get(part.about))
        for example in provision.examples
    ]
    if titles:
        named = ", ".join(f"“{title}”" for title in titles[:_FEW]) + ", …" * (len(titles) > _FEW)
        yield Finding(
            code="void-examples",
            message=f"upstream shows what `{statement.id}` {statement.operation}: {named}",
            span=statement.place(statement.operation.value),
            hint="list those that no longer hold in `voids`",
        )


_FEW = 3
_CHANGING = frozenset({Operation.OVERRIDES, Operation.NARROWS, Operation.PERMITS})


def _contradictions(verdicts: Sequence[StatementVerdict]) -> Iterator[Finding]:
    """Find statements of one file that give one issue two values: neither wins by its place.

    Statements about one provision settle one thing of it only where they name an issue, or a term.
    """
    by_issue = grouped(
        ((verdict.overlay.file, issue), verdict)
        for verdict in verdicts
        if verdict.is_allowed
        and (verdict.statement.issue or verdict.statement.operation is Operation.DEFINES)
        for issue in verdict.issues
    )
    for (_, issue), found in by_issue.items():
        places = StatementPlaces(found, [one.statement.answer for one in found])
        for number, verdict in enumerate(found):
            if (place := places.first_before(number)) is not None:
                other, statement = found[place].statement, verdict.statement
                yield Finding(
                    code="contradicts-itself",
                    message=f"`{other.id}` and `{statement.id}` give `{issue}` two values, "
                    f"`{other.answer}` and `{statement.answer}`",
                    span=statement.place("value"),
                    hint="keep one, give both one `value` if they go together, or say with `where` that they hold in "
                    "different places",
                    related=(other.place("value"),),
                )


def _nearest(verdicts: Sequence[StatementVerdict], norms: Norms) -> Iterator[Finding]:
    """Find statements of two files that settle one issue differently in one place, and tell which of them holds."""
    by_issue = grouped(
        (issue, verdict) for verdict in verdicts if verdict.is_allowed for issue in _issues_of_others(verdict)
    )
    for issue, found in by_issue.items():
        places = StatementPlaces(found, [one.overlay.file for one in found], [_settled(one) for one in found])
        for number, near in enumerate(found):
            if (place := places.last_before(number)) is not None:
                yield _which_holds(issue, near, found[place], norms)


def _issues_of_others(verdict: StatementVerdict) -> tuple[str, ...]:
    """Return what a statement settles that those of another file can settle, too: its own rules are known in its file alone."""
    statement = verdict.statement
    if statement.issue or statement.operation not in {Operation.ADDS, Operation.NARROWS}:
        return verdict.issues
    return tuple(dict.fromkeys(part.about for part in verdict.parts if statement.forbids))


def _which_holds(issue: str, near: StatementVerdict, far: StatementVerdict, norms: Norms) -> Finding:
    """Return which of two statements holds, as the messages of their holders that they are: the later file is the later message."""
    items = tuple(
        Item(
            id=name,
            role=norms.spec.level_by_id[one.overlay.holder].roles[0],
            turn=turn,
            explicit=one.statement.mode is StatementMode.EXPLICIT,
            issue=issue,
            value=name,
            span=one.statement.span,
        )
        for turn, (name, one) in enumerate((("far", far), ("near", near)))
    )
    decision = decide(Case(title=issue, items=items, span=near.statement.span), norms)
    is_nested = near.overlay.home != far.overlay.home and is_inside(near.overlay.home, far.overlay.home)
    why_ = ", as its file lies in the nearer folder" if is_nested else ""
    hint = "move it to the outer folder" if is_nested else "give the file that is to hold last"
    holds, other = near, far
    if decision.labels["near"] is not Label.IN:
        above = norms.rank[far.overlay.holder] < norms.rank[near.overlay.holder]
        why_ = f", as its holder `{far.overlay.holder}` ranks above" if above else ", as it is explicit"
        holds, other, hint = far, near, "have it said at that level" if above else "say it explicitly"
    return Finding(
        code="nearest-file-wins",
        message=f"on `{issue}`, `{holds.id}` holds in place of `{other.id}`{why_}",
        span=near.statement.place(near.statement.operation.value),
        hint=f"{hint}, or say with `where` that they do not meet",
        related=(far.statement.place(far.statement.operation.value),),
    )


def _settled(verdict: StatementVerdict) -> Value:
    """Return what a statement says among those of several files, whose ids may be the same."""
    statement = verdict.statement
    return statement.answer if statement.answer != statement.id or statement.value else verdict.id
