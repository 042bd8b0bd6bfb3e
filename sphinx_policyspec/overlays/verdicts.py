"""Whether a statement is allowed: a conversation that shows it, decided by the chain of command, and why.

The label of the statement in that conversation is the verdict. The codes only explain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sphinx_policyspec.checks.prose import matches
from sphinx_policyspec.decision import Decision, Norms, decide
from sphinx_policyspec.decision.precedence import LAW
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import (
    AuthorityLevel,
    Case,
    Clause,
    Definition,
    Delegation,
    Item,
    Label,
    Operation,
    OverrideMode,
    Principle,
    Prose,
    Provision,
    RefusalCode,
    Semantics,
    Spec,
    SpecStatement,
    StatementMode,
    Surface,
    VerdictNote,
    overriders,
)
from sphinx_policyspec.model.nearest import plain
from sphinx_policyspec.overlays.places import from_above, hold_together
from sphinx_policyspec.overlays.quotations import Quotation, Quotations
from sphinx_policyspec.readers.overlays import AS_UPSTREAM, Overlay, OverlayStatement, StatementTarget

OTHERWISE = "otherwise"
"""The value that a user, or a text with delegated authority, asks for in witnesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness(Brief):
    """The smallest conversation that shows a verdict.

    :param item: id of the item whose label is the verdict
    """

    case: Case
    decision: Decision
    item: str

    @property
    def label(self) -> Label:
        """The label of the item."""
        return self.decision.labels[self.item]

    @property
    def rule(self) -> str:
        """Id of the rule that decides it; empty if nothing is against it."""
        return next(reason.rule for reason in self.decision.reasons if reason.item == self.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartVerdict(Brief):
    """Whether a statement is allowed for one of its targets.

    :param about: id of a provision, or the issue of a delegation; empty for an addition
    :param level: level of the norm that it meets; none if it meets none
    :param code: why it is refused; none if it is allowed
    :param quoted: the sentence of upstream that it meets
    :param others: further ones of the provision that use a term which a definition changes
    """

    about: str
    witness: Witness
    clause: str = ""
    level: AuthorityLevel | None = None
    code: RefusalCode | None = None
    quoted: Quotation | None = None
    others: tuple[Quotation, ...] = ()
    notes: tuple[VerdictNote, ...] = ()

    @property
    def subject(self) -> str:
        """Its subject in words, with the clause that it names."""
        return f"`{self.about}`" + f" (“{self.clause}”)" * bool(self.clause)

    @property
    def is_allowed(self) -> bool:
        """Whether it is allowed, by the label of its witness."""
        return self.witness.label is Label.IN


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementVerdict(Brief):
    """Whether a statement is allowed.

    :param parts: one for each of its targets
    """

    overlay: Overlay
    statement: OverlayStatement
    parts: tuple[PartVerdict, ...]

    @property
    def id(self) -> str:
        """Id of the statement in cases and graphs."""
        return f"{self.overlay.name}/{self.statement.id}"

    @property
    def globs(self) -> tuple[str, ...]:
        """Patterns of the files that it holds in, relative to the common folder of all overlays read together."""
        return from_above(self.statement.globs, self.overlay.home)

    @property
    def audience(self) -> str:
        """Whom it is for, in words."""
        return self.statement.audience

    @property
    def is_allowed(self) -> bool:
        """Whether all of its parts are allowed."""
        return all(part.is_allowed for part in self.parts)

    @property
    def decisive(self) -> PartVerdict:
        """The part that decides the verdict: the first that is refused, else the first."""
        return next((part for part in self.parts if not part.is_allowed), self.parts[0])

    @property
    def code(self) -> RefusalCode | None:
        """Why it is refused as a whole; none if it is allowed."""
        if self.is_allowed:
            return None
        codes = {part.code for part in self.parts}
        return self.decisive.code if len(codes) == 1 else RefusalCode.SPLIT

    @property
    def issues(self) -> tuple[str, ...]:
        """The issues that it settles, each once."""
        return tuple(dict.fromkeys(self.statement.issue_on(part.about) for part in self.parts))

    @property
    def notes(self) -> tuple[VerdictNote, ...]:
        """Its notes, each once; a refused statement has none."""
        parts = self.parts if self.is_allowed else ()
        return tuple(dict.fromkeys(note for part in parts for note in part.notes))


class OverlayJudge:
    """Judges the statements of overlays on one upstream spec."""

    def __init__(self, norms: Norms, overlay: Overlay, quotations: Quotations | None = None) -> None:
        """Take an overlay whose holder is a level that messages can have."""
        self.norms = norms
        self.overlay = overlay
        self.holder = norms.spec.level_by_id[overlay.holder]
        self._is_first_party = overlay.surface is Surface.FIRST_PARTY
        self._quotations = quotations or Quotations(norms.spec)
        self.quotation = self._quotations.of

    @cached_property
    def _words(self) -> dict[str, str]:
        """The words of each principle, to skip quickly most of those that do not use a term."""
        return {
            one.id: " ".join(
                f"{block.source} {block.text}"
                for block in one.blocks
                if isinstance(block, Prose | Definition)
            ).casefold()
            for one in self.norms.spec.principles
        }

    @cached_property
    def issues(self) -> dict[str, OverlayStatement]:
        """The statements that name an issue, by issue."""
        return {one.issue: one for one in reversed(self.overlay.statements) if one.issue}

    def verdict(self, statement: OverlayStatement) -> StatementVerdict:
        """Judge a statement whose names upstream has."""
        parts = tuple(self._parts(statement))
        return StatementVerdict(overlay=self.overlay, statement=statement, parts=parts)

    def _parts(self, statement: OverlayStatement) -> Iterator[PartVerdict]:
        one_by_one = {
            Operation.OVERRIDES: self._overridden,
            Operation.PERMITS: self._permitted,
            Operation.RESTATES: self._restated,
        }
        as_a_whole = {
            Operation.NARROWS: self._narrowed,
            Operation.ADDS: self._added,
            Operation.DELEGATES: self._delegated,
            Operation.DEFINES: self._defined,
        }
        if judge := one_by_one.get(statement.operation):
            return (
                judge(statement, principle, clause) for principle, clause in self._aims(statement.targets)
            )
        return as_a_whole[statement.operation](statement)

    # -- norms that a statement meets --------------------------------------------------------------

    def _aims(self, targets: Iterable[StatementTarget]) -> Iterator[tuple[Principle, Clause | None]]:
        """Yield the principles that targets name (for a section, those in it), each with the clause of the target."""
        for target in targets:
            for principle in principles_in(self.norms, target.provision):
                clause = self._clause(principle, target.clause) if target.clause else None
                yield principle, clause

    def _clause(self, principle: Principle, words: str) -> Clause:
        """Return the clause that contains some words; if none is declared, a clause with the level of the principle."""
        wanted = plain(words)
        for clause in self._clauses.get(principle.id, ()):
            if wanted in plain(clause.text) or plain(clause.text) in wanted:
                return clause
        return Clause(principle=principle.id, authority=principle.authority, text=words, span=principle.span)

    @cached_property
    def _clauses(self) -> dict[str, list[Clause]]:
        """Clauses by principle; one that claims a level above that of its principle gets that of the principle."""
        rank = self.norms.rank
        return grouped(
            (
                owner.id,
                max(clause, replace(clause, authority=owner.authority), key=lambda one: rank[one.authority]),
            )
            for clause in self.norms.spec.clauses
            if (owner := self.norms.principle(clause.principle))
            and {owner.authority, clause.authority, clause.permits_by or clause.authority} <= rank.keys()
        )

    def _level(self, principle: Principle, clause: Clause | None) -> AuthorityLevel:
        return self.norms.spec.level_by_id[clause.authority if clause else principle.authority]

    def _code(self, principle: Principle, level: AuthorityLevel) -> RefusalCode:
        """Return why the holder cannot override a norm of a level."""
        rank = self.norms.rank
        if level.override is OverrideMode.NEVER:
            return RefusalCode.ROOT_IS_FIXED
        if rank[self.holder.id] > rank[level.id]:
            return RefusalCode.LEVEL_TOO_LOW
        if self._is_first_party and level.override is not OverrideMode.IMPLICIT and principle.category != LAW:
            return RefusalCode.FIRST_PARTY
        return RefusalCode.NEEDS_EXPLICIT

    # -- the items of witnesses --------------------------------------------------------------

    def _statement_item(self, statement: OverlayStatement, issue: str) -> Item:
        return Item(
            id=statement.id,
            role=self.holder.roles[0],
            turn=1,
            explicit=statement.mode is StatementMode.EXPLICIT,
            issue=issue,
            value=statement.answer,
            span=statement.span,
        )

    def _norm(self, principle: Principle, clause: Clause | None, issue: str, statement_id: str) -> Item:
        name = principle.id if principle.id != statement_id else f"{principle.id}-upstream"
        level = clause.authority if clause and clause.authority != principle.authority else ""
        return Item(
            id=name, principle=principle.id, level=level, issue=issue, value=AS_UPSTREAM, span=principle.span
        )

    def _witness(
        self, statement: OverlayStatement, about: str, items: Sequence[Item], item: str = ""
    ) -> Witness:
        title = f"{self.overlay.name}/{statement.id}" + f" on {about}" * bool(about)
        case = Case(
            title=title,
            items=tuple(items),
            semantics=Semantics(first_party=self._is_first_party),
            span=statement.span,
        )
        return Witness(case=case, decision=decide(case, self.norms), item=item or statement.id)

    def _with_user(
        self, part: PartVerdict, statement: OverlayStatement, principle: Principle, issue: str
    ) -> PartVerdict:
        """Add a user who asks otherwise, if users could override a principle and no longer can."""
        user = self.norms.level_of_role.get(_USER)
        level = self.norms.spec.level_by_id[principle.authority]
        if not part.is_allowed or user is None or user not in overriders(self.norms.spec.levels, level):
            return part
        asks = Item(
            id=_distinct(_USER, part.witness.case.items),
            role=_USER,
            turn=2,
            issue=issue,
            value=OTHERWISE,
            span=statement.span,
        )
        witness = self._witness(statement, part.about, (*part.witness.case.items, asks))
        if witness.label is not Label.IN or witness.decision.labels[asks.id] is not Label.OUT:
            return part
        more = (VerdictNote.FIRST_PARTY_USER,) if self._is_first_party else ()
        return replace(part, witness=witness, notes=(*part.notes, VerdictNote.TAKES_SWITCH, *more))

    # -- one for each operation --------------------------------------------------------------

    def _overridden(
        self, statement: OverlayStatement, principle: Principle, clause: Clause | None
    ) -> PartVerdict:
        issue = statement.issue_on(principle.id)
        items = (self._norm(principle, clause, issue, statement.id), self._statement_item(statement, issue))
        part = self._against(statement, principle, clause, self._witness(statement, principle.id, items))
        part = self._with_user(part, statement, principle, issue)
        return self._under(part, statement, principle, issue)

    def _under(
        self, part: PartVerdict, statement: OverlayStatement, principle: Principle, issue: str
    ) -> PartVerdict:
        """Judge also against statements of overlays below this one on the same issue: a higher holder's word is."""
        here = replace(statement, globs=from_above(statement.globs, self.overlay.home))
        for other in self._below.get((principle.id, issue), ()) if part.is_allowed else ():
            if not hold_together(here, other):
                continue
            earlier = self._norm(other, None, issue, statement.id)
            witness = self._witness(statement, other.id, (earlier, self._statement_item(statement, issue)))
            if witness.label is not Label.IN:
                refusal = self._against(statement, other, None, witness)
                return replace(refusal, quoted=self.quotation(other, other.text))
        return part

    @cached_property
    def _below(self) -> dict[tuple[str, str], list[SpecStatement]]:
        """Statements of overlays that upstream already contains, by each principle that they change and their issue."""
        return grouped(
            ((principle.id, one.issue or principle.id), one)
            for one in self.norms.spec.statements
            for name in (*one.overrides, *one.permits)
            if name in self.norms.provisions
            for principle in principles_in(self.norms, name)
        )

    def _against(
        self, statement: OverlayStatement, principle: Principle, clause: Clause | None, witness: Witness
    ) -> PartVerdict:
        level = self._level(principle, clause)
        code = None if witness.label is Label.IN else self._code(principle, level)
        words, is_implied = clause.text if clause else "", code is RefusalCode.NEEDS_EXPLICIT
        return PartVerdict(
            about=principle.id,
            clause=words,
            level=level,
            code=code,
            quoted=self.quotation(principle, words, statement.says, is_implied=is_implied),
            witness=witness,
        )

    def _permitted(
        self, statement: OverlayStatement, principle: Principle, clause: Clause | None
    ) -> PartVerdict:
        """Judge the use of a permission at the level that may give it, if the holder has it; else as an override."""
        rank = self.norms.rank
        permission = next(
            (
                one
                for one in self._clauses.get(principle.id, ())
                if one.permits_by and rank[self.holder.id] <= rank[one.permits_by]
                if clause is None or one is clause
            ),
            None,
        )
        if permission is None:
            return self._overridden(statement, principle, clause)
        return self._overridden(statement, principle, replace(permission, authority=permission.permits_by))

    def _restated(
        self, statement: OverlayStatement, principle: Principle, clause: Clause | None
    ) -> PartVerdict:
        issue = statement.issue_on(principle.id)
        items = (self._norm(principle, clause, issue, statement.id), self._statement_item(statement, issue))
        part = self._against(statement, principle, clause, self._witness(statement, principle.id, items))
        return self._with_user(replace(part, notes=(VerdictNote.RESTATES,)), statement, principle, issue)

    def _narrowed(self, statement: OverlayStatement) -> Iterator[PartVerdict]:
        """Judge a narrowing by the principles whose demands it rules out; if it names none, it meets no demand."""
        targets = list(self._aims(statement.targets))
        forbidden = [principle for name in statement.forbids for principle in principles_in(self.norms, name)]
        issue = statement.issue_on("")
        for principle in forbidden:
            items = (self._norm(principle, None, issue, statement.id), self._statement_item(statement, issue))
            yield self._against(statement, principle, None, self._witness(statement, principle.id, items))
        for principle, clause in () if forbidden else targets:
            own = self._norm(principle, clause, principle.id, statement.id)
            narrowed = f"{issue}, narrowed" if issue == principle.id else issue
            witness = self._witness(statement, principle.id, (own, self._statement_item(statement, narrowed)))
            part = self._against(statement, principle, clause, witness)
            yield self._with_user(part, statement, principle, narrowed)

    def _added(self, statement: OverlayStatement) -> Iterator[PartVerdict]:
        """Judge an addition by its level: the holder's word must prevail over an earlier one at that level."""
        issue = statement.issue_on("")
        item = self._statement_item(statement, issue)
        level = self.norms.spec.level_by_id[statement.level or self.holder.id]
        if level.id == self.holder.id:
            yield PartVerdict(about="", level=level, witness=self._witness(statement, "", (item,)))
            return
        earlier = Item(
            id=_distinct(f"earlier-at-{level.id}", (item,)),
            level=level.id,
            issue=issue,
            value=OTHERWISE,
            span=statement.span,
        )
        witness = self._witness(statement, "", (earlier, item))
        code = None if witness.label is Label.IN else RefusalCode.ABOVE_HOLDER
        yield PartVerdict(about="", level=level, code=code, witness=witness)

    def _delegated(self, statement: OverlayStatement) -> Iterator[PartVerdict]:
        """Judge a delegation by what a text from its source can then do on each issue."""
        for scope in statement.scope:
            for principle, clause in self._deciding(scope):
                issue = statement.issue or scope
                gives = Delegation(source=statement.name, scope=(issue,))
                item = replace(self._statement_item(statement, statement.issue_on(scope)), delegates=gives)
                norm = self._norm(principle, clause, issue, statement.id)
                text = Item(
                    id=_distinct("text", (item, norm)),
                    source=statement.name,
                    turn=2,
                    issue=issue,
                    value=OTHERWISE,
                    span=statement.span,
                )
                witness = self._witness(statement, principle.id, (norm, item, text), text.id)
                code = None if witness.label is Label.IN else RefusalCode.BEYOND_POWER
                part = self._against(statement, principle, clause, witness)
                yield replace(part, about=scope, code=code)

    def _deciding(self, scope: str) -> tuple[tuple[Principle, Clause | None], ...]:
        """Return the norms of upstream that decide an issue: the principle of that id, or targets of a statement on it."""
        if scope in self.norms.provisions:
            return tuple((principle, None) for principle in principles_in(self.norms, scope))
        statement = self.issues.get(scope)
        return tuple(self._aims(statement.targets)) if statement else ()

    def _defined(self, statement: OverlayStatement) -> Iterator[PartVerdict]:
        """Judge a definition by the norms that use the term; if it can change them all, it is allowed."""
        item = self._statement_item(statement, issue := statement.issue_on(""))
        refused, word = [], statement.name.casefold()
        term = re.compile(rf"(?<!\w){re.escape(statement.name)}(?!\w)", re.IGNORECASE)
        for principle in self.norms.spec.principles:
            is_norm = principle.authority in self.norms.rank and word in self._words[principle.id]
            if not is_norm or not any(matches((principle,), term)):
                continue
            items = (self._norm(principle, None, issue, statement.id), item)
            witness = self._witness(statement, principle.id, items)
            if witness.label is not Label.IN:
                part = self._against(statement, principle, None, witness)
                quoted, *others = self._quotations.holding(principle, statement.name) or (part.quoted,)
                refusal = replace(part, code=RefusalCode.WEAKENED, quoted=quoted)
                refused.append(replace(refusal, others=tuple(filter(None, others))))
        yield from refused or (PartVerdict(about="", witness=self._witness(statement, "", (item,))),)


_USER = "user"


def principles_in(norms: Norms, name: str) -> tuple[Principle, ...]:
    """Return the principle of an id, or those below a section."""
    provision = norms.provisions[name]
    if isinstance(provision, Principle):
        return (provision,)
    return tuple(one for one in norms.norms if provision.id in _above(norms.spec, one))


def upstream_says(statement: SpecStatement, spec: Spec) -> tuple[Quotation, ...]:
    """Return the sentence of upstream that a statement of a resolved spec meets, for each of its targets."""
    norms, quotations, words = Norms(spec), Quotations(spec), dict(statement.words)
    sentences = (
        quotations.nearest(principles_in(norms, name), words.get(name, ""), statement.text)
        for name in statement.targets
        if name in norms.provisions
    )
    return tuple(dict.fromkeys(one for one in sentences if one))


def _above(spec: Spec, provision: Provision) -> Iterator[str]:
    parent = provision.parent
    while parent is not None:
        yield parent
        parent = spec.provision_by_id[parent].parent


def _distinct(name: str, items: Iterable[Item]) -> str:
    ids = {item.id for item in items}
    while name in ids:
        name += "-2"
    return name
