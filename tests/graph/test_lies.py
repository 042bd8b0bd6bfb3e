"""A graph that lies is refused by name, or makes a spec that goes through everything."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.compare import compare
from sphinx_policyspec.compare.history import format_lock, lock_of
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports.answers import counts
from sphinx_policyspec.exports.diff import DIFF_FORMATS
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.terms import FORMATS, RDF, XSD, Blank, Foreign, Iri, Term, Triple
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Section, Spec
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.reasoning.reasoner import Reasoner
from tests.conftest import at, spec
from tests.graph.specs import LIBRARY

TRIPLES = tuple(dict.fromkeys(triples_of(LIBRARY)))
BASE = "urn:policyspec:spec:"
ODD_TERMS: tuple[Term, ...] = (
    "",
    "x" * 5000,
    "9" * 5000,
    "2026-13-45",
    "²",
    "[" * 5000,
    '["topic", ["a"], {}, null]',
    "line\nbreak\x00\x1b[31m",
    -1,
    0,
    10**30,
    Foreign("01", XSD.integer, ""),
    Foreign("x", "urn:type", ""),
    Foreign("x", "", "en"),
    Blank("b0"),
    Iri("urn:elsewhere"),
    Iri(f"{BASE}provision/%FF"),
    Iri(f"{BASE}provision/%ED%A0%80"),
    Iri(f"{BASE}provision/gone"),
    Iri(f"{BASE}release/2026-01-02"),
    Iri(f"{BASE}provision"),
    Iri(BASE),
)


def _mutants(seed: int, count: int) -> Iterator[tuple[str, tuple[Triple, ...]]]:
    """Yield graphs of which one to three triples were changed, with what was changed."""
    rng = random.Random(seed)
    nodes = sorted({subject for subject, _, _ in TRIPLES})
    predicates = sorted({predicate for _, predicate, _ in TRIPLES})
    objects = sorted({node for _, _, node in TRIPLES}, key=str)
    for _ in range(count):
        triples, told = list(TRIPLES), []
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            place = rng.randrange(len(triples))
            subject, predicate, node = triples[place]
            other: Term = rng.choice((rng.choice(nodes), rng.choice(objects), rng.choice(ODD_TERMS)))
            kind = rng.choice(("remove", "replace", "add", "move", "rename", "blank", "type"))
            told.append(f"{kind} {subject} {predicate} {node!s:.60} / {other!s:.60}")
            match kind:
                case "remove":
                    del triples[place]
                case "replace":
                    triples[place] = (subject, predicate, other)
                case "add":
                    triples.append((subject, predicate, other))
                case "move":
                    triples[place] = (rng.choice(nodes), predicate, node)
                case "rename":
                    triples[place] = (subject, rng.choice(predicates), node)
                case "blank":
                    triples = [
                        (Blank("b1") if s == subject else s, p, Blank("b1") if o == subject else o)
                        for s, p, o in triples
                    ]
                case "type":
                    triples.append((subject, RDF.type, rng.choice(objects)))
        yield "; ".join(told), tuple({(s, p, type(o), o): (s, p, o) for s, p, o in triples}.values())


def _goes_through_everything(spec: Spec) -> None:
    """Do with a spec what every command does."""
    run_checks(spec)
    again = tuple(dict.fromkeys(triples_of(spec)))
    assert from_triples(again) == spec
    for form in FORMATS:
        serialize(again, form)
    for old, new in ((LIBRARY, spec), (spec, LIBRARY)):
        found = compare(old, new)
        for write in DIFF_FORMATS.values():
            write(found, None)
    counts(spec)
    format_lock(lock_of(spec))
    ps.render(ps.decide(spec, CASE))
    Reasoner.of_spec(spec).run()


CASE = read_cases(
    "about: may_quote\nitems:\n"
    "  - {id: a, principle: may_quote, issue: q, value: 'yes'}\n"
    "  - {id: b, principle: stay_lawful, issue: q, value: 'no'}\n"
    "  - {id: c, from: user, turn: 1, issue: q, value: 'no'}\n",
    "c.yaml",
)[0][0].case


def _tried(mutants: Iterable[tuple[str, tuple[Triple, ...]]]) -> dict[str, int]:
    """Return how many mutants were refused, and how many went through everything."""
    tried = {"refused": 0, "read": 0}
    for told, triples in mutants:
        try:
            spec = from_triples(triples)
        except SourceError as error:
            said = str(error)
            assert len(said.partition("\n")[0]) == len(said) < 800, told
            tried["refused"] += 1
            continue
        try:
            _goes_through_everything(spec)
        except Exception as error:
            error.add_note(told)
            raise
        tried["read"] += 1
    return tried


def nested(depth: int) -> Spec:
    """Return a spec of provisions that nest so deep."""
    return spec(
        *(
            Section(id=f"s{n}", title="S", depth=n, parent=f"s{n - 1}" if n > 1 else None, span=at(n))
            for n in range(1, depth + 1)
        )
    )


def test_provisions_nest_as_deep_as_pages_can() -> None:
    assert len(from_triples(triples_of(nested(60))).provisions) == 60
    with pytest.raises(SourceError, match=r"`.*provision/s61` has depth 61, and the most that is read is 60"):
        from_triples(triples_of(nested(61)))


def test_a_mutated_graph_is_refused_or_goes_through_everything() -> None:
    tried = _tried(_mutants(1, 40))
    assert min(tried.values()) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_mutated_graphs_are_refused_or_go_through_everything(seed: int) -> None:
    tried = _tried(_mutants(seed, 300))
    assert min(tried.values()) >= 50
