"""Scenarios → rows of plain values, and rows in the form of another project."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.evals.prompts import digest_of_spec, level_of, with_holders
from sphinx_policyspec.exports.decisions import decision_record
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import (
    Block,
    Comment,
    Commentary,
    Definition,
    Example,
    OverrideMode,
    Principle,
    Prose,
    Provision,
    Spec,
)
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.outlines import passages
from sphinx_policyspec.model.overlays import SpecStatement, origins
from sphinx_policyspec.packs.parts import SpecContext
from sphinx_policyspec.training.scenarios import Published, Scenario, Why

Row = dict[str, Any]
Split = Callable[[str], str | None]
"""Returns the split of a provision; ``None`` if it has none."""
OMITTED = "[…]"
"""A paragraph in place of parts that a provision's text leaves out."""
_PARTS = (("train", 80), ("validation", 10), ("test", 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows(Brief):
    """Rows in the order of the spec.

    :param left_out: number of scenarios that are left out, by reason
    :param without_split: number of rows that belong to none of the requested splits
    """

    rows: tuple[dict[str, Any], ...]
    left_out: Mapping[str, int]
    without_split: int = 0

    @property
    def text(self) -> str:
        """The rows as JSON lines."""
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in self.rows)


def rows_of(
    context: SpecContext, scenarios: Iterable[Scenario], split: Split, *, sentences: bool = False
) -> Iterator[Row]:
    """Yield a row for each scenario.

    :param sentences: whether to add the texts split into sentences, each with its locator
    """
    spec, published = context.spec, Published(context.spec)
    about = {"release": spec.version or None, "spec_sha256": digest_of_spec(spec)}
    changes = _changes(spec)
    texts: dict[str, Row] = {}
    for scenario in scenarios:
        applicable = []
        for one, why in _in_order(context, scenario, changes):
            if one.id not in texts:
                changed = {"changed_by": changes[one.id]} if one.id in changes else {}
                texts[one.id] = {**_applicable(spec, one, sentences=sentences), **changed}
            applicable.append({**texts[one.id], "why": why})
        first = next(iter(scenario.why), "")
        yield {
            "id": scenario.id,
            "title": scenario.title,
            "messages": [{"role": m.role, "content": m.text} for m in scenario.messages],
            **({"messages_cut": True} if scenario.is_cut else {}),
            **({"void": True} if scenario.is_void else {}),
            "applicable": applicable,
            "policy_text": "\n\n".join(_headed(spec, one) for one in applicable if one["text"]),
            **about,
            **_judged(scenario),
            "split": split(first) if first else None,
            "contaminated": published.holds(scenario),
        }


def _changes(spec: Spec) -> dict[str, list[Row]]:
    """Return, by provision, each statement of an overlay that changes it, with how, and where it holds if not everywhere."""
    changes: dict[str, list[Row]] = {}
    for name, effects in origins(spec).items():
        for by, origin_values in grouped((by, origin.value) for origin, by in effects).items():
            statement = spec.provision_by_id.get(by)
            if isinstance(statement, SpecStatement) and by != name:
                where = {"globs": [*statement.globs], "audience": statement.audience}
                changes.setdefault(name, []).append(
                    {"statement": by, "how": origin_values}
                    | {key: value for key, value in where.items() if value}
                )
    return changes


def _headed(spec: Spec, row: Row) -> str:
    """Return a text below its title, with a line that names the statements of overlays that change it."""
    marks = []
    for one in row.get("changed_by", ()):
        how = " and ".join(value.removesuffix("-by") for value in one["how"])
        files = f", where files match {' or '.join(one['globs'])}" if "globs" in one else ""
        people = f", for the audience {one['audience']}" if "audience" in one else ""
        marks.append(f"{how} by “{spec.provision_by_id[one['statement']].title}”{files}{people}")
    return "\n\n".join((f"## {row['title']}", *([f"[{'; '.join(marks)}]"] * bool(marks)), row["text"]))


def _judged(scenario: Scenario) -> Row:
    """Return the decision and the judged answers, if there are any."""
    values: Row = {}
    if scenario.decision:
        case = scenario.decision.case
        items = [
            {
                "id": item.id,
                "from": item.principle or item.role or item.source or item.level,
                "issue": item.issue,
                "value": item.value,
                "explicit": item.explicit,
            }
            for item in case.items
        ]
        values["decision"] = {**decision_record(scenario.decision), "items": items}
    if scenario.answers:
        values["reference"] = [
            {"verdict": one.verdict.value if one.verdict else None, "text": one.text, "note": one.note}
            for one in scenario.answers
        ]
    return values


def _in_order(
    context: SpecContext, scenario: Scenario, changes: Mapping[str, list[Row]]
) -> Iterator[tuple[Provision, list[str]]]:
    """Yield applicable provisions in the order of the document, with reasons.

    They include a principle's plain subsections, and the statements of overlays that change one of them.
    """
    why: dict[str, list[Why]] = {}
    for name, reasons in scenario.why.items():
        for own in context.owned.get(name, ()):
            why.setdefault(own.id, []).extend(one for one in reasons if one not in why.get(own.id, ()))
    for name in {one["statement"]: None for id_ in why for one in changes.get(id_, ())}:
        why.setdefault(name, []).append(Why.CHANGES)
    order = {one: place for place, one in enumerate(Why)}
    for provision in context.spec.provisions:
        if provision.id in why:
            yield provision, [one.value for one in sorted(why[provision.id], key=order.__getitem__)]


def _applicable(spec: Spec, provision: Provision, *, sentences: bool) -> Row:
    text, left_out = excerpt(provision)
    level = spec.level_by_id.get(level_of(provision))
    values: Row = {
        "id": provision.id,
        "title": provision.title,
        "level": level_of(provision) or None,
        "mode": level.override.value if level else None,
        "text": text,
        "sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        "left_out": left_out,
        "file": provision.span.file,
        "line": provision.span.line,
    }
    if sentences:
        values["sentences"] = [
            {"text": one.text, "locator": one.locator} for one in passages(provision) if one.sentence
        ]
    return values


def excerpt(provision: Provision) -> tuple[str, list[str]]:
    """Return the own text of a provision word for word, with a mark for omitted parts, and the list of these."""
    parts: list[str] = []
    left_out: list[str] = []
    for is_text, group in itertools.groupby(
        (block for block in provision.blocks if not isinstance(block, Comment)), _is_text
    ):
        blocks = [*group]
        if is_text:
            parts += (block.text for block in blocks if isinstance(block, Prose | Definition) and block.text)
        else:
            parts.append(OMITTED)
            left_out += map(_label, blocks)
    return "\n\n".join(parts), left_out


def _is_text(block: Block) -> bool:
    return isinstance(block, Prose | Definition)


def _label(block: Block) -> str:
    if isinstance(block, Commentary):
        return "commentary"
    kind = "example" if isinstance(block, Example) else "prompt"
    return f"{kind} {getattr(block, 'id', '')}"


# -- splits --------------------------------------------------------------------------------


def by_provision(name: str) -> str:
    """Return the split of a provision from a digest of its id: 80 % are for training, 10 % each for validation and test.

    It depends on nothing else, so that a new row does not move others.
    """
    place = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big") % 100
    for part, share in _PARTS:
        if place < share:
            return part
        place -= share
    raise AssertionError  # the shares are a hundred


def by_list(spec: Spec, splits: Mapping[str, Iterable[str]]) -> Split:
    """Return a function for the split of a provision from lists of ids; a list includes everything below its ids.

    Raises :class:`UnknownIdError` for an id that the spec does not have.
    """
    split_by_id: dict[str, str] = {}
    for part, ids in splits.items():
        for id_ in ids:
            if id_ not in spec.provision_by_id:
                hint = nearest(id_, spec.provision_by_id)
                raise UnknownIdError(
                    "; ".join(filter(None, (f"no provision `{id_}` for the split `{part}`", hint)))
                )
            if split_by_id.setdefault(id_, part) != part:
                raise UnknownIdError(f"`{id_}` is in two splits, `{split_by_id[id_]}` and `{part}`")
    return lambda name: next(
        (split_by_id[one] for one in with_holders(spec, name) if one in split_by_id), None
    )


# -- rows of another project ---------------------------------------------------------------


def statements(spec: Spec, examples: Iterable[Row]) -> Iterator[Row]:
    """Yield a row for each principle in the form of SpecEval's statements, with its own level.

    :param examples: rows of the examples, which are added to the principle that contains them
    """
    by_home: dict[str, list[Row]] = {}
    for row in examples:
        home = next((one["id"] for one in row["applicable"] if Why.ILLUSTRATED in one["why"]), "")
        answers = [
            {"text": a["text"], "verdict": a["verdict"], "note": a["note"]} for a in row.get("reference", ())
        ]
        by_home.setdefault(home, []).append(
            {
                "description": row["title"],
                "messages": row["messages"],
                "answers": answers,
                "contaminated": row["contaminated"],
                **({"void": True} if "void" in row else {}),
            }
        )
    changes = _changes(spec)
    for principle in spec.principles:
        holders = [
            spec.provision_by_id[name].title for name in reversed(with_holders(spec, principle.id)[1:])
        ]
        level = spec.level_by_id.get(principle.authority)
        yield {
            "id": principle.id,
            "text": excerpt(principle)[0],
            "type": _type(principle, spec),
            "authority_level": principle.authority,
            "section": holders[0] if holders else principle.title,
            "subsection": holders[1] if len(holders) > 1 else None,
            "related_statements": [*principle.exception_to, *principle.preferred_over],
            "metadata": {
                "title": principle.title,
                "override": level.override.value if level else None,
                "release": spec.version or None,
                "contaminated": any(one["contaminated"] for one in by_home.get(principle.id, ())),
                "examples": by_home.get(principle.id, []),
                **({"changed_by": changes[principle.id]} if principle.id in changes else {}),
            },
        }


def _type(principle: Principle, spec: Spec) -> str:
    """Return the type of a statement, as far as its level decides it; its words are not interpreted."""
    level = spec.level_by_id.get(principle.authority)
    return "guideline" if level and level.override is OverrideMode.IMPLICIT else "requirement"
