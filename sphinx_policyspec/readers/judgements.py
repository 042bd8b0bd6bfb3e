"""Files that people write: judgements of changed prose, triage of outputs that contradict a spec, and names used in logs; each with findings about its form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import yaml

from sphinx_policyspec.errors import AnnotationError, PolicySpecError
from sphinx_policyspec.files import dump_json, write_file
from sphinx_policyspec.model import (
    Defect,
    Direction,
    Finding,
    JudgedKind,
    Judgement,
    Severity,
    Span,
    Spec,
    Triage,
)
from sphinx_policyspec.model.finding import UnknownNames
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.spec import is_date
from sphinx_policyspec.readers.cases import CaseKey
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_NAMING = ("id", "prompt")
"""Keys that identify an entry."""
PLAIN = re.compile(r"[a-z][a-z_-]*")
"""Texts that need no quotes in YAML."""
_OTHER = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
"""Words that need quotes all the same, since YAML reads them as something else."""
JUDGEMENT = (
    CaseKey(name="old", about="Version of the old release; empty where it has none."),
    CaseKey(name="new", about="Version of the new release, likewise."),
    CaseKey(
        name="id",
        required=True,
        about="What changed: the id of a provision, the new one where it has two; `preamble`, or `goal/ID`.",
    ),
    CaseKey(
        name="direction",
        required=True,
        about="What the change does to those who are bound: `tightening`, `loosening`, `both` or `neutral`.",
    ),
    CaseKey(
        name="kind",
        default="`substantive`",
        about="`substantive`, `clarifying` or `editorial`; a neutral change has the weight editorial with the last, and clarifying otherwise.",
    ),
    CaseKey(name="evidence", required=True, about="Why, in one sentence."),
    CaseKey(name="who", required=True, about="Name of the person who read both texts."),
    CaseKey(name="date", required=True, about="Day on which they were read: `2026-02-01`."),
    CaseKey(
        name="digest",
        required=True,
        about="Of both texts, as `policyspec judge` prints it: what is judged is these and no others.",
    ),
)

TRIAGE = (
    CaseKey(name="prompt", required=True, about="Id of the prompt that was answered."),
    CaseKey(name="principle", required=True, about="Id of the principle that the output contradicts."),
    CaseKey(name="release", about="Version of the spec that it was judged by."),
    CaseKey(name="model", about="The model that answered, as the harness calls it."),
    CaseKey(name="run", about="Id of the run, as `policyspec results` prints it."),
    CaseKey(
        name="defect",
        required=True,
        about="`spec-defect`, `model-defect`, `both` or `neither`: whose fault it is.",
    ),
    CaseKey(name="why", required=True, about="Why, in a sentence."),
    CaseKey(name="who", required=True, about="Name of the person who looked at it."),
    CaseKey(name="date", required=True, about="Day on which that was: `2026-02-01`."),
    CaseKey(name="link", about="Where it is discussed: an `https:` address."),
)

RESULT_FIELDS = (
    CaseKey(name="prompt", default="`prompt`, or `id`", about="Field with the id of the prompt."),
    CaseKey(name="model", default="`model`", about="Field with the model that answered."),
    CaseKey(name="section", default="`section_id`", about="Field with the provision that was tested."),
    CaseKey(name="focus", default="`focus_id`", about="Field with the eval tag."),
    CaseKey(
        name="tests", default="`tests`", about="Field with all provisions that were tested, parted by blanks."
    ),
    CaseKey(
        name="cluster",
        default="`scenario`, or `focus_id`",
        about="Field that says which prompts belong together.",
    ),
    CaseKey(
        name="weight",
        about="Field with the weight of the prompt in a mean, from 0 on; without it each weighs 1.",
    ),
    CaseKey(
        name="evidence",
        default="`evidence`",
        about="Field that says what was graded: `output` or `reasoning`.",
    ),
    CaseKey(
        name="release", default="`release`", about="Field with the release that answers were graded against."
    ),
    CaseKey(
        name="value", default="`value`, or `score`", about="Field of a table with the grade of the answer."
    ),
    CaseKey(
        name="epoch",
        default="`epoch`",
        about="Field of a table that numbers the answers of a model to one prompt.",
    ),
    CaseKey(name="scorer", default="`scorer`", about="Field of a table with the name of what graded."),
    CaseKey(name="grader", default="`grader`", about="Field of a table with the model or person who graded."),
    CaseKey(name="status", default="`status`", about="Field of a table that says what became of the answer."),
    CaseKey(
        name="run",
        default="`run`",
        about="Field of a table with the name of the run, whose rows may be in several files.",
    ),
    CaseKey(name="task", default="`task`", about="Field of a table with the name of the task."),
    CaseKey(name="created", default="`created`", about="Field of a table that says when the run began."),
)
RESULT_MAP = (
    CaseKey(
        name="fields",
        about="What logs call things: the names of their fields; `scores.tone` is the field `tone` in `scores`.",
    ),
    CaseKey(
        name="provisions", about="Ids of provisions by what logs call them; they win over everything else."
    ),
    CaseKey(
        name="models",
        about="Columns of a table with the grades of one model each: a list, or the models by their columns.",
    ),
    CaseKey(
        name="scorers",
        about="Columns of a table with the grades of one scorer each: a list, or the scorers by their columns.",
    ),
    CaseKey(
        name="given",
        about="What applies to each row that does not say otherwise, such as `model: NAME`; its keys are those of `fields`.",
    ),
    CaseKey(name="grades", about="Numbers by grades in words, such as `A: 1`."),
    CaseKey(
        name="statuses",
        about="What became of answers, by the words of a table: `scored`, `error`, `unscored`, `unparsable`, "
        "`filtered`, `limit` or `invalidated`.",
    ),
    CaseKey(name="scale", about="Two grades, that which counts 0 and that which counts 1: `[0, 100]`."),
    CaseKey(name="threshold", about="The least grade that counts 1, where each other counts 0."),
)


def read_judgements(text: str, file: str) -> tuple[tuple[Judgement, ...], tuple[Finding, ...]]:
    """Return the judgements of a text, a list of mappings, and findings; incomplete ones are left out.

    Every finding is an error, except that a judgement is not filled in yet.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` where it is not YAML.

    :param file: how findings name the file
    """
    reader = YamlReader(file)
    judgements = [_judgement(reader, node) for node in reader.items(reader.compose(text))]
    unique: dict[tuple[str, ...], Judgement] = {}
    for judgement in filter(None, judgements):
        # Specs without a version may be any two: their texts distinguish them.
        texts = () if judgement.old or judgement.new else (judgement.digest,)
        key = (judgement.old, judgement.new, judgement.id, *texts)
        if first := unique.get(key):
            message = f"`{judgement.id}` is judged already for these releases"
            hint = "delete one of the two; the first counts"
            reader.findings.append(
                Finding(
                    code="duplicate-id",
                    message=message,
                    span=judgement.span,
                    hint=hint,
                    related=(first.span,),
                )
            )
        unique.setdefault(key, judgement)
    findings = (
        finding if finding.code == "missing-key" else replace(finding, severity=Severity.ERROR)
        for finding in reader.findings
    )
    return tuple(unique.values()), tuple(findings)


def usable_judgements(path: Path) -> tuple[tuple[Judgement, ...], tuple[Finding, ...]]:
    """Return the judgements of a file, and which of them are not filled in yet.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` with all other findings, each with its line.
    """
    judgements, findings = read_judgement_file(path, str(path))
    if wrong := [finding for finding in findings if finding.severity is Severity.ERROR]:
        raise AnnotationError("\n".join(map(str, sorted(wrong, key=lambda finding: finding.span))))
    return judgements, findings


def read_judgement_file(path: Path, name: str) -> tuple[tuple[Judgement, ...], tuple[Finding, ...]]:
    """Return the judgements of a file, and what is wrong with it; raises as :func:`read_judgements` does.

    :param name: how findings name the file
    """
    return read_judgements(read_text(path, name)[0], name)


def add_judgement(path: Path, judgement: Judgement) -> None:
    """Write a judgement into a new or an existing file; raises as :func:`with_judgement` does."""
    name = str(path)
    text = read_text(path, name)[0] if path.exists() else ""
    write_file(path, with_judgement(text, name, judgement).encode())


def with_judgement(text: str, file: str, judgement: Judgement) -> str:
    """Return the text of a judgement file with a judgement at the end, in place of any for the same change.

    Comments and other judgements stay as they are. Raises :class:`~sphinx_policyspec.errors.AnnotationError` where the text
    is not a list of judgements in block style.
    """
    reader = YamlReader(file)
    root = reader.compose(text)
    nodes = [*reader.items(root)]
    if reader.findings or (isinstance(root, yaml.SequenceNode) and root.flow_style):
        raise AnnotationError(
            f"{file}: not a list of judgements, one below the other; write this one by hand"
        )
    lines = text.splitlines(keepends=True)
    for node in reversed(nodes):
        values = reader.mapping(node)
        key = tuple(reader.text(values.get(name)).strip() for name in ("old", "new", "id"))
        if key == (judgement.old, judgement.new, judgement.id):
            last = max(value.end_mark.line for value in values.values())
            del lines[node.start_mark.line : last + 1]
    rest = "".join(lines)
    return f"{rest}{'' if rest.endswith(chr(10)) or not rest else chr(10)}{format_judgement(judgement)}"


def format_judgement(judgement: Judgement) -> str:
    """Return a judgement as an item of a judgement file."""
    pairs = [(key.name, str(getattr(judgement, key.name))) for key in JUDGEMENT]
    lines = [f"{name}: {plain_or_quoted(value)}" for name, value in pairs]
    return "- " + "\n  ".join(lines) + "\n"


def plain_or_quoted(text: str) -> str:
    """Return a text as YAML, in quotes where it could be read as something else."""
    return text if PLAIN.fullmatch(text) and text not in _OTHER else dump_json(text)


def _entry(
    reader: YamlReader, node: yaml.Node, keys: Sequence[CaseKey], what: str
) -> tuple[dict[str, yaml.Node], dict[str, str]] | None:
    """Return the nodes and texts of an entry by key; nothing, and a finding, where a required one is missing.

    :param what: what to call the entry in the finding
    """
    values = reader.mapping(node, [key.name for key in keys])
    texts = {name: reader.text(value).strip() for name, value in values.items()}
    missing = [key.name for key in keys if key.required and not texts.get(key.name)]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        about = next((f" of `{text}`" for name, text in texts.items() if name in _NAMING and text), "")
        # An entry with keys and no values is as `policyspec judge` wrote it.
        is_open = all(name in values for name in missing)
        reader.findings.append(
            Finding(
                code="missing-key",
                severity=Severity.WARNING if is_open else Severity.ERROR,
                message=f"the {what}{about} lacks {names}",
                span=reader.span(node),
                hint="it is not used until they are there",
            )
        )
        return None
    if not is_date(texts["date"]):
        reader.find(
            "invalid-value", values["date"], f"`{texts['date']}` is no date", "write it as `2026-02-01`"
        )
    return values, texts


def _judgement(reader: YamlReader, node: yaml.Node) -> Judgement | None:
    if (entry := _entry(reader, node, JUDGEMENT, "judgement")) is None:
        return None
    values, words = entry
    direction = one_of(reader, values["direction"], words["direction"], Direction)
    kind = one_of(reader, values.get("kind"), words.get("kind") or JudgedKind.SUBSTANTIVE, JudgedKind)
    if kind == JudgedKind.EDITORIAL and direction not in {None, Direction.NEUTRAL}:
        hint = "form alone is neutral: name another kind, or `neutral`"
        reader.find(
            "invalid-value", values["kind"], f"`editorial` and `{direction}` do not go together", hint
        )
        return None
    if direction is None or kind is None or not is_date(words["date"]):
        return None
    texts = {name: words.get(name, "") for name in ("old", "new", "id", "evidence", "who", "date", "digest")}
    return Judgement(**texts, direction=Direction(direction), kind=JudgedKind(kind), span=reader.span(node))


def not_read(error: PolicySpecError, name: str) -> Finding:
    """Return the finding that a file cannot be read, or is not YAML, at the line that the error names.

    :param name: how findings name the file
    """
    if not isinstance(error, AnnotationError):
        return Finding(code="unreadable-file", message=str(error), span=Span(name, 1))
    place, _, why = str(error).removeprefix(name).partition(": ")
    line = place.removeprefix(":")
    span = Span(name, int(line) if line.isdigit() else 1)
    return Finding(code="annotations", message=why or str(error), span=span)


def one_of(reader: YamlReader, node: yaml.Node | None, text: str, kind: type[StrEnum]) -> str | None:
    """Return a text that is a value of an enumeration; otherwise nothing, and add a finding."""
    names: Sequence[str] = [item.value for item in kind]
    if text in names:
        return text
    if node is not None:
        hint = nearest(text, names) or f"write one of {', '.join(names)}"
        reader.find("invalid-value", node, f"`{text}` is none of the values here", hint)
    return None


def read_triage(path: Path, name: str, spec: Spec) -> tuple[tuple[Triage, ...], tuple[Finding, ...]]:
    """Return the records of a file whose principles a spec has, the oldest first, and what is wrong with it.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` where it is not YAML.

    :param name: how findings name the file
    """
    reader = YamlReader(name)
    nodes = reader.items(reader.compose(read_text(path, name)[0]))
    records = [record for node in nodes if (record := _record(reader, node))]
    known = spec.principle_by_id
    usable = [
        replace(record, principle=known[record.principle].id)
        for record in records
        if record.principle in known
    ]
    findings = (*reader.findings, *_unknown(records, spec))
    return tuple(sorted(usable, key=lambda one: (one.date, one.span))), findings


def _record(reader: YamlReader, node: yaml.Node) -> Triage | None:
    if (entry := _entry(reader, node, TRIAGE, "record")) is None:
        return None
    values, words = entry
    defect = one_of(reader, values["defect"], words["defect"], Defect)
    link = words.get("link", "")
    if link and not link.startswith(("https://", "http://")):
        reader.find(
            "invalid-value", values["link"], f"`{link}` is no address of the web", "begin it with `https://`"
        )
        link = ""
    if defect is None or not is_date(words["date"]):
        return None
    texts = {key.name: words.get(key.name, "") for key in TRIAGE if key.name not in {"defect", "link"}}
    return Triage(**texts, link=link, defect=Defect(defect), span=reader.span(node))


def _unknown(records: Iterable[Triage], spec: Spec) -> Iterator[Finding]:
    """Yield names in records that a spec lacks; a prompt of another release may be gone."""
    names, prompts = UnknownNames(), {prompt.id for prompt in spec.prompts}
    for record in records:
        if record.principle not in spec.principle_by_id:
            yield names.finding(
                "provision", record.principle, record.span, spec.principle_by_id, word="principle"
            )
        if record.prompt not in prompts and record.release in {"", spec.version}:
            yield names.finding("prompt", record.prompt, record.span, prompts)
