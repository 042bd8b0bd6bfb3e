"""What each tool of the server does: plain values in, plain values out, by the functions that commands call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sphinx_policyspec.agents.desk import Desk, Indexed, Shelf, spaced, stems, uri_of
from sphinx_policyspec.agents.drafts import DRAFTS
from sphinx_policyspec.api.judging import cases_in, decided
from sphinx_policyspec.api.overlays import check_overlay
from sphinx_policyspec.api.publishing import render
from sphinx_policyspec.errors import SourceError, UnknownIdError
from sphinx_policyspec.exports import finding_record
from sphinx_policyspec.exports.answers import questions_json
from sphinx_policyspec.files import real_path, with_unsaved
from sphinx_policyspec.graph.questions import Answer, list_questions
from sphinx_policyspec.model import (
    Case,
    Clause,
    Comparison,
    Message,
    Principle,
    Provision,
    Response,
    Severity,
)
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.model.example import Gap, Turn
from sphinx_policyspec.model.levels import roles_that_override
from sphinx_policyspec.model.nearest import content_words, near_name, nearest
from sphinx_policyspec.packs.bearing import Relations, outside_of
from sphinx_policyspec.packs.pack import BUDGET, CONTEXT_FORMATS, ContextPack, bits_of, cited, record_of

Record = dict[str, Any]
MOST_BYTES = 20_000
"""Bytes of an answer, as JSON."""
_BIT = 3_000
"""Bytes of a bit of a text that is longer than an answer."""
_MARGIN = 200
"""Bytes of an answer that are for what says how to get the rest."""
_EXCERPT = 200
_LONG = (2_000, 500, 100, 20)
"""Characters of each text in an item of a list that is larger than an answer by itself: the first that make it fit."""
_IN_TITLE, _IN_TEXT, _NEAR, _ALL, _PHRASE = 10, 2, 5, 20, 40
"""What a word counts in a search: in a title or name, in a text, as a slip of one in a title; all words at once; as they were typed."""
_TYPED = 3
"""Letters of what is typed, at least, for it to be sought as it is."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer.

    :param record: as plain values
    :param text: as Markdown, where that says the same; else the JSON is the text
    """

    record: Record
    text: str = ""


Tool = Callable[[Desk, Mapping[str, Any]], Told]


def _shelf(desk: Desk, given: Mapping[str, Any]) -> Shelf:
    return desk.shelf(given.get("spec", ""), given.get("release", ""))


def _of(desk: Desk, given: Mapping[str, Any], id_: str) -> tuple[Shelf, str]:
    """Return the release that is meant, and an id without the name of its spec."""
    name, rest = desk.named(id_, given.get("spec", ""))
    return desk.shelf(name, given.get("release", "")), rest


def _told(shelf: Shelf, record: Record) -> Told:
    return Told({"spec": shelf.spec.title, "release": shelf.release, **record})


def cite(shelf: Shelf, id_: str) -> str:
    """Return how something of a release is cited."""
    return f"[{cited(id_, shelf.release)}]"


def size_of(value: object) -> int:
    """Return the bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def paged(record: Record, key: str, given: Mapping[str, Any], limit: int = 0) -> Record:
    """Return a record with as much of one of its lists as an answer holds, and how to get the rest.

    :param limit: the most that is asked for, 0 for all
    """
    items, start = record[key], given.get("offset", 0)
    room = MOST_BYTES - size_of({**record, key: []}) - _MARGIN
    shown: list[Any] = []
    for given_item in items[start:]:
        item = given_item if shown or size_of(given_item) < room else _shortened(given_item, room)
        room -= size_of(item) + 2
        if (shown and room < 0) or (limit and len(shown) == limit):
            break
        shown.append(item)
    left = len(items) - start - len(shown)
    more = {"left": left, "how": f"call again with offset {start + len(shown)}"} if left > 0 else None
    return {**record, key: shown, "more": more}


def _shortened(value: Any, room: int) -> Any:  # noqa: ANN401  any part of JSON
    """Return a value with the ends of long texts, and of long lists in it, left out: as much of each as is left of an answer."""
    return next(
        (cut for most in _LONG[:-1] if size_of(cut := _cut(value, most)) < room), _cut(value, _LONG[-1])
    )


def _cut(value: Any, most: int) -> Any:  # noqa: ANN401  likewise
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}…"
    if isinstance(value, list):
        return [_cut(one, most) for one in value[: most // 100 + 1]]
    return {key: _cut(one, most) for key, one in value.items()} if isinstance(value, dict) else value


def clipped(text: str, most: int) -> tuple[str, int]:
    """Return a text, or its beginning up to the end of a paragraph, and how many bytes are left out."""
    data = text.encode(errors="replace")
    if len(data) <= most:
        return text, 0
    head = data[:most].decode(errors="ignore")
    cut = head.rfind("\n\n")
    head = head[:cut] if cut > 0 else head
    return head, len(data) - len(head.encode())


# -- finding and reading -------------------------------------------------------------------


def search(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Find what holds words, the best first."""
    shelf = _shelf(desk, given)
    words = [*dict.fromkeys(stems(given["text"]))][:50]
    words = [word for word in words if content_words(word)] or words
    phrase = spaced(given["text"])[:_EXCERPT]
    level, topic, kind = (given.get(name, "") for name in ("level", "topic", "kind"))
    if level and level not in (
        known := {one.authority for one in shelf.spec.principles} | {*shelf.spec.level_by_id}
    ):
        raise UnknownIdError(f"unknown level `{level}`; {nearest(level, known)}".rstrip("; "))
    about = shelf.context.by_topic
    if topic and topic not in about:
        raise UnknownIdError(f"unknown topic `{topic}`; {nearest(topic, about)}".rstrip("; "))
    wanted = [
        (place, item)
        for place, item in enumerate(shelf.index)
        if (not level or item.level == level)
        and (not kind or item.kind == kind)
        and (not topic or item.id in about[topic] or item.id == topic)
    ]
    hits = [(score, place, item) for place, item in wanted if (score := _score(item, words, phrase))]
    # Only where no word stands anywhere are beginnings and slips looked for.
    hits = hits or [(score, place, item) for place, item in wanted if (score := _slips(item, words))]
    hits.sort(key=lambda hit: (-hit[0], hit[1]))
    rows = [
        {
            "id": item.id, "title": item.title, "level": item.level or None, "kind": item.kind,
            "excerpt": _excerpt(item.text, words), "file": item.file, "line": item.line, "score": score,
            "cite": cite(shelf, item.id),
        }
        for score, _place, item in hits
    ]  # fmt: skip
    return _told(shelf, paged({"hits": rows}, "hits", given, given.get("limit", 10)))


def _score(item: Indexed, words: list[str], phrase: str) -> int:
    found = [_IN_TITLE * (word in item.named) + _IN_TEXT * (word in item.said) for word in words]
    # The last word may be half typed, and small words count where they are part of a title.
    is_title = len(phrase) >= _TYPED and f" {phrase}" in f" {item.phrase}"
    if not any(found) and not is_title:
        return 0
    counted = min(sum(item.said[word] for word in words), 10)
    return sum(found) + _ALL * all(found) + counted + _PHRASE * is_title


def _slips(item: Indexed, words: list[str]) -> int:
    begun = (any(name.startswith(word) for name in item.named) for word in words)
    near = (near_name(word, item.named) for word in words if len(word) > _TYPED)
    return _NEAR * (sum(begun) + sum(map(bool, near)))


def _excerpt(text: str, words: list[str]) -> str:
    lowered = text.lower()
    first = min((place for word in words if (place := lowered.find(word)) >= 0), default=0)
    start = max(first - _EXCERPT // 4, 0)
    shown = text[start : start + _EXCERPT]
    return f"{'…' * (start > 0)}{shown}{'…' * (start + _EXCERPT < len(text))}"


def principle(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Tell what a principle or section is."""
    shelf, name = _of(desk, given, given["id"])
    provision = shelf.context.find(name)
    context, spec = shelf.context, shelf.spec
    bears = context.relations.get(provision.id, Relations())
    text, left = clipped(provision.text, MOST_BYTES // 2)
    relations = {
        row.field.replace("_", "-"): [*bears.of(row.field)] for row in RELATIONS if bears.of(row.field)
    }
    relations |= {
        row.inverse.replace("_", "-"): [*bears.of(row.inverse)] for row in RELATIONS if bears.of(row.inverse)
    }
    relations |= {key: [*named] for key, named in outside_of(spec, provision.id).items()}
    examples = [one.id for one in bears.examples]
    level = spec.level_by_id.get(provision.authority) if isinstance(provision, Principle) else None
    record: Record = {
        "id": provision.id,
        "asked": name,
        "kind": "principle" if isinstance(provision, Principle) else "section",
        "title": provision.title,
        "level": provision.authority if isinstance(provision, Principle) else None,
        "override": level.override.value if level else None,
        "overridden_by": [*roles_that_override(spec.levels, level)] if level else [],
        "in_words": context.level_words(provision),
        "text": text,
        "text_more": _rest(desk, given, shelf, provision.id, left),
        "clauses": [_clause(one) for one in spec.clauses if one.principle == provision.id][:50],
        "sections": [{"id": one.id, "title": one.title} for one in context.owned[provision.id][1:]][:50],
        "relations": {key: ids[:50] for key, ids in relations.items()},
        "topics": [*provision.topics],
        "serves": [*bears.of("serves")],
        "former_ids": [*provision.aliases],
        "examples": examples,
        "counts": {
            "examples": len(examples),
            "prompts": len(bears.prompts),
            "references": len(bears.occurrences),
        },
        "file": provision.span.file,
        "line": provision.span.line,
        "cite": cite(shelf, provision.id),
    }
    return _told(shelf, paged(record, "examples", given))


def _rest(desk: Desk, given: Mapping[str, Any], shelf: Shelf, id_: str, left: int) -> Record | None:
    """Return how to get the rest of a text that is cut: its resource is whole."""
    served = desk.spec(desk.named(given["id"], given.get("spec", ""))[0])
    return {"left": left, "how": f"read {uri_of(served, shelf, 'provision', id_)}"} if left else None


def _clause(one: Clause) -> Record:
    return {
        "level": one.authority, "text": one.text, "permits_by": one.permits_by or None,
        "file": one.span.file, "line": one.span.line,
    }  # fmt: skip


def example(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Tell an example with its verdicts."""
    shelf, name = _of(desk, given, given["id"])
    if name not in shelf.example_by_id:
        hint = nearest(name, shelf.example_by_id)
        raise UnknownIdError(f"no example `{name}`; {hint}".rstrip("; "))
    found, home = shelf.example_by_id[name]
    record: Record = {
        "id": found.id,
        "title": found.title,
        "stands_in": home.id if home else None,
        "illustrates": [*found.illustrates],
        "weighs": [*found.weighs],
        "messages": [*_turns(found.turns)],
        "file": found.span.file,
        "line": found.span.line,
        "cite": cite(shelf, found.id),
    }
    return _told(shelf, paged(record, "messages", given))


def _turns(turns: tuple[Turn, ...]) -> Iterator[Record]:
    for turn in turns:
        if isinstance(turn, Gap):
            yield {"role": "", "text": "[...]", "left_out": True}
        elif isinstance(turn, Comparison):
            yield from map(_message, turn.responses)
        else:
            yield _message(turn)


def _message(message: Message) -> Record:
    text, left = clipped(message.text, MOST_BYTES // 2)
    record: Record = {"role": message.role, "text": text}
    record |= {"text_left": left} if left else {}
    record |= {key: value for key in ("name", "recipient") if (value := getattr(message, key))}
    record |= {"untrusted": True} if message.untrusted else {}
    if isinstance(message, Response):
        record |= {"verdict": message.verdict.value if message.verdict else None, "note": message.note}
        record |= {"violates": [*message.violates]} if message.violates else {}
    return record


# -- asking --------------------------------------------------------------------------------


def questions(desk: Desk, given: Mapping[str, Any]) -> Told:
    """List the named questions."""
    shelf = _shelf(desk, given)
    known = json.loads(questions_json(list_questions()))["questions"]
    return _told(shelf, paged({"questions": known}, "questions", given))


def ask(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Answer a named question."""
    params = {name: str(value) for name, value in (given.get("params") or {}).items()}
    answer = desk.ask(given["question"], params, given.get("spec", ""), given.get("release", ""))
    return _answered(_shelf(desk, given), answer, given)


def sparql(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Answer a query, under guard."""
    shelf = _shelf(desk, given)
    return _answered(shelf, shelf.base.query(given["query"], origin="query"), given)


def _answered(shelf: Shelf, answer: Answer, given: Mapping[str, Any]) -> Told:
    rows = [[cell.value for cell in row] for row in answer.rows]
    record = {
        "columns": [*answer.columns],
        "rows": rows,
        "findings": [finding_record(one) for one in answer.findings][:20],
        "cite": cite(shelf, "id"),
    }
    return _told(shelf, paged(record, "rows", given, given.get("limit", 0)))


# -- deciding and checking -----------------------------------------------------------------


def resolve(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Decide cases."""
    shelf, case = _shelf(desk, given), given["case"]
    # JSON is YAML, and so meets the limits that cases have.
    text = case if isinstance(case, str) else json.dumps(case)
    found = decided(shelf.context.norms, cases_in(text, "case.yaml"))
    record = json.loads(render(found, "json"))
    names = dict.fromkeys(item.principle for one in found for item in one.case.items if item.principle)
    record["places"] = [
        _place(shelf, provision) for name in names if (provision := shelf.context.norms.provisions.get(name))
    ][:50]
    record["findings"] = record["findings"][:50]
    return _told(shelf, paged(record, "decisions", given))


def _cases(given: str | Mapping[str, Any]) -> Iterator[Case]:
    """Yield cases; raise where one cannot be read."""
    for case, findings in cases_in(given if isinstance(given, str) else json.dumps(given), "case.yaml"):
        if findings:
            raise SourceError(str(findings[0]))
        if case:
            yield case


def _place(shelf: Shelf, provision: Provision) -> Record:
    span = provision.span
    return {"id": provision.id, "file": span.file, "line": span.line, "cite": cite(shelf, provision.id)}


def overlay_check(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Tell whether the statements of an overlay may be said."""
    shelf, file = _shelf(desk, given), "overlay.yaml"
    with with_unsaved({**shelf.texts, real_path(Path(file)): given["yaml"]}):
        report = check_overlay(file, upstream=shelf.loaded)
        record = json.loads(render(report, "json"))
    record["findings"] = record["findings"][:50]
    return _told(shelf, paged(record, "statements", given))


def is_page(given: Mapping[str, Any]) -> bool:
    """Return whether a call is about a draft that Sphinx reads, of which one reads at a time in a process."""
    return "rst" in given or given.get("as") == "rst"


def check_draft(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Tell what is wrong with a draft of a provision."""
    shelf = _shelf(desk, given)
    texts = {name: given[name] for name in DRAFTS if name in given}
    if len(texts) != 1:
        raise SourceError("give the draft as `markdown` or as `rst`")
    ((name, draft),) = texts.items()
    markup = given.get("as", name)
    if name == "rst" and markup != name:
        raise SourceError("a draft that is given as `rst` is no Markdown: leave out `as`")
    found = shelf.check_draft(draft, markup)
    severities = [one.severity for one in (*(entry.finding for entry in found.here), *found.elsewhere)]
    record: Record = {
        "findings": [{**finding_record(one.finding), "fixable": one.fixable} for one in found.here],
        "elsewhere": [finding_record(one) for one in found.elsewhere[:20]],
        "provisions": [*found.provisions[:50]],
        "fixed": clipped(found.fixed, MOST_BYTES // 4)[0] or None,
        # Nothing can refer to a draft yet, so that a hint is no reason to write it again.
        "is_clean": all(one is Severity.HINT for one in severities),
    }
    return _told(shelf, paged(record, "findings", given))


def diff_releases(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Tell what changed between two releases."""
    served = desk.spec(given.get("spec", ""))
    old, new = (desk.shelf(served.name, given[side]) for side in ("from", "to"))
    record = json.loads(render(served.diff(old, new), "json"))
    changes = record["changes"]
    if "id" in given:
        name = given["id"]
        known = {one.id for shelf in (old, new) for one in shelf.spec.provisions}
        if name not in known:
            raise UnknownIdError(f"neither release has `{name}`; {nearest(name, known)}".rstrip("; "))
        changes = [one for one in changes if name in {one["id"], one["provision"]}]
    summary = {key: record[key] for key in ("from", "to", "bump", "bump_if_neutral", "weights", "counts")}
    return _told(new, paged({**summary, "changes": changes}, "changes", given))


def context(desk: Desk, given: Mapping[str, Any]) -> Told:
    """Gather what concerns one matter."""
    shelf, about, pair = _shelf(desk, given), given.get("about", ()), given.get("pair", ())
    if ids := (*about, *pair):
        shelf, _ = _of(desk, given, ids[0])
        about, pair = (
            [desk.named(one, given.get("spec", ""))[1] for one in names] for names in (about, pair)
        )
    cases = [*_cases(given["case"])] if given.get("case") else []
    pack = shelf.pack(
        about,
        pair=pair,
        cases=cases,
        topic=given.get("topic", ""),
        budget=given.get("budget", BUDGET),
    )
    return _part_of(pack, given)


def _part_of(pack: ContextPack, given: Mapping[str, Any]) -> Told:
    """Return as much of a pack as an answer holds; its Markdown, with that of the answers after it, is that of the command.

    A part that no answer holds whole is told bit by bit, each text up to the end of a paragraph.
    """
    whole = json.loads(CONTEXT_FORMATS["json"](pack))
    parts, left_out = pack.shown, whole["not_shown"]
    room = MOST_BYTES - size_of({**whole, "parts": [], "not_shown": []}) - _MARGIN
    groups = [
        group
        for part, record in zip(parts, whole["parts"], strict=True)
        for group in (
            [[*bits_of(part, pack.release)]]
            if size_of(record) < room
            else [[bit] for bit in bits_of(part, pack.release, _BIT)]
        )
    ]
    items = [*(record_of(group[0].part, group) for group in groups), *left_out]
    start = given.get("offset", 0)
    record = paged({**whole, "parts": items, "not_shown": []}, "parts", given)
    end = start + len(record["parts"])
    shown = [bit for group in groups[start:end] for bit in group]
    of_parts = (list(bits) for _part, bits in groupby(shown, key=lambda bit: id(bit.part)))
    record["parts"] = [record_of(bits[0].part, bits) for bits in of_parts]
    record["not_shown"] = left_out[max(start - len(groups), 0) : max(end - len(groups), 0)]
    text = [pack.head * (not start), *(bit.markdown for bit in shown), pack.foot * (record["more"] is None)]
    return Told(record, "".join(text))
