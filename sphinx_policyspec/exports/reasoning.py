"""What a reasoner has found → text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sphinx_policyspec.exports.plain import printable

if TYPE_CHECKING:
    from sphinx_policyspec.graph.explain import Contradiction
    from sphinx_policyspec.graph.reasoning import Reasoning

__all__ = ["reasoning_json", "reasoning_text"]


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
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
