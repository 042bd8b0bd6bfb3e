"""Fixing what is certain: an id in a reference that was misspelt by one letter, or that has a new name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz.distance import OSA

from sphinx_policyspec.checks.names import targets
from sphinx_policyspec.files import real_path, write_file
from sphinx_policyspec.model import Finding, Reference, Span, Spec, TargetKind
from sphinx_policyspec.readers.text import SourceLines

_FIXABLE = frozenset({"dangling-reference", "outdated-reference", "stale-prompt-title"})
"""Codes of the findings that can be fixed."""
_HEADER = re.compile(r"(Examples for \[\^[^\]]*\] in )(?P<title>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One replacement inside one line.

    :param span: what is replaced
    :param text: what takes its place
    """

    finding: Finding
    span: Span
    text: str


def fixes_of(spec: Spec, findings: Iterable[Finding], lines: SourceLines) -> tuple[Fix, ...]:
    """Return the fixes that are certain, without asking anyone what was meant."""
    of_kinds = [finding for finding in findings if finding.code in _FIXABLE]
    # Looking ids up costs more than all else after an edit, and most need no fix.
    fixer = _Fixer(spec, lines) if of_kinds else None
    return tuple(
        replace(fix, finding=finding)
        for finding in of_kinds
        for span in (finding.span, *finding.related * (finding.code == "dangling-reference"))
        if fixer and (fix := fixer.fix(replace(finding, span=span)))
    )


class _Fixer:
    def __init__(self, spec: Spec, lines: SourceLines) -> None:
        self.lines = lines
        self.targets = targets(spec)
        self.references: dict[Span, list[Reference]] = {}
        for reference in spec.references:
            self.references.setdefault(reference.span, []).append(reference)
        self.ids = {p.id for p in spec.provisions}
        self.new_names = {
            alias: p.id for p in spec.provisions for alias in p.aliases if alias not in self.ids
        }
        self.titles = {
            tag.tag: spec.provision_by_id[tag.provision].title
            for tag in spec.eval_tags
            if tag.provision in spec.provision_by_id
        }
        self.tags = {file.span.file: file.tag for file in spec.prompt_files}

    def fix(self, finding: Finding) -> Fix | None:
        match finding.code:
            case "dangling-reference" | "outdated-reference":
                return self._reference(finding)
            case "stale-prompt-title":
                return self._header(finding)
            case _:
                return None

    def _reference(self, finding: Finding) -> Fix | None:
        references = self.references.get(finding.span)
        pairs = [(r.target_kind, r.target) for r in references] if references else self._plain(finding.span)
        if len(pairs) != 1:
            return None
        kind, target = pairs[0]
        name = self._only_match(kind, target)
        place = self._place(finding.span, target) if name else None
        return Fix(finding=finding, span=place, text=name) if place else None

    def _plain(self, span: Span) -> list[tuple[TargetKind, str]]:
        """Return the target of a plain link of MyST, ``[text](#id)``: one that leads nowhere is no reference."""
        line = self.lines.line(span) or ""
        target = line[span.column - 1 : span.end_column - 1] if span.end_line == span.line else ""
        is_link = target and line[: span.column - 1].endswith(("(#", "(<#"))
        return [(TargetKind.PROVISION, target)] if is_link else []

    def _only_match(self, kind: TargetKind, target: str) -> str:
        """Return the one id that a reference can mean, or nothing."""
        if kind is TargetKind.PROVISION and target in self.new_names:
            return self.new_names[target]
        near = [name for name in self.targets[kind] if OSA.distance(name, target, score_cutoff=1) <= 1]
        return near[0] if len(near) == 1 and near[0] != target else ""

    def _place(self, span: Span, word: str) -> Span | None:
        """Return the place of an id in a span, or in its line where the span is empty."""
        line = self.lines.line(span)
        if line is None or span.end_line > span.line:
            return None
        if self.lines.of(span.file)[span.line - 1 : span.line] != (line,):
            # Its parser counts more lines than an editor does.
            return None
        start, end = span.column - 1, span.end_column - 1
        if start == end:
            start, end = 0, len(line)
        hits = list(re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line[start:end]))
        if len(hits) != 1:
            return None
        first = start + hits[0].start() + 1
        return Span(span.file, span.line, first, span.line, first + len(word))

    def _header(self, finding: Finding) -> Fix | None:
        line = self.lines.line(finding.span)
        match = _HEADER.match(line) if line else None
        title = self.titles.get(self.tags.get(finding.span.file, ""))
        if match is None or not title:
            return None
        number, start = finding.span.line, match.start("title") + 1
        end = start + len(match["title"].rstrip(" \t\r").removesuffix(":"))
        place = Span(finding.span.file, number, start, number, end)
        return Fix(finding=finding, span=place, text=title)


def fixed_texts(fixes: Iterable[Fix], lines: SourceLines) -> dict[str, str]:
    """Return the new text of each file that fixes touch."""
    by_file: dict[str, list[Fix]] = {}
    for fix in fixes:
        by_file.setdefault(fix.span.file, []).append(fix)
    texts = {}
    for file, group in by_file.items():
        changed = list(lines.of(file))
        # From the end of the file on, so that places stay what they are.
        for fix in sorted(group, key=lambda fix: fix.span, reverse=True):
            line = changed[fix.span.line - 1]
            changed[fix.span.line - 1] = (
                line[: fix.span.column - 1] + fix.text + line[fix.span.end_column - 1 :]
            )
        texts[file] = "\n".join(changed)
    return texts


def diff_of(texts: dict[str, str], lines: SourceLines) -> Iterator[str]:
    """Yield the lines of a unified diff from the files as they are to these texts."""
    for file, text in sorted(texts.items()):
        yield from difflib.unified_diff(
            lines.of(file), text.split("\n"), f"a/{file}", f"b/{file}", lineterm=""
        )


def write_texts(texts: dict[str, str], lines: SourceLines, own: Collection[Path] = ()) -> tuple[str, ...]:
    """Write new texts into their files; return the files that are not written.

    Those are files outside the folder, and files whose bytes are not what was read: they are not UTF-8,
    or somebody has changed them meanwhile.

    :param own: files that are written wherever they lie
    """
    skipped = []
    for file, text in sorted(texts.items()):
        root = lines.root or Path()
        given = lines.path(file)
        is_own = given is not None and given in own
        path = real_path(given if given and is_own else root / file)
        before = "\n".join(lines.of(file)).encode(errors="replace")
        if not (is_own or path.is_relative_to(real_path(root))) or path.read_bytes() != before:
            skipped.append(file)
            continue
        write_file(path, text.encode())
    return tuple(skipped)
