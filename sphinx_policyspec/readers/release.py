"""A release folder, or a lone Model Spec Markdown file → Spec."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import count, pairwise
from pathlib import Path

from sphinx_policyspec import model
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model.outlines import HeadingRule
from sphinx_policyspec.model.spec import DEFAULT_TITLE
from sphinx_policyspec.readers.blocks import EXAMPLE, cut
from sphinx_policyspec.readers.comments import PlainLines, without_comments
from sphinx_policyspec.readers.conversation import read_conversation
from sphinx_policyspec.readers.headings import title_of
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.outlines import read_markdown
from sphinx_policyspec.readers.text import BlockKind, Lines, RawBlock, Reading, read_text

_HEAD = re.compile(r"##[ \t]++(\S++(?:\s++\S++)*+)\s*")
_DATED = re.compile(r"v?(\d{4})[.-](\d{2})[.-](\d{2})")


@lru_cache(maxsize=16)  # for those who read a spec again after editing another file
def read_changelog(text: str, file: str) -> model.Changelog:
    """Read the entries under ``## vYYYY.MM.DD`` heads; joined, the sources are the file."""
    lines = Lines.of(file, text)
    visible = without_comments(lines.lines)
    heads = [n for n, line in enumerate(visible.plain) if line.startswith("## ") and _HEAD.fullmatch(line)]
    entries = tuple(_entry(lines, visible, start, end) for start, end in pairwise((*heads, len(lines))))
    preface_end = heads[0] if heads else len(lines)
    span = lines.span(0, preface_end) if preface_end else model.Span(file, 1)
    return model.Changelog(span=span, source=lines.text(0, preface_end), entries=entries)


def _entry(lines: Lines, visible: PlainLines, start: int, end: int) -> model.ChangelogEntry:
    match = _HEAD.fullmatch(visible.plain[start])
    head = match[1] if match else ""
    dated = _DATED.fullmatch(head)
    return model.ChangelogEntry(
        version="-".join(dated.groups()) if dated else head,
        source=lines.text(start, end),
        text=visible.text(start + 1, end).replace("\r\n", "\n").strip("\n"),
        span=lines.span(start, end),
    )


_REMEMBERED = 1024
"""Prompt files that are cached: a release that is edited has about a hundred, and one of them changes."""
_HEADER = re.compile(r"\ufeff?Examples for \[\^([a-z0-9]+)\] in ((?:\S++(?:\s++\S++)*+)?)\s*")


@lru_cache(maxsize=_REMEMBERED)
def read_prompts(text: str, file: str, stem: str) -> tuple[model.PromptFile, tuple[model.Finding, ...]]:
    """Read a prompt file; its tag is the file's stem, which its header should repeat."""
    lines = Lines.of(file, text)
    blocks, visible, findings = cut(lines)
    header_end = _header_end(lines, visible)
    match = _HEADER.fullmatch(visible.plain[0]) if header_end else None
    head = lines.span(0, header_end) if header_end else model.Span(file, 1)
    if match is None:
        findings.append(
            _finding(
                "missing-prompt-header",
                head,
                "prompt file without a header",
                f"begin with `Examples for [^{stem}] in …:`",
            )
        )
    elif match[1] != stem:
        findings.append(
            _finding(
                "stale-prompt-header",
                head,
                f"header names tag `{match[1]}`, the file `{stem}`",
                "rename one of them",
            )
        )
    contents: list[model.EvalPrompt | model.Prose | model.Comment] = []
    ordinals = count(1)
    untitled = {slips.span.line for slips in findings if slips.code == "untitled-example"}
    for raw in blocks:
        start = max(raw.start, header_end)
        if raw.end <= start:
            continue
        if raw.kind is BlockKind.EXAMPLE:
            prompt, slips = _prompt(lines, visible, raw, stem, next(ordinals))
            contents.append(prompt)
            findings.extend(slips)
            continue
        source = lines.text(start, raw.end)
        span = lines.span(start, raw.end)
        if raw.kind is BlockKind.COMMENT:
            contents.append(model.Comment(source=source, span=span))
            continue
        text = visible.text(start, raw.end).strip("\n")
        contents.append(model.Prose(source=source, text=text, span=span))
        # A failed title of a prompt is reported as such.
        if text.strip() and not untitled.intersection(range(span.line, span.end_line + 1)):
            hint = "put it into a conversation, or delete it"
            findings.append(_finding("text-outside-prompt", span, "text outside every prompt", hint))
    if match and not any(isinstance(one, model.EvalPrompt) for one in contents):
        findings.append(
            _finding("empty-block", head, "prompt file without a prompt", "write one below its header")
        )
    prompt_file = model.PromptFile(
        tag=stem,
        title=match[2].removesuffix(":").rstrip() if match else "",
        span=head,
        source=lines.text(0, header_end),
        blocks=tuple(contents),
    )
    return prompt_file, tuple(sorted(findings, key=lambda finding: finding.span))


def _header_end(lines: Lines, visible: PlainLines) -> int:
    """Return the line after the header and the blank lines below it; 0 without a header."""
    if not len(lines) or not _HEADER.fullmatch(visible.plain[0]):
        return 0
    end = 1
    while end < len(lines) and not lines.lines[end].strip():
        end += 1
    return end


def _prompt(
    lines: Lines, visible: PlainLines, raw: RawBlock, tag: str, ordinal: int
) -> tuple[model.EvalPrompt, list[model.Finding]]:
    start, end = raw.body
    conversation = read_conversation(lines.lines[start:end], lines.file, lines.first + start)
    title = EXAMPLE.fullmatch(visible.plain[raw.start])
    prompt = model.EvalPrompt(
        id=f"{tag}/{ordinal}",
        title=title["title"] if title else "",
        turns=conversation.turns,
        span=lines.span(raw.start, raw.end),
        source=lines.text(raw.start, raw.end),
        tag=tag,
    )
    findings = list(conversation.findings)
    answers = [message for message in prompt.messages if isinstance(message, model.Response)]
    if answers:
        place = model.Span(lines.file, answers[0].span.line)
        hint = "end it where the model should answer"
        findings.append(_finding("verdict-in-prompt", place, "a prompt has no verdicts", hint))
    elif prompt.messages and prompt.messages[-1].role == "assistant":
        place = model.Span(lines.file, prompt.messages[-1].span.line)
        message = "the prompt ends with an answer, so that nothing is left to answer"
        findings.append(_finding("verdict-in-prompt", place, message, "end it where the model should answer"))
    return prompt, findings


def _finding(code: str, span: model.Span, message: str, hint: str) -> model.Finding:
    return model.Finding(code=code, message=message, span=span, hint=hint)


SPEC_FILE = "model_spec.md"

_MARKDOWN = frozenset({".md", ".markdown"})
_VERSION = re.compile(r"v?\d[\w.-]*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LICENSE = re.compile(r"https?://creativecommons\.org/(?:publicdomain|licenses)/[\w.-]+/\d\.\d/?")


def is_release(path: Path) -> bool:
    """Return whether a path is a release folder or a Markdown file."""
    return spec_file(path).is_file() and (path.is_dir() or path.suffix.lower() in _MARKDOWN)


def release_folders(path: Path) -> tuple[Path, ...]:
    """Return the release folders in a folder, by name; one whose document has another name must be named by a version."""
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else []
    except OSError:
        return ()
    return tuple(
        folder
        for folder in inside
        if folder.is_dir()
        and ((folder / SPEC_FILE).is_file() or (_VERSION.fullmatch(folder.name) and is_release(folder)))
    )


def spec_file(path: Path) -> Path:
    """Return the document of a release: the file itself, or ``model_spec.md`` in the folder, or its one Markdown file.

    A README, changelog or licence is no document.
    """
    if not path.is_dir() or (path / SPEC_FILE).is_file():
        return path / SPEC_FILE if path.is_dir() else path
    try:
        lone = [one for one in path.iterdir() if one.suffix.lower() in _MARKDOWN and one.is_file()]
    except OSError:
        lone = []
    documents = [one for one in lone if one.stem.upper() not in {"README", "CHANGELOG", "LICENSE"}]
    return documents[0] if len(documents) == 1 else path / SPEC_FILE


def companions(document: Path) -> tuple[Path, ...]:
    """Return the files beside a document that are read with it."""
    folder = document.parent
    prompts, _unreadable = _markdown_in(folder / "examples", "examples")
    return (*prompts, *(path for name in ("CHANGELOG.md", "README.md") if (path := folder / name).is_file()))


def read_release(
    path: Path,
    *,
    text: str | None = None,
    prefix: str = "",
    default_title: str = DEFAULT_TITLE,
    bound: Path | None = None,
    rule: HeadingRule | None = None,
    is_dialect: bool = False,
) -> Reading:
    """Read a release with the prompt files and the changelog beside its document.

    The version is the folder's name where that is an ISO date; title and licence are what a
    ``README.md`` in the folder says, if it is about the document: any README beside ``model_spec.md``
    is, and one beside a file of another name where it names that file. The same goes for a changelog;
    one beside a file that the README names is about it, too.

    :param text: the document's text, for a caller that has read it already
    :param prefix: what file names in spans begin with, such as ``upstream/``
    :param bound: the folder out of which no link may lead; ``None`` where the files are the user's own
    :param rule: how it is read by its headings, where a sidecar says that
    :param is_dialect: whether it is read as Model Spec Markdown, whatever its headings have
    :param default_title: the title where no README gives one; empty for a part of a spec, which has its own
    """
    document = spec_file(path)
    if not document.is_file():
        message = f"`{path}` has no `{SPEC_FILE}`"
        raise SourceError(message)
    if path.is_dir() and not _is_within(document, bound):
        raise SourceError(f"`{document}` leads out of `{path}`: what it leads to is not read")
    folder = document.parent
    name = prefix + document.name
    text, findings = read_text(document, name) if text is None else (text, ())
    readme, readme_findings = _readme(document, prefix, bound)
    if is_dialect:
        reading = read_model_spec(text, name, title=title_of(readme) or default_title)
    else:
        reading = read_markdown(text, name, title_of(readme), rule, default_title=default_title)
    tags = frozenset(tag.tag for tag in reading.spec.eval_tags)
    prompt_files, prompt_findings = _prompt_files(folder / "examples", f"{prefix}examples/", bound, tags)
    changelog, changelog_findings = _changelog(document, prefix, bound, has_readme=bool(readme))
    license_url = _LICENSE.search(readme)
    folder = real_path(folder)
    version = folder.name if _DATE.fullmatch(folder.name) else ""
    spec = replace(
        reading.spec,
        version=version or reading.spec.version,
        issued=version or reading.spec.issued,
        license=license_url[0] if license_url else reading.spec.license,
        revision_of=_previous(changelog, version),
        prompt_files=prompt_files,
        changelog=changelog,
    )
    beside = _entries_without_release(folder, version, changelog)
    all_findings = (
        *findings,
        *reading.findings,
        *readme_findings,
        *prompt_findings,
        *changelog_findings,
        *beside,
    )
    return Reading(spec, all_findings)


def _entries_without_release(
    folder: Path, version: str, changelog: model.Changelog | None
) -> Iterator[model.Finding]:
    """Find entries of a changelog whose release is not beside this one, where others are."""
    if not version or changelog is None:
        return
    try:
        names = {
            path.name for path in folder.parent.iterdir() if _DATE.fullmatch(path.name) and path.is_dir()
        }
    except OSError:
        # A release may be readable where the folder around it cannot be listed.
        return
    for entry in changelog.entries if len(names) > 1 else ():
        if _DATE.fullmatch(entry.version) and entry.version not in names:
            yield model.Finding(
                code="entry-without-release",
                message=f"no folder `{entry.version}` is beside this release",
                span=model.Span(entry.span.file, entry.span.line, entry.span.column),
                hint="correct the date, or add the folder",
            )


def _readme(document: Path, prefix: str, bound: Path | None) -> tuple[str, tuple[model.Finding, ...]]:
    """Return the README that is about a document, or nothing; findings about one beside a lone file are dropped."""
    path = document.parent / "README.md"
    text, findings = _text_beside(path, prefix + path.name, bound) if path.is_file() else ("", ())
    text = "".join(without_comments(Lines.of(path.name, text or "").lines).plain)
    if document.name == SPEC_FILE:
        return text, findings
    return (text if document.name in text else ""), ()


def _markdown_in(folder: Path, name: str) -> tuple[list[Path], tuple[model.Finding, ...]]:
    """Return the Markdown files in a folder, none where it does not exist; a finding where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(".md")), ()
    except FileNotFoundError:
        return [], ()
    except OSError as error:
        finding = model.Finding(
            code="unreadable-file",
            message=f"cannot read `{name}/`: {(error.strerror or str(error)).lower()}",
            span=model.Span(name, 1),
            hint="its content is missing from the spec",
        )
        return [], (finding,)


def _prompt_files(
    folder: Path, prefix: str, bound: Path | None, tags: Collection[str]
) -> tuple[tuple[model.PromptFile, ...], tuple[model.Finding, ...]]:
    """Read the prompt files of a folder.

    The check of tags alone reports a file without a header or a prompt that no tag of the spec names.
    """
    files: list[model.PromptFile] = []
    paths, unreadable = _markdown_in(folder, prefix.removesuffix("/"))
    findings = list(unreadable)
    is_within = _is_within(folder, bound)
    for path in paths:
        if not path.is_file():
            continue
        # Only a link can lead out of a folder.
        text, encoding = _text_beside(
            path, prefix + path.name, None if is_within and not path.is_symlink() else bound
        )
        if text is None:
            findings += encoding
            continue
        prompt_file, slips = read_prompts(text, prefix + path.name, path.stem)
        files.append(prompt_file)
        lacks = {one.code for one in slips} & {"missing-prompt-header", "empty-block"}
        is_stray = path.stem not in tags and bool(lacks)
        findings += encoding if is_stray else (*encoding, *slips)
    return tuple(files), tuple(findings)


def _changelog(
    document: Path, prefix: str, bound: Path | None, *, has_readme: bool
) -> tuple[model.Changelog | None, tuple[model.Finding, ...]]:
    """Return the changelog that is about a document.

    :param has_readme: whether the README is about it
    """
    path = document.parent / "CHANGELOG.md"
    if not path.is_file():
        return None, ()
    text, findings = _text_beside(path, prefix + path.name, bound)
    if text is None:
        return None, findings if document.name == SPEC_FILE else ()
    if document.name != SPEC_FILE and not has_readme and document.name not in text:
        return None, ()
    return read_changelog(text, prefix + path.name), findings


def _is_within(path: Path, bound: Path | None) -> bool:
    return bound is None or real_path(path).is_relative_to(bound)


def _text_beside(path: Path, file: str, bound: Path | None) -> tuple[str | None, tuple[model.Finding, ...]]:
    """Return the text of a file beside the document; that it cannot be read is a finding."""
    problem = f"`{file}` is a link that leads out of the release"
    if _is_within(path, bound):
        try:
            return read_text(path, file)
        except SourceError as error:
            problem = str(error).replace(str(path), file)
    finding = model.Finding(
        code="unreadable-file",
        message=problem,
        span=model.Span(file, 1),
        hint="its contents are left out",
    )
    return None, (finding,)


def _previous(changelog: model.Changelog | None, version: str) -> str:
    """Return the version of the entry after this release's own in a newest-first changelog."""
    versions = [entry.version for entry in changelog.entries] if changelog else []
    if version not in versions:
        return ""
    return next(iter(versions[versions.index(version) + 1 :]), "")


# -- what a path is ----------------------------------------------------------------------------

_LOOKED_AT = 2**20
"""Bytes of a file that are searched to recognise a page of a project."""
_DIRECTIVE = re.compile(rb"(?m)^[ \t>]*(?:\.\.[ ]policy:[\w-]+::|(?:`{3,}|~{3,}|:{3,})[ ]?\{policy:)")
_LEVEL = re.compile(rb"^#[^\n]*authority=", re.MULTILINE)


def is_page(path: Path) -> bool:
    """Return whether a file holds directives and is not Model Spec Markdown: only a project can read it."""
    if (suffix := path.suffix.lower()) not in {".md", ".markdown", ".rst"}:
        return False
    text = b""
    # A file that cannot be read is reported by whoever reads it.
    with contextlib.suppress(OSError), path.open("rb") as file:
        text = file.read(_LOOKED_AT)
    return suffix == ".rst" or (bool(_DIRECTIVE.search(text)) and not _LEVEL.search(text))


def is_spec(path: Path) -> bool:
    """Return whether a path is a release, or any Markdown read as one; the pages of a project are neither."""
    return is_release(path) and not is_page(spec_file(path))
