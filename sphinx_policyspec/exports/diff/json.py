"""A diff as JSON, and as triples; reading lists, reviews, histories and locks as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.compare import SPACES, Change, ChangeKind, ReadingList, SpecDiff, Subject
from sphinx_policyspec.compare.change import judged_id, summary_of
from sphinx_policyspec.compare.examples import FILE
from sphinx_policyspec.compare.history import LockChange, Moment, Review
from sphinx_policyspec.compare.rewording import SentenceChange
from sphinx_policyspec.compare.sentences import TextSentence
from sphinx_policyspec.compare.words import TextChange, normal
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseReading, CaseState, ComparedCase
from sphinx_policyspec.exports import json_object
from sphinx_policyspec.exports.decisions import decision_record, explanation
from sphinx_policyspec.exports.diff.outline import changes_behind
from sphinx_policyspec.exports.diff.wording import lock_verdict, sentence
from sphinx_policyspec.model import Judgement

if TYPE_CHECKING:
    from sphinx_policyspec.graph.releases import Revision

_K = ChangeKind
_BEGIN = 160
"""Characters of a text that identify it; the whole text is under ``changes``."""
_P = Subject.PROVISION


def json_diff(diff: SpecDiff, behaviour: BehaviourDiff | None = None) -> str:
    """Return a diff as one JSON object.

    :param behaviour: the effect of the diff on cases, listed under ``cases``
    """
    cases = {"cases": [_record(one, behaviour) for one in behaviour.cases]} if behaviour else {}
    findings = (*diff.findings, *(behaviour.findings if behaviour else ()))
    return json_object(as_json(diff) | cases, findings)


def json_reading_list(reading_list: ReadingList) -> str:
    """Return a reading list as one JSON object."""
    record = {
        "from": reading_list.diff.old,
        "to": reading_list.diff.new,
        "unread": [
            {
                "id": id_,
                "title": reading_list.diff.titles.get(id_, ""),
                "digest": reading_list.digests[id_],
                "changes": [_change(change) for change in changes],
            }
            for id_, changes in reading_list.unread.items()
        ],
    }
    return json_object(record, reading_list.diff.findings)


def json_review(review: Review) -> str:
    """Return the review of a changelog against the changes as one JSON object."""
    record = {
        "version": review.version,
        "has_entry": review.has_entry,
        "claims": [
            {
                "text": claim.text,
                "state": claim.state.value,
                "provisions": list(claim.evidence),
                "evidence": dict(claim.evidence),
                "near": list(claim.near),
            }
            for claim in review.claims
        ],
        "untold": [
            {"id": change.id, "kind": change.kind.value, "text": sentence(change)} for change in review.untold
        ],
    }
    return json_object(record)


def json_history(moments: Sequence[Moment]) -> str:
    """Return the history of a provision over many releases as one JSON object."""
    releases = [
        {
            "version": moment.version,
            "id": moment.id,
            "title": moment.title,
            "level": moment.level,
            "words": moment.words,
            "examples": moment.examples,
            "is_gone": moment.is_gone,
            "changes": [
                {"kind": c.kind.value, "weight": c.weight.value, "rule": c.rule, "text": sentence(c)}
                for c in moment.changes
            ],
        }
        for moment in moments
    ]
    return json_object({"releases": releases})


def json_lock(changes: Sequence[LockChange]) -> str:
    """Return the changes since a lock as one JSON object."""
    records = [asdict(change) for change in changes]
    entries = [{name: value for name, value in one.items() if value or name != "aspect"} for one in records]
    record = {"verdict": lock_verdict(changes), "changes": entries}
    return json_object(record)


def as_json(diff: SpecDiff) -> dict[str, Any]:
    """Return a diff as plain values; lists are in the reading order of the new spec."""
    lists: dict[str, Any] = {**_provisions(diff), **_prompts(diff), **_examples(diff), **_others(diff)}
    summary = summary_of(diff)
    return {
        "from": diff.old,
        "to": diff.new,
        **lists,
        "counts": {name: value if isinstance(value, int) else len(value) for name, value in lists.items()},
        "bump": summary.bump.value,
        "bump_if_neutral": summary.judged.value,
        "holds_bump": list(dict.fromkeys(judged_id(change) for change in summary.held)),
        "weights": {weight.value: count for weight, count in summary.weights.items()},
        "changes": [_change(change) for change in diff.changes],
    }


def _ids(diff: SpecDiff, kind: ChangeKind) -> list[str]:
    return [change.id for change in diff.of(_P, kind)]


def _pairs(
    diff: SpecDiff, *kinds: ChangeKind, names: tuple[str, str] = ("old", "new")
) -> list[dict[str, Any]]:
    old, new = names
    return [{"id": c.id, old: c.old or None, new: c.new or None} for c in diff.of(_P, *kinds)]


def _provisions(diff: SpecDiff) -> dict[str, Any]:
    return {
        "sections_removed": _ids(diff, _K.REMOVED),
        "sections_added": _ids(diff, _K.ADDED),
        "id_renamed": [{"old": c.old, "new": c.new, **_likeness(c)} for c in diff.of(_P, _K.RENAMED)],
        "merge_split_candidates": [
            {"old": old, "new": new, **_likeness(c)}
            for (old, new), c in {
                (c.old, c.new): c
                for c in diff.of(_P, _K.SPLIT, _K.MERGED, _K.SUCCEEDED)
                if c.said("shared_eval_tags") or c.said("shared_examples")
            }.items()
        ],
        "retitled": _pairs(diff, _K.RETITLED),
        "moved": _pairs(diff, _K.MOVED, names=("old_parent", "new_parent")),
        "reordered": _ids(diff, _K.REORDERED),
        "authority_changed": _pairs(
            diff, _K.LEVEL_RAISED, _K.LEVEL_LOWERED, _K.LEVEL_CHANGED, _K.BECAME_PRINCIPLE, _K.BECAME_SECTION
        ),
        "authority_level_renamed": _pairs(diff, _K.LEVEL_RENAMED),
        "attrs_changed": [
            {"id": c.id, "attribute": c.aspect, "old": c.old, "new": c.new} for c in diff.of(_P, _K.ATTRIBUTE)
        ],
        "text_changed": [
            {"id": c.id, **text_record(c.text)} for c in diff.of(_P, _K.TEXT) if c.text is not None
        ],
        "typography_only": [c.id for c in diff.of(_P, _K.TYPOGRAPHY) if c.aspect != SPACES],
    }


def _likeness(change: Change) -> dict[str, Any]:
    evidence = dict(change.evidence)
    shares = {name: float(evidence.get(name, "0")) for name in ("title_sim", "text_sim", "text_containment")}
    tags, examples = evidence.get("shared_eval_tags", ""), evidence.get("shared_examples", "")
    return {
        **shares,
        "shared_eval_tags": tags.split(", ") if tags else [],
        "shared_examples": examples.split("\n") if examples else [],
    }


def text_record(text: TextChange) -> dict[str, Any]:
    """Return the change of a text as plain values."""
    changed = [unit for unit in text.units if unit.op != "="]
    words = {"-": "delete", "+": "insert", "~": "replace"}
    ops = {name: sum(words[unit.op] == name for unit in changed) for name in words.values()}
    return {
        "words_removed": text.words_removed,
        "words_added": text.words_added,
        "paragraph_ops": {name: count for name, count in ops.items() if count},
        "similarity": text.similarity,
        "detail": [
            {
                "op": words[unit.op],
                "old": [unit.old] if unit.op != "+" else [],
                "new": [unit.new] if unit.op != "-" else [],
                "runs": [[run.op, run.text + run.after] for run in unit.runs],
            }
            for unit in changed
        ],
    }


def _prompts(diff: SpecDiff) -> dict[str, Any]:
    tags, files = Subject.TAG, Subject.PROMPT
    worded = {change.id for change in diff.of(_P, _K.TEXT)}
    retagged = {
        c.provision: None for c in diff.of(tags) if c.provision not in worded and c.kind is not _K.MOVED
    }
    current = {match.new for match in diff.matches}

    def of_files(kind: ChangeKind) -> Iterator[Change]:
        return (change for change in diff.of(files, kind) if change.aspect == FILE)

    return {
        "eval_tags_only": [id_ for id_ in retagged if id_ in current],
        "eval_tags_added": [change.id for change in diff.of(tags, _K.ADDED)],
        "eval_tags_removed": [change.id for change in diff.of(tags, _K.REMOVED)],
        "eval_tags_moved": [{"tag": c.id, "old": c.old, "new": c.new} for c in diff.of(tags, _K.MOVED)],
        "eval_files_added": [change.id for change in of_files(_K.ADDED)],
        "eval_files_removed": [change.id for change in of_files(_K.REMOVED)],
        "eval_files_header_changed": [
            {"tag": c.id, "old": c.old, "new": c.new} for c in of_files(_K.RETITLED)
        ],
        "eval_cases_changed": [change.id for change in of_files(_K.CHANGED)],
    }


def _examples(diff: SpecDiff) -> dict[str, Any]:
    def of(kind: ChangeKind) -> Iterator[Change]:
        return diff.of(Subject.EXAMPLE, kind)

    # An example that was moved or retitled is listed once, with its other changes.
    elsewhere = {change.id for kind in (_K.MOVED, _K.RETITLED) for change in of(kind)}
    return {
        "examples_added": [{"section": c.provision, "title": c.new} for c in of(_K.ADDED)],
        "examples_removed": [{"section": c.provision, "title": c.old} for c in of(_K.REMOVED)],
        "examples_retitled": [
            {"section": c.provision, "old": c.old, "new": c.new, **_what(c)} for c in of(_K.RETITLED)
        ],
        "examples_moved": [
            {
                "old_section": c.said("old_section"),
                "new_section": c.provision,
                "old": c.old,
                "new": c.new,
                **_what(c),
            }
            for c in of(_K.MOVED)
        ],
        "examples_changed": [
            {"section": c.provision, "title": c.new, **_what(c)}
            for c in of(_K.CHANGED)
            if c.id not in elsewhere
        ],
        "examples_same": diff.same_examples,
        "examples_typography_only": sum(c.aspect != SPACES for c in of(_K.TYPOGRAPHY)),
    }


def _what(change: Change) -> dict[str, Any]:
    return {
        "sim": float(change.said("sim")),
        "prompt_sim": float(change.said("prompt_sim")),
        "what": _differences(change),
    }


def _differences(change: Change) -> list[str]:
    """Return the differences between two forms of an example, with counts of messages: ``messages(-1,+2)``."""
    replaced = change.messages
    counted = f"messages(-{replaced.removed},+{replaced.added})" if replaced else ""
    return [counted if one == "messages" else one for one in change.said("what").split()]


def _others(diff: SpecDiff) -> dict[str, Any]:
    commentary, definitions = Subject.COMMENTARY, Subject.DEFINITION
    return {
        "ref_pairs_added": [[c.provision, c.id] for c in diff.of(Subject.REFERENCE, _K.ADDED)],
        "ref_pairs_removed": [[c.provision, c.id] for c in diff.of(Subject.REFERENCE, _K.REMOVED)],
        "commentary_changed": [
            {
                "section": c.provision,
                "old_section": c.said("old_section"),
                "sim": c.text.similarity if c.text else 1.0,
            }
            for c in diff.of(commentary, _K.CHANGED, _K.MOVED)
        ],
        "commentary_added": [
            {"section": c.provision, "text": _begin(c.new)} for c in diff.of(commentary, _K.ADDED)
        ],
        "commentary_removed": [
            {"section": c.provision, "text": _begin(c.old)} for c in diff.of(commentary, _K.REMOVED)
        ],
        "definitions_added": [change.id for change in diff.of(definitions, _K.ADDED)],
        "definitions_removed": [change.id for change in diff.of(definitions, _K.REMOVED)],
    }


def _begin(text: str) -> str:
    """Return the beginning of commentary in plain typography, which identifies it."""
    return normal(text)[:_BEGIN]


def _change(change: Change) -> dict[str, Any]:
    spans = {"old_place": change.old_span, "new_place": change.new_span}
    reach = {
        name: list(getattr(change.reach, name))
        for name in ("examples", "prompts", "references", "dependents", "overlays", "cases", "results")
    }
    return {
        "kind": change.kind.value,
        "subject": change.subject.value,
        "id": change.id,
        "provision": change.provision,
        "aspect": change.aspect,
        "old": change.old,
        "new": change.new,
        "weight": change.weight.value,
        "rule": change.rule,
        "evidence": {
            name: " ".join(_differences(change)) if name == "what" else text for name, text in change.evidence
        },
        "reach": {name: ids for name, ids in reach.items() if ids},
        **{name: span.place if span else None for name, span in spans.items()},
        "text": text_record(change.text) if change.text else None,
        "sentences": [_sentence(one) for one in change.sentences],
        "judgement": _judgement(change.judgement) if change.judgement else None,
    }


def _sentence(change: SentenceChange) -> dict[str, Any]:
    """Return a changed sentence with what is known of its norm, old and new."""
    return {
        "op": change.op.value,
        "needs_reader": change.needs_reader,
        "reversed": change.is_reversed,
        "moved": change.moved or None,
        "below": change.lead or None,
        "old": _side(change.old),
        "new": _side(change.new),
    }


def _side(side: TextSentence | None) -> dict[str, Any] | None:
    if side is None:
        return None
    norm = side.norm
    return {
        "text": side.said,
        "modal": norm.modal,
        "subject": norm.subject,
        "negative": norm.is_negative,
        "main_clause": norm.is_main,
        "quantities": list(norm.quantities),
    }


def _judgement(judgement: Judgement) -> dict[str, Any]:
    fields = ("direction", "kind", "evidence", "who", "date")
    place = judgement.span.place
    return {**{name: str(getattr(judgement, name)) for name in fields}, "place": place}


def _record(compared: ComparedCase, behaviour: BehaviourDiff) -> dict[str, Any]:
    """Return a case as plain values; a case with the same result in short."""
    head = {"title": compared.case.title, "place": compared.place, "state": compared.state.value}
    if compared.state is CaseState.SAME:
        return {**head, "old": _renamed(compared.old), "new": _renamed(compared.new)}
    return {
        **head,
        "labels": [
            {"item": item, "old": old.value, "new": new.value} for item, (old, new) in compared.labels.items()
        ],
        "outcomes": list(compared.outcomes),
        "duties": [duty.value for duty in compared.duties],
        "behind": list(changes_behind(compared, behaviour)),
        "old": _reading(compared.old, behaviour.old),
        "new": _reading(compared.new, behaviour.new),
    }


def _reading(reading: CaseReading, norms: Norms) -> dict[str, Any]:
    return {
        **_renamed(reading),
        "problems": [str(finding) for finding in reading.findings],
        "decision": decision_record(reading.decision) if reading.decision else None,
        "explanation": list(explanation(reading.decision, norms)) if reading.decision else [],
    }


def _renamed(reading: CaseReading) -> dict[str, Any]:
    return {"renamed": [{"name": name, "here": used} for name, used in reading.renamed]}


_OWN = frozenset({
    Subject.PROVISION, Subject.EXAMPLE, Subject.DEFINITION, Subject.LEVEL, Subject.TOPIC, Subject.GOAL, Subject.TAG,
})  # fmt: skip
"""Subjects whose IRI consists of their kind and id."""


def revision_of(diff: SpecDiff) -> Revision:
    """Return the facts of a diff for the graph: every change, and things with a new IRI that are the same."""
    from sphinx_policyspec.graph.releases import ChangeFact, Revision  # noqa: PLC0415  diffs need no rdflib

    facts = []
    for change in diff.changes:
        subject, id_ = _subject(diff, change)
        kind = change.kind.value
        if subject == "provision" != change.subject.value:
            # Without an IRI of its own it shares that of its provision, so the kind names the subject, too.
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
    """Return the kind and id of the subject of a change, or of what contains it."""
    if change.subject in _OWN:
        return change.subject.value, change.id
    if change.subject is Subject.PROMPT:
        return ("prompt-file" if change.aspect == FILE else "prompt"), change.id
    if change.provision:
        return "provision", change.provision
    return "release", diff.new or "undated"
