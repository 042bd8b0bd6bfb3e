"""Proposals: a file of Markdown with front matter, whose edits are there or in a block of YAML, and what is wrong with its form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.files import number_of, without_collector
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.proposals import EditKind, Proposal, ProposalEdit, ProposalStatus
from sphinx_policyspec.readers.cases import CaseKey
from sphinx_policyspec.readers.judgements import not_read, one_of
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

BLANK = "[draft: {}]"
"""Placeholder for text that a writer has to fill in, with what is wanted."""
PROPOSAL = (
    CaseKey(name="id", required=True, about="Id of the proposal."),
    CaseKey(name="title", required=True, about="What it changes, in a line."),
    CaseKey(
        name="status",
        default="`draft`",
        about="`draft`, `proposed`, `accepted`, `rejected` or `superseded`.",
    ),
    CaseKey(name="against", kind="mapping", about="The release whose text it edits."),
    CaseKey(name="answers", kind="texts", about="Ids of feedback that it answers."),
    CaseKey(name="decision", about="Id of the record of a decision about it."),
    CaseKey(name="flips", kind="texts", about="Titles of cases that come out otherwise by it."),
    CaseKey(name="author", about="Whose it is: a person, or a model."),
    CaseKey(name="edits", kind="mapping", about="What it changes, in order; may also be in a block below."),
)
AGAINST = (
    CaseKey(name="release", about="Version of the release."),
    CaseKey(name="sha256", about="SHA-256 of the file of its text, in hexadecimal."),
)
EDIT = (
    CaseKey(
        name="provision", about="Id of the provision whose words or level change, or that gets an example."
    ),
    CaseKey(name="find", about="Words exactly as in its source, where they occur once."),
    CaseKey(name="replace", about="What takes their place."),
    CaseKey(name="occurrence", kind="integer", about="Which of several occurrences is meant, from 1."),
    CaseKey(name="level", about="The level that it gets."),
    CaseKey(name="add", kind="mapping", about="A new provision: where, its id, title and level."),
    CaseKey(name="text", about="Text of what is added, in the markup of the source."),
    CaseKey(name="move", about="Id of a provision that moves, with what is below it."),
    CaseKey(name="after", about="Id of the provision that it comes after."),
    CaseKey(name="rename", about="Id of a provision that gets a new id."),
    CaseKey(name="to", about="Its new id."),
    CaseKey(name="example", about="Title of a new example in the provision; `text` is the rest of it."),
    CaseKey(name="remove", about="Id of a provision that goes, with what is below it."),
    CaseKey(name="because", about="Why it goes."),
)
ADD = (
    CaseKey(name="after", about="Id of the provision that it comes after."),
    CaseKey(name="in", about="Id of the provision that it goes into, at its end."),
    CaseKey(name="id", required=True, about="Its id."),
    CaseKey(name="title", required=True, about="Its title."),
    CaseKey(name="level", about="Its level."),
)
_FORMS: Mapping[str, tuple[EditKind, tuple[str, ...], tuple[str, ...]]] = {
    "add": (EditKind.ADD, ("text",), ()),
    "move": (EditKind.MOVE, ("after",), ()),
    "rename": (EditKind.RENAME, ("to",), ()),
    "remove": (EditKind.REMOVE, (), ("because",)),
    "example": (EditKind.EXAMPLE, ("provision", "text"), ()),
    "find": (EditKind.REPLACE, ("provision", "replace"), ("occurrence",)),
    "level": (EditKind.LEVEL, ("provision",), ()),
}
"""By the key that identifies an edit: its kind, the keys that it needs, and others that it may have."""
_FENCE = re.compile(
    r"^(?P<indent>[ \t]{0,99})(?P<marks>`{3,}|~{3,})[ \t]{0,9}(?P<language>[^\s`]{0,99})[^`\n]{0,500}$"
)
_HOLDS_EDITS = re.compile(r"[ \t]{0,99}(?:\{[ \t]{0,9})?[\"']?edits[\"']?[ \t]{0,9}:")
_BLANK = re.compile(r"\[draft: [^\]\n]{0,500}\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@without_collector()
def read_proposal(text: str, file: str) -> tuple[Proposal | None, tuple[Finding, ...]]:
    """Return the proposal that a text holds, and what is wrong with its form; none where it has no head, id or title.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` if its head is not YAML.

    :param file: how findings name the file
    """
    lines = text.removeprefix("\ufeff").split("\n")
    if not (end := head_end(lines)):
        hint = "begin it with `---`, its `id`, `title` and `against`, and `---`"
        message = "a proposal has a head of YAML between two lines `---`"
        return None, (Finding(code="missing-key", message=message, span=Span(file, 1), hint=hint),)
    reader = YamlReader(file, first=2)
    values = reader.mapping(reader.compose("\n".join(lines[1:end])), [key.name for key in PROPOSAL])
    findings = list(reader.findings)
    reader.findings.clear()
    edits = [*_edits(reader, values.get("edits"))]
    findings += reader.findings
    reader.findings.clear()
    proposal = _proposal(reader, values, Span(file, 1))
    findings += reader.findings
    if proposal is None:
        return None, tuple(findings)
    rationale, more = _body(lines, end, file, findings)
    edits += more
    if not edits and not findings:
        hint = "write `edits:` into its head, or into a block of YAML"
        message = "the proposal has no edit"
        findings.append(Finding(code="missing-key", message=message, span=proposal.span, hint=hint))
    findings += _blanks(lines, file)
    return replace(proposal, rationale=rationale, edits=tuple(edits)), tuple(findings)


def head_end(lines: Sequence[str]) -> int:
    """Return the place of the line that ends a head of YAML; 0 where a text does not begin with one."""
    if lines[0].rstrip() != "---":
        return 0
    return next((n for n, line in enumerate(lines) if n and line.rstrip() == "---"), 0)


def _blanks(lines: list[str], file: str) -> Iterator[Finding]:
    """Yield a finding if something has to be filled in, at the first such place."""
    places = [(number, blank) for number, line in enumerate(lines, 1) for blank in _BLANK.finditer(line)]
    if places:
        number, first = places[0]
        span = Span(file, number, first.start() + 1, number, first.end() + 1)
        message = f"{number_of(len(places), 'blank')} left to fill, first {first[0]}"
        yield Finding(
            code="draft-left", message=message, span=span, hint="write what it asks for in its place"
        )


def read_proposal_file(path: Path, name: str) -> tuple[Proposal | None, tuple[Finding, ...]]:
    """Return what :func:`read_proposal` does for a file; one that cannot be read is a finding.

    :param name: how findings name it
    """
    try:
        text, wrong = read_text(path, name)
        proposal, findings = read_proposal(text, name)
    except (AnnotationError, SourceError) as error:
        return None, (not_read(error, name),)
    return proposal, (*wrong, *findings)


def _proposal(reader: YamlReader, values: Mapping[str, yaml.Node], span: Span) -> Proposal | None:
    texts = {name: reader.text(values.get(name)).strip() for name in ("id", "title") if name in values}
    if missing := [name for name in ("id", "title") if not texts.get(name)]:
        keys = " and ".join(f"`{name}`" for name in missing)
        reader.findings.append(Finding(code="missing-key", message=f"the proposal lacks {keys}", span=span))
        return None
    against = reader.mapping(values.get("against"), [key.name for key in AGAINST])
    digest = reader.text(against.get("sha256")).strip()
    if digest and not _SHA256.fullmatch(digest):
        reader.find(
            "invalid-value", against["sha256"], f"`{digest[:80]}` is no SHA-256: it has 64 of 0-9 and a-f"
        )
        digest = "0" * 64
    status = reader.text(values.get("status")).strip()
    word = one_of(reader, values.get("status"), status, ProposalStatus) if status else None
    lists = {name: reader.texts(values.get(name)) for name in ("answers", "flips") if name in values}
    places = {
        (name, text): reader.span(node) for name, nodes in lists.items() for text, node in nodes.items()
    }
    places |= {(name, ""): reader.span(node) for name, node in (*values.items(), *against.items())}
    return Proposal(
        id=texts["id"],
        title=texts["title"],
        status=ProposalStatus(word) if word else ProposalStatus.DRAFT,
        release=reader.text(against.get("release")).strip(),
        sha256=digest.lower(),
        answers=tuple(lists.get("answers", ())),
        flips=tuple(lists.get("flips", ())),
        decision=reader.text(values.get("decision")).strip(),
        author=reader.text(values.get("author")).strip(),
        span=span,
        places=places,
    )


def _body(lines: list[str], end: int, file: str, findings: list[Finding]) -> tuple[str, list[ProposalEdit]]:
    """Return the rationale below a head, and the edits in its blocks of YAML."""
    prose: list[str] = []
    edits: list[ProposalEdit] = []
    before = end + 1
    findings += _unread(lines, end + 1, file)
    for start, close in edit_blocks(lines, end + 1):
        reader = YamlReader(file, first=start + 1)
        top = reader.mapping(reader.compose("\n".join(lines[start:close])), ["edits"])
        edits += _edits(reader, top.get("edits"))
        findings += reader.findings
        prose += lines[before : start - 1]
        before = close + 1
    return "\n".join((*prose, *lines[before:])).strip(), edits


def edit_blocks(lines: Sequence[str], number: int) -> Iterator[tuple[int, int]]:
    """Yield where the lines of each block of YAML with edits begin and end, from 0; the fences around them are not part of it.

    :param number: of the line from which blocks are searched
    """
    return ((start, close) for start, close, is_read in _fenced_edits(lines, number) if is_read)


def _unread(lines: Sequence[str], number: int, file: str) -> Iterator[Finding]:
    """Yield the blocks with edits that are not marked as YAML, or are part of a list."""
    for start, _close, is_read in _fenced_edits(lines, number):
        if not is_read:
            message, hint = "the edits of this block are not read", "begin it at the margin with ```yaml"
            yield Finding(code="proposal-edit", message=message, span=Span(file, start), hint=hint)


def _fenced_edits(lines: Sequence[str], number: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where the lines of each block with edits begin and end, and whether they are read.

    What is in a comment, no reader of the proposal sees.
    """
    while number < len(lines):
        fence = _FENCE.match(line := lines[number].rstrip("\r"))
        if fence is None and line.lstrip(" ").startswith("<!--"):
            number = next((n for n in range(number, len(lines)) if "-->" in lines[n]), len(lines))
        elif fence:
            close = next(
                (n for n in range(number + 1, len(lines)) if _ends(lines[n], fence["marks"])), len(lines)
            )
            if any(map(_HOLDS_EDITS.match, lines[number + 1 : close])):
                is_yaml = fence["language"].lower() in {"yaml", "yml"}
                yield number + 1, close, is_yaml and not fence["indent"]
            number = close
        number += 1


def _ends(line: str, marks: str) -> bool:
    """Return whether a line ends a fence: CommonMark 0.31, §4.5."""
    return (found := line.strip()).startswith(marks) and not found.strip(marks[0])


def _edits(reader: YamlReader, node: yaml.Node | None) -> Iterator[ProposalEdit]:
    for item in reader.items(node):
        values = reader.mapping(item, [key.name for key in EDIT])
        if edit := _edit(reader, item, values):
            yield edit


def _edit(reader: YamlReader, item: yaml.Node, values: Mapping[str, yaml.Node]) -> ProposalEdit | None:
    name = next((name for name in _FORMS if name in values), "")
    kind, needed, others = _FORMS.get(name, (EditKind.REPLACE, ("find", "replace"), ()))
    if missing := [key for key in needed if key not in values]:
        names = " and ".join(f"`{key}`" for key in missing)
        what = f"an edit with `{name}`" if name else "an edit"
        reader.find("missing-key", item, f"{what} needs {names}", "it changes nothing until it is whole")
        return None
    if stray := [key for key in values if key not in {name, *needed, *others}]:
        hint = "make two edits of it" if set(stray) & set(_FORMS) else ""
        reader.find(
            "invalid-value", values[stray[0]], f"`{stray[0]}` does not belong to an edit with `{name}`", hint
        )
        return None
    texts: dict[str, str] = {key: reader.text(node) for key, node in values.items() if key != "add"}
    words: dict[str, str] = {
        key: texts[key].strip() for key in ("level", "after", "to", "because") if key in texts
    }
    if not _is_sound(reader, values, texts):
        return None
    own = {"move", "rename", "remove"} & {name}
    fields: dict[str, str] = {
        "provision": (texts[name] if own else texts.get("provision", "")).strip(),
        "find": texts.get("find", ""),
        "replace": texts.get("replace", ""),
        "title": " ".join(texts.get("example", "").split()),
        "text": texts.get("text", "").strip("\n"),
    }
    fields.update(words)
    if name == "add" and not _added(reader, values["add"], fields):
        return None
    if not fields["provision"] or (kind is EditKind.REPLACE and not fields["find"]):
        reader.find("missing-key", item, "an edit names a provision, and the words that it changes")
        return None
    return ProposalEdit(
        kind=kind, occurrence=int(texts.get("occurrence", "").strip() or 0), span=reader.span(item), **fields
    )


def _is_sound(reader: YamlReader, values: Mapping[str, yaml.Node], texts: Mapping[str, str]) -> bool:
    """Return whether the texts and the number of an edit can be what they are; else it is found."""
    number = texts.get("occurrence", "").strip()
    if number and not (number.isdigit() and 0 < int(number[:9]) < 10**6):
        reader.find("invalid-value", values["occurrence"], f"`{number[:40]}` is no number from 1")
        return False
    for key in ("replace", "text"):
        if odd := _CONTROL.search(texts.get(key, "")):
            message = f"`{key}` has the control character U+{ord(odd[0]):04X}, which no text of a spec has"
            reader.find("invalid-value", values[key], message, "delete it")
            return False
    return True


def _added(reader: YamlReader, node: yaml.Node, fields: dict[str, str]) -> bool:
    """Add the fields of a new provision; return whether they are complete."""
    values = reader.mapping(node, [key.name for key in ADD])
    texts = {name: reader.text(one).strip() for name, one in values.items()}
    if missing := [name for name in ("id", "title") if not texts.get(name)]:
        names = " and ".join(f"`{name}`" for name in missing)
        reader.find("missing-key", node, f"a new provision needs {names}")
        return False
    if bool(texts.get("after")) == bool(texts.get("in")):
        reader.find(
            "missing-key", node, "a new provision goes `after` another or `in` one: write one of them"
        )
        return False
    fields.update(
        provision=texts["id"],
        # A line break would end the title.
        title=" ".join(texts["title"].split()),
        level=texts.get("level", ""),
        after=texts.get("after", ""),
        within=texts.get("in", ""),
    )
    return True
