"""Instruction files of agents, and the files that they import → a draft of an overlay, whose targets people name."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import Brief, real_path
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.nearest import content_words, lower_words
from sphinx_policyspec.overlays.export import decoded, lines_of
from sphinx_policyspec.overlays.pages import CODE_SPAN, LOOKED_AT, DraftCandidate, InstructionPage, LineKind
from sphinx_policyspec.readers.overlays import Upstream
from sphinx_policyspec.readers.text import absent, read_text

DEEPEST = 5
"""The longest chain of files that import one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile(Brief):
    """An instruction file.

    :param lines: the kind of each line, and the reason
    """

    name: str
    lines: tuple[tuple[LineKind, str], ...]

    def count(self, kind: LineKind) -> int:
        """Return the number of lines of a kind."""
        return sum(one is kind for one, _ in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayDraft(Brief):
    """An overlay whose statements name no target yet.

    :param name: the name of the overlay
    :param holder: who speaks: the holder that a block of ours names, else the developer
    """

    name: str
    upstream: Upstream
    holder: str
    surface: str
    files: tuple[ImportedFile, ...]
    candidates: tuple[DraftCandidate, ...]
    findings: tuple[Finding, ...]


def draft_overlay(files: Sequence[tuple[Path, str]], spec: Spec, upstream: Upstream) -> OverlayDraft:
    """Return a draft of the statements in instruction files; which provisions they change is not guessed.

    Raises :class:`SourceError` if a file cannot be read.

    :param files: the path of each file, with its name in findings
    """
    reader = _Files(_Hints(spec))
    for path, name in files:
        reader.read(path, name, real_path(path.parent))
    speaking = [level for level in spec.levels if level.roles]
    usual = next((level for level in speaking if "developer" in level.roles), (*speaking, None)[0])
    head, order = reader.head, {file.name: place for place, file in enumerate(reader.files)}
    return OverlayDraft(
        name=str(head.get("overlay") or _slug(Path(files[0][1]).stem)),
        upstream=upstream,
        holder=str(head.get("holder") or (usual.id if usual else "")),
        surface=str(head.get("surface") or ""),
        files=tuple(reader.files),
        candidates=tuple(sorted(reader.candidates, key=lambda one: order[one.span.file])),
        findings=tuple(sorted(reader.findings, key=lambda one: (one.span, one.message))),
    )


# -- files -------------------------------------------------------------------------------------

_IMPORT = re.compile(r"(?<![\w@/.`\\])@((?:~?/|\.{1,2}/)?[\w.-]+(?:/[\w.-]+)*)")
_LONE = re.compile(r"\s*@?((?:~?/|\.{1,2}/)?[\w.-]+(?:/[\w.-]+)*\.\w{1,8})\s*")
_TEXT_FILE = re.compile(r"\A(?:~|\.{0,2}/)|\.(?:md|mdc|markdown|txt|rst|ya?ml)\Z")


class _Files:
    """Reads instruction files and the files that they import."""

    def __init__(self, hints: _Hints) -> None:
        self.hints = hints
        self.head: dict[str, Any] = {}
        self.files: list[ImportedFile] = []
        self.candidates: list[DraftCandidate] = []
        self.findings: list[Finding] = []
        self._known: dict[Path, str] = {}

    def read(self, path: Path, name: str, root: Path, chain: tuple[Path, ...] = ()) -> None:
        """Read a file.

        :param root: the folder that imports may not leave
        :param chain: the files that lead to it
        """
        if path.is_dir():
            raise SourceError(f"`{name}` is a folder: name the files in it")
        if not path.is_file():
            raise absent(path, name)
        text, findings = _text_of(path, name)
        self.findings += findings
        lines = lines_of(text.removeprefix("\ufeff"))
        real = real_path(path)
        if real in self._known:
            repeat = (LineKind.SKIPPED, f"read as {self._known[real]}")
            self.files += [ImportedFile(name=name, lines=(repeat,) * len(lines))]
            return
        self._known[real] = name
        place = len(self.files)
        page = InstructionPage([line.rstrip("\r\n") for line in lines], name)
        for number, target, is_sure in _imports(page):
            if self._follow(target, Span(name, number + 1), path, root, (*chain, real), is_sure=is_sure):
                page.lone_import(number, target)
        is_yaml = path.suffix in {".yaml", ".yml"} and page.read_yaml(text)
        if not is_yaml:
            page.read_markdown()
        self.head = {**page.head, **self.head}
        self.candidates += map(self.hints.of, sorted(page.candidates, key=lambda one: one.span))
        self.files.insert(place, ImportedFile(name=name, lines=tuple(page.kinds)))

    def _follow(
        self, target: str, span: Span, path: Path, root: Path, chain: tuple[Path, ...], *, is_sure: bool
    ) -> bool:
        """Read the file that a line imports; return whether it is an import at all."""
        there = path.parent / target
        if not is_sure and not (_TEXT_FILE.search(target) or there.is_file()):
            return False
        real = real_path(there)
        why = ""
        if target.startswith(("~", "/")) or not real.is_relative_to(root):
            why = "leads out of the folder"
        elif real in chain:
            why = "goes in a circle"
        elif not there.is_file():
            why = "is not there"
        elif len(chain) > DEEPEST:
            why = f"is the import of an import, more than {DEEPEST} deep"
        if why:
            self.findings.append(
                Finding(
                    code="unread-import",
                    message=f"`{target}` {why}, and was not read",
                    span=span,
                    hint="put it right, or name the file on the command line",
                )
            )
        else:
            self.read(there, os.path.normpath(Path(span.file).parent / target), root, chain)
        return True


def _imports(page: InstructionPage) -> Iterator[tuple[int, str, bool]]:
    """Yield the line, target and certainty of each import; a file whose only line is a file name is certainly one."""
    filled = [number for number, line in enumerate(page.lines) if line.strip()]
    for number in filled:
        if number in page.code:
            continue
        line = page.lines[number]
        lone = _LONE.fullmatch(line)
        if lone and len(filled) == 1:
            yield number, lone[1], True
            continue
        for match in _IMPORT.finditer(CODE_SPAN.sub(lambda code: "`" * len(code[0]), line)):
            yield number, match[1].rstrip("."), False


# -- near provisions --------------------------------------------------------------------------


class _Hints:
    """Provisions by the words of their titles, and by the labels of their topics."""

    def __init__(self, spec: Spec) -> None:
        self._titles = {one.id: content_words(one.title) for one in spec.provisions}
        topics = spec.topic_by_id
        labels = {one.id: [*one.alt_labels, one.label] for one in topics.values()}
        self._labels = [
            (one.id, f" {' '.join(lower_words(label))} ")
            for one in spec.provisions
            for topic in one.topics
            for label in labels.get(topic, ())
        ]

    def of(self, candidate: DraftCandidate) -> DraftCandidate:
        """Return a candidate with the provisions that it is near to, nearest first."""
        text = candidate.text[:LOOKED_AT]
        words, line = content_words(text), f" {' '.join(lower_words(text))} "
        score: Counter[str] = Counter()
        for name, title in self._titles.items():
            shared = len(title & words)
            if title and (shared == len(title) or shared > 1):
                score[name] += shared
        score.update(dict.fromkeys((name for name, label in self._labels if label in line), 1))
        near = tuple(name for name, _ in score.most_common(_NEAREST))
        return replace(candidate, near=near)


_NEAREST = 3


def _text_of(path: Path, name: str) -> tuple[str, tuple[Finding, ...]]:
    """Return the text of a file, in whichever encoding; a text that is not UTF-8 is reported once."""
    text, findings = read_text(path, name)
    if findings:
        # A text that its own byte order mark does not fit stays as it was read.
        with contextlib.suppress(SourceError):
            text, codec = decoded(path.read_bytes(), name)
            reading = (
                "the file is read as Latin-1" if codec == "latin-1" else f"it is read as {codec.upper()}"
            )
            explained = (
                replace(one, message=f"{one.message.partition(';')[0]}; {reading}") for one in findings
            )
            return text, tuple(explained)
    return text, findings


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "draft"


def statement_records(draft: OverlayDraft) -> Iterator[tuple[DraftCandidate, dict[str, Any]]]:
    """Yield each candidate with the keys of its statement; people name the target."""
    names: set[str] = set()
    for one in draft.candidates:
        name = str(one.keys.get("id") or f"{_slug(Path(one.span.file).stem)}-{one.span.line}")
        base, count = name, 1
        while name in names:
            count += 1
            name = f"{base}-{count}"
        names.add(name)
        where = {"where": {"globs": [*one.globs]}} if one.globs else {}
        yield one, {"says": one.text, **(one.keys or {"target": None, **where}), "id": name}
