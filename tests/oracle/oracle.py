"""The one answer set of ``decision.lp`` for a case, as labels, outcomes and duties."""

from __future__ import annotations

import clingo

from sphinx_policyspec.model import Case, Spec
from sphinx_policyspec.surveys.engine import PROGRAM, case_facts, spec_facts

__all__ = ["Answer", "decide_by_program"]

SHOWN = """
#show in/1. #show out/1. #show undecided/1. #show noncandidate/1. #show holds/2. #show status/2. #show owed/2.
"""

Answer = tuple[dict[str, str], dict[str, object], dict[str, set[str]]]
"""Labels by item; outcomes by issue, a set of values or the word of a status; the items of each duty."""


def decide_by_program(spec: Spec, case: Case) -> Answer:
    """Return what the program says of a case."""
    control = clingo.Control(["--warn=none"])
    told = (*spec_facts(spec), *case_facts(case))
    control.add("base", [], "\n".join((PROGRAM, SHOWN, *told)))
    control.ground([("base", [])])
    answers: list[list[clingo.Symbol]] = []
    control.configuration.solve.models = 0  # type: ignore[union-attr]
    control.solve(on_model=lambda model: answers.append(list(model.symbols(shown=True))))
    assert len(answers) == 1, "the program has one answer set"
    labels: dict[str, str] = {}
    outcomes: dict[str, object] = {}
    held: dict[str, set[str]] = {}
    duties: dict[str, set[str]] = {}
    for atom in answers[0]:
        first, *rest = atom.arguments
        if atom.name == "holds":
            held.setdefault(first.string, set()).add(rest[0].string)
        elif atom.name == "owed":
            duties.setdefault(first.name, set()).add(rest[0].string)
        elif atom.name == "status":
            outcomes[first.string] = rest[0].name.replace("_", "-")
        else:
            assert first.string not in labels, "one label an item"
            labels[first.string] = "not-a-candidate" if atom.name == "noncandidate" else atom.name
    return labels, outcomes | held, duties
