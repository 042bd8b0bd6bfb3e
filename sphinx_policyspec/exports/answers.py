"""Answers to questions → text table, Markdown, CSV and SPARQL results JSON; what a reasoner has found → text and JSON."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from sphinx_policyspec.exports.plain import markdown_safe, printable, spreadsheet_safe
from sphinx_policyspec.files import dump_json
from sphinx_policyspec.graph.answer import Answer, Cell, CellKind, QueryForm
from sphinx_policyspec.model import Carrier, Commentary, ReferenceForm, Spec, Verdict

if TYPE_CHECKING:
    from sphinx_policyspec.reasoning.reasoner import Contradiction, Reasoning

__all__ = ["ANSWER_FORMATS", "counts", "format_answer", "reasoning_json", "reasoning_text"]


def counts(spec: Spec) -> dict[str, Any]:
    """Return what a spec holds, in numbers.

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
    """Count values: those of ``order`` first, then others by name; none that does not occur."""
    tally = Counter(values)
    names = [name for name in order if tally[name]]
    return {name: tally[name] for name in [*names, *sorted(set(tally) - set(names))]}


ANSWER_FORMATS = ("text", "json", "csv", "markdown")

_WIDEST = 60
"""Characters that a column of a table is padded to at most where no terminal limits it."""


def format_answer(answer: Answer, form: str, *, width: int = 0, color: bool = False) -> str:
    """Return an answer in one of :data:`ANSWER_FORMATS`, with a final line end.

    :param width: of the terminal that a text table must fit; 0 gives a line for each row
    """
    match form:
        case "json":
            return dump_json(_results_json(answer), indent=1) + "\n"
        case "csv":
            return _csv(answer)
        case "markdown":
            return _markdown(answer)
        case _:
            return _table(answer, width, color=color)


def _results_json(answer: Answer) -> dict[str, Any]:
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


def _table(answer: Answer, width: int, *, color: bool) -> str:
    rows = [tuple(printable(cell.value) for cell in row) for row in answer.rows]
    lines = (
        _folded(answer.columns, rows, width, color=color) if width else _aligned(answer, rows, color=color)
    )
    return "\n".join([*(line.rstrip() for line in lines), _summary(answer)]) + "\n"


def _aligned(answer: Answer, rows: list[tuple[str, ...]], *, color: bool) -> Iterator[str]:
    """Yield a line for each row; a cell wider than :data:`_WIDEST` moves the rest of its own row alone."""
    lines = [answer.columns, *rows]
    widths = [min(max(map(cell_len, cells)), _WIDEST) for cells in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        text = "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)
        )
        yield f"\x1b[1m{text.rstrip()}\x1b[0m" if color and not number else text


def _folded(columns: tuple[str, ...], rows: list[tuple[str, ...]], width: int, *, color: bool) -> list[str]:
    """Return the lines of a table that fits a terminal; what is too wide goes on in the next line."""
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
    return "1 row" if len(answer.rows) == 1 else f"{len(answer.rows)} rows"


def reasoning_text(reasoning: Reasoning) -> str:
    """Return contradictions with the places of their statements, then how much follows, by kind."""
    lines = [line for found in reasoning.contradictions for line in _told(found)]
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


def _told(found: Contradiction) -> Iterator[str]:
    yield f"inconsistent: {found.reason or 'these statements cannot hold together'}"
    for statement in found.statements:
        place = f"{statement.span}: " if statement.span else ""
        yield f"  {place}{statement.text}"
    yield ""


def reasoning_json(reasoning: Reasoning) -> str:
    """Return the same for programs."""
    told = {
        "engine": reasoning.engine,
        "consistent": not reasoning.contradictions,
        "asserted": reasoning.asserted,
        "derived": reasoning.counts,
        "contradictions": [
            {
                "reason": found.reason,
                "statements": [
                    {
                        "text": statement.text,
                        "file": statement.span.file if statement.span else None,
                        "line": statement.span.line if statement.span else None,
                        "column": statement.span.column if statement.span else None,
                    }
                    for statement in found.statements
                ],
            }
            for found in reasoning.contradictions
        ],
    }
    return dump_json(told, indent=1) + "\n"
