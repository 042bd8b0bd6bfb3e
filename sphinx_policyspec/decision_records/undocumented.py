"""Changes that bind somebody otherwise, and of which no record of a decision says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sphinx_policyspec.compare import Change, Weight, compare
from sphinx_policyspec.exports.diff.json import revision_of
from sphinx_policyspec.exports.diff.wording import sentence
from sphinx_policyspec.feedback.joins import Links
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.graph.releases import ChangeFact, Revision
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordStatus
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.spec import is_date

_NORMATIVE = frozenset({Weight.TIGHTENING, Weight.LOOSENING, Weight.BOTH})
_DECIDED = frozenset({RecordStatus.ACCEPTED, RecordStatus.DEPRECATED, RecordStatus.SUPERSEDED})
"""What somebody decided, whatever became of it later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndocumentedChange(Brief):
    """A change without a record.

    :param provision: today's id of the provision; that which it had where it is gone
    :param revision: from which release to which
    :param order: its place among the changes of the revision, from 1
    :param fact: as the graph tells it
    """

    provision: str
    revision: Revision
    order: int
    change: Change
    fact: ChangeFact


def undocumented_changes(
    records: Iterable[DecisionRecord], releases: Sequence[Spec]
) -> tuple[UndocumentedChange, ...]:
    """Return what was made stricter or looser from each release to the next, and no record decides about.

    A record counts if it decides about the provision, under any of its ids, and was accepted. Where it has a date, and versions
    of releases are dates, it counts for a change after the older one, and no later than the release after the newer one: a
    record may be written late. What needs a reader counts as neither stricter nor looser.

    :param releases: from the first to the last
    """
    links = Links(releases)
    decided = grouped(
        (links.now(name) or name, one)
        for one in records
        if one.status in _DECIDED
        for name in dict.fromkeys(one.provisions)
    )
    versions = [one.version for one in releases]
    found = []
    for place, (old, new) in enumerate(pairwise(releases)):
        until = versions[place + 2] if place + 2 < len(versions) else ""
        diff = compare(old, new)
        revision = revision_of(diff)
        for order, (change, fact) in enumerate(zip(diff.changes, revision.facts, strict=True), 1):
            name = links.now(change.provision) or change.provision
            dates = (one.date for one in decided.get(name, ()))
            if (
                name
                and change.weight in _NORMATIVE
                and not any(_fits(date, old.version, until) for date in dates)
            ):
                found.append(
                    UndocumentedChange(
                        provision=name, revision=revision, order=order, change=change, fact=fact
                    )
                )
    return tuple(found)


def _fits(date: str, since: str, until: str) -> bool:
    """Return whether a record of a day may be about what changed after one release, and before the one after the next."""
    if not is_date(date):
        return True
    return not (is_date(since) and date <= since) and not (is_date(until) and date > until)


def undocumented_findings(changes: Iterable[UndocumentedChange], spec: Spec) -> Iterator[Finding]:
    """Yield that a provision is stricter or looser than in the release before, and that nothing says why.

    :param spec: the last release; what changed before it is past
    """
    of_last = (one for one in changes if one.revision.new == spec.version)
    for name, several in grouped((one.provision, one) for one in of_last).items():
        change = several[0].change
        weights = {one.change.weight for one in several}
        weight = weights.pop() if len(weights) == 1 else Weight.BOTH
        word = {Weight.TIGHTENING: "stricter", Weight.LOOSENING: "looser"}.get(weight, "stricter and looser")
        more = f", and {len(several) - 1} more" if len(several) > 1 else ""
        provision = spec.provision_by_id.get(name)
        first = spec.documents[0].file if spec.documents else ""
        span = change.new_span or (provision.span if provision else Span(first, 1))
        since = shown(several[0].revision.old) if several[0].revision.old else "the release before"
        yield Finding(
            code="undocumented-change",
            message=f"{shown(name)} is {word} than in {since}, and no record of a decision says why: {sentence(change)}{more}",
            span=span,
            hint=f"write a record of the decision with `{name}` among its `provisions`",
        )
