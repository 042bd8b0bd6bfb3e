"""The content of a server: specs as they were read, their graphs, and a handbook; changed files give a new collection."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain, count

from sphinx_policyspec.agents.desk import Desk
from sphinx_policyspec.api.asking import load_specs, to_rdf, with_beside
from sphinx_policyspec.beside import Beside
from sphinx_policyspec.graph.guard import Limits
from sphinx_policyspec.graph.releases import SpecReleases, others_of, served_pieces
from sphinx_policyspec.graph.serialize import NamedGraph, serialize
from sphinx_policyspec.graph.terms import UNDATED, Iris, OwnGraph
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.serving.pool import QueryPool
from sphinx_policyspec.serving.site import ServedSite


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A graph as a file in one format.

    :param digest: of its bytes
    """

    data: bytes
    digest: str


class Collection:
    """Specs with their releases.

    :param workers: number of processes that answer clients' queries
    """

    def __init__(self, desk: Desk, workers: int, limits: Limits) -> None:
        self.desk = desk
        self.site = ServedSite()
        specs = load_specs(*[tuple(shelf.spec for shelf in one.shelves) for one in desk.specs])
        with_graphs = [with_beside((one,), desk.shelf(one.name).beside)[0] for one in specs]
        self.specs: tuple[SpecReleases, ...] = with_beside(with_graphs, Beside(alignments=desk.alignments))
        self.pool = QueryPool(chain.from_iterable(map(served_pieces, self.specs)), workers, limits)
        self._files: dict[tuple[str, str, str], GraphFile] = {}

    def graph(self, name: str, version: str, form: str) -> GraphFile:
        """Return a release of a spec, or a graph beside the releases (:meth:`others`), in a format of RDF."""
        key = name, version, form
        if key not in self._files:
            data = self._serialized(name, version, form)
            self._files[key] = GraphFile(data, hashlib.sha256(data).hexdigest())
        return self._files[key]

    def _serialized(self, name: str, version: str, form: str) -> bytes:
        if graph := self.others(self.releases_of(name)).get(version):
            return serialize(iter([*graph.triples()]), form)[0]
        return to_rdf(self.desk.shelf(name, version).spec, form, portable=True)

    def others(self, one: SpecReleases) -> dict[str, NamedGraph]:
        """Return the graphs of a spec that are not releases, by their names below `/graph/`."""
        base = Iris(base_of(one.last)).base
        own = {f"{base}{name}": str(name) for name in OwnGraph}
        aligned = (f"alignment-{number}" for number in count(1))
        return {own.get(graph.name) or next(aligned): graph for graph in others_of(one)}

    def path_of(self, one: SpecReleases, version: str) -> str:
        """Return the path of a release below `/graph/`, or of a thing below `/resource/`."""
        version = version or UNDATED
        return version if len(self.specs) == 1 else f"{one.name}/{version}"

    def releases_of(self, name: str) -> SpecReleases:
        """Return a spec by its name."""
        served = self.desk.spec(name)
        return next(one for one in self.specs if one.releases[-1] is served.shelves[-1].spec)

    def page_of(self, one: SpecReleases, iri: str) -> str:
        """Return the handbook's address of a thing, in the newest release that has it; empty if there is none."""
        kind_and_id = Iris(base_of(one.last)).kind_and_id(iri)
        if kind_and_id is None or not self.site.is_built:
            return ""
        for release in reversed(one.releases):
            if page := self.site.places.get((release.title, release.version), {}).get(kind_and_id):
                return page
        return ""

    def current(self, one: SpecReleases, iri: str) -> str:
        """Return the part after the base in the current IRI of a principle or example with a new id; otherwise nothing."""
        iris = Iris(base_of(one.last))
        kind, name = iris.kind_and_id(iri) or ("", "")
        now = one.present_id(kind, name) if kind in {"provision", "example"} else name
        return "" if now == name else iris.iri(kind, now).removeprefix(iris.base)

    def close(self) -> None:
        """End its processes and remove its handbook."""
        self.pool.close()
        self.desk.close()
        self.site.close()
