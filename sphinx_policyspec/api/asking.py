"""The knowledge base of a spec: questions, reasoning, and its syntaxes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.api.reading import loaded, releases, spec_of
from sphinx_policyspec.errors import QueryWarning
from sphinx_policyspec.graph.questions import find_question
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.sources import Loaded, has_releases, is_graph

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
    from sphinx_policyspec.graph.releases import Revision
    from sphinx_policyspec.graph.touches import TouchKind
    from sphinx_policyspec.reason.owl_view import OwlWorld
    from sphinx_policyspec.reason.reasoner import Reasoning

__all__ = [
    "about",
    "ask",
    "graph_bytes",
    "graph_pieces",
    "inferred_base",
    "knowledge_base",
    "owl",
    "reason",
    "release_pieces",
    "releases_base",
    "releases_bytes",
    "select",
]


def knowledge_base(source: str | Path | Spec, *, base_iri: str = "", question: str = "") -> KnowledgeBase:
    """Return the knowledge base of a spec or of a SOURCE, ready for questions.

    A graph file that was written with what follows from it is asked as it is.

    :param question: the name of the one question that it will be asked, which takes less time and memory
    """
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase  # noqa: PLC0415

    if not isinstance(source, Spec) and not base_iri and (found := inferred_base(source, question=question)):
        return found
    return KnowledgeBase.from_spec(spec_of(source), base_iri, question=question)


def inferred_base(source: str | Path, *, question: str = "", queried: bool = False) -> KnowledgeBase | None:
    """Return the knowledge base of a graph file that holds all that follows from it by the rules of today; else nothing.

    :param question: as for :func:`knowledge_base`
    :param queried: whether it will be asked a query of one's own, which then costs one reading of the file
    """
    if not is_graph(source):
        return None
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase  # noqa: PLC0415

    return KnowledgeBase.of_inferred(Path(source), question=question, queried=queried)


def releases_base(specs: Sequence[Spec], *, base_iri: str = "") -> KnowledgeBase:
    """Return releases as one knowledge base, with what changed between them.

    Each is a named graph, the changes are another; the last release is the default graph as well.

    :param specs: from the first to the last, as :func:`releases` returns them
    """
    from sphinx_policyspec.graph.releases import releases_base as base_of  # noqa: PLC0415

    return base_of(specs, _revisions(specs), base_iri)


def releases_bytes(specs: Sequence[Spec], form: str, *, base_iri: str = "") -> bytes:
    """Return releases, with what changed between them, as ``nq`` or ``trig``."""
    return b"".join(release_pieces(specs, form, base_iri=base_iri))


def release_pieces(specs: Sequence[Spec], form: str, *, base_iri: str = "") -> Iterator[bytes]:
    """Return what :func:`releases_bytes` does, piece by piece, since all of it may be large."""
    from sphinx_policyspec.graph.releases import release_pieces as pieces  # noqa: PLC0415

    return pieces(specs, _revisions(specs), form, base_iri)


def _revisions(specs: Sequence[Spec]) -> tuple[Revision, ...]:
    from sphinx_policyspec.compare import compare  # noqa: PLC0415  a question to one release compares nothing
    from sphinx_policyspec.exports.diff.json import revision_of  # noqa: PLC0415

    return tuple(revision_of(compare(old, new)) for old, new in pairwise(specs))


def ask(source: str | Path | Spec, question: str, /, **params: str) -> Answer:
    """Return the answer to a named question, such as ``ask(spec, "hard-rules")``.

    A question over releases may be asked of a SOURCE that is several.
    """
    several = not isinstance(source, Spec) and has_releases(source)
    if several or find_question(question).over_releases:
        specs = (source,) if isinstance(source, Spec) else releases(source)
        base = releases_base(specs)
    else:
        base = knowledge_base(source, question=question)
    with base:
        return _told(base.ask(question, params))


def about(
    source: str | Path | Spec, *, mentions: bool = False
) -> dict[str, dict[str, tuple[TouchKind, ...]]]:
    """Return what is about each topic of a spec or a SOURCE: by topic, ids of provisions with how they are.

    :param mentions: with what only mentions the topic, whose kind then says so
    """
    from sphinx_policyspec.graph.touches import about as about_topics  # noqa: PLC0415  likewise

    return about_topics(spec_of(source), mentions=mentions)


def select(source: str | Path | Spec, sparql: str) -> Answer:
    """Return the answer to a SPARQL query, run under the guard's limits.

    What the query names that nothing has is a warning, :class:`~sphinx_policyspec.errors.QueryWarning`, and among the
    findings of the answer.
    """
    found = None if isinstance(source, Spec) else inferred_base(source, queried=True)
    with found or knowledge_base(spec_of(source)) as base:
        return _told(base.query(sparql, origin="select()"))


def _told(answer: Answer) -> Answer:
    """Warn of what an answer could not find, since whoever reads its rows may not look."""
    for finding in answer.findings:
        warnings.warn(str(finding), QueryWarning, stacklevel=3)
    return answer


def owl(source: str | Path | Spec, *, base_iri: str = "", inferred: bool = True) -> OwlWorld:
    """Return a spec as Python objects: an owlready2 World of its own, with the ontology's terms as attributes.

    :param inferred: with what the rules derive, so that ``owl(spec).HardRule.instances()`` needs no reasoner
    """
    from sphinx_policyspec.reason.owl_view import owl_world  # noqa: PLC0415

    return owl_world(spec_of(source), base_iri, inferred=inferred)


def reason(source: str | Path | Spec | Loaded, *, engine: str = "rules") -> Reasoning:
    """Return what follows from a spec or a SOURCE, and what contradicts itself.

    A graph file is taken as it is: it need not make a spec.

    :param engine: ``rules``, fast and without Java, which may miss a contradiction; or ``hermit``, the
        OWL reasoner, which derives classes only
    """
    from sphinx_policyspec.reason.reasoner import Reasoner  # noqa: PLC0415  rdflib only where it is needed

    if isinstance(source, str | Path) and is_graph(source):
        return Reasoner.of_file(Path(source)).run(engine)
    spec = source if isinstance(source, Spec) else loaded(source).spec
    return Reasoner.of_spec(spec).run(engine)


def graph_bytes(
    spec: Spec, form: str, *, base_iri: str = "", inferred: bool = False
) -> tuple[bytes, tuple[Finding, ...]]:
    """Return the knowledge base of a spec in an RDF syntax, and what that syntax could not hold.

    :param inferred: with what the rules derive
    """
    pieces, findings = graph_pieces(spec, form, base_iri=base_iri, inferred=inferred)
    return b"".join(pieces), findings


def graph_pieces(
    spec: Spec, form: str, *, base_iri: str = "", inferred: bool = False
) -> tuple[Iterator[bytes], tuple[Finding, ...]]:
    """Return what :func:`graph_bytes` does, piece by piece, since all of it may be large."""
    from sphinx_policyspec.graph.serialize import pieces  # noqa: PLC0415
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    triples = triples_of(spec, base_iri)
    if inferred:
        from sphinx_policyspec.graph.rules import with_derived  # noqa: PLC0415

        triples = with_derived(triples)
    return pieces(triples, form, inferred=inferred)
