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
"""Words in an author's placeholder for something that is not text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptExport(Brief):
    """The prompts of a spec in the form of one harness.

    :param files: texts by the names of the files to write; the first holds the prompts
    :param count: number of prompts in them
    :param left_out: number of prompts left out, by reason
    """

    files: Mapping[str, str]
    count: int
    left_out: Mapping[str, int]


def export(
    spec: Spec, harness: str, select: Iterable[str] = (), overlay: tuple[str, str] = ("", "")
) -> PromptExport:
    """Return the prompts of a spec for a harness, one of :data:`HARNESSES`.

    :param select: ids of prompts, eval tags and provisions; only their prompts are exported
    :param overlay: name and text of the developer message placed before each prompt
    """
    left_out: Counter[str] = Counter()
    rows: list[Row] = []
    tests = tested_provisions(spec)
    ids = _selected(spec, tests, tuple(select))
    digest = digest_of_spec(spec)
    for prompt in spec.prompts:
        if prompt.id not in ids:
            continue
        reason = _unsupported_part(prompt) if harness != "jsonl" else ""
        if reason:
            left_out[reason] += 1
        else:
            rows.append(_below(overlay, _row(spec, prompt, tests[prompt.id], digest)))
    return PromptExport(
        files=HARNESSES[harness](spec, rows), count=len(rows), left_out=dict(sorted(left_out.items()))
    )


def tested_provisions(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Return the ids of the provisions that each prompt tests: those that it names, otherwise the one with its tag."""
    holders = provision_of_tag(spec)
    return {
        prompt.id: prompt.tests or tuple(filter(None, (holders.get(prompt.tag, ""),)))
        for prompt in spec.prompts
    }


def provision_of_tag(spec: Spec) -> dict[str, str]:
    """Return the ids of provisions by their eval tags; the first provision of a tag that occurs twice."""
    return {tag.tag: tag.provision for tag in reversed(spec.eval_tags)}


def with_holders(spec: Spec, id_: str) -> tuple[str, ...]:
    """Return the id of a provision and those of the provisions that contain it, up to its chapter."""
    ids: dict[str, None] = {}
    at: str | None = id_
    while at and at not in ids:
        ids[at] = None
        holder = spec.provision_by_id.get(at)
        at = holder.parent if holder else None
    return tuple(ids)


def digest_of_spec(spec: Spec) -> str:
    """Return a digest of a spec's content: ids, levels, titles and texts of its provisions, whatever form it was read from."""
    content = [[p.id, level_of(p), p.title, p.text] for p in spec.provisions]
    return _digest(content)


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
    """Return the ids of the prompts that names stand for; all prompts if there are no names."""
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
            message = f"`{name}` is neither a prompt nor an eval tag nor a provision"
            raise UnknownIdError("; ".join(filter(None, (message, nearest(name, known)))))
    return {id_ for name in names for id_ in reached.get(name, ())}


def _unsupported_part(prompt: EvalPrompt) -> str:
    """Return what a prompt needs that a harness cannot provide, such as ``settings``; empty if nothing."""
    marks = [mark for message in prompt.messages for mark in message.fragments]
    if any(mark.kind is FragmentKind.SETTING for mark in marks):
        return "settings"
    attached = (mark for mark in marks if mark.kind is FragmentKind.PLACEHOLDER)
    return "attachments" if any(_ATTACHED.search(mark.text) for mark in attached) else ""


def _messages(prompt: EvalPrompt) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in prompt.messages]


def _row(spec: Spec, prompt: EvalPrompt, tests: tuple[str, ...], digest: str) -> Row:
    """Return a prompt as plain values, under the names that published evaluations use.

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
    """Return a row with the text of an overlay before it, as a developer's message."""
    name, text = overlay
    if not name:
        return row
    metadata = {
        **row["metadata"],
        "overlay": name,
        "overlay_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    if not text:
        return {**row, "metadata": metadata}
    messages = [{"role": "developer", "content": text}, *row["input"]]
    metadata["roles"] = ["developer", *metadata["roles"]]
    return {**row, "input": messages, "metadata": metadata}


def _target(spec: Spec, tests: Sequence[str]) -> str:
    """Return the text for the grader: the ids of the tested provisions, then the text of each, cut where it is long."""
    texts = [
        provision.text for id_ in tests if (provision := spec.provision_by_id.get(id_)) and provision.text
    ]
    head = ", ".join(tests)[:_LONGEST_TARGET]
    room = (_LONGEST_TARGET - len(head)) // max(1, len(texts)) - len("\n\n")
    return "\n\n".join((head, *(cut for text in texts if (cut := _cut(text, room)))))


def _cut(text: str, most: int) -> str:
    """Return the beginning of a text, cut at the end of a word."""
    if len(text) <= most:
        return text
    return text[: max(0, most) + 1].rpartition(" ")[0].rstrip() if most > 0 else ""


def _lines(rows: Iterable[Row]) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _jsonl(_spec: Spec, rows: Sequence[Row]) -> dict[str, str]:
    return {"prompts.jsonl": _lines(rows)}


def _inspect(_spec: Spec, rows: Sequence[Row]) -> dict[str, str]:
    """Return the data set and task for Inspect, which has no role `developer` and groups by metadata that must exist."""
    samples = []
    for row in rows:
        metadata = row["metadata"]
        # A sample without a cluster would make the metric fail, so it becomes a cluster of its own.
        metadata = {**metadata, "focus_id": metadata["focus_id"] or row["id"]}
        samples.append({**row, "input": _without_developer(row["input"]), "metadata": metadata})
    task = files("sphinx_policyspec.evals").joinpath("inspect_task.txt").read_text("utf-8")
    return {"prompts.jsonl": _lines(samples), "task.py": task}


def _without_developer(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return messages in which a developer speaks as the system does.

    The first one that follows a system message is joined to it, since a model may accept only one.
    """
    result: list[dict[str, str]] = []
    is_joined = False
    for message in messages:
        if message["role"] != "developer":
            result.append({**message})
        elif result and result[-1]["role"] == "system" and not is_joined:
            result[-1]["content"] += f"\n\n{message['content']}"
            is_joined = True
        else:
            result.append({**message, "role": "system"})
    return result


_OPENING = re.compile(r"\{(?=[{%#])")
"""An opening brace that promptfoo would read as a template."""


def _promptfoo(spec: Spec, rows: Sequence[Row]) -> dict[str, str]:
    tests = [
        {
            "description": row["id"],
            # promptfoo would read a list as several tests. In a JSON string a brace can be written as an escape.
            "vars": {"messages": _OPENING.sub(r"\\u007b", json.dumps(row["input"], ensure_ascii=False))},
            "metadata": {**row["metadata"], **_labelled_digests(row["metadata"]), "prompt": row["id"]},
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


def _labelled_digests(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return digests prefixed with their kind: promptfoo takes 64 bare characters for a secret and hides them."""
    return {name: f"sha256:{value}" for name, value in metadata.items() if name.endswith("_sha256")}


class _Dumper(yaml.SafeDumper):
    """Writes YAML that version 1.2 reads back unchanged: no aliases, and quotes around a text such as `12e4`."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Return a text, in quotes where it could be read as a number."""
        style = '"' if data[:1] in set("+-.0123456789") else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


HARNESSES: Mapping[str, Callable[[Spec, Sequence[Row]], dict[str, str]]] = {
    "inspect": _inspect,
    "jsonl": _jsonl,
    "promptfoo": _promptfoo,
}
"""Functions that write the files of each harness, by the names that ``--to`` takes."""
