"""The spec that results from overlays: upstream's provisions verbatim, and the allowed statements as provisions among them."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports import Formats
from sphinx_policyspec.files import Brief, dump_json, grouped, number_of, printable
from sphinx_policyspec.graph.terms import ONTOLOGY
from sphinx_policyspec.model import (
    Case,
    Comparison,
    Delegation,
    Example,
    Finding,
    Item,
    Label,
    Message,
    Operation,
    Origin,
    Principle,
    Prose,
    Provision,
    Refusal,
    Response,
    Span,
    Spec,
    SpecStatement,
    StatementMode,
    Turn,
    Verdict,
    VerdictNote,
    origins,
)
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.outlines import passage_of
from sphinx_policyspec.model.spec import is_date
from sphinx_policyspec.overlays.check import OverlayReport, why
from sphinx_policyspec.overlays.quotations import Quotation
from sphinx_policyspec.overlays.verdicts import StatementVerdict, principles_in
from sphinx_policyspec.readers.overlays import OverlayStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayResolution(Brief):
    """The spec that results from overlays, and the report on them.

    :param spec: upstream with another title if no statement is allowed
    """

    report: OverlayReport
    spec: Spec


def resolved(report: OverlayReport) -> OverlayResolution:
    """Return the spec that results from overlays on their upstream.

    Raises :class:`SourceError` if two overlays have one name.
    """
    upstream = report.upstream
    names = (*upstream.overlays, *(overlay.name for overlay in report.overlays))
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise SourceError(
            f"two overlays are called `{twice}`, so that their statements could not be distinguished"
        )
    allowed = report.allowed_by_overlay
    spec = replace(
        upstream,
        title=", with ".join(
            filter(None, (upstream.title, " and ".join(overlay.name for overlay in report.overlays)))
        ),
        provisions=_among(
            upstream.provisions,
            tuple(_Resolver(report).provision(one) for verdicts in allowed.values() for one in verdicts),
        ),
        overlays=(
            *upstream.overlays,
            *(name for name, verdicts in allowed.items() if verdicts),
        ),
        refusals=(*upstream.refusals, *map(_refusal, report.refused)),
    )
    return OverlayResolution(report=report, spec=spec)


def _here(span: Span) -> Span:
    """Return a place without the folder of its file, so that the spec is the same wherever it is read."""
    return replace(span, file=PurePath(span.file).name)


def _refusal(verdict: StatementVerdict) -> Refusal:
    statement, quoted = verdict.statement, verdict.decisive.quoted
    return Refusal(
        id=verdict.id,
        operation=statement.operation.value,
        named=statement.name or ", ".join(target.provision for target in statement.targets),
        refused=str(verdict.code),
        because=f"{why(verdict)}: {quoted.cited}" if quoted else why(verdict),
        span=_here(statement.span),
    )


def _among(upstream: Sequence[Provision], statements: Sequence[SpecStatement]) -> tuple[Provision, ...]:
    """Return provisions with each statement after its target; an addition at the end of its chapter, or of the spec."""
    behind = grouped((one.parent, one) for one in statements)
    provisions: list[Provision] = []
    open_ones: list[Provision] = []

    def close(depth: int) -> None:
        """Append the additions of chapters that end here."""
        while open_ones and open_ones[-1].depth >= depth:
            chapter = open_ones.pop()
            provisions.extend(one for one in behind.get(chapter.id, ()) if one.operation is Operation.ADDS)

    for provision in upstream:
        close(provision.depth)
        provisions.append(provision)
        open_ones.append(provision)
        provisions.extend(one for one in behind.get(provision.id, ()) if one.operation is not Operation.ADDS)
    close(0)
    return (*provisions, *behind.get(None, ()))


class _Resolver:
    """Turns statements into provisions."""

    def __init__(self, report: OverlayReport) -> None:
        self._norms = report.norms
        self._by_issue = {
            (verdict.overlay.name, verdict.statement.issue): verdict.statement
            for verdict in reversed(report.verdicts)
            if verdict.statement.issue
        }

    def provision(self, verdict: StatementVerdict) -> SpecStatement:
        """Return an allowed statement as a provision."""
        statement, overlay = verdict.statement, verdict.overlay
        operation = statement.operation
        targets = self._ids(target.provision for target in statement.targets)
        scope = self._ids(
            self._provisions_of(overlay.name, statement) if operation is Operation.DELEGATES else ()
        )
        parent = self._norms.provisions.get(
            statement.chapter or next(iter(scope or self._first(statement)), "")
        )
        issue = statement.issue or (statement.id if operation is Operation.NARROWS else "")
        fields = {
            Operation.DELEGATES: {"delegates": scope, "delegates_to": statement.name},
            Operation.DEFINES: {"defines": statement.name},
            Operation.ADDS: {},
        }
        is_own = operation is Operation.ADDS
        return SpecStatement(
            id=verdict.id,
            title=statement.name if is_own else _title(statement.id),
            depth=parent.depth + 1 if parent else 1,
            parent=parent.id if parent else None,
            span=_here(statement.span),
            blocks=(
                Prose(source="", text=statement.says, span=_here(statement.place("says"))),
                *_examples(verdict),
            ),
            authority=(statement.level if is_own else "") or overlay.holder,
            overlay=overlay.name,
            forbids=self._ids(statement.forbids),
            locks=self._ids(part.about for part in verdict.parts if VerdictNote.TAKES_SWITCH in part.notes),
            voids=tuple(
                sorted({example.id for name in statement.voids for example in self._norms.examples(name)})
            ),
            words=tuple(
                sorted(
                    {
                        (self._norms.provisions[one.provision].id, one.clause)
                        for one in statement.targets
                        if one.clause
                    }
                )
            ),
            implied=statement.mode is StatementMode.IMPLICIT,
            issue=issue,
            answer=str(statement.answer),
            surface=overlay.surface.value,
            because=statement.because,
            globs=tuple(sorted({*verdict.globs})),
            audience=statement.audience,
            **fields.get(operation, {operation.value: targets}),  # type: ignore[arg-type]  # a field of its name
        )

    def _ids(self, names: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
        provisions = (self._norms.provisions.get(name) for name in names)
        return tuple(sorted({provision.id for provision in provisions if provision}))

    @staticmethod
    def _first(statement: OverlayStatement) -> Iterator[str]:
        return (target.provision for target in statement.targets)

    def _provisions_of(self, overlay: str, statement: OverlayStatement) -> Iterator[str]:
        """Yield the provisions of a scope: those that it names, and the targets of statements on its issues."""
        for name in statement.scope:
            if name in self._norms.provisions:
                yield name
            elif other := self._by_issue.get((overlay, name)):
                yield from (target.provision for target in other.targets)


def _title(name: str) -> str:
    """Return an id as a title."""
    words = " ".join(re.split(r"[-_\s]+", name)).strip() or name
    return words[:1].upper() + words[1:]


def _examples(verdict: StatementVerdict) -> Iterator[Example]:
    statement = verdict.statement
    place = _here(statement.place("examples"))
    for number, one in enumerate(statement.examples, 1):
        answers = tuple(
            Response(text=text, verdict=kind, span=place)
            for text, kind in ((one.good, Verdict.GOOD), (one.bad, Verdict.BAD))
            if text
        )
        title = " ".join(one.user.split()) or f"{_title(statement.id)} {number}"
        question = (Message(role="user", text=one.user, span=place),) if one.user else ()
        turns: tuple[Turn, ...] = (
            *question,
            *((Comparison(responses=answers, span=place),) if answers else ()),
        )
        yield Example(
            id=f"{verdict.id}/{number}",
            title=title,
            source_title=title,
            turns=turns,
            span=place,
            source="",
        )


# -- cases -------------------------------------------------------------------------------------


def cases_below(resolution: OverlayResolution, cases: Iterable[Case]) -> Iterator[Finding]:
    """Find cases whose outcome overlays change, and cases about statements that do not come out as they expect.

    A case that names no statement gets the statements that settle its issues, as items of a message before all others.
    """
    before, after = resolution.report.norms, Norms(resolution.spec)
    new = [one for one in after.spec.statements if one.overlay in resolution.report.allowed_by_overlay]
    for case in cases:
        names_one = any(after.statement(item.principle) for item in case.items)
        if findings := problems(case, after if names_one else before):
            yield from findings
        elif names_one:
            decided = decide(case, after)
            differences = "; ".join(
                f"{one.name or one.kind} {_value(one.found)}" for one in decided.differences
            )
            if differences:
                yield Finding(
                    code="case-not-as-expected",
                    message=f"{shown(case.title)} is not as it expects: {differences}",
                    span=case.span,
                )
        else:
            yield from _changed(case, tuple(_speaking(case, new, after)), before, after)


def _changed(case: Case, added: tuple[Item, ...], before: Norms, after: Norms) -> Iterator[Finding]:
    was = decide(case, before).labels
    now = decide(replace(case, items=(*case.items, *added)), after)
    changes = [
        f"`{name}` is {now.labels[name]}, was {label}"
        for name, label in was.items()
        if now.labels[name] is not label
    ]
    holding = [f"`{item.principle}`" for item in added if now.labels[item.id] is Label.IN]
    if changes:
        yield Finding(
            code="case-changed",
            message=f"{shown(case.title)} comes out otherwise below {', '.join(dict.fromkeys(holding))}: {'; '.join(changes)}",
            span=case.span,
        )


def _value(value: object) -> str:
    return f"is {value}" if isinstance(value, str) else "is otherwise"


def _speaking(case: Case, statements: Iterable[SpecStatement], norms: Norms) -> Iterator[Item]:
    """Yield the statements that settle the issues of a case, as items of it."""
    used = {item.id for item in case.items}
    for statement in statements:
        targets = (
            *statement.overrides,
            *statement.permits,
            *statement.forbids,
            *statement.restates,
            *statement.delegates,
        )
        about = {one.id for name in targets if name in norms.provisions for one in principles_in(norms, name)}
        issues = {
            item.issue: item.value
            for item in case.items
            if item.issue == statement.issue
            or ((principle := norms.principle(item.principle)) and principle.id in about)
        }
        for number, (issue, value) in enumerate(issues.items(), 1):
            name = f"{statement.id}-{number}" if number > 1 or statement.id in used else statement.id
            gives = statement.delegates_to
            yield Item(
                id=name,
                principle=statement.id,
                issue=f"{issue}, who decides" if gives else issue,
                value=value if statement.restates else statement.answer,
                delegates=Delegation(source=gives, scope=(issue,)) if gives else None,
                span=statement.span,
            )


# -- text --------------------------------------------------------------------------------------


def resolution_text(resolution: OverlayResolution) -> str:
    """Return the provisions of a resolved spec in order, each with its origin and place; statements with their text."""
    spec = resolution.spec
    origins_by_id = origins(spec)
    meets = {one.id: one.decisive.quoted for one in resolution.report.verdicts}
    lines = [
        line for one in spec.provisions for line in _lines(one, origins_by_id.get(one.id, ()), spec, meets)
    ]
    lines += [f"{one.id}: refused ({one.refused}): {one.because} ({one.span.place})" for one in spec.refusals]
    statements = len(spec.statements)
    total = f"{spec.title}: {number_of(len(spec.provisions) - statements, 'provision')} of upstream, {number_of(statements, 'statement')}"
    return "".join(f"{printable(line)}\n" for line in (*lines, total))


def _about(statement: SpecStatement, spec: Spec) -> Iterator[str]:
    """Yield the targets of a statement: provisions, or the places of the words in them that it names."""
    words = dict(statement.words)
    for name in statement.targets:
        passage = passage_of(spec.provision_by_id[name], words[name]) if name in words else None
        yield passage.locator if passage else name


def _lines(
    provision: Provision,
    origin_pairs: Sequence[tuple[Origin, str]],
    spec: Spec,
    meets: Mapping[str, Quotation | None],
) -> Iterator[str]:
    indent = "  " * (provision.depth - 1)
    level = f" [{provision.authority}]" if isinstance(provision, Principle) else ""
    if isinstance(provision, SpecStatement):
        about = ", ".join(_about(provision, spec)) or provision.defines or provision.title
        yield f"{indent}{provision.id}{level}: {provision.operation} {about} ({provision.span.place})"
        yield from (f"{indent}  {line}" for line in provision.text.splitlines() if line.strip())
        if quoted := meets.get(provision.id):
            yield f"{indent}  upstream: {quoted.cited}"
        return
    done = grouped((origin, statement) for origin, statement in origin_pairs if statement)
    listing = ", ".join(f"{origin} {', '.join(names)}" for origin, names in done.items())
    yield f"{indent}{provision.id}{level}: {listing or Origin.UPSTREAM} ({provision.span.place})"


# -- statements for programs ------------------------------------------------------------


def statements_graph(resolution: OverlayResolution) -> bytes:
    """Return the allowed statements as JSON-LD, without the provisions of upstream, which they name by IRI."""
    from sphinx_policyspec.graph.serialize import serialize  # noqa: PLC0415  the engine only where it is needed
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    allowed = {
        one.id for one in resolution.spec.statements if one.overlay in resolution.report.allowed_by_overlay
    }
    spec = resolution.spec
    alone = Spec(
        title=spec.title,
        version=spec.version,
        base_iri=spec.base_iri,
        levels=spec.levels,
        overlays=spec.overlays,
        provisions=tuple(replace(one, parent=None, depth=1) for one in spec.statements if one.id in allowed),
    )
    return serialize(triples_of(alone), "jsonld")[0]


_OSCAL = "1.1.3"
_OSCAL_TOKEN = re.compile(r"[^\W\d][\w.-]*")
_NAMESPACE = uuid.UUID("6f2d0f64-5f0b-5f0e-9d6c-6a1f7a3f1c55")
"""Namespace of the UUIDs of profiles."""


def oscal_profile(resolution: OverlayResolution) -> bytes:
    """Return an OSCAL profile: upstream's provisions imported by id, and each allowed statement added to its target.

    A statement without a target is added to the last chapter. Equal overlays give equal bytes.
    """
    report, spec = resolution.report, resolution.spec
    upstream = report.upstream
    home = next((one.id for one in reversed(upstream.provisions) if one.depth == 1), "")
    new = [one for one in spec.statements if one.overlay in report.allowed_by_overlay]
    by_control = grouped((next(iter(one.targets), one.parent or home), one) for one in new)
    issued = upstream.issued if is_date(upstream.issued) else "1970-01-01"
    profile = {
        "metadata": {
            "title": _line(spec.title),
            "last-modified": f"{issued}T00:00:00Z",
            "version": _line(upstream.version) or "undated",
            "oscal-version": _OSCAL,
        },
        "imports": [
            {
                "href": quote(report.overlays[0].upstream.source, safe="/:#?&=%@.~-_"),
                "include-controls": [{"with-ids": [_token(one.id) for one in upstream.provisions]}],
            }
        ],
        "modify": {"alters": [_alter(control, some) for control, some in by_control.items() if control]},
    }
    name = uuid.uuid5(_NAMESPACE, dump_json(profile))
    text = dump_json({"profile": {"uuid": str(name), **profile}}, indent=2)
    return f"{text}\n".encode("utf-8", "replace")


def _alter(control: str, statements: Iterable[SpecStatement]) -> dict[str, Any]:
    parts = []
    for one in statements:
        values = {
            "operation": one.operation.value,
            "id": one.id,
            "level": one.authority,
            "because": one.because,
        }
        props = [
            {"name": name, "ns": ONTOLOGY, "value": _line(value)}
            for name, value in values.items()
            if _line(value)
        ]
        parts.append(
            {
                "id": _token(one.id),
                "name": "statement",
                "title": _line(one.title),
                "props": props,
                "prose": one.text,
            }
        )
    return {"control-id": _token(control), "adds": [{"position": "ending", "parts": parts}]}


def _line(text: str) -> str:
    return printable(" ".join(text.split()))


def _token(name: str) -> str:
    """Return an id as an OSCAL token; an id that is not a token gets a checksum, which keeps it distinct."""
    if _OSCAL_TOKEN.fullmatch(name):
        return name
    plain_ = re.sub(r"[^\w.-]+", ".", name)
    return f"_{plain_}.{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"


RESOLUTION_FORMATS: Formats[OverlayResolution] = {"text": resolution_text}
"""The output forms of a resolved spec besides those of a graph."""
