"""A spec in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sphinx_policyspec.model import Carrier, Commentary, ReferenceForm, Spec, Verdict

__all__ = ["counts"]


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
