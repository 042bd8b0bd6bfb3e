"""Overlays checked against their upstream: names, contradictions, a verdict for each statement, and hints."""

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
    """The verdicts and findings on overlays of one upstream spec.

    :param verdicts: on every statement whose names upstream has, in the order of the files
    :param norms: the norms of upstream
    :param findings: problems found, refusals included
    :param digest: SHA-256 of upstream's text, if known
    """

    norms: Norms
    overlays: tuple[Overlay, ...]
    verdicts: tuple[StatementVerdict, ...]
    findings: tuple[Finding, ...]
    digest: str = ""

    @property
    def upstream(self) -> Spec:
        """The spec that the overlays change."""
        return self.norms.spec

    @property
    def summary(self) -> str:
        """How many statements are allowed, refused and not judged."""
        allowed, refused = len(self.allowed), len(self.refused)
        count = self._count
        unjudged = f", {count - allowed - refused} not judged" * (count > allowed + refused)
        return f"{number_of(count, 'statement')}: {allowed} allowed, {refused} refused{unjudged}"

    @property
    def is_partial(self) -> bool:
        """Whether some statement is refused or could not be judged."""
        return len(self.allowed) < self._count

    @property
    def _count(self) -> int:
        return sum(len(one.statements) + one.unread for one in self.overlays)

    def with_findings(self, further: Iterable[Finding]) -> OverlayReport:
        """Return the report with further findings, all in source order."""
        findings = sorted((*self.findings, *further), key=lambda one: (one.span, one.code, one.message))
        return replace(self, findings=tuple(findings))

    @property
    def allowed(self) -> tuple[StatementVerdict, ...]:
        """The allowed statements."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_allowed)

    @property
    def allowed_by_overlay(self) -> dict[str, tuple[StatementVerdict, ...]]:
        """The allowed statements, by overlay."""
        return self._by_overlay(self.allowed)

    @property
    def refused(self) -> tuple[StatementVerdict, ...]:
        """The refused statements."""
        verdicts = (verdict for verdict in self.verdicts if not verdict.is_allowed)
        return tuple(verdict for some in self._by_overlay(verdicts).values() for verdict in some)

    def _by_overlay(self, verdicts: Iterable[StatementVerdict]) -> dict[str, tuple[StatementVerdict, ...]]:
        """Return verdicts by overlay, ordered by id so that the place in a file makes no difference."""
        by_name = grouped((verdict.overlay.name, verdict) for verdict in verdicts)
        return {
            overlay.name: tuple(
                sorted(by_name.get(overlay.name, ()), key=lambda one: as_counted(one.statement.id))
            )
            for overlay in self.overlays
        }


def check_overlays(
    overlays: Sequence[Overlay], spec: Spec, *, older: Sequence[Spec] = (), digest: str = ""
) -> OverlayReport:
    """Judge every statement of overlays on one upstream spec.

    :param overlays: a later one is the later message, so that overlays of nested folders come last
    :param older: earlier releases, searched for ids that upstream no longer has
    :param digest: SHA-256 of upstream's text, if known
    """
    norms, quotations = Norms(spec), Quotations(spec)
    demands = _Demands(norms, quotations)
    findings: list[Finding] = []
    verdicts: list[StatementVerdict] = []
    for overlay in overlays:
        findings += (*_upstream_changes(overlay, spec, digest), *matching_nothing(overlay))
        if wrong := _wrong_holder(overlay, norms):
            findings.append(wrong)
            continue
        names = _Names(norms, overlay, older)
        judge = OverlayJudge(norms, overlay, quotations)
        for statement in overlay.statements:
            name_findings = tuple(names.of(statement))
            findings += name_findings
            if not any(finding.severity is Severity.ERROR for finding in name_findings):
                verdicts.append(judge.verdict(statement))
    for verdict in verdicts:
        findings += _verdict_findings(verdict, norms, demands)
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


def _upstream_changes(overlay: Overlay, spec: Spec, digest: str) -> Iterator[Finding]:
    """Report that upstream is not the text that the statements were written for."""
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
    """Report a holder that is not a level, or is a level that no message can have."""
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
    """Return a hint for a name that upstream, which somebody else writes, does not have."""
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
            problems = tuple(self._provision(target.provision, target.span))
            yield from problems
            if target.clause and all(one.severity is not Severity.ERROR for one in problems):
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
                titles = [example.title for example in self._norms.spec.examples]
                yield self._unfound("example", name, statement.place("voids"), titles)

    def _unfound(self, kind: str, name: str, span: Span, known: Collection[str]) -> Finding:
        return self._unknown.finding(kind, name, span, known, hint=_hint(kind, self._norms))

    def _provision(self, name: str, span: Span, *, needs_norm: bool = True) -> Iterator[Finding]:
        provision = self._norms.provisions.get(name)
        if provision is None:
            yield self._vanished(name, span) or self._unfound("provision", name, span, self._norms.provisions)
        elif provision.id != name:
            yield Finding(
                code="renamed-target",
                message=f"`{name}` is called `{provision.id}` now",
                span=span,
                hint="use the new id",
            )
        elif needs_norm and not principles_in(self._norms, provision.id):
            yield Finding(
                code="no-norm",
                message=f"`{name}` is a section without a principle: there is nothing to change",
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


# -- findings of verdicts ------------------------------------------------------------------------


def _verdict_findings(verdict: StatementVerdict, norms: Norms, demands: _Demands) -> Iterator[Finding]:
    statement = verdict.statement
    if verdict.code is not None:
        yield Finding(
            code=verdict.code.value,
            message=f"`{statement.id}` is refused: {why(verdict)}{_quotation_suffix(verdict.decisive.quoted)}",
            span=statement.place(statement.operation.value),
            hint=instead(verdict, norms),
            related=(verdict.decisive.quoted.span,) if verdict.decisive.quoted else (),
        )
        return
    for note in verdict.notes:
        if note in _NOTES:
            yield Finding(
                code=note.value,
                message=_NOTES[note].format(id=statement.id, about=_subjects(verdict, note)),
                span=statement.place(statement.operation.value),
            )
    yield from demands.of(verdict)
    yield from _void(verdict, norms)


def _subjects(verdict: StatementVerdict, note: VerdictNote) -> str:
    """Return the subjects of the parts that have a note, each once."""
    return ", ".join(dict.fromkeys(f"`{one.about}`" for one in verdict.parts if note in one.notes))


def _quotation_suffix(quotation: Quotation | None) -> str:
    """Return a colon and a quoted sentence with its place in its provision."""
    return f": “{quotation.words}” ({quotation.locator})" if quotation else ""


_NOTES = {
    VerdictNote.RESTATES: "`{id}` says again what upstream says in {about}",
    VerdictNote.TAKES_SWITCH: "users could override {about}, and with `{id}` they no longer can",
}
"""Notes that are also reported as findings."""


def why(verdict: StatementVerdict) -> str:
    """Return the reason for a refusal in words."""
    part, holder = verdict.decisive, verdict.overlay.holder
    if verdict.code is RefusalCode.SPLIT:
        parts = (
            f"{one.subject}: {'allowed' if one.is_allowed else one.code or 'refused'}"
            for one in verdict.parts
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
    """Return what would be allowed in place of a refused statement."""
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
    """Finds, and caches, sentences that demand something on the topics of a narrowed principle."""

    def __init__(self, norms: Norms, quotations: Quotations) -> None:
        self._norms = norms
        self._quotations = quotations
        self._beside: dict[str, tuple[tuple[Principle, Quotation], ...]] = {}

    def of(self, verdict: StatementVerdict) -> Iterator[Finding]:
        """Yield a hint for each demand that a narrowing may rule out and does not name."""
        statement, provisions = verdict.statement, self._norms.provisions
        if statement.operation is not Operation.NARROWS:
            return
        forbidden = {provisions[name].id for name in statement.forbids}
        for target in statement.targets:
            for other, quotation in self._near(provisions[target.provision]):
                if other.id not in forbidden:
                    yield Finding(
                        code="may-forbid-a-demand",
                        message=f"`{statement.id}` may rule out what `{other.id}` asks for{_quotation_suffix(quotation)}",
                        span=statement.place("narrows"),
                        hint=f"if it does, write `forbids: [{other.id}]`",
                        related=(quotation.span,),
                    )

    def _near(self, narrowed: Provision) -> tuple[tuple[Principle, Quotation], ...]:
        """Return the principles at its level or above that share a topic with it, each with its demand."""
        rank = self._norms.rank
        if not isinstance(narrowed, Principle) or narrowed.authority not in rank:
            return ()
        if narrowed.id not in self._beside:
            demands = (
                (other, self._quotations.demand(other))
                for other in self._norms.spec.principles
                if other.id != narrowed.id and {*narrowed.topics} & {*other.topics}
                if rank.get(other.authority, len(rank)) <= rank[narrowed.authority]
            )
            self._beside[narrowed.id] = tuple((other, one) for other, one in demands if one)
        return self._beside[narrowed.id]


def _void(verdict: StatementVerdict, norms: Norms) -> Iterator[Finding]:
    """Yield a hint on upstream examples of a changed provision: a person has to decide whether they still hold."""
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
        listing = ", ".join(f"“{title}”" for title in titles[:_FEW]) + ", …" * (len(titles) > _FEW)
        yield Finding(
            code="void-examples",
            message=f"upstream shows what `{statement.id}` {statement.operation}: {listing}",
            span=statement.place(statement.operation.value),
            hint="list those that no longer apply in `voids`",
        )


_FEW = 3
_CHANGING = frozenset({Operation.OVERRIDES, Operation.NARROWS, Operation.PERMITS})


def _contradictions(verdicts: Sequence[StatementVerdict]) -> Iterator[Finding]:
    """Find statements of one file that give one issue two values; neither wins by its place.

    Two statements about one provision settle the same thing only if they name an issue or a term.
    """
    by_issue = grouped(
        ((verdict.overlay.file, issue), verdict)
        for verdict in verdicts
        if verdict.is_allowed
        and (verdict.statement.issue or verdict.statement.operation is Operation.DEFINES)
        for issue in verdict.issues
    )
    for (_, issue), rivals in by_issue.items():
        places = StatementPlaces(rivals, [one.statement.answer for one in rivals])
        for number, verdict in enumerate(rivals):
            if (place := places.first_before(number)) is not None:
                other, statement = rivals[place].statement, verdict.statement
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
    """Find statements of two files that settle one issue differently in one place, and report which of them holds."""
    by_issue = grouped(
        (issue, verdict) for verdict in verdicts if verdict.is_allowed for issue in _issues_of_others(verdict)
    )
    for issue, rivals in by_issue.items():
        places = StatementPlaces(
            rivals, [one.overlay.file for one in rivals], [_settled_value(one) for one in rivals]
        )
        for number, near in enumerate(rivals):
            if (place := places.last_before(number)) is not None:
                yield _which_holds(issue, near, rivals[place], norms)


def _issues_of_others(verdict: StatementVerdict) -> tuple[str, ...]:
    """Return what a statement settles that another file can settle too; rules of its own are known in its file only."""
    statement = verdict.statement
    if statement.issue or statement.operation not in {Operation.ADDS, Operation.NARROWS}:
        return verdict.issues
    return tuple(dict.fromkeys(part.about for part in verdict.parts if statement.forbids))


def _which_holds(issue: str, near: StatementVerdict, far: StatementVerdict, norms: Norms) -> Finding:
    """Report which of two statements, as messages of their holders, holds; the later file is the later message."""
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
    hint = "move it to the outer folder" if is_nested else "put the file that should win last"
    holds, other = near, far
    if decision.labels["near"] is not Label.IN:
        above = norms.rank[far.overlay.holder] < norms.rank[near.overlay.holder]
        why_ = f", as its holder `{far.overlay.holder}` ranks above" if above else ", as it is explicit"
        holds, other, hint = far, near, "have it said at that level" if above else "say it explicitly"
    return Finding(
        code="nearest-file-wins",
        message=f"on `{issue}`, `{holds.id}` wins over `{other.id}`{why_}",
        span=near.statement.place(near.statement.operation.value),
        hint=f"{hint}, or say with `where` that they do not meet",
        related=(far.statement.place(far.statement.operation.value),),
    )


def _settled_value(verdict: StatementVerdict) -> Value:
    """Return the value that a statement gives, distinct across files whose statement ids may be equal."""
    statement = verdict.statement
    return statement.answer if statement.answer != statement.id or statement.value else verdict.id
