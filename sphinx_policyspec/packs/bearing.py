"""What bears on each provision of a spec: relations, references, examples and prompts; packs and panels tell it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sphinx_policyspec.model import EvalPrompt, Example, Principle, Spec, TargetKind
from sphinx_policyspec.model.attributes import OUTSIDE, RELATIONS


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One reference to a provision.

    :param source: id of the innermost provision that it stands in; empty before the first heading
    :param example: id of the example that it stands in, if any
    :param target: id of what it points at
    :param number: its place among those of one text to one target, from 1
    """

    source: str
    example: str
    target: str
    number: int


@dataclass(frozen=True, slots=True)
class Relations:
    """What bears on one provision; ids in reading order.

    :param id: of the provision
    :param topics: ids of those that it lists itself
    :param relations: ids by the names of the relations
    :param occurrences: references to it, those of its own text left out
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
    """Return what bears on each provision that anything bears on, and on every principle."""
    own = Ids(spec)
    occurrences: dict[str, list[Occurrence]] = defaultdict(list)
    for found in _occurrences(spec, own):
        if found.source != found.target:
            occurrences[found.target].append(found)
    relations: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for principle in spec.principles:
        for relation in RELATIONS:
            for given in relation.values(principle):
                target = own.provision(given)
                relations[principle.id][relation.field][target] = None
                relations[target][relation.inverse][principle.id] = None
        relations[principle.id]["serves"].update(dict.fromkeys(principle.serves))
    examples, prompts = _examples(spec, own), _prompts(spec, own)
    ids = [
        provision.id
        for provision in spec.provisions
        if isinstance(provision, Principle)
        or any(provision.id in found for found in (occurrences, relations, examples, prompts))
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
    """Return what lies outside the spec, by the key that says what it is to a provision.

    Who decides in place of the spec, if somebody does, stands first, below ``out-of-scope``.
    """
    provision, by = spec.provision_by_id.get(id_), spec.decided_elsewhere.get(id_)
    found = {row.key: tuple(getattr(provision, row.field, ())) for row in OUTSIDE}
    return {key: named for key, named in {"out-of-scope": (by,) if by else (), **found}.items() if named}


class Ids:
    """Finds provisions by former ids too, and the principle around a plain subsection."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._former = {alias: item.id for item in spec.provisions for alias in item.aliases}

    def provision(self, given: str) -> str:
        """Return the id that a given one stands for."""
        return given if given in self._spec.provision_by_id else self._former.get(given, given)

    def up(self, given: str) -> Iterator[str]:
        """Yield a provision and, where it is a plain section, what it is part of up to its principle."""
        seen: set[str] = set()
        current: str | None = self.provision(given)
        while current and current not in seen and (item := self._spec.provision_by_id.get(current)):
            seen.add(current)
            yield current
            current = None if isinstance(item, Principle) else item.parent


def _occurrences(spec: Spec, own: Ids) -> Iterator[Occurrence]:
    """Yield every reference to a provision; those of one text to one target are numbered."""
    seen: Counter[tuple[str, str]] = Counter()
    for reference in spec.references:
        if reference.target_kind is not TargetKind.PROVISION:
            continue
        target = own.provision(reference.target)
        if target not in spec.provision_by_id:
            continue
        key = (target, reference.source)
        seen[key] += 1
        yield Occurrence(reference.source, reference.example, target, seen[key])


def _examples(spec: Spec, own: Ids) -> dict[str, dict[str, Example]]:
    found: dict[str, dict[str, Example]] = defaultdict(dict)
    for home, block in spec.walk():
        if isinstance(block, Example):
            for name in _all(own, (*([home.id] if home else []), *block.illustrates)):
                found[name][block.id] = block
    return found


def _prompts(spec: Spec, own: Ids) -> dict[str, dict[str, EvalPrompt]]:
    found: dict[str, dict[str, EvalPrompt]] = defaultdict(dict)
    for prompt, ids in spec.tested():
        for name in _all(own, ids):
            found[name][prompt.id] = prompt
    return found


def _all(own: Ids, ids: Iterable[str]) -> Iterator[str]:
    for given in ids:
        yield from own.up(given)
