"""A spec in an owlready2 World of its own: terms of the ontology as Python classes, things as objects."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import owlready2

from sphinx_policyspec.graph.knowledge_base import with_derived
from sphinx_policyspec.graph.syntaxes import Statements
from sphinx_policyspec.graph.terms import ONTOLOGY, PREFIXES, Triple, ontology_terms
from sphinx_policyspec.graph.to_graph import release_iri, triples_of
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.reasoning.reasoner import background
from sphinx_policyspec.reasoning.schema import axioms, ontology
from sphinx_policyspec.reasoning.statements import statements_of


class OwlWorld(owlready2.World):  # type: ignore[misc]  # owlready2 ships no types
    """An owlready2 World that has the terms of the ontology as attributes, such as ``world.Principle``.

    Classes, individuals and properties are owlready2's own: ``world.Principle.instances()``, and of
    an instance ``.authority`` (one thing, or ``None``) or ``.title`` (a list, since several are
    possible). Changes in it change no spec. ``world.close()`` frees its memory.
    """

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - owlready2 ships no types
        """Return the class, individual or property of that name."""
        if name not in ontology_terms():
            hint = "" if name.startswith("_") else f"; {nearest(name, ontology_terms())}"
            raise AttributeError(f"the ontology has no term `{name}`{hint}", name=name, obj=self)
        return self[PREFIXES["ps"] + name]


def owl_world(spec: Spec, *, inferred: bool = True, for_reasoner: bool = False) -> OwlWorld:
    """Return a World that holds the ontology and a spec, apart from ``owlready2.default_world``.

    :param inferred: with what the rules derive, so that ``world.HardRule.instances()`` needs no reasoner
    :param for_reasoner: instead, only what a reasoner needs: no texts and places
    """
    world = OwlWorld()
    triples = list(triples_of(spec))
    parts: tuple[Iterable[Triple], Iterable[Triple]]
    if for_reasoner:
        stated = statements_of(((triple, "") for triple in triples), lambda: ((t, "") for t in triples))
        needed = list(dict.fromkeys(triple for statement in stated for triple in statement.triples))
        parts = axioms(), background(needed)
    else:
        parts = ontology().triples, with_derived(triples) if inferred else triples
    for name, part in zip((ONTOLOGY, release_iri(spec)), parts, strict=True):
        _load(world, name, "".join(Statements(part).lines()).encode())
    return world


def _load(world: OwlWorld, name: str, ntriples: bytes) -> None:
    """Put triples into an ontology of that name."""
    # owlready2 takes a first line that begins with `<` and is very long for RDF/XML.
    world.get_ontology(f"{name}#").load(fileobj=io.BytesIO(b"# N-Triples\n" + ntriples))
