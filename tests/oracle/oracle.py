"""The one answer set of ``decision.lp`` for a case, as labels and outcomes."""

from __future__ import annotations

import clingo

from sphinx_policyspec.model import Case, Spec
from sphinx_policyspec.survey.engine import PROGRAM
from sphinx_policyspec.survey.facts import case_facts, spec_facts

__all__ = ["Answer", "decide_by_program"]

SHOWN = "#show in/1. #show out/1. #show undecided/1. #show noncandidate/1. #show holds/2. #show status/2."

Answer = tuple[dict[str, str], dict[str, object]]
"""Labels by item, and outcomes by issue: a set of values, or the word of a status."""


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
    for atom in answers[0]:
        first = atom.arguments[0].string
        if atom.name == "holds":
            held.setdefault(first, set()).add(atom.arguments[1].string)
        elif atom.name == "status":
            outcomes[first] = atom.arguments[1].name.replace("_", "-")
        else:
            assert first not in labels, "one label an item"
            labels[first] = "not-a-candidate" if atom.name == "noncandidate" else atom.name
    return labels, outcomes | held
