"""What a spec lacks, the most important first: examples, answers, prompts and results of each principle, and open feedback."""

from __future__ import annotations

import enum
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sphinx_policyspec.exports import Formats, json_object
from sphinx_policyspec.files import Brief, grouped, number_of, printable
from sphinx_policyspec.model import Example, Finding, Principle, Spec
from sphinx_policyspec.model.feedback import Feedback
from sphinx_policyspec.packs.bearing import relations_of


class Want(enum.StrEnum):
    """What a principle can lack, in the order in which it is written."""

    EXAMPLE = "example"
    """No example illustrates it."""
    PAIR = "pair"
    """None of its examples has a good answer beside a bad one."""
    PROMPT = "prompt"
    """No prompt of an evaluation tests it."""
    RESULT = "result"
    """No result of an evaluation tells anything of it."""
    FEEDBACK = "feedback"
    """What people say of it is open."""


WANTED_BY = {
    "principle-without-example": Want.EXAMPLE,
    "principle-without-pair": Want.PAIR,
    "principle-without-prompt": Want.PROMPT,
}
"""What the findings of a check say is wanted."""

_WORDS = {
    Want.EXAMPLE: "no example",
    Want.PAIR: "no good answer beside a bad one",
    Want.PROMPT: "no prompt",
    Want.RESULT: "no result",
}
_COMMANDS = {
    Want.EXAMPLE: "draft {source} ladder {id}",
    Want.PAIR: "draft {source} ladder {id}",
    Want.PROMPT: "context {source} --about {id}",
    Want.RESULT: "prompts {source}",
    Want.FEEDBACK: "feedback {source} --feedback {feedback}",
}
_WITHOUT_DRAFTS = {**_COMMANDS, Want.EXAMPLE: _COMMANDS[Want.PROMPT], Want.PAIR: _COMMANDS[Want.PROMPT]}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem(Brief):
    """One thing that a principle lacks.

    :param reach: how many other principles refer to it, and how many examples of others weigh it
    :param records: ids of the records of feedback that are open
    :param command: that helps to write it
    """

    principle: Principle
    want: Want
    reach: int
    records: tuple[str, ...] = ()
    command: str

    @property
    def says(self) -> str:
        """What is lacking, in words."""
        return _WORDS.get(self.want) or f"open feedback: {', '.join(self.records)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda(Brief):
    """What a spec lacks, by level, then by reach, then by id."""

    items: tuple[AgendaItem, ...]
    findings: tuple[Finding, ...] = ()


def items_of(
    spec: Spec,
    found: Iterable[Finding],
    names: Mapping[str, str],
    *,
    measured: frozenset[str] | None = None,
    records: Iterable[Feedback] = (),
    can_draft: bool = True,
) -> tuple[AgendaItem, ...]:
    """Return what a spec lacks.

    :param found: what a check finds of it; what somebody silenced is not among that, and is not wanted
    :param names: what commands call ``source`` and ``feedback``
    :param measured: ids of provisions of which results of evaluations tell; nothing where there are no results
    :param records: what people say of it
    :param can_draft: whether it has texts that drafts can change; where not, commands show what to read instead
    """
    by_place = {(one.span.file, one.span.line): one.id for one in spec.principles}
    places = ((WANTED_BY.get(one.code), by_place.get((one.span.file, one.span.line), "")) for one in found)
    wanted: dict[tuple[str, Want], tuple[str, ...]] = {
        (name, want): () for want, name in places if want and name
    }
    wanted |= {(name, Want.RESULT): () for name in _unmeasured(spec, measured)}
    wanted |= {(name, Want.FEEDBACK): ids for name, ids in _remarks(spec, records)}
    reach, commands = _reach(spec), _COMMANDS if can_draft else _WITHOUT_DRAFTS
    items = (
        AgendaItem(
            principle=spec.principle_by_id[name],
            want=want,
            reach=reach[name],
            records=ids,
            command=f"policyspec {commands[want].format_map(_quoted({**names, 'id': name}))}",
        )
        for (name, want), ids in wanted.items()
    )
    rank = {level.id: place for place, level in enumerate(spec.levels)}
    wants = [*Want]
    return tuple(
        sorted(
            items,
            key=lambda item: (
                rank.get(item.principle.authority, len(rank)),
                -item.reach,
                item.principle.id,
                wants.index(item.want),
            ),
        )
    )


def _quoted(names: Mapping[str, str]) -> dict[str, str]:
    return {name: shlex.quote(value) for name, value in names.items()}


def _unmeasured(spec: Spec, measured: frozenset[str] | None) -> Iterator[str]:
    """Yield the principles that something tests, and of which no result tells."""
    if measured is not None:
        owner = spec.principle_around
        known = {owner[name].id for name in measured if name in owner}
        tested = {name for name, bears in relations_of(spec).items() if bears.prompts}
        yield from (one.id for one in spec.principles if one.id in tested - known)


def _remarks(spec: Spec, records: Iterable[Feedback]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each principle of which open feedback speaks, with the ids of that."""
    around = spec.principle_around
    pairs = (
        (own.id, one.id)
        for one in records
        if one.is_open
        for name in one.provisions
        if (own := around.get(name) or spec.principle_by_id.get(name))
    )
    yield from ((name, tuple(dict.fromkeys(ids))) for name, ids in grouped(pairs).items())


def _reach(spec: Spec) -> dict[str, int]:
    """Return on how much else each principle bears: other principles that refer to it, and examples of others that weigh it.

    What is in it counts for nothing, so that its own examples do not move it.
    """
    owner = spec.principle_around
    found: dict[str, set[str]] = {one.id: set() for one in spec.principles}
    for name, bears in relations_of(spec).items():
        if name in owner:
            referring = {
                owner[one.source].id if one.source in owner else one.source for one in bears.occurrences
            }
            found[owner[name].id] |= {f"provision {one}" for one in referring - {owner[name].id}}
    for home, block in spec.walk():
        if isinstance(block, Example):
            own = owner[home.id].id if home and home.id in owner else ""
            for name in block.weighs:
                if name in spec.principle_by_id and (weighed := spec.principle_by_id[name].id) != own:
                    found[weighed].add(f"example {block.id}")
    return {name: len(others) for name, others in found.items()}


# -- formats -----------------------------------------------------------------------------------


def _record(item: AgendaItem) -> dict[str, Any]:
    return {
        "principle": item.principle.id,
        "title": item.principle.title,
        "level": item.principle.authority,
        "reach": item.reach,
        "want": item.want.value,
        "feedback": [*item.records],
        "file": item.principle.span.file,
        "line": item.principle.span.line,
        "command": item.command,
    }


def _text(agenda: Agenda) -> str:
    lines = []
    for level, items in grouped((one.principle.authority, one) for one in agenda.items).items():
        lines.append(level or "without a level")
        for (name, reach), own in grouped(((one.principle.id, one.reach), one) for one in items).items():
            lines.append(f"  {name} (reach {reach}): {', '.join(one.says for one in own)}")
            lines += [f"    {command}" for command in dict.fromkeys(one.command for one in own)]
    lines.append(
        f"{number_of(len(agenda.items), 'thing')} to write" if agenda.items else "Nothing is missing."
    )
    return "".join(f"{printable(line)}\n" for line in lines)


AGENDA_FORMATS: Formats[Agenda] = {
    "text": _text,
    "json": lambda agenda: json_object({"items": [_record(one) for one in agenda.items]}, agenda.findings),
}
"""Each format with what writes it."""
