"""The tools of the server: plain values in, plain values out, through the functions that commands call."""

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
"""The most bytes of an answer, as JSON."""
_BIT = 3_000
"""Bytes of a piece of a text that is longer than an answer."""
_MARGIN = 200
"""Bytes of an answer that are reserved for the advice on how to get the rest."""
_EXCERPT = 200
_LONG = (2_000, 500, 100, 20)
"""Characters of each text in a list item that is too large for an answer: the first number that makes it fit counts."""
_IN_TITLE, _IN_TEXT, _NEAR, _ALL, _PHRASE = 10, 2, 5, 20, 40
"""Scores of a search: a word in a title or name, in a text, as a typing mistake in a title; all words; the phrase."""
_TYPED = 3
"""The least letters of a phrase that is looked for as a whole."""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """The answer of a tool.

    :param record: the answer as plain values
    :param text: the same as Markdown, if there is such a form; else the JSON is the text
    """

    record: Record
    text: str = ""


Tool = Callable[[Desk, Mapping[str, Any]], ToolAnswer]


def _shelf(desk: Desk, arguments: Mapping[str, Any]) -> Shelf:
    return desk.shelf(arguments.get("spec", ""), arguments.get("release", ""))


def _of(desk: Desk, arguments: Mapping[str, Any], id_: str) -> tuple[Shelf, str]:
    """Return the selected release, and an id without the name of its spec."""
    name, rest = desk.split_id(id_, arguments.get("spec", ""))
    return desk.shelf(name, arguments.get("release", "")), rest


def _answer_of(shelf: Shelf, record: Record) -> ToolAnswer:
    return ToolAnswer({"spec": shelf.spec.title, "release": shelf.release, **record})


def cite(shelf: Shelf, id_: str) -> str:
    """Return the citation of an id in a release."""
    return f"[{cited(id_, shelf.release)}]"


def size_of(value: object) -> int:
    """Return the bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def paged(record: Record, key: str, arguments: Mapping[str, Any], limit: int = 0) -> Record:
    """Return a record with as much of one of its lists as fits into an answer, and how to get the rest.

    :param limit: the most items of the list, 0 for all
    """
    items, start = record[key], arguments.get("offset", 0)
    room = MOST_BYTES - size_of({**record, key: []}) - _MARGIN
    page: list[Any] = []
    for original in items[start:]:
        item = original if page or size_of(original) < room else _shortened(original, room)
        room -= size_of(item) + 2
        if (page and room < 0) or (limit and len(page) == limit):
            break
        page.append(item)
    remaining = len(items) - start - len(page)
    more = (
        {"left": remaining, "how": f"call again with offset {start + len(page)}"} if remaining > 0 else None
    )
    return {**record, key: page, "more": more}


def _shortened(value: Any, room: int) -> Any:  # noqa: ANN401  any part of JSON
    """Return a value with long texts and lists shortened so that it fits into the rest of an answer."""
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
    """Return a text, or its beginning up to the end of a paragraph, and the number of bytes left out."""
    data = text.encode(errors="replace")
    if len(data) <= most:
        return text, 0
    head = data[:most].decode(errors="ignore")
    cut = head.rfind("\n\n")
    head = head[:cut] if cut > 0 else head
    return head, len(data) - len(head.encode())


# -- finding and reading -------------------------------------------------------------------


def search(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Find things by words, the best match first."""
    shelf = _shelf(desk, arguments)
    words = [*dict.fromkeys(stems(arguments["text"]))][:50]
    words = [word for word in words if content_words(word)] or words
    phrase = spaced(arguments["text"])[:_EXCERPT]
    level, topic, kind = (arguments.get(name, "") for name in ("level", "topic", "kind"))
    if level and level not in (
        levels := {one.authority for one in shelf.spec.principles} | {*shelf.spec.level_by_id}
    ):
        raise UnknownIdError(f"unknown level `{level}`; {nearest(level, levels)}".rstrip("; "))
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
    # Only if no word is found are beginnings and typing mistakes looked for.
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
    return _answer_of(shelf, paged({"hits": rows}, "hits", arguments, arguments.get("limit", 10)))


def _score(item: Indexed, words: list[str], phrase: str) -> int:
    scores = [_IN_TITLE * (word in item.name_stems) + _IN_TEXT * (word in item.text_stems) for word in words]
    # The last word may be incomplete, and common words count if they are part of a title.
    is_title = len(phrase) >= _TYPED and f" {phrase}" in f" {item.phrase}"
    if not any(scores) and not is_title:
        return 0
    occurrences = min(sum(item.text_stems[word] for word in words), 10)
    return sum(scores) + _ALL * all(scores) + occurrences + _PHRASE * is_title


def _slips(item: Indexed, words: list[str]) -> int:
    beginnings = (any(name.startswith(word) for name in item.name_stems) for word in words)
    near = (near_name(word, item.name_stems) for word in words if len(word) > _TYPED)
    return _NEAR * (sum(beginnings) + sum(map(bool, near)))


def _excerpt(text: str, words: list[str]) -> str:
    lowered = text.lower()
    first = min((place for word in words if (place := lowered.find(word)) >= 0), default=0)
    start = max(first - _EXCERPT // 4, 0)
    excerpt = text[start : start + _EXCERPT]
    return f"{'…' * (start > 0)}{excerpt}{'…' * (start + _EXCERPT < len(text))}"


def principle(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return a principle or section with all that is known of it."""
    shelf, name = _of(desk, arguments, arguments["id"])
    provision = shelf.context.find(name)
    context, spec = shelf.context, shelf.spec
    bears = context.relations.get(provision.id, Relations())
    text, omitted = clipped(provision.text, MOST_BYTES // 2)
    relations = {
        row.field.replace("_", "-"): [*bears.of(row.field)] for row in RELATIONS if bears.of(row.field)
    }
    relations |= {
        row.inverse.replace("_", "-"): [*bears.of(row.inverse)] for row in RELATIONS if bears.of(row.inverse)
    }
    relations |= {key: [*outside] for key, outside in outside_of(spec, provision.id).items()}
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
        "text_more": _rest(desk, arguments, shelf, provision.id, omitted),
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
    return _answer_of(shelf, paged(record, "examples", arguments))


def _rest(desk: Desk, arguments: Mapping[str, Any], shelf: Shelf, id_: str, omitted: int) -> Record | None:
    """Return how to get the rest of a text that is cut: from its resource."""
    served = desk.spec(desk.split_id(arguments["id"], arguments.get("spec", ""))[0])
    return {"left": omitted, "how": f"read {uri_of(served, shelf, 'provision', id_)}"} if omitted else None


def _clause(one: Clause) -> Record:
    return {
        "level": one.authority, "text": one.text, "permits_by": one.permits_by or None,
        "file": one.span.file, "line": one.span.line,
    }  # fmt: skip


def example(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return an example with its verdicts."""
    shelf, name = _of(desk, arguments, arguments["id"])
    if name not in shelf.example_by_id:
        hint = nearest(name, shelf.example_by_id)
        raise UnknownIdError(f"no example `{name}`; {hint}".rstrip("; "))
    item, home = shelf.example_by_id[name]
    record: Record = {
        "id": item.id,
        "title": item.title,
        "stands_in": home.id if home else None,
        "illustrates": [*item.illustrates],
        "weighs": [*item.weighs],
        "messages": [*_turns(item.turns)],
        "file": item.span.file,
        "line": item.span.line,
        "cite": cite(shelf, item.id),
    }
    return _answer_of(shelf, paged(record, "messages", arguments))


def _turns(turns: tuple[Turn, ...]) -> Iterator[Record]:
    for turn in turns:
        if isinstance(turn, Gap):
            yield {"role": "", "text": "[...]", "left_out": True}
        elif isinstance(turn, Comparison):
            yield from map(_message, turn.responses)
        else:
            yield _message(turn)


def _message(message: Message) -> Record:
    text, omitted = clipped(message.text, MOST_BYTES // 2)
    record: Record = {"role": message.role, "text": text}
    record |= {"text_left": omitted} if omitted else {}
    record |= {key: value for key in ("name", "recipient") if (value := getattr(message, key))}
    record |= {"untrusted": True} if message.untrusted else {}
    if isinstance(message, Response):
        record |= {"verdict": message.verdict.value if message.verdict else None, "note": message.note}
        record |= {"violates": [*message.violates]} if message.violates else {}
    return record


# -- asking --------------------------------------------------------------------------------


def questions(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """List the named questions."""
    shelf = _shelf(desk, arguments)
    records = json.loads(questions_json(list_questions()))["questions"]
    return _answer_of(shelf, paged({"questions": records}, "questions", arguments))


def ask(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Answer a named question."""
    params = {name: str(value) for name, value in (arguments.get("params") or {}).items()}
    answer = desk.ask(arguments["question"], params, arguments.get("spec", ""), arguments.get("release", ""))
    return _table(_shelf(desk, arguments), answer, arguments)


def sparql(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Answer a query, with limits on time and rows."""
    shelf = _shelf(desk, arguments)
    return _table(shelf, shelf.base.query(arguments["query"], origin="query"), arguments)


def _table(shelf: Shelf, answer: Answer, arguments: Mapping[str, Any]) -> ToolAnswer:
    rows = [[cell.value for cell in row] for row in answer.rows]
    record = {
        "columns": [*answer.columns],
        "rows": rows,
        "findings": [finding_record(one) for one in answer.findings][:20],
        "cite": cite(shelf, "id"),
    }
    return _answer_of(shelf, paged(record, "rows", arguments, arguments.get("limit", 0)))


# -- deciding and checking -----------------------------------------------------------------


def resolve(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Decide cases."""
    shelf, case = _shelf(desk, arguments), arguments["case"]
    # JSON is YAML, so the limits of case files apply to it.
    text = case if isinstance(case, str) else json.dumps(case)
    decisions = decided(shelf.context.norms, cases_in(text, "case.yaml"))
    record = json.loads(render(decisions, "json"))
    names = dict.fromkeys(item.principle for one in decisions for item in one.case.items if item.principle)
    record["places"] = [
        _place(shelf, provision) for name in names if (provision := shelf.context.norms.provisions.get(name))
    ][:50]
    record["findings"] = record["findings"][:50]
    return _answer_of(shelf, paged(record, "decisions", arguments))


def _cases(source: str | Mapping[str, Any]) -> Iterator[Case]:
    """Yield cases; raise :class:`SourceError` if one cannot be read."""
    for case, findings in cases_in(source if isinstance(source, str) else json.dumps(source), "case.yaml"):
        if findings:
            raise SourceError(str(findings[0]))
        if case:
            yield case


def _place(shelf: Shelf, provision: Provision) -> Record:
    span = provision.span
    return {"id": provision.id, "file": span.file, "line": span.line, "cite": cite(shelf, provision.id)}


def overlay_check(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return the verdicts on the statements of an overlay."""
    shelf, file = _shelf(desk, arguments), "overlay.yaml"
    with with_unsaved({**shelf.texts, real_path(Path(file)): arguments["yaml"]}):
        report = check_overlay(file, upstream=shelf.loaded)
        record = json.loads(render(report, "json"))
    record["findings"] = record["findings"][:50]
    return _answer_of(shelf, paged(record, "statements", arguments))


def is_page(arguments: Mapping[str, Any]) -> bool:
    """Return whether a call is about a draft that Sphinx reads, which can only read one at a time in a process."""
    return "rst" in arguments or arguments.get("as") == "rst"


def check_draft(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return the findings on a draft of a provision."""
    shelf = _shelf(desk, arguments)
    texts = {name: arguments[name] for name in DRAFTS if name in arguments}
    if len(texts) != 1:
        raise SourceError("give the draft as `markdown` or as `rst`")
    ((name, draft),) = texts.items()
    markup = arguments.get("as", name)
    if name == "rst" and markup != name:
        raise SourceError("a draft that is given as `rst` is no Markdown: leave out `as`")
    result = shelf.check_draft(draft, markup)
    severities = [one.severity for one in (*(entry.finding for entry in result.here), *result.elsewhere)]
    record: Record = {
        "findings": [{**finding_record(one.finding), "fixable": one.fixable} for one in result.here],
        "elsewhere": [finding_record(one) for one in result.elsewhere[:20]],
        "provisions": [*result.provisions[:50]],
        "fixed": clipped(result.fixed, MOST_BYTES // 4)[0] or None,
        # Nothing can refer to a draft yet, so a hint is no reason to write it again.
        "is_clean": all(one is Severity.HINT for one in severities),
    }
    return _answer_of(shelf, paged(record, "findings", arguments))


def diff_releases(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return the changes between two releases."""
    served = desk.spec(arguments.get("spec", ""))
    old, new = (desk.shelf(served.name, arguments[side]) for side in ("from", "to"))
    record = json.loads(render(served.diff(old, new), "json"))
    changes = record["changes"]
    if "id" in arguments:
        name = arguments["id"]
        ids = {one.id for shelf in (old, new) for one in shelf.spec.provisions}
        if name not in ids:
            raise UnknownIdError(f"neither release has `{name}`; {nearest(name, ids)}".rstrip("; "))
        changes = [one for one in changes if name in {one["id"], one["provision"]}]
    summary = {key: record[key] for key in ("from", "to", "bump", "bump_if_neutral", "weights", "counts")}
    return _answer_of(new, paged({**summary, "changes": changes}, "changes", arguments))


def context(desk: Desk, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return the pack of one subject."""
    shelf, about, pair = _shelf(desk, arguments), arguments.get("about", ()), arguments.get("pair", ())
    if ids := (*about, *pair):
        shelf, _ = _of(desk, arguments, ids[0])
        about, pair = (
            [desk.split_id(one, arguments.get("spec", ""))[1] for one in names] for names in (about, pair)
        )
    cases = [*_cases(arguments["case"])] if arguments.get("case") else []
    pack = shelf.pack(
        about,
        pair=pair,
        cases=cases,
        topic=arguments.get("topic", ""),
        budget=arguments.get("budget", BUDGET),
    )
    return _part_of(pack, arguments)


def _part_of(pack: ContextPack, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Return as much of a pack as fits into an answer; all answers together have the Markdown of the command.

    A part that does not fit into one answer is split into pieces, each text at the end of a paragraph.
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
    start = arguments.get("offset", 0)
    record = paged({**whole, "parts": items, "not_shown": []}, "parts", arguments)
    end = start + len(record["parts"])
    bits_shown = [bit for group in groups[start:end] for bit in group]
    of_parts = (list(bits) for _part, bits in groupby(bits_shown, key=lambda bit: id(bit.part)))
    record["parts"] = [record_of(bits[0].part, bits) for bits in of_parts]
    record["not_shown"] = left_out[max(start - len(groups), 0) : max(end - len(groups), 0)]
    text = [
        pack.head * (not start),
        *(bit.markdown for bit in bits_shown),
        pack.foot * (record["more"] is None),
    ]
    return ToolAnswer(record, "".join(text))
