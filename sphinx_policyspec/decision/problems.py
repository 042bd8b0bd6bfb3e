"""What keeps a case from being decided by a spec: names that mean nothing, authority that no clause can have, circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sphinx_policyspec.decision.candidates import (
    POWERLESS_ROLES,
    Norms,
    candidates_of,
    grant_needed,
    grants_of,
    standing_of,
)
from sphinx_policyspec.decision.framework import MAX_LINKS, count_links, exempted_places
from sphinx_policyspec.model import Case, Finding, Item, Principle, Severity, Span
from sphinx_policyspec.model.finding import UnknownNames, shown

__all__ = ["problems"]


def problems(case: Case, norms: Norms) -> tuple[Finding, ...]:
    """Return what is wrong with a case, given a spec; empty if it can be decided."""
    found = tuple(_Problems(case, norms).of_names())
    if found:
        return found
    if (links := count_links(case, norms)) > MAX_LINKS:
        message = f"about {links:,} conflicts, exemptions and delegations are more than {MAX_LINKS:,}"
        return (_error("case-too-large", message, case.span, "split the case"),)
    return (*_circles(case, norms), *_unknown_example(case, norms))


def _unknown_example(case: Case, norms: Norms) -> Iterator[Finding]:
    if case.example and not norms.examples(case.example):
        titles = [example.title for example in norms.spec.examples]
        yield UnknownNames().finding("example", case.example, case.place("example"), titles)


def _error(code: str, message: str, span: Span, hint: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, span=span, hint=hint)


class _Problems:
    """Checks the names of one case."""

    def __init__(self, case: Case, norms: Norms) -> None:
        self.case = case
        self.norms = norms
        self.unknown = UnknownNames()
        self.items = {item.id: item for item in case.items}
        self.issues = {item.issue for item in case.items}
        categories = {item.category for item in case.items if item.category}
        self.exemptible = {*self.items, *norms.provisions, *norms.categories, *categories}

    def of_names(self) -> Iterator[Finding]:
        if self.case.about:
            yield from self._known(
                "provision", self.case.about, self.norms.provisions, self.case.place("about")
            )
        for item in self.case.items:
            yield from self._speaker(item)
            if item.principle:
                yield from self._norm(item)
            elif item.exempts:
                yield self._invalid(item, "only the spec has exceptions: `exempts` needs `principle`")
            for name in item.exempts:
                yield from self._known("item", name, self.exemptible, item.place("exempts"))
        for issue, *_values in self.case.compatible:
            yield from self._known(
                "item", issue, self.issues, self.case.place(f"compatible.{issue}"), "issue"
            )
        yield from self._expected()

    def _speaker(self, item: Item) -> Iterator[Finding]:
        if item.role and (item.principle or item.level):
            other = "principle" if item.principle else "level"
            yield self._invalid(item, f"`from` and `{other}` exclude each other")
        elif not (item.role or item.principle or item.level or item.source or item.quoted):
            yield _error(
                "missing-key",
                f"nobody says {shown(item.id)}",
                item.span,
                "give `from`, `principle` or `level`",
            )
        if item.role:
            known = {*self.norms.level_of_role, *POWERLESS_ROLES}
            if item.role in self.norms.rank and item.role not in known:
                message = f"no message is from {shown(item.role)}, which is a level and no role"
                yield _error("unknown-role", message, item.place("from"), f"write `level: {item.role}`")
            else:
                yield from self._known("role", item.role, known, item.place("from"))
        if item.level:
            yield from self._known("level", item.level, self.norms.rank, item.place("level"))

    def _norm(self, item: Item) -> Iterator[Finding]:
        name = item.principle
        unknown = list(self._known("provision", name, self.norms.provisions, item.place("principle")))
        yield from unknown
        principle = self.norms.principle(name)
        if unknown:
            return
        if not isinstance(principle, Principle):
            message = f"{shown(name)} is a section and asks for nothing"
            yield _error("not-a-principle", message, item.place("principle"), "name a principle below it")
            return
        yield from self._known("level", principle.authority, self.norms.rank, item.place("principle"))
        own, lowered = self.norms.rank.get(principle.authority), self.norms.rank.get(item.level)
        if own is not None and lowered is not None and lowered < own:
            message = f"a clause of {shown(name)} cannot raise its level from `{principle.authority}` to `{item.level}`"
            yield _error("clause-not-lower", message, item.place("level"), "leave `level` out")
        if item.quoted or item.source or not item.explicit:
            yield self._invalid(
                item, "the spec is explicit, and no quotation: leave `mode`, `quoted` and `source` out"
            )

    def _expected(self) -> Iterator[Finding]:
        expect = self.case.expect
        if expect is None:
            return
        for name, _label in expect.labels:
            yield from self._known("item", name, self.items, self.case.place(f"labels.{name}"))
        for issue, _outcome in expect.outcomes:
            yield from self._known("item", issue, self.issues, self.case.place(f"outcomes.{issue}"), "issue")
        for _duty, names in expect.duties:
            for name in names:
                yield from self._known("item", name, self.items, self.case.place(f"duties.{name}"))

    def _known(
        self, kind: str, name: str, known: Collection[str], span: Span, word: str = ""
    ) -> Iterator[Finding]:
        if name not in known:
            yield self.unknown.finding(kind, name, span, known, word=word)

    @staticmethod
    def _invalid(item: Item, message: str) -> Finding:
        return _error("invalid-value", f"{message} (item {shown(item.id)})", item.span)


def _circles(case: Case, norms: Norms) -> Iterator[Finding]:
    """Find delegations and exceptions that lead back to where they began."""
    items = {item.id: item for item in case.items}
    by_grant: dict[object, list[str]] = {}
    for item in case.items:
        if grant := grant_needed(item, norms):
            by_grant.setdefault(grant, []).append(item.id)
    # A grant is a step of its own, or each giver would repeat every receiver.
    given: dict[object, list[object]] = {}
    for item in case.items:
        if item.delegates:
            given[item.id] = list(grants_of(item))
    given |= {grant: list(names) for grant, names in by_grant.items()}
    if way := _way_round(given):
        yield _circle(
            "delegation-cycle", "delegations", [name for name in way if isinstance(name, str)], items
        )
    candidates = candidates_of(case, norms, standing_of(case, norms))
    exempts: dict[object, list[object]] = {}
    for place, exceptions in enumerate(exempted_places(candidates, norms)):
        for exception in sorted(exceptions):
            exempts.setdefault(candidates[exception].item.id, []).append(candidates[place].item.id)
    if way := _way_round(exempts):
        yield _circle("exception-cycle", "exceptions", [str(name) for name in way], items)


def _circle(code: str, what: str, way: list[str], items: Mapping[str, Item]) -> Finding:
    first = way.index(min(way, key=lambda name: items[name].span))
    around = [*way[first:], *way[:first], way[first]]
    told = " → ".join(map(shown, around[:12])) + (" → …" if len(around) > 12 else "")  # noqa: PLR2004
    return _error(
        code, f"{what} lead in a circle: {told}", items[way[first]].span, "say which of them yields"
    )


def _way_round(edges: Mapping[object, list[object]]) -> list[object]:
    """Return the nodes of a circle, in order; empty where there is none."""
    done: set[object] = set()
    for start in edges:
        if start in done:
            continue
        way: dict[object, Iterator[object]] = {start: iter(edges[start])}
        while way:
            node = next(reversed(way))
            following = next(way[node], None)
            if following is None:
                done.add(node)
                del way[node]
            elif following in way:
                nodes = list(way)
                return nodes[nodes.index(following) :]
            elif following not in done:
                way[following] = iter(edges.get(following, ()))
    return []
