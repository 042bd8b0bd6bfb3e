"""A diff as statements for the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx_policyspec.compare import Change, SpecDiff, Subject
from sphinx_policyspec.compare.examples import FILE
from sphinx_policyspec.exports.diff.outline import sentence

if TYPE_CHECKING:
    from sphinx_policyspec.graph.releases import Revision

__all__ = ["revision_of"]

_OWN = frozenset({
    Subject.PROVISION, Subject.EXAMPLE, Subject.DEFINITION, Subject.LEVEL, Subject.TOPIC, Subject.GOAL, Subject.TAG,
})  # fmt: skip
"""Things whose IRI is made of their kind and id alone."""


def revision_of(diff: SpecDiff) -> Revision:
    """Return what the graph tells of a diff: every change, and what has another IRI and is the same."""
    from sphinx_policyspec.graph.releases import ChangeFact, Revision  # noqa: PLC0415  diffs need no rdflib

    facts = []
    for change in diff.changes:
        subject, id_ = _subject(diff, change)
        kind = change.kind.value
        if subject == "provision" != change.subject.value:
            # Of something without an IRI of its own, a kind alone would be one of what holds it.
            kind = f"{change.subject.value}-{kind}"
        facts.append(
            ChangeFact(
                kind=kind,
                subject=subject,
                id=id_,
                weight=change.weight.value,
                rule=change.rule,
                text=sentence(change),
                before=change.old,
                after=change.new,
            )
        )
    same = [("provision", match.old, match.new) for match in diff.matches if match.old != match.new]
    same += [("example", old, new) for old, new in diff.renamed_examples.items()]
    return Revision(old=diff.old, new=diff.new, facts=tuple(facts), same=tuple(same))


def _subject(diff: SpecDiff, change: Change) -> tuple[str, str]:
    """Return the kind and id of what a change is about, or of what holds it."""
    if change.subject in _OWN:
        return change.subject.value, change.id
    if change.subject is Subject.PROMPT:
        return ("prompt-file" if change.aspect == FILE else "prompt"), change.id
    if change.provision:
        return "provision", change.provision
    return "release", diff.new or "undated"
