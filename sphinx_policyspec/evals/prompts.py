"""The evaluation prompts of a spec as rows of plain values, and as files that a harness reads."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import EvalPrompt, FragmentKind, Principle, Provision, Spec
from sphinx_policyspec.model.nearest import nearest

Row = dict[str, Any]

_LONGEST_TARGET = 1200
"""Characters of the text that a grader reads."""
_ATTACHED = re.compile(
    r"\b(?:attach\w*|audio|clip|document|files?|images?|pdf|photos?|pictures?|recording|screenshot|upload\w*|video)\b",
    re.IGNORECASE,
)
"""What a mark of an author names that stands for something which is no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptExport(Brief):
    """The prompts of a spec in the form of one harness.

    :param files: texts by the names of the files to write; the first holds the prompts
    :param count: how many prompts they hold
    :param left_out: why prompts are not among them, with how many
    """

    files: Mapping[str, str]
    count: int
    left_out: Mapping[str, int]


def export(
    spec: Spec, harness: str, select: Iterable[str] = (), overlay: tuple[str, str] = ("", "")
) -> PromptExport:
    """Return the prompts of a spec for a harness, one of :data:`HARNESSES`.

    :param select: ids of prompts, eval tags and provisions, whose prompts are taken alone
    :param overlay: name and text of what a developer says before each of them
    """
    left_out: Counter[str] = Counter()
    rows: list[Row] = []
    tests = tested_provisions(spec)
    chosen = _selected(spec, tests, tuple(select))
    digest = digest_of_spec(spec)
    for prompt in spec.prompts:
        if prompt.id not in chosen:
            continue
        lacks = _lacks(prompt) if harness != "jsonl" else ""
        if lacks:
            left_out[lacks] += 1
        else:
            rows.append(_below(overlay, _row(spec, prompt, tests[prompt.id], digest)))
    return PromptExport(
        files=HARNESSES[harness](spec, rows), count=len(rows), left_out=dict(sorted(left_out.items()))
    )


def tested_provisions(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Return the ids of the provisions that each prompt tests: those that it names, else the one that holds its tag."""
    holders = provision_of_tag(spec)
    return {
        prompt.id: prompt.tests or tuple(filter(None, (holders.get(prompt.tag, ""),)))
        for prompt in spec.prompts
    }


def provision_of_tag(spec: Spec) -> dict[str, str]:
    """Return the ids of provisions by the eval tags that they hold; of a tag that stands twice, the first."""
    return {tag.tag: tag.provision for tag in reversed(spec.eval_tags)}


def with_holders(spec: Spec, id_: str) -> tuple[str, ...]:
    """Return the id of a provision and those of what holds it, up to its chapter."""
    found: dict[str, None] = {}
    at: str | None = id_
    while at and at not in found:
        found[at] = None
        holder = spec.provision_by_id.get(at)
        at = holder.parent if holder else None
    return tuple(found)


def digest_of_spec(spec: Spec) -> str:
    """Return a digest of what a spec asks: ids, levels, titles and texts of its provisions, whatever form it was read from."""
    says = [[p.id, level_of(p), p.title, p.text] for p in spec.provisions]
    return _digest(says)


def digest_of_prompt(prompt: EvalPrompt) -> str:
    """Return a digest of the messages of a prompt."""
    return _digest(_messages(prompt))


def level_of(provision: Provision | None) -> str:
    """Return the level of a provision; a section has none."""
    return provision.authority if isinstance(provision, Principle) else ""


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _selected(spec: Spec, tests: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> set[str]:
    """Return the ids of the prompts that names stand for; of none, those of all."""
    reached: dict[str, set[str]] = {}
    for prompt in spec.prompts:
        holders = {name for id_ in tests[prompt.id] for name in with_holders(spec, id_)}
        for name in {prompt.id, prompt.tag, *holders} - {""}:
            reached.setdefault(name, set()).add(prompt.id)
    if not names:
        return {prompt.id for prompt in spec.prompts}
    known = {*reached, *spec.provision_by_id, *provision_of_tag(spec)}
    for name in names:
        if name not in known:
            told = f"`{name}` is neither a prompt nor an eval tag nor a provision"
            raise UnknownIdError("; ".join(filter(None, (told, nearest(name, known)))))
    return {id_ for name in names for id_ in reached.get(name, ())}


def _lacks(prompt: EvalPrompt) -> str:
    """Return what a harness cannot give to a model with the text of a prompt, empty where it has all."""
    marks = [mark for message in prompt.messages for mark in message.fragments]
    if any(mark.kind is FragmentKind.SETTING for mark in marks):
        return "settings"
    attached = (mark for mark in marks if mark.kind is FragmentKind.PLACEHOLDER)
    return "attachments" if any(_ATTACHED.search(mark.text) for mark in attached) else ""


def _messages(prompt: EvalPrompt) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in prompt.messages]


def _row(spec: Spec, prompt: EvalPrompt, tests: tuple[str, ...], digest: str) -> Row:
    """Return a prompt as plain values; the names are those of published evaluations.

    :param digest: of the spec
    """
    first = tests[0] if tests else ""
    return {
        "id": prompt.id,
        "input": _messages(prompt),
        "target": _target(spec, tests),
        "metadata": {
            "section_id": first,
            "tests": [*tests],
            "focus_id": prompt.tag or None,
            "top_level_section": with_holders(spec, first)[-1] if first else None,
            "roles": [message.role for message in prompt.messages],
            "level": level_of(spec.provision_by_id.get(first)) or None,
            "release": spec.version or None,
            "spec_sha256": digest,
            "prompt_sha256": digest_of_prompt(prompt),
        },
    }


def _below(overlay: tuple[str, str], row: Row) -> Row:
    """Return a row behind what an overlay says, as a developer's message."""
    name, text = overlay
    if not name:
        return row
    told = {**row["metadata"], "overlay": name, "overlay_sha256": hashlib.sha256(text.encode()).hexdigest()}
    if not text:
        return {**row, "metadata": told}
    said = [{"role": "developer", "content": text}, *row["input"]]
    told["roles"] = ["developer", *told["roles"]]
    return {**row, "input": said, "metadata": told}


def _target(spec: Spec, tests: Sequence[str]) -> str:
    """Return what a grader reads: the ids of what is tested, then what each says, cut where it is long."""
    texts = [found.text for id_ in tests if (found := spec.provision_by_id.get(id_)) and found.text]
    head = ", ".join(tests)[:_LONGEST_TARGET]
    room = (_LONGEST_TARGET - len(head)) // max(1, len(texts)) - len("\n\n")
    return "\n\n".join((head, *(cut for text in texts if (cut := _cut(text, room)))))


def _cut(text: str, most: int) -> str:
    """Return the beginning of a text, up to the end of a word."""
    if len(text) <= most:
        return text
    return text[: max(0, most) + 1].rpartition(" ")[0].rstrip() if most > 0 else ""


def _lines(rows: Iterable[Row]) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _jsonl(_spec: Spec, rows: Sequence[Row]) -> dict[str, str]:
    return {"prompts.jsonl": _lines(rows)}


def _inspect(_spec: Spec, rows: Sequence[Row]) -> dict[str, str]:
    """Return the data set and the task of Inspect, which knows no role `developer` and groups by metadata that is there."""
    given = []
    for row in rows:
        told = row["metadata"]
        # A sample without a value of the cluster would end the metric; alone, it is a cluster of its own.
        told = {**told, "focus_id": told["focus_id"] or row["id"]}
        given.append({**row, "input": _without_developer(row["input"]), "metadata": told})
    task = files("sphinx_policyspec.evals").joinpath("inspect_task.txt").read_text("utf-8")
    return {"prompts.jsonl": _lines(given), "task.py": task}


def _without_developer(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return messages in which a developer speaks as the system does.

    The first one that follows a system message is joined to it, since a model may take only one.
    """
    told: list[dict[str, str]] = []
    is_joined = False
    for message in messages:
        if message["role"] != "developer":
            told.append({**message})
        elif told and told[-1]["role"] == "system" and not is_joined:
            told[-1]["content"] += f"\n\n{message['content']}"
            is_joined = True
        else:
            told.append({**message, "role": "system"})
    return told


_OPENING = re.compile(r"\{(?=[{%#])")
"""Where promptfoo would take a text for a template."""


def _promptfoo(spec: Spec, rows: Sequence[Row]) -> dict[str, str]:
    tests = [
        {
            "description": row["id"],
            # A list would be taken for several tests. In a string of JSON a brace can be written without one.
            "vars": {"messages": _OPENING.sub(r"\\u007b", json.dumps(row["input"], ensure_ascii=False))},
            "metadata": {**row["metadata"], **_named_digests(row["metadata"]), "prompt": row["id"]},
            "assert": [
                {
                    "type": "llm-rubric",
                    "value": _OPENING.sub("{{ '{' }}", row["target"]),
                    **({"metric": section} if (section := row["metadata"]["section_id"]) else {}),
                }
            ],
        }
        for row in rows
    ]
    config = {
        "description": " ".join(filter(None, (spec.title, spec.version))),
        "prompts": [{"id": "chat", "label": "chat", "raw": "{{messages}}"}],
        "tests": tests,
    }
    text = yaml.dump(config, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return {"promptfooconfig.yaml": text}


def _named_digests(told: Mapping[str, str]) -> dict[str, str]:
    """Return digests with what they are in front: promptfoo takes 64 bare letters for a secret, and hides them."""
    return {name: f"sha256:{value}" for name, value in told.items() if name.endswith("_sha256")}


class _Dumper(yaml.SafeDumper):
    """Writes what YAML 1.2 reads as it was: no alias, and quotes around a text such as `12e4`."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Return a text, in quotes where it may be taken for a number."""
        style = '"' if data[:1] in set("+-.0123456789") else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


HARNESSES: Mapping[str, Callable[[Spec, Sequence[Row]], dict[str, str]]] = {
    "inspect": _inspect,
    "jsonl": _jsonl,
    "promptfoo": _promptfoo,
}
"""What writes the files of each harness, by the names that ``--to`` takes."""
