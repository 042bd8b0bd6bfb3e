"""What follows from a spec, and whether it contradicts itself, by rules or by HermiT; contradictions as smallest sets of statements."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations, compress
from pathlib import Path
from typing import Any

from sphinx_policyspec.errors import MissingToolError, ReasonerError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.knowledge_base import Consequences
from sphinx_policyspec.graph.parse import streamed_statements
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.syntaxes import ntriples_lines
from sphinx_policyspec.graph.terms import ONTOLOGY, PREFIXES, RDF, Foreign, Iri, Triple
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Spec
from sphinx_policyspec.reasoning.schema import axioms, names_of_levels, whole_number
from sphinx_policyspec.reasoning.statements import Stated, Statement, clashes, statements_of

_SECONDS = 600
_NEITHER = Foreign("true", PREFIXES["xsd"] + "boolean", "")
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A run is too short for Java to gain by better compilation."""


def java() -> str:
    """Return the Java that runs the reasoner; raise :class:`MissingToolError` where there is none."""
    path = shutil.which("java")
    if path is None:
        raise MissingToolError(
            "the engine `hermit` needs Java, which is not installed: "
            "`apt install default-jre-headless` does on Debian and Ubuntu; `--engine rules` needs none"
        )
    return path


def world_of(triples: Iterable[Triple]) -> Any:  # noqa: ANN401 - owlready2 has no types
    """Return an owlready2 ``World`` of its own that holds the axioms of the ontology and these statements."""
    import owlready2  # noqa: PLC0415 - costs time and opens a database

    world = owlready2.World()
    lines = ntriples_lines((*axioms(), *triples))
    world.get_ontology(f"{ONTOLOGY}#").load(fileobj=io.BytesIO("".join(lines).encode()))
    return world


def classify(triples: Sequence[Triple]) -> tuple[Triple, ...] | None:
    """Return the types that follow and are not stated; ``None`` where there is a contradiction."""
    java()
    import owlready2  # noqa: PLC0415

    world = world_of(background(triples))
    try:
        with _quick_java():
            owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return None
    except owlready2.OwlReadyJavaError as error:
        raise ReasonerError(_failure(str(error).partition("\n")[2])) from None
    stated = {(subject, node) for subject, predicate, node in triples if predicate == RDF.type}
    names = {subject: None for subject, _, _ in triples if isinstance(subject, Iri)}
    return tuple(
        (name, RDF.type, cls)
        for name in names
        for cls in sorted(_classes(world, name))
        if (name, cls) not in stated
    )


@contextmanager
def _quick_java() -> Iterator[None]:
    """Give Java the options for short runs where owlready2 starts it, since that passes on none."""
    before = os.environ.get("JAVA_TOOL_OPTIONS")
    os.environ["JAVA_TOOL_OPTIONS"] = " ".join((before or "", *_QUICK))
    try:
        yield
    finally:
        del os.environ["JAVA_TOOL_OPTIONS"]
        if before is not None:
            os.environ["JAVA_TOOL_OPTIONS"] = before


def _classes(world: Any, name: Iri) -> set[Iri]:  # noqa: ANN401 - as above
    """Return the classes of the ontology that a thing is in, by all that a world holds."""
    thing = world[str(name)]
    classes = thing.INDIRECT_is_a if thing is not None else ()
    return {Iri(cls.iri) for cls in classes if str(getattr(cls, "iri", "")).startswith(PREFIXES["ps"])}


def first_inconsistent(candidates: Sequence[Iterable[Triple]]) -> int | None:
    """Return the place of the first of several sets of statements that contradicts itself.

    One run of Java checks all of them in order; it ends at the first.
    """
    if not candidates:
        return None
    program = java()
    import owlready2.reasoning  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, triples in enumerate(candidates):
            file = Path(folder, f"{number}.nt")
            lines = ntriples_lines((*axioms(), *background(list(triples))))
            file.write_text("".join(lines), encoding="utf-8")
            files.append(file.as_uri())
        command = [program, *_QUICK, "-cp", owlready2.reasoning._HERMIT_CLASSPATH]  # noqa: SLF001 - known nowhere else
        command += ["org.semanticweb.HermiT.cli.CommandLine", "--consistency", *files]
        try:
            done = subprocess.run(  # noqa: S603 - names of our own files
                command, capture_output=True, text=True, check=False, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise ReasonerError(f"HermiT was ended after {_SECONDS} s") from None
    if done.returncode == 0:
        return None
    if "Inconsistent ontology" not in done.stderr:
        raise ReasonerError(_failure(done.stderr))
    return done.stdout.count("is satisfiable")


def _failure(text: str) -> str:
    """Return the message of a failing reasoner, in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("Picked up ")]
    return f"HermiT ended with an error: {lines[0] if lines else 'it says nothing'}"


def background(triples: Sequence[Triple]) -> Iterator[Triple]:
    """Yield statements in a form that any reasoner reads, and that all levels are different.

    Without these, OWL may take two names for one thing.
    """
    for subject, predicate, term in triples:
        number = whole_number(term)
        if number is not None:
            yield subject, predicate, number
        elif isinstance(term, Foreign):
            # Like the original, neither a string nor a number; the original may be malformed for its datatype.
            yield subject, predicate, _NEITHER
        else:
            yield subject, predicate, term
    different = Iri(PREFIXES["owl"] + "differentFrom")
    yield from ((one, different, other) for one, other in combinations(names_of_levels(triples), 2))


_Places = tuple[int, ...]
_FirstInconsistent = Callable[[Sequence[Iterable[Triple]]], int | None]
_First = Callable[[Sequence[_Places]], int | None]
_AT_ONCE = 16
"""Beginnings that one run checks."""
_MOST = 20
"""Most contradictions of one report; others are reported when the first are fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction(Brief):
    """Statements that cannot hold together, none of which can be left out.

    :param reason: why, in words; empty where only the reasoner knows
    """

    reason: str
    statements: tuple[Statement, ...]


def contradictions(statements: Sequence[Statement]) -> tuple[Contradiction, ...]:
    """Return the contradictions that forward reasoning alone finds, without Java; it may miss some."""
    return tuple(
        Contradiction(reason=clash.reason, statements=tuple(statements[place] for place in clash.members))
        for clash in clashes(statements)
    )


def explain(
    statements: Sequence[Statement], first_inconsistent: _FirstInconsistent
) -> tuple[Contradiction, ...]:
    """Return the contradictions in statements that a reasoner has found inconsistent.

    Forward reasoning proposes small sets, which the reasoner confirms; what it cannot see is
    narrowed down by the reasoner alone. Each run of the reasoner costs about a second.

    :param first_inconsistent: returns the place of the first of several sets that contradicts itself
    """

    def first(candidates: Sequence[_Places]) -> int | None:
        return first_inconsistent(
            [[triple for place in places for triple in statements[place].triples] for places in candidates]
        )

    proposed = clashes(statements)[:_MOST]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        confirmed = list(pool.map(lambda clash: first([clash.members]) == 0, proposed))
    minimal = _minimal([(clash.members, clash.reason) for clash in compress(proposed, confirmed)], first)
    rest = tuple(
        place for place in range(len(statements)) if place not in {places[0] for places, _ in minimal}
    )
    while len(minimal) < _MOST and first([rest]) == 0:
        places = smallest(rest, first)
        minimal.append((places, ""))
        rest = tuple(place for place in rest if place != places[0])
    return tuple(
        Contradiction(reason=reason, statements=tuple(statements[place] for place in places))
        for places, reason in minimal
    )


def _minimal(candidates: list[tuple[_Places, str]], first: _First) -> list[tuple[_Places, str]]:
    """Leave out what no contradiction needs; if all is needed, as almost always, one run shows that."""
    smaller = [
        (number, places[:place] + places[place + 1 :])
        for number, (places, _) in enumerate(candidates)
        if len(places) > 1
        for place in range(len(places))
    ]
    while (place := first([places for _, places in smaller])) is not None:
        number = smaller[place][0]
        candidates[number] = smallest(smaller[place][1], first), candidates[number][1]
        smaller = [item for item in smaller[place + 1 :] if item[0] != number]
    return list(dict(candidates).items())


def smallest(places: _Places, first: _First) -> _Places:
    """Return an inconsistent part of an inconsistent set that is consistent once anything is left out.

    The shortest inconsistent beginning ends with a statement that is needed; with that one
    put in front, the next is found in the same way, until those found suffice. A run checks many beginnings
    at once, so that this takes fewer runs than halving the set does (QuickXplain).

    :param first: returns the place of the first of several sets that is inconsistent
    """
    needed: _Places = ()
    while first([needed]) is None:
        low, high = 0, len(places)
        while high - low > 1:
            step = -(-(high - low) // _AT_ONCE)
            cuts = list(range(low + step, high, step))
            place = first([needed + places[:cut] for cut in cuts])
            low, high = (cuts[-1], high) if place is None else (([low, *cuts])[place], cuts[place])
        needed = (places[high - 1], *needed)
        places = places[: high - 1]
    return tuple(sorted(needed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning(Brief):
    """The result of an engine.

    :param asserted: how many statements were given
    :param derived: what follows and was not given; nothing follows from a contradiction by ``hermit``
    :param contradictions: each a smallest set of statements; ``rules`` may miss some
    """

    engine: str
    asserted: int
    derived: tuple[Triple, ...] = field(repr=False)
    contradictions: tuple[Contradiction, ...] = field(repr=False)

    def as_rdf(self, form: str) -> bytes:
        """Return what follows as RDF."""
        return serialize(self.derived, form)[0]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many statements of each kind follow: by class, then by relation."""
        counter = Counter(_kind(triple) for triple in self.derived)
        return {
            kind: counter[kind]
            for kind in sorted(counter, key=lambda kind: (not kind.startswith("a "), kind))
        }


@dataclass(frozen=True, slots=True)
class Reasoner:
    """Statements to reason about.

    :param stated: yields them, whenever it is called; some may come more than once
    """

    stated: Callable[[], Iterable[Stated]]

    @classmethod
    def of_file(cls, path: Path) -> Reasoner:
        """Return a reasoner for a graph file as it is."""
        return cls(lambda: streamed_statements(path))

    @classmethod
    def of_spec(cls, spec: Spec) -> Reasoner:
        """Return a reasoner for what a spec says."""
        return cls(lambda: ((triple, "") for triple in triples_of(spec)))

    def run(self, engine: str = "rules") -> Reasoning:
        """Derive what follows, and find contradictions."""
        by_rules = engine != "hermit"
        if not by_rules:
            java()
        count, consequences = _Distinct(), Consequences()

        def passing() -> Iterator[Stated]:
            for stated in self.stated():
                count.add(stated)
                if by_rules:
                    consequences.add(stated[0])
                yield stated

        statements = statements_of(passing(), self.stated)
        if by_rules:
            derived, clashing = tuple(consequences.derived()), contradictions(statements)
        else:
            needed = list(dict.fromkeys(triple for statement in statements for triple in statement.triples))
            types = classify(needed)
            derived, clashing = types or (), explain(statements, first_inconsistent) if types is None else ()
        return Reasoning(engine=engine, asserted=len(count), derived=derived, contradictions=clashing)


class _Distinct:
    """Counts different things by eight bytes of each, since a large spec makes millions of statements."""

    def __init__(self) -> None:
        self._hashes = [array("q") for _ in range(256)]

    def add(self, thing: Hashable) -> None:
        """Count a thing, unless it has come before."""
        value = hash(thing)
        self._hashes[value & 255].append(value)

    def __len__(self) -> int:
        """Return how many there were."""
        return sum(len(set(hashes)) for hashes in self._hashes)


def _kind(triple: Triple) -> str:
    _, predicate, node = triple
    return f"a {_short(str(node))}" if predicate == RDF.type else _short(predicate)


def _short(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
