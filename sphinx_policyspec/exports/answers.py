"""Answers to questions, counts, the findings of a reasoner and of surveys → text, Markdown, CSV, JSON."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
import yaml
from rich.cells import cell_len

from sphinx_policyspec.exports import (
    Formats,
    finding_record,
    json_object,
    markdown_safe,
    place_record,
    spreadsheet_safe,
)
from sphinx_policyspec.files import dump_json, number_of, printable
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind, QueryForm
from sphinx_policyspec.model import Carrier, Case, Commentary, Item, ReferenceForm, Spec, Verdict
from sphinx_policyspec.surveys import Decider, Pair, Survey, in_english

if TYPE_CHECKING:
    from sphinx_policyspec.graph.questions import Parameter, Question
    from sphinx_policyspec.reasoning.reasoner import Contradiction, Reasoning


def counts(spec: Spec) -> dict[str, Any]:
    """Return the counts of a spec's content.

    ``sections`` counts all provisions; assistant messages include the alternatives of comparisons;
    references count every occurrence. Levels, verdicts and roles that do not occur are left out.
    """
    examples = spec.examples
    responses = [response for example in examples for response in example.responses]
    verdict_references = [r for r in spec.references if r.carrier is Carrier.VERDICT]
    verdict_ids = sum(r.form is ReferenceForm.ID for r in verdict_references)
    return {
        "sections": len(spec.provisions),
        "principles": len(spec.principles),
        "principles_by_level": _tally(
            (p.authority for p in spec.principles), (level.id for level in spec.levels)
        ),
        "examples": len(examples),
        "comparisons": sum(len(example.comparisons) for example in examples),
        "verdicts": _tally((r.verdict.value for r in responses if r.verdict), (v.value for v in Verdict)),
        "messages_by_role": _tally(
            (message.role for example in examples for message in example.messages),
            ("assistant", "user", "developer", "system", "tool"),
        ),
        "commentary": sum(isinstance(block, Commentary) for _, block in spec.walk()),
        "references": {
            "total": len(spec.references),
            "in_text_or_titles": len(spec.references) - len(verdict_references),
            "in_verdict_notes": len(verdict_references) - verdict_ids,
            "in_verdict_ids": verdict_ids,
        },
        "eval_tags": len(spec.eval_tags),
        "eval_files": len(spec.prompt_files),
        "eval_prompts": len(spec.prompts),
    }


def _tally(values: Iterable[str], order: Iterable[str]) -> dict[str, int]:
    """Count values: those of ``order`` first, then others by name; values that do not occur are left out."""
    tally = Counter(values)
    names = [name for name in order if tally[name]]
    return {name: tally[name] for name in [*names, *sorted(set(tally) - set(names))]}


_WIDEST = 60
"""Characters to which a column of a table is padded at most, if no terminal limits it."""


def _answer_json(answer: Answer) -> str:
    extra = {"findings": [*map(finding_record, answer.findings)]} if answer.findings else {}
    return dump_json({**results_record(answer), **extra}, indent=1) + "\n"


def results_record(answer: Answer) -> dict[str, Any]:
    """Return the W3C "SPARQL 1.1 Query Results JSON Format" of an answer."""
    if answer.form is QueryForm.ASK:
        return {"head": {}, "boolean": answer.texts == (("true",),)}
    rows = [
        {
            column: _json_term(cell)
            for column, cell in zip(answer.columns, row, strict=True)
            if cell.kind is not CellKind.UNBOUND
        }
        for row in answer.rows
    ]
    return {"head": {"vars": list(answer.columns)}, "results": {"bindings": rows}}


def _json_term(cell: Cell) -> dict[str, str]:
    term = {"type": cell.kind.value, "value": cell.value}
    extras = {"datatype": cell.datatype, "xml:lang": cell.language}
    return term | {key: value for key, value in extras.items() if value}


def _csv(answer: Answer) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([spreadsheet_safe(cell.value) for cell in row] for row in answer.rows)
    return out.getvalue()


def _markdown(answer: Answer) -> str:
    lines = ["| " + " | ".join(answer.columns) + " |", "|" + " --- |" * len(answer.columns)]
    for row in answer.rows:
        cells = [markdown_safe(cell.value) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def answer_text(answer: Answer, *, width: int = 0, color: bool = False) -> str:
    """Return an answer as a table, with the number of its rows below.

    :param width: columns of the terminal that it must fit; 0 gives one line for each row
    """
    rows = [tuple(printable(cell.value) for cell in row) for row in answer.rows]
    lines = (
        _folded(answer.columns, rows, width, color=color) if width else _aligned(answer, rows, color=color)
    )
    return "\n".join([*(line.rstrip() for line in lines), _summary(answer)]) + "\n"


def _aligned(answer: Answer, rows: list[tuple[str, ...]], *, color: bool) -> Iterator[str]:
    """Yield a line for each row; a cell wider than :data:`_WIDEST` moves only the rest of its own row."""
    lines = [answer.columns, *rows]
    widths = [min(max(map(cell_len, cells)), _WIDEST) for cells in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        text = "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)
        )
        yield f"\x1b[1m{text.rstrip()}\x1b[0m" if color and not number else text


def _folded(columns: tuple[str, ...], rows: list[tuple[str, ...]], width: int, *, color: bool) -> list[str]:
    """Return the lines of a table that fits a terminal; cells that are too wide continue on the next line."""
    from rich.console import Console  # noqa: PLC0415  costs start-up time that no pipe needs
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, highlight=False, emoji=False
    )
    table = Table(box=None, pad_edge=False, header_style="bold" if color else "")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    return out.getvalue().splitlines()


def _summary(answer: Answer) -> str:
    return number_of(len(answer.rows), "row")


ANSWER_FORMATS: Formats[Answer] = {
    "text": answer_text,
    "json": _answer_json,
    "csv": _csv,
    "markdown": _markdown,
}
"""The function that writes each format; ``text`` also accepts a width and whether to use color."""


def questions_text(questions: Iterable[Question], *, color: bool = False) -> str:
    """Return named questions with their parameters, and their text in English."""
    lines = []
    for item in questions:
        parameters = "".join(f" {_option(parameter)}" for parameter in item.parameters)
        lines.append(
            f"{click.style(item.name, bold=True) if color else item.name}{parameters}\n    {item.text}\n"
        )
    return "".join(lines)


def _option(parameter: Parameter) -> str:
    """Return the option for a parameter, with its default or the type of its value; in brackets if it is optional."""
    value = parameter.default or parameter.type.upper()
    option = f"--param {shlex.quote(f'{parameter.name}={value}')}"
    return f"[{option}]" if parameter.default == "" else option


def questions_json(questions: Iterable[Question]) -> str:
    """Return named questions with their parameters and columns, for programs."""
    records = [
        {
            "name": item.name,
            "text": item.text,
            "parameters": [{"name": p.name, "type": p.type, "default": p.default} for p in item.parameters],
            "columns": list(item.columns),
            "over": item.over,
        }
        for item in questions
    ]
    return json_object({"questions": records})


def _reasoning_text(reasoning: Reasoning) -> str:
    """Return contradictions with the places of their statements, then the number of derived statements by kind."""
    lines = [
        line for contradiction in reasoning.contradictions for line in _contradiction_lines(contradiction)
    ]
    if reasoning.engine == "hermit" and not reasoning.contradictions:
        lines += ["consistent", ""]
    counts = reasoning.counts
    if counts:
        number = len(reasoning.derived)
        follow = "statement follows" if number == 1 else "statements follow"
        lines.append(f"{number} {follow} from {reasoning.asserted}:")
        widest = max(map(len, counts))
        lines += [f"  {kind:{widest}} {times:7}" for kind, times in counts.items()]
    elif not reasoning.contradictions:
        lines.append(f"nothing follows from {reasoning.asserted} statements")
    return "".join(f"{printable(line)}\n" for line in lines)


def _contradiction_lines(contradiction: Contradiction) -> Iterator[str]:
    yield f"inconsistent: {contradiction.reason or 'these statements cannot hold together'}"
    for statement in contradiction.statements:
        place = f"{statement.span}: " if statement.span else ""
        yield f"  {place}{statement.text}"
    yield ""


_NOWHERE = {"file": None, "line": None, "column": None}


def _reasoning_json(reasoning: Reasoning) -> str:
    record = {
        "engine": reasoning.engine,
        "consistent": not reasoning.contradictions,
        "asserted": reasoning.asserted,
        "derived": reasoning.counts,
        "contradictions": [
            {
                "reason": contradiction.reason,
                "statements": [
                    {"text": statement.text, **(place_record(statement.span) if statement.span else _NOWHERE)}
                    for statement in contradiction.statements
                ],
            }
            for contradiction in reasoning.contradictions
        ],
    }
    return json_object(record)


REASONING_FORMATS: Formats[Reasoning] = {"text": _reasoning_text, "json": _reasoning_json}
"""The function that writes each format."""


_SCHEMA = "# yaml-language-server: $schema=cases.schema.json\n"


def case_yaml(case: Case, *, is_file: bool = True) -> str:
    """Return a case as YAML that reads back as an equal case.

    :param is_file: whether to begin with a line that names the schema to editors
    """
    switches = {
        name: getattr(case.semantics, name)
        for name, default in (("strict", True), ("interactive", True), ("first_party", False))
        if getattr(case.semantics, name) is not default
    }
    values: dict[str, Any] = {
        "title": case.title,
        "about": case.about,
        "example": case.example,
        "semantics": switches,
        "items": [_item(item) for item in case.items],
    }
    if case.compatible:
        values["compatible"] = {}
        for issue, *pair in case.compatible:
            values["compatible"].setdefault(issue, []).append(pair)
    if case.expect:
        values["expect"] = {"labels": {item: label.value for item, label in case.expect.labels}}
    content = {key: value for key, value in values.items() if value}
    schema = _SCHEMA if is_file else ""
    return schema + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)


def _item(item: Item) -> dict[str, Any]:
    values = {
        "id": item.id,
        "from": item.role,
        "principle": item.principle,
        "level": item.level,
        "mode": "" if item.explicit else "implicit",
        "issue": item.issue,
        "source": item.source,
        "category": item.category,
        "exempts": list(item.exempts),
    }
    content: dict[str, Any] = {key: value for key, value in values.items() if value}
    content["value"] = item.value
    if not item.principle:
        content["turn"] = item.turn
    content |= {key: True for key in ("quoted", "mistaken", "irreversible") if getattr(item, key)}
    content |= {} if item.active else {"active": False}
    if item.delegates:
        content["delegates"] = {"source": item.delegates.source, "scope": list(item.delegates.scope)}
    return content


def _survey_text(survey: Survey) -> str:
    """Return a survey for people: undecided conflicts, rules that never decide, and pairs without a precedence."""
    return "".join(f"{printable(line)}\n" for line in _survey_lines(survey))


def _survey_lines(survey: Survey) -> Iterator[str]:
    counts = Counter(pair.decided_by for pair in survey.pairs)
    yield f"{number_of(len(survey.pairs), 'pair')} of principles share an issue; what says who goes first:"
    deciders = [decider for decider in Decider if counts[decider] or decider is Decider.NOTHING]
    yield f"  {', '.join(f'{decider} {counts[decider]}' for decider in deciders)}"
    if gaps := survey.gaps:
        yield ""
        yield f"{number_of(len(gaps), 'pair')} of one level, of which nothing says who goes first; write an example that weighs"
        yield "both (weighs), a preference (prefer-over) or an exception (exception-to), or a case:"
        yield from (f"  {_pair(pair)}" for pair in gaps)
    yield ""
    yield f"{number_of(len(survey.conflicts), 'kind')} of conflict that end undecided, the smallest first:"
    yield from (f"  {in_english(conflict.parties, ' + ')}" for conflict in survey.conflicts)
    yield ""
    idle = survey.idle_rules
    yield f"{len(idle)} of {len(survey.rules)} rules never decide{'s' if len(idle) == 1 else ''}{':' if idle else ''}"
    yield from (f"  {rule.name if rule.id == rule.name else f'{rule.id} {rule.name}'}" for rule in idle)
    if survey.idle:
        yield ""
        yield f"{number_of(len(survey.idle), 'principle')} without which every case would be decided the same:"
        yield from (f"  {name} (as in {case.title})" for name, case in survey.idle)


def _pair(pair: Pair) -> str:
    places = (f"{one.span.place} {one.id}" for one in (pair.one, pair.other))
    return f"{' + '.join(places)} ({pair.one.authority}; {', '.join(pair.shares)})"


def _survey_json(survey: Survey) -> str:
    """Return a survey for programs; each witness is the text of a case file."""
    record: dict[str, Any] = {
        "undecided": [
            {
                "kinds": [str(party) for party in conflict.parties],
                "in_one_message": any(party.in_one_message for party in conflict.parties),
                "witness": case_yaml(conflict.witness),
            }
            for conflict in survey.conflicts
        ],
        "rules": [
            {
                "id": rule.id,
                "name": rule.name,
                "decides": rule.witness is not None,
                "witness": case_yaml(rule.witness) if rule.witness else None,
            }
            for rule in survey.rules
        ],
        "pairs": [
            {
                "id": pair.one.id,
                "other": pair.other.id,
                "levels": [pair.one.authority, pair.other.authority],
                "shares": list(pair.shares),
                "examples": list(pair.examples),
                "cases": list(pair.cases),
                "decided_by": pair.decided_by.value,
                "first": pair.first or None,
                "gap": pair.is_gap,
                "witness": case_yaml(pair.witness) if pair.witness else None,
            }
            for pair in survey.pairs
        ],
        "idle": [{"id": name, "case": case.title} for name, case in survey.idle],
    }
    return json_object(record, survey.findings)


def _survey_cases(survey: Survey) -> str:
    """Return the witnesses as one case file with several documents."""
    return "---\n".join((_SCHEMA, *(case_yaml(case, is_file=False) for case in survey.witnesses())))


SURVEY_FORMATS: Formats[Survey] = {"text": _survey_text, "json": _survey_json, "cases": _survey_cases}
"""The function that writes each format; :func:`survey_files` writes a file for each case."""


def survey_files(survey: Survey) -> dict[str, str]:
    """Return the witnesses as texts of case files, by file name."""
    files: dict[str, str] = {}
    for number, case in enumerate(survey.witnesses(), start=1):
        words = re.sub(r"[^a-z0-9]+", "-", case.title.lower()).strip("-")[:60]
        files[f"{number:03}-{words}.yaml"] = case_yaml(case)
    return files
