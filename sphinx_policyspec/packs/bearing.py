"""The relations, references, examples and prompts of each provision of a spec, for packs and panels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sphinx_policyspec.model import EvalPrompt, Example, Principle, Spec, TargetKind
from sphinx_policyspec.model.attributes import OUTSIDE, RELATIONS


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One reference to a provision.

    :param source: id of the innermost provision that contains it; empty before the first heading
    :param example: id of the example that contains it, if any
    :param target: id of its target
    :param number: its number among the references from one provision to one target, from 1
    """

    source: str
    example: str
    target: str
    number: int


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations of one provision to other things; ids are in reading order.

    :param id: of the provision
    :param topics: ids of the topics that it lists itself
    :param relations: ids by the names of the relations
    :param occurrences: references to it, except from its own text
    """

    id: str = ""
    occurrences: tuple[Occurrence, ...] = ()
    topics: tuple[str, ...] = ()
    relations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    prompts: tuple[EvalPrompt, ...] = ()

    def of(self, name: str) -> tuple[str, ...]:
        """Return the ids of one relation."""
        return self.relations.get(name, ())


def relations_of(spec: Spec) -> dict[str, Relations]:
    """Return the relations of every principle, and of each other provision that has some."""
    own = Ids(spec)
    occurrences: dict[str, list[Occurrence]] = defaultdict(list)
    for item in _occurrences(spec, own):
        if item.source != item.target:
            occurrences[item.target].append(item)
    relations: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for principle in spec.principles:
        for relation in RELATIONS:
            for target_name in relation.values(principle):
                target = own.provision(target_name)
                relations[principle.id][relation.field][target] = None
                relations[target][relation.inverse][principle.id] = None
        relations[principle.id]["serves"].update(dict.fromkeys(principle.serves))
    examples, prompts = _examples(spec, own), _prompts(spec, own)
    ids = [
        provision.id
        for provision in spec.provisions
        if isinstance(provision, Principle)
        or any(provision.id in item for item in (occurrences, relations, examples, prompts))
    ]
    return {
        name: Relations(
            name,
            tuple(occurrences.get(name, ())),
            spec.provision_by_id[name].topics,
            {relation: tuple(targets) for relation, targets in relations.get(name, {}).items() if targets},
            tuple(examples.get(name, {}).values()),
            tuple(prompts.get(name, {}).values()),
        )
        for name in ids
    }


def outside_of(spec: Spec, id_: str) -> dict[str, tuple[str, ...]]:
    """Return the things outside the spec that a provision names, by the key of the relation.

    Whoever decides in place of the spec comes first, under ``out-of-scope``.
    """
    provision, by = spec.provision_by_id.get(id_), spec.decided_elsewhere.get(id_)
    by_key = {row.key: tuple(getattr(provision, row.field, ())) for row in OUTSIDE}
    return {
        key: addresses
        for key, addresses in {"out-of-scope": (by,) if by else (), **by_key}.items()
        if addresses
    }


class Ids:
    """Finds provisions also by former ids, and the principle around a plain subsection."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._former = {alias: item.id for item in spec.provisions for alias in item.aliases}

    def provision(self, name: str) -> str:
        """Return the current id for an id."""
        return name if name in self._spec.provision_by_id else self._former.get(name, name)

    def up(self, name: str) -> Iterator[str]:
        """Yield a provision and, if it is a plain section, what contains it up to its principle."""
        seen: set[str] = set()
        current: str | None = self.provision(name)
        while current and current not in seen and (item := self._spec.provision_by_id.get(current)):
            seen.add(current)
            yield current
            current = None if isinstance(item, Principle) else item.parent


def _occurrences(spec: Spec, own: Ids) -> Iterator[Occurrence]:
    """Yield every reference to a provision; those from one provision to one target are numbered."""
    counts: Counter[tuple[str, str]] = Counter()
    for reference in spec.references:
        if reference.target_kind is not TargetKind.PROVISION:
            continue
        target = own.provision(reference.target)
        if target not in spec.provision_by_id:
            continue
        key = (target, reference.source)
        counts[key] += 1
        yield Occurrence(reference.source, reference.example, target, counts[key])


def _examples(spec: Spec, own: Ids) -> dict[str, dict[str, Example]]:
    by_name: dict[str, dict[str, Example]] = defaultdict(dict)
    for home, block in spec.walk():
        if isinstance(block, Example):
            for name in _all(own, (*([home.id] if home else []), *block.illustrates)):
                by_name[name][block.id] = block
    return by_name


def _prompts(spec: Spec, own: Ids) -> dict[str, dict[str, EvalPrompt]]:
    by_name: dict[str, dict[str, EvalPrompt]] = defaultdict(dict)
    for prompt, ids in spec.tested():
        for name in _all(own, ids):
            by_name[name][prompt.id] = prompt
    return by_name


def _all(own: Ids, ids: Iterable[str]) -> Iterator[str]:
    for name in ids:
        yield from own.up(name)
