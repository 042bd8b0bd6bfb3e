"""A draft beside a spec that was read: Model Spec Markdown or reStructuredText, which opens no file, whatever it holds and whatever SOURCE is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sphinx_policyspec.api.judging import check, find_fixes
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports.report_formats import Reported
from sphinx_policyspec.files import real_path, with_unsaved
from sphinx_policyspec.model import Finding, Markup, Principle, Prose, Span, Spec
from sphinx_policyspec.model.finding import Places
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.outlines import read_markdown
from sphinx_policyspec.readers.text import Reading
from sphinx_policyspec.sources import Loaded, checked

DRAFTS: Mapping[str, str] = MappingProxyType({"markdown": "draft.md", "rst": "draft.rst"})
"""What a draft can be written in, each with what answers call it."""
_FENCE = re.compile(r"^[ \t>]*(?P<marks>`{3,}|~{3,}|:{3,})[ \t]*(?:\{(?P<name>[^{}\s]{1,80})\})?")
_EXPLICIT = re.compile(r"^[ \t>]*\.\.[ \t]+(?P<name>[\w:.+-]{1,80})::")
_OURS = "policy:"
_DIRECTIVE = "write `.. policy:principle::` with `:id:` and `:authority:` below a heading"
_HEADING = "begin with a heading that has an id and a level, as in `## Be kind {#be_kind authority=user}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDraft:
    """What is to be said of a draft.

    :param here: what is wrong with it, placed in the draft
    :param elsewhere: what is wrong with the spec since the draft stands in it
    :param provisions: the ids of what it holds
    :param fixed: its text with what can be mended for certain; empty where that is nothing
    """

    here: tuple[Reported, ...]
    elsewhere: tuple[Finding, ...]
    provisions: tuple[str, ...]
    fixed: str


Place = tuple[str, str, str, int]
"""Code, message, file and line of a finding."""


def check_beside(
    loaded: Loaded, texts: Mapping[Path, str], known: Collection[Place], draft: str, markup: str
) -> CheckedDraft:
    """Return what is wrong with a draft where it stands in a spec, at its end, and what of the spec is wrong by it.

    The spec that was read stays as it is, and no file is read.

    :param texts: of the files that it was read from
    :param known: what :func:`found_without` returns
    :param markup: what the draft is written in, of :data:`DRAFTS`
    """
    spec = loaded.spec
    file = _free_name(spec, DRAFTS[markup])
    reading, places = (
        _read_rst(spec, draft, file) if markup == "rst" else (_read(spec, draft, file), Places())
    )
    beside = {real_path(loaded.root / file): draft} if loaded.has_files else {}
    with with_unsaved({**texts, **beside}):
        read = checked(
            replace(
                loaded,
                spec=_joined(spec, reading.spec),
                findings=reading.findings,
                causes=None,
                places=loaded.places | places,
            )
        )
        report = check(read, use_baseline=False)
        fixed = find_fixes(read, report).texts.get(file, "")
    own = (one for one in report.entries if one.finding.span.file == file)
    others = (one.finding for one in report.entries if one.finding.span.file != file)
    return CheckedDraft(
        here=tuple(_called(DRAFTS[markup], one) for one in own),
        elsewhere=tuple(one for one in others if _place(one) not in known),
        provisions=tuple(one.id for one in reading.spec.provisions),
        fixed=fixed,
    )


def found_without(loaded: Loaded, texts: Mapping[Path, str]) -> frozenset[Place]:
    """Return what the same checks find in a spec without a draft."""
    with with_unsaved(texts):
        found = check(checked(replace(loaded, findings=(), causes=None)), use_baseline=False)
    return frozenset(map(_place, found))


def _place(finding: Finding) -> Place:
    return (finding.code, finding.message, finding.span.file, finding.span.line)


def _free_name(spec: Spec, name: str) -> str:
    """Return a name that no file of a spec has."""
    taken, suffix = {one.file for one in spec.documents}, Path(name).suffix
    more = (f"draft-{n}{suffix}" for n in range(2, len(taken) + 3))
    return next(one for one in (name, *more) if one not in taken)


def _called(name: str, entry: Reported) -> Reported:
    span = replace(entry.finding.span, file=name)
    return replace(entry, finding=replace(entry.finding, span=span))


def _read(spec: Spec, draft: str, file: str) -> Reading:
    """Read a draft as the spec is written where that is Markdown by its headings, else as Model Spec Markdown."""
    is_plain = {one.markup for one in spec.documents} == {Markup.MARKDOWN}
    reading = read_markdown(draft, file, default_title="") if is_plain else read_model_spec(draft, file)
    # How deep it will stand is not known, and how other Markdown is read is said of the spec.
    roots = {one.span.line for one in reading.spec.provisions if one.parent is None}
    told = [
        one
        for one in reading.findings
        if one.code != "reader-guess" and not (one.code == "depth-jump" and one.span.line in roots)
    ]
    told += _lacking(reading.spec, file, is_plain=is_plain)
    told += (found for block in _prose(reading.spec) for found in _directives(block))
    return Reading(reading.spec, tuple(told))


def _read_rst(spec: Spec, draft: str, file: str) -> tuple[Reading, Places]:
    """Read a draft as a page of a Sphinx project, and return where names stand in it, too."""
    try:
        from sphinx_policyspec.sphinx_ext.build.agents import read_rst_draft  # noqa: PLC0415  the core needs no Sphinx
    except ImportError as error:
        raise SourceError(f"reStructuredText is read by Sphinx, which cannot be imported: {error}") from None
    reading, places = read_rst_draft(draft, file, spec.provision_by_id)
    told = reading.findings
    if not reading.spec.principles:
        message = "the draft has no principle"
        told += (Finding(code="no-principle", message=message, span=Span(file, 1), hint=_DIRECTIVE),)
    return Reading(reading.spec, told), places


def _lacking(draft: Spec, file: str, *, is_plain: bool) -> Iterator[Finding]:
    """Yield that a draft has no provision, and where its text stands in none: it would be a part of whatever is above it."""
    stray = [one for one in draft.preamble if isinstance(one, Prose) and one.text.strip()]
    named = [one for one in draft.provisions if is_plain or isinstance(one, Principle) or "{" in one.source]
    if not named:
        span = next((Span(file, one.span.line) for one in draft.provisions), Span(file, 1))
        yield Finding(code="no-principle", message="the draft has no principle", span=span, hint=_HEADING)
    elif stray:
        message = "this text stands above every heading, and in no principle"
        yield Finding(
            code="no-principle", message=message, span=stray[0].span, hint="write it below a heading"
        )


def _prose(draft: Spec) -> Iterator[Prose]:
    yield from (block for _home, block in draft.walk() if isinstance(block, Prose))


def _directives(block: Prose) -> Iterator[Finding]:
    """Yield the directives in a text, which nothing runs: they may read files, and make a page of what they find."""
    around = ""
    for number, line in enumerate(block.source.split("\n"), block.span.line):
        fence = _FENCE.match(line)
        name = fence["name"] if fence else ""
        if not around and (match := _EXPLICIT.match(line)):
            name = match["name"]
        if name and not around:
            written = f"`{{{name}}}`" if fence else f"`.. {name}::`"
            yield Finding(
                code="unknown-directive",
                message=f"{written} is a directive, and a draft is Model Spec Markdown, which has none: nothing is read by it",
                span=Span(block.span.file, number, 1, number, len(line) + 1),
                hint=_HEADING if name.startswith(_OURS) else "write out what it would bring in",
            )
        if fence:
            marks = fence["marks"]
            if not around:
                around = marks
            elif marks[0] == around[0] and len(marks) >= len(around) and not fence["name"]:
                around = ""


def _joined(spec: Spec, draft: Spec) -> Spec:
    """Return a spec with a draft at its end."""
    fields = ("documents", "preamble", "provisions", "clauses", "references", "links", "eval_tags")
    joined: dict[str, Any] = {name: (*getattr(spec, name), *getattr(draft, name)) for name in fields}
    # A page may declare what Model Spec Markdown has no words for; what has an id of the spec is said twice.
    again: list[Any] = []
    for name in ("topics", "goals"):
        known = {one.id for one in getattr(spec, name)}
        again += (one for one in getattr(draft, name) if one.id in known)
        joined[name] = (*getattr(spec, name), *(one for one in getattr(draft, name) if one.id not in known))
    return replace(spec, **joined, repeated=(*spec.repeated, *draft.repeated, *again))
