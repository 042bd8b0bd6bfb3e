"""HermiT, the OWL reasoner that owlready2 brings along: classes and consistency."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from sphinx_policyspec.errors import MissingToolError, ReasonerError
from sphinx_policyspec.graph.relevance import names_of_levels, whole_number
from sphinx_policyspec.graph.schema import axioms
from sphinx_policyspec.graph.terms import ONTOLOGY, PREFIXES, RDF, Foreign, Iri, Triple
from sphinx_policyspec.graph.writing import ntriples_lines

__all__ = ["classify", "first_inconsistent", "java", "world_of"]

_SECONDS = 600
_NEITHER = Foreign("true", PREFIXES["xsd"] + "boolean", "")
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Run after run ends before Java would gain by compiling well."""


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

    world = world_of(_background(triples))
    try:
        owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return None
    except owlready2.OwlReadyJavaError as error:
        raise ReasonerError(_told(str(error).partition("\n")[2])) from None
    stated = {(subject, node) for subject, predicate, node in triples if predicate == RDF.type}
    names = {subject: None for subject, _, _ in triples if isinstance(subject, Iri)}
    return tuple(
        (name, RDF.type, cls)
        for name in names
        for cls in sorted(_classes(world, name))
        if (name, cls) not in stated
    )


def _classes(world: Any, name: Iri) -> set[Iri]:  # noqa: ANN401 - as above
    """Return the classes of ours that a thing is in, by all that a world holds."""
    thing = world[str(name)]
    found = thing.INDIRECT_is_a if thing is not None else ()
    return {Iri(cls.iri) for cls in found if str(getattr(cls, "iri", "")).startswith(PREFIXES["ps"])}


def first_inconsistent(candidates: Sequence[Iterable[Triple]]) -> int | None:
    """Return the place of the first of several sets of statements that contradicts itself.

    One run of Java looks at all of them; it ends at the first.
    """
    if not candidates:
        return None
    program = java()
    import owlready2.reasoning  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, triples in enumerate(candidates):
            file = Path(folder, f"{number}.nt")
            lines = ntriples_lines((*axioms(), *_background(list(triples))))
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
        raise ReasonerError(_told(done.stderr))
    return done.stdout.count("is satisfiable")


def _told(text: str) -> str:
    """Return what a failing reasoner says, in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"HermiT ended with an error: {lines[0] if lines else 'it says nothing'}"


def _background(triples: Sequence[Triple]) -> Iterator[Triple]:
    """Yield statements in a form that any reasoner reads, and that no two levels are one.

    OWL, left alone, would take two names for one thing.
    """
    for subject, predicate, term in triples:
        number = whole_number(term)
        if number is not None:
            yield subject, predicate, number
        elif isinstance(term, Foreign):
            # Neither a string nor a number, as what it stands for; its own form may be none of its datatype.
            yield subject, predicate, _NEITHER
        else:
            yield subject, predicate, term
    different = Iri(PREFIXES["owl"] + "differentFrom")
    yield from ((one, different, other) for one, other in combinations(names_of_levels(triples), 2))
